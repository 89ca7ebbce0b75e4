"""Opening, changing and closing scenes: the operator's, each step in the audit chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dafeng.domains.inclusion.models import Partner, Scene
from dafeng.domains.inclusion.scenes.words import Clash, refused
from dafeng.kernel.records import services as records

WORDS = (
    "title", "title_en", "about", "about_en", "channels", "photo", "event_cap", "daily_cap", "monthly_cap", "limits", "active",
)  # fmt: skip


def open_scene(partner: Partner, code: str, methodology: str, *, by: Any, now: datetime, **words: Any) -> Scene:
    """A new scene of a partner. Raises `Refused` (scene_taken)."""
    with records.serial():
        if Scene.objects.filter(code=code).exists():
            raise refused("scene_taken", Clash)
        scene = Scene.objects.create(partner=partner, code=code, methodology_id=methodology, **words)
        _audit("open", scene, {"partner": partner.code, "methodology": methodology, **words}, by=by, now=now)
    return scene


def change_scene(scene: Scene, words: Mapping[str, Any], *, seen: str, by: Any, now: datetime) -> Scene:
    """Change what a scene says; `seen`: the `version_of` that the form was opened on. Raises `Refused` (scene_changed)."""
    with records.serial():
        fresh = Scene.objects.select_for_update().get(pk=scene.pk)
        if version_of(fresh) != seen:
            raise refused("scene_changed", Clash)
        changed = {name: words[name] for name in WORDS if name in words and getattr(fresh, name) != words[name]}
        if changed:
            Scene.objects.filter(pk=fresh.pk).update(**changed)
            _audit("change", fresh, changed, by=by, now=now)
    scene.refresh_from_db()
    return scene


def version_of(scene: Scene) -> str:
    """A digest of what can be changed."""
    from dafeng.domains.inclusion.scenes.parsing import digest

    return digest({name: getattr(scene, name) for name in WORDS})


def _audit(what: str, scene: Scene, detail: dict[str, Any], *, by: Any, now: datetime) -> None:
    records.audit(by, f"inclusion.scene.{what}", "inclusion.scene", scene.code, detail, now=now)
