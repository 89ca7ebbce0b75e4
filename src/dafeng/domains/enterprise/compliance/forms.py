"""The room's forms. Amounts are whole tonnes; a hidden key makes a form that is sent twice one act."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.compliance import papers, words
from dafeng.domains.enterprise.compliance.methods.allocation import BARRED
from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet
from dafeng.domains.enterprise.models import CarbonTrade, CcerBatch, CompliancePaper
from dafeng.kernel.enterprises.models import Enterprise

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
    other = forms.ModelChoiceField(label=_("对方"), queryset=Enterprise.objects.none(), required=False, empty_label=_("市外"))  # fmt: skip
    batch = forms.ModelChoiceField(label=_("品种"), queryset=CcerBatch.objects.none(), required=False, empty_label=_("全国碳排放配额"))  # fmt: skip
    vintage = forms.IntegerField(label=_("配额年份"), min_value=2019, max_value=2100, required=False, help_text=_("核证自愿减排量不填。"))  # fmt: skip
    tonnes = whole(_("数量（吨）"))
    price = forms.DecimalField(label=_("价格（元/吨）"), min_value=Decimal("0.01"), max_digits=8, decimal_places=2)
    way = forms.ChoiceField(label=_("方式"), choices=CarbonTrade.Way.choices)
    day = forms.DateField(label=_("成交日"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    number = forms.SlugField(label=_("成交编号"), max_length=60, help_text=_("交易机构给的编号；同一编号只登记一次。"))

    def __init__(self, *args: Any, firm: Enterprise, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"].queryset = Enterprise.objects.filter(city=firm.city).exclude(pk=firm.pk).order_by("name")  # type: ignore[attr-defined]  # fmt: skip
        self.fields["batch"].queryset = CcerBatch.objects.order_by("code")  # type: ignore[attr-defined]


class StageForm(forms.Form):
    stage = forms.ChoiceField(label=_("阶段"), choices=(("pre", _("预分配（按基准年产量）")), ("final", _("核定"))))


def _amount(label: Any, *, most: int = MOST, places: int = 3) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, min_value=0, max_value=most, decimal_places=places)


class UnitForm(forms.Form):
    """One unit, with the fields that the rule set asks for."""

    unit = forms.SlugField(label=_("机组或产线代码"), max_length=60)
    class_ = forms.ChoiceField(label=_("类别"))
    barred = forms.ChoiceField(
        label=_("不发配额的情形"), required=False,
        choices=(("", _("无")), (BARRED[0], _("违法违规建设")), (BARRED[1], _("应关停未关停")), (BARRED[2], _("无排污许可证或未报许可执行报告"))),
    )  # fmt: skip

    def __init__(self, *args: Any, rules: RuleSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["class_"].choices = [("", _("请选择")), *((each, words.class_title(rules, each)) for each in rules.classes)]  # type: ignore[attr-defined]  # fmt: skip
        self.fields |= _asked(rules)
        self.fields["barred"] = self.fields.pop("barred")  # last

    def row(self) -> dict[str, Any]:
        """One unit as `allocate` wants it; what was left empty is not told."""
        given = {"class" if name == "class_" else name: value for name, value in self.cleaned_data.items()}
        return {name: value if isinstance(value, str | list) else str(value) for name, value in given.items() if value not in (None, "", [])}  # fmt: skip


def _asked(rules: RuleSet) -> dict[str, forms.Field]:
    """Fields by the method of a rule set."""
    if rules.method == "power":
        found: dict[str, forms.Field] = {"output": _amount(_("供电量（兆瓦时）")), "heat": _amount(_("供热量（吉焦）"))}
        if rules.cooling:
            found["cooling"] = forms.ChoiceField(label=_("冷却方式"), required=False, choices=(("", "–"), ("water", _("水冷")), ("air", _("空冷"))))  # fmt: skip
        if rules.heat or rules.load:
            found["heat_ratio"] = _amount(_("供热比（0–1）"), most=1, places=4)
        if rules.load:
            found["load_factor"] = _amount(_("负荷系数（0–1）"), most=1, places=4)
        return found | {"emissions": _amount(_("核查排放量（吨）"))}
    if rules.method == "verified":
        return {"emissions": _amount(_("核查排放量（吨）")), "output": _amount(_("产量"))}
    if rules.method == "intensity":
        return {"emissions": _amount(_("核查排放量（吨）")), "output": _amount(_("产量")), "balance": _amount(_("行业平衡值（吨/产量单位）"), places=6)}  # fmt: skip
    found = {"output": _amount(_("产量"))}
    if rules.caps:
        found["capacity"] = _amount(_("设计产能"))
    if any(rules.choices or {}):
        options = sorted({each for told in (rules.choices or {}).values() for each in told})
        found["choice"] = forms.ChoiceField(label=_("规则列出的系数"), required=False, choices=[("", "–"), *((str(each), str(each)) for each in options)])  # fmt: skip
    if any(each.way != "benchmark" for each in rules.classes.values()):
        found["history"] = YearsField(label=_("历史各年的强度或排放"), required=False, max_length=200, help_text=_("各年的值用空格隔开。只有一年偏离平均值 20% 以上的，去掉这一年；两年及以上的，全部保留。"))  # fmt: skip
        found["reduction"] = _amount(_("减排系数"), most=2, places=4)
    return found


class YearsField(forms.CharField):
    """Past years' figures, parted by spaces or commas, as a list of numbers."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        if parted := re.search(r"\d+,\d{3}(?!\d)", text):
            raise forms.ValidationError(_("“%(text)s”里的逗号分不清是千位分隔还是隔开两年，请用空格隔开各年，不写千位分隔"), params={"text": parted[0][:20]})  # fmt: skip
        told = re.split(r"[\s,，、;；]+", text.strip())
        try:
            found = [float(each) for each in told if each]
        except ValueError as error:
            raise forms.ValidationError(_("请只写数字，各年之间用空格隔开")) from error
        if any(not 0 <= each <= MOST for each in found) or len(found) > 10:
            raise forms.ValidationError(_("最多 10 年，每年的值为 0 至 10 亿"))
        return found


