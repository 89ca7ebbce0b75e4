"""Who is told what: a body's people, an enterprise's people, the bureau."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from dafeng.domains.enterprise.models import Verification
from dafeng.kernel.desk.services import notify
from dafeng.kernel.records import services as records

KIND = "enterprise.verification"


def address(verification: Verification) -> str:
    return reverse("enterprise:verification", kwargs={"id": verification.pk})


def body(verification: Verification, title: str, *, now: datetime) -> int:
    return _tell({verification.body.organisation}, title, address(verification), now)


def unit(verification: Verification, title: str, *, now: datetime) -> int:
    return _tell({verification.report.enterprise.organisation}, title, address(verification), now)


def bureau(verification: Verification, title: str, *, now: datetime) -> int:
    people = records.people_of(roles=["ecology"], places=[verification.report.enterprise.city])
    return len(notify(people, kind=KIND, title=title, now=now, href=address(verification)))


def _tell(organisations: set[str], title: str, href: str, now: datetime) -> int:
    people: list[Any] = records.people_of(organisations - {""})
    return len(notify(people, kind=KIND, title=title, now=now, href=href))
