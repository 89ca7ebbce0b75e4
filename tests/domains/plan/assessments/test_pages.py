"""The pages of assessments: who gets which, what forms do with mistakes, how much they ask of the database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from dafeng.domains.plan.models import Rubric
from dafeng.domains.plan.services import assessments as services
from dafeng.domains.plan.services import marking, rubrics
from dafeng.kernel import scoring

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def signed_in(client):
    def enter(user) -> Client:
        fresh = Client()
        fresh.force_login(user)
        return fresh

    return enter


def token(assessment, subject: str = "") -> str:
    marks = assessment.marks.all()
    return marking.token(marks.filter(subject=subject) if subject else marks)


def taken(assessment, office, *actions: str):
    for action in actions:
        now = NOW + timedelta(days=8) if action == "finalise" else NOW
        services.step(assessment, action, seen=token(assessment), by=office, now=now)
    return assessment


def rubric_form_data(content: dict) -> dict[str, str]:
    """What a browser sends for the edition as it is."""
    from dafeng.domains.plan import rubric_form

    form = rubric_form.unbound(content, rubric_form.known_lines([content]))
    data = {box.name: box.value for box in form.head.values()}
    for lines in form.tables.values():
        for line in lines:
            data |= {box.name: box.value for box in line.fields.values()}
            if line.on:
                data[f"{line.table}.{line.code}.on"] = "on"
    return data


@pytest.mark.parametrize(
    ("state", "role", "codes"),
    [
        # (own county, another county, self form of own, self form of the other, review form)
        ("self", "county", (200, 404, 200, 404, 403)),
        ("self", "ndrc", (200, 200, 200, 200, 302)),
        ("self", "public", (404, 404, 302, 302, 302)),
        ("self", "citizen", (404, 404, 403, 403, 403)),
        ("objection", "county", (200, 200, 302, 403, 403)),
        ("objection", "public", (404, 404, 302, 302, 302)),
        ("final", "public", (200, 200, 302, 302, 302)),
        ("final", "citizen", (200, 200, 403, 403, 403)),
    ],
)
def test_who_gets_which_page(assessment, office, jia, person, signed_in, state, role, codes) -> None:
    steps = {"self": (), "objection": ("review", "announce"), "final": ("review", "announce", "finalise")}[state]
    taken(assessment, office, *steps)
    user = {"county": jia, "ndrc": office}.get(role) or (person(role) if role != "public" else None)
    client = signed_in(user) if user else Client()
    base = f"/plan/assessments/{assessment.pk}"
    asked = [f"{base}/411521/", f"{base}/411522/", f"{base}/411521/self/", f"{base}/411522/self/", f"{base}/411521/review/"]  # fmt: skip
    assert tuple(client.get(address).status_code for address in asked) == codes


def test_a_page_before_the_announcement_tells_a_county_only_of_itself(assessment, jia, signed_in) -> None:
    page = signed_in(jia).get(f"/plan/assessments/{assessment.pk}/").content.decode()
    assert "甲县" in page
    assert "乙县" not in page


def test_self_assessment_keeps_what_was_typed_and_says_what_is_wrong(assessment, jia, signed_in) -> None:
    client = signed_in(jia)
    address = f"/plan/assessments/{assessment.pk}/411521/self/"
    data = {"seen": token(assessment, "411521"), "own.plan.assess.innovation.pilots": "两个", "note.plan.assess.innovation.pilots": "批文"}  # fmt: skip
    answer = client.post(address, data)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "“两个”不是数字" in page
    assert "批文" in page
    answer = client.post(address, data | {"own.plan.assess.innovation.pilots": "2"})
    assert answer.status_code == 302
    assert assessment.marks.get(subject="411521", indicator="plan.assess.innovation.pilots").own == 2
    stale = client.post(address, data | {"own.plan.assess.innovation.pilots": "3"})
    assert stale.status_code == 409
    assert "别人改过" in stale.content.decode()
    assert 'value="3"' in stale.content.decode()


def test_an_unchanged_form_sent_back_changes_nothing(assessment, office, signed_in) -> None:
    taken(assessment, office, "review")
    before = token(assessment, "411521")
    lines = marking.lines_of(scoring.Rubric.from_dict(assessment.rubric.content))
    data = {f"settled.{line.indicator}": "" for line in lines} | {"seen": before, "held_by": ""}
    assert signed_in(office).post(f"/plan/assessments/{assessment.pk}/411521/review/", data).status_code == 302
    assert token(assessment, "411521") == before


def test_evidence_is_for_the_subject_and_those_who_assess(assessment, office, jia, yi, signed_in) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("证明.pdf", b"%PDF-1.4 x", content_type="application/pdf")
    name = "plan.assess.innovation.pilots"
    services.self_assess(assessment, "411521", {}, {name: [file]}, seen=token(assessment, "411521"), by=jia, now=NOW)
    kept = assessment.marks.get(subject="411521", indicator=name).evidence.get()
    address = f"/plan/assessments/{assessment.pk}/411521/evidence/{kept.pk}/"
    taken(assessment, office, "review", "announce")
    assert [signed_in(user).get(address).status_code for user in (jia, office, yi)] == [200, 200, 404]


def test_the_office_takes_the_assessment_on_and_a_stale_tab_does_not(assessment, office, signed_in) -> None:
    client, before = signed_in(office), token(assessment)
    address = f"/plan/assessments/{assessment.pk}/step/"
    assert client.post(address, {"action": "review", "seen": before}).status_code == 302
    mark = assessment.marks.first()
    mark.settled = 1
    mark.save()
    answer = client.post(address, {"action": "announce", "seen": before})
    assert answer.status_code == 409
    assessment.record.refresh_from_db()
    assert assessment.record.state == "review"


def test_the_public_downloads_the_final_result_and_verifies_it(assessment, office) -> None:
    address = f"/plan/assessments/{assessment.pk}/result.json"
    assert Client().get(address).status_code == 404
    taken(assessment, office, "review", "announce", "finalise")
    told = json.loads(Client().get(address).content)
    assert scoring.verify(told) == []


def test_an_objection_is_raised_and_answered_on_the_pages(assessment, office, jia, person, signed_in) -> None:
    taken(assessment, office, "review", "announce")
    base = f"/plan/assessments/{assessment.pk}"
    # The view asks the real clock, and the term ended in March 2026.
    late = signed_in(jia).post(f"{base}/411521/object/", {"indicator": "", "text": "不服"})
    assert late.status_code == 422
    assert "异议期已于" in late.content.decode()
    raised = services.object_to(assessment, "411521", indicator="", text="不服甲", by=jia, now=NOW)
    page = signed_in(office).get(f"{base}/").content.decode()
    assert "不服甲" in page
    answer = signed_in(office).post(f"{base}/objections/{raised.pk}/answer/", {"action": "reject", "text": "依据充分", "value.": ""})  # fmt: skip
    assert answer.status_code == 302
    raised.refresh_from_db()
    assert (raised.answer, raised.record.state) == ("依据充分", "rejected")


def test_the_rules_are_shown_in_words_and_compared(rules) -> None:
    page = Client().get("/plan/assessments/rules/counties/").content.decode()
    assert "达峰平台起草稿" in page
    assert "第 1 版 → 第 2 版" in page
    assert "2025-01-01" in page
    assert Client().get("/plan/assessments/rules/nobody/").status_code == 404
    assert Client().get("/plan/assessments/rules/counties/?edition=9").status_code == 404


def test_a_rubric_is_edited_in_the_form_and_faults_stand_at_their_fields(rules, office, signed_in) -> None:
    client, address = signed_in(office), "/plan/assessments/rules/counties/edit/"
    data = rubric_form_data(rules.content) | {"seen": "2", "reason": "调权"}
    wrong = client.post(address, data | {"items.tasks_done.weight": "20"})
    assert wrong.status_code == 422
    assert "各项权重之和为 33，与本组权重 25 不符" in wrong.content.decode()
    assert Rubric.objects.count() == 2
    right = {"items.tasks_done.weight": "14", "items.reports_on_time.weight": "5"}
    assert client.post(address, data | right).status_code == 302
    made = Rubric.objects.get(number=3)
    assert {each["code"]: each["weight"] for each in made.content["items"]}["tasks_done"] == 14
    assert client.post(address, data | right).status_code == 409  # the tab is still on edition 2


def test_a_line_that_is_switched_off_can_be_switched_on_again(rules, office, signed_in) -> None:
    client, address = signed_in(office), "/plan/assessments/rules/counties/edit/"
    data = rubric_form_data(rules.content) | {"seen": "2", "reason": "试点由省评定", "items.practice.weight": "8"}
    data.pop("items.pilots.on")
    assert client.post(address, data).status_code == 302
    made = Rubric.objects.get(number=3)
    assert "pilots" not in {each["code"] for each in made.content["items"]}
    dropped = [each.code for each in rubrics.changes(rules.content, made.content) if each.state == "dropped"]
    assert dropped == ["pilots"]
    page = client.get(address).content.decode()
    assert 'name="items.pilots.on"' in page
    assert 'name="items.pilots.on" checked' not in page


def test_a_county_may_not_edit_the_rules_nor_open_a_year(rules, jia, signed_in) -> None:
    client = signed_in(jia)
    assert client.get("/plan/assessments/rules/counties/edit/").status_code == 403
    assert client.post("/plan/assessments/open/", {"kind": "counties", "year": "2025"}).status_code == 403


def test_the_inbox_asks_for_the_self_assessment_until_something_was_said(assessment, jia) -> None:
    from dafeng.domains.plan.assessment_desk import self_assessments

    task = next(self_assessments(jia, NOW))
    assert task.href == f"/plan/assessments/{assessment.pk}/411521/self/"
    assert task.due.astimezone(UTC).date().isoformat() == "2026-03-17"  # 2 March and 15 days
    said = {"plan.assess.tasks.due": services.Said(None, "无异议")}
    services.self_assess(assessment, "411521", said, {}, seen=token(assessment, "411521"), by=jia, now=NOW)
    assert list(self_assessments(jia, NOW)) == []


@pytest.mark.parametrize("state", ["self", "review", "objection", "final"])
def test_a_page_asks_the_database_at_most_twelve_times(
    assessment, office, jia, signed_in, django_assert_max_num_queries, state
) -> None:
    steps = ["review", "announce", "finalise"][: ["self", "review", "objection", "final"].index(state)]
    taken(assessment, office, *steps)
    client, base = signed_in(office), f"/plan/assessments/{assessment.pk}"
    addresses = ["/plan/assessments/", f"{base}/", f"{base}/411521/", "/plan/assessments/rules/counties/", "/plan/assessments/rules/counties/edit/"]  # fmt: skip
    addresses += {"self": [f"{base}/411521/self/"], "review": [f"{base}/411521/review/"]}.get(state, [])
    for address in addresses:
        with django_assert_max_num_queries(12):
            assert client.get(address).status_code == 200
