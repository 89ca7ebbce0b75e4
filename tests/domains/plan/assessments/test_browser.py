"""Assessments and bulletins in a real browser, at 1280 and 390 px, for the office, a county and the public: no accessibility faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from dafeng.domains.plan.services import assessments as services
from dafeng.domains.plan.services import bulletins, marking
from tests.axe import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


@pytest.fixture(params=SIZES)
def page(request, browser, live_server):
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url)
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda said: opened.complaints.append(said.text))
    yield opened
    assert not opened.complaints
    context.close()


@pytest.fixture
def enter(live_server):
    def sign_in(page, user) -> None:
        client = Client()
        client.force_login(user)
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])  # fmt: skip

    return sign_in


def check(page, *addresses: str) -> None:

    for address in addresses:
        assert page.goto(address).status == 200
        page.wait_for_load_state("networkidle")
        found = violations(page)
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found] == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address


def taken(assessment, office, action: str, days: int = 0) -> None:
    services.step(
        assessment, action, seen=marking.token(assessment.marks.all()), by=office, now=NOW + timedelta(days=days)
    )


def test_the_offices_pages(page, assessment, office, enter) -> None:
    enter(page, office)
    base = f"/plan/assessments/{assessment.pk}"
    rules = "/plan/assessments/rules/counties"
    check(page, "/plan/assessments/", f"{base}/", f"{base}/411521/", f"{rules}/", f"{rules}/edit/", "/plan/bulletins/")
    taken(assessment, office, "review")
    check(page, f"{base}/411521/review/")


def test_a_county_fills_in_its_self_assessment_and_raises_nothing_elses(page, assessment, jia, enter) -> None:
    enter(page, jia)
    check(page, f"/plan/assessments/{assessment.pk}/411521/self/")
    page.get_by_label("自评 省级以上试点示范").fill("一个")
    page.get_by_role("button", name="保存自评").click()
    page.get_by_text("“一个”不是数字").wait_for()
    page.complaints.clear()  # the browser notes the 422
    page.get_by_label("自评 省级以上试点示范").fill("1")
    page.get_by_label("依据 省级以上试点示范").fill("批文")
    page.get_by_role("button", name="保存自评").click()
    page.get_by_text("自评已保存").wait_for()
    assert assessment.marks.get(subject="411521", indicator="plan.assess.innovation.pilots").own == 1


def test_the_publics_pages_of_a_final_result(page, assessment, office, jia) -> None:
    taken(assessment, office, "review")
    taken(assessment, office, "announce")
    raised = services.object_to(assessment, "411521", indicator="", text="不服", by=jia, now=NOW)
    services.withdraw(raised, by=jia, now=NOW)
    taken(assessment, office, "finalise", 8)
    base = f"/plan/assessments/{assessment.pk}"
    check(page, "/plan/assessments/", f"{base}/", f"{base}/411521/")
    assert page.get_by_role("heading", name="最能提分的几项").is_visible()


@pytest.mark.fonts
def test_a_bulletin_and_what_has_changed(page, assessment, office, enter) -> None:
    made = bulletins.make("411500", "year", "2026", issuer="双碳办", by=office, now=NOW)
    enter(page, office)
    check(page, f"/plan/bulletins/{made.pk}/", f"/plan/bulletins/{made.pk}/changes/")
    assert page.get_by_text("没有变动").is_visible()
