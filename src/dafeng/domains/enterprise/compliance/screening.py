"""The yearly screening of a city's firms, and putting them on the list of the year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import library, listing, verified, words
from dafeng.domains.enterprise.compliance.methods import screening
from dafeng.domains.enterprise.compliance.methods.screening import Told, Verdict
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Covered, Facility, Report
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.errors import IndicatorError

ENERGY = "energy.consumption"


@dataclass(frozen=True)
class Screened:
    """`listed`: already on the list of the year."""

    enterprise: Enterprise
    sectors: tuple[str, ...]
    past: dict[int, Told]
    verdict: Verdict
    covered: bool
    listed: bool


def screen(year: int, firms: Sequence[Enterprise] | None = None) -> list[Screened]:
    """All firms that work in the year, those that must enter first, in six questions however many there are."""
    chosen = list(Enterprise.objects.exclude(until__year__lt=year - 1)) if firms is None else list(firms)
    known = {each.pk: each for each in chosen}
    years, rules = (year - 2, year - 1), library.cycle_rules()
    sectors: dict[int, set[str]] = {}
    for firm, sector in Facility.objects.units().filter(enterprise__in=known).exclude(until__year__lt=year - 1).values_list("enterprise", "sector"):  # fmt: skip
        sectors.setdefault(firm, set()).add(sector)
    on = set(Covered.objects.filter(year__in=(year - 1, year), enterprise__in=known).values_list("enterprise", "year"))
    sure, told, energy = verified.figures(enterprise__in=known, year__in=years), _reported(known, years), _energy(chosen, years)  # fmt: skip
    found = []
    for pk, firm in known.items():
        past = {}
        for each in years:
            tonnes, basis = _emitted(sure.get((pk, each)), told.get((pk, each)))
            tce = energy.get((firm.subject, each))
            if tonnes is not None or tce is not None:
                past[each] = Told(tonnes, basis, tce)
        mine = tuple(sorted(sectors.get(pk, ())))
        made = screening.verdict(past, mine, covered=(pk, year - 1) in on, year=year, rules=rules)
        found.append(Screened(firm, mine, past, made, (pk, year - 1) in on, (pk, year) in on))
    return sorted(found, key=lambda each: (screening.VERDICTS.index(each.verdict.code), each.enterprise.code))


def _emitted(sure: verified.Figure | None, told: float | None) -> tuple[float | None, str]:
    """The reporting boundary: the threshold asks what the legal person emits, not what the market counts."""
    if sure is not None and sure.basis in ("passed", "conservative", "spot"):
        return (sure.tonnes if sure.whole is None else sure.whole), "verified"
    return (None, "") if told is None else (told, "reported")


def _reported(known: Any, years: Sequence[int]) -> dict[tuple[int, int], float]:
    rows = Report.objects.filter(enterprise__in=known, year__in=years, emissions__isnull=False).exclude(record__state__in=("draft", "returned"))  # fmt: skip
    return {(firm, year): tonnes for firm, year, tonnes in rows.order_by("version").values_list("enterprise", "year", "emissions")}  # fmt: skip


def _energy(firms: Sequence[Enterprise], years: Sequence[int]) -> dict[tuple[str, int], float]:
    """(subject, year) → tce on the blackboard, equivalent value: the year's figure, else what its months add up to, which is at least.

    A cell that two runs tell differently is nobody's.
    """
    periods = [str(year) for year in years] + [f"{year}-{month:02d}" for year in years for month in range(1, 13)]
    try:
        rows = indicators.values(ENERGY, subject=[each.subject for each in firms], period=periods)
    except IndicatorError:
        return {}
    rows = rows.filter((pl.col("unit") == "tce") & pl.col("value").is_not_null() & pl.col("key").is_in(["", "basis=equivalent"]))  # fmt: skip
    whole: dict[tuple[str, int], float] = {}
    parts: dict[tuple[str, int], float] = {}
    for row in rows.iter_rows(named=True):
        cell = (row["subject"], int(row["period"][:4]))
        if len(row["period"]) == 4:
            whole[cell] = row["value"]
        else:
            parts[cell] = parts.get(cell, 0.0) + row["value"]
    return parts | whole


def reason(each: Screened) -> str:
    """Why the verdict, with the numbers that decided."""
    rules = library.cycle_rules()
    numbers = "；".join(
        _("%(year)s 年 %(t)s 吨（%(basis)s）") % {"year": year, "t": words.tonnes(told.tonnes), "basis": words.basis(told.basis)}
        if told.tonnes is not None
        else _("%(year)s 年能耗 %(tce)s tce，没有排放报告") % {"year": year, "tce": words.tonnes(told.tce)}
        for year, told in sorted(each.past.items())
    )  # fmt: skip
    return words.screened(each.verdict.code, rules) + (f"（{numbers}）" if numbers else "")


def enlist(enterprise: Enterprise, year: int, *, by: Any, now: datetime) -> Covered:
    """Put a firm on the list by the screening, with its reason. Raises `Refused` `not_due` where the screening does not say so."""
    [found] = screen(year, [enterprise])
    market = found.verdict.market or (Covered.objects.filter(enterprise=enterprise, year=year - 1).values_list("sector", flat=True).first() or "")  # fmt: skip
    if found.verdict.code not in screening.LISTED or not market:
        raise Refused(
            "not_due", _("按筛查结果不应列入：%(why)s") % {"why": reason(found)}, mend=_("请核对排放报告和行业")
        )
    return listing.cover(
        enterprise, year, market, source=_("年度筛查：%(why)s") % {"why": reason(found)}, by=by, now=now
    )
