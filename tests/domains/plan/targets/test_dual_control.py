"""The five-year test of the dual control and the counties' months: published, explained, and honest about what is missing."""

from __future__ import annotations

import pytest

from dafeng.domains.plan.models import Warning
from dafeng.domains.plan.services import computed, county_months, five_years, judging, targets
from dafeng.kernel.errors import PlanError
from dafeng.kernel.indicators import services as indicators

CITY, COUNTY = "411500", "411502"
FALL, REQUIRED = "plan.dual_control.fall", "plan.dual_control.required"


@pytest.fixture
def intensity(target):
    """Energy per output 15 % below 2020 in 2025."""
    return target(
        "e1", indicator="单位地区生产总值能耗", kind="relative_change", direction="decrease", operator="=", low=15.0, high=15.0, unit="%",
        baseline_year=2020, binding=five_years.INTENSITY, owner="ndrc",
    )  # fmt: skip


@pytest.fixture
def energy(now):
    """Total energy on the blackboard, as the inventory publishes it."""

    def make(values: dict[int, float]) -> None:
        indicators.ensure_indicator(computed.ENERGY, name="能源消费总量（等价值）", unit="tce")
        run = indicators.start_run(domain="inventory", kind="balance", subject=CITY, now=now)
        indicators.publish(
            run,
            [
                {"indicator": computed.ENERGY, "subject": CITY, "period": str(year), "value": value, "unit": "tce", "status": 0, "lineage": {}}
                for year, value in values.items()
            ],
        )  # fmt: skip
        indicators.finish_run(run, now=now)

    return make


@pytest.fixture
def inputs(report, energy):
    """2020: 50 tce over 100 万元. 2021: 52 over 110 (index 1.1). 2022: 54 over 112.2 (index 1.02); no feedstock."""
    energy({2020: 50.0, 2021: 52.0, 2022: 54.0})
    report("plan.reported.gdp_base", {"2020": 100.0})
    report("plan.reported.gdp_index", {"2021": 1.1, "2022": 1.02})
    report("plan.reported.feedstock_energy", {"2020": 0.0, "2021": 0.0, "2022": 0.0})


def choose(target, split, *, by, now):
    return targets.settle(target, seen=target.binding, by=by, now=now, owner=target.owner, split=split)


def test_the_years_are_published_with_their_lineage(intensity, inputs, person, now) -> None:
    choose(intensity, "linear", by=person("ndrc"), now=now)
    computed.refresh(CITY, now=now)
    first, second = five_years.table(intensity)[:2]
    # 52/110 = 0.472727; 1 − 0.472727/0.5 = 5.4545 %; linear: 15/5 = 3 % a year
    assert first["fall"] == pytest.approx(5.454545, abs=1e-5)
    assert (first["required"], first["met"]) == (pytest.approx(3.0), 1.0)
    # 54/112.2 = 0.481283; 1 − 0.481283/0.5 = 3.7433 % against 6 %
    assert second["fall"] == pytest.approx(3.743316, abs=1e-5)
    assert (second["required"], second["met"]) == (pytest.approx(6.0), 0.0)
    assert first["lineage"]["inputs"][f"{computed.ENERGY} 2021"] == 52.0
    assert first["lineage"]["method"] == "plan.intensity.energy.fall"
    assert {"formula", "yearly_split"} <= set(first["lineage"]["rules"])


def test_without_a_chosen_split_nothing_is_required(intensity, inputs, now) -> None:
    computed.refresh(CITY, now=now)
    first = five_years.table(intensity)[0]
    assert first["fall"] == pytest.approx(5.454545, abs=1e-5)
    assert (first["required"], first["yearly_required"], first["met"]) == (None, None, None)


def test_an_unknown_split_is_refused(intensity, person, now) -> None:
    with pytest.raises(PlanError, match="分解办法"):
        choose(intensity, "三七开", by=person("ndrc"), now=now)


def test_what_is_missing_is_named_with_who_supplies_it(intensity, inputs, now) -> None:
    computed.refresh(CITY, now=now)
    rows = five_years.table(intensity)
    assert rows[2]["fall"] is None
    lacks = {(each.year, each.code): each.owner for each in five_years.lacking(intensity, rows, 2023)}
    assert lacks[2023, "plan.reported.feedstock_energy"] == "statistics"
    assert lacks[2020, "plan.reported.renewable_power"] == "grid"
    assert (2021, "plan.reported.feedstock_energy") not in lacks


