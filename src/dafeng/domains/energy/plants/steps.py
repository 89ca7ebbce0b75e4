"""Steps of the room's records: what the workflow allows, refused where the figures would contradict each other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dafeng.domains.energy.models import Plant, StorageLease
from dafeng.domains.energy.plants import leasing, store
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record


def step(record: Record, action: str, *, by: Any, now: datetime, reason: str = "") -> Record:
    """Take a step of one of the room's records; accepting, or taking back, is refused where the figures would contradict.

    Raises `Refused` (`below_zero`, `leased_twice`) beside what `records.move` raises; then nothing has moved.
    """
    with records.serial():
        records.move(record, action, by=by, now=now, reason=reason)
        changed = Plant.objects.filter(changes__record=record).distinct()
        for plant in changed:
            store.check_stock(plant, [])
        stations = [plant for plant in changed if plant.shared]
        stations += [each.station for each in StorageLease.objects.filter(record=record).select_related("station")]
        for station in stations:
            leasing.check_station(station)
    return record
