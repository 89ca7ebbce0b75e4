"""A request that was understood and refused: the reason is a code that programs can read, the sentence is for people."""

from __future__ import annotations

from dafeng.domains.energy.errors import EnergyError


class Refused(EnergyError):
    """`code` is the reason."""

    def __init__(self, reason: str, what: str, *, expected: str = "", mend: str = "") -> None:
        super().__init__(what, expected=expected, mend=mend)
        self.code = reason
