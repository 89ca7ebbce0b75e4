"""The form of an enterprise. What is right is decided in `keeping`: the same for form, sheet and API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.register import keeping
from dafeng.domains.enterprise.review.forms.common import DayInput


class EnterpriseForm(forms.Form):
    """`new`: with a code of its own, and without a last day."""

    name = forms.CharField(label=_("名称"), max_length=120, help_text=_("与营业执照一致"))
    credit_code = forms.CharField(
        label=_("统一社会信用代码"), max_length=40, required=False, help_text=_("18 位，按 GB 32100 核对校验位")
    )
    code = forms.CharField(
        label=_("代码"),
        max_length=60,
        required=False,
        help_text=_("本系统用的短名，登记后不变；不填则用统一社会信用代码"),
    )
    place = forms.ChoiceField(label=_("所在地"))
    industry = forms.CharField(
        label=_("行业代码"), max_length=4, required=False, help_text=_("GB/T 4754 的四位小类代码，如 3011")
    )
    organisation = forms.ChoiceField(
        label=_("组织"), required=False, help_text=_("它的成员为这家企业填报和办事；没有账户的企业先不选")
    )
    park = forms.CharField(label=_("园区"), max_length=60, required=False)
    name_en = forms.CharField(label=_("英文名称"), max_length=160, required=False)
    since = forms.DateField(label=_("成立"), required=False, widget=DayInput())
    until = forms.DateField(
        label=_("注销"), required=False, widget=DayInput(), help_text=_("企业不删除：注销之前的年份仍要报告和核查")
    )

    def __init__(self, *args: Any, known: keeping.Known, new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [("", "–"), *known.places.items()]  # type: ignore[attr-defined]
        self.fields["organisation"].choices = [  # type: ignore[attr-defined]
            ("", _("暂无")),
            *((code, f"{name}（{code}）") for code, name in known.organisations.items()),
        ]
        del self.fields["until" if new else "code"]

    def told(self) -> dict[str, Any]:
        days = {name: self.cleaned_data[name] for name in ("since", "until") if name in self.cleaned_data}
        return {**self.cleaned_data, **{name: day.isoformat() if day else "" for name, day in days.items()}}
