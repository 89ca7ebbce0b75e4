"""Rules that make activity rows where none were reported. Each row says from what and how; each rule says how poor it is.

Kinds of rule in estimates.toml:
- `balance`: activity rows of the pack's own energy balances;
- `sector_energy`: a city's energy by sector (statistics) × the fuel structure of that sector in a province's balances;
- `statistic`: a statistic that is the activity itself (population, for domestic sewage);
- `split`: the city's rows among its counties by a proxy; the county rows replace the city's.
Rules run in their order. Nothing is estimated without a rule: what no rule covers stays not estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from dafeng.cities.tables import indicators
from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods import gaps
from dafeng.domains.inventory.methods.balance import (
    deepest,
    fuels,
    leaf_fuels,
    row_code,
    rows,
    tables,
)
from dafeng.domains.inventory.methods.balance_activity import activity_rows
from dafeng.domains.inventory.methods.balance_energy import coefficients_of, standard_coal, tce_per
from dafeng.kernel.errors import DafengError, PackError, Place
from dafeng.kernel.quantities import units

if TYPE_CHECKING:
    from dafeng.cities.pack import CityPack

_TEXT = (
    "category", "item", "technology", "variable", "place", "unit", "basis", "mark", "source", "evidence", "notation",
)  # fmt: skip
SCHEMA: dict[str, Any] = dict.fromkeys(_TEXT, pl.String) | {
    "year": pl.Int16, "value": pl.Float64, "uncertainty": pl.Float64,
}  # fmt: skip
INDUSTRY, MATERIAL = "final.industry", "final.industry.feedstock"


def empty() -> pl.DataFrame:
    """No rows, in the shape that rules make."""
    return pl.DataFrame(schema=SCHEMA)


def run(pack: CityPack, *, counties: bool) -> pl.DataFrame:
    """The rows of all rules, in order; `counties` says whether to split. Raises `PackError` naming the rule."""
    made = empty()
    for rule in pack.rules:
        kind = KINDS.get(rule.get("kind", ""))
        if kind is None:
            raise _fault(rule, f"没有“{rule.get('kind', '')}”这种规则", "、".join(KINDS))
        lacking = [name for name in FIELDS[rule["kind"]] if not rule.get(name)]
        if lacking:
            raise _fault(rule, f"缺少 {'、'.join(lacking)}")
        if rule["kind"] == "split" and not counties:
            continue
        try:
            made = kind(pack, rule, made)
        except DafengError as error:
            if error.where.file:
                raise
            raise PackError(
                f"规则“{rule.get('id', '')}”：{error.what}",
                expected=error.expected,
                mend=error.mend,
                where=Place(file="estimates.toml"),
            ) from error
    return made


def _fault(rule: Mapping[str, Any], what: str, expected: str = "") -> PackError:
    return PackError(f"规则“{rule.get('id', '')}”：{what}", expected=expected, where=Place(file="estimates.toml"))


# ---------------------------------------------------------------- series from statistics


def series(pack: CityPack, indicator: str, name: str = "") -> pl.DataFrame:
    """Yearly values of an indicator from statistics and reference: place, year, value, unit, source, confidence.

    `name` picks one of several compilations (column `series`). Raises `PackError` when nothing is found.
    """
    both = pl.concat([pack.statistics, pack.reference])
    found = both.filter((pl.col("indicator") == indicator) & (pl.col("series") == name) & pl.col("year").is_not_null())
    if not found.height:
        known = "" if indicator in indicators() else "（也不在指标表 indicators.csv 中）"
        raise PackError(f"统计数据中没有指标“{indicator}”{f'（{name}）' if name else ''}的年度值{known}")
    return found.select("place", "year", "value", "unit", "source", "confidence")


def _proxy(pack: CityPack, rule: Mapping[str, Any], years: Sequence[int]) -> gaps.Proxy:
    """The rule's proxy over `years`; outside its known years it is held only where the rule says so."""
    label = indicators().get(rule["proxy"], {}).get("name", rule["proxy"])
    frame = series(pack, rule["proxy"], rule.get("proxy_series", "")).drop("confidence")
    if rule.get("outside") == "held":
        frame = gaps.extrapolate(frame, years, trend="held", key=("place", "unit"))
    return gaps.Proxy(label, frame, note=rule.get("note", ""))


# ---------------------------------------------------------------- kinds


