"""One report: what it says, where it stands, its versions and their difference, its papers, and every sum down to its evidence."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import assembling, clock, lineage, permissions, reports, sectoral
from dafeng.domains.enterprise.reporting.views.places import clock as now_and_today
from dafeng.domains.enterprise.reporting.views.places import keeps, report_of
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages.asked import address, one_of
from dafeng.kernel.pages.charts import Series, stacked
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest

# What verification and the service itself do is not a button of this page.
OWN_STEPS = ("submit", "return", "lock")


@require_safe
@asks(permissions.SEE)
def report(request: HttpRequest, id: UUID) -> HttpResponse:
    """Totals of both boundaries, what is open, the steps that one may take, the history."""
    found = report_of(request.user, id, what="report")
    content = reports.draft_content(found)
    chart = _chart(content)
    if chart and (answer := chart.download(request)):
        return answer
    return _report_page(request, found, content, chart)


def _chart(content: dict[str, Any]) -> Any:
    months = clock.months_of(content["year"])
    series = [
        Series(
            _category(category),
            {
                month: sum(
                    row["t_co2e"] or 0.0
                    for row in content["rows"]
                    if row["month"] == month and row["category"] == category and row["reporting"]
                )
                for month in months
            },
            tone=number,
        )
        for number, category in enumerate(sorted({row["category"] for row in content["rows"]}), 1)
    ]
    return stacked(_("各月排放量（报告边界）"), "t CO₂e", months, series, decimals=0, name="months") if series else None


def _category(code: str) -> str:
    return lineage.category_title(code)


def _report_page(
    request: HttpRequest, found: Report, content: dict[str, Any], chart: Any, *, error: DafengError | None = None
) -> HttpResponse:
    totals = content["totals"]
    steps = [each for each in records.actions(found.record, request.user) if each.action in OWN_STEPS]
    own = keeps(request.user, found.enterprise)
    workflow = found.record.workflow
    units = lineage.unit_names(content)
    context = {
        "report": found,
        "firm": found.enterprise,
        "content": content,
        "totals": totals,
        "frozen": found.record.state not in reports.OPEN,
        "intact": not found.digest or digest(found.content) == found.digest,
        "stale": bool(found.digest) and found.record.state in reports.OPEN,
        "facilities": [
            {"facility": each, "sector": sectoral.sector_title(each["sector"]), **totals["facilities"].get(each["code"], {})}
            for each in content["boundary"]["facilities"]
        ],
        "categories": [{"code": code, "title": _category(code), **sums} for code, sums in totals["categories"].items()],
        "missing": [each | {"facility": units.get(each["facility"], each["facility"])} for each in content["open"] if each["kind"] == "missing"],
        "to_confirm": [each for each in content["open"] if each["kind"] == "to_confirm"],
        "findings_open": [each for each in content["findings"] if each["state"] == "open"],
        "applied": _applied(content, units),
        "steps": [each for each in steps if each.action != "submit" or own],
        "until": reports.until(found.enterprise, found.year),
        "whose_turn": _whose_turn(found.record.state),
        "verifications": list(found.verifications.for_user(request.user).order_by("opened_at")),
        "versions": reports.versions(found),
        "chart": chart,
        "own": own,
        "error": error.as_dict() if error else None,
        "events": [
            {"title": _("新建") if move.action == "open" else workflow.title_of(move.action), "at": move.at, "by": move.by or _("系统"), "text": move.reason, "bad": move.action == "return"}
            for move in found.record.moves.select_related("by")
        ],
    }  # fmt: skip
    return render(request, "enterprise/reporting/report.html", context, status=422 if error else 200)


def _whose_turn(state: str) -> str:
    """Who has the report now, and what comes after."""
    return {
        "submitted": _("等生态环境局委派核查机构。"),
        "in_verification": _("核查机构正在核查；有不符合项时请按期答复。"),
        "locked": _("核查通过，已锁定：按核查确定的排放量履约；更正要另立新版。"),
        "returned": _("已退回：按退回的理由更正后重新报送。"),
    }.get(state, "")


def _applied(content: dict[str, Any], units: dict[str, str]) -> list[dict[str, Any]]:
    """What was filled in, months of the same item, value and rule in one line."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for each in content["applied"]:
        key = tuple(each[name] for name in ("facility", "item", "stream", "value", "unit", "rule", "parameter"))
        title = sectoral.title_of(each["sector"], each["item"], each["stream"] or "")
        line = found.setdefault(key, {**each, "title": title, "unit_name": units.get(each["facility"], each["facility"]), "months": []})  # fmt: skip
        line["months"].append(each["month"])
    return [each | {"span": clock.span(each["months"])} for each in found.values()]


