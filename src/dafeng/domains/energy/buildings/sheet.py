"""Buildings and their yearly use from a spreadsheet: template, faults by row and column, preview, commit whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy.buildings import permissions, rules, store
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.models import Building, EnergyCity
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.sheets import Cell, Limits, Sheet, open_upload

KIND = "building.import"
LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=5000, cells=200_000)
CODE, NAME, COUNTY, TYPE, AREA, BUILT, PUBLIC, OFFICE, YEAR, POWER, GAS, HEAT, WATER, SOURCE = COLUMNS = (
    "编号", "名称", "县区", "类型", "建筑面积", "建成年份", "公共机构", "填报单位代码", "用能年份", "用电（kWh）", "天然气（m3）",
    "外购热力（GJ）", "用水（m3）", "来源",
)  # fmt: skip
REQUIRED = (CODE, NAME, COUNTY, TYPE, AREA)
USES = {POWER: "electricity", GAS: "natural_gas", HEAT: "heat", WATER: rules.WATER}


@dataclass
class Preview:
    """`rows` are ready to be committed when there are no `problems`."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[DafengError] = field(default_factory=list)


def template(city: EnergyCity) -> bytes:
    """An empty workbook with lists to choose from."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1})
    sheet = book.add_worksheet("建筑名录")
    for column, title in enumerate(COLUMNS):
        sheet.write(0, column, title, head)
        sheet.set_column(column, column, 28 if title in (NAME, SOURCE) else 13)
    sheet.freeze_panes(1, 0)
    lists = {COUNTY: [names[0] for names in city.counties.values()], TYPE: list(map(str, Building.Type.labels)), PUBLIC: ["是", "否"]}  # fmt: skip
    for title, options in lists.items():
        column = COLUMNS.index(title)
        if options:
            sheet.data_validation(1, column, 2000, column, {"validate": "list", "source": options})
    book.close()
    return target.getvalue()


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any, now: datetime) -> Preview:
    """Raises `UploadError` for a file that is no such table; faults of rows are in the answer."""
    upload = open_upload(file, name=name, limits=LIMITS)
    for sheet in upload.sheets:
        for number in sorted(sheet.rows)[:20]:
            titles = {cell.shown.strip(): column for column, cell in sheet.rows[number].items()}
            if set(REQUIRED) <= set(titles):
                return _read(_Reader(city, user, now), sheet, number, titles, name)
    raise UploadError(
        _("没有找到表头"), expected="、".join(REQUIRED), mend=_("请用下载的模板填写"), where=Place(file=name)
    )


def _read(reader: _Reader, sheet: Sheet, start: int, titles: Mapping[str, int], file: str) -> Preview:
    found = Preview()
    seen: dict[str, int] = {}
    for number in sorted(row for row in sheet.rows if row > start):
        cells = {title: sheet.rows[number].get(titles[title]) for title in COLUMNS if title in titles}
        if not any(cell and cell.shown.strip() for cell in cells.values()):
            continue
        row, faults = reader.row(cells)
        if not faults and row["code"] in seen:
            faults = [(CODE, EnergyError(_("与第 %(row)s 行重复") % {"row": seen[row["code"]]}, mend=_("请删去一行")))]
        seen.setdefault(row["code"], number + 1)
        for column, error in faults:
            where = Place(file=file, sheet=sheet.name, row=number + 1, column=column)
            found.problems.append(EnergyError(error.what, expected=error.expected, mend=error.mend, where=where))
        if not faults:
            found.rows.append(row | {"row": number + 1})
    if not found.rows and not found.problems:
        raise UploadError(_("表里没有数据行"), mend=_("请从表头下一行开始填写"), where=Place(file=file))
    return found


class _Reader:
    """Reads rows for one person: a county that is not theirs is unknown to them."""

    def __init__(self, city: EnergyCity, user: Any, now: datetime) -> None:
        self.now = now
        self.places = {
            names[0]: code for code, names in city.counties.items() if permissions.own_place(user, code) or getattr(user, "is_superuser", False)
        }  # fmt: skip
        self.types = {str(label): value for value, label in Building.Type.choices}
        self.taken = dict(Building.objects.values_list("code", "place"))

    def row(self, cells: Mapping[str, Cell | None]) -> tuple[dict[str, Any], list[tuple[str, DafengError]]]:
        faults: list[tuple[str, DafengError]] = []
        said = {title: " ".join(cell.shown.split()) if (cell := cells.get(title)) else "" for title in COLUMNS}

        def at(title: str, reading: Callable[[str], Any]) -> Any:
            try:
                return reading(said[title])
            except DafengError as error:
                faults.append((title, error))
                return None

        row = {
            "code": at(CODE, self._code), "name": at(NAME, self._text), "place": at(COUNTY, lambda text: self._one(text, self.places)),
            "type": at(TYPE, lambda text: self._one(text, self.types)), "area": at(AREA, lambda text: self._number(text, least=1e-9)),
            "built": at(BUILT, self._year), "public": at(PUBLIC, lambda text: self._one(text or "否", {"是": True, "否": False})),
            "organisation": said[OFFICE][:60], "year": at(YEAR, self._year), "source": said[SOURCE][:200],
            "uses": {carrier: at(title, self._number) for title, carrier in USES.items() if said[title]},
        }  # fmt: skip
        if row["uses"] and not row["year"]:
            faults.append((YEAR, Refused("year", _("填了用量，没有填用能年份"))))
        if row["uses"] and not row["source"]:
            faults.append((SOURCE, Refused("no_source", _("没有写数据来源"))))
        if row["code"] in self.taken and row["place"] and self.taken[row["code"]] != row["place"]:
            faults.append((CODE, Refused("other_place", _("编号“%(code)s”已属于另一处的建筑") % {"code": row["code"]})))
        return row, faults

    @staticmethod
    def _code(text: str) -> str:
        if not store.CODE.fullmatch(text):
            raise Refused(
                "code", _("编号“%(code)s”写法不对") % {"code": text[:20]}, expected=_("字母、数字、短横线，2–60 个")
            )
        return text

    @staticmethod
    def _text(text: str) -> str:
        if not text or len(text) > 120:
            raise Refused("name", _("名称没有填，或太长"), expected=_("不超过 120 个字"))
        return text

    @staticmethod
    def _one(text: str, known: Mapping[str, Any]) -> Any:
        if text in known:
            return known[text]
        raise Refused("unknown_word", _("不认识“%(text)s”") % {"text": text[:20]}, expected="、".join(known))

    def _year(self, text: str) -> int | None:
        if not text:
            return None
        year = text.removesuffix("年")
        if not (year.isascii() and year.isdigit() and 1900 <= int(year[:6]) <= self.now.year):
            raise Refused("year", _("年份 %(year)s 不对") % {"year": text[:12]})
        return int(year)

    @staticmethod
    def _number(text: str, *, least: float = 0.0) -> float:
        try:
            value = float(text.replace(",", ""))
        except ValueError:
            raise Refused("number", _("“%(text)s”不是数") % {"text": text[:20]}, expected=_("不小于 0 的数")) from None
        if not least <= value < 1e12:
            raise Refused("negative", _("数量 %(value)s 不对") % {"value": text[:20]}, expected=_("不小于 0 的数"))
        return value


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
            file, name=name, media_type="application/octet-stream", by=by, now=now, source=_("建筑名录导入")
        )
        record = records.open_record(
            KIND, title=_("建筑名录导入：%(name)s") % {"name": name[:120]}, payload={"city": city.code, "rows": preview.rows},
            by=by, now=now, place=city.code, evidence=[evidence],
        )  # fmt: skip
    return record, preview


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """Put all rows on the register and file their use, or nothing. Returns how many buildings."""
    with records.serial():
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
