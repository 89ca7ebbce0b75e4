"""Train on all firms' meters together, forecast the week to come, keep each forecast, and score it when its day is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
from django.db import transaction
from django.db.models import Avg, Count, Q, Sum
from django.utils import timezone

from dafeng.domains.energy.models import DayForecast, Meter, MonitoredFirm, ParkFirm
from dafeng.domains.energy.monitoring import reading, weather
from dafeng.domains.energy.monitoring.methods import forecast
from dafeng.domains.energy.monitoring.methods.profiles import Floats, Profiles
from dafeng.kernel.series.models import Point

HISTORY = 400
ROUNDS = 160
TODAY, DAY_AHEAD, WEEK = 1, 2, 8
"""How many days before a day its last known reading lies: a night's run knows yesterday, so that tomorrow is two days on."""
LEADS = (TODAY, DAY_AHEAD, WEEK)
FLOOR = 0.05


def forecast_meters(firms: Iterable[MonitoredFirm | ParkFirm], day: date) -> list[Meter]:
    """The electricity that a firm buys: one forecast a firm's main meter."""
    chosen = Meter.objects.filter(
        enterprise__in=[firm.enterprise_id for firm in firms], item="electricity", role=Meter.Role.LOAD, parent=None
    ).exclude(point__kind=Point.Kind.INSTANT)
    return list(chosen.holding(day).select_related("point", "enterprise"))


def retrain(
    firms: Iterable[MonitoredFirm],
    *,
    now: datetime,
    rounds: int = ROUNDS,
    history: int = HISTORY,
    back: int = 0,
    leads: Sequence[int] = LEADS,
) -> int:
    """Score what is over, train anew, forecast; returns the number of day forecasts kept.

    `back`: also the last so many days, each as it would have been made by a model that did not see it (for a demonstration, whose
    forecasts could not be made day by day).
    """
    today = timezone.localdate(now)
    meters = forecast_meters(firms, today)
    if not meters:
        return 0
    block = reading.profiles_of(meters, today - timedelta(days=history), today - timedelta(days=1))
    spoken = np.isfinite(block.values).any(axis=(0, 2))
    if not spoken.any():
        return 0
    begun = int(np.argmax(spoken))
    block = Profiles(block.meters, block.days[begun:], block.values[:, begun:])
    warm = weather.hours([meter.enterprise.place for meter in meters], block.days[0], block.days[-1])
    made = covered = 0
    for lead in sorted(leads):
        known = block.until(len(block.days) - back)
        ahead = block.extended(lead)
        seen = None if warm is None else _seen(warm, lead)
        model = forecast.train(
            known, lead=lead, rounds=rounds, temperature=None if seen is None else seen[:, : len(known.days)]
        )
        first = len(block.days) - back if back and lead == DAY_AHEAD else len(block.days)
        told = forecast.predict(model, ahead, first=first, lead=lead, temperature=seen)
        day = pl.col("at").dt.date()
        # What a shorter lead covers, that one knows better.
        told = told.filter((day < today) | (day >= today + timedelta(days=covered)))
        covered = lead
        made += _keep(told, lead, now=now)
    score_past(block, now=now)
    return made


def _seen(warm: Floats, lead: int) -> Floats:
    """The weather as it was known before each day, the days to come included."""
    ahead = np.full((warm.shape[0], lead, warm.shape[2]), np.nan)
    return weather.known_before(np.concatenate([warm, ahead], axis=1), lead)


@transaction.atomic
def _keep(told: pl.DataFrame, lead: int, *, now: datetime) -> int:
    """Keep whole days; a day that was forecast before with this lead keeps its first forecast: scores are of what was said then."""
    found = []
    days = told.with_columns(day=pl.col("at").dt.date()).sort("at").group_by("point", "day", maintain_order=True)
    for (point, day), rows in days:
        if rows.height != reading.SLOTS:
            continue
        worst = next(
            (rung for rung in (forecast.MEDIAN, forecast.SEASONAL) if rung in set(rows["rung"])), forecast.MODEL
        )
        lists = {name: [round(value, 3) for value in rows[name]] for name in ("value", "low", "high")}
        found.append(DayForecast(meter_id=point, day=day, lead=lead, made_at=now, rung=worst, **lists))
    DayForecast.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def score_past(block: Profiles, *, now: datetime) -> int:
    """Score kept forecasts whose days have been measured since."""
    waiting = DayForecast.objects.filter(
        meter__in=block.meters, hours=None, day__lte=block.days[-1], day__gt=block.days[0]
    )
    changed = []
    for each in waiting:
        row, day = block.meters.index(each.meter_id), block.days.index(each.day)
        before = day - each.lead
        actual = block.values[row, day]
        if not np.isfinite(actual).any() or before < 0:
            continue
        each.hours, each.inside = (
            int(np.isfinite(actual).sum()),
            int(((actual >= np.array(each.low)) & (actual <= np.array(each.high))).sum()),
        )
        each.mape = _mape(np.array(each.value), actual, block.values[row])
        each.mape_yesterday = _mape(block.values[row, before], actual, block.values[row])
        changed.append(each)
    DayForecast.objects.bulk_update(changed, ["hours", "inside", "mape", "mape_yesterday"])
    return len(changed)


def _mape(guess: Floats, actual: Floats, history: Floats) -> float | None:
    """Mean absolute percentage error over hours above a twentieth of the meter's mean."""
    floor = FLOOR * float(np.nanmean(history))
    counted = np.isfinite(guess) & np.isfinite(actual) & (actual > floor)
    return float((np.abs(guess - actual)[counted] / actual[counted]).mean()) if counted.any() else None


@dataclass(frozen=True)
class Record:
    """What the kept forecasts of a meter were worth so far; `mape_yesterday` of the same slot on the last day known when they were made."""

    days: int
    mape: float | None
    mape_yesterday: float | None
    coverage: float | None

    @property
    def ratio(self) -> float | None:
        return self.mape / self.mape_yesterday if self.mape is not None and self.mape_yesterday else None


def record_of(meters: Sequence[Meter], *, lead: int = DAY_AHEAD) -> Record:
    """The score of all kept forecasts with this lead that are over."""
    found = DayForecast.objects.filter(meter__in=meters, lead=lead, hours__isnull=False).aggregate(
        days=Count("pk"), own=Avg("mape", filter=Q(mape_yesterday__isnull=False)), naive=Avg("mape_yesterday", filter=Q(mape__isnull=False)),
        within=Sum("inside"), measured=Sum("hours"),
    )  # fmt: skip
    coverage = found["within"] / found["measured"] if found["measured"] else None
    return Record(found["days"], found["own"], found["naive"], coverage)


def shown(meters: Sequence[Meter], first: date, last: date) -> list[DayForecast]:
    """The best kept forecast of each meter and day: the one with the shortest lead."""
    best: dict[tuple[int, date], DayForecast] = {}
    for each in DayForecast.objects.filter(meter__in=meters, day__range=(first, last)).order_by("day", "-lead"):
        best[each.meter_id, each.day] = each
    return list(best.values())
