"""The demonstration: facilities, months with papers, control plans and reports of five made-up firms, through the use-cases themselves.

Nothing here is a fact: every value comes from `demo.toml` and a fixed rule for how months differ. Calling it again changes nothing.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from django.db import transaction
from django.utils import timezone

from dafeng.domains.enterprise.models import Facility, MonthlyValue, Report
from dafeng.domains.enterprise.reporting import (
    boundaries,
    clock,
    entry,
    findings,
    metering,
    plans,
    points,
    reports,
    sectoral,
)
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.quantities import workdays
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence
from dafeng.kernel.series import ingest
from dafeng.kernel.series import services as series
from dafeng.kernel.series.models import Point

PATH = Path(__file__).with_name("demo.toml")
LAB = frozenset(
    {"ncv", "elemental_carbon", "ash", "moisture", "purity", "cao", "cao_not_carbonate", "mgo", "mgo_not_carbonate"}
)
STILL = frozenset({"capacity"})  # the same every month
LATE = "tea-1"  # the facility whose newest due month was not filed in time, so that the desk has something to show


@transaction.atomic
def ensure_demo(city: str, *, now: datetime) -> None:
    """Load the demo once; needs the register's demo enterprises. Without demo logins the system does what people would."""
    if Report.objects.filter(demo=True, enterprise__city=city).exists():
        return
    by_firm = ensure_facilities(city, now=now)
    today = timezone.localdate(now)
    for units in by_firm.values():
        firm = units[0][0].enterprise
        _firm(firm, units, person_of(firm), today=today, now=now)


def ensure_facilities(city: str, *, now: datetime) -> dict[str, list[tuple[Facility, dict[str, Any]]]]:
    """The made-up facilities of the demo firms that are there, by firm, each with its row of `demo.toml`."""
    firms = {each.code: each for each in Enterprise.objects.filter(city=city, demo=True)}
    rows = [row for row in _table()["facility"] if row["firm"] in firms]
    people = {code: person_of(firm) for code, firm in firms.items()}
    by_firm: dict[str, list[tuple[Facility, dict[str, Any]]]] = defaultdict(list)
    for row in _table()["installation"]:
        if row["firm"] in firms:
            told = {name: row[name] for name in ("code", "name", "sector", "since")}
            boundaries.ensure_facility(firms[row["firm"]], **told, by=people[row["firm"]], now=now)
    for row in rows:
        facility = boundaries.ensure_facility(
            firms[row["firm"]],
            row["code"],
            name=row["name"],
            sector=row["sector"],
            since=row["since"],
            compliance=row.get("compliance", True),
            parent=row.get("parent", ""),
            facts=row["facts"],
            by=people[row["firm"]],
            now=now,
        )
        by_firm[row["firm"]].append((facility, row))
    return by_firm


def facilities() -> list[dict[str, Any]]:
    """The made-up facilities with the monthly level of each value, as `demo.toml` has them."""
    return _table()["facility"]


@lru_cache(maxsize=1)
def _table() -> dict[str, list[dict[str, Any]]]:
    with PATH.open("rb") as stream:
        return tomllib.load(stream)


def person_of(firm: Enterprise) -> Any:
    """Who acts for a firm in the demo; None where the logins are not there."""
    return next(iter(records.people_of([firm.organisation])), None) if firm.organisation else None


def _firm(
    firm: Enterprise, units: list[tuple[Facility, dict[str, Any]]], by: Any, *, today: date, now: datetime
) -> None:
    year = today.year - 1
    for facility, row in units:
        _points(facility, row, by, today=today, now=now)
    for each in (year, today.year):
        file_plan(firm, each, by, now=_moment(date(each - 1, 12, 20)))
        for facility, row in units:
            _months(facility, row, each, by, today=today)
    handed = _moment(min(clock.report_due(year) - timedelta(days=11), today))
    report = reports.open_draft(firm, year, by=by, now=_moment(date(year + 1, 1, 10)))
    hand_in(report, by, now=handed)


