"""What can go wrong here beyond the errors that all domains share."""

from __future__ import annotations

from dafeng.kernel.errors import DafengError


class EnergyError(DafengError):
    """A firm, a building, a quota or a station cannot be taken as given."""

    code = "energy"
