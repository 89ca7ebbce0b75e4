"""Buildings and their yearly use from a spreadsheet: template, faults by row and column, preview, commit whole.

A second table tells a year's use by end use, of buildings of the first table or of the register.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy import importing
from dafeng.domains.energy.buildings import permissions, rules, store
from dafeng.domains.energy.codes import check_code
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.importing import Preview, Row, Said, unless_empty
from dafeng.domains.energy.models import Building, BuildingUse, EnergyCity
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import AuditEntry, Record

KIND = "building.import"
CODE, NAME, COUNTY, TYPE, ZONE, AREA, BUILT, PUBLIC, OFFICE, COOLING, HEATING, SUN, METERS, PLEDGE, YEAR, POWER, GAS, HEAT, WATER, SOURCE = COLUMNS = (
    "编号", "名称", "县区", "类型", "气候区", "建筑面积", "建成年份", "公共机构", "填报单位代码", "空调冷源", "采暖热源", "屋顶光伏（kW）", "计量点代码",
    "承诺碳达峰年份", "用能年份", "用电（kWh）", "天然气（m3）", "外购热力（GJ）", "用水（m3）", "来源",
)  # fmt: skip
TABLE = importing.Table("建筑名录", COLUMNS, required=(CODE, NAME, COUNTY, TYPE, AREA), wide=(NAME, METERS, SOURCE))
END_USE, CARRIER, AMOUNT = "用途", "品种", "数量"
PARTS = importing.Table("分项用能", (CODE, YEAR, END_USE, CARRIER, AMOUNT, SOURCE), required=(CODE, YEAR, END_USE, CARRIER, AMOUNT, SOURCE), wide=(SOURCE,))  # fmt: skip
OPTIONAL = {
    "year": "built", "organisation": "organisation", "zone": "zone", "cooling": "cooling", "heating": "heating", "photovoltaic": "photovoltaic",
    "meters": "meters", "pledge_year": "pledge_year",
}  # fmt: skip
"""Word of the register → name in a row; an empty cell leaves the register as it is."""
USES = {POWER: "electricity", GAS: "natural_gas", HEAT: "heat", WATER: rules.WATER}
YES = {"是": True, "否": False}
PLEDGES = (2020, 2060)
"""Years in which a peak may be promised, as in the form."""


def template(city: EnergyCity) -> bytes:
    """An empty workbook with lists to choose from."""
    counties = [names[0] for names in city.counties.values()]
    lists = {
        COUNTY: counties, TYPE: list(map(str, Building.Type.labels)), ZONE: list(map(str, Building.Zone.labels)), PUBLIC: list(YES),
        END_USE: list(_end_uses()), CARRIER: list(_carriers()),
    }  # fmt: skip
    return importing.workbook([TABLE, PARTS], lists)


def _end_uses() -> dict[str, str]:
    """Words → end use, without the total: that is in the first table."""
    return {str(label): value for value, label in BuildingUse.EndUse.choices if value != BuildingUse.EndUse.TOTAL}


def _carriers() -> dict[str, str]:
    return {f"{each.name}（{each.unit}）": code for code, each in rules.carriers().items()}


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any, now: datetime) -> Preview:
    """Raises `UploadError` for a file that is no such table; faults of rows are in the answer."""
    reader = _Reader(city, user, now)
    return importing.read(importing.find([TABLE, PARTS], file, name=name), row=reader.row, key=_key)


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("code", "year", "end_use", "carrier")) if "end_use" in row else (row["code"],)


class _Reader:
    """Reads rows for one person: a county that is not theirs is unknown to them."""

    def __init__(self, city: EnergyCity, user: Any, now: datetime) -> None:
        self.now = now
        self.places = importing.counties(user, city, permissions.own_place)
        self.zones = {str(label): value for value, label in Building.Zone.choices}
        self.types = {str(label): value for value, label in Building.Type.choices}
        self.taken = dict(Building.objects.filter(withdrawn=False).values_list("code", "place"))

    def row(self, said: Said) -> Row:
        return self._building(said) if said.table is TABLE else self._part(said)

    def _building(self, said: Said) -> Row:
        told_year = unless_empty(lambda text: importing.year(text, self.now.year))
        row = {
            "code": said.at(CODE, check_code), "name": said.at(NAME, importing.named),
            "place": said.at(COUNTY, lambda text: importing.one_of(text, self.places)),
            "type": said.at(TYPE, lambda text: importing.one_of(text, self.types)),
            "area": said.at(AREA, lambda text: importing.number(text, least=1e-9)), "built": said.at(BUILT, told_year),
            "public": said.at(PUBLIC, lambda text: importing.one_of(text or "否", YES)),
            "zone": said.at(ZONE, unless_empty(lambda text: importing.one_of(text, self.zones), "")),
            "cooling": said.at(COOLING, unless_empty(_system, "")), "heating": said.at(HEATING, unless_empty(_system, "")),
            "photovoltaic": said.at(SUN, unless_empty(lambda text: importing.number(text, most=1e6))), "meters": said.at(METERS, _meters),
            "pledge_year": said.at(PLEDGE, unless_empty(_pledge)),
            "organisation": said[OFFICE][:60], "year": said.at(YEAR, told_year), "source": said[SOURCE][:200],
            "uses": {carrier: said.at(title, importing.number) for title, carrier in USES.items() if said[title]},
        }  # fmt: skip
        if row["uses"] and not row["year"]:
            said.refuse(YEAR, Refused("year", _("填了用量，没有填用能年份")))
        if row["uses"] and not row["source"]:
            said.refuse(SOURCE, Refused("no_source", _("没有写数据来源")))
        if row["code"] in self.taken and row["place"] and self.taken[row["code"]] != row["place"]:
            said.refuse(CODE, Refused("other_place", _("编号“%(code)s”已属于另一处的建筑") % {"code": row["code"]}))
        if not said.faults:
            self.taken[row["code"]] = row["place"]
        return row

    def _part(self, said: Said) -> Row:
        """One end use and carrier of a building's year; the building is in the first table, or on the register and theirs."""
        return {
            "code": said.at(CODE, self._known), "year": said.at(YEAR, lambda text: importing.year(text, self.now.year)),
            "end_use": said.at(END_USE, lambda text: importing.one_of(text, _end_uses())),
            "carrier": said.at(CARRIER, lambda text: importing.one_of(text, _carriers())),
            "value": said.at(AMOUNT, importing.number), "source": said.at(SOURCE, lambda text: importing.named(text, 200)),
        }  # fmt: skip

    def _known(self, text: str) -> str:
        if self.taken.get(text) not in self.places.values():
            raise Refused(
                "code", _("没有编号为“%(code)s”的建筑") % {"code": text[:20]}, mend=_("请先在“建筑名录”表或平台登记")
            )
        return text


