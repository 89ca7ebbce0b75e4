"""Emissions per yuan of GDP and per person, and the yearly account beside the full inventory.

The one idea: an intensity is as good as the worse of its two halves. A year without a denominator is NE with the reason;
constant and current prices are never mixed; direct and indirect emissions stay apart and are added only under a name
that says so. Sources: 省级温室气体清单编制指南 (scope), 「周期性编制」「实行年度核算制度」 (two products).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import ActivityError, UnitError
from dafeng.kernel.quantities import units

GROSS = ("1", "2", "3", "5")
NET_IMPORT = ("ID1", "ID2")
END_USE = ("ID3", "ID4")
CORE = "core"
CORE_WITH_INDIRECT = "core_with_indirect"


@dataclass(frozen=True)
class Denominator:
    """What emissions are divided by: an indicator of the statistics, the unit it is taken in, and the result's unit."""

    indicator: str
    name: str
    name_en: str
    unit: str
    result_unit: str


GDP = Denominator("gdp", "单位地区生产总值", "per GDP", "万元", "t CO2e/万元")
POPULATION = Denominator("population", "人均", "per person", "人", "t CO2e/人")
DENOMINATORS = {"gdp": GDP, "population": POPULATION}

INTENSITY: dict[str, Any] = {
    "measure": pl.String,
    "scope": pl.String,
    "place": pl.String,
    "year": pl.Int16,
    "value": pl.Float64,
    "unit": pl.String,
    "price": pl.String,
    "price_year": pl.Int16,
    "emission": pl.Float64,
    "denominator": pl.Float64,
    "denominator_unit": pl.String,
    "status": pl.UInt8,
    "notation": pl.String,
    "reason": pl.String,
    "reason_en": pl.String,
}
_CONSTANT = re.compile(r"^(?P<name>.+)\.constant[._](?P<year>\d{4})$")


