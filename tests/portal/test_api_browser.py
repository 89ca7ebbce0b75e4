"""The pages of the API in a real browser: no accessibility faults, no sideways scrolling, readable without JavaScript."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache

from tests.portal.conftest import SIZES, faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=SIZES)
def page(request, open_page, run, person, client):
    """A page of a signed-in person."""
    cache.clear()
    client.force_login(person("statistics"))
    return open_page(request.param, client=client)


def test_the_docs_are_accessible_with_all_details_open(page) -> None:
    page.goto("/api/docs/?q=batches")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert faults(page) == []
    page.goto("/api/docs/")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_token_is_made_by_keyboard_and_withdrawn(page) -> None:
    page.goto("/tokens/")
    assert faults(page) == []
    page.get_by_label("名称").fill("月报脚本")
    page.get_by_role("checkbox", name=re.compile("^inventory:read")).press("Space")
    page.get_by_role("button", name="新建").press("Enter")
    assert re.fullmatch(r"dft_[A-Za-z0-9_-]{43}", page.get_by_label("令牌原文").inner_text().strip())
    assert faults(page) == []
    page.get_by_role("button", name="停用 月报脚本").click()
    page.get_by_text("已停用").wait_for()
    assert faults(page) == []
    page.goto("/tokens/")
    page.get_by_role("button", name="新建").click()  # the browser itself asks for what is missing
    assert page.url.endswith("/tokens/")


def test_the_docs_read_without_javascript(open_page, run) -> None:
    opened = open_page(java_script_enabled=False)
    opened.goto("/api/docs/")
    opened.get_by_label("筛选接口").last.fill("factors")
    opened.get_by_role("main").get_by_role("button", name="筛选").click()
    assert opened.get_by_role("heading", name="POST /api/factors").is_visible()
    assert not opened.get_by_role("heading", name="/cells").count()
