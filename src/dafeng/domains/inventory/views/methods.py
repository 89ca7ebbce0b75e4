"""The methods: all official formulas, and one of them with its inputs, its source and a calculator."""

from __future__ import annotations

import inspect
from typing import Any
from urllib.parse import urlencode

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.inventory import factor_tables, library, methods_shown, permissions, storage
from dafeng.domains.inventory import factors_shown as shown
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.domains.inventory.runs import city_of, english, visible_run
from dafeng.kernel.accounting import Method
from dafeng.kernel.actions import asks
from dafeng.kernel.pages.tables import Choice, Column, Table


@require_safe
@asks(permissions.SEE_FACTORS)
def methods(request: HttpRequest, code: str) -> HttpResponse:
    """All methods by category."""
    city = city_of(code)
    rows = methods_shown.table("en" if english() else "zh")
    table = Table(
        request,
        rows,
        [
            Column("title", _("方法"), wide=True, link=lambda row: reverse("inventory:method", args=[code, row["id"]])),
            Column("category", _("类别")),
            Column("gas", _("气体")),
            Column("formula", _("公式"), wide=True, sort=None),
            Column("unit", _("结果单位"), sort=None),
            Column("source", _("来源"), wide=True, sort=None),
        ],
        _("核算方法"),
        search=("words",),
        choices=(
            Choice("sector", _("领域"), {one: factor_tables.sector_name(one) for one in library.SECTORS}),
            Choice("category", _("类别"), _categories(rows)),
            Choice("gas", _("气体"), {gas: gas for gas in sorted(set(rows["gas"]) - {"–"})}),
        ),
        empty=_("没有符合这些条件的方法。"),
        file="methods",
    )
    context = {"city": city, "table": table, "count": rows.height}
    return table.download() or render(request, "inventory/factors/methods.html", context)


def _categories(rows: pl.DataFrame) -> dict[str, str]:
    return {
        code: f"{code} {name}" for code, name in rows.select("category", "heading").unique().sort("category").rows()
    }


@require_safe
@asks(permissions.SEE_FACTORS)
def method(request: HttpRequest, code: str, id: str) -> HttpResponse:
    """One method. The calculator's numbers are in the address, so that a calculation can be passed on."""
    city = city_of(code)
    found = methods_shown.find(id)
    category = library.categories().get(found.category)
    rows = methods_shown.inputs(found, request.GET)
    for row in rows:
        row["factors"] = _factors(city, row["code"]) if not row["activity"] else None
    formula = isinstance(found, Method)
    asked = formula and any(name.startswith("in-") for name in request.GET)
    context = {
        "city": city,
        # A method is callable, and a template would call it.
        "method": {
            name: getattr(found, name) for name in ("id", "title", "gas", "unit", "source", "reference", "formula")
        },
        "category": f"{found.category} {(category.name_en if english() else category.name) if category else ''}",
        "formula": methods_shown.typeset(found) if isinstance(found, Method) else "",
        "description": found.description if isinstance(found, Method) else inspect.getdoc(found.function) or "",
        "constants": sorted(found.constants.items()) if isinstance(found, Method) else [],
        "inputs": rows,
        "calculated": methods_shown.calculate(found, rows) if asked and isinstance(found, Method) else None,
        "computes": formula,
        "recipes": [each for each in library.recipes() if each.method == found.id],
        "used": _used(visible_run(request.user, code), found.id),
    }
    return render(request, "inventory/factors/method.html", context)


def _factors(city: City, parameter: str) -> dict[str, Any] | None:
    """How many factors there are for an input, and where; None without any."""
    count = int((shown.package()["parameter"] == parameter).sum())
    address = f"{reverse('inventory:factors', args=[city.pk])}?{urlencode({'parameter': parameter})}"
    return {"count": count, "address": address} if count else None


def _used(run: InventoryRun | None, method_id: str) -> int:
    """How many results of the run this method has made."""
    if run is None:
        return 0
    mine = storage.read(run, "resolutions").filter(pl.col("method") == method_id)["resolution"]
    results = storage.read(run, "results").filter(pl.col("emission").is_not_null())
    return int(results["resolution"].is_in(mine.cast(pl.UInt32).to_list()).sum())
