"""Energy led between the firms of a park: links, their points or month values."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.readings import month_of
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import Park, ParkFlow, ParkLink
from dafeng.domains.energy.parks import rules, store
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import UnitError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence
from dafeng.kernel.series.models import Point
from dafeng.kernel.series.points import factor_of


def add(
    park: Park, *, kind: str, source: Enterprise | None, target: Enterprise, carrier: str, since: date, by: Any, now: datetime,
    sent_point: str = "", received_point: str = "", demo: bool = False,
) -> ParkLink:  # fmt: skip
    """A new link. Raises `Refused`: `ends`, `not_member`, `carrier`, `point`, `point_unit`, `twice`."""
    if (kind == ParkLink.Kind.EXCHANGE) != (source is not None):
        raise Refused("ends", _("企业间供能要写供方；外购和自产不写供方"))
    if source is not None and source.pk == target.pk:
        raise Refused("ends", _("供方和用方是同一家"))
    if carrier not in rules.carriers():
        raise Refused(
            "carrier", _("没有“%(carrier)s”这种介质") % {"carrier": carrier}, expected="、".join(rules.carriers())
        )
    for firm in (source, target):
        if firm is not None:
            store.member(park, firm)
    ends = {
        "sent_point": _point(sent_point, source or target, carrier), "received_point": _point(received_point, target, carrier),
    }  # fmt: skip
    try:
        with records.serial(), transaction.atomic():
            made = ParkLink.objects.create(
                park=park, kind=kind, source=source, target=target, carrier=carrier, since=since, demo=demo, **ends
            )
            detail = {"kind": kind, "source": source.code if source else "", "target": target.code, "carrier": carrier}
            records.audit(by, "energy.park.link", "park", park.code, detail, now=now)
    except IntegrityError:
        raise Refused("twice", _("这条供能已经登记过")) from None
    return made


def _point(code: str, owner: Enterprise, carrier: str) -> Point | None:
    """A point of the firm in a unit of the carrier. Raises `Refused`."""
    if not code:
        return None
    found = Point.objects.filter(code=code).first()
    if found is None or found.subject != owner.subject:
        raise Refused("point", _("“%(firm)s”没有计量点“%(code)s”") % {"firm": owner.name, "code": code[:60]})
    unit = rules.carriers()[carrier].unit
    try:
        factor_of(found.unit, unit)
    except UnitError:
        raise Refused(
            "point_unit", _("计量点“%(code)s”的单位是 %(unit)s，不能计这种介质") % {"code": code, "unit": found.unit}, expected=unit
        ) from None  # fmt: skip
    if found.kind == Point.Kind.INSTANT:
        raise Refused("point", _("计量点“%(code)s”是瞬时值，不能计量") % {"code": code})
    return found


def tell(
    link: ParkLink, *, month: str, sent: float | None, received: float | None, source: str, by: Any, now: datetime,
    evidence: Evidence | None = None,
) -> ParkFlow:  # fmt: skip
    """What a link carried in a month; telling it again corrects it. Raises `Refused`: `nothing`, `negative`, `gain`, `future_month`, `no_source`."""
    period = month_of(month)
    if period.start > now.date():
        raise Refused("future_month", _("%(month)s 还没有到") % {"month": period}, mend=_("请核对月份"))
    if sent is None and received is None:
        raise Refused("nothing", _("送出和收到都没有填"))
    for value in (sent, received):
        if value is not None and not (math.isfinite(value) and 0 <= value < 1e12):
            raise Refused("negative", _("数量 %(value)s 不对") % {"value": value}, expected=_("不小于 0 的数"))
    if sent is not None and received is not None and received > sent:
        raise Refused("gain", _("收到的比送出的多"), mend=_("请核对两端的表"))
    if not source.strip():
        raise Refused("no_source", _("没有写数据来源"), mend=_("请写明台账、账单或统计表的名称"))
    with records.serial():
        last = ParkFlow.objects.filter(link=link, month=str(period)).aggregate(last=Max("revision"))["last"] or 0
        made = ParkFlow(
            link=link, month=str(period), sent=sent, received=received, source=source.strip(), evidence=evidence, revision=last + 1,
            by=by, at=now,
        )  # fmt: skip
        made.save()
        detail = {"link": link.pk, "month": str(period), "sent": sent, "received": received, "revision": last + 1}
        records.audit(by, "energy.park.flow", "park", link.park.code, detail, now=now)
    return made
