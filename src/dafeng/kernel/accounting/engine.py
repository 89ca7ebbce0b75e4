"""Compile: activity rows × resolutions → emission rows that know where they come from.

The idea: rows are many, distinct kinds of rows are few. Each row gets a small integer key for all that a factor could
depend on; methods and factors are resolved once per key; then emission is one gather and one product per row. Lineage
is two integers: the activity row and the resolution.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from dafeng.kernel.accounting.activity import KEY, NOTATIONS, activity_frame
from dafeng.kernel.accounting.formula import RESULTS, compute_by_formula
from dafeng.kernel.accounting.recipes import Recipe, SeriesMethod
from dafeng.kernel.accounting.resolution import resolve
from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.quantities import places

_DENSE_LIMIT = 1 << 24
_RESULT_SCHEMA = pl.Schema(RESULTS)


@dataclass(frozen=True)
class Emissions:
    """What a compile found, in the fewest columns that keep the whole chain.

    `results`: row, resolution, emission (t of the resolution's gas; null where a notation key stands), status, notation.
    `links`: result rows' further activity rows, for methods with several activity inputs (row, input, other_row).
    `issues`: what was not estimated and why, with the number of rows. `activities` and `factors` are the inputs as used.
    """

    activities: pl.DataFrame
    results: pl.DataFrame
    resolutions: pl.DataFrame
    terms: pl.DataFrame
    factors: pl.DataFrame
    links: pl.DataFrame
    recipes: Sequence[Recipe] = field(repr=False)
    series: Mapping[str, SeriesMethod] = field(repr=False, default_factory=dict)

    @property
    def issues(self) -> pl.DataFrame:
        """reason, category, item, gas, rows: one line for each kind of activity that could not be estimated."""
        lacking = self.resolutions.filter(pl.col("reason").is_not_null())
        return (
            # A cell that came with a notation key and no value was left out on purpose.
            self.results.filter(pl.col("notation") == str(Notation.NE))
            .select("row", "resolution")
            .join(lacking.select("resolution", "gas", "method", "reason"), on="resolution")
            .join(
                self.activities.filter(pl.col("value").is_not_null()).select("row", "category", "item", "unit"),
                on="row",
            )
            .group_by("category", "item", "unit", "gas", "method", "reason")
            .agg(pl.len().alias("rows"), pl.col("row").min().alias("first_row"))
            .with_columns(pl.col("category", "item", "unit").cast(pl.String))
            .sort("category", "item", "gas", "unit")
        )

    def rows(self) -> pl.DataFrame:
        """Results with the columns of their activity and resolution; for reading, not for millions."""
        return (
            self.results.join(self.activities.drop("notation", "uncertainty"), on="row", maintain_order="left")
            .join(
                self.resolutions.select(
                    "resolution", "gas", "kind", "origin", "method", "reference", "tier", "reason", "factor_ids"
                ),
                on="resolution",
                maintain_order="left",
            )
            .with_columns(pl.col(*KEY).cast(pl.String))
        )

    def totals(self, *by: str) -> pl.DataFrame:
        """Sum of emissions by any of category, item, technology, place, year, gas, kind, origin, method.

        Columns: the asked ones, emission (t; null when no part has a number), parts, missing (parts not estimated),
        status (the worst part's; a part not estimated makes it INCOMPLETE) and notation (when there is no number).
        """
        own = [name for name in by if name in (*KEY, "year", "basis", "mark")]
        activity = self.activities.select("row", *own)
        aligned = self.results.select("row", "resolution", "emission", "status", "notation")
        if own:
            rows = aligned["row"].to_numpy()
            aligned = aligned.with_columns(*(activity[name].gather(rows).alias(name) for name in own))
        fine = aligned.group_by("resolution", *own).agg(
            pl.col("emission").sum(),
            pl.col("emission").is_not_null().any().alias("known"),
            pl.len().alias("parts"),
            (pl.col("notation") == "NE").fill_null(False).sum().alias("missing"),
            pl.col("status").max(),
            _worst_notation(),
        )
        others = [name for name in by if name not in own]
        named = fine.join(self.resolutions.select("resolution", *others), on="resolution") if others else fine
        if own:
            named = named.with_columns(pl.col(name).cast(pl.String) for name in own if name != "year")
        summed = (
            named.group_by(*(by or [pl.lit("all").alias("all")]))
            .agg(
                pl.when(pl.col("known").any()).then(pl.col("emission").sum()).alias("emission"),
                pl.col("parts").sum(),
                pl.col("missing").sum(),
                pl.col("status").max(),
                _worst_notation(),
            )
            .with_columns(
                pl.when(pl.col("emission").is_null()).then(pl.col("notation")).alias("notation"),
            )
        )
        return summed.sort(*by) if by else summed.drop("all")


def compile_emissions(
    activities: pl.DataFrame | list[dict[str, Any]],
    factors: pl.DataFrame,
    recipes: Sequence[Recipe],
    *,
    sets: Sequence[str] | None = None,
    tiers: Mapping[str, str] | None = None,
    coherent: Iterable[str] = (),
    series: Mapping[str, SeriesMethod] | None = None,
) -> Emissions:
    """Emissions of all activity rows.

    `activities`: see `activity_frame`. `factors`: see `factor_frame`. `sets`, `tiers`, `coherent`: see `resolve`.
    Emissions are in t of the gas that the recipe names. Rows without a fitting method or factor stay in the result with
    notation key NE; rows that came with a notation key keep it.
    """
    frame = activity_frame(activities)
    key, keys = _keys(frame, factors)
    resolution = resolve(keys, factors, recipes, sets=sets, tiers=tiers, coherent=coherent, series=series)
    plain = resolution.resolutions.filter(~pl.col("by_formula"))
    results = _by_coefficient(frame, key, plain, keys.height)
    formula, links = compute_by_formula(frame, key, resolution, series or {})
    if formula.height:
        results = pl.concat([results, formula.cast(_RESULT_SCHEMA)])
    return Emissions(
        activities=frame,
        results=results,
        resolutions=resolution.resolutions.join(
            keys.select("key", "category", "item", "technology", "variable", "unit"),
            on="key",
            how="left",
            maintain_order="left",
        ),
        terms=resolution.terms,
        factors=factors,
        links=links,
        recipes=recipes,
        series=series or {},
    )


def _keys(frame: pl.DataFrame, factors: pl.DataFrame) -> tuple[np.ndarray, pl.DataFrame]:
    """A dense key per row, and one representative row per key.

    Places that the factor table cannot tell apart, and years between which no factor begins, share a key: a million rows
    of two hundred counties ask the same few questions.
    """
    columns: list[tuple[np.ndarray, int]] = []
    for name in KEY:
        dtype = frame.schema[name]
        assert isinstance(dtype, pl.Enum)
        size = len(dtype.categories)
        codes = frame[name].to_physical().to_numpy()
        if name == "place":
            classes = _place_classes(dtype.categories, factors)
            codes, size = classes[codes], int(classes.max(initial=0)) + 1
        columns.append((codes, size))
    begins = factors["year"].drop_nulls().unique().sort().to_numpy()
    years = frame["year"].to_numpy()
    if years.size:
        low = int(years.min())
        span = np.arange(low, int(years.max()) + 1)
        columns.append((np.searchsorted(begins, span, side="right")[years - low], begins.size + 1))
    columns = [(codes, size) for codes, size in columns if size > 1]
    total = math.prod(size for _, size in columns)
    folded: np.ndarray = np.zeros(frame.height, dtype=np.int32 if total < 1 << 31 else np.int64)
    for codes, size in columns:
        folded *= size
        folded += codes.astype(folded.dtype, copy=False)
    key = _densify(folded, total)
    one = np.zeros(int(key.max(initial=-1)) + 1, dtype=np.int64)
    one[key] = np.arange(frame.height)
    keys = frame.select(*KEY, "year")[one].with_columns(pl.col(*KEY).cast(pl.String))
    return key, keys.with_row_index("key")


def _place_classes(codes: pl.Series, factors: pl.DataFrame) -> np.ndarray:
    known = set(factors["place"].unique())
    classes: dict[tuple[str, ...], int] = {}
    chains = (tuple(a for a in places.ancestors(code) if a in known) for code in codes)
    return np.array([classes.setdefault(chain, len(classes)) for chain in chains], dtype=np.int64)


def _densify(folded: np.ndarray, total: int) -> np.ndarray:
    """Map arbitrary keys to 0…n-1, in the order of the keys."""
    if total <= _DENSE_LIMIT:
        lookup = np.zeros(total, dtype=np.int32)
        lookup[folded] = 1
        return np.take(np.cumsum(lookup, dtype=np.int32) - 1, folded)
    return np.unique(folded, return_inverse=True)[1]


def _by_coefficient(frame: pl.DataFrame, key: np.ndarray, plain: pl.DataFrame, key_count: int) -> pl.DataFrame:
    """Emission = value × coefficient, one layer for each further resolution that a key has (another gas)."""
    ranked = plain.with_columns(pl.int_range(pl.len()).over("key").alias("layer"))
    values = frame["value"].to_numpy()
    rows = frame["row"].to_numpy()
    given = frame["notation"]
    noted = given.null_count() < frame.height
    layers = [pl.DataFrame(schema=_RESULT_SCHEMA)]
    for layer in ranked["layer"].unique().sort():
        part = ranked.filter(pl.col("layer") == layer)
        at = part["key"].to_numpy()
        held = np.zeros(key_count, dtype=bool)
        held[at] = True
        every = bool(held.all())
        take: Any = slice(None) if every else np.flatnonzero(held[key])
        my_key = key[take]

        def spread(column: np.ndarray, at: np.ndarray = at, my_key: np.ndarray = my_key) -> np.ndarray:
            by_key = np.zeros(key_count, dtype=column.dtype)
            by_key[at] = column
            return np.take(by_key, my_key)

        coefficient = part["coefficient"].fill_null(float("nan")).to_numpy()
        emission = values[take] * spread(coefficient)
        resolution_id = spread(part["resolution"].cast(pl.UInt32).to_numpy())
        status = spread(part["status"].to_numpy())
        columns: dict[str, Any] = {
            "row": rows[take],
            "resolution": resolution_id,
            "emission": pl.Series(emission).fill_nan(None),
            "status": status,
        }
        if not noted and not part["coefficient"].null_count():
            table = pl.DataFrame(columns).with_columns(pl.lit(None, dtype=NOTATIONS).alias("notation"))
        else:
            columns["notation"] = given if every else given.gather(take)
            key_word = pl.coalesce(
                "notation", pl.when(pl.col("emission").is_null()).then(pl.lit("NE", dtype=NOTATIONS))
            )
            table = pl.DataFrame(columns).with_columns(_status_beside(key_word), key_word.alias("notation"))
        layers.append(table.cast(_RESULT_SCHEMA))
    return pl.concat(layers)


def _worst_notation() -> pl.Expr:
    """NE if any part is not estimated, else the first in the order of the keys: a sum never hides a part that is missing."""
    keys = pl.col("notation")
    return pl.when((keys == "NE").any()).then(pl.lit("NE", dtype=NOTATIONS)).otherwise(keys.min()).alias("notation")


def _status_beside(notation: pl.Expr) -> pl.Expr:
    """A cell with NO, NA, IE or C is complete; one with NE is not. A key beside a number never betters its status."""
    numbered = pl.col("emission").is_not_null()
    of_factors = pl.when(numbered).then("status").otherwise(pl.lit(int(Status.OK), dtype=pl.UInt8))
    of_key = pl.when(notation == "NE").then(pl.lit(int(Status.INCOMPLETE), dtype=pl.UInt8)).otherwise(of_factors)
    return pl.max_horizontal(of_factors, of_key).alias("status")
