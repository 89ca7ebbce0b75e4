"""首页驾驶舱: where the city stands, read from the blackboard alone.

Whatever a domain publishes as an indicator can be shown here; the numbers lead to the page of the domain that made them.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import polars as pl
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.inventory import account, library, permissions
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.domains.inventory.runs import english, place_names, visible_run
from dafeng.domains.inventory.services import first_city, stale_since
from dafeng.domains.plan.services.cockpit import cockpit
from dafeng.kernel.actions import asks, may
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Run
from dafeng.kernel.pages import charts, maps
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.records.access import standing
from dafeng.kernel.records.audit import head
from dafeng.portal.permissions import READ

CODES = ("inventory.co2e.total", "inventory.co2e.gross", "inventory.co2e.sector", "inventory.co2e.gas")
CHANGES = 5


@require_safe
@asks(READ)
def home(request: HttpRequest) -> HttpResponse:
    """The city at a glance; an installation without a city says how to begin."""
    code = first_city()
    if not code:
        return render(request, "portal/empty.html")
    run = visible_run(request.user, code)
    if run is None:
        return render(request, "portal/unpublished.html", {"city": City.objects.get(pk=code)})
    if request.GET and (answer := _download(request, run)):
        return answer
    make = partial(_parts, request, run)
    # Without a query the parts are the same for everybody: a run never changes, nor does its city until a pack is loaded anew.
    parts = make() if request.GET else kept("home", run.pk, run.city.digest, make=make, seconds=_lasts)
    if parts is None:
        return render(request, "portal/unpublished.html", {"city": run.city})
    context = {"run": run, "city": run.city, "city_name": place_names(run.city)[code], **parts}
    return render(request, "portal/home.html", context | _news(request, run))


def _lasts(parts: dict[str, Any] | None) -> float:
    return MINUTE * 10 if parts else 0


def _news(request: HttpRequest, run: InventoryRun) -> dict[str, Any]:
    """What moves between two runs: the plan, and whether the run still shows what is known.

    All writing is sealed in the audit chain, so while the chain has its head both stand as they were; with the passing of time they
    change within a day, which the minute sees to.
    """
    user, now = request.user, timezone.now()
    stamp = head().digest, standing(user)

    def plan() -> str:
        return render_to_string("plan/targets/cockpit.html", {"plan": cockpit(run.city_id, user, now)})

    found = {"plan": mark_safe(kept("plan", run.city_id, *stamp, make=plan, seconds=MINUTE))}
    if may(user, permissions.COMPILE):
        found["stale"] = kept("stale", run.pk, *stamp, make=lambda: stale_since(run), seconds=MINUTE)
    return found


def _parts(request: HttpRequest, run: InventoryRun) -> dict[str, Any] | None:
    """The drawn parts of the page that tell a run; None while the blackboard lacks it."""
    board = _board(run)
    if board is None:
        return None
    values, code = _values(board), run.city_id
    gross, comparable = _series(values, "inventory.co2e.gross", code), account.comparable(run)
    year = max((y for y, value in gross.items() if value is not None), default=None)
    if year is None:
        return {"year": None}
    lineage = reverse("inventory:lineage", kwargs={"code": code})
    context = {
        "run": run,
        "city": run.city,
        "year": year,
        "chart": _trajectory(values, code, comparable),
        "peak": max(((value, y) for y, value in comparable.items()), default=None),
        "figures": account.figures(run, year),
        "sectors": account.sectors(run, year, english()),
        "gases": account.simple(run, year, "gas", english()),
        "map": _map(values, run, year, lineage),
        "changes": _changes(board, run, year),
    }
    drawn = {name: render_to_string(f"portal/home_{name}.html", context, request) for name in ("figures", "account")}
    return {"year": year, **drawn}


def _download(request: HttpRequest, run: InventoryRun) -> HttpResponse | None:
    """The table of the chart, where the address asks for it."""
    board = _board(run)
    chart = _trajectory(_values(board), run.city_id, account.comparable(run)) if board else None
    return chart.download(request) if chart else None


def _boards(run: InventoryRun) -> QuerySet[Run]:
    """The city's runs of the inventory on the blackboard."""
    return Run.objects.filter(domain="inventory", kind="compile", subject=run.city_id, variant="")


