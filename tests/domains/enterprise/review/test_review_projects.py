"""A project from the draft to the opinion, and what is refused on the way."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Project
from dafeng.domains.enterprise.review import assessments, joint, projects
from dafeng.domains.enterprise.review import experts as judging
from dafeng.kernel.errors import PermissionDenied, StaleError, TransitionError
from dafeng.kernel.indicators import services as indicators
from tests.domains.enterprise.review.conftest import NOW, PLACE, TODAY, content

pytestmark = pytest.mark.django_db


def test_a_whole_review_ends_in_an_opinion_and_in_the_countys_new_energy(approved) -> None:
    """20,000 MWh × 0.1229 + 100 × 13.3 = 2458 + 1330 = 3788 tce."""
    project = approved()
    assert project.record.state == "approved"
    assert project.level == "local"
    assert project.tce == pytest.approx(3788)
    assert [each.text for each in project.conditions.all()] == ["安装计量器具"]
    told = indicators.values("review.energy.new", subject=PLACE, period=2028)
    assert told["value"].to_list() == [pytest.approx(3788)]
    assert told["unit"][0] == "tce"


def test_what_is_missing_is_named_and_nothing_is_handed_in(draft, people) -> None:
    project = draft(measures={"committed": False}, output={"added_value": None})
    with pytest.raises(Refused) as refused:
        projects.submit(project, by=people["owner"], now=NOW)
    assert refused.value.code == "incomplete"
    assert assessments.assess(project, on=TODAY).missing == [("output", "added_value"), ("measures", "committed")]
    assert Project.objects.get().record.state == "draft"


def test_two_people_at_one_form_do_not_overwrite_each_other(draft, people) -> None:
    project = draft()
    seen = projects.fingerprint(project)
    projects.save_step(project, "output", {"added_value": 1.0}, seen=seen, by=people["owner"], now=NOW)
    with pytest.raises(StaleError):
        projects.save_step(project, "output", {"added_value": 2.0}, seen=seen, by=people["owner"], now=NOW)


def test_a_small_project_is_filed_and_cannot_be_reviewed(draft, people) -> None:
    """3000 MWh × 0.1229 = 368.7 tce."""
    project = draft(energy={"energies": {"electricity": {"after": 3000.0}}})
    projects.submit(project, by=people["owner"], now=NOW)
    with pytest.raises(Refused) as refused:
        projects.handle(project, "accept", by=people["ndrc"], now=NOW)
    assert refused.value.code == "report_not_needed"
    projects.handle(project, "file", by=people["ndrc"], now=NOW)
    assert project.record.state == "filed"


def test_a_larger_project_cannot_be_filed(draft, people) -> None:
    project = draft()
    projects.submit(project, by=people["owner"], now=NOW)
    with pytest.raises(Refused) as refused:
        projects.handle(project, "file", by=people["ndrc"], now=NOW)
    assert refused.value.code == "report_needed"


def test_review_waits_until_the_bureau_has_judged(draft, people) -> None:
    project = draft()
    projects.submit(project, by=people["owner"], now=NOW)
    projects.handle(project, "accept", by=people["ndrc"], now=NOW)
    with pytest.raises(Refused) as refused:
        projects.handle(project, "review", by=people["ndrc"], now=NOW)
    assert refused.value.code == "to_confirm"


def test_supplement_goes_back_with_a_reason_and_comes_again(draft, people) -> None:
    project = draft()
    projects.submit(project, by=people["owner"], now=NOW)
    with pytest.raises(TransitionError):
        projects.handle(project, "supplement", by=people["ndrc"], now=NOW, reason=" ")
    projects.handle(project, "supplement", by=people["ndrc"], now=NOW, reason="缺总平面布置")
    assert project.record.state == "supplement"
    projects.submit(project, by=people["owner"], now=NOW)
    assert project.record.state == "submitted"


def test_the_person_who_concluded_does_not_sign(reviewed, people) -> None:
    with pytest.raises(PermissionDenied):
        projects.approve(reviewed(), opinion="同意", reference="1号", conditions=[], by=people["ndrc"], now=NOW)


def test_a_provincial_project_is_forwarded_before_an_opinion(reviewed, people) -> None:
    """90,000 MWh × 0.1229 = 11,061 tce."""
    project = reviewed(energy={"energies": {"electricity": {"after": 90_000.0}}})
    assert project.level == "province"
    with pytest.raises(Refused) as refused:
        projects.approve(project, opinion="同意", reference="1号", conditions=[], by=people["leader"], now=NOW)
    assert refused.value.code == "forward_first"
    projects.handle(project, "forward", by=people["ndrc"], now=NOW)
    projects.approve(project, opinion="省发改委同意", reference="豫1号", conditions=[], by=people["leader"], now=NOW)
    assert project.record.state == "approved"


def test_a_local_project_is_not_forwarded(reviewed, people) -> None:
    with pytest.raises(Refused) as refused:
        projects.handle(reviewed(), "forward", by=people["ndrc"], now=NOW)
    assert refused.value.code == "local_level"


def test_a_two_high_project_waits_for_the_factors_of_its_energy_right(draft, people, reviewed, figures) -> None:
    """A = 3788 tce (no coal), B = 0.3, C = 3788 ÷ 20,000 = 0.1894 tce/万元, mean 0.8: 3788 × 0.3 × 0.1894 ÷ 0.8 = 269.04."""
    from dafeng.domains.enterprise.models import ProjectFigure

    project = reviewed(two_high=True)
    assert assessments.assess(project, on=TODAY).rights.tce == pytest.approx(269.04, abs=0.01)
    ProjectFigure.objects.filter(code="rights_mean").delete()
    with pytest.raises(Refused) as refused:
        projects.approve(project, opinion="同意", reference="1号", conditions=[], by=people["leader"], now=NOW)
    assert refused.value.code == "to_confirm"
    assert assessments.assess(project, on=TODAY).open == ["rights_mean"]


def test_experts_and_offices_must_all_have_answered(draft, people, experts) -> None:
    ndrc, project = people["ndrc"], draft()
    projects.submit(project, by=people["owner"], now=NOW)
    projects.judge(project, two_high=False, large_carbon=False, reason="否", by=ndrc, now=NOW)
    projects.handle(project, "accept", by=ndrc, now=NOW)
    projects.handle(project, "review", by=ndrc, now=NOW)
    with pytest.raises(Refused) as refused:
        projects.conclude(project, text="可", by=ndrc, now=NOW)
    assert refused.value.code == "experts_short"
    for expert in experts:
        judging.declare(judging.invite(project, expert, by=ndrc, now=NOW), clear=True, text="", by=expert.person, now=NOW)  # fmt: skip
    for invited in project.invitations.all():
        judging.give(invited, points=dict.fromkeys(judging.POINTS, "yes"), view="pass", text="可", by=invited.expert.person, now=NOW)  # fmt: skip
    with pytest.raises(Refused) as refused:
        projects.conclude(project, text="可", by=ndrc, now=NOW)
    assert refused.value.code == "joint_waiting"


def test_an_office_against_stops_the_opinion(reviewed, people) -> None:
    project = reviewed()
    project.joint_opinions.filter(office="ecology").update(verdict="against")
    with pytest.raises(Refused) as refused:
        projects.approve(project, opinion="同意", reference="1号", conditions=[], by=people["leader"], now=NOW)
    assert refused.value.code == "joint_against"


def test_an_office_answers_for_itself_and_once(draft, people) -> None:
    ndrc, project = people["ndrc"], draft()
    projects.submit(project, by=people["owner"], now=NOW)
    projects.handle(project, "accept", by=ndrc, now=NOW)
    (asked,) = joint.ask(project, ["ecology"], matter="准入", due=TODAY, by=ndrc, now=NOW)
    with pytest.raises(PermissionDenied):
        joint.answer(asked, verdict="agree", text="", by=people["industry"], now=NOW)
    with pytest.raises(Refused) as refused:
        joint.answer(asked, verdict="against", text="", by=people["ecology"], now=NOW)
    assert refused.value.code == "text_missing"
    joint.answer(asked, verdict="conditions", text="落实总量", by=people["ecology"], now=NOW)
    with pytest.raises(Refused) as refused:
        joint.answer(asked, verdict="agree", text="", by=people["ecology"], now=NOW)
    assert refused.value.code == "answered_already"


def test_only_the_projects_own_county_is_asked(draft, people, person) -> None:
    person("county", "other-county", "shihe", place="411502")
    assert set(joint.offices(draft())) == {"ecology", "industry", "county"}


# ---------- experts ----------


@pytest.fixture
def in_review(draft, people):
    project = draft()
    projects.submit(project, by=people["owner"], now=NOW)
    projects.judge(project, two_high=False, large_carbon=False, reason="否", by=people["ndrc"], now=NOW)
    for action in ("accept", "review"):
        projects.handle(project, action, by=people["ndrc"], now=NOW)
    return project


def test_an_expert_of_the_body_that_wrote_the_report_is_not_invited(in_review, people, person) -> None:
    writer = judging.enrol(
        person("verifier", "writer", "compiler"), name="编制人", organisation="compiler", employer="试验咨询公司", fields="x", advised=[], by=people["ndrc"], now=NOW
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        judging.invite(in_review, writer, by=people["ndrc"], now=NOW)
    assert refused.value.code == "conflict"
    assert "编制单位" in refused.value.what


def test_who_declares_an_interest_recuses_and_sees_the_project_no_more(in_review, people, experts) -> None:
    expert = experts[0]
    invited = judging.invite(in_review, expert, by=people["ndrc"], now=NOW)
    assert Project.objects.for_user(expert.person).count() == 1
    judging.declare(invited, clear=False, text="亲属任职", by=expert.person, now=NOW)
    assert Project.objects.for_user(expert.person).count() == 0
    with pytest.raises(Refused) as refused:
        judging.invite(in_review, expert, by=people["ndrc"], now=NOW)
    assert refused.value.code == "invited_again"


def test_a_view_needs_the_declaration_and_does_not_contradict_its_points(in_review, people, experts) -> None:
    expert = experts[0]
    invited = judging.invite(in_review, expert, by=people["ndrc"], now=NOW)
    points = dict.fromkeys(judging.POINTS, "yes")
    with pytest.raises(Refused) as refused:
        judging.give(invited, points=points, view="pass", text="可", by=expert.person, now=NOW)
    assert refused.value.code == "declare_first"
    judging.declare(invited, clear=True, text="", by=expert.person, now=NOW)
    with pytest.raises(Refused) as refused:
        judging.give(invited, points=points | {"limits": "no"}, view="pass", text="可", by=expert.person, now=NOW)
    assert refused.value.code == "points_against"
    with pytest.raises(PermissionDenied):
        judging.give(invited, points=points, view="pass", text="可", by=experts[1].person, now=NOW)


# ---------- what bars a project ----------


def test_clinker_above_the_base_level_is_barred(reviewed, people) -> None:
    """60,000 t coal × 0.7143 = 42,858 tce over 300,000 t clinker: 142.86 kgce/t, above 117."""
    project = reviewed(
        basics={"industry": "3011"},
        energy={"energies": {"bituminous": {"after": 60_000.0}}},
        output={"product": "clinker", "output": 300_000.0},
    )
    assert assessments.assess(project, on=TODAY).standing.verdict == "over_limit"
    projects.handle(project, "forward", by=people["ndrc"], now=NOW)
    with pytest.raises(Refused) as refused:
        projects.approve(project, opinion="同意", reference="1号", conditions=[], by=people["leader"], now=NOW)
    assert refused.value.code == "barred"


def test_a_chp_within_15_km_of_a_heat_unit_is_barred(draft, people) -> None:
    from dafeng.domains.enterprise.review import figures as kept

    kept.state_heat_unit(code="unit", name="供热机组", city="411500", longitude=114.0, latitude=32.1, source="试验", by=people["ndrc"], now=NOW)  # fmt: skip
    near = draft(basics={"chp": True, "industry": "4412", "longitude": 114.0, "latitude": 32.0})
    assert assessments.assess(near, on=TODAY).barred == ["heat_unit_near"]
    other = draft(basics={"industry": "1530", "longitude": 114.0, "latitude": 32.0})
    assert assessments.assess(other, on=TODAY).barred == []


def test_chemicals_outside_a_park_are_barred(draft) -> None:
    assert assessments.assess(draft(basics={"industry": "2611"}), on=TODAY).barred == ["outside_park"]


def test_two_projects_that_split_a_threshold_are_shown(draft, people) -> None:
    """Two of 6145 tce each (50,000 MWh): together 12,290, above 10,000."""
    half = {"energies": {"electricity": {"after": 50_000.0}}}
    first = draft(energy=half)
    projects.submit(first, by=people["owner"], now=NOW)
    second = draft(energy=half, basics={"name": "试验项目二期"})
    assert assessments.assess(second, on=TODAY).split_with == [first]


# ---------- terms ----------


def test_after_five_working_days_of_silence_a_project_is_deemed_accepted(draft, people) -> None:
    """Handed in on Saturday 21 November 2026: the fifth working day is Friday the 27th."""
    project = draft()
    projects.submit(project, by=people["owner"], now=NOW)
    assert projects.answer_due(project) == date(2026, 11, 27)
    assert projects.keep_terms("411500", now=NOW + timedelta(days=6))["deemed"] == 0
    assert projects.keep_terms("411500", now=NOW + timedelta(days=7))["deemed"] == 1
    project.record.refresh_from_db()
    assert project.record.state == "accepted"


def test_an_opinion_lapses_after_two_years_and_its_energy_is_withdrawn(approved) -> None:
    project = approved()
    assert projects.lapses_on(project) == date(2028, 11, 21)
    projects.keep_terms("411500", now=NOW.replace(year=2028, month=11, day=20))
    project.record.refresh_from_db()
    assert project.record.state == "approved"
    projects.keep_terms("411500", now=NOW.replace(year=2028))
    project.record.refresh_from_db()
    assert project.record.state == "lapsed"
    assert indicators.values("review.energy.new", subject=PLACE).height == 0


def test_building_does_not_begin_before_the_opinion(approved, people) -> None:
    with pytest.raises(Refused) as refused:
        projects.start(approved(), day=TODAY - timedelta(days=1), by=people["owner"], now=NOW)
    assert refused.value.code == "before_opinion"


# ---------- who sees what ----------


def test_a_draft_is_the_owners_alone(draft, people, person) -> None:
    project = draft()
    assert list(Project.objects.for_user(people["owner"])) == [project]
    for role in ("ndrc", "leader", "ecology", "county"):
        assert not Project.objects.for_user(people[role]).exists(), role
    other = person("enterprise", "other-owner", "other")
    projects.submit(project, by=people["owner"], now=NOW)
    assert not Project.objects.for_user(other).exists()
    assert list(Project.objects.for_user(people["county"])) == [project]
    elsewhere = person("county", "elsewhere", "shihe", place="411502")
    assert not Project.objects.for_user(elsewhere).exists()


# ---------- the county's budget ----------


def test_what_is_left_of_the_countys_budget_comes_from_the_blackboard(draft) -> None:
    """10,000 − 7,000 − 3,788 = −788 tce: the project would exceed the budget of this year."""
    for code, value in (("energy.quota", 10_000.0), ("energy.consumption", 7_000.0)):
        indicators.ensure_indicator(code, name=code, unit="tce")
        run = indicators.start_run(domain="energy", kind=code, subject="411500", now=NOW)
        row = {"indicator": code, "subject": PLACE, "period": "2026", "value": value, "unit": "tce", "status": 0}
        indicators.publish(run, [row | {"key": "basis=equivalent"}])
        indicators.finish_run(run, NOW)
    assert assessments.assess(draft(), on=TODAY).impact.left == pytest.approx(-788)


def test_without_a_budget_nothing_is_said_to_be_left(draft) -> None:
    assert assessments.assess(draft(), on=TODAY).impact.left is None


def test_a_writer_from_the_register_is_known_by_its_name_and_its_people_do_not_judge(draft, people, person, experts):
    from dafeng.domains.enterprise.review.experts import conflicts_of
    from dafeng.domains.enterprise.review.forms.telling import BasicsForm
    from dafeng.domains.enterprise.verification import bodies

    told = {"sectors": (), "by": people["ecology"], "now": NOW}
    writer = bodies.apply(code="writer", name="编制院", kinds=("consulting",), organisation="body-1", **told)
    bodies.apply(code="waiting", name="未登记院", kinds=("consulting",), organisation="body-2", **told)
    bodies.step(writer, "register", by=person("ecology", "ecology-2"), now=NOW)
    given = content()["basics"] | {
        "compiler_body": "writer",
        "compiler": "别的名称",
        "compiler_organisation": "elsewhere",
    }
    form = BasicsForm(given, places={given["place"]: "县"}, units={})
    assert form.is_valid(), form.errors
    assert (form.told()["compiler"], form.told()["compiler_organisation"]) == ("编制院", "body-1")
    assert (
        "compiler_body"
        in BasicsForm(given | {"compiler_body": "waiting"}, places={given["place"]: "县"}, units={}).errors
    )
    project = draft(basics=form.told())
    assert conflicts_of(experts[0], project, []) == ["compiler"]
    assert conflicts_of(experts[1], project, []) == []
    bare = given | {"compiler_body": "", "compiler_note": ""}
    assert "compiler_note" in BasicsForm(bare, places={given["place"]: "县"}, units={}).errors
    free = BasicsForm(bare | {"compiler_note": "本地没有这一行业的机构"}, places={given["place"]: "县"}, units={})
    assert free.is_valid(), free.errors
    assert free.told()["compiler"] == "别的名称"
