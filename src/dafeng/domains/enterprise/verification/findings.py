"""不符合项: recorded, issued as a list with its clock, answered with evidence in time, settled or estimated conservatively."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Nonconformity, Verification
from dafeng.domains.enterprise.verification import known, telling
from dafeng.domains.enterprise.verification.methods import estimation
from dafeng.domains.enterprise.verification.methods.clocks import Clock, clocks
from dafeng.domains.enterprise.verification.methods.content import number, parameters_of
from dafeng.domains.enterprise.verification.refusing import KIND, refused, refusing
from dafeng.domains.enterprise.verification.working import happened, keep, locked_for_work
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

State = Nonconformity.State
BEFORE_LIST = frozenset({"reviewing", "onsite"})
SETTLING = frozenset({"findings", "answered", "returned"})
USABLE = frozenset({"A", "B", "C", "signed"})  # standings of parameters that may be used (reporting.methods.parameters)


def clocks_of(verification: Verification, *, now: datetime) -> list[Clock]:
    """What runs and ran, by the rules of the report's year."""
    told = {event: known.day_of(day) for event, day in (verification.content.get("happened") or {}).items()}
    ended = verification.record.state in ("confirmed", "overturned", "revoked", "concluded")
    days = {event: day for event, day in told.items() if day is not None}
    return clocks(days, known.rules_of(verification.report)["days"], today=timezone.localdate(now), ended=ended)


def clock_of(verification: Verification, code: str, *, now: datetime) -> Clock | None:
    return next((each for each in clocks_of(verification, now=now) if each.code == code), None)


def record_finding(
    verification: Verification,
    *,
    item: str,
    facts: str,
    asks: str,
    facility: str = "",
    month: str = "",
    stream: str = "",
    parameter: str = "",
    by: Any,
    now: datetime,
) -> Nonconformity:
    """Before the list goes out. Raises `Refused` (wrong_state, text_missing)."""
    with refusing("finding", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification, in_states=BEFORE_LIST)
        if len(facts.strip()) < 2 or len(asks.strip()) < 2:
            raise refused("text_missing")
        last = fresh.findings.aggregate(last=Max("number"))["last"] or 0
        made = Nonconformity.objects.create(
            verification=fresh, number=last + 1, item=item, facility=facility, month=month, stream=stream,
            parameter=parameter, facts=facts.strip()[:2000], asks=asks.strip()[:1000], found_by=by, found_at=now,
        )  # fmt: skip
        detail = {
            "number": made.number,
            "item": item,
            "facts": made.facts,
            "where": [facility, month, stream, parameter],
        }
        records.audit(by, f"{KIND}.finding", KIND, str(fresh.pk), detail, now=now)
    return made


def send_list(verification: Verification, *, by: Any, now: datetime) -> None:
    """Issue the list: the unit's five working days begin. Raises `Refused` (no_findings, wrong_state)."""
    with refusing("list", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification, in_states=BEFORE_LIST)
        if not fresh.findings.filter(state=State.DRAFT).update(state=State.SENT):
            raise refused("no_findings")
        records.move(fresh.record, "list", by=by, now=now)
        keep(fresh, "listed", {}, by=by, now=now, happened=happened(fresh, "listed", day=timezone.localdate(now)))
    verification.refresh_from_db()
    due = clock_of(verification, "answer", now=now)
    what = _("收到不符合项清单，请在 %(day)s 前整改并答复") % {"day": due.due.day.isoformat() if due else ""}
    telling.unit(verification, what, now=now)


def answer(finding: Nonconformity, *, text: str, evidence: Iterable[Evidence], by: Any, now: datetime) -> None:
    """The unit's answer to one non-conformity. Raises `Refused` (answer_early, answer_late, evidence_missing, text_missing)."""
    with refusing("answer", finding.verification_id, by=by, now=now), records.serial():
        fresh = Nonconformity.objects.select_for_update().get(pk=finding.pk)
        verification = Verification.objects.select_related("record", "report__enterprise").get(pk=fresh.verification_id)
        _demand_in_time(verification, now=now)
        if fresh.state not in (State.SENT, State.ANSWERED):
            raise refused("answer_early")
        files = list(evidence)
        if len(text.strip()) < 2:
            raise refused("text_missing")
        if not files and not fresh.evidence.exists():
            raise refused("evidence_missing")
        fresh.state, fresh.answer, fresh.answered_by, fresh.answered_at = State.ANSWERED, text.strip()[:2000], by, now
        fresh.save(update_fields=["state", "answer", "answered_by", "answered_at"])
        fresh.evidence.add(*files)
        detail = {"number": fresh.number, "answer": fresh.answer, "evidence": sorted(each.sha256 for each in files)}
        records.audit(by, f"{KIND}.answer-finding", KIND, str(verification.pk), detail, now=now)
        _attach(verification, files, by=by, now=now)
    finding.refresh_from_db()


def _attach(verification: Verification, files: list[Evidence], *, by: Any, now: datetime) -> None:
    """Whoever may see the verification may open its evidence; the chain says what hangs on the record (`records.verify_record`)."""
    record = verification.record
    record.evidence.add(*files)
    sealed = {"evidence": sorted(each.sha256 for each in record.evidence.all())}
    records.audit(by, f"{KIND}.evidence", "record", str(record.pk), sealed, now=now)


