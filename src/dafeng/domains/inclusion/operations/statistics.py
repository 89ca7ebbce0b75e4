"""The figures for everybody: members, acts, grams, points, by month and group and by month and county; small cells left out.

They reach to the end of the last whole week and are made once a day and kept: a figure that moved with each act could be read as
that act. Grams and points are those of acts that stand (posted; a corrected act is out). Points redeemed are those of orders that
were used and of donations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from dafeng.domains.inclusion.models import Donation, Event, Member, Methodology, OpenFigures, Order, Programme
from dafeng.domains.inclusion.operations.suppression import Line, hidden
from dafeng.domains.inclusion.operations.words import rule

EARLIER, ALL, REDEEMED = "earlier", "all", "redeemed"
FIGURES = ("persons", "events", "grams", "points")


@dataclass(frozen=True)
class Figure:
    """One cell. All figures None: fewer than `least` persons, or left out so that another cell cannot be worked out."""

    month: str
    part: str
    persons: int | None
    events: int | None
    grams: int | None
    points: int | None

    @property
    def shown(self) -> bool:
        return self.persons is not None


@dataclass(frozen=True)
class Statistics:
    """What is published. `months`: row names, the oldest first; `groups`, `counties`: what the parts are; cells by (kind, month, part)."""

    programme: str
    day: str
    until: str
    least: int
    members: int | None
    members_by_county: dict[str, int | None]
    months: list[str]
    groups: list[str]
    counties: list[str]
    by_group: list[Figure] = field(default_factory=list)
    by_county: list[Figure] = field(default_factory=list)
    redeemed: dict[str, int | None] = field(default_factory=dict)

    def cell(self, month: str = ALL, *, group: str = ALL, county: str = "") -> Figure:
        """A cell by its place; of all groups and counties unless told otherwise."""
        rows, part = (self.by_county, county) if county else (self.by_group, group)
        return next(each for each in rows if each.month == month and each.part == part)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def public(programme: Programme, *, today: date) -> Statistics:
    """What is published on a day: made at the first call, the same for the rest of it."""
    kept = OpenFigures.objects.filter(programme=programme, day=today).first()
    if kept is None:
        with transaction.atomic():
            kept, _made = OpenFigures.objects.get_or_create(
                programme=programme, day=today, defaults={"content": computed(programme, today=today).as_dict()}
            )
    content = dict(kept.content)
    for name in ("by_group", "by_county"):
        content[name] = [Figure(**each) for each in content[name]]
    return Statistics(**content)


def latest(programme: Programme, *, today: date) -> Statistics:
    """For pages: today's, or yesterday's until the daily job has made today's; nobody's visit has to count a city's acts."""
    days = OpenFigures.objects.filter(programme=programme, day__in=(today, today - timedelta(days=1)))
    found = days.order_by("-day").values_list("day", flat=True).first()
    return public(programme, today=found or today)


def computed(programme: Programme, *, today: date) -> Statistics:
    """The figures now: eleven grouped queries."""
    least = rule("open", "least")
    until = today - timedelta(days=today.isoweekday() - 1)  # this week's Monday: the first day that is not counted
    end = timezone.make_aware(datetime.combine(until, time.min))
    acts = Event.objects.filter(
        scene__partner__programme=programme, state=Event.State.POSTED, happened_at__lt=end, member__isnull=False
    )
    months = _months(acts, until)
    groups = sorted(Methodology.objects.order_by().values_list("group", flat=True).distinct())
    counties = [*programme.counties, ""]
    cells = _cells(acts, months, groups, counties)
    persons = {place: cell["persons"] for place, cell in cells.items()}
    lines = _lines(months, groups, counties)
    out = hidden(persons, lines, least=least)
    given = {place: _figure(place, None if place in out else cell) for place, cell in cells.items()}
    members, by_county = _members(programme, counties, least)
    return Statistics(
        programme=programme.code, day=str(today), until=str(until - timedelta(days=1)), least=least, members=members,
        members_by_county=by_county, months=months, groups=groups, counties=counties,
        by_group=[each for (kind, *_place), each in given.items() if kind in ("group", "both")],
        by_county=[each for (kind, *_place), each in given.items() if kind in ("county", "both")],
        redeemed=_redeemed(programme, months, end, least),
    )  # fmt: skip


def _months(acts: QuerySet[Event], until: date) -> list[str]:
    """The rows: the months up to now, `earlier` first where there is anything older."""
    first = acts.order_by("happened_at").values_list("happened_at", flat=True).first()
    last = until - timedelta(days=1)
    count = last.year * 12 + last.month - 1
    names = [f"{n // 12}-{n % 12 + 1:02d}" for n in range(count - rule("open", "months") + 1, count + 1)]
    if first is None:
        return names[-1:]
    begun = f"{timezone.localtime(first):%Y-%m}"
    return [*([EARLIER] if begun < names[0] else []), *(name for name in names if name >= begun)]


