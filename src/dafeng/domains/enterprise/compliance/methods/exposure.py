"""A firm's position month by month: what it emitted so far, what that makes of the year, what it has against it, what the gap costs.

expected = (told months) ÷ (their number) × 12 + (annual items), until the verified number is there. A simple rule of this platform
(standing: ours); it knows no season, so that a heating plant is over-estimated in spring. Only for looking ahead: no duty rests on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class MonthEnd:
    """One month's end; t, yuan a tonne and yuan. None where nobody knows. `missing`: months of the year before this one that nobody told.

    `net`: allowances for the year, surrendered ones with them, less the expected emissions; negative is the exposure.
    """

    month: str
    emitted: float | None
    expected: float | None
    verified: bool
    held: int
    surrendered: int
    missing: tuple[str, ...]
    price: Decimal | None

    @property
    def net(self) -> float | None:
        return None if self.expected is None else self.held + self.surrendered - self.expected

    @property
    def cost(self) -> Decimal | None:
        """What the exposure would cost at the month's price; 0 with a surplus."""
        if self.net is None or self.price is None:
            return None
        return Decimal(str(round(max(0.0, -self.net), 3))) * self.price


def month_ends(
    year: int,
    months: Sequence[str],
    *,
    told: Mapping[str, float],
    annual: float = 0.0,
    verified: tuple[str, float] | None = None,
    held: Mapping[str, int],
    surrendered: Mapping[str, int],
    prices: Mapping[str, Decimal | None],
) -> list[MonthEnd]:
    """A row a month, in their order. `told`: month of the year → t; `annual`: t of items told for the whole year;
    `verified`: the month in which the number was confirmed, and the number; from then on it counts alone.
    """
    found = []
    for month in months:
        mine = [f"{year}-{number:02d}" for number in range(1, 13) if f"{year}-{number:02d}" <= month]
        known = [each for each in mine if each in told]
        whole = len(mine) == 12
        if verified is not None and month >= verified[0]:
            emitted: float | None = verified[1]
            expected: float | None = verified[1]
            sure, missing = True, tuple[str, ...]()
        else:
            emitted = sum(told[each] for each in known) + (annual if whole else 0.0) if known else None
            expected = sum(told[each] for each in known) / len(known) * 12 + annual if known else None
            sure, missing = False, tuple(each for each in mine if each not in told)
        found.append(
            MonthEnd(month, emitted, expected, sure, held.get(month, 0), surrendered.get(month, 0), missing, prices.get(month))
        )  # fmt: skip
    return found
