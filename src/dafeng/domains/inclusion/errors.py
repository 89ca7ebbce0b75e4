"""What can go wrong here beyond the errors that all domains share. A refusal has a reason code that programs can read."""

from __future__ import annotations

from dafeng.kernel.errors import DafengError


class InclusionError(DafengError):
    """A member, a scene, an order or a reward cannot be taken as given."""

    code = "inclusion"


class Refused(InclusionError):
    """A request that was understood and refused; `reason` is a code of `reasons.toml`, which has the sentence."""

    def __init__(self, reason: str, what: str, *, expected: str = "", mend: str = "") -> None:
        super().__init__(what, expected=expected, mend=mend)
        self.code = reason
