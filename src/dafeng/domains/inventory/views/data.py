"""活动水平数据: the rows that a compile reads, the batches they came in, energy balances, what is missing; templates and undo."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import polars as pl
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.inventory import data_words as words
from dafeng.domains.inventory import holdings, library, permissions, services, storage, taken, uploads
from dafeng.domains.inventory.methods import balance as tree
from dafeng.domains.inventory.models import Batch, City
from dafeng.domains.inventory.runs import city_of, english, place_names, visible_run
from dafeng.domains.inventory.sheets import template_rows, write_balance_template, write_template
from dafeng.domains.inventory.sheets.preview import spans
from dafeng.domains.inventory.views import data_import
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import DafengError, NotFound, StaleError, TransitionError
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.models import Record

FIRST_YEAR = 1990
MOST_YEARS = 10
BALANCE = "balance"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def visible_batches(request: HttpRequest, city: City) -> Any:
    """The city's batches that the person may see: a county sees what it sent in itself."""
    seen = Record.objects.for_user(request.user).of_kind("inventory.activity")
    return Batch.objects.filter(city=city, record__in=seen)


@require_safe
@asks(permissions.SEE_DATA)
def data(request: HttpRequest, code: str) -> HttpResponse:
    """The room: four tabs."""
    city = city_of(code)
    tabs = {"rows": _("数据行"), "batches": _("批次"), "balance": _("能源平衡表"), "missing": _("还缺什么")}
    shown = asked.one_of(request, "tab", tabs, default="rows")
    context: dict[str, Any] = {
        "city": city,
        "city_name": place_names(city)[code],
        "tabs": [
            {"title": title, "address": f"?tab={value}", "current": value == shown} for value, title in tabs.items()
        ],
        "shown": shown,
        "may_import": may(request.user, permissions.IMPORT),
        "may_reported": may(request.user, permissions.SEE_REPORTED),
        "outdated": may(request.user, permissions.SEE_REPORTED) and taken.outdated(city),
    }
    rooms = {"rows": _rows, "batches": _batches, "balance": _balance, "missing": _missing}
    found = rooms[shown](request, city)
    return found if isinstance(found, HttpResponse) else render(request, "inventory/data/data.html", context | found)


def _state(row: dict[str, Any]) -> Any:
    if row["counts"]:
        return format_html('<span class="tag ok">{}</span>', _("计入"))
    return format_html('<span class="tag">{}</span>', _("已被取代"))


def _rows(request: HttpRequest, city: City) -> HttpResponse | dict[str, Any]:
    keys = holdings.active(city)
    seen = set(visible_batches(request, city).filter(active=True).values_list("pk", flat=True))
    rows = holdings.city_rows(city, keys)
    if len(seen) < len(keys):
        rows = rows.filter(pl.col("batch_id").is_in(sorted(seen)))
    run = visible_run(request.user, city.pk)
    lineage = reverse("inventory:lineage", kwargs={"code": city.pk})
    years = sorted(rows["year"].unique().to_list(), reverse=True)

    def below(row: dict[str, Any]) -> str:
        return f"{lineage}?category={row['category']}&kind=direct&year={row['year']}" if run else ""

    table = words.RowTable(
        request,
        rows,
        words.exported_columns(city)
        if request.GET.get("export")
        else [
            *words.row_columns(city, link=below),
            Column("basis", _("依据"), show=lambda r: words.whole(words.basis_name(r["basis"]))),
            Column("source", _("数据来源"), wide=True, show=lambda r: words.short(r["source"])),
            Column("counts", _("状态"), show=_state),
            Column("batch_id", _("批次"), show=lambda r: f"#{r['batch_id']}", link=lambda r: reverse("inventory:batch", kwargs={"code": city.pk, "id": r["batch_id"]})),
        ],
        _("活动水平数据行"),
        search=words.FOUND,
        choices=(
            Choice("year", _("年份"), {str(year): str(year) for year in years}),
            Choice("sector", _("领域"), {key: names[int(english())] for key, names in library.SECTORS.items()}),
            Choice("place", _("地区"), place_names(city), column="county"),
            Choice("basis", _("依据"), {key: words.basis_name(key) for key in words.BASES}),
            Choice("counts", _("状态"), {"true": _("计入"), "false": _("已被取代")}),
        ),
        order="-year",
        empty=_("还没有活动水平数据。请先下载填报模板，填好后导入。"),
        file=f"activity-{city.pk}",
    )  # fmt: skip
    table.labels = words.searches(city)
    return table.download() or {"table": table}


