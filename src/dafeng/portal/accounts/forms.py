"""Forms about people. A choice that a person may not make is not offered, and refused again by the services."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms as allauth
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.kernel.errors import PlaceError
from dafeng.kernel.quantities import places
from dafeng.portal.accounts import members, permissions
from dafeng.portal.accounts.models import Organisation, Role, User
from dafeng.portal.accounts.place_names import place_names

PASSWORD_RULES = gettext_lazy("至少 12 位；不能全是数字，不能是常见密码，不能与姓名或用户名太像。")


class _Plain(forms.Form):
    """allauth's forms in our words: `words` gives labels and hints; a placeholder that repeats the label goes."""

    words: ClassVar[dict[str, tuple[Any, Any]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.words:
                field.label, field.help_text = self.words[name]


class EntranceForm(_Plain, allauth.LoginForm):
    """User name or e-mail, password, and whether to stay logged in on this device (fourteen days at most)."""

    words: ClassVar = {
        "login": (gettext_lazy("用户名或邮箱"), ""),
        "password": (gettext_lazy("密码"), ""),
        "remember": (gettext_lazy("在这台设备上保持登录 14 天"), ""),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs.update(autocomplete="username", autocapitalize="none", spellcheck="false")

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        answer = super().login(request, redirect_url=redirect_url)
        # A date, not an age: it does not move on with use. Without it the session ends with the browser.
        stays = self.cleaned_data["remember"]
        request.session.set_expiry(timezone.now() + settings.REMEMBER_AT_MOST if stays else None)
        return answer


_NEW_PASSWORD: dict[str, tuple[Any, Any]] = {
    "oldpassword": (gettext_lazy("现在的密码"), ""),
    "password1": (gettext_lazy("新密码"), PASSWORD_RULES),
    "password2": (gettext_lazy("再输入一次新密码"), ""),
}


class ChangePasswordForm(_Plain, allauth.ChangePasswordForm):
    words: ClassVar = _NEW_PASSWORD


class SetPasswordForm(_Plain, allauth.SetPasswordForm):
    words: ClassVar = _NEW_PASSWORD


class ResetPasswordKeyForm(_Plain, allauth.ResetPasswordKeyForm):
    words: ClassVar = _NEW_PASSWORD


class ResetPasswordForm(_Plain, allauth.ResetPasswordForm):
    words: ClassVar = {"email": (gettext_lazy("邮箱"), "")}


class AddEmailForm(_Plain, allauth.AddEmailForm):
    words: ClassVar = {"email": (gettext_lazy("新邮箱"), gettext_lazy("会收到一封验证邮件。"))}


class ReauthenticateForm(_Plain, allauth.ReauthenticateForm):
    words: ClassVar = {"password": (gettext_lazy("密码"), "")}


class AuthenticateForm(_Plain, mfa.AuthenticateForm):
    words: ClassVar = {"code": (gettext_lazy("动态码或恢复码"), "")}


class MfaReauthenticateForm(_Plain, mfa.ReauthenticateForm):
    words: ClassVar = {"code": (gettext_lazy("动态码或恢复码"), "")}


class ActivateTOTPForm(_Plain, totp.ActivateTOTPForm):
    words: ClassVar = {"code": (gettext_lazy("6 位动态码"), "")}


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("display_name", "language", "wants_mail")
        help_texts = {  # noqa: RUF012  (Django reads a plain dict here)
            "display_name": gettext_lazy("显示在页面、记录和审计日志里。"),
            "language": gettext_lazy("登录后使用的语言；页面右上角随时可以切换。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].required = True
        self.fields["display_name"].widget.attrs["autocomplete"] = "name"
        self.fields["language"].choices = [("", _("随浏览器")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        if self.instance.demo:  # many visitors share a demo login
            self.fields["display_name"].disabled = True


def place_field(*, required: bool = False, areas: frozenset[str] | None = None) -> forms.Field:
    """A choice of the places that this installation knows, within `areas` if given; a text where it knows none."""
    known = place_names(indent="　")
    if areas is not None:
        known = {code: name for code, name in known.items() if any(permissions.within(code, area) for area in areas)}
    label, hint = _("地区"), _("角色只在这个地区及其下级有效。")
    if not known and areas is None:
        return PlaceField(label=label, required=required, help_text=_("GB/T 2260 六位代码，可以不填。"))
    blank = [] if required else [("", _("不限定"))]
    return forms.ChoiceField(label=label, required=required, choices=[*blank, *known.items()], help_text=hint)


class PlaceField(forms.CharField):
    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        try:
            if text:
                places.level(text)
        except PlaceError as error:
            raise forms.ValidationError(error.what) from error
        return text


class OrganisationForm(forms.Form):
    """`code` is asked for once, when the organisation is new; `version` is what a stale page is known by."""

    code = forms.SlugField(
        label=gettext_lazy("代码"), max_length=60, allow_unicode=True,
        help_text=gettext_lazy("用在网址和数据里，以后不能改。例如 shihe-ecology"),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("英文名称"), max_length=160, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, organisation: Organisation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"] = place_field()
        self.fields["place"].help_text = _("组织所在的地区。")
        if organisation is not None:
            del self.fields["code"]
            if organisation.place and isinstance(self.fields["place"], forms.ChoiceField):
                choices = list(self.fields["place"].choices)  # type: ignore[arg-type]
                if organisation.place not in dict(choices):
                    self.fields["place"].choices = [*choices, (organisation.place, organisation.place)]


class GrantForm(forms.Form):
    """A role to hand out: only those that this person may."""

    role = forms.ChoiceField(label=gettext_lazy("角色"))
    manager = forms.BooleanField(
        label=gettext_lazy("同时担任成员管理人"), required=False,
        help_text=gettext_lazy("可以邀请本组织的成员、分派自己持有的角色。"),
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pairs = permissions.grantable(by, organisation)
        roles = {role for role, _area in pairs}
        areas = {area for _role, area in pairs}
        choices = [(r.value, r.label) for r in Role if r.value in roles]
        self.fields["role"].choices = choices if len(choices) < 2 else [("", _("请选择")), *choices]  # type: ignore[attr-defined]
        free = "*" in areas
        self.fields["place"] = place_field(
            areas=None if free else frozenset(areas - {""}), required=not free and "" not in areas
        )
        self.order_fields(["name", "email", "role", "place", "manager"])
        self.initial.setdefault("place", organisation.place)


class InviteForm(GrantForm):
    name = forms.CharField(label=gettext_lazy("姓名"), max_length=60, required=False)
    email = forms.EmailField(
        label=gettext_lazy("邮箱"),
        required=False,
        help_text=gettext_lazy("填了就把链接发到邮箱；不填则由您自己转交链接。"),
    )


class AcceptForm(forms.Form):
    """A new person's name and password."""

    display_name = forms.CharField(
        label=gettext_lazy("姓名"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    username = forms.CharField(
        label=gettext_lazy("用户名"), max_length=150, validators=[UnicodeUsernameValidator(message=gettext_lazy("用户名只能用汉字、字母、数字和 @ . + - _。"))],
        help_text=gettext_lazy("登录用，可以是汉字、字母、数字。"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    password1 = forms.CharField(
        label=gettext_lazy("密码"), strip=False,
        help_text=PASSWORD_RULES,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    password2 = forms.CharField(
        label=gettext_lazy("再输入一次密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if not members.free_username(name):
            raise forms.ValidationError(_("这个用户名已经有人使用，请换一个。"))
        return name

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        first, second = fields.get("password1"), fields.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("两次输入的密码不一样。"))
        elif first:
            person = User(username=fields.get("username", ""), display_name=fields.get("display_name", ""))
            try:
                password_validation.validate_password(first, person)
            except forms.ValidationError as error:
                self.add_error("password1", error)
        return fields