def _of_balance(pack: CityPack, rule: Mapping[str, Any], made: pl.DataFrame) -> pl.DataFrame:
    found = activity_rows(pack.balances.filter(pl.col("year").is_in(rule["years"])))
    coefficients = coefficients_of(library.factors())
    note, recast = rule.get("note", ""), []
    for row in found.iter_rows(named=True):
        item, remark = _item(rule, row["item"])
        if item != row["item"]:  # another item has another calorific value: go through heat
            scale, words = tce_per(row["item"], row["unit"], coefficients)
            value = None if row["value"] is None else row["value"] * scale
            row |= {"item": item, "basis": "estimated", "unit": "tce", "value": value}
            remark = f"{remark}；按 {words} 折热量"
        row["source"] = "；".join(text for text in (row["source"], remark, note) if text)
        recast.append(row)
    return _add(made, pl.DataFrame(recast, schema=found.schema, orient="row"))


def _of_statistic(pack: CityPack, rule: Mapping[str, Any], made: pl.DataFrame) -> pl.DataFrame:
    first, last = rule.get("years", pack.years)
    found = series(pack, rule["indicator"], rule.get("series", "")).filter(
        (pl.col("place") == rule.get("place", pack.code)) & pl.col("year").is_between(first, last)
    )
    if rule.get("between") == "interpolated":
        found = gaps.interpolate(found, key=("place", "unit"))
    if rule.get("outside") == "held":
        found = gaps.extrapolate(found, range(first, last + 1), trend="held", key=("place", "unit"))
    made_up = [name for name in ("basis", "mark") if name not in found.columns]
    found = found.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in made_up)
    note = rule.get("note", "")
    return _add(
        made,
        found.select(
            *(pl.lit(rule.get(name, "")).alias(name) for name in ("category", "item", "technology", "variable")),
            "place",
            "year",
            "value",
            "unit",
            pl.col("basis").fill_null(rule.get("basis", "statistic")),
            pl.col("mark").fill_null(""),
            pl.concat_str(pl.col("source").fill_null(""), pl.lit(f"；{note}" if note else "")).alias("source"),
        ),
    )


def _of_sector_energy(pack: CityPack, rule: Mapping[str, Any], made: pl.DataFrame) -> pl.DataFrame:
    """Sector total × share of each fuel in the province's sector, for every year that the city has a total of."""
    first, last = rule.get("years", pack.years)
    structure = Structure.of(rule)
    found: list[dict[str, Any]] = []
    for indicator, printed in rule["sectors"].items():
        totals = series(pack, indicator, rule.get("series", "")).filter(
            (pl.col("place") == pack.code) & pl.col("year").is_between(first, last)
        )
        shares = structure.shares([row_code(text) for text in printed], range(first, last + 1))
        for total in totals.iter_rows(named=True):
            now = shares.filter((pl.col("year") == total["year"]) & (pl.col("value") > 0))
            for row, fuel, share in now.select("part", "fuel", "value").iter_rows():
                part = (row, fuel, share, structure.words(total["year"]))
                found.append(_sector_row(pack, rule, total, indicator, part))
    return _add(made, pl.DataFrame(found, schema_overrides={"year": pl.Int16}, infer_schema_length=None))


def _target(row: str, fuel: str) -> tuple[str, str]:
    """(category, variable) of an energy; heat and electricity are no fuel and go to the indirect categories."""
    if fuel in ("electricity", "heat"):
        return ("ID3", "electricity") if fuel == "electricity" else ("ID4", "heat")
    return rows()[row].category, ""


def _sector_row(
    pack: CityPack,
    rule: Mapping[str, Any],
    total: Mapping[str, Any],
    indicator: str,
    part: tuple[str, str, float, str],
) -> dict[str, Any]:
    row, fuel, share, words = part
    label = indicators()[indicator]["name"]
    item, remark = _item(rule, fuel)
    category, variable = _target(row, fuel)
    unit, value = total["unit"], total["value"] * share
    sector, name = rows()[row].name, fuels()[fuel].name
    made_of = f"{total['year']} 年{label} {total['value']:g} {unit}"
    made_of += f" × {rule['structure_name']}“{sector}”中{name}占 {100 * share:.4g}%"
    notes = "；".join(text for text in (words, remark, rule.get("note", ""), f"原始数据：{total['source']}") if text)
    return {
        "category": category,
        "item": item,
        "technology": "",
        "variable": variable,
        "place": pack.code,
        "year": total["year"],
        "value": value,
        "unit": unit,
        "basis": "estimated",
        "mark": "downscaled",
        "source": f"分摊：{made_of}；{notes}",
    }


