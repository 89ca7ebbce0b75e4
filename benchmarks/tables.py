"""Reading a compiled inventory: the sums behind the pages, over 6 gases × 30 years × 200 areas × 5 sectors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from benchmarks import city
from benchmarks.figures import Figure, quickest

GASES = ("CO2", "CH4", "N2O", "HFCs", "PFCs", "SF6")
SECTORS = ("1A1", "2A1", "3A1", "4A", "5A")


def cells() -> pl.DataFrame:
    """180 000 cells in the columns of `Inventory.cells`, words as Enums of themselves as in an activity frame."""
    keys = list(product(GASES, city.YEARS, city.PLACES, SECTORS))
    frame = pl.DataFrame(keys, schema=["gas", "year", "place", "category"], orient="row")
    random = np.random.default_rng(1)
    frame = frame.with_columns(
        pl.col("year").cast(pl.Int16),
        pl.col("category").str.head(1).alias("sector"),
        pl.lit("x").alias("item"), pl.lit("direct").alias("kind"), pl.lit("").alias("origin"), pl.lit("").alias("mark"),
        pl.Series("basis", ["reported", "estimated"]).gather(random.integers(0, 2, frame.height)).alias("basis"),
        pl.Series("emission", random.gamma(2, 100, frame.height)),
        pl.Series("co2e", random.gamma(2, 100, frame.height)),
        pl.lit(1, dtype=pl.UInt32).alias("parts"), pl.lit(0, dtype=pl.UInt32).alias("missing"),
        pl.lit(0, dtype=pl.UInt8).alias("status"), pl.lit(None, dtype=pl.String).alias("notation"),
    )  # fmt: skip
    words = ("gas", "place", "category", "sector", "item", "kind", "origin", "mark", "basis")
    return frame.with_columns(frame[name].cast(pl.Enum(frame[name].unique().sort())) for name in words)


def measure(*, quick: bool = False) -> Iterator[Figure]:
    frame, by = cells(), ("sector", "year", "gas")
    repetitions = 21 if quick else 101
    plain = quickest(lambda: frame.group_by(*by).agg(pl.col("co2e").sum()).sort(*by), repetitions)
    yield Figure(f"sum of {frame.height} cells to sector × year × gas", plain, "s", 0.005, note="least of many")
    name = "the same by Inventory.totals: six sums, shares, status"
    try:
        totals = _totals_of_an_inventory(frame)
    except ImportError as error:
        yield Figure(name, None, "s", skipped=f"the inventory does not import: {error}")
        return
    whole = quickest(lambda: totals(*by), repetitions)
    yield Figure(name, whole, "s", note=f"{whole / plain:.1f} × the plain sum")


def _totals_of_an_inventory(frame: pl.DataFrame) -> Any:
    """`Inventory.totals`, which the pages use, on an inventory whose cells are these."""
    from dafeng.domains.inventory.methods.inventory import Inventory

    inventory = Inventory(None, None, "AR5", (), {})  # type: ignore[arg-type]
    inventory.__dict__["cells"] = frame
    return inventory.totals
