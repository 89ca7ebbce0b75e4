"""Every question against a brute-force reading of the log: random histories, all accounts, all moments."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import encoding, queries, serials, verbs
from dafeng.kernel.ledger.database import PostgresServer, SqliteFile
from dafeng.kernel.ledger.ledger import Ledger
from dafeng.kernel.ledger.verbs import Command
from tests.kernel.ledger.conftest import Desk
from tests.kernel.ledger.world import World
from tests.processes import own_postgres


class Oracle:
    """The log read once, whole, into lists; answers by going through all of it."""

    def __init__(self, store: Any) -> None:
        self.entries = store.rows(f"SELECT {', '.join(encoding.ENTRY_FIELDS)} FROM ledger_entry ORDER BY seq")
        self.times = dict(store.rows("SELECT seq, ts FROM ledger_command"))
        self.accounts = {row[1:3]: row[0] for row in store.rows(
            "SELECT a.id, a.ref, s.key FROM ledger_account a JOIN ledger_asset s ON s.id = a.asset")}  # fmt: skip
        self.lots = {
            row[0]: row for row in store.rows("SELECT id, name, asset, source, serial_from, serial_to FROM ledger_lot")
        }

    def upto(self, moment: int) -> int:
        return max((row[0] for row in self.entries if self.times[row[1]] <= moment), default=0)

    def balance(self, account: int, upto: int) -> dict[str, tuple[int, int, int]]:
        found: dict[str, list[int]] = {}
        holds = {row[0]: row for row in self.entries if row[2] == 2}
        for row in self.entries:
            if row[0] > upto:
                break
            _, _, kind, code, debit, credit, lot, amount, hold = row
            name = self.lots[lot][1]
            if kind in (1, 3):
                if credit == account:
                    found.setdefault(name, [0, 0, 0])[0] += amount
                if debit == account:
                    found.setdefault(name, [0, 0, 0])[0] -= amount
            if debit == account and kind == 2:
                found.setdefault(name, [0, 0, 0])[2 if code == 42 else 1] += amount
            if debit == account and hold:
                found[name][2 if holds[hold][3] == 42 else 1] -= holds[hold][7]
        return {name: tuple(sums) for name, sums in found.items() if any(sums)}  # type: ignore[misc]

    def serials(self, lot: int) -> dict[int, list[int]]:
        """Serial by serial, as sets: only for small lots."""
        _, _, asset, _, lower, upper = self.lots[lot]
        held: dict[int, list[int]] = {-4 * asset: list(range(lower, upper))}
        for row in self.entries:
            if row[6] == lot and row[2] in (1, 3):
                moved, held[row[4]] = held[row[4]][: row[7]], held[row[4]][row[7] :]
                held[row[5]] = sorted(held.get(row[5], []) + moved)
        return held


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A ledger after three hundred random batches."""
    if request.param == "sqlite":
        yield _live(SqliteFile(tmp_path_factory.mktemp("lived") / "ledger.sqlite3"))
        return
    with own_postgres() as url:
        database = _live(PostgresServer(url))
        yield database
        database.close()


def _live(database: Any) -> Any:
    ledger, world = Ledger(database), World(random.Random(11))
    batch = world.founding()
    for _ in range(300):
        now = datetime.fromtimestamp(world.pass_time(), UTC)
        for drawn, reply in zip(batch, ledger.post([Command(*drawn) for drawn in batch], now=now), strict=True):
            world.hear(drawn, reply.answer)
        batch = world.batch()
    return database


def test_balances_now_and_at_any_moment_are_those_of_the_log(lived: Any) -> None:
    with lived.reading() as store:
        oracle, picks = Oracle(store), random.Random(1)
        moments = sorted(set(oracle.times.values()))
        for (ref, asset), number in oracle.accounts.items():
            view = queries.balance(store, ref, asset)
            assert {lot.lot: lot[3:6] for lot in view.lots} == oracle.balance(number, len(oracle.entries))
            for moment in picks.sample(moments, 5):
                shift = picks.choice((0, -1, 1))
                then = queries.balance(store, ref, asset, at=datetime.fromtimestamp(moment + shift, UTC))
                assert then.upto == oracle.upto(moment + shift)
                assert {lot.lot: lot[3:6] for lot in then.lots} == oracle.balance(number, then.upto)


