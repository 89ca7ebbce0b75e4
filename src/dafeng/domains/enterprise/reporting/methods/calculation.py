"""A sector's account from what was told: rows with their lineage, sums of both boundaries, and what stands open.

The order is that of the guideline: what was told → what is filled (a derived value, or the value prescribed for a month without a
conforming test, shown in `applied`) → formulas → sums. Nothing is assumed: a value that nobody told, and a parameter of letter D or
X that nobody signed, stand in `open` and make every sum that needs them incomplete. Works on columns, so that one report and a
thousand firms take the same road.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import polars as pl

from dafeng.domains.enterprise.reporting.methods import MODULES, weighting
from dafeng.domains.enterprise.reporting.methods.frames import Wide, told_frame, wide_frames
from dafeng.domains.enterprise.reporting.methods.parameters import STANDINGS, USABLE, Parameter, Parameters, worse
from dafeng.domains.enterprise.reporting.methods.sectors import Fill, Formula, Item, Sector
from dafeng.domains.enterprise.reporting.methods.sums import Sums, indicators, means, totals
from dafeng.kernel.accounting import Method, find_method
from dafeng.kernel.errors import MethodError
from dafeng.kernel.quantities import units

ROUNDING = 1e-6  # of a sum of floats that should be nothing
INPUT: Any = pl.Struct(
    {"name": pl.String, "value": pl.Float64, "unit": pl.String, "way": pl.String, "source": pl.String}
)
ROWS: dict[str, Any] = {
    "month": pl.String, "stream": pl.String, "formula": pl.String, "method": pl.String, "category": pl.String,
    "scope": pl.String, "gas": pl.String, "compliance": pl.Boolean, "inputs": pl.List(INPUT), "factor": pl.String,
    "standing": pl.String, "t_co2e": pl.Float64,
}  # fmt: skip
OPEN: dict[str, Any] = {
    "month": pl.String, "stream": pl.String, "formula": pl.String, "item": pl.String, "kind": pl.String,
    "parameter": pl.String, "standing": pl.String, "candidate": pl.Float64, "unit": pl.String, "note": pl.String,
    "compliance": pl.Boolean,
}  # fmt: skip
# Rows before what a formula says of each of its own is set beside them; `rank` is that of the standing.
_COMPUTED: dict[str, Any] = {
    "month": pl.String, "stream": pl.String, "number": pl.UInt32, "compliance": pl.Boolean, "inputs": pl.List(INPUT), "factor": pl.String,
    "rank": pl.UInt8, "t_co2e": pl.Float64,
}  # fmt: skip
APPLIED: dict[str, Any] = {
    "month": pl.String, "stream": pl.String, "item": pl.String, "value": pl.Float64, "unit": pl.String, "parameter": pl.String,
    "standing": pl.String, "source": pl.String, "rule": pl.String, "rule_en": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What `calculate` found. Frames begin with `facility`; `month` is `2025-03`, or `2025` for what is told by the year.

    rows: month, stream, formula, method, category, scope, gas, compliance, inputs (list of name, value, unit, way, source),
    factor (parameter ids), standing (the least sure), t_co2e (null where open; negative where taken away).
    totals: year, boundary, category, scope, t_co2e, status (`ok`, `incomplete`); category `all` is the sum.
    open: kind `missing` or `to_confirm`, with the parameter and its printed candidate. applied: missing-data rules that were used.
    means: weighted annual means. indicators: figures per month and year. parameters: the rows used, as plain data.
    """

    sector: str
    rows: pl.DataFrame
    totals: pl.DataFrame
    open: pl.DataFrame
    applied: pl.DataFrame
    means: pl.DataFrame
    indicators: pl.DataFrame
    parameters: list[dict[str, Any]]

    def total(self, boundary: str = "reporting") -> tuple[float | None, str]:
        """t CO2e of a boundary over all facilities and years told, and its status; None and `none` where the sector has no such boundary."""
        found = self.totals.filter((pl.col("boundary") == boundary) & (pl.col("category") == "all"))
        if found.is_empty():
            return None, "none"
        return float(found["t_co2e"].sum()), "ok" if (found["status"] == "ok").all() else "incomplete"


