"""The register against the printed numbers, the lock, the months, and the expected reduction by hand arithmetic."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from dafeng.domains.plan.methods import reductions
from dafeng.domains.plan.models import Project
from dafeng.domains.plan.services import projects
from dafeng.kernel.errors import PermissionDenied, PlanError, StaleError

pytestmark = pytest.mark.django_db


def test_the_register_is_held_against_the_printed_counts_and_total(plan, project) -> None:
    project("A1", investment=Decimal("3000"))
    project("A2")
    project("A3", category="other", investment=Decimal("1500.25"))
    lines = {line.code: line for line in projects.check(plan)}
    assert {code: (line.printed, line.registered, line.difference) for code, line in lines.items()} == {
        "energy": (2, 2, 0),
        "ecology": (1, 0, -1),
        "other": (None, 1, None),
        "total": (3, 3, 0),
    }
    # 0.5 亿元 = 5000 万元 printed; 3000 + 1500.25 registered, one project without money.
    assert (lines["total"].printed_money, lines["total"].money, lines["total"].without_money) == (
        Decimal(5000),
        Decimal("4500.25"),
        1,
    )
    told = projects.differences(projects.check(plan))
    assert any("生态保护修复" in each and "相差 -1 项" in each for each in told)
    assert any("0.50 亿元" in each and "0.45 亿元" in each for each in told)
    assert len(told) == 2


def test_printed_counts_that_do_not_add_up_are_told_and_not_repaired(plan, project) -> None:
    version = plan.versions.get()
    version.accepted["categories"][2]["count"] = 4
    version.save()
    assert any("各类之和是 3，印出的合计是 4" in each for each in projects.differences(projects.check(plan)))


def test_the_plan_of_xinyang_prints_117_projects_of_864_32() -> None:
    from dafeng import cities
    from dafeng.domains.plan.library import read_facts

    facts = read_facts(cities.load_pack("xinyang").path / "plan")
    total = facts.printed_total("xinyang-2024")
    assert facts.sum_of_categories("xinyang-2024") == 4 + 47 + 25 + 9 + 25 + 7 == total.count == 117
    assert projects._money({"investment": total.investment, "unit": total.unit}) == Decimal("8643200")


def test_a_wind_farm_saves_capacity_times_hours_times_the_grid_factor(project) -> None:
    # 100 MW × 2,000 h × 0.5897 t/MWh (Henan 2023, 公告2025年第47号) = 117,940 t; 10 万千瓦 is the same.
    inputs = {"given": {"hours": 2000.0}, "source": "可研报告"}
    one = project("A1", capacity=100.0, capacity_unit="MW", method="plan.reduction.power", inputs=inputs)
    assert one.reduction == pytest.approx(117_940, rel=1e-12)
    assert one.inputs["lineage"]["factor"]["standing"] == "confirmed"
    assert "公告2025年第47号" in one.inputs["lineage"]["factor"]["source"]
    other = project("A2", capacity=10.0, capacity_unit="万千瓦", method="plan.reduction.power", inputs=inputs)
    assert other.reduction == pytest.approx(117_940, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"inputs": {"given": {}, "source": "可研"}}, "hours"),
        ({"inputs": {"given": {"hours": 2000.0}, "source": ""}}, "来源"),
        ({"capacity": None, "capacity_unit": ""}, "规模"),
        ({"capacity_unit": "万（单位未写明）"}, "规模的单位"),
        ({"capacity_unit": "亩"}, "规模的单位"),
    ],
)
def test_without_every_input_there_is_no_number_and_the_missing_one_is_named(project, given, missing) -> None:
    fields = {
        "capacity": 100.0,
        "capacity_unit": "MW",
        "method": "plan.reduction.power",
        "inputs": {"given": {"hours": 2000.0}, "source": "可研"},
    }
    made = project(**(fields | given))
    assert made.reduction is None
    assert any(missing in each for each in made.inputs["missing"])


def test_there_is_a_grid_factor_for_the_province_and_none_for_a_place_outside() -> None:
    assert reductions.grid_factor("411502").value == 0.5897
    assert reductions.grid_factor("710000") is None


def test_the_second_of_two_forms_is_refused(plan, project, office, now) -> None:
    made = project()
    project(version=1, name="改过的名称")
    with pytest.raises(StaleError, match="第 2 版"):
        project(version=1, name="另一个名称")
    made.refresh_from_db()
    assert (made.name, made.version) == ("改过的名称", 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "}, {"stage": "x"}, {"category": "x"}, {"investment": Decimal(-1)}, {"capacity": 1.0}, {"method": "x"},
        {"begins_on": date(2026, 2, 1), "ends_on": date(2026, 1, 1)},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(project, wrong) -> None:
    with pytest.raises(PlanError):
        project(**wrong)
    assert not Project.objects.exists()


def test_a_department_may_not_register_and_reports_its_own_projects_only(plan, project, person, now) -> None:
    industry, housing = person("department", organisation="industry"), person("department", organisation="housing")
    with pytest.raises(PermissionDenied):
        projects.keep(plan, {"key": "B", "name": "B", "place": "411502"}, version=None, by=industry, now=now)
    made = project()
    month = {"period": "2026-11", "invested": Decimal(100), "stage": "building", "text": "开工", "seen": ""}
    with pytest.raises(PermissionDenied):
        projects.report_month(made, **month, by=housing, now=now)
    assert projects.report_month(made, **month, by=industry, now=now).record.state == "submitted"


def test_only_accepted_months_count_and_bring_the_stage_up_to_date(project, person, office, now) -> None:
    made, county = project(investment=Decimal(1000)), person("county", place="411502", organisation="county-411502")
    earlier = datetime(2026, 10, 20, tzinfo=now.tzinfo)
    first = projects.report_month(
        made, period="2026-10", invested=Decimal(100), stage="building", text="", seen="", by=county, now=earlier
    )
    second = projects.report_month(
        made, period="2026-11", invested=Decimal(50), stage="done", text="", seen="", by=county, now=now
    )
    projects.move_month(first, "accept", state="submitted", by=office, now=now)
    made.refresh_from_db()
    assert (made.stage, projects.invested([made])) == ("building", {made.pk: Decimal(100)})
    projects.move_month(second, "accept", state="submitted", by=office, now=now)
    made.refresh_from_db()
    assert (made.stage, projects.invested([made], year=2026), projects.invested([made], year=2025)) == (
        "done",
        {made.pk: Decimal(150)},
        {},
    )
    with pytest.raises(StaleError):
        projects.move_month(first, "return", state="submitted", by=office, now=now, reason="晚了")


def test_a_returned_month_is_reported_again_and_a_second_first_report_is_stale(project, person, office, now) -> None:
    made, industry = project(), person("department", organisation="industry")
    month = {"period": "2026-11", "invested": Decimal(100), "stage": "building", "text": "开工"}
    first = projects.report_month(made, **month, seen="", by=industry, now=now)
    with pytest.raises(StaleError):
        projects.report_month(made, **month, seen="", by=industry, now=now)
    projects.move_month(first, "return", state="submitted", by=office, now=now, reason="核实金额")
    first.record.refresh_from_db()
    again = projects.report_month(
        made, **(month | {"invested": Decimal(80)}), seen=first.record.changed_at.isoformat(), by=industry, now=now
    )
    assert (again.record.state, again.invested) == ("submitted", Decimal(80))


def test_names_in_the_text_find_projects_that_are_called_alike_and_the_office_decides(
    plan, project, office, now
) -> None:
    wind, other = project("A1", name="东山风力发电场"), project("A2", name="工业节能改造")
    farm, wetland = projects.matches(plan)
    # 东山风电场 and 东山风力发电场 share 东山风, 电场: 2 × 5 / (5 + 7) = 0.83.
    assert [(each.name, round(likeness, 2)) for each, likeness in farm.alike] == [("东山风力发电场", 0.83)]
    assert farm.project is None
    assert wetland.alike == ()
    projects.match(plan, name="东山风电场", project=wind, by=office, now=now)
    assert projects.matches(plan)[0].project == wind
    projects.match(plan, name="东山风电场", project=None, by=office, now=now)
    assert projects.matches(plan)[0].project is None
    assert other.named == ""
    with pytest.raises(PlanError):
        projects.match(plan, name="没有的名称", project=wind, by=office, now=now)
