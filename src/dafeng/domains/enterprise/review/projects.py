"""The use-cases of a project: the owner tells it and hands it in, the authority takes it to an opinion, time takes it to its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import JointOpinion, Project, ProjectCondition, ProjectInvitation, ProjectOrder
from dafeng.domains.enterprise.review import annexes, assessments, region, statistics
from dafeng.domains.enterprise.review.methods import rules
from dafeng.domains.enterprise.review.methods.days import after_months, after_working_days
from dafeng.kernel.desk import services as desk
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import StaleError, TransitionError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import plain

KIND = "enterprise.project"
ORDER_DAYS = (7, 0, -7)  # before and after the day on which an order is due


def create(enterprise: Enterprise, basics: dict[str, Any], *, by: Any, now: datetime, demo: bool = False) -> Project:
    """Open a project with what the first step asks."""
    given = plain(basics)
    with records.serial():
        year = timezone.localdate(now).year
        number = f"JN-{year}-{Project.objects.filter(number__startswith=f'JN-{year}-').count() + 1:04d}"
        record = records.open_record(
            KIND, title=given["name"], payload={"number": number}, by=by, now=now, place=given["place"], key=number
        )
        return Project.objects.create(
            number=number, enterprise=enterprise, record=record, city=enterprise.city, content={"basics": given}, demo=demo, **_columns(given)
        )  # fmt: skip


def _columns(basics: dict[str, Any]) -> dict[str, Any]:
    month = basics.get("operation_month")
    return {name: basics[name] for name in ("name", "place", "kind", "stage", "industry", "operation_year")} | {
        "expected_on": date(basics["operation_year"], month, 1) if month else None
    }


def save_step(project: Project, step: str, given: dict[str, Any], *, seen: str, by: Any, now: datetime) -> Project:
    """Keep a step of the form. `seen`: the fingerprint of the content that the form was opened on. Raises `StaleError`."""
    if step not in assessments.STEPS:
        raise Refused("step_unknown", _("没有这一步"))
    with records.serial():
        fresh = Project.objects.select_for_update().select_related("record", "enterprise").get(pk=project.pk)
        if seen != fingerprint(fresh):
            raise StaleError(_("这个项目已被他人修改"), mend=_("请刷新页面，看过最新内容再改"))
        fresh.content = {**fresh.content, step: plain(given)}
        fields = ["content"]
        if step == "basics":
            for name, value in _columns(given).items():
                setattr(fresh, name, value)
                fields.append(name)
        fresh.save(update_fields=fields)
        records.amend(
            fresh.record, payload={"number": fresh.number, "content": fingerprint(fresh)}, title=fresh.name, place=fresh.place, by=by, now=now
        )  # fmt: skip
    return fresh


def fingerprint(project: Project) -> str:
    return assessments.digest_of(project.content, {})[:16]


def submit(project: Project, *, by: Any, now: datetime) -> Project:
    """Hand in: everything is there, the decision is made and frozen. Raises `Refused` `incomplete`."""
    on = timezone.localdate(now)
    found = assessments.assess(project, on=on)
    if found.missing:
        raise Refused(
            "incomplete", _("还有 %(count)s 项没有填") % {"count": len(found.missing)}, mend=_("请按“核对与报送”页列出的各项补齐")
        )  # fmt: skip
    with records.serial():
        records.move(project.record, "submit", by=by, now=now)
        freeze(project, found, on=on)
        project.submitted_at = now
        project.save(update_fields=["submitted_at"])
    _tell_bureau(project, now=now)
    return project


def freeze(project: Project, found: assessments.Assessment, *, on: date) -> None:
    papers = sorted(each.evidence.sha256 for each in annexes.live(project))
    project.decided = plain(assessments.summary(found, on=on) | {"annexes": papers})
    project.digest = assessments.digest_of(project.content, project.decided)
    project.level = str(found.decision.level)
    project.tce, project.counted = found.used.equivalent, found.used.counted
    project.coal, project.co2 = found.used.coal, found.used.co2
    project.product = project.content.get("output", {}).get("product", "")
    project.per_product = found.used.per_product
    project.save(
        update_fields=["decided", "digest", "level", "tce", "counted", "coal", "co2", "product", "per_product"]
    )


def judge(
    project: Project, *, two_high: bool, large_carbon: bool, reason: str, exempt: bool = False, by: Any, now: datetime
) -> Project:
    """The bureau says whether a project is two-high, whether its carbon is evaluated (arts. 8, 10), and whether it serves the people's
    livelihood or infrastructure and so is exempt from a county's suspension; the decision follows.
    """
    if not reason.strip():
        raise Refused("reason_missing", _("认定要写明理由"))
    if project.record.state not in ("submitted", "accepted", "in_review", "reviewed"):
        raise TransitionError(_("项目现为“%(state)s”，不能再认定") % {"state": project.record.state_title})
    with records.serial():
        project.two_high, project.large_carbon, project.judged_reason = two_high, large_carbon, reason.strip()[:300]
        project.exempt = exempt
        project.save(update_fields=["two_high", "large_carbon", "judged_reason", "exempt"])
        on = timezone.localdate(now)
        freeze(project, assessments.assess(project, on=on), on=on)
        records.audit(by, f"{KIND}.judge", "record", str(project.record_id), {"two_high": two_high, "large_carbon": large_carbon, "exempt": exempt, "reason": project.judged_reason}, now=now)  # fmt: skip
    return project


def handle(project: Project, action: str, *, by: Any, now: datetime, reason: str = "") -> Project:
    """A step of the bureau that asks for nothing but the rules: supplement, accept, file, review, forward, revoke."""
    found = assessments.assess(project, on=timezone.localdate(now))
    needs = found.decision.report
    if action == "file" and needs:
        raise Refused("report_needed", _("这个项目须作节能审查，不能按备案办理"), expected=_("第八条的限额以下"))
    if action in ("accept", "review") and not needs:
        raise Refused(
            "report_not_needed", _("这个项目可不单独编制节能报告，不再单独审查"), mend=_("请办理备案（第八条、第二十条）")
        )  # fmt: skip
    if action == "accept" and any(name in assessments.CARBON_NEEDED for _step, name in found.missing):
        raise Refused(
            "carbon_missing",
            _("项目须开展碳排放评价，申报材料里没有碳排放评价的内容"),
            mend=_("请一次告知补正（第十条、第十四条）"),
        )
    if action == "review" and found.decision.open:
        raise Refused(
            "to_confirm", _("还有待确认的事项，不能交付评审"), mend=_("请先认定“两高”和碳排放评价，登记缺少的参数")
        )
    if action == "forward" and project.level not in ("nation", "province"):
        raise Refused("local_level", _("这个项目由市县审查，不需转报"))
    if action in ("approve", "refuse", "conclude", "submit"):
        raise Refused("step_unknown", _("这一步要另行办理"))
    with records.serial():
        records.move(project.record, action, by=by, now=now, reason=reason)
        if action == "accept":
            project.accepted_at = now
            project.save(update_fields=["accepted_at"])
        if action == "revoke":
            _release(project, reason=reason, by=by, now=now)
            statistics.publish(project.city, by=by, now=now)
    tell_owner(project, text=reason, now=now)
    return project


def conclude(project: Project, *, text: str, by: Any, now: datetime) -> Project:
    """Lay down what the review found. Raises `Refused` while an expert or an office has not answered."""
    if not text.strip():
        raise Refused("text_missing", _("请写评审意见"))
    least = rules().days("experts", "least")
    invited = project.invitations.filter(round=project.round)
    given = invited.filter(state=ProjectInvitation.State.GIVEN).count()
    if given < least:
        raise Refused("experts_short", _("只有 %(count)s 位专家提交了意见") % {"count": given}, expected=_("至少 %(least)s 位") % {"least": least})  # fmt: skip
    waiting = invited.filter(state__in=("invited", "declared")).count()
    if waiting:
        raise Refused("experts_waiting", _("还有 %(count)s 位专家没有提交意见") % {"count": waiting})
    asked = list(project.joint_opinions.filter(round=project.round))
    if not asked or any(each.verdict == JointOpinion.Verdict.WAITING for each in asked):
        raise Refused("joint_waiting", _("会商联审还没有完成"), mend=_("请先送会审，各单位答复后再形成评审意见"))
    if project.two_high and (absent := set(rules().tables["joint"]["two_high"]) - {each.office for each in asked}):
        raise Refused("joint_incomplete", _("“两高”项目须经生态环境、工业和信息化部门会审"), expected="、".join(sorted(absent)), mend=_("请送这些单位会审"))  # fmt: skip
    with records.serial():
        records.move(project.record, "conclude", by=by, now=now)
        project.conclusion = text.strip()
        project.save(update_fields=["conclusion"])
    return project


def approve(
    project: Project, *, opinion: str, reference: str, conditions: Sequence[str], by: Any, now: datetime
) -> Project:
    """Give the opinion with its conditions; for a higher authority's project, put its opinion on the register.

    Raises `Refused`: `forward_first`, `to_confirm` (a figure is missing), `barred` (a rule stands against it), `region_suspended`,
    `joint_against`, `reference_missing`.
    """
    on = timezone.localdate(now)
    found = assessments.assess(project, on=on)
    if project.level in ("nation", "province", "open") and project.record.state != "forwarded":
        raise Refused("forward_first", _("这个项目由上级审查机关审查，请先转报"))
    if found.open:
        raise Refused("to_confirm", _("还有待确认的事项，不能出具审查意见"), mend=_("请登记缺少的参数，或作出认定"))
    if found.barred:
        raise Refused("barred", _("项目不符合强制性要求，不能通过"), mend=_("见项目页“限制条件”各项"))
    stopped = region.of(project, found.used.counted, found.figures)
    if stopped.measure in region.STOPS and not project.exempt:
        raise Refused(
            "region_suspended", _("%(month)s 所在县区已连续 %(months)s 个月红灯，实行节能审查区域限批或暂停") % {"month": stopped.month, "months": stopped.months},
            mend=_("待县区解除，或认定为民生、基础设施项目"),
        )  # fmt: skip
    if any(each.verdict == JointOpinion.Verdict.AGAINST for each in _last_round(project)):
        raise Refused("joint_against", _("会审单位不同意"), mend=_("协调一致后重新送会审，或不予通过"))
    if not (opinion.strip() and reference.strip()):
        raise Refused("reference_missing", _("审查意见和文号都要写"))
    with records.serial():
        records.move(project.record, "approve", by=by, now=now)
        freeze(project, found, on=on)
        project.opinion, project.reference, project.approved_on = opinion.strip(), reference.strip()[:80], on
        project.save(update_fields=["opinion", "reference", "approved_on"])
        lay_down(project, conditions)
        statistics.publish(project.city, by=by, now=now)
    tell_owner(project, text=project.reference, now=now)
    return project


def lay_down(project: Project, conditions: Sequence[str]) -> None:
    """The conditions of the opinion in force, in place of those of an earlier one."""
    project.conditions.all().delete()
    texts = [text.strip()[:500] for text in conditions if text.strip()]
    ProjectCondition.objects.bulk_create(
        ProjectCondition(project=project, number=number, text=text) for number, text in enumerate(texts, 1)
    )


def _last_round(project: Project) -> list[JointOpinion]:
    """Each office's latest answer."""
    return list(
        {each.office: each for each in project.joint_opinions.filter(round=project.round).order_by("pk")}.values()
    )


