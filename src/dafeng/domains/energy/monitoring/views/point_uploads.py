"""A table of readings: uploaded, looked at, then taken by a job."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.monitoring.point_forms import ReadingsForm
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.series import permissions, reasons, uploads

MOST = 200
"""Points of a table that are listed before it is taken."""


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.UPLOAD)
def upload(request: HttpRequest) -> HttpResponse:
    """A table: its first fault with row and column, or a preview."""
    form = ReadingsForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            digest, frame = uploads.opened(cast(BinaryIO, given.file), name=given.name)
            name = uploads.kept(frame, digest=digest, by=request.user)
        except DafengError as error:
            context["error"] = error.as_dict()
        else:
            return redirect("energy:series-upload-preview", name=name)
    status = 422 if request.method == "POST" else 200
    return render(request, "energy/monitoring/point_upload.html", context, status=status)


@require_safe
@asks(permissions.UPLOAD)
def preview(request: HttpRequest, name: str) -> HttpResponse:
    """Point by point what the table holds and what would wait in quarantine; nothing is taken yet."""
    frame = uploads.waiting(name, by=request.user)
    found = uploads.previewed(frame, by=request.user, now=timezone.now())
    rows = [
        row
        | {
            "held": [
                {"what": reasons.sentence(each["reason"]), "count": each["count"]}
                for each in row["reasons"]
                if row["known"]
            ]
        }
        for row in found.head(MOST).iter_rows(named=True)
    ]
    context = {
        "name": name, "rows": rows, "points": found.height, "count": frame.height, "unknown": found.filter(~found["known"]).height, "most": MOST,
    }  # fmt: skip
    return render(request, "energy/monitoring/point_preview.html", context)


@require_POST
@asks(permissions.UPLOAD)
def take(request: HttpRequest, name: str) -> HttpResponse:
    """Start the job that takes it."""
    uploads.waiting(name, by=request.user)
    job = jobs.start(
        "series.upload", by=request.user, now=timezone.now(), parameters={"name": name},
        key=f"{request.user.pk}-{name}", title=_("上传读数表格"),
    )  # fmt: skip
    return redirect(jobs.page_of(job))
