"""The statements of the room that carry millions of rows, for both databases; everything else asks through Django's models.

Times go in and out as whole seconds since 1970 where they are computed with. Lists go in as one parameter (JSON on SQLite, an
array on PostgreSQL), so that no statement depends on how many there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from django.db import connection

from dafeng.domains.inclusion.models import (
    DeviceUse,
    Event,
    Member,
    MonthUse,
    Partner,
    Scene,
    SceneDay,
    SceneKey,
    Turn,
)

EVENT, MEMBER = Event._meta.db_table, Member._meta.db_table
SCENE, SCENE_KEY, PARTNER = (model._meta.db_table for model in (Scene, SceneKey, Partner))
MONTH, DEVICE, DAY, TURN = (model._meta.db_table for model in (MonthUse, DeviceUse, SceneDay, Turn))
NEW = (
    "scene_id", "batch_id", "member_id", "source_id", "digest", "happened_at", "ended_at", "received_at", "device",
    "from_x", "from_y", "to_x", "to_y", "data", "state", "reason",
)  # fmt: skip
REST = {"grams": 0, "points": 0, "benefit": "points", "score": 0, "findings": "[]", "ledger_key": ""}
# What a chunk settles of an event, beside its number.
SETTLED = {
    "state": "smallint", "reason": "text", "version_id": "bigint", "grams": "bigint", "points": "integer",
    "score": "smallint", "findings": "jsonb", "ledger_key": "text",
    "benefit": "text",
}  # fmt: skip
WAITING = {
    "id": pl.Int64, "scene": pl.Int64, "member": pl.Int64, "start": pl.Int64, "end": pl.Int64, "device": pl.String,
    "from_x": pl.Int32, "from_y": pl.Int32, "to_x": pl.Int32, "to_y": pl.Int32, "data": pl.String, "benefit": pl.String,
    "kind": pl.String, "pseudonym": pl.String, "closed": pl.Int64, "suspended": pl.Int64,
}  # fmt: skip
AROUND = {
    "id": pl.Int64, "scene": pl.Int64, "member": pl.Int64, "start": pl.Int64, "end": pl.Int64,
    "from_x": pl.Int32, "from_y": pl.Int32, "to_x": pl.Int32, "to_y": pl.Int32, "state": pl.Int64, "points": pl.Int64,
    "grams": pl.Int64,
}  # fmt: skip


def is_sqlite() -> bool:
    return connection.vendor == "sqlite"


def moment(value: datetime | None) -> Any:
    """A time as the database's own driver takes it."""
    return moments()(value)


def moments() -> Callable[[datetime | None], Any]:
    """`moment` for many: what depends on the database is asked once."""
    return _as_text if is_sqlite() else _as_it_is