@transaction.atomic
def refuse(project: Project, *, reason: str, by: Any, now: datetime) -> Project:
    records.move(project.record, "refuse", by=by, now=now, reason=reason)
    _release(project, reason=reason, by=by, now=now)
    tell_owner(project, text=reason, now=now)
    return project


def _release(project: Project, *, reason: str, by: Any, now: datetime) -> None:
    """Capacity that a fallen project held may be used again."""
    project.swaps.filter(released_at=None).update(released_at=now, released_reason=reason[:300])


def start(project: Project, *, day: date, by: Any, now: datetime) -> Project:
    """The owner says when building began: not before the opinion, not two years after it (arts. 3, 19)."""
    today = timezone.localdate(now)
    if project.approved_on is None or day < project.approved_on:
        raise Refused("before_opinion", _("开工不得早于节能审查意见"), expected=f"≥ {project.approved_on}")
    if day > today:
        raise Refused("in_future", _("开工日期在将来"))
    if day >= lapses_on(project):
        raise Refused("lapsed", _("审查意见满两年未开工，已经失效"), mend=_("请重新申报"))
    with records.serial():
        records.move(project.record, "start", by=by, now=now)
        project.started_on, project.stage = day, Project.Stage.BUILDING
        project.save(update_fields=["started_on", "stage"])
        statistics.publish(project.city, by=by, now=now)
    return project


