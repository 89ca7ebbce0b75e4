"""Acceptance after trial run (arts. 21, 26): the owner's own check, the meters beside it, the 10 % rule, the conditions of the opinion."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Project, ProjectAcceptance, ProjectOrder
from dafeng.domains.enterprise.review import assessments, projects
from dafeng.domains.enterprise.review.meters import Metered, metered
from dafeng.domains.enterprise.review.methods import Amount, Check, against, consumption, rules
from dafeng.kernel.errors import TransitionError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import plain

Verdict = ProjectAcceptance.Verdict
OPEN = ("trial", "rectifying", "completed")
YEAR = 365
MEASURES: dict[str, Any] = {
    "per_product": gettext_lazy("单位产品综合能耗"),
    "co2_per_product": gettext_lazy("单位产品碳排放"),
    "equivalent": gettext_lazy("年综合能源消费量（当量值）"),
    "co2": gettext_lazy("年碳排放总量"),
}


def checks_of(project: Project, told: dict[str, Any], read: Metered, since: date, until: date) -> list[Check]:
    """The four measures of art. 26 against what was approved. Where a meter reads an energy, the meter counts, not the word."""
    energies = {**told.get("energies", {}), **read.amounts}
    approved = project.decided
    own = assessments.proposal_of(project)
    used = consumption(
        replace(
            own,
            energies={code: Amount(after=amount, ncv=own.energies[code].ncv if code in own.energies else None) for code, amount in energies.items()},
            renewable=told.get("renewable") or 0.0,
            rebuilt=False,
            output=told.get("output"),
            process_co2=told.get("process_co2") or 0.0,
        )
    )  # fmt: skip
    year = (until - since).days >= YEAR
    before = _before(project)
    actual = {
        "per_product": used.per_product,
        "co2_per_product": used.co2_per_product,
        # Of a rebuilt project the increment was approved, while the meters read the whole plant: what it used before comes off.
        "equivalent": used.equivalent - before[0] * (until - since).days / YEAR,
        "co2": used.co2 - before[1] * (until - since).days / YEAR,
    }
    units = {"per_product": "kgce", "co2_per_product": "t CO2", "equivalent": "tce", "co2": "t CO2"}
    return [
        against(name, units[name], approved.get(name), actual[name], whole_year=year or "product" in name)
        for name in MEASURES
    ]


def _before(project: Project) -> tuple[float, float]:
    """tce and t CO2 a year before rebuilding; nothing for a new project."""
    own = assessments.proposal_of(project)
    if not own.rebuilt:
        return 0.0, 0.0
    energies = {code: Amount(after=each.before, ncv=each.ncv) for code, each in own.energies.items()}
    used = consumption(
        replace(own, rebuilt=False, energies=energies, renewable=own.renewable_before, process_co2=own.process_co2_before)
    )  # fmt: skip
    return used.equivalent, used.co2


def differences(told: dict[str, Any], read: Metered) -> list[dict[str, Any]]:
    """Energies where the owner's figure and the meter differ by more than the tolerance (ours)."""
    limit = rules().number("experts", "meter_tolerance_percent")
    found = []
    for code, amount in read.amounts.items():
        said = told.get("energies", {}).get(code)
        if said is None or (amount and abs(said - amount) / amount * 100 > limit) or (not amount and said):
            found.append({"energy": code, "told": said, "metered": amount})
    return found


