"""The room's forms. Amounts are whole tonnes; a hidden key makes a form that is sent twice one act."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.compliance.methods.allocation import BARRED
from dafeng.domains.enterprise.models import CarbonTrade

MOST = 10**9


def whole(label: Any, **named: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=named.pop("min_value", 1), max_value=MOST, **named)


class KeyedForm(forms.Form):
    key = forms.CharField(widget=forms.HiddenInput, max_length=40, initial=lambda: uuid.uuid4().hex)


class MoveForm(KeyedForm):
    asset = forms.ChoiceField(label=_("品种"), choices=(("CEA", _("全国碳排放配额")), ("CCER", _("核证自愿减排量"))))
    to = forms.ChoiceField(label=_("转到"), choices=(("registry", _("登记账户（清缴用）")), ("trading", _("交易账户（买卖用）"))))  # fmt: skip
    tonnes = whole(_("数量（吨）"))


class SurrenderForm(KeyedForm):
    tonnes = whole(_("配额（吨）"), min_value=0)
    ccer = whole(_("核证自愿减排量（吨）"), min_value=0, initial=0, help_text=_("不超过应清缴量的 5%。"))


class CarryForm(KeyedForm):
    tonnes = whole(_("数量（吨）"), help_text=_("从登记账户结转 2019—2024 年的配额。"))


class CancelForm(KeyedForm):
    vintage = forms.IntegerField(label=_("配额年份"), min_value=2019, max_value=2100)
    tonnes = whole(_("数量（吨）"), help_text=_("自愿注销不能撤回，也不抵应清缴量。"))


class TradeForm(KeyedForm):
    side = forms.ChoiceField(label=_("方向"), choices=(("buy", _("买入")), ("sell", _("卖出"))))
    vintage = forms.IntegerField(label=_("配额年份"), min_value=2019, max_value=2100)
    tonnes = whole(_("数量（吨）"))
    price = forms.DecimalField(label=_("价格（元/吨）"), min_value=Decimal("0.01"), max_digits=8, decimal_places=2)
    way = forms.ChoiceField(label=_("方式"), choices=CarbonTrade.Way.choices)
    day = forms.DateField(label=_("成交日"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    number = forms.SlugField(label=_("成交编号"), max_length=60, help_text=_("交易机构给的编号；同一编号只登记一次。"))


class AllocateForm(forms.Form):
    stage = forms.ChoiceField(label=_("阶段"), choices=(("pre", _("预分配（按基准年产量）")), ("final", _("核定"))))
    unit = forms.SlugField(label=_("机组或产线代码"), max_length=60)
    class_ = forms.ChoiceField(label=_("类别"))
    cooling = forms.ChoiceField(label=_("冷却方式"), required=False, choices=(("", "–"), ("water", _("水冷")), ("air", _("空冷"))))  # fmt: skip
    output = forms.DecimalField(
        label=_("供电量（兆瓦时）"), required=False, min_value=0, max_value=MOST, decimal_places=3
    )
    heat = forms.DecimalField(label=_("供热量（吉焦）"), required=False, min_value=0, max_value=MOST, decimal_places=3)
    heat_ratio = forms.DecimalField(
        label=_("供热比（0–1）"), required=False, min_value=0, max_value=1, decimal_places=4
    )
    load_factor = forms.DecimalField(
        label=_("负荷系数（0–1）"), required=False, min_value=0, max_value=1, decimal_places=4
    )
    emissions = forms.DecimalField(label=_("核查排放量（吨）"), required=False, min_value=0, max_value=MOST, decimal_places=3)  # fmt: skip
    barred = forms.ChoiceField(
        label=_("不发配额的情形"), required=False,
        choices=(("", _("无")), (BARRED[0], _("违法违规建设")), (BARRED[1], _("应关停未关停")), (BARRED[2], _("无排污许可证或未报许可执行报告"))),
    )  # fmt: skip

    def __init__(self, *args: Any, classes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["class_"].choices = classes  # type: ignore[attr-defined]

    def row(self) -> dict[str, Any]:
        """One unit as `allocate` wants it."""
        given = self.cleaned_data
        row = {name: given[name] for name in ("unit", "cooling", "output", "heat", "heat_ratio", "load_factor", "emissions", "barred")}  # fmt: skip
        return {"class": given["class_"]} | {name: value if isinstance(value, str) else None if value is None else str(value) for name, value in row.items()}  # fmt: skip


class DutyForm(forms.Form):
    """Empty: by the locked report. Filled: a year before the firm reported here."""

    told = forms.DecimalField(label=_("核查排放量（吨）"), required=False, min_value=0, max_value=MOST, decimal_places=3, help_text=_("只在企业当年不在本平台报告时填写。"))  # fmt: skip
    source = forms.CharField(label=_("依据"), max_length=200, required=False)


class DecideForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=300, required=False, help_text=_("驳回时必填。"))


class OrderForm(forms.Form):
    """A court's paper. Thawing needs the same number and court."""

    order = forms.SlugField(label=_("裁定编号"), max_length=60)
    court = forms.SlugField(label=_("法院代码"), max_length=40, help_text=_("只有作出冻结的法院能解冻。"))


