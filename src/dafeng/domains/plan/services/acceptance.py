"""Accepting a version: the plan's tasks, owners, targets and questions are brought up to date, all at once or not at all.

Rows that a version continues keep their progress; what it no longer has is marked dropped, never deleted. Owners follow the text
only where the text changed, so that a hand-over made since is not undone. Nothing that is unclear is decided here: it becomes
a question.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.plan import bindings
from dafeng.domains.plan.models import Owner, Plan, Target, Task, Version
from dafeng.domains.plan.services import questions
from dafeng.domains.plan.services.content import content_of, corrections_of, found_in, seen_digest
from dafeng.kernel.errors import PlanError, StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Move

Row = Mapping[str, Any]


def accept(
    version: Version, *, seen: str | None, alongside: bool, by: Any, now: datetime, system: bool = False
) -> Version:
    """Make a read version the one that holds. `seen` is `seen_digest` of what the reviewer saw (None: the system's own).

    Raises `StaleError` when somebody accepted or corrected it meanwhile, and `PlanError` when another plan covers the same years
    and nobody has said that both hold (`alongside`).
    """
    with records.serial():
        version = Version.objects.select_for_update().get(pk=version.pk)
        version.plan = Plan.objects.select_for_update().get(pk=version.plan_id)
        _check_state(version)
        corrections = corrections_of(version.plan)
        if seen is not None and seen != seen_digest(version, corrections):
            raise StaleError(_("您打开页面之后，有人又作了更正"), mend=_("没有采纳。请刷新页面，看过最新的更正再采纳"))
        if not alongside and (others := in_force_with(version.plan)):
            raise PlanError(
                _("同一时期已有在执行的方案：%(titles)s")
                % {"titles": "、".join(f"《{each.title}》" for each in others)},
                expected=_("选明两个方案的关系"),
                mend=_("请选择“两个方案同时有效”，或“这是其中一个方案的新版”"),
            )
        former = Version.objects.filter(plan=version.plan, current=True).first()
        content = content_of(version, found_in(version, corrections))
        if not content["tasks"] and not content["targets"]:
            raise PlanError(_("没有任务也没有目标，不能采纳"), mend=_("请先补充任务或目标，或确认上传的是方案正文"))
        day = timezone.localdate(now)
        tasks = _tasks(version, content["tasks"], dict(former.accepted) if former else {}, day)
        leads = {
            row["path"]: [each["id"] for each in row["owners"] if each["role"] == "lead" and each["id"]]
            for row in content["tasks"]
        }
        _targets(version, content["targets"], tasks, leads)
        content = content | {"defects": questions.raise_all(version, content, by=by, now=now)}
        if version.text:
            questions.raise_between(version, content, by=by, now=now)
        if former is not None:
            records.move(former.record, "supersede", by=by, now=now, system=system)
            Version.objects.filter(pk=former.pk).update(current=False)
        version.accepted, version.current = content, True
        version.save(update_fields=["accepted", "current"])
        records.move(version.record, "accept", by=by, now=now, system=system)
    return version


def in_force_with(plan: Plan) -> list[Plan]:
    """Other plans of the city in force over some of the same years; none when this plan has been accepted before."""
    if plan.first_year is None or plan.versions.filter(current=True).exists():
        return []
    last = plan.last_year or plan.first_year
    others = Plan.objects.filter(city=plan.city, versions__current=True, first_year__lte=last).exclude(pk=plan.pk)
    return [each for each in others if (each.last_year or each.first_year or 0) >= plan.first_year]


def _check_state(version: Version) -> None:
    if version.record.state == "read":
        return
    last = Move.objects.filter(record_id=version.record_id).select_related("by").order_by("-seq").first()
    raise StaleError(
        _("第 %(number)s 版已由 %(who)s 办理，现为“%(state)s”") % {"number": version.number, "who": (last and last.by) or _("系统"), "state": version.record.state_title},
        mend=_("请刷新页面，看最新情况"),
    )  # fmt: skip


# ---------------------------------------------------------------- tasks and owners


def _tasks(version: Version, rows: list[Row], former: Row, day: date) -> dict[str, Task]:
    """Rows of tasks by their path in this version."""
    plan = version.plan
    known = {each.key: each for each in Task.objects.filter(plan=plan, parent=None)}
    new, kept = [], []
    for order, row in enumerate(rows):
        task = known.get(row["key"])
        start, end = row.get("span") or (row["start"], row["end"])
        given = {
            "path": row["path"][:60], "title": " ".join(row["title"].split())[:300], "order": order, "start": start, "end": end, "dropped_in": None,
        }  # fmt: skip
        if task is None:
            new.append(Task(plan=plan, key=row["key"], place=plan.city, **given))
        else:
            for name, value in given.items():
                setattr(task, name, value)
            kept.append(task)
    Task.objects.bulk_create(new)
    Task.objects.bulk_update(kept, ["path", "title", "order", "start", "end", "dropped_in"])
    keys = {row["key"] for row in rows}
    gone = [each.pk for key, each in known.items() if key not in keys and each.dropped_in_id is None]
    Task.objects.filter(pk__in=gone).update(dropped_in=version)
    tasks = {each.key: each for each in Task.objects.filter(plan=plan, parent=None, key__in=keys)}
    before = {row["key"]: row["owners"] for row in former.get("tasks", [])}
    _owners(tasks, {row["key"]: row["owners"] for row in rows}, before, day)
    return {row["path"]: tasks[row["key"]] for row in rows}


def _owners(
    tasks: Mapping[str, Task], wanted: Mapping[str, list[Row]], before: Mapping[str, list[Row]], day: date
) -> None:
    """Owners that the text names now and did not before come in; those it no longer names end today and stay on record."""
    made = []
    for key, owners in wanted.items():
        old = {_owner_key(each) for each in before.get(key, [])}
        new = {_owner_key(each): each for each in owners}
        for lost in old - set(new):
            name, role = lost
            tasks[key].owners.filter(name=name, role=role, until=None).update(until=day)
        made += [
            Owner(
                task=tasks[key],
                department=each["id"],
                name=each["name"][:80],
                printed=each["printed"][:120],
                role=each["role"],
                since=day if key in before else None,
            )
            for owner, each in new.items()
            if owner not in old
        ]
    Owner.objects.bulk_create(made)


def _owner_key(owner: Row) -> tuple[str, str]:
    return owner["name"][:80], owner["role"]


# ---------------------------------------------------------------- targets


def binding_of(row: Row) -> bindings.Match:
    """What the indicator register has for a printed target; a city pack names its binding itself."""
    if row.get("binding"):
        found = bindings.register().by_id(row["binding"])
        return bindings.Match(found, 1.0, found.reason)
    return bindings.match(row["indicator"], row.get("unit") or None)


def binding_code(binding: bindings.Binding | None) -> str:
    """The cell that a binding reads: indicator code, and `|key` where it has one. Empty: unbound."""
    if binding is None or not binding.indicator:
        return ""
    return f"{binding.indicator}|{binding.key}" if binding.key else binding.indicator


def _targets(version: Version, rows: list[Row], tasks: Mapping[str, Task], leads: Mapping[str, list[str]]) -> None:
    """`leads`: path → ids of the departments that lead there; the first answers for the targets of that task."""
    plan = version.plan
    known = {each.key: each for each in Target.objects.filter(plan=plan, place=plan.city)}
    new, kept = [], []
    fields = (
        "task", "indicator", "kind", "direction", "operator", "low", "high", "unit", "year", "period", "baseline_year",
        "baseline_inferred", "strength", "scope", "quote", "start", "end", "owner", "dropped_in",
    )  # fmt: skip
    for order, row in enumerate(rows):
        given, match = _target(row, tasks, order), binding_of(row)
        lead = leads.get(row["task_path"]) or ([match.binding.owner] if match.binding else [])
        given["owner"] = lead[0] if lead else ""
        target = known.get(row["key"])
        if target is None:
            target = Target(plan=plan, key=row["key"], place=plan.city, binding=binding_code(match.binding))
            target.bound_by = "register" if target.binding else ""
            new.append(target)
        else:
            kept.append(target)
            if target.bound_by in ("", "register"):  # what a person has bound, a person unbinds
                target.binding = binding_code(match.binding)
                target.bound_by = "register" if target.binding else ""
        for name, value in given.items():
            setattr(target, name, value)
    Target.objects.bulk_create(new)
    Target.objects.bulk_update(kept, [*fields, "binding", "bound_by"])
    keys = {row["key"] for row in rows}
    gone = [each.pk for key, each in known.items() if key not in keys and each.dropped_in_id is None]
    Target.objects.filter(pk__in=gone).update(dropped_in=version)


def _target(row: Row, tasks: Mapping[str, Task], order: int) -> dict[str, Any]:
    value = row["value"]
    low, high = value if isinstance(value, list) else (value, value)
    return {
        "task": tasks.get(row["task_path"]),
        "indicator": row["indicator"][:200],
        "kind": row["kind"],
        "direction": row["direction"] or "",
        "operator": row["operator"],
        "low": low,
        "high": high,
        "unit": (row["unit"] or "")[:40],
        "year": row["year"],
        "period": (row["period"] or "")[:40],
        "baseline_year": row["baseline_year"],
        "baseline_inferred": bool(row["baseline_inferred"]),
        "strength": row["strength"],
        "scope": (row["scope"] or "")[:120],
        "quote": row["quote"],
        "start": order if row["start"] is None else row["start"],
        "end": row["end"],
        "dropped_in": None,
    }