@lru_cache(maxsize=1)
def _formulas_registered() -> None:
    from importlib import import_module

    for module in MODULES:
        import_module(module)


def method_of(id: str) -> Method:
    """A registered formula of this room."""
    _formulas_registered()
    return find_method(id)


def calculate(sector: Sector, values: pl.DataFrame, *, parameters: Parameters) -> Result:
    """The account of all facilities of one sector in `values` (facility, month, item, stream, value, way; also `unit`, `notation`).

    `value` is in the schema's unit unless the row names another. Notation NO or NA is a told zero. Raises `ActivityError` for an
    item or a stream that the sector does not know, a value told twice, a unit that does not fit, or text where a number belongs.
    """
    told = told_frame(sector, values)
    work = _Work(sector, parameters, told)
    for fill in sector.fills:
        work.fill(fill)
    for number, formula in enumerate(sector.formulas):
        work.compute(number, formula)
    work.confirm_method(told)
    rows = _floored(work.rows(), sector)
    open_ = work.collected("open").unique(maintain_order=True)
    sums = Sums(sector, told, work.wide, rows, open_)
    return Result(
        sector=sector.code,
        rows=rows,
        totals=totals(sums),
        open=open_,
        applied=work.collected("applied"),
        means=means(sums),
        indicators=indicators(sums, method_of),
        parameters=parameters.frozen(work.used),
    )


class _InForce(NamedTuple):
    """A parameter as one cell sees it: `value` where it may be used, `candidate` as printed; both in `unit`."""

    value: float | None
    id: str | None
    standing: str | None
    candidate: float | None
    unit: str | None
    source: str | None
    note: str | None

    @property
    def rank(self) -> int | None:
        """How far it is from the surest standing."""
        return None if self.standing is None else STANDINGS.index(self.standing)


_NOWHERE = _InForce(None, None, None, None, None, None, None)


