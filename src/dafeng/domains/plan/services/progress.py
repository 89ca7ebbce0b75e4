"""Progress of tasks: written by an owner for a month, handed in, accepted or returned by the office.

One report per task, month and reporting body. Two people who write the same one meet each other: the second sees both texts
(`StaleError`) and nothing is overwritten unread. A closed month is refused (`supervision`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Owner, Progress, Task
from dafeng.domains.plan.services import supervision
from dafeng.kernel.actions import demand, may
from dafeng.kernel.errors import PlanError, StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record

KIND = "plan.progress"
_LONG = 4000


def reporters_of(user: Any, task: Task) -> list[str]:
    """In whose name a person may report on a task: owning departments and counties that are theirs; the office for all."""
    owners = [each for each in task.owners.all() if each.until is None]
    departments = [each.department for each in owners if each.department and each.role != Owner.Role.COUNTIES]
    everybody = any(each.role == Owner.Role.COUNTIES for each in owners)
    if task.parent_id or not task.place.endswith("00"):
        departments.append(task.place)
        everybody = False
    own = permissions.subjects_of(user)
    if "ndrc" in records.roles_of(user):
        return list(dict.fromkeys([*departments, *sorted(own)])) if departments else sorted(own)
    found = [each for each in dict.fromkeys(departments) if each in own]
    if everybody and "county" in records.roles_of(user):
        found += [place for place in sorted(records.places_of(user)) if place not in found and not place.endswith("00")]
    return found


def stamp(progress: Progress | None) -> str:
    """What a form saw of a report: empty where there was none."""
    return progress.record.changed_at.isoformat() if progress else ""


@transaction.atomic
def write(
    task: Task, values: Mapping[str, Any], *, reporter: str, seen: str, by: Any, now: datetime,
    evidence: Iterable[Evidence] = (), submit: bool = False,
) -> Progress:  # fmt: skip
    """Write the report of `values["period"]`, or change a draft or returned one; `submit` hands it in.

    `values`: period, text, percent, value, unit, next_step. Raises `PermissionDenied`, `PlanError` (closed month, empty
    text, wrong number), `StaleError` when somebody wrote the same report since the form was opened.
    """
    demand(by, permissions.REPORT, task)
    if reporter not in reporters_of(by, task):
        raise PlanError(
            _("您不能以“%(name)s”的名义填报这项任务") % {"name": reporter[:40]}, mend=_("请从列表中选择填报单位")
        )
    if task.dropped_in_id:
        raise PlanError(_("这项任务已不在现行方案中"), mend=_("请到方案页查看现行任务"))
    period = str(supervision.check_period(str(values.get("period", "")), supervision.day_of(now)))
    fields = _checked(values)
    found = (
        Progress.objects.select_related("record", "record__created_by")
        .filter(task=task, period=period, reporter=reporter)
        .first()
    )
    if stamp(found) != seen:
        raise StaleError(
            _("%(who)s 刚刚填过这项任务 %(period)s 的进展") % {"who": found.record.created_by if found else "", "period": period},
            mend=_("下面并列了两份内容，请核对后合并再保存"),
        )  # fmt: skip
    title = f"{task.title[:120]} {period}"
    payload = {"task": task.pk, "period": period, "reporter": reporter, **fields}
    attached = list(evidence)
    if found is None:
        record = records.open_record(
            KIND, title=title, payload=payload, by=by, now=now, place=task.place, key=f"{task.pk}", evidence=attached
        )
        found = Progress.objects.create(task=task, record=record, period=period, reporter=reporter, **fields)
    else:
        kept = list({each.pk: each for each in (*found.record.evidence.all(), *attached)}.values())
        records.amend(found.record, by=by, now=now, payload=payload, title=title, evidence=kept)
        Progress.objects.filter(pk=found.pk).update(**fields)
        found.refresh_from_db()
    if submit:
        records.move(found.record, "submit", by=by, now=now)
    return found


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    text, percent, value = str(values.get("text") or "").strip(), values.get("percent"), values.get("value")
    if not text:
        raise PlanError(_("没有写进展"), mend=_("请用一两句话写明本月做了什么"))
    for name, given in ((_("进展"), text), (_("下一步"), str(values.get("next_step") or ""))):
        if len(given) > _LONG:
            raise PlanError(_("“%(name)s”太长") % {"name": name}, expected=_("不超过 %(count)s 字") % {"count": _LONG})
    if percent is not None and not 0 <= percent <= 100:
        raise PlanError(_("完成百分比是 %(percent)s") % {"percent": percent}, expected="0–100")
    unit = str(values.get("unit") or "").strip()
    if value is not None and not unit:
        raise PlanError(_("填了数值，没有填单位"), mend=_("请填写单位，如 万千瓦、万平方米"))
    return {
        "text": text, "percent": percent, "value": value, "unit": unit[:40],
        "next_step": str(values.get("next_step") or "").strip(),
    }  # fmt: skip


def move(progress: Progress, action: str, *, state: str, by: Any, now: datetime, reason: str = "") -> Record:
    """Hand in, accept or return. `state` is what the page showed. Raises `StaleError`, `TransitionError`, `PermissionDenied`."""
    record = progress.record
    if action == "submit":
        demand(by, permissions.REPORT, progress.task)
        supervision.check_period(progress.period, supervision.day_of(now))
    else:
        demand(by, permissions.CHECK)
    fresh = Record.objects.get(pk=record.pk)
    if fresh.state != state:
        raise StaleError(
            _("“%(title)s”已被他人办理，现为“%(state)s”") % {"title": fresh.title, "state": fresh.state_title},
            mend=_("请看最新情况再决定"),
        )
    with transaction.atomic():
        return records.move(fresh, action, by=by, now=now, reason=reason)


def visible(user: Any, reports: Any) -> Any:
    """Reports that a person sees: the offices all that was handed in and their own drafts; nobody else any."""
    if not may(user, permissions.SEE_WORK):
        return reports.none()
    if "ndrc" in records.roles_of(user):
        return reports
    return reports.filter(~Q(record__state="draft") | Q(reporter__in=permissions.subjects_of(user)))