def test_a_day_ends_at_midnight_of_the_city(lived: Any) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    with lived.reading() as store:
        oracle = Oracle(store)
        day = datetime.fromtimestamp(sorted(oracle.times.values())[len(oracle.times) // 2], zone).date()
        for step in range(-3, 3):
            end = datetime.combine(day + timedelta(days=step + 1), datetime.min.time(), zone)
            assert queries.entry_at(store, day + timedelta(days=step), zone=zone) == oracle.upto(
                int(end.timestamp()) - 1
            )
        assert queries.entry_at(store, date(1999, 1, 1)) == 0


def test_statements_page_through_all_entries_with_the_balance_after_each(lived: Any) -> None:
    with lived.reading() as store:
        oracle = Oracle(store)
        for (ref, asset), number in oracle.accounts.items():
            lines, after = [], None
            while True:
                page = queries.statement(store, ref, asset, limit=7, after=after)
                lines += page.lines
                if page.next is None:
                    break
                assert len(page.lines) == 7
                after = page.next
            mine = [row for row in oracle.entries if number in row[4:6]]
            assert [line.seq for line in lines] == [row[0] for row in reversed(mine)]
            for line, row in zip(lines, reversed(mine), strict=True):
                assert line.ts == oracle.times[row[1]]
                assert line.lot == oracle.lots[row[6]][1]
                assert line.balance == sum(sums[0] for sums in oracle.balance(number, line.seq).values())


def test_every_serial_is_where_a_count_serial_by_serial_puts_it(lived: Any) -> None:
    with lived.reading() as store:
        oracle = Oracle(store)
        keys = dict(store.rows("SELECT id, key FROM ledger_asset"))
        for number, (_, name, asset, source, lower, _) in oracle.lots.items():
            expected = oracle.serials(number)
            names = queries.names_of(store, sorted(expected))
            found: dict[str, list[int]] = {}
            for block in serials.serials(store, keys[asset], name):
                found.setdefault(block.account, []).extend(range(block.lower, block.upper))
            assert found == {names[account]: units for account, units in expected.items() if units}
            lot, events = serials.serial_life(store, keys[asset], source, lower)
            assert lot == name
            here = "issue" if not events else events[-1].target
            assert lower in found[here]
            assert [event.source for event in events] == ["issue", *(event.target for event in events)][: len(events)]


def test_the_citys_total_adds_up_to_what_was_issued(lived: Any) -> None:
    with lived.reading() as store:
        oracle = Oracle(store)
        for (asset,) in store.rows("SELECT key FROM ledger_asset ORDER BY key"):
            total = queries.city_total(store, asset)
            assert total.issued == total.in_accounts + total.retired + total.cancelled + total.expired
            accounts = [number for (_, key), number in oracle.accounts.items() if key == asset]
            sums = [oracle.balance(number, len(oracle.entries)) for number in accounts]
            assert total.in_accounts == sum(lot[0] for found in sums for lot in found.values())
            assert total.held == sum(lot[1] for found in sums for lot in found.values())


def test_reconciliation_tells_differences_and_mends_nothing(lived: Any) -> None:
    with lived.reading() as store:
        oracle = Oracle(store)
        day = datetime.fromtimestamp(max(oracle.times.values()), UTC).date()
        for at in (None, day):
            ours = {
                ref: sum(lot[0] for lot in oracle.balance(number, len(oracle.entries)).values())
                for (ref, asset), number in oracle.accounts.items() if asset == "CEA"
            }  # fmt: skip
            assert queries.reconcile(store, "CEA", ours, at=at) == []
            ours["firm:a/registry"] += 3
            ours["firm:ghost/registry"] = 8
            found = queries.reconcile(store, "CEA", ours, at=at)
            assert [(each.account, each.difference) for each in found] == [
                ("firm:a/registry", -3),
                ("firm:ghost/registry", -8),
            ]


def test_a_retirement_names_its_serials(desk: Desk) -> None:
    """Serials 0 to 9 to a, then 10 to 14; b gets a's lowest four; a retires six: 4 to 9."""
    desk.asset("pt", ("x", 2026))
    desk.give("pt", "x", "person:a/main", 10)
    desk.give("pt", "x", "person:c/main", 5)
    assert desk.do(verbs.transfer, asset="pt", source="person:a/main", to="person:b/main", amount=4).ok
    gone = {"purpose": "voluntary", "beneficiary": "person:a", "period": "2026"}
    assert desk.do(verbs.retire, key="r", asset="pt", source="person:a/main", amount=6, **gone).ok
    assert desk.ask(serials.serials_moved, "r") == {"x": [(4, 10)]}
    assert desk.ask(serials.serials, "pt", "x") == [
        (0, 4, "person:b/main"), (4, 10, "cancelled"), (10, 15, "person:c/main"), (15, 1000, "issue"),
    ]  # fmt: skip
    life = desk.ask(serials.serial_life, "pt", "s", 3)
    assert [(event.code, event.source, event.target) for event in life[1]] == [
        ("issue", "issue", "person:a/main"), ("transfer", "person:a/main", "person:b/main"),
    ]  # fmt: skip


def test_holders_and_their_open_holds_are_listed(desk: Desk) -> None:
    desk.asset("pt", ("x", 2026))
    desk.give("pt", "x", "person:a/main", 10)
    desk.give("pt", "x", "person:ab/main", 10)
    held = {"asset": "pt", "account": "person:a/main", "kind": "pledge", "signer": "bank"}
    assert desk.do(verbs.hold, amount=4, hold="h1", to="person:ab/main", **held).ok
    assert desk.ask(queries.accounts_of, "person:a") == [("person:a/main", "pt", False)]
    assert desk.ask(queries.open_holds, "person:a/main", "pt") == [("h1", "pledge", 4, "person:ab/main", "bank", 0)]
    view = desk.balance("person:a/main", "pt")
    assert (view.total, view.pending, view.available) == (10, 4, 6)


def test_questions_about_what_is_not_there_say_so(desk: Desk, tmp_path: Path) -> None:
    desk.asset("pt", ("x", 2026))
    for question, arguments in (
        (queries.balance, ("person:a/main", "pt")), (queries.balance, ("person:a/main", "none")),
        (serials.serials, ("pt", "none")), (serials.serial_life, ("pt", "s", 5000)), (serials.serials_moved, ("none",)),
    ):  # fmt: skip
        with pytest.raises(LedgerError):
            desk.ask(question, *arguments)
    assert desk.ask(queries.find_command, "none") is None