def _as_text(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def _as_it_is(value: datetime | None) -> datetime | None:
    return value


def _seconds(column: str) -> str:
    return (
        f"CAST(strftime('%%s', {column}) AS INTEGER)" if is_sqlite() else f"floor(extract(epoch FROM {column}))::bigint"
    )


def _listed(values: Iterable[Any], kind: str = "bigint") -> tuple[str, Any]:
    """A table expression `given(value)` of a list, and its one parameter."""
    if is_sqlite():
        return "json_each(%s) AS given", json.dumps(list(values))
    return f"unnest(%s::{kind}[]) AS given(value)", list(values)


def _frame(statement: str, parameters: Sequence[Any], schema: dict[str, Any]) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    return pl.DataFrame(rows, schema=schema, orient="row")


# ---------------------------------------------------------------- intake


def key_state(id: int, key_id: str) -> tuple[datetime | None, datetime | None, str] | None:
    """When a key was revoked and last used, and the state of its partner; None where there is no such key."""
    statement = (
        f"SELECT k.revoked_at, k.last_used_at, p.state FROM {SCENE_KEY} k JOIN {PARTNER} p ON p.id = k.partner_id "
        f"WHERE k.id = %s AND k.key_id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [id, key_id])
        row = cursor.fetchone()
    return None if row is None else (_read(row[0]), _read(row[1]), row[2])


def _read(value: Any) -> datetime | None:
    """A time as the driver gives it."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return None if read is None else read.replace(tzinfo=UTC) if read.tzinfo is None else read


def scene_rows(partner: int, codes: Iterable[str]) -> list[tuple[int, str, str, bool, str, str]]:
    """(id, code, methodology, active, channels, limits) of those of a partner's scenes; the last two as JSON text."""
    table, parameter = _listed(codes, "text")
    text = "" if is_sqlite() else "::text"
    statement = (
        f"SELECT s.id, s.code, s.methodology_id, s.active, s.channels{text}, s.limits{text} FROM {table} "
        f"JOIN {SCENE} s ON s.code = given.value WHERE s.partner_id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [parameter, partner])
        return list(cursor.fetchall())


def known(scene: int, numbers: Sequence[str]) -> list[tuple[int, str, str, int, str]]:
    """(id, number, digest, state, ledger key) of those numbers of a scene that are there."""
    table, parameter = _listed(numbers, "text")
    statement = (
        f"SELECT e.id, e.source_id, e.digest, e.state, e.ledger_key FROM {table} "
        f"{'CROSS ' if is_sqlite() else ''}JOIN {EVENT} e {'ON' if not is_sqlite() else 'WHERE'} "
        f"e.scene_id = %s AND e.source_id = given.value"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [parameter, scene])
        return list(cursor.fetchall())


def insert_events(rows: Sequence[tuple[Any, ...]]) -> None:
    """New events (`NEW` in order). Raises Django's `IntegrityError` when somebody else took one of the numbers meanwhile."""
    columns = (*NEW, *REST)
    fixed = tuple(REST.values())
    with connection.cursor() as cursor:
        if is_sqlite() or len(rows) < 50:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"INSERT INTO {EVENT} ({', '.join(columns)}) VALUES ({marks})", [row + fixed for row in rows]
            )
            return
        statement = f"COPY {EVENT} ({', '.join(columns)}) FROM STDIN"
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row + fixed)


def replace_events(rows: Sequence[tuple[Any, ...]]) -> None:
    """Events that were refused before, sent again: the row and its number stay, all else is new. (`NEW` in order, then the id.)"""
    sets = ", ".join(f"{name} = %s" for name in NEW)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {EVENT} SET {sets} WHERE id = %s AND state = 3", rows)


# ---------------------------------------------------------------- processing


def turn(name: str) -> int:
    """The present turn; the row is made at the first call."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number FROM {TURN} WHERE name = %s", [name])
        found = cursor.fetchone()
        if found is None:
            cursor.execute(f"INSERT INTO {TURN} (name, number) VALUES (%s, 0) ON CONFLICT DO NOTHING", [name])
            return 0
        return int(found[0])


def take_turn(name: str, seen: int) -> bool:
    """Move the turn on, if it still stands where it was seen. On PostgreSQL whoever comes second waits, then sees it moved."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TURN} SET number = number + 1 WHERE name = %s AND number = %s", [name, seen])
        return cursor.rowcount == 1


def waiting(limit: int) -> pl.DataFrame:
    """The events that wait, the lowest numbers first, with what the ledger must know of their members."""
    data = "e.data" if is_sqlite() else "e.data::text"
    statement = (
        f"SELECT e.id, e.scene_id, e.member_id, {_seconds('e.happened_at')}, {_seconds('e.ended_at')}, e.device, "
        f"e.from_x, e.from_y, e.to_x, e.to_y, {data}, e.benefit, m.kind, m.pseudonym, "
        f"CAST(m.closed_at IS NOT NULL AS INTEGER), CAST(m.suspended_at IS NOT NULL AS INTEGER) FROM {EVENT} e JOIN {MEMBER} m ON m.id = e.member_id "
        f"WHERE e.state = 0 ORDER BY e.id LIMIT %s"
    )
    return _frame(statement, [limit], WAITING)


