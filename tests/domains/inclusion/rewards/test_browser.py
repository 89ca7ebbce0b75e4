"""A citizen applies on a phone, the ecology office approves, the reform commission pays; and every page without a fault.

`DAFENG_SHOTS=<folder>` keeps a picture of every page.
"""

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

from dafeng.domains.inclusion.models import Award
from dafeng.domains.inclusion.rewards import awards
from tests.axe import violations
from tests.domains.inclusion.rewards.conftest import RESULT, TRIPS, Office
from tests.domains.plan.browsing import SIZES, chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
browser = pytest.fixture(chromium, scope="module", name="browser")
SHOTS = os.environ.get("DAFENG_SHOTS", "")
Y = timezone.localdate  # the year of the test's own day: rules begin with it


@pytest.fixture
def office(transactional_db: None) -> Iterator[Office]:
    """Django's flush leaves the ledger alone, so a test that commits builds it anew."""
    migration = import_module("dafeng.kernel.ledger.migrations.0001_initial")

    def anew() -> None:
        with connection.schema_editor() as editor:
            migration.drop(apps, editor)
            migration.build(apps, editor)

    anew()
    yield Office()
    anew()


class Screen:
    """A person's browser: goes, looks for faults, keeps a picture."""

    def __init__(self, browser: Any, live_server: Any, user: Any, size: str) -> None:
        width, height = SIZES[size]
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url
        )
        self.context.set_default_timeout(20_000)
        if user is not None:
            client = Client()
            client.force_login(user)
            self.context.add_cookies(
                [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
            )
        self.page, self.size, self.wrong = self.context.new_page(), size, list[str]()
        self.page.on("console", lambda said: None if said.text.startswith("[DOM]") else self.wrong.append(said.text))

    def look(self, name: str, address: str = "") -> Any:
        if address:
            answer = self.page.goto(address)
            if answer.status != 200:
                self.wrong.append(f"{address} answers {answer.status}")
        seen = violations(self.page)
        self.wrong += [f"{name}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in seen]
        if not self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            self.wrong.append(f"{name} scrolls sideways")
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SHOTS}/{name}-{self.size}.png", full_page=True)
        return self.page


def test_a_citizen_applies_by_phone_and_two_offices_approve_and_pay(
    browser: Any, live_server: Any, office: Office
) -> None:
    office.money(10**6, now=timezone.now())
    office.rule(TRIPS, code="trips", title="绿色出行奖励（试验）", valid_from=Y().replace(month=1, day=1))
    member = office.member()
    for _each in range(3):
        office.trip(member, at=timezone.now() - timedelta(hours=5))
    citizen = Screen(browser, live_server, member.user, "phone")
    page = citizen.look("mine-empty", "/inclusion/rewards/mine/")
    page.get_by_role("button", name="改为得奖励资金").click()
    citizen.look("mine-money")
    page = citizen.look("rewards", "/inclusion/rewards/")
    page.get_by_role("link", name="绿色出行奖励（试验）").click()
    citizen.look("rule")
    page.get_by_role("link", name="申请", exact=True).click()
    page.get_by_label("收款人").fill("张三")
    page.get_by_label("开户行").fill("中国农业银行信阳分行")
    page.get_by_label("收款账号").fill("6228480000000000018")
    citizen.look("apply")
    page.get_by_role("button", name="提交申请").click()
    assert "核对金额 1.50 元" in page.inner_text("main")
    citizen.look("award-sent")
    award = Award.objects.get()
    where = f"/inclusion/rewards/awards/{award.pk}/"

    def take(role: str, step: str, name: str) -> Screen:
        found = Screen(browser, live_server, office.person(role), "desk")
        found.look(name, where).get_by_role("button", name=step, exact=True).click()
        return found

    desks = [
        take("operator", "初审通过", "award-check"),
        take("ecology", "审定", "award-approve"),
        take("ndrc", "公示", "award-publish"),
    ]
    page = citizen.look("award-published", where)
    assert "公示至" in page.inner_text("main")
    later = timezone.now() + timedelta(days=6)
    awards.move(Award.objects.get(), "release", by=office.person("ndrc"), now=later)
    ndrc = desks[-1]
    page = ndrc.look("payments", "/inclusion/rewards/desk/payments/")
    page.get_by_role("button", name="制成拨付清单").click()
    ndrc.look("payment-drawn")
    assert page.get_by_role("button", name="复核").count() == 0
    second = Screen(browser, live_server, office.person("ndrc", 2), "desk")
    page = second.look("payment-approve", ndrc.page.url.removeprefix(live_server.url))
    page.get_by_role("button", name="复核").click()
    page.get_by_role("button", name="登记已支付").click()
    second.look("payment-settled")
    assert "国库已支付" in citizen.look("award-paid", where).inner_text("main")
    assert [each.wrong for each in (citizen, *desks, second)] == [[]] * 5


@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_accessible_and_fits_the_screen(
    browser: Any, live_server: Any, office: Office, size: str
) -> None:
    now = timezone.now()
    office.money(10**6, now=now)
    rule = office.rule(
        RESULT | {"exclusive_with": ["other"]},
        valid_from=Y().replace(month=1, day=1),
        title="建筑垃圾再生利用以奖代补（试验）",
    )
    office.rule(RESULT, code="other", valid_from=Y().replace(month=1, day=1))
    firm = office.firm()
    bad = office.apply(rule, firm, {"mass": "20", "site": "外地", "livelihood": "否"}, subject="外地项目", now=now)
    returned = office.step(
        office.apply(rule, firm, subject="乙项目", now=now), "return", reason="请补充第三方检测报告", now=now
    )
    shown = office.step(office.apply(rule, firm, subject="示范项目", now=now), "check", "approve", "publish", now=now)
    waiting = office.step(office.apply(rule, office.firm(2), now=now), "check", now=now)
    from dafeng.domains.inclusion.rewards import budgets

    budgets.appropriate(
        office.budget, year=2026, fen=5 * 10**7, document="试验下达文件第 2 号", by=office.person("ndrc"), now=now
    )
    root = "/inclusion/rewards/"
    own = {
        "rewards": root, "rule-result": f"{root}rules/recycling/1/", "apply-result": f"{root}rules/recycling/1/apply/",
        "mine": f"{root}mine/", "award-bad": f"{root}awards/{bad.pk}/", "award-returned": f"{root}awards/{returned.pk}/",
        "mend": f"{root}awards/{returned.pk}/mend/", "award-shown": f"{root}awards/{shown.pk}/",
    }  # fmt: skip
    desk = {
        "desk": f"{root}desk/", "rules": f"{root}desk/rules/", "budgets": f"{root}desk/budgets/", "award-waits": f"{root}awards/{waiting.pk}/",
    }  # fmt: skip
    users = {"owner": (office.owner(firm), own), "ndrc": (office.person("ndrc", 2), desk)}
    users["operator"] = (office.person("operator"), {"rule-form": f"{root}desk/rules/new/"})
    users["public"] = (None, {"rewards-public": root})
    for user, pages in users.values():
        screen = Screen(browser, live_server, user, size)
        for name, address in pages.items():
            screen.look(name, address)
        assert screen.wrong == []
