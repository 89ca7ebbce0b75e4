"""What would raise a score most: each line is set to its lead, alone, and the whole is settled again.

So the gain is exact: it knows of weights that are shared out, of caps, of conditions that fall away. Vetoes come first,
because while a cap binds nothing else counts: `gain` is with the vetoes as they are, `gain_lifted` once all are lifted.
Peers are taken as they stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from dafeng.kernel.scoring.engine import Integers, Settled, Sheet, settle
from dafeng.kernel.scoring.explanation import effect_in_words, written
from dafeng.kernel.scoring.expression import Column
from dafeng.kernel.scoring.results import Scores
from dafeng.kernel.scoring.rubric import BONUS, DEDUCTION, Adjustment, Item, Rubric
from dafeng.kernel.scoring.values import Marks

ADVICE = {
    "subject": pl.String, "kind": pl.String, "code": pl.String, "title": pl.String, "title_en": pl.String, "unit": pl.String,
    "value": pl.Float64, "lead": pl.Float64, "gain": pl.Float64, "gain_lifted": pl.Float64, "grade_after": pl.String,
    "grade_after_title": pl.String, "reason": pl.String, "reason_en": pl.String,
}  # fmt: skip


def advice(scores: Scores, subjects: Iterable[str] | None = None, *, limit: int | None = None) -> pl.DataFrame:
    """Per subject: vetoes that hold, then lines by what they would bring; only what brings something. Columns: `ADVICE`.

    `limit`: at most so many rows a subject. `grade_after` is the grade with this change alone (once vetoes are lifted).
    """
    rubric, rows = scores.rubric, scores.rows(subjects)
    sheet = scores.sheet.take(rows)
    bound = frozenset(veto.code for veto in rubric.vetoes)
    now, free = settle(rubric, sheet), settle(rubric, sheet, without=bound)
    parts = [_veto_rows(rubric, sheet, now, veto.code) for veto in rubric.vetoes]
    for at, item in enumerate(rubric.items):
        raised = _raised(sheet, at, item.code)
        change = _Change(
            "item",
            item,
            item.unit,
            sheet.board.values[item.code],
            sheet.lead[:, at],
            *_aim(item),
            ~sheet.present[:, at],
        )
        steps = settle(rubric, raised), settle(rubric, raised, without=bound)
        parts.append(_rows(rubric, sheet, (now, free), steps, change).filter(pl.Series(sheet.concerned[:, at])))
    nothing = np.full(rows.size, np.nan)
    for bonus in rubric.bonuses:
        full = frozenset({bonus.code})
        change = _Change(BONUS, bonus, "", nothing, np.full(rows.size, bonus.cap))
        steps = settle(rubric, sheet, full=full), settle(rubric, sheet, full=full, without=bound)
        parts.append(_rows(rubric, sheet, (now, free), steps, change))
    for deduction in rubric.deductions:
        off = frozenset({deduction.code})
        change = _Change(DEDUCTION, deduction, "", nothing, np.zeros(rows.size))
        steps = settle(rubric, sheet, without=off), settle(rubric, sheet, without=off | bound)
        parts.append(_rows(rubric, sheet, (now, free), steps, change))
    found = pl.concat(
        [part.select(pl.col(name).cast(kind) for name, kind in {"_row": pl.Int64, **ADVICE}.items()) for part in parts]
    )
    found = found.sort(
        "_row",
        pl.col("kind") != "veto",
        "gain_lifted",
        "gain",
        descending=[False, False, True, True],
        maintain_order=True,
    )
    if limit is not None:
        found = found.filter(pl.int_range(pl.len()).over("_row") < limit)
    return found.drop("_row")


@dataclass(frozen=True)
class _Change:
    """One thing that could be better, for all subjects. `aim`: the lead in words, where it is no number."""

    kind: str
    line: Item | Adjustment
    unit: str
    value: Column
    lead: Column
    aim: str = ""
    aim_en: str = ""
    missing: Marks | None = None


def _aim(item: Item) -> tuple[str, str]:
    """Steps of which the best is below the first have no number for it."""
    if item.steps and item.below is not None and item.below >= max(step.mark for step in item.steps):
        return f"低于 {item.steps[0].at:g}", f"below {item.steps[0].at:g}"
    return "", ""


def _raised(sheet: Sheet, at: int, code: str) -> Sheet:
    """The sheet with one line at its lead for everyone whom it concerns."""
    concerned = sheet.concerned[:, at]

    def with_column(table: Any, value: Any) -> Any:
        changed = table.copy()
        changed[:, at] = np.where(concerned, value, changed[:, at])
        return changed

    lead, old = sheet.lead[:, at], sheet.board.values[code]
    values = {**sheet.board.values, code: np.where(concerned & ~np.isnan(lead), lead, old)}
    return replace(
        sheet, board=replace(sheet.board, values=values), mark=with_column(sheet.mark, 100.0),
        present=with_column(sheet.present, True),
    )  # fmt: skip


def _gain(after: Column, before: Column) -> Column:
    """Points more; a subject that had no score gains all of it."""
    return np.nan_to_num(after) - np.nan_to_num(before)


def _grades(rubric: Rubric, settled: Settled) -> tuple[list[str | None], list[str | None]]:
    """Codes and titles of the grades; None where there is too little data or no levels."""
    codes: list[str | None] = [*(level.code for level in rubric.levels), None]
    titles: list[str | None] = [*(level.title for level in rubric.levels), None]
    at: Integers = settled.level
    return [codes[number] for number in at], [titles[number] for number in at]


def _veto_rows(rubric: Rubric, sheet: Sheet, now: Settled, code: str) -> pl.DataFrame:
    veto = next(each for each in rubric.vetoes if each.code == code)
    lifted = settle(rubric, sheet, without=frozenset({code}))
    gain = _gain(lifted.score, now.score)
    grades, titles = _grades(rubric, lifted)
    effect, effect_en = effect_in_words(rubric, code)
    how, how_en = (veto.lifting or "—"), (veto.lifting_en or veto.lifting or "—")
    frame = pl.DataFrame(
        {
            "_row": np.arange(sheet.board.size), "subject": sheet.board.subjects, "kind": "veto", "code": code, "title": veto.title,
            "title_en": veto.title_en or veto.title, "unit": "", "value": None, "lead": None, "gain": gain, "gain_lifted": gain,
            "grade_after": pl.Series(grades, dtype=pl.String), "grade_after_title": pl.Series(titles, dtype=pl.String),
            "reason": f"先解除否决“{veto.title}”（{effect}）：{how}",
            "reason_en": f"first lift the veto “{veto.title_en or veto.title}” ({effect_en}): {how_en}",
        }
    )  # fmt: skip
    return frame.filter(pl.Series(now.vetoes[code] == 1))


def _rows(
    rubric: Rubric, sheet: Sheet, before: tuple[Settled, Settled], after: tuple[Settled, Settled], change: _Change
) -> pl.DataFrame:
    """What one change brings; those to whom it brings nothing are left out. Pairs: as it is, with all vetoes lifted."""
    line = change.line
    grades, titles = _grades(rubric, after[1])
    frame = pl.DataFrame(
        {
            "_row": np.arange(sheet.board.size), "subject": sheet.board.subjects, "kind": change.kind, "code": line.code,
            "title": line.title, "title_en": line.title_en or line.title, "unit": change.unit, "value": change.value,
            "lead": change.lead, "gain": _gain(after[0].score, before[0].score),
            "gain_lifted": _gain(after[1].score, before[1].score), "grade_after": pl.Series(grades, dtype=pl.String),
            "grade_after_title": pl.Series(titles, dtype=pl.String),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))  # fmt: skip
    frame = frame.with_columns(pl.col("gain", "gain_lifted").round(rubric.decimals))
    missing = pl.Series(np.zeros(frame.height, dtype=bool) if change.missing is None else change.missing)
    todo, todo_en = (
        pl.when(missing).then(pl.lit(supply)).otherwise(pl.lit(raise_))
        for supply, raise_ in zip(_SUPPLY, _TODO[change.kind], strict=True)
    )
    points = written("gain_lifted", 2)
    frame = frame.with_columns(
        pl.format("{}“{}”{}：可提高 {} 分", todo, "title", _move(change, change.aim), points).alias("reason"),
        pl.format("{} “{}”{}: {} points more", todo_en, "title_en", _move(change, change.aim_en), points).alias("reason_en"),
    )  # fmt: skip
    return frame.filter((pl.col("gain_lifted") > 0) | (pl.col("gain") > 0))


def _move(change: _Change, aim: str) -> pl.Expr:
    """From the value to the lead, as text; nothing where there is no lead, or it is reached."""
    if change.kind != "item":
        return pl.lit("")
    target = pl.lit(aim) if aim else written("lead")
    unit = pl.lit(f" {change.unit}" if change.unit else "")
    moves = pl.col("lead").is_not_null() & (pl.col("value") != pl.col("lead")).fill_null(True)
    return pl.when(moves).then(pl.format("（{} → {}{}）", written("value"), target, unit)).otherwise(pl.lit(""))


_SUPPLY = ("补充数据并达到引领水平", "supply the data, at the lead,")
_TODO = {
    "item": ("提高到引领水平", "bring to the lead"),
    BONUS: ("争取全部加分", "earn the whole bonus"),
    DEDUCTION: ("消除扣分", "clear the deduction"),
}
