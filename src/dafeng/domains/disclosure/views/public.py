"""The public page of a city, its data files, and the parts that other sites may frame."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from dafeng.domains.disclosure import numbers, permissions, register, releases, rules, summary, voices
from dafeng.domains.disclosure.models import Exposure, OpenCity
from dafeng.domains.disclosure.numbers import GAS, LATEST, SECTOR, Edition
from dafeng.domains.disclosure.views.freshness import fresh
from dafeng.domains.disclosure.views.place_and_time import city_name, city_of, clock
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages import asked

EMBEDS = ("figure", "trend", "sectors", "gases", "map")


@require_safe
@asks(permissions.SEE)
def cities(request: HttpRequest) -> HttpResponse:
    """All cities with a public page."""
    rows = [
        {"city": city, "name": city_name(city), "edition": next(iter(numbers.editions(city)), None)}
        for city in OpenCity.objects.order_by("code")
    ]
    return render(request, "disclosure/cities.html", {"rows": rows})


@require_safe
@asks(permissions.SEE)
def city(request: HttpRequest, code: str) -> HttpResponse:
    """What a citizen wants to know of the city's emissions, on one page."""
    found = city_of(code)
    known = numbers.editions(found)
    if not known:
        return render(request, "disclosure/nothing.html", {"city": found, "name": city_name(found)})
    current = known[0]
    chart = summary.trajectory(current)
    if chart and (answer := chart.download(request)):
        return answer
    _now, today = clock()
    parts = (current.run.pk, len(known), today)
    return fresh(request, parts, lambda: _city_page(request, current, known, chart), shared=False)


def _city_page(request: HttpRequest, edition: Edition, known: list[Edition], chart: Any) -> HttpResponse:
    newest = summary.latest_year(edition)
    if newest is None:
        return render(request, "disclosure/nothing.html", {"city": edition.city, "name": city_name(edition.city)})
    year = asked.year(request, summary.years(edition), default=newest)
    _now, today = clock()
    changes = summary.changed(known)
    counts = register.summary(register.lines(edition.city, today=today))
    context = {
        "city": edition.city,
        "name": city_name(edition.city),
        "edition": edition,
        "year": year,
        "years": summary.years(edition),
        "head": summary.headline(edition, year),
        "chart": chart,
        "sectors": summary.sectors(edition, year),
        "gases": summary.gases(edition, year),
        "map": summary.county_map(edition, year),
        "first": len(known) == 1,
        "changes": [] if changes is None else changes.head(30).to_dicts(),
        "earlier": known[1:],
        "files": list(releases.files(edition).values()),
        "reports": summary.report_files(edition, year),
        "licence": rules.licence(),
        "counts": counts,
        "voices": voices.statistics(edition.city, today=today),
        "cases": Exposure.objects.filter(city=edition.city).public(today).count(),
        "lineage": summary.lineage(edition, year),
    }
    return render(request, "disclosure/city.html", context)


# ---------------------------------------------------------------- data


@require_safe
@asks(permissions.SEE)
def release(request: HttpRequest, code: str, version: str) -> HttpResponse:
    """The files of one version, with sizes, hashes and date: the address to cite."""
    found = city_of(code)
    edition = numbers.edition(found, version)
    if version == LATEST:
        return redirect("disclosure:release", code=code, version=edition.version)
    context = {
        "city": found,
        "name": city_name(found),
        "edition": edition,
        "files": list(releases.files(edition).values()),
        "fields": releases.FIELDS,
        "notation": [(key, words[rules.english()]) for key, words in rules.notation().items()],
        "licence": rules.licence(),
        "all": numbers.editions(found),
        "site": settings.SITE_ADDRESS,
    }
    return fresh(request, (edition.run.pk,), lambda: render(request, "disclosure/release.html", context), shared=False)


