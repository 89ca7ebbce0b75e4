"""Forms of the room. What must not lie in a held form is named `secret…` (portal.accounts.held leaves such fields out)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models import Circle


class JoinForm(forms.Form):
    """`places`: code → name of the counties; `agreed` carries the version of the text that was shown."""

    secret_name = forms.CharField(label=_("姓名"), min_length=2, max_length=40, widget=forms.TextInput({"autocomplete": "name"}))  # fmt: skip
    secret_phone = forms.CharField(
        label=_("手机号"), max_length=20, widget=forms.TextInput({"inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("一个手机号只能开一个账户"),
    )  # fmt: skip
    birth_year = forms.IntegerField(
        label=_("出生年份"), widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "bday-year"}),
        help_text=_("四位数，如 1990；不需要完整生日"),
    )  # fmt: skip
    county = forms.ChoiceField(label=_("居住县区"))
    of_age = forms.BooleanField(label=_("我已年满 14 周岁"))
    agree = forms.BooleanField(label=_("我已阅读并同意上面的同意书"))
    agreed = forms.CharField(widget=forms.HiddenInput, max_length=20)

    def __init__(self, *args: Any, places: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["county"].choices = [("", _("请选择")), *places.items()]  # type: ignore[attr-defined]


class FirmForm(forms.Form):
    organisation = forms.ChoiceField(label=_("企业"))
    county = forms.ChoiceField(label=_("所在县区"))
    agree = forms.BooleanField(label=_("我代表本企业同意上面的协议"))
    agreed = forms.CharField(widget=forms.HiddenInput, max_length=20)

    def __init__(self, *args: Any, places: dict[str, str], firms: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["county"].choices = [("", _("请选择")), *places.items()]  # type: ignore[attr-defined]
        self.fields["organisation"].choices = list(firms.items())  # type: ignore[attr-defined]


class CircleForm(forms.Form):
    kind = forms.ChoiceField(label=_("类别"), choices=Circle.Kind.choices)
    name = forms.CharField(label=_("名称"), max_length=20, help_text=_("如“茶乡一家”；请勿写真实姓名"))
    nickname = forms.CharField(label=_("我的昵称"), max_length=20, help_text=_("圈子里只显示昵称"))


class TeamForm(forms.Form):
    name = forms.CharField(label=_("团队名称"), max_length=20)


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("邀请码或场景码"), max_length=60,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
        help_text=_("字母大小写、空格、横线都不影响"),
    )  # fmt: skip


class NicknameForm(forms.Form):
    nickname = forms.CharField(label=_("我的昵称"), max_length=20, help_text=_("圈子里只显示昵称，请勿用真名"))


class GiftForm(forms.Form):
    """`key` is made with the page, so that a double click gives once."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    place = forms.ChoiceField(label=_("送给"))
    points = forms.IntegerField(
        label=_("积分"), min_value=1, max_value=10**9, widget=forms.TextInput({"inputmode": "numeric"})
    )  # fmt: skip

    def __init__(self, *args: Any, others: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(others.items())  # type: ignore[attr-defined]


class ChallengeForm(forms.Form):
    """`groups`: code → name of the groups of behaviour; none chosen: all count."""

    title = forms.CharField(label=_("名称"), max_length=80)
    title_en = forms.CharField(label=_("英文名称"), max_length=120, required=False)
    groups = forms.MultipleChoiceField(
        label=_("计入的领域（不选为全部）"), required=False, widget=forms.CheckboxSelectMultiple
    )
    starts_on = forms.DateField(label=_("开始日期"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(label=_("结束日期"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    target_kg = forms.IntegerField(label=_("共同目标（千克 CO₂e）"), min_value=0, max_value=10**9, initial=0, help_text=_("0 为没有共同目标"))  # fmt: skip

    def __init__(self, *args: Any, groups: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].choices = list(groups.items())  # type: ignore[attr-defined]


class EraseForm(forms.Form):
    sure = forms.BooleanField(label=_("我知道：身份信息将被删除，剩余积分作废，不能恢复"))
