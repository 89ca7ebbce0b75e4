"""A verification as its page shows it: codes in words, numbers side by side, who may press what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dafeng.domains.enterprise.models import Nonconformity, Verification
from dafeng.domains.enterprise.verification import findings, known, permissions, words, working
from dafeng.domains.enterprise.verification.methods import rules
from dafeng.domains.enterprise.verification.naming import Names
from dafeng.kernel.actions import may
from dafeng.kernel.records.access import is_superuser, organisations_of


def party(user: Any, verification: Verification) -> str:
    """Whose the person is in this case: body, unit, bureau, or only a reader."""
    if may(user, permissions.WORK) and permissions.own_body(user, verification.body):
        return "body"
    if may(user, permissions.ASSIGN):
        return "bureau"
    organisation = verification.report.enterprise.organisation
    if may(user, permissions.ANSWER) and organisation and organisation in organisations_of(user):
        return "unit"
    return "reader"


def open_to(user: Any, verification: Verification) -> set[str]:
    """The steps that the person may take now; the services decide again when one is taken."""
    state, who = verification.record.state, party(user, verification)
    returned = verification.report.record.state == "returned"
    site = verification.content.get("site") or {}
    found: set[str] = set()
    if who == "body" and not returned:
        if state == "assigned":
            found |= {"declare", "begin", "decline"}
        if state == "reviewing":
            found |= {"plan", "decline"}
            if site.get("first"):
                found.add("visit")
        if state in ("reviewing", "onsite"):
            found |= {"finding", "list"}
        if state in working.OPEN - {"assigned"}:
            found |= {"check", "sample", "recompute", "conclude"}
        if state in findings.SETTLING:
            found.add("settle")
    if who == "bureau":
        if state == "concluded":
            found.add("send_back")
            if verification.record.created_by_id != user.pk or is_superuser(user):
                found.add("confirm")
        if state in working.OPEN - {"returned"}:
            found.add("revoke")
        if state == "reviewing":
            found.add("waive")
        if (
            state in ("reviewing", "onsite", "findings", "answered")
            and verification.report.record.state == "in_verification"
        ):
            found.add("return")
        if verification.report.record.state == "submitted" and state in working.OPEN:
            found.add("relink")
    if who == "unit":
        if state == "findings":
            found.add("answer")
        if state == "confirmed":
            found.add("object")
    return found


def clocks(verification: Verification, *, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "what": words.CLOCKS[each.code],
            "whose": words.WHOSE[each.whose],
            "started": each.started,
            "due": each.due.day,
            "provisional": each.due.provisional,
            "stopped": each.stopped,
            "late": each.late,
        }
        for each in findings.clocks_of(verification, now=now)
    ]


def checklist(verification: Verification, *, waived: bool) -> list[dict[str, Any]]:
    """The lines by stage, each with what was found."""
    answered = {each.item: each for each in verification.checks.select_related("by")}
    found = []
    for stage, title in words.STAGES.items():
        lines = [
            {
                "code": line["code"],
                "slug": str(line["code"]).replace(".", "-"),
                "part": words.PARTS[str(line["part"])],
                "title": words.titled(line),
                "ways": [(way, words.WAYS[way]) for way in rules.WAYS],
                "meant": [words.WAYS[str(way)] for way in line["ways"]],
                "source": line["source"],
                "standing": words.STANDINGS.get(str(line["standing"]), line["standing"]),
                "answer": answered.get(str(line["code"])),
            }
            for line in working.items_of(verification)
            if line["stage"] == stage
        ]
        found.append({"stage": stage, "title": title, "lines": lines, "waived": waived and stage == "site"})
    return found


def numbers(verification: Verification) -> dict[str, Any] | None:
    """The comparison that is kept, in words; `stale` when the report has come again since."""
    kept: Mapping[str, Any] | None = verification.content.get("comparison")
    if not kept:
        return None
    named = Names(verification.report.content)
    totals = [dict(each) | {"name": words.BOUNDARIES.get(each["name"], each["name"])} for each in kept["totals"]]
    facilities = [dict(each) | {"name": named.unit(each["name"])} for each in kept["facilities"]]
    differences = [dict(each) | _placed(named, each) for each in kept["differences"]]
    figures = [
        dict(each) | {"facility": named.unit(each["facility"]), "name": words.FIGURES[each["name"]]}
        for each in kept.get("figures", ())
    ]
    for each in (*totals, *facilities, *figures, *differences):
        told, own = each.get("reported"), each.get("own")
        each["gap"] = None if told is None or own is None else own - told
    return {
        "agrees": kept["agrees"],
        "rows": kept["rows"],
        "totals": totals,
        "facilities": facilities,
        "figures": figures,
        "first": differences[0] if differences else None,
        "differences": differences[:50],
        "count": len(differences),
        "unchecked": [
            (named.unit(facility), month, named.stream(facility, stream), named.item(facility, formula))
            for facility, month, stream, formula in kept["unchecked"][:50]
        ],
        "unchecked_count": len(kept["unchecked"]),
        "stale": kept["digest"] != verification.report.digest,
    }


def _placed(named: Names, each: Mapping[str, Any]) -> dict[str, Any]:
    """A difference in words, with the page of the told value that it is about."""
    facility, name = str(each["facility"]), str(each["name"])
    title = words.BOUNDARIES.get(name) or (named.item(facility, name) if name else "")
    return {
        "level": words.LEVELS.get(each["level"], each["level"]), "facility": named.unit(facility),
        "stream": named.stream(facility, str(each["stream"])), "name": title,
        "href": named.cell(facility, str(each["month"]), name, str(each["stream"]))["href"],
    }  # fmt: skip


def finding_rows(verification: Verification, *, drafts: bool) -> list[Nonconformity]:
    """What the unit gets to see is what was issued."""
    rows = verification.findings.prefetch_related("evidence")
    return list(rows if drafts else rows.exclude(state="draft"))


def item_title(code: str) -> str:
    return next((words.titled(line) for line in rules.checklist() if line["code"] == code), code)


def where(finding: Nonconformity, named: Names) -> str:
    """The place that a non-conformity names, in words."""
    place = (
        named.unit(finding.facility), finding.month, named.stream(finding.facility, finding.stream),
        named.item(finding.facility, finding.parameter) if finding.parameter else "",
    )  # fmt: skip
    return " · ".join(filter(None, place))


def rule_words(verification: Verification) -> Mapping[str, Any]:
    return known.rules_of(verification.report)
