"""The forms of the room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models import Methodology, Partner, Scene
from dafeng.domains.inclusion.scenes import scenery, words


class KeyForm(forms.Form):
    note = forms.CharField(
        label=_("用途"), max_length=60, required=False, help_text=_("如：公交刷卡系统。只给自己人看。")
    )


class SheetForm(forms.Form):
    file = forms.FileField(label=_("表格（CSV）"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}))


class SignatureForm(forms.Form):
    """A signed request, line by line, to find out where two sides differ."""

    method = forms.ChoiceField(label=_("方法"), choices=(("POST", "POST"), ("GET", "GET")))
    path = forms.CharField(label=_("路径"), max_length=300, initial="/api/inclusion/events")
    time = forms.RegexField(label="X-Dafeng-Time", regex=r"^[0-9]{9,11}$")
    nonce = forms.RegexField(label="X-Dafeng-Nonce", regex=r"^[A-Za-z0-9._-]{16,64}$")
    body = forms.CharField(
        label=_("正文"), required=False, strip=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 5})
    )
    given = forms.CharField(
        label="X-Dafeng-Signature", max_length=64, required=False, help_text=_("您算出的签名；不填就只看我们算的。")
    )
    key = forms.ChoiceField(label=_("密钥"))

    def __init__(self, *args: Any, keys: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["key"].choices = keys  # type: ignore[attr-defined]


class SceneForm(forms.Form):
    """A scene as the operator opens or changes it."""

    partner = forms.ChoiceField(label=_("合作方"))
    code = forms.SlugField(label=_("代码"), max_length=40, help_text=_("小写字母、数字和连字符；开设后不能改。"))
    methodology = forms.ChoiceField(label=_("方法学"))
    title = forms.CharField(label=_("名称"), max_length=120)
    title_en = forms.CharField(label=_("英文名称"), max_length=160, required=False)
    about = forms.CharField(label=_("说明"), max_length=200, required=False)
    about_en = forms.CharField(label=_("英文说明"), max_length=300, required=False)
    channels = forms.MultipleChoiceField(
        label=_("接入方式"), choices=Scene.Channel.choices, widget=forms.CheckboxSelectMultiple
    )
    photo = forms.BooleanField(label=_("打卡要有照片"), required=False)
    event_cap = forms.IntegerField(
        label=_("每次积分上限"), min_value=0, max_value=100_000, initial=0, help_text=_("0 为不设。")
    )
    daily_cap = forms.IntegerField(label=_("每人每日积分上限"), min_value=0, max_value=100_000, initial=0)
    monthly_cap = forms.IntegerField(label=_("每人每月积分上限"), min_value=0, max_value=1_000_000, initial=0)
    limits = forms.CharField(
        label=_("数量范围"), required=False, max_length=400,
        help_text=_("比方法学更窄时填，每行一项：数据项 最小 最大，如 distance 0.5 40。"), widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    active = forms.BooleanField(label=_("启用"), required=False, initial=True)

    def __init__(self, *args: Any, scene: Scene | None = None, **named: Any) -> None:
        super().__init__(*args, **named)
        self.scene = scene
        if scene is not None:
            for name in ("partner", "code", "methodology"):
                del self.fields[name]
            return
        partners = Partner.objects.filter(state=Partner.State.ACTIVE).order_by("name")
        self.fields["partner"].choices = [(each.code, words.title_of(each, "name")) for each in partners]  # type: ignore[attr-defined]
        self.fields["methodology"].choices = [  # type: ignore[attr-defined]
            (each.code, words.title_of(each)) for each in Methodology.objects.order_by("group", "code")
        ]

    def clean_limits(self) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for line in self.cleaned_data["limits"].splitlines():
            if not line.strip():
                continue
            try:
                name, least, most = line.split()
                found[name] = [float(least), float(most)]
            except ValueError:
                raise forms.ValidationError(_("每行三个：数据项、最小、最大"), code="limits") from None
            if not found[name][0] <= found[name][1] < 1e9:
                raise forms.ValidationError(_("最小不能大于最大"), code="limits")
        return found

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        methodology = self.scene.methodology_id if self.scene else given.get("methodology", "")
        known = {each.name for each in scenery.fields_of(methodology)} if methodology else set()
        if strange := sorted(set(given.get("limits") or {}) - known):
            self.add_error("limits", _("方法学没有数据项 %(name)s") % {"name": "、".join(strange)})
        return given

    @staticmethod
    def shown(scene: Scene) -> dict[str, Any]:
        """Initial values from a scene."""
        lines = [f"{name} {least:g} {most:g}" for name, (least, most) in scene.limits.items()]
        same = (
            "title",
            "title_en",
            "about",
            "about_en",
            "channels",
            "photo",
            "event_cap",
            "daily_cap",
            "monthly_cap",
            "active",
        )
        return {name: getattr(scene, name) for name in same} | {"limits": "\n".join(lines)}


class Photos(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several files; none is allowed."""

    widget = Photos

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(PhotosField, self).clean(each, initial) for each in given if each]


class CheckInForm(forms.Form):
    """The monitoring fields of a scene, as a citizen fills them."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, scene: Scene, **named: Any) -> None:
        super().__init__(*args, **named)
        self.scene, self.names = scene, []
        for each in scenery.fields_of(scene.methodology_id):
            title = words.title_of(each)
            if each.options:
                choices = [(code, shown[words.english()]) for code, shown in each.options.items()]
                self.fields[f"data_{each.name}"] = forms.ChoiceField(
                    label=title, choices=choices, required=each.required
                )
            else:
                least, most = scene.limits.get(each.name, (each.least, each.most))
                unit = (each.shown_en if words.english() else each.shown) or each.unit
                self.fields[f"data_{each.name}"] = forms.FloatField(
                    label=f"{title}（{unit}）" if unit not in ("", "1") else title, min_value=least, max_value=most,
                    required=each.required, widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
                )  # fmt: skip
            self.names.append(each.name)
        self.fields["photos"] = PhotosField(
            label=_("照片"), required=scene.photo, widget=Photos(attrs={"accept": "image/jpeg,image/png"}),
            help_text=_("最多 3 张 JPG 或 PNG，每张不超过 5 MB。照片里的拍摄位置等信息会被去掉；注销账户时一并删除。"),
        )  # fmt: skip

    @property
    def monitored(self) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(f"data_{name}") for name in self.names}
        return {name: value for name, value in given.items() if value not in (None, "")}
