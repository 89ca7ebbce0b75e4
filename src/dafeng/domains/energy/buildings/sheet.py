"""Buildings and their yearly use from a spreadsheet: template, faults by row and column, preview, commit whole."""

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
CODE, NAME, COUNTY, TYPE, AREA, BUILT, PUBLIC, OFFICE, YEAR, POWER, GAS, HEAT, WATER, SOURCE = COLUMNS = (
    "编号", "名称", "县区", "类型", "建筑面积", "建成年份", "公共机构", "填报单位代码", "用能年份", "用电（kWh）", "天然气（m3）",
    "外购热力（GJ）", "用水（m3）", "来源",
)  # fmt: skip
TABLE = importing.Table("建筑名录", COLUMNS, required=(CODE, NAME, COUNTY, TYPE, AREA), wide=(NAME, SOURCE))
USES = {POWER: "electricity", GAS: "natural_gas", HEAT: "heat", WATER: rules.WATER}
YES = {"是": True, "否": False}


def template(city: EnergyCity) -> bytes:
    """An empty workbook with lists to choose from."""
    counties = [names[0] for names in city.counties.values()]
    return TABLE.template({COUNTY: counties, TYPE: list(map(str, Building.Type.labels)), PUBLIC: list(YES)})


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any, now: datetime) -> Preview:
    """Raises `UploadError` for a file that is no such table; faults of rows are in the answer."""
    reader = _Reader(city, user, now)
    return TABLE.read(file, name=name, row=reader.row, key=lambda row: row["code"])


class _Reader:
    """Reads rows for one person: a county that is not theirs is unknown to them."""

    def __init__(self, city: EnergyCity, user: Any, now: datetime) -> None:
        self.now = now
        self.places = importing.counties(user, city, permissions.own_place)
        self.types = {str(label): value for value, label in Building.Type.choices}
        self.taken = dict(Building.objects.values_list("code", "place"))

    def row(self, said: Said) -> Row:
        told_year = unless_empty(lambda text: importing.year(text, self.now.year))
        row = {
            "code": said.at(CODE, check_code), "name": said.at(NAME, importing.named),
            "place": said.at(COUNTY, lambda text: importing.one_of(text, self.places)),
            "type": said.at(TYPE, lambda text: importing.one_of(text, self.types)),
            "area": said.at(AREA, lambda text: importing.number(text, least=1e-9)), "built": said.at(BUILT, told_year),
            "public": said.at(PUBLIC, lambda text: importing.one_of(text or "否", YES)),
            "organisation": said[OFFICE][:60], "year": said.at(YEAR, told_year), "source": said[SOURCE][:200],
            "uses": {carrier: said.at(title, importing.number) for title, carrier in USES.items() if said[title]},
        }  # fmt: skip
        if row["uses"] and not row["year"]:
            said.refuse(YEAR, Refused("year", _("填了用量，没有填用能年份")))
        if row["uses"] and not row["source"]:
            said.refuse(SOURCE, Refused("no_source", _("没有写数据来源")))
        if row["code"] in self.taken and row["place"] and self.taken[row["code"]] != row["place"]:
            said.refuse(CODE, Refused("other_place", _("编号“%(code)s”已属于另一处的建筑") % {"code": row["code"]}))
        return row


def open_import(
    city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record for the one who sent it to commit them."""
    preview = read(city, file, name=name, user=by, now=now)
    record = importing.stage(
        KIND, preview, file, name=name, title=_("建筑名录导入：%(name)s") % {"name": name[:120]}, source=_("建筑名录导入"),
        payload={"city": city.code} | _standing([row["code"] for row in preview.rows]), place=city.code, by=by, now=now,
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
    codes = [row["code"] for row in record.payload["rows"]]
    with records.serial():
        if _standing(codes)["seen"] != record.payload["seen"]:
            raise Refused("changed_since", _("预览之后名录已有改动"), mend=_("请重新上传，核对后再提交"))
        records.move(record, "commit", by=by, now=now)
        evidence = record.evidence.first()
        for row in record.payload["rows"]:
            given = {
                "name": row["name"], "place": row["place"], "type": row["type"], "area": row["area"], "public": row["public"],
            } | ({"year": row["built"]} if row["built"] else {}) | ({"organisation": row["organisation"]} if row["organisation"] else {})  # fmt: skip
            building = store.keep(record.payload["city"], code=row["code"], given=given, by=by, now=now)
            for carrier, value in row["uses"].items():
                store.file_use(
                    building, year=row["year"], carrier=carrier, value=value, basis="reported", source=row["source"], evidence=evidence, by=by, now=now,
                )  # fmt: skip
    return len(record.payload["rows"])


def undo(record: Record, *, by: Any, now: datetime, reason: str) -> int:
    """Bring the register and the use back to what they were before an import. Returns how many buildings.

    Raises `Refused` (`changed_since`) when somebody has changed one of them since.
    """
    codes = [row["code"] for row in record.payload["rows"]]
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
        for building in Building.objects.filter(code__in=codes):
            before = record.payload["before"].get(building.code)
            if before is None:
                store.withdraw(building, by=by, now=now)
            else:
                store.keep(building.city, code=building.code, given=before, by=by, now=now, demo=building.demo)
    return len(codes)
