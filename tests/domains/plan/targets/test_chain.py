"""From the blackboard to a closed warning, with the numbers worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from dafeng.domains.plan.models import Standing, Warning
from dafeng.domains.plan.services import judging, reported, warnings
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import PermissionDenied, StaleError
from dafeng.kernel.indicators import services as indicators

CITY, COUNTY = "411500", "411502"
RECYCLING = "plan.reported.waste_recycling"


def test_a_value_reaches_light_warning_and_closing(target, report, person, now) -> None:
    # From 20 % in 2020 to 35 % in 2025 the path asks 20 + 15 × 4/5 = 32 % at the end of 2024. With 26 % reported,
    # 6/15 = 40 % of the way is gone, 12/15 = 80 % was due: 40 % of the way is lacking, more than 20: red.
    clerk, office, leader = person("department", "clerk", "urban"), person("ndrc"), person("leader")
    found = target()
    report(RECYCLING, {"2020": 20.0, "2024": 26.0})
    done = judging.judge(CITY, now=now)
    standing = Standing.objects.get(target=found)
    assert (standing.value, standing.value_period, standing.unit) == (26.0, "2024", "%"), (
        standing.why,
        standing.title,
        standing.data,
    )
    assert standing.expected == pytest.approx(32.0)
    assert standing.gap == pytest.approx(9.0)  # 35 − 26
    assert standing.share == pytest.approx(40.0)
    assert standing.lag == pytest.approx(40.0)
    assert (standing.light, standing.outcome) == ("red", "open")
    assert done.lights["red"] == 1
    assert done.raised == 1
    board = indicators.values("plan.target.light", key="plan=small;target=t1")
    assert board["value"].to_list() == [1.0]
    assert indicators.values("plan.target.lag")["value"].to_list() == [pytest.approx(40.0)]

    warning = Warning.objects.get()
    assert (warning.light, warning.owner, warning.period) == ("red", "urban", "2024")
    assert warning.why.startswith("2025 年底到期，2024 为 26 %，按轨迹应到 32，目标 35。红灯")
    assert warning.due_on == date(2025, 3, 16)  # 15 days after 1 March
    assert Notice.objects.filter(user=clerk, kind="warning").count() == 1
    warnings.acknowledge(warning, seen="raised", by=clerk, now=now)
    warnings.measure(warning, "年内新建两处分拣中心", seen="acknowledged", by=clerk, now=now)
    warning.refresh_from_db()
    assert warning.measures == "年内新建两处分拣中心"
    with pytest.raises(PermissionDenied):
        warnings.close(warning, "已好", seen="measured", by=clerk, now=now)
    warnings.close(warning, "措施可行，按月跟踪", seen="measured", by=office, now=now)
    assert warnings.warning_of(warning.pk).record.state == "closed"
    judging.judge(CITY, now=now + timedelta(days=40))
    assert not Notice.objects.filter(user=leader).exists(), "a closed warning is never overdue"


def test_judging_again_raises_nothing_and_publishes_nothing_new(target, report, now) -> None:
    target()
    report(RECYCLING, {"2020": 20.0, "2024": 26.0})
    judging.judge(CITY, now=now)
    run = indicators.current_run("plan", "targets", CITY)
    again = judging.judge(CITY, now=now + timedelta(hours=1))
    assert again.raised == 0
    assert Warning.objects.count() == 1
    assert indicators.current_run("plan", "targets", CITY) == run


def test_a_newer_value_that_is_still_behind_raises_anew(target, report, now) -> None:
    target()
    report(RECYCLING, {"2020": 20.0, "2023": 21.0})
    judging.judge(CITY, now=now)
    report(RECYCLING, {"2024": 22.0})
    judging.judge(CITY, now=now)
    assert sorted(Warning.objects.values_list("period", flat=True)) == ["2023", "2024"]


def test_a_target_whose_year_has_passed_gets_its_verdict(target, report, now) -> None:
    # 2025 is over in March 2026 and 36 ≥ 35: met.
    found = target()
    report(RECYCLING, {"2020": 20.0, "2025": 36.0}, at=now.replace(year=2026))
    judging.judge(CITY, now=now.replace(year=2026))
    standing = Standing.objects.get(target=found)
    assert (standing.outcome, standing.light) == ("met", "green")
    assert not Warning.objects.exists()
    assert indicators.values("plan.target.met")["value"].to_list() == [1.0]


def test_a_due_target_without_its_number_is_not_called_missed(target, report, now) -> None:
    found = target()
    report(RECYCLING, {"2020": 20.0, "2024": 30.0})
    judging.judge(CITY, now=now.replace(year=2026))
    standing = Standing.objects.get(target=found)
    assert (standing.outcome, standing.light) == ("cannot_be_judged", "yellow")
    assert Warning.objects.get().period == "2025"


def test_what_nothing_measures_stays_in_sight_with_its_reason(target, now) -> None:
    found = target(indicator="幸福指数", binding="", bound_by="", unit="分")
    judging.judge(CITY, now=now)
    standing = Standing.objects.get(target=found)
    assert standing.light == "unbound"
    assert "登记表里没有" in standing.why
    row = indicators.values("plan.target.light").row(0, named=True)
    assert (row["value"], row["notation"]) == (None, "NE")


def test_a_target_without_a_number_is_unknown_and_never_green(target, now) -> None:
    found = target(low=None, high=None)
    judging.judge(CITY, now=now)
    assert Standing.objects.get(target=found).light == "unknown"


def test_all_stations_have_to_meet_the_target(target, report, now) -> None:
    # Two stations at 100 and 90 where 100 is asked: half of them meet it, so the share is 50 %.
    found = target(members=["东断面", "西断面"], low=100.0, high=100.0, operator="=", settled={"start_year": 2020})
    report(RECYCLING, {"2024": 100.0}, member="东断面")
    report(RECYCLING, {"2024": 90.0}, member="西断面")
    judging.judge(CITY, now=now)
    standing = Standing.objects.get(target=found)
    assert standing.value == pytest.approx(50.0)
    assert [(row[0], row[3]) for row in standing.data["members"]] == [("东断面", True), ("西断面", False)]


def test_a_county_is_judged_by_its_own_numbers(target, report, person, now) -> None:
    from dafeng.domains.plan.services import targets

    office = person("ndrc", "office")
    whole = target()
    own = targets.give(whole, place=COUNTY, low=30.0, by=office, now=now)
    report(RECYCLING, {"2020": 20.0, "2024": 35.0})
    report(RECYCLING, {"2020": 20.0, "2024": 20.0}, subject=COUNTY)
    judging.judge(CITY, now=now)
    assert Standing.objects.get(target=whole).light == "green"
    assert Standing.objects.get(target=own).light == "red"
    assert Warning.objects.get().owner == COUNTY
    # One target is given to the county, none is on track; the county's light is red.
    board = indicators.values("plan.assess.targets.assigned", subject=COUNTY)
    assert board["value"].to_list() == [1.0]
    assert indicators.values("plan.assess.targets.on_track", subject=COUNTY)["value"].to_list() == [0.0]
    # 15/15 of the way are gone: the department leads one target, on track, all the way.
    assert indicators.values("plan.assess.targets.progress", subject="urban")["value"].to_list() == [
        pytest.approx(100.0)
    ]
    fall = indicators.values("plan.assess.energy_intensity.fall", subject=COUNTY).row(0, named=True)
    assert (fall["value"], fall["notation"]) == (None, "NE")


def test_an_overdue_warning_goes_to_the_leaders_once(target, report, person, now) -> None:
    leader = person("leader")
    target()
    report(RECYCLING, {"2020": 20.0, "2024": 26.0})
    judging.judge(CITY, now=now)
    judging.judge(CITY, now=now + timedelta(days=15))  # the 16th itself
    assert not Notice.objects.filter(user=leader).exists()
    late = judging.judge(CITY, now=now + timedelta(days=16))
    again = judging.judge(CITY, now=now + timedelta(days=17))
    assert (late.escalated, again.escalated) == (1, 0)
    assert Notice.objects.filter(user=leader, kind="warning").count() == 1
    assert indicators.values("plan.assess.warnings.overdue", subject="urban")["value"].to_list() == [1.0]


def test_two_and_three_red_months_of_a_county_have_consequences(target, report, person, now) -> None:
    officer = person("county", "officer", "shihe", place=COUNTY)
    report(reported.REQUIRED, {"2024-10": 1.0, "2024-11": 1.0, "2024-12": 1.0}, subject=COUNTY)
    report(reported.FALL, {"2024-10": -0.5, "2024-11": -0.2}, subject=COUNTY)
    judging.judge(CITY, now=now)
    assert [(w.period, w.rule) for w in Warning.objects.all()] == [("2024-11", "plan.dual_control:remind")]
    report(reported.FALL, {"2024-12": -0.1}, subject=COUNTY)
    judging.judge(CITY, now=now)
    judging.judge(CITY, now=now)
    assert sorted((w.period, w.rule) for w in Warning.objects.all()) == [
        ("2024-11", "plan.dual_control:remind"),
        ("2024-12", "plan.dual_control:limit"),
    ]
    assert Notice.objects.filter(user=officer, kind="warning").count() == 2
    assert indicators.values("plan.assess.energy_intensity.red_months", subject=COUNTY)["value"].to_list() == [3.0]


def test_the_red_months_of_a_countys_quota_reach_its_assessment(target, now) -> None:
    """The control of energy told two red months in October and none since November; a county without a quota is not concerned."""
    indicators.ensure_indicator("energy.warning.red_months", name="连续红灯", name_en="Red months", unit="1")
    run = indicators.start_run(domain="energy", kind="control", subject="control", now=now)
    told = {
        "indicator": "energy.warning.red_months",
        "subject": f"place:{COUNTY}",
        "key": "quantity=energy",
        "unit": "1",
        "status": 2,
    }
    indicators.publish(
        run,
        [
            told | {"period": f"{now.year}-10", "value": 2.0},
            told | {"period": f"{now.year}-11", "value": 0.0},
            told | {"period": f"{now.year}-12", "value": None, "notation": "NE"},
        ],
    )
    indicators.finish_run(run, now)
    judging.judge(CITY, now=now)
    found = indicators.values("plan.assess.energy_quota.red_months", subject=COUNTY)
    assert found.select("value", "status").row(0) == (0.0, 2)
    others = indicators.values("plan.assess.energy_quota.red_months").filter(pl.col("subject") != COUNTY)
    assert set(others["notation"]) <= {"NA"}


def test_a_stale_tab_does_not_act_on_a_warning(target, report, person, now) -> None:
    clerk = person("department", "clerk", "urban")
    target()
    report(RECYCLING, {"2020": 20.0, "2024": 26.0})
    judging.judge(CITY, now=now)
    warning = Warning.objects.get()
    warnings.acknowledge(warning, seen="raised", by=clerk, now=now)
    with pytest.raises(StaleError, match="已签收"):
        warnings.acknowledge(warning, seen="raised", by=clerk, now=now)


def test_another_department_does_not_act_on_a_warning(target, report, person, now) -> None:
    stranger = person("department", "stranger", "transport")
    target()
    report(RECYCLING, {"2020": 20.0, "2024": 26.0})
    judging.judge(CITY, now=now)
    with pytest.raises(PermissionDenied):
        warnings.acknowledge(Warning.objects.get(), seen="raised", by=stranger, now=now)


def test_energy_per_output_is_computed_with_its_lineage(target, report, now) -> None:
    # 2020: 100 000 万元; index 1.05 → 105 000 万元 in 2021. Energy 200 000 and 199 500 tce, feedstock 0:
    # 2.0 and 1.9 tce/万元, a fall of 5 % against the 15 % that the target asks by 2025.
    from dafeng.kernel.indicators.services import ensure_indicator, finish_run, publish, start_run

    found = target(
        indicator="单位地区生产总值能耗", kind="relative_change", direction="decrease", operator="=", low=15.0, high=15.0, baseline_year=2020,
        binding="plan.intensity.energy", owner="statistics",
    )  # fmt: skip
    ensure_indicator("energy.consumption.equal_value", name="能源消费总量", unit="tce")
    run = start_run(domain="inventory", kind="compile", subject=CITY, now=now)
    publish(run, [{"indicator": "energy.consumption.equal_value", "subject": CITY, "period": year, "value": value, "unit": "tce", "status": 0} for year, value in (("2020", 200_000.0), ("2021", 199_500.0))])  # fmt: skip
    finish_run(run, now=now)
    report("plan.reported.gdp_base", {"2020": 100_000.0})
    report("plan.reported.gdp_index", {"2021": 1.05})
    report("plan.reported.feedstock_energy", {"2020": 0.0, "2021": 0.0})
    judging.judge(CITY, now=now)
    frame = indicators.values("plan.intensity.energy")
    assert frame["value"].to_list() == [pytest.approx(2.0), pytest.approx(1.9)]
    assert "plan.gdp.constant 2021" in frame["lineage"][1]
    standing = Standing.objects.get(target=found)
    assert standing.data["achieved"] == pytest.approx(5.0)
    assert standing.goal == pytest.approx(1.7)
