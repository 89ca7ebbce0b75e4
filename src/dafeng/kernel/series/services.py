"""Keeping points, facts and devices. The readings themselves come in through `ingest`."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dafeng.kernel import sealing
from dafeng.kernel.actions import demand
from dafeng.kernel.records import services as records
from dafeng.kernel.series import channels, formulas, permissions, points
from dafeng.kernel.series.access import subjects_of
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Device, Point, PointFact
from dafeng.kernel.series.upkeep import touch

PURPOSE = "dafeng.series.device"
ASKED = {"subject", "name", "quantity", "unit", "kind"}
CHANGEABLE = ("name", "name_en", "quantity", "period", "digits", "rated", "since", "until", "device", "channel")
MOVABLE = ("subject", "organisation", "place")
EVER = datetime(2000, 1, 1, tzinfo=UTC)
# Of each numeric fact the lowest and the highest that it may be.
_BOUNDS: dict[str, tuple[float, float]] = {
    "multiplier": (1e-9, 1e9), "rated": (1e-9, 1e12), "digits": (1, 15), "period": (1, 31 * 86_400), "reset": (0, 1e15), "clock": (-31 * 86_400, 31 * 86_400),
    "fill": (0, 40 * 86_400),
}  # fmt: skip


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


def add_point(code: str, *, by: Any, now: datetime, **words: Any) -> Point:
    """Register a point in a person's name: the keepers any, the people of an organisation their own. Raises `SeriesError`, `PermissionDenied`."""
    if Point.objects.filter(code=code).exists():
        raise SeriesError(_("这个代码已有计量点"), mend=_("请换一个代码，或修改已有的计量点"))
    if not permissions.keeps_all(by):
        own = subjects_of(by)
        if words.get("subject") not in own:
            raise SeriesError(_("只能登记本单位的计量点"), expected="、".join(sorted(own)))
        organisation, words["place"] = own[words["subject"]]
        words["organisation"] = words.get("organisation") or organisation
    demand(by, permissions.KEEP, Point(organisation=words.get("organisation", "")))
    _check(code, words, by)
    with records.serial():
        found = ensure_point(code, **words)
        records.audit(by, "series.point.add", "series.point", code, _plain(words), now=now)
    return found


def change_point(point: Point, *, by: Any, now: datetime, **words: Any) -> Point:
    """Change what has no date (`CHANGEABLE`; the keepers also `MOVABLE`). Raises `SeriesError`, `PermissionDenied`.

    Another period or number of digits holds for all readings there are: their steps are made anew. Unit, multiplier, formula and a period
    that changes from a moment on are facts.
    """
    demand(by, permissions.KEEP, point)
    allowed = {*CHANGEABLE, *(MOVABLE if permissions.keeps_all(by) else ())}
    told = {name: value for name, value in words.items() if _stored(point, name) != _told(value)}
    if wrong := sorted(set(told) - allowed):
        raise SeriesError(
            _("计量点“%(code)s”的 %(names)s 不能改写") % {"code": point.code, "names": "、".join(wrong)},
            mend=_(
                "单位、倍率和公式请登记从何时起变更；类型错了请另登记一个计量点；对象、组织和所在地由发展改革部门改"
            ),
        )
    if not told:
        return point
    if "period" in told and point.facts.filter(name="period").exists():
        raise SeriesError(_("周期已登记过变更，不能改写"), mend=_("请登记周期从何时起变更"))
    _check(point.code, {"since": point.since, "until": point.until, **told}, by)
    before = {name: getattr(point, name) for name in told}
    with records.serial():
        for name, value in told.items():
            setattr(point, name, value)
        point.save(update_fields=list(told))
        points.changed()
        records.audit(
            by, "series.point.change", "series.point", point.code, {"was": _plain(before), "now": _plain(told)}, now=now
        )
    if {"period", "digits"} & told.keys():
        touch(point.pk, EVER)
    return point


def _check(code: str, words: dict[str, Any], by: Any) -> None:
    """What cannot hold together, and what is another's. Raises `SeriesError`."""
    since, until = words.get("since"), words.get("until")
    if since and until and until <= since:
        raise SeriesError(_("停用时间须晚于投用时间"))
    if words.get("channel"):
        channels.checked(words["channel"], code)
    device = words.get("device")
    if device is not None and not permissions.may_keep(by, device):
        raise SeriesError(_("没有这个设备"), mend=_("只能归到本单位的设备"))
    if words.get("formula"):
        _check_formula(words["formula"], words["unit"], words["kind"], by)


def _check_formula(formula: Any, unit: str, kind: str, by: Any) -> None:
    """A formula shows what its points show: nobody computes with points that they may not see, or that do not fit."""
    used = set(formulas.weights(formula))
    seen = {point.code: point for point in Point.objects.for_user(by).filter(code__in=used)}
    if unknown := sorted(used - set(seen)):
        raise SeriesError(_("没有计量点“%(code)s”") % {"code": unknown[0][:80]})
    for code, part in sorted(seen.items()):
        formulas.fitting(code, part.unit, part.kind, unit, kind)


