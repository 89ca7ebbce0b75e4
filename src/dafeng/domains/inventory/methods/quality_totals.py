"""Checks of sums, years, places and signs: is everything counted, once, and on the right side of the line?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from dafeng.domains.inventory.methods.balance import check_balance
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.methods.key_categories import potentials
from dafeng.domains.inventory.methods.quality_findings import Extra, Finding, Outcome, plain
from dafeng.domains.inventory.methods.quality_rules import Rule
from dafeng.domains.inventory.methods.quality_score import city_scores, rises
from dafeng.kernel.accounting.recipes import KINDS as EMISSION_KINDS
from dafeng.kernel.quantities import places, units

_IDENTITY = ["category", "item", "technology", "variable", "year"]


def _under(codes: list[str]) -> pl.Expr:
    """Whether the category lies under one of the codes."""
    if not codes:
        return pl.lit(False)
    return pl.any_horizontal(pl.col("category").str.starts_with(code) for code in codes)


# --- sums ----------------------------------------------------------------------------------------------------------------


def sum_parts(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Totals by year against the sums of sectors, of gases, and of the single emission rows."""
    emissions = inventory.emissions
    rows = emissions.results.join(emissions.activities.select("row", "year"), on="row").join(
        emissions.resolutions.select("resolution", "gas", "kind", "origin"), on="resolution"
    )
    weights = {key: weight for key, weight in potentials(inventory).items() if weight is not None}
    failures, checked = [], 0
    for kind in EMISSION_KINDS:
        whole = _by_year(inventory.totals("year", kinds=(kind,)))
        parts = {
            "各领域": _by_year(inventory.totals("sector", "year", kinds=(kind,))),
            "各气体": _by_year(inventory.totals("gas", "year", kinds=(kind,))),
            "各行": _of_rows(rows.filter(pl.col("kind") == kind), weights),
        }
        for name, sums in parts.items():
            for year, (total, size) in whole.items():
                checked += 1
                found = sums.get(year, (0.0, 0.0))[0]
                if abs(found - total) > rule.parameters["tolerance"] * max(size, 1.0):
                    what = {"各领域": "sectors", "各气体": "gases", "各行": "rows"}[name]
                    failures.append(
                        Finding(
                            f"{year} 年 {kind}：{name}之和 {plain(found)} 与总量 {plain(total)} t CO2e 不等",
                            f"{year} {kind}: {what} sum to {plain(found)}, the total is {plain(total)} t CO2e",
                            year=year,
                            found=found,
                            expected=plain(total),
                        )
                    )
    return Outcome(checked, failures)


def _by_year(totals: pl.DataFrame) -> dict[int, tuple[float, float]]:
    """Year → sum and sum of sizes."""
    summed = totals.group_by("year").agg(pl.col("co2e").sum(), pl.col("co2e").abs().sum().alias("size"))
    return {year: (total, size) for year, total, size in summed.select("year", "co2e", "size").iter_rows()}


def _of_rows(rows: pl.DataFrame, weights: dict[tuple[str, str], float]) -> dict[int, tuple[float, float]]:
    """The same from the single rows, by another road than `Inventory.cells`."""
    found: dict[int, tuple[float, float]] = {}
    for (year,), part in rows.filter(pl.col("emission").is_not_null()).group_by("year"):
        pairs = zip(part["gas"], part["origin"], strict=True)
        weight = np.array([weights.get(pair, 0.0) for pair in pairs])
        amounts = part["emission"].to_numpy() * weight
        found[int(str(year))] = float(amounts.sum()), float(np.abs(amounts).sum())
    return found


# --- years -------------------------------------------------------------------------------------------------------------


