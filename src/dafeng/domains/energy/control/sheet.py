"""Monthly use from a spreadsheet: a template, every fault by row and column, preview, commit whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy.control import readings, rules
from dafeng.domains.energy.control.permissions import WHOLE
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.models import EnergyCity, MonthValue
from dafeng.domains.energy.models.control import Quantity
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.services import places_of, roles_of
from dafeng.kernel.sheets import Cell, Limits, Sheet, open_upload

KIND = "energy.months"
LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=5000, cells=100_000)
SUBJECT, SECTOR, WHAT, MONTH, VALUE, UNIT, BASIS, SOURCE = COLUMNS = (
    "县区或企业", "行业", "种类", "月份", "数量", "单位", "依据", "来源",
)  # fmt: skip
REQUIRED = (SUBJECT, WHAT, MONTH, VALUE, UNIT, SOURCE)


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
    sheet = book.add_worksheet("月度用量")
    for column, title in enumerate(COLUMNS):
        sheet.write(0, column, title, head)
        sheet.set_column(column, column, 30 if title in (SUBJECT, SOURCE) else 14)
    sheet.freeze_panes(1, 0)
    lists = {
        SECTOR: [names[0] for names in rules.sector_names().values()], WHAT: list(map(str, Quantity.labels)),
        UNIT: [each.unit for each in rules.quantities().values()], BASIS: list(map(str, MonthValue.Basis.labels)),
    }  # fmt: skip
    for title, options in lists.items():
        column = COLUMNS.index(title)
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
                return _read(city, sheet, number, titles, name, user, now)
    raise UploadError(
        _("没有找到表头"), expected="、".join(REQUIRED), mend=_("请用下载的模板填写"), where=Place(file=name)
    )


def _read(
    city: EnergyCity, sheet: Sheet, start: int, titles: Mapping[str, int], file: str, user: Any, now: datetime
) -> Preview:
    found = Preview()
    seen: dict[tuple[Any, ...], int] = {}
    reader = _Reader(city, user, now)
    for number in sorted(row for row in sheet.rows if row > start):
        cells = {title: sheet.rows[number].get(titles[title]) for title in COLUMNS if title in titles}
        if not any(cell and cell.shown.strip() for cell in cells.values()):
            continue
        row, faults = reader.row(cells)
        key = tuple(row.get(name) for name in ("place", "firm", "sector", "quantity", "month"))
        if not faults and key in seen:
            faults = [(SUBJECT, EnergyError(_("与第 %(row)s 行重复") % {"row": seen[key]}, mend=_("请删去一行")))]
        seen.setdefault(key, number + 1)
        for column, error in faults:
            where = Place(file=file, sheet=sheet.name, row=number + 1, column=column)
            found.problems.append(EnergyError(error.what, expected=error.expected, mend=error.mend, where=where))
        if not faults:
            found.rows.append(row | {"row": number + 1})
    if not found.rows and not found.problems:
        raise UploadError(_("表里没有数据行"), mend=_("请从表头下一行开始填写"), where=Place(file=file))
    return found


class _Reader:
    """Reads rows for one person: whom they may not report for is unknown to them."""

    def __init__(self, city: EnergyCity, user: Any, now: datetime) -> None:
        self.now = now
        whole = bool(WHOLE & roles_of(user)) or bool(getattr(user, "is_superuser", False))
        mine = places_of(user)
        self.places = {names[0]: code for code, names in city.counties.items() if whole or code in mine}
        if whole:
            self.places[city.name] = city.code
        self.firms = {each.name: each for each in Enterprise.objects.for_user(user).filter(city=city.code)}
        self.sectors = {names[0]: code for code, names in rules.sector_names().items()}
        self.quantities = {str(label): value for value, label in Quantity.choices}
        self.bases = {str(label): value for value, label in MonthValue.Basis.choices}

    def row(self, cells: Mapping[str, Cell | None]) -> tuple[dict[str, Any], list[tuple[str, DafengError]]]:
        faults: list[tuple[str, DafengError]] = []
        said = {title: " ".join(cell.shown.split()) if (cell := cells.get(title)) else "" for title in COLUMNS}

        def at(title: str, reading: Callable[[str], Any]) -> Any:
            try:
                return reading(said[title])
            except DafengError as error:
                faults.append((title, error))
                return None

        place, firm = at(SUBJECT, self._subject) or ("", "")
        quantity = at(WHAT, lambda text: self._one(text, self.quantities))
        row = {
            "place": place, "firm": firm, "quantity": quantity,
            "sector": at(SECTOR, lambda text: self._one(text, self.sectors) if text else ""),
            "month": at(MONTH, self._month), "value": at(VALUE, self._number),
            "basis": at(BASIS, lambda text: self._one(text, self.bases) if text else MonthValue.Basis.REPORTED.value),
            "source": at(SOURCE, self._source),
        }  # fmt: skip
        if quantity and said[UNIT] != (unit := rules.quantities()[quantity].unit):
            faults.append((UNIT, Refused("unit", _("单位“%(unit)s”不对") % {"unit": said[UNIT][:20]}, expected=unit)))
        return row, faults

    def _subject(self, text: str) -> tuple[str, str]:
        if text in self.places:
            return self.places[text], ""
        if text in self.firms:
            return self.firms[text].place, self.firms[text].code
        raise Refused(
            "unknown_subject",
            _("“%(text)s”不是您可以填报的县区或企业") % {"text": text[:40]},
            expected="、".join(self.places),
        )

    @staticmethod
    def _one(text: str, known: Mapping[str, str]) -> str:
        if text in known:
            return known[text]
        raise Refused("unknown_word", _("不认识“%(text)s”") % {"text": text[:20]}, expected="、".join(known))

    def _month(self, text: str) -> str:
        text = text.replace("/", "-").replace(".", "-").replace("年", "-").removesuffix("月")
        year, sign, month = text.partition("-")
        period = readings.month_of(f"{year}-{month.split('-')[0].zfill(2)}" if sign else text)
        if period.start > self.now.date():
            raise Refused("future_month", _("%(month)s 还没有到") % {"month": period})
        return str(period)

    @staticmethod
    def _number(text: str) -> float:
        try:
            value = float(text.replace(",", ""))
        except ValueError:
            raise Refused("number", _("“%(text)s”不是数") % {"text": text[:20]}, expected=_("不小于 0 的数")) from None
        if not 0 <= value < 1e12:
            raise Refused("negative", _("数量 %(value)s 不对") % {"value": text[:20]}, expected=_("不小于 0 的数"))
        return value

    @staticmethod
    def _source(text: str) -> str:
        if not text:
            raise Refused("no_source", _("没有写数据来源"), mend=_("请写明台账、账单或统计表的名称"))
        return text[:200]


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
            file, name=name, media_type="application/octet-stream", by=by, now=now, source=_("月度用量导入")
        )
        record = records.open_record(
            KIND, title=_("月度用量导入：%(name)s") % {"name": name[:120]}, payload={"city": city.code, "rows": preview.rows},
            by=by, now=now, place=city.code, evidence=[evidence],
        )  # fmt: skip
    return record, preview


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """File all rows, or none. Returns how many."""
    with records.serial():
        records.move(record, "commit", by=by, now=now)
        evidence = record.evidence.first()
        codes = {row["firm"] for row in record.payload["rows"] if row["firm"]}
        firms = {each.code: each for each in Enterprise.objects.filter(code__in=codes)}
        for row in record.payload["rows"]:
            readings.file(
                record.payload["city"], place=row["place"], firm=firms.get(row["firm"]), sector=row["sector"],
                quantity=row["quantity"], month=row["month"], value=row["value"], basis=row["basis"], source=row["source"],
                evidence=evidence, by=by, now=now,
            )  # fmt: skip
    return len(record.payload["rows"])
