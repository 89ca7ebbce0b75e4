"""From the blackboard to a frozen result that anyone can verify: figures, steps, rights, terms."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dafeng.domains.plan.models import Rubric
from dafeng.domains.plan.services import assessments as services
from dafeng.domains.plan.services import marking, rubrics
from dafeng.domains.plan.services.assessments import Said
from dafeng.kernel import scoring
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import NotFound, PermissionDenied, PlanError, RubricError, StaleError, UploadError

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def seen(assessment, subject: str = "") -> str:
    marks = assessment.marks.all()
    return marking.token(marks.filter(subject=subject) if subject else marks)


def mark(assessment, subject: str, name: str):
    return assessment.marks.get(subject=subject, indicator=f"plan.assess.{name}")


def to_review(assessment, office):
    return services.step(assessment, "review", seen=seen(assessment), by=office, now=NOW)


def settle(assessment, subject, office, said, *, held_by="", now=NOW):
    told = {f"plan.assess.{name}": each for name, each in said.items()}
    services.review(assessment, subject, told, held_by=held_by, seen=seen(assessment, subject), by=office, now=now)


def announce(assessment, office):
    to_review(assessment, office)
    return services.step(assessment, "announce", seen=seen(assessment), by=office, now=NOW)


def test_figures_come_from_the_blackboard_and_what_is_not_there_stays_missing(assessment) -> None:
    assert mark(assessment, "411522", "tasks.done_on_time").computed == 8
    absent = mark(assessment, "411523", "tasks.due")
    assert absent.computed is None
    assert absent.lineage == {}
    frame = services.scores(assessment).frame
    # 411522: 8 of 10 tasks in time is (80 − 60) ÷ (100 − 60) = 50 %; `filed` (5) counts as 0 where it is missing, and
    # `practice` (4) is a register in which no entry is 0: 6 of 12 + 5 + 4 points, shared out to 100: 28.57.
    assert frame.filter(pl.col("subject") == "411522")["score"].item() == 28.57
    # `tasks_done` and `practice` have a value: 16 of the 100 points of weight, which all concern the county.
    assert frame.filter(pl.col("subject") == "411522")["coverage"].item() == pytest.approx(0.16)
    assert frame.filter(pl.col("subject") == "411523")["grade"].item() == "pending"


def test_a_figure_in_another_unit_is_converted_and_one_that_cannot_be_is_not_taken(rules, office, city) -> None:
    from dafeng.kernel.indicators import services as board

    board.ensure_indicator("plan.assess.projects.invested", name="x", unit="万元")
    board.ensure_indicator("plan.assess.coal.used", name="x", unit="GJ")
    run = board.start_run(domain="plan", kind="t", subject="411500", now=NOW)
    common = {"subject": "411521", "period": "2025", "status": 0}
    board.publish(run, [
        common | {"indicator": "plan.assess.projects.invested", "unit": "万元", "value": 50000.0},
        common | {"indicator": "plan.assess.coal.used", "unit": "GJ", "value": 7.0},
    ])  # fmt: skip
    board.finish_run(run, NOW)
    made = services.open_year("411500", "counties", 2025, by=office, now=NOW)
    assert mark(made, "411521", "projects.invested").computed == pytest.approx(5)  # 50,000 万元 = 5 亿元
    refused = mark(made, "411521", "coal.used")
    assert refused.computed is None
    assert refused.notation == "NE"
    assert "单位" in refused.lineage["problem"]


def test_collecting_again_takes_what_changed_on_the_blackboard(assessment, office, put) -> None:
    put({"411523": {"tasks.due": 4, "tasks.done_on_time": 3}}, kind="later")
    marks = list(assessment.marks.all())
    assert services.outdated(assessment, marks) == 2
    assert services.collect(assessment, by=office, now=NOW) == 2
    assert mark(assessment, "411523", "tasks.due").computed == 4


def test_the_counties_are_told_that_an_assessment_has_begun(jia, person, assessment) -> None:
    assert [notice.user for notice in Notice.objects.all()] == [jia]


def test_departments_that_own_a_task_are_assessed(city, office) -> None:
    from dafeng.domains.plan.models import Owner, Plan, Task

    plan = Plan.objects.create(city="411500", key="p", title="方案")
    task = Task.objects.create(plan=plan, key="t", path="1", title="任务", place="411500")
    Owner.objects.create(task=task, department="housing", name="市住建局", role="lead")
    Owner.objects.create(task=task, department="", name="某单位", role="support")
    Owner.objects.create(task=task, department="transport", name="市交通局", role="lead", until=date(2025, 1, 1))
    made = services.open_year("411500", "departments", 2026, by=office, now=NOW)
    assert [each["code"] for each in made.record.payload["subjects"]] == ["housing"]


def test_a_year_is_opened_once_and_only_with_subjects_and_rules(assessment, office) -> None:
    with pytest.raises(PlanError, match="已经发起"):
        services.open_year("411500", "counties", 2025, by=office, now=NOW)
    with pytest.raises(PlanError, match="没有考核对象"):
        services.open_year("411500", "departments", 2026, by=office, now=NOW)
    with pytest.raises(PlanError, match="没有有效的评分规则"):
        services.open_year("411500", "counties", 2024, by=office, now=NOW)
    with pytest.raises(PlanError, match="不能考核"):
        services.open_year("411500", "counties", 2027, by=office, now=NOW)


def test_a_subject_assesses_itself_with_evidence_and_nobody_elses_figures(assessment, jia, yi) -> None:
    file = SimpleUploadedFile("证明.pdf", b"%PDF-1.4 x", content_type="application/pdf")
    name = "plan.assess.innovation.pilots"
    services.self_assess(
        assessment, "411521", {name: Said(1, "省级试点文件")}, {name: [file]}, seen=seen(assessment, "411521"), by=jia, now=NOW
    )  # fmt: skip
    kept = mark(assessment, "411521", "innovation.pilots")
    assert (kept.own, kept.own_note, kept.settled) == (1, "省级试点文件", None)
    assert [each.name for each in kept.evidence.all()] == ["证明.pdf"]
    # Said is not settled: it does not count before the office has settled it.
    assert marking.value_of(kept) is None
    assert marking.value_of(kept, marking.OWN) == 1
    with pytest.raises(PermissionDenied):
        services.self_assess(assessment, "411521", {}, {}, seen=seen(assessment, "411521"), by=yi, now=NOW)


def test_a_figure_against_the_computed_one_needs_its_reason_and_nothing_is_half_written(assessment, jia) -> None:
    said = {"plan.assess.innovation.pilots": Said(1, "有"), "plan.assess.tasks.due": Said(9, "")}
    with pytest.raises(PlanError, match="依据"):
        services.self_assess(assessment, "411521", said, {}, seen=seen(assessment, "411521"), by=jia, now=NOW)
    assert mark(assessment, "411521", "innovation.pilots").own is None


def test_a_program_is_no_evidence(assessment, jia) -> None:
    file = SimpleUploadedFile("x.exe", b"MZ")
    with pytest.raises(UploadError):
        services.self_assess(
            assessment, "411521", {}, {"plan.assess.tasks.due": [file]}, seen=seen(assessment, "411521"), by=jia, now=NOW
        )  # fmt: skip


def test_a_stale_tab_and_a_closed_state_save_nothing(assessment, jia, office) -> None:
    before = seen(assessment, "411521")
    said = {"plan.assess.innovation.pilots": Said(1, "有")}
    services.self_assess(assessment, "411521", said, {}, seen=before, by=jia, now=NOW)
    with pytest.raises(StaleError, match="别人改过"):
        services.self_assess(assessment, "411521", said, {}, seen=before, by=jia, now=NOW)
    to_review(assessment, office)
    with pytest.raises(StaleError, match="不能自评"):
        services.self_assess(assessment, "411521", said, {}, seen=seen(assessment, "411521"), by=jia, now=NOW)


def test_the_office_settles_figures_with_a_reason_and_names_who_held_the_post(assessment, office, jia) -> None:
    with pytest.raises(StaleError, match="不能审定"):
        settle(assessment, "411521", office, {})
    to_review(assessment, office)
    with pytest.raises(PlanError, match="理由"):
        settle(assessment, "411521", office, {"tasks.done_on_time": Said(9)})
    settle(assessment, "411521", office, {"tasks.done_on_time": Said(9, "一项未通过验收")}, held_by="演示甲")
    kept = mark(assessment, "411521", "tasks.done_on_time")
    assert (kept.computed, kept.settled, kept.held_by) == (10, 9, "演示甲")
    with pytest.raises(PermissionDenied):
        settle(assessment, "411521", jia, {})


def test_nobody_reads_anothers_assessment_before_the_announcement_and_the_public_only_the_final_one(
    assessment, office, jia, yi
) -> None:
    assert services.subject_of(jia, assessment, "411521")["name"] == "甲县"
    with pytest.raises(NotFound):
        services.subject_of(yi, assessment, "411521")
    assert [each["code"] for each in services.seen_subjects(yi, assessment)] == ["411522"]
    with pytest.raises(NotFound):
        services.assessment_of(None, assessment.pk)
    announce(assessment, office)
    assert services.subject_of(yi, assessment, "411521")
    with pytest.raises(NotFound):
        services.assessment_of(None, assessment.pk)
    services.step(assessment, "finalise", seen=seen(assessment), by=office, now=NOW + timedelta(days=8))
    assert services.assessment_of(None, assessment.pk) == assessment


def test_a_result_cannot_become_final_before_the_term_has_ended_nor_over_an_open_objection(
    assessment, office, jia
) -> None:
    announce(assessment, office)
    assert services.objections_until(assessment) == date(2026, 3, 9)  # 2 March and 7 days
    with pytest.raises(PlanError, match="异议期"):
        services.step(assessment, "finalise", seen=seen(assessment), by=office, now=NOW + timedelta(days=7))
    services.object_to(assessment, "411521", indicator="", text="不服", by=jia, now=NOW)
    with pytest.raises(PlanError, match="没有答复"):
        services.step(assessment, "finalise", seen=seen(assessment), by=office, now=NOW + timedelta(days=8))
    assert assessment.record.state == "objection"


def test_an_objection_is_answered_by_another_person_and_corrects_the_figure(assessment, office, jia, person) -> None:
    announce(assessment, office)
    name = "plan.assess.tasks.done_on_time"
    raised = services.object_to(assessment, "411522", indicator=name, text="漏计一项", by=office, now=NOW)
    with pytest.raises(PermissionDenied, match="另一人"):
        services.answer(raised, "uphold", text="属实", value=9, by=office, now=NOW)
    other = person("ndrc", "ndrc-2")
    with pytest.raises(PlanError, match="改正后的数"):
        services.answer(raised, "uphold", text="属实", by=other, now=NOW)
    services.answer(raised, "uphold", text="属实", value=9, by=other, now=NOW)
    kept = mark(assessment, "411522", "tasks.done_on_time")
    assert kept.settled == 9
    assert "属实" in kept.settled_note
    # 9 of 10 is (90 − 60) ÷ 40 = 75 % of 12 points; with 0 of 5 and 0 of 4 as before: 9 ÷ 21 × 100 = 42.86.
    assert services.scores(assessment).frame.filter(pl.col("subject") == "411522")["score"].item() == 42.86
    with pytest.raises(PermissionDenied):
        services.object_to(assessment, "411522", indicator="", text="别人的", by=jia, now=NOW)
    with pytest.raises(PlanError, match="结束"):
        services.object_to(assessment, "411521", indicator="", text="晚了", by=jia, now=NOW + timedelta(days=8))


def test_an_objection_can_be_withdrawn_by_the_one_who_raised_it(assessment, office, jia) -> None:
    announce(assessment, office)
    raised = services.object_to(assessment, "411521", indicator="", text="不服", by=jia, now=NOW)
    with pytest.raises(PermissionDenied):
        services.withdraw(raised, by=office, now=NOW)
    assert services.withdraw(raised, by=jia, now=NOW).record.state == "withdrawn"


def test_the_final_result_is_frozen_and_anyone_can_verify_it(assessment, office, tmp_path, put) -> None:
    to_review(assessment, office)
    settle(assessment, "411521", office, {}, held_by="演示甲")
    services.step(assessment, "announce", seen=seen(assessment), by=office, now=NOW)
    services.step(assessment, "finalise", seen=seen(assessment), by=office, now=NOW + timedelta(days=8))
    told = json.loads(json.dumps(assessment.result))
    assert scoring.verify(told) == []
    assert told["held_by"] == {"411521": "演示甲"}
    assert told["stage"] == "final"
    altered = told | {"scores": [row | {"score": 99} for row in told["scores"]]}
    assert scoring.verify(altered)
    # What happens later on the blackboard does not reach it, and collecting is refused.
    put({"411521": {"tasks.due": 99}}, kind="later")
    with pytest.raises(StaleError):
        services.collect(assessment, by=office, now=NOW)
    assert services.scores(assessment).frame["score"].to_list() == [row["score"] for row in told["scores"]]


def test_equal_scores_share_a_place(rules, office, city, put) -> None:
    put({code: {"tasks.due": 10, "tasks.done_on_time": 9, "reports.due": 1, "reports.on_time": 1} for code in ("411521", "411522")})  # fmt: skip
    content = rubrics.default("counties").as_dict() | {"valid_from": "2025-01-01"}
    content.pop("insufficient")
    rubrics.new_edition("411500", "counties", content, seen=2, reason="试验", by=office, now=NOW)
    made = services.open_year("411500", "counties", 2025, by=office, now=NOW)
    ranks = {row["subject"]: row["rank"] for row in services.scores(made).frame.to_dicts()}
    assert ranks["411521"] == ranks["411522"] == 1
    assert ranks["411523"] in (3, None)


def test_a_veto_caps_the_grade_until_it_is_lifted(assessment, office) -> None:
    to_review(assessment, office)
    settle(assessment, "411521", office, {"events.fraud": Said(1, "查实一件"), "data.filed": Said(100, "核对填报记录")})
    scores = services.scores(assessment)
    row = scores.frame.filter(pl.col("subject") == "411521").row(0, named=True)
    assert row["grade"] == "fail"
    assert row["vetoes"] == ["veto_fraud"]
    first = scoring.advice(scores, ["411521"]).row(0, named=True)
    assert first["kind"] == "veto"


def test_years_are_compared_and_the_parts_add_up(assessment, office, put) -> None:
    announce(assessment, office)
    services.step(assessment, "finalise", seen=seen(assessment), by=office, now=NOW + timedelta(days=8))
    put({"411522": {"tasks.due": 10, "tasks.done_on_time": 10}}, 2026, kind="next")
    later = services.open_year("411500", "counties", 2026, by=office, now=NOW + timedelta(days=20))
    before = services.former(later)
    assert before == assessment
    told = scoring.compare(scoring.recompute(before.result), services.scores(later)).subjects
    row = told.row(by_predicate=pl.col("subject") == "411522", named=True)
    # 12 ÷ 21 × 100 = 57.14 after 28.57
    assert (row["score_before"], row["score_after"]) == (28.57, 57.14)
    assert row["by_values"] + row["by_rubric"] == pytest.approx(row["difference"])


def test_an_edit_is_a_new_edition_and_old_results_keep_theirs(assessment, office) -> None:
    content = rubrics.newest("411500", "counties").rubric.as_dict()
    content["items"] = [
        item | {"weight": {"tasks_done": 10, "reports_on_time": 9}.get(item["code"], item["weight"])}
        for item in content["items"]
    ]
    with pytest.raises(StaleError):
        rubrics.new_edition("411500", "counties", content, seen=1, reason="调权", by=office, now=NOW)
    with pytest.raises(PlanError, match="理由"):
        rubrics.new_edition("411500", "counties", content, seen=2, reason=" ", by=office, now=NOW)
    made = rubrics.new_edition("411500", "counties", content, seen=2, reason="调权", by=office, now=NOW)
    assert made.number == 3
    assert assessment.rubric.number == 2
    assert Rubric.objects.get(pk=assessment.rubric_id).digest == assessment.rubric.digest != made.digest
    found = rubrics.changes(assessment.rubric.content, made.content)
    assert {(each.code, each.field, each.before, each.after) for each in found} >= {
        ("tasks_done", "weight", 12, 10), ("reports_on_time", "weight", 7, 9),
    }  # fmt: skip
    with pytest.raises(PlanError, match="没有任何改动"):
        rubrics.new_edition("411500", "counties", made.content, seen=3, reason="无", by=office, now=NOW)


def test_weights_that_do_not_add_up_are_refused(rules, office) -> None:
    content = rubrics.newest("411500", "counties").rubric.as_dict()
    content["groups"] = [each | {"weight": each["weight"] + 1} for each in content["groups"]]
    with pytest.raises(RubricError) as caught:
        rubrics.new_edition("411500", "counties", content, seen=2, reason="错", by=office, now=NOW)
    assert len(caught.value.problems) == 6  # five groups and the whole
    assert Rubric.objects.filter(city="411500", kind="counties").count() == 2


def test_the_clock_of_the_term_is_the_citys(assessment, office) -> None:
    """The 9th of March is over at midnight in China, which is 16:00 UTC."""
    announce(assessment, office)
    late = NOW.replace(day=9, hour=15, minute=59)
    assert timezone.localdate(late) == date(2026, 3, 9)
    with pytest.raises(PlanError, match="异议期"):
        services.step(assessment, "finalise", seen=seen(assessment), by=office, now=late)
    done = services.step(assessment, "finalise", seen=seen(assessment), by=office, now=NOW.replace(day=9, hour=16))
    assert done.record.state == "final"