def year_on_year(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Categories whose emission changes by more than their sector's threshold from one year to the next."""
    cells = inventory.select(kinds=("direct", "indirect"))
    summed = cells.group_by("sector", "category", "year").agg(
        pl.when(pl.col("co2e").is_not_null().any()).then(pl.col("co2e").sum()).alias("co2e")
    )
    size = summed.filter(pl.col("sector") != "4").group_by("year").agg(pl.col("co2e").abs().sum().alias("whole"))
    earlier = summed.select("category", (pl.col("year") + 1).alias("year"), pl.col("co2e").alias("before"))
    pairs = (
        summed.join(earlier, on=["category", "year"])
        .join(size, on="year", how="left")
        .filter(pl.col("co2e").is_not_null() & pl.col("before").is_not_null())
        .filter(
            pl.max_horizontal(pl.col("co2e").abs(), pl.col("before").abs())
            >= rule.parameters["minimum_share"] * pl.col("whole")
        )
        .sort("category", "year")
    )
    thresholds = rule.parameters["thresholds"]
    failures = []
    for row in pairs.iter_rows(named=True):
        allowed = thresholds[row["sector"]]
        change = row["co2e"] - row["before"]
        if abs(change) <= allowed * abs(row["before"]):
            continue
        year, percent = row["year"], 100 * change / abs(row["before"]) if row["before"] else float("inf")
        failures.append(
            Finding(
                f"{row['category']} 由 {year - 1} 年 {plain(row['before'])} 变为 {year} 年 {plain(row['co2e'])} t CO2e"
                f"（{percent:+.1f} %）：请说明原因",
                f"{row['category']} went from {plain(row['before'])} in {year - 1} to {plain(row['co2e'])} t CO2e in {year}"
                f" ({percent:+.1f} %): give the reason",
                category=row["category"],
                year=year,
                found=percent / 100,
                expected=f"±{allowed:.0%}",
            )
        )
    return Outcome(pairs.height, failures, ("没有相邻两年的数据可比", "no two years in a row to compare"))


def score_rises(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """The city's quality score from year to year."""
    compared = rises(city_scores(inventory, matrix=extra.get("completeness")))
    failures = [
        Finding(
            f"质量分由 {row['previous_year']} 年 {row['previous']:.1f} 变为 {row['year']} 年 {row['value']:.1f}，没有提高",
            f"the score went from {row['previous']:.1f} in {row['previous_year']} to {row['value']:.1f} in {row['year']}: no rise",
            year=row["year"],
            found=row["value"],
            expected=f"> {row['previous']:.1f}",
        )
        for row in compared.filter(~pl.col("passed")).iter_rows(named=True)
    ]
    return Outcome(compared.height, failures, ("只有一年的数据", "there is only one year"))


# --- comparisons with other accounts -------------------------------------------------------------------------------------


def reference_approach(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Supply of fuels against what the sectors burnt."""
    table = extra.get("reference_approach")
    if table is None:
        return Outcome(0, why_not=("没有参考方法的结果", "no result of the reference approach was given"))
    pairs: list[tuple[str, int, str, float, float]] = []
    if "sectoral" in table.columns:
        for row in table.iter_rows(named=True):
            pairs.append((row["place"], row["year"], row.get("name", ""), row["reference"], row["sectoral"]))
    else:
        burnt = inventory.select(kinds=("direct",)).filter(
            _under([rule.parameters["sector"]]) & (pl.col("gas") == rule.parameters["gas"])
        )
        for row in table.iter_rows(named=True):
            inside = [p for p in burnt["place"].unique() if row["place"] in places.ancestors(p)]
            mine = burnt.filter(pl.col("place").is_in(inside) & (pl.col("year") == row["year"]))["co2e"]
            if mine.is_not_null().any():
                pairs.append((row["place"], row["year"], "CO2", row["co2"], float(mine.sum())))
    failures = []
    for place, year, name, supply, burnt_amount in pairs:
        if burnt_amount == 0 and supply == 0:
            continue
        apart = (supply - burnt_amount) / burnt_amount if burnt_amount else float("inf")
        if abs(apart) > rule.parameters["tolerance"]:
            failures.append(
                Finding(
                    f"{place} {year} 年 {name}参考方法 {plain(supply)}，部门方法 {plain(burnt_amount)}，相差 {apart:+.1%}",
                    f"{place} {year} {name}: reference {plain(supply)}, sectoral {plain(burnt_amount)}, apart {apart:+.1%}",
                    category=rule.parameters["sector"],
                    place=place,
                    year=year,
                    found=apart,
                    expected=f"±{rule.parameters['tolerance']:.0%}",
                )
            )
    return Outcome(
        len(pairs), failures, ("参考方法与清单没有共同的年份", "no year in common with the reference approach")
    )


def energy_balance(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Whether the energy balance that the fuels come from adds up."""
    table = extra.get("balance")
    if table is None:
        return Outcome(0, why_not=("没有能源平衡表", "no energy balance was given"))
    lines = check_balance(table, step=rule.parameters["step"], blank="unknown")
    failures = [
        Finding(
            row["message"],
            f"energy balance {row['year']}, {row['check']}: {row['row']} {row['fuel']} printed {plain(row['printed'])},"
            f" computed {plain(row['computed'])} {row['unit']}",
            place=row["place"],
            year=row["year"],
            found=row["difference"],
            expected=f"±{plain(row['tolerance'])}",
        )
        for row in lines.filter(pl.col("verdict") == "fails").iter_rows(named=True)
    ]
    decided = lines.filter(pl.col("verdict") != "open").height
    return Outcome(
        decided, failures, ("能源平衡表中没有可核对的行", "the energy balance has no line that can be tested")
    )


# --- counted twice -------------------------------------------------------------------------------------------------------


def nested_places(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """The same activity at a place and at places inside it; a sum over the outer place counts both."""
    rows = _reported(inventory)
    wide, narrow = set(rule.parameters["outer"]), set(rule.parameters["inner"])
    codes = rows["place"].unique().to_list()
    pairs = [
        (inner, outer)
        for inner in codes
        if places.level(inner) in narrow
        for outer in places.ancestors(inner)[1:]
        if outer in codes and places.level(outer) in wide
    ]
    if not any(places.level(code) in narrow for code in codes):
        return Outcome(0, why_not=("没有下级地区或企业的数据", "no data of places or facilities inside"))
    nesting = pl.DataFrame(pairs, schema={"place": pl.String, "outer": pl.String}, orient="row")
    inside = (
        rows.join(nesting, on="place")
        .group_by(*_IDENTITY, "dimension", "outer")
        .agg((pl.col("value") * pl.col("scale")).sum().alias("inside"), pl.col("place").n_unique().alias("places"))
    )
    whole = rows.rename({"place": "outer", "value": "whole"})
    both = (
        inside.join(whole, on=[*_IDENTITY, "dimension", "outer"])
        .with_columns(pl.col("inside") / pl.col("scale"))
        .sort("outer", "category", "item", "year")
    )
    failures = []
    for row in both.iter_rows(named=True):
        same = abs(row["whole"] - row["inside"]) <= 0.01 * abs(row["whole"])
        zh = "，两者相等，确为重复" if same else "，请确认上级行只是余量"
        en = ": equal, so counted twice" if same else ": make sure the outer row is the remainder only"
        failures.append(
            Finding(
                f"{row['outer']} {row['year']} 年 {row['category']} {row['item']}：上级 {plain(row['whole'])}，"
                f"下级 {row['places']} 处合计 {plain(row['inside'])} {row['unit']}{zh}",
                f"{row['outer']} {row['year']} {row['category']} {row['item']}: {plain(row['whole'])} for the whole,"
                f" {plain(row['inside'])} {row['unit']} in {row['places']} places inside{en}",
                category=row["category"],
                place=row["outer"],
                year=row["year"],
                found=row["inside"],
                expected="0",
            )
        )
    return Outcome(rows.height, failures)


def same_source(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """One category, item, technology, input, place and year in several rows; told once for each category and item."""
    rows = _reported(inventory)
    key = [*_IDENTITY, "place"]
    counted = rows.group_by(key).agg(pl.len().alias("rows"), (pl.col("value").n_unique() == 1).alias("equal"))
    doubled = (
        counted.filter(pl.col("rows") > 1)
        .sort(*key)
        .group_by("category", "item", maintain_order=True)
        .agg(pl.col("place", "year", "rows", "equal").first(), pl.len().alias("times"))
    )
    failures = []
    for row in doubled.iter_rows(named=True):
        where, equal, times = f"{row['place']} {row['year']}", row["equal"], row["times"]
        failures.append(
            Finding(
                f"{row['category']} {row['item']}：{where} 年有 {row['rows']} 行{'，数值相同' if equal else ''}，计算时相加"
                f"（共 {times} 处如此）",
                f"{row['category']} {row['item']}: {row['rows']} rows{', equal,' if equal else ''} in {where}, added up"
                f" ({times} such cases)",
                category=row["category"],
                place=row["place"],
                year=row["year"],
                found=float(row["rows"]),
                expected="1",
            )
        )
    return Outcome(counted.height, failures)


def _reported(inventory: Inventory) -> pl.DataFrame:
    """Activity rows with a number other than zero; `dimension` and `scale` make their units comparable."""
    rows = inventory.emissions.activities.filter(pl.col("value").is_not_null() & (pl.col("value") != 0)).select(
        pl.col("category", "item", "technology", "variable", "unit", "place").cast(pl.String), "year", "value"
    )
    sizes = [(unit, units.parse(unit).to_base_units()) for unit in rows["unit"].unique()]
    known = [(unit, str(size.units), float(size.magnitude)) for unit, size in sizes]
    schema = {"unit": pl.String, "dimension": pl.String, "scale": pl.Float64}
    return rows.join(pl.DataFrame(known, schema=schema, orient="row"), on="unit")


def exclusive(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Categories that hold the same emissions in different cuts, both with numbers for places of which one holds the other."""
    cells = inventory.select(kinds=("direct", "indirect")).filter(pl.col("co2e").is_not_null() & (pl.col("co2e") != 0))
    summed = cells.group_by("category", "place", "year").agg(pl.col("co2e").sum())
    failures, checked = [], 0
    for pair in rule.parameters["pairs"]:
        whole = summed.filter(_under([pair["whole"]]))
        parts = summed.filter(_under(list(pair["parts"])))
        checked += whole.height + parts.height
        met = whole.join(parts, on="year", suffix="_part").sort("place", "year", "category_part")
        for row in met.iter_rows(named=True):
            a, b = row["place"], row["place_part"]
            if a not in places.ancestors(b) and b not in places.ancestors(a):
                continue
            failures.append(
                Finding(
                    f"{a} {row['year']} 年 {row['category']}（{plain(row['co2e'])} t CO2e）与 {row['category_part']}"
                    f"（{b}，{plain(row['co2e_part'])} t CO2e）同时有数值，不能相加",
                    f"{a} {row['year']}: {row['category']} ({plain(row['co2e'])} t CO2e) beside {row['category_part']}"
                    f" ({b}, {plain(row['co2e_part'])} t CO2e): they must not be added",
                    category=row["category"],
                    place=a,
                    year=row["year"],
                    found=row["co2e_part"],
                    expected=f"{pair['whole']} 或其部分，二者之一",
                )
            )
    return Outcome(checked, failures)


# --- on the right side of the line ---------------------------------------------------------------------------------------


def biogenic(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """CO2 of biomass, or of a biogenic method, that is counted as direct."""
    resolutions = inventory.emissions.resolutions.filter(
        (pl.col("gas") == "CO2")
        & (pl.col("item").is_in(rule.parameters["items"]) | pl.col("method").str.contains("biogenic"))
        & pl.col("category").str.head(1).is_in(rule.parameters["sectors"])
    )
    said = ("生物成因 CO2 计入了总量", "biogenic CO2 is counted in the total")
    return _wrong_kind(inventory, resolutions, ("biogenic",), *said)


def memo(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Memo categories whose emissions are counted as direct."""
    resolutions = inventory.emissions.resolutions.filter(_under(list(rule.parameters["categories"])))
    allowed = tuple(kind for kind in EMISSION_KINDS if kind != "direct")
    return _wrong_kind(inventory, resolutions, allowed, "信息项计入了总量", "a memo item is counted in the total")


def _wrong_kind(inventory: Inventory, resolutions: pl.DataFrame, allowed: tuple[str, ...], zh: str, en: str) -> Outcome:
    emissions = inventory.emissions
    amounts = (
        emissions.results.filter(pl.col("emission").is_not_null())
        .join(resolutions.select("resolution", "category", "item", "gas", "kind"), on="resolution")
        .join(emissions.activities.select("row", "year", pl.col("place").cast(pl.String)), on="row")
        .group_by("category", "item", "gas", "kind", "place", "year")
        .agg(pl.col("emission").sum())
    )
    wrong = amounts.filter(~pl.col("kind").is_in(allowed)).sort("category", "item", "place", "year")
    failures = [
        Finding(
            f"{row['place']} {row['year']} 年 {row['category']} {row['item']}：{zh}（{plain(row['emission'])} t {row['gas']}）",
            f"{row['place']} {row['year']} {row['category']} {row['item']}: {en} ({plain(row['emission'])} t {row['gas']})",
            category=row["category"],
            place=row["place"],
            year=row["year"],
            found=row["emission"],
            expected="kind = " + "、".join(allowed),
        )
        for row in wrong.iter_rows(named=True)
    ]
    return Outcome(inventory.cells.height, failures)


def negative(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Emissions below zero outside land use and net trade."""
    cells = inventory.select(kinds=EMISSION_KINDS).filter(~_under(list(rule.parameters["allowed"])))
    cells = cells.filter(pl.col("emission").is_not_null())
    failures = [
        Finding(
            f"{row['place']} {row['year']} 年 {row['category']} {row['item']}：{plain(row['emission'])} t {row['gas']}，不应为负",
            f"{row['place']} {row['year']} {row['category']} {row['item']}: {plain(row['emission'])} t {row['gas']} is negative",
            category=row["category"],
            place=row["place"],
            year=row["year"],
            found=row["emission"],
            expected="≥ 0",
        )
        for row in cells.filter(pl.col("emission") < 0).sort("category", "place", "year").iter_rows(named=True)
    ]
    return Outcome(cells.height, failures)


def unused(inventory: Inventory, rule: Rule, extra: Extra) -> Outcome:
    """Activity data with a value that led to no number, with the reason."""
    emissions = inventory.emissions
    valued = emissions.activities.filter(pl.col("value").is_not_null())
    lost = (
        emissions.results.filter(pl.col("emission").is_null())
        .join(valued.select("row", pl.col("category", "item", "unit").cast(pl.String)), on="row")
        .join(emissions.resolutions.select("resolution", "gas", "reason"), on="resolution")
        .with_columns(pl.col("reason").fill_null("输入数据不全，无法计算"))
        .group_by("category", "item", "unit", "gas", "reason")
        .agg(pl.len().alias("rows"))
        .sort("category", "item", "gas", "unit", "reason")
    )
    failures = [
        Finding(
            f"{row['category']} {row['item']}（{row['unit']}）{row['rows']} 行没有得到{row['gas']}排放量：{row['reason']}",
            f"{row['category']} {row['item']} ({row['unit']}): {row['rows']} rows gave no {row['gas']} emission: {row['reason']}",
            category=row["category"],
            found=float(row["rows"]),
            expected="0",
        )
        for row in lost.iter_rows(named=True)
    ]
    return Outcome(valued.height, failures)


KINDS: dict[str, Callable[[Any, Rule, Any], Outcome]] = {
    each.__name__: each
    for each in (
        sum_parts, year_on_year, score_rises, reference_approach, energy_balance, nested_places, same_source, exclusive,
        biogenic, memo, negative, unused,
    )
}  # fmt: skip
