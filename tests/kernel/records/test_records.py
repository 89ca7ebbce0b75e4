"""Opening, moving, amending and finding records; each step sealed in the chain, or not taken at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dafeng.kernel.errors import PermissionDenied, PlaceError, TransitionError
from dafeng.kernel.records import services, workflows
from dafeng.kernel.records.errors import AuditError, RecordError, WorkflowError
from dafeng.kernel.records.models import Move, Record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("permits")]
PAYLOAD = {"holder": "自来水公司", "volume": 3.5}


@pytest.fixture
def li(person: Callable[..., Any]) -> Any:
    return person("li", "county")


@pytest.fixture
def wu(person: Callable[..., Any]) -> Any:
    return person("wu", "bureau")


@pytest.fixture
def draft(li: Any, now: datetime) -> Record:
    return services.open_record(
        "test.permit", title="一号井", payload=PAYLOAD, by=li, now=now, place="411502", key="well-1"
    )


def test_a_record_opens_in_the_first_state_with_its_move_and_its_seal(draft: Record, li: Any, now: datetime) -> None:
    stored = Record.objects.get()
    assert (stored.state, stored.state_title, stored.schema_version) == ("draft", "草稿", 1)
    assert (stored.payload, stored.created_by, stored.created_at) == (PAYLOAD, li, now)
    opened = Move.objects.get()
    assert (opened.action, opened.from_state, opened.to_state, opened.by) == ("open", "", "draft", li)
    entry = services.history("record", draft.pk)[0]
    assert (entry.seq, entry.actor, entry.action) == (stored.seq, "li", "test.permit.open")
    assert services.verify_record(draft)


def test_a_record_goes_the_whole_way(draft: Record, li: Any, wu: Any, now: datetime, later: datetime) -> None:
    services.move(draft, "submit", by=li, now=now)
    services.move(draft, "return", by=wu, now=now, reason="缺少水量依据")
    services.amend(draft, by=li, now=now, payload=PAYLOAD | {"volume": 4})
    services.move(draft, "submit", by=li, now=now)
    found = services.move(draft, "grant", by=wu, now=later)
    assert found is draft
    assert (draft.state, draft.changed_at) == ("granted", later)
    assert [move.action for move in draft.moves.all()] == ["open", "submit", "return", "amend", "submit", "grant"]
    assert draft.moves.get(action="return").reason == "缺少水量依据"
    assert services.verify_chain() == (True, None, 6)
    assert services.verify_record(draft)


def test_a_step_that_the_state_does_not_allow_says_which_are_possible(draft: Record, wu: Any, now: datetime) -> None:
    with pytest.raises(TransitionError, match="“一号井”现为“草稿”，不能“许可”；应为提交之一"):
        services.move(draft, "grant", by=wu, now=now)
    with pytest.raises(TransitionError):
        services.move(draft, "no such action", by=wu, now=now)


def test_a_stale_page_cannot_move_a_record_twice(draft: Record, li: Any, now: datetime) -> None:
    stale = Record.objects.get(pk=draft.pk)
    services.move(draft, "submit", by=li, now=now)
    with pytest.raises(TransitionError, match="现为“已提交”"):
        services.move(stale, "submit", by=li, now=now)


def test_a_reason_is_asked_for_where_the_workflow_says_so(draft: Record, li: Any, wu: Any, now: datetime) -> None:
    services.move(draft, "submit", by=li, now=now)
    with pytest.raises(TransitionError, match="要写明理由"):
        services.move(draft, "return", by=wu, now=now, reason="  ")


def test_a_refused_step_writes_nothing(draft: Record, li: Any, wu: Any, now: datetime) -> None:
    before = services.head()
    for action, by in (("submit", wu), ("grant", wu), ("submit", None)):
        with pytest.raises((PermissionDenied, TransitionError)):
            services.move(draft, action, by=by, now=now)
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert services.head() == before
    assert draft.moves.count() == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"payload": {"holder": "x"}}, RecordError),
        ({"payload": PAYLOAD | {"volume": float("nan")}}, RecordError),
        ({"payload": ["not", "an", "object"]}, RecordError),
        ({"title": "  "}, RecordError),
        ({"title": "长" * 201}, RecordError),
        ({"key": "k" * 201}, RecordError),
        ({"title": "a\x00b"}, RecordError),
        ({"place": "999999"}, PlaceError),
        ({"kind": "test.unknown"}, WorkflowError),
    ],
)
def test_a_bad_submission_writes_nothing(
    change: dict[str, Any], error: type[Exception], li: Any, now: datetime
) -> None:
    given = {"kind": "test.permit", "title": "井", "payload": PAYLOAD, "by": li, "now": now} | change
    with pytest.raises(error):
        services.open_record(**given)
    assert not Record.objects.exists()
    assert services.verify_chain() == (True, None, 0)


def test_only_those_who_may_open_a_kind_can(person: Any, now: datetime) -> None:
    from django.contrib.auth.models import AnonymousUser

    for by in (person("bank", "bank"), person("gone", "county", is_active=False), AnonymousUser()):
        with pytest.raises(PermissionDenied, match="不能新建“取水许可”"):
            services.open_record("test.permit", title="井", payload=PAYLOAD, by=by, now=now)


def test_amending_needs_an_editable_state_and_an_editor(draft: Record, li: Any, person: Any, now: datetime) -> None:
    with pytest.raises(PermissionDenied):
        services.amend(draft, by=person("han", "county"), now=now, title="二号井")
    services.amend(draft, by=li, now=now, title="二号井", place="411503")
    assert (draft.title, draft.place, draft.payload) == ("二号井", "411503", PAYLOAD)
    services.move(draft, "submit", by=li, now=now)
    with pytest.raises(TransitionError, match="不能修改"):
        services.amend(draft, by=li, now=now, title="三号井")
    assert services.verify_record(draft)


def test_an_amendment_that_breaks_the_schema_changes_nothing(draft: Record, li: Any, now: datetime) -> None:
    with pytest.raises(RecordError, match="多出了"):
        services.amend(draft, by=li, now=now, payload=PAYLOAD | {"colour": "blue"}, title="二号井")
    draft.refresh_from_db()
    assert draft.title == "一号井"


def test_evidence_hangs_on_the_record_and_is_sealed_with_it(draft: Record, li: Any, now: datetime) -> None:
    paper = services.store_evidence(b"paper", name="paper.pdf", media_type="application/pdf", by=li, now=now)
    services.amend(draft, by=li, now=now, evidence=[paper])
    assert list(draft.evidence.all()) == [paper]
    assert services.history("record", draft.pk)[-1].detail["evidence"] == [paper.sha256]
    services.amend(draft, by=li, now=now, title="二号井")
    assert list(draft.evidence.all()) == [paper]
    draft.evidence.clear()
    assert not services.verify_record(draft)


def test_the_system_moves_what_needs_no_second_person(draft: Record, li: Any, wu: Any, now: datetime) -> None:
    services.move(draft, "submit", by=None, now=now, system=True)
    with pytest.raises(PermissionDenied, match="须由人办理"):
        services.move(draft, "grant", by=None, now=now, system=True)
    services.move(draft, "grant", by=wu, now=now)
    with pytest.raises(PermissionDenied):
        services.move(draft, "expire", by=wu, now=now)
    with pytest.raises(PermissionDenied, match="不能同时"):
        services.move(draft, "expire", by=wu, now=now, system=True)
    services.move(draft, "expire", by=None, now=now, system=True)
    assert draft.moves.last().by is None
    assert services.history("record", draft.pk)[-1].actor == "system"


def test_a_record_opened_by_nobody_is_the_systems(now: datetime) -> None:
    found = services.open_record("test.permit", title="井", payload=PAYLOAD, by=None, now=now)
    assert found.created_by is None
    assert services.history("record", found.pk)[0].actor == "system"


def test_nobody_checks_their_own_work_not_even_a_superuser(
    draft: Record, li: Any, wu: Any, person: Any, now: datetime
) -> None:
    root = person("root", is_superuser=True)
    services.amend(draft, by=root, now=now, title="改过")
    services.move(draft, "submit", by=li, now=now)
    with pytest.raises(PermissionDenied, match="您已对这条记录做过“修改”"):
        services.move(draft, "grant", by=root, now=now)
    services.move(draft, "return", by=root, now=now, reason="再看")
    services.amend(draft, by=wu, now=now, title="又改")
    services.move(draft, "submit", by=li, now=now)
    with pytest.raises(PermissionDenied, match="须由另一人办理"):
        services.move(draft, "grant", by=wu, now=now)
    services.move(draft, "grant", by=person("zhao", "bureau"), now=now)


def test_the_latest_record_about_a_key_is_the_one_opened_last(draft: Record, li: Any, wu: Any, now: datetime) -> None:
    second = services.open_record("test.permit", title="换证", payload=PAYLOAD, by=li, now=now, key="well-1")
    services.open_record("test.permit", title="别的井", payload=PAYLOAD, by=li, now=now, key="well-2")
    services.move(draft, "submit", by=li, now=now)
    services.move(draft, "grant", by=wu, now=now)
    assert services.latest("test.permit", "well-1") == second
    assert services.latest("test.permit", "well-1", "granted", "submitted") == draft
    assert services.latest("test.permit", "well-3") is None
    assert services.latest("test.permit", "well-1", "returned") is None
    assert set(Record.objects.of_kind("test.permit").in_state("granted")) == {draft}
    assert [each.title for each in Record.objects.newest_first()] == ["别的井", "换证", "一号井"]


def test_records_and_moves_are_not_changed_behind_the_workflow(draft: Record) -> None:
    draft.state = "granted"
    for attempt in (draft.save, draft.delete):
        with pytest.raises(RecordError):
            attempt()
    for attempt in (draft.moves.get().save, draft.moves.all().delete, lambda: Move.objects.update(reason="x")):
        with pytest.raises(AuditError):
            attempt()


@pytest.mark.parametrize(
    ("column", "value"),
    [("state", "granted"), ("title", "二号井"), ("payload", '{"holder": "别家", "volume": 3.5}'), ("place", "411503")],
)
def test_a_record_changed_behind_the_programs_back_disagrees_with_the_chain(
    column: str, value: str, draft: Record
) -> None:
    assert services.verify_record(draft)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE records_record SET {column} = %s", [value])
    assert not services.verify_record(draft)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tried=st.lists(st.sampled_from(["submit", "grant", "return", "expire"]), max_size=8))
def test_whatever_is_tried_the_state_is_where_the_arrows_lead(
    tried: list[str], li: Any, wu: Any, now: datetime
) -> None:
    """An independent model of the workflow: a dict of arrows, with the one person who may take each."""
    arrows = {
        ("draft", "submit"): "submitted",
        ("returned", "submit"): "submitted",
        ("submitted", "grant"): "granted",
        ("submitted", "return"): "returned",
        ("granted", "expire"): "withdrawn",
    }
    movers = {"submit": li, "grant": wu, "return": wu, "expire": None}
    record = services.open_record("test.permit", title="井", payload=PAYLOAD, by=li, now=now)
    state = "draft"
    for action in tried:
        by = movers[action]
        if (state, action) in arrows:
            services.move(record, action, by=by, now=now, reason="因", system=by is None)
            state = arrows[state, action]
        else:
            with pytest.raises(TransitionError):
                services.move(record, action, by=by, now=now, reason="因", system=by is None)
    stored = Record.objects.get(pk=record.pk)
    assert stored.state == state
    assert stored.moves.last().to_state == state
    assert services.verify_record(stored)
    assert services.verify_chain().ok


def test_a_state_that_the_workflow_no_longer_knows_is_shown_by_its_code(draft: Record) -> None:
    Record.objects.filter(pk=draft.pk).update(state="obsolete")
    draft.refresh_from_db()
    assert draft.state_title == "obsolete"
    assert workflows.get(draft.kind).leaving("obsolete") == ()
