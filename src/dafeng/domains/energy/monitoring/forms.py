"""The forms of the room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.models import FlowNode, Meter, Product
from dafeng.domains.energy.monitoring import words
from dafeng.domains.energy.monitoring.methods import conversion
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.series.models import Point


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


# ---------------------------------------------------------------- the flow model


class Called(forms.ModelChoiceField):
    """A choice of rows that are called in the reader's language."""

    def label_from_instance(self, row: Any) -> str:
        point = getattr(row, "point", None)
        name = (point or row).called(english=words.english())
        return f"{name}（{point.code if point else row.code}）"


class OfFirm(forms.Form):
    """A part of a firm's flow model: what it names is chosen from what the firm has."""

    def __init__(self, *args: Any, enterprise: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nodes = FlowNode.objects.filter(enterprise=enterprise)
        meters = Meter.objects.filter(enterprise=enterprise).select_related("point")
        rows = {
            "node": nodes, "source": nodes, "target": nodes, "meter": meters, "parent": meters,
            "point": Point.objects.filter(subject=enterprise.subject),
        }  # fmt: skip
        for name, found in rows.items():
            if name in self.fields:
                self.fields[name].queryset = found  # type: ignore[attr-defined]


class DatedForm(OfFirm):
    """From when to when it holds; the first of these fields comes last on the page."""

    since = forms.DateField(label=_("起用日期"), required=False, widget=Day(), help_text=_("空着表示一直在用"))
    until = forms.DateField(
        label=_("停用日期"), required=False, widget=Day(), help_text=_("从这一天起不再计入；以前的月份不受影响")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([*(name for name in self.fields if name not in ("since", "until")), "since", "until"])
        if "item" in self.fields:
            items = conversion.coefficients()["item"].to_list()
            self.fields["item"].choices = [(item, words.item_name(item)) for item in items]  # type: ignore[attr-defined]


class NodeForm(DatedForm):
    code = forms.SlugField(label=_("代码"), max_length=40, help_text=_("字母、数字、短横线；同代码的环节会更新"))
    name = forms.CharField(label=_("名称"), max_length=80)
    name_en = forms.CharField(label=_("英文名称"), max_length=120, required=False)
    stage = forms.ChoiceField(label=_("环节类型"), choices=FlowNode.Stage.choices)
    tolerance = forms.FloatField(label=_("允许差"), min_value=0, max_value=0.5, initial=0.05, help_text=_("进出之差占进的比例，两端表计误差之和；默认 0.05"))  # fmt: skip


class MeterForm(DatedForm):
    point = Called(
        label=_("计量点"), queryset=Point.objects.none(), help_text=_("本企业已登记的计量点；没有的先在“计量点”页登记")
    )
    node = Called(label=_("所在环节"), queryset=FlowNode.objects.none())
    item = forms.ChoiceField(label=_("能源品种"))
    role = forms.ChoiceField(label=_("用途"), choices=Meter.Role.choices)
    parent = Called(label=_("总表"), queryset=Meter.objects.none(), required=False, help_text=_("它是哪块总表下的分表"))


class LinkForm(DatedForm):
    source = Called(label=_("从"), queryset=FlowNode.objects.none())
    target = Called(label=_("到"), queryset=FlowNode.objects.none())
    item = forms.ChoiceField(label=_("能源品种"))
    meter = Called(
        label=_("由哪块表计量"),
        queryset=Meter.objects.none(),
        required=False,
        help_text=_("空着按差额推算；一个环节最多一条"),
    )
    recovered = forms.BooleanField(label=_("回收能（余热、余压，可以流回前面的环节）"), required=False)


class ProductForm(OfFirm):
    code = forms.SlugField(label=_("代码"), max_length=40)
    name = forms.CharField(label=_("名称"), max_length=80)
    name_en = forms.CharField(label=_("英文名称"), max_length=120, required=False)
    unit = forms.CharField(label=_("单位"), max_length=20, help_text=_("单耗按它说，如 t、m"))
    node = Called(
        label=_("在哪个环节制造"), queryset=FlowNode.objects.none(), required=False,
        help_text=_("单耗计进入这个环节的能源；空着按全厂计"),
    )  # fmt: skip


class ContractForm(forms.Form):
    """What the firm pays and how it works: advice is computed from it."""

    flat_price = forms.DecimalField(
        label=_("平段电价（元/千瓦时）"), min_value=0, max_digits=8, decimal_places=4, required=False
    )
    coal_price = forms.DecimalField(
        label=_("原煤价格（元/吨）"), min_value=0, max_digits=9, decimal_places=2, required=False
    )
    gas_price = forms.DecimalField(
        label=_("天然气价格（元/立方米）"), min_value=0, max_digits=8, decimal_places=4, required=False
    )
    heat_price = forms.DecimalField(
        label=_("外购热力价格（元/GJ）"), min_value=0, max_digits=8, decimal_places=2, required=False
    )
    capacity = forms.IntegerField(label=_("变压器容量（千伏安）"), min_value=0, required=False)
    per_kva = forms.DecimalField(
        label=_("容量电价（元/千伏安·月）"), min_value=0, max_digits=8, decimal_places=2, required=False
    )
    per_kw = forms.DecimalField(
        label=_("需量电价（元/千瓦·月）"), min_value=0, max_digits=8, decimal_places=2, required=False
    )
    movable = forms.DecimalField(label=_("高峰可转移比例"), min_value=0, max_value=1, max_digits=4, decimal_places=3, required=False, help_text=_("0 到 1，如 0.15；不填按 0.2"))  # fmt: skip
    pressure_margin = forms.DecimalField(label=_("空压系统可降压力（MPa）"), min_value=0, max_value=1, max_digits=4, decimal_places=2, required=False)  # fmt: skip
    rests = forms.BooleanField(label=_("休息日停产（查休息日空转）"), required=False)


class EnrolForm(ContractForm):
    enterprise = Called(label=_("企业"), queryset=Enterprise.objects.none())
    field_order = ("enterprise",)

    def __init__(self, *args: Any, firms: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["enterprise"].queryset = firms  # type: ignore[attr-defined]
