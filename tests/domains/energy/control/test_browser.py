"""Every page of dual control and buildings on a desk and on a phone: no accessibility fault, nothing sideways, no complaint.

`DAFENG_SHOTS=<folder>` keeps a picture of every page.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dafeng.domains.energy.buildings import demo as buildings_demo
from dafeng.domains.energy.control import demo
from dafeng.domains.energy.models import CoalCut, HighProject, Quota, Retrofit
from tests.axe import violations
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW
from tests.domains.energy.control.test_coming import PART, review
from tests.domains.plan.browsing import SIZES, chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
browser = pytest.fixture(chromium, scope="module", name="browser")
SHOTS = os.environ.get("DAFENG_SHOTS", "")


@pytest.fixture
def shown(transactional_db: None, city: Any, person: Any) -> Any:
    """The demonstration, and a county's clerk."""
    for name, role in (("ndrc", "ndrc"), ("ecology", "ecology"), ("housing", "department")):
        user = person(role, username=name)
        type(user).objects.filter(pk=user.pk).update(demo=True)
    demo.ensure_demo(CITY, now=NOW)
    review([PART | {"amount": 1200.0}, PART | {"number": "JN-2", "amount": 600.0, "since": "2026-06"}])
    buildings_demo.ensure_demo(CITY, now=NOW)
    return person("ndrc", username="looks")


def addresses() -> dict[str, str]:
    quota = Quota.objects.filter(adjusts=None).first()
    cut = CoalCut.objects.filter(record__state="confirmed").first()
    project, retrofit = HighProject.objects.first(), Retrofit.objects.first()
    assert quota
    assert cut
    assert project
    assert retrofit
    found = {
        name: reverse(f"energy:{name}")
        for name in (
            "control-board", "control-over", "control-quotas", "control-quota-new", "control-file", "control-upload", "control-projects",
            "control-coal", "control-limits", "control-limit-new", "control-patrols", "control-patrol-new", "buildings",
            "buildings-new", "buildings-upload", "buildings-retrofits",
        )
    }  # fmt: skip
    return found | {
        "control-subject": reverse("energy:control-subject", kwargs={"subject": f"place:{GUSHI}"}),
        "control-month": reverse("energy:control-month", kwargs={"subject": f"place:{GUSHI}", "quantity": "energy", "month": "2026-05"}),
        "control-decision": reverse("energy:control-decision", kwargs={"id": quota.record_id}),
        "control-cut": reverse("energy:control-decision", kwargs={"id": cut.record_id}),
        "control-project": reverse("energy:control-project", kwargs={"id": project.pk}),
        "buildings-card": reverse("energy:buildings-card", kwargs={"building": "demo-office-1"}),
        "buildings-meters": reverse("energy:buildings-meters", kwargs={"building": "demo-office-1"}) + "?year=2025",
        "buildings-use": reverse("energy:buildings-use", kwargs={"building": "demo-office-1"}),
        "buildings-record": reverse("energy:buildings-record", kwargs={"id": retrofit.record_id}),
    }  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_no_page_has_a_fault(browser: Any, live_server: Any, shown: Any, size: str) -> None:
    width, height = SIZES[size]
    client = Client()
    client.force_login(shown)
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url)
    context.set_default_timeout(20_000)
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
        if name == "control-board":
            # In the first screen, without scrolling: that there is a red county, which, and why.
            box = page.locator(".alarm li").first.bounding_box()
            if not box or box["y"] > height:
                wrong.append(f"the red county is below the first screen: {box}")
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/{name}-{size}.png", full_page=True)
    context.close()
    assert wrong == []
