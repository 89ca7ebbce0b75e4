"""What an account comes to: points from the ledger, grams from the events, levels, years.

Points are read from the ledger alone; no sum of them is kept anywhere else. Grams are those of events that count (POSTED).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Min, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from dafeng.domains.inclusion.bookkeeping import POINTS
from dafeng.domains.inclusion.members import words
from dafeng.domains.inclusion.models import Event, Member
from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger.queries import Line

PAGE = 1000  # lines of the ledger read at a time


@dataclass(frozen=True)
class Purse:
    """Points of an account. `ending`: (last day of use, points), soonest first; points past their day are not in `available`."""

    available: int
    pending: int
    ending: tuple[tuple[date, int], ...]

    def soon(self, today: date, days: int = 60) -> list[tuple[date, int]]:
        """What ends within so many days."""
        return [(last, points) for last, points in self.ending if last <= today + timedelta(days=days)]


@dataclass(frozen=True)
class Level:
    """A level and how far the next one is (grams; None at the top). `share`: percent of the way from this one to the next."""

    number: int
    title: str
    from_grams: int
    missing: int | None
    next_title: str
    share: int


@dataclass(frozen=True)
class Totals:
    """Grams of CO2e spared, and what came and went in points. `earned + received − spent − given − lost` is what there is."""

    grams: int
    actions: int
    earned: int
    received: int
    spent: int
    given: int
    lost: int
    level: Level

    @property
    def total(self) -> int:
        return self.earned + self.received - self.spent - self.given - self.lost


def purse(member: Member, *, now: datetime) -> Purse:
    """An account opens in the ledger with its first points; before that it holds nothing."""
    try:
        held = ledger.balance(member.account, POINTS)
    except LedgerError:
        return Purse(0, 0, ())
    stamp = int(now.timestamp())
    usable = [lot for lot in held.lots if not lot.usable_until or stamp < lot.usable_until]
    ending = sorted(
        (timezone.localdate(datetime.fromtimestamp(lot.usable_until - 1, tz=now.tzinfo)), lot.available)
        for lot in usable
        if lot.usable_until and lot.available
    )
    return Purse(sum(lot.available for lot in usable), held.pending, tuple(ending))


# ---------------------------------------------------------------- grams


def level_of(grams: int) -> Level:
    """By the thresholds of `levels.toml` (kg CO2e of all the account's life)."""
    rows = words.data("levels")["level"]
    number = max(i for i, row in enumerate(rows) if i == 0 or grams >= row["from_kg"] * 1000)
    here = rows[number]["from_kg"] * 1000
    title = words.in_language(rows[number], "title")
    if number + 1 == len(rows):
        return Level(number + 1, title, here, None, "", 100)
    above = rows[number + 1]["from_kg"] * 1000
    share = max(0, (grams - here) * 100 // (above - here))
    return Level(number + 1, title, here, above - grams, words.in_language(rows[number + 1], "title"), share)


def counted(member: Member) -> Any:
    """The events of a member that count."""
    return Event.objects.filter(member=member, state=Event.State.POSTED)


def grams_of(member: Member) -> tuple[int, int]:
    """(grams, number of actions) of all time."""
    found = counted(member).aggregate(grams=Sum("grams"), actions=Count("pk"))
    return found["grams"] or 0, found["actions"]


def bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """The moments [from, to) of local days, both counted in."""
    return (
        timezone.make_aware(datetime.combine(first, time())),
        timezone.make_aware(datetime.combine(last + timedelta(days=1), time())),
    )


@dataclass(frozen=True)
class Cell:
    """What a group of behaviours brought in a month (its first day)."""

    month: date
    group: str
    grams: int
    points: int
    actions: int


def by_month(member: Member, year: int) -> list[Cell]:
    """By group and month of a year (local time), in that order of month and group."""
    start, end = bounds(date(year, 1, 1), date(year, 12, 31))
    rows = (
        counted(member)
        .filter(happened_at__gte=start, happened_at__lt=end)
        .annotate(month=TruncMonth("happened_at"))
        .values("month", "scene__methodology__group")
        .annotate(sum_grams=Sum("grams"), sum_points=Sum("points"), actions=Count("pk"))
        .order_by("month", "scene__methodology__group")
    )
    return [
        Cell(
            timezone.localdate(row["month"]), row["scene__methodology__group"], row["sum_grams"], row["sum_points"],
            row["actions"],
        )
        for row in rows
    ]  # fmt: skip


def years(member: Member, *, today: date) -> list[int]:
    """The years with something in them, the newest first; always the present one."""
    first = counted(member).aggregate(first=Min("happened_at"))["first"]
    return list(range(today.year, min(today.year, timezone.localdate(first).year if first else today.year) - 1, -1))


@dataclass(frozen=True)
class Year:
    """A year's account. `best`: the month with most grams; `km`: what a petrol car drives for as much."""

    year: int
    grams: int
    actions: int
    points: int
    groups: tuple[tuple[str, int, int], ...]
    months: tuple[tuple[int, int], ...]
    best: int | None
    km: int


def year_of(member: Member, year: int) -> Year:
    """(group, grams, percent) most first; grams of all twelve months."""
    cells = by_month(member, year)
    grams = sum(cell.grams for cell in cells)
    groups = _sums((cell.group, cell.grams) for cell in cells)
    months = _sums((cell.month.month, cell.grams) for cell in cells)
    shares = sorted(groups.items(), key=lambda each: (-each[1], each[0]))
    best = max(months, key=lambda month: (months[month], -month)) if grams > 0 else None
    per_km = words.data("levels")["likeness"]["kg_per_km"] * 1000
    return Year(
        year,
        grams,
        sum(cell.actions for cell in cells),
        sum(cell.points for cell in cells),
        tuple((group, part, round(100 * part / grams) if grams > 0 else 0) for group, part in shares),
        tuple((month, months.get(month, 0)) for month in range(1, 13)),
        best,
        int(max(grams, 0) // per_km),
    )


def _sums(pairs: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for key, amount in pairs:
        found[key] = found.get(key, 0) + amount
    return found


# ---------------------------------------------------------------- points


def lines_of(member: Member, asset: str = POINTS) -> list[Line]:
    """The account's whole statement, newest first. For totals and exports; pages read a part."""
    found: list[Line] = []
    after = None
    while True:
        try:
            part = ledger.statement(member.account, asset, limit=PAGE, after=after)
        except LedgerError:  # not opened yet
            return found
        found += part.lines
        after = part.next
        if after is None:
            return found


def kind_of(line: Line) -> str:
    """earned, received, spent, given, lost (expired, taken back, given up), or held: what a line of the statement is."""
    other = line.counterpart
    if not line.change:
        return "held"
    person = other.startswith(("person:", "firm:"))
    if line.change > 0:
        return "earned" if other == "issue" else "received"
    if other in ("expired", "cancelled"):
        return "lost"
    return "given" if person else "spent"


def totals(member: Member) -> Totals:
    """Grams, points that came and went, level. Reads the whole statement: for a summary, not for every page."""
    sums = _sums((kind_of(line), abs(line.change)) for line in lines_of(member))
    grams, actions = grams_of(member)
    parts = {name: sums.get(name, 0) for name in ("earned", "received", "spent", "given", "lost")}
    return Totals(grams, actions, **parts, level=level_of(grams))
