"""A clean city of works, and faults planted into it one kind at a time: what the checks find, and what they find where nothing is.

    python -m tests.domains.enterprise.reporting.methods.planted    prints the table of docs/dev/enterprise-sectors.md

The works burn coal of their own quality (carbon and heat rise together, ash lowers both), keep a stock ledger that closes, and make a
product with a specific consumption of their own. Readings carry the noise of instruments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from dafeng.domains.enterprise.reporting.methods import SECTORS, checks
from dafeng.domains.enterprise.reporting.methods.parameters import load

FACILITIES, MONTHS, COAL = 60, 24, "bituminous"
Cells = list[tuple[str, str]]


def clean(seed: int) -> pl.DataFrame:
    """facility month item stream value way evidence on."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    for number in range(FACILITIES):
        facility = f"w{number:03d}"
        rows += _works(facility, rng)
    schema = ["facility", "month", "item", "stream", "value", "way", "evidence", "on"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _works(facility: str, rng: np.random.Generator) -> list[tuple[Any, ...]]:
    size, heat = rng.lognormal(8.5, 0.6), rng.normal(6.0, 0.35)
    ncv0, ash0, moisture0 = rng.normal(22, 1.0), rng.normal(20, 2), rng.normal(8, 1)
    power, stock, rows = rng.normal(0.05, 0.004), size * 0.3, []
    output0 = size * 22 / heat
    for month in range(MONTHS):
        name = f"{2024 + month // 12}-{month % 12 + 1:02d}"
        output = output0 * rng.normal(1, 0.06) * (0.85 if month % 12 == 1 else 1.0)
        ash, moisture = ash0 + rng.normal(0, 0.8), moisture0 + rng.normal(0, 0.5)
        ncv = ncv0 - 0.25 * (ash - ash0) - 0.22 * (moisture - moisture0) + rng.normal(0, 0.08)
        carbon = 0.0262 * ncv + rng.normal(0, 0.0015)
        use = output * heat * rng.normal(1, 0.012) / ncv
        bought = use * rng.normal(1, 0.1)
        closing = stock + bought - use * rng.normal(1, 0.004)
        if closing < 0.15 * size:
            bought, closing = bought + 0.3 * size, closing + 0.3 * size
        lab = _digest(facility, name, "lab")
        day = date(2024 + month // 12, month % 12 + 1, 1) + timedelta(days=int(rng.integers(9, 25)))
        while checks.check_authenticity.holiday(day):
            day += timedelta(days=1)
        told = {
            "fuel_use": (use, 2, "ledger"), "fuel_bought": (bought, 2, "bill"), "opening_stock": (stock, 2, "stock"),
            "closing_stock": (closing, 2, "stock"), "ncv": (ncv, 3, lab), "elemental_carbon": (carbon, 4, lab), "ash": (ash, 2, lab),
            "moisture": (moisture, 2, lab), "product_output": (output, 1, "made"),
            "electricity_bought": (output * power * rng.normal(1, 0.04), 2, "grid"),
        }  # fmt: skip
        for item, (value, digits, paper) in told.items():
            stream = "" if item in {"product_output", "electricity_bought"} else COAL
            digest = paper if len(paper) == 64 else _digest(facility, name, paper)
            on = day.isoformat() if paper == lab else None
            rows.append((facility, name, item, stream, round(float(value), digits), "measured", digest, on))
        stock = closing
    return rows


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


# ---------------------------------------------------------------- faults


def _at(frame: pl.DataFrame, cells: Cells, item: str, change: Callable[[pl.Expr], pl.Expr]) -> pl.DataFrame:
    """Change one item in these cells."""
    table = pl.DataFrame(cells, schema=["facility", "month"], orient="row").with_columns(pl.lit(True).alias("hit"))
    joined = frame.join(table, on=["facility", "month"], how="left", maintain_order="left")
    hit = pl.col("hit").fill_null(False) & (pl.col("item") == item)
    return joined.with_columns(
        pl.when(hit).then(change(pl.col("value"))).otherwise(pl.col("value")).alias("value")
    ).drop("hit")


def _drop(frame: pl.DataFrame, cells: Cells, items: set[str]) -> pl.DataFrame:
    table = pl.DataFrame(cells, schema=["facility", "month"], orient="row").with_columns(pl.lit(True).alias("hit"))
    joined = frame.join(table, on=["facility", "month"], how="left", maintain_order="left")
    return joined.filter(~(pl.col("hit").fill_null(False) & pl.col("item").is_in(list(items)))).drop("hit")


def _copied(frame: pl.DataFrame, cells: Cells, items: set[str], columns: list[str]) -> pl.DataFrame:
    """These items of a cell become those of the month before."""
    previous = frame.sort("month").with_columns(
        pl.col(name).shift(1).over("facility", "item", "stream").alias(f"old.{name}") for name in columns
    )
    table = pl.DataFrame(cells, schema=["facility", "month"], orient="row").with_columns(pl.lit(True).alias("hit"))
    joined = previous.join(table, on=["facility", "month"], how="left", maintain_order="left")
    hit = pl.col("hit").fill_null(False) & pl.col("item").is_in(list(items))
    return joined.with_columns(
        pl.when(hit).then(pl.col(f"old.{name}")).otherwise(pl.col(name)).alias(name) for name in columns
    ).select(frame.columns)


LAB = {"ncv", "elemental_carbon", "ash", "moisture"}


def _rounded(frame: pl.DataFrame, cells: Cells) -> pl.DataFrame:
    firms = [facility for facility, _ in cells]
    made_up = (pl.col("value") / 5).round(0) * 5
    mine = pl.col("facility").is_in(firms) & pl.col("item").is_in(
        ["fuel_use", "fuel_bought", "electricity_bought", "product_output"]
    )
    return frame.with_columns(pl.when(mine).then(made_up).otherwise(pl.col("value")).alias("value"))


def _whole_firm(item: str, factor: float) -> Callable[[pl.DataFrame, Cells], pl.DataFrame]:
    def plant(frame: pl.DataFrame, cells: Cells) -> pl.DataFrame:
        mine = pl.col("facility").is_in([facility for facility, _ in cells]) & (pl.col("item") == item)
        return frame.with_columns(
            pl.when(mine).then(pl.col("value") * factor).otherwise(pl.col("value")).alias("value")
        )

    return plant


def _times(item: str, factor: float) -> Callable[[pl.DataFrame, Cells], pl.DataFrame]:
    return lambda frame, cells: _at(frame, cells, item, lambda value: value * factor)


# rule: how the fault is planted, and whether it belongs to a month or to the whole firm
FAULTS: dict[str, tuple[str, str, Callable[[pl.DataFrame, Cells], pl.DataFrame]]] = {
    "range": ("month", "carbon told in percent", _times("elemental_carbon", 100)),
    "magnitude": ("month", "kilograms as tonnes", _times("fuel_use", 1000)),
    "fuel-property": ("month", "another fuel's heat", _times("ncv", 0.55)),
    "month-to-month": ("month", "consumption × 2.6", _times("fuel_use", 2.6)),
    "property-step": ("month", "heat − 20 %", _times("ncv", 0.8)),
    "year-to-year": ("month", "consumption × 2.2", _times("fuel_use", 2.2)),
    "fuel-stock": ("month", "use − 8 %, stock left", _times("fuel_use", 0.92)),
    "stock-carried": ("month", "opening stock + 5 %", _times("opening_stock", 1.05)),
    "ncv-carbon": ("month", "carbon − 10 %", _times("elemental_carbon", 0.9)),
    "ncv-ash": ("month", "heat − 10 %, ash left", _times("ncv", 0.9)),
    "carbon-supplied": ("firm", "purchases − 20 %", _whole_firm("fuel_bought", 0.8)),
    "own-consumption": ("month", "output + 40 %", _times("product_output", 1.4)),
    "own-electricity": ("month", "electricity × 2", _times("electricity_bought", 2.0)),
    "peer-consumption": ("firm", "fuel − 40 %", _whole_firm("fuel_use", 0.6)),
    "peer-electricity": ("firm", "electricity × 3", _whole_firm("electricity_bought", 3.0)),
    "back-to-default": ("month", "no test", lambda frame, cells: _drop(frame, cells, LAB)),
    "duplicate-evidence": ("month", "last month's file", lambda frame, cells: _copied(frame, cells, LAB, ["evidence"])),
    "identical-report": ("month", "last month's results", lambda frame, cells: _copied(frame, cells, LAB, ["value"])),
    "holiday-report": (
        "month", "tested on 1 October",
        lambda frame, cells: frame.with_columns(
            pl.when(pl.col("facility").is_in([f for f, _ in cells]) & (pl.col("month") == "2025-10") & pl.col("on").is_not_null())
            .then(pl.lit("2025-10-01")).otherwise(pl.col("on")).alias("on")
        ),
    ),
    "last-digit": ("firm", "quantities in fives", _rounded),
}  # fmt: skip


def rules() -> tuple[checks.Rule, ...]:
    return checks.rules_of(SECTORS["machinery"], parameters=load(date(2025, 12, 31)))


def cells(seed: int, count: int = 20) -> Cells:
    """Facilities and months, one each, after a year of history and not the last."""
    rng = np.random.default_rng(seed)
    firms = rng.choice(FACILITIES, count, replace=False)
    return [(f"w{firm:03d}", f"2025-{int(rng.integers(2, 12)):02d}") for firm in firms]


def detected(rule: str, *, seed: int) -> float:
    """The share of the planted faults that the rule of that name finds in its month, or at its firm."""
    scale, _, plant = FAULTS[rule]
    # Peers are the measure of a firm: where a third of them were altered there would be none.
    where = cells(seed + 1, 6 if scale == "firm" else 20)
    if rule == "holiday-report":
        where = [(facility, "2025-10") for facility, _ in where]
    found = checks.run(plant(clean(seed), where), [each for each in rules() if each.code == rule])
    seen = {(row["facility"], row["month"]) for row in found.to_dicts()}
    if scale == "firm":
        firms = {facility for facility, _ in seen}
        return sum(facility in firms for facility, _ in where) / len(where)
    return sum(cell in seen for cell in where) / len(where)


def alarms(seed: int) -> dict[str, float]:
    """Rule → findings per 1,000 facility months of clean data."""
    found = checks.run(clean(seed), rules())
    counted = dict(found.group_by("rule").len().iter_rows())
    return {rule.code: counted.get(rule.code, 0) / (FACILITIES * MONTHS) * 1000 for rule in rules()}


# ---------------------------------------------------------------- long daily series


def days(seed: int, *, invented: bool, rests: bool = True) -> pl.DataFrame:
    """Daily deliveries (over orders of magnitude) and daily output of twenty works of 2025."""
    rng, rows = np.random.default_rng(seed), []
    for number in range(20):
        for offset in range(365):
            day = date(2025, 1, 1) + timedelta(days=offset)
            load_ = rng.uniform(1, 999) if invented else rng.lognormal(3, 1.8)
            off = rests and checks.check_authenticity.holiday(day) is not None
            made = 100 * rng.normal(1, 0.05) * (0.15 if off else 1.0)
            rows.append((f"d{number:02d}", day.isoformat(), "fuel_bought", COAL, round(float(load_), 2)))
            rows.append((f"d{number:02d}", day.isoformat(), "product_output", "", round(float(made), 2)))
    return pl.DataFrame(rows, schema=["facility", "month", "item", "stream", "value"], orient="row")


def firms_found(frame: pl.DataFrame, rule: str) -> float:
    """The share of the twenty works at which a rule finds something."""
    found = checks.run(frame, [each for each in rules() if each.code == rule])
    return found["facility"].n_unique() / 20


def main() -> None:
    seeds = (11, 22, 33)
    false = [alarms(seed) for seed in seeds]
    print("| rule | planted | found | false per 1,000 facility months |\n|---|---|---|---|")
    for rule, (_, what, _) in FAULTS.items():
        rate = sum(detected(rule, seed=seed) for seed in seeds) / len(seeds)
        print(f"| `{rule}` | {what} | {rate:.0%} | {sum(each[rule] for each in false) / len(seeds):.2f} |")
    for rule, bad, good in (
        ("benford", days(1, invented=True), days(2, invented=False)),
        ("holiday-production", days(3, invented=False, rests=False), days(4, invented=False)),
    ):
        print(
            f"| `{rule}` | daily series of 20 works | {firms_found(bad, rule):.0%} | {firms_found(good, rule):.0%} of works |"
        )
    rest = {code: sum(each[code] for each in false) / len(seeds) for code in false[0] if code not in FAULTS}
    print("others:", rest)


if __name__ == "__main__":
    main()
