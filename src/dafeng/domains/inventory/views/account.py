"""The compiled account, two runs side by side, and the lineage below a figure."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.inventory import account as shown
from dafeng.domains.inventory import library, permissions, storage
from dafeng.domains.inventory import lineage as chain
from dafeng.domains.inventory.models import InventoryRun
from dafeng.domains.inventory.runs import city_of, english, named, place_names, run_of, year_of, years_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages import asked

DEPTHS = ("1", "2", "3", "4", "5")
PARTS, ALL_PARTS = 8, 200  # rows of a lineage shown at first, and on demand


def _frame(request: HttpRequest, run: InventoryRun, year: int) -> dict[str, Any]:
    """What the head of every page of the account says."""
    edition = library.editions()[run.edition]
    years = years_of(run)
    return {
        "run": run,
        "city": run.city,
        "city_name": named(run),
        "edition": edition.title_en if english() else edition.title,
        "year": year,
        "years": years,
        "first": min(years),
        "last": max(years),
        "earlier": asked.address(request, year=year - 1) if year - 1 in years else "",
        "later": asked.address(request, year=year + 1) if year + 1 in years else "",
        "others": [(key, value) for key, value in request.GET.items() if key not in ("year", "export", "chart")],
    }


@require_safe
@asks(permissions.SEE)
def account(request: HttpRequest, code: str) -> HttpResponse:
    """The city's account in one year: figures, then the tree of categories, the charts or the map."""
    run = run_of(request, code)
    year = year_of(request, run)
    tabs = asked.tabs(request, "tab", {"table": _("分类表"), "chart": _("图"), "map": _("地图")})
    tab = next(each["value"] for each in tabs if each["current"])
    context = _frame(request, run, year) | {"figures": shown.figures(run, year), "tabs": tabs, "tab": tab}
    if tab == "table":
        depth = asked.one_of(request, "depth", DEPTHS, default="2")
        context |= {
            "tree": shown.tree(run, year, english(), depth=int(depth)),
            "depths": [{"value": d, "address": asked.address(request, depth=d), "current": d == depth} for d in DEPTHS],
            "gases": (*shown.GASES, _("含氟气体")),
            "memo": shown.memo(run, year),
            "coverage": shown.coverage(run, year, english()),
        }
    elif tab == "chart":
        by = asked.tabs(request, "by", {"sector": _("按领域"), "gas": _("按气体"), "item": _("按燃料品种")})
        chosen = next(each["value"] for each in by if each["current"])
        chart = shown.trend(run, english(), by=chosen, chosen=year)
        if chart and (answer := chart.download(request)):
            return answer
        rows = shown.sectors(run, year, english()) if chosen == "sector" else shown.simple(run, year, chosen, english())
        context |= {"chart": chart, "by": by, "chosen": chosen, "rows": rows}
    else:
        address = reverse("inventory:lineage", kwargs={"code": code})
        context["map"] = shown.county_map(run, year, place_names(run.city), address)
    return render(request, "inventory/account.html", context)


@require_safe
@asks(permissions.SEE)
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """Two runs side by side: what changed in a year, and whether by activity, factor or method."""
    city = city_of(code)
    runs = [run for run in city.runs.all()[:50] if may(request.user, permissions.SEE, run)]
    for run in runs:
        run.city = city
    if len(runs) < 2:
        return render(request, "inventory/compare.html", {"city": city, "city_name": place_names(city)[code]})
    by_number = {str(run.number): run for run in runs}
    a = by_number[asked.one_of(request, "a", by_number, default=str(runs[1].number))]
    b = by_number[asked.one_of(request, "b", by_number, default=str(runs[0].number))]
    both = sorted(set(years_of(a)) & set(years_of(b)))
    if not both:
        raise NotFound(_("这两版清单没有共同的年份"), mend=_("请另选两版"))
    year = asked.year(request, both, default=max(both))
    return render(
        request,
        "inventory/compare.html",
        {
            "city": city, "city_name": place_names(city)[code], "runs": runs, "a": a, "b": b, "year": year, "years": both,
            "figures_a": shown.figures(a, year), "figures_b": shown.figures(b, year),
            "found": shown.difference(a, b, year, english()),
        },
    )  # fmt: skip


@require_safe
@asks(permissions.SEE)
def lineage(request: HttpRequest, code: str) -> HttpResponse:
    """One figure, down to formula, factors, activity rows and evidence: a panel beside the page, or a page."""
    run = run_of(request, code)
    wanted = {name: request.GET.get(name, "")[:80] for name in ("category", "item", "gas", "kind", "place")}
    year = year_of(request, run)
    sees_data = may(request.user, permissions.SEE_DATA)
    all_of_it = request.GET.get("all") == "1"
    found = chain.trace(run, limit=ALL_PARTS if all_of_it else PARTS, people=sees_data, **wanted, year=year)
    names = library.categories()
    items = library.item_names_en() if english() else library.item_names()
    category = names.get(wanted["category"])
    title = (category.name_en if english() else category.name) if category else ""
    if not title and wanted["category"] in library.SECTORS:
        title = library.SECTORS[wanted["category"]][int(english())]
    places = place_names(run.city)
    for part in found["parts"]:
        part["place_name"] = places.get(part["place"].split("/")[0], part["place"])
        known = names.get(part["category"])
        part["category_name"] = (known.name_en if english() else known.name) if known else part["category"]
        part["item_name"] = items.get(part["item"], part["item"])
    panel = request.headers.get("HX-Target") == "panel"
    context = {
        "run": run,
        "city": run.city,
        "city_name": named(run),
        "year": year,
        "wanted": wanted,
        "title": title or _("全部类别"),
        "found": found,
        "co2e": _sum(run, year, wanted),
        "item_name": items.get(wanted["item"], wanted["item"]),
        "place_name": places.get(wanted["place"], ""),
        "panel": panel,
        "sees_data": sees_data,
        "more": "" if all_of_it or found["rows"] <= PARTS else request.path + asked.address(request, all="1"),
    }
    answer = render(request, "inventory/lineage_panel.html" if panel else "inventory/lineage.html", context)
    answer["Vary"] = "HX-Target, Cookie, Accept-Language"
    return answer


def _sum(run: InventoryRun, year: int, wanted: dict[str, str]) -> float | None:
    """The figure itself, summed from the same cells that the page it came from summed."""
    cells = storage.read(run, "cells").filter(pl.col("year") == year)
    for name, value in wanted.items():
        if value and name == "category":
            cells = cells.filter(pl.col("category").str.starts_with(value))
        elif value and name == "place":
            cells = cells.filter((pl.col("place") == value) | pl.col("place").str.starts_with(f"{value}/"))
        elif value:
            cells = cells.filter(pl.col(name) == value)
    return float(cells["co2e"].sum()) if cells["co2e"].is_not_null().any() else None


urlpatterns = [
    path("<str:code>/", account, name="account"),
    path("<str:code>/compare/", compare, name="compare"),
    path("<str:code>/lineage/", lineage, name="lineage"),
]
