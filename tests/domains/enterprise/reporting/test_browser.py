"""The pages of reporting in a browser, on a desk and on a phone: no accessibility faults, nothing wider than the screen."""

# ruff: noqa: F811
from __future__ import annotations

from typing import Any

import pytest

from dafeng.domains.enterprise.models import Report
from tests.domains.enterprise.reporting.test_pages import browser as signed_in
from tests.domains.enterprise.reporting.test_pages import pages, report  # noqa: F401
from tests.portal.conftest import browser, faults, open_page  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.django_db(transaction=True)
def test_the_pages_have_no_accessibility_faults(
    open_page: Any, report: Report, people: dict[str, Any], size: str
) -> None:
    page = open_page(size, client=signed_in(people["clerk"]))
    found = {}
    for address in pages(report):
        page.goto(address)
        if told := faults(page):
            found[address] = told
    assert found == {}