class _Work:
    """The state of one calculation: wide frames that are filled step by step, and what was found so far."""

    def __init__(self, sector: Sector, parameters: Parameters, told: pl.DataFrame) -> None:
        self.sector, self.parameters, self.wide = sector, parameters, wide_frames(sector, told)
        self.used: set[str] = set()
        facility = told.schema["facility"]
        self.schemas = {
            name: {"facility": facility, **schema}
            for name, schema in (("computed", _COMPUTED), ("open", OPEN), ("applied", APPLIED))
        }
        self.found: dict[str, list[pl.DataFrame]] = {name: [] for name in self.schemas}

    def collected(self, name: str) -> pl.DataFrame:
        return pl.concat([pl.DataFrame(schema=self.schemas[name]), *self.found[name]])

    def add(self, name: str, frame: pl.DataFrame) -> None:
        """Rows of one kind; `frame` has the columns of its schema."""
        if frame.height:
            self.found[name].append(frame[list(self.schemas[name])])

    def rows(self) -> pl.DataFrame:
        """What was computed, each row with what its formula says of it."""
        formulas = [
            (each.code, method_of(each.method).reference, each.category, each.scope, each.gas)
            for each in self.sector.formulas
        ]
        names = ("formula", "method", "category", "scope", "gas")
        computed = self.collected("computed")
        said = pl.DataFrame(formulas, schema=dict.fromkeys(names, pl.String), orient="row")[computed["number"]]
        standing = pl.Series("standing", STANDINGS)[computed["rank"]]
        return computed.hstack([*said, standing])[["facility", *ROWS]]

    # ------------------------------------------------------------ parameters

    def in_force(self, wide: Wide, cells: pl.Series, spec: str, unit: Mapping[str, str] | str) -> list[_InForce]:
        """The parameter in force for each cell of a stream, in the unit asked for; nothing for a cell that is not in `cells`."""
        name, _, key = spec.partition(":")
        found = [_NOWHERE] * len(wide.cells)
        for number in cells.unique().to_list():
            _, month, kind, group, label = wide.cells[number]
            keys = (key,) if key else (f"{kind}/{label}", kind, f"{group}/{label}", f"/{label}", group, "")
            wanted = unit if isinstance(unit, str) else unit.get(group, unit[""])
            found[number] = self._told(self._find(name, keys, month), wanted)
        return found

    def _find(self, name: str, keys: tuple[str, ...], month: str) -> Parameter | None:
        day = day_of(month)
        found = self.parameters.find(name, keys=keys, sets=self.sector.sets_on(day), at=day)
        if found is not None:
            self.used.add(found.id)
        return found

    @staticmethod
    def _told(found: Parameter | None, wanted: str) -> _InForce:
        if found is None:
            return _NOWHERE._replace(unit=wanted)
        value = found.value * units.conversion(found.unit, wanted) if found.value is not None else None
        return _InForce(
            value if found.usable else None, found.id, found.standing, value, wanted, found.source, found.note
        )

    def confirm_method(self, told: pl.DataFrame) -> None:
        """A method of which no text was found is itself to be confirmed, before any sum of it may be published."""
        if self.sector.standing in USABLE:
            return
        year = pl.col("month").str.slice(0, 4).alias("month")
        for facility, month in told.select("facility", year).unique(maintain_order=True).iter_rows():
            found = self._find("method", ("",), month)
            if found is None or not found.usable:
                row = dict.fromkeys(OPEN) | {
                    "facility": facility, "month": month, "stream": "", "formula": "", "item": "method", "kind": "to_confirm",
                    "parameter": found.id if found else None, "standing": self.sector.standing,
                    "note": found.note if found else self.sector.note, "compliance": False,
                }  # fmt: skip
                self.add("open", pl.DataFrame([row], schema=self.schemas["open"]))

    # ------------------------------------------------------------ filling

    def fill(self, fill: Fill) -> None:
        """Fill an item where it was not told: derive it, or take the value that the guideline prescribes, visibly."""
        wide, item = self.wide[fill.stream], self.sector.items[fill.item]
        if fill.method and not fill.gather:
            wide.begun.setdefault(item.code, []).extend(fill.needs)
        if fill.gather:
            self._gather(wide, fill, item)
            return
        if wide.frame.is_empty() or any(not wide.has(name) for name in fill.needs):
            return
        wanted = wide.value(item.code).is_null()
        for name in fill.needs:
            wanted &= pl.col(name).is_not_null()
        if fill.groups:
            wanted &= pl.col("group").is_in(fill.groups)
        if fill.method:
            self._derive(wide, fill, item, wanted)
        else:
            self._prescribe(wide, fill, item, wanted)

    def _derive(self, wide: Wide, fill: Fill, item: Item, wanted: pl.Expr) -> None:
        method = method_of(fill.method)
        specs = {name: fill.inputs.get(name, name) for name in method.inputs}
        for name, spec in specs.items():
            if spec in self.sector.items and not wide.has(spec) and name not in method.optional:
                return
        columns = {}
        for name, spec in specs.items():
            unit = method.inputs[name]
            if spec in self.sector.items:
                columns[name] = self._input(wide, spec, unit, method.optional.get(name))
            else:
                cells = wide.frame["cell"]
                values = [each.value for each in self.in_force(wide, cells, spec, unit)]
                columns[name] = pl.lit(pl.Series(values, dtype=pl.Float64)[cells])
        made = method.columns(columns) * units.conversion(method.unit, item.unit)
        possible = made.is_finite()
        if item.limits[0] is not None:  # a stock that grew by more than was bought: no use is negative
            possible &= made >= item.limits[0] - ROUNDING
        found = wide.frame.with_columns(pl.when(wanted & possible).then(made).alias("made"))["made"]
        nothing = pl.lit(None, dtype=pl.UInt8)
        wide.put(item.code, found, way="computed", source=pl.lit(method.reference), rank=nothing)

    def _gather(self, wide: Wide, fill: Fill, item: Item) -> None:
        """What a whole has of what was told of its parts: their sum, or their weighted mean; unknown where it is of one of them."""
        parts = self.wide[fill.gather]
        asked = [name for name in (fill.value, fill.weight) if name]
        if wide.frame.is_empty() or parts.frame.is_empty() or not all(map(parts.has, asked)):
            return
        made = weighting.by_mass(fill.value, fill.weight) if fill.weight else pl.col(fill.value).sum()
        known = pl.all_horizontal(pl.col(name).is_not_null().all() for name in asked)
        place = ["facility", "month"]
        found = parts.frame.group_by(place, maintain_order=True).agg(pl.when(known).then(made).alias("made"))
        frame = wide.frame.join(found, on=place, how="left", maintain_order="left")
        made_ = frame.with_columns(pl.when(wide.value(item.code).is_null()).then("made").alias("made"))["made"]
        wide.put(item.code, made_, way="computed", source=pl.lit(fill.rule), rank=pl.lit(None, dtype=pl.UInt8))

    def _prescribe(self, wide: Wide, fill: Fill, item: Item, wanted: pl.Expr) -> None:
        lacking = wide.frame.with_columns(wanted.alias("lacking"))["lacking"]
        if not lacking.any():
            return
        cells = wide.frame["cell"]
        found = self.in_force(wide, cells.filter(lacking), fill.parameter, {"": item.unit, **item.units})
        wide.prescribed[item.code] = found
        table = pl.DataFrame(
            [(each.value, each.unit, each.id, each.standing, each.source, each.rank) for each in found],
            schema={
                "value": pl.Float64, "unit": pl.String, "parameter": pl.String, "standing": pl.String, "source": pl.String, "rank": pl.UInt8,
            },
            orient="row",
        )[cells]  # fmt: skip
        table = table.with_columns(pl.when(lacking).then("value").alias("value"))
        shown = wide.frame[["facility", "month", "stream"]].hstack(table.drop("rank")).drop_nulls("value")
        self.add(
            "applied",
            shown.with_columns(
                pl.lit(item.code).alias("item"), pl.lit(fill.rule).alias("rule"), pl.lit(fill.rule_en).alias("rule_en")
            ),
        )
        source, rank = pl.lit(table["parameter"]), pl.lit(table["rank"])
        wide.put(item.code, table["value"], way="default", source=source, rank=rank)

    def _input(self, wide: Wide, item: str, unit: str, otherwise: float | None) -> pl.Expr:
        """An item in the unit of the method; `otherwise` is what the method takes where it was not told."""
        value = wide.value(item) * self._scale(item, unit)
        return value if otherwise is None else value.fill_null(otherwise)

    # ------------------------------------------------------------ formulas

    def compute(self, number: int, formula: Formula) -> None:
        """Every row of one formula (the sector's `number`th), and what it lacks."""
        method, wide = method_of(formula.method), self.wide[formula.stream]
        specs = {name: formula.inputs.get(name, name) for name in method.inputs}
        items = {name: spec for name, spec in specs.items() if spec in self.sector.items}
        if stray := set(items.values()) - wide.items:
            raise MethodError(f"公式 {formula.code} 用了别的源流的项目 {'、'.join(sorted(stray))}")
        if wide.frame.is_empty():
            return
        trigger = self.sector.items[formula.trigger or next(iter(items.values()))]
        frame = wide.asked(formula, trigger)
        told = frame.with_columns(wide.value(trigger.code).is_not_null().alias("told"))["told"]
        if not told.all():
            self.add("open", _open(frame.filter(~told), formula, trigger.code, trigger.unit))
            frame = frame.filter(told)
        if frame.is_empty():
            return
        found = {
            name: self.in_force(wide, frame["cell"], spec, method.inputs[name])
            for name, spec in specs.items()
            if name not in items
        }
        if found:
            frame = frame.hstack(_parameters(found)[frame["cell"]])
        columns = {
            name: self._input(wide, spec, method.inputs[name], method.optional.get(name))
            if name in items
            else pl.col(f"{name}.value")
            for name, spec in specs.items()
        }
        emission = method.columns(columns) * float(formula.sign)
        computed = frame.select(
            "facility", "month", "stream", pl.lit(number, dtype=pl.UInt32).alias("number"),
            in_compliance(formula).alias("compliance"), *_lineage(method, wide, columns, items),
            pl.when(emission.is_finite()).then(emission).alias("t_co2e"),
        )  # fmt: skip
        self.add("computed", computed)
        if computed["t_co2e"].null_count():
            open_ = frame.filter(computed["t_co2e"].is_null())
            # All is known, and the product is beyond every number: what was told cannot be meant.
            beyond = open_.filter(pl.all_horizontal(each.is_not_null() for each in columns.values()))
            self.add("open", _open(beyond, formula, trigger.code, trigger.unit))
            for name, spec in specs.items():
                without = open_.filter(columns[name].is_null())
                self._lacking(without, formula, spec, found[name] if name in found else wide.prescribed.get(spec))

    def _lacking(self, frame: pl.DataFrame, formula: Formula, spec: str, found: Sequence[_InForce] | None) -> None:
        """Rows without an input: to be confirmed where a parameter would fill it, or else missing."""
        if frame.is_empty():
            return
        if found is None:
            self.add("open", _open(frame, formula, spec, self.sector.items[spec].unit))
        else:
            self.add("open", _confirm(frame, formula, spec.partition(":")[0], found))

    def _scale(self, item: str, unit: str) -> pl.Expr | float:
        """Units of an item in the unit of the method: one number, or one by group where groups are told in units of their own."""
        told = self.sector.items[item]
        if not told.units:
            return units.conversion(told.unit, unit)
        # A formula is for groups of one unit; of another unit it never sees a row.
        fitting = {
            group: units.conversion(own, unit)
            for group, own in {"": told.unit, **told.units}.items()
            if units.convertible(own, unit)
        }
        if not fitting:
            raise MethodError(f"项目 {item} 的单位不能换算为 {unit}")
        return next(iter(set(fitting.values()))) if len(set(fitting.values())) == 1 else _by_group(fitting)


