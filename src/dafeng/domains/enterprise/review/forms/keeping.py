"""The registers of the bureau: figures, levels, experts, capacity, heat units, units of control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.models import (
    ControlUnit,
    ProjectLevel,
)
from dafeng.domains.enterprise.review import figures
from dafeng.domains.enterprise.review.forms.common import DayInput, number


class FigureForm(forms.Form):
    code = forms.ChoiceField(label=_("参数"), choices=[(code, f"{each[0]}（{each[1]}）") for code, each in figures.CODES.items()])  # fmt: skip
    place = forms.ChoiceField(label=_("地区"))
    value = number(_("数值"), required=True)
    since = forms.DateField(label=_("自"), widget=DayInput())
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("文件名和文号。"))

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]
        self.fields["code"].choices = [(code, f"{each[0]}（{each[1]}）") for code, each in figures.CODES.items()]  # type: ignore[attr-defined]


class LevelForm(forms.Form):
    measure = forms.ChoiceField(label=_("比较"), choices=ProjectLevel.Measure.choices)
    product = forms.SlugField(label=_("产品代码"), max_length=40, help_text=_("英文字母、数字和连字符。"))
    name = forms.CharField(label=_("产品"), max_length=80)
    unit = forms.CharField(
        label=_("单位"), max_length=30, initial="kgce/t", help_text=_("能耗：kgce/t、kWh/t；碳排放：tCO2/t。")
    )
    limit = number(_("限定值"), least=None)
    access = number(_("准入值"), least=None)
    lead = number(_("先进值"), least=None)
    since = forms.DateField(label=_("实施日期"), widget=DayInput())
    source = forms.CharField(label=_("标准"), max_length=200)


class ExpertForm(forms.Form):
    username = forms.CharField(label=_("登录名"), max_length=150, help_text=_("须有核查机构（专家）角色。"))
    name = forms.CharField(label=_("姓名"), max_length=60)
    employer = forms.CharField(label=_("工作单位"), max_length=120)
    fields_known = forms.CharField(label=_("专业"), max_length=200)
    advised = forms.CharField(
        label=_("近三年咨询服务对象"), required=False, max_length=2000, help_text=_("企业全称，用逗号隔开。")
    )


class CapacityForm(forms.Form):
    enterprise = forms.CharField(label=_("退出单位"), max_length=120)
    place = forms.ChoiceField(label=_("县区"))
    product = forms.ChoiceField(label=_("产品或污染物"))
    capacity = forms.DecimalField(label=_("产能或年削减量"), min_value=0, max_digits=14, decimal_places=2)
    unit = forms.CharField(label=_("单位"), max_length=30)
    retired_on = forms.DateField(label=_("退出日期"), widget=DayInput())
    document = forms.CharField(label=_("认定文件"), max_length=200)

    def __init__(self, *args: Any, places: Mapping[str, str], products: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]
        self.fields["product"].choices = list(products.items())  # type: ignore[attr-defined]


class HeatUnitForm(forms.Form):
    code = forms.SlugField(label=_("代码"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=120)
    longitude = forms.FloatField(label=_("经度"), min_value=73, max_value=136)
    latitude = forms.FloatField(label=_("纬度"), min_value=17, max_value=54)
    source = forms.CharField(label=_("位置依据"), max_length=200)


class ControlUnitForm(forms.Form):
    code = forms.SlugField(label=_("单元编码"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=120)
    grade = forms.ChoiceField(label=_("类别"), choices=ControlUnit.Grade.choices)
    place = forms.ChoiceField(label=_("县区"))
    barred = forms.CharField(
        label=_("清单禁止的行业"), required=False, max_length=500, help_text=_("GB/T 4754 两到四位代码，用逗号隔开，如 26，3011；没有的留空。")
    )  # fmt: skip
    bars_two_high = forms.BooleanField(label=_("清单禁止“两高”项目"), required=False)
    document = forms.CharField(label=_("依据文件"), max_length=200, help_text=_("准入清单的文件名和文号。"))

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]

    def clean_barred(self) -> list[str]:
        return [each.strip() for each in self.cleaned_data["barred"].replace("，", ",").split(",") if each.strip()]