def _board(run: InventoryRun) -> Run | None:
    return _boards(run).filter(parameters__run=str(run.id)).first()


@lru_cache(maxsize=4)
def _values(board: Run) -> pl.DataFrame:
    """The values of a finished run; they never change."""
    return indicators.run_values(board)


def _series(values: pl.DataFrame, indicator: str, subject: str, key: str = "") -> dict[int, float | None]:
    rows = values.filter(
        (pl.col("indicator") == indicator) & (pl.col("subject") == subject) & (pl.col("key") == key)
    ).select("period", "value")
    return {int(period): value for period, value in rows.iter_rows() if period.isdigit()}


def _trajectory(values: pl.DataFrame, code: str, comparable: dict[int, float]) -> charts.Chart | None:
    """Total with and without land use over all years, and what of it all years have in common."""
    unit = 1e3 if english() else 1e4
    gross, net = (_series(values, f"inventory.co2e.{name}", code) for name in ("gross", "total"))
    known = {"gross": gross, "net": net}
    scaled = {name: {y: v / unit if v is not None else None for y, v in each.items()} for name, each in known.items()}
    series = [charts.Series(_("不含土地利用"), scaled["gross"], 0)]
    if any(gross.get(y) != v for y, v in net.items()):
        series.append(charts.Series(_("含土地利用"), scaled["net"], 4))
    if any(abs(comparable[y] - (gross.get(y) or 0.0)) > 1 for y in comparable):
        same = {y: v / unit for y, v in comparable.items()}
        series.append(charts.Series(_("可比口径（各年都有数的类别）"), same, 1))
    return charts.lines(
        _("历年排放总量"), "kt CO₂e" if english() else "万吨 CO₂e", sorted(set(gross) | set(net)), series, name="trajectory"
    )  # fmt: skip


def _map(values: pl.DataFrame, run: InventoryRun, year: int, lineage: str) -> dict[str, Any] | None:
    rows = values.filter(
        (pl.col("indicator") == "inventory.co2e.total")
        & (pl.col("period") == str(year))
        & pl.col("subject").is_in(list(run.city.counties))
    )
    found = {row["subject"]: row for row in rows.iter_rows(named=True)}
    more = {
        code: {"status": row["status"], "address": f"{lineage}?place={code}&kind=direct&year={year}"}
        for code, row in found.items()
    }
    numbers = {code: row["value"] for code, row in found.items()}
    return maps.choropleth(run.city.boundary, numbers, place_names(run.city), more=more)


def _changes(board: Run, run: InventoryRun, year: int) -> dict[str, Any] | None:
    """The largest changes of this year's sectors and gases since the run before."""
    former = board.supersedes
    if former is None:
        return None
    rows = (
        indicators.compare(former, board)
        .filter(
            pl.col("indicator").is_in(CODES)
            & (pl.col("period") == str(year))
            & (pl.col("subject") == run.city_id)
            & ((pl.col("difference").abs() > 1e-6) | (pl.col("a").is_null() != pl.col("b").is_null()))
        )
        .sort(pl.col("difference").abs(), descending=True, nulls_last=True)
        .head(CHANGES)
    )
    return {"rows": [row | {"name": _said(row)} for row in rows.iter_rows(named=True)], "at": former.finished_at}


def _said(row: dict[str, Any]) -> str:
    key = row["key"].partition("=")[2]
    if row["indicator"].endswith("sector"):
        return library.SECTORS[key][int(english())]
    if row["indicator"].endswith("gas"):
        return key
    return _("总量（含土地利用）") if row["indicator"].endswith("total") else _("总量（不含土地利用）")