def send_answer(verification: Verification, *, by: Any, now: datetime) -> None:
    """All answered: the list goes back. Raises `Refused` (answer_late, findings_open)."""
    with refusing("answer", verification.pk, by=by, now=now), records.serial():
        fresh = (
            Verification.objects.select_for_update()
            .select_related("record", "report__enterprise")
            .get(pk=verification.pk)
        )
        _demand_in_time(fresh, now=now)
        if fresh.findings.filter(state=State.SENT).exists():
            raise refused("findings_open")
        records.move(fresh.record, "answer", by=by, now=now)
        keep(fresh, "answered", {}, by=by, now=now, happened=happened(fresh, "answered", day=timezone.localdate(now)))
    verification.refresh_from_db()
    telling.body(verification, _("企业已提交整改答复：%(title)s") % {"title": verification.record.title}, now=now)


def _demand_in_time(verification: Verification, *, now: datetime) -> None:
    if verification.record.state != "findings":
        raise refused("answer_early")
    running = clock_of(verification, "answer", now=now)
    if running is None or running.late:
        raise refused("answer_late", running.due.day.isoformat() if running else "")


def settle(finding: Nonconformity, *, closed: bool, verdict: str, by: Any, now: datetime) -> None:
    """The verifier's word: corrected, or not. What was not answered can only be left unresolved, once its term is over.

    Raises `Refused` (settle_early, text_missing).
    """
    with refusing("settle", finding.verification_id, by=by, now=now), records.serial():
        verification = locked_for_work(finding.verification, in_states=SETTLING)
        fresh = Nonconformity.objects.select_for_update().get(pk=finding.pk)
        running = clock_of(verification, "answer", now=now)
        answered = fresh.state in (State.ANSWERED, State.CLOSED, State.UNRESOLVED) and fresh.answered_at is not None
        if not answered and (closed or (running is not None and running.runs and not running.late)):
            raise refused("settle_early")
        if len(verdict.strip()) < 2:
            raise refused("text_missing")
        fresh.state = State.CLOSED if closed else State.UNRESOLVED
        fresh.verdict, fresh.settled_at = verdict.strip()[:1000], now
        fresh.estimate = {}
        fresh.save(update_fields=["state", "verdict", "settled_at", "estimate"])
        detail = {"number": fresh.number, "closed": closed, "verdict": fresh.verdict}
        records.audit(by, f"{KIND}.settle", KIND, str(verification.pk), detail, now=now)
    finding.refresh_from_db()


def estimate(
    finding: Nonconformity, *, basis: str, value: float | None, parameter: str = "", source: str, by: Any, now: datetime
) -> None:
    """Conservative estimation of an unresolved non-conformity: with a guideline default that the report kept (`parameter` is its id),
    with the highest month, or with a value that the verifier has evidence for.

    Raises `Refused` (findings_open, nothing_to_estimate, default_unconfirmed, estimate_lower, text_missing).
    """
    with refusing("estimate", finding.verification_id, by=by, now=now), records.serial():
        verification = locked_for_work(finding.verification, in_states=SETTLING)
        fresh = Nonconformity.objects.select_for_update().get(pk=finding.pk)
        if fresh.state != State.UNRESOLVED:
            raise refused("findings_open")
        content = verification.report.content or {}
        if basis == "default":
            value, source = _default(content, parameter)
        if value is not None and not abs(value) < 1e12:  # nor what is no number at all
            raise refused("nothing_to_estimate", f"{value:g}")
        if len(source.strip()) < 2 and basis != "highest":
            raise refused("text_missing")
        kept = {
            "facility": fresh.facility, "stream": fresh.stream, "name": fresh.parameter, "month": fresh.month,
            "value": value, "basis": basis, "source": source.strip()[:200], "finding": fresh.number,
        }  # fmt: skip
        try:
            lowers = _lowers(content, estimation.Replacement(**kept))
        except LookupError as error:
            raise refused("nothing_to_estimate", str(error)) from error
        if lowers:
            raise refused("estimate_lower")
        fresh.estimate = kept
        fresh.save(update_fields=["estimate"])
        records.audit(by, f"{KIND}.estimate", KIND, str(verification.pk), kept, now=now)
    finding.refresh_from_db()


def _lowers(content: Mapping[str, Any], wanted: estimation.Replacement) -> bool:
    """Whether the estimate would be to the unit's advantage everywhere. Raises `LookupError` as the estimate does."""
    if estimation.of_production(wanted):
        steps = estimation.figures(content, [wanted])
        return all(each.reported is not None and each.counts == each.reported for each in steps)
    rows, _totals = estimation.estimate(content, [wanted])
    return all(each.estimated < each.reported - 1e-9 * abs(each.reported) for each in rows)


def _default(content: Mapping[str, Any], id: str) -> tuple[float, str]:
    """A default as the report kept it; one whose source nobody has confirmed is refused."""
    row = parameters_of(content).get(id)
    found = number(row.get("value")) if row else None
    if row is None or found is None:
        raise refused("nothing_to_estimate", id)
    if row.get("standing") not in USABLE:
        raise refused("default_unconfirmed", id)
    return found, f"{id}: {row.get('source', '')}"


def estimated(
    verification: Verification,
) -> tuple[list[estimation.Step], dict[str, float], list[estimation.FigureStep]]:
    """All unresolved non-conformities together: rows, totals, production. Raises `Refused` (estimate_missing, nothing_to_estimate)."""
    open_ones = list(verification.findings.filter(state=State.UNRESOLVED))
    if any(not each.estimate for each in open_ones):
        raise refused("estimate_missing")
    wanted = [estimation.Replacement(**each.estimate) for each in open_ones]
    try:
        content = verification.report.content or {}
        return (*estimation.estimate(content, wanted), estimation.figures(content, wanted))
    except LookupError as error:
        raise refused("nothing_to_estimate", str(error)) from error
