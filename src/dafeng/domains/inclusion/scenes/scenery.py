"""Scenes as intake and processing see them: the specification of what may come in, and of what it may be worth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dafeng.domains.inclusion.models import Partner, Scene
from dafeng.domains.inclusion.scenes import store
from dafeng.domains.inclusion.scenes.parsing import FieldSpec, SceneSpec
from dafeng.kernel.pages.kept import MINUTE, kept


@dataclass(frozen=True)
class Worth:
    """What processing needs of a scene: its methodology and the caps on points a member, event, day and month (0: none)."""

    id: int
    code: str
    methodology: str
    event_cap: int
    daily_cap: int
    monthly_cap: int
    programme: str


def fields_of(methodology: str) -> list[Any]:
    """The monitoring fields of a methodology, from room `standards`."""
    from dafeng.domains.inclusion.standards import compute

    return kept("inclusion-fields", methodology, make=lambda: list(compute.fields(methodology)), seconds=MINUTE)


def spec_of(scene: Scene, channel: str) -> SceneSpec:
    """What an event of the scene must look like. A scene's own limits narrow those of the methodology."""
    taken = scene.active and channel in scene.channels
    return _spec(scene.pk, scene.code, taken, scene.limits, fields_of(scene.methodology_id))


def _spec(id: int, code: str, taken: bool, limits: dict[str, Any], fields: list[Any]) -> SceneSpec:
    specs = {}
    for field in fields:
        least, most = field.least, field.most
        own_least, own_most = limits.get(field.name, (None, None))
        if own_least is not None:
            least = own_least if least is None else max(least, own_least)
        if own_most is not None:
            most = own_most if most is None else min(most, own_most)
        specs[field.name] = FieldSpec(field.name, field.required, tuple(field.options), least, most)
    required = tuple(name for name, spec in specs.items() if spec.required)
    return SceneSpec(id, code, taken, specs, required)


def specs_of(partner: Partner, channel: str, codes: Iterable[str]) -> dict[str, SceneSpec]:
    """code → specification of those of a partner's scenes."""
    found = {}
    for id, code, methodology, active, channels, limits in store.scene_rows(partner.pk, sorted(set(codes))):
        taken = bool(active) and channel in json.loads(channels)
        found[code] = _spec(id, code, taken, json.loads(limits), fields_of(methodology))
    return found


def worths() -> dict[int, Worth]:
    """All scenes by their number."""
    rows = Scene.objects.select_related("partner")
    return {
        scene.pk: Worth(
            scene.pk, scene.code, scene.methodology_id, scene.event_cap, scene.daily_cap,
            scene.monthly_cap, scene.partner.programme_id,
        )
        for scene in rows
    }  # fmt: skip
