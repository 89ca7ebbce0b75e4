"""What approved projects will add stands beside a target's forecast: which years, which places, for whose eyes."""

from __future__ import annotations

import pytest

from dafeng.domains.plan.services import announced
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators

CITY, COUNTY, OTHER = "411500", "411502", "411503"


@pytest.fixture
def projects(city, now) -> None:
    """As the review room publishes them: tce by county and by the year in which the projects begin."""
    indicators.ensure_indicator(announced.ENERGY, name="已批项目新增能源消费", unit="tce")
    run = indicators.start_run(domain="enterprise", kind="review", subject=CITY, now=now)
    told = [
        (COUNTY, 2024, 500.0, ["P-1"]), (COUNTY, 2025, 1000.0, ["P-2", "P-3"]), (OTHER, 2027, 2500.0, ["P-4"]),
        (OTHER, 2028, 9000.0, ["P-5"]), ("410100", 2026, 70.0, ["P-6"]),
    ]  # fmt: skip
    rows = [
        {
            "indicator": announced.ENERGY,
            "subject": place,
            "period": str(year),
            "value": tce,
            "unit": "tce",
            "status": int(Status.OK),
            "lineage": {"projects": numbers},
        }
        for place, year, tce, numbers in told
    ]
    indicators.publish(run, rows)
    indicators.finish_run(run, now)


@pytest.fixture
def energy(target):
    return target("energy", indicator="能源消费总量", operator="<=", low=900.0, high=900.0, unit="万吨标准煤", year=2027, binding="energy.consumption.equal_value")  # fmt: skip


def test_projects_after_the_last_observed_year_and_up_to_the_targets_year_are_told(projects, energy) -> None:
    """Observed to 2024: 1000 (2025) + 2500 (2027) = 3500; P-1 is in the figures already, P-5 comes later, P-6 is elsewhere."""
    assert announced.of(energy, observed=2024) == announced.Announced(
        announced.ENERGY, 3500.0, "tce", 2025, 2027, ("P-2", "P-3", "P-4")
    )
    energy.place = COUNTY
    found = announced.of(energy, observed=2024)
    assert found is not None
    assert (found.value, found.projects) == (1000.0, ("P-2", "P-3"))


def test_nothing_is_told_where_no_project_begins_or_of_another_quantity(projects, energy, target) -> None:
    assert announced.of(energy, observed=2027) is None
    assert announced.of(target(), observed=2020) is None


def test_nothing_is_told_before_the_review_has_published(energy) -> None:
    assert announced.of(energy, observed=2024) is None


def test_the_card_says_what_the_forecast_does_not_hold_to_those_who_work_with_it(
    client, projects, energy, person
) -> None:
    address = f"/plan/targets/{energy.pk}/"
    assert "已批项目" not in client.get(address).content.decode()
    client.force_login(person("ndrc"))
    card = client.get(address).content.decode()
    # Nothing was observed yet: 500 + 1000 + 2500 = 4000, of four projects.
    assert "2024–2027 年投产的已批项目 4 个" in card
    assert "4,000 tce" in card
    assert "预测没有加上它" in card
    assert "P-1、P-2、P-3、P-4" in card
