"""Sinks between two surveys, by hand, and what cannot be measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.inclusion.errors import InclusionError, Refused
from dafeng.domains.inclusion.standards import library, sinks
from dafeng.domains.inclusion.standards.sinks import Stand, measure

WHOLE = sorted(name for name, row in library.species().items() if all(each.value is not None for each in row.values()))


def test_a_pine_stand_by_hand() -> None:
    """马尾松: a 1.827539, b 0.792975, R 0.187, CF 0.46; 10 ha, 80 → 100 m³/ha; uncertainty 15 % → 6 % off."""
    factor = 1.827539 * 1.187 * 10 * 0.46 * 44 / 12
    expected = factor * (100**0.792975 - 80**0.792975) * 0.94
    made = measure("forest", [Stand(10, 80, 100, "马尾松")], uncertainty=0.15)
    assert made.tonnes == pytest.approx(expected, rel=1e-12)
    assert made.grams == int(expected * 1e6)
    assert (made.cut, made.fire) == (0.06, 0)


def test_fire_is_taken_off_by_hand() -> None:
    """2 of 10 ha burnt: biomass there a·80^b·1.187·2 t; × 0.45 × (4.7e-3 × 25 + 0.26e-3 × 298) t CO2e."""
    burnt = 1.827539 * 80**0.792975 * 1.187 * 2
    made = measure("forest", [Stand(10, 80, 100, "马尾松", burnt=2)], uncertainty=0)
    assert made.fire == pytest.approx(burnt * 0.45 * (4.7e-3 * 25 + 0.26e-3 * 298), rel=1e-12)
    assert made.tonnes == pytest.approx(made.stock_now - made.stock_before - made.fire)


def test_a_tea_garden_by_hand() -> None:
    """100 ha, 20 → 23 t/ha, carbon fraction 0.5 (for the test): 300 t × 0.5 × 44/12 = 550 t CO2; 11 % off = 489.5."""
    stand = Stand(100, 20, 23, carbon_fraction=0.5, carbon_fraction_source="试验")
    made = measure("tea", [stand], uncertainty=0.25)
    assert made.tonnes == pytest.approx(489.5)
    assert made.grams == 489_500_000
    assert made.lines[0].factors[0].source == "试验"


@pytest.mark.parametrize(
    ("uncertainty", "cut"), [(0, 0), (0.1, 0), (0.1001, 0.06), (0.2, 0.06), (0.2001, 0.11), (0.3, 0.11)]
)
def test_the_cut_is_the_tables(uncertainty: float, cut: float) -> None:
    assert sinks.cut_of(uncertainty) == cut


def test_too_uncertain_a_survey_is_not_measured() -> None:
    with pytest.raises(Refused) as refused:
        sinks.cut_of(0.3001)
    assert refused.value.code == "uncertainty_too_high"
    for odd in (-0.1, float("nan"), float("inf")):
        with pytest.raises(InclusionError):
            sinks.cut_of(odd)


@pytest.mark.parametrize("species", sorted(set(library.species()) - set(WHOLE)))
def test_a_group_with_a_gap_is_refused_and_nothing_is_made_up(species: str) -> None:
    with pytest.raises(Refused) as refused:
        measure("forest", [Stand(1, 50, 60, species)], uncertainty=0.1)
    assert refused.value.code == "factor_missing"


def test_tea_without_a_sourced_carbon_fraction_is_refused() -> None:
    for stand in (Stand(1, 20, 22), Stand(1, 20, 22, carbon_fraction=0.5)):
        with pytest.raises(Refused):
            measure("tea", [stand], uncertainty=0.1)


def test_a_loss_is_told_and_gives_no_grams() -> None:
    made = measure("forest", [Stand(10, 100, 80, "马尾松")], uncertainty=0.05)
    assert made.tonnes < 0
    assert made.grams == 0


@pytest.mark.parametrize(
    "stand",
    [
        Stand(-1, 1, 2, "马尾松"), Stand(0, 1, 2, "马尾松"), Stand(1, -1, 2, "马尾松"), Stand(1, 1, float("nan"), "马尾松"),
        Stand(1, 1, 9999, "马尾松"), Stand(1, 1, 2, "马尾松", burnt=2), Stand(1, 1, 2, "仙人掌"),
    ],
)  # fmt: skip
def test_land_that_cannot_be_is_refused_by_its_number(stand: Stand) -> None:
    with pytest.raises(InclusionError, match="第 2 个地块"):
        measure("forest", [Stand(1, 1, 2, "马尾松"), stand], uncertainty=0.1)


def test_no_land_and_no_such_kind_are_refused() -> None:
    with pytest.raises(InclusionError):
        measure("forest", [], uncertainty=0.1)
    with pytest.raises(InclusionError):
        measure("lake", [Stand(1, 1, 2)], uncertainty=0.1)


@given(st.sampled_from(WHOLE), st.floats(0, 500), st.floats(0, 500), st.floats(0.1, 1000), st.floats(0, 0.3))
def test_what_holds_for_any_stand(species: str, before: float, now: float, area: float, uncertainty: float) -> None:
    made = measure("forest", [Stand(area, before, now, species)], uncertainty=uncertainty)
    assert made.grams >= 0
    assert (made.grams > 0) <= (now > before)
    doubled = measure("forest", [Stand(2 * area, before, now, species)], uncertainty=uncertainty)
    assert doubled.tonnes == pytest.approx(2 * made.tonnes, rel=1e-9, abs=1e-9)
    certain = measure("forest", [Stand(area, before, now, species)], uncertainty=0)
    assert made.grams <= certain.grams
