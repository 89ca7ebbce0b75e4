"""A simulated day through the real intake and the real processing, over a line that loses answers and with a worker that is killed.

For tests, the benchmark and `dafeng inclusion simulate`; it writes to the database it finds, so give it one of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, Sum
from django.utils import timezone

from dafeng.domains.inclusion import services
from dafeng.domains.inclusion.bookkeeping import POINTS
from dafeng.domains.inclusion.models import Binding, Consent, Event, Member, Partner, Programme, Scene
from dafeng.domains.inclusion.scenes import intake, processing, simulator
from dafeng.domains.inclusion.scenes.simulator import Measured, Sent
from dafeng.domains.inclusion.scenes.words import settings
from dafeng.kernel.ledger import services as ledger

BATCH = 10_000
CAUGHT = ("content_repeated", "trip_overlaps")


def build(programme: Programme, members: int, *, now: datetime) -> dict[str, Partner]:
    """Partners, scenes, and members who consented to all of them; a member's token at a partner is `S<partner><number>`."""
    since = now - timedelta(days=100)
    partners: dict[str, Partner] = {}
    for code, (owner, methodology, daily, monthly) in simulator.SCENES.items():
        if owner not in partners:
            partners[owner] = Partner.objects.create(
                programme=programme, code=owner, kind="scene", name=owner, state=Partner.State.ACTIVE, demo=True
            )
        Scene.objects.create(
            partner=partners[owner], code=code, title=code, methodology_id=methodology, channels=["api", "csv"],
            daily_cap=daily, monthly_cap=monthly, demo=True,
        )  # fmt: skip
    for first in range(0, members, BATCH):
        count = min(BATCH, members - first)
        made = Member.objects.bulk_create(
            [Member(programme=programme, kind="person", joined_at=since, demo=True) for _ in range(count)]
        )
        purposes = ["join", *(f"scene:{code}" for code in partners)]
        Consent.objects.bulk_create(
            Consent(member=each, purpose=purpose, text_version="1", given_at=since)
            for each in made
            for purpose in purposes
        )
        Binding.objects.bulk_create(
            Binding(member=each, partner=partner, token=simulator.token(at, first + number), since=since)
            for number, each in enumerate(made)
            for at, partner in enumerate(partners.values())
        )
    return partners


def addressed(sent: Sequence[Sent], partners: dict[str, Partner]) -> dict[str, list[dict[str, Any]]]:
    """What each partner sends: its events, with its own tokens for the members."""
    numbers = {code: at for at, code in enumerate(partners)}
    found: dict[str, list[dict[str, Any]]] = {code: [] for code in partners}
    for each in sent:
        found[each.partner].append({**each.event, "member": simulator.token(numbers[each.partner], each.member)})
    return found


class Line:
    """A line between a scene and the platform: some requests never arrive, some answers never return, some arrive twice or
    late. The scene sends a batch again under its key until it has an answer."""

    def __init__(self, seed: int, *, lost: float = 0.15, doubled: float = 0.1, late: float = 0.1) -> None:
        self.random = random.Random(seed)
        self.lost, self.doubled, self.late = lost, doubled, late
        self.waiting: list[Callable[[], Any]] = []  # copies that are still on their way

    def deliver(self, send: Callable[[], intake.Receipt]) -> intake.Receipt:
        while True:
            if self.waiting and self.random.random() < 0.5:
                self.waiting.pop(self.random.randrange(len(self.waiting)))()
            if self.random.random() < self.lost:
                if self.random.random() < self.late:
                    self.waiting.append(send)
                continue
            receipt = send()
            if self.random.random() < self.doubled:
                send()
            if self.random.random() >= self.lost:
                return receipt

    def flush(self) -> None:
        while self.waiting:
            self.waiting.pop()()


class Killed(BaseException):
    """The worker's end, at a statement."""


@contextmanager
def killed_at(statement: int) -> Iterator[None]:
    """Whatever runs inside ends at its n-th statement to the database (from 1), as if the process had been killed there."""
    count = 0

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += 1
        if count == statement:
            raise Killed(sql[:60])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield


def run(
    partners: dict[str, Partner],
    sent: Sequence[Sent],
    *,
    now: datetime,
    seed: int,
    batch: int = 500,
    kills: bool = True,
) -> None:
    """Send a day over bad lines while a worker that is now and then killed processes it; at the end nothing waits."""
    line, rng = Line(seed), random.Random(seed + 1)
    queue: list[tuple[Partner, list[dict[str, Any]], str]] = []
    for code, events in addressed(sent, partners).items():
        for at in range(0, len(events), batch):
            queue.append((partners[code], events[at : at + batch], f"{code}-{at:08d}"))
    rng.shuffle(queue)  # scenes send when they like
    for partner, events, key in queue:
        line.deliver(lambda p=partner, e=events, k=key: intake.receive(p, e, key=k, channel="api", now=now))  # type: ignore[misc]
        if kills and rng.random() < 0.4:
            try:
                with killed_at(rng.randint(1, 40)):
                    processing.process(now=now, limit=batch)
            except Killed:
                continue
    line.flush()
    processing.process_all(now=now)


def measured(sent: Sequence[Sent]) -> Measured:
    caught = {}
    rows = Event.objects.exclude(state=Event.State.RECEIVED).values_list("scene__code", "source_id", "state", "reason")
    for scene, number, state, reason in rows.iterator(chunk_size=5000):
        caught[scene, number] = state == Event.State.HELD or (state == Event.State.NOTHING and reason in CAUGHT)
    return simulator.measure(sent, caught, allowed=settings()["burst"]["events"])


def books() -> tuple[int, int]:
    """Points of posted and held events, and points that were issued and not taken back: equal, whatever happened on the way."""
    paid = Q(state__in=(Event.State.POSTED, Event.State.HELD))
    events = Event.objects.filter(paid).aggregate(sum=Sum("points"))["sum"] or 0
    total = ledger.city_total(POINTS)
    return events, total.issued - total.cancelled


def whole(*, events: int, cheats: int, seed: int, kills: bool, now: datetime) -> dict[str, Any]:
    """A rehearsal from an empty database to its report."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    programme = services.ensure_programme(
        "000000", "模拟市", "Simulated city", counties={}, now=now - timedelta(days=120)
    )
    yesterday = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    sent = simulator.day(seed=seed, start=yesterday, events=events, cheats=cheats)
    partners = build(programme, max(each.member for each in sent) + 1, now=now)
    run(partners, sent, now=now, seed=seed, kills=kills)
    made, (of_events, of_ledger) = measured(sent), books()
    return {
        "events": len(sent),
        "stored": Event.objects.count(),
        "waiting": Event.objects.filter(state=Event.State.RECEIVED).count(),
        "points_of_events": of_events,
        "points_in_ledger": of_ledger,
        "recall": {kind: round(made.recall(kind), 4) for kind in sorted(made.planted)},
        "recall_of_all": round(made.recall(), 4),
        "precision": round(made.precision, 4),
        "honest": made.honest,
        "honest_troubled": made.troubled,
    }
