"""The pages of projects in a real browser, on a desk and on a phone, as each who reads them: no accessibility faults, no sideways scrolling."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
from django.utils import timezone

from dafeng.domains.plan.services import project_sheets, projects, sheets, supervision
from tests.domains.plan.browsing import SIZES, chromium, wrong_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
browser = pytest.fixture(chromium, scope="module", name="browser")
READ = ("projects/", "projects/map/", "projects/{project}/")
PAGES = {
    "ndrc": (*READ, "projects/names/", "projects/sheet/", "projects/add/", "projects/{project}/edit/", "projects/{project}/month/", "sheets/{sheet}/"),
    "department": (*READ, "projects/{project}/month/"), "county": (*READ, "projects/{project}/month/"), "leader": READ, "": READ,
}  # fmt: skip


@pytest.fixture
def clock() -> None:
    """In the browser the clock goes: its cookies must not have run out."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("role", PAGES)
def test_the_pages_are_accessible_and_fit_the_screen(
    browser, live_server, client, project, plan, office, person, size, role
) -> None:
    now = timezone.now()
    inputs = {"given": {"hours": 2000.0}, "source": "可研报告"}
    made = project(investment=Decimal(3000), capacity=100.0, capacity_unit="MW", method="plan.reduction.power", inputs=inputs, longitude=114.1, latitude=32.1)  # fmt: skip
    period = str(supervision.open_periods(supervision.day_of(now))[0])
    month = projects.report_month(
        made, period=period, invested=Decimal(5), stage="building", text="施工", seen="", by=office, now=now
    )
    projects.move_month(month, "accept", state="submitted", by=office, now=now)
    file = BytesIO(project_sheets.workbook(plan, [made]))
    record = sheets.receive(project_sheets.ROOM, file, "projects.xlsx", key=str(plan.pk), by=office, now=now)
    people = {"ndrc": lambda: office, "department": lambda: person("department", organisation=made.owner), "county": lambda: person("county", place=made.place), "leader": lambda: person("leader")}  # fmt: skip
    if role:
        client.force_login(people[role]())
    addresses = [f"/plan/{each.format(project=made.pk, sheet=record.pk)}" for each in PAGES[role]]
    assert wrong_of(browser, live_server, client if role else None, addresses, size) == {}