def expect(project: Project, *, month: date, by: Any, now: datetime) -> Project:
    """The owner says in which month the project is to begin to run; forecasts add it from then on. What was approved stays as it is."""
    if project.record.state not in ("approved", "building"):
        raise TransitionError(_("项目现为“%(state)s”，不再登记预计投产月") % {"state": project.record.state_title})
    if month.replace(day=1) < timezone.localdate(now).replace(day=1):
        raise Refused("in_past", _("预计投产月已经过去"), mend=_("已经投产的请登记试运行"))
    with records.serial():
        before, project.expected_on = project.expected_on, month.replace(day=1)
        project.save(update_fields=["expected_on"])
        records.audit(by, f"{KIND}.expect", "record", str(project.record_id), {"month": f"{month:%Y-%m}", "before": f"{before:%Y-%m}" if before else ""}, now=now)  # fmt: skip
        statistics.publish(project.city, by=by, now=now)
    return project


def trial(project: Project, *, day: date, by: Any, now: datetime) -> Project:
    """The owner says when the trial run began; the acceptance is due six months later (art. 21)."""
    if project.started_on is None or day < project.started_on:
        raise Refused("before_start", _("试运行不得早于开工"))
    if day > timezone.localdate(now):
        raise Refused("in_future", _("试运行日期在将来"))
    with records.serial():
        records.move(project.record, "trial", by=by, now=now)
        project.trial_on = day
        project.save(update_fields=["trial_on"])
        statistics.publish(project.city, by=by, now=now)
    return project


