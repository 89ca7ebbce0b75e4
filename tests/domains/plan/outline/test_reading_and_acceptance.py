"""From a document to the plan's tasks and targets, and what stands in the way."""

from __future__ import annotations

import io

import pytest

from dafeng.domains.plan.models import Plan, Question, Target, Task, Version
from dafeng.domains.plan.services import corrections, plans
from dafeng.domains.plan.services.acceptance import accept, in_force_with
from dafeng.domains.plan.services.content import corrections_of, found_in, seen_digest
from dafeng.kernel.errors import PlanError, StaleError, UploadError
from dafeng.kernel.records.services import verify_record
from tests.domains.plan.outline.conftest import NOW, TEXT


def test_a_document_becomes_a_version_that_waits_and_changes_nothing(hand_in) -> None:
    version = hand_in()
    assert (version.number, version.record.state, version.current) == (1, "read", False)
    assert version.plan.title == "江城市碳达峰实施方案"
    assert (version.plan.first_year, version.plan.last_year) == (2024, 2030)
    assert version.document.name == "方案.txt"
    assert verify_record(version.record)
    assert not Task.objects.exists()
    assert not Target.objects.exists()
    assert not Question.objects.exists()


def test_every_item_stands_at_its_place_in_the_text(hand_in) -> None:
    version = hand_in()
    for item in found_in(version).items:
        assert version.text[item.start : item.end] == item.quote
    tasks = [each for each in found_in(version).of("task") if each.values["is_task"]]
    assert [each.quote for each in tasks] == ["（一）发展风电", "（二）改造建筑", "（三）宣传教育"]


def test_accepting_makes_tasks_owners_targets_and_questions(accepted) -> None:
    version = accepted()
    assert version.current
    assert version.record.state == "accepted"
    assert list(Task.objects.values_list("title", flat=True)) == ["发展风电", "改造建筑", "宣传教育"]
    wind = Task.objects.get(title="发展风电")
    owners = {(each.department, each.role) for each in wind.owners.all()}
    # The clause makes every county an owner of every task below it.
    assert owners == {("ndrc", "lead"), ("resources", "lead"), ("counties", "all-counties")}
    assert {each.department for each in Task.objects.get(title="宣传教育").owners.all()} == {"counties"}
    capacity = Target.objects.get(unit="万千瓦")
    assert (capacity.low, capacity.high, capacity.year, capacity.task, capacity.owner) == (120, 120, 2025, wind, "ndrc")
    assert capacity.quote == version.text[capacity.start : capacity.end]


def test_a_target_is_bound_to_the_register_when_accepted_and_else_visibly_not(accepted) -> None:
    from dafeng.domains.plan.bindings import bind

    accepted()
    wind = Target.objects.get(unit="万千瓦")
    known = bind("风电装机", "万千瓦")
    assert (wind.binding, wind.bound_by) == (f"{known.indicator}|{known.key}", "register")
    assert Target.objects.get(indicator__startswith="新建绿色建筑").bound_by in ("", "register")


def test_a_target_that_the_register_does_not_know_is_visibly_unbound(accepted, hand_in) -> None:
    accepted(hand_in(TEXT.replace("风电装机达到120万千瓦", "蝴蝶观察站数量达到12座")))
    odd = Target.objects.get(low=12)
    assert (odd.binding, odd.bound_by) == ("", "")


def test_what_a_person_has_bound_stays_when_a_new_version_is_accepted(accepted, hand_in) -> None:
    first = accepted()
    Target.objects.filter(unit="万千瓦").update(binding="plan.reported.own", bound_by="某人")
    accepted(hand_in(TEXT + "附注。\n", plan=first.plan))
    assert Target.objects.get(unit="万千瓦").binding == "plan.reported.own"


