"""The register and what is filed for a building: the only code of the room that writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.buildings import rules
from dafeng.domains.energy.codes import check_code
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import Building, BuildingAudit, BuildingUse, Retrofit
from dafeng.kernel import bodies
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record

AUDITS = "audit"  # the service of the register under which a building may be audited
RETROFIT, AUDIT = "building.retrofit", "building.audit"
WORDS = ("name", "place", "type", "zone", "area", "year", "public", "cooling", "heating", "photovoltaic", "meters", "organisation", "pledge_year")  # fmt: skip


def keep(
    city: str, *, code: str, given: Mapping[str, Any], by: Any, now: datetime, firm: Enterprise | None = None, demo: bool = False
) -> Building:  # fmt: skip
    """Put a building on the register, or bring it up to date by its code. Raises `Refused`: `code`, `area`, `year`, `other_place`."""
    check_code(code)
    if not 0 < given["area"] < 5e6:
        raise Refused("area", _("建筑面积 %(area)s 不对") % {"area": given["area"]}, expected=_("大于 0 的平方米数"))
    if given.get("year") and not 1900 <= given["year"] <= now.year:
        raise Refused("year", _("建成年份 %(year)s 不对") % {"year": given["year"]})
    words = {name: given[name] for name in WORDS if name in given}
    with records.serial():
        former = Building.objects.filter(code=code).first()
        if former and (former.city != city or former.place != given["place"]):
            raise Refused("other_place", _("编号“%(code)s”已属于另一处的建筑") % {"code": code}, mend=_("请换一个编号"))
        if firm is not None:
            words["organisation"] = words.get("organisation") or firm.organisation
        found, _made = Building.objects.update_or_create(
            code=code,
            defaults=words | {"city": city, "demo": demo, "withdrawn": False} | ({"enterprise": firm} if firm else {}),
        )
        told = {key: value for key, value in words.items() if value not in (None, "")}
        records.audit(by, "energy.building.keep", "building", code, told, now=now)
    return found


def building_for(user: Any, code: str) -> Building:
    """A building that this person may see. Raises `NotFound`."""
    found = Building.objects.for_user(user).select_related("enterprise").filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这座建筑"), mend=_("请从建筑名录进入"))
    return found


def file_use(
    building: Building, *, year: int, carrier: str, value: float, basis: str, source: str, by: Any, now: datetime,
    end_use: str = BuildingUse.EndUse.TOTAL, evidence: Evidence | None = None,
) -> BuildingUse:  # fmt: skip
    """Tell what a building used in a year; telling it again corrects it. Raises `Refused`: `carrier`, `negative`, `year`, `no_source`."""
    if carrier not in rules.carriers():
        raise Refused("carrier", _("没有“%(carrier)s”这个品种") % {"carrier": carrier})
    if not 0 <= value < 1e12:
        raise Refused(
            "negative",
            _("数量 %(value)s 不对") % {"value": f"{value:g}"},
            expected=_("0 到一万亿之间的数，请看单位对不对"),
        )
    if not 2000 <= year <= now.year:
        raise Refused("year", _("年份 %(year)s 不对") % {"year": year})
    if not source.strip():
        raise Refused("no_source", _("没有写数据来源"), mend=_("请写明台账、账单或统计表的名称"))
    with records.serial():
        same = BuildingUse.objects.filter(building=building, year=year, end_use=end_use, carrier=carrier)
        last = same.aggregate(last=Max("revision"))["last"] or 0
        made = BuildingUse(
            building=building, year=year, end_use=end_use, carrier=carrier, value=value, basis=basis, source=source.strip(),
            evidence=evidence, revision=last + 1, by=by, at=now,
        )  # fmt: skip
        made.save()
        detail = {"year": year, "end_use": end_use, "carrier": carrier, "value": value, "revision": last + 1}
        records.audit(by, "energy.building.use", "building", building.code, detail, now=now)
    return made


def withdraw_use(told: BuildingUse, *, source: str, by: Any, now: datetime) -> BuildingUse:
    """Take back what was told: what was told before it stands again, or nothing. Both stay on record."""
    same = BuildingUse.objects.filter(
        building=told.building, year=told.year, end_use=told.end_use, carrier=told.carrier
    )
    with records.serial():
        before = same.filter(revision__lt=told.revision).order_by("-revision").first()
        made = BuildingUse(
            building=told.building, year=told.year, end_use=told.end_use, carrier=told.carrier, value=before.value if before else None,
            basis=before.basis if before else told.basis, source=source[:200], evidence=before.evidence if before else None,
            revision=(same.aggregate(last=Max("revision"))["last"] or 0) + 1, by=by, at=now,
        )  # fmt: skip
        made.save()
        detail = {"year": told.year, "carrier": told.carrier, "withdrawn": told.revision, "revision": made.revision}
        records.audit(by, "energy.building.use.withdraw", "building", told.building.code, detail, now=now)
    return made


def withdraw(building: Building, *, by: Any, now: datetime) -> None:
    """Take a building off the register that only an import had put there."""
    with records.serial():
        building.withdrawn = True
        building.save(update_fields=["withdrawn"])
        records.audit(by, "energy.building.withdraw", "building", building.code, {}, now=now)


def file_retrofit(
    building: Building, *, title: str, part: str, area: float, finished_on: date, saving: float | None, by: Any, now: datetime,
    today: date, evidence: list[Evidence], demo: bool = False,
) -> Retrofit:  # fmt: skip
    """File a finished retrofit with its proof. Raises `Refused`: `area`, `too_large`, `future_day`, `no_proof`."""
    if area <= 0:
        raise Refused("area", _("改造面积 %(area)s 不对") % {"area": area}, expected=_("大于 0 的平方米数"))
    if area > building.area:
        raise Refused("too_large", _("改造面积大于建筑面积 %(area)s m²") % {"area": f"{building.area:,.0f}"})
    if finished_on > today:
        raise Refused("future_day", _("竣工日期还没有到"), mend=_("竣工后再报"))
    if not evidence:
        raise Refused("no_proof", _("没有附竣工或验收证明"))
    payload = {
        "building": building.code,
        "title": title,
        "part": part,
        "area": area,
        "finished_on": finished_on,
        "saving": saving,
    }
    with records.serial():
        record = records.open_record(
            RETROFIT, title=f"{building.name} {title}"[:200], payload=payload, by=by, now=now, place=building.place,
            key=building.code, evidence=evidence,
        )  # fmt: skip
        return Retrofit.objects.create(
            record=record, building=building, title=title, part=" ".join(part.split()), area=area, finished_on=finished_on,
            saving=saving, demo=demo,
        )  # fmt: skip


def file_audit(
    building: Building, *, year: int, tonnes: float, findings: str, by: Any, now: datetime, evidence: list[Evidence],
    body: str = "", auditor: str = "", note: str = "", demo: bool = False,
) -> BuildingAudit:  # fmt: skip
    """File a carbon audit with its report. `body`: the auditor's code on the register; else `auditor` is named with a `note` why.

    Raises `Refused`: `not_public`, `year`, `negative`, `no_proof`; `no_such_body`, `no_body`, `no_note`.
    """
    if not building.public:
        raise Refused("not_public", _("碳审计只对公共机构的建筑"), mend=_("请先在名录中登记为公共机构"))
    if not 2000 <= year <= now.year:
        raise Refused("year", _("年份 %(year)s 不对") % {"year": year})
    if not 0 <= tonnes < 1e8:
        raise Refused(
            "negative",
            _("数量 %(value)s 不对") % {"value": f"{tonnes:g}"},
            expected=_("0 到一亿之间的数，请看单位对不对"),
        )
    named = bodies.named(body, auditor, note, AUDITS)
    if isinstance(named, bodies.Fault):
        raise Refused(named.code, named.what, mend=named.mend)
    if not evidence:
        raise Refused("no_proof", _("没有附审计报告"))
    payload = {"building": building.code, "year": year, "auditor": named.name, "body": named.code, "note": named.note, "tonnes": tonnes, "findings": findings}  # fmt: skip
    with records.serial():
        record = records.open_record(
            AUDIT, title=_("%(name)s %(year)s 年碳审计") % {"name": building.name, "year": year}, payload=payload, by=by, now=now,
            place=building.place, key=building.code, evidence=evidence,
        )  # fmt: skip
        return BuildingAudit.objects.create(
            record=record, building=building, year=year, auditor=named.name, tonnes=tonnes, findings=findings, demo=demo
        )


def audits_of(code: str, year: int) -> Iterator[bodies.Work]:
    """The audits of a body of the register that were judged in a year: one that was refused has to be done again."""
    rows = Record.objects.filter(kind=AUDIT, payload__body=code, state__in=("accepted", "refused"))
    for record in rows.filter(changed_at__year=year):
        refused = record.state == "refused"
        yield bodies.Work("building_audit", timezone.localdate(record.changed_at), refused, int(refused))
