"""The domain's use-cases by name, and what the portal calls when an installation comes up.

Each group lies in its own module: `register` (duties, filings, shares, reminders), `sheet` (import), `voices`, `exposures`,
`numbers` and `releases` (what is published).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Min

from dafeng.domains.disclosure import exposures, numbers, register, releases, sheet, voices
from dafeng.domains.disclosure.demo import ensure_demo
from dafeng.domains.disclosure.models import OpenCity

__all__ = [
    "city",
    "daily",
    "ensure_city",
    "ensure_demo",
    "exposures",
    "first_city",
    "numbers",
    "register",
    "releases",
    "sheet",
    "voices",
]


def ensure_city(code: str, name: str, name_en: str, **described: Any) -> OpenCity:
    """The city's public page, made when it is new; `described`: counties, boundary, boundary_note."""
    city, _made = OpenCity.objects.update_or_create(code=code, defaults={"name": name, "name_en": name_en, **described})
    return city


def city(code: str) -> OpenCity:
    """Raises `OpenCity.DoesNotExist`."""
    return OpenCity.objects.get(pk=code)


def first_city() -> str:
    """Code of the city whose page the navigation leads to; empty while there is none."""
    found: str | None = OpenCity.objects.aggregate(first=Min("code"))["first"]
    return found or ""


def daily(*, now: datetime, today: date) -> tuple[int, int]:
    """What the clock brings: reminders, expired cases, shares of the day. Returns (reminders, cases taken down)."""
    told = 0
    for city in OpenCity.objects.all():
        told += register.remind(city, now=now, today=today)
        register.publish_shares(city, by=None, now=now, today=today)
    return told, exposures.expire(now=now, today=today)
