"""填报: download the template, hand in the file, see every problem and every change, then commit or mend.

Each step is a page of its own that can be reloaded; the file waits on the server for a day (`staging`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import polars as pl
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inventory import data_words as words
from dafeng.domains.inventory import holdings, library, permissions, staging, uploads
from dafeng.domains.inventory.models import Batch, City, StagedUpload
from dafeng.domains.inventory.runs import city_of, english, place_names
from dafeng.domains.inventory.sheets import Limits, write_problems
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, StaleError, UploadError
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.models import Record

_BIG = 0.5  # a change by more than half is pointed out
_PROBLEM = {
    "severity": pl.String, "sheet": pl.String, "row": pl.Int64, "cell": pl.String, "column": pl.String, "original": pl.String,
    "what": pl.String, "expected": pl.String, "mend": pl.String,
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.IMPORT)
def data_import(request: HttpRequest, code: str) -> HttpResponse:
    """The two steps of a clerk: template and upload. A file that cannot be read at all is answered here."""
    city = city_of(code)
    if request.method != "POST":
        return _start(request, city)
    try:
        staged = _staged(request, city)
    except UploadError as error:
        return _start(request, city, error=error)
    return redirect("inventory:data-preview", code=code, id=staged.pk)


def _staged(request: HttpRequest, city: City) -> StagedUpload:
    file, limits = request.FILES.get("file"), Limits()
    # The last field of the form: where it is missing, the file before it may have been cut off.
    if request.POST.get("whole") != "1":
        raise UploadError(_("上传中断了，文件没有收全"), mend=_("没有保存任何内容，请重新选择文件上传"))
    if file is None:
        raise UploadError(_("没有选择文件"), mend=_("请选择填好的 .xlsx 或 .csv 文件，再点“上传并检查”"))
    if (file.size or 0) > limits.file_bytes:
        raise UploadError(
            _("文件有 %(size)s MB，超过 %(most)s MB 的上限") % {"size": f"{file.size / 2**20:.0f}", "most": limits.file_bytes // 2**20},
            mend=_("请按领域或县区拆成几个文件上传，并删去文件中的图片和无关工作表"),
        )  # fmt: skip
    year, place = request.POST.get("year", "").strip(), request.POST.get("place", "").strip()
    if year and not (year.isascii() and year.isdigit() and len(year) == 4):
        raise UploadError(_("年份“%(year)s”不是四位数") % {"year": year[:12]}, mend=_("请填例如 2023，或留空"))
    if place and place not in uploads.known_places(city):
        raise UploadError(_("没有这个地区"), mend=_("请从列表中选择"))
    return staging.stage(
        city,
        file.read(limits.file_bytes + 1),
        name=(file.name or _("上传文件"))[-200:],
        by=request.user,
        now=timezone.now(),
        place=place,
        year=int(year) if year else None,
        limits=limits,
    )


def _start(request: HttpRequest, city: City, *, error: UploadError | None = None) -> HttpResponse:
    now = timezone.localtime(timezone.now())
    allowed = permissions.places_of(request.user, city)
    waiting = (
        StagedUpload.objects.for_user(request.user)
        .filter(city=city, batch=None, created_at__gt=now - staging.KEPT)
        .only("name", "created_at", "counts")
        .order_by("-created_at")
    )
    context = {
        "city": city,
        "city_name": place_names(city)[city.pk],
        "years": range(now.year, 1989, -1),
        "default_year": now.year - 1,
        "places": {code: name for code, name in place_names(city).items() if allowed is None or code in allowed},
        "sectors": {key: names[int(english())] for key, names in library.SECTORS.items()},
        "waiting": list(waiting[: staging.WAITING]),
        "error": error.as_dict() if error else None,
    }
    return render(request, "inventory/data/import.html", context, status=422 if error else 200)


# ---------------------------------------------------------------- preview


def _mine(request: HttpRequest, code: str, id: UUID) -> StagedUpload:
    return staging.find(request.user, city_of(code), id, now=timezone.now())


def problems_of(staged: StagedUpload) -> pl.DataFrame:
    return pl.DataFrame(
        [{name: problem[name] for name in _PROBLEM} for problem in staged.problems], schema=_PROBLEM, orient="row"
    )


def problems_table(request: HttpRequest, staged: StagedUpload) -> Table:
    rows = problems_of(staged)
    sheets = rows["sheet"].unique(maintain_order=True).to_list()

    def place(row: dict[str, Any]) -> Any:
        where = [
            row["sheet"],
            _("第 %(row)s 行") % {"row": row["row"]} if row["row"] else "",
            row["column"],
            row["cell"],
        ]
        return format_html(
            '{} <span class="nowrap">{}</span><br><span class="nowrap">{}</span>',
            words.severity_tag(row["severity"]),
            " ".join(filter(None, where[:2])) or _("整个文件"),
            " ".join(filter(None, where[2:])),
        )

    # In a file each part stands in a column of its own; on a page a phone shows where and what side by side.
    parts = {"severity": _("级别"), "sheet": _("工作表"), "row": _("行"), "cell": _("单元格"), "column": _("列")}
    texts = {"what": _("问题"), "original": _("现在填的"), "expected": _("应为"), "mend": _("怎样改")}
    return Table(
        request,
        rows,
        [Column(key, title) for key, title in {**parts, **texts}.items()]
        if request.GET.get("problems-export")
        else [
            Column("row", _("位置"), show=place),
            *(
                Column(key, title, sort=None, wide=True, show=lambda r, key=key: words.short(r[key], 200) or "–")
                for key, title in texts.items()
            ),
        ],
        _("逐行的问题"),
        search=("sheet", "column", "original", "what"),
        choices=(
            Choice("severity", _("级别"), {"error": _("错误"), "warning": _("警告"), "notice": _("提示")}),
            Choice("sheet", _("工作表"), {sheet: sheet for sheet in sheets if sheet}),
        ),
        name="problems",
        size=50,
        empty=_("没有发现问题。"),
        file="problems",
    )


def changes_table(request: HttpRequest, city: City, changes: pl.DataFrame, *, undo: bool = False) -> Table:
    """New value beside old; for an undo what counts now beside what would count then."""
    new, old = (_("现在"), _("撤销后")) if undo else (_("文件中的数"), _("系统中的数"))

    def former(row: dict[str, Any]) -> str:
        if row["hidden"]:
            return _("有（您无权查看）")
        return words.amount(row["old_value"], row["old_unit"], row["old_notation"])

    columns = [
        *words.source_columns(city),
        Column("value", new, numeric=True, show=lambda r: words.amount(r["value"], r["unit"], r["notation"])),
        Column("old_value", old, numeric=True, show=former),
    ]
    if undo:
        return Table(request, changes, columns, _("撤销的后果"), file="undo", empty=_("这一批的行都已被后来的批次取代，撤销不改变任何数。"))  # fmt: skip
    table = words.RowTable(
        request,
        changes,
        [
            *columns,
            Column("share", _("变化"), numeric=True, show=lambda r: words.share_tag(r["share"], beyond=_BIG)),
            Column("change", _("结果"), show=lambda r: words.change_tag(r["change"])),
            Column("sheet_row", _("文件中的位置"), sort=None, show=lambda r: words.whole(r["sheet_row"] or "–")),
        ],
        _("将要导入的行"),
        search=words.FOUND,
        choices=(Choice("change", _("结果"), {"new": _("新增"), "replaces": _("替换"), "same": _("不变")}),),
        name="changes",
        empty=_("没有可以导入的行。"),
        file="changes",
    )
    table.labels = words.searches(city)
    return table


@require_safe
@asks(permissions.IMPORT)
def preview(request: HttpRequest, code: str, id: UUID) -> HttpResponse:
    """Counts, problems, changes; and the commit, where nothing stands against it."""
    return _preview(request, _mine(request, code, id))


def _preview(request: HttpRequest, staged: StagedUpload, *, error: DafengError | None = None) -> HttpResponse:
    if staged.batch_id:
        return redirect("inventory:batch", code=staged.city_id, id=staged.batch_id)
    if error is None:
        error = staging.moved(staged)
    counts, city = staged.counts, staged.city
    shown = staging.rows_of(staged)
    tabs = {"problems": _("问题"), "changes": _("将要导入的行")}
    if not staged.problems or not counts["errors"]:
        tabs = dict(reversed(tabs.items()))
    chosen = asked.one_of(request, "show", tabs, default=next(iter(tabs)))
    if chosen == "problems":
        table = problems_table(request, staged)
    else:
        table = changes_table(request, city, holdings.hide(shown, _visible(request, city)))
    if answer := table.download():
        return answer
    totals = {"problems": len(staged.problems), "changes": shown.height}
    status = 200 if error is None else 409 if isinstance(error, StaleError) else 422
    big = shown.filter(pl.col("share").abs() > _BIG).height
    context = {
        "city": city,
        "staged": staged,
        "counts": counts,
        "stale": error if isinstance(error, StaleError) else None,
        "error": error.as_dict() if error and not isinstance(error, StaleError) else None,
        "tabs": [
            {"title": f"{title} {totals[value]}", "address": f"?show={value}", "current": value == chosen}
            for value, title in tabs.items()
        ],
        "table": table,
        "until": staged.created_at + staging.KEPT,
        "big": big,
        "cells": staged.cells is not None,
        "changed": counts["new"] + counts["replaces"],
    }
    # A page that was asked for is there, stale or not; only a refused commit is answered with its status.
    return render(request, "inventory/data/preview.html", context, status=status if request.method == "POST" else 200)


def _visible(request: HttpRequest, city: City) -> set[int]:
    seen = Record.objects.for_user(request.user).of_kind("inventory.activity")
    return set(Batch.objects.filter(city=city, record__in=seen).values_list("pk", flat=True))


@require_safe
@asks(permissions.IMPORT)
def problems(request: HttpRequest, code: str, id: UUID) -> HttpResponse:
    """The problems as a workbook to work through."""
    staged = _mine(request, code, id)
    answer = HttpResponse(
        write_problems(staged.problems, file=staged.name),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    answer["Content-Disposition"] = 'attachment; filename="problems.xlsx"'
    return answer


@require_POST
@asks(permissions.IMPORT)
def again(request: HttpRequest, code: str, id: UUID) -> HttpResponse:
    staging.again(_mine(request, code, id), now=timezone.now())
    messages.success(request, _("已重新预览，下面是与系统中最新数据的比较"))
    return redirect("inventory:data-preview", code=code, id=id)


@require_POST
@asks(permissions.IMPORT)
def discard(request: HttpRequest, code: str, id: UUID) -> HttpResponse:
    staged = _mine(request, code, id)
    if staged.batch_id is None:
        staging.discard(staged)
        messages.info(request, _("已放弃“%(name)s”，没有导入任何内容") % {"name": staged.name})
    return redirect("inventory:data-import", code=code)


@require_POST
@asks(permissions.IMPORT)
def commit(request: HttpRequest, code: str, id: UUID) -> HttpResponse:
    """Store what was previewed. Sent twice it is stored once; refused, it is answered with the preview and the reason."""
    staged = _mine(request, code, id)
    try:
        batch = staging.commit(staged.pk, seen=request.POST.get("seen", ""), by=request.user, now=timezone.now())
    except (StaleError, UploadError) as error:
        return _preview(request, staged, error=error)
    if staged.batch_id is None:
        rows = f"{batch.record.payload['rows']:,}"
        messages.success(request, _("已导入 %(rows)s 行（第 %(id)s 批）") % {"rows": rows, "id": batch.pk})
    return redirect("inventory:batch", code=code, id=batch.pk)


urlpatterns = [
    path("<str:code>/data/import/", data_import, name="data-import"),
    path("<str:code>/data/preview/<uuid:id>/", preview, name="data-preview"),
    path("<str:code>/data/preview/<uuid:id>/problems/", problems, name="data-problems"),
    path("<str:code>/data/preview/<uuid:id>/again/", again, name="data-again"),
    path("<str:code>/data/preview/<uuid:id>/discard/", discard, name="data-discard"),
    path("<str:code>/data/preview/<uuid:id>/commit/", commit, name="data-commit"),
]
