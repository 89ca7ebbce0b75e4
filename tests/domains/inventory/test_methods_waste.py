"""Methods of waste and wastewater, against printed values and arithmetic shown in each test.

"Facts" are the values of the project's fact files (waste.csv) with their source; equation numbers are of IPCC volume 5.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.inventory.methods import waste, wastewater
from dafeng.domains.inventory.methods import waste_treatment as treatment
from dafeng.kernel.accounting import find_method
from dafeng.kernel.errors import MethodError, UnitError

C_TO_CO2 = 44 / 12


def close(value, digits=1e-9):
    return pytest.approx(value, rel=digits)


# Landfill, mass balance


def test_methane_potential_and_mass_balance():
    # 1 × 0.2 × 0.5 × 0.5 × 16/12 = 0.0666667 t CH4/t; (1000 × L0 - 10) × (1 - 0.1) = 51
    assert waste.methane_potential(1, 0.2, 0.5, 0.5) == close(0.2 / 3)
    assert waste.mass_balance_ch4(1000, 10, 1, 0.2, 0.5, 0.5, 0.1) == close(51)
    assert waste.mass_balance_l0_ch4(2000, 0.5, 10, 0.2 / 3, 0.1) == close(51)
    assert waste.landfilled(2000, 0.5) == close(1000)


def test_recovery_of_a_whole_site_comes_off_the_sum():
    whole = waste.mass_balance_ch4(1000, 10, 1, 0.2, 0.5, 0.5, 0.1)
    parts = waste.mass_balance_ch4(1000, 0, 1, 0.2, 0.5, 0.5, 0.1) + waste.recovery_ch4(10, 0.1)
    assert whole == close(parts)


def test_recovery_not_reported_means_none():
    values = {"deposited": 1000, "mcf_landfill": 1, "doc": 0.2, "docf": 0.5, "methane_fraction": 0.5}
    result = find_method("waste.landfill.mass_balance.ch4").run(values | {"oxidation_landfill": 0.1})
    assert result["result"] == close(60)


def test_degradable_carbon_of_the_chinese_default_composition():
    # IPCC 2006 Table 2.4 and China's composition: 0.591×0.15 + 0.085×0.40 + 0.016×0.43 + 0.041×0.24
    # = 0.08865 + 0.034 + 0.00688 + 0.00984
    doc = waste.doc_mixed(0.591, 0, 0.085, 0.016, 0.041, 0, 0.15, 0.2, 0.4, 0.43, 0.24, 0.24)
    assert doc == close(0.13937)


def test_waste_of_a_population():
    # 1 000 000 × 1 kg × 365 d
    assert waste.msw_generated(1_000_000, 1.0) == close(365_000)


# Landfill, first-order decay


def fod(deposited, **changes):
    values = {
        "doc": 0.2, "docf": 0.5, "mcf_landfill": 1.0, "landfill_k": math.log(2),
        "methane_fraction": 0.5, "oxidation_landfill": 0.0,
    }  # fmt: skip
    first = 2000
    return waste.landfill_fod(np.arange(first, first + len(deposited)), np.asarray(deposited), **(values | changes))


def test_elementary_equations():
    # k = ln 2 / 1 a: half of 100 t C stays, half decays; 50 t C give 50 × 0.5 × 16/12 = 33.33 t CH4.
    k = waste.rate_constant(1.0)
    assert k == close(math.log(2))
    assert waste.ddoc_deposited(1000, 0.2, 0.5, 1) == close(100)
    assert waste.ddoc_accumulated(30, 100, k) == close(80)
    assert waste.ddoc_decomposed(100, k) == close(50)
    assert waste.ch4_generated(50, 0.5) == close(100 / 3)
    # (33.33 - 3.33) × (1 - 0.1)
    assert waste.ch4_emitted(100 / 3, 10 / 3, 0.1) == close(27)
    assert waste.methane_potential_total(100, 0.5) == close(200 / 3)
    assert waste.stored_carbon(1000, 0.2, 0.4, 1) == close(120)
    # Annex 3A.1: decay from month 7 (no delay) leaves 2^(-1/2) at the end of the year, from month 13 all of it.
    assert waste.ddoc_deposited_remaining(100, 7, k) == close(100 / math.sqrt(2))
    assert waste.ddoc_deposited_decomposed(100, 7, k) == close(100 - 100 / math.sqrt(2))
    assert waste.ddoc_deposited_remaining(100, 13, k) == close(100)


def test_decay_starts_in_the_year_after_tipping():
    # 1000 t × 0.2 × 0.5 = 100 t C with a half-life of one year: 0, 50, 25, 12.5 t C decay; × 0.5 × 16/12
    assert fod([1000, 0, 0, 0]) == pytest.approx([0, 100 / 3, 50 / 3, 25 / 3], rel=1e-12)


def test_without_delay_decay_starts_in_mid_year():
    # First year: 100 × (1 - 2^(-1/2)) t C
    first = 100 * (1 - 1 / math.sqrt(2)) * 0.5 * 16 / 12
    assert fod([1000, 0], delay_months=0)[0] == close(first)


def test_recovery_and_oxidation_reduce_what_was_generated():
    # Second year: (33.33 - 3.33) × 0.9
    assert fod([1000, 0], recovered=np.array([0, 10 / 3]), oxidation_landfill=0.1)[1] == close(27)


@pytest.mark.parametrize("delay", [0, 3, 6])
def test_series_equals_the_elementary_equations(delay):
    deposited = np.array([800.0, 1200, 900, 0, 300, 50])
    parameters = (0.15, 0.5, 0.8, 0.185, 0.55, 0.1)
    doc, docf, mcf, k, fraction, oxidation = parameters
    stock, expected = 0.0, []
    for tipped in deposited:
        new = waste.ddoc_deposited(tipped, doc, docf, mcf)
        decomposed = waste.ddoc_deposited_decomposed(new, 7 + delay, k) + waste.ddoc_decomposed(stock, k)
        stock = waste.ddoc_accumulated(waste.ddoc_deposited_remaining(new, 7 + delay, k), stock, k)
        expected.append(waste.ch4_emitted(waste.ch4_generated(decomposed, fraction), 2, oxidation))
    emitted = waste.landfill_fod(
        np.arange(2015, 2021), deposited, doc=doc, docf=docf, mcf_landfill=mcf, landfill_k=k,
        methane_fraction=fraction, oxidation_landfill=oxidation, recovered=2.0, delay_months=delay,
    )  # fmt: skip
    assert emitted == pytest.approx(expected, rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    deposited=st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
    k=st.floats(0.005, 2),
    delay=st.integers(0, 6),
)
def test_carbon_is_conserved(deposited, k, delay):
    # With F = 0.75, F × 16/12 = 1: methane generated is the carbon decomposed, and carbon in = decomposed + stock.
    stock = 0.0
    for tipped in deposited:
        new = waste.ddoc_deposited(tipped, 0.2, 0.5, 1)
        stock = waste.ddoc_accumulated(waste.ddoc_deposited_remaining(new, 7 + delay, k), stock, k)
    decomposed = fod(deposited, methane_fraction=0.75, landfill_k=k, delay_months=delay).sum()
    assert decomposed + stock == pytest.approx(sum(deposited) * 0.1, rel=1e-9, abs=1e-9)


def test_draws_are_computed_side_by_side():
    deposited = np.array([100.0, 200, 300])
    doc = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    drawn = fod(deposited, doc=doc)
    assert drawn.shape == (3, 5)
    for column, value in enumerate(doc):
        assert drawn[:, column] == pytest.approx(fod(deposited, doc=value), rel=1e-12)
    both = fod(deposited[:, None] * np.ones(5), doc=doc, recovered=np.array([0.0, 1, 2]))
    assert both == pytest.approx(fod(deposited, doc=doc, recovered=np.array([0.0, 1, 2])), rel=1e-12)


def test_as_many_draws_as_years_are_draws_where_the_waste_is_drawn():
    deposited = np.full((3, 3), 100.0)
    k = np.array([0.05, 0.1, 0.2])
    drawn = fod(deposited, landfill_k=k)
    for column, value in enumerate(k):
        assert drawn[:, column] == pytest.approx(fod(deposited[:, 0], landfill_k=value), rel=1e-12)


def test_a_parameter_may_change_from_year_to_year():
    # Half the waste carbon in the first year only: 50 t C, then nothing: 25 and 12.5 t C decay.
    emitted = fod([1000, 0, 0], doc=np.array([0.1, 0.2, 0.2]))
    assert emitted == pytest.approx([0, 50 / 3, 25 / 3], rel=1e-12)


@pytest.mark.parametrize("years", [[2000, 2002], [2001, 2000], [2000, 2000], []])
def test_years_that_do_not_follow_are_refused(years):
    with pytest.raises(MethodError, match="逐年连续"):
        waste.landfill_fod(
            years, np.ones(len(years)), doc=0.2, docf=0.5, mcf_landfill=1, landfill_k=0.1,
            methane_fraction=0.5, oxidation_landfill=0,
        )  # fmt: skip


def test_lengths_and_delays_that_make_no_sense_are_refused():
    with pytest.raises(MethodError, match="个数不同"):
        waste.landfill_fod(
            [2000, 2001], np.ones(3), doc=0.2, docf=0.5, mcf_landfill=1, landfill_k=0.1,
            methane_fraction=0.5, oxidation_landfill=0,
        )  # fmt: skip
    with pytest.raises(MethodError, match="滞后"):
        fod([1.0, 2.0], delay_months=7)


# Biological treatment and burning


def test_composting():
    # Facts w.bio.*: 4 and 0.24 g/kg wet. 1000 × 4 kg - 1 t
    assert treatment.biological_ch4(1000, 1, 4) == close(3)
    assert treatment.biological_n2o(1000, 0.24) == close(0.24)


def test_incineration_factors_of_the_fact_file():
    # w.inc.2025.msw.ef 0.557333, w.inc.2025.hazardous.ef 1.64175, S33 hazardous 2011: 3.201 t CO2/t.
    assert treatment.incineration_co2(1, 0.4, 0.4, 0.95) == pytest.approx(0.557333, abs=5e-7)
    assert treatment.incineration_co2(1, 0.5, 0.9, 0.995) == close(1.64175)
    assert treatment.incineration_co2(1, 1, 0.9, 0.97) == close(3.201)


def test_fossil_and_biogenic_carbon_make_all_carbon():
    # 1000 t × 0.4 × 0.95 × 44/12
    fossil = treatment.incineration_co2(1000, 0.4, 0.3, 0.95)
    biogenic = treatment.incineration_biogenic_co2(1000, 0.4, 0.3, 0.95)
    assert fossil + biogenic == close(380 * C_TO_CO2)
    fossil = treatment.incineration_dry_matter_co2(1000, 0.8, 0.5, 0.2, 1)
    biogenic = treatment.incineration_dry_matter_biogenic_co2(1000, 0.8, 0.5, 0.2, 1)
    # Textiles: 1000 × 0.8 × 0.5 × 0.2 = 80 t fossil carbon of 400
    assert fossil == close(80 * C_TO_CO2)
    assert fossil + biogenic == close(400 * C_TO_CO2)


def test_liquid_waste_and_open_burning():
    assert treatment.liquid_waste_co2(100, 0.8, 1) == close(80 * C_TO_CO2)
    # Plastics: 10 × 1.0 × 0.75 × 1.0 × 0.71
    assert treatment.open_burning_co2(10, 1, 0.75, 1, 0.71) == close(5.325 * C_TO_CO2)
    assert treatment.open_burning_ch4(1000, 6500) == close(6.5)
    # 1000 × 0.6 × 150 g
    assert treatment.open_burning_n2o(1000, 0.6, 150) == close(0.09)
    # 1 000 000 × 0.1 × 1 kg × 0.6 × 365 d = 21 900 t
    assert treatment.open_burnt(1_000_000, 0.1, 1, 0.6) == close(21_900)


def test_furnace_methane_and_nitrous_oxide():
    # Facts w.inc.ch4.cont_stoker 0.2 kg/Gg, w.inc.n2o.cont_stoker 47 g/t; 1 Mt
    method = find_method("waste.incineration.ch4")
    result = method.run({"burnt": 1_000_000, "burning_ch4_ef": 0.2}, {"burning_ch4_ef": "kg CH4/Gg"})
    assert result["result"] == close(0.2)
    assert treatment.incineration_n2o(1_000_000, 47) == close(47)
    # 1000 t × 10 mg/m3 × 5000 m3/t = 5 × 10^7 mg
    assert treatment.flue_gas_n2o(1000, 10, 5000) == close(0.05)


# Wastewater


def test_domestic_methane():
    # Facts w.b0.bod 0.6, w.mcf.domestic 0.165. (1000 - 100) × 0.6 × 0.165 - 9.1 = 89.1 - 9.1
    assert wastewater.domestic_ch4_ef(0.6, 0.165) == close(0.099)
    assert wastewater.domestic_ch4(1000, 100, 9.1, 0.6, 0.165) == close(80)


def test_domestic_methane_from_cod_and_from_population():
    # Fact w.bodcod.华中 0.49: 1000 × 0.49 × 0.099
    assert wastewater.bod_of_cod(1000, 0.49) == close(490)
    assert wastewater.domestic_cod_ch4(1000, 0, 0.49, 0.6, 0.165) == close(48.51)
    # 10^6 × 40 g × 1.25 × 365 d = 18 250 t BOD
    assert wastewater.bod_of_population(1_000_000, 40, 1.25) == close(18_250)
    assert wastewater.domestic_population_ch4(1_000_000, 0, 0, 40, 1.25, 0.6, 0.165) == close(1806.75)


def test_bod_is_not_taken_for_cod():
    with pytest.raises(UnitError):
        find_method("wastewater.domestic.ch4").run({"bod": 1, "b0_bod": 0.6, "mcf_wastewater": 0.1}, {"bod": "t COD"})


def test_pathways_of_domestic_wastewater():
    # 1000 × 0.5 × 0.4 × 1.25 = 250; (250 - 50) × 0.6 × 0.5 - 10
    assert wastewater.bod_of_pathway(1000, 0.5, 0.4, 1.25) == close(250)
    assert wastewater.domestic_pathway_ch4(1000, 0.5, 0.4, 50, 10, 1.25, 0.6, 0.5) == close(50)
    assert wastewater.sludge_bod_aerobic(100, 0.8) == close(80)
    assert wastewater.sludge_bod_septic(100, 0.5) == close(25)
    # 1000 × 0.8 × (1 - 0.84)
    assert wastewater.bod_effluent(1000, 0.8, 0.84) == close(128)


def test_industrial_methane():
    # Fact w.b0.cod 0.25, MCF of tea and beverages 0.5: (100 - 20) × 0.125 - 1
    assert wastewater.industrial_ch4_ef(0.25, 0.5) == close(0.125)
    assert wastewater.industrial_ch4(100, 20, 1, 0.25, 0.5) == close(9)
    # Pulp and paper: 1000 t × 162 m3 × 9 kg = 1458 t COD
    assert wastewater.cod_of_output(1000, 162, 9) == close(1458)
    assert wastewater.industrial_output_ch4(1000, 0, 0, 162, 9, 0.25, 0.5) == close(182.25)


def test_nitrous_oxide_of_2006():
    # 10^6 × 30 kg × 0.16 × 1.5 × 1.25 = 9 000 000 kg N; less 200 000; × 0.005 × 44/28
    assert wastewater.nitrogen_effluent(1_000_000, 30, 200_000, 0.16, 1.5, 1.25) == close(8_800_000)
    assert wastewater.n2o_effluent(9_000_000, 0.005) == close(45 * 44 / 28)
    assert wastewater.wastewater_n2o(1_000_000, 30, 0, 0.16, 1.5, 1.25, 0.005) == close(45 * 44 / 28)
    # 10^6 × 0.5 × 1.25 × 3.2 g = 2 t; its nitrogen 2 × 28/44
    assert wastewater.plant_n2o_population(1_000_000, 0.5, 1.25, 0.0032) == close(2)
    assert wastewater.nitrogen_of_plant(2) == close(2 * 28 / 44)


def test_nitrous_oxide_of_2019():
    # 10^6 × 30 × 0.16 × 1.1 × 1.08 × 1.25 = 7 128 000 kg N
    assert wastewater.protein_consumed(40, 0.86) == close(34.4)
    assert wastewater.nitrogen_domestic(1_000_000, 30, 0.16, 1.1, 1.08, 1.25) == close(7_128_000)
    # × 0.016 × 44/28 ÷ 1000 = 114.048 t N2O-N
    assert wastewater.plant_n2o_protein(1_000_000, 30, 0.16, 1.1, 1.08, 1.25, 0.016) == close(114.048 * 44 / 28)
    assert wastewater.plant_n2o(7_128_000, 1, 1, 0.016) == close(114.048 * 44 / 28)
    # × 0.8 × (1 - 0.4)
    assert wastewater.nitrogen_discharged(7_128_000, 0.8, 0.4) == close(3_421_440)
    # Beer: 1000 t × 6.3 m3 × 0.055 kg = 346.5 kg N; × 0.016 × 44/28
    assert wastewater.nitrogen_industrial(1000, 6.3, 0.055) == close(346.5)
    assert wastewater.industrial_plant_n2o(346.5, 1, 0.016) == close(0.005544 * 44 / 28)
    assert wastewater.industrial_output_n2o(1000, 6.3, 0.055, 0.016) == close(0.005544 * 44 / 28)