def test_the_amended_plan_keeps_its_rows_and_marks_what_it_dropped(accepted, hand_in) -> None:
    first = accepted()
    keys = dict(Task.objects.values_list("title", "key"))
    wind = Target.objects.get(unit="万千瓦")
    Task.objects.filter(title="发展风电").update(done_on="2026-01-01")
    amended = TEXT.replace("120万千瓦", "150万千瓦").replace(
        "（三）宣传教育\n开展全民宣传。\n", "（三）发展储能\n建设储能。\n"
    )
    second = accepted(hand_in(amended, plan=first.plan))
    first.refresh_from_db()
    assert (first.current, first.record.state, second.number) == (False, "superseded", 2)
    wind.refresh_from_db()
    assert (wind.low, wind.dropped_in) == (150, None)
    kept = Task.objects.get(title="发展风电")
    assert (kept.key, str(kept.done_on)) == (keys["发展风电"], "2026-01-01")
    assert Task.objects.get(title="宣传教育").dropped_in == second
    assert Task.objects.get(title="发展储能").key not in keys.values()


def test_an_owner_that_the_text_no_longer_names_ends_and_a_hand_over_stays(accepted, hand_in) -> None:
    first = accepted()
    building = Task.objects.get(title="改造建筑")
    building.owners.filter(department="housing").update(until="2026-02-01")
    building.owners.create(department="urban", name="市城市管理局", role="lead", since="2026-02-01")
    accepted(hand_in(TEXT.replace("市发展改革委、市自然资源局", "市发展改革委、市生态环境局"), plan=first.plan))
    wind = Task.objects.get(title="发展风电").owners
    assert set(wind.filter(until=None, role="lead").values_list("department", flat=True)) == {"ndrc", "environment"}
    assert str(wind.get(department="resources").until) == "2026-11-21"
    assert set(building.owners.filter(until=None, role="lead").values_list("department", flat=True)) == {"urban"}


def test_the_same_document_handed_in_twice_waits_once(hand_in) -> None:
    first = hand_in()
    assert hand_in() == first
    assert hand_in(plan=first.plan) == first
    assert Version.objects.count() == 1
    assert Plan.objects.count() == 1


def test_two_documents_at_once_wait_side_by_side_and_one_is_accepted(accepted, hand_in, office) -> None:
    first = hand_in()
    second = hand_in(TEXT.replace("120", "130"), plan=first.plan)
    assert [first.number, second.number] == [1, 2]
    accepted(second)
    accepted(first)
    assert list(Version.objects.filter(current=True)) == [first]
    assert Target.objects.get(unit="万千瓦").low == 120


def test_accepting_what_somebody_has_accepted_is_refused_and_says_who(accepted, hand_in, office) -> None:
    version = accepted()
    with pytest.raises(StaleError, match=r"ndrc.*已采纳"):
        accept(version, seen=seen_digest(version, []), alongside=False, by=office, now=NOW)


def test_accepting_what_somebody_corrected_meanwhile_is_refused(hand_in, office, person) -> None:
    version = hand_in()
    seen = seen_digest(version, corrections_of(version.plan))
    target = found_in(version).of("target")[0]
    corrections.change(version, target.ref, {"year": 2026}, reason="", by=person("ndrc", "other"), now=NOW)
    with pytest.raises(StaleError, match="更正"):
        accept(version, seen=seen, alongside=False, by=office, now=NOW)
    assert not Target.objects.exists()


def test_two_plans_for_one_period_are_never_merged_silently(accepted, hand_in, office) -> None:
    first = accepted()
    other = hand_in(TEXT.replace("江城市碳达峰实施方案", "江城市绿色转型方案").replace("120万千瓦", "200万千瓦"))
    assert other.plan != first.plan
    assert in_force_with(other.plan) == [first.plan]
    with pytest.raises(PlanError, match="同一时期"):
        accepted(other)
    assert Target.objects.filter(unit="万千瓦").count() == 1
    accepted(other, alongside=True)
    assert sorted(Target.objects.filter(unit="万千瓦").values_list("low", flat=True)) == [120, 200]
    # The two figures are asked about, not settled.
    asked = Question.objects.get(plan=other.plan, code="changed", question__contains="风电装机")
    assert asked.record.state == "open"
    assert len(asked.record.payload["targets"]) == 2


