"""The pages of reporting in a browser, on a desk and on a phone: no accessibility faults, nothing wider than the screen."""

# ruff: noqa: F811
from __future__ import annotations

from typing import Any

import pytest

from dafeng.domains.enterprise.models import Report
from tests.domains.enterprise.reporting.test_pages import browser as signed_in
from tests.domains.enterprise.reporting.test_pages import pages, report  # noqa: F401
from tests.domains.enterprise.reporting.test_reports import locked
from tests.domains.enterprise.reporting.test_sources import filed, written
from tests.portal.conftest import browser, faults, open_page  # noqa: F401

pytestmark = pytest.mark.browser


BUREAU = (
    "",
    "desk/?year=2025",
    "feed/?year=2025",
    "statistics/?year=2025",
    "parameters/",
    "public/",
    "public/cement/?year=2025",
)


def in_language(page: Any, language: str, address: str) -> Any:
    page.context.add_cookies([{"name": "django_language", "value": language, "url": address}])
    return page


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.django_db(transaction=True)
def test_the_pages_have_no_accessibility_faults(
    open_page: Any, live_server: Any, report: Report, people: dict[str, Any], size: str, language: str
) -> None:
    page = in_language(open_page(size, client=signed_in(people["clerk"])), language, live_server.url)
    found = {}
    for address in pages(report):
        page.goto(address)
        assert page.locator("html").get_attribute("lang").lower() == language
        if told := faults(page):
            found[address] = told
    assert found == {}


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.django_db(transaction=True)
def test_a_month_that_can_be_filled_has_none_either(
    open_page: Any, year: Any, people: dict[str, Any], size: str
) -> None:
    page = open_page(size, client=signed_in(people["clerk"]))
    page.goto(f"/enterprise/reporting/facilities/{year.pk}/months/2025-09/")
    assert faults(page) == []
    page.fill("input[name='tested:ncv:bituminous/cement_kiln']", "2025-10-09")
    page.click("button[value=save]")
    assert page.input_value("input[name='tested:ncv:bituminous/cement_kiln']") == "2025-10-09"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.django_db(transaction=True)
def test_the_bureaus_and_the_public_pages_have_none_either(
    open_page: Any, live_server: Any, report: Report, people: dict[str, Any], size: str, language: str
) -> None:
    locked(report, people)
    page = in_language(open_page(size, client=signed_in(people["bureau"])), language, live_server.url)
    found = {}
    for name in BUREAU:
        page.goto(f"/enterprise/reporting/{name}")
        if told := faults(page):
            found[name] = told
    assert found == {}


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.django_db(transaction=True)
def test_a_plan_that_orders_its_sources_has_none_either(
    open_page: Any, unit: Any, people: dict[str, Any], size: str
) -> None:
    filed(unit, people["rival"], 2024)
    written(unit, people["rival"], 2025, fuel_use="settlement")
    page = open_page(size, client=signed_in(people["rival"]))
    page.goto("/enterprise/reporting/firms/power/plan/2025/")
    assert faults(page) == []
    assert "低于以前的方案" in page.inner_text("main")
