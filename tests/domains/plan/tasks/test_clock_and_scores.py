"""Reminders by a clock that is turned by hand, and the numbers of the assessment counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from dafeng.domains.plan.models import Milestone
from dafeng.domains.plan.services import progress, reminders, tasks, work_scores
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.indicators import services as blackboard
from dafeng.kernel.jobs import services as jobs

pytestmark = pytest.mark.django_db
CITY = "411500"


def said(user) -> list[str]:
    return sorted(Notice.objects.filter(user=user).values_list("title", flat=True))


def test_owners_are_told_seven_days_and_one_day_before_and_the_day_after(task, person, now) -> None:
    owner, stranger = person("department", organisation="industry"), person("department", organisation="transport")
    task("seven", due_on=date(2026, 11, 28))
    task("one", due_on=date(2026, 11, 22))
    task("late", due_on=date(2026, 11, 20))
    task("later", due_on=date(2026, 11, 30))
    task("done", due_on=date(2026, 11, 20), done_on=date(2026, 11, 1))
    assert reminders.remind(CITY, now=now) == 3
    assert said(owner) == [
        "任务已逾期：试验任务late",
        "任务还有 1 天到期：试验任务one",
        "任务还有 7 天到期：试验任务seven",
    ]
    assert said(stranger) == []


def test_the_same_day_says_it_once_and_the_next_day_says_what_is_new(task, person, now) -> None:
    owner = person("department", organisation="industry")
    task("one", due_on=date(2026, 11, 22))
    assert [reminders.remind(CITY, now=now), reminders.remind(CITY, now=now + timedelta(hours=3))] == [1, 0]
    later = now + timedelta(days=2)  # the 23rd: the day after the date
    assert reminders.remind(CITY, now=later) == 1
    assert len(said(owner)) == 2


def test_a_county_is_told_of_its_part_and_a_step_of_its_task(task, person, now) -> None:
    office = person("ndrc")
    county = person("county", place="411502", organisation="county-411502")
    (part,) = tasks.break_down(task(owners=[]), ["411502"], by=office, now=now)
    Milestone.objects.create(task=part, title="县里开工", due_on=date(2026, 11, 22))
    reminders.remind(CITY, now=now)
    assert said(county) == ["节点还有 1 天：县里开工"]


def test_the_ecology_bureau_is_found_by_the_name_of_the_register(task, person, now) -> None:
    bureau = person("ecology")
    task(owners=[("environment", "市生态环境局", "lead")], due_on=date(2026, 11, 22))
    reminders.remind(CITY, now=now)
    assert len(said(bureau)) == 1


def test_a_month_that_closes_tomorrow_names_how_many_reports_are_missing(task, person, plan) -> None:
    owner = person("department", organisation="industry")
    at = datetime(2026, 12, 9, 2, 0, tzinfo=UTC)  # November closes on 10 December
    first = task("a")
    task("b")
    progress.write(
        first, {"period": "2026-11", "text": "有"}, reporter="industry", seen="", by=owner, now=at, submit=True
    )
    reminders.remind(CITY, now=at)
    assert said(owner) == ["2026-11 的任务进展还有 1 项未报"]


def test_the_daily_job_reminds_and_publishes(task, person, now) -> None:
    owner = person("department", organisation="industry")
    task(due_on=date(2026, 11, 22))
    job = jobs.start("plan.remind", by=None, now=now, title="提醒")
    done = jobs.run(job.pk, clock=lambda: now)
    assert done.state == "done"
    assert len(said(owner)) == 1
    assert blackboard.values("plan.assess.tasks.led_due", subject="industry", period=2026)["value"].to_list() == [0.0]


def scores(subject: str, *names: str) -> dict[str, float | None]:
    found = blackboard.values([f"plan.assess.{name}" for name in names], subject=subject, period=2026)
    return {row["indicator"].removeprefix("plan.assess."): row["value"] for row in found.to_dicts()}


def test_tasks_due_are_counted_by_who_leads_and_who_joins(task, person, now) -> None:
    task("in-time", due_on=date(2026, 6, 30), done_on=date(2026, 6, 30))
    task("late", due_on=date(2026, 6, 30), done_on=date(2026, 7, 1))
    task("open", due_on=date(2026, 11, 20))
    task("not-yet", due_on=date(2026, 11, 21))
    task("other-year", due_on=date(2025, 6, 30))
    work_scores.publish(CITY, 2026, by=None, now=now)
    names = ("tasks.led_due", "tasks.led_on_time", "tasks.joint_due", "tasks.joint_on_time")
    assert scores("industry", *names) == {
        "tasks.led_due": 3,
        "tasks.led_on_time": 1,
        "tasks.joint_due": 0,
        "tasks.joint_on_time": 0,
    }
    assert scores("housing", *names) == {
        "tasks.led_due": 0,
        "tasks.led_on_time": 0,
        "tasks.joint_due": 3,
        "tasks.joint_on_time": 1,
    }


def test_a_countys_overdue_days_are_a_mean_and_nothing_is_invented_where_it_has_no_task(task, person, now) -> None:
    tasks.break_down(task(due_on=date(2026, 11, 11)), ["411502"], by=person("ndrc"), now=now)
    second = tasks.break_down(task("b", due_on=date(2026, 6, 30)), ["411502"], by=_office(), now=now)
    second[0].done_on = date(2026, 7, 4)
    second[0].save()
    work_scores.publish(CITY, 2026, by=None, now=now)
    # 21 − 11 November = 10 days, 4 July − 30 June = 4 days; the mean is 7.
    assert scores("411502", "tasks.due", "tasks.done_on_time", "tasks.overdue_days") == {
        "tasks.due": 2, "tasks.done_on_time": 0, "tasks.overdue_days": 7,
    }  # fmt: skip
    empty = blackboard.values("plan.assess.tasks.overdue_days", subject="411503", period=2026).to_dicts()[0]
    assert (empty["value"], empty["notation"]) == (None, "NA")


def _office():
    from dafeng.portal.accounts.models import User

    return User.objects.get(username="ndrc")


def test_reports_in_time_out_of_those_that_were_due(task, plan, person, now) -> None:
    plan.issued_on = date(2026, 7, 31)  # August, September and October are closed: three months are owed
    plan.save()
    owner, found = person("department", organisation="industry"), task()
    for month, day in ((8, 25), (10, 31)):
        progress.write(
            found, {"period": f"2026-{month:02d}", "text": "有"}, reporter="industry", seen="", by=owner,
            now=datetime(2026, month, day, tzinfo=UTC), submit=True,
        )  # fmt: skip
    work_scores.publish(CITY, 2026, by=None, now=now)
    names = ("reports.due", "reports.on_time", "reports.with_evidence", "reports.silent_periods")
    assert scores("industry", *names) == {
        "reports.due": 3, "reports.on_time": 2, "reports.with_evidence": 0, "reports.silent_periods": 0,
    }  # fmt: skip
    assert scores("housing", "reports.due", "reports.silent_periods") == {"reports.due": 3, "reports.silent_periods": 3}


def test_publishing_another_year_leaves_the_first_one_standing(task, now) -> None:
    task(due_on=date(2025, 6, 30))
    work_scores.publish(CITY, 2025, by=None, now=now)
    work_scores.publish(CITY, 2026, by=None, now=now)
    found = blackboard.values("plan.assess.tasks.led_due", subject="industry")
    assert dict(found.select("period", "value").iter_rows()) == {"2025": 1.0, "2026": 0.0}
