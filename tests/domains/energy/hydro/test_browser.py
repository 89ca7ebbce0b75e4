"""Every page of the rivers on a desk and on a phone, and two in English: no accessibility fault, nothing sideways, no complaint.

`DAFENG_SHOTS=<folder>` keeps a picture of every page.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dafeng.domains.energy.models import EcoDecision, EcoWarning
from tests.axe import violations
from tests.domains.energy.control.conftest import NOW
from tests.domains.plan.browsing import SIZES, chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
browser = pytest.fixture(chromium, scope="module", name="browser")
SHOTS = os.environ.get("DAFENG_SHOTS", "")
TOUCHING = """[...document.querySelectorAll('svg.chart')].flatMap(chart => {
  const seen = [...chart.querySelectorAll('.axis')].filter(each => getComputedStyle(each).display !== 'none')
    .map(each => [each.textContent, each.getBoundingClientRect()]);
  const edge = chart.getBoundingClientRect();
  return seen.flatMap(([a, x], i) => [
    ...(x.left < edge.left - 1 || x.right > edge.right + 1 ? [a + ' leaves the box'] : []),
    ...seen.slice(i + 1).filter(([b, y]) => x.left < y.right && y.left < x.right && x.top + 3 < y.bottom && y.top + 3 < x.bottom).map(([b]) => a + ' ' + b),
  ]);
})"""
STATION = {"station": "demo-hydro-2"}


@pytest.fixture
def shown(transactional_db: None, demo: Any, person: Any, monkeypatch: Any) -> Any:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    return person("ndrc", username="looks")


def addresses() -> dict[str, str]:
    named = (
        "",
        "-forecasts",
        "-register",
        "-gauges",
        "-upload",
        "-ecology",
        "-warnings",
        "-notices",
        "-pumped",
        "-new",
        "-rivers",
        "-river-new",
        "-gauge-new",
    )
    found = {f"hydro{name}": reverse(f"energy:hydro{name}") for name in named}
    found |= {f"station{name}": reverse(f"energy:hydro-{name[1:] or 'station'}", kwargs=STATION) for name in ("", "-edit", "-points", "-threshold", "-forecast")}  # fmt: skip
    warning, decision = EcoWarning.objects.first(), EcoDecision.objects.first()
    assert warning
    assert decision
    return found | {
        "river-edit": reverse("energy:hydro-river-edit", kwargs={"river": "demo-brook"}),
        "gauge-edit": reverse("energy:hydro-gauge-edit", kwargs={"gauge": "demo-gauge-1"}),
        "gauge-points": reverse("energy:hydro-gauge-points", kwargs={"gauge": "demo-gauge-1"}),
        "pumped-station": reverse("energy:hydro-pumped-station", kwargs={"station": "daping"}),
        "warning": reverse("energy:hydro-warning", kwargs={"id": warning.pk}),
        "decision": reverse("energy:hydro-decision", kwargs={"id": decision.record_id}),
    }


@pytest.mark.parametrize(("size", "language"), [("desk", "zh-CN"), ("phone", "zh-CN"), ("desk", "en-GB")])
def test_no_page_has_a_fault(browser: Any, live_server: Any, shown: Any, size: str, language: str) -> None:
    width, height = SIZES[size]
    client = Client()
    client.force_login(shown)
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=language, base_url=live_server.url
    )
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda said: None if said.text.startswith("[DOM]") else wrong.append(said.text))
    pages = addresses()
    if language != "zh-CN":
        pages = {name: pages[name] for name in ("hydro", "station")}
    for name, address in pages.items():
        answer = page.goto(address)
        if answer.status != 200:
            wrong.append(f"{name} answers {answer.status}")
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/hydro-{name}-{size}-{language}.png", full_page=True)
        seen = violations(page)
        wrong += [f"{name}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in seen]
        wrong += [f"{name}: words on one another: {each}" for each in page.evaluate(TOUCHING)]
        if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            wrong.append(f"{name} scrolls sideways")
    context.close()
    assert wrong == []
