"""Dual control: deductions, the constant-price chain, falls, the yearly split, lights and what follows from red months."""

import pytest

from dafeng.domains.plan.methods import intensities
from dafeng.domains.plan.methods.dual_control import (
    Year,
    consequences,
    five_years,
    gdp_chain,
    light_rules,
    monthly_lights,
    required_fall,
    rules,
    total_assessed,
)
from dafeng.kernel.accounting import all_methods
from dafeng.kernel.errors import PlanError


def test_every_formula_is_registered_with_a_source() -> None:
    found = {id: each for id, each in all_methods().items() if id.startswith("plan.")}
    assert {
        "plan.intensity.gdp", "plan.intensity.energy", "plan.intensity.co2", "plan.intensity.energy.controlled",
        "plan.intensity.energy.total", "plan.intensity.energy.fall", "plan.intensity.co2.fall", "plan.intensity.split.geometric",
        "plan.intensity.split.linear", "plan.intensity.renewable", "plan.non_fossil_share", "plan.coal.from_share",
    } <= set(found)  # fmt: skip
    assert all(each.source and each.title for each in found.values())
    assert found["plan.intensity.energy"].formula == "(energy − feedstock_energy) ÷ gdp"
    assert found["plan.intensity.energy"].unit == "tce/万元"


def test_what_is_known_from_memory_is_marked_to_be_confirmed() -> None:
    assert {id for id, rule in rules().items() if not rule.confirmed} == {"formula", "yearly_split"}
    assert "待确认" in intensities.energy_fall.source
    assert rules()["formula"].standing.zh.startswith("待确认")


def test_feedstock_is_out_of_both_and_the_rise_of_renewables_out_of_the_total() -> None:
    # 1000 tce, 100 of it feedstock; renewables 150 now, 90 in the base year
    assert intensities.controlled_energy(1000, 100) == 900
    assert intensities.controlled_total(1000, 100, 150, 90) == 840


def test_renewable_power_in_standard_coal() -> None:
    """GB/T 2589-2020 and the fact file: 0.1229 kgce/kWh; 1 GWh is 122.9 tce."""
    found = intensities.renewable_energy.run({"electricity": 1, "coefficient": 0.1229}, {"electricity": "GWh"})
    assert found["result"] == pytest.approx(122.9)


def test_the_chain_multiplies_and_stops_at_a_gap() -> None:
    # 100 × 1.05 = 105; × 1.02 = 107.1; no index of 2023
    assert gdp_chain(2020, 100, {2021: 1.05, 2022: 1.02, 2024: 1.05}) == {
        2020: 100,
        2021: 105,
        2022: pytest.approx(107.1),
    }


def test_the_chain_reckons_back() -> None:
    assert gdp_chain(2020, 105, {2020: 1.05})[2019] == pytest.approx(100)


@pytest.mark.parametrize("index", [105.0, 5.0, 0.0, -1.0])
def test_an_index_that_is_a_percentage_is_refused(index: float) -> None:
    with pytest.raises(PlanError, match="可比价指数"):
        gdp_chain(2020, 100, {2021: index})


def test_the_two_splits_of_fifteen_percent() -> None:
    # equal rate: 1 − 0.85^(1/5) = 0.031981…, since 0.85^0.2 = e^(0.2·ln 0.85) = e^(−0.0325038) = 0.9680188
    assert required_fall(0.15, 1, 5, split="geometric") == pytest.approx(1 - 0.9680188, abs=1e-7)
    assert required_fall(0.15, 2, 5, split="linear") == pytest.approx(0.06)
    for split in ("geometric", "linear"):
        assert required_fall(0.15, 5, 5, split=split) == pytest.approx(0.15)


def base(year: int, gdp: float | None, energy: float | None, feedstock: float | None = 0.0, **more: float) -> Year:
    return Year(year, gdp, energy, feedstock, **more)


def test_progress_over_five_years() -> None:
    # 2020: 50/100 = 0.5; 2021: 52/110 = 0.472727, a fall of 5.4545 %; 2022: 54/112 = 0.482143, 3.5714 % since 2020, a rise on 2021
    found = five_years(
        [base(2020, 100, 50), base(2021, 110, 52), base(2022, 112, 54)],
        target=0.15, base_year=2020, last_year=2025, measure="energy", split="linear",
    )  # fmt: skip
    first, second, third = found.years[:3]
    assert first.fall == pytest.approx(1 - 0.472727 / 0.5, abs=1e-6)
    assert (first.met, second.met, third.met) == (True, False, None)
    assert second.yearly_fall is not None
    assert second.yearly_fall < 0
    assert second.ahead == pytest.approx(0.0357143 - 0.06, abs=1e-6)
    assert [each.year for each in found.years] == [2021, 2022, 2023, 2024, 2025]
    assert {rule.id for rule in found.unconfirmed} == {"formula", "yearly_split"}


