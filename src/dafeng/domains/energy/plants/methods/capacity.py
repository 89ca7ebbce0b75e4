"""Capacity as dated changes: stock and additions kept apart, declared totals less what is registered, averages over time.

The one idea: a stock is never stored. It is the sum of the changes until a day, so that for any two days
stock at the end = stock at the start + additions − retirements. A change counts from its own day on, that day included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Amount:
    """`mw` AC or power; `mwp` DC; `mwh` energy of storage; `bare` the part of `mw` whose DC nobody stated."""

    mw: float = 0.0
    mwp: float = 0.0
    mwh: float = 0.0
    bare: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.mw + other.mw, self.mwp + other.mwp, self.mwh + other.mwh, self.bare + other.bare)

    def __sub__(self, other: Amount) -> Amount:
        return self + other.times(-1.0)

    def times(self, factor: float) -> Amount:
        return Amount(self.mw * factor, self.mwp * factor, self.mwh * factor, self.bare * factor)

    def part(self, sign: int) -> Amount:
        """What of it has this sign, as a positive amount."""
        mw, mwp, mwh, bare = (max(sign * each, 0.0) for each in (self.mw, self.mwp, self.mwh, self.bare))
        return Amount(mw, mwp, mwh, bare)

    @property
    def negative(self) -> bool:
        return min(self.mw, self.mwp, self.mwh) < -TOLERANCE


@dataclass(frozen=True)
class Change:
    """From `day` on there is `amount` more (less, where negative) of a kind in a county. `plant`: its code; empty for a remainder."""

    day: date
    kind: str
    place: str
    amount: Amount
    plant: str = ""


@dataclass(frozen=True)
class Declared:
    """The total of a kind in a county at the end of a day, as somebody answers for it."""

    day: date
    amount: Amount


@dataclass(frozen=True)
class Movement:
    start: Amount
    added: Amount
    retired: Amount
    end: Amount


def stock(changes: Iterable[Change], day: date) -> Amount:
    """What there is at the end of a day."""
    return sum((each.amount for each in changes if each.day <= day), Amount())


def movement(changes: Sequence[Change], first: date, last: date) -> Movement:
    """Stock before `first`, what was added and taken away from `first` to `last` (both included), stock after `last`."""
    inside = [each.amount for each in changes if first <= each.day <= last]
    added = sum((each.part(1) for each in inside), Amount())
    retired = sum((each.part(-1) for each in inside), Amount())
    return Movement(stock(changes, first - timedelta(days=1)), added, retired, stock(changes, last))


def average(changes: Iterable[Change], first: date, last: date) -> Amount:
    """The mean over the days from `first` to `last`: Σ stock of a day ÷ days. Raises `ValueError` for no days."""
    days = (last - first).days + 1
    if days < 1:
        raise ValueError("no days")
    weighed = (each.amount.times(min((last - each.day).days + 1, days) / days) for each in changes if each.day <= last)
    return sum(weighed, Amount())


def below_zero(changes: Iterable[Change]) -> date | None:
    """The first day at whose end more was taken away than there was; None: never. Changes of one day count together."""
    level = Amount()
    by_day: dict[date, Amount] = {}
    for each in changes:
        by_day[each.day] = by_day.get(each.day, Amount()) + each.amount
    for day in sorted(by_day):
        level += by_day[day]
        if level.negative:
            return day
    return None


def remainder(
    declared: Iterable[Declared], registered: Sequence[Change], *, kind: str, place: str
) -> tuple[list[Change], list[date]]:
    """What of a county's declared totals is not registered plant by plant, as changes; and the days on which more is registered.

    On each declared day remainder = declared − registered, not below zero; between two declarations it stays, so that a plant
    registered afterwards adds to the total, and one registered later with an earlier day only moves out of the remainder.
    """
    changes, excess = [], []
    former = Amount()
    for each in sorted(declared, key=lambda one: one.day):
        own = stock(registered, each.day)
        if each.amount.mw < own.mw - TOLERANCE:
            excess.append(each.day)
        rest = (each.amount - own).part(1)
        # Of the DC that is left only so much is unknown as the declaration leaves unknown.
        rest = replace(rest, bare=min(rest.bare, rest.mw), mwh=0.0)
        if rest != former:
            changes.append(Change(each.day, kind, place, rest - former))
        former = rest
    return changes, excess
