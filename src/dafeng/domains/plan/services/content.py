"""A version's content: what is laid before the reviewer, and, once accepted, what is kept with the version for good."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from dafeng.domains.plan.models import Correction, Plan, Target, Task, Version
from dafeng.domains.plan.services.identity import with_keys
from dafeng.domains.plan.services.items import KINDS, LISTS, Found, items_of


def corrections_of(plan: Plan) -> list[Correction]:
    """Corrections in force, oldest first."""
    return list(plan.corrections.filter(withdrawn_at=None).select_related("by").order_by("pk"))


def found_in(version: Version, corrections: list[Correction] | None = None) -> Found:
    """The items of a version under the plan's corrections; a version made of facts takes none, its pack is corrected."""
    if not version.text:
        return items_of("", version.reading)
    return items_of(version.text, version.reading, corrections_of(version.plan) if corrections is None else corrections)


def seen_digest(version: Version, corrections: list[Correction]) -> str:
    """What a reviewer saw: the reading and the corrections in force. Sent along when accepting."""
    parts = [version.digest, *(f"{each.pk}" for each in corrections)]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def digest_of(text: str, reading: dict[str, Any]) -> str:
    said = json.dumps(reading, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{text}\0{said}".encode()).hexdigest()


def content_of(version: Version, found: Found | None = None) -> dict[str, Any]:
    """The version as it stands, tasks and targets with the keys that they have or would have. An accepted one never changes."""
    if version.accepted:
        return dict(version.accepted)
    shown = found or found_in(version)
    content: dict[str, Any] = {
        LISTS[kind]: [
            each.values | {"start": each.start, "end": each.end, "quote": each.quote, "ref": each.ref}
            for each in shown.of(kind)
        ]
        for kind in KINDS
    }
    tasks = [row for row in content["tasks"] if row.get("is_task", True)]
    content["notes"] = [row for row in content["tasks"] if not row.get("is_task", True)]
    content["tasks"] = with_keys(version.plan.key, tasks, former_tasks(version.plan), "task")
    content["targets"] = with_keys(version.plan.key, content["targets"], former_targets(version.plan), "target")
    return content | {name: version.reading.get(name, []) for name in ("categories", "questions")}


def former_tasks(plan: Plan) -> list[dict[str, Any]]:
    rows = Task.objects.filter(plan=plan, parent=None).order_by("dropped_in", "order", "pk")
    return [dict(row) for row in rows.values("key", "path", "title")]


def former_targets(plan: Plan) -> list[dict[str, Any]]:
    rows = Target.objects.filter(plan=plan, place=plan.city).order_by("start", "pk")
    wanted = ("key", "indicator", "kind", "year", "unit", "baseline_year", "low", "high")
    return [row | {"value": as_value(row["low"], row["high"])} for row in rows.values(*wanted)]


def as_value(low: float | None, high: float | None) -> float | list[float] | None:
    """How a reading writes it: a number, or both ends of a range."""
    return low if low is None or high is None or low == high else [low, high]