def test_feedstock_that_nobody_has_stated_leaves_the_year_untested() -> None:
    found = five_years([base(2020, 100, 50, None), base(2021, 110, 52)], target=0.15, base_year=2020, last_year=2025,
                       measure="energy", split="linear")  # fmt: skip
    assert found.years[0].fall is None
    assert "2020 年缺原料用能（确认没有请填 0）" in [said.zh for said in found.years[0].why]


def test_the_total_needs_renewables_of_both_years() -> None:
    years = [base(2020, 100, 50, 2.0, renewable=5.0), base(2021, 110, 52, 2.0, renewable=8.0), base(2022, 112, 54, 2.0)]
    found = five_years(years, target=0.15, base_year=2020, last_year=2025, measure="energy", split="linear")
    assert found.years[0].total == pytest.approx(52 - 2 - 3)
    assert found.years[1].total is None


def test_carbon_needs_carbon_only() -> None:
    years = [Year(2020, 100.0, co2=200.0), Year(2021, 110.0, co2=198.0)]
    found = five_years(years, target=0.19, base_year=2020, last_year=2025, measure="co2", split="geometric")
    assert found.years[0].fall == pytest.approx(0.1)  # 1.8 against 2.0
    assert found.years[0].total is None


def test_the_split_has_no_default_and_an_unknown_one_is_refused() -> None:
    with pytest.raises(PlanError, match="请由本市选定"):
        five_years([], target=0.15, base_year=2020, last_year=2025, measure="energy", split="")


@pytest.mark.parametrize("given", [{"target": 15.0}, {"last_year": 2020}, {"measure": "coal"}])
def test_a_target_in_percent_or_a_wrong_span_is_refused(given: dict[str, object]) -> None:
    standard = {"target": 0.15, "base_year": 2020, "last_year": 2025, "measure": "energy", "split": "linear"}
    with pytest.raises(PlanError):
        five_years([], **(standard | given))  # type: ignore[arg-type]


def test_the_total_is_not_assessed_once_the_incentive_target_is_met() -> None:
    assert total_assessed(0.16, 0.155)[0] is False
    assert total_assessed(0.15, 0.155)[0] is True
    assert total_assessed(None, 0.155)[0] is None


# ---------------------------------------------------------------- months


def months(
    county: str, *falls: float | None, required: float = 2.0, first: int = 1
) -> list[tuple[str, str, float | None, float | None]]:
    return [(county, f"2026-{first + number:02d}", fall, required) for number, fall in enumerate(falls)]


def test_rising_is_red_behind_is_yellow_on_schedule_is_green() -> None:
    found = monthly_lights(months("甲", -0.1, 0.0, 1.9, 2.0))
    assert found["light"].to_list() == ["red", "yellow", "yellow", "green"]


def test_a_month_without_data_is_unknown_and_breaks_the_row() -> None:
    found = monthly_lights(months("甲", -1, None, -1))
    assert found["light"].to_list() == ["red", "unknown", "red"]
    assert found["streak"].to_list() == [1, 1, 1]


def test_two_red_months_bring_a_reminder_and_three_a_limit() -> None:
    found = consequences(monthly_lights([*months("甲", -1, -1, -1, 3, -1), *months("乙", -1, 1, -1, -1)]))
    assert [(each.county, each.period, each.measure, each.streak) for each in found] == [
        ("甲", "2026-02", "remind", 2), ("甲", "2026-03", "limit", 3), ("乙", "2026-04", "remind", 2),
    ]  # fmt: skip
    assert found[0].rule.letter == "A"
    assert "河南" in found[0].rule.source


def test_a_row_of_red_months_goes_on_over_the_new_year() -> None:
    rows = [("甲", "2025-12", -1.0, 2.0), ("甲", "2026-01", -1.0, 2.0)]
    assert [each.measure for each in consequences(monthly_lights(rows))] == ["remind"]


def test_a_missed_year_suspends_reviews() -> None:
    found = consequences(monthly_lights(months("甲", 3)), missed_years=[("乙", 2025)])
    assert [(each.county, each.measure) for each in found] == [("乙", "suspend")]


def test_a_quarter_is_no_month() -> None:
    with pytest.raises(PlanError, match="不是月份"):
        monthly_lights([("甲", "2026Q1", 1.0, 2.0)])


def test_the_lights_say_which_part_is_ours() -> None:
    assert "起草" in light_rules().standing
    assert [step.periods for step in light_rules().escalations] == [2, 3]
