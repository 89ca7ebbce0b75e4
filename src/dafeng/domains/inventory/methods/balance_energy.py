"""What an energy balance says once it is in one unit: standard coal, final use, the plan's energy indicators.

Two calculations of electricity stand side by side and are never mixed: 当量值 (its own heat, 0.1229 kgce/kWh) and 等价值
(the coal that a power station would burn for it, which changes by year and is always an argument).
Sources: GB/T 2589-2020; 中国能源统计年鉴, definitions of 能源消费总量 and 终端能源消费量; IPCC 2006 vol. 2 ch. 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from dafeng.domains.inventory.methods.balance import (
    STANDARD_COAL,
    Cells,
    balance_frame,
    deepest,
    fuels,
    leaf_fuels,
    lowest,
    name_of,
    rows,
    tables,
)
from dafeng.kernel.errors import ActivityError
from dafeng.kernel.quantities import units

Coefficients = Mapping[str, tuple[float, str]]
Calculation = Literal["equivalent", "equal_value"]
FAMILIES = {"coal": "煤品", "oil": "油品", "gas": "天然气", "electricity": "电力", "heat": "热力", "other": "其他能源"}
FOSSIL = ("coal", "oil", "gas")


def coefficients_of(factors: pl.DataFrame, *, sets: Sequence[str] = ("municipal", "gbt2589")) -> Coefficients:
    """Standard-coal coefficients by fuel from a factor table, the first set in `sets` that has the fuel."""
    rank = {name: order for order, name in enumerate(sets)}
    offered = factors.filter(
        pl.col("parameter").str.starts_with("standard_coal_coefficient")
        & pl.col("value").is_not_null()
        & pl.col("set").is_in(sets)
    )
    found: dict[str, tuple[float, str]] = {}
    for row in sorted(offered.iter_rows(named=True), key=lambda row: (rank[row["set"]], row["factor_id"])):
        found.setdefault(row["item"], (row["value"], row["unit"]))
    return found


def standard_coal(
    balance: pl.DataFrame,
    coefficients: Coefficients,
    *,
    electricity: Calculation = "equivalent",
    coal_per_kwh: float | None = None,
) -> pl.DataFrame:
    """The balance with a column `tce` (t of standard coal) and the column `coefficient` in words.

    `coefficients`: fuel → (value, unit), such as `{"raw_coal": (0.7143, "kgce/kg"), "heat": (0.03412, "kgce/MJ")}`.
    `electricity="equal_value"` needs `coal_per_kwh` in kgce/kWh, the year's power-generation coal. The totals 煤合计 and
    油品合计 have no coefficient and stay null. Statistics' 立方米 of gas are taken as 标准立方米.
    Raises `ActivityError` for a fuel with a value and no coefficient: none is ever assumed.
    """
    if electricity == "equal_value" and coal_per_kwh is None:
        raise ActivityError("按等价值折算电力需要当年的发电煤耗", expected="例如 0.300 千克标准煤/千瓦时，并注明出处")
    frame = balance_frame(balance)
    factors: dict[tuple[str, str], tuple[float | None, str]] = {}
    for fuel, unit in frame.select("fuel", "unit").unique().iter_rows():
        factors[fuel, unit] = _tce_of_unit(fuel, unit, coefficients)
        if fuel == "electricity" and electricity == "equal_value":
            factors[fuel, unit] = _electricity_equal_value(unit, coefficients, coal_per_kwh or 0.0)
    for row in frame.iter_rows(named=True):
        if factors[row["fuel"], row["unit"]][0] is None and row["fuel"] in leaf_fuels() and row["value"]:
            raise ActivityError(
                f"{name_of(row)}没有折标准煤系数", mend=f"请为{fuels()[row['fuel']].name}给出系数和出处"
            )
    found = [factors[key] for key in frame.select("fuel", "unit").iter_rows()]
    scale = pl.Series("tce", [scale for scale, _ in found], dtype=pl.Float64)
    words = pl.Series("coefficient", [text for _, text in found], dtype=pl.String)
    return frame.with_columns((pl.col("value") * scale).alias("tce"), words)


def _tce_of_unit(fuel: str, unit: str, coefficients: Coefficients) -> tuple[float | None, str]:
    """t of standard coal in one `unit` of the fuel, and how it was found; (None, "") when it cannot be."""
    if unit in STANDARD_COAL:
        return units.conversion(unit, "tce"), "原数即标准煤"
    if fuel not in coefficients:
        return None, ""
    value, per = coefficients[fuel]
    amount = per.partition("/")[2]
    scale = 1.0
    for spelling in (unit, unit.replace("立方米", "标准立方米")):
        if units.convertible(spelling, amount):
            scale = units.conversion(spelling, amount)
            break
    else:
        raise ActivityError(
            f"{fuels()[fuel].name}的折标准煤系数单位“{per}”与数据单位“{unit}”不符", expected=f"kgce/{unit}"
        )
    return value * scale * units.conversion(per.partition("/")[0], "tce"), f"{value:g} {per}"


def tce_per(fuel: str, unit: str, coefficients: Coefficients) -> tuple[float, str]:
    """t of standard coal in one `unit` of a fuel, and the coefficient in words. Raises `ActivityError` without one."""
    scale, words = _tce_of_unit(fuel, unit, coefficients)
    if scale is None:
        raise ActivityError(f"{fuels()[fuel].name}没有折标准煤系数", mend="请给出系数和出处")
    return scale, words


def _electricity_equal_value(unit: str, coefficients: Coefficients, coal_per_kwh: float) -> tuple[float, str]:
    words = f"{coal_per_kwh:g} kgce/kWh（等价值）"
    if unit not in STANDARD_COAL:
        return units.conversion(unit, "kWh") * coal_per_kwh / 1000, words
    if "electricity" not in coefficients:
        raise ActivityError(
            "电力已折成标准煤，改按等价值须知原来的系数", mend="请给出 electricity 的当量系数，如 0.1229 kgce/kWh"
        )
    value, per = coefficients["electricity"]
    own = value * units.conversion(per, "kgce/kWh")
    return units.conversion(unit, "tce") * coal_per_kwh / own, words


# ---------------------------------------------------------------- final use


def final_use(
    balance: pl.DataFrame,
    coefficients: Coefficients,
    *,
    electricity: Calculation = "equivalent",
    coal_per_kwh: float | None = None,
) -> pl.DataFrame:
    """Final consumption by sector and family of fuel.

    Columns: place, year, row, name, family, tce, share (of the place's and year's final consumption). Sectors are as deep
    as printed; 用作原料、材料 lies inside 工业.
    """
    found = []
    energy = standard_coal(balance, coefficients, electricity=electricity, coal_per_kwh=coal_per_kwh)
    for place, year, table in _energy_tables(energy):
        for fuel in leaf_fuels():
            for row, _ in deepest(table, "final", fuel):
                found.append((place, year, row, rows()[row].name, fuels()[fuel].family, table[row, fuel]))
    names = ("place", "year", "row", "name", "family", "tce")
    frame = pl.DataFrame(
        found, schema=dict.fromkeys(names, pl.String) | {"year": pl.Int16, "tce": pl.Float64}, orient="row"
    )
    return (
        frame.group_by("place", "year", "row", "name", "family", maintain_order=True)
        .agg(pl.col("tce").sum())
        .with_columns((pl.col("tce") / pl.col("tce").sum().over("place", "year")).alias("share"))
    )


def _energy_tables(energy: pl.DataFrame) -> Iterable[tuple[str, int, Cells]]:
    known = energy.filter(pl.col("tce").is_not_null()).with_columns(
        pl.col("tce").alias("value"), pl.lit("tce").alias("unit")
    )
    for place, year, cells, _ in tables(known):
        yield place, year, cells


# ---------------------------------------------------------------- indicators

INDICATORS: dict[str, Any] = {
    "code": pl.String, "name": pl.String, "name_en": pl.String, "place": pl.String, "year": pl.Int16, "value": pl.Float64,
    "unit": pl.String, "notation": pl.String, "formula": pl.String, "note": pl.String,
    "terms": pl.List(pl.Struct({"row": pl.String, "fuel": pl.String, "tce": pl.Float64, "weight": pl.Float64})),
}  # fmt: skip


@dataclass
class _Sum:
    """A weighted sum of cells that remembers them; `missing` names a row that the table does not have at all."""

    cells: Cells
    terms: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, row: str, chosen: Sequence[str], weight: float = 1.0) -> _Sum:
        if not any(code == row or code.startswith(row + ".") for code, _ in self.cells):
            self.missing.append(row)
        elif not any(code == row for code, _ in self.cells) and row != "final":
            self.missing.append(row)  # parts without their whole may be an extract
        for fuel in chosen:
            whole = (
                [(row, fuel)] if (row, fuel) in self.cells else lowest(self.cells, row, fuel) if row == "final" else []
            )
            for code, _ in whole:
                self.terms.append({"row": code, "fuel": fuel, "tce": self.cells[code, fuel], "weight": weight})
        return self

    def consumption(self, chosen: Sequence[str]) -> _Sum:
        """终端消费 + 损失 − 加工转换净额: what 能源消费总量 is made of."""
        return self.add("final", chosen).add("loss", chosen).add("transformation", chosen, -1.0)

    @property
    def value(self) -> float | None:
        return None if self.missing else sum(term["weight"] * term["tce"] for term in self.terms)


def energy_indicators(
    balance: pl.DataFrame,
    coefficients: Coefficients,
    *,
    coal_per_kwh: float | None = None,
    other_non_fossil: float = 0.0,
) -> pl.DataFrame:
    """The indicators that the plan's energy targets rest on, each with its formula and cells: columns of `INDICATORS`.

    `coal_per_kwh` (kgce/kWh) is needed for all that is reckoned at 等价值; without it those are NE. `other_non_fossil` (tce)
    is non-fossil energy that the table does not show: heat of the sun and the ground, biomass inside 其他能源, and the
    non-fossil part of electricity from elsewhere. It is zero unless the city declares it.
    """
    own = standard_coal(balance, coefficients)
    worth = (
        standard_coal(balance, coefficients, electricity="equal_value", coal_per_kwh=coal_per_kwh)
        if coal_per_kwh is not None
        else None
    )
    priced = {(place, year): cells for place, year, cells in _energy_tables(worth)} if worth is not None else {}
    found: list[dict[str, Any]] = []
    for place, year, cells in _energy_tables(own):
        book = _Book(place, year)
        _of_own_heat(book, cells)
        _of_equal_value(book, priced.get((place, year)), coal_per_kwh, other_non_fossil)
        found += book.found
    return pl.DataFrame(found, schema=INDICATORS, orient="row")


@dataclass
class _Book:
    """The indicators of one table, written line by line."""

    place: str
    year: int
    found: list[dict[str, Any]] = field(default_factory=list)

    def amount(self, code: str, names: tuple[str, str], formula: str, top: _Sum, note: str = "") -> None:
        self._line(code, names, top.value, "tce", formula, note, top.missing, top.terms)

    def share(
        self,
        code: str,
        names: tuple[str, str],
        formula: str,
        top: _Sum,
        bottom: _Sum,
        extra: float = 0.0,
        note: str = "",
    ) -> None:
        above, below = top.value, bottom.value
        value = None if above is None or not below else 100 * (above + extra) / below
        self._line(code, names, value, "%", formula, note, top.missing + bottom.missing, top.terms + bottom.terms)

    def _line(
        self, code: str, names: tuple[str, str], value: float | None, unit: str, formula: str, note: str,
        missing: list[str], terms: list[dict[str, Any]],
    ) -> None:  # fmt: skip
        if value is None:
            lacking = "、".join(rows()[row].name for row in dict.fromkeys(missing))
            note = f"表中没有 {lacking}" if lacking else note or "分母为零"
        self.found.append(
            {
                "code": code, "name": names[0], "name_en": names[1], "place": self.place, "year": self.year, "value": value,
                "unit": unit, "notation": None if value is not None else "NE", "formula": formula, "note": note, "terms": terms,
            }
        )  # fmt: skip

    def absent(self, code: str, names: tuple[str, str], unit: str, why: str) -> None:
        self._line(code, names, None, unit, "", why, [], [])


_NAMES = {
    "energy.consumption.equivalent": ("能源消费总量（当量值）", "Total energy consumption (calorific equivalent)"),
    "energy.consumption.equal_value": ("能源消费总量（等价值）", "Total energy consumption (primary equivalent)"),
    "energy.non_fossil_share": ("非化石能源占能源消费总量比重", "Non-fossil share of energy consumption"),
    "energy.coal_share": ("煤品占能源消费总量比重", "Coal share of energy consumption"),
    "energy.final": ("终端能源消费量", "Final energy consumption"),
    "energy.electricity_share": ("电能占终端用能比重", "Electricity share of final energy"),
    "energy.self_sufficiency": ("能源自给率", "Energy self-sufficiency"),
}


def _of_own_heat(book: _Book, cells: Cells) -> None:
    """The indicators at 当量值."""
    every = leaf_fuels()
    total, final = _Sum(cells).consumption(every), _Sum(cells).add("final", every)
    code = "energy.consumption.equivalent"
    book.amount(code, _NAMES[code], "Σ品种（终端消费＋损失－加工转换净额）", total)
    book.amount("energy.final", _NAMES["energy.final"], "Σ品种 终端消费量，当量值", final)
    code, power = "energy.electricity_share", _Sum(cells).add("final", ["electricity"])
    book.share(code, _NAMES[code], "终端电力消费（当量值）÷终端能源消费量（当量值）", power, final)
    code, own = "energy.self_sufficiency", _Sum(cells).add("supply.production", every)
    book.share(code, _NAMES[code], "一次能源生产量÷能源消费总量（当量值）", own, total)
    for row in dict.fromkeys(code for fuel in every for code, _ in deepest(cells, "final", fuel)):
        names = (f"终端能源消费量：{rows()[row].name}", f"Final energy: {rows()[row].name_en}")
        book.amount(f"energy.{row}", names, f"Σ品种 {rows()[row].name}终端消费量，当量值", _Sum(cells).add(row, every))


def _of_equal_value(book: _Book, cells: Cells | None, coal_per_kwh: float | None, other_non_fossil: float) -> None:
    """The indicators at 等价值; NE without the year's power-generation coal."""
    if cells is None:
        for code, unit in (("consumption.equal_value", "tce"), ("non_fossil_share", "%"), ("coal_share", "%")):
            book.absent(f"energy.{code}", _NAMES[f"energy.{code}"], unit, "没有当年的发电煤耗，不能按等价值计算")
        return
    at = f"电力按 {coal_per_kwh:g} kgce/kWh"
    total = _Sum(cells).consumption(leaf_fuels())
    code = "energy.consumption.equal_value"
    book.amount(code, _NAMES[code], "Σ品种（终端消费＋损失－加工转换净额），电力按等价值", total, at)
    code, clean = "energy.non_fossil_share", _Sum(cells).add("supply.production", ["electricity"])
    formula = "（一次电力生产量×等价值＋申报的其他非化石能源）÷能源消费总量（等价值）"
    note = f"{at}；申报其他非化石能源 {other_non_fossil:g} tce；调入电力中的非化石部分未计"
    book.share(code, _NAMES[code], formula, clean, total, other_non_fossil, note)
    code, coal = "energy.coal_share", [fuel for fuel in leaf_fuels() if fuels()[fuel].family == "coal"]
    formula = "煤品（终端消费＋损失－加工转换净额）÷能源消费总量（等价值）"
    book.share(code, _NAMES[code], formula, _Sum(cells).consumption(coal), total, note=at)


