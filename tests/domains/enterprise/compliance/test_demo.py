"""The demonstration: it loads quickly, twice is once, it is marked, and the ledger adds up."""

from __future__ import annotations

import pytest

from dafeng import cities
from dafeng.domains.enterprise.compliance import demo, holdings, surrendering
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


def test_the_present_year_is_surrendered_in_part_and_twice_is_once(city, lock, person, django_assert_max_num_queries):
    person("ecology")
    lock(city["datang-huayu"], 2025, 1_300_000)
    with django_assert_max_num_queries(300):
        demo.ensure_demo("411500", now=NOW)
    counts = [model.objects.count() for model in (Covered, Allocation, CarbonTrade, Surrender)]
    assert counts == [4, 0, 1, 1]  # the year before is `tests/domains/enterprise/test_year.py`
    assert not CarbonTrade.objects.filter(demo=False).exists()
    demo.ensure_demo("411500", now=NOW)
    assert [model.objects.count() for model in (Covered, Allocation, CarbonTrade, Surrender)] == counts
    assert surrendering.surrendered(city["datang-huayu"], 2025) == (
        624_000,
        26_000,
    )  # half of it, 2 % of the duty offset
    assert {each.vintage: each.total for each in holdings.of(city["datang-huayu"])} == {
        2025: 26_000
    }  # 650,000 bought − 624,000
    assert ledger.audit().findings == []


def test_without_the_demo_firms_nothing_is_made(db):
    demo.ensure_demo("411500", now=NOW)
    assert not Covered.objects.exists()
