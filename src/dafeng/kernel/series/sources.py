"""How a reading came in, and which of two revisions counts.

The declared rule: of all revisions of a point at a moment the highest rank counts, then the latest to arrive, then the highest
number. A person's correction outranks every machine; what was made up or estimated is outranked by every measurement.
"""

from __future__ import annotations

from enum import IntEnum

from dafeng.kernel.series.errors import SeriesError


class Source(IntEnum):
    HTTP = 1
    MQTT = 2
    FILE = 3
    MODBUS = 4
    BACKFILL = 5
    MANUAL = 6
    SIMULATED = 7
    ESTIMATE = 8


RANK = {Source.MANUAL: 3, Source.SIMULATED: 1, Source.ESTIMATE: 0}
MEASURED = 2


def rank(source: Source) -> int:
    return RANK.get(source, MEASURED)


def source_of(told: Source | str | int) -> Source:
    """Raises `SeriesError` for a way in that does not exist."""
    try:
        return Source[told.upper()] if isinstance(told, str) else Source(told)
    except (KeyError, ValueError):
        names = "、".join(each.name.lower() for each in Source)
        raise SeriesError(f"没有“{told}”这种数据来源", expected=names) from None