def _cells(
    acts: QuerySet[Event], months: list[str], groups: list[str], counties: list[str]
) -> dict[tuple[str, str, str], dict[str, int]]:
    """(kind, month, part) → figures; margins have part or month `all`, and kind `both`: they belong to either table."""
    empty = dict.fromkeys(FIGURES, 0)
    cells = {("group", month, group): dict(empty) for month in [*months, ALL] for group in groups}
    cells |= {("county", month, county): dict(empty) for month in [*months, ALL] for county in counties}
    cells |= {("both", month, ALL): dict(empty) for month in [*months, ALL]}
    shown = [name for name in months if name != EARLIER]
    since = timezone.make_aware(datetime.strptime(f"{shown[0]}-01", "%Y-%m-%d"))
    dated = acts.filter(happened_at__gte=since).annotate(month=TruncMonth("happened_at"))
    group, county = "scene__methodology__group", "member__county"
    asked: list[tuple[str, str, QuerySet[Any], list[str]]] = [
        ("group", "", dated, ["month", group]), ("county", "", dated, ["month", county]), ("both", "", dated, ["month"]),
        ("group", ALL, acts, [group]), ("county", ALL, acts, [county]), ("both", ALL, acts, []),
    ]  # fmt: skip
    if EARLIER in months:
        older = acts.filter(happened_at__lt=since)
        asked += [
            ("group", EARLIER, older, [group]),
            ("county", EARLIER, older, [county]),
            ("both", EARLIER, older, []),
        ]
    for kind, month, rows, by in asked:
        for row in _counted(rows, by):
            part = ALL if kind == "both" else row[by[-1]]
            if kind == "county" and part not in counties:
                part = ""
            cell = cells[kind, month or f"{row['month']:%Y-%m}", part]
            for (
                name
            ) in FIGURES:  # members of counties that are not the city's fall into one cell, and are other persons
                cell[name] += row[f"n_{name}"] or 0
    return cells


def _counted(rows: QuerySet[Any], by: list[str]) -> Iterable[dict[str, Any]]:
    figures = {
        "n_persons": Count("member", distinct=True), "n_events": Count("pk"), "n_grams": Sum("grams"), "n_points": Sum("points"),
    }  # fmt: skip
    return rows.order_by().values(*by).annotate(**figures) if by else [rows.aggregate(**figures)]


def _lines(months: list[str], groups: list[str], counties: list[str]) -> list[Line]:
    found = []
    for kind, parts, apart in (("group", groups, False), ("county", counties, True)):
        found += [
            Line(("both", month, ALL), [(kind, month, part) for part in parts], apart) for month in [*months, ALL]
        ]
        found += [Line((kind, ALL, part), [(kind, month, part) for month in months]) for part in parts]
    return [*found, Line(("both", ALL, ALL), [("both", month, ALL) for month in months])]


def _figure(place: tuple[str, str, str], cell: dict[str, int] | None) -> Figure:
    figures: dict[str, int | None] = dict(cell) if cell else dict.fromkeys(FIGURES)
    return Figure(place[1], place[2], **figures)


def _members(programme: Programme, counties: list[str], least: int) -> tuple[int | None, dict[str, int | None]]:
    """Living personal accounts, by county; small counties left out so that the total does not give them away."""
    living = Member.objects.filter(programme=programme, kind=Member.Kind.PERSON, closed_at=None)
    counts = dict.fromkeys(counties, 0)
    for county, count in living.order_by().values_list("county").annotate(count=Count("pk")):
        counts[county if county in counts else ""] += count
    every = sum(counts.values())
    out = hidden({ALL: every, **counts}, [Line(ALL, counties, apart=True)], least=least)
    shown = {county: None if county in out else count for county, count in counts.items()}
    return (None if ALL in out else every), shown


def _redeemed(programme: Programme, months: list[str], end: datetime, least: int) -> dict[str, int | None]:
    """Points that persons spent by orders used and by donations, by month (`all`: together)."""
    spent: dict[str, int] = dict.fromkeys(months, 0)
    who: dict[str, set[int]] = {month: set() for month in months}
    used = Order.objects.filter(
        partner__programme=programme, state=Order.State.USED, used_at__lt=end, member__kind=Member.Kind.PERSON
    ).annotate(month=TruncMonth("used_at"))
    given = Donation.objects.filter(cause__programme=programme, at__lt=end, member__kind=Member.Kind.PERSON).annotate(
        month=TruncMonth("at")
    )
    for rows in (used, given):
        for row in rows.order_by().values("month", "member").annotate(sum_points=Sum("points")):
            name = f"{row['month']:%Y-%m}"
            name = name if name in spent else EARLIER if EARLIER in spent else months[0]
            spent[name] += row["sum_points"]
            who[name].add(row["member"])
    persons: dict[Any, int] = {month: len(found) for month, found in who.items()} | {
        ALL: len(set().union(*who.values()))
    }
    out = hidden(persons, [Line(ALL, months)], least=least)
    return {name: None if name in out else spent.get(name, sum(spent.values())) for name in [*months, ALL]}