@require_POST
@asks(permissions.MOVE)
def step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Submit, return or lock."""
    found, (now, _today) = report_of(request.user, id, what="report-step"), now_and_today()
    action = request.POST.get("action", "")
    if action not in OWN_STEPS:
        raise NotFound(_("没有这一步"))
    try:
        reports.step(
            found, action, by=request.user, now=now, reason=request.POST.get("reason", ""), seen=request.POST.get("state", "")
        )  # fmt: skip
    except DafengError as error:
        if error.code.startswith("stale"):
            raise
        content = reports.draft_content(found)
        return _report_page(request, found, content, _chart(content), error=error)
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect("enterprise:reporting-report", id=id)


@require_safe
@asks(permissions.SEE)
def difference(request: HttpRequest, id: UUID) -> HttpResponse:
    """What changed between two submissions of the year; at first the last two."""
    found = report_of(request.user, id, what="report-difference")
    versions = reports.versions(found)
    names = [str(each.pk) for each in versions]
    new = one_of(request, "new", names, default=names[0] if names else "")
    old = one_of(request, "old", names, default=names[1] if len(names) > 1 else new)
    chosen = {str(each.pk): each for each in versions}
    rows = []
    if new and old:
        rows = [
            row | {"title": _difference_title(chosen[new].content, row)}
            for row in assembling.difference(chosen[old].content, chosen[new].content)
        ]
    context = {"report": found, "firm": found.enterprise, "versions": versions, "old": old, "new": new, "rows": rows}
    return render(request, "enterprise/reporting/difference.html", context)


def _difference_title(content: dict[str, Any], row: dict[str, Any]) -> str:
    if row["kind"] == "value":
        facility, month, item, stream = row["where"]
        sectors = {each["code"]: each["sector"] for each in content["boundary"]["facilities"]}
        unit = lineage.unit_names(content).get(facility, facility)
        return f"{unit} {month} {sectoral.title_of(sectors.get(facility, ''), item, stream)}"
    return {
        "total": _("报告边界合计") if row["where"] == "reporting" else _("履约边界合计"),
        "boundary": _("边界与设施"),
        "control_plan": _("数据质量控制方案"),
        "parameters": _("所用参数"),
    }[row["kind"]]


@require_safe
@asks(permissions.SEE)
def source(request: HttpRequest, id: UUID) -> HttpResponse:
    """A sum down to its rows, and each row to value, factor, evidence and person."""
    found = report_of(request.user, id, what="lineage")
    content = reports.draft_content(found)
    boundary = one_of(request, "boundary", ["reporting", "compliance"], default="reporting")
    facility = one_of(request, "facility", [each["code"] for each in content["boundary"]["facilities"]])
    category = one_of(request, "category", list(content["totals"]["categories"]))
    month = one_of(request, "month", [*clock.months_of(found.year), str(found.year)])
    rows = lineage.rows_of(content, boundary=boundary, facility=facility, category=category, month=month)
    context = {
        "report": found,
        "firm": found.enterprise,
        "boundary": boundary,
        "boundary_title": _("报告边界") if boundary == "reporting" else _("履约边界"),
        "facility": lineage.unit_names(content).get(facility, ""),
        "category": lineage.category_title(category) if category else "",
        "month": month,
        "total": sum(row["t_co2e"] or 0.0 for row in rows),
        "rows": rows[:400],
        "count": len(rows),
        "months": [
            {"title": title, "address": address(request, month=value or None), "current": value == month}
            for value, title in (("", _("全年")), *((each, each[5:]) for each in clock.months_of(found.year)))
        ],
    }
    return render(request, "enterprise/reporting/lineage.html", context)


@require_safe
@asks(permissions.SEE)
def file(request: HttpRequest, id: UUID, form: str) -> FileResponse:
    """The report in the official outline: docx, pdf or xlsx."""
    from dafeng.domains.enterprise.reporting import documents

    found = report_of(request.user, id, what="report-file")
    if form not in documents.FORMS:
        raise NotFound(_("没有这种文件"), expected="、".join(documents.FORMS))
    made = documents.made(found, reports.draft_content(found), form)
    name = f"{found.enterprise.code}-{found.year}-v{found.version}.{form}"
    return FileResponse(io.BytesIO(made), as_attachment=True, filename=name, content_type=documents.FORMS[form])


urlpatterns = [
    path("reporting/reports/<uuid:id>/", report, name="reporting-report"),
    path("reporting/reports/<uuid:id>/step/", step, name="reporting-report-step"),
    path("reporting/reports/<uuid:id>/difference/", difference, name="reporting-difference"),
    path("reporting/reports/<uuid:id>/source/", source, name="reporting-source"),
    path("reporting/reports/<uuid:id>/file/<str:form>/", file, name="reporting-file"),
]