# ---------------------------------------------------------------- reference approach


def reference_approach(balance: pl.DataFrame, coefficients: Coefficients, *, limit: float = 0.05) -> pl.DataFrame:
    """Apparent consumption from the supply block against what the sectors burnt, in tce by family of fossil fuel.

    reference = supply − recovered − stored; sectoral = final + power and heat input − recovered − stored, so that
    reference − sectoral = statistical difference + losses − other transformation (coking, washing, refining …), which is
    shown beside it. Columns: place, year, family, name, apparent, stored, reference, sectoral, difference, percent,
    explained_difference, explained_losses, explained_transformation, within (|percent| ≤ `limit`).
    IPCC 2006 vol. 2 ch. 6 asks for an explanation when the two are more than 5 % apart.
    Raises `ActivityError` for a table without supply, transformation or final consumption: an extract cannot be compared.
    """
    found = []
    for place, year, cells in _energy_tables(standard_coal(balance, coefficients)):
        absent = [
            rows()[row].name
            for row in ("supply", "transformation", "final")
            if not any(code == row for code, _ in cells)
        ]
        if absent:
            raise ActivityError(
                f"{year} 年的能源平衡表没有 {'、'.join(absent)}，不能与参考方法比较", expected="完整的能源平衡表"
            )
        for family in FOSSIL:
            chosen = [fuel for fuel in leaf_fuels() if fuels()[fuel].family == family]

            def of(row: str, chosen: Sequence[str] = chosen, cells: Cells = cells) -> float:
                return sum(cells.get((row, fuel), 0.0) for fuel in chosen)

            burnt = -of("transformation.power") - of("transformation.heat")
            apparent = of("supply") - of("supply.recovered")
            stored = of("final.industry.feedstock")
            sectoral = of("final") + burnt - of("supply.recovered") - stored
            reference = apparent - stored
            other = of("transformation") + burnt
            gap = reference - sectoral
            percent = 100 * gap / sectoral if sectoral else None
            found.append(
                {
                    "place": place, "year": year, "family": family, "name": FAMILIES[family], "apparent": apparent,
                    "stored": stored, "reference": reference, "sectoral": sectoral, "difference": gap, "percent": percent,
                    "explained_difference": of("supply") + of("transformation") - of("loss") - of("final"),
                    "explained_losses": of("loss"), "explained_transformation": -other,
                    "within": None if percent is None else abs(percent) <= 100 * limit,
                }
            )  # fmt: skip
    return pl.DataFrame(found, infer_schema_length=None)
