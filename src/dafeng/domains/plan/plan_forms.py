"""The forms of reviewing a plan: one for each kind of item, and what a plan says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.plan.services import items
from dafeng.domains.plan.services.corrections import DIRECTIONS, OPERATORS, STRENGTHS, TARGET_KINDS, owners_from
from dafeng.domains.plan.services.items import Item

YEAR = {"min_value": 1990, "max_value": 2100, "required": False}


class ItemForm(forms.Form):
    """`value()` gives the fields of the item as a reading writes them."""

    def value(self) -> dict[str, Any]:
        said = {name: field for name, field in self.cleaned_data.items() if name != "reason"}
        return {name: (None if field == "" and name in ("county", "capacity_unit", "scope", "direction") else field) for name, field in said.items()}  # fmt: skip

    @classmethod
    def initial_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        return dict(values)


class SectionForm(ItemForm):
    title = forms.CharField(label=_("标题"), max_length=200)


class TaskForm(ItemForm):
    title = forms.CharField(label=_("任务"), max_length=300)
    lead = forms.CharField(
        label=_("责任或牵头单位"), required=False, max_length=1000, help_text=_("多个单位用顿号分开")
    )
    support = forms.CharField(label=_("配合单位"), required=False, max_length=1000)
    counties = forms.BooleanField(label=_("各县区都负责落实"), required=False)
    is_task = forms.BooleanField(label=_("是任务（不是总体要求一类的段落）"), required=False, initial=True)

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        owners = owners_from(data["lead"], data["support"], counties=data["counties"])
        return {
            "title": data["title"],
            "is_task": data["is_task"],
            "owners": owners,
            "units": [each["name"] for each in owners],
        }

    @classmethod
    def initial_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        owners = values.get("owners", [])
        names = {
            role: "、".join(each["name"] for each in owners if each["role"] == role) for role in ("lead", "support")
        }
        counties = any(each["role"] == "all-counties" for each in owners)
        return {"title": " ".join(values.get("title", "").split()), "is_task": values.get("is_task", True), "counties": counties, **names}  # fmt: skip


class TargetForm(ItemForm):
    indicator = forms.CharField(label=_("指标"), max_length=200)
    kind = forms.ChoiceField(label=_("种类"), choices=tuple(TARGET_KINDS.items()))
    direction = forms.ChoiceField(label=_("方向"), choices=tuple(DIRECTIONS.items()), required=False)
    operator = forms.ChoiceField(label=_("关系"), choices=tuple(OPERATORS.items()))
    low = forms.FloatField(label=_("数值"), required=False)
    high = forms.FloatField(label=_("上限"), required=False, help_text=_("只有范围才填"))
    unit = forms.CharField(label=_("单位"), max_length=40, required=False)
    year = forms.IntegerField(label=_("目标年"), **YEAR)
    baseline_year = forms.IntegerField(label=_("基准年"), **YEAR)
    strength = forms.ChoiceField(label=_("要求"), choices=tuple(STRENGTHS.items()))
    scope = forms.CharField(label=_("范围"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        low, high = data.get("low"), data.get("high")
        if data.get("operator") == "range" and (low is None or high is None or high < low):
            self.add_error("high", _("范围要填下限和上限，且上限不小于下限"))
        return data

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        plain = ("indicator", "kind", "operator", "unit", "year", "baseline_year", "strength")
        return {name: data[name] for name in plain} | {
            "direction": data["direction"] or None,
            "scope": data["scope"] or None,
            "value": [data["low"], data["high"]] if data["operator"] == "range" else data["low"],
        }

    @classmethod
    def initial_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        value = values.get("value")
        low, high = value if isinstance(value, list) else (value, None)
        return dict(values) | {"low": low, "high": high}


class EntityForm(ItemForm):
    name = forms.CharField(label=_("名称"), max_length=200)
    kind = forms.CharField(label=_("类型"), max_length=40, required=False)
    county = forms.CharField(label=_("县区"), max_length=40, required=False)
    capacity = forms.FloatField(label=_("规模"), required=False)
    capacity_unit = forms.CharField(label=_("规模单位"), max_length=40, required=False)


class QuestionForm(ItemForm):
    question = forms.CharField(label=_("要问的问题"), max_length=1000, widget=forms.Textarea)
    ask = forms.CharField(label=_("问哪些单位"), max_length=400, required=False, help_text=_("多个单位用顿号分开；不填则问双碳办"))  # fmt: skip

    def value(self) -> dict[str, Any]:
        owners = [each["name"] for each in owners_from(self.cleaned_data["ask"], "", counties=False)]
        return {"question": self.cleaned_data["question"], "owners": owners}


FORMS: dict[str, type[ItemForm]] = {
    items.SECTION: SectionForm, items.TASK: TaskForm, items.TARGET: TargetForm, items.DEFECT: QuestionForm,
    items.PROJECT: EntityForm, items.ENTERPRISE: EntityForm, items.PLATFORM: EntityForm,
}  # fmt: skip


def form_for(item: Item, data: Any = None) -> ItemForm:
    """The form of an item, filled with what it says now."""
    form = FORMS[item.kind]
    return form(data, initial=form.initial_of(item.values))


class DescribeForm(forms.Form):
    title = forms.CharField(label=_("名称"), max_length=200)
    issuer = forms.CharField(label=_("发布机关"), max_length=120, required=False)
    issued_on = forms.DateField(label=_("发布日期"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))  # fmt: skip
    first_year = forms.IntegerField(label=_("起始年"), **YEAR)
    last_year = forms.IntegerField(label=_("结束年"), **YEAR)
