"""Assigning tasks: dates, milestones, dependencies, owners, the counties' parts, remarks. The only writers of these.

Every write is sealed in the audit chain. A form that was opened on an older state of the task is refused (`seen`, a digest of
what can be edited), so that two people never undo each other's work unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Comment, Milestone, Owner, Task
from dafeng.domains.plan.reading import register
from dafeng.domains.plan.services.city import counties_of
from dafeng.kernel.actions import demand
from dafeng.kernel.errors import PlanError, StaleError
from dafeng.kernel.records import services as records

MILESTONES = 40
_LONG = 4000


@dataclass(frozen=True)
class Step:
    """A milestone as the form gives it; `pk` None is a new one."""

    title: str
    due_on: date
    done_on: date | None = None
    pk: int | None = None


def digest(task: Task) -> str:
    """What a form saw of a task: differs as soon as somebody has changed what the form could change."""
    content = [
        [str(task.due_on), str(task.done_on)],
        sorted([step.pk, step.title, str(step.due_on), str(step.done_on)] for step in task.milestones.all()),
        sorted(task.after.values_list("pk", flat=True)),
        sorted([owner.pk, str(owner.until)] for owner in task.owners.all()),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


@transaction.atomic
def assign(
    task: Task,
    *,
    due_on: date | None,
    done_on: date | None,
    milestones: Sequence[Step],
    after: Iterable[int],
    seen: str,
    by: Any,
    now: datetime,
) -> Task:
    """Set dates, steps and what must be done before. Raises `StaleError`, `PlanError` (dates, a circle of dependencies)."""
    demand(by, permissions.ASSIGN)
    locked = Task.objects.select_for_update().get(pk=task.pk)
    if seen != digest(locked):
        raise StaleError(
            _("“%(title)s”的安排已被他人修改") % {"title": locked.title},
            mend=_("没有保存；请看最新安排后再改"),
        )
    _check_dates(locked, due_on, done_on, milestones)
    wanted = set(after)
    _check_order(locked, wanted)
    locked.due_on, locked.done_on = due_on, done_on
    locked.save(update_fields=["due_on", "done_on"])
    _set_steps(locked, milestones)
    locked.after.set(wanted)
    detail = {
        "due_on": str(due_on or ""),
        "done_on": str(done_on or ""),
        "milestones": [[step.title, str(step.due_on), str(step.done_on or "")] for step in milestones],
        "after": sorted(wanted),
    }
    records.audit(by, "plan.task.assign", "plan.task", str(task.pk), detail, now=now)
    return locked


def _check_dates(task: Task, due_on: date | None, done_on: date | None, steps: Sequence[Step]) -> None:
    if len(steps) > MILESTONES:
        raise PlanError(_("节点太多"), expected=_("不超过 %(count)s 个") % {"count": MILESTONES})
    for step in steps:
        if not step.title.strip():
            raise PlanError(_("有一个节点没有名称"), mend=_("请填写名称，或清空它的日期"))
        if due_on and step.due_on > due_on:
            raise PlanError(
                _("节点“%(title)s”（%(day)s）晚于任务期限 %(due)s") % {"title": step.title, "day": step.due_on, "due": due_on},
                mend=_("请改节点日期，或推后任务期限"),
            )  # fmt: skip
    last = task.plan.last_year
    if due_on and last and due_on.year > last:
        raise PlanError(
            _("期限 %(day)s 在方案结束年 %(year)s 之后") % {"day": due_on, "year": last}, expected=f"≤ {last}-12-31"
        )


def _check_order(task: Task, wanted: set[int]) -> None:
    known = dict(Task.objects.filter(plan__city=task.plan.city, dropped_in=None).values_list("pk", "title"))
    if unknown := wanted - set(known):
        raise PlanError(_("没有编号为 %(pk)s 的任务") % {"pk": min(unknown)}, mend=_("请从列表中选择"))
    links: dict[int, set[int]] = {}
    for source, target in Task.after.through.objects.values_list("from_task_id", "to_task_id"):
        links.setdefault(source, set()).add(target)
    links[task.pk] = wanted
    if circle := find_circle(links, task.pk):
        shown = " → ".join(known.get(pk, str(pk)) for pk in circle)
        raise PlanError(
            _("前置任务绕成了一圈：%(circle)s") % {"circle": shown}, mend=_("请去掉其中一个前置关系；没有保存")
        )


def find_circle(links: Mapping[int, Iterable[int]], start: int) -> list[int]:
    """A way along the links from `start` back to itself, ends included; empty where there is none."""
    before: dict[int, int] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for following in sorted(links.get(here, ())):
            if following == start:
                way = [start, here]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if following not in before:
                before[following] = here
                waiting.append(following)
    return []


def _set_steps(task: Task, steps: Sequence[Step]) -> None:
    known = {each.pk: each for each in task.milestones.all()}
    kept = set()
    for step in steps:
        fields = {"title": step.title.strip(), "due_on": step.due_on, "done_on": step.done_on}
        if step.pk in known:
            Milestone.objects.filter(pk=step.pk).update(**fields)
            kept.add(step.pk)
        else:
            kept.add(Milestone.objects.create(task=task, **fields).pk)
    task.milestones.exclude(pk__in=kept).delete()


@transaction.atomic
def break_down(task: Task, places: Iterable[str], *, by: Any, now: datetime) -> list[Task]:
    """One part of a city's task for each county named, all at once; a county that has its part keeps it.

    Raises `PlanError` for a county's own part, or a place that is no county of the city.
    """
    demand(by, permissions.ASSIGN)
    if task.parent_id is not None:
        raise PlanError(_("这已是县区的分解任务，不能再分"), mend=_("请在市级任务上分解"))
    known, wanted = counties_of(task.plan.city), sorted(set(places))
    if unknown := [code for code in wanted if code not in known]:
        raise PlanError(_("“%(code)s”不是本市的县区") % {"code": unknown[0]}, expected="、".join(known.values()))
    if not wanted:
        raise PlanError(_("没有选择县区"), mend=_("请至少勾选一个县区"))
    there = set(Task.objects.filter(plan=task.plan, key=task.key, place__in=wanted).values_list("place", flat=True))
    made = []
    for code in wanted:
        if code in there:
            continue
        part = Task.objects.create(
            plan=task.plan, key=task.key, parent=task, path=task.path, title=task.title, place=code, order=task.order,
            start=task.start, end=task.end, due_on=task.due_on,
        )  # fmt: skip
        Owner.objects.create(task=part, name=known[code], role=Owner.Role.COUNTIES, since=now.date())
        made.append(part)
    if made:
        detail = {"places": [part.place for part in made]}
        records.audit(by, "plan.task.break-down", "plan.task", str(task.pk), detail, now=now)
    return made


@transaction.atomic
def hand_over(owner: Owner, *, department: str, on: date, reason: str, by: Any, now: datetime) -> Owner:
    """Another department takes a duty over from a day; the former keeps its dates and stays readable.

    Raises `PlanError` (unknown department, same department, day before the duty began, no reason), `StaleError`.
    """
    demand(by, permissions.ASSIGN)
    former = Owner.objects.select_for_update().select_related("task").get(pk=owner.pk)
    if former.until is not None:
        raise StaleError(_("“%(name)s”的职责已经移交") % {"name": former.name}, mend=_("请刷新页面"))
    if not reason.strip():
        raise PlanError(_("移交要写明理由"), mend=_("请填写依据，如文件名和文号"))
    found = next((each for each in register.departments() if each.id == department), None)
    if found is None:
        raise PlanError(_("部门登记表里没有“%(code)s”") % {"code": department[:40]}, mend=_("请从列表中选择"))
    if department == former.department:
        raise PlanError(_("移交前后是同一个部门"), mend=_("请选择另一个部门"))
    if former.since and on < former.since:
        raise PlanError(_("移交日期早于原单位开始负责的日期 %(day)s") % {"day": former.since})
    former.until = on
    former.save(update_fields=["until"])
    level = "市" if former.name.startswith("市") and not found.free else ""
    new = Owner.objects.create(
        task=former.task, department=found.id, name=f"{level}{found.name}", role=former.role, since=on
    )
    detail = {"from": former.name, "to": new.name, "on": str(on), "reason": reason.strip()}
    records.audit(by, "plan.task.hand-over", "plan.task", str(former.task_id), detail, now=now)
    return new


@transaction.atomic
def remark(task: Task, text: str, *, by: Any, now: datetime) -> Comment:
    """A remark beside a task. Raises `PlanError` for an empty or endless one."""
    demand(by, permissions.COMMENT)
    if not text.strip():
        raise PlanError(_("留言是空的"), mend=_("请写下要说的话"))
    if len(text) > _LONG:
        raise PlanError(_("留言太长"), expected=_("不超过 %(count)s 字") % {"count": _LONG})
    made = Comment.objects.create(task=task, by=by, at=now, text=text.strip())
    records.audit(by, "plan.task.comment", "plan.task", str(task.pk), {"comment": made.pk}, now=now)
    return made
