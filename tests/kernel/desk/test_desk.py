"""The desk: tasks in order of urgency, search that asks everybody, notices read and mailed once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser

from dafeng.kernel.desk import registry, services
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.desk.registry import Hit, Rows, Task

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_tasks", [])
    monkeypatch.setattr(registry, "_searchers", [])


@pytest.fixture
def person():
    return get_user_model().objects.create_user("someone", email="someone@example.org", password="x")


def test_what_is_due_first_comes_first_and_what_has_no_date_last(person) -> None:
    def task(title: str, since: int, due: int | None) -> Task:
        return Task(title, "", "/", NOW - timedelta(days=since), NOW + timedelta(days=due) if due is not None else None)

    registry.register_tasks(lambda user, now: [task("undated old", 9, None), task("late", 1, -1)])
    registry.register_tasks(lambda user, now: [task("soon", 1, 2), task("undated", 1, None)])
    found = registry.tasks_of(person, now=NOW)
    assert [each.title for each in found] == ["late", "soon", "undated old", "undated"]
    assert [each.overdue(NOW) for each in found] == [True, False, False, False]


def test_search_trims_and_asks_nobody_for_nothing() -> None:
    asked = []

    def searcher(user, text, limit):
        asked.append((text, limit))
        return [Hit(text, "", "/", "k")]

    registry.register_search(searcher)
    assert registry.search(AnonymousUser(), "   ") == []
    assert [hit.title for hit in registry.search(AnonymousUser(), "  水泥   熟料 ")] == ["水泥 熟料"]
    assert asked == [("水泥 熟料", 8)]


def test_all_registers_are_asked_in_one_statement(person, django_assert_num_queries) -> None:
    """In the order of the searchers, each up to the limit; a register closed to the person costs nothing and finds nothing."""
    users, notices = get_user_model().objects, Notice.objects.order_by("title")
    for number in range(12):
        services.notify([person], kind="k", title=f"n{number:02}", text='引号"与%', now=NOW)

    def rows(found, field):
        return Rows(found, (field,), lambda row: Hit(str(row[field]), "", "/", "k"))

    registry.register_search(lambda user, text, limit: [rows(notices, "title"), Hit("by heart", "", "/", "k")])
    registry.register_search(
        lambda user, text, limit: [rows(users.none(), "username"), rows(users.filter(pk=person.pk), "email")]
    )
    registry.register_search(
        lambda user, text, limit: [rows(notices.filter(title="n03"), "text"), rows(notices[:1], "read_at")]
    )
    with django_assert_num_queries(1):
        found = registry.search(AnonymousUser(), "x", limit=3)
    told = ["n00", "n01", "n02", "by heart", "someone@example.org", '引号"与%', "None"]
    assert [hit.title for hit in found] == told


def test_a_key_is_told_as_pages_address_it(person) -> None:
    from dafeng.kernel.jobs.models import Job

    made = Job.objects.create(kind="k", title="编制", by=person, created_at=NOW)
    registry.register_search(
        lambda user, text, limit: [
            Rows(
                Job.objects.all(),
                ("id", "by", "created_at"),
                lambda row: Hit(str(row["id"]), str(row["by"]), row["created_at"][:10], "k"),
            )
        ]
    )
    assert registry.search(person, "x") == [Hit(str(made.pk), str(person.pk), "2026-11-21", "k")]


def test_a_search_that_asks_no_register_asks_the_database_nothing(django_assert_num_queries) -> None:
    registry.register_search(lambda user, text, limit: [Hit("by heart", "", "/", "k")])
    with django_assert_num_queries(0):
        assert [hit.title for hit in registry.search(AnonymousUser(), "x")] == ["by heart"]


def test_a_person_reads_only_their_own_notices(person) -> None:
    other = get_user_model().objects.create_user("other", password="x")
    services.notify([person, other], kind="k", title="t", now=NOW)
    assert services.read(person, now=NOW) == 1
    assert Notice.objects.for_user(other).unread().count() == 1
    assert Notice.objects.for_user(AnonymousUser()).count() == 0
    mine = Notice.objects.get(user=person)
    assert services.read(other, now=NOW, ids=[mine.pk]) == 0


def test_an_unread_notice_is_mailed_once_to_who_wants_it(person, mailoutbox) -> None:
    from dafeng.portal.mail import mail_waiting

    silent = get_user_model().objects.create_user("silent", email="s@example.org", password="x", wants_mail=False)
    services.notify([person, silent], kind="k", title="报告好了", text="Word", href="/jobs/", now=NOW)
    assert mail_waiting(now=NOW) == 1
    assert mail_waiting(now=NOW) == 0
    (mail,) = mailoutbox
    assert (mail.subject, mail.to) == ("报告好了", ["someone@example.org"])
    assert mail.body.endswith("/jobs/")


def test_what_was_read_or_is_old_is_not_mailed(person, mailoutbox) -> None:
    from dafeng.portal.mail import mail_waiting

    services.notify([person], kind="k", title="old", now=NOW - timedelta(days=3))
    services.notify([person], kind="k", title="read", now=NOW)
    services.read(person, now=NOW)
    assert mail_waiting(now=NOW) == 0
    assert mailoutbox == []
