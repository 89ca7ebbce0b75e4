"""What operators on a river tell those below: who may read which notice, posting, taking back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.hydro import permissions
from dafeng.domains.energy.hydro.methods import river
from dafeng.domains.energy.models import HydroGauge, HydroNotice, HydroStation, River
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.access import OFFICES
from dafeng.kernel.records import services as records
from dafeng.kernel.records.access import is_superuser, places_of, roles_of

AHEAD = timedelta(days=90)


def seen_by(user: Any) -> QuerySet[HydroNotice]:
    """All for offices. For others: of their own stations; of stations above one of theirs, along the rivers; planned releases of
    every station on a river of theirs, for these are shared."""
    rows = HydroNotice.objects.select_related("station__river")
    if is_superuser(user) or OFFICES & roles_of(user):
        return rows
    own = list(HydroStation.objects.in_full(user).values_list("pk", "river__code", "km"))
    places = [(code, km) for _pk, code, km in own if code is not None and km is not None]
    if "county" in roles_of(user):
        here = HydroGauge.objects.filter(place__in=places_of(user) - {""})
        places += list(here.values_list("river__code", "km"))
    rivers = {code for code, _km in places}
    above = [
        pk
        for pk, stretches in _reaches(with_notices=True).items()
        if any(river.is_below(stretches, place) for place in places)
    ]
    mine = [pk for pk, _code, _km in own]
    shared = Q(station__river__code__in=rivers, kind=HydroNotice.Kind.RELEASE)
    return rows.filter(Q(station__in=mine) | Q(station__in=above) | shared)


def _reaches(*, with_notices: bool) -> dict[int, dict[str, float]]:
    """Station → what lies below it."""
    flows = {
        code: None if into is None or joins is None else (into, joins)
        for code, into, joins in River.objects.values_list("code", "downstream__code", "joins")
    }
    rows = HydroStation.objects.exclude(river=None).exclude(km=None)
    if with_notices:
        rows = rows.filter(notices__isnull=False).distinct()
    return {
        pk: river.stretches_below(flows, (code, km))
        for pk, code, km in rows.order_by().values_list("pk", "river__code", "km")
    }


def readers_of(station: HydroStation) -> list[HydroStation]:
    """The stations below, whose people read what this one tells."""
    stretches = _reaches(with_notices=False).get(station.pk)
    if stretches is None:
        return []
    rows = HydroStation.objects.filter(river__code__in=stretches).exclude(km=None).select_related("river")
    return [each for each in rows if river.is_below(stretches, (each.river.code, each.km or 0.0))]  # type: ignore[union-attr]


def post(
    station: HydroStation, *, kind: str, starts: datetime, ends: datetime, text: str, by: Any, now: datetime, flow: float | None = None, demo: bool = False
) -> HydroNotice:  # fmt: skip
    """Tell those below. Raises `Refused` (`times`, `past`, `far`, `negative`, `no_flow`, `no_text`, `kind`), `PermissionDenied`."""
    if by is not None:
        demand(by, permissions.TELL, station)
    if kind not in HydroNotice.Kind.values:
        raise Refused("kind", _("没有这种通告"), expected="、".join(HydroNotice.Kind.values))
    if ends <= starts:
        raise Refused("times", _("结束时间不晚于开始时间"), mend=_("请核对起止时间"))
    if ends < now:
        raise Refused("past", _("结束时间已经过去"), expected=_("现在以后的时间"))
    if starts > now + AHEAD:
        raise Refused("far", _("开始时间太远"), expected=_("九十天以内"))
    if flow is not None and not 0 <= flow < 1e5:
        raise Refused("negative", _("流量 %(flow)s 不对") % {"flow": flow}, expected=_("不小于 0 的 m³/s"))
    if kind == HydroNotice.Kind.RELEASE and flow is None:
        raise Refused("no_flow", _("计划放水要写下泄流量"), expected=_("m³/s"))
    if not text.strip():
        raise Refused("no_text", _("没有写内容"))
    with records.serial():
        made = HydroNotice.objects.create(
            station=station, kind=kind, starts=starts, ends=ends, flow=flow, text=text.strip()[:400], by=by, at=now, demo=demo
        )  # fmt: skip
        records.audit(by, "energy.hydro.notice", "hydro_notice", str(made.pk), {"station": station.code, "kind": kind}, now=now)  # fmt: skip
    return made


def withdraw(notice: HydroNotice, *, by: Any, now: datetime) -> None:
    """Take a notice back; it stays readable, marked. Raises `Refused` (`withdrawn`), `PermissionDenied`."""
    demand(by, permissions.TELL, notice.station)
    with records.serial():
        if not HydroNotice.objects.filter(pk=notice.pk, withdrawn_at=None).update(withdrawn_at=now):
            raise Refused("withdrawn", _("这条通告已经撤回"))
        records.audit(by, "energy.hydro.notice.withdraw", "hydro_notice", str(notice.pk), {}, now=now)
