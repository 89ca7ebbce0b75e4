"""Checks of factors in use: are they of one set, of the right size and unit, and as printed?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.methods.quality_findings import Extra, Finding, Outcome, plain
from dafeng.domains.inventory.methods.quality_rules import Rule
from dafeng.kernel.errors import MethodError, UnitError
from dafeng.kernel.quantities import units

CO2_PER_C = 44 / 12
_NUMERATOR = re.compile(r"^(?P<scale>\S+) (?P<gas>\S+)/(?P<activity>.+)$")


def one_set(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Parameters that belong together, taken from more than one factor set."""
    terms = inventory.emissions.terms.filter(pl.col("parameter").is_in(sorted(library.COHERENT)))
    where = inventory.emissions.resolutions.select("resolution", "category", "item")
    mixed = (
        terms.group_by("resolution")
        .agg(pl.col("set").unique().sort().alias("sets"), pl.col("factor_id").sort().str.join("、"))
        .filter(pl.col("sets").list.len() > 1)
        .join(where, on="resolution")
        .group_by("category", "item", pl.col("sets").list.join("、"), "factor_id")
        .agg(pl.len().alias("times"))
        .sort("category", "item")
    )
    failures = [
        Finding(
            f"{row['category']} {row['item']} 的参数出自 {row['sets']}：{row['factor_id']}",
            f"{row['category']} {row['item']} mixes the sets {row['sets']}: {row['factor_id']}",
            category=row["category"],
            found=float(len(row["sets"].split("、"))),
            expected="1",
        )
        for row in mixed.iter_rows(named=True)
    ]
    return Outcome(terms["resolution"].n_unique(), failures)


