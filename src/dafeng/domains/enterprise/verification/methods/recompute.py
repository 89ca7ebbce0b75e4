"""The independent recompute: the verifier's number against the platform's, and where in the lineage they first part.

The lineage is walked upwards, by arithmetic of its own: what was told → the inputs of a row → a row's result → the production figures
that decide the quota (`production`) → the sum of a facility → the totals of both boundaries. A difference that is only the sum of one further down is not told twice: `first` is the lowest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

from dafeng.domains.enterprise.verification.methods import production
from dafeng.domains.enterprise.verification.methods.content import (
    BOUNDARIES,
    Row,
    facility_totals_of,
    number,
    parameters_of,
    rows_of,
    totals_of,
    values_of,
)
from dafeng.domains.enterprise.verification.methods.formulas import ITEMS, own_value
from dafeng.kernel.quantities import units

LEVELS = ("value", "factor", "row", "figure", "facility", "total")


@dataclass(frozen=True)
class Difference:
    """`level` is one of LEVELS; `reported` is what the report has there, `own` what it should have by the verifier's arithmetic."""

    level: str
    facility: str
    month: str
    stream: str
    name: str
    reported: float | None
    own: float | None

    @property
    def gap(self) -> float | None:
        return None if self.reported is None or self.own is None else self.own - self.reported


@dataclass(frozen=True)
class Beside:
    """The two numbers of one facility, or of a boundary, side by side."""

    name: str
    reported: float | None
    own: float


@dataclass(frozen=True)
class Produced:
    """A production figure of a facility's year side by side, in `unit`; `own` None where it could not be recomputed."""

    facility: str
    year: str
    name: str
    unit: str
    reported: float | None
    own: float | None


@dataclass(frozen=True)
class Comparison:
    """`unchecked`: rows that no own formula fits, by (facility, month, stream, formula), and figures of the year that what was told
    does not give (the stream is empty, the formula is the figure); with any, nothing `agrees`.
    """

    totals: tuple[Beside, ...]
    facilities: tuple[Beside, ...]
    figures: tuple[Produced, ...]
    differences: tuple[Difference, ...]
    unchecked: tuple[tuple[str, str, str, str], ...]
    rows: int

    @property
    def first(self) -> Difference | None:
        return self.differences[0] if self.differences else None

    @property
    def agrees(self) -> bool:
        return self.rows > 0 and not self.differences and not self.unchecked

    def own(self, boundary: str) -> float | None:
        return next((each.own for each in self.totals if each.name == boundary), None)


