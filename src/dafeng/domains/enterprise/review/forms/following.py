"""What comes after the opinion: changes, trial run, acceptance, orders, opinions on paper, capacity that is swapped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.review import figures, words
from dafeng.domains.enterprise.review.changes import CASES
from dafeng.domains.enterprise.review.forms.common import AREA, DayInput, number
from dafeng.domains.enterprise.review.methods import rules


class DayForm(forms.Form):
    day = forms.DateField(label=_("日期"), widget=DayInput())


class ChangeForm(forms.Form):
    cases = forms.MultipleChoiceField(
        label=_("变动情形（第十八条）"), choices=list(CASES.items()), widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label=_("变动说明"), max_length=5000, widget=forms.Textarea(attrs=AREA))


class SelfCheckForm(forms.Form):
    """Amounts of the energies that the project has."""

    since = forms.DateField(label=_("自查期起"), widget=DayInput())
    until = forms.DateField(label=_("自查期止（次日）"), widget=DayInput(), help_text=_("满一年的，年总量才作结论。"))
    output = number(_("期内产量"), required=True)
    process_co2 = number(_("期内工业生产过程排放（t CO₂）"))
    renewable = number(_("期内可再生能源电力（MWh）"))
    explanation = forms.CharField(
        label=_("与计量读数差异的说明"), required=False, max_length=3000, widget=forms.Textarea(attrs=AREA)
    )

    def __init__(self, *args: Any, energies: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.energies = [code for code in rules().energies if code in set(energies)]
        for code in self.energies:
            label = _("期内%(energy)s（%(unit)s）") % {"energy": words.ENERGIES[code], "unit": rules().energies[code].unit}  # fmt: skip
            self.fields[f"energy_{code}"] = number(label, required=True)

    @property
    def told(self) -> dict[str, Any]:
        given = self.cleaned_data
        told = {name: given[name] for name in ("output", "process_co2", "renewable") if given.get(name) is not None}
        return told | {"energies": {code: given[f"energy_{code}"] for code in self.energies}}


class OrderForm(forms.Form):
    document = forms.CharField(label=_("文号"), max_length=80)
    stop = forms.BooleanField(label=_("停工（停产）整改"), required=False, initial=True)
    reason = forms.CharField(label=_("存在问题和整改要求"), max_length=5000, widget=forms.Textarea(attrs=AREA))
    due = forms.DateField(label=_("整改期限"), widget=DayInput())


class MendedForm(forms.Form):
    text = forms.CharField(label=_("整改情况"), max_length=5000, widget=forms.Textarea(attrs=AREA))
    file = forms.FileField(
        label=_("证明材料（PDF、JPG、PNG，不超过 20 MB）"), required=False, widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"})
    )  # fmt: skip


class OrderCheckForm(forms.Form):
    outcome = forms.ChoiceField(label=_("结论"), choices=[("pass", _("整改合格")), ("again", _("继续整改"))])
    text = forms.CharField(label=_("核查意见"), max_length=5000, widget=forms.Textarea(attrs=AREA))
    due = forms.DateField(label=_("新的整改期限"), required=False, widget=DayInput(), help_text=_("继续整改的必填。"))


class PaperForm(forms.Form):
    """What a paper opinion says, beside the steps of the owner's form."""

    reference = forms.CharField(label=_("审查意见文号"), max_length=80)
    opinion = forms.CharField(label=_("审查意见"), max_length=10000, widget=forms.Textarea(attrs=AREA))
    approved_on = forms.DateField(label=_("批复日期"), widget=DayInput())
    conditions = forms.CharField(label=_("附加条件"), required=False, max_length=10000, widget=forms.Textarea(attrs=AREA), help_text=_("每行一条，验收时逐条核对。"))  # fmt: skip
    two_high = forms.TypedChoiceField(
        label=_("是否“两高”项目"), choices=[("", _("没有认定")), ("yes", _("是")), ("no", _("否"))], required=False, coerce=lambda value: value == "yes", empty_value=None
    )  # fmt: skip
    large_carbon = forms.TypedChoiceField(
        label=_("是否开展碳排放评价"), choices=[("", _("没有认定")), ("yes", _("是")), ("no", _("否"))], required=False, coerce=lambda value: value == "yes", empty_value=None
    )  # fmt: skip
    started_on = forms.DateField(label=_("开工日期"), required=False, widget=DayInput())
    trial_on = forms.DateField(label=_("试运行（投产）日期"), required=False, widget=DayInput())
    accepted = forms.BooleanField(label=_("已经通过节能验收（或投产时不要求验收）"), required=False)
    file = forms.FileField(label=_("审查意见原件（PDF、JPG、PNG，不超过 20 MB）"), widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}))  # fmt: skip


class AcceptForm(forms.Form):
    outcome = forms.ChoiceField(label=_("结论"), choices=[("pass", _("验收合格")), ("mend", _("责令限期整改"))])
    met = forms.MultipleChoiceField(label=_("已落实的批复条件"), required=False, widget=forms.CheckboxSelectMultiple)
    text = forms.CharField(label=_("验收意见"), max_length=5000, widget=forms.Textarea(attrs=AREA))
    mend_by = forms.DateField(label=_("整改期限"), required=False, widget=DayInput())

    def __init__(self, *args: Any, conditions: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(each.number), f"{each.number}. {each.text}") for each in conditions]
        if choices:
            self.fields["met"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["met"]


class SwapForm(forms.Form):
    source = forms.ChoiceField(label=_("退出产能"))
    capacity = forms.DecimalField(label=_("置换产能"), min_value=0, max_digits=14, decimal_places=2)

    def __init__(self, *args: Any, sources: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [  # type: ignore[attr-defined]
            (
                str(each.pk),
                f"{each.enterprise} · {figures.source_name(each.product)} · {(each.capacity - (each.used or 0)).normalize():f} {each.unit}",
            )
            for each in sources
        ]
