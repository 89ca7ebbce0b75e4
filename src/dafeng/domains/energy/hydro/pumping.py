"""Pumped storage by the day: from the power points of its machines, or from the log where nothing is measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Max
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.hydro import permissions, reading
from dafeng.domains.energy.hydro.methods import pumped
from dafeng.domains.energy.hydro.methods.pumped import Operation
from dafeng.domains.energy.models import HydroPoint, HydroStation, PumpedDay
from dafeng.kernel.actions import demand
from dafeng.kernel.records import services as records

QUARTERS = 96


@dataclass(frozen=True)
class Day:
    """A day's operation and where it is from: `points`, `log`, or "" for nothing known."""

    day: date
    operation: Operation | None
    source: str


def machines(station: HydroStation, bound: list[HydroPoint]) -> list[HydroPoint]:
    """Power points of its machines; that of the whole station where there are none."""
    own = [each for each in bound if each.station_id == station.pk and each.role == "power"]
    return sorted([each for each in own if each.unit] or own, key=lambda each: each.unit)


def rated(station: HydroStation, power_kw: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """kW of each machine: an equal part of the capacity; where that is not registered, the most it was seen to do."""
    if station.capacity:
        return np.full(len(power_kw), station.capacity / max(len(power_kw), 1))
    known = np.nan_to_num(np.abs(power_kw))
    return known.max(axis=1) if known.size else np.zeros(len(power_kw))


def days(station: HydroStation, first: date, last: date, *, bound: list[HydroPoint] | None = None) -> list[Day]:
    """Days `first` to `last`; points count where they tell anything of a day, else the log's last revision."""
    found = machines(station, reading.points_of(stations=[station]) if bound is None else bound)
    block = reading.block(
        found, reading.midnight(first), reading.midnight(last + timedelta(days=1)), "15m"
    )  # quarter hours: a machine changes its state within the hour
    power_kw = np.stack([block.of(each) for each in found]) if found else np.empty((0, block.count))
    of_machine = rated(station, power_kw)
    logs: dict[date, PumpedDay] = {}
    for row in station.logs.filter(day__gte=first, day__lte=last).order_by("revision"):
        logs[row.day] = row
    told = []
    for number in range((last - first).days + 1):
        day, part = first + timedelta(days=number), power_kw[:, number * QUARTERS : (number + 1) * QUARTERS]
        if np.isfinite(part).any():
            told.append(Day(day, pumped.operation(part, of_machine, hours=0.25), "points"))
        elif day in logs:
            log = logs[day]
            told.append(Day(day, Operation(log.generating, log.pumping, log.standby, 0.0, log.generated, log.pumped), "log"))  # fmt: skip
        else:
            told.append(Day(day, None, ""))
    return told


def whole(found: list[Day]) -> Operation:
    """All days that are known together."""
    known = [each.operation for each in found if each.operation is not None]
    names = ("generating", "pumping", "standby", "unknown", "generated", "pumped")
    return Operation(**{name: sum(getattr(each, name) for each in known) for name in names})


def file_log(
    station: HydroStation, *, day: date, pumping: float, generating: float, standby: float, pumped: float, generated: float, source: str,
    by: Any, now: datetime, today: date,
) -> PumpedDay:  # fmt: skip
    """Tell a day's operation; telling it again corrects it. Raises `Refused`: `kind`, `future_day`, `negative`, `hours`, `no_source`,
    `energy`."""
    demand(by, permissions.LOG, station)
    if station.kind != HydroStation.Kind.PUMPED:
        raise Refused("kind", _("运行日志只对抽水蓄能电站"))
    if day >= today:
        raise Refused("future_day", _("这一天还没有过完"), mend=_("第二天再填"))
    numbers = (pumping, generating, standby, pumped, generated)
    if any(not math.isfinite(each) or each < 0 for each in numbers):
        raise Refused("negative", _("小时和电量不能是负数"), expected=_("不小于 0 的数"))
    most = 24.0 * max(station.units or 1, 1)
    if pumping + generating + standby > most + 1e-6:
        raise Refused(
            "hours", _("抽水、发电、备用合计超过 %(most)s 小时") % {"most": f"{most:g}"},
            mend=_("按机组台数合计；请先核对登记的台数"),
        )  # fmt: skip
    if (pumped > 0) != (pumping > 0) or (generated > 0) != (generating > 0):
        raise Refused("energy", _("有电量没有小时，或有小时没有电量"), mend=_("请核对这一天的日志"))
    if not source.strip():
        raise Refused("no_source", _("没有写数据来源"))
    with records.serial():
        same = PumpedDay.objects.filter(station=station, day=day)
        last = same.aggregate(last=Max("revision"))["last"] or 0
        made = PumpedDay(
            station=station, day=day, pumping=pumping, generating=generating, standby=standby, pumped=pumped, generated=generated,
            source=source.strip()[:200], revision=last + 1, by=by, at=now,
        )  # fmt: skip
        made.save()
        records.audit(by, "energy.hydro.log", "hydro", station.code, {"day": str(day), "revision": made.revision}, now=now)  # fmt: skip
    return made
