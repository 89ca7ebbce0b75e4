"""A demonstration of the tasks: dates, reports, a late task, a returned report, a matter before the leading group. All marked 演示.

Nothing is said of what the city really did: every text begins with （演示）. Calling it again changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from dafeng.domains.plan.models import Plan, Progress, Task
from dafeng.domains.plan.services import escalations, progress, supervision, tasks, work_scores
from dafeng.domains.plan.services.city import counties_of
from dafeng.domains.plan.services.tasks import Step
from dafeng.kernel.records import services as records

DATED, REPORTED, STEP = 48, 36, 3
MARK = "（演示）"
_TEXTS = (
    "已印发年度工作安排，任务分解到科室。",
    "完成摸底调查，形成问题清单并逐项整改。",
    "重点项目按计划推进，资料已归档。",
    "召开推进会一次，督促有关单位落实。",
)


def demo_tasks(plan: Plan, now: datetime) -> None:
    """Give a plan's tasks dates and some reports, unless it has any; nothing where nobody works here yet."""
    office = next(iter(records.people_of(roles=["ndrc"], places=[plan.city])), None)
    every = list(
        supervision.in_force().filter(plan=plan, parent=None).select_related("plan").prefetch_related("owners")
    )
    if office is None or not every or Progress.objects.filter(task__plan=plan).exists():
        return
    day = supervision.day_of(now)
    _dates(every, office, day, now)
    _reports(every, office, now)
    _parts(every, office, now)
    _matters(every, office, plan.city, now)
    for year in (day.year - 1, day.year):
        work_scores.publish(plan.city, year, by=office, now=now)


def _dates(every: list[Task], office: Any, day: date, now: datetime) -> None:
    """Dates from a month ago to the plan's last year; the first of three is done in time, one is late."""
    last = every[0].plan.last_year or day.year + 4
    for number, task in enumerate(every[:DATED]):
        due = day + timedelta(days=(-20, 12, 45, 200, 400, 800)[number % 6] + number)
        due = min(due, date(last, 12, 31))
        done = due - timedelta(days=5) if number % 12 == 0 and due < day else None
        steps = [Step(f"{MARK}中期检查", due - timedelta(days=40), None)] if number % STEP == 0 else []
        after = [every[number - 1].pk] if number % 8 == 7 else []
        tasks.assign(
            task, due_on=due, done_on=done, milestones=steps, after=after, seen=tasks.digest(task), by=office, now=now
        )


def _reports(every: list[Task], office: Any, now: datetime) -> None:
    """Three months of reports for the first tasks; the newest are still to be checked, one is returned, one is a draft."""
    for number, task in enumerate(every[:REPORTED]):
        reporters = [each for each in progress.reporters_of(office, task) if each != "ndrc"] or progress.reporters_of(
            office, task
        )
        for back in range(number % 3, 3):
            at = now - timedelta(days=30 * back)
            period = supervision.month(supervision.day_of(at))
            values = {
                "period": str(period), "text": MARK + _TEXTS[(number + back) % len(_TEXTS)],
                "percent": min(95, 15 + number % 7 * 9 + (2 - back) * 12), "next_step": f"{MARK}下月继续推进。",
            }  # fmt: skip
            found = progress.write(
                task,
                values,
                reporter=reporters[0],
                seen="",
                by=office,
                now=at,
                submit=not (back == 0 and number % 9 == 4),
            )
            if back:
                progress.move(found, "accept", state="submitted", by=office, now=at)
            elif number % 9 == 3:
                progress.move(found, "return", state="submitted", by=office, now=at, reason=f"{MARK}请附上依据文件")


def _parts(every: list[Task], office: Any, now: datetime) -> None:
    counties = list(counties_of(every[0].plan.city))
    for number, task in enumerate(every[:4]):
        for part in tasks.break_down(task, counties, by=office, now=now)[number : number + 5]:
            values = {
                "period": str(supervision.month(supervision.day_of(now))),
                "text": MARK + _TEXTS[number],
                "percent": 30 + 10 * number,
            }
            made = progress.write(part, values, reporter=part.place, seen="", by=office, now=now, submit=True)
            progress.move(made, "accept", state="submitted", by=office, now=now)


def _matters(every: list[Task], office: Any, city: str, now: datetime) -> None:
    tasks.remark(every[0], f"{MARK}请牵头单位月底前报送依据。", by=office, now=now)
    record = escalations.escalate(
        every[0], matter=f"{MARK}跨部门数据尚未共享。", asks=f"{MARK}请领导小组协调。", by=office, now=now
    )
    escalations.escalate(every[1], matter=f"{MARK}资金缺口。", asks=f"{MARK}请研究资金来源。", by=office, now=now)
    leader = next(iter(records.people_of(roles=["leader"], places=[city])), None)
    if leader:
        escalations.answer(
            record, "decide", state="raised", reason=f"{MARK}由双碳办牵头一周内拿出方案。", by=leader, now=now
        )
