"""A year's assessment, from self-assessment to the frozen result.

Self-assessment (each subject its own) → review (the office settles figures) → announcement, with a term for objections, each
answered by another person than the one who raised it → final: what `scoring.publish` gives is stored and never changes, and
anyone can compute it again. What a subject says of itself is seen by the offices that assess and by itself, by others only
after the announcement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Assessment, Mark, Objection
from dafeng.domains.plan.procedure import rule
from dafeng.domains.plan.services import marking, rubrics
from dafeng.kernel import scoring
from dafeng.kernel.actions import demand, may
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import NotFound, PlanError, StaleError, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Move

SELF, REVIEW, OBJECTION, FINAL = "self", "review", "objection", "final"
ASSESSORS = frozenset({"leader", "ndrc", "admin"})
FILES, FILE_SIZE = 5, 20 << 20
KINDS_OF_FILE = (".pdf", ".doc", ".docx", ".xls", ".xlsx", ".jpg", ".jpeg", ".png", ".ofd", ".txt", ".csv")


@dataclass(frozen=True)
class Said:
    """What a person wrote into a line: a figure or none, and why."""

    value: float | None
    note: str = ""


# ---------------------------------------------------------------- who sees what


def visible(user: Any) -> Q:
    """The assessments that a person, or the public, may know of."""
    return Q() if may(user, permissions.SEE_WORK) else Q(record__state=FINAL)


def assessment_of(user: Any, pk: int) -> Assessment:
    """Raises `NotFound` for one that is not there, or not for this person."""
    found = Assessment.objects.select_related("record", "rubric").filter(visible(user), pk=pk).first()
    if found is None:
        raise NotFound(_("没有这次考核"), mend=_("请从考核列表进入"))
    return found


def open_to_all(assessment: Assessment) -> bool:
    """Whether results have been announced."""
    return assessment.record.state in (OBJECTION, FINAL)


def sees_all(user: Any) -> bool:
    return bool(ASSESSORS & records.roles_of(user))


def seen_subjects(user: Any, assessment: Assessment) -> list[dict[str, str]]:
    """Before the announcement a department or county sees itself alone."""
    told: list[dict[str, str]] = assessment.record.payload["subjects"]
    if open_to_all(assessment) or sees_all(user):
        return told
    return [each for each in told if each["code"] in permissions.subjects_of(user)]


def subject_of(user: Any, assessment: Assessment, code: str) -> dict[str, str]:
    """Raises `NotFound` for a subject that is not assessed, or that this person may not see yet."""
    found = next((each for each in seen_subjects(user, assessment) if each["code"] == code), None)
    if found is None:
        raise NotFound(_("没有这个考核对象，或结果尚未公示"), mend=_("公示之前，各单位只能看到自己的考核"))
    return found


def sees_working(user: Any, subject: str) -> bool:
    """Whether a person sees what was written beside the figures: notes, evidence, who held the post."""
    return sees_all(user) or subject in permissions.subjects_of(user)


# ---------------------------------------------------------------- opening and collecting


@transaction.atomic
def open_year(city: str, kind: str, year: int, *, by: Any, now: datetime) -> Assessment:
    """Begin the assessment of a year by the edition of the rules that holds for it.

    Raises `PlanError`: nobody to assess, a year to come, an assessment that is there already.
    """
    demand(by, permissions.ASSESS)
    today = timezone.localdate(now)
    if not 2000 <= year <= today.year:
        raise PlanError(_("不能考核 %(year)s 年") % {"year": year}, expected=_("不晚于今年的年度"))
    if Assessment.objects.filter(city=city, kind=kind, year=year).exists():
        raise PlanError(_("这一年的考核已经发起"), mend=_("请从考核列表进入"))
    row = rubrics.for_year(city, kind, year, now=now)
    subjects = marking.subjects_of(city, kind)
    if not subjects:
        raise PlanError(_("没有考核对象"), mend=_("县区来自城市数据包；部门来自已采纳方案的责任单位，请先采纳方案"))
    terms = rule("assessment", today)
    record = records.open_record(
        "plan.assessment",
        title=_("%(year)s 年%(kind)s考核") % {"year": year, "kind": rubrics.KINDS[kind]},
        payload={
            "subjects": subjects,
            "self_until": (today + timedelta(days=terms["self_days"])).isoformat(),
            "objection_days": terms["objection_days"],
            "rubric": row.number,
        },
        by=by,
        now=now,
        place=city,
        key=f"{city}-{kind}-{year}",
    )
    made = Assessment.objects.create(city=city, kind=kind, year=year, rubric=row, record=record)
    rubric = scoring.Rubric.from_dict(row.content)
    Mark.objects.bulk_create(
        [
            Mark(assessment=made, subject=each["code"], indicator=line.indicator, status=1)
            for each in subjects
            for line in marking.lines_of(rubric)
        ]
    )
    collect(made, by=by, now=now)
    _tell(made, subjects, _("%(title)s已发起，请自评") % {"title": record.title}, now=now)
    return made


def collect(assessment: Assessment, *, by: Any, now: datetime) -> int:
    """Take the figures of the blackboard into the marks. Returns how many changed. Refused once the result is announced."""
    demand(by, permissions.ASSESS)
    with records.serial():
        _require(assessment, SELF, REVIEW, doing=_("汇总数据"))
        changed = _differing(assessment, list(assessment.marks.all()))
        Mark.objects.bulk_update(changed, ["computed", "status", "notation", "lineage"])
        records.audit(
            by, "plan.assess.collect", "record", str(assessment.record_id), {"changed": len(changed)}, now=now
        )
    return len(changed)


def outdated(assessment: Assessment, marks: Sequence[Mark]) -> int:
    """How many figures the blackboard now tells otherwise than when they were collected."""
    return len(_differing(assessment, [copy(mark) for mark in marks]))


def _differing(assessment: Assessment, marks: Sequence[Mark]) -> list[Mark]:
    """Marks whose figure is not the blackboard's, with the blackboard's figure in them, unsaved."""
    rubric = scoring.Rubric.from_dict(assessment.rubric.content)
    board = marking.read_board(rubric, {mark.subject for mark in marks}, assessment.year)
    nothing: dict[str, Any] = {"computed": None, "status": 1, "notation": "", "lineage": {}}
    changed = []
    for mark in marks:
        told = board.get((mark.subject, mark.indicator), nothing)
        if any(getattr(mark, name) != told[name] for name in ("computed", "status", "notation")):
            for name, value in told.items():
                setattr(mark, name, value)
            changed.append(mark)
    return changed


# ---------------------------------------------------------------- what subject and office write


def self_assess(
    assessment: Assessment,
    subject: str,
    said: Mapping[str, Said],
    files: Mapping[str, Sequence[UploadedFile]],
    *,
    seen: str,
    by: Any,
    now: datetime,
) -> None:
    """A subject's own figures, notes and evidence. `seen`: the token of the page. Lines that are not in `said` stay."""
    demand(by, permissions.SELF_ASSESS, subject)
    for each in (each for given in files.values() for each in given):
        _check_file(each)
    with records.serial():
        _require(assessment, SELF, doing=_("自评"))
        marks = _marks_of(assessment, subject, seen)
        for indicator, words in said.items():
            mark = _line(marks, indicator)
            if words.value is not None and words.value != mark.computed and not words.note:
                raise PlanError(
                    _("“%(indicator)s”的自评与平台的数不同，要写明依据") % {"indicator": indicator},
                    mend=_("请在这一行填写说明"),
                )
            mark.own, mark.own_note = words.value, words.note
        Mark.objects.bulk_update(marks.values(), ["own", "own_note"])
        for indicator, given in files.items():
            mark = _line(marks, indicator)
            if mark.evidence.count() + len(given) > FILES:
                raise UploadError(_("每项最多 %(count)s 个证明文件") % {"count": FILES})
            for each in given:
                mark.evidence.add(
                    records.store_evidence(
                        each,
                        name=each.name or "",
                        media_type=each.content_type or "application/octet-stream",
                        by=by,
                        now=now,
                        source=f"{assessment.record.title} {subject} {indicator}",
                    )
                )
        detail = {"subject": subject, "lines": len(said), "token": marking.token(marks.values())}
        records.audit(by, "plan.assess.self", "record", str(assessment.record_id), detail, now=now)


