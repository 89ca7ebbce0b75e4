"""Dated parameters with their standing and source, and what a city has signed.

A parameter is found by name, stream key, set and day. Values of letter D (memory) and X (sources disagree) and gaps are shown as
待确认 and never used, until a city signs them: `load(on, signed)`. A report keeps the parameters that it used (`frozen`, `thawed`),
so that it can be recomputed after the tables have changed. Source of every row: its own column.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from dafeng.kernel.errors import FactorError, Place
from dafeng.kernel.quantities import units

HOME = Path(__file__).parent.parent / "parameters"
# From the surest on. A signature stands below what a text says and above what nobody answers for.
STANDINGS = ("A", "B", "C", "signed", "D", "X", "gap")
USABLE = frozenset({"A", "B", "C", "signed"})
# Sets of fuel properties; a sector on a day uses one of them and never two.
FUEL_SETS = frozenset({"ets_guideline_2024", "ndrc_guides_2013_2015"})


@dataclass(frozen=True)
class Parameter:
    """One value in force for a time. `value` is in `unit`; None for a gap. `signature`: who answered for it, when and why."""

    id: str
    parameter: str
    set: str
    key: str
    value: float | None
    unit: str
    valid_from: date | None
    valid_to: date | None
    standing: str
    source: str
    note: str = ""
    signature: Mapping[str, str] | None = None

    @property
    def usable(self) -> bool:
        return self.value is not None and self.standing in USABLE

    def in_force(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Parameters:
    """The parameters as they stood on a day, with a city's signatures laid over them."""

    on: date
    rows: tuple[Parameter, ...]
    _index: dict[tuple[str, str, str], list[Parameter]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for row in self.rows:
            self._index.setdefault((row.parameter, row.set, row.key), []).append(row)

    def find(self, parameter: str, *, keys: Sequence[str], sets: Sequence[str], at: date) -> Parameter | None:
        """The row in force on a day: the first set that has one, in it the most specific key (`keys` from specific to general).

        A row that may not be used is returned too, so that it is shown: a more general one never replaces it.
        """
        for each in sets:
            for key in keys:
                for row in self._index.get((parameter, each, key), ()):
                    if row.in_force(at):
                        return row
        return None

    def frozen(self, used: Iterable[str]) -> list[dict[str, Any]]:
        """The rows of these ids as plain data, for a report's content."""
        wanted = set(used)
        return [
            {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(row).items()}
            for row in self.rows
            if row.id in wanted
        ]


def thawed(on: date, rows: Iterable[Mapping[str, Any]]) -> Parameters:
    """The parameters that a report kept, for recomputing it."""

    def day(text: Any) -> date | None:
        return date.fromisoformat(text) if text else None

    made = [{**row, "valid_from": day(row["valid_from"]), "valid_to": day(row["valid_to"])} for row in rows]
    return Parameters(on=on, rows=tuple(Parameter(**row) for row in made))


@lru_cache(maxsize=1)
def shipped() -> tuple[Parameter, ...]:
    """Every row of `../parameters/*.csv`. Raises `FactorError` with file and row for one that breaks the rules."""
    found: dict[str, Parameter] = {}
    for path in sorted(HOME.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                made = _made(row, Place(file=path.name, row=number))
                if made.id in found:
                    raise FactorError(f"参数 {made.id} 写了两次", where=Place(file=path.name, row=number))
                found[made.id] = made
    _no_overlap(found.values())
    return tuple(found.values())


def _made(row: Mapping[str, str], where: Place) -> Parameter:
    gap = row["standing"] == "gap"
    if row["standing"] not in STANDINGS or row["standing"] == "signed" or gap != (row["value"] == ""):
        raise FactorError("参数的等级或数值不成立", where=where, expected="A、B、C、D、X 有数值，gap 没有")
    if not gap and not row["source"]:
        raise FactorError("参数没有来源", where=where)
    units.parse(row["unit"])
    begins, ends = row["valid_from"], row["valid_to"]
    return Parameter(
        id=row["id"], parameter=row["parameter"], set=row["set"], key=row["key"],
        value=None if gap else float(row["value"]), unit=row["unit"],
        valid_from=date.fromisoformat(begins) if begins else None, valid_to=date.fromisoformat(ends) if ends else None,
        standing=row["standing"], source=row["source"], note=row["note"],
    )  # fmt: skip


def _no_overlap(rows: Iterable[Parameter]) -> None:
    """Two values of one parameter may not be in force on one day."""
    last: dict[tuple[str, str, str], Parameter] = {}
    for row in sorted(rows, key=lambda each: each.valid_from or date.min):
        before = last.get((row.parameter, row.set, row.key))
        if before is not None and (before.valid_to is None or (row.valid_from or date.min) <= before.valid_to):
            raise FactorError(f"参数 {before.id} 与 {row.id} 的有效期重叠")
        last[(row.parameter, row.set, row.key)] = row


def load(on: date, signed: Mapping[str, Mapping[str, Any]] | None = None) -> Parameters:
    """The parameters as they stood on a day. `signed`: id → `by`, `at`, `reason` and, where the value differs, `value`.

    A signature takes a value of letter D or X into use as it is printed, fills a gap, or replaces a value by the city's own;
    each must say who, when and why. Raises `FactorError` otherwise, and for an id that does not exist.
    """
    rows = [row for row in shipped() if row.valid_from is None or row.valid_from <= on]
    known = {row.id for row in shipped()}
    for id, signature in (signed or {}).items():
        if id not in known:
            raise FactorError(f"没有参数“{id}”可以签署", mend="请用参数表中的编号")
        if any(not str(signature.get(name) or "").strip() for name in ("by", "at", "reason")):
            raise FactorError(f"参数 {id} 的签署不完整", expected="签署人、时间和理由")
    return Parameters(on=on, rows=tuple(_signed(row, (signed or {}).get(row.id)) for row in rows))


def _signed(row: Parameter, signature: Mapping[str, Any] | None) -> Parameter:
    if signature is None:
        return row
    value = signature.get("value")
    if value is None and row.value is None:
        raise FactorError(f"参数 {row.id} 没有数值可签署", expected="签署时给出数值")
    told = {name: str(signature[name]) for name in ("by", "at", "reason")}
    return replace(row, value=row.value if value is None else float(value), standing="signed", signature=told)


def worse(standings: Iterable[str]) -> str:
    """The least sure of several; A of none, because nothing was taken from a table."""
    return max(standings, key=STANDINGS.index, default="A")


@lru_cache(maxsize=1)
def _saturated() -> tuple[list[float], list[float]]:
    with (HOME / "steam" / "saturated.csv").open(encoding="utf-8", newline="") as file:
        rows = [(float(row["pressure_mpa"]), float(row["enthalpy_kj_per_kg"])) for row in csv.DictReader(file)]
    return [pressure for pressure, _ in rows], [enthalpy for _, enthalpy in rows]


def saturated_steam_enthalpy(pressure: float) -> float:
    """kJ/kg of saturated steam at an absolute pressure in MPa, between the rows of the guideline's table by straight lines.

    Raises `FactorError` outside the table (0.001 to 22 MPa).
    """
    pressures, enthalpies = _saturated()
    if not pressures[0] <= pressure <= pressures[-1]:
        raise FactorError(f"饱和蒸汽表没有 {pressure:g} MPa", expected=f"{pressures[0]:g}—{pressures[-1]:g} MPa")
    at = min(bisect_right(pressures, pressure), len(pressures) - 1)
    share = (pressure - pressures[at - 1]) / (pressures[at] - pressures[at - 1])
    return enthalpies[at - 1] + share * (enthalpies[at] - enthalpies[at - 1])
