"""What a target implies: levels, changes, additions, ranges, targets on targets, milestones on the way."""

from typing import Any

import pytest

from dafeng.domains.plan.methods.observations import Observation, series_of
from dafeng.domains.plan.methods.targets import Implied, Requirement, Step, Target, imply, target_from
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PlanError


def target(**given: Any) -> Target:
    standard = {
        "id": "t",
        "indicator": "指标",
        "kind": "level",
        "operator": ">=",
        "value": 30.0,
        "unit": "%",
        "year": 2025,
    }
    return Target(**(standard | given))


def implied(wanted: Target, **years: float) -> Implied:
    history = [Observation(name[1:], value, wanted.series_unit) for name, value in years.items()]
    return imply(wanted, series_of(history, unit=wanted.series_unit))


def test_a_level_goes_straight_from_its_base_to_its_year() -> None:
    found = implied(target(baseline_year=2020), y2020=20)
    assert found.trajectory is not None
    # 10 points over 5 years: 2 a year
    assert [mark.value for mark in found.trajectory.yearly()] == pytest.approx([20, 22, 24, 26, 28, 30])
    assert found.direction == "increase"
    assert str(found.requirement) == "≥ 30 %"


def test_a_fall_of_fifteen_percent_is_eighty_five_hundredths_of_the_base() -> None:
    wanted = target(
        kind="relative_change",
        direction="decrease",
        operator="=",
        value=15.0,
        baseline_year=2020,
        level_unit="tce/万元",
    )
    found = implied(wanted, y2020=0.40)
    assert found.goal == pytest.approx(0.34)
    assert found.requirement is not None
    assert found.requirement.high == pytest.approx(0.34)
    assert found.requirement.low is None


def test_more_than_the_asked_fall_meets_it() -> None:
    wanted = target(
        kind="relative_change",
        direction="decrease",
        operator="=",
        value=15.0,
        baseline_year=2020,
        level_unit="tce/万元",
    )
    need = implied(wanted, y2020=0.40).requirement
    assert need is not None
    assert need.met(0.30)
    assert not need.met(0.35)


def test_not_more_than_a_fall_is_a_floor() -> None:
    wanted = target(
        kind="relative_change", direction="decrease", operator="<=", value=10.0, baseline_year=2020, level_unit="万吨"
    )
    need = implied(wanted, y2020=100).requirement
    assert need is not None
    assert (need.low, need.high) == (pytest.approx(90), None)


def test_a_change_in_points_of_percent_adds_to_a_share() -> None:
    wanted = target(
        kind="absolute_change", direction="increase", value=5.0, unit="个百分点", baseline_year=2020, level_unit="%"
    )
    assert implied(wanted, y2020=20).goal == pytest.approx(25)


def test_without_the_base_value_nothing_is_assumed_and_it_is_said() -> None:
    wanted = target(
        kind="relative_change",
        direction="decrease",
        operator="=",
        value=15.0,
        baseline_year=2020,
        level_unit="tce/万元",
    )
    found = implied(wanted, y2021=0.4)
    assert (found.base, found.goal, found.requirement, found.trajectory) == (None, None, None, None)
    assert "没有基准年 2020 年的数值" in [said.zh for said in found.missing]


def test_a_base_year_that_was_inferred_is_said() -> None:
    wanted = target(
        kind="relative_change",
        direction="decrease",
        operator="=",
        value=14.0,
        baseline_year=2020,
        baseline_inferred=True,
    )
    assert any("推定为 2020 年" in said.zh for said in implied(wanted, y2020=1).notes)


def test_a_level_begins_at_its_first_value_where_the_base_year_has_none() -> None:
    found = implied(target(baseline_year=2020), y2018=10, y2021=22)
    assert found.base is not None
    assert (found.base.year, found.base.value) == (2021, 22)
    assert any("2020 年没有数值" in said.zh for said in found.notes)


def test_a_target_that_the_base_already_meets_has_only_to_be_held() -> None:
    found = implied(target(baseline_year=2020), y2020=35)
    assert found.trajectory is not None
    assert found.direction == "hold"
    assert {mark.value for mark in found.trajectory.yearly()} == {30}


def test_equal_means_up_to_it_from_below_and_down_to_it_from_above() -> None:
    reach = target(operator="=", value=297.0, unit="克标准煤/千瓦时", baseline_year=2020)
    assert implied(reach, y2020=305).requirement == Requirement("克标准煤/千瓦时", None, 297)
    assert implied(reach, y2020=290).requirement == Requirement("克标准煤/千瓦时", 297, None)


def test_equal_without_start_and_direction_cannot_be_told() -> None:
    found = implied(target(operator="=", value=297.0, unit="克标准煤/千瓦时"))
    assert found.requirement is None
    assert any("升到还是降到" in said.zh for said in found.missing)


def test_all_and_none_need_no_direction() -> None:
    assert implied(target(operator="=", value=100.0)).requirement == Requirement("%", 100, None)
    assert implied(target(operator="=", value=0.0)).requirement == Requirement("%", None, 0)