def _check_file(file: UploadedFile) -> None:
    name = (file.name or "").lower()
    if not name.endswith(KINDS_OF_FILE):
        raise UploadError(_("不收“%(name)s”这种文件") % {"name": name[-40:]}, expected="、".join(KINDS_OF_FILE))
    if (file.size or 0) > FILE_SIZE:
        raise UploadError(_("文件“%(name)s”太大") % {"name": name[-40:]}, expected=_("不超过 20 MB"))


def review(
    assessment: Assessment,
    subject: str,
    settled: Mapping[str, Said],
    *,
    held_by: str,
    seen: str,
    by: Any,
    now: datetime,
) -> None:
    """The office settles figures. One that differs from the computed figure, or stands where none is, needs its reason."""
    demand(by, permissions.ASSESS)
    with records.serial():
        _require(assessment, REVIEW, doing=_("审定"))
        marks = _marks_of(assessment, subject, seen)
        for indicator, words in settled.items():
            mark = _line(marks, indicator)
            if words.value is not None and words.value != mark.computed and not words.note:
                raise PlanError(
                    _("“%(indicator)s”的审定值与平台的数不同，要写明理由") % {"indicator": indicator},
                    mend=_("请在这一行填写理由"),
                )
            mark.settled, mark.settled_note = words.value, words.note
        for mark in marks.values():
            mark.held_by = held_by.strip()[:60]
        Mark.objects.bulk_update(marks.values(), ["settled", "settled_note", "held_by"])
        detail = {"subject": subject, "lines": len(settled), "token": marking.token(marks.values())}
        records.audit(by, "plan.assess.review", "record", str(assessment.record_id), detail, now=now)