def _plain(words: dict[str, Any]) -> dict[str, Any]:
    """As the audit keeps it."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value.code if isinstance(value, Device) else value
        for name, value in words.items()
    }


def state_fact(
    point: Point, name: str, value: Any, since: datetime, *, by: Any = None, now: datetime | None = None, note: str = ""
) -> PointFact:
    """State what holds of a point from a moment on. The same once more changes nothing; steps from then on are made anew.

    Names: `unit multiplier rated digits formula`, `reset` (a register was set to this value), `clock` (seconds by which its clock is
    fast), `fill` (seconds of a gap that may be filled), `fill_by` (`neighbours` or `last_week`), `period` (seconds; what a point had
    before its first change is kept as a fact of its own). `by` None is the system.
    Raises `SeriesError`, `UnitError`, `PermissionDenied`.
    """
    if by is not None:
        demand(by, permissions.KEEP, point)
    if name not in PointFact.Name.values:
        raise SeriesError(_("没有“%(name)s”这种事实") % {"name": name}, expected="、".join(PointFact.Name.values))
    if since.tzinfo is None or (now is not None and now.tzinfo is None):
        raise SeriesError(_("登记事实的时间须带时区"))
    if name == "unit":
        points.factor_of(str(value), point.unit)
    elif name == "formula":
        formulas.weights(value)
        if by is not None:
            _check_formula(value, point.unit, point.kind, by)
    elif name == "fill_by":
        if value not in points.FILLS:
            raise SeriesError(_("没有“%(value)s”这种补数规则") % {"value": value}, expected="、".join(points.FILLS))
    elif isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise SeriesError(_("“%(value)s”不是数") % {"value": value})
    elif not _BOUNDS[name][0] <= value <= _BOUNDS[name][1] or (name in ("digits", "period") and value != int(value)):
        raise SeriesError(_("%(value)s 超出了范围") % {"value": value}, expected="{:g} – {:g}".format(*_BOUNDS[name]))
    same = point.facts.filter(name=name, since=since).last()
    if same is not None and same.value == value:
        return same
    with transaction.atomic():
        if name == "period":
            _change_period(point, int(value), since)
        fact = PointFact.objects.create(
            point=point, name=name, value=value, since=since, stated_at=now or since, by=by, note=note[:200]
        )
        points.changed()
        records.audit(
            by, "series.fact", "series.point", point.code, {"name": name, "value": value, "since": since.isoformat()},
            now=fact.stated_at,
        )  # fmt: skip
    if name in ("unit", "multiplier", "reset", "fill", "fill_by", "digits", "period"):
        touch(point.pk, since)
    return fact


def _change_period(point: Point, seconds: int, since: datetime) -> None:
    """Before the first change keep what held until then; the point itself has the newest period."""
    dated = point.facts.filter(name="period")
    if not dated.exists():
        PointFact.objects.create(point=point, name="period", value=point.period, since=EVER, stated_at=EVER, by=None)
    if not dated.filter(since__gt=since).exists():
        point.period = seconds
        point.save(update_fields=["period"])


def make_device(
    code: str, name: str, *, by: Any, now: datetime, organisation: str = "", place: str = "", address: str = "", demo: bool = False
) -> tuple[Device, str]:  # fmt: skip
    """A device and its secret, which is told this once: it signs HTTP requests, and is the password at the broker.

    `address` is where the platform itself connects to, so only the keepers name one. Raises `SeriesError`, `PermissionDenied`.
    """
    if by is not None:
        demand(by, permissions.KEEP, Device(organisation=organisation))
        if address and not permissions.keeps_all(by):
            raise SeriesError(_("由平台去询问的设备（Modbus 地址）请发展改革部门登记"))
    if Device.objects.filter(code=code).exists():
        raise SeriesError(_("设备“%(code)s”已有登记") % {"code": code})
    key_id, secret, sealed = _new_key()
    with records.serial():
        device = Device.objects.create(
            code=code, name=name, organisation=organisation, place=place, address=address, demo=demo, made_at=now,
            key_id=key_id, sealed=sealed,
        )  # fmt: skip
        records.audit(by, "series.device.make", "series.device", code, {"key": device.key_id}, now=now)
    return device, secret


def renew_device(device: Device, *, by: Any, now: datetime) -> str:
    """A new key and secret, told this once; with the old ones nothing is taken any more. Raises `SeriesError`, `PermissionDenied`."""
    demand(by, permissions.KEEP, device)
    if device.revoked_at is not None:
        raise SeriesError(_("设备“%(code)s”已停用") % {"code": device.code}, mend=_("请另登记一台设备"))
    was = device.key_id
    device.key_id, secret, device.sealed = _new_key()
    with records.serial():
        device.save(update_fields=["key_id", "sealed"])
        records.audit(
            by, "series.device.renew", "series.device", device.code, {"was": was, "key": device.key_id}, now=now
        )
    return secret


def _new_key() -> tuple[str, str, bytes]:
    """Number, secret, and the secret sealed."""
    secret = secrets.token_urlsafe(32)
    return f"dv_{secrets.token_hex(8)}", secret, sealing.seal(PURPOSE, {"secret": secret})


def secret_of(device: Device) -> str:
    return str(sealing.unseal(PURPOSE, bytes(device.sealed))["secret"])


def revoke_device(device: Device, *, by: Any, now: datetime) -> None:
    """From now on nothing is taken from it. Raises `PermissionDenied`."""
    if by is not None:
        demand(by, permissions.KEEP, device)
    with records.serial():
        if Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now):
            records.audit(by, "series.device.revoke", "series.device", device.code, {}, now=now)
    device.refresh_from_db()