def _by_group(scales: Mapping[str, float]) -> pl.Expr:
    return pl.col("group").replace_strict(dict(scales), default=scales.get("", None), return_dtype=pl.Float64)


def _lineage(
    method: Method, wide: Wide, columns: Mapping[str, pl.Expr], items: Mapping[str, str]
) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """`inputs`, `factor` and `rank` of a formula's rows: what each input was and whence, the parameters, the least sure of them."""
    told, factors, ranks = [], [], [pl.lit(STANDINGS.index(worse(())), dtype=pl.UInt8)]
    for name, unit in method.inputs.items():
        item = items.get(name)
        if item is None:
            way, source = pl.lit("default"), pl.col(f"{name}.id")
            ranks.append(pl.col(f"{name}.rank"))
            factors.append(source)
        else:
            way, source = wide.way(item), wide.source(item)
            if wide.has(f"{item}.rank"):
                ranks.append(wide.rank(item))
                factors.append(pl.when(wide.rank(item).is_not_null()).then(source))
        told.append(
            pl.struct(
                pl.lit(name).alias("name"), columns[name].alias("value"), pl.lit(unit).alias("unit"),
                way.alias("way"), source.alias("source"),
            )
        )  # fmt: skip
    factor = pl.concat_str(factors, separator=" ", ignore_nulls=True) if factors else pl.lit("")
    # A list made through an array of known width: `concat_list` of structs takes twenty times as long on a thousand rows.
    inputs = pl.concat_arr(told).arr.to_list().alias("inputs")
    return inputs, factor.alias("factor"), pl.max_horizontal(ranks).alias("rank")


