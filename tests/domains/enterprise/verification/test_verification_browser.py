"""Verifier, bureau, unit and everybody in a real browser, at 1280 and 390 px, Chinese and English: no accessibility faults, nothing
sideways."""

from __future__ import annotations

from typing import Any

import pytest

from dafeng.domains.enterprise.verification import findings, objecting, rating
from tests.domains.enterprise.review.test_review_browser import browser, enter, page  # noqa: F401
from tests.domains.enterprise.verification.conftest import Case
from tests.domains.enterprise.verification.test_production import produced

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABS = ("overview", "checks", "samples", "numbers", "findings", "history")


def check(page: Any, *addresses: str) -> None:  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    for address in addresses:
        assert page.goto(f"/enterprise/verification/{address}").status == 200, address
        page.wait_for_load_state("networkidle")
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found.response["violations"]] == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address


def tabs_of(made: Case) -> list[str]:
    return [f"{made.it.pk}/?tab={tab}" for tab in TABS]


def test_a_case_amid_its_work_is_without_fault_for_the_verifier_and_the_unit(page, enter, case, people) -> None:  # noqa: F811
    content = produced()
    next(row for row in content["indicators"] if row["indicator"] == "heat_ratio")["value"] = 0.09  # a fault to show
    made = case(content).listed()
    from dafeng.domains.enterprise.verification import working

    working.compare(made.it, **made.by("verifier"))
    enter(page, people["verifier"])
    check(page, "", *tabs_of(made))
    page.goto(f"/enterprise/verification/{made.it.pk}/?tab=numbers")
    assert page.locator("main table").count() == 3  # totals, production, differences
    enter(page, people["plant"])
    check(page, "", f"{made.it.pk}/?tab=overview", f"{made.it.pk}/?tab=findings")


def test_the_bureau_and_the_public_see_bodies_and_objections_without_fault(page, enter, case, people) -> None:  # noqa: F811
    made = case().visited().concluded().confirmed()
    objection = objecting.object_to(made.it, text="复检样品不是本厂的煤", **made.by("plant"))
    rating.rate(made.it.body, 2026, **made.by("reviewer"))
    assert findings.clock_of(made.it, "objection", now=made.now) is not None
    one = f"bodies/{made.it.body.code}/"
    check(page, "bodies/", one)
    enter(page, people["reviewer"])
    check(page, "bureau/", "spots/", "bodies/", one, "objections/", f"objections/{objection.pk}/", f"{made.it.pk}/")
    enter(page, people["verifier"])
    check(page, one, "bodies/new/", "objections/")
