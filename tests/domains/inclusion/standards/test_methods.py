"""Every formula by hand, in all its readings, and what must hold for any numbers."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards import library
from dafeng.kernel.accounting import readings
from dafeng.kernel.quantities import units

# method, inputs, expected by hand
BY_HAND = [
    # 5 km by bus, DB11/T 3043—2024: 5 × (0.104 − 0.052) kg = 0.26 kg = 260 g
    ("inclusion.travel.bus", {"distance": 5, "trip_baseline_ef": 0.104, "bus_ef": 0.052}, 260),
    # 2 km on foot: 2 × 0.104 kg = 208 g
    ("inclusion.travel.walking", {"distance": 2, "trip_baseline_ef": 0.104, "walking_ef": 0}, 208),
    # 10 km by bike: 10 × (0.104 − 0.0087) = 0.953 kg
    ("inclusion.travel.cycling", {"distance": 10, "trip_baseline_ef": 0.104, "cycling_ef": 0.0087}, 953),
    # 100 km in an electric car: 100 × (0.250 − 0.097) = 15.3 kg
    ("inclusion.travel.ev_driving", {"drive": 100, "car_baseline_ef": 0.25, "ev_ef": 0.097}, 15300),
    # 30 kWh at (for the test) 0.15 kWh/km = 200 km: 200 × 0.153 = 30.6 kg
    ("inclusion.travel.ev_charging", {"charged": 30, "ev_consumption": 0.15, "car_baseline_ef": 0.25, "ev_ef": 0.097}, 30600),
    # 20 km of a red route by bus: 20 × 0.052 = 1.04 kg
    ("inclusion.travel.tourism", {"distance": 20, "trip_baseline_ef": 0.104, "tourism_ef": 0.052}, 1040),
    # 150 → 120 kWh in Henan 2023: 30 × 0.5897 = 17.691 kg
    ("inclusion.energy.household_saving", {"electricity_before": 150, "electricity_now": 120, "grid_ef": 0.5897}, 17691),
    # 200 kWh of one's own roof: 200 × 0.5897 = 117.94 kg
    ("inclusion.energy.rooftop_pv", {"own_use": 200, "grid_ef": 0.5897}, 117940),
    # Factors of these are gaps; 0.5 stands for any: 3 × 0.5 kg = 1.5 kg
    ("inclusion.recycling.material", {"mass": 3, "recycled_ef": 0.5}, 1500),
    ("inclusion.recycling.packaging", {"pieces": 3, "packaging_ef": 0.5}, 1500),
    ("inclusion.recycling.second_hand", {"pieces": 3, "second_hand_ef": 0.5}, 1500),
    ("inclusion.consumption.e_invoice", {"pieces": 3, "paperless_ef": 0.5}, 1500),
    ("inclusion.consumption.green_purchase", {"pieces": 3, "green_purchase_ef": 0.5}, 1500),
    # 2 ha with 100 m³/ha, a = 2, b = 0.5, R = 0.25: 2 × √100 × 1.25 × 2 = 50 t of dry matter
    ("inclusion.sink.biomass", {"volume": 100, "area": 2, "volume_biomass_a": 2, "volume_biomass_b": 0.5, "root_shoot_ratio": 0.25}, 50),
    # 12 t/ha on 5 ha = 60 t
    ("inclusion.sink.biomass_sampled", {"density": 12, "area": 5}, 60),
    # 50 t × 0.5 × 44/12 = 91.666… t CO2
    ("inclusion.sink.stock", {"dry_matter": 50, "carbon_fraction": 0.5}, 50 * 0.5 * 44 / 12),
    # 100 t burnt: 100 × 0.45 = 45 t; CH4 45 × 4.7e-3 × 25 = 5.2875; N2O 45 × 0.26e-3 × 298 = 3.4866; sum 8.7741 t
    ("inclusion.sink.fire", {"burnt_dry_matter": 100, "combustion_factor": 0.45, "fire_ch4_ef": 4.7, "fire_n2o_ef": 0.26, "gwp_ch4": 25, "gwp_n2o": 298}, 8.7741),
    # (300 − 200 − 10) × (1 − 0.06) = 84.6
    ("inclusion.sink.net", {"stock_before": 200, "stock_now": 300, "fire_emissions": 10, "uncertainty_cut": 0.06}, 84.6),
]  # fmt: skip


@pytest.mark.parametrize(("method", "values", "expected"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_a_formula_gives_what_the_hand_gives(method: str, values: dict, expected: float) -> None:
    assert contents.methods()[method].run(values)["result"] == pytest.approx(expected, rel=1e-12)


def test_every_formula_is_checked_by_hand() -> None:
    assert {row[0] for row in BY_HAND} == set(contents.methods())


@pytest.mark.parametrize(("method", "values", "_expected"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_all_readings_of_a_formula_agree(method: str, values: dict, _expected: float) -> None:
    found = contents.methods()[method]
    numbers = {name: float(value) for name, value in values.items()}
    with_units = {name: value * units.parse(found.inputs[name]) for name, value in numbers.items()}
    proof = float((readings.read_pint(found.tree, with_units) / units.parse(found.unit)).to("").magnitude)
    column = pl.DataFrame({name: [value] for name, value in numbers.items()}).select(found.columns()).item()
    assert proof == pytest.approx(float(found.draws(numbers)), rel=1e-12)
    assert column == pytest.approx(proof, rel=1e-12)


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1), st.floats(0, 1))
def test_more_kilometres_never_spare_less(near: float, far: float, baseline: float, own: float) -> None:
    bus = contents.methods()["inclusion.travel.bus"]
    low, high = sorted((near, far))
    if baseline >= own:
        assert 0 <= bus(low, baseline, own) <= bus(high, baseline, own)


@given(st.floats(0.1, 500), st.floats(0.1, 500), st.sampled_from(sorted(library.species())))
def test_more_wood_is_never_less_carbon(low: float, high: float, species: str) -> None:
    factors = {name: each.value for name, each in library.species()[species].items()}
    if None in factors.values():
        return
    carbon = factors.pop("carbon_fraction")
    biomass, stock = (contents.methods()[f"inclusion.sink.{name}"] for name in ("biomass", "stock"))
    small, large = (stock(biomass(volume, 1.0, **factors), carbon) for volume in sorted((low, high)))
    assert 0 < small <= large


@given(st.floats(-1e9, 1e9), st.floats(0, 0.99))
def test_whole_grams_are_never_negative_and_never_more_than_was_spared(raw: float, discount: float) -> None:
    grams = contents.whole(raw, discount)
    assert grams >= 0
    assert grams <= max(0.0, raw * (1 - discount)) + contents.NOISE
    assert grams > raw * (1 - discount) - 1 - 1e-3 or raw < 0


# ---------- what is shipped ----------


def test_factors_carry_their_source_and_gaps_carry_no_value() -> None:
    for each in library.factors().values():
        assert each.source
        assert (each.value is None) == (each.standing == "gap")
        assert each.value is None or math.isfinite(each.value)


def test_no_value_from_a_source_that_may_not_be_shipped() -> None:
    """Facts: Shanghai's two sets disagree (X), Ant Forest's awards (C) are no reductions, oola.cn's 3.6 (C) is an order of magnitude."""
    shipped = {each.value for each in library.factors().values() if not each.id.startswith("bijie")}
    assert shipped == {None, 0.104, 0.052, 0.0087, 0.0, 0.25, 0.097, 0.5897}


