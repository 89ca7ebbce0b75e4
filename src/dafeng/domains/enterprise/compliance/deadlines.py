"""The calendar of a compliance year and who is to be reminded: 30, 7 and 1 days before, and when it is past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import library, positions, words
from dafeng.domains.enterprise.models import Covered
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.desk.services import notify
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


def remind(*, today: date, now: datetime) -> int:
    """Tell each firm that still owes, once a step. Answers how many were told."""
    year, told = positions.current_year(today), 0
    entries = Covered.objects.filter(year=year).select_related("enterprise")
    for each in positions.positions(entries, today=today):
        step = next((days for days in reversed(STEPS) if each.days <= days), None)
        if step is None or each.state in ("fulfilled", "no_report", "no_duty") or not each.enterprise.organisation:
            continue
        title = _("%(year)s 年度还有 %(t)s 吨待清缴，%(due)s 截止") % {"year": year, "t": words.tonnes(each.outstanding), "due": each.due}  # fmt: skip
        kind = f"{KIND}.{year}.{step}"
        href = reverse("enterprise:compliance-board", kwargs={"code": each.enterprise.code})
        people = people_of([each.enterprise.organisation])
        had = set(Notice.objects.filter(kind=kind, href=href, user__in=people).values_list("user", flat=True))
        told += len(notify([one for one in people if one.pk not in had], kind=kind, title=title, now=now, href=href))
    return told
