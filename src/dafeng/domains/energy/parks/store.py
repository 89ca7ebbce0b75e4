"""The register of parks and what is told of them: firms, third-party contracts, yearly figures, the test of 具备条件, stages, boilers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from dafeng.domains.energy.codes import check_code
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import (
    Boiler,
    BoilerReplacement,
    Park,
    ParkFirm,
    ParkLink,
    ParkService,
    ParkStage,
    ParkYear,
    Qualification,
)
from dafeng.domains.energy.parks import rules
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

QUALIFICATION, STAGE, BOILER = "park.qualification", "park.stage", "park.boiler"
WORDS = ("name", "name_en", "place", "level", "area", "operator", "organisation", "longitude", "latitude")


def check_place(longitude: float | None, latitude: float | None) -> None:
    """Both or neither, and on the globe. Raises `Refused`: `position`."""
    if (longitude is None) != (latitude is None):
        raise Refused("position", _("经度、纬度只填了一个"), mend=_("两个都填，或都留空"))
    if longitude is not None and latitude is not None and not (73 <= longitude <= 136 and 3 <= latitude <= 54):
        raise Refused("position", _("坐标不在国内"), expected=_("经度 73–136，纬度 3–54"))


def keep(city: str, *, code: str, given: Mapping[str, Any], by: Any, now: datetime, demo: bool = False) -> Park:
    """Put a park on the register, or bring it up to date by its code. Raises `Refused`: `code`, `area`, `position`, `other_place`."""
    check_code(code)
    if given.get("area") is not None and not 0 < given["area"] < 1e6:
        raise Refused("area", _("园区面积 %(area)s 不对") % {"area": given["area"]}, expected=_("大于 0 的公顷数"))
    check_place(given.get("longitude"), given.get("latitude"))
    words = {name: given[name] for name in WORDS if name in given}
    with records.serial():
        former = Park.objects.filter(code=code).first()
        if former and (former.city != city or former.place != given["place"]):
            raise Refused("other_place", _("编号“%(code)s”已属于另一处的园区") % {"code": code}, mend=_("请换一个编号"))
        found, _made = Park.objects.update_or_create(code=code, defaults=words | {"city": city, "demo": demo})
        told = {key: value for key, value in words.items() if value not in (None, "")}
        records.audit(by, "energy.park.keep", "park", code, told, now=now)
    return found


def park_for(user: Any, code: str) -> Park:
    """A park that this person may see. Raises `NotFound`."""
    found = Park.objects.for_user(user).filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这个园区"), mend=_("请从园区名录进入"))
    return found


def member(park: Park, firm: Enterprise) -> ParkFirm:
    """The firm's seat in the park. Raises `Refused`: `not_member`."""
    found: ParkFirm | None = ParkFirm.objects.filter(park=park, enterprise=firm, until=None).first()
    if found is None:
        raise Refused("not_member", _("“%(firm)s”不在这个园区") % {"firm": firm.name}, mend=_("请先登记入园"))
    return found


def join(
    park: Park, firm: Enterprise, *, since: date, by: Any, now: datetime, longitude: float | None = None, latitude: float | None = None,
    shares: bool = False,
) -> ParkFirm:  # fmt: skip
    """A firm comes into the park, or its place and consent are brought up to date. Raises `Refused`: `elsewhere`, `future_day`, `position`."""
    check_place(longitude, latitude)
    if since > now.date():
        raise Refused("future_day", _("日期还没有到"), mend=_("请填写已经过去的日期"))
    if firm.city != park.city:
        raise Refused("elsewhere", _("“%(firm)s”不在本市") % {"firm": firm.name})
    words = {"longitude": longitude, "latitude": latitude, "shares": shares}
    try:
        with records.serial(), transaction.atomic():
            seat = ParkFirm.objects.filter(park=park, enterprise=firm, until=None).first()
            if seat is None:
                seat = ParkFirm.objects.create(park=park, enterprise=firm, since=since, **words)
            else:
                ParkFirm.objects.filter(pk=seat.pk).update(**words)
                seat.refresh_from_db()
            records.audit(
                by, "energy.park.join", "park", park.code, {"firm": firm.code, "since": since, **words}, now=now
            )
    except IntegrityError:
        raise Refused(
            "elsewhere", _("“%(firm)s”现在另一个园区") % {"firm": firm.name}, mend=_("请先在那个园区登记离园")
        ) from None
    return seat


