"""The register and capacity: the only code of the room that writes plants, their changes and declared totals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.energy.codes import check_code
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import CapacityChange, CountyTotal, Plant
from dafeng.domains.energy.plants import rules
from dafeng.domains.energy.plants.methods.capacity import Amount, Change, below_zero
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

CAPACITY, TOTAL, LEASE, DUTY, IMPORT = "plant.capacity", "plant.total", "plant.lease", "plant.duty", "plant.import"
ACCEPTED = "accepted"
WORDS = ("name", "place", "kind", "organisation", "owner", "filing", "longitude", "latitude", "voltage", "shared", "station_code", "meters")  # fmt: skip
MOST_MW = 20_000.0  # above the largest power station on earth it is a slip of the pen
DC_PER_AC = (0.5, 3.0)
BUILT = (CapacityChange.Stage.CONNECTED, CapacityChange.Stage.RETIRED)


def plant_for(user: Any, code: str) -> Plant:
    """A plant that this person may see. Raises `NotFound`."""
    found = Plant.objects.for_user(user).select_related("enterprise", "part_of").filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这座电站"), mend=_("请从电源台账进入"))
    return found


def twin(city: str, code: str, *, name: str, place: str, filing: str) -> Plant | None:
    """Another plant with the same filing number, or the same name in the same county."""
    others = Plant.objects.filter(city=city).exclude(code=code)
    return (others.filter(filing=filing).first() if filing else None) or others.filter(place=place, name=name).first()


def keep(
    city: str, *, code: str, given: Mapping[str, Any], by: Any, now: datetime, part_of: str = "", demo: bool = False
) -> Plant:  # fmt: skip
    """Put a plant on the register, or bring its words up to date by its code; capacity is filed apart.

    Raises `Refused`: `code`, `other_place`, `other_kind`, `duplicate`, `spot`, `voltage`, `part_of`, `shared`, `meters`.
    """
    check_code(code)
    words = {name: given[name] for name in WORDS if name in given}
    words["filing"] = (words.get("filing") or "").strip()
    with records.serial():
        former = Plant.objects.filter(code=code).first()
        _check_former(former, city, words, code)
        if found := twin(city, code, name=words["name"], place=words["place"], filing=words["filing"]):
            raise Refused(
                "duplicate", _("与已登记的“%(name)s”（%(code)s）备案文号相同，或同县区同名") % {"name": found.name, "code": found.code},
                mend=_("同一电站请登记容量变动；确是另一座的，请核对文号或改名称"),
            )  # fmt: skip
        check_words(words)
        whole = _whole(city, code, words, part_of)
        made, _new = Plant.objects.update_or_create(
            code=code, defaults=words | {"city": city, "part_of": whole, "demo": demo}
        )
        told = {key: value for key, value in words.items() if value not in (None, "", {})} | {"part_of": part_of}
        records.audit(by, "energy.plants.keep", "plant", code, told, now=now)
    return made


def _check_former(former: Plant | None, city: str, words: Mapping[str, Any], code: str) -> None:
    if former is None:
        return
    if former.city != city or former.place != words["place"]:
        raise Refused("other_place", _("编号“%(code)s”已属于另一处的电站") % {"code": code}, mend=_("请换一个编号"))
    if former.kind != words["kind"] and former.changes.exists():
        raise Refused(
            "other_kind", _("“%(name)s”已有容量变动，不能改类型") % {"name": former.name}, mend=_("请另登记一座")
        )
    if former.shared and not words.get("shared", False) and former.leases_out.exclude(record__state="refused").exists():
        raise Refused("shared", _("“%(name)s”已有租赁，不能改为非共享") % {"name": former.name})


def check_words(words: Mapping[str, Any]) -> None:
    """What must hold of a plant's words by themselves. Raises `Refused`: `spot`, `voltage`, `shared`, `meters`."""
    longitude, latitude = words.get("longitude"), words.get("latitude")
    if (longitude is None) != (latitude is None):
        raise Refused("spot", _("经度和纬度要同时填"))
    if longitude is not None and latitude is not None and not (73 <= longitude <= 136 and 3 <= latitude <= 54):
        raise Refused("spot", _("经纬度 %(at)s 不在中国境内") % {"at": f"{longitude}, {latitude}"}, expected=_("经度 73–136，纬度 3–54"))  # fmt: skip
    voltage = words.get("voltage")
    if voltage is not None and not 0.2 <= voltage <= 1100:
        raise Refused("voltage", _("并网电压 %(value)s kV 不对") % {"value": voltage}, expected="0.22–1100")
    if words.get("shared") and words["kind"] not in (Plant.Kind.STORAGE, Plant.Kind.PUMPED):
        raise Refused("shared", _("只有储能电站可以登记为共享储能"))
    if unknown := set(words.get("meters") or {}) - set(rules.METERED):
        raise Refused("meters", _("不认识的计量内容“%(text)s”") % {"text": sorted(unknown)[0][:20]}, expected="、".join(rules.METERED))  # fmt: skip


