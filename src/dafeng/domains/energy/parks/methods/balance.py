"""A park's energy in a period: bought, made inside, exchanged, lost; each physical amount once.

What a firm's purchase meters show may have come from a neighbour: where the receiving meter of a link is one of them, its amount is
taken out of what the park bought. What one firm sends and another receives is exchanged, never added to the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

EXCHANGE, BOUGHT, MADE = "exchange", "bought", "made"
Key = tuple[str, str]  # item, unit


@dataclass(frozen=True)
class Purchase:
    """What the meters at a firm's purchase show."""

    firm: str
    item: str
    unit: str
    amount: float


@dataclass(frozen=True)
class Link:
    """What a link carried; None where it was not measured. `booked`: its receipt is among the purchases of the receiver."""

    kind: str
    source: str
    target: str
    carrier: str
    item: str
    unit: str
    sent: float | None
    received: float | None
    booked: bool = False

    @property
    def amount(self) -> float | None:
        """What arrived; where nobody measured that, what was sent."""
        return self.received if self.received is not None else self.sent

    @property
    def lost(self) -> float | None:
        return None if self.sent is None or self.received is None else self.sent - self.received


@dataclass
class Used:
    """What a firm used of an energy carrier: `whole`, and `outside`: without what came from inside the park.

    `metered`: all of it was read on meters.
    """

    firm: str
    item: str
    unit: str
    whole: float = 0.0
    outside: float = 0.0
    metered: bool = True


@dataclass
class Balance:
    """Sums by (item, unit), and what each firm used. `contradictions`: items of which a firm got more from inside than its meters show."""

    used: list[Used] = field(default_factory=list)
    bought: dict[Key, float] = field(default_factory=dict)
    made: dict[Key, float] = field(default_factory=dict)
    exchanged: dict[Key, float] = field(default_factory=dict)
    lost: dict[Key, float] = field(default_factory=dict)
    contradictions: list[Key] = field(default_factory=list)
    unmeasured: int = 0


def used(purchases: Sequence[Purchase], links: Sequence[Link]) -> list[Used]:
    """Purchases and central supply by firm; each physical amount once. What is made inside counts nowhere but in its link."""
    found: dict[tuple[str, Key], Used] = {}

    def of(firm: str, key: Key) -> Used:
        return found.setdefault((firm, key), Used(firm, *key))

    for each in purchases:
        row = of(each.firm, (each.item, each.unit))
        row.whole += each.amount
        row.outside += each.amount
    for link in links:
        if link.amount is None:
            continue
        key = (link.item or link.carrier, link.unit)
        if link.kind == BOUGHT and not link.booked:
            row = of(link.target, key)
            row.whole += link.amount
            row.outside += link.amount
            row.metered = False
        elif link.kind != BOUGHT and link.booked:
            of(link.target, key).outside -= link.amount
    return list(found.values())


def balance(purchases: Sequence[Purchase], links: Sequence[Link]) -> Balance:
    found = Balance(used=used(purchases, links))
    for each in found.used:
        key = (each.item, each.unit)
        _add(found.bought, key, each.outside)
        if each.outside < -1e-6 * max(1.0, each.whole) and key not in found.contradictions:
            found.contradictions.append(key)
    for link in links:
        key, amount = (link.item or link.carrier, link.unit), link.amount
        if amount is None:
            found.unmeasured += 1
            continue
        if link.kind == EXCHANGE:
            _add(found.exchanged, key, amount)
        elif link.kind == MADE:
            _add(found.made, key, amount)
        if link.lost is not None:
            _add(found.lost, key, link.lost)
    return found


def _add(sums: dict[Key, float], key: Key, amount: float) -> None:
    sums[key] = sums.get(key, 0.0) + amount


def ratio(top: float | None, bottom: float | None, *, scale: float, most: float | None = None) -> float | None:
    """A ratio of two yearly figures; None without both, of nothing, or when it exceeds what can be (`most`)."""
    if top is None or not bottom:
        return None
    found = top / bottom * scale
    return None if most is not None and found > most else found
