"""The use-cases of the ledger; the one module that other code calls.

`ledger()` is the ledger of the portal's database. Build commands with `verbs`, post them, ask with the functions here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.utils.timezone import get_default_timezone

from dafeng.kernel.ledger import audit as auditing
from dafeng.kernel.ledger import export as exporting
from dafeng.kernel.ledger import flows as flowing
from dafeng.kernel.ledger import heads, queries, upkeep
from dafeng.kernel.ledger import serials as lots
from dafeng.kernel.ledger.audit import Audit
from dafeng.kernel.ledger.database import DjangoDatabase, durable, uncollected, write_back
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.ledger.group import GroupWriter
from dafeng.kernel.ledger.heads import SignedHead
from dafeng.kernel.ledger.ledger import Ledger
from dafeng.kernel.ledger.verbs import Command

__all__ = ["GroupWriter", "durable", "ledger", "write_back"]


@cache
def ledger(using: str = DEFAULT_DB_ALIAS) -> Ledger:
    return Ledger(DjangoDatabase(using))


def post(commands: Sequence[Command], *, now: datetime, clerk: str = "system") -> list[Reply]:
    """Decide commands in order, in one durable transaction (or in the caller's); one reply each."""
    return ledger().post(commands, now=now, clerk=clerk)


def balance(account: str, asset: str, *, at: datetime | date | None = None) -> queries.BalanceView:
    with ledger().database.reading() as store:
        return queries.balance(store, account, asset, at=at, zone=_zone())


def statement(account: str, asset: str, *, limit: int = 50, after: tuple[int, int] | None = None) -> queries.Page:
    with ledger().database.reading() as store:
        return queries.statement(store, account, asset, limit=limit, after=after)


def accounts_of(holder: str) -> list[tuple[str, str, bool]]:
    with ledger().database.reading() as store:
        return queries.accounts_of(store, holder)


def open_holds(account: str, asset: str) -> list[queries.HoldView]:
    with ledger().database.reading() as store:
        return queries.open_holds(store, account, asset)


def find_command(key: str) -> Reply | None:
    with ledger().database.reading() as store:
        return queries.find_command(store, key)


def refused(actor: str, *, before: int | None = None, limit: int = 50) -> list[Reply]:
    with ledger().database.reading() as store:
        return queries.refused(store, actor, before=before, limit=limit)


def serials(asset: str, lot: str) -> list[lots.Block]:
    with ledger().database.reading() as store:
        return lots.serials(store, asset, lot)


def serials_moved(key: str) -> dict[str, list[tuple[int, int]]]:
    with ledger().database.reading() as store:
        return lots.serials_moved(store, key)


def serial_life(asset: str, source: str, serial: int) -> tuple[str, list[lots.Event]]:
    with ledger().database.reading() as store:
        return lots.serial_life(store, asset, source, serial)


def lineage(asset: str, lot: str) -> lots.Lineage:
    with ledger().database.reading() as store:
        return lots.lineage(store, asset, lot)


def city_total(asset: str) -> queries.CityTotal:
    with ledger().database.reading() as store:
        return queries.city_total(store, asset)


def flows(
    asset: str, since: datetime | None, until: datetime | None, *, cancelling: Sequence[str] = ()
) -> tuple[flowing.Flows, flowing.Flows]:
    """What came and went before `since`, and from then until `until`."""
    with ledger().database.reading() as store:
        return flowing.before_and_during(store, asset, since, until, cancelling=cancelling)


def ended_lots(asset: str, now: datetime) -> list[str]:
    with ledger().database.reading() as store:
        return flowing.ended_lots(store, asset, now)


def ending_lots(asset: str, now: datetime, until: datetime) -> list[str]:
    with ledger().database.reading() as store:
        return flowing.ending_lots(store, asset, now, until)


def ended(asset: str, lots: Sequence[str], now: datetime) -> set[str]:
    with ledger().database.reading() as store:
        return flowing.ended(store, asset, lots, now)


def holders(asset: str, lot: str) -> list[tuple[str, int, int]]:
    with ledger().database.reading() as store:
        return flowing.holders(store, asset, lot)


def reconcile(asset: str, outside: Mapping[str, int], *, at: date | None = None) -> list[queries.Difference]:
    with ledger().database.reading() as store:
        return queries.reconcile(store, asset, outside, at=at, zone=_zone())


def audit() -> Audit:
    with uncollected(), ledger().database.reading() as store:
        return auditing.audit(store)


def replays() -> bool:
    """Whether deciding the whole log again, in a fresh database, gives the same hash and the same state."""
    with ledger().database.reading() as store:
        return auditing.replay(store) == (store.head().hash, auditing.state_digest(store))


def export(stream: IO[str]) -> int:
    with ledger().database.reading() as store:
        return exporting.export(store, stream)


def sign_head(*, now: datetime) -> SignedHead:
    """The signed head of the day; made at the day's first call, for the page that shows it."""
    return heads.sign(ledger().database, heads.private_key(Path(settings.DATA)), now=now, zone=_zone())


def signed_heads(*, newest: int | None = None) -> list[SignedHead]:
    """In the order of their days; with `newest` only so many, the last first."""
    with ledger().database.reading() as store:
        return heads.all_signed(store) if newest is None else heads.newest_signed(store, newest)


def sweep(*, now: datetime) -> upkeep.Swept:
    """Release holds and expire lots that ran out; by the clock, and by hand before a report."""
    return upkeep.sweep(ledger(), now=now)


def publish(*, now: datetime) -> upkeep.Published:
    """Write the public file of the day; it replaces the one before."""
    return upkeep.publish(ledger().database, public_folder(), day=now.astimezone(_zone()).date().isoformat())


def published() -> upkeep.Published | None:
    return upkeep.published(public_folder())


def public_folder() -> Path:
    return Path(settings.DATA) / "ledger"


def _zone() -> tzinfo:
    return get_default_timezone()
