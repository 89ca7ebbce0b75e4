"""Activity data as columns: what happened, where, when, how much, and how we know.

One row is one reported quantity. `basis` says how it came to be, `mark` which gap tool made it, `notation` why there is
no number. The row order is the identity of a row inside one compile: lineage points at `row`.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from dafeng.kernel.accounting.status import Notation
from dafeng.kernel.errors import ActivityError
from dafeng.kernel.quantities import places

BASES = ("statistic", "reported", "metered", "estimated", "assumed")

# name → (type, default). Text columns become Enums of their own values, so that keys are small integers.
_TEXT = {
    "category": None,
    "item": None,
    "technology": "",
    "variable": "",
    "unit": None,
    "place": None,
}
_NOTES = {"activity_id": None, "basis": "reported", "mark": "", "source": "", "evidence": "", "notation": None}
_NUMBERS: dict[str, Any] = {"uncertainty": None}
NOTATIONS = pl.Enum([str(key) for key in Notation])
_WORDS = {"basis": (pl.Enum(BASES), "数据依据"), "notation": (NOTATIONS, "标记符号")}
KEY = tuple(_TEXT)
COLUMNS = (
    "row",
    "activity_id",
    *KEY,
    "year",
    "value",
    "basis",
    "mark",
    "source",
    "evidence",
    "notation",
    "uncertainty",
)


def activity_frame(data: pl.DataFrame | list[dict[str, Any]]) -> pl.DataFrame:
    """Bring rows into the shape that a compile reads; idempotent.

    Needs `category, item, place, year, value, unit`; the rest has defaults. `uncertainty` is the half-width of the
    95 % interval as a fraction. Raises `ActivityError` for a missing column, an unknown basis, place or notation key,
    a value that is not finite, or a row with neither value nor notation key.
    """
    frame = data if isinstance(data, pl.DataFrame) else pl.DataFrame(data, infer_schema_length=None)
    missing = [name for name in ("category", "item", "place", "year", "value", "unit") if name not in frame.columns]
    if missing:
        raise ActivityError(
            f"活动水平数据缺少列 {'、'.join(missing)}", expected="category、item、place、year、value、unit"
        )
    defaults = {**_TEXT, **_NOTES}
    frame = frame.with_columns(
        *(
            pl.lit(default, dtype=pl.String).alias(name)
            for name, default in defaults.items()
            if name not in frame.columns
        ),
        *(
            pl.lit(default, dtype=pl.Float64).alias(name)
            for name, default in _NUMBERS.items()
            if name not in frame.columns
        ),
    )
    text = [name for name in _TEXT if not isinstance(frame.schema[name], pl.Enum)]
    frame = frame.with_columns(
        *(_as_enum(frame[name].cast(pl.String).fill_null(_TEXT[name] or "")) for name in text),
        pl.col("year").cast(pl.Int16),
        pl.col("value", *_NUMBERS).cast(pl.Float64),
        pl.col(*(name for name in _NOTES if name not in _WORDS)).cast(pl.String),
        *(_as_word(frame[name], words, what) for name, (words, what) in _WORDS.items()),
    )
    # A frame that was filtered after numbering would point its lineage at other rows.
    frame = frame.drop("row", strict=False).with_row_index("row")
    _check(frame)
    return frame.select(COLUMNS)


def _as_enum(series: pl.Series) -> pl.Series:
    return series.cast(pl.Enum(series.unique().sort()))


def _as_word(series: pl.Series, words: pl.Enum, what: str) -> pl.Series:
    """A column of a few fixed words as an Enum of them: small, and checked once."""
    if series.dtype == words:
        return series
    text = series.cast(pl.String)
    stray = set(text.unique().drop_nulls()) - set(words.categories)
    if stray:
        raise ActivityError(f"不认识的{what} {'、'.join(sorted(stray))}", expected="、".join(words.categories))
    return text.cast(words)


def _check(frame: pl.DataFrame) -> None:
    place = frame.schema["place"]
    assert isinstance(place, pl.Enum)
    for code in place.categories:
        places.level(code)
    spread = frame["uncertainty"]
    if spread.is_infinite().any() or spread.is_nan().any() or (spread < 0).any():
        raise ActivityError("活动水平数据的不确定性不是有限的非负数", expected="95 % 区间的半宽，如 0.05 表示 ±5 %")
    values = frame["value"]
    if values.is_infinite().any() or values.is_nan().any():
        raise ActivityError("活动水平数据中有不是有限数的值", expected="有限的数")
    if values.null_count() and frame.filter(pl.col("value").is_null() & pl.col("notation").is_null()).height:
        raise ActivityError("有的行既没有数值也没有标记符号", expected="数值，或 NO、NE、NA、IE、C 之一")
