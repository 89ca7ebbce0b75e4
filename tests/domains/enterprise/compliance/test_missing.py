"""A unit of which nobody told the class stands on the firm's desk and on the bureau's, linked to the form that mends it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from dafeng.domains.enterprise.compliance import allocations, desk, missing
from dafeng.domains.enterprise.models import Facility
from dafeng.domains.enterprise.reporting import boundaries
from dafeng.domains.enterprise.reporting import desk as reporting
from tests.domains.enterprise.compliance.conftest import COAL, NOW
from tests.domains.enterprise.compliance.test_entering import BOARD

pytestmark = pytest.mark.django_db
FACTS = {"class": "conventional_up_to_300", "cooling": "water"}


@pytest.fixture
def unit(covered) -> Facility:
    """A unit of the plant, which is on the list of 2025, as the form makes it: without facts."""
    return Facility.objects.create(
        enterprise=covered, code="u1", name="一号机组", sector="power", since=date(2010, 1, 1)
    )


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(unit: Facility) -> str:
    return f"/enterprise/reporting/facilities/{unit.pk}/unit/#facts"


def of_year(year: int) -> list[missing.Missing]:
    return missing.of(missing.waiting(year), year)


def test_the_firm_and_the_bureau_are_told_until_the_facts_are(unit, clerk, bureau, person):
    [mine] = [task for task in reporting._tasks(clerk, NOW) if task.kind == "enterprise.facts"]
    assert (mine.title, mine.href) == ("登记一号机组的机组类别、冷却方式", page_of(unit))
    [office] = desk._missing(bureau, NOW)
    assert (office.title, office.href) == ("试验电厂 一号机组没有机组类别、冷却方式，算不出配额", page_of(unit))
    assert list(desk._missing(clerk, NOW)) == []
    stranger = person("enterprise", "other", "stranger-people", "411522")
    assert not [task for task in reporting._tasks(stranger, NOW) if task.kind == "enterprise.facts"]
    boundaries.set_facts(unit, date(2024, 7, 1), FACTS, by=clerk, now=NOW)
    assert not [task for task in reporting._tasks(clerk, NOW) if task.kind == "enterprise.facts"]
    assert list(desk._missing(bureau, NOW)) == []
    assert [each.unit for each in of_year(2023)] == ["一号机组"]  # told from 2024 on: 2023 still lacks it


def test_what_is_outside_the_boundary_or_allocated_already_is_not_missing(unit, covered, bureau, clerk):
    assert of_year(2019)
    allocations.allocate_firm(covered, 2019, "final", [COAL], by=bureau, now=NOW)
    assert of_year(2019) == []
    Facility.objects.filter(pk=unit.pk).update(compliance=False)
    assert of_year(2025) == []
    assert not [task for task in reporting._tasks(clerk, NOW) if task.kind == "enterprise.facts"]


def test_a_locked_report_without_a_class_is_for_the_bureau_to_type(unit, lock, covered, clerk, bureau):
    """The report is frozen: telling the facts now does not reach it."""
    frozen = {"code": "u1", "name": "一号机组", "sector": "power", "compliance": True, "facts": {"cooling": "water"}}
    lock(covered, 2025, 1_000, {"boundary": {"facilities": [frozen, frozen | {"code": "u2", "compliance": False}]}})
    boundaries.set_facts(unit, date(2010, 1, 1), FACTS, by=clerk, now=NOW)
    [found] = of_year(2025)
    assert (found.facts, found.href, found.locked) == (("机组类别",), f"{BOARD}2025/allocate/", True)
    page = signed_in(bureau).get("/enterprise/compliance/city/?year=2025").content.decode()
    assert f'href="{BOARD}2025/allocate/">填写机组数据核定' in page


def test_the_pages_link_to_the_form(unit, clerk, bureau):
    office, firm = signed_in(bureau), signed_in(clerk)
    for client, address in ((office, "/enterprise/compliance/city/?year=2025"), (firm, "/enterprise/reporting/firms/plant/?year=2025")):  # fmt: skip
        page = client.get(address).content.decode()
        assert "机组类别" in page, address
        assert f'href="{page_of(unit)}"' in page, address
    form = firm.get(f"/enterprise/reporting/facilities/{unit.pk}/unit/").content.decode()
    assert 'id="facts"' in form


def test_the_firms_board_says_what_is_missing_until_it_is_told(
    unit, covered, clerk, person, bureau, django_assert_max_num_queries
):
    """The firm is led to the form; its county, which may only look, is told who mends it."""
    firm, county = signed_in(clerk), signed_in(person("county", "shihe", "shihe", "411503"))
    address = f"{BOARD}?year=2025"
    firm.get(address)  # the navigation and the inbox are drawn once
    with django_assert_max_num_queries(12):
        page = firm.get(address).content.decode()
    assert "机组类别、冷却方式" in page
    assert "缺了，这台机组的配额算不出" in page
    assert f'href="{page_of(unit)}">登记设施信息' in page
    seen = county.get(address).content.decode()
    assert ("由企业登记" in seen, page_of(unit) in seen) == (True, False)
    boundaries.set_facts(unit, date(2010, 1, 1), FACTS, by=clerk, now=NOW)
    assert "算不出配额的机组" not in firm.get(address).content.decode()


def test_a_locked_report_sends_the_firm_to_the_bureau_and_a_final_allocation_ends_it(
    unit, lock, covered, clerk, bureau
):
    frozen = {"code": "u1", "name": "一号机组", "sector": "power", "compliance": True, "facts": {}}
    lock(covered, 2019, 1_000, {"boundary": {"facilities": [frozen]}})
    address, form = f"{BOARD}?year=2019", f'href="{BOARD}2019/allocate/">填写机组数据核定'
    assert "由生态环境局填写机组数据核定" in signed_in(clerk).get(address).content.decode()
    assert form not in signed_in(clerk).get(address).content.decode()
    assert form in signed_in(bureau).get(address).content.decode()
    allocations.allocate_firm(covered, 2019, "final", [COAL], by=bureau, now=NOW)
    assert "算不出配额的机组" not in signed_in(bureau).get(address).content.decode()
