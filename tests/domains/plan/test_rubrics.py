"""The default rubrics for counties and departments: sound, readable, and they grade as they say."""

from pathlib import Path

import polars as pl
import pytest

import dafeng.domains
from dafeng.kernel.scoring import read_rubric, render, score

RUBRICS = Path(dafeng.domains.__path__[0]) / "plan" / "rubrics"


@pytest.mark.parametrize("name", ["counties", "departments"])
def test_a_default_rubric_is_sound_bilingual_and_says_that_it_is_a_draft(name: str) -> None:
    rubric = read_rubric(RUBRICS / f"{name}.toml")
    assert rubric.standing_en == "draft of dafeng, to be adopted by the city"
    for entries in (rubric.items, rubric.inputs, rubric.groups, rubric.vetoes, rubric.levels, rubric.bonuses):
        assert all(each.title and each.title_en for each in entries)
    assert {group.code for group in rubric.groups} == {"targets", "tasks", "projects", "data", "innovation"}
    assert rubric.digest in render(rubric)


COUNTY = {
    "energy_intensity.fall": 9, "energy_intensity.target": 12, "carbon_intensity.fall": 15, "carbon_intensity.target": 15,
    "coal.used": 104, "coal.limit": 100, "renewables.added": 8, "renewables.target": 10, "targets.on_track": 6,
    "targets.assigned": 8, "tasks.done_on_time": 18, "tasks.due": 20, "reports.on_time": 12, "reports.due": 12,
    "tasks.overdue_days": 20, "projects.invested": 8, "projects.planned": 10, "projects.begun": 3, "projects.to_begin": 4,
    "projects.commissioned": 0, "projects.to_commission": 0, "data.filed": 100, "data.measured": 80, "data.returned": 11,
    "innovation.pilots": 1, "innovation.practice_province": 1, "events.praised": 2, "events.criticised": 1,
    "energy_intensity.red_months": 0,
}  # fmt: skip


def grade(figures: dict[str, float]) -> dict[str, object]:
    """One county among three; the others have only the share of measured data, for the rank."""
    rows = [("411528", f"plan.assess.{name}", float(value)) for name, value in figures.items()]
    rows += [("411521", "plan.assess.data.measured", 60.0), ("411522", "plan.assess.data.measured", 90.0)]
    values = pl.DataFrame(rows, schema=["subject", "indicator", "value"], orient="row")
    return score(read_rubric(RUBRICS / "counties.toml"), values).frame.row(0, named=True)


def test_a_county_is_graded_by_hand_arithmetic() -> None:
    # 目标: 9/12×10 = 7.5; 10; (104−110)/(100−110) = 0.6×6 = 3.6; (80−50)/50 = 0.6×8 = 4.8; (75−50)/50 = 0.5×6 = 3      28.9
    # 任务: (90−60)/40 = 0.75×12 = 9; 7; 20 days late 50 % of 6 = 3                                                     19
    # 项目: (80−60)/40 = 0.5×8 = 4; (75−50)/50 = 0.5×4 = 2; nothing to commission: 3 points do not concern the county     6
    # 数据: 5; between the other two 50 % of 4 = 2; (11−20)/(2−20) = 0.5×3 = 1.5                                          8.5
    # 创新: 60 % of 4 = 2.4; 2 of 3 of 4 = 2.6667                                                                         5.0667
    # 67.4667 of 97 → 69.5533; + 2 praise − 2 criticism
    found = grade(COUNTY)
    assert (found["score"], found["grade_title"], found["coverage"], found["vetoes"]) == (69.55, "合格", 1, [])


def test_falsified_data_fail_a_county_whatever_its_score() -> None:
    found = grade(COUNTY | {"events.fraud": 1})
    assert (found["score"], found["grade_title"], found["vetoes"]) == (69.55, "不合格", ["veto_fraud"])


def test_excellent_needs_both_intensity_targets_met() -> None:
    best = COUNTY | {
        "energy_intensity.fall": 12, "coal.used": 90, "renewables.added": 12, "targets.on_track": 8, "tasks.done_on_time": 20,
        "tasks.overdue_days": 0, "projects.invested": 10, "projects.begun": 4, "data.returned": 0, "innovation.pilots": 2,
    }  # fmt: skip
    assert grade(best)["grade_title"] == "优秀"
    assert grade(best | {"energy_intensity.fall": 11.9})["grade_title"] == "良好"
    assert grade(best | {"energy_intensity.red_months": 3})["grade_title"] == "良好"
    over = grade(best | {"energy_quota.red_months": 3})
    assert (over["grade_title"], over["vetoes"]) == ("良好", ["veto_quota"])
    assert grade(best | {"energy_quota.red_months": 2})["grade_title"] == "优秀"


def test_a_department_without_projects_is_not_marked_down_for_it() -> None:
    figures = {
        "targets.on_track": 4, "targets.led": 4, "targets.progress": 100, "tasks.led_on_time": 10, "tasks.led_due": 10,
        "tasks.joint_on_time": 0, "tasks.joint_due": 0, "reports.on_time": 6, "reports.due": 6, "warnings.on_time": 0,
        "warnings.due": 0, "projects.invested": 0, "projects.planned": 0, "data.filed": 100, "reports.with_evidence": 95,
        "data.returned": 2, "innovation.policies": 3, "innovation.practice_city": 3,
    }  # fmt: skip
    values = pl.DataFrame(
        [("住建局", f"plan.assess.{name}", float(value)) for name, value in figures.items()],
        schema=["subject", "indicator", "value"], orient="row",
    )  # fmt: skip
    found = score(read_rubric(RUBRICS / "departments.toml"), values).frame.row(0, named=True)
    assert (found["score"], found["coverage"], found["grade_title"]) == (100, 1, "优秀")
