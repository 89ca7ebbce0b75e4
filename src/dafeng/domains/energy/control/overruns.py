"""Two-high projects that use more than their review allowed: a warning a year, kept as the lights of counties are, with its log.

Red: what was told of a year is already more than the limit (rule `deviation`) above the review, be the year over or not. Yellow: so is
what was told of a year's first months over as many twelfths of the review (rule `deviation_pace`, ours). A month that is missing is
never guessed: a red year needs none of it, and a yellow one asks for every month from January to its last. A project is judged by its own
meters in the years in which something is bound (`binding`), else by the whole of its firm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Substr

from dafeng.domains.energy.control import binding, readings, rules
from dafeng.domains.energy.control.readings import Reading
from dafeng.domains.energy.models import ControlLight, FollowUp, HighProject

QUANTITY = "energy"


@dataclass(frozen=True)
class Month:
    """A month of a project, or of its firm, in tce; `used` is from January on, `share` of the whole year's review in percent."""

    month: str
    value: float
    used: float
    share: float


@dataclass(frozen=True)
class Year:
    """A year so far: `over` is used to date over the review due to date (`due`), in percent above it."""

    months: tuple[Month, ...]
    light: str
    used: float
    due: float
    over: float


def subject_of(project: HighProject) -> str:
    return f"project:{project.pk}"


def judge(energy: float, told: Mapping[str, Reading], year: int) -> Year | None:
    """Of one year against a review of `energy` tce; None where nothing was told. Whole where twelve months are."""
    values = readings.plain(told, year)
    if not values:
        return None
    months, used = [], 0.0
    for month, value in sorted(values.items()):
        used += value
        months.append(Month(f"{year}-{month:02d}", value, used, used / energy * 100))
    limit = rules.rules()["deviation"].value or 0.0
    pace = rules.rules()["deviation_pace"].value or 0.0
    last = max(values)
    whole = len(values) == last  # no gap from January to the last month told
    due = energy * last / 12
    light = "red" if used > energy * (1 + limit / 100) else "yellow" if whole and used > due * (1 + pace / 100) else "green"  # fmt: skip
    base = energy if light == "red" else due
    return Year(tuple(months), light, used, base, (used / base - 1) * 100)


@dataclass(frozen=True)
class Used:
    """Month → reading of a project; of the years in `own` its own meters tell, of the others the whole firm."""

    months: Mapping[str, Reading]
    own: frozenset[int]


def used_by(city: str, projects: Iterable[HighProject], *, year: int, month: int) -> dict[int, Used]:
    """Key of a project → what it used in this year and the last, to the last finished `month`: the running one has only begun."""
    rows, years, last = list(projects), (year - 1, year), f"{year}-{month:02d}"
    own = {pk: binding.own_years(parts, years) for pk, parts in binding.parts_of(rows).items()}
    subjects = {each.enterprise.subject for each in rows if each.enterprise} | {f"project:{pk}" for pk in own}
    found = readings.months(city, QUANTITY, years, subjects=sorted(subjects)) if subjects else {}
    told = {}
    for each in rows:
        mine = frozenset(own.get(each.pk, ()))
        firm = found.get((each.enterprise.subject, ""), {}) if each.enterprise else {}
        measured = found.get((subject_of(each), ""), {})
        months = {name: row for name, row in firm.items() if int(name[:4]) not in mine}
        months |= {name: row for name, row in measured.items() if int(name[:4]) in mine}
        told[each.pk] = Used({name: row for name, row in months.items() if name <= last}, mine)
    return told


def assess(city: str, *, year: int, month: int, now: datetime) -> int:
    """Judge every running project in this year and the last, and keep what has changed. Returns how many changed."""
    projects = list(
        HighProject.objects.filter(city=city, stage=HighProject.Stage.RUNNING, enterprise__isnull=False, energy__gt=0).select_related("enterprise")
    )  # fmt: skip
    told = used_by(city, projects, year=year, month=month)
    stored = {
        (each.subject, each.month[:4]): each
        for each in ControlLight.objects.filter(city=city, subject__startswith="project:", current=True)
    }
    rule = rules.rules()["deviation"]
    judged = {subject_of(each) for each in projects}
    made = []
    gone = [
        each.pk for (subject, _year), each in stored.items() if subject not in judged
    ]  # stopped, or without a review
    for project in projects:
        assert project.enterprise is not None
        assert project.energy is not None
        for each in (year - 1, year):
            state = judge(project.energy, told[project.pk].months, each)
            former = stored.get((subject_of(project), str(each)))
            if state is None or (former is None and state.light == "green"):
                continue  # nothing to warn of, and no warning to take back
            facts = {
                "used": state.used,
                "due": state.due,
                "over": state.over,
                "review": project.energy,
                "own": each in told[project.pk].own,
            }
            if former and (former.light, former.facts) == (state.light, facts):
                continue
            if former:
                gone.append(former.pk)
            made.append(
                ControlLight(
                    city=city, subject=subject_of(project), place=project.place, enterprise=project.enterprise, quantity=QUANTITY,
                    month=state.months[-1].month, light=state.light, streak=1, facts=facts, rule=rule.id, rule_digest=rules.light_rules().digest, at=now,
                )
            )  # fmt: skip
    ControlLight.objects.filter(pk__in=gone).update(current=False)
    ControlLight.objects.bulk_create(made, batch_size=500)
    return max(len(made), len(gone))


def lights_of(project: HighProject) -> list[ControlLight]:
    """The current warning of each year, the newest year first; empty where it never was over."""
    return list(ControlLight.objects.filter(subject=subject_of(project), current=True).order_by("-month"))


def log_of(project: HighProject) -> QuerySet[FollowUp]:
    """All that was done after any of the project's warnings, in the order in which it was done."""
    return FollowUp.objects.filter(light__subject=subject_of(project)).select_related("by", "evidence", "light")


def open_for(city: str, places: Iterable[str] | None) -> QuerySet[ControlLight]:
    """Warnings on whose year nobody acted yet, of these counties; None for the whole city."""
    acted = FollowUp.objects.annotate(year=Substr("light__month", 1, 4)).filter(
        light__subject=OuterRef("subject"), year=OuterRef("year")
    )
    where = Q() if places is None else Q(place__in=list(places))
    found = ControlLight.objects.filter(
        where, city=city, current=True, subject__startswith="project:", light__in=("red", "yellow")
    )
    return found.annotate(year=Substr("month", 1, 4)).exclude(Exists(acted))


def project_of(light: ControlLight) -> int | None:
    """The key of the project that a light is of; None for a county's or a firm's."""
    kind, _sign, key = light.subject.partition(":")
    return int(key) if kind == "project" else None


def worded(light: ControlLight) -> dict[str, Any]:
    """The numbers of a kept warning, for its sentence."""
    return {"year": light.month[:4], "month": light.month, **light.facts}
