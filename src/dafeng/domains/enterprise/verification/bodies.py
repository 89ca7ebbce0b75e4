"""The register of third-party bodies (N10): application, registration by another person, people, ties, supervision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from dafeng.domains.enterprise.models import Body, BodyPerson, BodyService, Supervision
from dafeng.domains.enterprise.verification.refusing import refused, refusing
from dafeng.kernel.bodies import Listed
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.access import is_superuser, roles_of

KIND = "enterprise.body"


def seen(user: Any) -> QuerySet[Body]:
    """Everybody the registered ones; the offices and a body's own people its application too."""
    from dafeng.domains.enterprise.verification.permissions import body_records

    rows = Body.objects.select_related("record")
    if is_superuser(user):
        return rows
    return rows.filter(Q(record__in=records.Record.objects.filter(body_records(user, roles_of(user)))))


def listed(kinds: Sequence[str]) -> list[Listed]:
    """Registered bodies that offer one of these services, for whoever names one (`kernel.bodies`)."""
    rows = Body.objects.filter(record__state="registered").order_by("code")
    return [Listed(each.code, each.name, each.organisation) for each in rows if set(kinds) & set(each.kinds)]


def apply(
    *,
    code: str,
    name: str,
    kinds: Iterable[str],
    sectors: Iterable[str],
    organisation: str,
    by: Any,
    now: datetime,
    place: str = "",
    name_en: str = "",
    credit_code: str = "",
    contact: str = "",
    qualifications: Iterable[Mapping[str, str]] = (),
    demo: bool = False,
) -> Body:
    """A body asks to be registered, or the bureau enters it; another person registers it."""
    with refusing("apply", code, by=by, now=now, kind=KIND), records.serial():
        record = records.open_record(KIND, title=name, payload={"code": code}, by=by, now=now, place=place, key=code)
        return Body.objects.create(
            code=code, name=name, name_en=name_en, organisation=organisation, record=record, credit_code=credit_code,
            contact=contact, kinds=sorted(set(kinds)), sectors=sorted(set(sectors)),
            qualifications=[dict(each) for each in qualifications], demo=demo,
        )  # fmt: skip


def step(body: Body, action: str, *, by: Any, now: datetime, reason: str = "") -> None:
    """Register, decline, suspend, restore, remove."""
    with refusing(action, body.code, by=by, now=now, kind=KIND):
        records.move(body.record, action, by=by, now=now, reason=reason)
        if action == "restore":
            Body.objects.filter(pk=body.pk).update(suspended_until=None)
    body.refresh_from_db()


def add_qualification(body: Body, *, name: str, number: str, until: date | None, by: Any, now: datetime) -> None:
    """Enter a qualification; the same name and number again is its renewal. Raises `Refused` (qualification_incomplete)."""
    with refusing("qualification", body.code, by=by, now=now, kind=KIND), records.serial():
        made = qualification(name=name, number=number, until=until)
        fresh = Body.objects.select_for_update().get(pk=body.pk)
        same = (made["name"], made["number"])
        others = [each for each in fresh.qualifications if (each.get("name"), each.get("number")) != same]
        fresh.qualifications = [*others, made]
        fresh.save(update_fields=["qualifications"])
        records.audit(by, f"{KIND}.qualification", KIND, body.code, made, now=now)
    body.refresh_from_db()


def qualification(*, name: str, number: str, until: date | None) -> dict[str, str]:
    """As it is kept; an empty `until` is without an end. Raises `Refused` (qualification_incomplete)."""
    if not name.strip() or not number.strip():
        raise refused("qualification_incomplete")
    return {"name": name.strip()[:80], "number": number.strip()[:80], "until": until.isoformat() if until else ""}


def add_person(
    body: Body,
    *,
    name: str,
    certificate: str,
    sectors: Iterable[str],
    since: date,
    until: date | None = None,
    employed: Iterable[tuple[str, str, str]] = (),
    by: Any,
    now: datetime,
) -> BodyPerson:
    """Register somebody who works for a body; the same name and certificate again changes what is told of them."""
    with records.serial():
        told = {
            "sectors": sorted(set(sectors)), "since": since, "until": until, "employed": [list(row) for row in employed],
        }  # fmt: skip
        made, _new = BodyPerson.objects.update_or_create(body=body, name=name, certificate=certificate, defaults=told)
        detail = {"person": made.pk, "name": name, "certificate": certificate, "since": since.isoformat()}
        records.audit(by, f"{KIND}.person", KIND, body.code, detail, now=now)
    return made


def add_service(
    body: Body,
    enterprise: Enterprise,
    *,
    kind: str,
    since: date,
    until: date | None,
    source: str,
    by: Any,
    now: datetime,
) -> BodyService:
    """A tie between a body and a unit: services, common managers. Raises `Refused` (sanction_past)."""
    with refusing("tie", body.code, by=by, now=now, kind=KIND), records.serial():
        if until is not None and until < since:
            raise refused("sanction_past")
        made = BodyService.objects.create(
            body=body, enterprise=enterprise, kind=BodyService.Kind(kind), since=since, until=until, source=source[:200],
            by=by, at=now,
        )  # fmt: skip
        detail = {"enterprise": enterprise.code, "kind": kind, "since": since.isoformat(), "source": made.source}
        records.audit(by, f"{KIND}.tie", KIND, body.code, detail, now=now)
    return made


def supervise(
    body: Body,
    *,
    kind: str,
    day: date,
    facts: str,
    basis: str,
    until: date | None = None,
    by: Any,
    now: datetime,
    demo: bool = False,
) -> Supervision:
    """A measure of the bureau; suspension and removal move the body too. Raises `Refused` (sanction_past, text_missing)."""
    with refusing("supervise", body.code, by=by, now=now, kind=KIND), records.serial():
        if until is not None and until < day:
            raise refused("sanction_past")
        if len(facts.strip()) < 2 or not basis.strip():
            raise refused("text_missing")
        made = Supervision.objects.create(
            body=body, kind=Supervision.Kind(kind), day=day, until=until, facts=facts.strip()[:2000],
            basis=basis.strip()[:200], by=by, at=now, demo=demo,
        )  # fmt: skip
        records.audit(by, f"{KIND}.supervision", KIND, body.code, {"kind": kind, "facts": made.facts}, now=now)
        if kind == "suspension":
            records.move(body.record, "suspend", by=by, now=now, reason=facts)
            Body.objects.filter(pk=body.pk).update(suspended_until=until)
        elif kind == "removal":
            records.move(body.record, "remove", by=by, now=now, reason=facts)
    body.refresh_from_db()
    return made
