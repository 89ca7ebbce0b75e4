"""Who must enter the market in a year (按期全部进入): every firm looked at, by the two years before, with the reason.

26,000 t CO2e in either year and a sector of the market: in; two years below: out (管理办法 arts. 8, 11). A firm whose energy reaches the
threshold but whose emissions nobody reported is asked for a report, never put on the list by an estimate. Thresholds in `cycles.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

VERDICTS = ("enter", "keep", "leave", "verify", "report", "outside", "below", "unknown")
# On the list of the year by its verdict: these two.
LISTED = ("enter", "keep")


@dataclass(frozen=True)
class Told:
    """A year of a firm: t CO2e (`basis`: verified | reported) and tce; None where nobody told."""

    tonnes: float | None = None
    basis: str = ""
    tce: float | None = None


@dataclass(frozen=True)
class Verdict:
    """`market`: the sector of the list, empty outside; `years`: which years decided."""

    code: str
    market: str
    years: tuple[int, ...] = ()


def market_of(sectors: Iterable[str], year: int, rules: Mapping[str, Any]) -> str:
    """The market sector into which a firm's sectors fall in a year; power before industry where it has both."""
    mine = set(sectors)
    for scope in rules["scope"]:
        if mine & set(scope["sectors"]) and year >= scope["since"]:
            return str(scope["market"])
    return ""


def verdict(past: Mapping[int, Told], sectors: Iterable[str], *, covered: bool, year: int, rules: Mapping[str, Any]) -> Verdict:  # fmt: skip
    """`past`: year → what was told; only the two years before count. `covered`: on the list of the year before."""
    top, energy = rules["threshold"]["tonnes"], rules["energy_threshold"]["tce"]
    market = market_of(sectors, year, rules)
    last = {each: past[each] for each in (year - 2, year - 1) if each in past}
    over = tuple(each for each, told in last.items() if told.tonnes is not None and told.tonnes >= top)
    below = tuple(each for each, told in last.items() if told.tonnes is not None and told.tonnes < top)
    heavy = tuple(
        each for each, told in last.items() if told.tonnes is None and told.tce is not None and told.tce >= energy
    )
    if over and not market:
        return Verdict("keep" if covered else "outside", market, over)
    if over:
        sure = any(last[each].basis == "verified" for each in over)
        return Verdict("keep" if covered else "enter" if sure else "verify", market, over)
    if covered:
        return Verdict("leave" if len(below) == 2 else "keep", market, below)
    if heavy:
        return Verdict("report", market, heavy)
    return Verdict("below" if below else "unknown", market, below)
