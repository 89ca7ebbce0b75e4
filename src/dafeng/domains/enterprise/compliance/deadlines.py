"""The calendar of a compliance year and who is to be reminded, 30, 7 and 1 days before.

Firms of what they still owe (all by the last day; where the cycle says so, a share by an earlier day) and of carrying over what they
hold; the bureau of its own dates, with how many firms still wait for it where that can be counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import holdings, library, positions, words
from dafeng.domains.enterprise.compliance.methods.duty import cycle_of
from dafeng.domains.enterprise.compliance.positions import Position
from dafeng.domains.enterprise.models import Allocation, Covered
from dafeng.domains.enterprise.permissions import BUREAU
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.desk.services import notify
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import people_of

STEPS = (30, 7, 1)
KIND = "enterprise.compliance.due"


@dataclass(frozen=True)
class Deadline:
    row: Mapping[str, Any]
    day: date


def of_year(year: int) -> list[Deadline]:
    """The dates of a calendar year in order; a date that names a year is of that year alone."""
    listed = [row for row in library.cycle_rules()["date"] if row.get("year", year) == year]
    return sorted((Deadline(row, date(year, row["month"], row["day"])) for row in listed), key=lambda each: each.day)


def step_of(days: int) -> int | None:
    """The step that a day belongs to, by the days that are left; None before the first."""
    return next((each for each in reversed(STEPS) if days <= each), None)


def early(year: int) -> tuple[date, Decimal] | None:
    """By when which share of the duty had to be surrendered before the last day; None where the year's notice names none."""
    cycle = cycle_of(year, library.cycle_rules())
    return (cycle["early"], Decimal(cycle["early_share"])) if "early" in cycle else None


def early_lack(position: Position) -> int | None:
    """t that a firm lacked, or lacks, of the share due early; None where no share is, or the duty is not known."""
    rule = early(position.covered.year)
    if rule is None or position.owed is None:
        return None
    wanted = int((position.owed * rule[1]).to_integral_value(ROUND_CEILING))
    return max(0, wanted - position.surrendered - position.offset)


def remind(*, today: date, now: datetime) -> int:
    """Tell everybody whom a date concerns, once a step. Answers how many were told."""
    return _owing(today, now) + _carrying(today, now) + _bureau(today, now)


def _tell(people: Sequence[Any], kind: str, title: str, href: str, now: datetime) -> int:
    had = set(Notice.objects.filter(kind=kind, href=href, user__in=people).values_list("user", flat=True))
    return len(notify([one for one in people if one.pk not in had], kind=kind, title=title, now=now, href=href))


def _board(enterprise: Enterprise) -> str:
    return reverse("enterprise:compliance-board", kwargs={"code": enterprise.code})


def _owing(today: date, now: datetime) -> int:
    year, told = positions.current_year(today), 0
    entries = Covered.objects.filter(year=year).select_related("enterprise")
    first = early(year)
    for each in positions.positions(entries, today=today):
        if each.state in ("fulfilled", "no_report", "no_duty") or not each.enterprise.organisation:
            continue
        people, lack = people_of([each.enterprise.organisation]), early_lack(each)
        days = (first[0] - today).days if first else -1
        if first and lack and days >= 0 and (step := step_of(days)):
            title = _("%(year)s 年度到 %(due)s 须先清缴 %(share)s，还差 %(t)s 吨") % {"year": year, "due": first[0], "share": f"{first[1]:.0%}", "t": words.tonnes(lack)}  # fmt: skip
            told += _tell(people, f"{KIND}.{year}.early.{step}", title, _board(each.enterprise), now)
        if step := step_of(each.days):
            title = _("%(year)s 年度还有 %(t)s 吨待清缴，%(due)s 截止") % {"year": year, "t": words.tonnes(each.outstanding), "due": each.due}  # fmt: skip
            told += _tell(people, f"{KIND}.{year}.{step}", title, _board(each.enterprise), now)
    return told


def _carrying(today: date, now: datetime) -> int:
    """Firms that hold old allowances which nothing holds, before the last day of applying to carry them over."""
    rule = library.cycle_rules()["carry_over"]
    days = (rule["apply_by"] - today).days
    step = step_of(days)
    if step is None or days < 0:
        return 0
    old = {code: sum(n for v, n in holdings.free_by_vintage(held).items() if v in rule["vintages"]) for code, held in holdings.of_all().items()}  # fmt: skip
    told = 0
    for each in Enterprise.objects.filter(code__in=[code for code, tonnes in old.items() if tonnes]).exclude(organisation="").order_by("code"):  # fmt: skip
        title = _("还有 %(t)s 吨 2019—2024 年配额可申请结转，%(due)s 截止") % {"t": words.tonnes(old[each.code]), "due": rule["apply_by"]}  # fmt: skip
        told += _tell(people_of([each.organisation]), f"{KIND}.carry-over.{step}", title, _board(each), now)
    return told


def _bureau(today: date, now: datetime) -> int:
    """The bureau's own dates. A date for which nothing is left to do is not told."""
    told = 0
    cities = set(Enterprise.objects.filter(covered_years__isnull=False).values_list("city", flat=True))
    people = people_of(roles=BUREAU, places=cities)
    for each in [*of_year(today.year), *of_year(today.year + 1)]:
        days = (each.day - today).days
        step = step_of(days)
        if each.row["who"] != "ecology" or step is None or days < 0 or (left := _left(each)) == 0:
            continue
        what = "" if left is None else _("，还有 %(n)s 家没有办") % {"n": left}
        title = _("%(title)s：%(day)s 截止%(what)s") % {"title": words.date_title(each.row), "day": each.day, "what": what}  # fmt: skip
        told += _tell(people, f"{KIND}.desk.{each.day.year}.{step}", title, f"{reverse('enterprise:compliance-calendar')}#{each.row['code']}", now)  # fmt: skip
    return told


# Date of the calendar → (sector or "", stage) of the allocations of the year before that it asks for.
ASKS = {"industry-pre": ("industry", "pre"), "power-pre": ("power", "pre"), "approval": ("", "final"), "allocation": ("", "final")}  # fmt: skip


def _left(each: Deadline) -> int | None:
    """Firms of the list that still wait for what a date asks for; None where that is not ours to count."""
    if each.row["code"] not in ASKS:
        return None
    sector, stage = ASKS[each.row["code"]]
    year = each.day.year - 1
    entries = Covered.objects.filter(year=year, **({"sector": sector} if sector else {}))
    stages = (stage, "final")  # a firm whose quota is final waits for no pre-allocation
    return entries.exclude(enterprise__in=Allocation.objects.filter(year=year, stage__in=stages).values("enterprise")).count()  # fmt: skip
