"""The credit record: facts of each year, in time or not, and a seal that tells a changed copy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from dafeng.domains.enterprise.compliance import credit, surrendering, trading
from dafeng.kernel.records.payloads import digest
from tests.domains.enterprise.compliance.conftest import NOW

pytestmark = pytest.mark.django_db


def settled(firm, bureau, clerk, tonnes, *, at):
    applied = surrendering.apply_surrender(firm, 2019, tonnes, 0, key=f"k{tonnes}", by=clerk, now=at)
    surrendering.decide_surrender(applied, grant=True, by=bureau, now=at)


def test_a_duty_of_2019_that_is_settled_in_2026_is_late(stocked, bureau, clerk):
    before = {each["year"]: each for each in credit.record(stocked, now=NOW)["years"]}
    assert (before[2019]["in_time"], before[2019]["outstanding"]) == (False, 1_000_000)
    assert before[2025]["in_time"] is None  # no duty yet
    settled(stocked, bureau, clerk, 979_000, at=NOW)
    trading.register_trade(seller=None, buyer=stocked, vintage=2019, tonnes=21_000, price=60, way="listing", day=NOW.date(), key="t", by=bureau, now=NOW)  # fmt: skip
    trading.move(stocked, "CEA", "registry", 21_000, key="m", by=None, now=NOW)
    later = NOW + timedelta(days=2)
    settled(stocked, bureau, clerk, 21_000, at=later)
    row = {each["year"]: each for each in credit.record(stocked, now=later)["years"]}[2019]
    assert (row["fulfilled_on"], row["in_time"], row["outstanding"], row["surrendered"]) == ("2026-05-22", False, 0, 1_000_000)  # fmt: skip


def test_a_changed_copy_does_not_match_its_seal(stocked, clerk, person):
    office = Client()
    office.force_login(clerk)
    told = office.get("/enterprise/compliance/firms/plant/credit.json").json()
    sealed = {name: value for name, value in told.items() if name not in ("digest", "chain")}
    assert digest(sealed) == told["digest"]
    assert digest(sealed | {"name": "别家"}) != told["digest"]
    over_api = office.get("/api/enterprise/compliance/firms/plant/credit-record").json()
    assert [each["year"] for each in over_api["years"]] == list(range(2019, 2026))
    other = Client()
    other.force_login(person("enterprise", "other", "stranger-people", "411522"))
    assert other.get("/enterprise/compliance/firms/plant/credit.json").status_code == 404
