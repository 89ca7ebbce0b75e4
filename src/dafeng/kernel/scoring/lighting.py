"""Warning lights by a dated rule that is data: the first light whose condition holds is shown, with its rule in words.

A value that the rule needs and that is missing gives `unknown`, never green. Lights of several periods are counted:
`streak` is the number of periods in a row, up to this one, with the same light (a missing period breaks it), and
escalations say what follows from a streak, such as 连续两个月红灯.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from dafeng.kernel.errors import ScoringError
from dafeng.kernel.quantities.periods import Period
from dafeng.kernel.scoring.expression import parse
from dafeng.kernel.scoring.rubric import Input, digest_of, plain

if TYPE_CHECKING:
    from dafeng.kernel.scoring.values import Board

LIGHTS = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝", "green": "绿"}
UNKNOWN, UNKNOWN_LABEL = "unknown", "无法判断"


@dataclass(frozen=True)
class Light:
    light: str
    title: str
    when: str = ""
    title_en: str = ""


@dataclass(frozen=True)
class Escalation:
    """So many periods in a row with this light, and this follows."""

    light: str
    periods: int
    title: str
    title_en: str = ""
    source: str = ""


@dataclass(frozen=True)
class LightRules:
    id: str
    title: str
    version: str
    valid_from: date
    standing: str
    inputs: tuple[Input, ...]
    lights: tuple[Light, ...]
    title_en: str = ""
    valid_until: date | None = None
    source: str = ""
    note: str = ""
    escalations: tuple[Escalation, ...] = ()

    @cached_property
    def digest(self) -> str:
        return digest_of(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        return plain(self)  # type: ignore[no-any-return]

    def in_words(self, language: str = "zh") -> list[str]:
        """Each light's condition as a sentence, in the order in which they are tried."""
        titles = {each.code: (each.title_en or each.title) if language == "en" else each.title for each in self.inputs}
        sentences = []
        for light in self.lights:
            rest = "其余情形" if language == "zh" else "otherwise"
            condition = parse(light.when, kind="truth").in_words(titles, language) if light.when else rest
            name = LIGHTS[light.light] + "灯" if language == "zh" else light.light
            sentences.append(f"{name}：{condition}" if language == "zh" else f"{name}: {condition}")
        return sentences


def lights(rules: LightRules, values: pl.DataFrame) -> pl.DataFrame:
    """One row per subject (and period, where `values` has that column), in order.

    Columns: subject, period, light, label, title, rule (in words), status, streak, escalation.
    """
    from dafeng.kernel.scoring.values import board_of

    period = "period" in values.columns
    if not period:
        return _judge(rules, board_of(rules.inputs, values)).with_columns(pl.lit(1).alias("streak"))
    if values["period"].null_count():
        raise ScoringError("有的数值没有时期", expected="每行都有 period，如 2026-03")
    parts = [
        _judge(rules, board_of(rules.inputs, part)).with_columns(pl.lit(str(name)).alias("period"))
        for (name,), part in values.group_by("period", maintain_order=True)
    ]
    return _with_streaks(rules, pl.concat(parts))


def _judge(rules: LightRules, board: Board) -> pl.DataFrame:
    """The light of every subject: the first condition that holds, if those before it are known not to."""
    size = board.size
    chosen = np.full(size, -1)
    open_ = np.ones(size, dtype=bool)
    for number, light in enumerate(rules.lights):
        holds = parse(light.when, kind="truth")(board.values, size) if light.when else np.ones(size)
        chosen[open_ & (holds == 1)] = number
        open_ &= holds == 0
    words = rules.in_words()
    table = pl.DataFrame(
        {
            "at": range(-1, len(rules.lights)),
            "light": [UNKNOWN, *(light.light for light in rules.lights)],
            "label": [UNKNOWN_LABEL, *(LIGHTS[light.light] for light in rules.lights)],
            "title": ["缺少判断所需的数据", *(light.title for light in rules.lights)],
            "rule": ["；".join(words), *words],
        }
    )
    found = pl.DataFrame({"subject": board.subjects, "at": chosen, "status": board.worst_status(rules.inputs)})
    return found.join(table, on="at", how="left", maintain_order="left").drop("at")


def _with_streaks(rules: LightRules, frame: pl.DataFrame) -> pl.DataFrame:
    numbers = {name: _ordinal(name) for name in frame["period"].unique().to_list()}
    frame = frame.with_columns(pl.col("period").replace_strict(numbers, return_dtype=pl.Int64).alias("_at"))
    frame = frame.sort("subject", "_at", maintain_order=True)
    new = ((pl.col("light") != pl.col("light").shift(1)) | (pl.col("_at") != pl.col("_at").shift(1) + 1)).fill_null(
        True
    )
    frame = frame.with_columns(new.over("subject").cum_sum().over("subject").alias("_run"))
    frame = frame.with_columns(pl.int_range(1, pl.len() + 1).over("subject", "_run").alias("streak"))
    escalation = pl.lit(None, dtype=pl.String)
    for step in sorted(rules.escalations, key=lambda each: each.periods):
        holds = (pl.col("light") == step.light) & (pl.col("streak") >= step.periods)
        escalation = pl.when(holds).then(pl.lit(step.title)).otherwise(escalation)
    return frame.with_columns(escalation.alias("escalation")).drop("_at", "_run")


def _ordinal(text: str) -> int:
    """A number that grows by one from a period to the next of its kind; kinds are far apart."""
    period = Period.parse(text)
    if period.month:
        return period.year * 12 + period.month
    if period.quarter:
        return 10**6 + period.year * 4 + period.quarter
    return 2 * 10**6 + period.year
