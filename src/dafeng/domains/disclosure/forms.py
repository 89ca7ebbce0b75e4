"""The forms of the domain. What a form cannot know (places, offices) is given when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.disclosure import rules
from dafeng.domains.disclosure.models import Voice


class Photos(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several files; none is allowed."""

    widget = Photos

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(PhotosField, self).clean(each, initial) for each in given if each]


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class VoiceForm(forms.Form):
    kind = forms.ChoiceField(label=_("类型"), choices=Voice.Kind.choices)
    category = forms.ChoiceField(label=_("事项"))
    place = forms.ChoiceField(label=_("地点"))
    text = forms.CharField(
        label=_("内容"),
        widget=forms.Textarea(attrs={"rows": 6}),
        min_length=5,
        help_text=_("何时、何地、什么情况。请不要在这里写姓名、电话，联系方式写在下面，单独加密保存。"),
    )
    about = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
    photos = PhotosField(
        label=_("照片"),
        required=False,
        widget=Photos(attrs={"accept": "image/jpeg,image/png"}),
        help_text=_("最多 3 张 JPG 或 PNG，每张不超过 5 MB。照片里的拍摄位置等信息会被去掉。"),
    )
    name = forms.CharField(label=_("称呼"), required=False, max_length=60, help_text=_("可以不填，匿名提交。"))
    contact = forms.CharField(
        label=_("联系方式"), required=False, max_length=120, help_text=_("可以不填。加密保存，您随时可以凭回执删除。")
    )

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = list(rules.categories().items())  # type: ignore[attr-defined]
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]
        self.fields["text"].max_length = rules.voices("text_characters")  # type: ignore[attr-defined]


class ReceiptForm(forms.Form):
    code = forms.CharField(
        label=_("回执编号"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("提交后显示的编号，如 7K3M-9QXT-2B4C-8D6E。"),
    )


class AssignForm(forms.Form):
    office = forms.ChoiceField(label=_("承办单位"))
    note = forms.CharField(label=_("交办意见"), required=False, max_length=200)

    def __init__(self, *args: Any, offices: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = list(offices.items())  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=_("答复"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=5000,
        help_text=_("由另一位同事审核后才会让来件人看到。"),
    )


class PublishForm(forms.Form):
    question = forms.CharField(
        label=_("公开的问题"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("请用自己的话概括，不含来件人和第三人的个人信息。"),
    )
    text = forms.CharField(label=_("公开的答复"), widget=forms.Textarea(attrs={"rows": 6}), max_length=5000)
    agreed = forms.BooleanField(label=_("我已核对：问题和答复里没有个人信息"))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=300)


class FilingForm(forms.Form):
    disclosed_on = forms.DateField(
        label=_("披露日期"), widget=DateInput(), help_text=_("在法定平台或交易所网站公开的日子。")
    )
    link = forms.URLField(label=_("披露地址"), required=False, max_length=400, assume_scheme="https")
    file = forms.FileField(
        label=_("报告文件"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.docx"}),
        help_text=_("PDF 或 Word，不超过 20 MB。地址和文件至少有一样；核对通过后文件对外公开。"),
    )
    greenhouse = forms.BooleanField(label=_("报告含温室气体排放数据"), required=False)
    verified = forms.BooleanField(label=_("温室气体数据经第三方核查"), required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("verified") and not given.get("greenhouse"):
            self.add_error("verified", _("没有温室气体数据，就谈不上核查"))
        return given


class DutyForm(forms.Form):
    name = forms.CharField(label=_("企业名称"), max_length=120)
    credit_code = forms.CharField(label=_("统一社会信用代码"), required=False, max_length=18)
    place = forms.ChoiceField(label=_("县区"), required=False)
    organisation = forms.CharField(
        label=_("组织代码"),
        required=False,
        max_length=60,
        help_text=_("企业登录账户所属组织的代码；填了，企业才能自己报送并收到提醒。"),
    )
    kind = forms.ChoiceField(label=_("披露义务"))
    year = forms.IntegerField(label=_("报告年度"), min_value=2000, max_value=2100)
    due = forms.DateField(label=_("截止日期"), required=False, widget=DateInput(), help_text=_("留空时按规定推算。"))
    binding = forms.ChoiceField(
        label=_("是否强制"), required=False, choices=[("", _("按规定")), ("yes", _("强制")), ("no", _("自愿"))]
    )
    source = forms.CharField(label=_("名单来源"), max_length=300, help_text=_("公布名单的文件或网页。"))

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]
        self.fields["kind"].choices = [(each.code, each.name) for each in rules.duty_kinds().values()]  # type: ignore[attr-defined]


class CaseForm(forms.Form):
    subject = forms.CharField(label=_("当事单位"), max_length=120)
    category = forms.ChoiceField(label=_("事项"))
    place = forms.ChoiceField(label=_("地点"))
    facts = forms.CharField(label=_("基本事实"), widget=forms.Textarea(attrs={"rows": 5}), max_length=3000)
    measures = forms.CharField(
        label=_("处理与整改"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )
    basis = forms.CharField(label=_("文书与文号"), max_length=300)
    authority = forms.CharField(label=_("作出机关"), max_length=120)
    decided_on = forms.DateField(label=_("作出日期"), widget=DateInput())
    until = forms.DateField(label=_("公开至"), widget=DateInput(), help_text=_("到期自动撤下；整改完成可提前修复。"))

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = list(rules.categories().items())  # type: ignore[attr-defined]
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]
