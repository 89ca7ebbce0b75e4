"""The pages of a spreadsheet: its template, the upload with its faults by row, what waits to be committed, and its steps.

A room brings its page, how its file is read (`sheet`) and what it shows of a row; the rest is the same everywhere.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, Protocol

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.kernel.errors import DafengError, NotFound, PermissionDenied
from dafeng.kernel.pages.steps import timeline, told, unchanged
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_FAULTS, SHOWN_ROWS = 500, 200


class Read(Protocol):
    """What was read of a file: rows that are ready where there are no problems."""

    @property
    def rows(self) -> Sequence[Any]: ...
    @property
    def problems(self) -> Sequence[DafengError]: ...


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("表格文件"), help_text=gettext_lazy("Excel（.xlsx）或 CSV，不超过 5 MB。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
    )  # fmt: skip


def template_file(content: bytes, name: str) -> FileResponse:
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def upload_page(
    request: HttpRequest, page: str, take: Callable[[BinaryIO, str], tuple[Any, Read]], onward: Callable[[Any], HttpResponse],
    shell: Mapping[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    """A file asked for, taken (`take`: the file and its name), and either refused by row or led `onward` to what waits."""
    form = UploadForm(request.POST or None, request.FILES or None)
    context = {**(shell or {}), "form": form}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            made, preview = take(given.file, given.name)
        except (NotFound, PermissionDenied):
            raise
        except DafengError as error:
            context |= {"error": error.as_dict()}
        else:
            if made is not None:
                return onward(made)
            problems = [each.as_dict() for each in preview.problems[:SHOWN_FAULTS]]
            context |= {"problems": problems, "count": len(preview.problems), "read": preview}
    return render(request, page, context, status=422 if request.method == "POST" else 200)


def waiting(request: HttpRequest, record: Record, *, show: Callable[[dict[str, Any]], dict[str, Any]], address: str) -> dict[str, Any]:  # fmt: skip
    """What the page of an import shows: its first rows as `show` words them, and the steps that are open at `address`."""
    rows: Sequence[dict[str, Any]] = record.payload["rows"]
    return {
        "record": record, "rows": [row | show(row) for row in rows[:SHOWN_ROWS]], "count": len(rows), "events": timeline(record),
        "evidence": record.evidence.first(), "steps": {each.action for each in records.actions(record, request.user)}, "address": address,
    }  # fmt: skip


def take_step(
    request: HttpRequest, record: Record, *, away: str = "drop", **room: tuple[Callable[[], Any], str]
) -> None:
    """Do what was asked of an import and say so: `commit` or what else the `room` can do, or drop it (`away`: the workflow's word for that).

    Raises `NotFound`, `StaleError`.
    """
    unchanged(request, record)
    steps = room | {
        away: (lambda: records.move(record, away, by=request.user, now=timezone.now()), _("已放弃，没有改动"))
    }
    if request.POST.get("action") not in steps:
        raise NotFound(_("没有这一步"), expected="、".join(steps))
    told(request, *steps[request.POST["action"]])
