"""Rivers, stations and gauges from a spreadsheet: template, faults by row and column, preview, commit whole."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy import importing
from dafeng.domains.energy.codes import check_code
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.hydro import permissions, store
from dafeng.domains.energy.importing import Preview, Row, Said, unless_empty
from dafeng.domains.energy.models import EnergyCity, HydroGauge, HydroStation, River
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

KIND = "hydro.import"
RIVER_CODE, STATION_CODE, GAUGE_CODE = "河流编号", "电站编号", "测站编号"
SOURCE = "来源"
TABLES = {
    "river": importing.Table(
        "河流", (RIVER_CODE, "河流名称", "流域", "河长（km）", "汇入河流编号", "汇入处距河口（km）"), required=(RIVER_CODE, "河流名称"),
        wide=("河流名称",), closed=True,
    ),
    "station": importing.Table(
        "水电站", (
            STATION_CODE, "电站名称", "县区", RIVER_CODE, "距河口（km）", "类型", "状态", "业主单位代码", "装机容量（kW）", "机组台数", "额定水头（m）",
            "设计引用流量（m³/s）", "综合效率", "投产日期", "生态流量（m³/s）", "核定文件", "核定起始日期", SOURCE,
        ), required=(STATION_CODE, "电站名称", "县区", RIVER_CODE), wide=("电站名称", SOURCE), closed=True,
    ),
    "gauge": importing.Table(
        "水文测站", (GAUGE_CODE, "测站名称", "县区", RIVER_CODE, "距河口（km）", "警戒水位（m）", SOURCE),
        required=(GAUGE_CODE, "测站名称", "县区", RIVER_CODE, "距河口（km）"), wide=("测站名称", SOURCE), closed=True,
    ),
}  # fmt: skip


def template(city: EnergyCity) -> bytes:
    """An empty workbook of three sheets with lists to choose from."""
    lists = {
        "县区": [names[0] for names in city.counties.values()], "类型": list(map(str, HydroStation.Kind.labels)),
        "状态": list(map(str, HydroStation.Stage.labels)),
    }  # fmt: skip
    return importing.workbook(list(TABLES.values()), lists)


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any, now: datetime) -> Preview:
    """Raises `UploadError` for a file without such a table; faults of rows are in the answer."""
    found = importing.find(list(TABLES.values()), file, name=name)
    # A river may flow into one that stands further down.
    rivers = {said[RIVER_CODE] for each in found if each.table is TABLES["river"] for _row, said in each.rows()}
    return importing.read(found, row=_Reader(city, user, now, rivers).row, key=lambda row: row["code"])


class _Reader:
    """Reads rows for one person: a county that is not theirs is unknown to them. `rivers` stand in the same file."""

    def __init__(self, city: EnergyCity, user: Any, now: datetime, rivers: set[str]) -> None:
        self.now = now
        self.places = importing.counties(user, city, permissions.own_place)
        self.kinds = {str(label): value for value, label in HydroStation.Kind.choices}
        self.stages = {str(label): value for value, label in HydroStation.Stage.choices}
        known = set(River.objects.values_list("code", flat=True))
        self.rivers = rivers | known
        self.away = known - set(permissions.rivers_kept(user).values_list("code", flat=True))
        self.taken = {
            "station": dict(HydroStation.objects.values_list("code", "place")),
            "gauge": dict(HydroGauge.objects.values_list("code", "place")),
        }

    def row(self, said: Said) -> Row:
        table = next(name for name, each in TABLES.items() if each is said.table)
        code, name = said.table.columns[:2]
        row = {"table": table, "code": said.at(code, check_code), "name": said.at(name, lambda text: importing.named(text, 80))}  # fmt: skip
        row |= {"river": self._river, "station": self._station, "gauge": self._gauge}[table](said)
        if (place := row.get("place")) and self.taken[table].get(row["code"], place) != place:
            said.refuse(code, Refused("other_place", _("编号“%(code)s”已属于另一处") % {"code": row["code"]}))
        return row

    def _river(self, said: Said) -> Row:
        if said[RIVER_CODE] in self.away:
            said.refuse(RIVER_CODE, Refused("other_river", _("河流“%(code)s”上有别的县区的电站或测站") % {"code": said[RIVER_CODE]}, mend=_("请删去这一行，由市级部门修改")))  # fmt: skip
        return {
            "basin": said["流域"][:80], "length": said.at("河长（km）", unless_empty(_length)), "downstream": said.at("汇入河流编号", unless_empty(self._known_river)),
            "joins": said.at("汇入处距河口（km）", _amount),
        }  # fmt: skip

    def _station(self, said: Said) -> Row:
        row = self._seat(said) | {
            "river": said.at(RIVER_CODE, unless_empty(self._known_river)), "km": said.at("距河口（km）", _amount),
            "kind": said.at("类型", lambda text: importing.one_of(text or "小水电", self.kinds)), "stage": said.at("状态", lambda text: importing.one_of(text or "运行", self.stages)),
            "organisation": said["业主单位代码"][:60], "capacity": said.at("装机容量（kW）", _amount), "units": said.at("机组台数", unless_empty(_count)),
            "head": said.at("额定水头（m）", _amount), "design_flow": said.at("设计引用流量（m³/s）", _amount),
            "efficiency": said.at("综合效率", unless_empty(lambda text: importing.number(text, most=1.0, expected="0–1"))),
            "commissioned_on": said.at("投产日期", unless_empty(self._past)), "eco": said.at("生态流量（m³/s）", _amount),
            "document": said["核定文件"][:200], "eco_since": said.at("核定起始日期", unless_empty(importing.day)),
        }  # fmt: skip
        if row["eco"] is not None:
            if not row["document"]:
                said.refuse("核定文件", Refused("no_document", _("填了生态流量，没有写核定文件")))
            if not row["eco_since"]:
                said.refuse("核定起始日期", Refused("no_day", _("填了生态流量，没有写起始日期")))
        return row

    def _gauge(self, said: Said) -> Row:
        return self._seat(said) | {
            "river": said.at(RIVER_CODE, self._known_river), "km": said.at("距河口（km）", importing.number),
            "alert_level": said.at("警戒水位（m）", _amount),
        }  # fmt: skip

    def _seat(self, said: Said) -> Row:
        return {
            "place": said.at("县区", lambda text: importing.one_of(text, self.places)),
            "source": said[SOURCE][:200],
        }

    def _known_river(self, text: str) -> str:
        if text not in self.rivers:
            raise Refused(
                "no_river", _("没有河流“%(code)s”") % {"code": text[:20]}, mend=_("请先在“河流”表里登记这条河")
            )
        return text

    def _past(self, text: str) -> str:
        day = importing.day(text)
        if date.fromisoformat(day) > self.now.date():
            raise Refused("future_day", _("日期 %(day)s 还没有到") % {"day": day})
        return day


def _amount(text: str) -> float | None:
    """What is not known is left empty."""
    return importing.number(text, most=1e7, expected=_("不小于 0 的数；不知道请留空")) if text else None


def _length(text: str) -> float:
    return importing.number(text, least=1e-9, most=store.MOST["length"], expected=_("大于 0 的数；不知道请留空"))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 100):
        raise Refused("number", _("台数 %(value)s 不对") % {"value": text[:20]}, expected=_("1 到 100 的整数"))
    return int(text)


def open_import(
    city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record for the one who sent it to commit them."""
    preview = read(city, file, name=name, user=by, now=now)
    record = importing.stage(
        KIND, preview, file, name=name, title=_("水电名录导入：%(name)s") % {"name": name[:120]}, source=_("水电名录导入"),
        payload={"city": city.code}, place=city.code, by=by, now=now,
    )  # fmt: skip
    return record, preview


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """Put all rows on the register, or nothing. Ecological flows become drafts that another person signs. Returns how many rows."""
    city = record.payload["city"]
    with records.serial():
        records.move(record, "commit", by=by, now=now)
        for row in record.payload["rows"]:
            COMMITS[row["table"]](city, row, list(record.evidence.all()), by, now)
    return len(record.payload["rows"])


