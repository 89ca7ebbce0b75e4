"""Which rows count when a source is known twice: what an office reports replaces what was estimated for the same thing.

An estimate stands for a whole category of a place and year, often by other items than the report (one kind of coal for
all). So it gives way as a whole, wherever the report covers its place: a city's figure replaces its counties' estimates, a
county's figure only its own.

What was taken from enterprises' reports (batch source `TAKEN`) is a part of what any statistic of that category counts already: beside
a number of record it never counts, whichever of the two came first.
"""

from __future__ import annotations

import polars as pl

from dafeng.kernel.quantities import places

# Categories that hold what was not divided among their neighbours.
UNDIVIDED = {"1A2x": "1A2", "1A3e": "1A3"}
ESTIMATES = ("estimated", "assumed")
SOURCE = ("category", "item", "technology", "variable", "place", "year")
TAKEN = "reported"
# Statistics tell coal by rank or as one; a number for one of these speaks for the others.
COALS = frozenset({"raw_coal", "anthracite", "bituminous", "coking_coal", "lignite", "power_coal"})
ELSEWHERE = ("IE", "C")
_CARBONATES = frozenset(
    {
        "limestone", "dolomite", "magnesite", "siderite", "rhodochrosite", "ankerite", "soda_ash", "baking_soda", "barium_carbonate",
        "lithium_carbonate", "potassium_carbonate", "strontium_carbonate",
    }
)  # fmt: skip
_REDUCERS = frozenset({"semi_coke", "coke", "anthracite", "bituminous", "petcoke", "electrode", "electrode_paste"})
_STEEL_CARBON = frozenset({"pig_iron", "dri", "scrap", "crude_steel", "coal_tar", "crude_benzol"})
# Two measures of one emission (output, or what went in): an item of the one side and an item of the other never count together.
MEASURES = (
    ("1B1a", frozenset({"coal", "measured_mine"}), frozenset({"coal_mine_enterprise"})),
    ("2A1", frozenset({"cement"}), frozenset({"clinker"})),
    ("2A3", frozenset({"glass"}), _CARBONATES),
    ("2A4", frozenset({"mixed_carbonate", "ceramics"}), _CARBONATES),
    ("2C1", frozenset({"steelmaking"}), _STEEL_CARBON),
    ("2C1", frozenset({"integrated_works"}), _STEEL_CARBON | {"limestone", "dolomite", "electrode"}),
    ("2C2", frozenset({"ferrosilicon", "ferromanganese", "silicomanganese", "silicon_metal", "ferrochromium"}), _REDUCERS),
    ("2C4", frozenset({"primary_magnesium"}), frozenset({"dolomite"})),
    ("ID4", frozenset({"heat"}), frozenset({"steam", "hot_water"})),
)  # fmt: skip


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


def one_activity(category: str, item: str, other: str) -> bool:
    """Whether two items of a category can stand for the same activity: the same, both coal that is burnt, or two measures of one emission."""
    if item == other or (category.startswith("1A") and item in COALS and other in COALS):
        return True
    return two_measures(category, item, other)


def two_measures(category: str, item: str, other: str) -> bool:
    """Whether one item measures by another end what the other measures, as glass made and the carbonates of its batch."""
    return any(
        category == code and ((item in one and other in two) or (item in two and other in one))
        for code, one, two in MEASURES
    )


def one_place(place: str, other: str) -> bool:
    """Whether one place lies in the other."""
    return place in places.ancestors(other) or other in places.ancestors(place)


def without_doubled(taken: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """The rows taken from reports for which no number of record (or "included elsewhere") speaks: never twice."""
    told = records.filter(pl.col("value").is_not_null() | pl.col("notation").is_in(ELSEWHERE).fill_null(False))
    names = ("year", "category", "item", "place")
    known = told.join(taken.select("year").unique(), on="year", how="semi").select(*names).unique().rows()
    held = [
        (year, category, item, place)
        for year, category, item, place in taken.select(*names).unique().rows()
        if any(
            y == year and covers(category, c) and one_activity(category, item, i) and one_place(place, p)
            for y, c, i, p in known
        )
    ]
    gone = pl.DataFrame(
        held,
        schema={"year": taken.schema["year"], "category": pl.String, "item": pl.String, "place": pl.String},
        orient="row",
    )
    return taken.join(gone, on=list(names), how="anti")


def in_force(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that count: an upload before the pack, a later upload before an earlier one, a report before an estimate.

    Needs the columns of `SOURCE`, value, basis, notation, and `batch_id` and `batch_source` (`upload`, `pack` or `TAKEN`). One batch
    may hold several rows of a source (commerce and other services): they belong together.
    """
    source = pl.col("batch_source")
    newest = pl.col("batch_id") == pl.col("batch_id").max().over(SOURCE)
    sent, packed = rows.filter(source == "upload").filter(newest), rows.filter(~source.is_in(["upload", TAKEN]))
    records = pl.concat([sent, packed.filter(~pl.col("basis").is_in(ESTIMATES))])
    uploaded = pl.concat([sent, without_doubled(rows.filter(source == TAKEN).filter(newest), records)])
    return pl.concat([uploaded, without_replaced(packed.join(uploaded, on=SOURCE, how="anti"), uploaded)])
