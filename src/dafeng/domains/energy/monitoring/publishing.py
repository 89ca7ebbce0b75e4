"""A month's energy, coal and CO2 of every key user onto the blackboard, with the meters and coefficients they came from."""

from __future__ import annotations

import hashlib
import json
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import polars as pl

from dafeng.domains.energy.models import Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import balance
from dafeng.domains.energy.monitoring.methods.conversion import COAL, UNITS
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Run

DOMAIN, KIND = "energy", "monitoring"
CONSUMPTION, COAL_USE, CO2 = "energy.consumption", "energy.coal", "energy.co2"


def ensure_indicators() -> None:
    indicators.ensure_indicator(
        CONSUMPTION,
        name="综合能耗（重点用能单位监测）",
        name_en="Energy consumption (metered key users)",
        unit="tce",
        description="当量值与等价值两种口径，GB/T 2589",
    )
    indicators.ensure_indicator(
        COAL_USE,
        name="煤炭消费量（重点用能单位监测）",
        name_en="Coal use (metered key users)",
        unit="t",
        description="原煤、洗煤的实物量合计",
    )
    indicators.ensure_indicator(
        CO2,
        name="能源活动二氧化碳（重点用能单位监测）",
        name_en="CO2 of energy (metered key users)",
        unit="t CO2",
        description="含外购电力、热力的间接排放",
    )


def publish_month(city: str, month: date, *, now: datetime, by: Any = None) -> Run | None:
    """Publish one month of all key users of a city and the sums of its counties. None when nobody has a meter.

    The same inputs once more publish nothing new: the current run of the month is returned.
    """
    last = month.replace(day=monthrange(month.year, month.month)[1])
    firms = list(MonitoredFirm.objects.filter(enterprise__city=city).select_related("enterprise"))
    meters: dict[int, list[Meter]] = defaultdict(list)
    held = Meter.objects.filter(enterprise__in=[firm.enterprise_id for firm in firms]).holding(month, last)
    for meter in held.select_related("point", "node"):
        meters[meter.enterprise_id].append(meter)
    if not meters:
        return None
    found = balance.amounts([meter for each in meters.values() for meter in each], month, last)
    rows, parts = [], []
    for firm in firms:
        chosen = meters[firm.enterprise_id]
        total = balance.bought(firm.enterprise, chosen, found, month.year)
        if total.rows.height:
            parts.append((firm, total))
            rows += rows_of(
                firm.enterprise.subject,
                f"{month:%Y-%m}",
                [total],
                [meter.point.code for meter in chosen if meter.pk in found],
            )
    rows += _sums(parts, city, f"{month:%Y-%m}")
    digest = hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()
    kind = f"{KIND}.{month:%Y-%m}"  # a stream of runs for each month: a month published does not supersede another
    current = indicators.current_run(DOMAIN, kind, city)
    if current is not None and current.digest == digest:
        return current
    ensure_indicators()
    run = indicators.start_run(
        domain=DOMAIN, kind=kind, subject=city, now=now, by=by, digest=digest, parameters={"set": "GB/T 2589-2020"}
    )
    indicators.publish(run, rows)
    return indicators.finish_run(run, now)


def _sums(parts: list[tuple[MonitoredFirm, balance.Total]], city: str, period: str) -> Iterable[dict[str, Any]]:
    """Sums of counties and of the city: of the key users with meters, which is what they are called."""
    by_place: dict[str, list[tuple[MonitoredFirm, balance.Total]]] = defaultdict(list)
    for firm, total in parts:
        for place in {firm.enterprise.place, city}:
            by_place[place].append((firm, total))
    return [
        row
        for place, each in sorted(by_place.items())
        for row in rows_of(
            f"place:{place}", period, [total for _firm, total in each], [firm.enterprise.subject for firm, _t in each]
        )
    ]


def _tonnes(row: dict[str, Any]) -> float | None:
    """An amount in the unit of its meter; None in a unit that is no mass."""
    base, scale = UNITS.get(row["unit"], ("", 0.0))
    return float(row["amount"]) * scale if base == "t" else None


def rows_of(subject: str, period: str, totals: list[balance.Total], sources: list[str]) -> list[dict[str, Any]]:
    frame = pl.concat([total.rows for total in totals])
    status = max((total.status for total in totals), default=Status.INCOMPLETE)
    estimated = 1.0 - min((total.coverage or 0.0 for total in totals), default=0.0)
    items = frame.select(
        "item",
        "amount",
        "unit",
        "coefficient",
        "equal_coefficient",
        "equal_year",
        "carbon_factor",
        "set",
        "source",
        "standing",
    ).to_dicts()
    lineage = {
        "points" if subject.startswith(("enterprise:", "project:")) else "enterprises": sources,
        "rows": items,
        "method": "energy.monitoring.conversion.to_tce",
    }
    coal = [_tonnes(each) for each in items if each["item"] in COAL]

    def row(indicator: str, value: float | None, unit: str, key: str = "") -> dict[str, Any]:
        told: dict[str, Any] = {"value": value} if value is not None else {"value": None, "notation": "NE"}
        return {
            "indicator": indicator, "subject": subject, "period": period, "key": key, "unit": unit, "status": int(status),
            "estimated": min(max(estimated, 0.0), 1.0), "lineage": lineage, **told,
        }  # fmt: skip

    def total_of(column: str) -> float | None:
        return None if frame[column].null_count() else float(frame[column].sum())

    return [
        row(CONSUMPTION, total_of("equivalent"), "tce", "basis=equivalent"),
        row(CONSUMPTION, total_of("equal"), "tce", "basis=equal"),
        row(COAL_USE, None if None in coal else sum(each or 0.0 for each in coal), "t"),
        row(CO2, total_of("co2"), "t CO2"),
    ]
