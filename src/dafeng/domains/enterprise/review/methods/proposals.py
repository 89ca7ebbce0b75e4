"""What an owner says of a project, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Amount:
    """A year's use of one energy: after completion, before it (rebuilt projects), as raw material, and a measured heating value."""

    after: float = 0.0
    before: float = 0.0
    feedstock: float = 0.0
    ncv: float | None = None


@dataclass(frozen=True)
class Proposal:
    """A project. Energies by code in the unit of the form; electricity in MWh, of it `renewable` MWh; money in 万元.

    `rebuilt` is true where place, main process and equipment stay, so that the increment counts (art. 8).
    `equal_electricity` is the equal-value coefficient in tce/MWh, None where nobody has told it.
    """

    energies: Mapping[str, Amount] = field(default_factory=dict)
    renewable: float = 0.0
    renewable_before: float = 0.0
    equal_electricity: float | None = None
    rebuilt: bool = False
    key_field: bool = False
    secret: bool = False
    simple: bool = False
    two_high: bool | None = None
    reviewed_zone: bool = False
    national: bool = False
    large_carbon: bool | None = None
    output: float | None = None
    value: float | None = None
    added_value: float | None = None
    process_co2: float = 0.0
    process_co2_before: float = 0.0
