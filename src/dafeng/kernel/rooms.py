"""A domain of several rooms: what each room brings, found by name, in the order in which the rooms build on each other."""

from __future__ import annotations

import importlib
from typing import Any


def brought(package: str, rooms: tuple[str, ...], module: str, name: str) -> list[Any]:
    """What the rooms of a domain bring under a name in a module of theirs (`urls`, `urlpatterns`); a room may have none."""
    found = []
    for room in rooms:
        address = f"{package}.{room}.{module}"
        try:
            where = importlib.import_module(address)
        except ModuleNotFoundError as error:
            if error.name != address:
                raise
            continue
        if hasattr(where, name):
            found.append(getattr(where, name))
    return found
