"""The pages in a real browser, on a desk and on a phone: no accessibility faults, nothing from elsewhere, no sideways scrolling."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
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
    opened.foreign, opened.complaints = [], []
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith((live_server.url, "data:")) else opened.foreign.append(asked.url),
    )
    opened.on("console", lambda said: opened.complaints.append(said.text))
    yield opened
    assert not opened.foreign
    assert not opened.complaints
    context.close()


def faults(page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found.response["violations"]]


@pytest.mark.parametrize(
    "address",
    [
        "/inventory/411500/?year=2021",
        "/inventory/411500/lineage/?category=1A4b1&gas=CO2&year=2021",
        "/api/docs/",
        "/login/",
        "/nowhere/",
    ],
)
def test_a_page_is_accessible_and_fits_the_screen(page, run, address: str) -> None:
    page.goto(address)
    if address == "/nowhere/":  # the browser itself notes the 404
        page.complaints.clear()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_visitor_goes_from_a_figure_to_its_factors_and_back(page, run) -> None:
    page.goto("/")
    page.get_by_role("region", name="分领域排放").get_by_role("link").first.click()
    page.wait_for_url("**/lineage/**")
    assert page.get_by_text("carbon_content").first.is_visible()
    page.get_by_role("link", name="信阳市 2021").click()
    assert page.get_by_role("heading", level=1).inner_text() == "信阳市 碳账户"


def test_the_language_is_switched_and_kept(page, run) -> None:
    page.goto("/inventory/411500/?year=2020")
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("heading", name="Xinyang carbon account").is_visible()
    assert "year=2020" in page.url
    page.get_by_role("link", name="2021").click()
    assert page.get_by_role("heading", name="2021 by sector").is_visible()


def test_a_person_logs_in_and_out(page, run, person) -> None:
    person("ecology")
    page.goto("/login/")
    page.get_by_label("用户名").fill("ecology")
    page.get_by_label("密码").fill("a-long-test-password")
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.get_by_role("button", name="退出").click()
    assert page.get_by_role("link", name="登录").is_visible()


def test_the_page_reads_without_javascript(browser, live_server, run) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url, locale="zh-CN")
    opened = context.new_page()
    opened.goto("/inventory/411500/?year=2021")
    assert opened.get_by_role("heading", name="2021 年分领域").is_visible()
    context.close()
