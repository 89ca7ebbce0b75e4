"""A small plan by hand: a recycling rate of 35 % by 2025 from 2020, waste to no landfill, and a target that nothing measures."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

CITY, COUNTY = "411500", "411502"
# The morning of a Saturday in Xinyang.
NOW = datetime(2025, 3, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def city(db):
    from dafeng.domains.plan.services.city import ensure_city

    return ensure_city(
        CITY, "信阳市", "Xinyang", counties={COUNTY: ["浉河区", "Shihe"], "411503": ["平桥区", "Pingqiao"]}
    )


@pytest.fixture
def person(city):
    """Makes a person with a role; a department's organisation is named after its id in the register."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = "", organisation: str = "", place: str = CITY):
        user = User.objects.create_user(username or role, password="a-long-test-password")
        office, _made = Organisation.objects.get_or_create(code=organisation or role, defaults={"name": role})
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


@pytest.fixture
def plan(city):
    """An accepted plan, 2021 to 2025, without targets."""
    from dafeng.domains.plan.models import Plan, Version
    from dafeng.kernel.records import services as records

    made = Plan.objects.create(city=CITY, key="small", title="试验方案", first_year=2021, last_year=2025)
    record = records.open_record("plan.version", title="试验方案", payload={}, by=None, now=NOW)
    records.move(record, "accept", by=None, now=NOW, system=True)
    Version.objects.create(plan=made, number=1, record=record, digest="0" * 64, current=True)
    return made


@pytest.fixture
def target(plan):
    """Makes a target; by default the recycling rate, at least 35 % in 2025."""
    from dafeng.domains.plan.models import Target

    def make(key: str = "t1", **given):
        fields = {
            "indicator": "生活垃圾回收利用率", "kind": "level", "operator": ">=", "low": 35.0, "high": 35.0, "unit": "%", "year": 2025,
            "strength": "must", "place": CITY, "quote": "试验原文", "binding": "plan.reported.waste_recycling", "bound_by": "register",
            "owner": "urban",
        }  # fmt: skip
        return Target.objects.create(plan=plan, key=key, **(fields | given))

    return make


@pytest.fixture
def report(city):
    """Puts taken values on the blackboard: handed in by one person, taken by another."""
    from dafeng.domains.plan.services import reported
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(code: str, values: dict[str, float], *, subject: str = CITY, member: str = "", unit: str = "", at=NOW):
        office, _made = Organisation.objects.get_or_create(code="ndrc", defaults={"name": "双碳办"})
        people = []
        for name in ("hand", "taker"):
            user, new = User.objects.get_or_create(username=name)
            if new:
                Membership.objects.create(user=user, organisation=office, role="ndrc", place=CITY)
            people.append(user)
        made = []
        for period, value in values.items():
            given = reported.checked(code, subject=subject, period=period, today=at.date(), value=value, unit=unit, source="试验台账", member=member)  # fmt: skip
            record = reported.submit(given, by=people[0], now=at)
            made.append(reported.accept(record, by=people[1], now=at))
        return made

    return make


@pytest.fixture
def projects(city, now) -> None:
    """As the review room publishes them: tce by county and by the year in which the projects begin."""
    from dafeng.domains.plan.services import announced
    from dafeng.kernel.accounting.status import Status
    from dafeng.kernel.indicators import services as indicators

    indicators.ensure_indicator(announced.ENERGY, name="已批项目新增能源消费", unit="tce")
    run = indicators.start_run(domain="enterprise", kind="review", subject=CITY, now=now)
    told = [
        (COUNTY, 2024, 500.0, ["P-1"]), (COUNTY, 2025, 1000.0, ["P-2", "P-3"]), ("411503", 2027, 2500.0, ["P-4"]),
        ("411503", 2028, 9000.0, ["P-5"]), ("410100", 2026, 70.0, ["P-6"]),
    ]  # fmt: skip
    rows = [
        {
            "indicator": announced.ENERGY,
            "subject": place,
            "period": str(year),
            "value": tce,
            "unit": "tce",
            "status": int(Status.OK),
            "lineage": {"projects": numbers},
        }
        for place, year, tce, numbers in told
    ]
    indicators.publish(run, rows)
    indicators.finish_run(run, now)


@pytest.fixture
def energy(target):
    return target("energy", indicator="能源消费总量", operator="<=", low=900.0, high=900.0, unit="万吨标准煤", year=2027, binding="energy.consumption.equal_value")  # fmt: skip
