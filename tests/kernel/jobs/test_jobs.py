"""Jobs: started once, seen by their owner, stopped, repeated, rescued; schedules fire once per due time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from dafeng.kernel.actions import ANYONE, action
from dafeng.kernel.errors import DafengError, PermissionDenied, SignInRequired, TransitionError
from dafeng.kernel.jobs import registry, schedules, services
from dafeng.kernel.jobs.models import Firing, Job
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, Minutes, Monthly, schedule

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TEST = action("jobtest.run", "试验任务", {ANYONE}, writes=True)
CLOSED = action("jobtest.closed", "没有人能做的任务", {"nobody"}, writes=True)


@pytest.fixture(autouse=True)
def kinds():
    """Kinds of jobs for these tests alone."""
    kept = dict(registry._kinds), dict(schedules._schedules)
    schedules._schedules.clear()

    @job("jobtest.sum", "求和", action=TEST)
    def add(running: Running, *, numbers: list[int]) -> Result:
        for done, _number in enumerate(numbers, 1):
            running.step(f"第 {done} 个", done, len(numbers))
        running.say("加完了")
        return Result(str(sum(numbers)), "/there/")

    @job("jobtest.wrong", "必败", action=TEST)
    def wrong(running: Running) -> None:
        raise DafengError("缺一列", mend="请补上")

    @job("jobtest.bug", "程序错误", action=TEST)
    def bug(running: Running) -> None:
        raise ZeroDivisionError("secret detail")

    @job("jobtest.closed", "禁止", action=CLOSED)
    def closed(running: Running) -> None:
        raise AssertionError

    yield
    registry._kinds.clear()
    registry._kinds.update(kept[0])
    schedules._schedules.clear()
    schedules._schedules.update(kept[1])


@pytest.fixture
def clerk():
    return get_user_model().objects.create_user("clerk", password="x")


def clock() -> datetime:
    return NOW


def test_a_job_runs_to_its_result_and_tells_its_owner(clerk) -> None:
    made = services.start("jobtest.sum", by=clerk, now=NOW, parameters={"numbers": [1, 2, 39]})
    done = services.run(made.pk, clock=clock)
    assert (done.state, done.result, done.percent) == ("done", {"text": "42", "href": "/there/"}, 100)
    assert [line.text for line in done.lines.all()] == ["加完了"]
    assert clerk.notices.get().title == "求和：完成"


def test_two_clicks_are_one_job(clerk) -> None:
    first = services.start("jobtest.sum", by=clerk, now=NOW, parameters={"numbers": [1]}, key="city")
    assert services.start("jobtest.sum", by=clerk, now=NOW, parameters={"numbers": [1]}, key="city") == first
    services.run(first.pk, clock=clock)
    assert services.start("jobtest.sum", by=clerk, now=NOW, parameters={"numbers": [1]}, key="city") != first


def test_the_same_job_is_never_done_twice(clerk) -> None:
    made = services.start("jobtest.sum", by=clerk, now=NOW, parameters={"numbers": [1]})
    services.run(made.pk, clock=clock)
    services.run(made.pk, clock=clock)
    assert made.lines.count() == 1


def test_an_error_of_the_users_is_told_and_a_bug_gives_nothing_away(clerk) -> None:
    told = services.run(services.start("jobtest.wrong", by=clerk, now=NOW).pk, clock=clock)
    assert (told.state, told.error["what"], told.error["mend"]) == ("failed", "缺一列", "请补上")
    hidden = services.run(services.start("jobtest.bug", by=clerk, now=NOW).pk, clock=clock)
    assert hidden.state == "failed"
    assert "secret" not in str(hidden.error)


def test_who_may_not_do_the_action_may_not_start_its_job(clerk) -> None:
    with pytest.raises(PermissionDenied, match="没有人能做"):
        services.start("jobtest.closed", by=clerk, now=NOW)
    from django.contrib.auth.models import AnonymousUser

    with pytest.raises(SignInRequired):
        services.start("jobtest.sum", by=AnonymousUser(), now=NOW, parameters={"numbers": []})


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_at_its_next_step(clerk) -> None:
    waiting = services.start("jobtest.sum", by=clerk, now=NOW, parameters={"numbers": [1]})
    assert services.cancel(waiting, by=clerk, now=NOW).state == "cancelled"
    assert services.run(waiting.pk, clock=clock).state == "cancelled"
    running = services.start("jobtest.sum", by=clerk, now=NOW, parameters={"numbers": [1, 2]})

    def asked_in_the_middle() -> datetime:
        Job.objects.filter(pk=running.pk, state="running", done=1).update(cancel_asked=True)
        return NOW

    stopped = services.run(running.pk, clock=asked_in_the_middle)
    assert (stopped.state, stopped.done) == ("cancelled", 2)
    with pytest.raises(TransitionError):
        services.cancel(stopped, by=clerk, now=NOW)


def test_only_the_owner_and_the_administrator_touch_a_job(clerk) -> None:
    other = get_user_model().objects.create_user("other", password="x")
    made = services.start("jobtest.sum", by=clerk, now=NOW, parameters={"numbers": [1]})
    assert not Job.objects.for_user(other).exists()
    with pytest.raises(PermissionDenied):
        services.cancel(made, by=other, now=NOW)
    other.is_superuser = True
    assert services.cancel(made, by=other, now=NOW).state == "cancelled"


def test_a_failed_job_is_repeated_as_a_new_one(clerk) -> None:
    failed = services.run(services.start("jobtest.wrong", by=clerk, now=NOW).pk, clock=clock)
    again = services.retry(failed, by=clerk, now=NOW)
    again.refresh_from_db()
    assert (again.retry_of, again.state) == (failed, "queued")
    with pytest.raises(TransitionError):
        services.retry(again, by=clerk, now=NOW)


def test_a_job_whose_process_died_is_begun_again_once_and_then_given_up(clerk) -> None:
    made = services.start("jobtest.sum", by=clerk, now=NOW, parameters={"numbers": [1]})
    Job.objects.filter(pk=made.pk).update(state="running", beat_at=NOW)
    assert services.rescue(now=NOW + timedelta(minutes=2)) == 0
    assert services.rescue(now=NOW + timedelta(minutes=4)) == 1
    made.refresh_from_db()
    assert (made.state, made.attempt) == ("queued", 2)
    Job.objects.filter(pk=made.pk).update(state="running", beat_at=NOW)
    services.rescue(now=NOW + timedelta(minutes=4))
    made.refresh_from_db()
    assert made.state == "failed"
    assert "中断" in made.error["what"]


@pytest.mark.parametrize(
    ("every", "now", "due"),
    [
        (Minutes(5), datetime(2026, 3, 1, 10, 7), datetime(2026, 3, 1, 10, 5)),
        (Daily(6, 30), datetime(2026, 3, 1, 6, 29), datetime(2026, 2, 28, 6, 30)),
        (Daily(6, 30), datetime(2026, 3, 1, 6, 30), datetime(2026, 3, 1, 6, 30)),
        (Monthly(5), datetime(2026, 3, 4, 23), datetime(2026, 2, 5)),
        (Monthly(5, 9), datetime(2026, 1, 5, 9), datetime(2026, 1, 5, 9)),
        (Monthly(28), datetime(2026, 1, 2), datetime(2025, 12, 28)),
    ],
)
def test_the_newest_due_time(every, now: datetime, due: datetime) -> None:
    assert every.latest(now) == due


def test_a_schedule_fires_once_per_due_time_and_makes_up_only_the_last() -> None:
    schedule("jobtest", "试验", kind="jobtest.bug", every=Daily(6))
    assert schedules.tick(now=NOW) == []  # the first tick only notes where the clock stands
    assert schedules.tick(now=NOW + timedelta(hours=1)) == []
    later = NOW + timedelta(days=5)
    assert len(schedules.tick(now=later)) == 1
    assert schedules.tick(now=later) == []
    assert Firing.objects.count() == 2
