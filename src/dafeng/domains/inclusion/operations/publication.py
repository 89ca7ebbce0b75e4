"""The open figures on the blackboard, for scoring, plans and dashboards: what is suppressed there is `C` (confidential) here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from dafeng.domains.inclusion.models import Programme
from dafeng.domains.inclusion.operations import statistics
from dafeng.domains.inclusion.operations.statistics import EARLIER
from dafeng.kernel.indicators import services as indicators

INDICATORS = (
    ("inclusion.members", "碳普惠个人账户", "Carbon-inclusion accounts of persons", "1", 0),
    ("inclusion.members.active", "碳普惠活跃人数", "Active members", "1", 0),
    ("inclusion.events", "碳普惠行为", "Carbon-inclusion acts", "1", 0),
    ("inclusion.grams", "碳普惠减排量", "Carbon-inclusion reductions", "t CO2e", 3),
    ("inclusion.points.issued", "产生积分", "Points issued", "1", 0),
    ("inclusion.points.redeemed", "兑换与捐赠积分", "Points redeemed", "1", 0),
)


def publish(programme: Programme, *, today: date, now: datetime) -> int:
    """One run a day, of all months that are shown. Returns the number of cells."""
    for code, name, name_en, unit, decimals in INDICATORS:
        indicators.ensure_indicator(code, name=name, name_en=name_en, unit=unit, decimals=decimals)
    found = statistics.public(programme, today=today)
    units = {code: unit for code, _name, _name_en, unit, _decimals in INDICATORS}
    lineage = {"source": "inclusion.statistics", "until": found.until, "least": found.least}

    def row(code: str, period: str, value: float | None, subject: str = programme.code) -> dict[str, Any]:
        told = {"value": float(value)} if value is not None else {"notation": "C"}
        return {"indicator": code, "subject": subject, "period": period, "unit": units[code], "status": 0, "lineage": lineage, **told}  # fmt: skip

    rows = [row("inclusion.members", found.day[:7], found.members)]
    rows += [
        row("inclusion.members", found.day[:7], count, code) for code, count in found.members_by_county.items() if code
    ]
    for month in found.months:
        if month == EARLIER:
            continue
        for subject, cell in [(programme.code, found.cell(month)), *((code, found.cell(month, county=code)) for code in found.counties if code)]:  # fmt: skip
            rows += [
                row("inclusion.members.active", month, cell.persons, subject),
                row("inclusion.events", month, cell.events, subject),
                row("inclusion.grams", month, None if cell.grams is None else cell.grams / 1e6, subject),
                row("inclusion.points.issued", month, cell.points, subject),
            ]
        rows.append(row("inclusion.points.redeemed", month, found.redeemed[month]))
    run = indicators.start_run(
        domain="inclusion", kind="statistics", subject=programme.code, now=now, parameters={"day": found.day}
    )
    written = indicators.publish(run, rows)
    indicators.finish_run(run, now)
    return written