def test_a_document_handed_in_as_a_new_plan_can_become_a_version_of_another(accepted, hand_in, office) -> None:
    first = accepted()
    other = hand_in(TEXT.replace("120", "200"))
    emptied = other.plan.pk
    moved = plans.move_to(other, first.plan, by=office, now=NOW)
    assert (moved.plan, moved.number) == (first.plan, 2)
    assert not Plan.objects.filter(pk=emptied).exists()
    accepted(moved)
    assert list(Target.objects.filter(unit="万千瓦").values_list("low", flat=True)) == [200]


def test_the_present_version_handed_in_again_is_refused(accepted, hand_in) -> None:
    version = accepted()
    with pytest.raises(UploadError, match="完全相同"):
        hand_in(plan=version.plan)


def test_a_plan_without_headings_is_read_and_what_it_lacks_is_said(hand_in, accepted, office) -> None:
    version = hand_in("到2025年，风电装机达到120万千瓦。\n大家一起努力。\n")
    assert [each.name for each in found_in(version).of("target")] == ["风电装机"]
    accepted(version)
    assert Target.objects.get().low == 120
    empty = hand_in("今天天气很好。")
    for task in found_in(empty).of("task"):
        corrections.drop(empty, task.ref, reason="不是任务", by=office, now=NOW)
    with pytest.raises(PlanError, match="没有任务也没有目标"):
        accepted(empty, alongside=True)


def _empty_docx() -> bytes:
    from docx import Document

    target = io.BytesIO()
    Document().save(target)
    return target.getvalue()


def _locked_pdf() -> bytes:
    from pypdf import PdfWriter

    writer, target = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.encrypt("geheim", algorithm="RC4-128")
    writer.write(target)
    return target.getvalue()


def _scanned_pdf() -> bytes:
    from pypdf import PdfWriter

    writer, target = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.write(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (_empty_docx, "空.docx", "没有文字"),
        (_locked_pdf, "锁.pdf", "密码"),
        (_scanned_pdf, "扫描.pdf", "扫描件"),
        (lambda: b"", "无.txt", "空的"),
        (lambda: b"\x00\x01\x02\x03" * 50, "怪.bin", "不是文字"),
        (lambda: "只有数字".encode() * 0 + b"abc 123", "英.txt", "没有中文"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words_and_leaves_nothing(
    town, office, content, name: str, said: str
) -> None:
    from dafeng.kernel.errors import DafengError
    from dafeng.kernel.records.models import Evidence

    with pytest.raises(DafengError, match=said):
        plans.upload(town, content(), name=name, plan=None, by=office, now=NOW)
    assert not Plan.objects.exists()
    assert not Evidence.objects.exists()


def test_a_long_document_is_read_by_a_job_once_however_often_it_is_begun(town, office) -> None:
    from dafeng.kernel.jobs import services as jobs
    from dafeng.kernel.jobs.models import Job

    # About five hundred printed pages of six hundred characters.
    long = TEXT + "".join(f"第{number}段说明情况，供各单位参考，不作为考核内容。" * 25 + "\n" for number in range(500))
    job = plans.upload(town, long.encode(), name="长.txt", plan=None, by=office, now=NOW)
    assert isinstance(job, Job)
    assert plans.upload(town, long.encode(), name="长.txt", plan=None, by=office, now=NOW) == job
    done = jobs.run(job.pk, clock=lambda: NOW)
    assert done.state == "done", done.error
    version = Version.objects.get()
    assert done.result["href"] == f"/plan/plans/{version.plan.key}/versions/1/"
    Job.objects.filter(pk=job.pk).update(state="queued")
    jobs.run(job.pk, clock=lambda: NOW)
    assert Version.objects.get() == version
