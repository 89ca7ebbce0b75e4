"""Output by month: what was told, what was measured (`kernel.series`), and which of the two counts."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import Plant, PlantMonth
from dafeng.domains.energy.monitoring.reading import midnight
from dafeng.domains.energy.plants import rules
from dafeng.domains.energy.plants.methods.capacity import Change, average, stock
from dafeng.domains.energy.plants.methods.output import Month
from dafeng.kernel.quantities import units
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence
from dafeng.kernel.series import queries
from dafeng.kernel.series.models import Point

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Told:
    """Values of a month in MWh with their basis; `measured`: which of them come from meters, `differ`: where both speak and disagree."""

    values: Mapping[str, float]
    basis: str
    source: str
    revision: int
    measured: frozenset[str] = frozenset()
    differ: tuple[tuple[str, float, float], ...] = ()


def first_and_last(month: str) -> tuple[date, date]:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])


def file_month(
    plant: Plant, *, month: str, values: Mapping[str, float | None], basis: str, source: str, by: Any, now: datetime, today: date,
    evidence: Evidence | None = None,
) -> PlantMonth:  # fmt: skip
    """Tell what a plant made in a month, MWh; telling it again corrects it. Raises `Refused`: `month`, `empty`, `field`, `negative`, `no_source`."""
    if not MONTH.fullmatch(month) or first_and_last(month)[0] > today:
        raise Refused("month", _("月份“%(month)s”不对") % {"month": month[:12]}, expected=_("已开始的月份，如 2026-10"))
    told = {name: value for name, value in values.items() if value is not None}
    if not told:
        raise Refused("empty", _("一个数也没有填"))
    for name, value in told.items():
        label = PlantMonth._meta.get_field(name).verbose_name
        if name in ("charged", "discharged") and not plant.stores:
            raise Refused("field", _("“%(field)s”只对储能填报") % {"field": label})
        if name in ("available", "curtailed") and plant.stores:
            raise Refused("field", _("“%(field)s”不对储能填报") % {"field": label})
        if not (math.isfinite(value) and 0 <= value < 1e8):
            raise Refused("negative", _("“%(field)s”%(value)s 不对") % {"field": label, "value": value}, expected=_("不小于 0 的 MWh 数"))  # fmt: skip
    if not source.strip():
        raise Refused("no_source", _("没有写数据来源"), mend=_("请写明结算单、报表或系统的名称"))
    with records.serial():
        last = plant.months.filter(month=month).aggregate(last=Max("revision"))["last"] or 0
        made = PlantMonth(
            plant=plant,
            month=month,
            basis=basis,
            source=source.strip(),
            evidence=evidence,
            revision=last + 1,
            by=by,
            at=now,
            **told,
        )
        made.save()
        records.audit(
            by, "energy.plants.month", "plant", plant.code, {"month": month, "revision": last + 1} | told, now=now
        )
    return made


def told(plants: Iterable[Plant], year: int) -> dict[int, dict[str, Told]]:
    """Plant → month → what was told last."""
    rows = PlantMonth.objects.filter(plant__in=list(plants), month__startswith=f"{year}-").order_by("revision")
    found: dict[int, dict[str, Told]] = {}
    for row in rows:
        values = {name: getattr(row, name) for name in rules.TOLD if getattr(row, name) is not None}
        found.setdefault(row.plant_id, {})[row.month] = Told(values, row.basis, row.source, row.revision)
    return found


def _points(plants: Sequence[Plant]) -> dict[str, Point]:
    codes = {code for plant in plants for each in plant.meters.values() for code in each}
    if not codes:
        return {}
    return {each.code: each for each in Point.objects.filter(code__in=codes).exclude(kind=Point.Kind.INSTANT)}


def measured(plants: Sequence[Plant], year: int) -> dict[int, dict[str, dict[str, float]]]:
    """Plant → month → what its meters measured, MWh: only where every meter of a quantity covers enough of the month."""
    points = _points(plants)
    if not points:
        return {}
    start, end = midnight(date(year, 1, 1)), midnight(date(year + 1, 1, 1))
    frame = queries.used([each.pk for each in points.values()], start, end, "1mo")
    local = frame.with_columns(month=pl.col("at").dt.convert_time_zone(settings.TIME_ZONE).dt.strftime("%Y-%m"))
    rows = {(row["point"], row["month"]): row for row in local.iter_rows(named=True) if row["value"] is not None}
    factor = {code: units.conversion(point.unit, "MWh") for code, point in points.items()}
    months = {month for _point, month in rows}
    found: dict[int, dict[str, dict[str, float]]] = {}
    for plant in plants:
        for name, codes in plant.meters.items():
            if not codes or not all(code in points for code in codes):
                continue
            for month in months:
                parts = [(code, rows.get((points[code].pk, month))) for code in codes]
                if any(row is None or row["coverage"] < rules.coverage() for _code, row in parts):
                    continue
                value = sum(row["value"] * factor[code] for code, row in parts if row is not None)
                found.setdefault(plant.pk, {}).setdefault(month, {})[name] = value
    return found


def settled(plants: Sequence[Plant], year: int) -> dict[int, dict[str, Told]]:
    """Plant → month → what counts: a meter that covered the month before what was told; where they differ, it says so."""
    found = told(plants, year)
    for pk, by_month in measured(plants, year).items():
        for month, values in by_month.items():
            said = found.setdefault(pk, {}).get(month) or Told({}, "metered", _("计量点"), 0)
            apart = tuple(
                (name, said.values[name], value) for name, value in sorted(values.items())
                if name in said.values and abs(said.values[name] - value) > rules.differ() * max(abs(value), 1e-9)
            )  # fmt: skip
            basis = "metered" if set(said.values) <= set(values) else said.basis
            found[pk][month] = Told(
                {**said.values, **values}, basis, said.source, said.revision, frozenset(values), apart
            )
    return found


def rows_of(plant: Plant, by_month: Mapping[str, Told], changes: Sequence[Change]) -> list[Month]:
    """The months of a plant with what stood there, in order."""
    found = []
    for month in sorted(by_month):
        first, last = first_and_last(month)
        mean = average(changes, first, last)
        days = {first, *(each.day for each in changes if first <= each.day <= last)}
        top = max(stock(changes, day).mw for day in days)
        found.append(Month(month, ((last - first).days + 1) * 24.0, mean.mw, top, mean.mwh, **by_month[month].values))
    return found


def night_hours(plant: Plant, first: date, last: date) -> list[tuple[datetime, float]]:
    """Hours of a PV plant's generation meters between two days, MWh on the city's clock; empty without meters."""
    codes = plant.meters.get("generation") or []
    points = list(Point.objects.filter(code__in=codes).exclude(kind=Point.Kind.INSTANT))
    if not points:
        return []
    frame = queries.used([each.pk for each in points], midnight(first), midnight(last + timedelta(days=1)), "1h")
    factor = {each.pk: units.conversion(each.unit, "MWh") for each in points}
    local = frame.filter(pl.col("value").is_not_null()).with_columns(
        pl.col("at").dt.convert_time_zone(settings.TIME_ZONE).dt.replace_time_zone(None),
        mwh=pl.col("value") * pl.col("point").replace_strict(factor, return_dtype=pl.Float64),
    )
    summed = local.group_by("at").agg(pl.col("mwh").sum()).sort("at")
    return list(summed.select("at", "mwh").iter_rows())