def _marks_of(assessment: Assessment, subject: str, seen: str) -> dict[str, Mark]:
    marks = {mark.indicator: mark for mark in assessment.marks.filter(subject=subject)}
    if not marks:
        raise NotFound(_("没有这个考核对象"))
    if marking.token(marks.values()) != seen:
        raise StaleError(_("页面打开之后，这些数被别人改过"), mend=_("请刷新页面，核对后再填；您刚才填的没有保存"))
    return marks


def _line(marks: Mapping[str, Mark], indicator: str) -> Mark:
    if indicator not in marks:
        raise NotFound(_("评分规则不用指标“%(code)s”") % {"code": indicator})
    return marks[indicator]


def _require(assessment: Assessment, *states: str, doing: str) -> None:
    """The state as it is now, not as the page had it."""
    assessment.record.refresh_from_db()
    if assessment.record.state not in states:
        raise StaleError(
            _("“%(title)s”现为“%(state)s”，不能%(doing)s")
            % {"title": assessment.record.title, "state": assessment.record.state_title, "doing": doing},
            mend=_("请刷新页面，看看办到了哪一步"),
        )


# ---------------------------------------------------------------- steps


def step(assessment: Assessment, action: str, *, seen: str, by: Any, now: datetime, reason: str = "") -> Assessment:
    """Take the assessment on: review, announce, rework, finalise. `seen`: the token of all marks that the page showed.

    Raises `StaleError`, `TransitionError`, `PermissionDenied`; `PlanError` where the term or an objection stands against it.
    """
    demand(by, permissions.ASSESS)
    with records.serial():
        marks = list(assessment.marks.all())
        if marking.token(marks) != seen:
            raise StaleError(_("页面打开之后，有人改过数"), mend=_("请刷新页面，核对后再办理"))
        if action == "finalise":
            _check_term(assessment, now)
        records.move(assessment.record, action, by=by, now=now, reason=reason)
        if action == "announce":
            _store_result(assessment, marks, now)
        elif action == "finalise":
            _store_result(assessment, marks, now, final=True)
        elif action == "rework":
            Assessment.objects.filter(pk=assessment.pk).update(result={})
    assessment.refresh_from_db()
    if action in ("announce", "finalise"):
        told = _("%(title)s：结果已公示，%(until)s前可提出异议") % {"title": assessment.record.title, "until": objections_until(assessment)}  # fmt: skip
        if action == "finalise":
            told = _("%(title)s已定稿") % {"title": assessment.record.title}
        _tell(assessment, assessment.record.payload["subjects"], told, now=now)
    return assessment


def announced_at(assessment: Assessment) -> datetime | None:
    """When the result was last announced."""
    return (
        Move.objects.filter(record=assessment.record_id, action="announce")
        .order_by("-seq")
        .values_list("at", flat=True)
        .first()
    )


def objections_until(assessment: Assessment) -> date | None:
    """The last day for objections."""
    at = announced_at(assessment)
    return timezone.localdate(at) + timedelta(days=assessment.record.payload["objection_days"]) if at else None


def _check_term(assessment: Assessment, now: datetime) -> None:
    until = objections_until(assessment)
    if until is not None and timezone.localdate(now) <= until:
        raise PlanError(
            _("异议期到 %(until)s 为止，还不能定稿") % {"until": until},
            mend=_("请在期满次日起定稿；需要提前改正时请退回审核"),
        )
    waiting = assessment.objections.filter(record__state="open").count()
    if waiting:
        raise PlanError(_("还有 %(count)s 件异议没有答复") % {"count": waiting}, mend=_("请先逐件答复"))