def around(members: pl.Series, first: datetime, last: datetime) -> pl.DataFrame:
    """What these members are known to have done between two times: paid (in points or money) or held. The one look back of a chunk."""
    table, parameter = _listed(members.to_list())
    statement = (
        f"SELECT e.id, e.scene_id, e.member_id, {_seconds('e.happened_at')}, {_seconds('e.ended_at')}, e.from_x, e.from_y, "
        f"e.to_x, e.to_y, e.state, e.points, e.grams FROM {table} {'CROSS ' if is_sqlite() else ''}JOIN {EVENT} e "
        f"{'WHERE' if is_sqlite() else 'ON'} e.member_id = given.value AND e.happened_at >= %s AND e.happened_at < %s "
        f"AND (e.state IN (1, 2) OR (e.state = 5 AND e.benefit = 'reward'))"
    )
    return _frame(statement, [parameter, moment(first), moment(last)], AROUND)


def month_use(members: pl.Series, months: Sequence[str]) -> pl.DataFrame:
    """member, scene, month, points so far."""
    table, parameter = _listed(members.to_list())
    marks = ", ".join(["%s"] * len(months))
    statement = (
        f"SELECT u.member_id, u.scene_id, u.month, u.points FROM {table} {'CROSS ' if is_sqlite() else ''}JOIN {MONTH} u "
        f"{'WHERE' if is_sqlite() else 'ON'} u.member_id = given.value AND u.month IN ({marks})"
    )
    schema = {"member": pl.Int64, "scene": pl.Int64, "month": pl.String, "used": pl.Int64}
    return _frame(statement, [parameter, *months], schema)


def add_month_use(rows: Iterable[tuple[int, int, str, int]]) -> None:
    """Add points to what a member has had of a scene in a month."""
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {MONTH} AS u (member_id, scene_id, month, points) VALUES (%s, %s, %s, %s) "
            f"ON CONFLICT (member_id, scene_id, month) DO UPDATE SET points = u.points + excluded.points",
            list(rows),
        )


def device_pairs(devices: Sequence[str]) -> pl.DataFrame:
    """device, member: who was ever seen on these devices."""
    table, parameter = _listed(devices, "text")
    statement = (
        f"SELECT u.device, u.member_id FROM {table} {'CROSS ' if is_sqlite() else ''}JOIN {DEVICE} u "
        f"{'WHERE' if is_sqlite() else 'ON'} u.device = given.value"
    )
    return _frame(statement, [parameter], {"device": pl.String, "member": pl.Int64})


def add_devices(pairs: Iterable[tuple[str, int]], *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {DEVICE} (device, member_id, since) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [(device, member, moment(now)) for device, member in pairs],
        )


_COUNTS = ("posted", "held", "unpaid", "refused", "grams", "points")


def add_days(rows: Iterable[tuple[Any, ...]]) -> None:
    """(scene, day, posted, held, unpaid, refused, grams, points) to add to a scene's days."""
    more = ", ".join(f"{name} = d.{name} + excluded.{name}" for name in _COUNTS)
    marks = ", ".join(["%s"] * (2 + len(_COUNTS)))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {DAY} AS d (scene_id, day, {', '.join(_COUNTS)}) VALUES ({marks}) "
            f"ON CONFLICT (scene_id, day) DO UPDATE SET {more}",
            list(rows),
        )


def settle_events(frame: pl.DataFrame) -> int:
    """Write what became of waiting events (columns: id and `SETTLED`); how many were still waiting."""
    columns = ["id", *SETTLED]
    with connection.cursor() as cursor:
        if is_sqlite():
            sets = ", ".join(f"{name} = %s" for name in SETTLED)
            rows = frame.select(*SETTLED, "id").rows()
            cursor.executemany(f"UPDATE {EVENT} SET {sets} WHERE id = %s AND state = 0", rows)
            return int(cursor.rowcount)
        kinds = ", ".join(f"%s::{kind}[]" for kind in ("bigint", *SETTLED.values()))
        sets = ", ".join(f"{name} = s.{name}" for name in SETTLED)
        cursor.execute(
            f"UPDATE {EVENT} e SET {sets} FROM unnest({kinds}) AS s({', '.join(columns)}) WHERE e.id = s.id AND e.state = 0",
            [frame[name].to_list() for name in columns],
        )
        return int(cursor.rowcount)
