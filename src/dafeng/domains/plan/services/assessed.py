"""What the rubrics ask of targets and warnings, published for each county and each department as `plan.assess.*`.

What cannot be told is NE, what does not concern a subject is NA; neither is zero. One current run a city; the period is the year.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from dafeng.domains.plan.models import Standing, Warning
from dafeng.domains.plan.services import reported, warnings
from dafeng.domains.plan.services.computed import CO2_INTENSITY, INTENSITY
from dafeng.domains.plan.services.computed import publish as publish_rows
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Indicator

Row = dict[str, Any]
NAMES = {
    "plan.assess.energy_intensity.fall": ("单位地区生产总值能耗累计下降率", "%"),
    "plan.assess.energy_intensity.target": ("能耗强度累计下降目标", "%"),
    "plan.assess.energy_intensity.red_months": ("能耗强度连续红灯月数", "1"),
    "plan.assess.energy_quota.red_months": ("用能总量指标连续红灯月数", "1"),
    "plan.assess.carbon_intensity.fall": ("单位地区生产总值二氧化碳排放累计下降率", "%"),
    "plan.assess.carbon_intensity.target": ("碳排放强度累计下降目标", "%"),
    "plan.assess.targets.on_track": ("达到进度的指标数", "1"),
    "plan.assess.targets.assigned": ("分解到本县区的指标数", "1"),
    "plan.assess.targets.led": ("牵头指标数", "1"),
    "plan.assess.targets.progress": ("牵头指标平均完成度", "%"),
    "plan.assess.warnings.overdue": ("超期未销号的预警数", "1"),
    "plan.assess.warnings.on_time": ("按期销号的预警数", "1"),
    "plan.assess.warnings.due": ("到期的预警数", "1"),
}  # fmt: skip
QUOTA_RED = "energy.warning.red_months"
"""Red months in a row of a county's energy against its quota: the control of energy tells them, on the blackboard."""
INTENSITIES = {"energy_intensity": INTENSITY, "carbon_intensity": CO2_INTENSITY}


def publish(city: str, standings: Sequence[Standing], *, now: datetime, today: date, by: Any) -> None:
    """Counties and departments that have a target, a task's warning or a month of dual control."""
    board = _Board(today.year)
    counties = warnings.county_names(city)
    issued = list(warnings.of_city(city))
    streaks, over = _red_months(city), _quota_red_months(counties, today.year)
    for county in counties:
        own = [each for each in standings if each.target.place == county]
        _county(board, county, own)
        board.add(county, "plan.assess.energy_intensity.red_months", streaks.get(county))
        months, status, period = over.get(county, (None, 0, ""))
        board.add(
            county,
            "plan.assess.energy_quota.red_months",
            months,
            status=status,
            notation="NA",
            of=QUOTA_RED,
            month=period,
        )
        _warnings(board, county, [each for each in issued if each.owner == county], today)
    departments = sorted({each.target.owner for each in standings if each.target.owner} | {each.owner for each in issued if each.owner and each.owner not in counties})  # fmt: skip
    for department in departments:
        _department(
            board,
            department,
            [each for each in standings if each.target.owner == department and each.target.place == city],
        )
        _warnings(board, department, [each for each in issued if each.owner == department], today)
    publish_rows("assess-targets", city, board.rows, names=NAMES, now=now, by=by)


class _Board:
    def __init__(self, year: int) -> None:
        self.year, self.rows = str(year), list[Row]()

    def add(
        self, subject: str, code: str, value: float | None, *, status: int = 0, notation: str = "NE", **lineage: Any
    ) -> None:
        self.rows.append(
            {
                "indicator": code, "subject": subject, "period": self.year, "value": value, "unit": NAMES[code][1],
                "notation": "" if value is not None else notation, "status": status if value is not None else int(Status.INCOMPLETE),
                "lineage": lineage,
            }
        )  # fmt: skip


def _county(board: _Board, county: str, own: Sequence[Standing]) -> None:
    others = []
    found: dict[str, Standing] = {}
    for each in own:
        name = next((name for name, code in INTENSITIES.items() if each.target.binding == code), "")
        if name and each.target.kind == "relative_change" and not each.target.subject:
            found[name] = each
        else:
            others.append(each)
    for name in INTENSITIES:
        standing = found.get(name)
        fall = standing.data.get("achieved") if standing else None
        status = standing.status if standing else 1
        board.add(
            county, f"plan.assess.{name}.fall", fall, status=status, target=standing.target_id if standing else None
        )
        board.add(county, f"plan.assess.{name}.target", standing.target.low if standing else None, target=standing.target_id if standing else None)  # fmt: skip
    _on_track(board, county, others, "plan.assess.targets.assigned")


def _department(board: _Board, department: str, own: Sequence[Standing]) -> None:
    _on_track(board, department, own, "plan.assess.targets.led")
    shares = [min(max(each.share, 0.0), 100.0) for each in own if each.share is not None]
    status = int(Status.OK if len(shares) == len(own) else Status.INCOMPLETE)
    board.add(
        department, "plan.assess.targets.progress", sum(shares) / len(shares) if shares else None, status=status,
        notation="NE" if own else "NA", known=len(shares), of=len(own),
    )  # fmt: skip


def _on_track(board: _Board, subject: str, own: Sequence[Standing], counted: str) -> None:
    """A target whose light is not known is counted and is not on track; the number then is INCOMPLETE."""
    known = [each for each in own if each.light in ("red", "yellow", "green")]
    status = int(Status.OK if len(known) == len(own) else Status.INCOMPLETE)
    green = [each.target_id for each in known if each.light == "green"]
    board.add(subject, counted, float(len(own)), targets=[each.target_id for each in own])
    board.add(subject, "plan.assess.targets.on_track", float(len(green)), status=status, targets=green)


def _warnings(board: _Board, subject: str, own: Sequence[Warning], today: date) -> None:
    this_year = [each for each in own if each.due_on.year == today.year]
    overdue = [each for each in own if warnings.is_overdue(each, today)]
    due = [each for each in this_year if each.due_on < today or each.record.state == "closed"]
    timely = [
        each
        for each in due
        if each.record.state == "closed" and timezone.localdate(each.record.changed_at) <= each.due_on
    ]
    for name, found in (("overdue", overdue), ("due", due), ("on_time", timely)):
        board.add(subject, f"plan.assess.warnings.{name}", float(len(found)), warnings=[each.pk for each in found])


def _red_months(city: str) -> dict[str, float]:
    """Red months in a row up to a county's newest month; a county without any month is not told."""
    known = Indicator.objects.filter(code__in=(reported.FALL, reported.REQUIRED)).count()
    if known < 2:
        return {}
    lights = warnings.county_lights(city)
    found: dict[str, float] = {}
    for row in lights.sort("subject", "period").iter_rows(named=True):
        found[row["subject"]] = float(row["streak"]) if row["light"] == "red" else 0.0
    return found


def _quota_red_months(counties: Iterable[str], year: int) -> dict[str, tuple[float, int, str]]:
    """County → red months up to its newest month of the year, the status of that figure, and the month; who has no quota is not in it."""
    if not Indicator.objects.filter(code=QUOTA_RED).exists():
        return {}
    months = [f"{year}-{month:02d}" for month in range(1, 13)]
    told = indicators.values(
        QUOTA_RED, subject=[f"place:{each}" for each in counties], period=months, key="quantity=energy"
    )
    found = {}
    for row in told.drop_nulls("value").sort("subject", "period").iter_rows(named=True):
        found[row["subject"].removeprefix("place:")] = (row["value"], row["status"], row["period"])
    return found
