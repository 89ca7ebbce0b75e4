"""Signatures of the scenes: who signed (`kernel.api.signatures` tells how), good for five minutes and for once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from dafeng.domains.inclusion.models import Nonce, Partner, SceneKey
from dafeng.domains.inclusion.scenes import store
from dafeng.domains.inclusion.scenes.words import Clash, Locked, NotSigned, refused
from dafeng.kernel import sealing
from dafeng.kernel.api import signatures
from dafeng.kernel.errors import DafengError
from dafeng.kernel.records import services as records

PURPOSE = "dafeng.inclusion.scene_key"
CLOCK = timedelta(minutes=5)
KEPT = 2 * CLOCK + timedelta(minutes=1)  # a nonce must outlive every time with which its signature could be shown again
USED_EVERY = timedelta(minutes=1)
KEYS_AT_ONCE = 5


@dataclass(frozen=True)
class Signed:
    """A request as its signature sees it. `path` is as sent, with the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


def verify(request: Signed, *, now: datetime) -> SceneKey:
    """The key that signed, with its partner. Raises `NotSigned` or `Locked`; whether it is shown twice is `spend`'s affair.

    The signature is looked at before the clock and the key's state: only who has the secret learns about these.
    """
    key_id, time, nonce, given = (request.header(name) for name in signatures.HEADERS)
    if not (key_id and time and nonce and given):
        raise refused("signature_missing", NotSigned, expected="、".join(signatures.HEADERS))
    found = _known(key_id)
    if found is None:
        raise refused("key_unknown", NotSigned)
    key, secret = found
    if not signatures.well_formed(time, nonce):
        raise _of(key, refused("signature_malformed", NotSigned))
    wanted = signatures.sign(secret, request.method, request.path, time, nonce, request.body)
    if not signatures.same(wanted, given):
        raise _of(key, refused("signature_wrong", NotSigned))
    if key.revoked_at is not None:
        raise _of(key, refused("key_revoked", Locked))
    if abs(now.timestamp() - int(time)) > CLOCK.total_seconds():
        raise _of(key, refused("signature_late", NotSigned))
    if key.partner.state != Partner.State.ACTIVE:
        raise _of(key, refused("partner_suspended", Locked))
    return key


_seen: dict[str, tuple[SceneKey, str]] = {}
SEEN = 1_000


def _known(key_id: str) -> tuple[SceneKey, str] | None:
    """A key with its partner, and its secret. What never changes is remembered by the process; what does (revoked, used,
    the partner's state) is asked each time, in one small question."""
    if key_id not in _seen:
        key = SceneKey.objects.select_related("partner").filter(key_id=key_id).first()
        if key is None:
            return None
        if len(_seen) >= SEEN:
            _seen.clear()
        _seen[key_id] = (key, sealing.unseal(PURPOSE, key.sealed)["secret"])
    key, secret = copy(_seen[key_id][0]), _seen[key_id][1]
    key.partner = copy(key.partner)
    state = store.key_state(key.pk, key_id)
    if state is None:
        del _seen[key_id]
        return None
    key.revoked_at, key.last_used_at, key.partner.state = state
    return key, secret


def _of(key: SceneKey, error: DafengError) -> DafengError:
    """The refusal knows whose key it was, so that it can be shown to its sender."""
    error.key = key  # type: ignore[attr-defined]
    return error


def spend(key: SceneKey, nonce: str, *, now: datetime) -> None:
    """Note that this signature was shown; inside the transaction of what it does. Raises `Clash` the second time."""
    table = connection.ops.quote_name(Nonce._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key_id, value, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [key.pk, nonce, connection.ops.adapt_datetimefield_value(now)],
        )
        if cursor.rowcount != 1:
            raise _of(key, refused("replayed", Clash))
    if key.last_used_at is None or now - key.last_used_at > USED_EVERY:
        SceneKey.objects.filter(pk=key.pk).update(last_used_at=now)


def sweep(*, now: datetime) -> int:
    """Forget nonces whose signatures are too old to be taken anyway."""
    return Nonce.objects.filter(at__lt=now - KEPT).delete()[0]


def make_key(partner: Partner, *, by: Any, now: datetime, note: str = "") -> tuple[SceneKey, str]:
    """A new key and its secret, which is told this once. Raises `Refused` when there are five live ones already."""
    with records.serial():
        if SceneKey.objects.filter(partner=partner, revoked_at=None).count() >= KEYS_AT_ONCE:
            raise refused("keys_many")
        secret = secrets.token_urlsafe(32)
        key = SceneKey.objects.create(
            partner=partner, key_id=f"sk_{secrets.token_hex(8)}", sealed=sealing.seal(PURPOSE, {"secret": secret}),
            made_at=now, note=note.strip()[:60],
        )  # fmt: skip
        records.audit(by, "inclusion.key.make", "inclusion.key", key.key_id, {"partner": partner.code}, now=now)
    return key, secret


def revoke(key: SceneKey, *, by: Any, now: datetime) -> None:
    """From now on nothing is taken under this key."""
    with records.serial():
        if SceneKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            records.audit(by, "inclusion.key.revoke", "inclusion.key", key.key_id, {}, now=now)
    key.refresh_from_db()