def leave(park: Park, firm: Enterprise, *, until: date, by: Any, now: datetime) -> ParkFirm:
    """A firm leaves. Raises `Refused`: `not_member`, `wrong_order`, `future_day`."""
    with records.serial():
        seat = member(park, firm)
        if until < seat.since:
            raise Refused("wrong_order", _("离园日期早于入园日期 %(since)s") % {"since": seat.since})
        if until > now.date():
            raise Refused("future_day", _("日期还没有到"), mend=_("请填写已经过去的日期"))
        seat.until = until
        seat.save(update_fields=["until"])
        records.audit(by, "energy.park.leave", "park", park.code, {"firm": firm.code, "until": until}, now=now)
    return seat


def contract(
    park: Park, *, kind: str, provider: str, contract: str, since: date, until: date | None, by: Any, now: datetime, demo: bool = False
) -> ParkService:  # fmt: skip
    """A third party's contract for energy or environment. Raises `Refused`: `wrong_order`, `no_contract`."""
    if until is not None and until < since:
        raise Refused("wrong_order", _("合同止于起始之前"))
    if not provider.strip() or not contract.strip():
        raise Refused("no_contract", _("没有写服务单位或合同"), mend=_("请写明服务单位全称和合同编号"))
    with records.serial():
        made = ParkService.objects.create(
            park=park,
            kind=kind,
            provider=provider.strip(),
            contract=contract.strip(),
            since=since,
            until=until,
            demo=demo,
        )
        detail = {"kind": kind, "provider": made.provider, "contract": made.contract, "since": since, "until": until}
        records.audit(by, "energy.park.contract", "park", park.code, detail, now=now)
    return made


def state_year(
    park: Park, *, year: int, key: str, value: float, source: str, by: Any, now: datetime, evidence: Evidence | None = None
) -> ParkYear:  # fmt: skip
    """A yearly figure; telling it again corrects it. Raises `Refused`: `figure`, `negative`, `year`, `no_source`."""
    if key not in rules.figures():
        raise Refused("figure", _("没有“%(key)s”这一项") % {"key": key}, expected="、".join(rules.figures()))
    if not 0 <= value < 1e15:
        raise Refused("negative", _("数量 %(value)s 不对") % {"value": value}, expected=_("不小于 0 的数"))
    if not 2000 <= year <= now.year:
        raise Refused("year", _("年份 %(year)s 不对") % {"year": year})
    if not source.strip():
        raise Refused("no_source", _("没有写数据来源"), mend=_("请写明台账、账单或统计表的名称"))
    with records.serial():
        last = ParkYear.objects.filter(park=park, year=year, key=key).aggregate(last=Max("revision"))["last"] or 0
        made = ParkYear(
            park=park, year=year, key=key, value=value, source=source.strip(), evidence=evidence, revision=last + 1, by=by, at=now
        )  # fmt: skip
        made.save()
        detail = {"year": year, "key": key, "value": value, "revision": last + 1}
        records.audit(by, "energy.park.year", "park", park.code, detail, now=now)
    return made


def file_qualification(
    park: Park, *, met: Sequence[str], notes: str, judge: str, judged_on: date, by: Any, now: datetime, evidence: Sequence[Evidence],
    demo: bool = False,
) -> Qualification:  # fmt: skip
    """The test of 具备条件 against the criteria of today: qualified when all are met. Raises `Refused`: `criterion`, `no_judge`, `future_day`, `no_proof`."""
    known = {each.code for each in rules.criteria()}
    if unknown := set(met) - known:
        raise Refused(
            "criterion", _("没有“%(code)s”这一条") % {"code": sorted(unknown)[0]}, expected="、".join(sorted(known))
        )
    if not judge.strip():
        raise Refused("no_judge", _("没有写由谁评定"), mend=_("请写明评定单位和人"))
    if judged_on > now.date():
        raise Refused("future_day", _("日期还没有到"), mend=_("请填写已经过去的日期"))
    if not evidence:
        raise Refused("no_proof", _("没有附证明"), mend=_("请附上评定表或文件"))
    criteria = [{"code": each.code, "met": each.code in met} for each in rules.criteria()]
    qualified = all(each["met"] for each in criteria)
    payload = {
        "park": park.code, "criteria": criteria, "rules": rules.criteria_version(), "qualified": qualified, "judge": judge.strip(), "judged_on": judged_on, "notes": notes,
    }  # fmt: skip
    with records.serial():
        record = records.open_record(
            QUALIFICATION, title=_("%(park)s 循环化改造条件评定") % {"park": park.name}, payload=payload, by=by, now=now, place=park.place,
            key=park.code, evidence=evidence,
        )  # fmt: skip
        return Qualification.objects.create(
            record=record, park=park, criteria=criteria, rules=rules.criteria_version(), qualified=qualified, judge=judge.strip(),
            judged_on=judged_on, demo=demo,
        )  # fmt: skip


