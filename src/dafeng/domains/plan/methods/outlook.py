"""One target from every side: where it stands, where it is heading, its light. What a page or an assessment asks for.

seen = outlook(target, observations, now=today, bounds=binding.bounds)
seen.progress.lag, seen.forecasts.probability, seen.light, seen.rule
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dafeng.domains.plan.methods.forecast import Forecasts, Pathway, forecast
from dafeng.domains.plan.methods.lights import in_both, light_frame, rules_on
from dafeng.domains.plan.methods.observations import Observation, Said
from dafeng.domains.plan.methods.progress import Progress, assess, followed
from dafeng.domains.plan.methods.targets import Target
from dafeng.kernel.scoring import LightRules


@dataclass(frozen=True)
class Outlook:
    """`forecasts` is None where there is nothing to forecast, and `why` says why. `rule` is the light's rule in words.

    `title` and `rule` are Chinese; `said_title` and `said_rule` have both languages.
    """

    progress: Progress
    forecasts: Forecasts | None
    why: Said | None
    light: str
    label: str
    title: str
    rule: str
    said_title: Said
    said_rule: Said


def lit(
    progress: Progress, forecasts: Forecasts | None, why: Said | None, *, rules: LightRules | None = None
) -> Outlook:
    """Progress and forecast with the light that the rules give them."""
    row = light_frame({progress.target.id: (progress, forecasts)}, rules=rules).row(0, named=True)
    titles, words = in_both(rules or rules_on(progress.now), row["light"], row["title"], row["rule"])
    return Outlook(progress, forecasts, why, row["light"], row["label"], row["title"], row["rule"], titles, words)


def outlook(
    target: Target,
    history: Iterable[Observation],
    *,
    now: date,
    pathway: Pathway | None = None,
    pathway_weight: float = 0.0,
    bounds: tuple[float | None, float | None] = (None, None),
    last: int = 8,
    level: float = 0.8,
    rules: LightRules | None = None,
) -> Outlook:
    """Progress, forecasts to the target's year on the same series, and the light, all as of `now`."""
    known = list(history)
    progress = assess(target, known, now=now)
    forecasts, why = None, _not_forecast(progress)
    if why is None and target.deadline is not None:
        series = followed(target, known, now=now)
        forecasts = forecast(
            series, year=target.deadline, unit=progress.unit, requirement=progress.requirement, last=last, level=level,
            pathway=pathway, pathway_weight=pathway_weight, bounds=(0.0, None) if target.adds_up else bounds,
        )  # fmt: skip
    return lit(progress, forecasts, why, rules=rules)


def _not_forecast(progress: Progress) -> Said | None:
    target = progress.target
    if target.kind == "milestone":
        return Said("节点只有完成与否，不作预测", "a milestone is done or not; there is no forecast")
    if target.deadline is None:
        return Said("没有完成年份，不知道预测到哪一年", "no year to forecast to")
    return None
