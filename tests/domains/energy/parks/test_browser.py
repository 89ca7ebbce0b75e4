"""Every page of parks on a desk and on a phone: no accessibility fault, nothing sideways, no complaint.

`DAFENG_SHOTS=<folder>` keeps a picture of every page.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dafeng.domains.energy.models import HeatMatch
from dafeng.domains.energy.parks import demo
from dafeng.kernel.enterprises.models import Enterprise
from tests.axe import violations
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW
from tests.domains.plan.browsing import SIZES, chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
browser = pytest.fixture(chromium, scope="module", name="browser")
SHOTS = os.environ.get("DAFENG_SHOTS", "")
AT = {"park": "huangchuan-park-demo"}


@pytest.fixture
def shown(transactional_db: None, city: Any, person: Any) -> Any:
    """The demonstration, and somebody of the carbon office."""
    for name, role in (("ndrc", "ndrc"), ("ecology", "ecology"), ("housing", "department")):
        user = person(role, username=name)
        type(user).objects.filter(pk=user.pk).update(demo=True)
    for code, name in (
        ("heat-demo", "示例园区热电"),
        ("food-demo", "示例食品"),
        ("cold-store-demo", "示例冷链物流"),
        ("textile-demo", "示例纺织"),
        ("cement-demo", "示例水泥有限公司（演示）"),
        ("steel-demo", "示例钢铁有限公司（演示）"),
        ("tea-demo", "示例毛尖茶业有限公司（演示）"),
    ):
        Enterprise.objects.create(code=code, name=name, place=GUSHI, city=CITY, organisation=code, demo=True)
    demo.ensure_demo(CITY, now=NOW)
    return person("ndrc", username="looks")


def addresses() -> dict[str, str]:
    found = {
        name: reverse(f"energy:{name}")
        for name in (
            "parks",
            "parks-progress",
            "parks-heat-map",
            "parks-upload",
            "parks-outside",
            "parks-outside-upload",
        )
    }
    found |= {
        f"parks-{name}": reverse(f"energy:parks-{name}", kwargs=AT) for name in ("board", "flows", "heat", "materials")
    }
    found |= {
        f"parks-file-{what}": reverse("energy:parks-file", kwargs=AT | {"what": what})
        for what in ("offer", "qualification", "exchange")
    }
    return found | {
        "parks-record": reverse("energy:parks-record", kwargs={"id": HeatMatch.objects.get(park=None).record_id}),
        "parks-baseline": reverse("energy:parks-baseline", kwargs=AT),
        "parks-flows-month": reverse("energy:parks-flows", kwargs=AT) + "?month=2026-10",
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
        seen = violations(page)
        wrong += [f"{name}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in seen]
        if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            wrong.append(f"{name} scrolls sideways")
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/{name}-{size}.png", full_page=True)
    context.close()
    assert wrong == []
