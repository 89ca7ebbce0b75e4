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
from typing import Any

import polars as pl

from dafeng.domains.enterprise.reporting.methods import MODULES
from dafeng.domains.enterprise.reporting.methods.frames import Wide, told_frame, wide_frames
from dafeng.domains.enterprise.reporting.methods.parameters import STANDINGS, USABLE, Parameter, Parameters, worse
from dafeng.domains.enterprise.reporting.methods.sectors import Fill, Formula, Item, Sector
from dafeng.domains.enterprise.reporting.methods.sums import Sums, indicators, means, totals
from dafeng.kernel.accounting import Method, find_method
from dafeng.kernel.errors import MethodError
from dafeng.kernel.quantities import units

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
    work = _Work(sector, parameters, wide_frames(sector, told))
    for fill in sector.fills:
        work.fill(fill)
    for formula in sector.formulas:
        work.compute(formula)
    work.confirm_method(told)
    rows = _floored(work.collected("rows"), sector)
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


class _Work:
    """The state of one calculation: wide frames that are filled step by step, and what was found so far."""

    def __init__(self, sector: Sector, parameters: Parameters, wide: dict[str, Wide]) -> None:
        self.sector, self.parameters, self.wide = sector, parameters, wide
        self.used: set[str] = set()
        facility = wide[""].frame.schema["facility"]
        self.schemas = {
            name: {"facility": facility, **schema}
            for name, schema in (("rows", ROWS), ("open", OPEN), ("applied", APPLIED))
        }
        self.found: dict[str, list[pl.DataFrame]] = {name: [] for name in self.schemas}

    def collected(self, name: str) -> pl.DataFrame:
        return pl.concat([pl.DataFrame(schema=self.schemas[name]), *self.found[name]])

    def add(self, name: str, frame: pl.DataFrame) -> None:
        if frame.height:
            self.found[name].append(frame.select(pl.col(key).cast(kind) for key, kind in self.schemas[name].items()))

    # ------------------------------------------------------------ parameters

    def resolved(self, frame: pl.DataFrame, spec: str, unit: Mapping[str, str] | str) -> pl.DataFrame:
        """`stream, month` and the parameter in force for each: value in the unit asked for, id, standing; null where none."""
        name, _, key = spec.partition(":")
        rows = []
        for stream, kind, group, label, month in (
            frame.select("stream", "kind", "group", "label", "month").unique(maintain_order=True).iter_rows()
        ):
            keys = [key] if key else [f"{kind}/{label}", kind, f"{group}/{label}", f"/{label}", group, ""]
            found = self._find(name, tuple(keys), month)
            wanted = unit if isinstance(unit, str) else unit.get(group, unit[""])
            rows.append((stream, month, *self._told(found, wanted)))
        names = ("value", "id", "standing", "candidate", "shown", "source", "note")
        schema = {"stream": pl.String, "month": pl.String} | {
            f"p.{each}": pl.Float64 if each in {"value", "candidate"} else pl.String for each in names
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _find(self, name: str, keys: tuple[str, ...], month: str) -> Parameter | None:
        day = day_of(month)
        found = self.parameters.find(name, keys=keys, sets=self.sector.sets_on(day), at=day)
        if found is not None:
            self.used.add(found.id)
        return found

    @staticmethod
    def _told(found: Parameter | None, wanted: str) -> tuple[Any, ...]:
        if found is None:
            return (None, None, None, None, wanted, None, None)
        value = found.value * units.conversion(found.unit, wanted) if found.value is not None else None
        return (value if found.usable else None, found.id, found.standing, value, wanted, found.source, found.note)

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
        if wide.frame.is_empty() or any(not wide.has(name) for name in fill.needs):
            return
        wide.ensure(item.code)
        wanted = pl.col(item.code).is_null() & pl.all_horizontal([pl.col(name).is_not_null() for name in fill.needs])
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
        frame, columns = wide.frame, {}
        for name, spec in specs.items():
            if spec in self.sector.items:
                value = (
                    pl.col(spec) * self._scale(spec, method.inputs[name])
                    if wide.has(spec)
                    else pl.lit(None, dtype=pl.Float64)
                )
                columns[name] = value.fill_null(method.optional[name]) if name in method.optional else value
            else:
                found = self.resolved(frame, spec, method.inputs[name]).select(
                    "stream", "month", pl.col("p.value").alias(f"d.{name}")
                )
                frame = frame.join(found, on=["stream", "month"], how="left", maintain_order="left")
                columns[name] = pl.col(f"d.{name}")
        made = method.columns(columns) * units.conversion(method.unit, item.unit)
        frame = frame.with_columns(pl.when(wanted & made.is_finite()).then(made).alias("made"))
        wide.put(frame, item.code, way="computed", source=pl.lit(method.reference))

    def _prescribe(self, wide: Wide, fill: Fill, item: Item, wanted: pl.Expr) -> None:
        lacking = wide.frame.filter(wanted)
        if lacking.is_empty():
            return
        found = self.resolved(lacking, fill.parameter, {"": item.unit, **item.units})
        frame = wide.frame.join(found, on=["stream", "month"], how="left", maintain_order="left")
        frame = frame.with_columns(pl.when(wanted).then(pl.col("p.value")).alias("made"))
        shown = frame.filter(pl.col("made").is_not_null()).select(
            "facility", "month", "stream", pl.lit(item.code).alias("item"), pl.col("made").alias("value"),
            pl.col("p.shown").alias("unit"), pl.col("p.id").alias("parameter"), pl.col("p.standing").alias("standing"),
            pl.col("p.source").alias("source"), pl.lit(fill.rule).alias("rule"), pl.lit(fill.rule_en).alias("rule_en"),
        )  # fmt: skip
        self.add("applied", shown)
        wide.put(frame, item.code, way="default", source=pl.col("p.id"), standing=pl.col("p.standing"))
        wide.confirm(item.code, found)

    # ------------------------------------------------------------ formulas

    def compute(self, formula: Formula) -> None:
        """Every row of one formula, and what it lacks."""
        method, wide = method_of(formula.method), self.wide[formula.stream]
        specs = {name: formula.inputs.get(name, name) for name in method.inputs}
        items = {name: spec for name, spec in specs.items() if spec in self.sector.items}
        if stray := set(items.values()) - wide.items:
            raise MethodError(f"公式 {formula.code} 用了别的源流的项目 {'、'.join(sorted(stray))}")
        if wide.frame.is_empty():
            return
        trigger = formula.trigger or next(iter(items.values()))
        asked = wide.asked(formula, self.sector, trigger, items.values())
        if asked.is_empty():
            return
        missing = asked.filter(pl.col(trigger).is_null())
        self.add("open", _open(missing, formula, trigger, "missing", self.sector.items[trigger].unit))
        frame = asked.filter(pl.col(trigger).is_not_null())
        if frame.is_empty():
            return
        columns: dict[str, pl.Expr] = {}
        told: list[pl.Expr] = []
        factors: list[pl.Expr] = []
        standings: list[pl.Expr] = []
        for number, (name, spec) in enumerate(specs.items()):
            column, unit = f"i.{name}", method.inputs[name]
            if name in items:
                scale = self._scale(spec, unit)
                value = pl.col(spec) * scale
                if name in method.optional:
                    value = value.fill_null(method.optional[name])
                way, source = pl.col(f"{spec}.way"), pl.col(f"{spec}.source")
                standings.append(pl.col(f"{spec}.standing"))
                factors.append(pl.when(pl.col(f"{spec}.standing").is_not_null()).then(source))
            else:
                found = self.resolved(frame, spec, unit).rename(
                    {
                        f"p.{each}": f"p{number}.{each}"
                        for each in ("value", "id", "standing", "candidate", "shown", "source", "note")
                    }
                )
                frame = frame.join(found, on=["stream", "month"], how="left", maintain_order="left")
                value, way, source = pl.col(f"p{number}.value"), pl.lit("default"), pl.col(f"p{number}.id")
                standings.append(pl.col(f"p{number}.standing"))
                factors.append(source)
            frame = frame.with_columns(value.alias(column))
            columns[name] = pl.col(column)
            told.append(
                pl.struct(
                    pl.lit(name).alias("name"), pl.col(column).alias("value"), pl.lit(unit).alias("unit"),
                    way.alias("way"), source.alias("source"),
                )
            )  # fmt: skip
        emission = method.columns(columns) * float(formula.sign)
        frame = frame.with_columns(
            pl.when(emission.is_finite()).then(emission).alias("t_co2e"),
            pl.concat_list(told).alias("inputs"),
            pl.concat_str(factors, separator=" ", ignore_nulls=True).alias("factor")
            if factors
            else pl.lit("").alias("factor"),
            _worst(standings),
        )
        self.add("rows", _described(frame, formula, method))
        self._lacking(frame.filter(pl.col("t_co2e").is_null()), formula, specs, items, wide)

    def _lacking(
        self, frame: pl.DataFrame, formula: Formula, specs: Mapping[str, str], items: Mapping[str, str], wide: Wide
    ) -> None:
        if frame.is_empty():
            return
        for number, (name, spec) in enumerate(specs.items()):
            without = frame.filter(pl.col(f"i.{name}").is_null())
            if without.is_empty():
                continue
            if name not in items:
                prefix = f"p{number}"
            elif f"{spec}.c.id" in without.columns:
                prefix = f"{spec}.c"
            else:
                self.add("open", _open(without, formula, spec, "missing", self.sector.items[spec].unit))
                continue
            self.add("open", _confirm(without, formula, spec.partition(":")[0], prefix))

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
        return pl.lit(next(iter(set(fitting.values())))) if len(set(fitting.values())) == 1 else _by_group(fitting)


def _by_group(scales: Mapping[str, float]) -> pl.Expr:
    return pl.col("group").replace_strict(dict(scales), default=scales.get("", None), return_dtype=pl.Float64)


@lru_cache(maxsize=4096)
def day_of(month: str) -> date:
    """The day on which a period asks for its parameters: a month's first, a year's last."""
    return date(int(month), 12, 31) if len(month) == 4 else date.fromisoformat(f"{month[:7]}-01")


def _worst(standings: Sequence[pl.Expr]) -> pl.Expr:
    order = {name: rank for rank, name in enumerate(STANDINGS)}
    ranks = [each.replace_strict(order, default=None, return_dtype=pl.UInt8) for each in standings]
    worst = pl.max_horizontal(ranks).fill_null(order[worse(())])
    return worst.replace_strict({rank: name for name, rank in order.items()}, return_dtype=pl.String).alias("standing")


def _described(frame: pl.DataFrame, formula: Formula, method: Method) -> pl.DataFrame:
    return frame.with_columns(
        pl.lit(formula.code).alias("formula"), pl.lit(method.reference).alias("method"), pl.lit(formula.category).alias("category"),
        pl.lit(formula.scope).alias("scope"), pl.lit(formula.gas).alias("gas"), in_compliance(formula).alias("compliance"),
    )  # fmt: skip


def in_compliance(formula: Formula) -> pl.Expr:
    """Whether a month's row belongs to the compliance boundary: from `compliance_since` on, up to `compliance_until`."""
    if formula.compliance_since is None:
        return pl.lit(False)
    first = pl.col("month").str.slice(0, 4).cast(pl.Int32) >= formula.compliance_since.year
    if formula.compliance_until is None:
        return first
    return first & (pl.col("month").str.slice(0, 4).cast(pl.Int32) <= formula.compliance_until.year)


def _open(frame: pl.DataFrame, formula: Formula, item: str, kind: str, unit: str) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    return frame.select(
        "facility", "month", "stream", pl.lit(formula.code).alias("formula"), pl.lit(item).alias("item"),
        pl.lit(kind).alias("kind"), nothing.alias("parameter"), nothing.alias("standing"),
        pl.lit(None, dtype=pl.Float64).alias("candidate"), pl.lit(unit).alias("unit"), nothing.alias("note"),
        in_compliance(formula).alias("compliance"),
    )  # fmt: skip


def _confirm(frame: pl.DataFrame, formula: Formula, item: str, prefix: str) -> pl.DataFrame:
    """A parameter that may not be used yet is to be confirmed; one that does not exist has to be told or measured."""
    there = pl.col(f"{prefix}.id").is_not_null()
    return frame.select(
        "facility", "month", "stream", pl.lit(formula.code).alias("formula"), pl.lit(item).alias("item"),
        pl.when(there).then(pl.lit("to_confirm")).otherwise(pl.lit("missing")).alias("kind"),
        pl.col(f"{prefix}.id").alias("parameter"), pl.col(f"{prefix}.standing").alias("standing"),
        pl.col(f"{prefix}.candidate").alias("candidate"), pl.col(f"{prefix}.shown").alias("unit"),
        pl.col(f"{prefix}.note").alias("note"), in_compliance(formula).alias("compliance"),
    )  # fmt: skip


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
