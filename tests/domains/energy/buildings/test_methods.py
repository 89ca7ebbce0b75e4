"""Intensity, standing and counted area by hand arithmetic."""

from __future__ import annotations

import pytest

from dafeng.domains.energy.buildings import rules
from dafeng.domains.energy.buildings.methods.intensity import counted_area, intensity, standing

FACTORS = {"electricity": 1.0, "natural_gas": 10.0}


def test_the_carriers_are_converted_at_the_equivalent_value() -> None:
    """Facts, GB/T 2589-2020: 1.33 kgce/m³ of gas, 34.12 kgce/GJ of heat, 0.1229 kgce/kWh."""
    factors = rules.kwh_per_unit()
    assert factors["electricity"] == pytest.approx(1.0)
    assert factors["natural_gas"] == pytest.approx(1.33 / 0.1229)  # 10.82 kWh/m³
    assert factors["heat"] == pytest.approx(277.6, abs=0.1)  # 1 GJ is 277.8 kWh
    assert "water" not in factors


def test_a_total_counts_before_its_parts_and_the_rest_is_unattributed() -> None:
    found = intensity(
        [("total", "electricity", 80_000.0), ("hvac", "electricity", 30_000.0), ("lighting", "electricity", 20_000.0), ("hot_water", "natural_gas", 2000.0)],
        1000.0, FACTORS,
    )  # fmt: skip
    assert found is not None
    assert found.whole == pytest.approx(100.0)  # 80 of power, 20 of gas
    assert found.by_end_use == {
        "hvac": pytest.approx(30.0),
        "lighting": pytest.approx(20.0),
        "hot_water": pytest.approx(20.0),
    }
    assert found.unattributed == pytest.approx(30.0)
    assert found.electric == pytest.approx(0.8)
    assert found.contradictory == ()


def test_parts_above_the_total_are_told_and_nothing_is_nothing() -> None:
    found = intensity([("total", "electricity", 10.0), ("hvac", "electricity", 11.0)], 1.0, FACTORS)
    assert found is not None
    assert found.contradictory == ("electricity",)
    assert found.whole == 10.0
    assert intensity([], 100.0, FACTORS) is None
    with pytest.raises(ValueError, match="area"):
        intensity([("total", "electricity", 1.0)], 0.0, FACTORS)
    with pytest.raises(KeyError):
        intensity([("total", "peat", 1.0)], 1.0, FACTORS)


def test_standing_counts_the_others_that_use_more_and_asks_for_enough_of_them() -> None:
    found = standing(80.0, [60.0, 80.0, 100.0, 120.0, 140.0], least=5)
    assert found is not None
    assert found.better_than == pytest.approx((3 + 0.5) / 5)
    assert found.median == pytest.approx(90.0)  # of 60 80 80 100 120 140
    assert standing(80.0, [60.0, 100.0], least=5) is None


@pytest.mark.parametrize(
    ("done", "counted"),
    [
        ([("", 800.0)], 800.0),
        ([("", 800.0), ("", 1000.0)], 1000.0),  # the whole building twice
        ([("东楼", 400.0), ("东楼", 300.0), ("西楼", 200.0)], 600.0),
        ([("", 900.0), ("东楼", 400.0)], 900.0),  # the part lies in the whole
        ([("东楼", 700.0), ("西楼", 700.0)], 1000.0),  # never above the building
        ([], 0.0),
    ],
)
def test_retrofitted_area_is_counted_once(done: list[tuple[str, float]], counted: float) -> None:
    assert counted_area(1000.0, done) == pytest.approx(counted)