def _batches(request: HttpRequest, city: City) -> HttpResponse | dict[str, Any]:
    batches = visible_batches(request, city).select_related("record__created_by").prefetch_related("record__evidence")

    def evidence(batch: Batch) -> Any:
        kept = [f"{each.sha256[:16]}…" for each in batch.record.evidence.all()]
        return format_html('<code class="nowrap">{}</code>', kept[0]) if kept else "–"

    table = Table(
        request,
        batches,
        [
            Column("pk", _("批次"), sort="pk", show=lambda b: words.whole(f"#{b.pk}"), link=permissions.page_of),
            Column("record.title", _("文件或来源"), wide=True, link=permissions.page_of),
            Column("source", _("方式"), show=lambda b: words.whole(b.get_source_display())),
            Column(
                "record.created_by.username", _("提交人"), show=lambda b: words.whole(b.record.created_by or _("系统"))
            ),
            Column("record.created_at", _("提交时间"), show=lambda b: words.whole(_at(b.record.created_at))),
            Column("rows", _("行数"), numeric=True, sort=None, show=lambda b: f"{b.record.payload['rows']:,}"),
            Column("record.state", _("状态"), show=state_tag),
            Column("evidence", _("凭证的 SHA-256"), sort=None, show=evidence),
        ],
        _("数据批次"),
        search=("record__title", "record__created_by__username", "record__created_by__display_name"),
        choices=(
            Choice("source", _("方式"), dict(Batch._meta.get_field("source").flatchoices)),
            Choice("state", _("状态"), {"committed": _("已提交"), "undone": _("已撤销")}, column="record__state"),
        ),
        order="-pk",
        empty=_("还没有批次。每导入一个文件就是一批，可以整批撤销。"),
        file=f"batches-{city.pk}",
    )
    return table.download() or {"table": table}


def state_tag(batch: Batch) -> Any:
    tone = {"committed": "ok", "undone": "warn"}.get(batch.record.state, "")
    return format_html('<span class="tag {}">{}</span>', tone, _(batch.record.state_title))


