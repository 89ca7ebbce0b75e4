"""Conservative estimation of what was not corrected: a parameter of a result row replaced, never to the unit's advantage.

Source: 核查指南: not corrected → the emissions are estimated with the guideline and published defaults, conservatively
(facts/mrv/verification_rules.md). A replacement that would lower the row is not applied: the higher of the two counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dafeng.domains.enterprise.verification.methods.content import Row, rows_of
from dafeng.domains.enterprise.verification.methods.formulas import own_value


@dataclass(frozen=True)
class Replacement:
    """`month` empty: every month of the facility and stream. `basis`: default | highest | evidence; `source` says where from."""

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
    wanted = list(replacements)
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
