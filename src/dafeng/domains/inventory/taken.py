"""What stands in the inventory from enterprises' reports: the batches, and which of their reports are no longer in force.

A report that was sent back, withdrawn or replaced is in no newer feed. What was taken of it stays until a person takes again or undoes
the batch: the desk says so, and no run that counted it is published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db.models import Q

from dafeng.domains.inventory.holdings import TAKEN_KEY
from dafeng.domains.inventory.models import Batch, City, InventoryRun
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Value
from dafeng.kernel.records.models import Evidence

FEED = "enterprise.fuel.heat"
ACTIVITY = tuple(f"enterprise.activity.{each}" for each in ("mass", "electricity", "heat", "volume"))


@dataclass(frozen=True)
class Lapsed:
    """A report that something was taken of and that no longer counts: its number, its firm, the year and the batch."""

    report: str
    firm: str
    year: int
    batch: int


def key_of(city: City, year: int | str) -> str:
    """The key of the record of what was taken of a year; of all years with an empty one."""
    return f"{TAKEN_KEY}{city.pk}:{year}"


def active(city: City) -> dict[int, Batch]:
    """Year → the batch that holds what was taken of it."""
    found = Batch.objects.filter(city=city, active=True, record__key__startswith=key_of(city, ""))
    return {_year(each): each for each in found.select_related("record__created_by").order_by("pk")}


def outdated(city: City) -> bool:
    """Whether something was taken and the feed was published anew since."""
    taken = active(city)
    run = indicators.current_run("enterprise", "feed", city.pk) if taken else None
    return run is not None and any(each.record.payload["feed"] != str(run.pk) for each in taken.values())


def lapsed(city: City) -> list[Lapsed]:
    """Reports behind what is taken now that no longer count."""
    return _lapsed(city, active(city).values())


def lapsed_in(run: InventoryRun) -> list[Lapsed]:
    """Reports behind what a run counted that no longer count, whether or not their batch was undone since."""
    then = Q(record__created_at__lte=run.created_at) & (Q(active=True) | Q(record__changed_at__gt=run.created_at))
    found = Batch.objects.filter(then, city=run.city, record__key__startswith=key_of(run.city, ""))
    return _lapsed(run.city, found.select_related("record"))


def _lapsed(city: City, batches: Iterable[Batch]) -> list[Lapsed]:
    held = list(batches)
    feed = indicators.current_run("enterprise", "feed", city.pk) if held else None
    if feed is None or all(each.record.payload["feed"] == str(feed.pk) for each in held):
        return []
    told = Value.objects.filter(run=feed, indicator__code__in=(FEED, *ACTIVITY), value__isnull=False)
    counting = {
        (int(period), each["report"]) for period, lineage in told.values_list("period", "lineage") for each in lineage.get("reports", ())
    }  # fmt: skip
    found = {}
    for batch in held:
        year = _year(batch)
        for report, firm in _reports(
            batch.record.evidence.values_list("pk", flat=True)[0], tuple(batch.record.payload["cells"])
        ):
            if (year, report) not in counting:
                found[year, report] = Lapsed(report, firm, year, batch.pk)
    return sorted(found.values(), key=lambda each: (each.year, each.firm, each.report))


@lru_cache(maxsize=64)
def _reports(evidence: UUID, cells: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """(number, firm) of the reports behind the taken cells, as the evidence keeps them: it never changes."""
    with Evidence.objects.get(pk=evidence).file.open() as stream:
        snapshot = json.load(stream)
    named = {
        each["report"]: each.get("name", "")
        for cell in snapshot["cells"]
        if f"{cell['category']}.{cell.get('fuel') or cell['activity']}" in cells
        for each in cell["reports"]
    }
    return tuple(sorted(named.items()))


def _year(batch: Batch) -> int:
    return int(batch.record.key.rpartition(":")[2])
