"""The forms of tasks and projects: what a clerk types, read strictly and said back in words where it makes no sense."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.plan.models import Task
from dafeng.domains.plan.services.tasks import Step
from dafeng.kernel.errors import UploadError
from dafeng.kernel.records.models import Evidence
from dafeng.kernel.records.services import store_evidence

EVIDENCE_KINDS = {
    ".pdf": "application/pdf",
    ".ofd": "application/ofd",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
EVIDENCE_BYTES, EVIDENCE_FILES = 20 * 2**20, 8
SPARE = 3  # empty lines for new milestones


def day(label: Any, *, required: bool = False) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("请填日期，如 2026-12-31")},
    )


class ReportForm(forms.Form):
    """A month's progress of a task."""

    period = forms.ChoiceField(label=gettext_lazy("月份"))
    reporter = forms.ChoiceField(label=gettext_lazy("填报单位"))
    text = forms.CharField(label=gettext_lazy("进展"), widget=forms.Textarea(attrs={"rows": 5, "maxlength": 4000}))
    percent = forms.IntegerField(label=gettext_lazy("完成百分比"), required=False, min_value=0, max_value=100)
    value = forms.FloatField(
        label=gettext_lazy("数值"), required=False, help_text=gettext_lazy("任务有可以计量的量时填写，如 新增装机")
    )
    unit = forms.CharField(label=gettext_lazy("单位"), required=False, max_length=40)
    next_step = forms.CharField(
        label=gettext_lazy("下一步"), required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 4000})
    )

    def __init__(self, *args: Any, periods: Iterable[str], reporters: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["period"].choices = [(each, each) for each in periods]  # type: ignore[attr-defined]
        self.fields["reporter"].choices = list(reporters.items())  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    """Dates, milestones and predecessors of a task."""

    due_on = day(gettext_lazy("期限"))
    done_on = day(gettext_lazy("完成日期"))
    after = forms.MultipleChoiceField(
        label=gettext_lazy("前置任务"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=gettext_lazy("这些任务完成后本任务才能完成；按住 Ctrl 可选几项"),
    )

    def __init__(self, *args: Any, task: Task, others: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["after"].choices = [(str(pk), title) for pk, title in others]  # type: ignore[attr-defined]
        self.steps = list(task.milestones.order_by("due_on", "pk"))
        for number in range(len(self.steps) + SPARE):
            step = self.steps[number] if number < len(self.steps) else None
            of = _("节点 %(number)s") % {"number": number + 1}
            self.fields[f"title-{number}"] = forms.CharField(label=of, required=False, max_length=200, initial=step.title if step else "")  # fmt: skip
            self.fields[f"due-{number}"] = day(f"{of} {_('期限')}")
            self.fields[f"done-{number}"] = day(f"{of} {_('完成日期')}")
            self.initial |= {f"due-{number}": step and step.due_on, f"done-{number}": step and step.done_on}

    @property
    def lines(self) -> list[tuple[Any, Any, Any]]:
        count = len(self.steps) + SPARE
        return [(self[f"title-{n}"], self[f"due-{n}"], self[f"done-{n}"]) for n in range(count)]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for number in range(len(self.steps) + SPARE):
            title, due = given.get(f"title-{number}"), given.get(f"due-{number}")
            if title and not due and f"due-{number}" not in self.errors:
                self.add_error(f"due-{number}", _("节点要有期限"))
            if due and not title:
                self.add_error(f"title-{number}", _("节点要有名称"))
        return given

    @property
    def milestones(self) -> list[Step]:
        made = []
        for number in range(len(self.steps) + SPARE):
            title, due = self.cleaned_data.get(f"title-{number}"), self.cleaned_data.get(f"due-{number}")
            if title and due:
                pk = self.steps[number].pk if number < len(self.steps) else None
                made.append(Step(title, due, self.cleaned_data.get(f"done-{number}"), pk))
        return made


def kept_evidence(request: HttpRequest, *, now: datetime) -> list[Evidence]:
    """The attached files as evidence. Raises `UploadError` for a kind or size that is not accepted, before any is stored."""
    files = request.FILES.getlist("evidence")
    if len(files) > EVIDENCE_FILES:
        raise UploadError(
            _("附件有 %(count)s 个") % {"count": len(files)},
            expected=_("不超过 %(most)s 个") % {"most": EVIDENCE_FILES},
        )
    kinds = []
    for each in files:
        suffix = Path(each.name or "").suffix.lower()
        if suffix not in EVIDENCE_KINDS:
            raise UploadError(_("附件“%(name)s”的类型不接受") % {"name": each.name}, expected="、".join(EVIDENCE_KINDS))
        if (each.size or 0) > EVIDENCE_BYTES:
            raise UploadError(_("附件“%(name)s”太大") % {"name": each.name}, expected=_("不超过 20 MB"))
        kinds.append(EVIDENCE_KINDS[suffix])
    return [
        store_evidence(each, name=each.name or "", media_type=kind, by=request.user, now=now)
        for each, kind in zip(files, kinds, strict=True)
    ]
