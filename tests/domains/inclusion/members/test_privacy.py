"""Erasure leaves no trace of who somebody was, and the ledger whole; the export holds everything and goes to themselves alone."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import connection

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.members import accounts, circles, consents, exports, gifts, privacy, summaries
from dafeng.domains.inclusion.models import Circle, Event, Export, Identity, Member
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records
from tests.domains.inclusion.members.conftest import NOW
from tests.domains.inclusion.members.test_accounts import code_of

pytestmark = pytest.mark.django_db
NAME, PHONE = "欧阳试验", "13987654321"


def everywhere(*words: str) -> list[str]:
    """Tables and columns in which one of the words stands, in whatever form a database shows it as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    text = (
                        bytes(value).decode("utf-8", "ignore") if isinstance(value, bytes | memoryview) else str(value)
                    )
                    escaped = [json.dumps(word)[1:-1] for word in words]
                    found += [f"{table}.{name}" for word in (*words, *escaped) if word in text]
    return found


@pytest.fixture
def full(join, person, partner, scene, act):
    """A member with everything: identity, binding, family, gifts, events in all states, an export."""
    user = person(username="ouyang")
    member, mate = join(user, name=NAME, phone=PHONE), join()
    bus = scene("bus")
    accounts.bind(member, bus.partner, now=NOW)
    _circle, code = circles.make(member, "family", name="一家", nickname="小欧", now=NOW - timedelta(days=30))
    circles.join(mate, code, nickname="阿甲", now=NOW - timedelta(days=30))
    circles.make(member, "team", name="欧队", nickname="小欧", now=NOW)
    act(member, bus, grams=150, points=40, at=NOW - timedelta(days=40))
    act(member, bus, grams=150, points=30, at=NOW - timedelta(days=2))
    act(member, bus, grams=80, points=8, at=NOW - timedelta(hours=4), state=Event.State.HELD)
    act(member, bus, grams=0, at=NOW - timedelta(hours=3), state=Event.State.RECEIVED)
    gifts.give(member, mate, 10, key="g1", now=NOW)
    exports.make(member, now=NOW)
    return member, mate, user


def test_erasure_leaves_no_trace_of_the_person_and_the_ledger_whole(full) -> None:
    member, mate, _user = full
    token = member.bindings.get().token
    event_ids = list(member.events.values_list("pk", flat=True))
    privacy.erase(member, now=NOW)
    assert everywhere(NAME, PHONE, "小欧", "欧队", token, "东方红大道") == []
    member.refresh_from_db()
    assert member.user_id is None
    assert member.closed_at == NOW
    assert not Identity.objects.filter(member=member).exists()
    assert not Export.objects.filter(member=member).exists()
    assert not member.bindings.exists()
    assert not member.consents.exists()
    assert not member.places.exists()
    # The family goes on with the other, the team of one has ended.
    assert [circle.kind for circle in Circle.objects.all()] == ["family"]
    assert Circle.objects.get().places.get().owner
    events = Event.objects.filter(pk__in=event_ids).order_by("pk")
    assert {(e.source_id, e.digest, str(e.data)) for e in events} == {(f"erased-{pk}", "", "{}") for pk in event_ids}
    assert {e.happened_at.astimezone().strftime("%M") for e in events} == {"00"}
    assert [e.get_state_display() for e in events] == ["已入账", "已入账", "未采信", "未采信"]
    # 40 + 30 + 8 − 10 = 68 points are void; 10 stay with the other.
    balance = ledger.balance(member.account, "points")
    assert (balance.total, balance.closed) == (0, True)
    assert ledger.city_total("points").cancelled == 68
    assert summaries.purse(mate, now=NOW).available == 10
    audit = ledger.audit()
    assert audit.ok, audit
    assert ledger.replays()
    assert records.verify_chain().ok


def test_nothing_links_the_login_to_the_erased_account(full) -> None:
    """The login stays; no row of any table holds both it and the pseudonym, and the audit knows the pseudonym alone."""
    member, _mate, user = full
    privacy.erase(member, now=NOW)
    assert accounts.member_of(user) is None
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                text = " ".join(map(str, row))
                assert not ("ouyang" in text and member.pseudonym in text), table