def _item(rule: Mapping[str, Any], fuel: str) -> tuple[str, str]:
    """The item that stands for a fuel, and the rule's words for it: 原煤 has no factors where a guideline asks for kinds."""
    entry = rule.get("items", {}).get(fuel)
    return (entry["item"], entry["note"]) if entry else (fuel, "")


@dataclass(frozen=True)
class Structure:
    """Final energy of a province by sector and fuel in its balance years, t of standard coal: year → (row, fuel) → tce.

    用作原料、材料 is a row of its own beside 工业, which is what was burnt and used otherwise.
    """

    cells: dict[int, dict[tuple[str, str], float]]

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> Structure:
        from dafeng.cities.pack import load_pack

        own = {fuel: (entry["value"], entry["unit"]) for fuel, entry in rule.get("coefficients", {}).items()}
        coefficients = {**coefficients_of(library.factors()), **own}
        energy = standard_coal(load_pack(rule["balances"]).balances, coefficients).filter(pl.col("tce").is_not_null())
        plain = energy.with_columns(pl.col("tce").alias("value"), pl.lit("tce").alias("unit"))
        return cls({year: cls._final(table) for _, year, table, _ in tables(plain.drop("tce", "coefficient"))})

    @staticmethod
    def _final(table: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
        found = {(row, fuel): table[row, fuel] for fuel in leaf_fuels() for row, _ in deepest(table, "final", fuel)}
        for fuel in leaf_fuels():
            material = table.get((MATERIAL, fuel), 0.0)
            if material and (INDUSTRY, fuel) in found:
                found[INDUSTRY, fuel] = max(found[INDUSTRY, fuel] - material, 0.0)
                found[MATERIAL, fuel] = material
        return found

    def shares(self, members: Sequence[str], years: range) -> pl.DataFrame:
        """part (row), fuel, year, value: shares that sum to 1 in each year; between balance years on a line, outside held."""
        wanted = {*members, MATERIAL} if INDUSTRY in members else set(members)
        chosen = {
            year: {cell: v for cell, v in table.items() if cell[0] in wanted} for year, table in self.cells.items()
        }
        parts = sorted({cell for table in chosen.values() for cell in table})
        known = [
            {"part": row, "fuel": fuel, "year": year, "value": table.get((row, fuel), 0.0) / sum(table.values())}
            for year, table in chosen.items()
            for row, fuel in parts
        ]
        key = ("part", "fuel")
        return gaps.extrapolate(gaps.interpolate(pl.DataFrame(known), key=key), years, trend="held", key=key)

    def words(self, year: int) -> str:
        """How the shares of a year were found; empty for the year of a balance."""
        first, last = min(self.cells), max(self.cells)
        if year in self.cells:
            return ""
        if first < year < last:
            near = max(y for y in self.cells if y < year), min(y for y in self.cells if y > year)
            return f"结构由 {near[0]} 与 {near[1]} 年直线内插"
        return f"结构沿用 {first if year < first else last} 年"


def _of_split(pack: CityPack, rule: Mapping[str, Any], made: pl.DataFrame) -> pl.DataFrame:
    years = sorted(made["year"].unique().to_list())
    proxy = _proxy(pack, rule, years)
    children = list(pack.counties)
    return gaps.downscale(made, proxy, parent=pack.code, children=children, categories=rule["categories"])


def _add(made: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Rows of another rule below those already made. Units are checked where they are made, not at the compile."""
    for unit in found["unit"].unique() if found.height else ():
        units.parse(unit)
    return (
        pl.concat([made, found.cast({name: SCHEMA[name] for name in found.columns})], how="diagonal")
        if found.height
        else made
    )


KINDS: dict[str, Callable[[Any, Mapping[str, Any], pl.DataFrame], pl.DataFrame]] = {
    "balance": _of_balance,
    "sector_energy": _of_sector_energy,
    "statistic": _of_statistic,
    "split": _of_split,
}
# What each kind cannot do without.
FIELDS = {
    "balance": ("years",),
    "sector_energy": ("balances", "structure_name", "sectors", "note"),
    "statistic": ("indicator", "category", "item", "note"),
    "split": ("proxy", "categories", "note"),
}
