"""The owner and the bureau in a real browser, at 1280 and 390 px, Chinese and English: no accessibility faults, nothing sideways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.axe import violations
from tests.domains.enterprise.review.conftest import NOW, TODAY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"desk": (1280, 900, "zh-CN"), "phone": (390, 844, "en-GB")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


@pytest.fixture(params=SIZES)
def page(request, browser, live_server) -> Iterator[Any]:
    width, height, language = SIZES[request.param]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=language, base_url=live_server.url
    )
    context.set_default_timeout(20_000)
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda said: None if said.text.startswith("[DOM]") else opened.complaints.append(said.text))
    yield opened
    assert not opened.complaints
    context.close()


@pytest.fixture
def enter(live_server):
    def sign_in(page: Any, user: Any) -> None:
        client = Client()
        client.force_login(user)
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])  # fmt: skip

    return sign_in


def check(page: Any, *addresses: str) -> None:

    for address in addresses:
        assert page.goto(f"/enterprise/review/{address}").status == 200, address
        page.wait_for_load_state("networkidle")
        found = violations(page)
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found] == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address


def test_every_page_is_without_fault_for_the_bureau_and_the_owner(page, enter, approved, people) -> None:
    home = f"projects/{approved().pk}/"
    enter(page, people["ndrc"])
    check(page, "", "register/", "statistics/", "keep/", "keep/?tab=capacity", home, f"{home}?tab=review")
    enter(page, people["owner"])
    check(page, "new/", f"{home}?tab=content", f"{home}?tab=after", f"{home}?tab=log", f"{home}change/")


def test_orders_units_and_paper_opinions_are_without_fault(page, enter, approved, people) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from dafeng.domains.enterprise.review import orders, projects

    found = approved()
    home, now = f"projects/{found.pk}/", timezone.now()
    projects.start(found, day=timezone.localdate(now), by=people["owner"], now=now)
    enter(page, people["ndrc"])
    check(page, "enter/", "keep/?tab=zones", "register/?sweep=incomparable", f"{home}order/")
    due = timezone.localdate(now) + timedelta(days=30)
    made = orders.order(found, document="文号", reason="高于准入值", stop=True, due=due, by=people["ndrc"], now=now)
    check(page, home, f"{home}?tab=after")
    enter(page, people["owner"])
    check(page, f"{home}?tab=after", f"orders/{made.pk}/mended/")


def test_county_expert_and_joint_review_office_are_without_fault(page, enter, draft, people, experts) -> None:
    from dafeng.domains.enterprise.review import experts as judging
    from dafeng.domains.enterprise.review import joint, projects

    project = draft()
    home = f"projects/{project.pk}/"
    projects.submit(project, by=people["owner"], now=NOW)
    projects.judge(project, two_high=False, large_carbon=False, reason="不在目录", by=people["ndrc"], now=NOW)
    for action in ("accept", "review"):
        projects.handle(project, action, by=people["ndrc"], now=NOW)
    [asked] = joint.ask(project, ["industry"], matter="准入", due=TODAY, by=people["ndrc"], now=NOW)
    invited = judging.invite(project, experts[0], by=people["ndrc"], now=NOW)
    enter(page, people["industry"])
    check(page, "", home, f"{home}?tab=review", f"joint/{asked.pk}/")
    enter(page, experts[0].person)
    check(page, "", f"{home}expert/")
    judging.declare(invited, clear=True, text="", by=experts[0].person, now=NOW)
    check(page, f"{home}expert/", home)
    enter(page, people["county"])
    check(page, "", "register/", home)


def test_an_owner_hands_in_and_the_bureau_judges(page, enter, draft, people) -> None:
    project = draft()
    enter(page, people["owner"])
    check(
        page, *(f"projects/{project.pk}/form/{step}/" for step in ("basics", "energy", "output", "measures", "check"))
    )
    page.locator("form[action$='/own/submit/'] button").click()
    page.wait_for_url(f"**/projects/{project.pk}/")
    enter(page, people["ndrc"])
    page.goto(f"/enterprise/review/projects/{project.pk}/")
    page.locator("button[value=accept]").click()
    page.wait_for_url(f"**/projects/{project.pk}/")
    project.record.refresh_from_db()
    assert project.record.state == "accepted"
    page.locator("form[action$='/judge/'] input[name=reason]").fill("不在目录")
    page.locator("form[action$='/judge/'] select[name=two_high]").select_option("no")
    page.locator("form[action$='/judge/'] select[name=large_carbon]").select_option("no")
    page.locator("form[action$='/judge/'] button").click()
    page.wait_for_url(f"**/projects/{project.pk}/")
    project.refresh_from_db()
    assert (project.two_high, project.large_carbon) == (False, False)