def hand_in(report: Report, by: Any, *, now: datetime) -> None:
    """Answer what the checks hold to be wrong, then submit."""
    for each in findings.refresh(report.enterprise, report.year, now=now):
        if each.state == "open" and each.severity == "error":
            findings.answer(each, "演示：已核对原始台账，数值无误", seen="open", by=by, now=now)
    reports.step(report, "submit", by=by, now=now, system=by is None)


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(10, 30)))


def file_plan(firm: Enterprise, year: int, by: Any, *, now: datetime) -> None:
    plan = plans.open_plan(firm, year, by=by, now=now)
    content: dict[str, Any] = {
        "unit_data": "演示：见核算单元与边界。",
        "quality": "演示：每月由专人复核台账，煤样留存一年以上。",
        "people": "演示：碳资产管理部。",
        "items": {
            line["key"]: {
                "source": line["order"].sources[0].code if line["order"] else "",
                "how": "实测" if line["wanted"].item in LAB else "生产台账或结算凭证",
                "meter": "委托有 CMA 资质的实验室" if line["wanted"].item in LAB else "皮带秤、电能表",
                "frequency": "每月" if line["wanted"].item in LAB else "每日",
                "accuracy": "0.5 级",
                "calibration": "一年",
                "missing": "按指南取缺省值",
            }
            for line in plans.lines(firm, {}, year)
        },
    }
    plans.save(plan, content, seen=plans.seen_of(plan), by=by, now=now, system=by is None)
    plans.file(plan, by=by, now=now, system=by is None)


def _months(facility: Facility, row: dict[str, Any], year: int, by: Any, *, today: date) -> None:
    ended = [month for month in clock.months_of(year) if clock.bounds(month)[1] < today]
    for number, month in enumerate(ended):
        newest = year == today.year and number == len(ended) - 1
        told = _moment(min(told_on(month), today))
        tell(facility, row, month, by, now=told, half=newest)
        due_passed = clock.month_due(month) < today
        waits = facility.code == LATE and due_passed and not any(
            clock.month_due(later) < today for later in ended[number + 1 :]
        )  # fmt: skip
        if not newest and not (waits and year == today.year):
            entry.file_month(facility, month, seen=entry.seen(facility, month), by=by, now=told)
        if newest and metering.assigned(facility, month):
            metering.fill(facility, month, by=by, now=told)


def told_on(month: str) -> date:
    return clock.bounds(month)[1] + timedelta(days=18)


