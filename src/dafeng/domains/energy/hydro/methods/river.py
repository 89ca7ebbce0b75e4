"""Which places lie below a place: rivers that flow into rivers, and kilometres above a river's mouth."""

from __future__ import annotations

from collections.abc import Mapping

Place = tuple[str, float]  # river, km above its mouth


def stretches_below(rivers: Mapping[str, Place | None], start: Place) -> dict[str, float]:
    """River → km: what lies on that river at fewer km lies below `start`. `rivers`: where each flows in; None: it ends here.

    A circle in the register ends the walk where it closes.
    """
    found: dict[str, float] = {}
    here: Place | None = start
    while here is not None and here[0] not in found:
        found[here[0]] = here[1]
        here = rivers.get(here[0])
    return found


def is_below(stretches: Mapping[str, float], place: Place) -> bool:
    river, km = place
    return river in stretches and km < stretches[river]
