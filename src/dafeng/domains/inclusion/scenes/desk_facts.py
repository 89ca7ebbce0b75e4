"""What a scene owner's desk counts and shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum

from dafeng.domains.inclusion.models import Event, Partner, Scene, SceneDay

DAYS = 14
NAMES = {state: state.name.lower() for state in Event.State}


def states_of(batch: UUID | None) -> dict[str, int]:
    """state → how many events of a delivery are in it now."""
    if batch is None:
        return {}
    rows = Event.objects.filter(batch=batch).values_list("state").annotate(count=Count("id"))
    return {NAMES[Event.State(state)]: count for state, count in rows}


@dataclass(frozen=True)
class SceneFacts:
    """A scene and what became of its events of the last two weeks."""

    scene: Scene
    posted: int
    held: int
    unpaid: int
    refused: int
    grams: int
    points: int


def scenes_of(partner: Partner, *, today: date) -> list[SceneFacts]:
    names = ("posted", "held", "unpaid", "refused", "grams", "points")
    since = today - timedelta(days=DAYS - 1)
    rows = SceneDay.objects.filter(scene__partner=partner, day__gte=since).values("scene")
    sums: dict[int, dict[str, Any]] = {row["scene"]: row for row in rows.annotate(**{f"s_{n}": Sum(n) for n in names})}
    found: Iterable[Scene] = partner.scenes.select_related("methodology").order_by("code")
    return [SceneFacts(scene, *((sums.get(scene.pk, {}).get(f"s_{name}") or 0) for name in names)) for scene in found]