def _parameters(found: Mapping[str, Sequence[_InForce]]) -> pl.DataFrame:
    """Cell by cell `<input>.value`, `<input>.id` and `<input>.rank` of a formula's parameters."""
    kinds = {"value": pl.Float64, "id": pl.String, "rank": pl.UInt8}
    schema = {f"{name}.{each}": kind for name in found for each, kind in kinds.items()}
    rows = [
        [told for each in cell for told in (each.value, each.id, each.rank)]
        for cell in zip(*found.values(), strict=True)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


@lru_cache(maxsize=4096)
def day_of(month: str) -> date:
    """The day on which a period asks for its parameters: a month's first, a year's last."""
    return date(int(month), 12, 31) if len(month) == 4 else date.fromisoformat(f"{month[:7]}-01")


def in_compliance(formula: Formula) -> pl.Expr:
    """Whether a month's row belongs to the compliance boundary: from `compliance_since` on, up to `compliance_until`."""
    if formula.compliance_since is None:
        return pl.lit(False)
    first = pl.col("month").str.slice(0, 4).cast(pl.Int32) >= formula.compliance_since.year
    if formula.compliance_until is None:
        return first
    return first & (pl.col("month").str.slice(0, 4).cast(pl.Int32) <= formula.compliance_until.year)


def _open(frame: pl.DataFrame, formula: Formula, item: str, unit: str) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    return frame.select(
        "facility", "month", "stream", pl.lit(formula.code).alias("formula"), pl.lit(item).alias("item"),
        pl.lit("missing").alias("kind"), nothing.alias("parameter"), nothing.alias("standing"),
        pl.lit(None, dtype=pl.Float64).alias("candidate"), pl.lit(unit).alias("unit"), nothing.alias("note"),
        in_compliance(formula).alias("compliance"),
    )  # fmt: skip


def _confirm(frame: pl.DataFrame, formula: Formula, item: str, found: Sequence[_InForce]) -> pl.DataFrame:
    """A parameter that may not be used yet is to be confirmed; one that does not exist has to be told or measured."""
    names = ("kind", "parameter", "standing", "candidate", "unit", "note")
    rows = [
        ("to_confirm" if each.id else "missing", each.id, each.standing, each.candidate, each.unit, each.note)
        for each in found
    ]
    schema = {name: OPEN[name] for name in names}
    return frame.select(
        "facility", "month", "stream", pl.lit(formula.code).alias("formula"), pl.lit(item).alias("item"),
        in_compliance(formula).alias("compliance"),
    ).hstack(pl.DataFrame(rows, schema=schema, orient="row")[frame["cell"]])  # fmt: skip


def _floored(rows: pl.DataFrame, sector: Sector) -> pl.DataFrame:
    """Formulas of one `floor` are together never below zero: what is lacking is a row of its own, so that it is seen."""
    extra = []
    for name in sorted({each.floor for each in sector.formulas if each.floor}):
        codes = [each.code for each in sector.formulas if each.floor == name]
        sums = (
            rows.filter(pl.col("formula").is_in(codes))
            .group_by("facility", "month", maintain_order=True)
            .agg(pl.col("t_co2e").sum(), pl.col("category", "scope", "gas", "compliance").first())
            .filter(pl.col("t_co2e") < 0)
        )
        extra.append(
            sums.with_columns(
                -pl.col("t_co2e"), pl.lit(f"{name}_floor").alias("formula"), pl.lit("").alias("stream"),
                pl.lit("enterprise.floor").alias("method"), pl.lit([], dtype=pl.List(INPUT)).alias("inputs"),
                pl.lit("").alias("factor"), pl.lit("A").alias("standing"),
            ).select(rows.columns)
        )  # fmt: skip
    return pl.concat([rows, *extra]) if extra else rows