def test_who_was_erased_may_join_again_as_somebody_new(full, join) -> None:
    member, _mate, user = full
    privacy.erase(member, now=NOW)
    again = join(user, name=NAME, phone=PHONE, now=NOW)
    assert again.pseudonym != member.pseudonym
    assert code_of(lambda: privacy.erase(member, now=NOW)) == "account_closed"


def test_nothing_comes_into_a_closed_account(full, scene) -> None:
    member, mate, _user = full
    privacy.erase(member, now=NOW)
    command = verbs.transfer(
        key="late", actor="x:y", asset="points", source=mate.account, to=member.account, amount=1
    )  # fmt: skip
    assert bookkeeping.post([command], now=NOW)[0].answer == "account_closed"
    assert code_of(lambda: accounts.demand_active(Member.objects.get(pk=member.pk))) == "account_closed"


def test_an_account_without_points_is_closed_too(join) -> None:
    member, other = join(), join()
    privacy.erase(member, now=NOW)
    lot = bookkeeping.open_points_lot("2026-11", now=NOW)
    command = bookkeeping.pay_event(1, member.account, 5, lot)
    assert bookkeeping.post([command], now=NOW)[0].answer == "account_closed"
    assert accounts.member_of(other.user) == other


def test_points_past_their_day_do_not_stand_in_the_way(join, scene, act) -> None:
    member = join()
    act(
        member,
        scene("bus"),
        grams=1,
        points=5,
        at=NOW.replace(year=2024, month=10, day=1),
        now=NOW - timedelta(days=60),
    )
    privacy.erase(member, now=NOW)  # October 2024's points ended with October 2026
    totals = ledger.city_total("points")
    assert (totals.expired, totals.cancelled) == (5, 0)


@pytest.mark.parametrize(("kind", "answer"), [("order", "orders_open"), ("freeze", "account_frozen")])
def test_what_is_open_must_be_settled_first_and_nothing_is_half_done(full, kind, answer) -> None:
    member, _mate, _user = full
    bookkeeping.post_all(
        [
            verbs.hold(
                key="h", actor="inclusion:system", asset="points", account=member.account, amount=5, kind=kind, hold="h",
                signer="court:a" if kind == "freeze" else None,
            )
        ],
        now=NOW,
    )  # fmt: skip
    assert code_of(lambda: privacy.erase(member, now=NOW)) == answer
    member.refresh_from_db()
    assert member.closed_at is None
    assert member.identity
    assert member.bindings.filter(until=None).exists()
    assert ledger.balance(member.account, "points").total == 68


def test_the_export_holds_everything_and_only_for_some_days(full) -> None:
    member, _mate, _user = full
    export = exports.make(member, now=NOW)
    assert Export.objects.count() == 1  # the older one went
    archive = zipfile.ZipFile(io.BytesIO(exports.content_of(export, now=NOW)))
    tables = json.loads(archive.read("data.json"))
    assert tables["account"][0]["name"] == NAME
    assert tables["account"][0]["phone"] == PHONE
    assert len(tables["events"]) == 4
    assert tables["events"][0]["data"]["from"] == "东方红大道"
    # two issues, one held issue (two entries), one gift
    assert [line["change"] for line in tables["statement"]] == [-10, 0, 8, 30, 40]
    assert {row["purpose"] for row in tables["consents"]} == {"join", "scene:p-bus"}
    rows = list(csv.DictReader(io.StringIO(archive.read("events.csv").decode("utf-8-sig"))))
    assert [row["points"] for row in rows] == ["40", "30", "8", "0"]
    assert NAME.encode() not in bytes(export.sealed)
    assert code_of(lambda: exports.content_of(export, now=NOW + timedelta(days=7))) == "export_gone"
    assert exports.clear(now=NOW + timedelta(days=7)) == 1


def test_a_spreadsheet_takes_no_formula_from_a_nickname(join) -> None:
    member = join()
    circles.make(member, "team", name="=HYPERLINK(1)", nickname="@x", now=NOW)
    archive = zipfile.ZipFile(io.BytesIO(exports.zipped(exports.everything(member))))
    assert "'=HYPERLINK(1),'@x" in archive.read("circles.csv").decode()


def test_no_ledger_row_holds_a_name_or_a_login(full) -> None:
    member, _mate, _user = full
    said = io.StringIO()
    ledger.export(said)
    assert not any(word in said.getvalue() for word in (NAME, PHONE, "ouyang", "小欧", member.bindings.get().token))
    assert consents.given(member, "join")
