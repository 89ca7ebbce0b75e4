"""Red, yellow or green for a target, by a dated rule that is data and is shown beside the light (`lights.toml`).

A thin layer: it turns a `Progress` and its forecast into the values that the rule reads; `kernel.scoring` judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import polars as pl

from dafeng.domains.plan.methods.forecast import Forecasts
from dafeng.domains.plan.methods.observations import Said
from dafeng.domains.plan.methods.progress import Outcome, Progress
from dafeng.kernel.scoring import LightRules, in_force, lights, read_light_rules
from dafeng.kernel.scoring.lighting import UNKNOWN

NO_DATA = Said("缺少判断所需的数据", "The data needed are missing")
COLUMNS = {"subject": pl.String, "indicator": pl.String, "value": pl.Float64, "status": pl.UInt8}


@cache
def default_rules() -> tuple[LightRules, ...]:
    return (read_light_rules(Path(str(files(__package__).joinpath("lights.toml")))),)


def rules_on(day: date, rules: tuple[LightRules, ...] | None = None) -> LightRules:
    """The light rules in force on a day: the city's own where given, else the platform's draft."""
    return in_force(rules or default_rules(), on=day)


def light_values(progress: Progress, forecasts: Forecasts | None = None) -> dict[str, float | None]:
    """What the rule reads of one target, by indicator code; None is missing."""
    outcome = progress.verdict.outcome
    due = progress.target.deadline is not None and outcome is not Outcome.OPEN
    probability = forecasts.probability if forecasts and not due else None
    return {
        "plan.target.met": float(outcome is Outcome.MET),
        "plan.target.missed": float(outcome is Outcome.MISSED),
        "plan.target.undecided": float(due and outcome is Outcome.CANNOT),
        "plan.target.lag": progress.lag,
        "plan.target.probability": None if probability is None else 100 * probability,
        "plan.target.data_age": progress.data_age,
    }


def light_frame(
    targets: Mapping[str, tuple[Progress, Forecasts | None]], *, rules: LightRules | None = None
) -> pl.DataFrame:
    """A row per target: subject (its id), light, label, title, rule (in words), status, streak.

    `rules` default to those in force on the day of the first progress.
    """
    if not targets:
        return pl.DataFrame(schema={"subject": pl.String, "light": pl.String, "label": pl.String, "title": pl.String,
                                    "rule": pl.String, "status": pl.UInt8, "streak": pl.Int32})  # fmt: skip
    chosen = rules or rules_on(next(iter(targets.values()))[0].now)
    rows = [
        (name, code, value, int(progress.status))
        for name, (progress, forecasts) in targets.items()
        for code, value in light_values(progress, forecasts).items()
    ]
    return lights(chosen, pl.DataFrame(rows, schema=COLUMNS, orient="row"))


def in_both(rules: LightRules, light: str, title: str, rule: str) -> tuple[Said, Said]:
    """Title and rule of a light that was found, each in Chinese and in English.

    `lights` speaks Chinese; the English of a light is that of the entry with the same title and condition.
    """
    english = rules.in_words("en")
    if light == UNKNOWN:
        return Said(title, NO_DATA.en), Said(rule, "; ".join(english))
    for each, zh, en in zip(rules.lights, rules.in_words("zh"), english, strict=True):
        if (each.light, each.title, zh) == (light, title, rule):
            return Said(title, each.title_en or title), Said(rule, en)
    return Said(title, title), Said(rule, rule)


def title_in(language: str, title: str, rules: LightRules | None = None) -> str:
    """A light's title that was stored in Chinese, in the language asked for; as it is where no rule has it."""
    if language != "en":
        return title
    known = {NO_DATA.zh: NO_DATA.en}
    for edition in (rules,) if rules else default_rules():
        known |= {each.title: each.title_en for each in edition.lights if each.title_en}
    return known.get(title, title)
