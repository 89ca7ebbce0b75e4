"""The forms of the room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.models import Product


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class OutputForm(forms.Form):
    product = forms.ModelChoiceField(label=_("产品"), queryset=Product.objects.none())
    month = forms.RegexField(
        r"^\d{4}-(0[1-9]|1[0-2])$",
        label=_("月份"),
        help_text=_("如 2026-10"),
        error_messages={"invalid": _("请写成 2026-10 这样")},
    )
    amount = forms.FloatField(label=_("产量"), min_value=0)
    source = forms.CharField(label=_("数据来源"), max_length=120, help_text=_("如 生产月报"))

    def __init__(self, *args: Any, enterprise: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = Product.objects.filter(enterprise=enterprise)  # type: ignore[attr-defined]


class MeasureForm(forms.Form):
    title = forms.CharField(label=_("措施"), max_length=120)
    due = forms.DateField(label=_("完成期限"), widget=Day())
    kwh = forms.FloatField(label=_("预计年节电（千瓦时）"), required=False, min_value=0)
    advice = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    anomaly = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ReplacementForm(forms.Form):
    retired = forms.CharField(label=_("淘汰设备"), max_length=120, help_text=_("名称和型号"))
    nameplate = forms.CharField(
        label=_("淘汰设备出厂编号"), max_length=60, help_text=_("铭牌上的编号，全市只能登记一次")
    )
    rated = forms.FloatField(label=_("淘汰设备额定功率（千瓦）"), min_value=0.01)
    installed = forms.CharField(label=_("新设备"), max_length=120)
    kwh = forms.FloatField(label=_("年节电量（千瓦时）"), min_value=0)
    on = forms.DateField(label=_("更换日期"), widget=Day())
    proof = forms.CharField(label=_("凭证"), max_length=200, help_text=_("合同、验收单或报废回收单的编号"))