def intensity(
    inventory: Inventory,
    statistics: pl.DataFrame,
    *,
    places: Iterable[str],
    years: Iterable[int] | None = None,
    per: Iterable[str] = ("gdp", "population"),
    matrix: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Emissions over a statistic, for every place, year, measure and scope; columns of `INTENSITY`.

    `statistics`: indicator, place, year, value, unit, and if there is one `series`; see `denominators`. GDP comes at
    current prices (indicator `gdp`) and at constant prices of a named year (`gdp.constant.2020`); each is a series of its own
    with `price` `current` or `constant` and `price_year`. `scope`: `direct` (without land use), `net` (with it), `indirect`
    (net import of electricity and heat, or end use where a year has no net import), `direct_and_indirect` (direct and net
    import). The status is the worse of both halves; a missing half gives NE and its reason. `matrix` (of `completeness`): a year of its place with a missing or
    partial cell in the scope is INCOMPLETE at best. Units: t CO2e/万元, t CO2e/人.
    """
    named = list(per)
    stray = [name for name in named if name not in DENOMINATORS]
    if stray:
        raise ActivityError(f"不认识的强度指标 {'、'.join(stray)}", expected="、".join(DENOMINATORS))
    table = denominators(statistics)
    every = sorted(set(inventory.cells["year"].unique().to_list()) if years is None else set(years))
    rows: list[dict[str, Any]] = []
    for place in places:
        amounts = _amounts(inventory, place, _gaps(matrix, place))
        for name in named:
            rows += _of_measure(name, place, every, amounts, table)
    return pl.DataFrame(rows, schema=INTENSITY, orient="row")


def denominators(statistics: pl.DataFrame) -> pl.DataFrame:
    """Statistics by measure, place, year, price and price_year: one value each, in the measure's unit, with its status.

    Where two series disagree by more than 1 % the first (the unnamed series, else by name) is taken and DEGRADED: someone
    has to say which holds. Rows without a whole year or a value are left out.
    """
    rows: list[tuple[str, str, int, str, int | None, float, int]] = []
    frame = statistics if "series" in statistics.columns else statistics.with_columns(pl.lit("").alias("series"))
    frame = frame.filter(pl.col("year").is_not_null() & pl.col("value").is_not_null())
    wanted = frame.with_columns(pl.col("series").fill_null("")).sort("indicator", "place", "year", "series")
    for key, group in wanted.group_by("indicator", "place", "year", maintain_order=True):
        indicator, place, year = str(key[0]), str(key[1]), int(key[2])
        dated = _CONSTANT.match(indicator)
        measure = dated["name"] if dated else indicator
        if measure not in DENOMINATORS:
            continue
        values = [_in_unit(row, DENOMINATORS[measure].unit) for row in group.iter_rows(named=True)]
        apart = max(values) - min(values) > 0.01 * abs(values[0])
        status = int(Status.DEGRADED if apart else Status.OK)
        price_year = int(dated["year"]) if dated else None
        rows.append((measure, place, year, "constant" if dated else "current", price_year, values[0], status))
    schema: dict[str, Any] = {
        "measure": pl.String, "place": pl.String, "year": pl.Int16, "price": pl.String, "price_year": pl.Int16,
        "value": pl.Float64, "status": pl.UInt8,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _in_unit(row: Mapping[str, Any], unit: str) -> float:
    try:
        return float(row["value"]) * units.conversion(row["unit"], unit)
    except UnitError as error:
        what = f"{row['place']} {row['year']} 年的 {row['indicator']}：{error.what}"
        raise ActivityError(what, expected=f"能换算为{unit}的单位") from error


_SECTORS_OF = {"direct": GROSS, "net": (*GROSS, "4"), "indirect": ("ID",)}
Amount = tuple[float | None, int]


def _gaps(matrix: pl.DataFrame | None, place: str) -> set[tuple[str, int]]:
    """Sector and year of the place's cells that are expected and not whole."""
    if matrix is None:
        return set()
    lacking = matrix.filter(
        pl.col("expected")
        & ~pl.col("memo")
        & (pl.col("place") == place)
        & ((pl.col("state") == "missing") | pl.col("partial"))
    )
    return set(lacking.select("sector", "year").iter_rows())


def _amounts(inventory: Inventory, place: str, gaps: set[tuple[str, int]]) -> dict[str, dict[int, Amount]]:
    """Scope → year → emission in t CO2e, and its status."""
    direct = _by_year(inventory.totals("year", within=place, sectors=GROSS))
    land = _by_year(inventory.totals("year", within=place, sectors=("4",)))
    amounts = {
        "direct": direct,
        "net": {year: _sum([amount, land.get(year)]) for year, amount in direct.items()},
        "indirect": _by_year(_drawn(inventory, place)) | _by_year(_net_import(inventory, place)),
    }
    for scope, by_year in amounts.items():
        for year, (amount, status) in by_year.items():
            if any((sector, year) in gaps for sector in _SECTORS_OF[scope]):
                by_year[year] = amount, max(status, int(Status.INCOMPLETE))
    # Only net import may be added to what is burnt here: end use repeats the fuel of the city's own power plants.
    imported = _by_year(_net_import(inventory, place))
    both = {year: _sum([direct.get(year), imported.get(year)]) for year in direct.keys() | imported.keys()}
    return {**amounts, "direct_and_indirect": both}


def _by_year(totals: pl.DataFrame) -> dict[int, Amount]:
    return {row["year"]: (row["co2e"], int(row["status"])) for row in totals.iter_rows(named=True)}


def _sum(parts: Iterable[Amount | None]) -> Amount:
    """A sum of which a part is missing is no sum."""
    values: list[float] = []
    worst = int(Status.OK)
    for part in parts:
        if part is None or part[0] is None:
            return None, max(worst, int(Status.INCOMPLETE))
        values.append(part[0])
        worst = max(worst, part[1])
    return sum(values), worst


def _net_import(inventory: Inventory, place: str | None) -> pl.DataFrame:
    """Indirect emissions by net import of electricity and heat, by year."""
    return _indirect(inventory, place, NET_IMPORT).filter(pl.col("co2e").is_not_null())


def _drawn(inventory: Inventory, place: str | None) -> pl.DataFrame:
    """Indirect emissions by what final users drew; stands in for net import, as in `Inventory.indirect`."""
    return _indirect(inventory, place, END_USE)


def _indirect(inventory: Inventory, place: str | None, categories: tuple[str, ...]) -> pl.DataFrame:
    cells = inventory.select(kinds=("indirect",), within=place)
    return _totals(cells.filter(pl.col("category").str.contains(f"^(?:{'|'.join(categories)})")))


def _totals(cells: pl.DataFrame) -> pl.DataFrame:
    known = pl.col("co2e").is_not_null()
    return cells.group_by("year").agg(
        pl.when(known.any()).then(pl.col("co2e").sum()).alias("co2e"),
        pl.col("co2e").filter(pl.col("basis").is_in(["estimated", "assumed"])).sum().alias("estimated"),
        pl.col("parts").sum(),
        pl.col("missing").sum(),
        pl.col("status").max(),
    )


def _of_measure(
    name: str,
    place: str,
    years: Iterable[int],
    amounts: Mapping[str, Mapping[int, Amount]],
    table: pl.DataFrame,
) -> list[dict[str, Any]]:
    told = DENOMINATORS[name]
    own = table.filter((pl.col("measure") == name) & (pl.col("place") == place))
    # A place without the statistic still gets its rows, at the measure's ordinary price.
    prices = own.select("price", "price_year").unique().sort("price", "price_year").rows() or [("current", None)]
    known = {(row["price"], row["price_year"], row["year"]): row for row in own.iter_rows(named=True)}
    rows = []
    for price, price_year in prices:
        for year in years:
            half = known.get((price, price_year, year))
            for scope, by_year in amounts.items():
                rows.append(_ratio(told, scope, place, year, price, price_year, half, by_year.get(year)))
    return rows


_NO_EMISSION = {
    "direct": ("没有直接排放量", "no direct emissions"),
    "net": ("没有直接排放量，或没有土地利用变化和林业的数值", "no direct emissions, or nothing for land use"),
    "indirect": ("没有电力热力的间接排放量", "no indirect emissions of electricity and heat"),
    "direct_and_indirect": (
        "没有直接排放量，或没有净调入电力热力的数值",
        "no direct emissions, or no net import of electricity and heat",
    ),
}


def _ratio(
    told: Denominator,
    scope: str,
    place: str,
    year: int,
    price: str,
    price_year: int | None,
    half: Mapping[str, Any] | None,
    amount: Amount | None,
) -> dict[str, Any]:
    emission, status = amount if amount is not None else (None, int(Status.INCOMPLETE))
    below = half["value"] if half is not None else None
    reasons = []
    if emission is None:
        reasons.append(_NO_EMISSION[scope])
    if half is None:
        reasons.append((f"没有该年的{told.indicator}统计数据", f"no {told.indicator} statistic for the year"))
    elif not below or below < 0:
        reasons.append((f"{told.indicator}不是正数", f"{told.indicator} is not positive"))
    value = emission / below if not reasons and emission is not None and below is not None else None
    worst = max(
        status, int(half["status"]) if half is not None else 0, 0 if value is not None else int(Status.INCOMPLETE)
    )
    return {
        "measure": told.indicator,
        "scope": scope,
        "place": place,
        "year": year,
        "value": value,
        "unit": told.result_unit,
        # Prices say something about money only.
        "price": price if told is GDP else "",
        "price_year": price_year,
        "emission": emission,
        "denominator": below,
        "denominator_unit": told.unit,
        "status": worst,
        "notation": None if value is not None else "NE",
        "reason": "；".join(zh for zh, _ in reasons) or None,
        "reason_en": "; ".join(en for _, en in reasons) or None,
    }


# --- the yearly account ------------------------------------------------------------------------------------------------

LINES: dict[str, tuple[str, str]] = {
    "energy": ("能源活动 CO2", "CO2 of energy"),
    "process": ("工业过程 CO2", "CO2 of industrial processes"),
    "electricity_and_heat": ("净调入电力热力 CO2", "CO2 of net imported electricity and heat"),
    CORE: ("年度核算：能源与工业过程 CO2", "Yearly account: CO2 of energy and processes"),
    CORE_WITH_INDIRECT: ("年度核算（含净调入电力热力）", "Yearly account with net imported electricity and heat"),
}


def yearly_account(inventory: Inventory, *, within: str | None = None) -> pl.DataFrame:
    """The annual core account: what can be known a few months after the year, drawn from the same compile.

    One row for each line and year. Lines: `energy` (sector 1, CO2), `process` (sector 2, CO2), `electricity_and_heat` (net
    import), `core` = energy + process, `core_with_indirect` = core + electricity_and_heat. A sum is null while one of its
    lines is. Columns: line, name, name_en, year, co2e, estimated, parts, missing, status.
    """
    direct = inventory.select(kinds=("direct",), within=within).filter(pl.col("gas") == "CO2")
    frames = {
        "energy": _totals(direct.filter(pl.col("sector") == "1")),
        "process": _totals(direct.filter(pl.col("sector") == "2")),
        "electricity_and_heat": _net_import(inventory, within),
    }
    found = {line: {row["year"]: row for row in frame.iter_rows(named=True)} for line, frame in frames.items()}
    years = sorted(inventory.cells["year"].unique().to_list())
    rows = []
    for year in years:
        lines = {line: found[line].get(year) or _nothing(year) for line in frames}
        lines[CORE] = _added(lines["energy"], lines["process"])
        lines[CORE_WITH_INDIRECT] = _added(lines[CORE], lines["electricity_and_heat"])
        rows += [
            {"line": line, "name": LINES[line][0], "name_en": LINES[line][1], **row} for line, row in lines.items()
        ]
    schema: dict[str, Any] = {
        "line": pl.String, "name": pl.String, "name_en": pl.String, "year": pl.Int16, "co2e": pl.Float64,
        "estimated": pl.Float64, "parts": pl.Int64, "missing": pl.Int64, "status": pl.UInt8,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _nothing(year: int) -> dict[str, Any]:
    """A line that nobody has reported."""
    return {"year": year, "co2e": None, "estimated": 0.0, "parts": 0, "missing": 0, "status": int(Status.INCOMPLETE)}


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    whole = one["co2e"] is not None and other["co2e"] is not None
    return {
        "year": one["year"],
        "co2e": one["co2e"] + other["co2e"] if whole else None,
        "estimated": one["estimated"] + other["estimated"],
        "parts": one["parts"] + other["parts"],
        "missing": one["missing"] + other["missing"],
        "status": max(one["status"], other["status"], 0 if whole else int(Status.INCOMPLETE)),
    }
