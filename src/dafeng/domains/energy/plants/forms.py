"""The forms of the room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.control.forms import Day, choices, number
from dafeng.domains.energy.models import CapacityChange, MonthValue, Plant
from dafeng.domains.energy.plants import rules

__all__ = ["ChangeForm", "LeaseForm", "MonthForm", "PlantForm", "RuleForm", "TotalForm"]


def codes_of(given: str) -> list[str]:
    return [each.strip() for each in given.replace("，", ",").split(",") if each.strip()]


class PlantForm(forms.Form):
    code = forms.SlugField(label=_("编号"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=120)
    place = forms.ChoiceField(label=_("县区"))
    kind = forms.ChoiceField(label=_("类型"), choices=Plant.Kind.choices)
    owner = forms.CharField(label=_("业主"), max_length=120, required=False)
    organisation = forms.CharField(label=_("填报单位代码"), max_length=60, required=False)
    filing = forms.CharField(label=_("备案或核准文号"), max_length=120, required=False)
    voltage = number(_("并网电压（kV）"), min_value=0.2, max_value=1100, required=False)
    longitude = number(_("经度"), min_value=73, max_value=136, required=False)
    latitude = number(_("纬度"), min_value=3, max_value=54, required=False)
    part_of = forms.CharField(
        label=_("属于电站（编号）"), max_length=60, required=False, help_text=_("自用储能填所在发电站的编号；储能单独计，不计入发电容量。")
    )  # fmt: skip
    shared = forms.BooleanField(label=_("共享储能（可出租）"), required=False)
    station_code = forms.CharField(
        label=_("其他系统的编号"), max_length=60, required=False, help_text=_("水电、抽水蓄能在水电平台的编号。")
    )
    generation = forms.CharField(label=_("发电量计量点"), required=False, help_text=_("多个用逗号隔开。"))
    on_grid = forms.CharField(label=_("上网电量计量点"), required=False)
    own_use = forms.CharField(label=_("自用电量计量点"), required=False)
    charged = forms.CharField(label=_("充电量计量点"), required=False)
    discharged = forms.CharField(label=_("放电量计量点"), required=False)

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "place", places.items())

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        meters = {name: codes for name in rules.METERED if (codes := codes_of(given.pop(name, "") or ""))}
        return given | {"meters": meters}


class ChangeForm(forms.Form):
    stage = forms.ChoiceField(label=_("阶段"), choices=CapacityChange.Stage.choices)
    on = forms.DateField(label=_("日期"), widget=Day())
    mw = number(
        _("交流容量或功率（MW）"),
        min_value=0,
        help_text=_("本次变动的容量，不是累计；1 万千瓦＝10 MW。退役填退出的容量。"),
    )
    mwp = number(_("直流容量（MWp）"), min_value=0, required=False)
    mwh = number(_("储能容量（MWh）"), min_value=0, required=False)
    document = forms.CharField(label=_("文件号"), max_length=200, help_text=_("备案、核准文号或并网验收意见的文号。"))
    file = forms.FileField(label=_("证明文件"))

    def __init__(self, *args: Any, plant: Plant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if plant.kind not in rules.kinds_of("pv"):
            del self.fields["mwp"]
        if not plant.stores:
            del self.fields["mwh"]


class MonthForm(forms.Form):
    month = forms.RegexField(r"^20\d\d-(0[1-9]|1[0-2])$", label=_("月份"), help_text=_("如 2026-10。"))
    generation = number(_("发电量（MWh）"), min_value=0, required=False, help_text=_("1 万 kWh＝10 MWh。"))
    on_grid = number(_("上网电量（MWh）"), min_value=0, required=False)
    own_use = number(_("自用电量（MWh）"), min_value=0, required=False)
    available = number(_("可发电量（MWh）"), min_value=0, required=False)
    curtailed = number(_("弃电量（MWh）"), min_value=0, required=False, help_text=_("不填的用可发电量减发电量。"))
    charged = number(_("充电量（MWh）"), min_value=0, required=False)
    discharged = number(_("放电量（MWh）"), min_value=0, required=False)
    basis = forms.ChoiceField(label=_("依据"), choices=MonthValue.Basis.choices, initial="reported")
    source = forms.CharField(label=_("来源"), max_length=200)
    file = forms.FileField(label=_("凭证"), required=False)

    def __init__(self, *args: Any, plant: Plant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("available", "curtailed") if plant.stores else ("charged", "discharged"):
            del self.fields[name]
        if plant.kind == Plant.Kind.STORAGE:
            for name in ("generation", "on_grid", "own_use"):
                del self.fields[name]


class LeaseForm(forms.Form):
    station = forms.ChoiceField(label=_("共享储能"))
    contract = forms.CharField(label=_("合同编号"), max_length=120)
    mw = number(_("功率（MW）"), min_value=0)
    mwh = number(_("容量（MWh）"), min_value=0)
    starts = forms.DateField(label=_("起"), widget=Day())
    ends = forms.DateField(label=_("止"), widget=Day())
    file = forms.FileField(label=_("租赁合同"))

    def __init__(self, *args: Any, stations: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "station", stations)


class RuleForm(forms.Form):
    kind = forms.ChoiceField(label=_("类型"))
    connected_from = forms.DateField(label=_("并网日期起"), widget=Day())
    connected_until = forms.DateField(
        label=_("并网日期止"), widget=Day(), required=False, help_text=_("仍有效的留空。")
    )
    ratio = number(_("配储比例（%）"), min_value=0, max_value=100, help_text=_("占并网交流容量；无需配储填 0。"))
    hours = number(_("时长（h）"), min_value=0, max_value=24)
    document = forms.CharField(
        label=_("文件与条款"), max_length=200, help_text=_("照文件写明文号和条款，由另一人签发后适用。")
    )
    file = forms.FileField(label=_("文件扫描件"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "kind", ((each, Plant.Kind(each).label) for each in rules.duty_kinds()))


class TotalForm(forms.Form):
    place = forms.ChoiceField(label=_("县区"))
    kind = forms.ChoiceField(label=_("类型"))
    on = forms.DateField(label=_("截止日期"), widget=Day())
    mw = number(_("交流容量合计（MW）"), min_value=0, help_text=_("含已逐站登记的；平台只另计剩余的部分。"))
    mwp = number(_("直流容量合计（MWp）"), min_value=0, required=False)
    source = forms.CharField(label=_("来源"), max_length=200, help_text=_("如：供电公司分布式并网月报。"))
    file = forms.FileField(label=_("凭证"), required=False)

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "place", places.items())
        choices(self, "kind", ((each, Plant.Kind(each).label) for each in rules.declared_kinds()))
