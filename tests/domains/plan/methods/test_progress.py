"""Where a target stands: gap, share, late or not, verdict; all members; what is missing, in words."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.plan.methods.observations import Observation
from dafeng.domains.plan.methods.progress import Outcome, Progress, assess, assess_all
from dafeng.domains.plan.methods.targets import Step, Target
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PlanError, UnitError

NOW = date(2024, 3, 1)


def target(**given: Any) -> Target:
    standard = {"id": "t", "indicator": "指标", "kind": "level", "operator": ">=", "value": 30.0, "unit": "%", "year": 2025,
                "baseline_year": 2020}  # fmt: skip
    return Target(**(standard | given))


def at(now: date = NOW, wanted: Target | None = None, unit: str = "", **years: float | None) -> Progress:
    wanted = wanted or target()
    history = [
        Observation(name[1:].replace("_", "-"), value, unit or wanted.series_unit) for name, value in years.items()
    ]
    return assess(wanted, history, now=now)


def test_progress_compares_with_the_path_at_the_date_of_the_value() -> None:
    found = at(y2020=20, y2023=24)
    # path 20 → 30 in five years: 26 is due at the end of 2023; 4 of 10 done, 6 due
    assert found.required == pytest.approx(26)
    assert (found.share, found.share_required) == (pytest.approx(0.4), pytest.approx(0.6))
    assert found.lag == pytest.approx(20)
    assert found.late is True
    assert found.gap == pytest.approx(6)
    assert found.pace == pytest.approx(3)  # 6 in the two years to the end of 2025
    assert found.verdict.outcome is Outcome.OPEN


def test_what_is_ahead_is_not_late() -> None:
    found = at(y2020=20, y2023=27)
    assert found.late is False
    assert found.lag == pytest.approx(-10)


def test_late_is_told_in_the_direction_of_travel() -> None:
    falling = target(kind="relative_change", direction="decrease", operator="=", value=15.0, level_unit="tce/万元")
    behind = at(wanted=falling, y2020=100, y2022=96)  # 94 is due after two of five years
    ahead = at(wanted=falling, y2020=100, y2022=92)
    assert (behind.late, ahead.late) == (True, False)
    assert behind.achieved == pytest.approx(4)
    assert behind.required == pytest.approx(94)


def test_with_steps_one_is_late_only_behind_a_milestone_that_is_due() -> None:
    stepped = target(steps=(Step(2022, 26.0),), shape="steps")
    assert at(wanted=stepped, now=date(2022, 3, 1), y2020=20, y2021=20).late is False
    assert at(wanted=stepped, y2020=20, y2022=25).late is True


def test_values_after_the_day_are_not_seen() -> None:
    found = at(now=date(2022, 6, 1), y2020=20, y2021=21, y2023=40)
    assert found.latest is not None
    assert found.latest.period == "2021"


def test_an_old_value_is_judged_at_its_own_date_and_its_age_is_told() -> None:
    found = at(now=date(2024, 12, 31), y2020=20, y2021=22)
    assert found.lag == pytest.approx(0)
    assert found.data_age == pytest.approx(3)
    assert any("2024 年的节点已到" in said.zh for said in found.notes)


def test_months_are_compared_with_the_path_inside_the_year() -> None:
    found = at(wanted=target(unit="万千瓦", value=80.0), y2020=20, y2021_06=26)
    # 12 a year; the end of June 2021 is 181 of 365 days
    assert found.required == pytest.approx(20 + 12 * 181 / 365)


def test_a_target_to_be_held_is_late_when_it_is_lost() -> None:
    assert at(y2020=35, y2023=31).late is False
    lost = at(y2020=35, y2023=27)
    assert (lost.late, lost.lag) == (True, pytest.approx(10))  # 3 of 30


def test_a_year_that_has_passed_gets_a_verdict() -> None:
    met = at(now=date(2026, 1, 1), y2020=20, y2025=30)
    missed = at(now=date(2026, 1, 1), y2020=20, y2025=29.9)
    assert met.verdict.outcome is Outcome.MET
    assert missed.verdict.outcome is Outcome.MISSED
    assert missed.verdict.why.zh == "2025 年为 29.9 %，要求 ≥ 30 %"


def test_no_verdict_on_the_last_day_of_the_year() -> None:
    assert at(now=date(2025, 12, 31), y2020=20, y2025=30).verdict.outcome is Outcome.OPEN


def test_without_the_value_of_its_year_a_target_cannot_be_judged() -> None:
    found = at(now=date(2026, 11, 21), y2020=20, y2024=35)
    assert found.verdict.outcome is Outcome.CANNOT
    assert found.verdict.why.zh == "没有 2025 年的数值，最近为 2024"
    assert found.reached is True


def test_without_base_a_passed_change_cannot_be_judged_and_says_why() -> None:
    falling = target(kind="relative_change", direction="decrease", operator="=", value=15.0, level_unit="tce/万元")
    found = at(now=date(2026, 1, 1), wanted=falling, y2025=0.3)
    assert found.verdict.outcome is Outcome.CANNOT
    assert "没有基准年 2020 年的数值" in found.verdict.why.zh


def test_a_verdict_on_an_unconfirmed_value_is_provisional() -> None:
    history = [Observation("2020", 20.0, "%"), Observation("2025", 31.0, "%", Status.DEGRADED, "", 0.4)]
    found = assess(target(), history, now=date(2026, 1, 1))
    assert (found.verdict.outcome, found.verdict.provisional) == (Outcome.MET, True)
    assert (found.status, found.estimated) == (Status.DEGRADED, 0.4)


def test_a_target_without_year_is_told_where_it_stands_and_never_falls_due() -> None:
    found = at(wanted=target(year=None), y2020=20, y2023=31)
    assert found.verdict.outcome is Outcome.CANNOT
    assert found.reached is True
    assert "原文没有写完成年份" in [said.zh for said in found.missing]


def test_about_is_not_late_at_the_end_inside_its_width() -> None:
    found = at(now=date(2026, 1, 1), wanted=target(operator="~"), y2020=20, y2025=29)
    assert found.verdict.outcome is Outcome.MET
    assert found.late is False


added = target(kind="absolute_change", direction="increase", operator="=", value=200.0, unit="万千瓦", measured="flow", baseline_year=None,
               start_year=2020)  # fmt: skip


def test_additions_add_up() -> None:
    found = at(wanted=added, y2021=30, y2022=50)
    assert found.latest is not None
    assert found.latest.value == 80
    assert found.lag == pytest.approx(0)  # 40 a year


def test_additions_with_a_gap_cannot_be_missed_but_can_be_met() -> None:
    years = {"y2021": 90.0, "y2022": 90.0, "y2023": None, "y2024": 10.0}
    short = at(now=date(2026, 1, 1), wanted=added, **years, y2025=5)
    enough = at(now=date(2026, 1, 1), wanted=added, **years, y2025=15)
    assert short.verdict.outcome is Outcome.CANNOT
    assert (enough.verdict.outcome, enough.verdict.provisional) == (Outcome.MET, True)
    assert any("2023" in said.zh for said in short.missing)


done = target(kind="milestone", operator="=", value=2021.0, unit="年", year=2021, baseline_year=None)


@pytest.mark.parametrize(
    ("years", "outcome"),
    [
        ({"y2021": 1.0}, Outcome.MET),
        ({"y2021_06": 1.0}, Outcome.MET),
        ({"y2021": 0.0}, Outcome.MISSED),
        ({"y2022": 0.5}, Outcome.MISSED),
        ({"y2022": 1.0}, Outcome.CANNOT),
        ({"y2021": 0.0, "y2022": 1.0}, Outcome.MISSED),
        ({"y2020": 0.0}, Outcome.CANNOT),
        ({}, Outcome.CANNOT),
    ],
)
def test_a_milestone_is_met_missed_or_not_known(years: dict[str, float], outcome: Outcome) -> None:
    assert at(now=date(2023, 1, 1), wanted=done, **years).verdict.outcome is outcome


def test_a_value_in_a_unit_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UnitError):
        at(unit="万吨", y2020=20)


# ---------------------------------------------------------------- all of them

sections = target(operator="<=", value=2.0, unit="1", members=("甲断面", "乙断面", "丙断面"))


def stations(**members: dict[str, float]) -> dict[str, list[Observation]]:
    return {
        name: [Observation(year[1:], value, "1") for year, value in years.items()] for name, years in members.items()
    }


def test_all_stations_have_to_meet_it() -> None:
    found = assess_all(sections, stations(甲断面={"y2023": 2}, 乙断面={"y2023": 3}, 丙断面={"y2023": 1}), now=NOW)
    assert found.latest is not None
    assert found.latest.value == pytest.approx(200 / 3)
    assert found.members is not None
    assert found.members["乙断面"].reached is False


def test_one_station_that_fails_decides_even_where_another_is_missing() -> None:
    found = assess_all(sections, stations(甲断面={"y2025": 2}, 乙断面={"y2025": 3}), now=date(2026, 1, 1))
    assert found.verdict.outcome is Outcome.MISSED
    assert found.verdict.why.zh == "乙断面 未达到"


def test_a_missing_station_keeps_the_rest_from_being_enough() -> None:
    found = assess_all(sections, stations(甲断面={"y2025": 2}, 乙断面={"y2025": 1}), now=date(2026, 1, 1))
    assert found.verdict.outcome is Outcome.CANNOT
    assert "丙断面 没有数值" in [said.zh for said in found.missing]
    assert found.status is Status.INCOMPLETE


def test_all_that_meet_it_meet_it() -> None:
    everyone = stations(甲断面={"y2025": 2}, 乙断面={"y2025": 1}, 丙断面={"y2025": 2})
    assert assess_all(sections, everyone, now=date(2026, 1, 1)).verdict.outcome is Outcome.MET


def test_a_stranger_among_the_members_is_refused() -> None:
    with pytest.raises(PlanError, match="没有成员“丁”"):
        assess_all(sections, stations(丁={"y2025": 1}), now=NOW)


# ---------------------------------------------------------------- properties

values = st.floats(min_value=1, max_value=1e4)


@given(base=values, value=values, goal=values, factor=st.sampled_from([0.001, 3.0, 1000.0]))
def test_the_share_of_the_way_does_not_depend_on_the_unit(
    base: float, value: float, goal: float, factor: float
) -> None:
    one = at(wanted=target(unit="万千瓦", value=goal), y2020=base, y2023=value)
    other = at(wanted=target(unit="万千瓦", value=goal * factor), y2020=base * factor, y2023=value * factor)
    if one.lag is None or abs(one.lag) < 1e-6:
        return
    assert other.lag == pytest.approx(one.lag, rel=1e-6, abs=1e-6)
    assert other.late == one.late


@given(base=values, goal=values)
def test_a_value_on_the_path_is_never_late(base: float, goal: float) -> None:
    wanted = target(unit="万千瓦", value=goal)
    path = at(wanted=wanted, y2020=base).trajectory
    assert path is not None
    assert at(wanted=wanted, y2020=base, y2022=path.at(2022)).late is False


def test_a_base_that_is_just_not_enough_has_no_way_to_go() -> None:
    found = at(wanted=target(operator=">"), y2020=30, y2023=29)
    assert (found.share, found.lag) == (None, pytest.approx(100 / 30))  # 1 of 30
    assert at(wanted=target(operator=">"), y2020=30, y2023=30).late is False


kinds = st.sampled_from(["level", "relative_change", "absolute_change", "cumulative", "milestone"])
histories = st.dictionaries(
    st.sampled_from([str(year) for year in range(2018, 2029)] + ["2024-03", "2024Q4", "2025-12"]),
    st.one_of(st.none(), st.floats(min_value=-1e3, max_value=1e3)),
    max_size=8,
)


@given(
    kind=kinds,
    operator=st.sampled_from(["=", ">=", "<=", ">", "<", "~"]),
    value=st.floats(min_value=0, max_value=200),
    measured=st.sampled_from(["value", "change", "flow"]),
    how=st.sampled_from(["end", "sum", "mean"]),
    direction=st.sampled_from(["increase", "decrease"]),
    year=st.one_of(st.none(), st.integers(2021, 2030)),
    base=st.one_of(st.none(), st.integers(2018, 2026)),
    history=histories,
    now=st.dates(date(2019, 1, 1), date(2031, 12, 31)),
)
def test_any_target_on_any_history_is_told_something(
    kind: str, operator: str, value: float, measured: str, how: str, direction: str, year: int | None, base: int | None,
    history: dict[str, float | None], now: date,
) -> None:  # fmt: skip
    """No crash; open exactly until the year has ended; late is a positive lag; what is not known is said."""
    wanted = Target(
        "t", "指标", kind, operator, value, "%", year, direction, baseline_year=base, measured=measured, how=how
    )
    unit = wanted.series_unit
    found = assess(wanted, [Observation(period, number, unit) for period, number in history.items()], now=now)
    if wanted.deadline is not None:
        assert (found.verdict.outcome is Outcome.OPEN) == (now <= date(wanted.deadline, 12, 31))
    assert found.late == (None if found.lag is None else found.lag > 0)
    if found.lag is None:
        assert found.missing or (wanted.deadline is not None and base is not None and wanted.deadline <= base)
    if found.latest is not None:
        assert found.latest.at <= now.year
    if found.verdict.outcome is Outcome.MET and found.requirement is not None and found.verdict.value is not None:
        assert found.requirement.met(found.verdict.value)
