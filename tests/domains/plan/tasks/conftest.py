"""A small plan by hand: a city's task of two departments, one that all counties owe, and one with a date; the clock is turned by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

CITY, SHIHE, PINGQIAO = "411500", "411502", "411503"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # a Saturday morning in Xinyang


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The views read the clock by `timezone.now`; it stands at NOW."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def city(db):
    from dafeng.domains.plan.services.city import ensure_city

    counties = {SHIHE: ["浉河区", "Shihe"], PINGQIAO: ["平桥区", "Pingqiao"]}
    return ensure_city(CITY, "信阳市", "Xinyang", counties=counties)


@pytest.fixture
def person(city):
    """Makes a person with a role; a department's organisation is named after its id in the register."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = "", organisation: str = "", place: str = CITY):
        user = User.objects.create_user(username or organisation or role, password="a-long-test-password")
        office, _made = Organisation.objects.get_or_create(code=organisation or role, defaults={"name": role})
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


@pytest.fixture
def plan(city):
    """An accepted plan, 2024 to 2030, without tasks."""
    from dafeng.domains.plan.models import Plan, Version
    from dafeng.kernel.records import services as records

    made = Plan.objects.create(
        city=CITY, key="small", title="试验方案", first_year=2024, last_year=2030, issued_on=date(2026, 10, 1)
    )
    record = records.open_record("plan.version", title="试验方案", payload={}, by=None, now=NOW)
    records.move(record, "accept", by=None, now=NOW, system=True)
    Version.objects.create(plan=made, number=1, record=record, digest="0" * 64, current=True)
    return made


@pytest.fixture
def task(plan):
    """Makes a task; by default industry leads and housing supports."""
    from dafeng.domains.plan.models import Owner, Task

    def make(
        key: str = "a",
        *,
        owners=(("industry", "市工业和信息化局", "lead"), ("housing", "市住房城乡建设局", "support")),
        **given,
    ):
        fields = {"path": "第二章/一/1", "title": f"试验任务{key}", "place": CITY, "order": Task.objects.count()}
        made = Task.objects.create(plan=plan, key=key, **(fields | given))
        for department, name, role in owners:
            Owner.objects.create(task=made, department=department, name=name, role=role)
        return made

    return make


def report(task, period: str, *, by, reporter: str, at, text: str = "做了一半", submit: bool = True, **given):
    """A report written at a time when its month was open."""
    from dafeng.domains.plan.services import progress

    values = {
        "period": period,
        "text": text,
        "percent": given.get("percent"),
        "value": None,
        "unit": "",
        "next_step": "",
    }
    return progress.write(task, values, reporter=reporter, seen="", by=by, now=at, submit=submit)
