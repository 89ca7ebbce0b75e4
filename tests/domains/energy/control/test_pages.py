"""The pages of dual control: what a person sees first, the house rules, who sees what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.energy.control import demo
from dafeng.domains.energy.models import CoalCut, HighProject, Quota
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW


def page(client: Client, name: str, query: str = "", **parts: Any) -> str:
    answer = client.get(reverse(f"energy:{name}", kwargs=parts) + query)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


@pytest.fixture
def shown(person: Any, city: Any) -> Any:
    """The demonstration, whole."""
    for name in ("ndrc", "ecology"):
        user = person(name, username=name)
        type(user).objects.filter(pk=user.pk).update(demo=True)
    demo.ensure_demo(CITY, now=NOW)
    return city


PAGES = (
    "control-board", "control-over", "control-quotas", "control-quota-new", "control-file", "control-upload", "control-projects",
    "control-project-new", "control-coal", "control-coal-new", "control-limits", "control-patrols", "control-patrol-new",
)  # fmt: skip


def test_every_page_keeps_the_house_rules(client: Client, shown: Any, person: Any) -> None:
    from dafeng.portal.accounts.models import User

    client.force_login(User.objects.get(username="ndrc"))
    addresses = [reverse(f"energy:{name}") for name in PAGES]
    addresses += [
        reverse("energy:control-subject", kwargs={"subject": f"place:{GUSHI}"}),
        reverse("energy:control-month", kwargs={"subject": f"place:{GUSHI}", "quantity": "energy", "month": "2026-05"}),
        reverse("energy:control-decision", kwargs={"id": Quota.objects.filter(adjusts=None).first().record_id}),
        reverse(
            "energy:control-decision",
            kwargs={"id": CoalCut.objects.filter(record__state="confirmed").first().record_id},
        ),
        reverse("energy:control-project", kwargs={"id": HighProject.objects.first().pk}),
        reverse("energy:control-adjust", kwargs={"id": Quota.objects.filter(adjusts=None).first().pk}),
    ]
    faults = []
    for address in addresses:
        first = client.get(address)
        assert first.status_code == 200, address
        with CaptureQueriesContext(connection) as asked:
            text = client.get(address).content.decode()
        if len(asked) > 12:
            faults.append(f"{address}: {len(asked)} queries")
        if text.count("<h1") != 1 or 'class="help"' not in text:
            faults.append(f"{address}: heading or help")
        if re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", text):
            faults.append(f"{address}: inline style or script")
    assert faults == []
