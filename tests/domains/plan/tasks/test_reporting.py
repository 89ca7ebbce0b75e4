"""A report from draft to accepted; two people on one month; who may report in whose name; matters before the leading group."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dafeng.domains.plan.models import Progress
from dafeng.domains.plan.services import escalations, progress, tasks
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import PermissionDenied, PlanError, StaleError, TransitionError

pytestmark = pytest.mark.django_db
VALUES = {
    "period": "2026-11",
    "text": "新增装机 3 万千瓦",
    "percent": 40,
    "value": 3.0,
    "unit": "万千瓦",
    "next_step": "并网验收",
}


def write(task, by, now, *, reporter="industry", seen="", submit=False, **given):
    return progress.write(task, VALUES | given, reporter=reporter, seen=seen, by=by, now=now, submit=submit)


def test_a_report_goes_from_draft_to_accepted(task, person, now) -> None:
    owner, office = person("department", organisation="industry"), person("ndrc")
    made = write(task(), owner, now)
    assert made.record.state == "draft"
    progress.move(made, "submit", state="draft", by=owner, now=now)
    progress.move(made, "accept", state="submitted", by=office, now=now)
    made.record.refresh_from_db()
    assert made.record.state == "accepted"
    with pytest.raises(TransitionError):
        write(made.task, owner, now, seen=progress.stamp(Progress.objects.get(pk=made.pk)), text="改")


def test_a_returned_report_is_mended_and_handed_in_again(task, person, now) -> None:
    owner, office = person("department", organisation="industry"), person("ndrc")
    made = write(task(), owner, now, submit=True)
    progress.move(made, "return", state="submitted", by=office, now=now, reason="请附依据")
    found = Progress.objects.select_related("record").get(pk=made.pk)
    again = write(found.task, owner, now, seen=progress.stamp(found), text="附了依据", submit=True)
    assert (again.record.state, again.text) == ("submitted", "附了依据")


def test_two_people_on_one_month_see_each_other_and_nothing_is_lost(task, person, now) -> None:
    one, two = person("department", "one", "industry"), person("department", "two", "industry")
    found = task()
    write(found, one, now, text="甲写的")
    with pytest.raises(StaleError, match="one"):
        write(found, two, now, text="乙写的")
    assert Progress.objects.get().text == "甲写的"
    both = write(
        found, two, now, seen=progress.stamp(Progress.objects.select_related("record").get()), text="甲和乙写的"
    )
    assert both.text == "甲和乙写的"


def test_a_closed_month_is_refused_when_written_and_when_handed_in(task, person, now) -> None:
    owner, found = person("department", organisation="industry"), task()
    with pytest.raises(PlanError, match="截止"):
        write(found, owner, now, period="2026-10")
    draft = write(found, owner, datetime(2026, 11, 9, tzinfo=UTC), period="2026-10")
    with pytest.raises(PlanError, match="截止"):
        progress.move(draft, "submit", state="draft", by=owner, now=now)


@pytest.mark.parametrize(
    "wrong", [{"text": " "}, {"percent": 101}, {"percent": -1}, {"unit": ""}, {"text": "长" * 4001}]
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(task, person, now, wrong) -> None:
    with pytest.raises(PlanError):
        write(task(), person("department", organisation="industry"), now, **wrong)
    assert not Progress.objects.exists()


def test_a_department_reports_its_own_tasks_only(task, person, now) -> None:
    found = task()
    with pytest.raises(PermissionDenied):
        write(found, person("department", organisation="transport"), now, reporter="transport")
    with pytest.raises(PlanError, match="名义"):
        write(found, person("department", organisation="housing"), now, reporter="industry")


def test_the_ecology_bureau_reports_as_the_register_calls_it(task, person, now) -> None:
    found = task(owners=[("environment", "市生态环境局", "lead")])
    assert write(found, person("ecology"), now, reporter="environment").reporter == "environment"


def test_a_county_reports_its_part_and_what_all_counties_owe(task, person, now) -> None:
    county = person("county", place="411502", organisation="county-411502")
    owed = task("owed", owners=[("industry", "市工业和信息化局", "lead"), ("counties", "各县区", "all-counties")])
    (part,) = tasks.break_down(task("cut"), ["411502"], by=person("ndrc"), now=now)
    assert progress.reporters_of(county, owed) == ["411502"]
    assert progress.reporters_of(county, part) == ["411502"]
    assert write(part, county, now, reporter="411502").reporter == "411502"
    with pytest.raises(PermissionDenied):
        write(task("other"), county, now, reporter="411502")


def test_a_stale_button_does_nothing(task, person, now) -> None:
    owner, office = person("department", organisation="industry"), person("ndrc")
    made = write(task(), owner, now, submit=True)
    progress.move(made, "accept", state="submitted", by=office, now=now)
    with pytest.raises(StaleError, match="已审核"):
        progress.move(made, "return", state="submitted", by=office, now=now, reason="晚了")


def test_a_matter_goes_to_the_leaders_and_comes_back(task, person, now) -> None:
    owner, leader, office = person("department", organisation="industry"), person("leader"), person("ndrc")
    record = escalations.escalate(task(), matter="用地落实不了", asks="请协调指标", by=owner, now=now)
    assert Notice.objects.get(user=leader).title.startswith("重大事项")
    with pytest.raises(PermissionDenied):
        escalations.answer(record, "decide", state="raised", reason="办", by=owner, now=now)
    escalations.answer(record, "decide", state="raised", reason="由资源局协调", by=leader, now=now)
    assert Notice.objects.get(user=owner).text == "由资源局协调"
    with pytest.raises(StaleError):
        escalations.answer(record, "decide", state="raised", reason="再批", by=leader, now=now)
    record.refresh_from_db()
    assert escalations.answer(record, "close", state="decided", reason="已落实", by=office, now=now).state == "closed"