class FreezeForm(OrderForm):
    bucket = forms.ChoiceField(label=_("账户"), choices=(("registry", _("登记账户")), ("trading", _("交易账户"))))
    tonnes = whole(_("数量（吨）"))


class SignForm(forms.Form):
    item = forms.ChoiceField(label=_("待确认的值"))
    source = forms.CharField(
        label=_("依据"), max_length=300, help_text=_("文号、条款或附件；签认后由它算出的配额可以发放。")
    )
    stands = forms.ChoiceField(label=_("办理"), choices=(("yes", _("签认")), ("no", _("撤回签认"))))

    def __init__(self, *args: Any, items: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].choices = items  # type: ignore[attr-defined]


class PlanForm(forms.Form):
    """What the planner asks; all have defaults, so the page answers without it."""

    ccer_price = forms.DecimalField(label=_("核证自愿减排量价格（元/吨）"), min_value=Decimal("0.01"), max_value=10_000, decimal_places=2, help_text=_("您的假设：事实库没有价格。"))  # fmt: skip
    next_value = forms.DecimalField(label=_("结转后每吨的预计价值（元）"), required=False, min_value=0, max_value=10_000, decimal_places=2, help_text=_("您的假设；不填则等于各情景的价格。"))  # fmt: skip
    group = forms.BooleanField(label=_("与同一组织的其他企业一起"), required=False)


class WhatIfForm(forms.Form):
    rule_set = forms.ChoiceField(label=_("规则"))
    class_ = forms.ChoiceField(label=_("类别"))
    cooling = forms.ChoiceField(label=_("冷却方式"), choices=(("water", _("水冷")), ("air", _("空冷"))))
    output = forms.FloatField(label=_("供电量（兆瓦时）"), min_value=1, max_value=1e9)
    heat = forms.FloatField(label=_("供热量（吉焦）"), min_value=0, max_value=1e9, initial=0)
    heat_ratio = forms.FloatField(label=_("供热比（0–1）"), min_value=0, max_value=1, initial=0)
    load_factor = forms.FloatField(label=_("负荷系数（0–1）"), min_value=0, max_value=1)
    fuel = forms.FloatField(label=_("燃煤量（吨）"), min_value=1, max_value=1e9)
    ncv = forms.FloatField(label=_("低位发热量（吉焦/吨）"), min_value=1, max_value=60)
    carbon = forms.FloatField(label=_("实测单位热值含碳量（吨碳/吉焦）"), min_value=0.01, max_value=0.05)
    new_ncv = forms.FloatField(label=_("改为：低位发热量"), required=False, min_value=1, max_value=60)
    new_carbon = forms.FloatField(label=_("改为：单位热值含碳量"), required=False, min_value=0.01, max_value=0.05)
    untested = forms.BooleanField(label=_("改为：不实测，用缺省值"), required=False)
    new_output = forms.FloatField(label=_("改为：产量是原来的几倍"), required=False, min_value=0.01, max_value=10)
    new_load = forms.FloatField(label=_("改为：负荷系数"), required=False, min_value=0, max_value=1)
    default_carbon = forms.ChoiceField(label=_("缺省含碳量"), required=False)

    def __init__(self, *args: Any, rule_sets: list[tuple[str, str]], classes: list[tuple[str, str]], defaults: list[tuple[str, str]], **kwargs: Any) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        for name, options in (("rule_set", rule_sets), ("class_", classes), ("default_carbon", defaults)):
            self.fields[name].choices = options  # type: ignore[attr-defined]
