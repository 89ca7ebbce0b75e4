"""The compile: beside a bare join of the same rows, from a hundred thousand rows to ten million."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import polars as pl

from benchmarks import city
from benchmarks.figures import Figure, apart, medians, quickest, seconds
from dafeng.kernel.accounting import compile_emissions

OPTIONS: dict[str, Any] = {"sets": ["national", "older"], "coherent": city.COHERENT}
MILLION = 1_000_000


def measure(*, quick: bool = False) -> Iterator[Figure]:
    factors = city.factors()
    rows = city.activities(MILLION)
    yield from _beside_a_bare_join(rows, factors, 3 if quick else 9)
    yield from _memory()
    yield from _per_row(factors, quick=quick)


def bare_table(factors: pl.DataFrame) -> pl.DataFrame:
    """The factors as somebody would lay them out who knows beforehand which to use: one row for each fuel."""
    best = factors.filter(pl.col("factor_id").str.starts_with("national"))
    wide = best.with_columns(pl.col("parameter").replace({"ncv_gas": "ncv"})).pivot(
        "parameter", index="item", values="value"
    )
    return wide.with_columns(pl.col("item").cast(pl.Enum(city.FUELS)), pl.col("carbon_content") / 1000)


def bare_join(rows: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """What the compile is measured against: join three factors to each row and multiply. No choice, lineage, status."""
    product = pl.col("value") * pl.col("ncv") * pl.col("carbon_content") * pl.col("oxidation") * (44 / 12)
    return rows.join(table, on="item", how="left").select("row", product.alias("emission"))


def _beside_a_bare_join(rows: pl.DataFrame, factors: pl.DataFrame, repetitions: int) -> Iterator[Figure]:
    table = bare_table(factors)
    found = compile_emissions(rows, factors, city.CO2_RECIPES, **OPTIONS)
    _check(found, bare_join(rows, table))
    one, both, bare = medians(
        lambda: compile_emissions(rows, factors, city.CO2_RECIPES, **OPTIONS),
        lambda: compile_emissions(rows, factors, city.BOTH_RECIPES, **OPTIONS),
        lambda: bare_join(rows, table),
        repetitions=repetitions,
    )
    note = f"bare join and multiply of the same rows: {bare * 1000:.0f} ms"
    yield Figure("1 M rows → emissions, lineage, status, notation", one, "s", 4.0, one / bare, note)
    yield Figure("the same for two gases, per gas", both / 2, "s", 4.0, both / 2 / bare, note)


def _check(found: Any, bare: pl.DataFrame) -> None:
    """The two roads meet on the rows for which the bare one has the right factors; keys and standings are all there."""
    told = found.results.join(found.resolutions.select("resolution", "factor_ids"), on="resolution")
    national = told.filter(pl.col("factor_ids").list.first().str.starts_with("national")).join(bare, on="row")
    off = national.filter((pl.col("emission") - pl.col("emission_right")).abs() > 1e-9 * pl.col("emission").abs())
    assert national.height > 0.3 * bare.height
    assert off.is_empty()
    assert set(found.results["status"].unique()) == {0, 1, 2}
    assert found.results["notation"].n_unique() == 6


def _memory() -> Iterator[Figure]:
    found = apart("accounting", "one_compile", MILLION)
    yield Figure("1 M rows: peak memory of the whole process", found["peak_gib"], "GiB", 2.0)


def _per_row(factors: pl.DataFrame, *, quick: bool) -> Iterator[Figure]:
    sizes = [100_000, MILLION] if quick else [100_000, MILLION, 10 * MILLION]
    taken: dict[int, float] = {}
    for size in sizes:
        rows = city.activities(size)
        repetitions = {100_000: 25, MILLION: 9}.get(size, 3)
        taken[size] = quickest(
            lambda rows=rows: compile_emissions(rows, factors, city.CO2_RECIPES, **OPTIONS), repetitions
        )
    yield Figure("100 000 rows", taken[100_000], "s", 0.1)
    cost = {size: seconds_taken / size * 1e9 for size, seconds_taken in taken.items()}
    shown = ", ".join(f"{size:.0e}: {nanoseconds:.0f}" for size, nanoseconds in cost.items())
    largest = sizes[-1]
    ratio = cost[largest] / min(cost[size] for size in sizes)
    yield Figure(
        f"cost of a row at {largest:.0e} rows",
        cost[largest],
        "ns",
        2.0,
        ratio,
        f"to the cheapest size; ns a row: {shown}",
    )


def one_compile(size: int) -> dict[str, float]:
    """In a process of its own: make the rows, compile once."""
    rows, factors = city.activities(size), city.factors()
    begun = time.perf_counter()
    found = compile_emissions(rows, factors, city.CO2_RECIPES, **OPTIONS)
    assert found.results.height == size
    return {"seconds": time.perf_counter() - begun, "totals": seconds(lambda: found.totals("category", "gas", "year"))}
