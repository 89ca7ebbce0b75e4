"""The demonstration: it loads quickly, twice is once, it is marked, and the ledger adds up."""

from __future__ import annotations

import time

import pytest

from dafeng import cities
from dafeng.domains.enterprise.compliance import demo, holdings, services
from dafeng.domains.enterprise.models import Allocation, CarbonTrade, Covered, Surrender
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.ledger import services as ledger
from tests.domains.enterprise.compliance.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(db):
    enterprises.ensure("411500", cities.load_pack("xinyang").demo_enterprises, demo=True)
    return {each.code: each for each in Enterprise.objects.all()}


def test_it_goes_from_the_list_to_the_carry_over_and_twice_is_once(city, lock, person):
    person("ecology")
    lock(city["datang-huayu"], 2025, 1_300_000)
    began = time.perf_counter()
    demo.ensure_demo("411500", now=NOW)
    assert time.perf_counter() - began < 6
    counts = [model.objects.count() for model in (Covered, Allocation, CarbonTrade, Surrender)]
    assert counts == [8, 6, 3, 5]
    assert not Allocation.objects.filter(demo=False).exists()
    demo.ensure_demo("411500", now=NOW)
    assert [model.objects.count() for model in (Covered, Allocation, CarbonTrade, Surrender)] == counts
    assert services.surrendered(city["datang-huayu"], 2025) == (624_000, 26_000)  # half of it, 2 % of the duty offset
    carried = {each.vintage: each.total for each in holdings.of(city["datang-xinyang"])}
    assert carried[2025] == 40_000  # 10,000 + 1.5 × 20,000 sold
    assert ledger.audit().findings == []


def test_without_the_demo_firms_nothing_is_made(db):
    demo.ensure_demo("411500", now=NOW)
    assert not Covered.objects.exists()
