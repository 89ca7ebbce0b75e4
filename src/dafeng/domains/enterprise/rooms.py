"""The rooms, in the order in which they build on each other: the one place that knows them all."""

from __future__ import annotations

from typing import Any

from dafeng.kernel import rooms

ROOMS = ("register", "reporting", "verification", "compliance", "review")


def brought(module: str, name: str) -> list[Any]:
    """What each room brings under a name in a module of its own (`dafeng.kernel.rooms`)."""
    return rooms.brought(str(__package__), ROOMS, module, name)
