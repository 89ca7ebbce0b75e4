"""Used against budget: what a subject used to date, what it may, what the year is forecast to be, and the light that this gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from dafeng.domains.energy.control import coming, quotas, readings, rules
from dafeng.domains.energy.control.city import only_city
from dafeng.domains.energy.control.methods.coming import Part, total
from dafeng.domains.energy.control.methods.months import Forecast, Shares, forecast, monthly_budget, shares
from dafeng.domains.energy.control.readings import Key, Reading
from dafeng.kernel.scoring import lights

RATIO, YEAR_RATIO = "energy.control.ratio", "energy.control.year_ratio"
BEYOND = 1e9
"""Per cent that stand for any use of a quota of nothing; judged by, never shown."""


@dataclass(frozen=True)
class State:
    """Where a subject stands at the end of a month. Amounts are in the quantity's unit; None is missing, never zero.

    `used`, `budget`: January to this month. `missing`: months of this year up to this one that nobody told. `coming`: what of the
    year's forecast approved projects add that do not run yet. All of them are what is held against the quota; `gross` is the whole
    to date, `deducted` what was taken out of it, and `whole` the months that are compared whole since nobody told what to deduct.
    """

    subject: str
    sector: str
    quantity: str
    month: str
    used_month: float | None
    used: float | None
    budget: float | None
    year_budget: float | None
    year_forecast: float | None
    ratio: float | None
    year_ratio: float | None
    missing: tuple[str, ...] = ()
    share_way: str = ""
    forecast_way: str = "none"
    coming: float = 0.0
    gross: float | None = None
    deducted: float = 0.0
    whole: tuple[str, ...] = ()
    estimated: bool = False
    light: str = "unknown"
    streak: int = 1
    measure: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What is kept with a stored light."""
        kept = asdict(self)
        return {name: kept[name] for name in ("used_month", "used", "budget", "year_budget", "year_forecast", "ratio", "year_ratio", "missing", "share_way", "forecast_way", "coming", "gross", "deducted", "whole")}  # fmt: skip

    @property
    def coming_ratio(self) -> float | None:
        """What approved projects add, in per cent of the year's quota."""
        return None if self.year_forecast is None else _percent(self.coming, self.year_budget)

    @property
    def over(self) -> float | None:
        """How much more than the budget was used to date."""
        return None if self.used is None or self.budget is None else self.used - self.budget


Board = dict[Key, dict[str, State]]


def states(
    city: str, quantity: str, year: int, *, subjects: Iterable[str] | None = None, last_month: int = 12
) -> Board:
    """All subjects with a quota or a reading: (subject, sector) → month → state, of this year and the one before.

    Months after `last_month` of the year are left out. About six questions to the database, whatever the number of subjects.
    """
    return account(city, quantity, year, subjects=subjects, last_month=last_month)[0]


def account(
    city: str, quantity: str, year: int, *, subjects: Iterable[str] | None = None, last_month: int = 12
) -> tuple[Board, dict[Key, dict[str, Reading]], dict[Key, dict[str, quotas.Budget]]]:
    """The states with what they rest on: the readings (whole) and the budgets of each subject, by period."""
    asked = None if subjects is None else list(subjects)
    given = quotas.in_force(city, quantity, (year - 1, year), subjects=asked)
    parks = {subject for subject, _sector in given if subject.startswith("park:")}
    told = readings.months(city, quantity, (year - 2, year - 1, year), subjects=asked, parks=parks)
    projects = coming.parts_of(city, quantity, subjects=asked)
    board: Board = {}
    for key in sorted({*told, *given}):
        found: dict[str, State] = {}
        for each in (year - 1, year):
            budgets = given.get(key, {})
            if each < year and str(each) not in budgets:
                continue  # a year before there were quotas has no lights
            until = last_month if each == year else 12
            expected = projects.get(key[0], ()) if not key[1] else ()
            found |= _year(key, quantity, each, told.get(key, {}), budgets, until, expected)
        board[key] = found
    return _lit(board), told, given


