"""The operator, an office, a citizen and the public in a real browser, at 1280 and 390 px: no accessibility faults, nothing sideways."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from dafeng.domains.inclusion.models import Case, Event
from dafeng.domains.inclusion.operations import campaigns, cases, complaints, corrections, partners, recognition
from tests.axe import violations
from tests.domains.inclusion.operations.conftest import NOW, PINGQIAO

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"desk": (1280, 900), "phone": (390, 844)}
SPEED = ["speed", 60, {"kmh": 140, "most": 60}]
JUMP = ["jump", 30, {"km": 85.2, "minutes": 12, "other": 1}]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


@pytest.fixture(params=SIZES)
def page(request, browser, live_server) -> Iterator[Any]:
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url)
    context.set_default_timeout(20_000)
    opened = context.new_page()
    opened.size, opened.complaints = request.param, []
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
        assert page.goto(f"/inclusion/{address}").status == 200, address
        page.wait_for_load_state("networkidle")
        if folder := os.environ.get("DAFENG_SCREENS"):
            page.screenshot(path=f"{folder}/{address.strip('/').replace('/', '-')}-{page.size}.png", full_page=True)
        found = violations(page)
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found] == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address


@pytest.fixture
def fresh_ledger(transactional_db) -> Iterator[None]:
    """Django's flush leaves the ledger alone, so a test that commits builds it anew."""
    migration = import_module("dafeng.kernel.ledger.migrations.0001_initial")
    with connection.schema_editor() as editor:
        migration.drop(apps, editor)
        migration.build(apps, editor)
    yield
    with connection.schema_editor() as editor:
        migration.drop(apps, editor)
        migration.build(apps, editor)


@pytest.fixture
def world(fresh_ledger, programme, member, act, scene, partner, operator, ndrc, person, paper):
    """A day with something of everything."""
    bus, bottle = scene("bus"), scene("bottle", "recycling")
    for number in range(24):
        one = member(county=PINGQIAO if number % 2 else "411502")
        act(one, bus, at=NOW - timedelta(days=40 - number))
        act(one, bottle, at=NOW - timedelta(days=12), grams=800, points=8)
    citizen = member(person())
    held = [act(citizen, bus, state=Event.State.HELD, findings=[SPEED, JUMP]) for _ in range(2)]
    wrong = act(citizen, bus)
    cases.gather(now=NOW)
    agreement = partners.draft(bus.partner, by=operator, now=NOW)
    partners.fill(agreement, number="XTP-2026-01", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 1), contact="", asks="刷码数据", documents=[paper(operator)], by=operator, now=NOW)  # fmt: skip
    partners.step(agreement, "sign", by=operator, now=NOW)
    platform = partner("neighbour", kind="platform", name="示例邻市平台")
    row = {"theirs": "公交出行", "ours": "bus", "factor": "0.05", "our_factor": "0.06", "unit": "kgCO2e/km"}
    recognised = recognition.draft(platform, mapping=[row], rate_note="按本市折算率", monthly_cap=300, basis="互认备忘录", valid_from=date(2026, 11, 1), valid_until=date(2027, 10, 31), by=operator, now=NOW)  # fmt: skip
    recognition.move(recognised, "adopt", by=ndrc, now=NOW, reason="同意")
    campaign = campaigns.draft(programme, scenes=[bus], by=operator, now=NOW, code="week", title="绿色出行周", text="多坐一次公交。", starts_on=date(2026, 11, 20), ends_on=date(2026, 11, 30))  # fmt: skip
    campaigns.publish(campaign, by=ndrc, now=NOW)
    return {
        "citizen": citizen, "held": held, "wrong": wrong, "operator": operator, "ndrc": ndrc,
        "complaint": complaints.receive(programme, about="scene", scene=bus, text="昨天坐公交刷了码，积分没有到", key="k", by=citizen.user, now=NOW - timedelta(days=16)),
        "correction": corrections.propose(wrong, reason="公交公司重复报送", by=operator, now=NOW),
        "partner": bus.partner.code,
    }  # fmt: skip


def test_the_public_sees_figures_systems_campaigns_and_recognition(page, world) -> None:
    check(page, "open/", "systems/", "campaigns/", "campaigns/week/", "recognition/")


def test_the_operator_works_through_the_day(page, world, enter) -> None:
    enter(page, world["operator"])
    case = Case.objects.get()
    check(
        page, "console/", "partners/", f"partners/{world['partner']}/", "risk/", f"risk/{case.pk}/", "corrections/",
        "corrections/new/", f"corrections/{world['correction'].pk}/", "complaints/desk/", f"complaints/{world['complaint'].pk}/",
        "campaigns/new/", "recognition/new/",
    )  # fmt: skip
    page.goto(f"/inclusion/risk/{case.pk}/")
    page.get_by_label("不予采信").first.check()
    page.get_by_label("理由").fill("车速不可能")
    page.get_by_role("button", name="决定").click()
    page.get_by_text("已决定，会员已收到通知").wait_for()


def test_a_citizen_appeals_and_an_office_decides(page, world, enter) -> None:
    case, citizen = Case.objects.get(), world["citizen"]
    seen = [each.pk for each in world["held"]]
    cases.decide(case, seen=seen, rejected=seen, reason="车速不可能", by=world["operator"], now=NOW)
    enter(page, citizen.user)
    check(page, f"acts/{seen[0]}/appeal/", "complaints/", "complaints/new/", f"complaints/{world['complaint'].pk}/")
    page.goto(f"/inclusion/acts/{seen[0]}/appeal/")
    page.get_by_label("申诉内容").fill("那天坐的是高铁接驳车")
    page.get_by_role("button", name="提交申诉").click()
    page.get_by_text("申诉已提交").wait_for()
    enter(page, world["ndrc"])
    check(page, f"risk/{case.pk}/", f"corrections/{world['correction'].pk}/", "console/")
    page.goto(f"/inclusion/risk/{case.pk}/")
    page.get_by_label("理由").fill("有车票为证")
    page.get_by_role("button", name="改判，补发积分").click()
    page.get_by_text("申诉已决定").wait_for()
    page.goto(f"/inclusion/corrections/{world['correction'].pk}/")
    page.get_by_role("button", name="批准冲正").click()
    page.get_by_text("已冲正").first.wait_for()
