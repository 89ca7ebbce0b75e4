"""A small plan that prints two categories and a total, and a table of projects to hand in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO

import pytest

CITY, SHIHE = "411500", "411502"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
# As a plan would print them: 2 + 1 = 3 projects of 0.5 亿元.
PRINTED = [
    {"code": "energy", "name": "能源基础设施", "count": 2, "investment": "", "unit": ""},
    {"code": "ecology", "name": "生态保护修复", "count": 1, "investment": "", "unit": ""},
    {"code": "total", "name": "合计", "count": 3, "investment": "0.5", "unit": "亿元"},
]
NAMED = [
    {"name": "东山风电场", "county": "浉河区", "capacity": 100, "capacity_unit": "MW"},
    {"name": "西湖湿地修复", "county": "", "capacity": None, "capacity_unit": ""},
]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def city(db):
    from dafeng import cities
    from dafeng.domains.plan.services.city import ensure_city

    pack = cities.load_pack("xinyang")
    counties = {code: list(names) for code, names in pack.counties.items()}
    return ensure_city(CITY, "信阳市", "Xinyang", counties=counties, boundary=pack.boundary)


@pytest.fixture
def person(city):
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = "", organisation: str = "", place: str = CITY):
        user = User.objects.create_user(username or organisation or role, password="a-long-test-password")
        office, _made = Organisation.objects.get_or_create(code=organisation or role, defaults={"name": role})
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


@pytest.fixture
def office(person):
    return person("ndrc")


@pytest.fixture
def plan(city):
    from dafeng.domains.plan.models import Plan, Version
    from dafeng.kernel.records import services as records

    made = Plan.objects.create(
        city=CITY, key="small", title="试验方案", first_year=2024, last_year=2030, issued_on=date(2024, 7, 1)
    )
    record = records.open_record("plan.version", title="试验方案", payload={}, by=None, now=NOW)
    records.move(record, "accept", by=None, now=NOW, system=True)
    reading = {"categories": PRINTED, "projects": NAMED}
    Version.objects.create(
        plan=made, number=1, record=record, digest="0" * 64, current=True, reading=reading, accepted=reading
    )
    return made


@pytest.fixture
def project(plan, office):
    """Registers a project; by default a wind farm of 100 MW in Shihe that energy counts."""
    from dafeng.domains.plan.services import projects

    def make(key: str = "A1", *, version=None, **given):
        fields = {
            "key": key,
            "name": f"试验项目{key}",
            "category": "energy",
            "place": SHIHE,
            "stage": "planned",
            "owner": "industry",
        }
        return projects.keep(plan, fields | given, version=version, by=office, now=NOW)

    return make


@pytest.fixture
def table(client, plan, office):
    """The template of the page, filled with rows of heading → value, as an upload."""
    import openpyxl
    from django.core.files.uploadedfile import SimpleUploadedFile

    def make(*rows: dict[str, object]):
        client.force_login(office)
        book = openpyxl.load_workbook(BytesIO(client.get("/plan/projects/export/?template=1").content))
        sheet = book.worksheets[0]
        heads = [cell.value.rstrip("*") for cell in sheet[1]]
        for number, row in enumerate(rows, 2):
            for name, value in row.items():
                sheet.cell(number, heads.index(name) + 1, value)
        target = BytesIO()
        book.save(target)
        return SimpleUploadedFile("projects.xlsx", target.getvalue())

    return make
