"""The duty to add storage: by dated rules, for each part of a plant by the day of its connection; met by own and by leased storage.

Where no rule covers a part it is unknown what it owes: that is told, and is not a duty of zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dafeng.domains.energy.plants.methods.capacity import Amount, Change, stock


@dataclass(frozen=True)
class Rule:
    """`ratio` in percent of the connected AC power, for `hours`; `until` None: still in force."""

    kind: str
    since: date
    until: date | None
    ratio: float
    hours: float
    document: str = ""

    def covers(self, kind: str, day: date) -> bool:
        return self.kind == kind and self.since <= day and (self.until is None or day <= self.until)

    def overlaps(self, other: Rule) -> bool:
        """Whether a day and a kind are covered by both."""
        if self.kind != other.kind:
            return False
        end, its = self.until or date.max, other.until or date.max
        return self.since <= its and other.since <= end


@dataclass(frozen=True)
class Lease:
    """Capacity rented from `starts` to `ends`, both included."""

    mw: float
    mwh: float
    starts: date
    ends: date


@dataclass(frozen=True)
class Duty:
    """What is owed, MW and MWh; `unruled` MW of connected capacity that no rule speaks of. `lines`: rule → MW it was applied to."""

    mw: float
    mwh: float
    unruled: float
    lines: tuple[tuple[Rule, float], ...]


def duty(changes: Sequence[Change], rules: Sequence[Rule], day: date) -> Duty:
    """What a plant owes on a day. Retirements lessen all parts alike: nobody says which turbine went."""
    inside = [each for each in changes if each.day <= day]
    gross = sum(max(each.amount.mw, 0.0) for each in inside)
    left = max(stock(inside, day).mw, 0.0) / gross if gross else 0.0
    lines: dict[Rule, float] = {}
    unruled = mw = mwh = 0.0
    for each in inside:
        part = max(each.amount.mw, 0.0) * left
        if not part:
            continue
        rule = next((one for one in rules if one.covers(each.kind, each.day)), None)
        if rule is None:
            unruled += part
            continue
        lines[rule] = lines.get(rule, 0.0) + part
        mw += part * rule.ratio / 100
        mwh += part * rule.ratio / 100 * rule.hours
    return Duty(mw, mwh, unruled, tuple(lines.items()))


def leased(leases: Iterable[Lease], day: date) -> Amount:
    """What is rented on a day."""
    return sum((Amount(mw=each.mw, mwh=each.mwh) for each in leases if each.starts <= day <= each.ends), Amount())


def free(capacity: Sequence[Change], leases: Sequence[Lease], first: date, last: date) -> Amount:
    """The most that can still be rented for all days from `first` to `last`: the least of connected − rented. May be negative."""
    days = {first}
    days |= {each.day for each in capacity if first <= each.day <= last}
    for each in leases:
        days |= {day for day in (each.starts, each.ends, each.ends + timedelta(days=1)) if first <= day <= last}
    left = [stock(capacity, day) - leased(leases, day) for day in days]
    return Amount(mw=min(each.mw for each in left), mwh=min(each.mwh for each in left))