def parameter_bounds(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Factors in use outside the bounds that any value of their parameter must keep."""
    terms = inventory.emissions.terms.select("parameter", "factor_id", "value", "unit", "resolution").join(
        inventory.emissions.resolutions.select("resolution", "category", "item"), on="resolution"
    )
    distinct = terms.group_by("parameter", "factor_id", "value", "unit").agg(pl.col("category", "item").min())
    failures, checked = [], 0
    for bound in rule.parameters["bounds"]:
        for row in distinct.filter(pl.col("parameter") == bound["parameter"]).sort("factor_id").iter_rows(named=True):
            scale = _scale(row["unit"], bound["unit"])
            if scale is None:
                continue
            checked += 1
            value = row["value"] * scale
            if not bound["lower"] <= value <= bound["upper"]:
                failures.append(_out_of_bounds(row | {"place": "", "year": None}, value, bound, row["factor_id"]))
    return Outcome(checked, failures, ("清单没有用到这些因子", "the inventory does not use these factors"))


def implied_factor(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Emission over activity, by category, item, place and year, outside the bounds of the fuel, animal or product.

    Told once for each bound, category and item, by the case that lies furthest out.
    """
    sums = _emissions_over_activity(inventory)
    for code in rule.parameters.get("leave_out", ()):
        sums = sums.filter(~pl.col("category").str.starts_with(code))
    failures, checked = [], 0
    for bound in rule.parameters["bounds"]:
        rated = _rates(sums, bound, rule.id)
        checked += rated.height
        below, above = bound["lower"] - pl.col("rate"), pl.col("rate") - bound["upper"]
        wrong = (
            rated.with_columns(pl.max_horizontal(below, above).alias("outside"))
            .filter(pl.col("outside") > 1e-9 * bound["upper"])
            .sort("outside", "place", "year", descending=[True, False, False])
            .group_by("category", "item", maintain_order=True)
            .agg(pl.col("place", "year", "rate").first(), pl.len().alias("times"))
            .sort("category", "item")
        )
        failures += [_out_of_bounds(row, row["rate"], bound, "") for row in wrong.iter_rows(named=True)]
    return Outcome(checked, failures, ("没有可比的活动水平", "no activity data in a comparable unit"))


def _rates(sums: pl.DataFrame, bound: Mapping[str, Any], rule: str) -> pl.DataFrame:
    """category, item, place, year, rate (in the bound's unit) of everything that the bound is for."""
    told = _NUMERATOR.match(bound["unit"])
    if told is None:
        raise MethodError(f"检查规则 {rule} 的单位“{bound['unit']}”不对", expected="形如 kg CH4/head")
    mine = sums.filter(
        pl.col("category").str.starts_with(bound["category"])
        & (pl.col("gas") == bound["gas"])
        & ((pl.col("item") == bound["item"]) | pl.lit(bound["item"] == ""))
    )
    per_tonne = units.conversion(f"t {told['gas']}", f"{told['scale']} {told['gas']}")
    scales = {unit: _scale(unit, told["activity"]) for unit in mine["unit"].unique()}
    fitting = {unit: scale for unit, scale in scales.items() if scale is not None}
    return (
        mine.filter(pl.col("unit").is_in(list(fitting)))
        .with_columns((pl.col("value") * _of_unit(fitting)).alias("value"))
        .group_by("category", "item", "place", "year")
        .agg(pl.col("emission").sum() * per_tonne, pl.col("value").sum())
        .filter(pl.col("value") != 0)
        .with_columns((pl.col("emission") / pl.col("value")).alias("rate"))
    )


def _emissions_over_activity(inventory: Inventory) -> pl.DataFrame:
    """Emission in t of the gas and activity as given, by category, item, gas, place, year and unit."""
    emissions = inventory.emissions
    counted = emissions.resolutions.filter(pl.col("kind").is_in(["direct", "indirect"])).select(
        "resolution", "category", "item", "gas", "unit"
    )
    return (
        emissions.results.filter(pl.col("emission").is_not_null())
        .join(emissions.activities.select("row", "year", "value", pl.col("place").cast(pl.String)), on="row")
        .group_by("resolution", "place", "year")
        .agg(pl.col("emission").sum(), pl.col("value").sum())
        .join(counted, on="resolution")
    )


def _of_unit(scales: Mapping[str, float]) -> pl.Expr:
    return pl.col("unit").replace_strict(dict(scales) or {"": 1.0}, return_dtype=pl.Float64)


def _scale(given: str, wanted: str) -> float | None:
    try:
        return units.conversion(given, wanted)
    except UnitError:
        return None


def _out_of_bounds(row: Mapping[str, Any], value: float, bound: Mapping[str, Any], factor_id: str) -> Finding:
    expected = f"{bound['lower']:g}–{bound['upper']:g} {bound['unit']}"
    named = factor_id or " ".join(str(row[name]) for name in ("place", "year", "category", "item"))
    kind_zh, kind_en = ("因子", "factor") if factor_id else ("隐含因子", "implied factor")
    times = row.get("times", 1)
    more_zh, more_en = (f"；共 {times} 处", f"; {times} cases") if times > 1 else ("", "")
    return Finding(
        f"{named} 的{kind_zh} {plain(value)} {bound['unit']} 超出 {expected}（{bound['source']}{more_zh}）",
        f"{kind_en} of {named}: {plain(value)} {bound['unit']}, outside {expected} ({bound['source']}{more_en})",
        category=row["category"],
        place=row["place"],
        year=row["year"],
        found=value,
        expected=expected,
    )


def printed_factor(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """NCV × CC × OF × 44/12 of the fuels in use, against the factor printed for the same fuel and set."""
    emissions = inventory.emissions
    where = emissions.resolutions.select("resolution", "category", "item")
    wide = (
        emissions.terms.filter(pl.col("set").is_in(rule.parameters["sets"]))
        .join(where, on="resolution")
        .select("resolution", "category", "item", "set", "parameter", "factor_id", "value", "unit")
    )
    printed = {(row["item"], row["set"], row["unit"]): row["value"] for row in rule.parameters["printed"]}
    failures, seen = [], set()
    for (_,), terms in wide.group_by("resolution", maintain_order=True):
        told = {row["parameter"]: row for row in terms.iter_rows(named=True)}
        found = _mass_factor(told)
        if found is None:
            continue
        value, unit, used = found
        key = (used[0]["item"], used[0]["set"], unit)
        ids = tuple(row["factor_id"] for row in used)
        if key not in printed or (key, ids) in seen:
            continue
        seen.add((key, ids))
        if abs(value - printed[key]) > rule.parameters["tolerance"]:
            failures.append(
                Finding(
                    f"{key[0]}（{key[1]}）由 {'、'.join(ids)} 重算为 {value:.6f} {unit}，印刷值为 {printed[key]:.6f}",
                    f"{key[0]} ({key[1]}): {', '.join(ids)} give {value:.6f} {unit}, printed is {printed[key]:.6f}",
                    category=used[0]["category"],
                    found=value,
                    expected=f"{printed[key]:.6f}",
                )
            )
    why = ("清单没有用到有印刷值的燃料因子", "the inventory uses no fuel with a printed factor")
    return Outcome(len(seen), sorted(failures, key=lambda finding: finding.zh), why)


def _mass_factor(told: Mapping[str, Any]) -> tuple[float, str, list[Mapping[str, Any]]] | None:
    """t CO2 per t, or per 10⁴ Nm3 of a gas, from the terms of one resolution."""
    if "carbon_content" not in told or "oxidation" not in told:
        return None
    for heat, per, unit in (("ncv", "GJ/t", "t CO2/t"), ("ncv_gas", "GJ/1e4Nm3", "t CO2/1e4Nm3")):
        if heat in told:
            used = [told[heat], told["carbon_content"], told["oxidation"]]
            factors = zip(used, (per, "t C/GJ", "1"), strict=True)
            value = CO2_PER_C
            for row, wanted in factors:
                value *= row["value"] * units.conversion(row["unit"], wanted)
            return value, unit, used
    return None


KINDS: dict[str, Callable[[Any, Rule, Any], Outcome]] = {
    each.__name__: each for each in (one_set, parameter_bounds, implied_factor, printed_factor)
}
