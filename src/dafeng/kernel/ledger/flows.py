"""What came into an asset and left it over time, and lots that end: who still has something of them. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dafeng.kernel.ledger import encoding, queries
from dafeng.kernel.ledger.store import SqlStore


@dataclass
class Flows:
    """What came into an asset and left it between two moments. `retired` by purpose; `reversed` are issues undone."""

    issued: int = 0
    retired: dict[str, int] = field(default_factory=dict)
    expired: int = 0
    reversed: int = 0

    @property
    def outstanding(self) -> int:
        """Of a period that begins with the ledger: what is still in accounts at its end."""
        return self.issued - sum(self.retired.values()) - self.expired - self.reversed


def before_and_during(
    store: SqlStore, asset: str, since: datetime | None, until: datetime | None, *, cancelling: Sequence[str] = ()
) -> tuple[Flows, Flows]:
    """Flows before `since`, and with since ≤ time < until, read in one go; None: from the beginning, to the end.

    `cancelling`: the purposes whose sink is that of undone issues too; what they retired is told by purpose, not as reversed.
    """
    lower = int(since.timestamp()) if since else 0
    upper = int(until.timestamp()) if until else 1 << 61
    found = (Flows(), Flows())
    kind = queries.asset_row(store, asset)[0]
    sinks = {encoding.sink_id(kind, name): name for name in encoding.SINKS}
    issue = encoding.sink_id(kind, "issue")
    rows = store.rows(
        "SELECT c.ts >= ?, e.debit = ?, e.credit, SUM(e.amount) FROM ledger_entry e JOIN ledger_command c "
        f"ON c.seq = e.command WHERE c.ts < ? AND e.kind IN (1, 3) AND (e.debit = ? OR e.credit {store.listed}) "
        "GROUP BY 1, 2, 3",
        (lower, issue, upper, issue, store.array(sorted(set(sinks) - {issue}))),
    )
    for during, came, credit, amount in rows:
        each = found[bool(during)]
        if came:
            each.issued += int(amount)
        elif sinks[credit] == "expired":
            each.expired += int(amount)
        elif sinks[credit] == "cancelled":
            each.reversed += int(amount)
    # A purpose decides its sink; what it retired is told by purpose, whatever the sink.
    for during, purpose, amount in store.rows(
        "SELECT c.ts >= ?, r.purpose, SUM(r.amount) FROM ledger_retirement r JOIN ledger_command c ON c.seq = r.command "
        "WHERE r.asset = ? AND c.ts < ? GROUP BY 1, 2 ORDER BY 2",
        (lower, kind, upper),
    ):
        found[bool(during)].retired[purpose] = int(amount)
    for each in found:
        each.reversed -= sum(each.retired.get(name, 0) for name in cancelling)
    return found


def ended_lots(store: SqlStore, asset: str, now: datetime) -> list[str]:
    """Lots past their use of which somebody still has free units."""
    return _lots(store, asset, "l.usable_until <= ?", (int(now.timestamp()),))


def ending_lots(store: SqlStore, asset: str, now: datetime, until: datetime) -> list[str]:
    """Lots that end after `now` and by `until`, of which somebody has free units."""
    limits = (int(now.timestamp()), int(until.timestamp()))
    return _lots(store, asset, "l.usable_until > ? AND l.usable_until <= ?", limits)


def _lots(store: SqlStore, asset: str, condition: str, values: Sequence[int]) -> list[str]:
    rows = store.rows(
        f"SELECT l.name FROM ledger_lot l WHERE l.asset = ? AND l.usable_until > 0 AND {condition} AND EXISTS "
        "(SELECT 1 FROM ledger_balance b WHERE b.lot = l.id AND b.account > 0 AND b.credits - b.debits > b.held + b.frozen) "
        "ORDER BY l.name",
        (queries.asset_row(store, asset)[0], *values),
    )
    return [row[0] for row in rows]


def ended(store: SqlStore, asset: str, lots: Sequence[str], now: datetime) -> set[str]:
    """Those of the lots that are past their use."""
    limit = int(now.timestamp())
    kind = queries.asset_row(store, asset)[0]
    found = {name: store.lot(kind, name) for name in lots}
    return {name for name, row in found.items() if row and 0 < row[7] <= limit}


def holders(store: SqlStore, asset: str, lot: str) -> list[tuple[str, int, int]]:
    """(account, free units, end of use in seconds since 1970) of everybody who has free units of a lot."""
    rows = store.rows(
        "SELECT a.ref, b.credits - b.debits - b.held - b.frozen, l.usable_until FROM ledger_lot l "
        "JOIN ledger_balance b ON b.lot = l.id JOIN ledger_account a ON a.id = b.account "
        "WHERE l.asset = ? AND l.name = ? AND b.account > 0 AND b.credits - b.debits > b.held + b.frozen ORDER BY a.ref",
        (queries.asset_row(store, asset)[0], lot),
    )
    return [(row[0], int(row[1]), int(row[2])) for row in rows]