def _year(
    key: Key,
    quantity: str,
    year: int,
    told: Mapping[str, Reading],
    given: Mapping[str, quotas.Budget],
    until: int,
    expected: tuple[Part, ...],
) -> dict[str, State]:
    known, before = readings.plain(told, year), readings.plain(told, year - 1)
    known = {month: value for month, value in known.items() if month <= until}
    part = shares(year, before)
    budget = given.get(str(year))
    year_budget = budget.amount if budget else None
    explicit = {month: given[name].amount for month in range(1, 13) if (name := f"{year}-{month:02d}") in given}
    monthly = monthly_budget(year_budget, explicit, part) if year_budget is not None else {}
    found = {}
    for month in range(1, until + 1):
        to_date = {m: v for m, v in known.items() if m <= month}
        name = f"{year}-{month:02d}"
        state = _state(key, quantity, name, to_date, before, monthly, year_budget, part, told, expected)
        rest_on = {(at := f"{year}-{m:02d}"): told[at] for m in to_date}
        if state.used is not None:
            deducted = sum(each.value - each.counted for each in rest_on.values())
            state = replace(state, gross=state.used + deducted, deducted=deducted)
        if rules.deducts(quantity, key[0], year):
            state = replace(state, whole=tuple(at for at, each in rest_on.items() if each.deducted is None))
        found[name] = state
    return found


def _state(
    key: Key, quantity: str, name: str, known: Mapping[int, float], before: Mapping[int, float],
    monthly: Mapping[int, float], year_budget: float | None, part: Shares, told: Mapping[str, Reading],
    expected: tuple[Part, ...],
) -> State:  # fmt: skip
    year, month = int(name[:4]), int(name[5:])
    missing = tuple(f"{year}-{each:02d}" for each in range(1, month + 1) if each not in known)
    used = None if missing else sum(known.values())
    allowed = sum(monthly[each] for each in range(1, month + 1)) if monthly else None
    ahead: Forecast = forecast(known, before) if not missing else Forecast({}, "none")
    more = 0.0 if used is None else total(expected, year, month)
    whole = None if used is None else used + sum(ahead.values.values()) + more
    return State(
        subject=key[0], sector=key[1], quantity=quantity, month=name, used_month=known.get(month), used=used,
        budget=allowed, year_budget=year_budget, year_forecast=whole, ratio=_percent(used, allowed),
        year_ratio=_percent(whole, year_budget), missing=missing, share_way=part.way, forecast_way=ahead.way, coming=more,
        estimated=any(told[f"{year}-{each:02d}"].basis == "estimated" for each in known),
    )  # fmt: skip


def _percent(part: float | None, whole: float | None) -> float | None:
    """None where either is missing, or where nothing is allowed and a share says nothing."""
    return None if part is None or not whole else part / whole * 100


def _held(part: float | None, whole: float | None) -> float | None:
    """The share by which a light is judged: where nothing is allowed, anything is beyond it, and nothing is within."""
    if part is not None and whole == 0:
        return BEYOND if part > 0 else 0.0
    return _percent(part, whole)


def _lit(board: Board) -> Board:
    """The board with lights, streaks and what follows from them."""
    rows = [
        (f"{subject}|{sector}", name, indicator, value)
        for (subject, sector), found in board.items()
        for name, state in found.items()
        for indicator, value in (
            (RATIO, _held(state.used, state.budget)),
            (YEAR_RATIO, _held(state.year_forecast, state.year_budget)),
        )
    ]
    if not rows:
        return board
    schema = {"subject": pl.String, "period": pl.String, "indicator": pl.String, "value": pl.Float64}
    frame = lights(rules.light_rules(), pl.DataFrame(rows, schema=schema, orient="row"))
    for row in frame.select("subject", "period", "light", "streak").iter_rows(named=True):
        subject, _sign, sector = row["subject"].partition("|")
        state = board[subject, sector][row["period"]]
        board[subject, sector][row["period"]] = replace(
            state, light=row["light"], streak=row["streak"], measure=_measure(state, row["light"], row["streak"])
        )
    return board


def _measure(state: State, light: str, streak: int) -> str:
    """What follows for a county: suspend after a missed year, limit from the third red month, remind at the second."""
    if light != "red" or not state.subject.startswith("place:") or state.sector:
        return ""
    if state.month.endswith("-12"):
        return "suspend"
    return max(((n, name) for n, name in rules.MEASURES.items() if streak >= n), default=(0, ""))[1]


def state(subject: str, year: int, month: int, *, quantity: str = "energy", sector: str = "") -> State | None:
    """Used, budget, forecast and level of warning of one subject at the end of a month; None where nothing is known of it."""
    city = only_city()
    if city is None:
        return None
    found = states(city.code, quantity, year, subjects=[subject], last_month=month)
    return found.get((subject, sector), {}).get(f"{year}-{month:02d}")
