"""Releasing much is a job: it can be cut off anywhere and begun again, and no reading is lost or doubled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.records.models import AuditEntry
from dafeng.kernel.series import quarantine, queries, releasing
from dafeng.kernel.series.models import Quarantine
from tests.kernel.series.conftest import DAY, LATER, rows

BATCHES = 5


class Cut(BaseException):
    """The process is ended here."""


@pytest.fixture
def keeper(db) -> Any:
    from dafeng.portal.accounts.models import Membership, Organisation, User

    user = User.objects.create_user("keeper", password="a-long-test-password")
    office = Organisation.objects.create(code="ndrc", name="发改委")
    Membership.objects.create(user=user, organisation=office, role="ndrc", place="411500")
    return user


@pytest.fixture
def waiting(point, send, monkeypatch) -> list[Quarantine]:
    """Five batches of three readings of a point that is registered too late: more than is released at once."""
    monkeypatch.setattr(releasing, "READINGS_AT_ONCE", 14)
    for number in range(BATCHES):
        send(rows("late", [1.0, 2.0, 3.0], start=DAY + timedelta(days=number)), now=LATER + timedelta(seconds=number))
    return list(Quarantine.objects.order_by("pk"))


def stored(point: Any) -> list[float]:
    found = queries.revisions([point], DAY, DAY + timedelta(days=9))
    assert found["revision"].to_list() == [0] * found.height
    return found.sort("at")["value"].to_list()


def done(job: Job, minutes: int = 1) -> Job:
    return jobs.run(job.pk, clock=lambda: LATER + timedelta(minutes=minutes))


def test_fifteen_readings_of_five_batches_are_released_by_a_job_with_progress(waiting, point, keeper) -> None:
    late = point("late", kind="interval")
    job = releasing.release_alike(waiting[-1], by=keeper, now=LATER, note="已登记")
    assert isinstance(job, Job)
    assert releasing.release_alike(waiting[0], by=keeper, now=LATER) == job  # asked again: the same
    assert stored(late) == []
    job = done(job)
    assert (job.state, job.done, job.total) == ("done", BATCHES, BATCHES), job.error
    assert "5 批" in job.result["text"]
    assert "收下 15 条" in job.result["text"]
    assert stored(late) == [1.0, 2.0, 3.0] * BATCHES
    assert set(Quarantine.objects.values_list("state", "settled_by", "note")) == {("released", keeper.pk, "已登记")}
    assert AuditEntry.objects.filter(action="series.quarantine.released").count() == BATCHES
    assert releasing.job_of(waiting[0], keeper) == job


def test_few_readings_are_released_at_once(waiting, point, keeper, monkeypatch) -> None:
    monkeypatch.setattr(releasing, "READINGS_AT_ONCE", 15)
    late = point("late", kind="interval")
    found = releasing.release_alike(waiting[0], by=keeper, now=LATER)
    assert found == quarantine.Decided(BATCHES, taken=15, again=0, refused=0, left=0)
    assert stored(late) == [1.0, 2.0, 3.0] * BATCHES


@pytest.mark.parametrize("moment", ["before the readings", "between readings and row", "after the row"])
def test_cut_off_at_the_third_batch_it_goes_on_and_doubles_nothing(
    waiting, point, keeper, monkeypatch, moment: str
) -> None:
    late = point("late", kind="interval")
    job = releasing.release_alike(waiting[0], by=keeper, now=LATER)
    whole, settle = quarantine.release, quarantine._settle

    def release(held: Quarantine, **named: Any) -> Any:
        if held.pk == waiting[2].pk and moment == "before the readings":
            raise Cut
        receipt = whole(held, **named)
        if held.pk == waiting[2].pk:
            raise Cut
        return receipt

    def settled(held: Quarantine, *args: Any, **named: Any) -> None:
        if held.pk == waiting[2].pk and moment == "between readings and row":
            raise Cut
        settle(held, *args, **named)

    with monkeypatch.context() as cut:
        cut.setattr(quarantine, "release", release)
        cut.setattr(quarantine, "_settle", settled)
        with pytest.raises(Cut):
            done(job)
    assert jobs.rescue(now=LATER + timedelta(minutes=10)) == 1
    job = done(job)
    assert (job.state, job.attempt) == ("done", 2), job.error
    assert stored(late) == [1.0, 2.0, 3.0] * BATCHES
    assert "已放行 5 批：收下 15 条，以前已收下 0 条，又被隔离 0 条" in job.result["text"]
    assert AuditEntry.objects.filter(action="series.quarantine.released").count() == BATCHES


def test_what_is_refused_again_waits_again_and_is_not_asked_twice(waiting, keeper) -> None:
    """The point is still not registered: each time five batches of three readings wait, whoever asks how often."""
    for time in (1, 2, 3):
        held = Quarantine.objects.filter(state="held").latest("pk")
        job = done(releasing.release_alike(held, by=keeper, now=LATER + timedelta(minutes=2 * time)), 2 * time + 1)
        assert "收下 0 条，以前已收下 0 条，又被隔离 15 条" in job.result["text"]
        assert list(Quarantine.objects.filter(state="held").values_list("count", flat=True)) == [3] * BATCHES


def test_of_two_at_once_the_first_ones_word_stands(waiting, point, keeper) -> None:
    from dafeng.kernel.series.errors import SeriesError

    point("late", kind="interval")
    mine, theirs = Quarantine.objects.get(pk=waiting[0].pk), Quarantine.objects.get(pk=waiting[0].pk)
    quarantine.drop(mine, by=keeper, now=LATER, note="误发")
    with pytest.raises(SeriesError, match="已经处理过"):
        quarantine.drop(theirs, by=keeper, now=LATER, note="又一次")
    assert Quarantine.objects.get(pk=waiting[0].pk).note == "误发"
    assert AuditEntry.objects.filter(action="series.quarantine.dropped").count() == 1


def test_the_job_asks_again_whether_its_person_may(waiting, point, keeper) -> None:
    late = point("late", kind="interval")
    job = releasing.release_alike(waiting[0], by=keeper, now=LATER)
    keeper.memberships.all().delete()
    job = done(job)
    assert job.state == "failed"
    assert stored(late) == []


def test_over_the_api_a_large_batch_is_202_with_its_job_and_a_small_one_is_answered(
    client, waiting, point, keeper, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    late = point("late", kind="interval")
    client.force_login(keeper)

    def ask(held: Quarantine) -> Any:
        address = f"/api/series/quarantine/{held.pk}/release"
        return client.post(address, {"note": "已登记"}, content_type="application/json")

    assert ask(waiting[0]).json()["accepted"] == 3
    monkeypatch.setattr(releasing, "READINGS_AT_ONCE", 2)
    answer = ask(waiting[1])
    assert answer.status_code == 202, answer.content
    told = answer.json()
    assert answer["Location"] == told["href"] == f"/api/jobs/{told['job']}"
    assert ask(waiting[1]).json()["job"] == told["job"]
    done(Job.objects.get())
    assert client.get(told["href"]).json()["state"] == "done"
    assert stored(late) == [1.0, 2.0, 3.0] * 2  # this batch alone
    assert ask(waiting[1]).status_code == 422
