"""What is written down about bodies, persons and reports, as the pure rules want it (`methods.conflicts`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils import timezone

from dafeng.domains.enterprise.models import Body, BodyPerson, Facility, Project, Report
from dafeng.domains.enterprise.verification.methods import conflicts, rules
from dafeng.domains.enterprise.verification.refusing import refused

# A verification in these states took place: it counts for rotation.
DONE = frozenset({"concluded", "confirmed", "overturned"})
RUNNING = frozenset({"assigned", "reviewing", "onsite", "findings", "answered", "concluded", "returned"})
# A project that came to nothing: who wrote its report has finished.
_FALLEN = frozenset({"refused", "withdrawn", "lapsed", "filed"})
# A body whose verification ended so does not get the same year's report again.
OVER = frozenset({"revoked", "overturned"})


def rules_of(report: Report) -> Mapping[str, Any]:
    """Raises `Refused` (no_rules)."""
    try:
        return rules.of_year(report.year)
    except LookupError as error:
        raise refused("no_rules", str(report.year)) from error


def key_of(report: Report) -> str:
    return f"{report.enterprise.code}-{report.year}"


def unit_of(report: Report) -> conflicts.Unit:
    """The sectors are those of the report's boundary; of the register's facilities where the content names none."""
    told = ((report.content or {}).get("boundary") or {}).get("facilities") or []
    sectors = {str(each.get("sector", "")) for each in told} - {""}
    if not sectors:
        sectors = set(Facility.objects.units().filter(enterprise=report.enterprise).values_list("sector", flat=True))
    return conflicts.Unit(report.enterprise.code, report.year, key_of(report), frozenset(sectors))


def bodies(query: Any = None) -> list[Body]:
    """Bodies with everything that the rules ask: six queries, however many there are."""
    found = Body.objects.all() if query is None else query
    made = list(
        found.select_related("record").prefetch_related(
            "people", "services__enterprise", "verifications__record", "verifications__report__enterprise"
        )
    )
    written = compiled([each.code for each in made])
    for each in made:
        each.compiled_for = written.get(each.code, [])
    return made


def compiled(codes: Iterable[str]) -> dict[str, list[tuple[str, date | None]]]:
    """Body → the enterprises whose energy reports it wrote, each with the day on which the work ended; None while it lasts."""
    found: dict[str, list[tuple[str, date | None]]] = defaultdict(list)
    rows = Project.objects.filter(content__basics__compiler_body__in=list(codes))
    for code, enterprise, given, state, changed in rows.values_list(
        "content__basics__compiler_body", "enterprise__code", "approved_on", "record__state", "record__changed_at"
    ):
        ended = timezone.localdate(changed) if state in _FALLEN else None
        found[code].append((enterprise, given or ended))
    return found


def person_of(person: BodyPerson) -> conflicts.Person:
    return conflicts.Person(
        key=str(person.pk),
        name=person.name,
        sectors=frozenset(person.sectors),
        since=person.since,
        until=person.until,
        employed=tuple((str(row[0]), day_of(row[1]) or date.min, day_of(row[2])) for row in person.employed),
    )


def day_of(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def body_of(body: Body) -> conflicts.Body:
    verifications = list(body.verifications.all())
    written = body.compiled_for if hasattr(body, "compiled_for") else compiled([body.code]).get(body.code, [])
    ties = [(each.enterprise.code, each.kind, each.until) for each in body.services.all()]
    return conflicts.Body(
        code=body.code,
        state=body.record.state,
        kinds=frozenset(body.kinds),
        sectors=frozenset(body.sectors),
        people=tuple(person_of(each) for each in body.people.all()),
        services=(*ties, *((enterprise, conflicts.COMPILES, given) for enterprise, given in written)),
        verified=frozenset((v.report.enterprise.code, v.report.year) for v in verifications if v.record.state in DONE),
        asked=frozenset(key_of(v.report) for v in verifications if v.record.state in OVER),
        suspended_until=body.suspended_until,
        qualifications=tuple((str(each.get("name", "")), day_of(each.get("until"))) for each in body.qualifications),
    )


def reasons_of(body: Body, report: Report, today: date) -> tuple[conflicts.Reason, ...]:
    """Why a body may not verify a report; empty when it may."""
    return conflicts.of_body(body_of(body), unit_of(report), rules_of(report), today)