def withdraw(project: Project, *, reason: str, by: Any, now: datetime) -> Project:
    with records.serial():
        records.move(project.record, "withdraw", by=by, now=now, reason=reason)
        _release(project, reason=reason, by=by, now=now)
    return project


# ---------------------------------------------------------------- terms


def lapses_on(project: Project) -> date:
    """The day from which the opinion is void where building has not begun (art. 19)."""
    assert project.approved_on is not None, "asked of approved projects only"
    return after_months(project.approved_on, 12 * rules().days("terms", "lapse_years"))


def acceptance_due(project: Project) -> date | None:
    """Until when the acceptance is due (art. 21)."""
    return after_months(project.trial_on, rules().days("terms", "acceptance_months")) if project.trial_on else None


def answer_due(project: Project) -> date | None:
    """Until when the bureau tells what is missing (art. 14)."""
    if project.submitted_at is None:
        return None
    return after_working_days(timezone.localdate(project.submitted_at), rules().days("terms", "supplement_working_days"))  # fmt: skip


def keep_terms(city: str, *, now: datetime) -> dict[str, int]:
    """What the clock does: deemed acceptance, lapsed opinions, reminders of acceptances. Returns how many of each."""
    today = timezone.localdate(now)
    done = {"deemed": 0, "lapsed": 0, "reminded": 0}
    projects = Project.objects.filter(city=city).select_related("record", "enterprise")
    for project in projects.filter(record__state="submitted"):
        due = answer_due(project)
        if due and today > due and assessments.assess(project, on=today).decision.report:
            with records.serial():
                records.move(project.record, "deem", by=None, now=now, system=True)
                project.accepted_at = now
                project.save(update_fields=["accepted_at"])
            done["deemed"] += 1
    for project in projects.filter(record__state="approved", approved_on__isnull=False):
        if today >= lapses_on(project):
            with records.serial():
                records.move(project.record, "lapse", by=None, now=now, system=True)
                _release(project, reason="lapse", by=None, now=now)
                statistics.publish(city, by=None, now=now)
            tell_owner(project, text="", now=now)
            done["lapsed"] += 1
    for project in projects.filter(record__state="trial"):
        due = acceptance_due(project)
        if due and (due - today).days in (30, 0, -30):
            desk.notify(
                records.people_of([project.enterprise.organisation] if project.enterprise.organisation else ()),
                kind=KIND,
                title=_("节能验收期限 %(due)s：%(name)s") % {"due": due, "name": project.name},
                href=address(project),
                now=now,
            )
            done["reminded"] += 1
    waiting = ProjectOrder.objects.filter(project__city=city, outcome="open").select_related("project__enterprise")
    for order in waiting:
        if (order.due - today).days in ORDER_DAYS:
            owner = order.project.enterprise.organisation
            people = records.people_of([owner] if owner else ())
            if order.due < today:
                people = [*people, *records.people_of(roles=["ndrc"], places=[city])]
            title = _("整改期限 %(due)s：%(name)s") % {"due": order.due, "name": order.project.name}
            desk.notify(people, kind=KIND, title=title, href=f"{address(order.project)}?tab=after", now=now)
            done["reminded"] += 1
    return done


# ---------------------------------------------------------------- telling


def address(project: Project) -> str:
    return reverse("enterprise:review-project", kwargs={"id": project.pk})


def tell_owner(project: Project, *, text: str, now: datetime) -> None:
    if project.enterprise.organisation:
        desk.notify(
            records.people_of([project.enterprise.organisation]),
            kind=KIND,
            title=f"{project.name}：{project.record.state_title}",
            text=text,
            href=address(project),
            now=now,
        )


def _tell_bureau(project: Project, *, now: datetime) -> None:
    desk.notify(
        records.people_of(roles=["ndrc"], places=[project.city]),
        kind=KIND,
        title=_("新报送的项目：%(name)s") % {"name": project.name},
        href=address(project),
        now=now,
    )
