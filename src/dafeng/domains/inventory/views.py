"""The compiled account, the lineage below a figure, and the downloads."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.translation import gettext as _

from dafeng.domains.inventory import account as shown
from dafeng.domains.inventory import documents, library, permissions, storage
from dafeng.domains.inventory import lineage as chain
from dafeng.domains.inventory.models import City, InventoryRun


def _run(request: HttpRequest, code: str) -> InventoryRun:
    city = get_object_or_404(City, pk=code)
    run = city.runs.select_related("city").filter(current=True).first()
    if run is not None and not permissions.may_see(request.user, run):
        run = city.runs.select_related("city").filter(published_at__isnull=False).first()
    if run is None:
        raise Http404
    return run


def _year(request: HttpRequest, run: InventoryRun) -> int:
    """The year asked for in the address, else the latest that has a number."""
    years = [int(year) for year in run.summary["years"]]
    asked = request.GET.get("year", "")
    if asked.isdigit() and int(asked) in years:
        return int(asked)
    known = [int(year) for year, row in run.summary["years"].items() if row["net"] is not None]
    return max(known or years)


def _english() -> bool:
    return (translation.get_language() or "").startswith("en")


def account(request: HttpRequest, code: str) -> HttpResponse:
    """The city's account in one year: figures, trend, sectors, gases, fuels, counties, and what is missing."""
    run = _run(request, code)
    year, english = _year(request, run), _english()
    edition = library.editions()[run.edition]
    context: dict[str, Any] = {
        "run": run,
        "city": run.city,
        "city_name": run.city.name_en if english else run.city.name,
        "edition": edition.title_en if english else edition.title,
        "year": year,
        "years": [int(y) for y in run.summary["years"]],
        "figures": shown.figures(run, year),
        "trend": shown.trend(run, english, year),
        "sectors": shown.sectors(run, year, english),
        "gases": shown.simple(run, year, "gas", english),
        "fuels": shown.simple(run, year, "item", english),
        "memo": shown.memo(run, year),
        "map": shown.county_map(
            run, year, run.city.boundary, {c: n[int(english)] for c, n in run.city.counties.items()}
        ),
        "unsigned": storage.read(run, "unsigned").head(12).to_dicts(),
        "issues": storage.read(run, "issues").head(12).to_dicts(),
        "checks": storage.read(run, "checks").filter(~storage.passed()).head(12).to_dicts(),
        "formats": documents.FORMATS,
    }
    return render(request, "inventory/account.html", context)


def lineage(request: HttpRequest, code: str) -> HttpResponse:
    """One figure, down to formula, factors, activity rows and evidence."""
    run = _run(request, code)
    wanted = {name: request.GET.get(name, "")[:80] for name in ("category", "item", "gas", "kind", "place")}
    year = _year(request, run)
    found = chain.trace(run, **wanted, year=year)
    names, english = library.categories(), _english()
    items = library.item_names_en() if english else library.item_names()
    category = names.get(wanted["category"])
    title = (category.name_en if english else category.name) if category else ""
    if not title and wanted["category"] in library.SECTORS:
        title = library.SECTORS[wanted["category"]][int(english)]
    places_named = {run.city_id: [run.city.name, run.city.name_en], **run.city.counties}
    for part in found["parts"]:
        part["place_name"] = places_named.get(part["place"].split("/")[0], [part["place"]] * 2)[int(english)]
        known = names.get(part["category"])
        part["category_name"] = (known.name_en if english else known.name) if known else part["category"]
        part["item_name"] = items.get(part["item"], part["item"])
    return render(
        request,
        "inventory/lineage.html",
        {
            "run": run,
            "city": run.city,
            "year": year,
            "wanted": wanted,
            "title": title or _("全部类别"),
            "found": found,
            "item_name": items.get(wanted["item"], wanted["item"]),
            "place_name": places_named.get(wanted["place"], ["", ""])[int(english)],
        },
    )


def download(request: HttpRequest, code: str, format: str) -> FileResponse:
    """The run as a file in one of the official or open forms."""
    if format not in documents.FORMATS:
        raise Http404
    run = _run(request, code)
    target = documents.cached_export(
        run, format=format, year=_year(request, run), language="en" if _english() else "zh"
    )
    name = f"{code}-{run.number}-{_year(request, run)}{documents.FORMATS[format][0]}"
    return FileResponse(target.open("rb"), as_attachment=True, filename=name, content_type=documents.FORMATS[format][2])
