"""Assessments for the demonstration: one final, one in its term for objections, one in self-assessment. Every figure is marked 演示.

The figures are made of the place of a county in a list; they say nothing of the county.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dafeng.domains.plan.models import Assessment, Plan
from dafeng.domains.plan.services import assessments, marking, rubrics
from dafeng.domains.plan.services.assessments import Said
from dafeng.kernel.records import services as records

NOTE = "演示数据，不是真实考核"
# indicator after plan.assess. → (first figure, what each place in the list adds)
FIGURES = {
    "energy_intensity.fall": (9.0, 1.1), "energy_intensity.target": (12.0, 0), "carbon_intensity.fall": (12.0, 1.2),
    "carbon_intensity.target": (15.0, 0), "coal.used": (112.0, -4), "coal.limit": (100.0, 0), "renewables.added": (6.0, 1),
    "renewables.target": (10.0, 0), "targets.on_track": (5.0, 1), "targets.assigned": (9.0, 0), "tasks.done_on_time": (15.0, 1),
    "tasks.due": (20.0, 0), "reports.on_time": (8.0, 1), "reports.due": (12.0, 0), "tasks.overdue_days": (24.0, -6),
    "projects.invested": (7.0, 0.8), "projects.planned": (10.0, 0), "projects.begun": (2.0, 1), "projects.to_begin": (6.0, 0),
    "projects.commissioned": (1.0, 0.5), "projects.to_commission": (3.0, 0), "data.filed": (84.0, 4), "data.measured": (52.0, 8),
    "data.returned": (12.0, -2.5), "innovation.pilots": (0.0, 0.5), "innovation.practice_city": (0.0, 0.5),
    "energy_intensity.red_months": (2.0, -0.5),
}  # fmt: skip
WHOLE = ("tasks.", "reports.", "targets.", "pilots", "practice", "begun", "commissioned", "months")


def demo_assessments(plan: Plan, now: datetime) -> None:
    """Nothing where an assessment exists, or where nobody is there to hold one."""
    city = plan.city
    office = next(iter(records.people_of(roles=["ndrc"], places=[city])), None)
    if office is None or Assessment.objects.filter(city=city).exists():
        return
    for kind in rubrics.KINDS:
        content = rubrics.default(kind).as_dict() | {"valid_from": f"{now.year - 1}-01-01"}
        rubrics.new_edition(city, kind, content, seen=0, reason="演示：提前生效日期，以便试评上一年", by=office, now=now - timedelta(days=300))  # fmt: skip
    _final(city, now, office)
    _announced(city, now, office)
    if marking.subjects_of(city, "departments"):
        assessments.open_year(city, "departments", now.year, by=office, now=now - timedelta(days=5))


def _final(city: str, now: datetime, office: Any) -> None:
    begun = now - timedelta(days=200)
    made = assessments.open_year(city, "counties", now.year - 1, by=office, now=begun)
    _review(made, begun + timedelta(days=16), office, late=1)
    _step(made, "announce", begun + timedelta(days=20), office)
    _step(made, "finalise", begun + timedelta(days=30), office)


def _announced(city: str, now: datetime, office: Any) -> None:
    begun = now - timedelta(days=20)
    made = assessments.open_year(city, "counties", now.year, by=office, now=begun)
    _review(made, begun + timedelta(days=16), office, late=0)
    _step(made, "announce", now - timedelta(days=2), office)
    for each in made.record.payload["subjects"]:
        for person in records.people_of(roles=["county"], places=[each["code"]]):
            assessments.object_to(
                made, each["code"], indicator="plan.assess.tasks.done_on_time", by=person, now=now - timedelta(days=1),
                text="演示：有一项任务已在期限内完成，验收材料晚到，请复核。",
            )  # fmt: skip
            return


def _review(made: Assessment, at: datetime, office: Any, *, late: int) -> None:
    """Settle every county's figures; `late` makes the former year a little worse."""
    _step(made, "review", at, office)
    for number, each in enumerate(made.record.payload["subjects"]):
        place = max(0.0, (number * 3) % 10 / 2 - late)
        settled = {f"plan.assess.{name}": Said(_figure(name, first + place * more), NOTE) for name, (first, more) in FIGURES.items()}  # fmt: skip
        marks = made.marks.filter(subject=each["code"])
        assessments.review(
            made, each["code"], settled, held_by="演示负责人", seen=marking.token(marks), by=office, now=at
        )


def _figure(name: str, value: float) -> float:
    return float(int(value)) if any(part in name for part in WHOLE) else round(value, 2)


def _step(made: Assessment, action: str, at: datetime, office: Any) -> None:
    assessments.step(made, action, seen=marking.token(made.marks.all()), by=office, now=at)