def _commit_river(city: str, row: dict[str, Any], _evidence: list[Any], by: Any, now: datetime) -> None:
    into = River.objects.filter(code=row["downstream"]).first() if row["downstream"] else None
    if row["downstream"] and into is None:
        # A river of the same file that stands further down: it is named now and described by its own row.
        into = store.ensure_river(row["downstream"], name=row["downstream"], city=city, by=by, now=now)
    store.ensure_river(
        row["code"], name=row["name"], city=city, by=by, now=now, downstream=into, joins=row["joins"], basin=row["basin"],
        length=row["length"],
    )  # fmt: skip


def _commit_station(city: str, row: dict[str, Any], evidence: list[Any], by: Any, now: datetime) -> None:
    words = ("name", "place", "km", "kind", "stage", "organisation", "capacity", "units", "head", "design_flow", "efficiency", "source")  # fmt: skip
    given = {name: row[name] for name in words if row[name] not in (None, "")}
    if row["river"]:
        given["river"] = River.objects.get(code=row["river"])
    if row["commissioned_on"]:
        given["commissioned_on"] = date.fromisoformat(row["commissioned_on"])
    station = store.keep(city, code=row["code"], given=given, by=by, now=now)
    if row["eco"] is not None:
        store.draft_decision(
            station, flows=[row["eco"]] * 12, since=date.fromisoformat(row["eco_since"]), document=row["document"], by=by, now=now, evidence=evidence
        )  # fmt: skip


def _commit_gauge(city: str, row: dict[str, Any], _evidence: list[Any], by: Any, now: datetime) -> None:
    given = {name: row[name] for name in ("name", "place", "km", "alert_level", "source")}
    store.keep_gauge(city, code=row["code"], given=given | {"river": River.objects.get(code=row["river"])}, by=by, now=now)  # fmt: skip


COMMITS = {"river": _commit_river, "station": _commit_station, "gauge": _commit_gauge}
