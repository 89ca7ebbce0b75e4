"""The register of rivers, stations and gauges, their points, decisions and consents: the only code of the room that writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from dafeng.domains.energy.codes import check_code
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.hydro import permissions
from dafeng.domains.energy.models import EcoDecision, HydroGauge, HydroPoint, HydroStation, River
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound, UnitError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence
from dafeng.kernel.series import points as series
from dafeng.kernel.series.models import Point

THRESHOLD = "hydro.threshold"
STATION = (
    "name", "name_en", "place", "kind", "stage", "river", "km", "organisation", "capacity", "units", "head", "design_flow", "efficiency",
    "commissioned_on", "price", "source",
)  # fmt: skip
# What a role is read in, and of which kinds its point may be.
ROLES: dict[str, tuple[str, frozenset[str]]] = {
    "level": ("m", frozenset({"instant"})), "tail": ("m", frozenset({"instant"})), "inflow": ("m3/s", frozenset({"instant"})),
    "eco": ("m3/s", frozenset({"instant"})), "turbine": ("m3/s", frozenset({"instant"})), "flow": ("m3/s", frozenset({"instant"})),
    "power": ("kW", frozenset({"instant"})), "energy": ("kWh", frozenset({"register", "interval"})), "rain": ("mm", frozenset({"interval"})),
}  # fmt: skip
OF_GAUGES = frozenset({"level", "flow", "rain"})
MOST = {"capacity": 1e7, "head": 1500.0, "design_flow": 1e5, "efficiency": 1.0, "km": 7000.0, "length": 7000.0}


def _positive(name: str, value: float | None, title: str) -> None:
    """A number of the register: above zero (a place on the river may be zero), and not absurd."""
    if value is None:
        return
    if not math.isfinite(value) or value < 0 or (value == 0 and name != "km") or value > MOST[name]:
        raise Refused(
            "number", _("%(title)s %(value)s 不对") % {"title": title, "value": value},
            expected=_("大于 0、不超过 %(most)s 的数；不知道请留空") % {"most": f"{MOST[name]:g}"},
        )  # fmt: skip


def ensure_river(
    code: str, *, name: str, city: str, by: Any, now: datetime, downstream: River | None = None, joins: float | None = None, **more: Any
) -> River:  # fmt: skip
    """Put a river on the register, or bring it up to date. Raises `Refused`: `code`, `circle`, `number`, `joins`."""
    check_code(code)
    here, seen = downstream, set()
    while here is not None and here.code not in seen:
        if here.code == code:
            raise Refused("circle", _("河流不能流回自己"), mend=_("请核对汇入的河流"))
        seen.add(here.code)
        here = here.downstream
    _positive("km", joins, _("汇入处距下游河河口（km）"))
    _positive("length", more.get("length"), _("河长（km）"))
    if joins is not None and (downstream is None or (downstream.length is not None and joins > downstream.length)):
        raise Refused(
            "joins", _("汇入处距河口 %(km)s km 不对") % {"km": joins}, expected=_("先选汇入的河流，且不超过它的长度")
        )
    with records.serial():
        found, _made = River.objects.update_or_create(
            code=code, defaults={"name": name, "city": city, "downstream": downstream, "joins": joins} | more
        )
        told = {"name": name, "downstream": downstream.code if downstream else "", "joins": joins} | more
        records.audit(by, "energy.hydro.river", "river", code, told, now=now)
    return found


def keep(
    city: str, *, code: str, given: Mapping[str, Any], by: Any, now: datetime, firm: Enterprise | None = None, demo: bool = False
) -> HydroStation:  # fmt: skip
    """Put a station on the register, or bring it up to date by its code. What is None is not known, and shown so.

    Raises `Refused`: `code`, `number`, `future_day`, `other_place`.
    """
    check_code(code)
    for name in ("capacity", "head", "design_flow", "efficiency", "km"):
        _positive(name, given.get(name), str(HydroStation._meta.get_field(name).verbose_name))
    if (day := given.get("commissioned_on")) and day > now.date():
        raise Refused("future_day", _("投产日期还没有到"), mend=_("在建的请把状态选为“在建”，投产日期留空"))
    words = {name: given[name] for name in STATION if name in given}
    if firm is not None:
        words["organisation"] = words.get("organisation") or firm.organisation
    with records.serial():
        former = HydroStation.objects.filter(code=code).first()
        if former and (former.city != city or former.place != given["place"]):
            raise Refused("other_place", _("编号“%(code)s”已属于另一处的电站") % {"code": code}, mend=_("请换一个编号"))
        found, _made = HydroStation.objects.update_or_create(
            code=code, defaults=words | {"city": city, "demo": demo} | ({"enterprise": firm} if firm else {})
        )
        told = {name: str(value) for name, value in words.items() if value not in (None, "")}
        records.audit(by, "energy.hydro.keep", "hydro", code, told, now=now)
    return found


def keep_gauge(
    city: str, *, code: str, given: Mapping[str, Any], by: Any, now: datetime, demo: bool = False
) -> HydroGauge:
    """Put a measuring station on the register, or bring it up to date. Raises `Refused`: `code`, `number`, `other_place`."""
    check_code(code)
    _positive("km", given["km"], _("距河口（km）"))
    with records.serial():
        former = HydroGauge.objects.filter(code=code).first()
        if former and (former.city != city or former.place != given["place"]):
            raise Refused("other_place", _("编号“%(code)s”已属于另一处的测站") % {"code": code}, mend=_("请换一个编号"))
        found, _made = HydroGauge.objects.update_or_create(code=code, defaults=dict(given) | {"city": city, "demo": demo})  # fmt: skip
        told = {name: str(value) for name, value in given.items() if value not in (None, "")}
        records.audit(by, "energy.hydro.gauge", "gauge", code, told, now=now)
    return found


def gauge_for(user: Any, code: str) -> HydroGauge:
    """A measuring station that this person may see. Raises `NotFound`."""
    found = HydroGauge.objects.for_user(user).select_related("river").filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这个水文测站"), mend=_("请从水文测报进入"))
    return found


def river_for(code: str) -> River:
    """Raises `NotFound`."""
    found = River.objects.filter(code=code).select_related("downstream").first()
    if found is None:
        raise NotFound(_("没有这条河"), mend=_("请从河流名录进入"))
    return found


def station_for(user: Any, code: str) -> HydroStation:
    """A station of which this person may see at least what is shared. Raises `NotFound`."""
    found = HydroStation.objects.for_user(user).select_related("river", "enterprise").filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这座水电站"), mend=_("请从流域看板进入"))
    return found


def station_in_full(user: Any, code: str) -> HydroStation:
    """A station of which this person sees everything. Raises `NotFound`: to others its inner matters do not exist."""
    found = HydroStation.objects.in_full(user).select_related("river", "enterprise").filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这座水电站，或只共享了水情"), mend=_("请从流域看板进入"))
    return found


def bind(
    target: HydroStation | HydroGauge, *, role: str, point: str, by: Any, now: datetime, unit: int = 0
) -> HydroPoint:
    """Say that a point of the series store measures this of a station or gauge.

    Raises `Refused`: `no_point`, `wrong_kind`, `wrong_unit`, `taken`, `not_here`.
    """
    found = Point.objects.filter(code=point).first()
    if found is None or (by is not None and not Point.objects.for_user(by).filter(pk=found.pk).exists()):
        raise Refused("no_point", _("没有计量点“%(code)s”") % {"code": point[:40]}, mend=_("请先在计量数据里登记"))
    unit_wanted, kinds = ROLES[role]
    if isinstance(target, HydroGauge) and role not in OF_GAUGES:
        raise Refused("not_here", _("水文测站没有这种测点"), expected=_("水位、流量、雨量"))
    if found.kind not in kinds:
        names = dict(Point.Kind.choices)
        raise Refused(
            "wrong_kind", _("计量点“%(code)s”是%(kind)s") % {"code": point, "kind": found.get_kind_display()},
            expected="、".join(str(names[each]) for each in sorted(kinds)),
        )  # fmt: skip
    try:
        series.factor_of(found.unit, unit_wanted)
    except UnitError as error:
        raise Refused(
            "wrong_unit", _("计量点的单位是 %(unit)s") % {"unit": found.unit}, expected=unit_wanted
        ) from error
    owner = {"station": target} if isinstance(target, HydroStation) else {"gauge": target}
    try:
        with records.serial(), transaction.atomic():
            made = HydroPoint.objects.create(role=role, unit=unit, point=found, **owner)  # type: ignore[misc]
            records.audit(by, "energy.hydro.bind", "hydro", target.code, {"role": role, "point": point}, now=now)
    except IntegrityError:
        raise Refused("taken", _("这个计量点或这种测点已经绑定过"), mend=_("请先核对已有的测点")) from None
    return made


def draft_decision(
    station: HydroStation, *, flows: Sequence[float | None], since: date, document: str, by: Any, now: datetime,
    evidence: Sequence[Evidence] = (), demo: bool = False,
) -> EcoDecision:  # fmt: skip
    """Draft a decision on ecological flow by month; it counts from `since` on once another person signed it.

    Raises `Refused`: `months`, `negative`, `empty`, `no_document`, `stage`.
    """
    if len(flows) != 12:
        raise Refused("months", _("要填十二个月"), expected=_("一月到十二月；没有核定的月份留空"))
    if any(each is not None and not 0 < each < 1e5 for each in flows):
        raise Refused("negative", _("生态流量不能是负数或 0"), expected=_("大于 0 的 m³/s；没有核定的月份留空"))
    if all(each is None for each in flows):
        raise Refused("empty", _("十二个月都没有填"))
    if not document.strip():
        raise Refused("no_document", _("没有写依据文件"), mend=_("请写核定文件的名称和文号"))
    payload = {"station": station.code, "flows": list(flows), "since": since, "document": document.strip()}
    with records.serial():
        record = records.open_record(
            THRESHOLD, title=_("%(name)s 生态流量核定") % {"name": station.name}, payload=payload, by=by, now=now, place=station.place,
            key=station.code, evidence=evidence,
        )  # fmt: skip
        return EcoDecision.objects.create(
            record=record, station=station, flows=list(flows), since=since, document=document.strip(), demo=demo
        )


def consent(station: HydroStation, *, shares: bool, by: Any, now: datetime) -> None:
    """The owner agrees, or no longer, that others on the river see power and generation."""
    demand(by, permissions.CONSENT, station)
    with records.serial():
        HydroStation.objects.filter(pk=station.pk).update(shares_power=shares)
        records.audit(by, "energy.hydro.consent", "hydro", station.code, {"shares_power": shares}, now=now)
    station.shares_power = shares
