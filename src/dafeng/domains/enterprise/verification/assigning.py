"""Which body verifies a report: every body that may is drawn from, by a seed that nobody chose and everybody can check.

The seed is the head of the audit chain before the draw. The order of the draw, who was in it, and who was not and why, are kept with
the verification; `redraw` repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Body, Report, Verification
from dafeng.domains.enterprise.reporting import reports
from dafeng.domains.enterprise.verification import known, telling
from dafeng.domains.enterprise.verification.methods import conflicts, draws
from dafeng.domains.enterprise.verification.refusing import KIND, refused, refused_for, refusing
from dafeng.kernel.records import services as records


def demand_ready(report: Report) -> None:
    """Raises `Refused` (report_not_ready, already_assigned, report_locked).

    A report is given out when it is submitted; again when its verification was revoked; and when it is locked but an objection to its
    verification was upheld: then it is verified anew as it stands.
    """
    if report.record.state == "locked" and Report.objects.filter(enterprise=report.enterprise_id, year=report.year, version__gt=report.version).exists():  # fmt: skip
        raise refused("superseded_by_draft")
    earlier = list(report.verifications.select_related("record"))
    if any(each.record.state in known.RUNNING for each in earlier):
        raise refused("already_assigned")
    state = report.record.state
    again = state == "in_verification" or (
        state == "locked" and bool(earlier) and not any(each.record.state == "confirmed" for each in earlier)
    )
    if state in ("locked", "superseded") and not again:
        raise refused("report_locked")
    if state != "submitted" and not again:
        raise refused("report_not_ready", report.record.state_title)


def candidates(report: Report, *, now: datetime) -> list[tuple[Body, tuple[conflicts.Reason, ...]]]:
    """Every body with the reasons why it may not; by code."""
    unit, table, today = known.unit_of(report), known.rules_of(report), timezone.localdate(now)
    return [(body, conflicts.of_body(known.body_of(body), unit, table, today)) for body in known.bodies()]


def assign(report: Report, *, by: Any, now: datetime, body: Body | None = None) -> Verification:
    """Draw a body and open the verification. `body` asks for one by name and is refused for the reasons of the rules.

    Raises `Refused` (report_not_ready, already_assigned, nobody_eligible, or the reason that keeps `body` out).
    """
    with refusing("assign", report.pk, by=by, now=now, kind="report"), records.serial():
        report = Report.objects.select_for_update().get(pk=report.pk)
        demand_ready(report)
        looked_at = candidates(report, now=now)
        kept_out = {each.code: [reason.code for reason in reasons] for each, reasons in looked_at if reasons}
        able = {each.code: each for each, reasons in looked_at if not reasons}
        if body is not None and body.code in kept_out:
            raise refused_for(next(reasons for each, reasons in looked_at if each.pk == body.pk))
        if not able:
            raise refused("nobody_eligible")
        seed = records.head().digest
        order = draws.order(able, seed=seed, matter=known.key_of(report))
        chosen = body or able[order[0]]
        draw = {
            "seed": seed,
            "matter": known.key_of(report),
            "pool": sorted(able),
            "order": order,
            "kept_out": kept_out,
        }
        draw["way"] = "named" if body else "drawn"
        record = records.open_record(
            KIND,
            title=_("%(firm)s %(year)s 年度报告核查") % {"firm": report.enterprise.name, "year": report.year},
            payload={"report": str(report.pk), "body": chosen.code},
            by=by,
            now=now,
            place=report.enterprise.place,
            key=known.key_of(report),
        )
        made = Verification.objects.create(
            report=report,
            body=chosen,
            record=record,
            opened_at=now,
            demo=report.demo,
            content={"draw": draw, "happened": {}, "versions": [_version(report, now)]},
        )
        records.audit(by, "enterprise.verification.draw", KIND, str(made.pk), draw | {"body": chosen.code}, now=now)
        if report.record.state == "submitted":
            reports.step(report, "assign", by=by, now=now)
    telling.body(made, _("您所在的机构被委派核查：%(title)s") % {"title": record.title}, now=now)
    return made


def redraw(verification: Verification) -> list[str]:
    """The order of the draw computed again from what is kept; equal to what is kept, or something was changed."""
    draw: Mapping[str, Any] = verification.content["draw"]
    return draws.order(draw["pool"], seed=draw["seed"], matter=draw["matter"])


def relink(verification: Verification, report: Report, *, by: Any, now: datetime) -> Verification:
    """The report came again, corrected: the verification goes on with what it says now.

    Raises `Refused` (report_other, report_not_ready, wrong_state).
    """
    with refusing("relink", verification.pk, by=by, now=now), records.serial():
        fresh = (
            Verification.objects.select_for_update()
            .select_related("report__enterprise", "record")
            .get(pk=verification.pk)
        )
        report = Report.objects.select_for_update().get(pk=report.pk)
        if known.key_of(report) != known.key_of(fresh.report):
            raise refused("report_other")
        if fresh.record.state not in known.RUNNING - {"concluded"}:
            raise refused("wrong_state", fresh.record.state_title)
        if report.record.state in ("locked", "superseded"):
            raise refused("report_locked")
        if report.record.state != "submitted":
            raise refused("report_not_ready", report.record.state_title)
        content = dict(fresh.content)
        content["versions"] = [*content["versions"], _version(report, now)]
        content.pop("comparison", None)
        Verification.objects.filter(pk=fresh.pk).update(report=report, content=content)
        detail = {"report": str(report.pk), "version": report.version, "digest": report.digest}
        records.audit(by, "enterprise.verification.relink", KIND, str(fresh.pk), detail, now=now)
        reports.step(report, "assign", by=by, now=now)
    verification.refresh_from_db()
    telling.body(
        verification, _("企业已重新报送，请继续核查：%(title)s") % {"title": verification.record.title}, now=now
    )
    return verification


def send_report_back(verification: Verification, *, reason: str, by: Any, now: datetime) -> None:
    """While non-conformities are open the enterprise gets its report back to correct its numbers. Raises `Refused` (wrong_state)."""
    with refusing("return", verification.pk, by=by, now=now), records.serial():
        if verification.record.state not in ("findings", "answered", "reviewing", "onsite"):
            raise refused("wrong_state", verification.record.state_title)
        reports.step(verification.report, "return", by=by, now=now, reason=reason)
    verification.refresh_from_db()
    telling.unit(
        verification, _("报告已退回，请更正后重新报送：%(title)s") % {"title": verification.record.title}, now=now
    )


def revoke(verification: Verification, *, reason: str, by: Any, now: datetime) -> None:
    """The bureau takes the assignment back, or the body gives it back (回避); the report can be assigned again, to another body."""
    action = "revoke" if "ecology" in records.roles_of(by) else "decline"
    with refusing(action, verification.pk, by=by, now=now):
        records.move(verification.record, action, by=by, now=now, reason=reason)
    verification.refresh_from_db()


def _version(report: Report, now: datetime) -> dict[str, Any]:
    return {"report": str(report.pk), "version": report.version, "digest": report.digest, "at": now.isoformat()}
