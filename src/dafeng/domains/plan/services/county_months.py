"""The counties' monthly lights of the dual control (晴雨表), as they are handed in, with what follows from red months in a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import polars as pl
from django.utils.translation import get_language

from dafeng.domains.plan.methods.dual_control import consequences, light_rules, rules
from dafeng.domains.plan.models import said
from dafeng.domains.plan.services import warnings
from dafeng.domains.plan.services.reported import FALL, REQUIRED

SCHEMA = {"place": pl.String, "county": pl.String, "period": pl.String, "fall": pl.Float64, "required": pl.Float64, "light": pl.String, "streak": pl.Int64, "follows": pl.String}  # fmt: skip


@dataclass(frozen=True)
class Month:
    """A county's month. Falls in percent, year to date on last year's; `follows`: remind, limit or empty."""

    county: str
    period: str
    fall: float | None
    required: float | None
    light: str
    streak: int
    follows: str


def months(city: str) -> list[Month]:
    """All months that were handed in, by county and period."""
    given = warnings.county_values(city)
    if not given:
        return []
    lit = warnings.lights_of(given)
    follows = {(each.county, each.period): each.measure for each in consequences(lit)}
    return [
        Month(
            row["subject"], row["period"], given[row["subject"], row["period"]].get(FALL), given[row["subject"], row["period"]].get(REQUIRED),
            row["light"], row["streak"], follows.get((row["subject"], row["period"]), ""),
        )
        for row in lit.sort("subject", "period").iter_rows(named=True)
    ]  # fmt: skip


def frame(found: Iterable[Month], names: Mapping[str, str]) -> pl.DataFrame:
    """Months as a frame, with the counties' names."""
    rows = [asdict(each) | {"place": each.county, "county": names.get(each.county, each.county)} for each in found]
    return pl.DataFrame([{name: row[name] for name in SCHEMA} for row in rows], schema=SCHEMA)


def rule_words() -> list[str]:
    """The lights' conditions and what follows, with sources."""
    language = "en" if (get_language() or "").startswith("en") else "zh"
    told = [rules()[name] for name in ("levels", "red_months", "missed_year")]
    return [*light_rules().in_words(language), *(said(each.text.zh, each.text.en) + said("（", " (") + each.source + said("）", ")") for each in told)]  # fmt: skip
