"""What can go wrong with points and readings. A refusal has a reason code that programs can read (`reasons.py`)."""

from __future__ import annotations

from dafeng.kernel.errors import DafengError, PermissionDenied, SignInRequired, StaleError


class SeriesError(DafengError):
    """A point, a fact or a batch of readings cannot be taken as given."""

    code = "series"


class StoreError(SeriesError):
    """The files could not be written or read; what was not acknowledged may be sent again."""

    code = "series_store"


class DamagedError(StoreError):
    """A file of the store is not what its manifest says."""

    code = "series_damaged"


class Refused(SeriesError):
    """A delivery that was understood and refused as a whole; `reason` is a code of `reasons.py`."""

    def __init__(self, reason: str, what: str, *, expected: str = "", mend: str = "") -> None:
        super().__init__(what, expected=expected, mend=mend)
        self.code = reason


class NotSigned(Refused, SignInRequired):
    """401: no signature, or not one of ours."""


class Locked(Refused, PermissionDenied):
    """403: the signature is right, but the device may not send (any more)."""


class Clash(Refused, StaleError):
    """409: the same key, with something else than before."""
