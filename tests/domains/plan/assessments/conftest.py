"""A city of three counties, a plan with one task of one department, and figures on the blackboard for two of the counties."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
COUNTIES = {"411521": ["甲县", "Jia"], "411522": ["乙县", "Yi"], "411523": ["丙县", "Bing"]}
# Full marks for 411521 in targets, tasks, projects; 411522 is halfway on tasks and has no other figures.
FIGURES = {
    "411521": {
        "energy_intensity.fall": 12, "energy_intensity.target": 12, "carbon_intensity.fall": 15, "carbon_intensity.target": 15,
        "coal.used": 90, "coal.limit": 100, "renewables.added": 10, "renewables.target": 10, "targets.on_track": 8,
        "targets.assigned": 8, "tasks.done_on_time": 10, "tasks.due": 10, "reports.on_time": 12, "reports.due": 12,
        "tasks.overdue_days": 0, "projects.invested": 5, "projects.planned": 5, "energy_intensity.red_months": 0,
    },
    "411522": {"tasks.done_on_time": 8, "tasks.due": 10},
}  # fmt: skip
UNITS = {"fall": "%", "target": "%", "coal.used": "万吨", "coal.limit": "万吨", "overdue_days": "1", "invested": "亿元",
         "planned": "亿元", "renewables.added": "万千瓦", "renewables.target": "万千瓦"}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/plan/assessments/" in str(item.fspath) and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


def unit_of(name: str) -> str:
    return next((unit for ending, unit in UNITS.items() if name == ending), None) or next(
        (unit for ending, unit in UNITS.items() if "." not in ending and name.endswith(ending) and not name.startswith("renew")), "1"
    )  # fmt: skip


def _put(figures: dict[str, dict[str, float]], year: int = 2025, *, kind: str = "test") -> None:
    """Figures on the blackboard under plan.assess.*"""
    from dafeng.kernel.indicators import services

    rows = []
    for subject, told in figures.items():
        for name, value in told.items():
            code, unit = f"plan.assess.{name}", unit_of(name)
            services.ensure_indicator(code, name=name, unit=unit)
            rows.append(
                {"indicator": code, "subject": subject, "period": str(year), "unit": unit, "status": 0, "value": value}
            )
    run = services.start_run(domain="plan", kind=kind, subject="411500", now=NOW)
    services.publish(run, rows)
    services.finish_run(run, NOW)


@pytest.fixture
def city():
    from dafeng.domains.plan.services.city import ensure_city

    return ensure_city("411500", "信阳市", "Xinyang", counties=COUNTIES)


@pytest.fixture
def person(city):
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = "", *, organisation: str = "", place: str = "411500"):
        user = User.objects.create_user(username or role, password="a-long-test-password")
        office, _ = Organisation.objects.get_or_create(code=organisation or role, defaults={"name": organisation or role})  # fmt: skip
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


@pytest.fixture
def put():
    return _put


@pytest.fixture
def board(city):
    _put(FIGURES)


@pytest.fixture
def office(person):
    return person("ndrc")


@pytest.fixture
def rules(city, office):
    """The draft with an earlier date, so that 2025 can be assessed."""
    from dafeng.domains.plan.services import rubrics

    content = rubrics.default("counties").as_dict() | {"valid_from": "2025-01-01"}
    return rubrics.new_edition("411500", "counties", content, seen=0, reason="试验", by=office, now=NOW)


@pytest.fixture
def assessment(board, rules, office):
    from dafeng.domains.plan.services import assessments

    return assessments.open_year("411500", "counties", 2025, by=office, now=NOW)


@pytest.fixture
def jia(person):
    return person("county", "jia", organisation="county-jia", place="411521")


@pytest.fixture
def yi(person):
    return person("county", "yi", organisation="county-yi", place="411522")
