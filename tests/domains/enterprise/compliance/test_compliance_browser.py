"""Compliance and the city's spot check in a real browser, at 1280 and 390 px, Chinese and English: no accessibility faults, nothing sideways."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from dafeng.domains.enterprise.models import Facility
from tests.axe import violations
from tests.domains.enterprise.compliance.conftest import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"desk": (1280, 900, "zh-CN"), "phone": (390, 844, "en-GB")}
BOARD = "/enterprise/compliance/firms/plant/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


@pytest.fixture(autouse=True)
def ledger(transactional_db: None) -> Iterator[None]:
    """Django's flush leaves the ledger alone, so a test that commits builds it anew."""
    migration = import_module("dafeng.kernel.ledger.migrations.0001_initial")

    def anew() -> None:
        with connection.schema_editor() as editor:
            migration.drop(apps, editor)
            migration.build(apps, editor)

    anew()
    yield
    anew()


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


def enter(page: Any, live_server: Any, user: Any) -> None:
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])  # fmt: skip


def check(page: Any, *addresses: str) -> None:

    for address in addresses:
        assert page.goto(address).status == 200, address
        page.wait_for_load_state("networkidle")
        found = violations(page)
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found] == [], address
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address}: {wide} px sideways"


def test_the_bureau_s_pages(page, live_server, stocked, firms, bureau, lock):
    Facility.objects.create(enterprise=firms["plant"], code="u1", name="一号", sector="power", since="2010-01-01")
    lock(firms["plant"], 2025, 500_000)
    enter(page, live_server, bureau)
    check(
        page, "/enterprise/compliance/?year=2019", "/enterprise/compliance/city/?year=2019", "/enterprise/compliance/screening/?year=2026",
        "/enterprise/compliance/calendar/", "/enterprise/compliance/prices/", "/enterprise/compliance/rules/power-2024/", f"{BOARD}?year=2019",
        f"{BOARD}2019/allocate/", "/enterprise/verification/spots/", "/enterprise/verification/bureau/",
    )  # fmt: skip
    if page.viewport_size["width"] == 1280:
        page.goto("/enterprise/compliance/city/?year=2019")
        wide = page.evaluate("[...document.querySelectorAll('main .scroll')].filter(e => e.scrollWidth > e.clientWidth).length")  # fmt: skip
        assert wide == 0, "a table of the city's page has to be scrolled at 1280 px"


def test_the_pages_on_which_the_bureau_enters_papers(page, live_server, offsets, bureau, paper):
    from dafeng.domains.enterprise.compliance import cutting, listing

    listing.enter(2025, [("plant", "power")], paper=paper(), by=bureau, now=NOW)
    cutting.for_arrears(offsets, 2019, paper=paper("豫环罚〔2022〕1 号"), by=bureau, now=NOW)
    enter(page, live_server, bureau)
    check(
        page, "/enterprise/compliance/lists/?year=2025", "/enterprise/compliance/lists/?year=2019", "/enterprise/compliance/ccer/",
        f"{BOARD}2019/trade/", f"{BOARD}2020/duty/paper/", f"{BOARD}2019/cuts/", "/enterprise/compliance/trial/?set=power-draft-2025",
        "/enterprise/compliance/trial/?set=guangdong-2021",
    )  # fmt: skip
    page.goto("/enterprise/compliance/trial/?set=power-2019")
    page.locator("button[name=do][value=more]").click()
    page.wait_for_load_state("networkidle")
    for number, name in enumerate(("u1", "u2")):
        page.locator(f"#id_form-{number}-unit").fill(name)
        page.locator(f"#id_form-{number}-class_").select_option("coal_small")
        page.locator(f"#id_form-{number}-cooling").select_option("water")
        for field, value in (("output", "1000000"), ("heat", "0"), ("heat_ratio", "0"), ("load_factor", "0.86")):
            page.locator(f"#id_form-{number}-{field}").fill(value)
    page.locator("button[name=do][value=show]").click()
    page.wait_for_load_state("networkidle")
    assert "1,958,000" in page.locator(".result").inner_text()  # twice 1e6 MWh × 0.979


def test_the_firm_s_pages_and_a_surrender_by_hand(page, live_server, stocked, clerk):
    from dafeng.domains.enterprise.models import Surrender

    enter(page, live_server, clerk)
    check(page, f"{BOARD}?year=2019", f"{BOARD}exposure/?year=2025", f"{BOARD}plan/?year=2019", f"{BOARD}what-if/")
    page.goto(f"{BOARD}?year=2019")
    form = page.locator("details.card").filter(has=page.locator("input[name=do][value=surrender]"))
    form.locator("summary").click()
    form.locator("input[name=tonnes]").fill("1000")
    form.locator("button.primary").click()
    page.wait_for_load_state("networkidle")
    made = Surrender.objects.get()
    assert (made.tonnes, made.state, made.applied_by_id) == (1000, "applied", clerk.pk)


def test_a_screened_firm_is_listed_by_hand(page, live_server, stocked, firms, bureau, lock):
    from dafeng.domains.enterprise.models import Covered

    lock(firms["plant"], 2025, 500_000)
    enter(page, live_server, bureau)
    page.goto("/enterprise/compliance/screening/?year=2026")
    page.locator("form[action$='/plant/2026/enlist/'] button").click()
    page.wait_for_load_state("networkidle")
    assert Covered.objects.filter(enterprise=firms["plant"], year=2026, sector="power").exists()
