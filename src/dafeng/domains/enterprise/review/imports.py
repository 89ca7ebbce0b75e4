"""Opinions that were given on paper, and old projects (补登): an officer enters one with its paper, another person confirms it.

It does not pass this platform's experts and joint review: what was decided before stands as it was decided. From then on it is a
project like any other, in the state that its dates say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Project
from dafeng.domains.enterprise.review import annexes, assessments, projects, statistics
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import TransitionError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import plain


def enter(
    enterprise: Enterprise, content: Mapping[str, Mapping[str, Any]], *, opinion: str, reference: str, approved_on: date,
    conditions: Sequence[str], started_on: date | None = None, trial_on: date | None = None, accepted: bool = False,
    two_high: bool | None = None, large_carbon: bool | None = None, file: Any = None, by: Any, now: datetime, demo: bool = False,
) -> Project:  # fmt: skip
    """Put a paper opinion on the register, to be confirmed by another person. `accepted`: its acceptance was passed on paper too.

    Raises `Refused`: reference_missing, in_future, dates, energies_missing, opinion_again.
    """
    today = timezone.localdate(now)
    days = [day for day in (approved_on, started_on, trial_on) if day]
    if not (opinion.strip() and reference.strip()):
        raise Refused("reference_missing", _("审查意见和文号都要写"))
    if max(days) > today:
        raise Refused("in_future", _("日期在将来"))
    if (trial_on and (started_on is None or trial_on < started_on)) or (accepted and trial_on is None):
        raise Refused("dates", _("日期不齐或先后不对"), expected=_("开工 ≤ 试运行；已验收的要写试运行日期"))
    if not content.get("energy", {}).get("energies"):
        raise Refused("energies_missing", _("请填批复的各种能源年消费量"))
    with records.serial():
        same = Project.objects.filter(enterprise=enterprise, reference=reference.strip()[:80])
        if same.exclude(record__state="withdrawn").exists():
            raise Refused("opinion_again", _("这个文号的意见已经登记"))
        made = projects.create(enterprise, dict(content["basics"]), by=by, now=now, demo=demo)
        made.content = {step: plain(dict(given)) for step, given in content.items()} | {"paper": {"accepted": accepted}}
        made.opinion, made.reference, made.approved_on = opinion.strip(), reference.strip()[:80], approved_on
        made.started_on, made.trial_on = started_on, trial_on
        made.stage = (
            Project.Stage.STOCK if trial_on else Project.Stage.BUILDING if started_on else Project.Stage.PROPOSED
        )
        made.two_high, made.large_carbon = two_high, large_carbon
        made.save()
        if file is not None:
            annexes.add(made, file, title=_("审查意见原件"), matter="opinion", by=by, now=now)
        projects.lay_down(made, conditions)
        records.move(made.record, "enter", by=by, now=now, reason=_("补登审查意见"))
    return made


def confirm(project: Project, *, by: Any, now: datetime) -> Project:
    """Another person has compared it with the paper: it is in force, in the state that its dates say."""
    if project.record.state != "entered":
        raise TransitionError(_("项目现为“%(state)s”，没有待核对的补登") % {"state": project.record.state_title})
    accepted = project.content.get("paper", {}).get("accepted")
    state = (
        "completed" if accepted else "trial" if project.trial_on else "building" if project.started_on else "approved"
    )
    on = timezone.localdate(now)
    with records.serial():
        records.move(project.record, f"confirm_{state}", by=by, now=now)
        projects.freeze(project, assessments.assess(project, on=on), on=on)
        statistics.publish(project.city, by=by, now=now)
    projects.tell_owner(project, text=project.reference, now=now)
    return project


def discard(project: Project, *, reason: str, by: Any, now: datetime) -> Project:
    """It does not agree with the paper."""
    records.move(project.record, "discard", by=by, now=now, reason=reason)
    return project