def _whole(city: str, code: str, words: Mapping[str, Any], part_of: str) -> Plant | None:
    """The plant behind whose connection a storage stands: so its capacity has one place to be counted."""
    if not part_of:
        return None
    found = Plant.objects.filter(city=city, code=part_of, place=words["place"]).first()
    if found is None or found.code == code:
        raise Refused("part_of", _("同县区没有编号“%(code)s”的电站") % {"code": part_of[:60]})
    if words["kind"] != Plant.Kind.STORAGE or found.kind in (Plant.Kind.STORAGE, Plant.Kind.PUMPED):
        raise Refused(
            "part_of", _("只有新型储能可以登记在发电站名下"), mend=_("同一电站的分期请登记为容量变动，不另登记电站")
        )
    if words.get("shared"):
        raise Refused("part_of", _("共享储能不能同时登记在一座电站名下"), mend=_("出租的部分按租赁计，自用的另行登记"))
    return found


# ---------- capacity ----------


def amount_of(change: CapacityChange) -> Amount:
    """A change as an amount with its sign; `bare`: AC of PV without its DC."""
    sign = -1.0 if change.stage == CapacityChange.Stage.RETIRED else 1.0
    sun = change.plant.kind in (Plant.Kind.PV_CENTRAL, Plant.Kind.PV_DISTRIBUTED)
    bare = change.mw if sun and change.mwp is None else 0.0
    return Amount(change.mw, change.mwp or 0.0, change.mwh or 0.0, bare).times(sign)


def change_of(row: CapacityChange) -> Change:
    return Change(row.on, row.plant.kind, row.plant.place, amount_of(row), row.plant.code)


def connected(plants: Iterable[Plant]) -> dict[int, list[Change]]:
    """Accepted connections and retirements of plants, by primary key."""
    rows = CapacityChange.objects.filter(plant__in=list(plants), stage__in=BUILT, record__state=ACCEPTED)
    found: dict[int, list[Change]] = {}
    for row in rows.select_related("plant"):
        found.setdefault(row.plant_id, []).append(change_of(row))
    return found


def check_change(kind: str, *, stage: str, on: date, mw: float, mwp: float | None, mwh: float | None, document: str, today: date) -> None:  # fmt: skip
    """What must hold of a change by itself. Raises `Refused`: `stage`, `future_day`, `mw`, `dc`, `mwh`, `no_document`."""
    if stage not in CapacityChange.Stage.values:
        raise Refused("stage", _("没有“%(text)s”这个阶段") % {"text": stage[:20]}, expected="、".join(map(str, CapacityChange.Stage.labels)))  # fmt: skip
    if on > today:
        raise Refused("future_day", _("日期 %(day)s 还没有到") % {"day": on}, mend=_("发生之后再报"))
    if on.year < 1950:
        raise Refused("future_day", _("日期 %(day)s 不对") % {"day": on}, expected=_("1950 年以后"))
    if not (math.isfinite(mw) and 0 < mw <= MOST_MW):
        raise Refused("mw", _("容量 %(mw)s MW 不对") % {"mw": mw}, expected=_("大于 0 的 MW 数，1 万千瓦＝10 MW"))
    if mwp is not None:
        if kind not in (Plant.Kind.PV_CENTRAL, Plant.Kind.PV_DISTRIBUTED):
            raise Refused("dc", _("只有光伏填直流容量"))
        if not DC_PER_AC[0] * mw <= mwp <= DC_PER_AC[1] * mw:
            raise Refused(
                "dc", _("直流容量 %(mwp)s MWp 与交流容量 %(mw)s MW 不相称") % {"mwp": mwp, "mw": mw},
                expected=_("直流为交流的 0.5–3 倍"), mend=_("请核对是否把直流、交流填反，或单位填错"),
            )  # fmt: skip
    storage = kind in (Plant.Kind.STORAGE, Plant.Kind.PUMPED)
    if mwh is not None and not storage:
        raise Refused("mwh", _("只有储能填 MWh"), mend=_("电站里的储能请单独登记为一座储能，并写明属于哪座电站"))
    if mwh is not None and not (math.isfinite(mwh) and 0 < mwh <= MOST_MW * 100):
        raise Refused("mwh", _("储能容量 %(mwh)s MWh 不对") % {"mwh": mwh}, expected=_("大于 0 的数"))
    if storage and mwh is None:
        raise Refused("mwh", _("储能没有填 MWh"), mend=_("功率（MW）和容量（MWh）都要填"))
    if not document.strip():
        raise Refused("no_document", _("没有写文件号"), expected=_("备案、核准文号或并网验收意见的文号"))


