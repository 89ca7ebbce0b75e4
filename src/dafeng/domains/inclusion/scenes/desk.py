"""Places in the navigation."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion import permissions
from dafeng.kernel.desk.registry import Entry, register_entry

PLACES = (
    (_("减碳场景"), "scenes", permissions.SEE_SCENES, 30),
    (_("打卡减碳"), "check-in", permissions.CHECK_IN, 11),
    (_("场景工作台"), "scene-desk", permissions.OWN_SCENES, 40),
)


def register() -> None:
    for title, name, wanted, order in PLACES:
        register_entry(
            Entry("inclusion", title, lambda name=name: reverse(f"inclusion:{name}"), wanted, order)  # type: ignore[misc]
        )