def same(one: float | None, other: float | None, *, relative: float, absolute: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= max(absolute, relative * max(abs(one), abs(other)))


def recompute(content: Mapping[str, Any], parameters: Mapping[str, Any]) -> Comparison:
    """`parameters`: `relative` and `absolute` tolerance (t), and `factors`, what the verifier holds for right: parameter id → value.

    An input that was measured is compared with what was told, one from a table with the table's row, in the units of the row.
    """
    relative, absolute = float(parameters.get("relative", 1e-9)), float(parameters.get("absolute", 1e-3))
    right = _Right(content, parameters.get("factors") or {}, relative)
    found: list[Difference] = []
    unchecked: list[tuple[str, str, str, str]] = []
    own_facilities: dict[str, list[float]] = {}
    reported_facilities: dict[str, list[float]] = {}
    own_totals: dict[str, list[float]] = {boundary: [] for boundary in BOUNDARIES}
    rows = rows_of(content)
    burnt: list[tuple[Row, Mapping[str, float]]] = []
    for row in rows:
        own_inputs, wrong = right.inputs(row)
        burnt.append((row, own_inputs))
        found += wrong
        own, as_told = own_value(own_inputs), own_value(row.inputs)
        if own is None or as_told is None:
            unchecked.append((row.facility, row.month, row.stream, row.formula))
            own = as_told = row.emissions
        elif row.emissions < 0 < as_told:  # the schema takes this formula away: recovered, sold, stored
            own, as_told = -own, -as_told
        if not same(row.emissions, as_told, relative=relative, absolute=absolute):
            found.append(Difference("row", row.facility, row.month, row.stream, row.formula, row.emissions, as_told))
        if row.counts_in("reporting"):
            own_facilities.setdefault(row.facility, []).append(own)
            reported_facilities.setdefault(row.facility, []).append(row.emissions)
        for boundary in BOUNDARIES:
            if row.counts_in(boundary):
                own_totals[boundary].append(own)
    figures = []
    for each in production.figures(content, production.fuel_heat(burnt)):
        yearly = len(each.period) == len("2025")
        if yearly and each.name in production.CONSERVATIVE:
            figures.append(Produced(each.facility, each.period, each.name, each.unit, each.reported, each.own))
        if each.local is None:
            if yearly and each.name in production.CONSERVATIVE:
                unchecked.append((each.facility, each.period, "", each.name))
        elif each.differs:
            found.append(Difference("figure", each.facility, each.period, "", each.name, each.reported, each.local))
    facilities = _facilities(content, own_facilities)
    totals = _totals(content, own_totals)
    for beside in facilities:
        summed = fsum(reported_facilities[beside.name])
        if beside.reported is not None and not same(beside.reported, summed, relative=relative, absolute=absolute):
            found.append(Difference("facility", beside.name, "", "", "", beside.reported, summed))
    for beside in totals:
        summed = fsum(row.emissions for row in rows if row.counts_in(beside.name))
        if not same(beside.reported, summed, relative=relative, absolute=absolute):
            found.append(Difference("total", "", "", "", beside.name, beside.reported, summed))
    return Comparison(
        tuple(totals), tuple(facilities), tuple(figures), tuple(sorted(found, key=_place)), tuple(unchecked), len(rows)
    )


def _place(each: Difference) -> tuple[Any, ...]:
    """Lowest first: by level; of production figures by the steps of their own lineage, the months before the year."""
    steps = tuple(production.FIGURES)
    month = f"{each.month}~" if len(each.month) == len("2025") else each.month
    step = steps.index(each.name) if each.level == "figure" else 0
    return LEVELS.index(each.level), each.facility, month, step, each.stream, each.name


class _Right:
    """What a row's inputs should be: the values told and the tables, each in the unit of the input."""

    def __init__(self, content: Mapping[str, Any], factors: Mapping[str, Any], relative: float) -> None:
        self.told, self.tables, self.relative = values_of(content), parameters_of(content), relative
        self.factors = {str(id): value for id, given in factors.items() if (value := number(given)) is not None}

    def inputs(self, row: Row) -> tuple[dict[str, float], list[Difference]]:
        own, wrong = dict(row.inputs), []
        for name, value in row.inputs.items():
            level, right = self._of(row, name)
            if right is not None and not same(value, right, relative=max(self.relative, 1e-9), absolute=0.0):
                wrong.append(Difference(level, row.facility, row.month, row.stream, name, value, right))
                own[name] = right
        return own, wrong

    def _of(self, row: Row, name: str) -> tuple[str, float | None]:
        source = row.sources.get(name, "")
        if source in self.factors:
            return "factor", self.factors[source]
        if source in self.tables:
            table = self.tables[source]
            return "factor", converted(
                number(table.get("value")), str(table.get("unit") or ""), row.units.get(name, "")
            )
        for item in (name, ITEMS.get(name, name)):
            for stream in (row.stream, ""):
                told = self.told.get((row.facility, row.month, item, stream))
                if told is not None and told.value is not None:
                    return "value", converted(told.value, told.unit, row.units.get(name, ""))
        return "value", None


def converted(value: float | None, unit: str, wanted: str) -> float | None:
    """In another unit; None where there is no value, or the two units measure different things."""
    if value is None or unit == wanted or not unit or not wanted:
        return value
    if not units.convertible(unit, wanted):
        return None
    return value * units.conversion(unit, wanted)


def _facilities(content: Mapping[str, Any], own: Mapping[str, list[float]]) -> list[Beside]:
    """Of the reporting boundary, by facility; None where the report tells no sum."""
    told = facility_totals_of(content)
    return [Beside(code, told.get(code), fsum(values)) for code, values in sorted(own.items())]


def _totals(content: Mapping[str, Any], own: Mapping[str, list[float]]) -> list[Beside]:
    told = totals_of(content)
    return [Beside(boundary, told.get(boundary), fsum(values)) for boundary, values in own.items()]
