"""Reading a compiled inventory: the sums behind the pages, over 6 gases × 30 years × 200 areas × 5 sectors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from benchmarks import city
from benchmarks.figures import Figure, medians

GASES = ("CO2", "CH4", "N2O", "HFCs", "PFCs", "SF6")
SECTORS = ("1A1", "2A1", "3A1", "4A", "5A")


def cells() -> pl.DataFrame:
    """180 000 cells in the columns of `Inventory.cells`."""
    keys = list(product(GASES, city.YEARS, city.PLACES, SECTORS))
    frame = pl.DataFrame(keys, schema=["gas", "year", "place", "category"], orient="row")
    random = np.random.default_rng(1)
    return frame.with_columns(
        pl.col("year").cast(pl.Int16),
        pl.col("category").str.head(1).alias("sector"),
        pl.lit("x").alias("item"), pl.lit("direct").alias("kind"), pl.lit("").alias("origin"), pl.lit("").alias("mark"),
        pl.Series("basis", ["reported", "estimated"]).gather(random.integers(0, 2, frame.height)).alias("basis"),
        pl.Series("emission", random.gamma(2, 100, frame.height)),
        pl.Series("co2e", random.gamma(2, 100, frame.height)),
        pl.lit(1, dtype=pl.UInt32).alias("parts"), pl.lit(0, dtype=pl.UInt32).alias("missing"),
        pl.lit(0, dtype=pl.UInt8).alias("status"), pl.lit(None, dtype=pl.String).alias("notation"),
    )  # fmt: skip


def measure(*, quick: bool = False) -> Iterator[Figure]:
    frame = cells()
    name = f"sum of {frame.height} cells to sector × year × gas"
    try:
        sums = _of_the_inventory(frame)
    except ImportError as error:
        yield Figure(name, None, "s", 0.005, skipped=f"the inventory does not import: {error}")
        return
    repetitions = 15 if quick else 51
    whole, fine, bare = medians(
        lambda: sums("year"),
        lambda: sums("sector", "year", "gas"),
        lambda: frame.group_by("sector", "year", "gas").agg(pl.col("co2e").sum()),
        repetitions=repetitions,
    )
    note = f"Inventory.totals; a bare group sum takes {bare * 1000:.1f} ms"
    yield Figure(f"sum of {frame.height} cells to years", whole, "s", 0.005, note=note)
    yield Figure(name, fine, "s", 0.005, note=note)


def _of_the_inventory(frame: pl.DataFrame) -> Any:
    """`Inventory.totals`, the sum that the pages use, on an inventory whose cells are these."""
    from dafeng.domains.inventory.methods.inventory import Inventory

    inventory = Inventory(None, None, "AR5", (), {})  # type: ignore[arg-type]
    inventory.__dict__["cells"] = frame
    return inventory.totals
