"""The citizen's pages in a real browser, on a phone and on a desk: no accessibility faults, no sideways scrolling, a gift by thumb.

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
from django.utils import timezone

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.members import accounts, challenges, circles, gifts
from dafeng.domains.inclusion.models import Challenge, Event, Member, Programme
from tests.axe import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"phone": (390, 844), "desk": (1280, 900)}
SHOTS = os.environ.get("DAFENG_SHOTS", "")


@pytest.fixture
def clock() -> None:
    """In the browser the clock goes: its cookies must not have run out."""


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def programme(fresh_ledger) -> Programme:
    counties = {"411502": ["浉河区", "Shihe"], "411503": ["平桥区", "Pingqiao"]}
    made = Programme.objects.create(code="411500", city="信阳市", city_en="Xinyang", counties=counties)
    bookkeeping.ensure_assets(now=timezone.now() - timedelta(days=120))
    return made


@pytest.fixture
def citizen(programme, person, join, scene, act):
    """A member in a family, a team and a challenge, with events of all states."""
    now = timezone.now()
    long_ago = now - timedelta(days=60)
    user = person("citizen")
    member, mate, friend = join(user, now=long_ago), join(now=long_ago), join(now=long_ago)
    bus, bike, reuse = (
        scene("bus", title="公交出行"),
        scene("bike", title="共享单车骑行"),
        scene("reuse", "recycling", title="旧衣回收"),
    )
    accounts.bind(member, bus.partner, now=now)
    family, code = circles.make(member, "family", name="茶乡一家", nickname="小茶", now=long_ago)
    circles.join(mate, code, nickname="茶妈", now=long_ago)
    team, code = circles.make(member, "team", name="豫南骑行队", nickname="小茶", now=long_ago)
    for number, other in enumerate((mate, friend)):
        circles.join(other, code, nickname=f"队友{number}", now=long_ago)
    for day in range(50, 0, -2):
        act(member, bus if day % 4 else bike, grams=180 + day, points=1 + day % 3, at=now - timedelta(days=day))
    act(member, reuse, grams=5400, points=54, at=now - timedelta(days=9))
    act(mate, bus, grams=900, points=9, at=now - timedelta(days=3))
    act(member, bus, grams=420, points=4, at=now - timedelta(minutes=5))
    act(member, bus, grams=80, points=8, at=now - timedelta(minutes=4), state=Event.State.HELD)
    refused = act(member, bike, grams=0, at=now - timedelta(minutes=3), state=Event.State.REFUSED)
    Event.objects.filter(pk=refused.pk).update(reason="scene_unknown")
    gifts.give(mate, member, 5, key="g", now=now)
    today = timezone.localdate(now)
    challenge = Challenge.objects.create(
        programme=programme, title="绿色出行挑战赛", groups=["travel"], starts_on=today - timedelta(days=20),
        ends_on=today + timedelta(days=10), target_grams=20_000,
    )  # fmt: skip
    challenges.enter(challenge, team, member, today=today, now=now)
    return user, member, family, team, challenge


def wrong_of(browser, live_server, client, addresses, size: str, name: str) -> dict[str, list[str]]:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url)
    if "sessionid" in client.cookies:
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page, found = context.new_page(), {}
    page.on(
        "console",
        lambda said: None if said.text.startswith("[DOM]") else found.setdefault("console", []).append(said.text),
    )
    for number, address in enumerate(addresses):
        page.goto(f"/inclusion/{address}")
        seen = violations(page)
        wrong = [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in seen]
        if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            wrong.append("scrolls sideways")
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{number:02}-{size}.png", full_page=size == "desk")
        if wrong:
            found[address] = wrong
    context.close()
    return found


@pytest.mark.parametrize("size", list(SIZES))
def test_the_member_s_pages_are_accessible_and_fit_the_screen(browser, live_server, client, citizen, size) -> None:
    user, member, family, team, challenge = citizen
    client.force_login(user)
    event = member.events.order_by("pk").first()
    addresses = [
        "", "me/", "me/events/", f"me/events/{event.pk}/", "me/statement/", "me/level/", "me/year/", "me/bindings/",
        "me/bindings/p-bus/", "me/bindings/p-bike/", "me/consents/", "me/data/", "me/together/", f"me/together/{family.pk}/",
        f"me/together/{team.pk}/", "me/code/", "me/challenges/", f"me/challenges/{challenge.pk}/",
    ]  # fmt: skip
    assert wrong_of(browser, live_server, client, addresses, size, "member") == {}


@pytest.mark.parametrize("size", list(SIZES))
def test_the_public_page_joining_and_the_firm_s_pages(browser, live_server, client, programme, person, size) -> None:
    assert wrong_of(browser, live_server, client, [""], size, "public") == {}
    boss = person("enterprise", organisation="cement")
    client.force_login(boss)
    assert wrong_of(browser, live_server, client, ["me/join/", "firm/join/"], size, "join") == {}
    firm = Member.objects.create(
        programme=programme, kind="firm", organisation="cement", county="411502", joined_at=timezone.now()
    )
    circles.Circle.objects.create(
        programme=programme, kind="team", name="员工队", invitation="h", firm=firm, made_at=timezone.now()
    )
    assert wrong_of(browser, live_server, client, ["firm/", "firm/statement/", "firm/credit/"], size, "firm") == {}


def test_a_citizen_gives_points_with_the_thumb_and_sees_the_receipt(browser, live_server, client, citizen) -> None:
    user, _member, family, _team, _challenge = citizen
    client.force_login(user)
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=live_server.url, has_touch=True
    )
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"/inclusion/me/together/{family.pk}/")
    page.get_by_label("积分", exact=True).fill("7")
    page.get_by_role("button", name="送出").tap()
    page.get_by_text("已送给 茶妈 7 积分").wait_for()
    page.get_by_role("link", name="明细").first.tap()
    page.wait_for_url("**/me/statement/")
    assert "赠送给 茶妈" in page.locator(".receipts li").first.inner_text()
    # The bar lies at the lower edge and covers nothing of what ends above it.
    bar = page.locator(".dock").bounding_box()
    assert round(bar["y"] + bar["height"]) == 844
    assert bar["height"] >= 44
    context.close()
