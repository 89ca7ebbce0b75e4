"""What plans and other rooms read of plants: stock, additions, generation, curtailment, as one run of indicators.

A year is published when it is over, a month when it is over; the running year is told by its months, so that nobody takes
a stock in summer for that of December. Additions and stock are two indicators.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from dafeng.domains.energy.models import EnergyCity
from dafeng.domains.energy.plants import months, reading, rules
from dafeng.domains.energy.plants.methods.capacity import movement, stock
from dafeng.domains.energy.plants.reading import Register
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators

DOMAIN, KIND = "energy", "plants"
CAPACITY, ENERGY, ADDED = "energy.plants.capacity", "energy.plants.storage_energy", "energy.plants.added"
OUTPUT, CURTAILMENT = "energy.plants.output", "energy.plants.curtailment"
MONTHS = 24
NAMES = {
    CAPACITY: ("并网装机（存量）", "Connected capacity (stock)", "MW"), ADDED: ("新增并网装机", "Capacity added", "MW"),
    ENERGY: ("储能容量（存量）", "Storage energy (stock)", "MWh"), OUTPUT: ("发电量", "Generation", "MWh"),
    CURTAILMENT: ("弃电率", "Curtailment rate", "%"),
}  # fmt: skip


def publish(city: EnergyCity, *, by: Any, now: datetime) -> int:
    """Everything of the city as one run. Returns how many values."""
    for code, (name, english, unit) in NAMES.items():
        indicators.ensure_indicator(code, name=name, name_en=english, unit=unit, decimals=2)
    found, today = reading.register(city), timezone.localdate(now)
    rows: list[dict[str, Any]] = []
    for group in rules.groups():
        rows += _capacity(found, city, group, today)
    for year in found.years(today):
        rows += _output(found, year, today)
    run = indicators.start_run(domain=DOMAIN, kind=KIND, subject=f"{KIND}:{city.code}", now=now, by=by)
    count = indicators.publish(run, rows)
    indicators.finish_run(run, now)
    return count


def _status(found: Register, group: str) -> Status:
    """A county that never declared its distributed total leaves PV incomplete: missing is not zero."""
    open_ = found.undeclared and set(rules.kinds_of(group)) & set(rules.declared_kinds())
    return Status.INCOMPLETE if open_ else Status.OK


def _capacity(found: Register, city: EnergyCity, group: str, today: date) -> list[dict[str, Any]]:
    rows = []
    for place in ("", *city.counties):
        changes = found.of(group, place)
        if not changes:
            continue
        spans = [(str(year), date(year, 1, 1), date(year, 12, 31)) for year in found.years(today) if year < today.year]
        if not place:
            spans += [(month, *months.first_and_last(month)) for month in _months(today)]
        for period, first, last in spans:
            at = stock(changes, last)
            one = {"subject": f"place:{place or city.code}", "period": period, "key": f"kind={group}", "status": int(_status(found, group))}  # fmt: skip
            lineage = {"changes": len(changes), "rule": "stock = opening + additions - retirements"}
            rows.append(one | {"indicator": CAPACITY, "value": at.mw, "unit": "MW", "lineage": lineage})
            added = movement(changes, first, last).added.mw
            rows.append(one | {"indicator": ADDED, "value": added, "unit": "MW", "lineage": lineage})
            if group in ("storage", "pumped"):
                rows.append(one | {"indicator": ENERGY, "value": at.mwh, "unit": "MWh", "lineage": lineage})
    return rows


def _months(today: date) -> list[str]:
    """The months that are over, newest last."""
    index = today.year * 12 + today.month - 1
    return [f"{each // 12}-{each % 12 + 1:02d}" for each in range(index - MONTHS, index)]


def _output(found: Register, year: int, today: date) -> list[dict[str, Any]]:
    """Generation and curtailment of a year that is over; INCOMPLETE while a connected plant has not told all its months."""
    if year >= today.year:
        return []
    told, rows = reading.outputs(found, year), []
    for group in rules.groups():
        whole = reading.of_group(told, group)
        if whole.generation is None:
            continue
        kinds, end = rules.kinds_of(group), date(year, 12, 31)
        standing = [each for each in found.plants.values() if each.kind in kinds and found.stock_of(each, end).mw > 0]
        full = all(each.pk in told and told[each.pk].totals.months == 12 for each in standing)
        rest = any(each.kind in kinds and each.day <= end for each in found.rest)
        status = int(Status.OK if full and not rest else Status.INCOMPLETE)
        one = {"subject": f"place:{found.city}", "period": str(year), "key": f"kind={group}", "status": status, "lineage": {"plants": len(standing)}}  # fmt: skip
        rows.append(one | {"indicator": OUTPUT, "value": whole.generation, "unit": "MWh"})
        if whole.curtailment is not None:
            rows.append(one | {"indicator": CURTAILMENT, "value": whole.curtailment * 100, "unit": "%"})
    return rows
