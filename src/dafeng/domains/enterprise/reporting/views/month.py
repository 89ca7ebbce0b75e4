"""A facility's year as a grid of twelve months by items, and one month as one form."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.enterprise.errors import EnterpriseError
from dafeng.domains.enterprise.models import CheckFinding, Facility, MonthFiling, MonthlyValue
from dafeng.domains.enterprise.reporting import (
    amounts,
    assembling,
    boundaries,
    clock,
    entry,
    metering,
    permissions,
    reports,
    sectoral,
    sources,
    summary,
)
from dafeng.domains.enterprise.reporting.findings_words import words_of
from dafeng.domains.enterprise.reporting.views.places import clock as now_and_today
from dafeng.domains.enterprise.reporting.views.places import facility_of, keeps, year_of
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import DafengError, NotFound, StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records import workflows
from dafeng.kernel.records.models import Evidence
from dafeng.kernel.sheets import Cell


@require_safe
@asks(permissions.SEE)
def facility(request: HttpRequest, pk: int) -> HttpResponse:
    """The completeness grid: each cell of the form against twelve months."""
    found, (_now, today) = facility_of(request.user, pk, what="facility"), now_and_today()
    year, years = year_of(request, today)
    values = assembling.values_of([found], year)
    told = {(each.month, each.item, each.stream): each for each in values}
    months = clock.months_of(year)
    states = summary.month_states([found], year, today=today, values=values)[found.pk]
    rows = [
        {
            "cell": each,
            "months": [_shown(told.get((month, *each.key)), month) for month in months],
        }
        for each in sectoral.fields(found, months[0])
    ]
    annual = [
        {"cell": each, "shown": _shown(told.get((str(year), *each.key)), str(year))}
        for each in sectoral.fields(found, str(year))
    ]
    context = {
        "facility": found,
        "firm": found.enterprise,
        "sector": sectoral.sector_title(found.sector),
        "year": year,
        "years": years,
        "states": states,
        "rows": rows,
        "annual": annual,
        "keeps": keeps(request.user, found.enterprise),
    }
    return render(request, "enterprise/reporting/facility.html", context)


def _shown(value: MonthlyValue | None, month: str) -> dict[str, Any]:
    """A cell of the grid: what is told, in a word, and how surely."""
    if value is None or not assembling.is_told(value):
        return {"month": month, "kind": "empty", "value": None}
    kind = "default" if value.way == MonthlyValue.Way.DEFAULT else "notation" if value.notation else "told"
    bare = kind == "told" and value.way in ("measured", "invoice") and not value.evidence.all()
    return {
        "month": month,
        "kind": kind,
        "value": value.value,
        "notation": value.notation,
        "bare": bare,
        "id": value.pk,
        "meter": value.way == MonthlyValue.Way.METER,
    }


def _day(text: str) -> tuple[date | None, EnterpriseError | None]:
    """The day that was typed, or what is wrong with it."""
    try:
        found = parse_date(text.strip())
    except ValueError:  # well formed, and no day of the calendar
        found = None
    if found or not text.strip():
        return found, None
    return None, EnterpriseError(f"检测日期“{text.strip()[:20]}”不是日期", expected="如 2025-03-12")


def stored(request: HttpRequest, given: Any) -> Evidence:
    """An uploaded paper as evidence. Raises `UploadError`."""
    now, _today = now_and_today()
    return records.store_upload(given, by=request.user, now=now, source=_("企业月度数据凭证"))


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SEE)
def month(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """One month, one form: value, way, source and evidence of each item; then 存证."""
    if not clock.is_month(month):
        raise NotFound(_("没有这个月份"), expected="2025-03")
    found = facility_of(request.user, pk, what="month", year=int(month[:4]))
    if request.method != "POST":
        return _month_page(request, found, month)
    demand(request.user, permissions.KEEP, found)
    now, _today = now_and_today()
    typed = {name: value for name, value in request.POST.items() if isinstance(value, str)}
    try:
        if typed.get("action") == "file":
            entry.file_month(found, month, seen=typed.get("seen", ""), by=request.user, now=now)
            messages.success(request, _("%(month)s 已存证") % {"month": month})
        else:
            made = _save(request, found, month, typed)
            messages.success(request, _("已保存 %(count)s 项") % {"count": made})
    except DafengError as error:
        return _month_page(request, found, month, error=error, typed=typed)
    return redirect("enterprise:reporting-month", pk=found.pk, month=month)


def _save(request: HttpRequest, found: Facility, month: str, typed: dict[str, str]) -> int:
    cells: list[entry.Cell] = []
    faults: list[tuple[str, DafengError]] = []
    with records.serial():
        held = {(each.item, each.stream): each for each in entry.current(found, month)}
        for each in sectoral.fields(found, month):
            name = f"{each.item}:{each.stream}"
            if f"value:{name}" not in typed:
                continue
            value, notation = None, ""
            try:
                if text := typed[f"value:{name}"].strip():
                    value, notation = amounts.told(Cell(text, "plain"), each.unit)
            except EnterpriseError as fault:
                faults.append((each.title, fault))
            tested, wrong = _day(typed.get(f"tested:{name}", ""))
            if wrong:
                faults.append((each.title, wrong))
            files: tuple[Evidence, ...] | None = None
            if given := request.FILES.getlist(f"file:{name}"):
                former = held.get(each.key)
                files = (*(former.evidence.all() if former else ()), *(stored(request, one) for one in given))
            cells.append(
                entry.Cell(
                    each.item,
                    each.stream,
                    value,
                    notation,
                    each.unit,
                    typed.get(f"way:{name}", "") or "measured",
                    typed.get(f"source:{name}", "").strip(),
                    files,
                    tested,
                )
            )
        if faults:
            raise entry.Faulty(faults)
        now, _today = now_and_today()
        made = entry.save_month(
            found, month, cells, seen=typed.get("seen", ""), by=request.user, now=now, reason=typed.get("reason", "")
        )
    return len(made)


def _month_page(
    request: HttpRequest,
    found: Facility,
    month: str,
    *,
    error: DafengError | None = None,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    _now, today = now_and_today()
    year = int(month[:4])
    values = entry.current(found, month)
    held = {(each.item, each.stream): each for each in values}
    typed = typed or {}
    computed = sectoral.compute([found], values, year)
    applied = {(row["item"], row["stream"] or ""): row for row in computed.applied}
    planned = {
        key: sectoral.source_titles(order)[source]
        for key, (order, source) in sources.planned(found.plan_content or {}, found).items()
    }
    rows = [
        _row(each, held.get(each.key), typed, applied.get(each.key)) | {"planned": planned.get(each.key)}
        for each in sectoral.fields(found, month)
    ]
    filing = MonthFiling.objects.filter(facility=found, month=month).select_related("by").first()
    changes = boundaries.changes_of([found]).get(found.pk, ())
    state = getattr(found, "report_state", None)
    closed = state is not None and state not in reports.OPEN
    own = keeps(request.user, found.enterprise)
    due = clock.month_due(month)
    context = {
        "facility": found,
        "firm": found.enterprise,
        "sector": sectoral.sector_title(found.sector),
        "month": month,
        "year": year,
        "before": clock.beside(month, -1),
        "after": clock.beside(month, 1),
        "rows": rows,
        "ways": MonthlyValue.Way.choices,
        "days_of_tests": (clock.bounds(month)[0].isoformat(), today.isoformat()),
        "seen": typed.get("seen") if error and getattr(error, "code", "") != "stale_month" else entry.seen_of(values),
        "reason": typed.get("reason", ""),
        "error": error.as_dict() if error else None,
        "problems": getattr(error, "problems", []),
        "filing": filing,
        "late": bool(filing and filing.late),
        "due": due,
        "days": clock.working_days_left(today, due),
        "announced": clock.announced(due.year),
        "closed": found.report_id if closed else None,  # type: ignore[attr-defined]
        "closed_state": workflows.get(reports.KIND).states[str(state)].title if closed else "",
        "edits": own and not closed,
        "meters": metering.assigned(found, month) if len(month) == len("2025-03") else (),
        "sides": [
            {"title": title, "inside": boundaries.inside(found, changes, month, code)}
            for code, title in (("reporting", _("报告边界")), ("compliance", _("履约边界")))
        ],
        "emissions": assembling.totals_of([row | {"reporting": True} for row in computed.rows]),
        "to_confirm": [row for row in computed.open if row["kind"] == "to_confirm"],
        "findings": [
            {"finding": each, **words_of(each)}
            for each in CheckFinding.objects.filter(facility=found, month=month).select_related("facility")
        ],
    }
    return render(request, "enterprise/reporting/month.html", context, status=_status(error))


def _status(error: DafengError | None) -> int:
    return 200 if error is None else 409 if isinstance(error, StaleError) else 422


def _row(
    cell: sectoral.Wanted, held: MonthlyValue | None, typed: dict[str, str], applied: dict[str, Any] | None
) -> dict[str, Any]:
    name = f"{cell.item}:{cell.stream}"
    value = ""
    if held is not None:
        value = held.notation if held.value is None else repr(held.value).removesuffix(".0")
    return {
        "cell": cell,
        "name": name,
        "held": held,
        "value": typed.get(f"value:{name}", value),
        "way": typed.get(f"way:{name}", held.way if held else "measured"),
        "source": typed.get(f"source:{name}", held.source if held else ""),
        "tested": typed.get(f"tested:{name}", held.tested.isoformat() if held and held.tested else ""),
        "evidence": list(held.evidence.all()) if held else [],
        "applied": applied,
    }


@require_safe
@asks(permissions.SEE)
def value(request: HttpRequest, pk: int) -> HttpResponse:
    """A value's own page: every revision, who told it, on what evidence, and the rows of the account that it is in."""
    found = MonthlyValue.objects.select_related("facility__enterprise").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有这个数"))
    held = facility_of(request.user, found.facility_id, what="value")
    revisions = entry.history(found)
    year = int(found.month[:4])
    beside = MonthlyValue.objects.filter(facility=held, month__in=(found.month, str(year)), current=True)
    computed = sectoral.compute([held], beside.select_related("facility"), year)
    uses = [
        {**row, "title": sectoral.formula_title(row["sector"], row["formula"])}
        for row in computed.rows
        if row["month"] == found.month and (row["stream"] or "") in ("", found.stream)
    ]
    current = next((each for each in revisions if each.current), revisions[0])
    report = reports.newest(held.enterprise, year)
    context = {
        "value": current,
        "facility": held,
        "firm": held.enterprise,
        "title": sectoral.title_of(held.sector, found.item, found.stream),
        "revisions": revisions,
        "tested": any(each.tested for each in revisions),
        "uses": uses,
        "evidence": list(current.evidence.all()),
        "edits": keeps(request.user, held.enterprise) and (report is None or report.record.state in reports.OPEN),
    }
    return render(request, "enterprise/reporting/value.html", context)


@require_POST
@asks(permissions.KEEP)
def detach(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file from a value, with a reason."""
    found = MonthlyValue.objects.select_related("facility__enterprise").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有这个数"))
    held = facility_of(request.user, found.facility_id, what="evidence-remove")
    demand(request.user, permissions.KEEP, held)
    wanted = request.POST.get("evidence", "")
    file = next((each for each in found.evidence.all() if str(each.pk) == wanted), None)
    if file is None:
        raise NotFound(_("这个数没有这份凭证"))
    now, _today = now_and_today()
    made = entry.detach(found, file, by=request.user, now=now, reason=request.POST.get("reason", ""))
    messages.success(request, _("已移除凭证，原修订仍保留"))
    return redirect("enterprise:reporting-value", pk=made.pk)


urlpatterns = [
    path("reporting/facilities/<int:pk>/", facility, name="reporting-facility"),
    path("reporting/facilities/<int:pk>/months/<str:month>/", month, name="reporting-month"),
    path("reporting/values/<int:pk>/", value, name="reporting-value"),
    path("reporting/values/<int:pk>/detach/", detach, name="reporting-detach"),
]
