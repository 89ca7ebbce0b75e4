"""The form of the register. What it cannot know (the sectors there are) is given when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.models import Body


class BodyForm(forms.Form):
    code = forms.SlugField(label=_("代码"), max_length=60, help_text=_("小写字母、数字和短横线，用在网址里。"))
    name = forms.CharField(label=_("机构名称"), max_length=120)
    name_en = forms.CharField(label=_("英文名称"), max_length=160, required=False)
    credit_code = forms.CharField(label=_("统一社会信用代码"), max_length=18, required=False)
    contact = forms.CharField(label=_("联系方式"), max_length=120, required=False)
    organisation = forms.SlugField(
        label=_("所属组织"),
        max_length=60,
        required=False,
        help_text=_("主管部门代为登记时填写；机构自己申请时不用填。"),
    )
    kinds = forms.MultipleChoiceField(
        label=_("业务"), choices=Body.Kind.choices, widget=forms.CheckboxSelectMultiple,
        help_text=_("从事碳资产管理或碳交易的机构不得承担核查；提供过咨询的，不得核查该单位。"),
    )  # fmt: skip
    qualification = forms.CharField(
        label=_("资质"), max_length=80, required=False, help_text=_("如检验检测机构资质认定；以后的资质和续期由主管部门登记。"),
    )  # fmt: skip
    qualification_number = forms.CharField(label=_("资质编号"), max_length=80, required=False)
    qualification_until = forms.DateField(
        label=_("资质有效期至"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("长期有效的不填；过期的机构不能承接核查。"),
    )  # fmt: skip
    sectors = forms.MultipleChoiceField(label=_("行业能力"), widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, *args: Any, sectors: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sectors"].choices = sorted(sectors.items())  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if Body.objects.filter(code=code).exists() or code == "new":
            raise forms.ValidationError(_("这个代码已经用过"))
        return code

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        name, number = given.get("qualification", ""), given.get("qualification_number", "")
        if bool(name) != bool(number) or (given.get("qualification_until") and not name):
            self.add_error("qualification_number", _("资质的名称和编号要一起填"))
        return given

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Body.objects.filter(name=name).exists():
            raise forms.ValidationError(_("这个机构已经登记"))
        return name
