"""What the assessment asks of tasks, reports and projects, published on the blackboard as `plan.assess.*` of a year.

Subjects are counties (place codes) and departments (ids of the register). A number that cannot be computed is not estimated
(NE); one that does not apply to a subject (no task due, no project) is NA. A count of nothing is 0 only where all was known.
How each is counted is the description of its indicator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from dafeng.domains.plan.models import Owner, Progress, Project
from dafeng.domains.plan.services import projects, supervision
from dafeng.domains.plan.services.city import counties_of
from dafeng.kernel.indicators import services as blackboard
from dafeng.kernel.quantities.periods import Period

KIND = "work"
# code → (name, English name, unit, how it is counted)
INDICATORS = {
    "tasks.done_on_time": ("按时完成的到期任务数", "due tasks done on time", "1", "期限在当年、已过，且完成日期不晚于期限的任务"),
    "tasks.due": ("到期任务数", "tasks due", "1", "期限在当年且已过的任务；县区为分解给它的任务，部门为它负责的任务"),
    "tasks.overdue_days": ("逾期任务平均逾期天数", "mean days overdue", "d", "期限在当年、未按时完成的任务，到完成日或当日的平均天数；没有逾期为 0"),
    "tasks.led_on_time": ("按时完成的牵头任务数", "tasks led, done on time", "1", "同上，只算牵头"),
    "tasks.led_due": ("到期的牵头任务数", "tasks led, due", "1", "同上，只算牵头"),
    "tasks.joint_on_time": ("按时完成的配合任务数", "tasks joined, done on time", "1", "同上，只算配合"),
    "tasks.joint_due": ("到期的配合任务数", "tasks joined, due", "1", "同上，只算配合"),
    "reports.on_time": ("按时报送的进展报告数", "reports on time", "1", "应报的月份里，在截止日之前报送并没有被退回的"),
    "reports.due": ("应报送的进展报告数", "reports due", "1", "当年已截止的月份 × 当时负责且未完成的任务"),
    "reports.with_evidence": ("附有依据的进展报告占比", "reports with evidence", "%", "当年报送的进展里附有文件的比例"),
    "reports.silent_periods": ("连续未报送进展的期数", "months in a row without a report", "1", "到最近截止的月份为止，连续一项也没有报送的月数"),
    "projects.invested": ("年度完成投资", "investment made", "亿元", "审核通过的当年各月完成投资之和"),
    "projects.planned": ("年度计划投资", "investment planned", "亿元", "登记的当年计划投资之和；没有登记计划为未估算"),
    "projects.begun": ("已开工项目数", "projects begun", "1", "计划当年开工的项目中已在建或投产的"),
    "projects.to_begin": ("计划开工项目数", "projects to begin", "1", "登记的开工日期在当年的项目"),
    "projects.commissioned": ("已投产项目数", "projects in operation", "1", "计划当年竣工的项目中已投产的"),
    "projects.to_commission": ("计划投产项目数", "projects to be in operation", "1", "登记的竣工日期在当年的项目"),
}  # fmt: skip


def code(name: str) -> str:
    return f"plan.assess.{name}"


def ensure_indicators() -> None:
    for name, (title, english, unit, how) in INDICATORS.items():
        blackboard.ensure_indicator(
            code(name), name=title, name_en=english, unit=unit, description=how, decimals=0 if unit == "1" else 2
        )


@dataclass
class Found:
    """What is known of a subject; None is what cannot be told, and `absent` says why (NE or NA)."""

    values: dict[str, float | None] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    lineage: dict[str, Any] = field(default_factory=dict)

    def put(self, name: str, value: float | None, *, absent: str = "NA", of: Iterable[int] = ()) -> None:
        self.values[name] = value
        if value is None:
            self.absent[name] = absent
        self.lineage[name] = {"objects": sorted(of)[:200]}


@dataclass(frozen=True)
class Duty:
    """A subject answers for a task from one day to another."""

    task: Any
    subject: str
    role: str
    since: date | None
    until: date | None


def compute(city: str, year: int, *, day: date) -> dict[str, Found]:
    """Subject → what is known of its year, as of `day`."""
    duties = list(_duties(city))
    found: dict[str, Found] = {place: Found() for place in counties_of(city)}
    for duty in duties:
        found.setdefault(duty.subject, Found())
    reports = _reports(city, year)
    owned: dict[str, list[Duty]] = defaultdict(list)
    for duty in duties:
        owned[duty.subject].append(duty)
    by_subject = _projects(city)
    for subject, into in found.items():
        _tasks(into, owned[subject], year, day, county=subject.isdigit())
        _handed_in(into, subject, owned[subject], reports, year, day)
        _investment(into, by_subject.get(subject, []), year)
    return found


def _duties(city: str) -> Iterator[Duty]:
    for task in supervision.in_force(city).select_related("plan").prefetch_related("owners"):
        if task.parent_id:
            since = min((each.since for each in task.owners.all() if each.since), default=task.plan.issued_on)
            yield Duty(task, task.place, Owner.Role.LEAD, since, None)
            continue
        for owner in task.owners.all():
            if owner.department and owner.role != Owner.Role.COUNTIES:
                yield Duty(task, owner.department, owner.role, owner.since or task.plan.issued_on, owner.until)


def _tasks(into: Found, duties: list[Duty], year: int, day: date, *, county: bool) -> None:
    """Tasks whose date lies in the year and has passed; whoever answers for it on that day is measured."""
    due = [each for each in duties if _fell_due(each, year, day)]
    on_time = [each for each in due if each.task.done_on and each.task.done_on <= each.task.due_on]
    if county:
        late = [((each.task.done_on or day) - each.task.due_on).days for each in due if each not in on_time]
        into.put("tasks.due", len(due), of=[each.task.pk for each in due])
        into.put("tasks.done_on_time", len(on_time), of=[each.task.pk for each in on_time])
        into.put(
            "tasks.overdue_days",
            (sum(late) / len(late) if late else 0.0) if due else None,
            of=[each.task.pk for each in due],
        )
        return
    for name, role in (("led", Owner.Role.LEAD), ("joint", Owner.Role.SUPPORT)):
        into.put(
            f"tasks.{name}_due",
            sum(each.role == role for each in due),
            of=[each.task.pk for each in due if each.role == role],
        )
        into.put(f"tasks.{name}_on_time", sum(each.role == role for each in on_time), of=[each.task.pk for each in on_time if each.role == role])  # fmt: skip


def _fell_due(duty: Duty, year: int, day: date) -> bool:
    due = duty.task.due_on
    return due is not None and due.year == year and due < day and (duty.until is None or due <= duty.until)


def _reports(city: str, year: int) -> dict[tuple[int, str, str], Progress]:
    rows = Progress.objects.filter(
        task__plan__city=city, period__startswith=f"{year}-", record__state__in=supervision.HANDED_IN
    )
    rows = rows.select_related("record").prefetch_related("record__evidence", "record__moves")
    return {(each.task_id, each.reporter, each.period): each for each in rows}


def _closed_months(year: int, day: date) -> list[Period]:
    last = supervision.last_closed(day)
    return [each for number in range(1, 13) if (each := Period(year, None, number)).start <= last.start]


def _handed_in(
    into: Found, subject: str, duties: list[Duty], reports: dict[tuple[int, str, str], Progress], year: int, day: date
) -> None:
    months = _closed_months(year, day)
    owed = [(duty, month) for duty in duties for month in months if _owes(duty, month)]
    timely = 0
    for duty, month in owed:
        report = reports.get((duty.task.pk, subject, str(month)))
        timely += report is not None and _handed_on(report) <= supervision.rule_at(month.end).closes_on(month)
    into.put("reports.due", len(owed) if months else None, absent="NE", of=[duty.task.pk for duty, _month in owed])
    into.put("reports.on_time", timely if months else None, absent="NE")
    own = [each for (_task, reporter, _period), each in reports.items() if reporter == subject]
    with_file = sum(bool(each.record.evidence.all()) for each in own)
    into.put("reports.with_evidence", with_file / len(own) * 100 if own else None, absent="NE" if owed else "NA", of=[each.pk for each in own])  # fmt: skip
    silent = 0
    for month in reversed(months):
        if not any(each_month == month for _duty, each_month in owed) or any(each.period == str(month) for each in own):
            break
        silent += 1
    into.put("reports.silent_periods", silent if owed else None)


def _owes(duty: Duty, month: Period) -> bool:
    begun = duty.since is None or duty.since <= month.start
    holds = duty.until is None or duty.until > month.end
    return begun and holds and (duty.task.done_on is None or duty.task.done_on > month.end)


def _handed_on(report: Progress) -> date:
    """The day on which it was handed in first."""
    at = next((move.at for move in report.record.moves.all() if move.action == "submit"), report.record.changed_at)
    return supervision.day_of(at)


def _projects(city: str) -> dict[str, list[Project]]:
    found: dict[str, list[Project]] = defaultdict(list)
    for project in Project.objects.filter(plan__city=city):
        if project.place != city:
            found[project.place].append(project)
        if project.owner:
            found[project.owner].append(project)
    return found


def _investment(into: Found, own: list[Project], year: int) -> None:
    made = projects.invested(own, year=year) if own else {}
    planned = [Decimal(each.planned[str(year)]) for each in own if str(year) in each.planned]
    yi = Decimal(projects.WAN_PER_YI)
    pks = [each.pk for each in own]
    into.put(
        "projects.invested",
        float(sum(made.values(), Decimal(0)) / yi) if made else None,
        absent="NE" if own else "NA",
        of=made,
    )
    into.put(
        "projects.planned",
        float(sum(planned, Decimal(0)) / yi) if planned else None,
        absent="NE" if own else "NA",
        of=pks,
    )
    begin = [each for each in own if each.begins_on and each.begins_on.year == year]
    end = [each for each in own if each.ends_on and each.ends_on.year == year]
    into.put("projects.to_begin", len(begin) if own else None, of=[each.pk for each in begin])
    into.put("projects.begun", sum(each.stage in projects.BEGUN for each in begin) if own else None)
    into.put("projects.to_commission", len(end) if own else None, of=[each.pk for each in end])
    into.put("projects.commissioned", sum(each.stage == "done" for each in end) if own else None)


@transaction.atomic
def publish(city: str, year: int, *, by: Any, now: datetime) -> int:
    """Compute the year and put it on the blackboard as the current run of the city's work. Returns the number of rows."""
    ensure_indicators()
    day = supervision.day_of(now)
    rows = []
    for subject, found in sorted(compute(city, year, day=day).items()):
        for name, value in found.values.items():
            row = {"indicator": code(name), "subject": subject, "period": str(year), "unit": INDICATORS[name][2], "status": 0 if value is not None else 1}  # fmt: skip
            row |= {"value": float(value)} if value is not None else {"notation": found.absent[name]}
            rows.append(row | {"lineage": found.lineage[name] | {"as_of": str(day), "rule": INDICATORS[name][3]}})
    run = blackboard.start_run(
        domain="plan", kind=f"{KIND}-{year}", subject=city, now=now, by=by, parameters={"year": year}
    )
    if rows:
        blackboard.publish(run, rows)
    blackboard.finish_run(run, now)
    return len(rows)
