"""The market's forms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.market import neutrality, rules
from dafeng.domains.inclusion.models import Product


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day(label: Any, **named: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DateInput(), **named)


class Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; none is allowed."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(each, initial) for each in given if each]


class ProductForm(forms.ModelForm[Product]):
    pictures = FilesField(
        label=_("图片"),
        required=False,
        widget=Files(attrs={"accept": "image/jpeg,image/png"}),
        help_text=_("最多 3 张 JPG 或 PNG，每张不超过 2 MB。不选则保留原来的。"),
    )

    class Meta:
        model = Product
        fields = (
            "title", "title_en", "summary", "terms", "price", "stock", "per_person", "starts_on", "ends_on", "coupon_days"
        )  # fmt: skip
        widgets: ClassVar = {
            "starts_on": DateInput(),
            "ends_on": DateInput(),
            "terms": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts: ClassVar = {
            "per_person": _("0 表示不限。"),
            "stock": _("还可以兑换的数量。"),
            "ends_on": _("可以兑换的最后一天。"),
            "coupon_days": _("下单次日起算。"),
        }


class OfferForm(forms.Form):
    title = forms.CharField(label=_("活动名称"), max_length=40)
    price = forms.IntegerField(label=_("活动积分价"), min_value=1)
    starts_on = day(_("开始日期"))
    ends_on = day(_("截止日期"))


class SponsorForm(forms.Form):
    product = forms.ModelChoiceField(label=_("商品"), queryset=Product.objects.none())
    title = forms.CharField(label=_("活动名称"), max_length=40)
    name = forms.CharField(label=_("署名"), max_length=80, help_text=_("商品页上会显示“某某赞助”。"))
    each = forms.IntegerField(label=_("每件赞助积分"), min_value=1)
    budget = forms.IntegerField(label=_("积分预算"), min_value=1)
    starts_on = day(_("开始日期"))
    ends_on = day(_("截止日期"))


def tonnes(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal("0.001"), max_value=Decimal(100_000_000), max_digits=12, decimal_places=3
    )


class RequestForm(forms.Form):
    tonnes = tonnes(_("数量（吨二氧化碳当量）"))
    purpose = forms.CharField(label=_("用途"), max_length=120, help_text=_("如：年度自愿注销，或某活动碳中和。"))


class PriceForm(forms.Form):
    yuan = forms.DecimalField(label=_("单价（元/吨）"), min_value=Decimal("0.01"), max_digits=9, decimal_places=2)
    valid_until = day(_("报价有效至"))


class RetireForm(forms.Form):
    tonnes = tonnes(_("数量（吨二氧化碳当量）"))
    beneficiary = forms.CharField(label=_("受益人"), max_length=80, help_text=_("证书上的名称。"))
    period = forms.CharField(label=_("期间"), max_length=40, help_text=_("如 2026 年度。"))


class EventForm(forms.Form):
    title = forms.CharField(label=_("活动名称"), max_length=80)
    organiser = forms.CharField(label=_("主办单位"), max_length=80)
    venue = forms.CharField(label=_("地点"), max_length=80)
    starts_on = day(_("开始日期"))
    ends_on = day(_("结束日期"))
    people = forms.IntegerField(label=_("参加人数"), min_value=1, max_value=10_000_000)
    plan = forms.CharField(
        label=_("减排与中和方案"), max_length=3000, widget=forms.Textarea(attrs={"rows": 5}), required=False
    )
    assessor = forms.CharField(
        label=_("独立评价机构"), max_length=120, required=False, help_text=_("1000 人以上的活动必填，并上传评价报告。")
    )
    report = FilesField(label=_("评价报告或凭证"), required=False, help_text=_("PDF、图片或表格。"))


class RowForm(forms.Form):
    """One row of a footprint; an empty row is left out."""

    factor = forms.ChoiceField(label=_("排放源"), required=False)
    amount = forms.DecimalField(label=_("数量"), required=False, min_value=Decimal("0.001"), max_digits=14, decimal_places=3)  # fmt: skip
    own_factor = forms.DecimalField(label=_("自报因子（千克/单位）"), required=False, min_value=Decimal("0.000001"), max_digits=12, decimal_places=6)  # fmt: skip
    own_source = forms.CharField(label=_("自报因子来源"), required=False, max_length=200)
    note = forms.CharField(label=_("说明"), required=False, max_length=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [
            (code, f"{neutrality.GROUPS[kind['group']]} · {kind['title']}（{kind['unit']}）")
            for code, kind in rules.event_factors().items()
        ]
        self.fields["factor"].choices = [("", "—"), *listed]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if bool(given.get("factor")) != (given.get("amount") is not None):
            raise forms.ValidationError(_("排放源和数量要一起填写"))
        if (given.get("own_factor") is not None) != bool(given.get("own_source")):
            raise forms.ValidationError(_("自报因子要写明来源"))
        return given


Rows = forms.formset_factory(RowForm, extra=0, max_num=40, validate_max=True)


class CauseForm(forms.Form):
    code = forms.SlugField(label=_("代码"), max_length=40, help_text=_("英文小写，用在网址和账本里，定后不改。"))
    title = forms.CharField(label=_("名称"), max_length=60)
    title_en = forms.CharField(label=_("英文名称"), max_length=120, required=False)
    text = forms.CharField(label=_("介绍"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    keeper = forms.CharField(label=_("实施单位"), max_length=80)
    unit = forms.CharField(label=_("单位"), max_length=20, required=False, help_text=_("如“棵树”；可以不填。"))
    unit_points = forms.IntegerField(label=_("每单位积分"), min_value=0, initial=0)
    goal = forms.IntegerField(label=_("目标积分"), min_value=1)
    opens_on = day(_("开始日期"))


class NewsForm(forms.Form):
    text = forms.CharField(label=_("进展"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    units = forms.IntegerField(label=_("本次完成数量"), min_value=0, initial=0)
    picture = forms.FileField(label=_("照片"), required=False)


class SinkForm(forms.Form):
    kind = forms.ChoiceField(label=_("类别"), choices=(("forest", _("森林")), ("tea", _("茶园"))))
    project = forms.CharField(
        label=_("项目名称"), max_length=120, help_text=_("与林权或登记材料一致；同一项目的月份只能计量一次。")
    )
    from_on = day(_("前次调查日期"))
    to_on = day(_("本次调查日期"))
    uncertainty = forms.DecimalField(
        label=_("抽样不确定性"), min_value=Decimal(0), max_value=Decimal("0.3"), max_digits=6, decimal_places=4,
        help_text=_("如 0.15 表示 15%；超过 30% 不能计量。"),
    )  # fmt: skip
    report = FilesField(label=_("调查报告"), help_text=_("两次调查的报告。"))


class StandForm(forms.Form):
    """One piece of land; an empty row is left out."""

    area = forms.FloatField(label=_("面积（公顷）"), required=False, min_value=0)
    species = forms.CharField(label=_("树种组"), required=False, max_length=40)
    before = forms.FloatField(label=_("前次（立方米或吨/公顷）"), required=False, min_value=0)
    now = forms.FloatField(label=_("本次"), required=False, min_value=0)
    burnt = forms.FloatField(label=_("过火面积（公顷）"), required=False, min_value=0)
    carbon_fraction = forms.FloatField(label=_("含碳率（茶园）"), required=False, min_value=0, max_value=1)
    carbon_fraction_source = forms.CharField(label=_("含碳率来源"), required=False, max_length=120)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("area") and (given.get("before") is None or given.get("now") is None):
            raise forms.ValidationError(_("面积和两次调查的数要一起填写"))
        return given


StandRows = forms.formset_factory(StandForm, extra=0, max_num=200, validate_max=True)
