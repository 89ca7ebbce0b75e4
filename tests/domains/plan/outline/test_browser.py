"""The plan's pages in a real browser: no accessibility faults, no sideways scrolling, and reviewing with and without script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import dafeng.cities
from dafeng.domains.plan.models import Correction, Question
from dafeng.domains.plan.services import plans
from tests.axe import violations
from tests.domains.plan.outline.conftest import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FACTS = Path(dafeng.cities.__file__).parent / "xinyang" / "plan"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def version(hand_in, town, settings):
    settings.DEMO = True
    plans.load_facts(town, FACTS, by=None, now=NOW)
    return hand_in()


def signed_in(browser, live_server, *, size: str = "desk", script: bool = True):
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        base_url=live_server.url,
        java_script_enabled=script,
    )
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("用户名").fill("ndrc")
    page.get_by_label("密码").fill("a-long-test-password")
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_load_state()
    return page


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit_the_screen(browser, live_server, version, size: str) -> None:

    page = signed_in(browser, live_server, size=size)
    own = f"/plan/plans/{version.plan.key}/versions/1/"
    addresses = [
        "/plan/plans/", "/plan/plans/upload/", "/plan/plans/xinyang-2024/", "/plan/plans/xinyang-2024/versions/", own,
        f"{own}?show=target", f"{own}?show=corrections", f"{own}items/target-2/", f"{own}add/?kind=task", "/plan/questions/",
        f"/plan/questions/{Question.objects.first().pk}/", f"/plan/plans/{version.plan.key}/describe/", "/plan/plans/xinyang-2024/compare/?old=1&new=1",
    ]  # fmt: skip
    faults = []
    for address in addresses:
        page.goto(address)
        found = violations(page)
        faults += [f"{address} {each['id']}: {each['nodes'][0]['html'][:120]}" for each in found]
        if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            faults.append(f"{address} scrolls sideways")
    page.context.close()
    assert faults == []


def test_an_item_is_corrected_beside_its_text(browser, live_server, version) -> None:
    page = signed_in(browser, live_server)
    page.goto(f"/plan/plans/{version.plan.key}/versions/1/")
    page.get_by_role("link", name="风电装机达到120万千瓦").click()
    panel = page.get_by_role("dialog")
    panel.get_by_label("目标年").fill("2027")
    panel.get_by_role("button", name="保存更正").click()
    page.wait_for_load_state()
    assert page.get_by_text("已更正").first.is_visible()
    page.context.close()
    assert Correction.objects.get().value == {"year": 2027}


def test_selected_words_go_along_with_the_link(browser, live_server, version) -> None:
    page = signed_in(browser, live_server)
    page.goto(f"/plan/plans/{version.plan.key}/versions/1/")
    page.get_by_text("开展全民宣传").first.select_text()
    page.get_by_role("link", name="补充漏掉的一项").click()
    page.wait_for_url("**/add/**")
    assert "开展全民宣传" in page.get_by_label("原话").input_value()
    page.context.close()


def test_a_review_goes_through_without_script(browser, live_server, version) -> None:
    page = signed_in(browser, live_server, script=False)
    page.goto(f"/plan/plans/{version.plan.key}/versions/1/")
    page.get_by_role("link", name="风电装机达到120万千瓦").click()
    page.get_by_label("目标年").fill("2027")
    page.get_by_role("button", name="保存更正").click()
    page.get_by_role("button", name="两个方案同时有效，采纳").click()
    assert page.get_by_role("heading", name=version.plan.title).is_visible()
    assert page.get_by_text("已采纳第 1 版").is_visible()
    page.context.close()
