"""The market in a real browser, as citizen, merchant, operator and enterprise: no accessibility faults, nothing sideways."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.market import (
    certificates,
    coupons,
    giving,
    neutrality,
    orders,
    products,
    purchases,
    sales,
)
from dafeng.domains.inclusion.models import Event
from tests.axe import violations

from .conftest import build_member, build_programme, grant
from .test_settlement_and_report import _cause

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def programme(db) -> Iterator[Any]:
    """With a ledger of its own: Django's flush leaves the ledger alone."""
    migration = import_module("dafeng.kernel.ledger.migrations.0001_initial")

    def anew() -> None:
        with connection.schema_editor() as editor:
            migration.drop(apps, editor)
            migration.build(apps, editor)

    anew()
    yield build_programme()
    anew()


@pytest.fixture
def open_page(browser, live_server) -> Iterator[Any]:
    pages = []

    def make(user: Any, size: str) -> Any:
        client = Client()
        client.force_login(user)
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url
        )
        context.set_default_timeout(20_000)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: None if said.text.startswith("[DOM]") or "422" in said.text else page.complaints.append(said.text))  # fmt: skip
        pages.append(page)
        return page

    yield make
    assert [each for page in pages for each in page.complaints] == []
    for page in pages:
        page.context.close()


def faults(page: Any, name: str) -> list[str]:
    if folder := os.environ.get("DAFENG_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    found = violations(page)
    said = [f"{page.url} {each['id']}: {each['nodes'][0]['html'][:140]}" for each in found]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        said.append(f"{page.url} scrolls sideways")
    return said


@pytest.fixture
def town(programme, person, merchant, spared) -> dict[str, Any]:
    """People, goods, a cause, reductions and an event, today."""
    now, today = timezone.now(), timezone.localdate()
    people = {"citizen": person(), "merchant": person("merchant", "teahouse"), "operator": person("operator"), "boss": person("enterprise", "mill"), "office": person("ecology")}  # fmt: skip
    who, firm, partner = (
        build_member(programme, people["citizen"]),
        build_member(programme, kind="firm", organisation="mill"),
        merchant(),
    )
    grant(who, 2000, month=bookkeeping.month_of(now), at=now)
    grant(firm, 500, month=bookkeeping.month_of(now), at=now)
    goods = []
    for title, price in (("毛尖一杯", 300), ("茶点双人份", 900), ("帆布茶袋", 2500)):
        values = {"title": title, "title_en": "", "summary": "现泡信阳毛尖，堂食", "terms": "到店出示券码。", "price": price, "stock": 20, "per_person": 5, "starts_on": today, "ends_on": today + timedelta(days=30), "coupon_days": 30}  # fmt: skip
        made = products.draft(partner, values, by=people["merchant"], now=now)
        products.step(made, "submit", by=people["merchant"], now=now)
        if price < 2000:
            products.step(made, "list", by=people["operator"], now=now)
        goods.append(made)
    products.offer(goods[0], title="低碳周", price=240, starts_on=today, ends_on=today, by=people["merchant"], now=now)
    giving.open_cause(programme, _cause() | {"opens_on": today}, by=None, now=now)
    first = today.replace(day=1) - timedelta(days=3)
    spared("bus", 3_000_000, now - timedelta(days=(today - first).days), who)
    purchases.aggregate(programme, f"{first:%Y-%m}", now=now)
    event = _event(people, firm, today, now)
    assert Event.objects.count() == 1
    return people | {"goods": goods, "member": who, "event": event, "firm": firm}


def _event(people: dict[str, Any], firm: Any, today: Any, now: Any) -> Any:
    from decimal import Decimal

    values = {"title": "茶文化节", "organiser": "示例企业", "venue": "浉河区", "starts_on": today, "ends_on": today, "people": 800, "plan": "优先公交。", "assessor": ""}  # fmt: skip
    rows = [{"factor": "grid", "amount": Decimal(1000), "note": "", "own_factor": None, "own_source": ""}]
    event = neutrality.draft(firm, values, rows, by=people["boss"], now=now)
    neutrality.submit(event, by=people["boss"], now=now)
    neutrality.decide(event, "register", by=people["operator"], now=now)
    bought = sales.request(firm, 2_000_000, "茶文化节", by=people["boss"], now=now)
    sales.offer(bought, price=6000, valid_until=now + timedelta(days=3), by=people["operator"], now=now)
    sales.accept(bought, by=people["boss"], now=now)
    sales.pay(bought, reference="回单", by=people["operator"], now=now)
    sales.deliver(bought, by=people["office"], now=now)
    return event


@pytest.mark.parametrize("size", SIZES)
def test_citizen_and_merchant(open_page, town, size) -> None:
    page, wrong = open_page(town["citizen"], size), []
    for name, address in (("mall", "/inclusion/mall/"), ("product", f"/inclusion/mall/{town['goods'][0].pk}/")):
        page.goto(address)
        wrong += faults(page, f"{size}-{name}")
    page.get_by_role("button", name="立即兑换").click()
    page.wait_for_url("**/mall/coupons/*/")
    wrong += faults(page, f"{size}-coupon")
    code = page.locator(".code").inner_text()
    for name, address in (("coupons", "/inclusion/mall/coupons/"), ("causes", "/inclusion/causes/"), ("cause", "/inclusion/causes/forest/"), ("rules", "/inclusion/mall/rules/")):  # fmt: skip
        page.goto(address)
        wrong += faults(page, f"{size}-{name}")
    page.goto("/inclusion/causes/forest/")
    page.get_by_label("捐多少积分").fill("100")
    page.get_by_role("button", name="捐赠", exact=True).click()
    page.get_by_role("heading", name="谢谢您").wait_for()
    wrong += faults(page, f"{size}-thanks")
    assert town["member"].orders.count() == 1
    counter = open_page(town["merchant"], size)
    counter.goto("/inclusion/counter/")
    wrong += faults(counter, f"{size}-counter")
    counter.get_by_label("券码").fill(code)
    counter.get_by_role("button", name="核销").click()
    counter.get_by_text("核销成功").wait_for()
    wrong += faults(counter, f"{size}-green")
    counter.get_by_label("券码").fill(code)
    counter.get_by_role("button", name="核销").click()
    counter.get_by_text("不能使用").wait_for()
    wrong += faults(counter, f"{size}-red")
    order = town["member"].orders.get()
    for name, address in (("goods", "goods/"), ("new", "goods/new/"), ("edit", f"goods/{town['goods'][0].pk}/"), ("orders", "orders/"), ("order", f"orders/{order.pk}/"), ("statements", "statements/")):  # fmt: skip
        counter.goto(f"/inclusion/counter/{address}")
        wrong += faults(counter, f"{size}-m-{name}")
    assert wrong == []
    assert coupons.shown(order) == ""
    assert orders.payers(order)


@pytest.mark.parametrize("size", SIZES)
def test_operator_and_enterprise(open_page, town, size) -> None:
    page, wrong = open_page(town["boss"], size), []
    where = f"/inclusion/neutral/{town['event'].record_id}/"
    for name, address in (
        ("firm", "/inclusion/firm/market/"), ("buy", "/inclusion/firm/market/purchases/new/"), ("retire", "/inclusion/firm/market/retire/"),
        ("sponsor", "/inclusion/firm/market/sponsorships/new/"), ("event-new", "/inclusion/neutral/new/"), ("event", where),
    ):  # fmt: skip
        page.goto(address)
        wrong += faults(page, f"{size}-{name}")
    page.goto(where)
    page.get_by_role("button", name="注销减排量").click()
    page.get_by_text("证书有效").wait_for()
    wrong += faults(page, f"{size}-certificate")
    operator = open_page(town["operator"], size)
    for name, address in (
        ("desk", "/inclusion/desk/market/"), ("cause-new", "/inclusion/desk/market/causes/new/"), ("sink-new", "/inclusion/desk/market/sinks/new/"),
        ("report", "/inclusion/market/report/"), ("certificates", "/inclusion/certificates/"), ("neutral", "/inclusion/neutral/"),
        ("purchase", f"/inclusion/firm/market/purchases/{town['firm'].purchases.get().record_id}/"),
    ):  # fmt: skip
        operator.goto(address)
        wrong += faults(operator, f"{size}-{name}")
    assert wrong == []
    assert certificates.checks(town["firm"].certificates.get())["serials"]