def _system(text: str) -> str:
    return str(importing.named(text, 60))


def _meters(text: str) -> list[str]:
    """Codes of points, parted by commas; each is one word, told once."""
    codes = [each.strip() for each in text.replace("，", ",").replace("、", ",").split(",") if each.strip()]
    for code in codes:
        if " " in code or len(code) > 60 or codes.count(code) > 1:
            raise Refused(
                "meters",
                _("计量点代码“%(code)s”不对") % {"code": code[:20]},
                expected=_("不重复的代码，多个用逗号隔开"),
            )
    return codes


def _pledge(text: str) -> int:
    year = int(importing.year(text, PLEDGES[1]))
    if year < PLEDGES[0]:
        raise Refused("year", _("年份 %(year)s 不对") % {"year": year}, expected=_("%(first)s 到 %(last)s") % {"first": PLEDGES[0], "last": PLEDGES[1]})  # fmt: skip
    return year


def open_import(
    city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record for the one who sent it to commit them."""
    preview = read(city, file, name=name, user=by, now=now)
    record = importing.stage(
        KIND, preview, file, name=name, title=_("建筑名录导入：%(name)s") % {"name": name[:120]}, source=_("建筑名录导入"),
        payload={"city": city.code} | _standing(sorted({row["code"] for row in preview.rows})), place=city.code, by=by, now=now,
    )  # fmt: skip
    return record, preview


def _entries(codes: list[str]) -> Any:
    return AuditEntry.objects.filter(subject_kind="building", subject_id__in=codes)


def _standing(codes: list[str]) -> dict[str, Any]:
    """What the register says of these buildings, and the number of the last entry about them: what an undo returns to."""
    known = Building.objects.filter(code__in=codes, withdrawn=False)
    seen = _entries(codes).order_by("-seq").values_list("seq", flat=True).first() or 0
    return {"before": {each.code: {name: getattr(each, name) for name in store.WORDS} for each in known}, "seen": seen}


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """Put all rows on the register and file their use, or nothing. Returns how many buildings."""
    codes = _codes(record)
    with records.serial():
        if _standing(codes)["seen"] != record.payload["seen"]:
            raise Refused("changed_since", _("预览之后名录已有改动"), mend=_("请重新上传，核对后再提交"))
        records.move(record, "commit", by=by, now=now)
        evidence = record.evidence.first()
        who = {"evidence": evidence, "basis": "reported", "by": by, "now": now}
        for row in record.payload["rows"]:
            if "end_use" in row:  # the building's own row, if any, stands before
                building = Building.objects.get(code=row["code"])
                store.file_use(building, year=row["year"], carrier=row["carrier"], value=row["value"], end_use=row["end_use"], source=row["source"], **who)  # fmt: skip
                continue
            given = {name: row[name] for name in ("name", "place", "type", "area", "public")}
            given |= {word: row[name] for word, name in OPTIONAL.items() if row.get(name) not in (None, "", [])}
            building = store.keep(record.payload["city"], code=row["code"], given=given, by=by, now=now)
            for carrier, value in row["uses"].items():
                store.file_use(building, year=row["year"], carrier=carrier, value=value, source=row["source"], **who)
    return len(codes)


def _codes(record: Record) -> list[str]:
    """Every building of which an import says anything."""
    return sorted({row["code"] for row in record.payload["rows"]})


def undo(record: Record, *, by: Any, now: datetime, reason: str) -> int:
    """Bring the register and the use back to what they were before an import. Returns how many buildings.

    Raises `Refused` (`changed_since`) when somebody has changed one of them since.
    """
    codes = _codes(record)
    registered = [row["code"] for row in record.payload["rows"] if "end_use" not in row]
    with records.serial():
        committed = record.moves.filter(action="commit").latest("seq")
        if _entries(codes).filter(seq__gt=committed.seq).exclude(at=record.changed_at).exists():
            raise Refused("changed_since", _("导入之后已有改动，不能整批撤销"), mend=_("请在建筑页逐项更正"))
        told_then = BuildingUse.objects.filter(
            building__code__in=codes, evidence=record.evidence.first(), at=record.changed_at
        )
        uses = list(told_then.select_related("building"))
        records.move(record, "undo", by=by, now=now, reason=reason)
        for told in uses:
            store.withdraw_use(
                told, source=_("撤销导入：%(reason)s") % {"reason": reason.strip()[:150]}, by=by, now=now
            )
        for building in Building.objects.filter(code__in=registered):
            before = record.payload["before"].get(building.code)
            if before is None:
                store.withdraw(building, by=by, now=now)
            else:
                store.keep(building.city, code=building.code, given=before, by=by, now=now, demo=building.demo)
    return len(codes)