def _at(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


# ---------------------------------------------------------------- energy balances


def _balance(request: HttpRequest, city: City) -> HttpResponse | dict[str, Any]:
    names = place_names(city)
    seen = list(visible_batches(request, city).filter(active=True).values_list("pk", flat=True))
    known = holdings.balance_of(city, seen, names)
    if not known:
        return {"balances": []}
    label = words.place_label(names)
    options = {f"{place}-{year}": f"{label(place)} {year}" for place, year in known}
    chosen = asked.one_of(request, "of", options, default=next(iter(options)))
    place, _dash, year = chosen.rpartition("-")
    cells = holdings.balance_cells(city, seen, place, int(year))
    held = {cell["fuel"] for cell in cells}
    every = request.GET.get("fuels") == "all"
    fuels = [fuel for fuel in tree.fuels().values() if every or fuel.item in held]
    units = {cell["fuel"]: cell["unit"] for cell in cells}
    numbers = {(cell["row"], cell["fuel"]): cell["value"] for cell in cells}
    column = "name_en" if english() else "name"
    lines = [
        {
            "code": row.code,
            "of_which": row.relation == "of_which",
            "name": getattr(row, column),
            "depth": min(row.code.count("."), 3),
            "cells": [words.exact(numbers.get((row.code, fuel.item))) for fuel in fuels],
        }
        for row in tree.rows().values()
    ]
    heads = [{"name": getattr(fuel, column), "unit": units.get(fuel.item, fuel.unit)} for fuel in fuels]
    if request.GET.get("export") == "csv":
        frame = pl.DataFrame(cells).select("row", "fuel", "value", "unit")
        body = "\ufeff" + frame.write_csv()
        answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="balance-{place[:6]}-{year}.csv"'
        return answer
    return {
        "balances": options.items(),
        "chosen": chosen,
        "chosen_name": options[chosen],
        "heads": heads,
        "lines": lines,
        "every": every,
        "toggle": asked.address(request, fuels="" if every else "all"),
        "export": asked.address(request, export="csv"),
        "batch": {"id": cells[0]["batch_id"]},
        "hidden": len(tree.fuels()) - len(fuels),
    }


# ---------------------------------------------------------------- what is missing


@lru_cache(maxsize=4)
def _places_in_template(place: str, year: int) -> dict[str, tuple[str, int, int]]:
    return template_rows(place=place, year=year)


def _missing(request: HttpRequest, city: City) -> HttpResponse | dict[str, Any]:
    run = visible_run(request.user, city.pk)
    if run is None:
        return {"run": None}
    matrix = storage.read(run, "completeness").filter(
        pl.col("expected") & ((pl.col("state") == "missing") | pl.col("partial"))
    )
    years = sorted(matrix["year"].unique().to_list(), reverse=True)
    rows = matrix
    year = asked.year(request, years, default=0) if years else 0
    if year:
        rows = matrix.filter(pl.col("year") == year)
    reason = "reason_en" if english() else "reason"
    grouped = (
        rows.group_by("sector", "category", maintain_order=True)
        .agg(
            pl.col("name_en" if english() else "name").first().alias("name"),
            pl.col("gas").unique(maintain_order=True),
            pl.col("year").unique().sort().alias("missing_years"),
            pl.len().alias("cells"),
            (pl.col("state") == "missing").any().alias("nothing"),
            pl.col(reason).drop_nulls().first().alias("reason"),
            pl.col("reason").str.starts_with("缺少因子").any().alias("factor"),
        )
        .with_columns(pl.col("category").str.pad_end(12).alias("code"))
    )
    where = _places_in_template(city.pk, 2000)
    template = reverse("inventory:data-template", kwargs={"code": city.pk})

    def place_of(row: dict[str, Any]) -> str:
        if row["category"] not in where:
            return _("由其他类别的数据推算，不单独填报")
        if row["factor"] and not row["nothing"]:
            return _("数据已有，缺的是因子：去因子库")
        sheet, first, last = where[row["category"]]
        rows = f"{first}–{last}" if last > first else str(first)
        return _("工作表“%(sheet)s”第 %(rows)s 行") % {"sheet": sheet, "rows": rows}

    fills = may(request.user, permissions.IMPORT)

    def address(row: dict[str, Any]) -> str:
        if row["category"] not in where:
            return ""
        if row["factor"] and not row["nothing"]:
            return reverse("inventory:factors", kwargs={"code": city.pk})
        if not fills:
            return ""
        return f"{template}?year={max(row['missing_years'])}&sheet={row['sector']}"

    table = Table(
        request,
        grouped,
        [
            Column("category", _("类别"), show=lambda r: f"{r['category']} {r['name']}", wide=True),
            Column("nothing", _("缺什么"), show=_lack),
            Column("where", _("在模板的哪里填"), sort=None, show=place_of, link=address, wide=True),
            Column("missing_years", _("年份"), sort=None, show=lambda r: words.whole(spans(r["missing_years"]))),
            Column("gas", _("气体"), sort=None, show=lambda r: "、".join(r["gas"])),
            Column("reason", _("原因"), wide=True, show=lambda r: r["reason"] or "–"),
        ],
        _("还缺的数据"),
        search=("code", "name", "reason"),
        choices=(Choice("sector", _("领域"), {key: names[int(english())] for key, names in library.SECTORS.items()}),),
        size=50,
        empty=_("没有缺项：每个类别都有数据或标记符号。"),
        file=f"missing-{city.pk}",
    )
    if answer := table.download():
        return answer
    tabs = [{"title": words.whole(_("全部")), "address": asked.address(request, year="", page=""), "current": not year}]
    tabs += [
        {"title": str(each), "address": asked.address(request, year=each, page=""), "current": each == year}
        for each in years
    ]
    return {"run": run, "table": table, "years": tabs, "stale": services.stale_since(run)}


def _lack(row: dict[str, Any]) -> Any:
    if row["nothing"]:
        return format_html('<span class="tag bad">{}</span>', _("没有数据"))
    return format_html('<span class="tag warn">{}</span>', _("只有一部分"))


# ---------------------------------------------------------------- templates


@require_safe
@asks(permissions.IMPORT)
def template(request: HttpRequest, code: str) -> HttpResponse:
    """The workbook to fill in: `year` (and `last`), `sheet` (sectors, or `balance` alone), `place`, `filled=1`."""
    city = city_of(code)
    today = timezone.localtime(timezone.now()).year
    years = range(FIRST_YEAR, today + 1)
    first = asked.year(request, years, default=today - 1)
    last = max(first, asked.year(request, years, default=first, name="last"))
    if last - first >= MOST_YEARS:
        raise DafengError(
            _("一个模板最多 %(most)s 年") % {"most": MOST_YEARS}, mend=_("请缩短年份范围，分几个模板下载")
        )
    names = place_names_of(request, city)
    place = asked.one_of(request, "place", names, default=next(iter(names)))
    sheets = [sheet for sheet in request.GET.getlist("sheet") if sheet in library.SECTORS or sheet == BALANCE]
    target = io.BytesIO()
    chosen = [sheet for sheet in sheets if sheet != BALANCE] or (list(library.SECTORS) if not sheets else [])
    if chosen:
        filled = _filled(request, city, place, first, last) if request.GET.get("filled") == "1" else None
        places = {place: names[place], **(names if place == city.pk else {})}
        write_template(target, place=place, years=range(first, last + 1), places=places, sectors=chosen, prefill=filled)
    else:
        write_balance_template(target, place=place, name=names[place], year=first)
    target.seek(0)
    span = str(first) if first == last else f"{first}-{last}"
    title = _("能源平衡表") if not chosen else _("活动水平数据填报表")
    return FileResponse(target, as_attachment=True, filename=f"{names[place]}{title}{span}.xlsx", content_type=_XLSX)


def place_names_of(request: HttpRequest, city: City) -> dict[str, str]:
    """The places that the person may report for, with the names that the template prints."""
    allowed = permissions.places_of(request.user, city)
    known = uploads.known_places(city)
    names = {code: name for code, name in known.items() if allowed is None or code in allowed}
    if not names:
        raise NotFound(_("您还没有可以填报的地区"), mend=_("请联系系统管理员，为您的角色指定县区"))
    return names


def _filled(request: HttpRequest, city: City, place: str, first: int, last: int) -> pl.DataFrame:
    """What offices have uploaded for these years and count now; estimates, and what firms reported, are not theirs to confirm."""
    sent = visible_batches(request, city).filter(active=True, source="upload")
    seen = list(sent.exclude(record__key__startswith=holdings.TAKEN_KEY).values_list("pk", flat=True))
    rows = holdings.city_rows(city).filter(
        pl.col("counts") & pl.col("batch_id").is_in(seen) & pl.col("year").is_between(first, last)
    )
    if place != city.pk:
        rows = rows.filter(pl.col("county").cast(pl.String) == place)
    texts = [name for name, kind in rows.schema.items() if kind == pl.Categorical]
    plain = rows.with_columns(pl.col(texts).cast(pl.String))
    return plain.with_columns(pl.when(pl.col("notation") != "").then(pl.col("notation")).alias("notation"))


# ---------------------------------------------------------------- one batch


def _batch(request: HttpRequest, code: str, id: int) -> Batch:
    found = visible_batches(request, city_of(code)).select_related("city", "record__created_by").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有找到第 %(id)s 批数据") % {"id": id}, mend=_("请从“批次”里选一批"))
    return found


@require_safe
@asks(permissions.SEE_DATA)
def batch(request: HttpRequest, code: str, id: int) -> HttpResponse:
    """One batch: who, when, evidence, its moves, its rows, and what to do next."""
    found = _batch(request, code, id)
    city = found.city
    labels = words.searches(city)
    table = words.RowTable(
        request,
        holdings.batch_rows(found),
        words.exported_columns(city)
        if request.GET.get("export")
        else [
            *words.row_columns(city),
            Column("basis", _("依据"), show=lambda r: words.whole(words.basis_name(r["basis"]))),
            Column("source", _("数据来源"), wide=True, show=lambda r: words.short(r["source"])),
            Column("sheet_row", _("文件中的位置"), show=lambda r: words.whole(r["sheet_row"] or "–")),
        ],
        _("本批数据"),
        search=words.FOUND,
        file=f"batch-{found.pk}",
    )
    table.labels = labels
    if answer := table.download():
        return answer
    moves = [
        {
            "title": found.record.workflow.title_of(move.action) if move.action != "open" else _("预览通过"),
            "at": timezone.localtime(move.at),
            "by": move.by or _("系统"),
            "text": move.reason,
            "bad": move.action == "undo",
        }
        for move in found.record.moves.select_related("by")
    ]
    run = visible_run(request.user, code)
    return render(
        request,
        "inventory/data/batch.html",
        {
            "city": city,
            "city_name": place_names(city)[code],
            "batch": found,
            "state": state_tag(found),
            "evidence": list(found.record.evidence.all()),
            "table": table,
            "events": moves,
            "waits": found.active and (run is None or run.created_at < found.record.changed_at),
            "may_compile": may(request.user, permissions.COMPILE),
            "may_undo": found.active and found.source == "upload" and may(request.user, permissions.UNDO, found),
        },
    )


@require_safe
@asks(permissions.SEE_DATA)
def batch_file(request: HttpRequest, code: str, id: int) -> HttpResponse:
    """The file of a batch as it was handed in."""
    kept = _batch(request, code, id).record.evidence.order_by("uploaded_at").first()
    if kept is None:
        raise NotFound(_("这一批没有原始文件"), mend=_("城市数据包的行没有上传文件"))
    return FileResponse(kept.file.open("rb"), as_attachment=True, filename=kept.name, content_type=kept.media_type)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.UNDO)
