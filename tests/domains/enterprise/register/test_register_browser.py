"""The pages of the register in a browser, on a desk and on a phone: no accessibility faults, nothing wider than the screen."""

# ruff: noqa: F811
from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from dafeng.domains.enterprise.register import keeping, sheet
from dafeng.domains.enterprise.reporting import boundaries
from tests.domains.enterprise.register.test_register import OTHER, WORKS, stage, table
from tests.portal.conftest import browser, faults, open_page  # noqa: F401

pytestmark = pytest.mark.browser
NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.django_db(transaction=True)
def test_the_pages_have_no_accessibility_faults(open_page: Any, live_server: Any, people: dict[str, Any], size: str) -> None:  # fmt: skip
    by = {"by": people["bureau"], "now": NOW}
    works = keeping.enlist({**WORKS, "code": "works"}, **by)
    made, _ = stage(table(f"{OTHER},甲厂,平桥区,3120,,,jia"), people["bureau"])
    sheet.commit(made, **by)
    for code, sector in (("line", "cement"), ("unit", "power")):
        boundaries.ensure_facility(works, code, name=code, sector=sector, since=date(2020, 1, 1), **by)
    unit = works.facilities.get(code="unit")
    boundaries.set_facts(unit, date(2020, 1, 1), {"class": "gas", "capacity": 60}, **by)
    boundaries.add_stream(works.facilities.get(code="line"), "fuel", "bituminous/cement_kiln/2号窑", **by)
    client = Client()
    client.force_login(people["bureau"])
    page = open_page(size, client=client)
    found = {}
    for name in ("", "new/", "firms/works/", "firms/works/change/", "import/", f"imports/{made.pk}/"):
        page.goto(f"/enterprise/register/{name}")
        if told := faults(page):
            found[name] = told
    client.force_login(people["clerk"])
    page = open_page(size, client=client)
    page.goto("/enterprise/reporting/firms/works/facilities/")
    for each in page.locator("main details summary").all():
        each.click()
    if told := faults(page):
        found["facilities"] = told
    assert found == {}
