"""Register → report → list → allocate, walked by addresses of the product only, for a power firm that no demo made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from dafeng.domains.enterprise.compliance import allocations, library, verified
from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import assembling
from dafeng.domains.enterprise.review import cities
from dafeng.portal.accounts.models import Membership, Organisation, User

API = "/api/enterprise"


def sign_in(role: str, organisation: str) -> Client:
    user = User.objects.create_user(organisation, password="a-long-test-password")
    office = Organisation.objects.create(code=organisation, name=organisation)
    Membership.objects.create(user=user, organisation=office, role=role, place="411500")
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, method: str, address: str, body: dict[str, Any]) -> Any:
    answer = getattr(client, method)(f"{API}/{address}", json.dumps(body), content_type="application/json")
    assert answer.status_code in (200, 201), answer.content.decode()
    return answer.json()


def test_a_firm_that_was_registered_reports_and_is_given_an_allocation(db: Any) -> None:
    """One month told by program. Output: 300000 - 18000 = 282000 MWh. Emissions: 120000 t x 0.55 t C/t x 0.99 x 44/12 = 239580 t."""
    cities.ensure_city("411500", "信阳市", "Xinyang", counties={"411503": ["平桥区", "Pingqiao"]})
    bureau, clerk = sign_in("ecology", "bureau"), sign_in("enterprise", "new-power")
    words = {
        "code": "new-power",
        "name": "新电厂",
        "place": "411503",
        "credit_code": "91350100M000100Y43",
        "industry": "4411",
    }
    send(bureau, "post", "register", {**words, "organisation": "new-power"})
    facility = {"name": "一号机", "sector": "power", "since": "2020-01-01"}
    made = send(clerk, "put", "reporting/firms/new-power/facilities/one", facility)
    at = f"reporting/facilities/{made['id']}"
    facts = {"class": "conventional_over_300", "cooling": "air", "capacity": 660}
    send(clerk, "put", f"{at}/facts", {"since": "2020-01-01", "facts": facts})
    send(clerk, "post", f"{at}/sources", {"stream": "fuel", "name": "bituminous"})
    seen = clerk.get(f"{API}/{at}/months/2025-03").json()["seen"]
    told = {("fuel_use", "bituminous"): 120_000, ("ncv", "bituminous"): 21, ("elemental_carbon", "bituminous"): 0.55, ("generation", ""): 300_000, ("auxiliary_power", ""): 18_000}  # fmt: skip
    cells = [{"item": item, "stream": stream, "value": value} for (item, stream), value in told.items()]
    send(clerk, "put", f"{at}/months/2025-03", {"seen": seen, "cells": cells})
    opened = clerk.post("/enterprise/reporting/firms/new-power/reports/", {"year": "2025"})
    assert opened.status_code == 302
    report = Report.objects.get(enterprise__code="new-power")
    report.content = assembling.content_of(report)  # what handing in would freeze
    unit = verified.units_of(report)[0]
    assert (unit["class"], unit["cooling"]) == ("coal_large", "air")
    assert unit["output"] == pytest.approx(282_000)
    assert unit["emissions"] == pytest.approx(239_580, abs=0.001)
    row = allocations.simulate([unit], library.rule_set("power-2024"))[0]
    assert row["cooling_factor"] is not None
    assert float(row["cooling_factor"]) == 1.05  # compliance/rules/power_2023_2024.toml: air
