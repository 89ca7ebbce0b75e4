"""What the county's dual control says to a project: its red months, its forecast of the year, and how the project moves that forecast.

Read from the blackboard, where dual control publishes (`energy.warning.red_months`, `energy.quota.forecast`, `energy.quota.coming`, `energy.quota`);
this
room writes nothing there. A county without these is neither limited nor forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Sum

from dafeng.domains.enterprise.models import Project
from dafeng.domains.enterprise.review.figures import Figures
from dafeng.domains.enterprise.review.methods import rules
from dafeng.domains.enterprise.review.statistics import COUNTED

RED, FORECAST, QUOTA = "energy.warning.red_months", "energy.quota.forecast", "energy.quota"
COMING = "energy.quota.coming"
STOPS = ("limit", "suspend")


@dataclass(frozen=True)
class Region:
    """`measure`: empty, remind, limit or suspend. `forecast`: per cent of the year's quota, without projects to come; with what was approved and is to come
    (`approved`, tce), and with this project. None where nobody tells.
    """

    measure: str = ""
    month: str = ""
    months: int = 0
    quota: float | None = None
    forecast: float | None = None
    forecast_month: str = ""
    approved: float = 0.0
    own: float = 0.0

    @property
    def with_approved(self) -> float | None:
        return self._more(self.approved)

    @property
    def with_project(self) -> float | None:
        return self._more(self.approved + self.own)

    def _more(self, tce: float) -> float | None:
        return None if self.forecast is None or not self.quota else self.forecast + tce / self.quota * 100


def of(project: Project, tce: float, told: Figures) -> Region:
    """`tce`: what the project counts in dual control a year; `told`: what is told of its county on the day."""
    year, rows = told.on.year, [each for each in told.county if each["key"] in ("", "quantity=energy")]
    measure, month, months = _measure([each for each in rows if each["indicator"] == RED], year)
    quotas = [
        each["value"] for each in rows if (each["indicator"], each["period"], each["unit"]) == (QUOTA, str(year), "tce")
    ]
    forecasts = [each for each in rows if each["indicator"] == FORECAST and each["period"].startswith(str(year))]
    if len(quotas) != 1 or not forecasts:
        return Region(measure, month, months, own=tce)
    last = forecasts[-1]
    # Dual control's forecast holds what approved projects add in the rest of this year; here they count with their whole year, once.
    expected = sum(each["value"] for each in rows if (each["indicator"], each["period"]) == (COMING, last["period"]))
    forecast = last["value"] - expected
    return Region(measure, month, months, quotas[0], forecast, last["period"], _approved(project, told.on), tce)


def _measure(red: Sequence[Mapping[str, Any]], year: int) -> tuple[str, str, int]:
    """A missed year (a red December) suspends through the year after; three red months in a row limit, two remind."""
    if not red:
        return "", "", 0
    period, months = red[-1]["period"], int(red[-1]["value"])
    if (period.endswith("-12") and months) or any(
        each["period"] == f"{year - 1}-12" and each["value"] > 0 for each in red
    ):
        return "suspend", period, months
    limits = rules().tables["region"]
    found = "limit" if months >= limits["limit_months"] else "remind" if months >= limits["remind_months"] else ""
    return found, period, months


def _approved(project: Project, on: date) -> float:
    """tce of the county's other projects with an opinion in force that are to begin from this year on and do not run yet."""
    others = Project.objects.filter(
        place=project.place, record__state__in=COUNTED, operation_year__gte=on.year, trial_on=None
    )
    others = others.exclude(pk=project.pk).exclude(record__state="completed")
    return others.aggregate(sum=Sum("counted"))["sum"] or 0.0