def tell(
    project: Project, *, since: date, until: date, told: dict[str, Any], explanation: str, by: Any, now: datetime
) -> ProjectAcceptance:
    """Hand in the owner's own check (自查报告). Raises `Refused` `explain` where the meter says otherwise and nothing is said to it."""
    if project.record.state not in OPEN:
        raise TransitionError(_("项目现为“%(state)s”，还不到验收") % {"state": project.record.state_title})
    if not since < until:
        raise Refused("period", _("起止日期不对"))
    if until > timezone.localdate(now):
        raise Refused("in_future", _("自查期还没有结束"))
    if project.trial_on is None or since < project.trial_on:
        raise Refused("before_trial", _("自查期早于试运行"), expected=f"≥ {project.trial_on}")
    if not told.get("energies") or not told.get("output"):
        raise Refused("incomplete", _("请填各种能源的实际用量和产量"))
    codes = project.content.get("measures", {}).get("meter_points", [])
    read = metered(codes, project.enterprise.organisation, since, until)
    if differences(told, read) and not explanation.strip():
        raise Refused("explain", _("自查数与计量读数相差超过允许范围"), mend=_("请核对，或写明差异原因"))
    with records.serial():
        if project.acceptances.filter(verdict=Verdict.WAITING).exists():
            raise Refused("acceptance_waiting", _("还有一份自查报告没有验收"))
        made = ProjectAcceptance.objects.create(
            project=project, since=since, until=until, told=plain(told), metered=plain(read.as_dict()),
            checks=plain([asdict(each) for each in checks_of(project, told, read, since, until)]),
            explanation=explanation.strip(), told_by=by, told_at=now,
        )  # fmt: skip
        records.audit(by, "enterprise.project.self-check", "record", str(project.record_id), {"since": since.isoformat(), "until": until.isoformat(), "told": plain(told)}, now=now)  # fmt: skip
    return made


def decide(
    acceptance: ProjectAcceptance, *, passed: bool, met: dict[int, bool], text: str, mend_by: date | None, by: Any, now: datetime
) -> ProjectAcceptance:  # fmt: skip
    """Accept, or order rectification. Raises `Refused` `over` where a measure is more than 10 % above, `condition` where one is unmet."""
    project = Project.objects.select_related("record", "enterprise").get(pk=acceptance.project_id)
    if acceptance.told_by_id == by.pk:
        raise Refused("second_person", _("自查的人不能自己验收"))
    if not text.strip():
        raise Refused("text_missing", _("请写验收意见"))
    over = [each["measure"] for each in acceptance.checks if each["verdict"] == "over"]
    conditions = list(project.conditions.all())
    unmet = [each.number for each in conditions if not met.get(each.number)]
    if passed and project.orders.exclude(outcome=ProjectOrder.Outcome.DONE).exists():
        raise Refused("order_open", _("责令整改还没有办结，不能通过验收"))
    if passed and over:
        names = "、".join(str(MEASURES[name]) for name in over)
        raise Refused("over", _("%(names)s 高于批复水平 10%%以上，不能通过") % {"names": names}, mend=_("责令限期整改（第二十六条）"))  # fmt: skip
    if passed and unmet:
        raise Refused("condition", _("批复条件 %(numbers)s 没有落实") % {"numbers": unmet})
    if not passed and (mend_by is None or mend_by <= timezone.localdate(now)):
        raise Refused("mend_by", _("请写整改期限，晚于今天"))
    with records.serial():
        fresh = ProjectAcceptance.objects.select_for_update().get(pk=acceptance.pk)
        if fresh.verdict != Verdict.WAITING:
            raise Refused("decided_already", _("这份自查报告已经验收"))
        for each in conditions:
            each.met, each.checked_by = bool(met.get(each.number)), by
            each.save(update_fields=["met", "checked_by"])
        fresh.verdict, fresh.text, fresh.by, fresh.at = (Verdict.PASSED if passed else Verdict.MEND), text.strip(), by, now  # fmt: skip
        fresh.mend_by = None if passed else mend_by
        fresh.save(update_fields=["verdict", "text", "by", "at", "mend_by"])
        if not passed:
            records.move(project.record, "rectify", by=by, now=now, reason=text)
        elif project.record.state != "completed":
            records.move(project.record, "complete", by=by, now=now, reason=text)
        if passed:
            project.stage = Project.Stage.STOCK
            project.save(update_fields=["stage"])
    projects.tell_owner(project, text=text, now=now)
    return fresh
