"""The pages in a real browser, on a desk and on a phone: no accessibility faults, no sideways scrolling, nothing in the console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from dafeng.domains.inclusion.models import Rate
from dafeng.domains.inclusion.standards import rate_steps, versions
from dafeng.domains.inclusion.standards.demo import ensure_demo
from tests.axe import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
SHOTS = os.environ.get("DAFENG_SHOTS", "")  # a folder: keep pictures to look at
HOME = "/inclusion/standards/"


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def look(browser, live_server):
    """Opens addresses one after the other, and tells for each what is wrong with it."""

    def made(addresses: dict[str, str], size: tuple[int, int], client=None) -> dict[str, list[str]]:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN", base_url=live_server.url
        )
        if client is not None:
            cookie = client.cookies["sessionid"]
            context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        page, found = context.new_page(), {}
        page.on("console", lambda said: found.setdefault("console", []).append(said.text))
        for name, address in addresses.items():
            page.goto(address)
            seen = violations(page)
            wrong = [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in seen]
            if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
                wrong.append("scrolls sideways")
            if wrong:
                found[address] = wrong
            if SHOTS:
                page.screenshot(path=Path(SHOTS) / f"{name}-{size[0]}.png", full_page=True)
        context.close()
        return found

    return made


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_the_public_pages_are_accessible_and_fit_the_screen(look, programme, size) -> None:
    ensure_demo(programme, now=timezone.now())
    stand = "species-1=马尾松&area-1=10&before-1=80&now-1=100&burnt-1=1&uncertainty=15"
    assert look({
        "list": HOME, "bus": f"{HOME}m/bus/?in-distance=5", "waste": f"{HOME}m/waste-recycling/?in-material=paper&in-mass=2",
        "consult": f"{HOME}m/waste-recycling/?version=2", "compare": f"{HOME}m/waste-recycling/compare/?a=1&b=2",
        "rates": f"{HOME}rates/", "rate": f"{HOME}rates/{Rate.objects.get().record_id}/", "forest": f"{HOME}sinks/forest/?{stand}",
        "tea": f"{HOME}sinks/tea/", "label": f"{HOME}m/forest-sink/",
    }, size) == {}  # fmt: skip


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_the_desks_of_operator_and_office_are_accessible(look, client, programme, person, size) -> None:
    now, today = timezone.now(), timezone.localdate()
    both = person("operator", "both", "ndrc")
    draft = versions.begin(programme_version("bus"), by=both, now=now)
    rate = rate_steps.draft(programme, 20, today + timedelta(days=90), "复核", by=both, now=now, today=today)
    ensure_demo(programme, now=now)
    client.force_login(both)
    assert look({
        "op-list": HOME, "op-new": f"{HOME}new/", "op-edit": f"{HOME}m/bus/{draft.number}/edit/", "op-bus": f"{HOME}m/bus/?version=2",
        "op-consult": f"{HOME}m/waste-recycling/?version=2", "op-rate": f"{HOME}rates/{rate.record_id}/", "op-rate-new": f"{HOME}rates/new/",
    }, size, client) == {}  # fmt: skip


def programme_version(code: str):
    from dafeng.domains.inclusion.models import Methodology

    return Methodology.objects.get(pk=code)


def test_a_citizen_computes_on_the_phone_and_comments(browser, live_server, client, programme, person) -> None:
    ensure_demo(programme, now=timezone.now())
    client.force_login(person("citizen"))
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=live_server.url)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(HOME)
    page.get_by_role("link", name="公交出行").click()
    page.get_by_label("乘车里程（公里）").fill("5")
    page.get_by_role("button", name="计算").click()
    assert "260 克二氧化碳当量" in page.locator(".how").inner_text().replace("\n", " ")
    page.goto(f"{HOME}m/waste-recycling/?version=2")
    page.get_by_label("您的意见").fill("回收设备旁边请写明品种。")
    page.get_by_role("button", name="提交意见").click()
    assert "回收设备旁边请写明品种。" in page.locator("#comments").inner_text()
    context.close()
