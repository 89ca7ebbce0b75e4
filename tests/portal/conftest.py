"""A small city for all portal tests (pages and API are about showing, not about computing), and a browser to look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.axe import violations

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ROWS = [
    # Shihe burns gas; Pingqiao keeps rice; the city at large is unknown for the rest.
    {"category": "1A4b1", "item": "natural_gas", "place": "411502", "year": 2020, "value": 100.0, "unit": "万立方米"},
    {"category": "1A4b1", "item": "natural_gas", "place": "411502", "year": 2021, "value": 120.0, "unit": "万立方米"},
    {
        "category": "3C7",
        "item": "rice",
        "technology": "single",
        "place": "411503",
        "year": 2021,
        "value": 2.0,
        "unit": "万公顷",
    },
]

# A browser that speaks to nobody but the page's own server.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def city():
    from dafeng import cities
    from dafeng.domains.inventory import services

    pack = cities.load_pack("xinyang")
    return services.ensure_city(
        "411500", "信阳市", "Xinyang", "xinyang",
        counties={code: list(names) for code, names in pack.counties.items()},
        boundary=pack.boundary,
    )  # fmt: skip


@pytest.fixture
def open_city(city):
    """The city's public page."""
    from dafeng.domains.disclosure import services

    return services.ensure_city(
        city.code, city.name, city.name_en,
        counties=city.counties, boundary=city.boundary, boundary_note=city.boundary_note,
    )  # fmt: skip


@pytest.fixture
def plan_city(city):
    """The city as one with plans."""
    from dafeng.domains.plan.services.city import ensure_city

    return ensure_city(city.code, city.name, city.name_en, counties=city.counties)


@pytest.fixture(scope="session")
def compiled() -> Callable[[pytest.MonkeyPatch], None]:
    """Lets the small city be calculated once: its rows are the same in every test, and what is calculated of them is pure."""
    from dafeng.domains.inventory import services, storage

    calculate, tabulate = services.compile_inventory, storage.tables_of
    inventories: dict[str, Any] = {}
    tables: dict[int, Any] = {}

    def inventory(activity: pl.DataFrame, own: pl.DataFrame, **options: Any) -> Any:
        key = repr((activity.write_json(), own.write_json(), sorted(options.items())))
        if key not in inventories:
            inventories[key] = calculate(activity, own, **options)
        return inventories[key]

    def tables_of(found: Any, place: str, statistics: Any, balance: pl.DataFrame) -> Any:
        assert (place, statistics, balance.height) == ("411500", None, 0)
        if id(found) not in tables:
            tables[id(found)] = tabulate(found, place, statistics, balance)
        return deepcopy(tables[id(found)])

    def remember(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(services, "compile_inventory", inventory)
        patch.setattr(storage, "tables_of", tables_of)

    return remember


@pytest.fixture
def run(city, compiled):
    from dafeng.domains.inventory import services

    rows = pl.DataFrame(ROWS, infer_schema_length=None).with_columns(
        pl.col("technology").fill_null(""), pl.lit("statistic").alias("basis"), pl.lit("试验数据").alias("source")
    )
    services.load_batch(city, rows, title="试验批次", source="pack", by=None, now=NOW)
    with pytest.MonkeyPatch.context() as patch:
        compiled(patch)
        return services.compile_city(city, edition="gl2025", gwp="AR5", by=None, now=NOW)


@pytest.fixture
def person(city):
    """Makes a person with a role at the city."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = ""):
        user = User.objects.create_user(username or role, password="a-long-test-password")
        office, _ = Organisation.objects.get_or_create(code=role, defaults={"name": role})
        Membership.objects.create(user=user, organisation=office, role=role, place=city.code)
        return user

    return make


@pytest.fixture
def clerk(client, run, person):
    client.force_login(person("statistics"))
    return client


@pytest.fixture
def other(client, run, person):
    """A second clerk in a browser of their own."""
    from django.test import Client

    found = Client()
    found.force_login(person("ecology"))
    return found


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def ecology(person):
    return person("ecology")


@pytest.fixture
def signed_in(client, ecology):
    client.force_login(ecology)
    return client


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def open_page(browser, live_server) -> Iterator[Callable[..., Any]]:
    """Opens a page on a screen of `SIZES`, signed in as a test client is; `named` goes to the browser's context.

    What a page fetches from elsewhere (`foreign`) and what its console says (`complaints`) fails the test.
    """
    pages = []

    def make(size: str = "desk", *, client: Any = None, **named: Any) -> Any:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url, **named
        )
        context.set_default_timeout(20_000)
        if client is not None:
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.foreign, page.complaints = [], []
        own = (live_server.url, "data:")
        page.on("request", lambda asked: None if asked.url.startswith(own) else page.foreign.append(asked.url))
        # What begins with [DOM] is the browser's advice on fields that password managers would like, not a fault.
        page.on("console", lambda said: None if said.text.startswith("[DOM]") else page.complaints.append(said.text))
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.context.close()
    assert [each for page in pages for each in (*page.foreign, *page.complaints)] == []


@pytest.fixture(params=SIZES)
def page(request, open_page):
    """A visitor's page, on a desk and on a phone."""
    return open_page(request.param)


def faults(page: Any) -> list[str]:
    """What keeps people from using a page: accessibility faults, and text that must be scrolled sideways."""

    found = violations(page)
    sideways = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    said = [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]
    return said + ["the page is wider than the screen"] * sideways