def test_the_species_are_the_27_groups_of_the_fact_file_with_its_gaps() -> None:
    species = library.species()
    assert len(species) == 27
    assert species["马尾松"]["volume_biomass_a"].value == 1.827539
    assert species["湿地松"]["root_shoot_ratio"].value is None
    assert {name for name, row in species.items() if row["volume_biomass_a"].value is None} == {"阔叶混", "榆树", "针阔混", "针叶混", "桐类"}  # fmt: skip


def test_what_the_issue_lists_is_there_and_marked() -> None:
    shipped = library.shipped()
    listed = {
        "bus", "walking", "cycling", "shared-bike", "ev-charging", "ev-driving", "household-electricity", "rooftop-pv",
        "waste-recycling", "second-hand", "packaging-reuse", "e-invoice", "red-tourism", "green-tourism", "green-purchase",
        "tea-sink", "forest-sink", "tree-planting", "volunteering",
    }  # fmt: skip
    assert listed <= set(shipped)
    cited = {code for code, each in shipped.items() if each.standing == "cited"}
    assert cited == {"bus", "walking", "cycling", "shared-bike", "ev-driving", "forest-sink"}


def test_a_field_name_means_one_kind_of_thing_everywhere() -> None:
    """Events of all methodologies share one frame: a name is a number everywhere or a choice everywhere."""
    kinds: dict[str, set[str]] = {}
    for each in library.shipped().values():
        for field in each.content["fields"]:
            kinds.setdefault(field["name"], set()).add(field.get("kind", "number"))
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"boundary": " "}, "boundary"),
        ({"discount": 1}, "扣减"),
        ({"method": "inclusion.travel.rocket"}, "算式"),
        ({"points_fixed": -1}, "积分"),
        ({"fields": []}, "distance"),
        ({"factors": []}, "没有"),
    ],
)
def test_a_content_that_cannot_compute_is_refused(change: dict, said: str) -> None:
    with pytest.raises(InclusionError, match=said):
        contents.check({**library.shipped()["bus"].content, **change})


@pytest.mark.parametrize(
    ("name", "value"),
    [("unit", "kg"), ("least", -1), ("least", 200), ("most", 1e12), ("required", False), ("kind", "text")],
)
def test_a_field_that_does_not_fit_the_formula_is_refused(name: str, value: object) -> None:
    content = {**library.shipped()["bus"].content}
    content["fields"] = [{**content["fields"][0], name: value}]
    with pytest.raises(InclusionError):
        contents.check(content)


@pytest.mark.parametrize(
    "change", [{"value": -1}, {"value": float("nan")}, {"source": ""}, {"standing": "gap"}, {"unit": "kg CO2/kWh"}]
)
def test_a_factor_without_a_source_or_with_the_wrong_unit_is_refused(change: dict) -> None:
    content = {**library.shipped()["bus"].content}
    content["factors"] = [{**content["factors"][0], **change}, content["factors"][1]]
    with pytest.raises(InclusionError):
        contents.check(content)