def _store_result(assessment: Assessment, marks: Sequence[Mark], now: datetime, *, final: bool = False) -> None:
    """Freeze what is known: rubric, values, scores; and, beside them, whom it is about."""
    scores = marking.scores_of(assessment, marks)
    result = scoring.publish(scores) | {
        "city": assessment.city,
        "kind": assessment.kind,
        "year": assessment.year,
        "stage": FINAL if final else OBJECTION,
        "at": now.isoformat(),
        "held_by": {mark.subject: mark.held_by for mark in marks if mark.held_by},
    }
    assessment.result = result
    Assessment.objects.filter(pk=assessment.pk).update(result=result)
    detail = {"digest": result["digest"], "values_digest": result["values_digest"], "final": final}
    records.audit(None, "plan.assess.result", "record", str(assessment.record_id), detail, now=now)


def scores(assessment: Assessment, marks: Sequence[Mark] | None = None, basis: str = marking.SETTLED) -> scoring.Scores:
    """As announced or final; before that, as the marks stand."""
    if assessment.result and basis == marking.SETTLED:
        return scoring.recompute(assessment.result)
    return marking.scores_of(assessment, list(assessment.marks.all()) if marks is None else marks, basis)


def former(assessment: Assessment) -> Assessment | None:
    """The final assessment of the same kind before this one."""
    return (
        Assessment.objects.filter(
            city=assessment.city, kind=assessment.kind, year__lt=assessment.year, record__state=FINAL
        )
        .select_related("record")
        .order_by("-year")
        .first()
    )


# ---------------------------------------------------------------- objections


@transaction.atomic
def object_to(assessment: Assessment, subject: str, *, indicator: str, text: str, by: Any, now: datetime) -> Objection:
    """A subject's objection, to a line or to the whole. Only while the term runs."""
    demand(by, permissions.SELF_ASSESS, subject)
    with records.serial():
        _require(assessment, OBJECTION, doing=_("提出异议"))
        told = next((each for each in assessment.record.payload["subjects"] if each["code"] == subject), None)
        if told is None:
            raise NotFound(_("没有这个考核对象"))
        if indicator:
            _line({mark.indicator: mark for mark in assessment.marks.filter(subject=subject)}, indicator)
        if not text.strip():
            raise PlanError(_("请写明异议的理由"))
        until = objections_until(assessment)
        if until is not None and timezone.localdate(now) > until:
            raise PlanError(_("异议期已于 %(until)s 结束") % {"until": until})
        record = records.open_record(
            "plan.objection",
            title=_("%(subject)s对%(title)s的异议") % {"subject": told["name"], "title": assessment.record.title},
            payload={"assessment": assessment.pk, "subject": subject, "indicator": indicator},
            by=by,
            now=now,
            place=assessment.city,
            key=f"{assessment.pk}-{subject}",
        )
        return Objection.objects.create(
            assessment=assessment, record=record, subject=subject, indicator=indicator, text=text.strip()
        )


@transaction.atomic
def answer(
    objection: Objection, action: str, *, text: str, value: float | None = None, by: Any, now: datetime
) -> Objection:
    """Uphold (with the corrected figure, where it is about one) or reject; by another person than the one who raised it."""
    demand(by, permissions.ASSESS)
    assessment = objection.assessment
    if action not in ("uphold", "reject"):
        raise NotFound(_("没有这种答复"))
    with records.serial():
        _require(assessment, OBJECTION, doing=_("答复异议"))
        if action == "uphold" and bool(objection.indicator) != (value is not None):
            raise PlanError(
                _("采纳对某一项的异议，要填改正后的数") if objection.indicator else _("这件异议不针对某一项，不能改数"),
                mend=_("对整体的异议如需改数，请退回审核"),
            )
        records.move(objection.record, action, by=by, now=now, reason=text)
        objection.answer = text.strip()
        objection.save(update_fields=["answer"])
        if action == "uphold" and value is not None:
            note = _("采纳异议：%(text)s") % {"text": text.strip()}
            assessment.marks.filter(subject=objection.subject, indicator=objection.indicator).update(
                settled=value, settled_note=note
            )
            _store_result(assessment, list(assessment.marks.all()), now)
    return objection


def withdraw(objection: Objection, *, by: Any, now: datetime) -> Objection:
    """By the one who raised it."""
    demand(by, permissions.SELF_ASSESS, objection.subject)
    records.move(objection.record, "withdraw", by=by, now=now)
    return objection


def _tell(assessment: Assessment, subjects: Sequence[Mapping[str, str]], text: str, *, now: datetime) -> None:
    """A notice to everybody who acts for one of the subjects."""
    codes = {each["code"] for each in subjects}
    if assessment.kind == "counties":
        people = records.people_of(roles=["county"], places=codes)
    else:
        organisations = {department: code for code, department in permissions.DEPARTMENTS.items()}
        people = records.people_of([organisations.get(code, code) for code in codes])
    href = reverse("plan:assessment", kwargs={"id": assessment.pk})
    desk.notify(people, kind="plan", title=text, href=href, now=now)
