"""Who may see and move what: role × action and role × sight, as matrices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records import services
from dafeng.kernel.records.models import Evidence, Record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("permits")]
PAYLOAD = {"holder": "自来水公司", "volume": 3.5}
WHO = ("creator", "county", "bureau", "leader", "superuser", "shut_out", "nobody", "anonymous")


@pytest.fixture
def people(person: Callable[..., Any]) -> dict[str, Any]:
    return {
        "creator": person("creator", "county"),
        "county": person("county", "county"),
        "bureau": person("bureau", "bureau"),
        "leader": person("leader", "leader"),
        "superuser": person("superuser", is_superuser=True),
        "shut_out": person("shut_out", "county", "bureau", "leader", is_active=False, is_superuser=True),
        "nobody": None,
        "anonymous": AnonymousUser(),
    }


@pytest.fixture
def open_one(people: dict[str, Any], now: datetime) -> Callable[..., Record]:
    def open_one(kind: str = "test.permit", by: str = "creator", **more: Any) -> Record:
        payload = PAYLOAD if kind == "test.permit" else {}
        return services.open_record(kind, title=kind, payload=payload, by=people[by], now=now, **more)

    return open_one


# The state that the record is brought to, the action, and all who may take it.
MOVES = [
    ("draft", "submit", {"creator", "superuser"}),
    ("submitted", "grant", {"bureau", "superuser"}),
    ("submitted", "return", {"bureau", "superuser"}),
    ("returned", "submit", {"creator", "superuser"}),
    ("granted", "expire", {"superuser"}),
]


@pytest.mark.parametrize(("state", "action", "allowed"), MOVES)
@pytest.mark.parametrize("who", WHO)
def test_role_by_action(
    who: str, state: str, action: str, allowed: set[str], people: Any, open_one: Any, now: datetime
) -> None:
    record = open_one()
    Record.objects.filter(pk=record.pk).update(state=state)
    record.refresh_from_db()
    offered = {each.action for each in services.actions(record, people[who])}
    waiting = Record.objects.waiting_for(people[who])
    if who in allowed:
        assert action in offered
        assert record in waiting
        services.move(record, action, by=people[who], now=now, reason="因")
    else:
        assert action not in offered
        assert (record in waiting) == bool(offered)
        with pytest.raises(PermissionDenied):
            services.move(record, action, by=people[who], now=now, reason="因")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(
    ("kind", "seen_by"),
    [
        ("test.permit", {"creator", "superuser"}),
        ("test.note", {"creator", "bureau", "leader", "superuser"}),
    ],
)
def test_role_by_sight(who: str, kind: str, seen_by: set[str], people: Any, open_one: Any) -> None:
    record = open_one(kind)
    assert (record in Record.objects.for_user(people[who])) == (who in seen_by)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(
    ("state", "seen_by"),
    [("draft", {"bureau", "superuser"}), ("granted", set(WHO))],
)
def test_a_hook_decides_alone_and_may_show_a_kind_to_the_public(
    who: str, state: str, seen_by: set[str], people: Any, open_one: Any
) -> None:
    services.register_visibility("test.permit", lambda user, roles: Q() if "bureau" in roles else Q(state="granted"))
    record, other = open_one(), open_one("test.note", by="county")
    Record.objects.filter(pk=record.pk).update(state=state)
    seen = set(Record.objects.for_user(people[who]))
    assert (record in seen) == (who in seen_by)
    assert (other in seen) == (who in {"county", "bureau", "leader", "superuser"})


def test_where_sight_is_scoped_nobody_moves_what_they_do_not_see(people: Any, open_one: Any, now: datetime) -> None:
    services.register_visibility("test.permit", lambda user, roles: Q(place="411502") if roles else Q(pk__in=[]))
    near, far = open_one(place="411502"), open_one(place="411503")
    for record in (near, far):
        Record.objects.filter(pk=record.pk).update(state="submitted")
        record.refresh_from_db()
    assert list(Record.objects.waiting_for(people["bureau"])) == [near]
    assert services.actions(far, people["bureau"]) == []
    with pytest.raises(PermissionDenied, match="不在您可见的范围内"):
        services.move(far, "grant", by=people["bureau"], now=now)
    services.move(near, "grant", by=people["bureau"], now=now)


def test_the_inbox_leaves_out_what_asks_for_another_person(people: Any, open_one: Any, now: datetime) -> None:
    mine, other = open_one(by="bureau"), open_one()
    for record in (mine, other):
        services.move(record, "submit", by=record.created_by, now=now)
    # The bureau may return its own submission, but not grant it: it stays in the inbox for the return.
    assert {each.action for each in services.actions(mine, people["bureau"])} == {"return"}
    assert {each.action for each in services.actions(other, people["bureau"])} == {"grant", "return"}
    assert set(Record.objects.waiting_for(people["bureau"])) == {mine, other}
    assert not Record.objects.waiting_for(people["leader"]).exists()


@pytest.mark.parametrize("who", WHO)
def test_evidence_is_seen_by_its_uploader_and_by_those_who_see_its_record(
    who: str, people: Any, open_one: Any, now: datetime
) -> None:
    def store(by: str) -> Evidence:
        content = f"of {by}".encode()
        return services.store_evidence(content, name="a.txt", media_type="text/plain", by=people[by], now=now)

    attached, loose = store("creator"), store("county")
    open_one("test.note", evidence=[attached])
    seen = set(Evidence.objects.for_user(people[who]))
    assert (attached in seen) == (who in {"creator", "bureau", "leader", "superuser"})
    assert (loose in seen) == (who in {"county", "superuser"})


def test_roles_come_from_the_portals_function_and_only_for_persons(people: Any) -> None:
    assert services.roles_of(people["creator"]) == {"county"}
    assert services.roles_of(people["shut_out"]) == frozenset()
    assert services.roles_of(None) == frozenset()
    assert services.roles_of(AnonymousUser()) == frozenset()


def test_without_a_registered_function_nobody_has_a_role(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from dafeng.kernel.records import access

    monkeypatch.setattr(access, "_roles_of", None)
    assert services.roles_of(people["bureau"]) == frozenset()
