"""What some firms together would have bought of electricity: a baseline of the year before the last four weeks, beside those weeks.

One firm and the firms of a park are compared in the same way (`methods.baseline`). A day counts when every meter was measured in each of
its hours: a sum of fewer meters would look like a saving. A job keeps each month's fit (`refit`): what is saved can be told against any of
them (`against`), by its own meters, however the firm's points have changed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.models import BaselineFit, Meter
from dafeng.domains.energy.monitoring import reading, weather
from dafeng.domains.energy.monitoring.methods import baseline
from dafeng.domains.energy.monitoring.methods.profiles import Floats, Profiles
from dafeng.kernel.errors import NotFound, PeriodError
from dafeng.kernel.series.models import Point
from dafeng.kernel.series.points import factor_of

YEAR, LATELY = 364, 28
"""Days that are read, and how many of them, the last ones, are compared."""
UNIT = "kWh"


@dataclass(frozen=True)
class Saving:
    """`actual`, `expected`: kWh of each of `days`, NaN where not measured or not to be told."""

    days: tuple[date, ...]
    actual: Floats
    expected: Floats

    @property
    def compared(self) -> int:
        """Days on which both are known."""
        return int((np.isfinite(self.actual) & np.isfinite(self.expected)).sum())

    @property
    def sums(self) -> tuple[float, float] | None:
        """Actual and expected kWh of the days on which both are known; None without one."""
        there = np.isfinite(self.actual) & np.isfinite(self.expected)
        return (float(self.actual[there].sum()), float(self.expected[there].sum())) if there.any() else None

    @property
    def saved(self) -> float | None:
        """kWh less than the baseline; below zero when more was used. None without a day to compare."""
        return None if self.sums is None else self.sums[1] - self.sums[0]

    @property
    def share(self) -> float | None:
        """`saved` in percent of the baseline."""
        return None if self.saved is None or not self.sums or not self.sums[1] else 100 * self.saved / self.sums[1]


@dataclass(frozen=True)
class Comparison(Saving):
    """The last four weeks against `fit`, which stands on the days from `first` to `last`."""

    fit: baseline.Baseline
    first: date
    last: date
    station: Point | None


@dataclass(frozen=True)
class Lack:
    """Why there is no baseline: whole days that are there, and the meter that has the fewest of its own; no meter, no days."""

    days: int = 0
    meter: Meter | None = None
    own: int = 0


def compare(meters: Sequence[Meter], place: str, last: date) -> Comparison | Lack:
    """The last four weeks of these meters together, beside what the time before tells of the kind of day and the place's weather."""
    if not meters:
        return Lack()
    block = reading.profiles_of(meters, last - timedelta(days=YEAR - 1), last)
    by_meter = _daily(meters, block)
    use = by_meter.sum(axis=0)
    split = len(block.days) - LATELY
    station, warm = weather.station_days(place, block.days[0], last)
    fit = None if warm is None else baseline.fit(block.days[:split], use[:split], warm[:split])
    if fit is None:  # no station, or too few days of it
        station, warm = None, None
        fit = baseline.fit(block.days[:split], use[:split])
    if fit is None:
        own = np.isfinite(by_meter[:, :split]).sum(axis=1)
        least = int(np.argmin(own))
        found = next(meter for meter in meters if meter.pk == block.meters[least])
        return Lack(int(np.isfinite(use[:split]).sum()), found, int(own[least]))
    spoken = np.flatnonzero(np.isfinite(use[:split]))
    expected = fit.expected(block.days[split:], None if warm is None else warm[split:])
    return Comparison(
        block.days[split:], use[split:], expected, fit, block.days[spoken[0]], block.days[spoken[-1]], station
    )


def _daily(meters: Sequence[Meter], block: Profiles) -> Floats:
    """kWh by (meter, day) of a block, NaN for a day that lacks an hour."""
    scales = {meter.pk: factor_of(meter.point.unit, UNIT) for meter in meters}
    told: Floats = block.values.sum(axis=2) * np.array([scales[each] for each in block.meters])[:, None]
    return told


# ---------------------------------------------------------------- the fits that are kept


def refit(subject: str, meters: Sequence[Meter], place: str, *, now: datetime) -> BaselineFit | None:
    """Fit anew as of yesterday and keep it; None where no baseline can be told. What the newest fit says already is not kept again."""
    found = compare(meters, place, timezone.localdate(now) - timedelta(days=1))
    if isinstance(found, Lack):
        return None
    fit = found.fit
    told: dict[str, Any] = {name: getattr(fit, name) for name in NUMBERS} | {
        "first": found.first, "last": found.last, "meters": sorted(meter.point.code for meter in meters), "coefficients": dict(fit.coefficients),
    }  # fmt: skip
    newest = kept(subject).first()
    if newest and all(getattr(newest, name) == value for name, value in told.items()):
        return newest
    made = BaselineFit(
        subject=subject, fitted_at=now, station=found.station, acceptable=fit.acceptable, standing=str(baseline.LIMITS["standing"]), **told
    )  # fmt: skip
    made.save()
    return made


NUMBERS = ("heating_base", "cooling_base", "cv_rmse", "nmbe", "r2", "days", "sse")


def kept(subject: str) -> QuerySet[BaselineFit]:
    """The kept fits of a firm or a park, the newest first."""
    return BaselineFit.objects.filter(subject=subject).select_related("station")


def one(subject: str, id: int) -> BaselineFit:
    """Raises `NotFound`."""
    found = kept(subject).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这一次基线"), mend=_("请从历次基线里选"))
    return found


def against(
    kept_fit: BaselineFit, first: date | None = None, last: date | None = None, *, today: date
) -> Saving | None:
    """What was saved against a kept fit from the first to the last day, by its own meters and its own station.

    Without days: the four weeks after its last one, as far as they are over. None where no day of the period is over.
    Raises `PeriodError` for days within the fit's own or in the wrong order, and for more than a year.
    """
    first = first or kept_fit.last + timedelta(days=1)
    if first >= today:
        return None
    last = min(last or first + timedelta(days=LATELY - 1), today - timedelta(days=1))
    if not kept_fit.last < first <= last or (last - first).days >= YEAR:
        raise PeriodError(
            _("比较期不对"), expected=_("晚于 %(day)s，不超过 %(days)s 天") % {"day": kept_fit.last, "days": YEAR}, mend=_("请换起止日")
        )  # fmt: skip
    meters = list(Meter.objects.filter(point__code__in=kept_fit.meters).select_related("point"))
    block = reading.profiles_of(meters, first, last)
    use = _daily(meters, block).sum(axis=0)
    if len(meters) < len(kept_fit.meters):  # a meter is gone from the model: its part cannot be told
        use = np.full(len(block.days), np.nan)
    warm = None if kept_fit.station is None else weather.days_of(kept_fit.station, first, last)
    fit = baseline.Baseline(kept_fit.coefficients, **{name: getattr(kept_fit, name) for name in NUMBERS})
    return Saving(block.days, use, fit.expected(block.days, warm))
