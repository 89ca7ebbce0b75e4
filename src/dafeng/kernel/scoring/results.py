"""The answer: one row per subject, and from there down to every line.

Ranking is competition ranking (1, 2, 2, 4) within the subject's group: by grade first, so that a vetoed subject never
stands before one that is not, then by the score as published (rounded), so that equal printed scores are equal ranks.
Subjects without a score or with too little data are not ranked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import ScoringError
from dafeng.kernel.scoring.rubric import Rubric

if TYPE_CHECKING:
    from dafeng.kernel.scoring.engine import Integers, Settled, Sheet

_BEYOND = 10**12  # more than any rounded score in its last decimal


@dataclass(frozen=True)
class Scores:
    """`subjects`: subject, name, group. `values`: as given. The rest is worked out of `sheet` and `settled`."""

    rubric: Rubric
    values: pl.DataFrame
    subjects: pl.DataFrame
    sheet: Sheet
    settled: Settled

    @cached_property
    def frame(self) -> pl.DataFrame:
        """subject, name, group, score, base_points, bonus, deduction, grade, grade_title, grade_title_en, coverage, confidence,
        status (`Status` as UInt8), vetoes, undecided (lists of veto codes), rank, ranked (how many in the group), digest.
        """
        settled, rubric = self.settled, self.rubric
        bonus = [settled.adjustments[each.code] for each in rubric.bonuses]
        deduction = [settled.adjustments[each.code] for each in rubric.deductions]
        nothing = np.zeros(self.subjects.height)
        frame = self.subjects.with_columns(
            pl.Series("score", settled.score),
            pl.Series("base_points", settled.base),
            pl.Series("bonus", sum(bonus, nothing)),
            pl.Series("deduction", -sum(deduction, nothing) + 0.0),
            pl.Series("coverage", settled.coverage),
            pl.Series("confidence", settled.confidence),
            pl.Series("status", settled.status),
            self._grades(),
            self._vetoes("vetoes", struck=True),
            self._vetoes("undecided", struck=False),
        ).unnest("_grade")
        frame = frame.with_columns(pl.col("score", "base_points").fill_nan(None), pl.lit(rubric.digest).alias("digest"))
        return self._ranked(frame)

    def _grades(self) -> pl.Series:
        levels, none = self.rubric.levels, self.rubric.insufficient
        unscored = np.isnan(self.settled.score)
        at = np.where(self.settled.insufficient, np.where(unscored & (none is None), len(levels) + 1, len(levels)), self.settled.level)  # fmt: skip
        at = np.where(at < 0, len(levels) + 1, at)
        rows = [(each.code, each.title, each.title_en or each.title) for each in levels]
        rows.append((none.code, none.title, none.title_en or none.title) if none else ("", "", ""))
        table = pl.DataFrame(
            [*rows, (None, None, None)], schema=dict.fromkeys(("grade", "grade_title", "grade_title_en"), pl.String), orient="row"
        )  # fmt: skip
        return table[at].to_struct("_grade")

    def _vetoes(self, name: str, *, struck: bool) -> pl.Series:
        size = self.subjects.height
        columns = []
        for veto in self.rubric.vetoes:
            truth = self.settled.vetoes[veto.code]
            holds = pl.Series(truth == 1 if struck else np.isnan(truth))
            columns.append(pl.select(pl.when(holds).then(pl.lit(veto.code))).to_series().alias(veto.code))
        if not columns:
            return pl.Series(name, [[]] * size, dtype=pl.List(pl.String))
        return pl.DataFrame(columns).select(pl.concat_list(pl.all()).list.drop_nulls().alias(name)).to_series()

    def _ranked(self, frame: pl.DataFrame) -> pl.DataFrame:
        height = np.where(self.settled.level < 0, 0, len(self.rubric.levels) - self.settled.level)
        with np.errstate(invalid="ignore"):
            last = np.rint(np.nan_to_num(self.settled.score) * 10.0**self.rubric.decimals).astype(np.int64)
        out = np.isnan(self.settled.score) | self.settled.insufficient
        key = pl.when(~pl.Series(out)).then(pl.Series(height * _BEYOND + last))
        frame = frame.with_columns(key.alias("_key"))
        return frame.with_columns(
            pl.col("_key").rank("min", descending=True).over("group").alias("rank"),
            pl.col("_key").count().over("group").alias("ranked"),
        ).drop("_key")

    def groups(self) -> pl.DataFrame:
        """subject × group of the rubric: code, title, points, full (points at full marks), coverage; nested groups included."""
        rubric, above = self.rubric, {group.code: group.parent for group in self.rubric.groups}
        members: dict[str, list[int]] = {code: [] for code in above}
        for at, item in enumerate(rubric.items):
            group = item.group
            while group:
                members[group].append(at)
                group = above[group]
        weights = np.array([item.weight for item in rubric.items])
        parts = []
        for group_ in rubric.groups:
            at_ = members[group_.code]
            weight = (self.sheet.concerned[:, at_] * weights[at_]).sum(axis=1)
            with np.errstate(all="ignore"):
                coverage = (self.sheet.present[:, at_] * weights[at_]).sum(axis=1) / weight
            parts.append(
                self.subjects.select("subject").with_columns(
                    pl.lit(group_.code).alias("code"),
                    pl.lit(group_.title).alias("title"),
                    pl.lit(group_.title_en or group_.title).alias("title_en"),
                    pl.Series("points", self.settled.points[:, at_].sum(axis=1)),
                    pl.Series("full", self.settled.effective[:, at_].sum(axis=1)),
                    pl.Series("coverage", coverage).fill_nan(None),
                )
            )
        return pl.concat(parts) if parts else pl.DataFrame(schema=["subject", "code"])

    def explain(self, subjects: Iterable[str] | None = None) -> pl.DataFrame:
        """Line by line, in words; see `explanation.explain`. All subjects unless some are named."""
        from dafeng.kernel.scoring.explanation import explain

        return explain(self, self.rows(subjects))

    def rows(self, subjects: Iterable[str] | None) -> Integers:
        """The row numbers of some subjects, in the order asked for. Raises `ScoringError` for one that is not here."""
        if subjects is None:
            return np.arange(self.subjects.height)
        wanted = [subjects] if isinstance(subjects, str) else list(subjects)
        at = {name: number for number, name in enumerate(self.subjects["subject"])}
        if lacking := [name for name in wanted if name not in at]:
            raise ScoringError(f"没有对象“{lacking[0]}”", expected="已评分的对象")
        return np.array([at[name] for name in wanted], dtype=np.int64)

    @property
    def status(self) -> Status:
        """The worst of all subjects: what a page over all of them may claim."""
        return Status(int(self.settled.status.max(initial=0)))

    def as_dict(self) -> dict[str, Any]:
        from dafeng.kernel.scoring.publication import publish

        return publish(self)