def test_renewable_electricity_is_reckoned_in_standard_coal(intensity, inputs, report, now) -> None:
    """0.1229 kgce/kWh (GB/T 2589-2020): 100,000 kWh are 12.29 tce; the rise to 36.87 tce is taken from the 52 of 2021."""
    report("plan.reported.renewable_electricity", {"2020": 100_000.0, "2021": 300_000.0})
    computed.refresh(CITY, now=now)
    assert five_years.table(intensity)[0]["total"] == pytest.approx(52 - (36.87 - 12.29))


def test_the_total_is_not_assessed_where_the_incentive_target_is_met(intensity, inputs, report, person, now) -> None:
    # linear: 16 % over five years is 3.2 % in 2021 (5.45 % reached) and 6.4 % in 2022 (3.74 %, not reached)
    choose(intensity, "linear", by=person("ndrc"), now=now)
    indicators.ensure_indicator(five_years.INCENTIVE, name="激励目标", unit="%")
    run = indicators.start_run(domain="plan", kind="test", subject=CITY, now=now)
    indicators.publish(run, [{"indicator": five_years.INCENTIVE, "subject": CITY, "period": "2025", "value": 16.0, "unit": "%", "status": 0, "lineage": {}}])  # fmt: skip
    indicators.finish_run(run, now=now)
    computed.refresh(CITY, now=now)
    first, second = five_years.table(intensity)[:2]
    assert (first["total_assessed"], second["total_assessed"]) == (0.0, 1.0)


def test_publishing_again_makes_no_new_run(intensity, inputs, now) -> None:
    computed.refresh(CITY, now=now)
    first = indicators.current_run("plan", five_years.KIND, CITY)
    computed.refresh(CITY, now=now)
    assert indicators.current_run("plan", five_years.KIND, CITY) == first


def test_the_page_shows_the_years_and_what_is_missing(client, intensity, inputs, person, now, django_assert_max_num_queries) -> None:  # fmt: skip
    judging.judge(CITY, now=now)
    text = client.get("/plan/dual-control/").content.decode()
    assert "5.45" in text
    assert "没有选定年度分解办法" in text
    assert "缺什么，由谁提供" in text
    assert "统计局" in text
    client.force_login(person("ndrc"))
    with django_assert_max_num_queries(14):  # two of them once a minute, for the navigation
        assert client.get("/plan/dual-control/").status_code == 200
    answer = client.get("/api/plan-dual-control", {"limit": 1}).json()
    assert answer["total"] == 5
    assert answer["items"][0]["year"] == 2021
    assert answer["items"][0]["met"] is None


def test_the_page_without_a_target_says_so(client, plan) -> None:
    assert "方案里没有写明" in client.get("/plan/dual-control/").content.decode()


# ---------------------------------------------------------------- counties by month


@pytest.fixture
def months(plan, report):
    """Shihe red in November, December and January; Pingqiao yellow in December and without a requirement in January."""
    report(FALL, {"2024-11": -1.0, "2024-12": -0.5, "2025-01": -0.2}, subject=COUNTY)
    report(REQUIRED, {"2024-11": 2.5, "2024-12": 2.8, "2025-01": 0.3}, subject=COUNTY)
    report(FALL, {"2024-12": 1.0}, subject="411503")
    report(REQUIRED, {"2024-12": 2.8}, subject="411503")


def test_months_have_lights_and_what_follows(months) -> None:
    found = {(each.county, each.period): each for each in county_months.months(CITY)}
    assert (found[COUNTY, "2024-12"].light, found[COUNTY, "2024-12"].follows) == ("red", "remind")
    assert (found[COUNTY, "2025-01"].streak, found[COUNTY, "2025-01"].follows) == (3, "limit")
    assert found["411503", "2024-12"].light == "yellow"


def test_the_table_of_counties_is_for_the_offices(client, months, person, now) -> None:
    assert client.get("/plan/warnings/counties/").status_code == 302
    client.force_login(person("county", place=COUNTY))
    text = client.get("/plan/warnings/counties/?year=2024").content.decode()
    assert "浉河区" in text
    assert "红灯 连续 2 个月" in text
    judging.judge(CITY, now=now)
    warning = Warning.objects.get(rule="plan.dual_control:limit")
    assert warning.record.title == "浉河区能耗强度：节能审查区域限批"
    rows = client.get("/api/plan-county-months", {"year": 2025}).json()
    assert [(each["county"], each["follows"]) for each in rows["items"]] == [(COUNTY, "limit")]


def test_without_months_the_page_says_who_hands_them_in(client, plan, person) -> None:
    client.force_login(person("ndrc"))
    text = client.get("/plan/warnings/counties/").content.decode()
    assert "还没有县区的月度数" in text
    assert "统计局" in text
