"""The forms of the operator's desk. What a form cannot know (organisations, scenes) is given when it is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models import Challenge, Complaint, Partner, Scene

PAPER = 10 * 1024 * 1024  # bytes of a document: what a scan of some pages needs
PAPERS = {"pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def text(label: Any, *, rows: int = 3, most: int = 500, required: bool = True, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=required,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class PaperField(forms.FileField):
    """One document as evidence."""

    def __init__(self, **given: Any) -> None:
        widget = forms.FileInput(attrs={"accept": ",".join(f".{name}" for name in PAPERS)})
        super().__init__(widget=widget, help_text=_("PDF、JPG 或 PNG，不超过 10 MB。"), **given)

    def clean(self, data: Any, initial: Any = None) -> Any:
        found = super().clean(data, initial)
        if found and (found.size > PAPER or found.name.rpartition(".")[2].lower() not in PAPERS):
            raise forms.ValidationError(_("文件应为不超过 10 MB 的 PDF、JPG 或 PNG"))
        return found


class ApplyForm(forms.Form):
    kind = forms.ChoiceField(label=_("类别"), choices=Partner.Kind.choices)
    name = forms.CharField(label=_("单位名称"), max_length=120)
    organisation = forms.ChoiceField(label=_("所属组织"))
    credit_code = forms.CharField(label=_("统一社会信用代码"), max_length=18, required=False)
    contact = forms.CharField(label=_("联系人与电话"), max_length=120)
    asks = text(_("想开展的合作"), help_text=_("例如：公交刷码数据接入、用积分兑换毛尖茶。"))

    def __init__(self, *args: Any, organisations: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = [(code, code) for code in sorted(organisations)]  # type: ignore[attr-defined]


class AgreementForm(forms.Form):
    number = forms.CharField(label=_("协议编号"), max_length=40)
    valid_from = forms.DateField(label=_("生效日期"), widget=DateInput())
    valid_until = forms.DateField(label=_("截止日期"), widget=DateInput())
    contact = forms.CharField(label=_("联系人与电话"), max_length=120, required=False)
    asks = text(_("合作内容"), required=False)
    document = PaperField(label=_("双方签署的协议"), required=False)


class ReasonForm(forms.Form):
    reason = text(_("理由"), most=300, required=False, help_text=_("会让对方看到。"))


class AppealForm(forms.Form):
    text = text(_("申诉内容"), rows=5, most=1000, help_text=_("说明当时的情况。请不要写姓名、电话和住址。"))


class CorrectionForm(forms.Form):
    event = forms.IntegerField(label=_("行为编号"), min_value=1)
    reason = text(_("更正理由"), most=300, help_text=_("会员会看到。"))
    document = PaperField(label=_("证据"), required=False)


class ComplaintForm(forms.Form):
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    about = forms.ChoiceField(label=_("事项"), choices=Complaint.About.choices)
    scene = forms.ModelChoiceField(label=_("哪个场景"), queryset=Scene.objects.none(), required=False)
    order = forms.UUIDField(label=_("订单号"), required=False, widget=forms.HiddenInput)
    event = forms.IntegerField(label=_("行为编号"), required=False, widget=forms.HiddenInput)
    text = text(
        _("发生了什么"), rows=6, most=2000, help_text=_("写清时间、地点和经过；不必写姓名和电话，我们按您的账户答复。")
    )

    def __init__(self, *args: Any, scenes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scene"].queryset = scenes  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    desk = forms.ChoiceField(label=_("交给"), choices=Complaint.Desk.choices)


class AnswerForm(forms.Form):
    text = text(_("答复"), rows=5, most=2000)


class AgainForm(forms.Form):
    text = text(_("为什么不满意"), most=500)


class CampaignForm(forms.Form):
    title = forms.CharField(label=_("名称"), max_length=80)
    title_en = forms.CharField(label=_("英文名称"), max_length=120, required=False)
    code = forms.SlugField(label=_("代码"), max_length=40, help_text=_("小写字母、数字和短横线，用在网址里。"))
    text = text(_("介绍"), rows=5, most=2000)
    scenes = forms.ModelMultipleChoiceField(
        label=_("哪些场景"), queryset=Scene.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    challenge = forms.ModelChoiceField(label=_("团队挑战赛"), queryset=Challenge.objects.none(), required=False)
    starts_on = forms.DateField(label=_("开始日期"), widget=DateInput())
    ends_on = forms.DateField(label=_("截止日期"), widget=DateInput())
    events_needed = forms.IntegerField(label=_("达标次数"), min_value=1, max_value=1000, initial=1)
    each = forms.IntegerField(label=_("每人赠送积分"), min_value=0, max_value=100_000, initial=0)
    budget = forms.IntegerField(
        label=_("积分预算"), min_value=0, max_value=10**9, initial=0, help_text=_("从项目资金池中预留；0 表示不赠送。")
    )

    def __init__(self, *args: Any, scenes: Any, challenges: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scenes"].queryset = scenes  # type: ignore[attr-defined]
        self.fields["challenge"].queryset = challenges  # type: ignore[attr-defined]
        self.fields["challenge"].label_from_instance = lambda each: each.title  # type: ignore[attr-defined]


class RecognitionForm(forms.Form):
    partner = forms.ModelChoiceField(label=_("平台"), queryset=Partner.objects.none())
    mapping = text(
        _("方法学对应"), rows=5, most=4000,
        help_text=_("每行：对方名称, 本市方法学代码, 对方因子, 本市因子, 单位。对方因子大于本市因子的不能互认。"),
    )  # fmt: skip
    rate_note = forms.CharField(label=_("积分折算"), max_length=200)
    monthly_cap = forms.IntegerField(label=_("每人每月积分上限"), min_value=1, max_value=100_000)
    basis = forms.CharField(label=_("依据"), max_length=300)
    valid_from = forms.DateField(label=_("生效日期"), widget=DateInput())
    valid_until = forms.DateField(label=_("截止日期"), widget=DateInput())
    document = PaperField(label=_("互认文件"), required=False)

    def __init__(self, *args: Any, partners: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = partners  # type: ignore[attr-defined]

    def clean_mapping(self) -> list[dict[str, str]]:
        names = ("theirs", "ours", "factor", "our_factor", "unit")
        rows = []
        for number, line in enumerate(filter(str.strip, self.cleaned_data["mapping"].splitlines()), 1):
            cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
            if len(cells) != len(names) or not all(cells):
                raise forms.ValidationError(_("第 %(number)s 行应有五项"), params={"number": number})
            rows.append(dict(zip(names, cells, strict=True)))
        return rows
