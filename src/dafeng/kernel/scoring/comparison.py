"""Two results line by line, also under two versions of a rubric: what changed because of the values, what of the rules.

The later values are scored by the earlier rubric as well. From the earlier result to that one only values (and peers)
changed; from there to the later result only the rubric. The two parts add up to the difference, line by line and whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dafeng.kernel.scoring.engine import score
from dafeng.kernel.scoring.explanation import explain, written
from dafeng.kernel.scoring.results import Scores

_KEY = ("subject", "kind", "code")
_SHOWN = ("value", "unit", "state", "mark", "weight", "effective", "points")


@dataclass(frozen=True)
class Comparison:
    """`subjects`: scores, grades, ranks before and after. `lines`: every item, bonus, deduction and veto.

    Both carry `difference` = `by_values` + `by_rubric`; in `subjects` these are null where one side has no score.
    """

    subjects: pl.DataFrame
    lines: pl.DataFrame
    same_rubric: bool


def compare(before: Scores, after: Scores) -> Comparison:
    """The earlier and the later result. A subject of only one of them stands there with nulls on the other side."""
    same = before.rubric.digest == after.rubric.digest
    between = after if same else score(before.rubric, after.values, subjects=after.subjects)
    lines = _lines(before).join(_lines(between).select(*_KEY, pl.col("points").alias("points_between")), on=_KEY, how="full", coalesce=True)  # fmt: skip
    lines = lines.join(_lines(after), on=_KEY, how="full", coalesce=True, suffix="_after")
    zero = {name: pl.col(name).fill_null(0.0) for name in ("points", "points_between", "points_after")}
    lines = lines.with_columns(
        pl.coalesce("title_after", "title").alias("title"),
        pl.coalesce("title_en_after", "title_en").alias("title_en"),
        (zero["points_after"] - zero["points"]).alias("difference"),
        (zero["points_between"] - zero["points"]).alias("by_values"),
        (zero["points_after"] - zero["points_between"]).alias("by_rubric"),
    )
    # Reasons need the differences, which stand in the columns of the step above.
    lines = lines.with_columns(_reason("zh").alias("reason"), _reason("en").alias("reason_en"))
    pairs = [expression for name in _SHOWN for expression in (pl.col(name).alias(f"{name}_before"), pl.col(f"{name}_after"))]  # fmt: skip
    order = _order(before, after)
    lines = (
        lines.select(*_KEY, "title", "title_en", *pairs, "difference", "by_values", "by_rubric", "reason", "reason_en")
        .join(order, on="subject", how="left")
        .join(_line_order(before, after), on=("kind", "code"), how="left")
        .sort("_subject", "_line")
        .drop("_subject", "_line")
    )
    return Comparison(_subjects(before, between, after, order), lines, same)


def _lines(scores: Scores) -> pl.DataFrame:
    return explain(scores, scores.rows(None), languages=()).select(*_KEY, "title", "title_en", *_SHOWN)


def _subjects(before: Scores, between: Scores, after: Scores, order: pl.DataFrame) -> pl.DataFrame:
    shown = ("name", "score", "grade", "grade_title", "rank", "coverage", "status")
    frame = before.frame.select("subject", *shown).join(
        after.frame.select("subject", *shown), on="subject", how="full", coalesce=True, suffix="_after"
    )
    middle = between.frame.select("subject", pl.col("score").alias("score_between"))
    frame = frame.join(middle, on="subject", how="left").with_columns(
        pl.coalesce("name_after", "name").alias("name"),
        (pl.col("score_after") - pl.col("score")).alias("difference"),
        (pl.col("score_between") - pl.col("score")).alias("by_values"),
        (pl.col("score_after") - pl.col("score_between")).alias("by_rubric"),
    )
    frame = frame.rename({name: f"{name}_before" for name in shown[1:]}).drop("name_after", "score_between")
    return frame.join(order, on="subject", how="left").sort("_subject").drop("_subject")


def _order(before: Scores, after: Scores) -> pl.DataFrame:
    """Subjects in the order of the later result, those that left at the end."""
    names = list(dict.fromkeys([*after.subjects["subject"], *before.subjects["subject"]]))
    return pl.DataFrame({"subject": names, "_subject": range(len(names))}, schema={"subject": pl.String, "_subject": pl.Int64})  # fmt: skip


def _line_order(before: Scores, after: Scores) -> pl.DataFrame:
    keys: dict[tuple[str, str], None] = {}
    for rubric in (after.rubric, before.rubric):
        for kind, entries in (("item", rubric.items), ("bonus", rubric.bonuses), ("deduction", rubric.deductions), ("veto", rubric.vetoes)):  # fmt: skip
            keys |= {(kind, each.code): None for each in entries}
    rows = [{"kind": kind, "code": code, "_line": number} for number, (kind, code) in enumerate(keys)]
    return pl.DataFrame(rows, schema={"kind": pl.String, "code": pl.String, "_line": pl.Int64})


def _reason(language: str) -> pl.Expr:
    """One sentence a line: what became of it."""
    words = {
        "zh": ("{} → {}，得分 {} → {}", "（数值 {}，规则 {}）", "新触发的否决", "已解除的否决", "新增：得 {} 分", "不再计分：原得 {} 分", "得分未变"),
        "en": ("{} → {}, points {} → {}", " (values {}, rules {})", "a veto that is new", "a veto that is lifted", "new: {} points",
               "no longer counted: was {} points", "points unchanged"),
    }[language]  # fmt: skip
    change, parts, struck, lifted, added, dropped, same = words
    new, gone = pl.col("points").is_null(), pl.col("points_after").is_null()
    veto = pl.col("kind") == "veto"
    changed = pl.concat_str(
        pl.format(change, written("value"), written("value_after"), written("points", 2), written("points_after", 2)),
        pl.format(parts, written("by_values", 2), written("by_rubric", 2)),
    )
    return (
        pl.when(new & veto).then(pl.lit(struck)).when(gone & veto).then(pl.lit(lifted))
        .when(new).then(pl.format(added, written("points_after", 2)))
        .when(gone).then(pl.format(dropped, written("points", 2)))
        .when(pl.col("difference").abs() < 1e-9).then(pl.lit(same))
        .otherwise(changed)
    )  # fmt: skip