@require_safe
@asks(permissions.SEE)
def file_of(request: HttpRequest, code: str, version: str, name: str) -> HttpResponse:
    """One file of a version; `latest` leads to the newest."""
    edition = numbers.edition(city_of(code), version)
    found = releases.file(edition, name)
    if version == LATEST:
        return redirect("disclosure:file-of", code=code, version=edition.version, name=name)

    def make() -> HttpResponse:
        answer = FileResponse(found.path.open("rb"), content_type=found.media)
        kind = "inline" if name.endswith((".json", ".jsonld")) else "attachment"
        answer["Content-Disposition"] = f'{kind}; filename="{code}-{edition.version}-{name}"'
        answer["Access-Control-Allow-Origin"] = "*"
        return answer

    return fresh(request, (found.sha256,), make, shared=True)


# ---------------------------------------------------------------- embeds


def _offered() -> list[str]:
    """A map without an approval number may not be spread."""
    return [what for what in EMBEDS if what != "map" or settings.MAP_APPROVAL]


@require_safe
@asks(permissions.SEE)
def embeds(request: HttpRequest, code: str) -> HttpResponse:
    """What other sites may frame, each with the lines to copy."""
    found = city_of(code)
    numbers.edition(found)
    titles = {
        "figure": _("一个数字"), "trend": _("历年排放"), "sectors": _("分领域"), "gases": _("分气体"), "map": _("县区地图"),
    }  # fmt: skip
    heights = {"figure": 190, "trend": 470, "sectors": 470, "gases": 470, "map": 820}
    rows = []
    for what in _offered():
        address = reverse("disclosure:embed", kwargs={"code": code, "what": what})
        title = f"{city_name(found)} · {titles[what]}"
        frame = f'<iframe src="{settings.SITE_ADDRESS}{address}" title="{title}" width="100%" height="{heights[what]}" loading="lazy"></iframe>'
        rows.append({"what": what, "title": titles[what], "address": address, "frame": frame})
    return render(
        request, "disclosure/embeds.html", {"city": found, "name": city_name(found), "rows": rows, "has_map": bool(settings.MAP_APPROVAL)}
    )  # fmt: skip


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
@asks(permissions.SEE)
def embed(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """One chart, map or figure without the portal around it. The only page that other sites may frame."""
    found = city_of(code)
    if what not in _offered():
        raise NotFound(_("没有这个可嵌入的部件"), expected="、".join(_offered()))
    language = asked.one_of(request, "lang", dict(settings.LANGUAGES), default=translation.get_language() or "")
    edition = numbers.edition(found)
    with translation.override(language):
        context = _embedded(edition, what)
        chart = context.get("chart")
        if chart and (answer := chart.download(request)):
            return answer
        return fresh(
            request, (edition.run.pk, language), lambda: render(request, "disclosure/embed.html", context), shared=True
        )


def _embedded(edition: Edition, what: str) -> dict[str, Any]:
    year = summary.latest_year(edition)
    if year is None:
        raise NotFound(_("这个城市还没有可以公布的数字"))
    context: dict[str, Any] = {
        "city": edition.city, "name": city_name(edition.city), "edition": edition, "what": what, "year": year,
    }  # fmt: skip
    if what == "figure":
        return context | {"head": summary.headline(edition, year)}
    if what == "map":
        return context | {"map": summary.county_map(edition, year)}
    if what == "trend":
        return context | {"chart": summary.trajectory(edition)}
    if what == "sectors":
        chart = summary.stack(edition, SECTOR, rules.sector_names(), _("分领域排放"), "sectors")
    else:
        chart = summary.stack(edition, GAS, summary.GASES, _("分气体排放"), "gases")
    return context | {"chart": chart}


urlpatterns = [
    path("", cities, name="cities"),
    path("<str:code>/", city, name="city"),
    path("<str:code>/data/<str:version>/", release, name="release"),
    path("<str:code>/data/<str:version>/<str:name>", file_of, name="file-of"),
    path("<str:code>/embed/", embeds, name="embeds"),
    path("<str:code>/embed/<str:what>/", embed, name="embed"),
]
