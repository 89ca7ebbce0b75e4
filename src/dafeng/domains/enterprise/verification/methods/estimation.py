"""Conservative estimation of what was not corrected: a parameter of a result row, or a production item of a unit, replaced, never to
the unit's advantage.

Source: 核查指南: not corrected → the emissions are estimated with the guideline and published defaults, conservatively
(facts/mrv/verification_rules.md). A replacement that would lower the row is not applied: the higher of the two counts. Production
decides the quota, so each of its figures counts on the side that earns less (`production.CONSERVATIVE`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dafeng.domains.enterprise.verification.methods import production
from dafeng.domains.enterprise.verification.methods.content import Row, rows_of
from dafeng.domains.enterprise.verification.methods.formulas import own_value


@dataclass(frozen=True)
class Replacement:
    """`month` empty: every month of the facility and stream. `basis`: default | highest (the month that is worst for the unit) |
    evidence; `source` says where from.
    """

    facility: str
    stream: str
    name: str
    month: str = ""
    value: float | None = None
    basis: str = "evidence"
    source: str = ""
    finding: int = 0


@dataclass(frozen=True)
class Step:
    """One row: what it was, what the replacement gives, and which counts."""

    row: Row
    name: str
    was: float
    becomes: float
    reported: float
    estimated: float
    counts: float
    basis: str
    source: str
    finding: int


@dataclass(frozen=True)
class FigureStep:
    """A production figure of a facility's year in `unit`: as reported, by the replacements, and which counts."""

    facility: str
    year: str
    name: str
    unit: str
    reported: float | None
    estimated: float
    counts: float


def of_production(replacement: Replacement) -> bool:
    """Whether it replaces what a unit told of its production, not an input of an emission."""
    return not replacement.stream and replacement.name in production.ITEMS


def highest(content: Mapping[str, Any], replacement: Replacement) -> float | None:
    """The largest value of the parameter in the facility's and stream's months."""
    found = [
        row.inputs[replacement.name]
        for row in rows_of(content)
        if (row.facility, row.stream) == (replacement.facility, replacement.stream) and replacement.name in row.inputs
    ]
    return max(found, default=None)


def estimate(content: Mapping[str, Any], replacements: Iterable[Replacement]) -> tuple[list[Step], dict[str, float]]:
    """The steps, and both totals with them: the unit's own rows where nothing was replaced.

    Raises `LookupError` for a replacement that meets no row, or whose row cannot be recomputed by an own formula.
    """
    wanted = [each for each in replacements if not of_production(each)]
    met: set[int] = set()
    steps: list[Step] = []
    totals = {"reporting": 0.0, "compliance": 0.0}
    for row in rows_of(content):
        counts = row.emissions
        changed = dict(row.inputs)
        applied: list[tuple[int, Replacement, float]] = []
        for at, each in enumerate(wanted):
            if (row.facility, row.stream) != (each.facility, each.stream) or each.name not in row.inputs:
                continue
            if each.month not in ("", row.month):
                continue
            value = highest(content, each) if each.basis == "highest" else each.value
            if value is None:
                raise LookupError(each.name)
            changed[each.name] = value
            met.add(at)
            applied.append((at, each, value))
        if applied:
            estimated = own_value(changed)
            if estimated is None:
                raise LookupError(row.formula)
            if row.emissions < 0:  # taken away: less of it is the conservative side
                estimated = -estimated
            counts = max(row.emissions, estimated)
            for _at, each, value in applied:
                steps.append(
                    Step(row, each.name, row.inputs[each.name], value, row.emissions, estimated, counts, each.basis, each.source, each.finding)
                )  # fmt: skip
        for boundary in totals:
            totals[boundary] += counts if row.counts_in(boundary) else 0.0
    if len(met) < len(wanted):
        raise LookupError(next(each.name for at, each in enumerate(wanted) if at not in met))
    return steps, totals


def figures(content: Mapping[str, Any], replacements: Iterable[Replacement]) -> list[FigureStep]:
    """The figures of the year that the quota reads, of the units of which production was replaced.

    Raises `LookupError` for a replacement of what the unit did not tell.
    """
    wanted = [each for each in replacements if of_production(each)]
    told = production.told_of(content)
    for each in wanted:
        places = [
            key
            for key, items in told.items()
            if key[0] == each.facility and each.name in items and each.month in ("", key[1])
        ]
        value = _worst(told, each) if each.basis == "highest" else each.value
        if not places or value is None:
            raise LookupError(each.name)
        for key in places:
            told[key] = told[key] | {each.name: value}
    mine = {each.facility for each in wanted}
    heat = production.fuel_heat((row, row.inputs) for row in rows_of(content))
    found = []
    for figure in production.figures(content, heat, told):
        side = production.CONSERVATIVE.get(figure.name)
        if side is None or figure.facility not in mine or len(figure.period) != len("2025") or figure.own is None:
            continue
        counts = figure.own if figure.reported is None else side(figure.reported, figure.own)
        found.append(FigureStep(figure.facility, figure.period, figure.name, figure.unit, figure.reported, figure.own, counts))  # fmt: skip
    return found


def _worst(told: production.Told, replacement: Replacement) -> float | None:
    given = [
        items[replacement.name]
        for (facility, _period), items in told.items()
        if facility == replacement.facility and replacement.name in items
    ]
    if not given:
        return None
    return max(given) if replacement.name in production.USED else min(given)


def facilities(content: Mapping[str, Any], replacements: Iterable[Replacement]) -> dict[str, float]:
    """Facility → t of the compliance boundary with the replacements, of the facilities that they meet. Errors as `estimate`."""
    steps, _totals = estimate(content, replacements)
    once = {id(step.row): step for step in steps}.values()  # two replacements may meet one row
    found = dict.fromkeys(sorted({step.row.facility for step in once}), 0.0)
    for row in rows_of(content):
        if row.facility in found and row.counts_in("compliance"):
            found[row.facility] += row.emissions
    for step in once:
        if step.row.counts_in("compliance"):
            found[step.row.facility] += step.counts - step.row.emissions
    return found
