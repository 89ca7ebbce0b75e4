"""The monitoring pages on a desk and on a phone: no accessibility fault, nothing sideways, no complaint; a point from years to hours.

`DAFENG_SHOTS=<folder>` keeps a picture of every page.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.test import Client
from django.utils import timezone

from dafeng.domains.energy.models import Anomaly, Meter
from dafeng.domains.energy.monitoring import demo
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.series import ingest, releasing
from dafeng.kernel.series.models import Device, Quarantine
from tests.axe import violations
from tests.domains.energy.monitoring.conftest import FIRMS, NOW
from tests.domains.plan.browsing import SIZES, chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
browser = pytest.fixture(chromium, scope="module", name="browser")
SHOTS = os.environ.get("DAFENG_SHOTS", "")
PAGES = ("", "flows/", "points/", "forecast/", "baseline/", "advice/", "model/", "model/edit/node/", "model/edit/link/", "model/upload/", "output/", "equipment/")  # fmt: skip


@pytest.fixture
def shown(transactional_db: None, person: Any, monkeypatch: Any) -> Any:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    enterprises.ensure("411500", FIRMS, demo=True)
    assert demo.ensure_demo("411500", now=NOW)
    return person("ndrc", username="looks")


def _context(browser: Any, live_server: Any, user: Any, size: str) -> Any:
    width, height = SIZES[size]
    client = Client()
    client.force_login(user)
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url)
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    return context


def _look(page: Any, addresses: list[str], size: str) -> list[str]:
    """What is wrong with these pages."""
    wrong = list[str]()
    page.on("console", lambda said: None if said.text.startswith("[DOM]") else wrong.append(said.text))
    for address in addresses:
        answer = page.goto(address)
        if answer.status != 200:
            wrong.append(f"{address} answers {answer.status}")
        seen = violations(page)
        wrong += [f"{address}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in seen]
        if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            wrong.append(f"{address} scrolls sideways")
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            name = address.removeprefix("/energy/monitoring/").split("?")[0].strip("/").replace("/", "-") or "firms"
            page.screenshot(path=f"{SHOTS}/{name}-{size}.png", full_page=True)
    return wrong


@pytest.mark.parametrize("size", SIZES)
def test_no_page_has_a_fault(browser: Any, live_server: Any, shown: Any, size: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(releasing, "READINGS_AT_ONCE", 0)
    held = Quarantine.objects.filter(reason="unknown_point").first()
    assert releasing.release_alike(held, by=shown, now=NOW).active  # its page shows the job
    context = _context(browser, live_server, shown, size)
    page = context.new_page()
    addresses = [f"/energy/monitoring/textile-demo/{name}" for name in PAGES]
    addresses += ["/energy/monitoring/", "/energy/monitoring/enrol/", "/energy/monitoring/rating/", "/energy/monitoring/quarantine/", "/energy/monitoring/anomalies/"]  # fmt: skip
    addresses.append(f"/energy/monitoring/anomalies/{Anomaly.objects.first().pk}/")
    addresses.append(f"/energy/monitoring/quarantine/{held.pk}/")
    wrong = _look(page, addresses, size)
    assert Job.objects.filter(kind="energy.monitoring.forecast", state=Job.State.QUEUED).exists()
    page.goto("/energy/monitoring/textile-demo/forecast/")
    if "正在后台训练" not in page.content():
        wrong.append("the forecast page does not say that its model is still being trained")
    context.close()
    assert wrong == []


@pytest.mark.parametrize("size", SIZES)
def test_no_page_of_points_and_devices_has_a_fault(browser: Any, live_server: Any, shown: Any, size: str) -> None:
    context = _context(browser, live_server, shown, size)
    code = Meter.objects.first().point.code
    gateway = Device.objects.first().code
    names = ("", "new/", f"cards/{code}/", f"cards/{code}/edit/", f"cards/{code}/fact/?name=unit", "devices/", f"devices/{gateway}/", "upload/")  # fmt: skip
    held = Quarantine.objects.get(organisation="textile-demo", reason="unit_changed")
    addresses = [f"/energy/points/{name}" for name in names]
    addresses.append(f"/energy/monitoring/quarantine/{held.pk}/")
    assert _look(context.new_page(), addresses, size) == []
    context.close()


def test_five_years_of_quarter_hours_zoom_to_two_hours_without_freezing(
    browser: Any, live_server: Any, shown: Any
) -> None:
    """175,000 readings of one point: every span is drawn of at most a few hundred points, and the page answers clicks at once."""
    meter = Meter.objects.get(point__code="textile-demo-main")
    count = 5 * 365 * 96
    start = NOW - timedelta(minutes=15 * count)
    frame = pl.DataFrame({"point": [meter.point_id] * count, "value": [10.0 + number % 96 for number in range(count)]})
    at = pl.datetime_range(start, start + timedelta(minutes=15 * (count - 1)), "15m", time_zone="UTC", eager=True)
    ingest.receive(frame.with_columns(at=at, arrived=at), source="simulated", key="years", now=NOW, owner="test")
    context = _context(browser, live_server, shown, "desk")
    page = context.new_page()
    page.goto("/energy/monitoring/textile-demo/points/?point=textile-demo-main&span=5y")
    for _step in range(5):  # 5y → 1 year → 1 month → 1 week → 1 day → 2 hours
        begun = time.perf_counter()
        page.get_by_role("link", name="放大", exact=True).click()
        page.wait_for_load_state("domcontentloaded")
        assert len(page.content()) < 200_000, page.url
        assert page.evaluate("document.querySelectorAll('svg *').length") < 1500, page.url
        assert page.evaluate("new Promise(done => { const t = performance.now(); requestAnimationFrame(() => done(performance.now() - t)) })") < 1000  # fmt: skip
        assert time.perf_counter() - begun < 30, page.url
    assert "span=2h" in page.url
    context.close()
