"""Livestock methods against published values and against arithmetic that is shown.

Powers and divisions were worked out on a calculator, step by step, from the printed equations of IPCC 2006/2019 volume
4 chapter 10; nothing here was obtained by running the methods.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dafeng.domains.inventory import methods
from dafeng.domains.inventory.methods import livestock  # noqa: F401 (registers the methods)
from dafeng.kernel.accounting import all_methods, find_method, read_factors
from dafeng.kernel.errors import MethodError
from dafeng.kernel.quantities import units

TABLE = Path(methods.__file__).parents[1] / "factors" / "livestock.csv"


def run(name: str, **values: float) -> float:
    return find_method(name).run(values)["result"]


def test_average_population_of_the_ipcc_broiler_example():
    # IPCC 2006 Vol.4 Ch.10, text of eq. 10.1: 60 000 broilers, 60 days each: 60 · 60000/365 = 9 863 (printed 9,863).
    assert run("agriculture.livestock.average_population", days_alive=60, animals_produced=60_000) == pytest.approx(
        9863, abs=0.5
    )


def test_net_energy_for_maintenance_uses_the_power_three_quarters():
    # 550^0.75 = 113.57219; × 0.386 = 43.83887. (bonsai-ipcc 0.5.3 has 0.76, a slip.)
    energy = run("agriculture.livestock.net_energy_maintenance", maintenance_coefficient=0.386, body_weight=550)
    assert energy == pytest.approx(43.83887, abs=1e-5)


def test_cold_raises_the_maintenance_coefficient():
    # 0.322 + 0.0048 × (20 − 5) = 0.322 + 0.072
    value = run(
        "agriculture.livestock.maintenance_coefficient_in_cold", maintenance_coefficient=0.322, winter_temperature=5
    )
    assert value == pytest.approx(0.394)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        # 0.17 × 40
        ("net_energy_activity.cattle", {"activity_coefficient": 0.17, "net_energy_maintenance": 40}, 6.8),
        # 0.0107 × 45
        ("net_energy_activity.sheep", {"activity_coefficient_sheep": 0.0107, "body_weight": 45}, 0.4815),
        # (300/(1.0·500))^0.75 = 0.6^0.75 = 0.68173162; 0.5^1.097 = 0.46748760; 22.02 × 0.68173162 × 0.46748760
        (
            "net_energy_growth.cattle",
            {"body_weight": 300, "growth_coefficient": 1, "mature_weight": 500, "weight_gain": 0.5},
            7.0177977,
        ),
        # 15 × (2.1 + 0.5·0.45·45)/365 = 15 × 12.225/365
        (
            "net_energy_growth.sheep",
            {"weaning_weight": 15, "yearling_weight": 30, "growth_energy_a": 2.1, "growth_energy_b": 0.45},
            0.5023973,
        ),
        # 20 × (1.47 + 0.40·3.7) = 20 × 2.95
        ("net_energy_lactation.cattle", {"milk": 20, "milk_fat": 3.7}, 59.0),
        # 1.2 × 4.6
        ("net_energy_lactation.sheep", {"milk": 1.2, "milk_energy": 4.6}, 5.52),
        # 5·10/365 × 4.6
        ("net_energy_lactation.sheep_by_lamb", {"weaning_gain": 10, "milk_energy": 4.6}, 0.6301370),
        # 0.10 × 40 × 6
        ("net_energy_work", {"net_energy_maintenance": 40, "work_hours": 6}, 24.0),
        # 24 × 4/365
        ("net_energy_wool", {"wool_energy": 24, "wool": 4}, 0.2630137),
        # 0.10 × 40
        ("net_energy_pregnancy", {"pregnancy_coefficient": 0.10, "net_energy_maintenance": 40}, 4.0),
        # 1.123 − 0.26598 + 0.0475735 − 0.390769
        ("maintenance_energy_ratio", {"digestibility": 65}, 0.5138243),
        # 1.164 − 0.3354 + 0.055263 − 0.575385
        ("growth_energy_ratio", {"digestibility": 65}, 0.3084784),
        # ((40 + 6 + 20 + 0 + 3)/0.5 + (7 + 0.5)/0.3)/0.65 = (138 + 25)/0.65
        (
            "gross_energy",
            {
                "net_energy_maintenance": 40,
                "net_energy_activity": 6,
                "net_energy_lactation": 20,
                "net_energy_work": 0,
                "net_energy_pregnancy": 3,
                "net_energy_growth": 7,
                "net_energy_wool": 0.5,
                "maintenance_energy_ratio": 0.5,
                "growth_energy_ratio": 0.3,
                "digestibility": 65,
            },
            250.7692308,
        ),
        # 10 × 18.45
        ("gross_energy.from_dry_matter", {"dry_matter_intake": 10}, 184.5),
        ("dry_matter_intake.from_gross_energy", {"gross_energy": 184.5}, 10.0),
        # 0.5 × 18.45 × 0.6
        ("diet_net_energy", {"maintenance_energy_ratio": 0.5, "digestibility": 60}, 5.535),
        # 300^0.75 = 72.08434; (1.4664 − 0.3996 − 0.472)/6 = 0.0991333
        ("dry_matter_intake.growing_cattle", {"body_weight": 300, "diet_net_energy": 6}, 7.1459611),
        # 500^0.75 = 105.73713; (0.4284 + 0.1938)/6 = 0.1037
        ("dry_matter_intake.mature_beef", {"body_weight": 500, "diet_net_energy": 6}, 10.9649400),
        # 5.4·500/500/(1 − 0.55)
        ("dry_matter_intake.mature_dairy", {"body_weight": 500, "digestibility": 55}, 12.0),
        # 100^0.75 = 31.622777; (0.4074 − 0.13034 − 0.1128)/(1.673) = 0.0981829
        ("dry_matter_intake.calves_2019", {"body_weight": 100, "diet_net_energy": 7}, 3.1048161),
        # 300^0.75 = 72.08434; (0.3492 − 0.09576 − 0.0869)/1.434 = 0.1161367
        ("dry_matter_intake.growing_cattle_2019", {"body_weight": 300, "diet_net_energy": 6}, 8.3716363),
        # 3.83 + 0.0143·0.96·400
        ("dry_matter_intake.steers_2019", {"body_weight": 400}, 9.3212),
        # 3.184 + 0.01536·0.96·400
        ("dry_matter_intake.heifers_2019", {"body_weight": 400}, 9.08224),
        # 0.4324·20 + 16.216·0.8
        ("fat_corrected_milk", {"milk": 20, "milk_fat": 4}, 21.6208),
        # 0.0185·600 + 0.305·21.6208
        ("dry_matter_intake.lactating_2019", {"body_weight": 600, "fat_corrected_milk": 21.6208}, 17.694344),
    ],
)
def test_each_energy_equation(name: str, values: dict[str, float], expected: float):
    assert run(f"agriculture.livestock.{name}", **values) == pytest.approx(expected, rel=1e-6)


def test_the_cattle_and_sheep_forms_are_the_general_gross_energy_without_wool_and_without_work():
    shared = {
        "net_energy_maintenance": 40,
        "net_energy_activity": 6,
        "net_energy_lactation": 20,
        "net_energy_pregnancy": 3,
        "net_energy_growth": 7,
        "maintenance_energy_ratio": 0.5,
        "growth_energy_ratio": 0.3,
        "digestibility": 65,
    }
    # cattle: (40 + 6 + 20 + 2 + 3)/0.5 + 7/0.3 = 142 + 23.33333; /0.65. sheep: 69/0.5 + 7.6/0.3 = 138 + 25.33333; /0.65
    cattle = run("agriculture.livestock.gross_energy.cattle", **shared, net_energy_work=2)
    sheep = run("agriculture.livestock.gross_energy.sheep", **shared, net_energy_wool=0.6)
    assert cattle == pytest.approx(254.3589744)
    assert sheep == pytest.approx(251.2820513)


def test_enteric_methane_by_factor():
    # 10 000 dairy cows on farms of scale at 88.1 kg (guideline 2011, as in the fact file): 881 t
    assert run("agriculture.enteric.ch4", head=10_000, enteric_ch4_ef=88.1) == pytest.approx(881)


def test_enteric_factors_from_energy_and_from_dry_matter():
    # 200 × 0.065 × 365/55.65 = 4745/55.65
    assert run("agriculture.enteric.emission_factor", gross_energy=200, ym=6.5) == pytest.approx(85.2650494)
    # 10 kg × 18.45 = 184.5 MJ; × 0.065 × 365/55.65 = 4377.2625/55.65
    by_intake = run("agriculture.enteric.emission_factor.from_dry_matter", dry_matter_intake=10, ym=6.5)
    assert by_intake == pytest.approx(78.6570081)
    # 18 × 20 g × 365 / 1000
    by_yield = run("agriculture.enteric.emission_factor.from_methane_yield", dry_matter_intake=18, methane_yield=20)
    assert by_yield == pytest.approx(131.4)


def test_tier_2_of_a_dairy_herd_step_by_step():
    # NEm 43.838867, NEa 0, NEl 59.0, NEp 0.1·43.838867·0.8 = 3.507109, no gain; sum 106.345976;
    # /REM 0.5138243 = 206.969547; /0.65 = 318.414688 MJ; × 0.065 × 365/55.65 = 135.748221 kg; × 10 000 head
    methane = run(
        "agriculture.enteric.ch4.tier2_dairy",
        head=10_000,
        body_weight=550,
        weight_gain=0,
        milk=20,
        milk_fat=3.7,
        pregnant_share=0.8,
        mature_weight=550,
        maintenance_coefficient=0.386,
        activity_coefficient=0,
        growth_coefficient=0.8,
        pregnancy_coefficient=0.10,
        digestibility=65,
        ym=6.5,
    )
    assert methane == pytest.approx(1357.48221, rel=1e-7)


def test_tier_2_meets_the_published_asian_dairy_factor():
    # IPCC 2019 Annex 10A.1, Asia: 386 kg, 8.9 kg milk, 3.9 % fat, DE 66 %, 70 % in calf, Ym 6.3 % → Table 10.11: 78 kg.
    # The annex mixes feeding situations; stall feeding alone must come out a little below it and within 3 %.
    kilograms = 1000 * run(
        "agriculture.enteric.ch4.tier2_dairy",
        head=1,
        body_weight=386,
        weight_gain=0,
        milk=8.9,
        milk_fat=3.9,
        pregnant_share=0.70,
        mature_weight=386,
        maintenance_coefficient=0.386,
        activity_coefficient=0,
        growth_coefficient=0.8,
        pregnancy_coefficient=0.10,
        digestibility=66,
        ym=6.3,
    )
    assert 78 * 0.97 < kilograms < 78


def test_an_animal_without_milk_work_or_calf_needs_no_such_rows():
    shared = {
        "head": 1000,
        "body_weight": 300,
        "weight_gain": 0.5,
        "mature_weight": 500,
        "maintenance_coefficient": 0.322,
        "activity_coefficient": 0.17,
        "growth_coefficient": 1.0,
        "pregnancy_coefficient": 0.10,
        "digestibility": 65,
        "ym": 6.5,
    }
    # NEm 0.322 × 300^0.75 72.084344 = 23.2111588; NEa 0.17 of it 3.9458970; NEg 7.0177977
    # (27.1570558/0.5138243 + 7.0177977/0.3084784)/0.65 = (52.8528210 + 22.7497195)/0.65 = 116.3116007 MJ
    # × 0.065 × 365/55.65 = 49.5870... kg: 116.3116007 × 0.42632525 = 49.5865720
    short = run("agriculture.enteric.ch4.tier2_cattle", **shared)
    full = run("agriculture.enteric.ch4.tier2_cattle", **shared, milk=0, milk_fat=0, work_hours=0, pregnant_share=0)
    assert short == full == pytest.approx(49.58657, rel=1e-6)
    with pytest.raises(MethodError, match="milk"):
        run("agriculture.enteric.ch4.tier2_dairy", **shared)


def test_tier_2_of_sheep_step_by_step():
    # 45^0.75 = 17.3744155; NEm 0.217 × = 3.7702482; NEa 0.0096 × 45 = 0.432; NEl 0; NEp 0.077·3.7702482·0.5 =
    # 0.1451546; no growth (weights equal: 0); NEwool 24·3/365 = 0.1972603; DE 60: REM = 1.123 − 0.24552 + 0.040536 − 0.4233333
    # = 0.4946827; REG = 1.164 − 0.3096 + 0.047088 − 0.6233333 = 0.2781547
    # (4.3474028/0.4946827 + 0.1972603/0.2781547)/0.6 = (8.7882653 + 0.7091748)/0.6 = 15.8290668 MJ
    # × 0.065 × 365/55.65 = 15.8290668 × 0.42632525 = 6.7483308 kg
    methane = run(
        "agriculture.enteric.ch4.tier2_sheep",
        head=1000,
        body_weight=45,
        weaning_weight=30,
        yearling_weight=30,
        wool=3,
        pregnant_share=0.5,
        maintenance_coefficient=0.217,
        activity_coefficient_sheep=0.0096,
        growth_energy_a=2.3,
        growth_energy_b=0.4,
        milk_energy=4.6,
        wool_energy=24,
        pregnancy_coefficient=0.077,
        digestibility=60,
        ym=6.5,
    )
    assert methane == pytest.approx(6.74833, rel=1e-5)


def test_manure_methane_by_factor_and_by_volatile_solids():
    # a million pigs at 5.85 kg (GB/T 32151.22-2024 Table C.7, 中南)
    assert run("agriculture.manure.ch4", head=1_000_000, manure_ch4_ef=5.85) == pytest.approx(5850)
    # 5.8 kg/t/d × 0.058 t × 365 = 122.786 kg VS; × 1000 head × 0.4 × 10 g = 491 144 g
    assert run("agriculture.manure.volatile_solids.tier1", vs_rate=5.8, animal_mass=58) == pytest.approx(122.786)
    methane = run(
        "agriculture.manure.ch4.by_volatile_solids",
        head=1000,
        system_share=0.4,
        volatile_solids_annual=122.786,
        manure_ch4_per_vs=10,
    )
    assert methane == pytest.approx(0.491144)


def test_volatile_solids_and_the_factor_of_manure_methane():
    # (200·0.35 + 0.04·200)·(1 − 0.08)/18.45 = 78 × 0.92/18.45
    solids = run(
        "agriculture.manure.volatile_solids", gross_energy=200, digestibility=65, urinary_energy=0.04, ash=0.08
    )
    assert solids == pytest.approx(3.8894309)
    # weighted MCF: 75 % × 0.4 + 4 % × 0.6 = 32.4 %
    assert run("agriculture.manure.weighted_mcf", mcf_1=75, share_1=0.4, mcf_2=4, share_2=0.6) == pytest.approx(32.4)
    # 0.3 × 365 = 109.5; × 0.29 × 0.67 = 21.27585; × 0.324 = 6.8933754
    factor = run(
        "agriculture.manure.ch4_emission_factor",
        volatile_solids=0.3,
        methane_capacity=0.29,
        mcf=32.4,
        system_share=1,
    )
    assert factor == pytest.approx(6.8933754)
    # one system: 21.27585 × 0.75 × 0.4 = 6.382755 kg; × 10 000
    herd = run(
        "agriculture.manure.ch4.tier2",
        head=10_000,
        system_share=0.4,
        volatile_solids=0.3,
        methane_capacity=0.29,
        mcf=75,
    )
    assert herd == pytest.approx(63.82755)


def test_manure_nitrous_oxide():
    # a million pigs at 0.157 kg (Table C.10, 中南)
    assert run("agriculture.manure.n2o", head=1_000_000, manure_n2o_ef=0.157) == pytest.approx(157)
    # 1000 × 11 × 0.6 = 6600 kg N
    herd = {"head": 1000, "system_share": 0.6, "nitrogen_excretion": 11}
    # × 0.005 × 44/28 = 51.857143 kg
    assert run("agriculture.manure.direct_n2o", **herd, manure_ef3=0.005) == pytest.approx(0.051857143)
    assert run("agriculture.manure.nitrogen_volatilised", **herd, frac_gas_manure=20) == pytest.approx(1320)
    assert run("agriculture.manure.nitrogen_leached", **herd, frac_leach_manure=2) == pytest.approx(132)
    # 1320 × 0.01 × 44/28 = 20.742857 kg; 132 × 0.0075 × 44/28 = 1.5557143 kg
    to_air = run("agriculture.manure.indirect_n2o.volatilisation", nitrogen_volatilised=1320, manure_ef4=0.01)
    to_water = run("agriculture.manure.indirect_n2o.leaching", nitrogen_leached=132, manure_ef5=0.0075)
    assert to_air == pytest.approx(0.020742857)
    assert to_water == pytest.approx(0.0015557143)
    both = run(
        "agriculture.manure.indirect_n2o",
        **herd,
        frac_gas_manure=20,
        manure_ef4=0.01,
        frac_leach_manure=2,
        manure_ef5=0.0075,
    )
    assert both == pytest.approx(0.0222985714)


def test_nitrogen_excretion_and_intake():
    # 0.61 × 0.058 × 365
    assert run("agriculture.manure.nitrogen_excretion.tier1", n_rate=0.61, animal_mass=58) == pytest.approx(12.9137)
    # 0.3 × 0.8 × 365; (0.3 − 0.06) × 365: the same animal
    assert run(
        "agriculture.manure.nitrogen_excretion.tier2", nitrogen_intake=0.3, retention_fraction=0.2
    ) == pytest.approx(87.6)
    assert run(
        "agriculture.manure.nitrogen_excretion.by_retention", nitrogen_intake=0.3, nitrogen_retention=0.06
    ) == pytest.approx(87.6)
    # 184.5/18.45 = 10 kg; × 0.15/6.25
    assert run("agriculture.manure.nitrogen_intake", gross_energy=184.5, crude_protein=15) == pytest.approx(0.24)
    assert run(
        "agriculture.manure.nitrogen_intake.pigs_poultry", dry_matter_intake=2, crude_protein=16
    ) == pytest.approx(0.0512)


def test_nitrogen_retention():
    # 20 × 0.032/6.38 = 0.1003135; (268·0.5 − 7.03·7)/1000/6.25 = (134 − 49.21)/6250 = 0.0135664
    cattle = "agriculture.manure.nitrogen_retention.cattle"
    assert run(cattle, milk=20, milk_protein=3.2, weight_gain=0.5, net_energy_growth=7) == pytest.approx(
        0.1138799, abs=1e-7
    )
    # without gain only the milk is left, and nothing is divided by zero
    assert run(cattle, milk=20, milk_protein=3.2, weight_gain=0, net_energy_growth=0) == pytest.approx(
        0.1003135, abs=1e-7
    )
    # 0.025 × 10 × 2.2 × (7 − 1.4)/0.98 = 3.08/0.98
    piglets = run(
        "agriculture.manure.nitrogen_retention.weaned_piglets",
        litters=2.2,
        litter_size=10,
        weaning_weight=7,
        birth_weight=1.4,
    )
    assert piglets == pytest.approx(3.1428571)
    # 0.025 × 2.2 × 10 × 1.4/0.806 = 0.77/0.806 = 0.9553350, plus 3.1428571
    sows = run(
        "agriculture.manure.nitrogen_retention.sows",
        litters=2.2,
        litter_size=10,
        birth_weight=1.4,
        weaned_nitrogen=3.1428571,
    )
    assert sows == pytest.approx(4.0981921)
    # (110 − 25) × 0.025
    assert run(
        "agriculture.manure.nitrogen_retention.growing_pigs", final_weight=110, initial_weight=25, gain_nitrogen=0.025
    ) == pytest.approx(2.125)
    # 0.028 × 0.005 + 0.0185 × 50 g = 0.00014 + 0.000925
    hens = run(
        "agriculture.manure.nitrogen_retention.laying_hens",
        body_nitrogen=0.028,
        weight_gain=0.005,
        egg_nitrogen=0.0185,
        egg_mass=50,
    )
    assert hens == pytest.approx(0.001065)
    # (2.5 − 0.05) × 0.028/42
    broilers = run(
        "agriculture.manure.nitrogen_retention.pullets_broilers",
        final_weight=2.5,
        initial_weight=0.05,
        gain_nitrogen=0.028,
        production_period=42,
    )
    assert broilers == pytest.approx(0.0016333333)


def test_nitrogen_left_for_the_soil():
    herd = {"head": 100, "system_share": 0.5, "nitrogen_excretion": 40, "bedding_nitrogen": 7}
    # 100·40·0.5 = 2000; × (1 − 0.4) = 1200; + 100·0.5·7 = 350
    assert run("agriculture.manure.nitrogen_available", **herd, frac_loss_manure=40) == pytest.approx(1550)
    # (2000 + 500) × 0.6 + 350
    assert run(
        "agriculture.manure.nitrogen_available_2019", **herd, codigestate_nitrogen=500, frac_loss_manure=40
    ) == pytest.approx(1850)
    assert run("agriculture.manure.frac_n2", n2_per_n2o=3, manure_ef3=0.01) == pytest.approx(0.03)
    # 0.30 + 0.02 + 0.03 + 0.01
    assert run(
        "agriculture.manure.frac_loss", frac_gas_manure=30, frac_leach_manure=2, frac_n2=0.03, manure_ef3=0.01
    ) == pytest.approx(0.36)


def test_every_livestock_factor_converts_to_the_unit_of_its_input():
    wanted = {name: unit for one in all_methods().values() for name, unit in one.inputs.items()}
    table = read_factors([TABLE])
    for row in table.iter_rows(named=True):
        if row["parameter"] in wanted:
            assert units.convertible(row["unit"], wanted[row["parameter"]]), row["factor_id"]


def test_table_c6_holds_nineteen_temperatures_for_ten_systems():
    with TABLE.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["factor_id"].startswith("man.mcf.")]
    assert len(rows) == 190
    found = {row["technology"]: float(row["value"]) for row in rows}
    # spot values of GB/T 32151.22-2024 Table C.6: ≤10, 16 and ≥28 ℃
    assert (found["lagoon@10"], found["lagoon@16"], found["lagoon@28"]) == (66, 75, 80)
    assert (found["liquid_nocrust@16"], found["solid@16"], found["pit@28"], found["daily@10"]) == (29, 4, 30, 0.1)
