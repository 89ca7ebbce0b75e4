"""Score many subjects by one rubric: values → sheet (marks of every line) → settled (score, grade, coverage).

The two steps are apart so that advice can ask "and if this line were at its lead?" and settle again. All in columns.

    effective weight = weight × total ÷ Σ weight of counted lines          points = mark ÷ 100 × effective weight
    base score = Σ points      score = base + bonuses − deductions, then the caps of vetoes, then rounded
    coverage = Σ weight with a value ÷ Σ weight that concerns the subject
    confidence = the same, each value counted by the share that is not estimated, and only if its status is OK
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import RubricError
from dafeng.kernel.scoring import rubric as shapes
from dafeng.kernel.scoring.expression import Column, Expression, parse
from dafeng.kernel.scoring.marks import evidence, mark_item
from dafeng.kernel.scoring.results import Scores
from dafeng.kernel.scoring.rubric import Adjustment, Rubric, formula, formula_column
from dafeng.kernel.scoring.values import Board, Marks, Statuses, board_of, subject_frame

Integers = npt.NDArray[np.int64]
UNGRADED = -1


@dataclass(frozen=True)
class Sheet:
    """Every line of every subject: arrays of shape (subjects, items)."""

    board: Board
    mark: Column
    base: Column
    lead: Column
    concerned: Marks
    present: Marks
    status: Statuses
    estimated: Column

    def take(self, rows: Integers) -> Sheet:
        arrays = ("mark", "base", "lead", "concerned", "present", "status", "estimated")
        return replace(self, board=self.board.take(rows), **{name: getattr(self, name)[rows] for name in arrays})


@dataclass(frozen=True)
class Settled:
    """What a sheet comes to. Truths about vetoes and conditions are 1, 0 or NaN (cannot be told)."""

    effective: Column  # (subjects, items), points at full marks
    points: Column  # (subjects, items)
    marks: Column  # (subjects, items), with what stands in for missing ones
    base: Column
    adjustments: Mapping[str, Column]
    before_vetoes: Column
    exact: Column  # after vetoes, before rounding
    score: Column
    coverage: Column
    confidence: Column
    vetoes: Mapping[str, Column]
    by_score: Integers  # level by the score alone
    level: Integers  # level after coverage, conditions, vetoes
    insufficient: Marks
    status: Statuses


def score(
    rubric: Rubric,
    values: pl.DataFrame,
    *,
    subjects: pl.DataFrame | Sequence[str] | None = None,
    on: date | None = None,
) -> Scores:
    """Score all subjects. `values`: subject, indicator, value [, unit, status, notation, estimated].

    `subjects`: a list, or a frame with subject [, name, group]; ranks and peers are within `group`. A subject without any
    value has a row and no score. `on`: the day for which the rubric must be in force. Raises `RubricError`, `ScoringError`.
    """
    if on is not None and not (rubric.valid_from <= on and (rubric.valid_until is None or on <= rubric.valid_until)):
        raise RubricError(
            f"{rubric.reference} 在 {on} 无效", expected=f"{rubric.valid_from} 至 {rubric.valid_until or '今'}"
        )
    people = subject_frame(values, subjects)
    board = board_of(rubric.entries, values, people["subject"])
    sheet = fill(rubric, board, people["group"])
    return Scores(rubric, values, people, sheet, settle(rubric, sheet))


def fill(rubric: Rubric, board: Board, groups: pl.Series) -> Sheet:
    """The marks of every line, and which lines concern whom."""
    shape = (board.size, len(rubric.items))
    mark, base, lead, estimated = (np.full(shape, np.nan, order="F") for _ in range(4))
    concerned = np.ones(shape, dtype=bool, order="F")
    status = np.zeros(shape, dtype=np.uint8, order="F")
    for at, item in enumerate(rubric.items):
        found = mark_item(item, board, groups)
        mark[:, at], base[:, at], lead[:, at] = found.mark, found.base, found.lead
        names = sorted(evidence(item))
        status[:, at] = np.max([board.status[name] for name in names], axis=0)
        estimated[:, at] = np.max([board.estimated[name] for name in names], axis=0)
        elsewhere = np.any([board.na[name] for name in names], axis=0) & np.isnan(found.mark)
        concerned[:, at] = ~elsewhere
        if item.applies:
            # A line of which nobody knows whether it concerns the subject counts as one that does, and is not OK.
            rule = parse(item.applies, kind="truth")
            applies = rule(board.values, board.size)
            outside = np.any([board.na[name] for name in sorted(rule.names)], axis=0) & np.isnan(applies)
            concerned[:, at] &= (applies != 0) & ~outside
            status[:, at] = np.maximum(status[:, at], np.where(np.isnan(applies), int(Status.INCOMPLETE), 0))
    return Sheet(board, mark, base, lead, concerned, concerned & ~np.isnan(mark), status, estimated)


def settle(
    rubric: Rubric, sheet: Sheet, *, without: frozenset[str] = frozenset(), full: frozenset[str] = frozenset()
) -> Settled:
    """Weights, adjustments, vetoes, levels. For advice: `without` these vetoes and deductions, `full` these bonuses."""
    weights = np.array([item.weight for item in rubric.items])
    policies = np.array([rubric.policy(item) for item in rubric.items])
    concerned_weight = (sheet.concerned * weights).sum(axis=1)
    with np.errstate(all="ignore"):
        coverage = np.where(concerned_weight > 0, (sheet.present * weights).sum(axis=1) / concerned_weight, 0.0)
        sound = np.where(sheet.status == Status.OK, 1.0 - sheet.estimated, 0.0) * sheet.present
        confidence = np.where(concerned_weight > 0, (sound * weights).sum(axis=1) / concerned_weight, 0.0)
        counted = sheet.concerned & (sheet.present | (policies != shapes.EXCLUDE))
        effective = counted * weights * (rubric.total / (counted * weights).sum(axis=1))[:, None]
    stand_in = np.where(policies == shapes.NEUTRAL, rubric.neutral, 0.0)
    marks = np.where(sheet.present, sheet.mark, np.where(counted, stand_in, np.nan))
    effective = np.where(counted, effective, 0.0)
    points = np.where(counted, marks, 0.0) / 100 * effective
    base = np.where(coverage > 0, points.sum(axis=1), np.nan)

    columns = dict(sheet.board.values)
    columns |= {f"mark({item.code})": marks[:, at] for at, item in enumerate(rubric.items)}
    columns |= {"score": base, "coverage": coverage, "confidence": confidence}
    status = np.where(sheet.concerned, np.where(sheet.present, sheet.status, int(Status.INCOMPLETE)), 0).max(axis=1)
    judge = _Judge(rubric, sheet, columns, status.astype(np.uint8))
    adjustments, before = _adjust(rubric, judge, base, without, full)
    vetoes = {veto.code: judge.truth(veto.when) for veto in rubric.vetoes if veto.code not in without}
    exact = before
    for veto in rubric.vetoes:
        if veto.effect != shapes.CAP_GRADE and veto.code in vetoes:
            cap = veto.score if veto.effect == shapes.CAP_SCORE and veto.score is not None else 0.0
            exact = np.where(vetoes[veto.code] == 1, np.minimum(exact, cap), exact)
    rounded = round_half_up(exact, rubric.decimals)
    by_score, level = _levels(rubric, judge, rounded, coverage)
    level, insufficient = _capped(rubric, vetoes, level, coverage, np.isnan(rounded))
    return Settled(
        effective, points, marks, base, adjustments, before, exact, rounded, coverage, confidence, vetoes,
        by_score, level, insufficient, judge.status,
    )  # fmt: skip


def round_half_up(numbers: Column, decimals: int) -> Column:
    """As a clerk rounds. What differs from a half by less than 1e-9 in binary is that half."""
    scale = 10.0**decimals
    return np.floor(numbers * scale + 0.5 + 1e-9) / scale


class _Judge:
    """Evaluates rules about the result. What cannot be told, or rests on a bad value, worsens the status; a rule about
    something that does not concern the subject does not hold, and that is no lack.
    """

    def __init__(self, rubric: Rubric, sheet: Sheet, columns: Mapping[str, Column], status: Statuses) -> None:
        self.board, self.columns, self.status = sheet.board, columns, status
        self.elsewhere = dict(sheet.board.na)
        self.elsewhere |= {f"mark({item.code})": ~sheet.concerned[:, at] for at, item in enumerate(rubric.items)}

    def truth(self, text: str, *, among: Marks | None = None) -> Column:
        """1, 0 or NaN. `among`: the subjects for whom the answer matters, and whose status it may worsen."""
        if not text:
            return np.ones(self.board.size)
        return self._worsen(parse(text, kind="truth"), among)

    def points(self, each: Adjustment) -> Column:
        rule = formula(each.points)
        return self._worsen(rule) if rule else formula_column(each.points, self.columns, self.board.size)

    def _worsen(self, rule: Expression, among: Marks | None = None) -> Column:
        found = rule(self.columns, self.board.size)
        for name in (*sorted(rule.names & set(self.elsewhere)), *(f"mark({code})" for code in sorted(rule.marks))):
            found = np.where(np.isnan(found) & self.elsewhere[name], 0.0, found)
        worst = np.where(np.isnan(found), np.uint8(Status.INCOMPLETE), np.uint8(Status.OK))
        for name in sorted(rule.names & set(self.board.status)):
            worst = np.maximum(worst, self.board.status[name])
        self.status = np.maximum(self.status, worst if among is None else np.where(among, worst, 0)).astype(np.uint8)
        return found


def _adjust(
    rubric: Rubric, judge: _Judge, base: Column, without: frozenset[str], full: frozenset[str]
) -> tuple[dict[str, Column], Column]:
    """Bonuses and deductions in their order, each within what its caps leave; a score does not fall below 0."""
    found: dict[str, Column] = {}
    running = base
    for entries, cap, sign in (
        (rubric.bonuses, rubric.bonus_cap, 1.0),
        (rubric.deductions, rubric.deduction_cap, -1.0),
    ):
        left = np.full(base.size, np.inf if cap is None else cap)
        for each in entries:
            holds, amount = judge.truth(each.when), judge.points(each)
            given = np.where((holds == 1) & ~np.isnan(amount), np.clip(amount, 0, each.cap), 0.0)
            if each.code in full or each.code in without:
                given = np.full(base.size, each.cap if each.code in full else 0.0)
            given = np.minimum(given, left)
            left = left - given
            if sign < 0:
                given = np.minimum(given, np.nan_to_num(running, nan=0.0))
            found[each.code] = sign * given + 0.0  # no −0
            running = running + sign * given
    return found, running


def _levels(rubric: Rubric, judge: _Judge, score_: Column, coverage: Column) -> tuple[Integers, Integers]:
    """The level by the score alone, and the level whose coverage and condition are met as well."""
    by_score = np.full(score_.size, UNGRADED, dtype=np.int64)
    level = by_score.copy()
    for at, each in enumerate(rubric.levels):
        if each.by_veto:
            continue
        with np.errstate(invalid="ignore"):
            reached = ~np.isnan(score_) & (score_ >= (-np.inf if each.lower is None else each.lower))
        by_score[reached & (by_score == UNGRADED)] = at
        met = (
            reached
            & (coverage >= each.minimum_coverage)
            & (judge.truth(each.when, among=reached & (level == UNGRADED)) == 1)
        )
        level[met & (level == UNGRADED)] = at
    return by_score, level


def _capped(
    rubric: Rubric, vetoes: Mapping[str, Column], level: Integers, coverage: Column, unscored: Marks
) -> tuple[Integers, Marks]:
    """Levels under the vetoes. Too little data gives no grade, unless a veto gives the lowest whatever the data say."""
    insufficient = unscored.copy()
    if rubric.insufficient:
        insufficient |= coverage < rubric.insufficient.below_coverage
    lowest = max((at for at, each in enumerate(rubric.levels) if not each.by_veto), default=0)
    numbers = {each.code: at for at, each in enumerate(rubric.levels)}
    level = np.where(insufficient, UNGRADED, level)
    for veto in rubric.vetoes:
        if veto.effect == shapes.CAP_GRADE and veto.code in vetoes:
            at = numbers[veto.grade]
            struck = vetoes[veto.code] == 1
            if at >= lowest:
                level = np.where(struck, np.maximum(level, at), level)
                insufficient &= ~struck
            else:
                level = np.where(struck & (level != UNGRADED), np.maximum(level, at), level)
    return level, insufficient