def test_about_is_five_percent_wide_and_says_so() -> None:
    found = implied(target(operator="~", baseline_year=2020), y2020=20)
    assert found.requirement == Requirement("%", 28.5, None)  # 30 − 5 % of 30
    assert any("平台约定" in said.zh for said in found.notes)


def test_a_range_is_closed_where_no_direction_is_known() -> None:
    need = implied(target(operator="range", value=(1.0, 2.0), unit="个", year=None)).requirement
    assert need == Requirement("个", 1, 2)
    assert need is not None
    assert need.met(2)
    assert not need.met(3)


def test_a_range_with_a_direction_is_met_by_its_near_end_and_beyond() -> None:
    need = implied(target(operator="range", value=(1.0, 2.0), unit="个", year=None, direction="increase")).requirement
    assert need == Requirement("个", 1, None)


def test_more_than_is_not_met_by_the_number_itself() -> None:
    need = implied(target(operator=">", value=150.0, unit="万千瓦", baseline_year=2020), y2020=100).requirement
    assert need is not None
    assert not need.met(150)
    assert need.met(150.1)


def test_an_addition_counts_from_nothing() -> None:
    wanted = target(
        kind="absolute_change", direction="increase", value=200.0, unit="万千瓦", measured="flow", start_year=2020
    )
    found = implied(wanted)
    assert found.trajectory is not None
    assert [mark.value for mark in found.trajectory.yearly()] == pytest.approx([0, 40, 80, 120, 160, 200])


def test_an_addition_without_a_start_has_no_path() -> None:
    found = implied(target(kind="absolute_change", direction="increase", value=200.0, unit="万千瓦", measured="flow"))
    assert found.trajectory is None
    assert found.goal == 200
    assert any("从哪一年算起" in said.zh for said in found.missing)


def on_wind(on: Target) -> Target:
    return target(kind="relative_change", direction="increase", operator="=", value=15.0, year=2030, baseline_year=2025,
                  level_unit="万千瓦", on=on)  # fmt: skip


def test_a_target_on_a_target_takes_its_number_until_there_is_a_value() -> None:
    stock = target(operator=">", value=200.0, unit="万千瓦", level_unit="万千瓦", start_year=2020)
    planned = implied(on_wind(stock), y2021=100)
    assert planned.base is not None
    assert (planned.base.source, planned.base.status) == ("planned", Status.INCOMPLETE)
    assert planned.goal == pytest.approx(230)  # 200 × 1.15
    observed = implied(on_wind(stock), y2025=180)
    assert observed.base is not None
    assert observed.base.source == "observed"
    assert observed.goal == pytest.approx(207)  # 180 × 1.15


def test_an_addition_is_no_base_for_a_target_on_the_stock() -> None:
    added = target(
        kind="absolute_change",
        direction="increase",
        operator="=",
        value=200.0,
        unit="万千瓦",
        measured="flow",
        start_year=2020,
    )
    found = implied(on_wind(added), y2021=100)
    assert found.goal is None
    assert any("新增量" in said.zh for said in found.missing)


def test_milestones_on_the_way_bend_the_path() -> None:
    found = implied(target(baseline_year=2020, steps=(Step(2022, 21.0),)), y2020=20)
    assert found.trajectory is not None
    # 20 → 21 in two years, then 9 points in three years: 3 a year
    assert [mark.value for mark in found.trajectory.yearly()] == pytest.approx([20, 20.5, 21, 24, 27, 30])


def test_a_path_in_steps_holds_each_milestone_until_the_next() -> None:
    found = implied(target(baseline_year=2020, steps=(Step(2022, 21.0),), shape="steps"), y2020=20)
    assert found.trajectory is not None
    assert [mark.value for mark in found.trajectory.yearly()] == [20, 20, 21, 21, 21, 30]
    assert found.trajectory.nearest(2024.5).year == 2022
    after = found.trajectory.next(2024.5)
    assert after is not None
    assert after.year == 2025


def test_before_a_year_ends_with_the_year_before() -> None:
    assert target(kind="milestone", operator="<", value=2030.0, unit="年", year=2030).deadline == 2029
    assert target(kind="milestone", operator="=", value=2030.0, unit="年", year=2030).deadline == 2030


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "wish"}, {"operator": "!="}, {"measured": "guess"}, {"value": float("nan")}, {"operator": "range"},
        {"operator": "range", "value": (2.0, 1.0)}, {"kind": "relative_change"}, {"shape": "curve"}, {"direction": "up"},
        {"steps": (Step(2024, 1.0), Step(2022, 1.0))}, {"steps": (Step(2025, 1.0),)},
    ],
)  # fmt: skip
def test_a_target_that_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(PlanError):
        target(**given)


def test_a_redacted_value_makes_no_target() -> None:
    data = {
        "id": "t",
        "indicator": "产值",
        "kind": "level",
        "operator": "=",
        "value": None,
        "unit": "亿元",
        "year": None,
    }
    with pytest.raises(PlanError, match="没有数值"):
        target_from(data)