def batch_undo(request: HttpRequest, code: str, id: int) -> HttpResponse:
    """What would count again without the batch; the undo itself asks for a reason, and for the page to be up to date."""
    found = _batch(request, code, id)
    demand(request.user, permissions.UNDO, found)
    if found.source != "upload":
        raise TransitionError(_("城市数据包的行不能在这里撤销"), mend=_("请系统管理员更新数据包后重新载入"))
    if not found.active:
        last = found.record.moves.select_related("by").last()
        who = {"who": (last and last.by) or _("系统"), "when": _at(last.at) if last else ""}
        raise TransitionError(_("这批数据已由%(who)s于 %(when)s 撤销") % who, mend=_("如需恢复，请重新上传原来的文件"))
    reason = request.POST.get("reason", "").strip()[:1000]
    context: dict[str, Any] = {"batch": found, "city": found.city, "reason": reason}
    status, keys = 200, holdings.active(found.city)
    seen = "-".join(str(key[0]) for key in keys)
    if request.method == "POST" and not reason:
        context["missing_reason"], status = True, 422
    elif request.method == "POST":
        if request.POST.get("seen") != seen:
            raise StaleError(
                _("页面打开之后，又有数据导入或撤销，撤销的后果可能不同"), mend=_("没有撤销。请返回刷新后再看一遍")
            )
        now = timezone.now()
        services.undo_batch(found, by=request.user, now=now, reason=reason)
        _tell_owner(request, found, reason, now)
        messages.success(request, _("第 %(id)s 批已撤销，重新编制后生效") % {"id": found.pk})
        return redirect("inventory:batch", code=code, id=found.pk)
    change = holdings.hide(
        holdings.after_undo(found, keys), set(visible_batches(request, found.city).values_list("pk", flat=True))
    )
    context |= {
        "seen": seen,
        "back": change.filter(pl.col("old_id").is_not_null()).height,
        "gone": change.filter(pl.col("old_id").is_null()).height,
        "idle": found.record.payload["rows"] - change.height,
        "table": data_import.changes_table(request, found.city, change, undo=True),
    }
    return render(request, "inventory/data/undo.html", context, status=status)


def _tell_owner(request: HttpRequest, found: Batch, reason: str, now: Any) -> None:
    owner = found.record.created_by
    if owner is not None and owner != request.user:
        desk.notify(
            [owner],
            kind="data",
            title=_("您的一批数据被撤销"),
            text=_("%(who)s 撤销了“%(title)s”，理由：%(reason)s") % {"who": request.user, "title": found.record.title, "reason": reason},
            href=permissions.page_of(found),
            now=now,
        )  # fmt: skip


urlpatterns = [
    path("<str:code>/data/", data, name="data"),
    path("<str:code>/data/template/", template, name="data-template"),
    *data_import.urlpatterns,
    path("<str:code>/data/batch/<int:id>/", batch, name="batch"),
    path("<str:code>/data/batch/<int:id>/file/", batch_file, name="batch-file"),
    path("<str:code>/data/batch/<int:id>/undo/", batch_undo, name="batch-undo"),
]
