"""Points equal the ledger, grams equal the events, levels equal hand arithmetic."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.members import gifts, receipts, summaries
from dafeng.domains.inclusion.members.circles import join as join_circle
from dafeng.domains.inclusion.members.circles import make as make_circle
from dafeng.domains.inclusion.models import Event
from dafeng.kernel.errors import NotFound
from dafeng.kernel.ledger import verbs
from tests.domains.inclusion.members.conftest import NOW

pytestmark = pytest.mark.django_db


def brute_force(account: str) -> list[tuple[int, int, int]]:
    """(entry, change, total after it) of an account, newest first, added up from the raw entries."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ledger_account WHERE ref = %s", [account])
        number = cursor.fetchone()[0]
        cursor.execute("SELECT seq, kind, debit, credit, amount FROM ledger_entry ORDER BY seq")
        rows = [row for row in cursor.fetchall() if number in row[2:4]]
    total, found = 0, []
    for seq, kind, debit, credit, amount in rows:
        change = 0 if kind in (2, 4) else (amount if credit == number else 0) - (amount if debit == number else 0)
        total += change
        found.append((seq, change, total))
    return found[::-1]


def test_the_statement_is_the_ledger_page_by_page(join, scene, act, to_merchant, now) -> None:
    bus, member, other = scene("bus"), join(), join()
    for day in range(40, 0, -1):
        act(member, bus, grams=150, points=3, at=NOW - timedelta(days=day))
    act(other, bus, grams=999, points=50, at=NOW - timedelta(hours=5))
    held = act(member, bus, grams=80, points=8, at=NOW - timedelta(hours=4), state=Event.State.HELD)
    to_merchant(member, 17, key="order-1")
    bookkeeping.post_all(
        [verbs.release(key="clear-1", actor="inclusion:system", hold=bookkeeping.event_key(held.pk))], now=NOW
    )  # fmt: skip
    seen, cursor = [], ""
    while True:
        page = receipts.statement(member, after=cursor, limit=7)
        seen += page.receipts
        cursor = page.next
        if not cursor:
            break
    assert [(each.seq, each.change, each.balance) for each in seen] == brute_force(member.account)
    # 40 × 3 + 8 − 17 = 111
    assert seen[0].balance == 111
    assert summaries.purse(member, now=NOW).available == 111
    totals = summaries.totals(member)
    assert (totals.earned, totals.spent, totals.total) == (128, 17, 111)


def test_each_line_says_what_it_was(join, scene, act, to_merchant) -> None:
    bus, member = scene("bus"), join()
    paid = act(member, bus, grams=150, points=30, at=NOW - timedelta(days=2))
    act(member, bus, grams=80, points=8, at=NOW - timedelta(hours=4), state=Event.State.HELD)
    to_merchant(member, 17, key="order-1")
    lines = receipts.statement(member).receipts
    assert [line.text for line in lines] == ["兑换", "bus出行：审核中，积分暂不能用", "bus出行", "bus出行"]
    assert lines[-1].href == f"/inclusion/me/events/{paid.pk}/"
    assert [line.held for line in lines] == [0, 8, 0, 0]


def test_a_forged_cursor_is_no_page(join) -> None:
    with pytest.raises(NotFound):
        receipts.statement(join(), after="WzEsOTk5OV0:forged")


def test_what_is_held_is_pending_and_what_ends_is_told(join, scene, act) -> None:
    bus, member = scene("bus"), join()
    assert summaries.purse(member, now=NOW) == summaries.Purse(0, 0, ())
    act(member, bus, grams=1, points=5, at=datetime(2024, 12, 3, tzinfo=UTC))
    act(member, bus, grams=1, points=7, at=NOW - timedelta(days=1))
    act(member, bus, grams=1, points=8, at=NOW - timedelta(hours=1), state=Event.State.HELD)
    found = summaries.purse(member, now=NOW)
    assert (found.available, found.pending) == (12, 8)
    # A month's points can be spent until 24 months after its end: December 2024 until the end of December 2026.
    assert found.ending[0] == (date(2026, 12, 31), 5)
    assert found.soon(date(2026, 11, 21)) == [(date(2026, 12, 31), 5)]
    later = summaries.purse(member, now=datetime(2026, 12, 31, 16, 0, tzinfo=UTC))  # midnight in Xinyang
    assert later.available == 7  # run out, though nobody has swept them yet


@pytest.mark.parametrize(
    ("grams", "number", "missing", "share"),
    [
        # thresholds 0, 10, 50, 200, 500, 1000 kg
        (0, 1, 10_000, 0),
        (9_999, 1, 1, 99),
        (10_000, 2, 40_000, 0),
        (30_000, 2, 20_000, 50),  # (30 − 10) / (50 − 10)
        (499_999, 4, 1, 99),
        (1_000_000, 6, None, 100),
        (-500, 1, 10_500, 0),  # corrections may outweigh
    ],
)
def test_levels_by_hand(grams, number, missing, share) -> None:
    level = summaries.level_of(grams)
    assert (level.number, level.missing, level.share) == (number, missing, share)


def test_only_what_counts_is_counted_by_group_and_local_month(join, scene, act) -> None:
    bus, reuse, member = scene("bus"), scene("reuse", "recycling"), join()
    # 16:30 on 31 October in London's time is 00:30 on 1 November in Xinyang.
    act(member, bus, grams=100, points=1, at=datetime(2026, 10, 31, 16, 30, tzinfo=UTC))
    act(member, bus, grams=50, points=1, at=datetime(2026, 11, 2, tzinfo=UTC))
    act(member, reuse, grams=600, points=2, at=datetime(2026, 3, 2, tzinfo=UTC))
    act(member, bus, grams=7000, at=NOW, state=Event.State.REFUSED)
    act(member, bus, grams=8000, points=5, at=NOW - timedelta(hours=1), state=Event.State.HELD)
    cells = [(cell.month, cell.group, cell.grams, cell.actions) for cell in summaries.by_month(member, 2026)]
    assert cells == [(date(2026, 3, 1), "recycling", 600, 1), (date(2026, 11, 1), "travel", 150, 2)]
    year = summaries.year_of(member, 2026)
    assert (year.grams, year.actions, year.points, year.best) == (750, 3, 4, 3)
    assert year.groups == (("recycling", 600, 80), ("travel", 150, 20))
    # 750 g ÷ 250 g/km = 3 km
    assert year.km == 3
    assert summaries.years(member, today=date(2026, 11, 21)) == [2026]
    assert summaries.grams_of(member) == (750, 3)


def test_gifts_are_told_by_nickname(join, scene, act) -> None:
    bus, mother, son = scene("bus"), join(), join()
    _circle, code = make_circle(mother, "family", name="一家", nickname="茶妈", now=NOW - timedelta(days=30))
    join_circle(son, code, nickname="小茶", now=NOW - timedelta(days=20))
    act(mother, bus, grams=1, points=50, at=NOW - timedelta(days=1))
    gifts.give(mother, son, 20, key="k1", now=NOW)
    assert receipts.statement(mother).receipts[0].text == "赠送给 小茶"
    assert receipts.statement(son).receipts[0].text == "茶妈 赠送给您"
    assert (summaries.totals(mother).given, summaries.totals(son).received) == (20, 20)
