"""Every page of plants on a desk and on a phone: no accessibility fault, nothing sideways, no complaint.

`DAFENG_SHOTS=<folder>` keeps a picture of every page.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dafeng.domains.energy.models import CapacityChange
from dafeng.domains.energy.plants import demo
from tests.axe import violations
from tests.domains.energy.plants.conftest import CITY, NOW
from tests.domains.plan.browsing import SIZES, chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
browser = pytest.fixture(chromium, scope="module", name="browser")
SHOTS = os.environ.get("DAFENG_SHOTS", "")


@pytest.fixture
def shown(transactional_db: None, city: Any, person: Any) -> Any:
    """The demonstration, and who looks at it."""
    for name, role in (("ndrc", "ndrc"), ("housing", "department")):
        user = person(role, username=name)
        type(user).objects.filter(pk=user.pk).update(demo=True)
    demo.ensure_demo(CITY, now=NOW)
    return person("ndrc", username="looks")


def addresses() -> dict[str, str]:
    named = ("plants", "plants-board", "plants-storage", "plants-new", "plants-total", "plants-rule", "plants-upload")
    found = {name: reverse(f"energy:{name}") for name in named}
    found |= {f"card-{code}": reverse("energy:plants-card", kwargs={"plant": f"demo-{code}"}) for code in ("wind-1", "wind-2", "sun-1", "store-2")}  # fmt: skip
    found |= {f"plants-{name}": reverse(f"energy:plants-{name}", kwargs={"plant": "demo-sun-1"}) for name in ("change", "month", "lease")}  # fmt: skip
    waiting = CapacityChange.objects.filter(record__state="filed").get()
    whole = CapacityChange.objects.exclude(pk=waiting.pk).first()
    assert whole
    return found | {
        "record": reverse("energy:plants-record", kwargs={"id": waiting.record_id}),
        "record-import": reverse("energy:plants-record", kwargs={"id": whole.record_id}),
        "board-pv": reverse("energy:plants-board") + "?group=pv&year=2025",
    }


@pytest.mark.parametrize("size", SIZES)
def test_no_page_has_a_fault(browser: Any, live_server: Any, shown: Any, size: str) -> None:
    width, height = SIZES[size]
    client = Client()
    client.force_login(shown)
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url)
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda said: None if said.text.startswith("[DOM]") else wrong.append(said.text))
    for name, address in addresses().items():
        answer = page.goto(address)
        if answer.status != 200:
            wrong.append(f"{name} answers {answer.status}")
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/{name}-{size}.png", full_page=True)
        seen = violations(page)
        wrong += [f"{name}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in seen]
        if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            wrong.append(f"{name} scrolls sideways")
    context.close()
    assert wrong == []
