"""The pages in a real browser, on a desk and on a phone: no accessibility faults, nothing from elsewhere, no sideways scrolling."""

from __future__ import annotations

import pytest

from tests.portal.conftest import faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/inventory/411500/?year=2021",
        "/inventory/411500/?tab=chart&by=gas",
        "/inventory/411500/?tab=map",
        "/inventory/411500/reports/",
        "/inventory/411500/compare/",
        "/components/",
        "/access/",
        "/search/?q=1A4b1",
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


def test_a_visitor_opens_the_lineage_of_a_figure_beside_the_page_and_closes_it(page, run) -> None:
    page.goto("/inventory/411500/?year=2021")
    page.get_by_role("row", name="能源活动").get_by_role("link").first.click()
    panel = page.get_by_role("dialog")
    panel.get_by_text("carbon_content").first.wait_for()
    assert "/lineage/" not in page.url
    assert faults(page) == []
    page.keyboard.press("Escape")
    assert not panel.is_visible()


def test_the_year_slider_leads_to_its_year_and_keeps_the_tab(page, run) -> None:
    page.goto("/inventory/411500/?tab=map&year=2021")
    page.get_by_role("slider", name="年份").fill("2020")
    page.wait_for_url("**year=2020**")
    assert "tab=map" in page.url
    assert page.get_by_role("heading", name="2020 年分县区").is_visible()


def test_the_language_is_switched_and_kept(page, run) -> None:
    page.goto("/inventory/411500/?year=2020")
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("heading", name="Xinyang carbon account").is_visible()
    assert "year=2020" in page.url
    page.get_by_role("link", name="Next year").click()
    assert page.get_by_role("heading", name="2021 emissions by category").is_visible()


def test_the_menu_leads_everywhere_by_keyboard(page, run) -> None:
    page.goto("/")
    if page.viewport_size["width"] < 900:
        page.get_by_text("菜单", exact=True).press("Enter")
    menu = page.get_by_role("navigation", name="主导航")
    link = menu.get_by_role("link", name="因子库")
    assert not link.is_visible(), "a long menu is folded but for the first group and the present one"
    menu.get_by_role("heading", name="清单").locator("..").press("Enter")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/factors/")


def test_a_person_logs_in_and_out(page, run, person) -> None:
    person("ecology")
    page.goto("/login/")
    page.get_by_label("用户名").fill("ecology")
    page.get_by_label("密码").fill("a-long-test-password")
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.get_by_role("button", name="退出").click()
    assert page.get_by_role("link", name="登录").is_visible()


def test_the_page_reads_without_javascript(open_page, run) -> None:
    opened = open_page(java_script_enabled=False)
    opened.goto("/inventory/411500/?year=2021")
    opened.get_by_role("row", name="能源活动").get_by_role("link").first.click()
    opened.wait_for_url("**/lineage/**")
    assert opened.get_by_text("carbon_content").first.is_visible()
    opened.get_by_role("link", name="信阳市 2021").click()
    assert opened.get_by_role("heading", level=1).inner_text() == "信阳市 碳账户"
    opened.goto("/inventory/411500/?year=2020&tab=map")
    opened.get_by_role("link", name="下一年").click()
    assert opened.get_by_role("heading", name="2021 年分县区").is_visible()
