"""Today's calls of a firm: judged each hour, one open finding a meter and kind, closed when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.models import Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import detecting, reading
from dafeng.domains.energy.monitoring.methods import findings, today
from dafeng.domains.energy.monitoring.methods.findings import Finding
from dafeng.domains.energy.monitoring.methods.robust import LOOK_BACK
from dafeng.domains.energy.monitoring.methods.tariffs import tariff_of
from dafeng.kernel.series import queries
from dafeng.kernel.series.models import Point

USUALLY = 0.95
"""Part of a meter's last day of readings that arrived within what counts as its usual delay."""
FRESH = timedelta(days=1)
"""A silence that began before yesterday has been told by the night; it opens no call of today."""
LONG = timedelta(days=14)


def fallen_silent(meters: Sequence[Meter], *, now: datetime) -> dict[int, datetime]:
    """Meters whose next reading is overdue, by number: the moment of their last one. A meter that never spoke is none of them.

    Overdue is by the meter's own period and by how long its readings took to arrive on its last day: a meter that sends whole days at
    once is silent when the next day does not come.
    """
    last = {row["point"]: row["at"] for row in queries.latest([each.point_id for each in meters], now=now).iter_rows(named=True)}  # fmt: skip
    periods = {each.point_id: timedelta(seconds=each.point.period) for each in meters}
    late = {point: at for point, at in last.items() if now - at >= today.silent_after(periods[point])}
    if not late:
        return {}
    delays = _delays({point: at for point, at in late.items() if now - at < LONG})
    silent = {
        point: at for point, at in late.items()
        if now - at >= today.silent_after(periods[point], delays.get(point, timedelta(0)))
    }  # fmt: skip
    return {each.pk: silent[each.point_id] for each in meters if each.point_id in silent}


def _delays(last: dict[int, datetime]) -> dict[int, timedelta]:
    """How long the readings of each point took to arrive, of the day before its last one."""
    if not last:
        return {}
    rows = queries.readings(list(last), min(last.values()) - timedelta(days=1), max(last.values()) + queries.MOMENT)
    ends = pl.DataFrame({"point": list(last), "end": list(last.values())}, schema_overrides={"point": pl.Int64, "end": pl.Datetime("us", "UTC")})  # fmt: skip
    found = (
        rows.join(ends, on="point")
        .filter(pl.col("at") > pl.col("end") - timedelta(days=1))
        .group_by("point")
        .agg((pl.col("arrived") - pl.col("at")).dt.total_seconds().quantile(USUALLY, "nearest").alias("delay"))
    )
    return {row["point"]: timedelta(seconds=max(row["delay"], 0.0)) for row in found.iter_rows(named=True)}


def watch(firm: MonitoredFirm, *, now: datetime) -> int:
    """Judge today's finished hours of a firm; returns how many findings are new. What is over again is closed, saying so."""
    day = timezone.localdate(now)
    finished = timezone.localtime(now).hour
    meters = [
        meter for meter in detecting.meters_of(firm, day)
        if meter.role != Meter.Role.REACTIVE and meter.point.kind != Point.Kind.INSTANT
    ]  # fmt: skip
    if not meters or not finished:
        return 0
    block = reading.profiles_of(meters, day - timedelta(days=LOOK_BACK), day)
    by_pk = {meter.pk: meter for meter in meters}
    rated = np.array([_rated(by_pk[pk]) for pk in block.meters])
    hours = today.judge(block, rated=rated)
    # Made-up readings end where they were made: that is no fault.
    silent = {} if firm.demo else fallen_silent(meters, now=now)
    open_ = {each.meter_id for each in detecting.open_today(firm).filter(kind=today.SILENT)}
    found, broken = [], set()
    for row, pk in enumerate(block.meters):
        if pk in silent:
            broken.add(pk)
            if pk in open_ or silent[pk] >= reading.midnight(day) - FRESH:
                found.append(_silence(by_pk[pk], silent[pk], hours.expected[row, -1], now=now))
            continue
        for call in hours.calls(row, -1, finished):
            found.append(_finding(by_pk[pk], call, block.days[-1], hours, row))
            if call.kind in today.DATA_KINDS:
                broken.add(pk)
    return _written(firm, by_pk, found, broken, now=now)


def _rated(meter: Meter) -> float:
    return float("nan") if meter.point.rated is None else float(meter.point.rated)


def _written(
    firm: MonitoredFirm, meters: dict[int, Meter], found: list[Finding], broken: Iterable[int], *, now: datetime
) -> int:
    """Keep what was called and close what is over; while a meter is broken, nothing says that its load is right again."""
    day = timezone.localdate(now)
    tariff = tariff_of(detecting.province(firm.enterprise.place), day)
    with transaction.atomic():
        new = sum(detecting.keep(firm, meters[each.meter], each, tariff, now=now) for each in found)
        going = Q(meter__in=broken) & ~Q(kind__in=today.DATA_KINDS)
        for each in found:
            going |= Q(meter=each.meter, kind=each.kind, last__gt=timezone.make_aware(each.first))
        over = detecting.open_today(firm).filter(last__gt=reading.midnight(day), meter__in=meters).exclude(going)
        detecting.close(over, _("已恢复正常"), now=now)
    return new


def _finding(meter: Meter, call: today.Call, day: date, hours: today.Hours, row: int) -> Finding:
    """A call of the day as a finding on the desk."""
    span, off = slice(call.first, call.last), abs(call.actual - call.expected)
    slots = np.zeros((1, reading.SLOTS))
    slots[0, span] = off / (call.last - call.first)
    told = {"expected": call.expected, "actual": call.actual}
    if call.limit is not None:
        told["limit"] = call.limit
    begin = datetime.combine(day, datetime.min.time())
    return Finding(
        call.kind, findings.POINT, meter.pk, begin + timedelta(hours=call.first), begin + timedelta(hours=call.last), off,
        call.score, told, slots,
    )  # fmt: skip


def _silence(meter: Meter, since: datetime, usual: Any, *, now: datetime) -> Finding:
    """From the last reading until the last full hour; at stake is what these hours usually use."""
    first = timezone.make_naive(since)
    last = timezone.make_naive(now).replace(minute=0, second=0, microsecond=0)
    begin = datetime.combine(first.date(), datetime.min.time())
    slots = np.zeros(((last.date() - first.date()).days + 1, reading.SLOTS))
    for hour in range(slots.size):
        if first <= begin + timedelta(hours=hour) < last:
            slots.flat[hour] = np.nan_to_num(usual[hour % reading.SLOTS])
    whole = float(slots.sum())
    score = (now - since) / today.silent_after(timedelta(seconds=meter.point.period))
    return Finding(
        today.SILENT, findings.POINT, meter.pk, first, max(last, first + timedelta(hours=1)), abs(whole), score,
        {"expected": whole, "actual": 0.0}, np.abs(slots),
    )  # fmt: skip
