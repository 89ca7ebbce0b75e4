"""The forms of the room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.buildings import rules
from dafeng.domains.energy.buildings.store import AUDITS
from dafeng.domains.energy.control.forms import Day, choices, number
from dafeng.domains.energy.models import Building, BuildingUse, MonthValue
from dafeng.kernel import bodies

__all__ = ["AuditForm", "BuildingForm", "RetrofitForm", "UseForm"]


class BuildingForm(forms.Form):
    code = forms.SlugField(label=_("编号"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=120)
    place = forms.ChoiceField(label=_("县区"))
    type = forms.ChoiceField(label=_("类型"), choices=Building.Type.choices)
    zone = forms.ChoiceField(label=_("气候区"), choices=Building.Zone.choices)
    area = number(_("建筑面积（m²）"), min_value=0.01)
    year = forms.IntegerField(label=_("建成年份"), required=False, min_value=1900, max_value=2100)
    public = forms.BooleanField(label=_("公共机构"), required=False)
    organisation = forms.CharField(label=_("填报单位代码"), max_length=60, required=False)
    cooling = forms.CharField(label=_("空调冷源"), max_length=60, required=False)
    heating = forms.CharField(label=_("采暖热源"), max_length=60, required=False)
    photovoltaic = number(_("屋顶光伏（kW）"), min_value=0, required=False)
    pledge_year = forms.IntegerField(label=_("承诺碳达峰年份"), required=False, min_value=2020, max_value=2060)
    meters = forms.CharField(label=_("计量点代码"), required=False, help_text=_("多个用逗号隔开。"))

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "place", places.items())

    def clean_meters(self) -> list[str]:
        given: str = self.cleaned_data["meters"]
        return [each.strip() for each in given.replace("，", ",").split(",") if each.strip()]


class UseForm(forms.Form):
    year = forms.IntegerField(label=_("年份"), min_value=2000, max_value=2100)
    carrier = forms.ChoiceField(label=_("品种"))
    end_use = forms.ChoiceField(label=_("用途"), choices=BuildingUse.EndUse.choices)
    value = number(_("数量"), min_value=0)
    basis = forms.ChoiceField(label=_("依据"), choices=MonthValue.Basis.choices, initial="reported")
    source = forms.CharField(label=_("来源"), max_length=200)
    file = forms.FileField(label=_("凭证"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "carrier", ((code, f"{each.name}（{each.unit}）") for code, each in rules.carriers().items()))


class RetrofitForm(forms.Form):
    title = forms.CharField(label=_("改造内容"), max_length=200)
    part = forms.CharField(
        label=_("改造部位"), max_length=60, required=False, help_text=_("整栋留空；同一部位只计一次。")
    )
    area = number(_("改造面积（m²）"), min_value=0.01)
    finished_on = forms.DateField(label=_("竣工日期"), widget=Day())
    saving = number(_("年节能量（kWh）"), min_value=0, required=False)
    file = forms.FileField(label=_("竣工或验收证明"))


class AuditForm(forms.Form):
    year = forms.IntegerField(label=_("年份"), min_value=2000, max_value=2100)
    body = forms.ChoiceField(
        label=_("审计机构（第三方机构名录）"), required=False, help_text=_("名录里没有的，在下面写名称和理由。")
    )
    auditor = forms.CharField(label=_("审计机构"), max_length=120, required=False)
    note = forms.CharField(
        label=_("委托名录以外机构的理由"), max_length=300, required=False, help_text=_("选了名录里的机构就不用填。")
    )
    tonnes = number(_("碳排放（t CO₂）"), min_value=0)
    findings = forms.CharField(
        label=_("发现与整改"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    file = forms.FileField(label=_("审计报告"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "body", bodies.choices(AUDITS))
