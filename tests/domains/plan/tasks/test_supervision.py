"""States by hand: 21 November 2026, silent after two closed months (September and October), soon within 30 days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from dafeng.domains.plan.services import progress, supervision
from dafeng.kernel.errors import PlanError

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 21)


def states(**tasks) -> dict[str, str]:
    found = supervision.with_state(supervision.in_force(), day=DAY)
    return dict(found.values_list("key", "state"))


def test_on_the_21st_only_the_present_month_is_open_and_october_is_the_last_closed() -> None:
    assert [str(each) for each in supervision.open_periods(DAY)] == ["2026-11"]
    assert str(supervision.last_closed(DAY)) == "2026-10"


def test_until_the_10th_the_former_month_is_open_too() -> None:
    assert [str(each) for each in supervision.open_periods(date(2026, 11, 10))] == ["2026-10", "2026-11"]
    assert str(supervision.last_closed(date(2026, 11, 10))) == "2026-09"
    assert [str(each) for each in supervision.open_periods(date(2026, 1, 5))] == ["2025-12", "2026-01"]


def test_a_closed_month_is_refused_with_its_closing_day() -> None:
    with pytest.raises(PlanError) as refused:
        supervision.check_period("2026-10", DAY)
    assert "2026-11-10" in str(refused.value)
    assert "2026-11" in refused.value.expected


@pytest.mark.parametrize("period", ["2026-12", "2026", "2026Q4", "abc", ""])
def test_what_is_no_open_month_is_refused(period: str) -> None:
    with pytest.raises(PlanError):
        supervision.check_period(period, DAY)


def test_a_task_is_late_the_day_after_its_date_and_soon_thirty_days_before(task) -> None:
    task("yesterday", due_on=date(2026, 11, 20))
    task("today", due_on=DAY)
    task("thirty", due_on=date(2026, 12, 21))
    task("thirty-one", due_on=date(2026, 12, 22))
    task("done", due_on=date(2026, 1, 1), done_on=date(2026, 2, 1))
    assert states() == {"yesterday": "overdue", "today": "soon", "thirty": "soon", "thirty-one": "good", "done": "done"}


def test_a_task_is_silent_when_two_closed_months_passed_without_a_report(task, plan, person, now) -> None:
    plan.issued_on = date(2026, 8, 31)  # two closed months since: September and October
    plan.save()
    quiet, told = task("quiet"), task("told")
    office = person("ndrc")
    progress.write(
        told, {"period": "2026-09", "text": "有进展"}, reporter="industry", seen="", by=office,
        now=datetime(2026, 10, 3, tzinfo=UTC), submit=True,
    )  # fmt: skip
    assert states() == {"quiet": "silent", "told": "good"}
    assert quiet.pk


def test_a_draft_is_no_report(task, plan, person) -> None:
    plan.issued_on = date(2026, 8, 31)
    plan.save()
    found = task("draft")
    progress.write(
        found, {"period": "2026-10", "text": "草稿"}, reporter="industry", seen="", by=person("ndrc"),
        now=datetime(2026, 10, 20, tzinfo=UTC),
    )  # fmt: skip
    assert states() == {"draft": "silent"}


def test_a_task_that_a_newer_version_dropped_is_not_counted(task, plan) -> None:
    task("gone", dropped_in=plan.versions.get())
    assert states() == {}


def test_a_handed_over_duty_no_longer_owns(task) -> None:
    found = task()
    owner = found.owners.get(department="industry")
    owner.until = date(2026, 11, 1)
    owner.save()
    assert not supervision.owned_by(supervision.in_force(), ["industry"]).exists()
    assert supervision.owned_by(supervision.in_force(), ["housing"]).get() == found
