"""Rivers, stations and gauges from a spreadsheet: template, faults by row and column, preview, commit whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.hydro import permissions, store
from dafeng.domains.energy.models import EnergyCity, HydroGauge, HydroStation, River
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.sheets import Limits, Sheet, Upload, open_upload

KIND = "hydro.import"
LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=5000, cells=200_000)
# table → columns; the first are what a row must have, up to the number beside the table's name
RIVER_CODE, STATION_CODE, GAUGE_CODE = "河流编号", "电站编号", "测站编号"
TABLES: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "river": ("河流", 2, (RIVER_CODE, "河流名称", "流域", "河长（km）", "汇入河流编号", "汇入处距河口（km）")),
    "station": ("水电站", 4, (
        STATION_CODE, "电站名称", "县区", RIVER_CODE, "距河口（km）", "类型", "状态", "业主单位代码", "装机容量（kW）", "机组台数", "额定水头（m）",
        "设计引用流量（m³/s）", "综合效率", "投产日期", "生态流量（m³/s）", "核定文件", "核定起始日期", "来源",
    )),
    "gauge": ("水文测站", 5, (GAUGE_CODE, "测站名称", "县区", RIVER_CODE, "距河口（km）", "警戒水位（m）", "来源")),
}  # fmt: skip


@dataclass
class Preview:
    """`rows` (each with its `table`) are ready to be committed when there are no `problems`."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[DafengError] = field(default_factory=list)


