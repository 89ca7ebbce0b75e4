"""Parks from a spreadsheet: template, faults by row and column, preview, commit whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.models import EnergyCity, Park
from dafeng.domains.energy.parks import permissions, store
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.sheets import Cell, Limits, Sheet, open_upload

KIND = "park.import"
LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=2000, cells=40_000)
CODE, NAME, COUNTY, LEVEL, AREA, OPERATOR, OFFICE, EAST, NORTH = COLUMNS = (
    "编号", "名称", "县区", "级别", "面积（公顷）", "运营单位", "运营单位代码", "经度", "纬度",
)  # fmt: skip
REQUIRED = (CODE, NAME, COUNTY, LEVEL)


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
    sheet = book.add_worksheet("园区名录")
    for column, title in enumerate(COLUMNS):
        sheet.write(0, column, title, head)
        sheet.set_column(column, column, 28 if title in (NAME, OPERATOR) else 13)
    sheet.freeze_panes(1, 0)
    lists = {COUNTY: [names[0] for names in city.counties.values()], LEVEL: list(map(str, Park.Level.labels))}
    for title, options in lists.items():
        if options:
            column = COLUMNS.index(title)
            sheet.data_validation(1, column, 1000, column, {"validate": "list", "source": options})
    book.close()
    return target.getvalue()


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any) -> Preview:
    """Raises `UploadError` for a file that is no such table; faults of rows are in the answer."""
    upload = open_upload(file, name=name, limits=LIMITS)
    for sheet in upload.sheets:
        for number in sorted(sheet.rows)[:20]:
            titles = {cell.shown.strip(): column for column, cell in sheet.rows[number].items()}
            if set(REQUIRED) <= set(titles):
                return _read(_Reader(city, user), sheet, number, titles, name)
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

    def __init__(self, city: EnergyCity, user: Any) -> None:
        self.places = {
            names[0]: code for code, names in city.counties.items() if permissions.own_place(user, code) or getattr(user, "is_superuser", False)
        }  # fmt: skip
        self.levels = {str(label): value for value, label in Park.Level.choices}
        self.taken = dict(Park.objects.values_list("code", "place"))

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
            "level": at(LEVEL, lambda text: self._one(text, self.levels)), "area": at(AREA, lambda text: self._number(text, 1e-9, 1e6)),
            "operator": said[OPERATOR][:120], "organisation": said[OFFICE][:60], "longitude": at(EAST, lambda text: self._number(text, 73, 136)),
            "latitude": at(NORTH, lambda text: self._number(text, 3, 54)),
        }  # fmt: skip
        if bool(said[EAST]) != bool(said[NORTH]):
            faults.append((EAST, Refused("position", _("经度、纬度只填了一个"), mend=_("两个都填，或都留空"))))
        if row["code"] and row["place"] and self.taken.get(row["code"], row["place"]) != row["place"]:
            faults.append((CODE, Refused("other_place", _("编号“%(code)s”已属于另一处的园区") % {"code": row["code"]})))
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

    @staticmethod
    def _number(text: str, least: float, most: float) -> float | None:
        if not text:
            return None
        try:
            value = float(text.replace(",", ""))
        except ValueError:
            raise Refused("number", _("“%(text)s”不是数") % {"text": text[:20]}) from None
        if not least <= value <= most:
            raise Refused("number", _("数量 %(value)s 不对") % {"value": text[:20]}, expected=f"{least:g}–{most:g}")
        return value


def open_import(
    city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record for the one who sent it to commit them."""
    preview = read(city, file, name=name, user=by)
    if preview.problems:
        return None, preview
    file.seek(0)
    with records.serial():
        evidence = records.store_evidence(
            file, name=name, media_type="application/octet-stream", by=by, now=now, source=_("园区名录导入")
        )
        record = records.open_record(
            KIND, title=_("园区名录导入：%(name)s") % {"name": name[:120]}, payload={"city": city.code, "rows": preview.rows},
            by=by, now=now, place=city.code, evidence=[evidence],
        )  # fmt: skip
    return record, preview


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """Put all rows on the register, or nothing. Returns how many parks."""
    with records.serial():
        records.move(record, "commit", by=by, now=now)
        for row in record.payload["rows"]:
            # What a cell leaves empty does not wipe what is known of a park already on the register.
            given = {name: row[name] for name in store.WORDS if row.get(name) not in (None, "")}
            store.keep(record.payload["city"], code=row["code"], given=given, by=by, now=now)
    return len(record.payload["rows"])
