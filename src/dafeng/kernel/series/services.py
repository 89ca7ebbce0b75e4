"""Keeping points, facts and devices. The readings themselves come in through `ingest`."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from dafeng.kernel import sealing
from dafeng.kernel.records import services as records
from dafeng.kernel.series import formulas, points
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Device, Point, PointFact
from dafeng.kernel.series.upkeep import touch

PURPOSE = "dafeng.series.device"
ASKED = {"subject", "name", "quantity", "unit", "kind"}
_NUMBERS = {"multiplier", "rated", "digits", "reset", "clock", "fill"}


def ensure_point(code: str, **words: Any) -> Point:
    """Make a point, or bring its words up to date; `code` and the fields of `Point`.

    What the readings are computed by (`unit kind multiplier formula`) is only taken when the point is new: later it is stated as
    a dated fact (`state_fact`). Raises `SeriesError`.
    """
    with transaction.atomic():
        found = Point.objects.filter(code=code).first()
        if found is None:
            if lacking := ASKED - set(words):
                raise SeriesError(f"登记计量点“{code}”还缺 {'、'.join(sorted(lacking))}")
            if words["kind"] not in Point.Kind.values:
                raise SeriesError(f"没有“{words['kind']}”这种计量点", expected="、".join(Point.Kind.values))
            if words.get("formula"):
                formulas.weights(words["formula"])
            found = Point.objects.create(code=code, **words)
            points.changed()
            return found
        fixed = [
            name
            for name in ("unit", "kind", "multiplier", "formula")
            if name in words and getattr(found, name) != words[name]
        ]
        if fixed:
            raise SeriesError(
                f"计量点“{code}”的 {'、'.join(fixed)} 已有登记，不能改写", mend="请用 state_fact 登记从何时起变更"
            )
        changes = {name: value for name, value in words.items() if _stored(found, name) != _told(value)}
        if changes:
            for name, value in changes.items():
                setattr(found, name, value)
            found.save(update_fields=list(changes))
            points.changed()
    return found


def _stored(point: Point, name: str) -> Any:
    return point.device_id if name == "device" else getattr(point, name)


def _told(value: Any) -> Any:
    return value.pk if isinstance(value, Device) else value


def state_fact(
    point: Point, name: str, value: Any, since: datetime, *, by: Any = None, now: datetime | None = None, note: str = ""
) -> PointFact:
    """State what holds of a point from a moment on. The same once more changes nothing; steps from then on are made anew.

    Names: `unit multiplier rated digits formula`, `reset` (a register was set to this value), `clock` (seconds by which its clock is
    fast), `fill` (seconds of a gap that may be filled), `fill_by` (`neighbours` or `last_week`). Raises `SeriesError`, `UnitError`.
    """
    if name not in PointFact.Name.values:
        raise SeriesError(f"没有“{name}”这种事实", expected="、".join(PointFact.Name.values))
    if since.tzinfo is None or (now is not None and now.tzinfo is None):
        raise SeriesError("登记事实的时间须带时区")
    if name == "unit":
        points.factor_of(str(value), point.unit)
    elif name == "formula":
        formulas.weights(value)
    elif name == "fill_by":
        if value not in points.FILLS:
            raise SeriesError(f"没有“{value}”这种补数规则", expected="、".join(points.FILLS))
    elif name in _NUMBERS and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise SeriesError(f"“{value}”不是数")
    same = point.facts.filter(name=name, since=since).last()
    if same is not None and same.value == value:
        return same
    with transaction.atomic():
        fact = PointFact.objects.create(
            point=point, name=name, value=value, since=since, stated_at=now or since, by=by, note=note[:200]
        )
        points.changed()
        records.audit(
            by, "series.fact", "series.point", point.code, {"name": name, "value": value, "since": since.isoformat()},
            now=fact.stated_at,
        )  # fmt: skip
    if name in ("unit", "multiplier", "reset", "fill", "fill_by", "digits"):
        touch(point.pk, since)
    return fact


def make_device(
    code: str, name: str, *, by: Any, now: datetime, organisation: str = "", place: str = "", address: str = "", demo: bool = False
) -> tuple[Device, str]:  # fmt: skip
    """A device and its secret, which is told this once: it signs HTTP requests, and is the password at the broker."""
    if Device.objects.filter(code=code).exists():
        raise SeriesError(f"设备“{code}”已有登记")
    secret = secrets.token_urlsafe(32)
    with records.serial():
        device = Device.objects.create(
            code=code, name=name, organisation=organisation, place=place, address=address, demo=demo, made_at=now,
            key_id=f"dv_{secrets.token_hex(8)}", sealed=sealing.seal(PURPOSE, {"secret": secret}),
        )  # fmt: skip
        records.audit(by, "series.device.make", "series.device", code, {"key": device.key_id}, now=now)
    return device, secret


def secret_of(device: Device) -> str:
    return str(sealing.unseal(PURPOSE, bytes(device.sealed))["secret"])


def revoke_device(device: Device, *, by: Any, now: datetime) -> None:
    """From now on nothing is taken from it."""
    with records.serial():
        if Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now):
            records.audit(by, "series.device.revoke", "series.device", device.code, {}, now=now)
    device.refresh_from_db()