def file_stage(
    park: Park, *, stage: str, on: date, document: str, by: Any, now: datetime, evidence: Sequence[Evidence], demo: bool = False
) -> ParkStage:  # fmt: skip
    """That the retrofit began or is done, with its proof. Raises `Refused`: `stage`, `no_document`, `future_day`, `no_proof`."""
    if stage not in ParkStage.Stage.values:
        raise Refused(
            "stage", _("没有“%(stage)s”这种状态") % {"stage": stage}, expected="、".join(ParkStage.Stage.values)
        )
    if not document.strip():
        raise Refused("no_document", _("没有写依据文件"), mend=_("请写明文件名称和文号"))
    if on > now.date():
        raise Refused("future_day", _("日期还没有到"), mend=_("请填写已经过去的日期"))
    if not evidence:
        raise Refused("no_proof", _("没有附证明"), mend=_("请附上批复、验收意见等文件"))
    title = _("%(park)s 循环化改造：%(stage)s") % {"park": park.name, "stage": ParkStage.Stage(stage).label}
    with records.serial():
        record = records.open_record(
            STAGE, title=title, payload={"park": park.code, "stage": stage, "on": on, "document": document}, by=by, now=now,
            place=park.place, key=park.code, evidence=evidence,
        )  # fmt: skip
        return ParkStage.objects.create(
            record=record, park=park, stage=stage, on=on, document=document.strip(), demo=demo
        )


def keep_boiler(
    city: str, *, number: str, given: Mapping[str, Any], by: Any, now: datetime, demo: bool = False
) -> Boiler:
    """Put a boiler on the register, or bring it up to date by its number. Raises `Refused`: `number`, `capacity`, `fuel`, `year`, `position`, `other_place`."""
    plate = re.sub(r"\s+", "", number).upper()
    if not plate:
        raise Refused("number", _("没有写使用登记证编号"))
    if not 0 < given["capacity"] < 1e4:
        raise Refused(
            "capacity", _("额定蒸发量 %(value)s 不对") % {"value": given["capacity"]}, expected=_("大于 0 的 t/h")
        )
    if given["item"] not in rules.fuels():
        raise Refused("fuel", _("没有“%(item)s”这种燃料") % {"item": given["item"]}, expected="、".join(rules.fuels()))
    if given.get("year") and not 1950 <= given["year"] <= now.year:
        raise Refused("year", _("年份 %(year)s 不对") % {"year": given["year"]})
    check_place(given.get("longitude"), given.get("latitude"))
    with records.serial():
        former = Boiler.objects.filter(number=plate).first()
        if former and former.place != given["place"]:
            raise Refused(
                "other_place", _("编号“%(code)s”的锅炉已登记在另一县区") % {"code": plate}, mend=_("请核对编号")
            )
        found, _made = Boiler.objects.update_or_create(number=plate, defaults={**given, "city": city, "demo": demo})
        told = {key: value for key, value in given.items() if isinstance(value, (str, int, float)) and value != ""}
        records.audit(by, "energy.boiler.keep", "boiler", plate, told, now=now)
    return found


def replace_boiler(
    boiler: Boiler, *, heat_from: str, on: date, by: Any, now: datetime, evidence: Sequence[Evidence], link: ParkLink | None = None,
    demo: bool = False,
) -> BoilerReplacement:  # fmt: skip
    """Central heat took a boiler's place: once. Raises `Refused`: `replaced`, `no_source`, `future_day`, `no_proof`."""
    if not heat_from.strip():
        raise Refused("no_source", _("没有写由谁供热"))
    if on > now.date():
        raise Refused("future_day", _("日期还没有到"), mend=_("请填写已经过去的日期"))
    if not evidence:
        raise Refused("no_proof", _("没有附证明"), mend=_("请附上停用或注销登记的文件"))
    payload = {"boiler": boiler.number, "heat_from": heat_from, "on": on, "link": link.pk if link else None}
    with records.serial():
        # Locked, so that two clerks at once do not both find it standing.
        Boiler.objects.select_for_update().get(pk=boiler.pk)
        if boiler.replacements.exclude(record__state="refused").exists():
            raise Refused("replaced", _("这台锅炉已报过替代，不能再算一次"), mend=_("请核对编号"))
        record = records.open_record(
            BOILER, title=_("%(boiler)s 由集中供热替代") % {"boiler": boiler.name}, payload=payload, by=by, now=now, place=boiler.place,
            key=boiler.number, evidence=evidence,
        )  # fmt: skip
        return BoilerReplacement.objects.create(
            record=record, boiler=boiler, link=link, heat_from=heat_from.strip(), on=on, demo=demo
        )
