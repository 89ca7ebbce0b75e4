"""Output of a plant: utilisation hours, curtailment, what a storage does; and which told values cannot be.

Hours = MWh ÷ time-weighted connected MW. Curtailment rate = curtailed ÷ (generated + curtailed). A value that was not told is
None and stays None: it is never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CLOSE = 0.001  # a thousandth: meters and months do not end at the same second
Level = Literal["impossible", "doubtful"]


@dataclass(frozen=True)
class Month:
    """MWh of a month, with what stood there: `mw` and `mwh` averaged over its `hours`, `top_mw` the most that stood on a day."""

    month: str
    hours: float
    mw: float
    top_mw: float
    mwh: float
    generation: float | None = None
    on_grid: float | None = None
    own_use: float | None = None
    available: float | None = None
    curtailed: float | None = None
    charged: float | None = None
    discharged: float | None = None

    @property
    def lost(self) -> float | None:
        """Curtailed as told, else available − generated where both were told; None: unknown."""
        if self.curtailed is not None:
            return self.curtailed
        if self.available is None or self.generation is None:
            return None
        return max(self.available - self.generation, 0.0)


@dataclass(frozen=True)
class Totals:
    """Sums over months. `mw` and `mwh` are averages over the hours of the months with a value, `months` how many these are.

    `lost` and `lost_of`: curtailed, and generated, of the months in which the curtailed part is known.
    """

    months: int = 0
    hours: float = 0.0
    mw: float = 0.0
    mwh: float = 0.0
    generation: float | None = None
    on_grid: float | None = None
    own_use: float | None = None
    lost: float | None = None
    lost_of: float = 0.0
    charged: float | None = None
    discharged: float | None = None

    @property
    def utilisation(self) -> float | None:
        return utilisation(self.generation, self.mw)

    @property
    def capacity_factor(self) -> float | None:
        used = self.utilisation
        return None if used is None or not self.hours else used / self.hours

    @property
    def curtailment(self) -> float | None:
        return curtailment(self.lost_of, self.lost)

    @property
    def efficiency(self) -> float | None:
        """Round trip: discharged ÷ charged. Over months it is blurred by what was stored at either end."""
        return None if self.discharged is None or not self.charged else self.discharged / self.charged

    @property
    def cycles(self) -> float | None:
        """Equivalent full cycles: discharged ÷ connected MWh."""
        return None if self.discharged is None or not self.mwh else self.discharged / self.mwh

    @property
    def storage_hours(self) -> float | None:
        """Equivalent hours of a storage: (charged + discharged) ÷ connected MW."""
        if self.charged is None or self.discharged is None or not self.mw:
            return None
        return (self.charged + self.discharged) / self.mw


@dataclass(frozen=True)
class Fault:
    """A told value that cannot be, or that asks for a reason. `value` against `bound`, both in the unit of the check."""

    code: str
    level: Level
    month: str
    value: float
    bound: float


def utilisation(generation: float | None, mw: float) -> float | None:
    """Hours at full power: MWh ÷ MW; None where either is missing."""
    return None if generation is None or mw <= 0 else generation / mw


def curtailment(generation: float | None, lost: float | None) -> float | None:
    """Share of what could have been made that was not: lost ÷ (generated + lost), 0–1."""
    if lost is None or generation is None or generation + lost <= 0:
        return None
    return lost / (generation + lost)


def _known(values: Iterable[float | None]) -> float | None:
    told = [each for each in values if each is not None]
    return sum(told) if told else None


def totals(months: Sequence[Month]) -> Totals:
    """Sums of the months with a value of generation, or of charge or discharge."""
    told = [each for each in months if (each.generation, each.charged, each.discharged) != (None, None, None)]
    hours = sum(each.hours for each in told)
    known = [each for each in told if each.lost is not None and each.generation is not None]
    return Totals(
        months=len(told), hours=hours,
        mw=sum(each.mw * each.hours for each in told) / hours if hours else 0.0,
        mwh=sum(each.mwh * each.hours for each in told) / hours if hours else 0.0,
        generation=_known(each.generation for each in told), on_grid=_known(each.on_grid for each in told),
        own_use=_known(each.own_use for each in told), lost=_known(each.lost for each in known),
        lost_of=sum(each.generation or 0.0 for each in known),
        charged=_known(each.charged for each in told), discharged=_known(each.discharged for each in told),
    )  # fmt: skip


def faults(row: Month) -> list[Fault]:
    """What of a month cannot be (`impossible`), or asks for a reason (`doubtful`)."""
    found: list[Fault] = []

    def above(code: str, value: float | None, bound: float, level: Level = "impossible") -> None:
        if value is not None and value > bound * (1 + CLOSE) + 1e-9:
            found.append(Fault(code, level, row.month, value, bound))

    most = row.top_mw * row.hours
    for code, value in (
        ("above_capacity", row.generation),
        ("charge_above_capacity", row.charged),
        ("discharge_above_capacity", row.discharged),
    ):
        above(code, value, most)
    if row.generation is not None:
        above("parts_above_whole", _known((row.on_grid, row.own_use)), row.generation)
        above(
            "available_below_generation", row.generation, row.available if row.available is not None else float("inf")
        )
        lost = row.curtailed
        above("curtailed_above_capacity", None if lost is None else lost + row.generation, most, "doubtful")
        if row.available is not None and lost is not None:
            gap = abs(row.available - row.generation - lost)
            above("curtailed_differs", gap, 0.02 * max(row.available, 1e-9), "doubtful")
    if row.charged is not None and row.discharged is not None:
        # What lay in the store when the month began can come out as well, and no more.
        above("discharge_above_charge", row.discharged, row.charged + row.mwh)
        if not any(each.code == "discharge_above_charge" for each in found):
            above("discharge_above_charge", row.discharged, row.charged, "doubtful")
    return found


def faults_of_year(year: str, months: Sequence[Month], *, hours: float) -> list[Fault]:
    """Utilisation beyond the hours of the year (8760 or 8784), and a store that gives more than it took in a year."""
    found = totals(months)
    told: list[Fault] = []
    used = found.utilisation
    if used is not None and used > hours * (1 + CLOSE):
        told.append(Fault("hours_above_year", "impossible", year, used, hours))
    if found.efficiency is not None and found.months >= 12 and found.efficiency > 1:
        told.append(Fault("efficiency_above_one", "impossible", year, found.efficiency, 1.0))
    return told


def at_night(
    hours: Iterable[tuple[datetime, float]], *, mw: float, first: int, last: int, share: float
) -> list[tuple[datetime, float]]:
    """Hours (beginning, on the city's clock; MWh) in which a PV plant made more than `share` of its power between `first` and `last` o'clock."""
    return [(at, value) for at, value in hours if (at.hour >= first or at.hour < last) and value > share * mw + 1e-9]


def joined(parts: Sequence[Totals]) -> Totals:
    """Totals of several plants as one: a plant without months is not in it, and neither is its capacity."""
    told = [each for each in parts if each.months]
    hours = max((each.hours for each in told), default=0.0)
    return Totals(
        months=max((each.months for each in told), default=0), hours=hours,
        mw=sum(each.mw * each.hours for each in told) / hours if hours else 0.0,
        mwh=sum(each.mwh * each.hours for each in told) / hours if hours else 0.0,
        generation=_known(each.generation for each in told), on_grid=_known(each.on_grid for each in told),
        own_use=_known(each.own_use for each in told), lost=_known(each.lost for each in told),
        lost_of=sum(each.lost_of for each in told if each.lost is not None),
        charged=_known(each.charged for each in told), discharged=_known(each.discharged for each in told),
    )  # fmt: skip
