"""What events are worth: a frame of mixed behaviours in, grams of CO2e out, by the version that was in force on the day.

Columnar: the frame is split by version once, and each version is one Polars expression. `explain` computes one event
again with plain numbers, a second reading of the same formula; a test holds the two together.
Grams are whole and rounded down (`content.whole`).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards import inforce
from dafeng.domains.inclusion.standards.content import Content, Field
from dafeng.domains.inclusion.standards.explanation import Explanation, of_event

if TYPE_CHECKING:
    from dafeng.domains.inclusion.models import Event, MethodologyVersion

# A row with one of these was not a behaviour that counts: whoever sent it reads the reason.
REFUSES = frozenset({"methodology_not_in_force", "field_missing", "field_out_of_range", "measured_by_survey"})
# A row with one of these is a good row that is worth no grams; `rates.points` may still give it fixed points.
NO_GRAMS = frozenset({"factor_missing", "activity_only", "nothing_saved"})


def fields(methodology_code: str, *, day: date | None = None) -> list[Field]:
    """The monitoring fields of the version in force on `day`; of the newest that holds or held where no day is given."""
    line = inforce.timelines([methodology_code]).get(methodology_code, inforce.Timeline(()))
    version = line.on(day) if day else next(iter(line.versions), None)
    return list(contents.read(version.content).fields) if version else []


def compute(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with `grams`, `version`, `reason`: see the module and docs/dev/inclusion.md.

    Columns in: `methodology` (code), `day` (Date), and monitoring fields (Float64 or String; a column that no row needs
    may be missing). Same rows, same order.
    """
    if frame.is_empty():
        kinds = {"grams": pl.Int64, "version": pl.Int64, "reason": pl.String}
        return frame.with_columns(pl.lit(None, kind).alias(name) for name, kind in kinds.items())
    timelines = inforce.timelines(frame["methodology"].unique().to_list())
    days = frame.select("methodology", "day").unique()
    versions: dict[int, MethodologyVersion] = {}
    held: list[int | None] = []
    for code, day in days.rows():
        version = timelines[code].on(day) if code in timelines and day is not None else None
        held.append(version.pk if version else None)
        if version:
            versions[version.pk] = version
    chosen = frame.select("methodology", "day").join(
        days.with_columns(pl.Series("version", held, dtype=pl.Int64)),
        on=["methodology", "day"], how="left", nulls_equal=True, maintain_order="left",
    )["version"]  # fmt: skip
    numbered = frame.with_columns(chosen).with_row_index("_row")
    none = pl.lit(0, pl.Int64).alias("grams"), pl.lit("methodology_not_in_force").alias("reason")
    parts = [numbered.filter(pl.col("version").is_null()).select("_row", *none)]
    for pk, version in versions.items():
        found = contents.read(version.content)
        asked = [each.name for each in found.fields if each.name in frame.columns]
        part = numbered.lazy().filter(pl.col("version") == pk).select("_row", *asked)
        parts.append(_worth(part, found, {name: frame.schema[name] for name in asked}).collect())
    made = pl.concat(parts).sort("_row")
    return frame.with_columns(made["grams"], chosen, made["reason"])


def _worth(part: pl.LazyFrame, found: Content, kinds: dict[str, Any]) -> pl.LazyFrame:
    """Rows of one version: `_row`, `grams`, `reason`. `kinds` are the types of the columns that are there."""
    missing, wrong, values = [], [], {}
    for each in found.fields:
        absent, outside, values[each.name] = _field(each, kinds.get(each.name))
        missing += [absent] if each.required else []
        wrong.append(outside)
    reason = (
        pl.when(pl.lit(bool(found.survey))).then(pl.lit("measured_by_survey"))
        .when(_any(missing)).then(pl.lit("field_missing"))
        .when(_any(wrong)).then(pl.lit("field_out_of_range"))
        .when(pl.lit(found.method is None)).then(pl.lit("activity_only"))
        .when(pl.col("_raw").is_null()).then(pl.lit("factor_missing"))
        .when(pl.col("_raw") <= 0).then(pl.lit("nothing_saved"))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    worth = pl.when(pl.col("reason") == "").then((pl.col("_raw") * (1 - found.discount) + contents.NOISE).floor())
    return (
        part.with_columns(_raw(found, values).alias("_raw"))
        .with_columns(reason.alias("reason"))
        .select("_row", worth.otherwise(0).cast(pl.Int64).alias("grams"), "reason")
    )


def _any(conditions: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(conditions) if conditions else pl.lit(False)


def _field(each: Field, kind: Any) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Whether it is missing, whether it is outside its range or list, and its value."""
    given = pl.col(each.name) if kind is not None else pl.lit(None, pl.String)
    text = given.cast(pl.String, strict=False).str.strip_chars()
    blank = (text == "").fill_null(True) if kind in (None, pl.String) else given.is_null()
    if each.kind == "choice":
        return blank, ~blank & ~text.is_in(list(each.options)).fill_null(False), text
    number = (text if kind in (None, pl.String) else given).cast(pl.Float64, strict=False)
    inside = (number.is_finite() & number.is_between(each.least, each.most)).fill_null(False)
    return blank, ~blank & ~inside, number


def _raw(found: Content, values: dict[str, pl.Expr]) -> pl.Expr:
    """The formula in grams before the discount; null where a factor is a gap."""
    if found.method is None or found.survey:
        return pl.lit(None, pl.Float64)
    columns = {}
    for name in found.method.inputs:
        if name in found.activity:
            value = values[name]
        elif chooser := found.chooser(name):
            picked = {each.item: each.value for each in found.factors_of(name)}
            value = values[chooser.name].replace_strict(
                list(picked), list(picked.values()), default=None, return_dtype=pl.Float64
            )
        else:
            value = pl.lit(found.factors_of(name)[0].value, pl.Float64)
        columns[name] = value * found.scale(name)  # one number for all rows: the units were proved when it was kept
    return found.method.columns(columns)


def explain(event: Event) -> Explanation:
    """One event again, step by step, with every factor's value, source and standing, and the rate of its day."""
    return of_event(event)