def tell(
    facility: Facility, row: dict[str, Any], month: str, by: Any, *, now: datetime, half: bool = False,
    wrong: dict[str, float] | None = None, right: bool = False, reason: str = "",
) -> None:  # fmt: skip
    """A month's values with their papers. `half`: only the first of them; `wrong`: `item:stream` → what is told instead of the
    month's value; `right`: without the faults that the file plants.
    """
    planted = {} if right else row
    reused = planted.get("reused", {}).get(month[5:], month[5:])
    papers = _papers(facility, month, by, now=now, report_of=f"{month[:5]}{reused}")
    tested = _tested(month, planted.get("tested", {}).get(month[5:], ""), timezone.localdate(now))
    values = list(row["values"].items())
    cells = [
        _cell(facility, month, *key.split(":", 1), level, papers, tested)
        for key, level in (values[: len(values) // 2] if half else values)
    ]
    told = [replace(each, value=(wrong or {}).get(":".join(each.key), each.value)) for each in cells]
    entry.save_month(facility, month, told, seen=None, by=by, now=now, reason=reason)


def _points(facility: Facility, row: dict[str, Any], by: Any, *, today: date, now: datetime) -> None:
    """The measuring points, as far as those of the readings store are there: some are of other rooms' demonstrations."""
    if "scale" in row:
        _scale(facility, row, today=today, now=now)
    for told in row.get("points", ()):
        if "reading" not in told or Point.objects.filter(code=told["reading"]).exists():
            days = [
                date.fromisoformat(f"{today.year - int(ago)}-{day}") for ago, day in told.get("calibrated", {}).items()
            ]  # fmt: skip
            past = {"calibrated": [day for day in days if day <= today], "since": facility.since}
            points.put(facility, **told | past, by=by, now=now)


def _scale(facility: Facility, row: dict[str, Any], *, today: date, now: datetime) -> None:
    """A scale that tells each day's output of last year and this one; its days add up to what is told for the month."""
    item, busy, firm = row["scale"]["item"], row["scale"]["busy"], facility.enterprise
    begins = clock.bounds(str(today.year - 1))[0]
    point = series.ensure_point(
        row["scale"]["code"], subject=firm.subject, organisation=firm.organisation, place=firm.place, name="成品秤（演示）",
        name_en="Product scale (demo)", quantity="product", unit=sectoral.unit_of(facility.sector, item, ""),
        kind=Point.Kind.INTERVAL, period=86_400, since=_midnight(begins), demo=True,
    )  # fmt: skip
    rows: list[tuple[datetime, float]] = []
    for month in (*clock.months_of(begins.year), *clock.months_of(today.year)):
        first, last = clock.bounds(month)
        if last >= today:
            break
        days = [first + timedelta(days=number) for number in range(last.day)]
        rests = [workdays.holiday(day) != "" and not workdays.is_working(day) and day.month != busy for day in days]
        share = [0.1 if rest else 1.0 for rest in rests]
        whole = varied(facility, month, item, "", row["values"][f"{item}:"]) / sum(share)
        rows += [(_midnight(day + timedelta(days=1)), part * whole) for day, part in zip(days, share, strict=True)]
    frame = pl.DataFrame(rows, schema={"at": pl.Datetime("us", "UTC"), "value": pl.Float64}, orient="row")
    told = frame.with_columns(pl.lit(point.pk).alias("point"), pl.col("at").alias("arrived"))
    ingest.receive(told, source="simulated", key=f"demo-{point.code}", now=now, owner="demo")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _tested(month: str, planted: str, told: date) -> date | None:
    """The second working day after the month, or the day that the file plants; None where the laboratory has not answered yet."""
    usual = clock.working_days_after(clock.bounds(month)[1], 2)
    day = date.fromisoformat(f"{month[:4]}-{planted}") if planted else usual
    return day if day <= told else None


def _papers(facility: Facility, month: str, by: Any, *, now: datetime, report_of: str) -> dict[str, Evidence]:
    """A ledger and a laboratory report of the month: texts that say that they are made up.

    `report_of`: another month, where its report is handed in again: a fault that the checks are to find.
    """
    made = {}
    for kind, title in (("ledger", "生产与能源台账"), ("lab_report", "检测报告")):
        of = report_of if kind == "lab_report" else month
        text = f"演示文件，内容为编造\n{facility.enterprise.name} {facility.name}\n{of} {title}\n"
        made[kind] = records.store_evidence(
            text.encode(),
            name=f"{month}-{title}（演示）.csv",
            media_type="text/csv",
            by=by,
            now=now,
            source="演示",
        )
    return made


def _cell(
    facility: Facility,
    month: str,
    item: str,
    stream: str,
    level: float,
    papers: dict[str, Evidence],
    tested: date | None,
) -> entry.Cell:
    lab = item in LAB
    way = MonthlyValue.Way.INVOICE if item == "electricity_bought" else MonthlyValue.Way.MEASURED
    return entry.Cell(
        item=item,
        stream=stream,
        value=float(level) if item in STILL else varied(facility, month, item, stream, level),
        unit=sectoral.unit_of(facility.sector, item, stream),
        way=way,
        source="月度检测报告（演示）" if lab else "月度台账（演示）",
        evidence=(papers["lab_report" if lab else "ledger"],),
        tested=tested if lab else None,
    )


def varied(facility: Facility, month: str, item: str, stream: str, level: float) -> float:
    """A month's value about its level: amounts swing with the season together, properties of a material within two percent."""
    text = f"{facility.enterprise.code}/{facility.code}/{month}/{item}/{stream}"
    noise = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64 * 2 - 1
    number = int(month[5:])
    season = 0.06 * math.sin(2 * math.pi * (number - 1) / 12)
    factor = 1 + (0.012 * noise if item in LAB else season + 0.008 * noise)
    value = level * factor
    if item == "running_hours":
        value = min(value, 24.0 * clock.bounds(month)[1].day)
    digits = max(0, 5 - len(str(int(abs(value)))))
    return round(value, digits)
