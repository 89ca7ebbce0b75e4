"""Which rows count when a source is known twice: what an office reports replaces what was estimated for the same thing.

An estimate stands for a whole category of a place and year, often by other items than the report (one kind of coal for
all). So it gives way as a whole, wherever the report covers its place: a city's figure replaces its counties' estimates, a
county's figure only its own.
"""

from __future__ import annotations

import polars as pl

from dafeng.kernel.quantities import places

# Categories that hold what was not divided among their neighbours.
UNDIVIDED = {"1A2x": "1A2", "1A3e": "1A3"}
ESTIMATES = ("estimated", "assumed")
SOURCE = ("category", "item", "technology", "variable", "place", "year")


def covers(reported: str, estimated: str) -> bool:
    """Whether a report in one category speaks for an estimate in another: the same, above, below, or its divided parts."""
    if reported.startswith(estimated) or estimated.startswith(reported):
        return True
    family = UNDIVIDED.get(estimated)
    return family is not None and reported.startswith(family) and reported != "1A2k"


def without_replaced(estimates: pl.DataFrame, reports: pl.DataFrame) -> pl.DataFrame:
    """The rows of `estimates` for which no report of the same year covers category and place.

    Both frames have category, place, year, value and basis. Rows that are not estimates, and reports without a number, have
    no part in it.
    """
    told = set(reports.filter(pl.col("value").is_not_null()).select("year", "category", "place").unique().rows())
    if not told:
        return estimates
    guessed = estimates.filter(pl.col("basis").is_in(ESTIMATES)).select("year", "category", "place").unique().rows()
    replaced = [
        (year, category, place)
        for year, category, place in guessed
        if any(y == year and covers(c, category) and p in places.ancestors(place) for y, c, p in told)
    ]
    gone = pl.DataFrame(
        replaced, schema={"year": estimates.schema["year"], "category": pl.String, "place": pl.String}, orient="row"
    ).with_columns(pl.lit(True).alias("replaced"))
    marked = estimates.join(gone, on=["year", "category", "place"], how="left", maintain_order="left")
    keep = ~pl.col("basis").is_in(ESTIMATES) | pl.col("replaced").is_null()
    return marked.filter(keep).drop("replaced")


def in_force(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that count: an upload before the pack, a later upload before an earlier one, a report before an estimate.

    Needs the columns of `SOURCE`, value, basis, and `batch_id` and `batch_source` (`upload` or `pack`). One batch may hold
    several rows of a source (commerce and other services): they belong together.
    """
    upload = pl.col("batch_source") == "upload"
    newest = pl.col("batch_id") == pl.col("batch_id").max().over(SOURCE)
    uploaded = rows.filter(upload).filter(newest)
    packed = without_replaced(rows.filter(~upload).join(uploaded, on=SOURCE, how="anti"), uploaded)
    return pl.concat([uploaded, packed])