def check_stock(plant: Plant, more: Sequence[Change]) -> None:
    """Raises `Refused` (`below_zero`) where accepted changes with these added would retire more than stands on some day."""
    day = below_zero([*connected([plant]).get(plant.pk, []), *more])
    if day is not None:
        raise Refused(
            "below_zero", _("到 %(day)s，“%(name)s”的退役容量超过已并网容量") % {"day": day, "name": plant.name},
            mend=_("请先报并网并核准，或核对退役的容量和日期"),
        )  # fmt: skip


def file_change(
    plant: Plant, *, stage: str, on: date, mw: float, document: str, by: Any, now: datetime, today: date, evidence: Sequence[Evidence],
    mwp: float | None = None, mwh: float | None = None, demo: bool = False,
) -> CapacityChange:  # fmt: skip
    """File that a capacity was approved, begun, connected or retired; it counts once another person accepts it.

    Raises `Refused` as `check_change`, and `no_proof`, `twice`, `below_zero`.
    """
    check_change(plant.kind, stage=stage, on=on, mw=mw, mwp=mwp, mwh=mwh, document=document, today=today)
    if not evidence:
        raise Refused("no_proof", _("没有附证明"), mend=_("请附备案、核准文件或并网验收意见"))
    same = {"stage": stage, "on": on, "mw": mw, "mwp": mwp, "mwh": mwh, "document": document.strip()}
    with records.serial():
        if plant.changes.filter(**same).exclude(record__state="refused").exists():
            raise Refused("twice", _("这项容量变动已经报过"), mend=_("请在电站页面查看"))
        change = CapacityChange(plant=plant, demo=demo, **same)
        if stage == CapacityChange.Stage.RETIRED:
            check_stock(plant, [change_of(change)])
        title = _("%(name)s %(stage)s %(mw)s MW") % {"name": plant.name, "stage": change.get_stage_display(), "mw": f"{mw:g}"}  # fmt: skip
        change.record = records.open_record(
            CAPACITY, title=title, payload={"plant": plant.code} | same | {"on": on.isoformat()}, by=by, now=now,
            place=plant.place, key=plant.code, evidence=evidence,
        )  # fmt: skip
        change.save()
    return change


def file_total(
    city: str, *, place: str, kind: str, on: date, mw: float, mwp: float | None, source: str, by: Any, now: datetime, today: date,
    evidence: Sequence[Evidence] = (), demo: bool = False,
) -> CountyTotal:  # fmt: skip
    """Declare a county's total of distributed plants on a day. Raises `Refused`: `kind`, `future_day`, `mw`, `dc`, `no_document`, `twice`."""
    if kind not in rules.declared_kinds():
        raise Refused("kind", _("这一类要逐站登记，不报总量"), mend=_("只有分布式光伏报县区总量"))
    check_change(
        kind, stage=CapacityChange.Stage.CONNECTED, on=on, mw=mw, mwp=mwp, mwh=None, document=source, today=today
    )
    with records.serial():
        if (
            CountyTotal.objects.filter(city=city, place=place, kind=kind, on=on)
            .exclude(record__state="refused")
            .exists()
        ):
            raise Refused("twice", _("这个县区这一天的总量已经报过"), mend=_("数不对的，请先由核准的人退回原报的一份"))
        payload = {"place": place, "kind": kind, "on": on.isoformat(), "mw": mw, "mwp": mwp, "source": source}
        record = records.open_record(
            TOTAL, title=_("%(kind)s县区总量 %(day)s %(mw)s MW") % {"kind": Plant.Kind(kind).label, "day": on, "mw": f"{mw:g}"},
            payload=payload, by=by, now=now, place=place, key=f"{place}:{kind}", evidence=evidence,
        )  # fmt: skip
        return CountyTotal.objects.create(
            record=record, city=city, place=place, kind=kind, on=on, mw=mw, mwp=mwp, source=source.strip(), demo=demo
        )
