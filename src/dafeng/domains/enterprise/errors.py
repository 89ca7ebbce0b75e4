"""What can go wrong here beyond the errors that all domains share. A refusal has a reason code that programs can read."""

from __future__ import annotations

from dafeng.kernel.errors import DafengError


class EnterpriseError(DafengError):
    """A report, a verification, an allocation or a project cannot be taken as given."""

    code = "enterprise"


class Refused(EnterpriseError):
    """A request that was understood and refused; `reason` is its code."""

    def __init__(self, reason: str, what: str, *, expected: str = "", mend: str = "") -> None:
        super().__init__(what, expected=expected, mend=mend)
        self.code = reason