def template(city: EnergyCity) -> bytes:
    """An empty workbook of three sheets with lists to choose from."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1})
    lists = {
        "县区": [names[0] for names in city.counties.values()], "类型": list(map(str, HydroStation.Kind.labels)),
        "状态": list(map(str, HydroStation.Stage.labels)),
    }  # fmt: skip
    for title, _count, columns in TABLES.values():
        sheet = book.add_worksheet(title)
        for number, column in enumerate(columns):
            sheet.write(0, number, column, head)
            sheet.set_column(number, number, 24 if "名称" in column or column == "来源" else 15)
            if column in lists:
                sheet.data_validation(1, number, 2000, number, {"validate": "list", "source": lists[column]})
        sheet.freeze_panes(1, 0)
    book.close()
    return target.getvalue()


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any, now: datetime) -> Preview:
    """Raises `UploadError` for a file without such a table; faults of rows are in the answer."""
    upload = open_upload(file, name=name, limits=LIMITS)
    tables = _tables(upload)
    if not tables:
        raise UploadError(
            _("没有找到表头"), expected="；".join("、".join(columns[:count]) for _t, count, columns in TABLES.values()),
            mend=_("请用下载的模板填写"), where=Place(file=name),
        )  # fmt: skip
    found, reader = Preview(), _Reader(city, user, now)
    for table, sheet, start, titles in tables:
        if table == "river":  # a river may flow into one that stands further down
            cells = (row.get(titles[RIVER_CODE]) for number, row in sheet.rows.items() if number > start)
            reader.rivers |= {cell.shown.strip() for cell in cells if cell is not None}
    for table, sheet, start, titles in sorted(tables, key=lambda each: list(TABLES).index(each[0])):
        _read(reader, table, sheet, start, titles, name, found)
    if not found.rows and not found.problems:
        raise UploadError(_("表里没有数据行"), mend=_("请从表头下一行开始填写"), where=Place(file=name))
    return found


def _tables(upload: Upload) -> list[tuple[str, Sheet, int, dict[str, int]]]:
    """Which table each sheet is, by the columns that one must have; its header and the columns of its titles."""
    found = []
    for sheet in upload.sheets:
        for number in sorted(sheet.rows)[:20]:
            titles = {cell.shown.strip(): column for column, cell in sheet.rows[number].items()}
            kind = next(
                (name for name, (_t, count, columns) in TABLES.items() if set(columns[:count]) <= set(titles)), ""
            )
            if kind:
                found.append((kind, sheet, number, titles))
                break
    return found


def _read(
    reader: _Reader, table: str, sheet: Sheet, start: int, titles: Mapping[str, int], file: str, found: Preview
) -> None:
    columns = TABLES[table][2]
    unknown = [title for title in titles if title and title not in columns]
    if unknown:
        where = Place(file=file, sheet=sheet.name, row=start + 1, column=unknown[0])
        found.problems.append(EnergyError(_("不认识的列“%(name)s”") % {"name": unknown[0][:20]}, expected="、".join(columns), mend=_("请删去这一列，或改成模板里的列名"), where=where))  # fmt: skip
        return
    seen: dict[str, int] = {}
    for number in sorted(row for row in sheet.rows if row > start):
        cells = {title: sheet.rows[number].get(titles[title]) for title in columns if title in titles}
        said = {title: " ".join(cell.shown.split()) if (cell := cells.get(title)) else "" for title in columns}
        if not any(said.values()):
            continue
        row, faults = reader.row(table, said)
        if not faults and row["code"] in seen:
            faults = [(columns[0], EnergyError(_("与第 %(row)s 行重复") % {"row": seen[row["code"]]}, mend=_("请删去一行")))]  # fmt: skip
        seen.setdefault(row["code"], number + 1)
        for column, error in faults:
            where = Place(file=file, sheet=sheet.name, row=number + 1, column=column)
            found.problems.append(EnergyError(error.what, expected=error.expected, mend=error.mend, where=where))
        if not faults:
            found.rows.append(row | {"row": number + 1, "table": table})


class _Reader:
    """Reads rows for one person: a county that is not theirs is unknown to them."""

    def __init__(self, city: EnergyCity, user: Any, now: datetime) -> None:
        self.now = now
        self.places = {
            names[0]: code for code, names in city.counties.items() if permissions.own_place(user, code) or getattr(user, "is_superuser", False)
        }  # fmt: skip
        self.kinds = {str(label): value for value, label in HydroStation.Kind.choices}
        self.stages = {str(label): value for value, label in HydroStation.Stage.choices}
        self.rivers = set(River.objects.values_list("code", flat=True))
        self.taken = {
            "station": dict(HydroStation.objects.values_list("code", "place")),
            "gauge": dict(HydroGauge.objects.values_list("code", "place")),
            "river": {},
        }

    def row(self, table: str, said: Mapping[str, str]) -> tuple[dict[str, Any], list[tuple[str, DafengError]]]:
        faults: list[tuple[str, DafengError]] = []

        def at(title: str, reading: Callable[[str], Any]) -> Any:
            try:
                return reading(said[title])
            except DafengError as error:
                faults.append((title, error))
                return None

        first, second = TABLES[table][2][:2]
        row = {"code": at(first, self._code), "name": at(second, self._text)}
        row |= getattr(self, f"_{table}")(said, at)
        place = row.get("place")
        if place and self.taken[table].get(row["code"], place) != place:
            faults.append((first, Refused("other_place", _("编号“%(code)s”已属于另一处") % {"code": row["code"]})))
        if table == "station" and row["eco"] is not None:
            if not row["document"]:
                faults.append(("核定文件", Refused("no_document", _("填了生态流量，没有写核定文件"))))
            if not row["eco_since"]:
                faults.append(("核定起始日期", Refused("no_day", _("填了生态流量，没有写起始日期"))))
        return row, faults

    def _river(self, said: Mapping[str, str], at: Callable[[str, Callable[[str], Any]], Any]) -> dict[str, Any]:
        return {
            "basin": said["流域"][:80], "length": at("河长（km）", self._number), "downstream": at("汇入河流编号", self._known_river),
            "joins": at("汇入处距河口（km）", self._number),
        }  # fmt: skip

    def _station(self, said: Mapping[str, str], at: Callable[[str, Callable[[str], Any]], Any]) -> dict[str, Any]:
        return {
            "place": at("县区", lambda text: self._one(text, self.places)), "river": at(RIVER_CODE, self._known_river), "km": at("距河口（km）", self._number),
            "kind": at("类型", lambda text: self._one(text or "小水电", self.kinds)), "stage": at("状态", lambda text: self._one(text or "运行", self.stages)),
            "organisation": said["业主单位代码"][:60], "capacity": at("装机容量（kW）", self._number), "units": at("机组台数", self._count),
            "head": at("额定水头（m）", self._number), "design_flow": at("设计引用流量（m³/s）", self._number),
            "efficiency": at("综合效率", lambda text: self._number(text, most=1.0)), "commissioned_on": at("投产日期", self._day),
            "eco": at("生态流量（m³/s）", self._number), "document": said["核定文件"][:200], "eco_since": at("核定起始日期", lambda text: self._day(text, past=False)),
            "source": said["来源"][:200],
        }  # fmt: skip

    def _gauge(self, said: Mapping[str, str], at: Callable[[str, Callable[[str], Any]], Any]) -> dict[str, Any]:
        return {
            "place": at("县区", lambda text: self._one(text, self.places)), "river": at(RIVER_CODE, lambda text: self._known_river(text, needed=True)),
            "km": at("距河口（km）", lambda text: self._number(text, needed=True)), "alert_level": at("警戒水位（m）", self._number), "source": said["来源"][:200],
        }  # fmt: skip

    @staticmethod
    def _code(text: str) -> str:
        if not store.CODE.fullmatch(text):
            raise Refused(
                "code", _("编号“%(code)s”写法不对") % {"code": text[:20]}, expected=_("字母、数字、短横线，2–60 个")
            )
        return text

    @staticmethod
    def _text(text: str) -> str:
        if not text or len(text) > 80:
            raise Refused("name", _("名称没有填，或太长"), expected=_("不超过 80 个字"))
        return text

    @staticmethod
    def _one(text: str, known: Mapping[str, Any]) -> Any:
        if text in known:
            return known[text]
        raise Refused("unknown_word", _("不认识“%(text)s”") % {"text": text[:20]}, expected="、".join(known))

    def _known_river(self, text: str, *, needed: bool = False) -> str | None:
        if not text and not needed:
            return None
        if text not in self.rivers:
            raise Refused(
                "no_river", _("没有河流“%(code)s”") % {"code": text[:20]}, mend=_("请先在“河流”表里登记这条河")
            )
        return text

    @staticmethod
    def _number(text: str, *, most: float = 1e7, needed: bool = False) -> float | None:
        if not text and not needed:
            return None
        try:
            value = float(text.replace(",", ""))
        except ValueError:
            raise Refused("number", _("“%(text)s”不是数") % {"text": text[:20]}, expected=_("不小于 0 的数；不知道请留空")) from None  # fmt: skip
        if not 0 <= value <= most:
            raise Refused("negative", _("数量 %(value)s 不对") % {"value": text[:20]}, expected=_("0 到 %(most)s") % {"most": f"{most:g}"})  # fmt: skip
        return value

    @staticmethod
    def _count(text: str) -> int | None:
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 100):
            raise Refused("number", _("台数 %(value)s 不对") % {"value": text[:20]}, expected=_("1 到 100 的整数"))
        return int(text)

    def _day(self, text: str, *, past: bool = True) -> str | None:
        if not text:
            return None
        try:
            day = date.fromisoformat(text[:10].replace("/", "-"))
        except ValueError:
            raise Refused("day", _("“%(text)s”不是日期") % {"text": text[:20]}, expected="2026-05-01") from None
        if past and day > self.now.date():
            raise Refused("future_day", _("日期 %(day)s 还没有到") % {"day": day})
        return str(day)


def open_import(
    city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record for the one who sent it to commit them."""
    preview = read(city, file, name=name, user=by, now=now)
    if preview.problems:
        return None, preview
    file.seek(0)
    with records.serial():
        evidence = records.store_evidence(
            file, name=name, media_type="application/octet-stream", by=by, now=now, source=_("水电名录导入")
        )
        record = records.open_record(
            KIND, title=_("水电名录导入：%(name)s") % {"name": name[:120]}, payload={"city": city.code, "rows": preview.rows}, by=by, now=now,
            place=city.code, evidence=[evidence],
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
