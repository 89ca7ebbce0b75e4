"""What approved projects will add stands beside a target's forecast: which years, which places, for whose eyes."""

from __future__ import annotations

from dafeng.domains.plan.services import announced

COUNTY = "411502"


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