Units = forms.formset_factory(UnitForm, extra=0, min_num=1, max_num=60, validate_min=True, validate_max=True)


def units_of(data: Any, rules: RuleSet) -> Any:
    """The units that were sent. Rows after the first that were left empty do not count."""
    told = data.copy()
    told["form-INITIAL_FORMS"] = "0"
    return Units(told, form_kwargs={"rules": rules})


def units_from(rows: Sequence[Mapping[str, Any]], rules: RuleSet) -> Any:
    """A form filled with rows of a report or with what was typed before."""
    names = ("unit", *_asked(rules), "barred")
    filled = [{"class_": row.get("class", "") if row.get("class") in rules.classes else ""} | {name: row.get(name, "") for name in names} for row in rows]  # fmt: skip
    return Units(initial=filled[:60], form_kwargs={"rules": rules})


def one_more(data: Any, rules: RuleSet) -> Any:
    """The same rows, as typed, and an empty one."""
    count = data.get("form-TOTAL_FORMS", "")
    names = ("unit", "class_", *_asked(rules), "barred")
    rows = [{name: data.get(f"form-{i}-{name}", "") for name in names} for i in range(min(int(count), 60) if count.isascii() and count.isdigit() and len(count) < 4 else 0)]  # fmt: skip
    return Units(initial=[*rows, {}], form_kwargs={"rules": rules})


class TrialForm(forms.Form):
    set = forms.ChoiceField(label=_("规则"))
    report = forms.ChoiceField(label=_("取用锁定的报告"), required=False)

    def __init__(self, *args: Any, sets: list[tuple[str, str]], reports: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["set"].choices = sets  # type: ignore[attr-defined]
        self.fields["report"].choices = [("", _("不取用，自己填写")), *reports]  # type: ignore[attr-defined]


class PaperForm(forms.Form):
    """The official paper behind an entry."""

    document = forms.CharField(label=_("文件名称、文号"), max_length=200)
    dated = forms.DateField(label=_("文件日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    file = forms.FileField(label=_("文件（PDF、JPG、PNG）"), max_length=200)

    def paper(self, *, by: Any, now: Any) -> CompliancePaper:
        return papers.keep(self.cleaned_data["file"], document=self.cleaned_data["document"], dated=self.cleaned_data["dated"], by=by, now=now)  # fmt: skip


class DutyForm(PaperForm):
    """The number of a year of which no report was handed in here."""

    told = forms.DecimalField(label=_("排放量（吨）"), min_value=Decimal("0.001"), max_value=MOST, decimal_places=3)
    reason = forms.CharField(label=_("保守测算的理由"), max_length=300, required=False, help_text=_("企业逾期没有报送的必填；企业当年不在本平台报告、按文件登记的不填。"))  # fmt: skip


class FalseDataForm(PaperForm):
    tonnes = whole(_("核减（吨）"))
    reason = forms.CharField(label=_("查明的事实"), max_length=300)


class WithdrawForm(forms.Form):
    """Why an entry should never have been made. `reissue` is asked where an allocation has used a cut."""

    reason = forms.CharField(label=_("撤回的理由"), max_length=300)
    reissue = forms.BooleanField(label=_("同时重新核定并补发"), required=False, help_text=_("配额分配已扣除这项核减：按原来的机组再核定一次，补发扣除的吨数。"))  # fmt: skip

    def __init__(self, *args: Any, used: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not used:
            del self.fields["reissue"]


class ListForm(PaperForm):
    """A published list: one firm, or a table with all of them."""

    year = forms.TypedChoiceField(label=_("名录年度"), coerce=int)
    firm = forms.ModelChoiceField(label=_("企业"), queryset=Enterprise.objects.order_by("name"), required=False, empty_label=_("请选择"), help_text=_("登记一家时选；多家请用名录表。"))  # fmt: skip
    sector = forms.ChoiceField(label=_("行业"), required=False, choices=(("", "–"), ("power", _("发电")), ("industry", _("钢铁、水泥、铝冶炼"))))  # fmt: skip
    table = forms.FileField(label=_("名录表（xlsx、csv）"), required=False, max_length=200, help_text=_("两列：企业代码、行业。有一行不对就一行也不登记。"))  # fmt: skip
    field_order = ("year", "firm", "sector", "table", "document", "dated", "file")

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(each, each) for each in reversed(years)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        one = bool(given.get("firm")) and bool(given.get("sector"))
        if one == bool(given.get("table")):
            raise forms.ValidationError(_("请选一家企业和它的行业，或上传名录表"))
        return given


class CcerForm(PaperForm):
    code = forms.SlugField(label=_("批次代码"), max_length=60)
    project = forms.CharField(label=_("减排项目"), max_length=160)
    owner = forms.ModelChoiceField(label=_("持有人"), queryset=Enterprise.objects.order_by("name"), required=False, empty_label=_("市外"))  # fmt: skip
    tonnes = whole(_("数量（吨）"))
    started = forms.DateField(label=_("项目开工日"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    reduced_from = forms.DateField(label=_("减排量起始日"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))  # fmt: skip
    reduced_to = forms.DateField(label=_("减排量截止日"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))  # fmt: skip
    covered = forms.BooleanField(label=_("来自碳市场配额管理范围内的减排"), required=False)
    field_order = ("code", "project", "owner", "tonnes", "started", "reduced_from", "reduced_to", "covered", "document", "dated", "file")  # fmt: skip


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
