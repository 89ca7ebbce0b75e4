"""The rooms, in the order in which they build on each other: the one place that knows them all."""

from __future__ import annotations

from typing import Any

from dafeng.kernel import rooms

<<<<<<< HEAD
ROOMS = ("monitoring", "control", "buildings", "plants")
=======
ROOMS = ("monitoring", "control", "buildings", "parks")
>>>>>>> d570725f8c616b6a2fdbd395cc0017e2dd9afd0a


def brought(module: str, name: str) -> list[Any]:
    """What each room brings under a name in a module of its own (`dafeng.kernel.rooms`)."""
    return rooms.brought(str(__package__), ROOMS, module, name)
