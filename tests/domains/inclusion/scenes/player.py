"""A process of its own beside a test: builds a small city, delivers, processes; the test may end it at any moment."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.utils import timezone

from dafeng.domains.inclusion.models import Event, Partner
from dafeng.domains.inclusion.scenes import intake, processing, rehearsal, simulator
from dafeng.kernel.ledger import services as ledger
from tests.domains.inclusion.scenes.world import NOW, programme

BATCH = 200


def _sent(events: int) -> list[simulator.Sent]:
    return simulator.day(seed=5, start=timezone.make_aware(datetime(2026, 11, 19)), events=events, cheats=4)


def build(events: str) -> dict[str, Any]:
    sent = _sent(int(events))
    rehearsal.build(programme(), max(each.member for each in sent) + 1, now=NOW)
    return {"sent": len(sent)}


def deliver(events: str) -> dict[str, Any]:
    """All batches under their keys; begun anew it begins with the first again."""
    partners = {each.code: each for each in Partner.objects.filter(code__startswith="sim-").order_by("pk")}
    for code, mine in rehearsal.addressed(_sent(int(events)), partners).items():
        for at in range(0, len(mine), BATCH):
            intake.receive(partners[code], mine[at : at + BATCH], key=f"{code}-{at}", channel="api", now=NOW)
            print("sent", flush=True)
    return {}


def process(limit: str) -> dict[str, Any]:
    """Until nothing waits; a line for each chunk."""
    while True:
        done = processing.process(now=NOW, limit=int(limit))
        print("chunk", done.events, flush=True)
        if not done.events and not done.again:
            return {}


def told() -> dict[str, Any]:
    of_events, of_ledger = rehearsal.books()
    keys = Event.objects.exclude(ledger_key="")
    return {
        "events": Event.objects.count(), "waiting": Event.objects.filter(state=Event.State.RECEIVED).count(),
        "points": of_events, "ledger": of_ledger, "audit": ledger.audit().ok, "paid": keys.count(),
        "keys": keys.values("ledger_key").distinct().count(),
        "outcome": sorted(Event.objects.values_list("scene__code", "source_id", "state", "points")),
    }  # fmt: skip


def main(word: str, *numbers: str) -> None:
    print(json.dumps({"build": build, "deliver": deliver, "process": process, "told": told}[word](*numbers)))
