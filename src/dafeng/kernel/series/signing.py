"""Which device signed a request. A batch is known again by its key, so a signature shown twice does nothing twice: no nonce is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from dafeng.kernel.api import signatures
from dafeng.kernel.series.errors import Locked, NotSigned
from dafeng.kernel.series.models import Device
from dafeng.kernel.series.reasons import refused
from dafeng.kernel.series.services import secret_of

CLOCK = timedelta(minutes=5)


def device_of(method: str, path: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Device:
    """Raises `NotSigned` or `Locked`. The signature is looked at before clock and state: only who has the secret learns about these."""
    key_id, time, nonce, given = (headers.get(name, "") for name in signatures.HEADERS)
    if not (key_id and time and nonce and given):
        raise refused("signature_missing", NotSigned, expected="、".join(signatures.HEADERS))
    device = Device.objects.filter(key_id=key_id).first()
    if device is None:
        raise refused("key_unknown", NotSigned)
    if not signatures.well_formed(time, nonce):
        raise refused("signature_malformed", NotSigned)
    if not signatures.same(signatures.sign(secret_of(device), method, path, time, nonce, body), given):
        raise refused("signature_wrong", NotSigned)
    if device.revoked_at is not None:
        raise refused("key_revoked", Locked)
    if abs(now.timestamp() - int(time)) > CLOCK.total_seconds():
        raise refused("signature_late", NotSigned)
    return device
