"""Two marks that travel with every number: how far it may be trusted, and why it may be missing.

`Status` only worsens along the chain: a sum is as good as its worst part. INCOMPLETE means that a part is missing, so
the number is a lower bound; DEGRADED means that a part rests on something nobody has vouched for, so the number may
be wrong. Neither may be published. `Notation` is the IPCC key for a cell without a number; it is never read as zero.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Status(IntEnum):
    OK = 0
    INCOMPLETE = 1
    DEGRADED = 2

    @property
    def label(self) -> str:
        return {0: "完整", 1: "不完整", 2: "待确认"}[int(self)]


class Notation(StrEnum):
    """IPCC 2006, volume 1, chapter 8, table 8.2: NO, NE, NA, IE, C."""

    NO = "NO"
    NE = "NE"
    NA = "NA"
    IE = "IE"
    C = "C"

    @property
    def label(self) -> str:
        return {"NO": "不发生", "NE": "未估算", "NA": "不适用", "IE": "列于别处", "C": "保密"}[str(self)]


# Standing of a factor, from the fact files: does its use keep a result from being published until someone signs it?
SOUND = frozenset({"confirmed", "one_copy", "package_default", "derived", "municipal", "signed"})
UNSIGNED = frozenset({"memory", "conflict"})
ABSENT = frozenset({"gap"})


def status_of_factor(standing: str) -> Status:
    """OK for a sourced factor, DEGRADED for one from memory or in conflict. Raises `ValueError` for an unknown word."""
    if standing in SOUND:
        return Status.OK
    if standing in UNSIGNED or standing in ABSENT:
        return Status.DEGRADED
    raise ValueError(f"unknown standing of a factor: {standing!r}")
