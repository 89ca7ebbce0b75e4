"""The way of a verification from the draw to the locked report, and what is refused on it. Deadlines are counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import BodyPerson, Report, Verification
from dafeng.domains.enterprise.verification import (
    assigning,
    bodies,
    concluding,
    findings,
    objecting,
    rating,
    reminding,
    working,
)
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import NotFound, PermissionDenied
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import AuditEntry, Record
from tests.domains.enterprise.verification.conftest import NOW, PER_MONTH, content_of, hand_in

pytestmark = pytest.mark.django_db


def refusals(code: str) -> int:
    """How often a refusal with this code stands in the audit trail."""
    return sum(entry.detail.get("code") == code for entry in AuditEntry.objects.filter(action__endswith=".refused"))


def refuses(code: str, act) -> None:
    before = refusals(code)
    with pytest.raises(Refused) as said:
        act()
    assert said.value.code == code
    assert refusals(code) == before + 1


# ---------- the straight way ----------


def test_a_clean_report_goes_from_the_draw_to_the_lock(case) -> None:
    made = case().visited().concluded().confirmed().it
    report = Report.objects.get(pk=made.report_id)
    assert report.record.state == "locked"
    assert made.record.state == "confirmed"
    # Hand: 3 x 1000 x 26.7 x 0.03356 x 0.99 x 44/12 = 3 x 3252.6688… (facts: 3.2527 t CO2 a ton)
    assert round(made.emissions / 3000, 4) == 3.2527
    counted = concluding.counted(report)
    assert counted is not None
    assert (counted.reporting, counted.conclusion) == (report.emissions, "passed")
    assert records.verify_chain().ok


def test_the_reports_record_says_who_took_which_step(case, people) -> None:
    made = case().visited().concluded().confirmed().it
    moves = [(move.action, move.by) for move in made.report.record.moves.order_by("seq")]
    assert moves == [
        ("open", people["plant"]),
        ("submit", people["plant"]),
        ("assign", people["assigner"]),
        ("verify", people["verifier"]),
        ("lock", people["reviewer"]),
    ]


def test_the_draw_can_be_repeated_from_what_is_kept(body, report, people) -> None:
    for letter in "abcd":
        body(letter)
    made = assigning.assign(report(), by=people["assigner"], now=NOW)
    draw = made.content["draw"]
    assert made.body.code == draw["order"][0]
    assert assigning.redraw(made) == draw["order"]
    entry = AuditEntry.objects.get(action="enterprise.verification.draw")
    # The seed is the head of the chain before the draw: two entries before its own (the record's opening lies between).
    assert draw["seed"] == AuditEntry.objects.get(seq=entry.seq - 2).digest


# ---------- who may not ----------


def test_a_verifier_who_is_also_a_consultant_is_kept_out_and_the_reason_is_kept(body, report, people, plant) -> None:
    consultant, other = body("a"), body("b")
    bodies.add_service(
        consultant,
        plant,
        kind="consulting",
        since=date(2024, 1, 1),
        until=None,
        source="合同",
        by=people["reviewer"],
        now=NOW,
    )
    refuses("consulted", lambda: assigning.assign(report(), by=people["assigner"], now=NOW, body=consultant))
    made = assigning.assign(Report.objects.get(), by=people["assigner"], now=NOW)
    assert made.body == other
    assert made.content["draw"]["kept_out"] == {"body-a": ["consulted"]}


def test_a_service_that_becomes_known_after_the_draw_stops_the_work(case, plant, people) -> None:
    made = case()
    bodies.add_service(
        made.it.body,
        plant,
        kind="consulting",
        since=date(2025, 1, 1),
        until=None,
        source="举报",
        by=people["reviewer"],
        now=NOW,
    )
    refuses("consulted", made.begun)


def test_a_body_of_one_person_gets_nothing(body, report, people) -> None:
    body("a", persons=1)
    refuses("nobody_eligible", lambda: assigning.assign(report(), by=people["assigner"], now=NOW))
    assert Verification.objects.count() == 0
    assert Report.objects.get().record.state == "submitted"


def test_a_team_of_one_person_is_refused(case, people) -> None:
    made = case()
    one = made.it.body.people.first()
    working.declare(made.it, one, text="与该单位无利害关系", **made.by("verifier"))
    refuses(
        "too_few_people",
        lambda: working.begin(made.it, technical=[one.pk], site=[one.pk], leader=one.pk, **made.by("verifier")),
    )
    made.it.refresh_from_db()
    assert made.it.record.state == "assigned"


def test_whoever_has_not_declared_or_worked_for_the_unit_is_refused(case, people) -> None:
    made = case()
    ids = list(made.it.body.people.values_list("pk", flat=True))
    groups = {"technical": ids, "site": ids, "leader": ids[0]}
    refuses("undeclared", lambda: working.begin(made.it, **groups, **made.by("verifier")))
    for each in made.it.body.people.all():
        working.declare(made.it, each, text="与该单位无利害关系", **made.by("verifier"))
    # Left on 2023-04-08: three years are over on 2026-04-08, the day after NOW.
    BodyPerson.objects.filter(pk=ids[1]).update(employed=[["plant", "2015-01-01", "2023-04-08"]])
    refuses("too_few_people", lambda: working.begin(made.it, **groups, **made.by("verifier")))
    BodyPerson.objects.filter(pk=ids[1]).update(employed=[["plant", "2015-01-01", "2023-04-06"]])
    working.begin(made.it, **groups, **made.by("verifier"))


def test_another_bodys_report_is_not_there_and_the_attempt_is_audited(case, people) -> None:
    made = case().it
    with pytest.raises(NotFound):
        working.found_for(people["other"], made.pk, now=NOW)
    assert refusals("foreign") == 1
    with pytest.raises(NotFound):
        working.found_for(people["stranger"], made.pk, now=NOW)
    assert working.found_for(people["plant"], made.pk, now=NOW) == made
    assert working.found_for(people["leader"], made.pk, now=NOW) == made


def test_another_bodys_people_cannot_take_a_step(case, people) -> None:
    made = case()
    ids = list(made.it.body.people.values_list("pk", flat=True))
    for each in made.it.body.people.all():
        working.declare(made.it, each, text="与该单位无利害关系", **made.by("verifier"))
    with pytest.raises(PermissionDenied):
        working.begin(made.it, technical=ids, site=ids, leader=ids[0], by=people["other"], now=NOW)
    assert refusals("permission") == 1


def test_whoever_assigned_does_not_confirm(case, people) -> None:
    made = case().visited().concluded()
    with pytest.raises(PermissionDenied):
        concluding.confirm(made.it, by=people["assigner"], now=NOW)
    assert refusals("permission") == 1
    assert Report.objects.get().record.state == "verified"


# ---------- checklist, visit, samples ----------


def test_the_list_for_the_site_runs_from_the_last_line_of_the_review(case) -> None:
    found = case().begun()
    assert findings.clock_of(found.it, "site_list", now=found.now) is None
    found.checked("review")  # Tuesday 7 April: due on Thursday
    running = findings.clock_of(found.it, "site_list", now=found.now)
    assert running is not None
    assert (running.due.day, running.runs) == (date(2026, 4, 9), True)
    found.later(6).planned()  # the Monday after
    sent = findings.clock_of(found.it, "site_list", now=found.now)
    assert sent is not None
    assert (sent.stopped, sent.late) == (date(2026, 4, 13), True)


def test_a_visit_needs_two_working_days_notice(case) -> None:
    made = case().begun()
    refuses("list_incomplete", made.planned)
    made.checked("review")
    # Tuesday 7 April + 2 working days = Thursday 9 April.
    early = {"first": date(2026, 4, 8), "last": date(2026, 4, 9), "places": "煤场", "topics": "采样"}
    refuses("notice_short", lambda: working.plan_site(made.it, **early, **made.by("verifier")))
    working.plan_site(made.it, **early | {"first": date(2026, 4, 9)}, **made.by("verifier"))
    refuses("notice_short", lambda: working.visit(made.it, **made.by("verifier")))


def test_a_visit_is_left_out_only_after_two_clean_years(case, people) -> None:
    made = case().begun().checked("review")
    refuses("visit_waived_not", lambda: working.waive_site(made.it, consent="省厅同意", **made.by("assigner")))


def test_a_sample_is_drawn_once_and_can_be_drawn_again_from_its_seed(case, people) -> None:
    made = case().begun()
    plan = working.draw_sample(made.it, "*", **made.by("verifier"))
    assert len(plan.population) == 6  # three months of fuel and of calorific value
    assert tuple(plan.drawn) == working.sample_again(plan)
    refuses("sample_drawn", lambda: working.draw_sample(made.it, "*", **made.by("verifier")))
    refuses("population_empty", lambda: working.draw_sample(made.it, "nothing", **made.by("verifier")))


# ---------- non-conformities and their clock ----------


def test_the_answer_is_due_on_the_fifth_working_day_over_labour_day(case) -> None:
    made = case()
    made.now = datetime(2026, 4, 27, 2, 0, tzinfo=UTC)  # Monday; the visit is on Wednesday 29 April
    made.listed()
    clock = findings.clock_of(made.it, "answer", now=made.now)
    # State Council 2026: holiday 1-5 May, Saturday 9 May is worked. After 29 April: 30 April, 6, 7, 8, 9 May.
    assert clock is not None
    assert (clock.due.day, clock.due.provisional) == (date(2026, 5, 9), False)


def test_a_late_correction_is_refused_audited_and_nothing_is_kept(case, people) -> None:
    made = case().listed()
    finding = made.it.findings.get()
    paper = records.store_evidence(b"late", name="late.txt", media_type="text/plain", **made.by("plant"))
    # Listed on Thursday 9 April: 10, 13, 14, 15, 16 April; the 17th is too late.
    made.now = datetime(2026, 4, 16, 15, 30, tzinfo=UTC)  # 23:30 of the 16th in Xinyang
    findings.answer(finding, text="补交二月检测报告", evidence=[paper], **made.by("plant"))
    made.now = datetime(2026, 4, 16, 16, 30, tzinfo=UTC)  # half past midnight of the 17th
    refuses("answer_late", lambda: findings.answer(finding, text="又改了一次", evidence=[paper], **made.by("plant")))
    refuses("answer_late", lambda: findings.send_answer(made.it, **made.by("plant")))
    finding.refresh_from_db()
    assert finding.answer == "补交二月检测报告"


def test_an_answer_needs_evidence_and_is_of_the_unit_alone(case, people) -> None:
    made = case().listed()
    finding = made.it.findings.get()
    refuses("evidence_missing", lambda: findings.answer(finding, text="已经整改", evidence=[], **made.by("plant")))
    refuses("findings_open", lambda: findings.send_answer(made.it, **made.by("plant")))
    refuses("findings_open", lambda: made.concluded())


def test_a_corrected_non_conformity_lets_the_report_pass(case) -> None:
    made = case().listed().answered()
    findings.settle(made.it.findings.get(), closed=True, verdict="检测报告有效", **made.by("verifier"))
    made.concluded().confirmed()
    assert made.it.conclusion == "passed"
    assert made.it.record.evidence.count() == 1
    assert records.verify_record(made.it.record)


def test_what_is_not_corrected_is_estimated_conservatively_and_counts(case) -> None:
    made = case(content_of(ncv=20.0)).listed()
    made.now += timedelta(days=12)
    finding = made.it.findings.get()
    findings.settle(finding, closed=False, verdict="逾期没有答复", **made.by("verifier"))
    working.compare(made.it, **made.by("verifier"))
    close = {"conclusion": "conservative", "text": "二月热值按指南缺省值测算。"}
    refuses("estimate_missing", lambda: concluding.conclude(made.it, **close, **made.by("verifier")))
    refuses(
        "findings_open", lambda: concluding.conclude(made.it, **close | {"conclusion": "passed"}, **made.by("verifier"))
    )
    lower = {"basis": "evidence", "value": 19.0, "source": "煤质台账"}
    refuses("estimate_lower", lambda: findings.estimate(finding, **lower, **made.by("verifier")))
    for none in (float("nan"), float("inf"), 1e308):
        odd = lower | {"value": none}
        refuses("nothing_to_estimate", lambda odd=odd: findings.estimate(finding, **odd, **made.by("verifier")))
    findings.estimate(
        finding, basis="evidence", value=26.7, source="发电指南：未检测按 26.7 GJ/t", **made.by("verifier")
    )
    concluding.conclude(made.it, **close, **made.by("verifier"))
    made.confirmed()
    # Hand: two months at 20 GJ/t and one at 26.7: 1000 x 0.03356 x 0.99 x 44/12 x (20 + 26.7 + 20)
    expected = 1000 * 0.03356 * 0.99 * 44 / 12 * 66.7
    assert made.it.emissions == pytest.approx(expected, rel=1e-12)
    report = Report.objects.get()
    assert report.record.state == "locked"
    assert report.emissions == pytest.approx(1000 * 0.03356 * 0.99 * 44 / 12 * 60)  # the version stays as it was
    assert concluding.counted(report).reporting == made.it.emissions


def test_a_default_that_nobody_confirmed_is_no_basis(case) -> None:
    made = case().listed(parameter="carbon_content")
    made.now += timedelta(days=12)
    finding = made.it.findings.get()
    findings.settle(finding, closed=False, verdict="逾期没有答复", **made.by("verifier"))
    given = {"basis": "default", "value": None, "source": ""}
    refuses(
        "default_unconfirmed",
        lambda: findings.estimate(finding, parameter="coal.later", **given, **made.by("verifier")),
    )
    findings.estimate(finding, parameter="coal.carbon", **given, **made.by("verifier"))
    assert finding.estimate["value"] == 0.03356


# ---------- numbers ----------


def test_a_number_that_differs_cannot_pass(case) -> None:
    made = case(content_of(counted=3000.0)).visited()
    refuses(
        "recompute_missing",
        lambda: concluding.conclude(made.it, conclusion="passed", text="符合", **made.by("verifier")),
    )
    refuses("numbers_differ", made.concluded)
    first = made.it.content["comparison"]["differences"][0]
    assert (first["level"], first["facility"], first["month"]) == ("row", "unit-1", "2025-01")
    assert (first["reported"], first["own"]) == (3000.0, pytest.approx(PER_MONTH))


def test_a_comparison_of_an_earlier_version_does_not_count(case, people) -> None:
    made = case().listed()
    working.compare(made.it, **made.by("verifier"))
    assigning.send_report_back(made.it, reason="二月热值有误", **made.by("assigner"))
    refuses("report_returned", lambda: working.compare(made.it, **made.by("verifier")))
    report = Report.objects.get()
    hand_in(report, content_of(ncv=26.8), people["plant"], at=made.now)
    assigning.relink(made.it, report, **made.by("assigner"))
    made.answered()
    findings.settle(made.it.findings.get(), closed=True, verdict="已更正", **made.by("verifier"))
    refuses(
        "recompute_missing",
        lambda: concluding.conclude(made.it, conclusion="passed", text="符合", **made.by("verifier")),
    )
    made.concluded().confirmed()
    assert [each["digest"] for each in made.it.content["versions"]][-1] == report.digest
    assert made.it.emissions == pytest.approx(3 * PER_MONTH / 26.7 * 26.8)


def test_another_years_report_cannot_take_the_place(case, report, people) -> None:
    made = case().begun()
    refuses("report_other", lambda: assigning.relink(made.it, report(year=2024), **made.by("assigner")))


# ---------- locked is locked ----------


def test_a_locked_report_is_neither_assigned_nor_worked_on(case, people) -> None:
    made = case().visited().concluded().confirmed()
    refuses("report_locked", lambda: assigning.assign(Report.objects.get(), by=people["assigner"], now=NOW))
    refuses("concluded", lambda: working.compare(made.it, **made.by("verifier")))
    refuses(
        "concluded",
        lambda: working.check(made.it, "unit.basics", verdict="na", ways=[], note="", **made.by("verifier")),
    )
    refuses("concluded", lambda: made.concluded())


def test_a_report_that_is_being_verified_is_not_assigned_twice(case, people) -> None:
    made = case()
    refuses("already_assigned", lambda: assigning.assign(made.it.report, by=people["assigner"], now=NOW))


def test_a_revoked_assignment_goes_to_another_body(case, body, people) -> None:
    made = case()
    other = body("b")
    assert Report.objects.for_user(people["verifier"]).exists()
    assigning.revoke(made.it, reason="发现利害关系", **made.by("assigner"))
    assert not Report.objects.for_user(people["verifier"]).exists()
    assert not Record.objects.for_user(people["verifier"]).of_kind("enterprise.report").exists()
    again = assigning.assign(Report.objects.get(), by=people["assigner"], now=NOW)
    assert again.body == other
    assert again.content["draw"]["kept_out"] == {"body-a": ["asked_again"]}
    assert Report.objects.get().record.state == "in_verification"


# ---------- objections ----------


def test_an_objection_upheld_lets_another_body_verify_the_locked_version_anew(case, body, people) -> None:
    made = case().visited().concluded().confirmed()
    refuses("text_missing", lambda: objecting.object_to(made.it, text="", **made.by("plant")))
    said = objecting.object_to(made.it, text="二月热值应按检测报告", **made.by("plant"))
    # Filed on Thursday 9 April 2026, ten working days: 10, 13-17, 20-23 April.
    assert (said.due, said.provisional) == (date(2026, 4, 23), False)
    refuses("objection_open", lambda: objecting.object_to(made.it, text="再申请一次", **made.by("plant")))
    objecting.decide(said, uphold=True, text="取样记录不全，申请成立", **made.by("reviewer"))
    made.it.refresh_from_db()
    assert made.it.record.state == "overturned"
    report = Report.objects.get()
    assert concluding.counted(report) is None
    refuses("nobody_eligible", lambda: assigning.assign(report, by=people["assigner"], now=made.now))
    body("b")
    again = assigning.assign(report, by=people["assigner"], now=made.now)
    assert (again.body.code, report.record.state) == ("body-b", "locked")


def test_an_objection_after_seven_working_days_is_refused(case) -> None:
    made = case().visited().concluded().confirmed()
    # Told on Thursday 9 April 2026: 10, 13, 14, 15, 16, 17, 20 April.
    made.now = datetime(2026, 4, 21, 2, 0, tzinfo=UTC)
    refuses("objection_late", lambda: objecting.object_to(made.it, text="二月热值应按检测报告", **made.by("plant")))
    made.now = datetime(2026, 4, 20, 2, 0, tzinfo=UTC)
    objecting.object_to(made.it, text="二月热值应按检测报告", **made.by("plant"))


def test_a_body_does_not_complain_about_itself(body, people) -> None:
    made = body("a")
    refuses("complaint_own", lambda: objecting.complain(made, text="自己投诉自己", by=people["verifier"], now=NOW))
    said = objecting.complain(made, text="核查人员收受礼品", by=people["plant"], now=NOW)
    objecting.decide(said, uphold=True, text="查证属实", by=people["reviewer"], now=NOW)
    assert rating.figures(made, 2026, now=NOW)["verification.complaints"] == 1


# ---------- rating, supervision, reminders ----------


def test_a_grade_tells_its_lines(case, people) -> None:
    made = case().visited().concluded().confirmed()
    found = rating.rate(made.it.body, 2026, by=people["reviewer"], now=made.now)
    # Everything in time, accepted at once, all noted, all rows recomputed, nothing upheld: full marks.
    assert (found.score, found.grade) == (100.0, "A")
    assert {line["code"] for line in found.lines} >= {"in_time", "accepted", "noted", "recomputed", "overturned"}
    rating.publish(found, by=people["reviewer"], now=made.now)
    assert rating.published()[made.it.body_id] == found


def test_a_body_sent_back_once_in_one_case_loses_a_quarter(case, people) -> None:
    made = case().visited().concluded()
    concluding.send_back(made.it, reason="结论没有说明煤样复测", **made.by("reviewer"))
    made.concluded().confirmed()
    # accepted = 0 %: mark 0 of weight 25; everything else full: 75.
    assert rating.rate(made.it.body, 2026, by=people["reviewer"], now=made.now).score == 75.0


def test_a_grade_of_a_running_year_is_not_published(case, people) -> None:
    made = case()
    found = rating.rate(made.it.body, 2026, by=people["reviewer"], now=NOW)
    assert found.grade in ("", "pending")
    refuses("rating_open", lambda: rating.publish(found, by=people["reviewer"], now=NOW))


def test_a_suspended_body_is_not_drawn(body, report, people) -> None:
    made = body("a")
    bodies.supervise(
        made, kind="suspension", day=NOW.date(), until=date(2026, 12, 31), facts="核查记录造假", basis="核查指南",
        by=people["reviewer"], now=NOW,
    )  # fmt: skip
    refuses("suspended", lambda: assigning.assign(report(), by=people["assigner"], now=NOW, body=made))


def test_whoever_entered_a_body_does_not_register_it(people) -> None:
    made = bodies.apply(
        code="x",
        name="某机构",
        kinds=["verification"],
        sectors=["power"],
        organisation="x",
        by=people["assigner"],
        now=NOW,
    )
    with pytest.raises(PermissionDenied):
        bodies.step(made, "register", by=people["assigner"], now=NOW)


def test_a_term_that_runs_out_is_told_once(case) -> None:
    made = case().listed()
    Notice.objects.all().delete()
    at = datetime(2026, 4, 14, 0, 0, tzinfo=UTC)  # two working days before the 16th
    assert reminding.remind(now=at) == 1
    assert reminding.remind(now=at + timedelta(hours=1)) == 0
    assert set(Notice.objects.values_list("user__username", flat=True)) == {made.people["plant"].username}
    assert reminding.remind(now=datetime(2026, 4, 15, 0, 0, tzinfo=UTC)) == 0
    assert reminding.remind(now=datetime(2026, 4, 17, 0, 0, tzinfo=UTC)) == 1  # one day late


def test_every_reason_code_has_words() -> None:
    import re
    from pathlib import Path

    from dafeng.domains.enterprise.verification.methods import rules

    home = Path(rules.__file__).resolve().parents[1]
    used = {
        code
        for path in home.rglob("*.py")
        for code in re.findall(r"(?:refused|Reason)\(\s*\"(\w+)\"", path.read_text(encoding="utf-8"))
    }
    assert used - set(rules.reasons()) == set()
