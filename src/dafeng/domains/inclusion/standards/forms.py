"""The forms of the standards. A draft's form is made from its content: one row of inputs a field and a factor."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards import names


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ProposalForm(forms.Form):
    title = forms.CharField(label=_("名称"), max_length=120)
    title_en = forms.CharField(label=_("英文名称"), max_length=160, required=False)
    code = forms.SlugField(label=_("代码"), max_length=40, help_text=_("小写字母、数字和连字符，场景报送时用它。"))
    group = forms.ChoiceField(label=_("领域"), choices=list(names.GROUPS.items()))
    method = forms.ChoiceField(label=_("算式"), help_text=_("监测数据和因子按算式生成，起草时填写因子和来源。"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {id: f"{each.title}（{id}）" for id, each in contents.methods().items() if ".sink." not in id}
        self.fields["method"].choices = list(known.items())  # type: ignore[attr-defined]


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("您的意见"), widget=forms.Textarea(attrs={"rows": 4}), min_length=5, max_length=2000,
        help_text=_("意见会公开。请不要写姓名、电话等个人信息。"),
    )  # fmt: skip
    name = forms.CharField(label=_("署名"), required=False, max_length=60, help_text=_("可以不填，也可以写单位名称。"))


class RateForm(forms.Form):
    grams_per_point = forms.IntegerField(label=_("每积分对应减排量（克）"), min_value=1, max_value=100_000)
    valid_from = forms.DateField(label=_("生效日期"), widget=Day(), help_text=_("今天以后。已经计过的积分不变。"))
    basis = forms.CharField(label=_("依据"), max_length=300)


class DraftForm(forms.Form):
    """What people may change of a draft; the formula and the names of its inputs are the program's."""

    seen = forms.CharField(widget=forms.HiddenInput)
    boundary = forms.CharField(label=_("核算边界"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    baseline = forms.CharField(label=_("基准线"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    monitoring = forms.CharField(label=_("监测方法"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    source = forms.CharField(label=_("来源"), widget=forms.Textarea(attrs={"rows": 2}), max_length=1000)
    exclusions = forms.CharField(
        label=_("不适用情形"), required=False, widget=forms.Textarea(attrs={"rows": 4}), help_text=_("每行一条。")
    )
    discount = forms.FloatField(label=_("不确定性扣减（%）"), min_value=0, max_value=99)
    discount_note = forms.CharField(label=_("扣减说明"), required=False, max_length=300)
    points_fixed = forms.IntegerField(
        label=_("按次积分"),
        min_value=0,
        max_value=1000,
        help_text=_("没有可引用的因子时，每次行为计几分活动积分；0 为不计。"),
    )
    points_note = forms.CharField(label=_("积分说明"), required=False, max_length=300)

    def __init__(self, data: Any = None, *, content: Mapping[str, Any], digest: str) -> None:
        self.content = content
        lines = "\n".join(content.get("exclusions", []))
        initial = {key: content.get(key, "") for key in (*contents.TEXTS, *contents.NOTES)} | {
            "seen": digest, "exclusions": lines, "discount": round(float(content.get("discount", 0)) * 100, 6),
            "points_fixed": content.get("points_fixed", 0),
        }  # fmt: skip
        super().__init__(data, initial=initial)
        for number, field in enumerate(content.get("fields", [])):
            if field.get("kind", "number") == "number":
                self._limits(number, field)
        for number, factor in enumerate(content.get("factors", [])):
            self._factor(number, factor)

    def _limits(self, number: int, field: Mapping[str, Any]) -> None:
        for end, title in (("least", _("最小值")), ("most", _("最大值"))):
            self.fields[f"{end}-{number}"] = forms.FloatField(
                label=f"{field['title']}：{title}（{field.get('shown') or field['unit']}）",
                min_value=0,
                initial=field[end],
            )

    def _factor(self, number: int, factor: Mapping[str, Any]) -> None:
        title = names.parameter(factor["parameter"]) + (f"（{factor['item']}）" if factor["item"] else "")
        self.fields[f"value-{number}"] = forms.FloatField(
            label=f"{title}：{_('数值')}", required=False, min_value=0, initial=factor["value"],
            help_text=_("单位 %(unit)s；没有可引用的数值请留空。") % {"unit": names.unit(factor["unit"]) or "1"},
        )  # fmt: skip
        self.fields[f"year-{number}"] = forms.IntegerField(
            label=f"{title}：{_('年份')}", required=False, min_value=1990, max_value=2100, initial=factor["year"]
        )
        self.fields[f"source-{number}"] = forms.CharField(
            label=f"{title}：{_('来源')}", required=False, max_length=400, initial=factor["source"]
        )

    def clean(self) -> dict[str, Any]:
        """A changed value needs a source of its own: the former one did not print it."""
        given: dict[str, Any] = super().clean() or {}
        for number, factor in enumerate(self.content.get("factors", [])):
            value, source = given.get(f"value-{number}"), (given.get(f"source-{number}") or "").strip()
            if value is not None and value != factor["value"] and (not source or source == factor["source"]):
                self.add_error(f"source-{number}", _("改了数值，请写明新数值的来源"))
        return given

    def changed_content(self) -> dict[str, Any]:
        """The content with what was typed."""
        given, made = self.cleaned_data, copy.deepcopy(dict(self.content))
        made |= {key: given[key].strip() for key in (*contents.TEXTS, *contents.NOTES)}
        made["exclusions"] = [line.strip() for line in given["exclusions"].splitlines() if line.strip()]
        made["discount"], made["points_fixed"] = given["discount"] / 100, given["points_fixed"]
        for number, field in enumerate(made.get("fields", [])):
            if f"least-{number}" in given:
                field["least"], field["most"] = given[f"least-{number}"], given[f"most-{number}"]
        for number, factor in enumerate(made.get("factors", [])):
            value, year = given[f"value-{number}"], given[f"year-{number}"]
            source = given[f"source-{number}"].strip()
            if (value, year, source) != (factor["value"], factor["year"], factor["source"]):
                standing = "gap" if value is None else "municipal"
                factor |= {"value": value, "year": year, "source": source, "standing": standing, "set": "城市填写"}
        return made
