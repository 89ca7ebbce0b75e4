"""What the offices and the experts say of a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.models import (
    JointOpinion,
    ProjectInvitation,
)
from dafeng.domains.enterprise.review.experts import MARKS, POINTS
from dafeng.domains.enterprise.review.forms.common import AREA, DayInput


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=500)


class JudgeForm(forms.Form):
    two_high = forms.TypedChoiceField(
        label=_("是否“两高”项目"), choices=[("yes", _("是")), ("no", _("否"))], coerce=lambda value: value == "yes"
    )
    large_carbon = forms.TypedChoiceField(
        label=_("是否开展碳排放评价"), choices=[("yes", _("是")), ("no", _("否"))], coerce=lambda value: value == "yes"
    )
    exempt = forms.TypedChoiceField(
        label=_("是否民生或基础设施项目"), choices=[("no", _("否")), ("yes", _("是"))], coerce=lambda value: value == "yes",
        help_text=_("县区被限批、暂停审查时，只有民生、基础设施项目可以通过。"), required=False, empty_value=False,
    )  # fmt: skip
    reason = forms.CharField(label=_("认定理由和依据"), max_length=300)


class JointForm(forms.Form):
    offices = forms.MultipleChoiceField(label=_("会审单位"), widget=forms.CheckboxSelectMultiple)
    matter = forms.CharField(label=_("会审事项"), max_length=200)
    due = forms.DateField(label=_("答复期限"), widget=DayInput())

    def __init__(self, *args: Any, offices: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offices"].choices = list(offices.items())  # type: ignore[attr-defined]


class JoinForm(forms.Form):
    verdict = forms.ChoiceField(label=_("意见"), choices=[each for each in JointOpinion.Verdict.choices if each[0] != "waiting"])  # fmt: skip
    text = forms.CharField(label=_("说明"), required=False, max_length=3000, widget=forms.Textarea(attrs=AREA))


class DeclareForm(forms.Form):
    clear = forms.TypedChoiceField(
        label=_("利益声明"),
        choices=[("yes", _("我与建设单位、编制单位没有利害关系")), ("no", _("我应当回避"))],
        coerce=lambda value: value == "yes",
    )
    text = forms.CharField(label=_("回避原因"), required=False, max_length=300)


class ViewForm(forms.Form):
    view = forms.ChoiceField(label=_("建议"), choices=ProjectInvitation.View.choices)
    text = forms.CharField(label=_("评审意见"), max_length=5000, widget=forms.Textarea(attrs={"rows": 6}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points = {
            f"point_{code}": forms.ChoiceField(label=title, choices=list(MARKS.items()))
            for code, title in POINTS.items()
        }
        self.fields = {**points, **self.fields}

    @property
    def points(self) -> dict[str, str]:
        return {code: self.cleaned_data[f"point_{code}"] for code in POINTS}


class ConclusionForm(forms.Form):
    text = forms.CharField(label=_("评审意见"), max_length=10000, widget=forms.Textarea(attrs={"rows": 6}))


class OpinionForm(forms.Form):
    outcome = forms.ChoiceField(label=_("决定"), choices=[("approve", _("通过")), ("refuse", _("不予通过"))])
    reference = forms.CharField(label=_("文号"), max_length=80, required=False)
    opinion = forms.CharField(
        label=_("审查意见或不予通过的理由"), max_length=10000, widget=forms.Textarea(attrs={"rows": 6})
    )
    conditions = forms.CharField(
        label=_("附加条件"), required=False, max_length=10000, widget=forms.Textarea(attrs=AREA), help_text=_("每行一条，验收时逐条核对。")
    )  # fmt: skip
