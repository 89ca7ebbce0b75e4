"""An edition of the numbers in the words and pictures of the public page; it computes shares and differences, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import polars as pl
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from dafeng.domains.disclosure import numbers, rules
from dafeng.domains.disclosure.numbers import GAS, GROSS, SECTOR, TOTAL, Edition
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.pages import charts, maps

# Beyond this share a year's total is called mostly estimated.
MOSTLY = 0.5


def _scale() -> float:
    """Tonnes to what charts and the sentence show: 万吨 in Chinese, kt in English."""
    return 1e3 if rules.english() else 1e4


def unit() -> str:
    return "kt CO₂e" if rules.english() else "万吨 CO₂e"


def by_year(frame: pl.DataFrame, column: str = "value") -> dict[int, float | None]:
    return dict(frame.select("year", column).iter_rows())


def latest_year(edition: Edition) -> int | None:
    """The newest year whose total has a number."""
    known = [year for year, value in by_year(edition.of(GROSS)).items() if value is not None]
    return max(known, default=None)


def years(edition: Edition) -> list[int]:
    return sorted(by_year(edition.of(GROSS)))


def headline(edition: Edition, year: int) -> Mapping[str, Any]:
    """The honest sentence's parts: total, how it moved, what forests took up, how much is estimated, and its state.

    `comparable` is false where this year's or last year's total is not OK: their difference may be one of coverage.
    """
    gross, net = edition.of(GROSS), edition.of(TOTAL)
    now, before = by_year(gross).get(year), by_year(gross).get(year - 1)
    row = gross.filter(pl.col("year") == year).row(0, named=True)
    with_land = by_year(net).get(year)
    sink = None if with_land is None or now is None else now - with_land
    change = None if now is None or before is None else now - before
    share = row["basis_share_estimated"]
    states = [by_year(gross, "status").get(each) for each in (year, year - 1)]
    return {
        "total": now,
        "change": None if change is None else abs(change),
        "up": change is not None and change > 0,
        "relative": None if change is None or not before else round(abs(change) / abs(before) * 100, 1),
        "comparable": all(state == int(Status.OK) for state in states),
        "sink": sink if sink and sink > 0 else None,
        "net": with_land,
        "status": row["status"],
        "estimated": None if share is None else round(share * 100),
        "mostly_estimated": share is not None and share >= MOSTLY,
        "incomplete": row["status"] >= int(Status.INCOMPLETE),
        "degraded": row["status"] >= int(Status.DEGRADED),
    }


def trajectory(edition: Edition) -> charts.Chart | None:
    """Total by year, the part of it that is estimated (dashed), and the balance with forests."""
    gross, net = edition.of(GROSS), edition.of(TOTAL)
    known, scale = years(edition), _scale()

    def scaled(values: Mapping[int, float | None]) -> dict[int, float | None]:
        return {year: None if value is None else value / scale for year, value in values.items()}

    estimated = {
        row["year"]: row["value"] * row["basis_share_estimated"]
        if row["value"] is not None and row["basis_share_estimated"] is not None
        else None
        for row in gross.iter_rows(named=True)
    }
    shown = [
        charts.Series(_("排放总量（不含土地利用）"), scaled(by_year(gross)), 0),
        charts.Series(_("其中靠估算得出的部分"), scaled(estimated), 2, dashed=True),
    ]
    # Where no land is accounted for, the balance is the total once more.
    if by_year(net) != by_year(gross):
        shown.append(charts.Series(_("扣除林地吸收后"), scaled(by_year(net)), 3))
    return charts.lines(
        _("历年温室气体排放"), unit(), known, shown, name="trend", note=_("虚线越接近实线，说明当年越依靠估算")
    )


def split(
    edition: Edition, year: int, indicator: str, dimension: str, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Sectors or gases of a year, the largest first. What is named but not on the blackboard is not estimated."""
    found = edition.of(indicator, key=None).filter(pl.col("year") == year)
    known = {row["key"].partition("=")[2]: row for row in found.iter_rows(named=True)}
    rows = []
    for key in {**dict.fromkeys(names), **dict.fromkeys(known)}:
        row = known.get(key, {"value": None, "notation": "NE"})
        address = lineage(edition, year, **{"category" if dimension == "sector" else "gas": key})
        rows.append(
            {"name": names.get(key, key), "value": row["value"], "notation": row["notation"], "address": address}
        )
    return sorted(charts.shares(rows, "value"), key=lambda row: -(row["value"] or 0.0))


def sectors(edition: Edition, year: int) -> list[dict[str, Any]]:
    return split(edition, year, SECTOR, "sector", rules.sector_names())


GASES = {"CO2": "CO₂", "CH4": "CH₄", "N2O": "N₂O"}


def gases(edition: Edition, year: int) -> list[dict[str, Any]]:
    return split(edition, year, GAS, "gas", GASES)


def stack(edition: Edition, indicator: str, names: Mapping[str, str], title: str, name: str) -> charts.Chart | None:
    """Sectors or gases over the years, for an embed."""
    found = edition.of(indicator, key=None)
    scale = _scale()
    series = []
    for tone, (key, rows) in enumerate(sorted(found.group_by("key"), key=lambda group: str(group[0])), 1):
        code = str(key[0]).partition("=")[2]
        values = {year: None if value is None else value / scale for year, value in by_year(rows).items()}
        series.append(charts.Series(names.get(code, code), values, (tone - 1) % 8 + 1))
    return charts.stacked(title, unit(), years(edition), series, name=name)


def county_map(edition: Edition, year: int) -> dict[str, Any] | None:
    """Counties of a year, shaded; what cannot be given to a county is not in it."""
    city = edition.city
    rows = {
        row["subject"]: row
        for row in edition.values.filter(
            (pl.col("indicator") == TOTAL) & (pl.col("year") == year) & pl.col("subject").is_in(list(city.counties))
        ).iter_rows(named=True)
    }
    more = {
        code: {"status": row["status"], "address": lineage(edition, year, place=code)} for code, row in rows.items()
    }
    names = {code: both[rules.english()] for code, both in city.counties.items()}
    return maps.choropleth(city.boundary, {code: row["value"] for code, row in rows.items()}, names, more=more)


def lineage(edition: Edition, year: int, **wanted: str) -> str:
    """The address of a number's origin, where the inventory has such a page."""
    try:
        address = reverse("inventory:lineage", kwargs={"code": edition.city.code})
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode({**wanted, 'kind': 'direct', 'year': year})}"


def report_files(edition: Edition, year: int) -> list[dict[str, str]]:
    """The inventory's reports of a published edition; they are made when asked for."""
    if edition.draft:
        return []
    found = []
    for format, title in (("docx", "Word"), ("pdf", "PDF"), ("xlsx", "Excel")):
        try:
            address = reverse("inventory:download", kwargs={"code": edition.city.code, "format": format})
        except NoReverseMatch:
            continue
        found.append({"title": title, "address": f"{address}?year={year}"})
    return found


def changed(known: list[Edition]) -> pl.DataFrame | None:
    """What moved since the publication before; None for the first one. Differences below a millionth are none."""
    if len(known) < 2:
        return None
    found = numbers.changes(known[0], known[1])
    return found.filter(pl.col("relative").is_null() | (pl.col("relative").abs() > 1e-6))
