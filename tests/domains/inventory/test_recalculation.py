"""Why an inventory differs from an earlier one: every cause alone, then all together, on numbers worked out by hand."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.methods.recalculation import EFFECTS, explain, sources
from dafeng.kernel.accounting import Emissions
from tests.domains.inventory import small_inventory as small

FUEL = 20 * 0.025 * 0.98 * 44 / 12  # t CO2 a tonne
SEWAGE = 0.5 * 0.6 * 0.2  # t CH4 a tonne of COD


def effects(frame: pl.DataFrame) -> dict[str, float]:
    """The effects that are not zero, summed over all rows; and that they make up the difference."""
    totals = {name: frame[name].sum() for name in EFFECTS}
    assert sum(totals.values()) == pytest.approx(frame["difference"].sum(), rel=1e-9, abs=1e-9)
    return {name: value for name, value in totals.items() if abs(value) > 1e-9}


def test_equal_inventories_differ_in_nothing():
    rows = [small.fuel(10.0), small.cattle(3.0), *small.sewage(100.0, 1.5)]
    found = explain(small.compile_rows(rows), small.compile_rows(rows))
    assert found["difference"].to_list() == [0.0] * 3
    assert effects(found) == {}
    assert found["recomputed"].all()


def test_changed_activity_is_priced_at_the_old_factors():
    found = explain(small.compile_rows([small.fuel(10.0)]), small.compile_rows([small.fuel(13.0)]))
    assert effects(found) == {"activity": pytest.approx(3 * FUEL, rel=1e-12)}


def test_a_changed_factor_is_priced_at_the_new_activity():
    dearer = small.factors({"factor_id": "coal.ncv", "value": 22.0})
    found = explain(small.compile_rows([small.fuel(10.0)]), small.compile_rows([small.fuel(20.0)], dearer))
    assert effects(found) == {
        "activity": pytest.approx(10 * FUEL, rel=1e-12),
        "factor": pytest.approx(20 * FUEL * 0.1, rel=1e-12),
    }


def test_a_change_of_potentials_alone_is_gwp():
    rows = [small.cattle(20.0)]  # 1 t CH4
    found = explain(small.compile_rows(rows, gwp="AR2"), small.compile_rows(rows, gwp="AR5"))
    assert effects(found) == {"gwp": pytest.approx(28 - 21)}


def test_a_source_in_only_one_inventory_is_boundary():
    before = small.compile_rows([small.fuel(10.0), small.cattle(20.0)])
    after = small.compile_rows([small.fuel(10.0), small.fuel(4.0, place=small.EAST)])
    found = explain(before, after)
    assert effects(found) == {"boundary": pytest.approx(4 * FUEL - 28)}
    assert effects(found.filter(pl.col("category") == "3A1")) == {"boundary": pytest.approx(-28)}


def test_a_source_newly_estimated_is_boundary():
    before = small.compile_rows([small.cattle(20.0)], small.factors(without=["cattle"]))
    assert effects(explain(before, small.compile_rows([small.cattle(20.0)]))) == {"boundary": pytest.approx(28)}


def test_a_city_row_split_among_counties_nets_out_in_its_category():
    split = [small.fuel(4.0, place=small.EAST), small.fuel(6.0, place=small.WEST)]
    found = explain(small.compile_rows([small.fuel(10.0)]), small.compile_rows(split))
    assert found["difference"].to_list() == [pytest.approx(0, abs=1e-12)]
    assert found["boundary"].to_list() == [pytest.approx(0, abs=1e-12)]


def test_another_unit_for_the_same_amount_changes_nothing():
    found = explain(small.compile_rows([small.fuel(20000.0)]), small.compile_rows([small.fuel(2.0, unit="万吨")]))
    assert effects(found) == {}


def test_methods_with_several_inputs_are_computed_again():
    before = small.compile_rows(small.sewage(100.0, 1.0))  # 100 × 0.06 − 1 = 5
    after = small.compile_rows(
        small.sewage(120.0, 2.0), small.factors({"factor_id": "mcf", "value": 0.3})
    )  # 120 × 0.09 − 2
    found = explain(before, after)
    # activity: 120 × 0.06 − 2 = 5.2, so + 0.2; factor: 120 × 0.09 − 2 = 8.8, so + 3.6
    assert effects(found) == {
        "activity": pytest.approx(0.2 * 28, rel=1e-9),
        "factor": pytest.approx(3.6 * 28, rel=1e-9),
    }


def test_an_optional_input_that_appears_is_activity():
    found = explain(small.compile_rows(small.sewage(100.0)), small.compile_rows(small.sewage(100.0, 1.0)))
    assert effects(found) == {"activity": pytest.approx(-28, rel=1e-12)}


def test_another_method_takes_what_activity_and_shared_factors_leave():
    per_heat = small.Recipe("1A1", "CO2", "energy.combustion.co2.energy_factor.mass", tier="2")
    table = small.factors(
        {"factor_id": "heat", "parameter": "co2_per_energy", "value": 95.0, "unit": "t CO2/TJ", "item": "bituminous"}
    )
    recipes = (*small.RECIPES, per_heat)
    changed = small.factors(
        {"factor_id": "heat", "parameter": "co2_per_energy", "value": 95.0, "unit": "t CO2/TJ", "item": "bituminous"},
        {"factor_id": "coal.ncv", "value": 21.0},
    )
    before = small.compile_rows([small.fuel(10.0)], table, recipes=recipes)
    after = small.compile_rows([small.fuel(11.0)], changed, recipes=recipes, tiers={"1A1": "2"})
    found = explain(before, after)
    # 11 t × 21 GJ × 0.095 t CO2/GJ = 21.945; old formula, new ncv, new activity: 11 × FUEL × 21/20
    assert effects(found) == {
        "activity": pytest.approx(FUEL, rel=1e-12),
        "factor": pytest.approx(11 * FUEL * 0.05, rel=1e-9),
        "method": pytest.approx(21.945 - 11 * FUEL * 1.05, rel=1e-9),
    }
    told = sources(before, after).row(0, named=True)
    assert told["method_before"].startswith("energy.combustion.co2.mass@")
    assert told["method_after"].startswith("energy.combustion.co2.energy_factor.mass@")
    assert told["factors_before"] == ["coal.cc", "coal.of"]
    assert told["factors_after"] == ["heat"]


def as_of_a_former_version(inventory: Inventory, method: str) -> Inventory:
    """The inventory as if its method had since been revised: the formula it was made with is no longer at hand."""
    emissions = inventory.emissions
    older = (
        pl.when(pl.col("method") == method)
        .then(pl.lit(f"{method}@0"))
        .otherwise(pl.col("reference"))
        .alias("reference")
    )
    fields = {name: getattr(emissions, name) for name in emissions.__dataclass_fields__}
    changed = Emissions(**fields | {"resolutions": emissions.resolutions.with_columns(older)})
    return Inventory(changed, inventory.edition, inventory.gwp_set, inventory.sets, inventory.tiers)


def test_a_former_version_of_a_proportional_method_is_scaled_by_its_coefficient():
    before = as_of_a_former_version(small.compile_rows([small.fuel(10.0)]), "energy.combustion.co2.mass")
    after = small.compile_rows([small.fuel(12.0)], small.factors({"factor_id": "coal.ncv", "value": 22.0}))
    found = explain(before, after)
    assert not found["recomputed"].any()
    assert effects(found) == {
        "activity": pytest.approx(2 * FUEL, rel=1e-12),
        "method": pytest.approx(12 * FUEL * 0.1, rel=1e-9),
    }


def test_a_former_version_of_any_other_method_puts_the_difference_in_method():
    before = as_of_a_former_version(small.compile_rows(small.sewage(100.0, 1.0)), "wastewater.domestic.cod.ch4")
    found = explain(before, small.compile_rows(small.sewage(120.0, 1.0)))
    assert effects(found) == {"method": pytest.approx(20 * SEWAGE * 28, rel=1e-9)}


def test_a_row_split_in_quarters_is_activity_only_as_far_as_the_sum_changes():
    quarters = [small.fuel(4.0), small.fuel(8.0)]
    assert effects(explain(small.compile_rows([small.fuel(10.0)]), small.compile_rows(quarters))) == {
        "activity": pytest.approx(2 * FUEL, rel=1e-12)
    }
    assert effects(explain(small.compile_rows(quarters), small.compile_rows([small.fuel(10.0)]))) == {
        "activity": pytest.approx(-2 * FUEL, rel=1e-12)
    }


def landfill(deposits: dict[int, float], k: float) -> Inventory:
    library.methods()
    factors = {"doc": (0.15, "t C/t"), "docf": (0.5, "1"), "mcf_landfill": (1.0, "1"), "landfill_k": (k, "1/a"),
               "methane_fraction": (0.5, "1"), "oxidation_landfill": (0.1, "1")}  # fmt: skip
    table = small.factors(*({"factor_id": n, "parameter": n, "value": v, "unit": u} for n, (v, u) in factors.items()))
    row = {"category": "5A", "item": "msw", "variable": "deposited", "unit": "t", "place": small.CITY}
    rows = [row | {"year": year, "value": mass} for year, mass in deposits.items()]
    return small.compile_rows(rows, table, recipes=[small.Recipe("5A", "CH4", "waste.landfill.ch4.fod")])


def test_a_history_is_computed_again_with_the_old_decay_rate():
    deposits = dict.fromkeys(range(2000, 2011), 1000.0)
    before = landfill(deposits, 0.09)
    after = landfill(deposits | {2005: 3000.0}, 0.17)
    activity_only = landfill(deposits | {2005: 3000.0}, 0.09)
    found = explain(before, after)
    assert found["recomputed"].all()
    by_hand = activity_only.totals("year")["co2e"] - before.totals("year")["co2e"]
    assert found["activity"].to_list() == pytest.approx(by_hand.to_list(), rel=1e-9, abs=1e-9)
    rest = after.totals("year")["co2e"] - activity_only.totals("year")["co2e"]
    assert found["factor"].to_list() == pytest.approx(rest.to_list(), rel=1e-9, abs=1e-9)
    assert set(effects(found)) == {"activity", "factor"}


def test_a_longer_history_is_boundary_in_the_new_years_and_activity_after():
    before = landfill(dict.fromkeys(range(2005, 2011), 1000.0), 0.09)
    after = landfill(dict.fromkeys(range(2000, 2011), 1000.0), 0.09)
    found = explain(before, after, by=["year"])
    early, late = found.filter(pl.col("year") < 2005), found.filter(pl.col("year") > 2005)
    assert set(effects(early)) == {"boundary"}
    assert set(effects(late)) == {"activity"}


def test_indirect_emissions_are_explained_when_asked_for():
    before, after = small.compile_rows([small.electricity(1e4)]), small.compile_rows([small.electricity(2e4)])
    assert explain(before, after).height == 0
    assert effects(explain(before, after, kinds=("indirect",))) == {"activity": pytest.approx(5.0)}


def test_any_grouping_sums_to_the_same_difference():
    before = small.compile_rows([small.fuel(10.0), small.cattle(20.0)])
    after = small.compile_rows([small.fuel(11.0), small.cattle(25.0, place=small.EAST)])
    whole = explain(before, after, by=[])
    for by in (["sector"], ["place", "year"], ["item"], ["gas", "kind", "technology"]):
        assert explain(before, after, by=by)["difference"].sum() == pytest.approx(whole["difference"][0], rel=1e-12)


amounts = st.floats(0, 1e6, allow_nan=False)
positive = st.floats(0.01, 10)


@settings(max_examples=40, deadline=None)
@given(
    then=st.tuples(amounts, amounts, amounts),
    now=st.tuples(amounts, amounts, amounts),
    ncv=positive,
    mcf=positive,
    sets=st.tuples(st.sampled_from(["AR2", "AR4", "AR5", "AR6"]), st.sampled_from(["AR2", "AR5", "AR6"])),
    kept=st.lists(st.booleans(), min_size=2, max_size=2),
)
def test_the_causes_always_add_up_to_the_whole_difference(then, now, ncv, mcf, sets, kept):
    def rows(fuel: float, cod: float, heads: float, extra: bool) -> list[dict]:
        return [small.fuel(fuel), *small.sewage(cod, cod / 50)] + ([small.cattle(heads)] if extra else [])

    before = small.compile_rows(rows(*then, kept[0]), gwp=sets[0])
    changed = small.factors({"factor_id": "coal.ncv", "value": ncv}, {"factor_id": "mcf", "value": mcf})
    after = small.compile_rows(rows(*now, kept[1]), changed, gwp=sets[1])
    found = explain(before, after)
    whole = (after.totals("year")["co2e"].sum() or 0) - (before.totals("year")["co2e"].sum() or 0)
    assert found["difference"].sum() == pytest.approx(whole, rel=1e-9, abs=1e-6)
    for row in found.iter_rows(named=True):
        scale = max(abs(row["before"]), abs(row["after"]), 1.0)
        assert abs(sum(row[name] for name in EFFECTS) - row["difference"]) <= 1e-9 * scale
