"""The city's spot check besides the verifier (推进重点排放企业碳排放数据核查工作): drawn, inspected, concluded, confirmed by another person.

The draw is over all locked and verified reports of a year, by the head of the audit chain as seed; reports that must be looked at are
named with a reason and do not take the place of drawn ones. What was found feeds back: an adjusted number counts for duty and
allocation, a returned report becomes a new version with its reason, and what the body should have found lowers its grade.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from math import ceil
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Report, SpotCheck, SpotDraw, SpotFinding, Verification
from dafeng.domains.enterprise.reporting import reports
from dafeng.domains.enterprise.verification import concluding, known
from dafeng.domains.enterprise.verification.methods import draws, rules
from dafeng.domains.enterprise.verification.refusing import refused, refusing
from dafeng.kernel.desk.services import notify
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KIND = "enterprise.spot-check"
Outcome = SpotCheck.Outcome
SUM_TOLERANCE = 0.5  # t: a typed whole is the sum to the tonne
RUNNING = ("drawn", "inspecting", "concluded")


def pool(year: int) -> QuerySet[Verification]:
    """The confirmed verifications of locked reports of a year that are not being checked, nor were."""
    return (
        Verification.objects.filter(report__year=year, report__record__state="locked", record__state="confirmed")
        .exclude(report__spot_checks__record__state__in=(*RUNNING, "confirmed"))
        .select_related("report__enterprise", "report__record", "body", "record")
        .order_by("report__enterprise__code")
    )


def size_of(count: int, year: int) -> int:
    """How many are drawn: the share of the rules, at least one of those that there are."""
    share = float(rules.of_year(year)["house"]["spot_share"])
    return min(count, max(1, ceil(share * count)))


def draw(year: int, *, size: int | None = None, certain: Iterable[str] = (), reason: str = "", by: Any, now: datetime, demo: bool = False) -> SpotDraw:  # fmt: skip
    """Draw reports. `certain`: codes of firms that must be checked besides, with a `reason`.

    Raises `Refused` (nobody_to_draw, spot_size, spot_reason, no_rules).
    """
    with refusing("spot-draw", year, by=by, now=now, kind=KIND), records.serial():
        ready = {each.report.enterprise.code: each for each in pool(year)}
        if not ready:
            raise refused("nobody_to_draw", str(year))
        wanted = sorted(set(certain))
        if set(wanted) - set(ready):
            raise refused("nobody_to_draw", "、".join(sorted(set(wanted) - set(ready))))
        if wanted and len(reason.strip()) < 2:
            raise refused("spot_reason")
        try:
            least = size_of(len(ready), year)
        except LookupError as error:
            raise refused("no_rules", str(year)) from error
        many = least if size is None else size
        if not least <= many <= len(ready):
            raise refused("spot_size", f"{least}–{len(ready)}")
        number = (SpotDraw.objects.filter(year=year).aggregate(last=Max("number"))["last"] or 0) + 1
        seed, matter = records.head().digest, f"spot-{year}-{number}"
        order = draws.order(ready, seed=seed, matter=matter)
        made = SpotDraw.objects.create(
            year=year, number=number, seed=seed, pool=sorted(ready), order=order, certain=wanted, size=many, reason=reason.strip()[:300],
            by=by, at=now, demo=demo,
        )  # fmt: skip
        taken = list(dict.fromkeys([*order[:many], *wanted]))
        for code in taken:
            case = ready[code]
            record = records.open_record(
                KIND, title=_("%(firm)s %(year)s 年度核查数据抽查") % {"firm": case.report.enterprise.name, "year": year},
                payload={"report": str(case.report_id)}, by=by, now=now, place=case.report.enterprise.place, key=known.key_of(case.report),
            )  # fmt: skip
            SpotCheck.objects.create(draw=made, report=case.report, verification=case, record=record, demo=case.demo)
        detail = {"year": year, "seed": seed, "pool": sorted(ready), "drawn": order[:many], "certain": wanted, "reason": made.reason}  # fmt: skip
        records.audit(by, f"{KIND}.draw", "spot-draw", str(made.pk), detail, now=now)
    return made


def redraw(made: SpotDraw) -> list[str]:
    """The order computed again from what is kept: equal to what is kept, or something was changed."""
    return draws.order(made.pool, seed=made.seed, matter=f"spot-{made.year}-{made.number}")


def _fresh(check: SpotCheck, *states: str) -> SpotCheck:
    fresh = SpotCheck.objects.select_for_update(of=("self",)).select_related("record", "report__enterprise", "report__record", "verification__record", "verification__body").get(pk=check.pk)  # fmt: skip
    if fresh.record.state not in states:
        raise refused("wrong_state", fresh.record.state_title)
    return fresh


def begin(check: SpotCheck, *, inspectors: str, day: date, by: Any, now: datetime) -> None:
    """The inspection begins: who goes, when. At least two persons. Raises `Refused` (spot_inspectors, wrong_state)."""
    with refusing("spot-begin", check.pk, by=by, now=now, kind=KIND), records.serial():
        fresh = _fresh(check, "drawn")
        names = [each.strip() for each in inspectors.replace("，", "、").replace(",", "、").split("、") if each.strip()]
        if len(set(names)) < 2:
            raise refused("spot_inspectors")
        records.move(fresh.record, "begin", by=by, now=now)
        SpotCheck.objects.filter(pk=fresh.pk).update(inspectors="、".join(names)[:200], visited=day)
        records.audit(by, f"{KIND}.begin", KIND, str(fresh.pk), {"inspectors": names, "day": day.isoformat()}, now=now)
    check.refresh_from_db()
    _tell(check, {check.report.enterprise.organisation}, _("生态环境局将对核查数据进行抽查：%(title)s"), now=now)


def find(check: SpotCheck, *, facts: str, missed: bool, evidence: Iterable[Evidence], by: Any, now: datetime) -> SpotFinding:  # fmt: skip
    """Write down what was found, with what shows it. Raises `Refused` (text_missing, evidence_missing, wrong_state)."""
    with refusing("spot-find", check.pk, by=by, now=now, kind=KIND), records.serial():
        fresh = _fresh(check, "inspecting")
        files = list(evidence)
        if len(facts.strip()) < 2:
            raise refused("text_missing")
        if not files:
            raise refused("evidence_missing")
        number = fresh.findings.count() + 1
        made = SpotFinding.objects.create(check_of=fresh, number=number, facts=facts.strip()[:2000], missed=missed, by=by, at=now)  # fmt: skip
        fresh.record.evidence.add(*files)
        detail = {"number": number, "facts": made.facts, "missed": missed, "evidence": sorted(each.sha256 for each in files)}  # fmt: skip
        records.audit(by, f"{KIND}.find", KIND, str(fresh.pk), detail, now=now)
        sealed = {"evidence": sorted(each.sha256 for each in fresh.record.evidence.all())}
        records.audit(by, f"{KIND}.evidence", "record", str(fresh.record_id), sealed, now=now)
    return made


def conclude(
    check: SpotCheck, *, outcome: str, tonnes: float | None = None, facilities: Mapping[str, float | None] | None = None, text: str, by: Any, now: datetime
) -> None:  # fmt: skip
    """Raises `Refused` (text_missing, findings_needed, spot_lower, spot_facility, spot_sum, wrong_state). An adjusted number is never
    below the verified one: what is to the firm's favour needs a new report.

    `facilities`: what a unit emitted, where the check concerns units; the whole firm is then the sum, and `tonnes` may be left out.
    """
    with refusing("spot-conclude", check.pk, by=by, now=now, kind=KIND), records.serial():
        fresh = _fresh(check, "inspecting", "returned")
        chosen = Outcome(outcome)
        if len(text.strip()) < 2:
            raise refused("text_missing")
        if chosen != Outcome.SOUND and not fresh.findings.exists():
            raise refused("findings_needed")
        kept, parts = _adjustment(fresh.report, tonnes, facilities or {}) if chosen == Outcome.ADJUST else (None, {})
        records.move(fresh.record, "conclude", by=by, now=now)
        SpotCheck.objects.filter(pk=fresh.pk).update(outcome=chosen, tonnes=kept, facilities=parts, text=text.strip()[:3000])  # fmt: skip
        detail = {"outcome": chosen.value, "tonnes": kept, "facilities": parts, "text": text.strip()[:3000]}
        records.audit(by, f"{KIND}.conclude", KIND, str(fresh.pk), detail, now=now)
    check.refresh_from_db()


def _adjustment(report: Report, tonnes: float | None, facilities: Mapping[str, float | None]) -> tuple[float, dict[str, float]]:  # fmt: skip
    """The whole firm in t and the facilities that were changed: their sum with the verified numbers of the others."""
    counts = concluding.counted(report)
    floor = counts.compliance if counts else None
    if floor is None:
        raise refused("spot_lower")
    verified, parts = concluding.compliance_of(report), {}
    for code, value in facilities.items():
        if code not in verified or value is None or not verified[code] <= value < 1e12:
            raise refused("spot_facility", f"{code[:60]} {verified[code]:,.1f} t" if code in verified else code[:60])
        parts[code] = value
    whole = floor + sum(value - verified[code] for code, value in parts.items()) if parts else tonnes
    if parts and tonnes is not None and abs(tonnes - (whole or 0)) >= SUM_TOLERANCE:
        raise refused("spot_sum", f"{whole:,.1f} t")
    if whole is None or not floor < whole < 1e12:
        raise refused("spot_lower", f"{floor:,.1f} t")
    return whole, parts


def send_back(check: SpotCheck, *, reason: str, by: Any, now: datetime) -> None:
    with refusing("spot-send-back", check.pk, by=by, now=now, kind=KIND):
        records.move(check.record, "send_back", by=by, now=now, reason=reason)
    check.refresh_from_db()


def confirm(check: SpotCheck, *, by: Any, now: datetime) -> None:
    """Another person confirms, and the outcome takes effect. A returned report takes its verification with it and opens as a new version.

    Raises `PermissionDenied` for who concluded, `Refused` (already_open) where a newer version is being worked on.
    """
    with refusing("spot-confirm", check.pk, by=by, now=now, kind=KIND), records.serial():
        fresh = _fresh(check, "concluded")
        records.move(fresh.record, "confirm", by=by, now=now)
        SpotCheck.objects.filter(pk=fresh.pk).update(told_at=now)
        if fresh.outcome == Outcome.RETURN:
            reason = _("市级抽查退回：%(text)s") % {"text": fresh.text}
            records.move(fresh.verification.record, "overturn", by=by, now=now, reason=reason)
            reports.open_draft(fresh.report.enterprise, fresh.report.year, by=None, now=now, reason=reason)
        records.audit(by, f"{KIND}.confirmed", KIND, str(fresh.pk), {"outcome": fresh.outcome, "tonnes": fresh.tonnes}, now=now)  # fmt: skip
    check.refresh_from_db()
    parties = {check.report.enterprise.organisation, check.verification.body.organisation}
    _tell(check, parties, _("核查数据抽查已有结论：%(title)s"), now=now)


def _tell(check: SpotCheck, organisations: set[str], title: str, *, now: datetime) -> None:
    people = records.people_of(organisations - {""})
    notify(people, kind=KIND, title=title % {"title": check.record.title}, now=now, href=address(check))


def address(check: SpotCheck) -> str:
    return reverse("enterprise:verification-spot", kwargs={"id": check.pk})


def missed_by(body: Any, year: int) -> int:
    """Findings of the year's confirmed spot checks that the body should have found."""
    of_body = Q(check_of__verification__body=body, check_of__record__state="confirmed", check_of__told_at__year=year)
    return SpotFinding.objects.filter(of_body, missed=True).count()
