"""A year's values of a facility as a workbook: template, a reader that names every fault by row and column, stage, commit, undo.

One row a cell of the form, one column a month. A cell holds a number, a notation key (NO, NE, NA, IE) or 缺省; an empty cell
changes nothing. Below an item that a laboratory tests stands a row of the same codes for the days of its tests (unit 检测日期). What was
staged rests on the months as they were then: where one has changed since, the commit is refused.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, BinaryIO

from django.utils import timezone

from dafeng.domains.enterprise.errors import EnterpriseError, Refused
from dafeng.domains.enterprise.models import Facility, MonthlyValue, ValueImport
from dafeng.domains.enterprise.reporting import amounts, clock, entry, plans, reports, sectoral, sources
from dafeng.domains.enterprise.reporting.methods.sectors import Order
from dafeng.domains.enterprise.reporting.refusing import SeenOld, refusing
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.sheets import Cell, Limits, Sheet, open_upload, reference
from dafeng.kernel.sheets.numbers import half_width, stored_fault

KIND = "enterprise.import"
LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=2000, cells=60_000)
ITEM, STREAM, TITLE, UNIT, NEED, WAY, SOURCE = HEADS = (
    "项目代码", "源流代码", "项目", "单位", "必填", "取得方式", "数据来源",
)  # fmt: skip
OWNER = "核算单元代码"
DEFAULT = "缺省"
TESTED = "检测日期"
_WAYS = {
    "": "",
    "实测": MonthlyValue.Way.MEASURED,
    "结算凭证": MonthlyValue.Way.INVOICE,
    "缺省值": MonthlyValue.Way.DEFAULT,
    **{value: value for value in MonthlyValue.Way.values if value != MonthlyValue.Way.METER},
}


@dataclass
class Staged:
    """What was read: `rows` are ready when there are no `problems`."""

    year: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[DafengError] = field(default_factory=list)


def template(facility: Facility, year: int) -> bytes:
    """The workbook of a facility's year with what is told so far, and a sheet that explains each item."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1, "text_wrap": True})
    grey = book.add_format({"bg_color": "#eef2f0"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    told = {
        (each.month, each.item, each.stream): each
        for each in MonthlyValue.objects.filter(facility=facility, month__startswith=str(year), current=True)
    }
    columns = [*clock.months_of(year), str(year)]
    sheet = book.add_worksheet("月度数据")
    sheet.write_row(0, 0, [OWNER, facility.code, facility.name, str(year)])
    sheet.write_row(2, 0, [*HEADS, *columns], head)
    cells = [*sectoral.fields(facility, columns[0]), *sectoral.fields(facility, str(year))]
    row = 2
    for each in cells:
        row += 1
        sheet.write_row(row, 0, [each.item, each.stream, each.title, each.unit, "是" if each.required else ""])
        known = [told[m, *each.key] for m in columns if (m, *each.key) in told]
        own = [each for each in known if each.way not in ("default", "meter")]  # what a person may say of a number
        sheet.write(row, 5, str(own[-1].get_way_display()) if own else "实测")
        sheet.write(row, 6, own[-1].source if own else "")
        sheet.data_validation(row, 5, row, 5, {"validate": "list", "source": ["实测", "结算凭证"]})
        if each.tested:
            sheet.write_row(row + 1, 0, [each.item, each.stream, f"{each.title} · {TESTED}", TESTED])
        for column, month in enumerate(columns, len(HEADS)):
            value = told.get((month, *each.key))
            if (len(month) == 4) != each.annual:
                for line in range(row, row + 1 + each.tested):
                    sheet.write_blank(line, column, None, grey)
                continue
            if value:
                sheet.write(row, column, _written(value))
            if each.tested and value and value.tested:
                sheet.write_datetime(row + 1, column, datetime(*value.tested.timetuple()[:3]), day)
            elif each.tested:
                sheet.write_blank(row + 1, column, None, day)
        row += each.tested
    sheet.set_column(0, 1, 16)
    sheet.set_column(2, 2, 36)
    sheet.set_column(3, 5, 11)
    sheet.set_column(6, 6, 24)
    sheet.set_column(len(HEADS), len(HEADS) + 12, 12)
    sheet.freeze_panes(3, 3)
    plan = plans.filed(facility.enterprise, year)
    _guide(book, facility, cells, sources.planned(plan.content, facility) if plan else {})
    book.close()
    return target.getvalue()


def _written(value: MonthlyValue) -> Any:
    if value.value is not None:
        return value.value
    return DEFAULT if value.way == MonthlyValue.Way.DEFAULT else value.notation


def _guide(
    book: Any,
    facility: Facility,
    cells: list[sectoral.Wanted],
    planned: Mapping[tuple[str, str], tuple[Order, str]],
) -> None:
    guide = book.add_worksheet("填写说明")
    guide.set_column(0, 5, 40)

    def order_of(cell: sectoral.Wanted) -> list[str]:
        order = sectoral.order_of(facility.sector, cell.item, cell.stream)
        titles = sectoral.source_titles(order) if order else {}
        return [" > ".join(titles.values()), titles[planned[cell.key][1]] if cell.key in planned else ""]

    lines = [
        ["行业方法", sectoral.sector_title(facility.sector), sectoral.sector_of(facility.sector).source, ""],
        [
            "填写",
            "每格一个数、一个符号（NO 不发生、NE 未估算、NA 不适用、IE 列于别处）或“缺省”；空格表示不改动",
            "",
            "",
        ],
        [TESTED, "检测报告上的检测日期，如 2025-03-12；可以不填，空格表示不改动", "", ""],
        ["凭证", "导入后在月度页面逐项上传台账、结算凭证或检测报告", "", ""],
        ["项目", "说明", "指南规定", "凭证种类", "数据来源的次序", "控制方案规定的来源"],
        *([each.title, each.help, each.rule, "、".join(each.evidence), *order_of(each)] for each in cells),
    ]
    for row, line in enumerate(lines):
        guide.write_row(row, 0, line)


def read(facility: Facility, file: BinaryIO, *, name: str, today: date) -> Staged:
    """Read an uploaded workbook. Raises `UploadError` for a file that is no such table; faults of cells are in the answer."""
    found: list[tuple[Sheet, int]] = []
    for sheet in open_upload(file, name=name, limits=LIMITS).sheets:
        if (head := _head(sheet)) is not None:
            found.append((sheet, head))
    if len(found) > 1:
        names = "、".join(f"“{sheet.name}”{'' if sheet.visible else '（已隐藏）'}" for sheet, _head_row in found)
        raise UploadError(
            f"{len(found)} 张工作表都有表头：{names}", mend="请只留要导入的一张，删去其余", where=Place(file=name)
        )
    if found:
        return _read_sheet(facility, *found[0], file=name, today=today)
    raise UploadError(
        "没有找到表头“项目代码”“源流代码”",
        expected="、".join(HEADS),
        mend="请用下载的模板填写",
        where=Place(file=name),
    )


def _head(sheet: Sheet) -> int | None:
    """The row of the heads, from 0."""
    for number in sorted(sheet.rows)[:20]:
        if {ITEM, STREAM} <= {cell.shown.strip() for cell in sheet.rows[number].values()}:
            return number
    return None


Key = tuple[str, str, str]  # item, stream, month


def _read_sheet(facility: Facility, sheet: Sheet, start: int, *, file: str, today: date) -> Staged:
    _demand_owner(facility, sheet, start, file)
    found = Staged()
    columns = {cell.shown.strip(): column for column, cell in sheet.rows[start].items()}
    months = _months(sheet.rows[start], Place(file=file, sheet=sheet.name, row=start + 1))
    found.problems += _merged(sheet, start, {**columns, **months}, file)
    found.year = int(next(iter(months))[:4])
    values: dict[Key, tuple[dict[str, Any], Place]] = {}
    days: dict[Key, tuple[date, Place]] = {}
    for number in sorted(row for row in sheet.rows if row > start):
        line = sheet.rows[number]
        item, stream = _text(line.get(columns[ITEM])), _text(line.get(columns[STREAM]))
        filled = [(month, line[at]) for month, at in months.items() if at in line and (line[at].shown.strip() or stored_fault(line[at]))]  # fmt: skip
        if not item and not filled:
            continue
        place = Place(file=file, sheet=sheet.name, row=number + 1)
        way = _WAYS.get(_text(line.get(columns.get(WAY, -1))))
        if way is None:
            found.problems.append(
                EnterpriseError("不认识的取得方式", expected="实测、结算凭证", where=replace(place, column=WAY))
            )
            continue
        source = _text(line.get(columns.get(SOURCE, -1)))
        of_days = _text(line.get(columns.get(UNIT, -1))) == TESTED
        for month, cell in filled:
            key, where = (item, stream, month), replace(place, column=month)
            try:
                if key in (days if of_days else values):
                    raise EnterpriseError("同一项目、同一月份填了两次", mend="请只留一行")
                if of_days:
                    days[key] = _day(cell), where
                else:
                    unit = sectoral.told_unit(facility.sector, item, stream)
                    values[key] = {"way": way or "measured", **_value(cell, unit), "source": source}, where
            except EnterpriseError as error:
                found.problems.append(
                    EnterpriseError(error.what, expected=error.expected, mend=error.mend, where=where)
                )
    _settle(found, facility, values, days, today)
    if not found.rows and not found.problems:
        raise UploadError("表里没有填数", mend="请在月份列填写", where=Place(file=file))
    return found


def _demand_owner(facility: Facility, sheet: Sheet, start: int, file: str) -> None:
    for row in range(start):
        cells = sheet.rows.get(row, {})
        if 0 in cells and cells[0].shown.strip() == OWNER:
            owner = cells[1].shown.strip() if 1 in cells else ""
            if owner != facility.code:
                raise UploadError(
                    f"这份表是“{owner}”的，不是“{facility.name}”的", mend="请选对核算单元再导入", where=Place(file=file)
                )


def _months(heads: Mapping[int, Cell], where: Place) -> dict[str, int]:
    """Month → its column, in the order of the sheet; months of one year only. A head with a digit that is no month is refused, not passed over."""
    months: dict[str, int] = {}
    for column, cell in sorted(heads.items()):
        title = half_width(cell.shown)
        if not re.search("[0-9]|月", title):
            continue
        month = clock.month_of(title)
        if month is None:
            raise UploadError(f"表头“{cell.shown.strip()[:20]}”不是月份", expected="2025-01 … 2025-12", where=where)
        if month in months:
            raise UploadError(f"月份 {month} 有两列", mend="请只留一列", where=where)
        months[month] = column
    if len({title[:4] for title in months}) != 1:
        raise UploadError("一份表只能有一个年度的月份", expected="2025-01 … 2025-12", where=where)
    return months


def _merged(sheet: Sheet, start: int, columns: Mapping[str, int], file: str) -> list[DafengError]:
    """A merged range holds one value for many cells; for which it was meant is not ours to guess."""
    found: list[DafengError] = []
    for top, left, bottom, right in sheet.merged[:100]:
        touched = [title for title, column in columns.items() if left <= column <= right]
        if bottom > start and touched and any(top <= row <= bottom for row in sheet.rows):
            area = f"{reference(top, left)}:{reference(bottom, right)}"
            where = Place(file=file, sheet=sheet.name, row=max(top, start + 1) + 1, column=touched[0])
            found.append(
                EnterpriseError(
                    f"{area} 是合并单元格，只有左上角一格有内容", mend="请取消合并，每格各填各的", where=where
                )
            )
    return found


def _value(cell: Cell, unit: str) -> dict[str, Any]:
    """What a cell tells. Raises `EnterpriseError`."""
    if cell.shown.strip() == DEFAULT:
        return {"way": "default", "value": None, "notation": ""}
    value, notation = amounts.told(cell, unit)
    return {"value": value, "notation": notation}


def _day(cell: Cell) -> date:
    """A date cell, or a day as people write it. Raises `EnterpriseError`."""
    text = cell.shown.strip()
    if found := clock.day_of(half_width(text)):
        return found
    raise EnterpriseError(f"“{text[:20]}”不是日期", expected="如 2025-03-12")


def _settle(
    found: Staged,
    facility: Facility,
    values: dict[Key, tuple[dict[str, Any], Place]],
    days: dict[Key, tuple[date, Place]],
    today: date,
) -> None:
    """Lay the days beside their values; a day without a number beside it is of the number that stands. What is faulty is named."""
    alone = [key for key in days if key not in values]
    held = {
        (each.item, each.stream, each.month): each
        for each in MonthlyValue.objects.filter(
            facility=facility, month__in={month for _item, _stream, month in alone}, current=True
        )
    }
    for key in alone:
        told = held.get(key) or MonthlyValue(value=None, way=MonthlyValue.Way.MEASURED)
        same = {name: getattr(told, name) for name in ("value", "notation", "way", "source")}
        values[key] = same, days[key][1]
    for key, (said, where) in values.items():
        item, stream, month = key
        day = days[key][0].isoformat() if key in days else ""
        row = {"item": item, "stream": stream, "month": month, **said, "tested": day, "row": where.row}
        faults = entry.faults_of(facility, month, entry.cells_of([row])[0], today=today)
        found.problems += [EnterpriseError(e.what, expected=e.expected, mend=e.mend, where=where) for e in faults]
        if not faults:
            found.rows.append(row)


def _text(cell: Cell | None) -> str:
    return cell.shown.strip() if cell else ""


# ---------------------------------------------------------------- stage, commit, undo


def stage(
    facility: Facility, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[ValueImport | None, Staged]:
    """Read a file; without faults its rows wait in a record, with the file as evidence. None: there are faults.

    Raises `UploadError`; `Refused` (`report_submitted`, `report_locked`).
    """
    found = read(facility, file, name=name, today=timezone.localdate(now))
    if found.problems:
        return None, found
    with refusing("import", "facility", facility.pk, by=by, now=now), records.serial():
        reports.demand_open(facility.enterprise, found.year)
        file.seek(0)
        kept = records.store_evidence(
            file, name=name, media_type="application/octet-stream", by=by, now=now, source="月度数据导入"
        )
        months = sorted({row["month"] for row in found.rows})
        record = records.open_record(
            KIND,
            title=f"{facility.name} {found.year} 年月度数据导入：{name[:80]}",
            payload={
                "facility": facility.pk,
                "year": found.year,
                "rows": found.rows,
                "seen": {month: entry.seen(facility, month) for month in months},
            },
            by=by,
            now=now,
            place=facility.enterprise.place,
            key=f"{facility.pk}-{found.year}",
            evidence=[kept],
        )
        return ValueImport.objects.create(facility=facility, record=record), found


def commit(imported: ValueImport, *, by: Any, now: datetime) -> int:
    """Put all rows in, or none. Returns how many values changed. Raises `SeenOld` (`stale_month`) and as `entry.save_month`."""
    record, facility = imported.record, imported.facility
    with refusing("import-commit", "record", record.pk, by=by, now=now), records.serial():
        for month, token in record.payload["seen"].items():
            if entry.seen(facility, month) != token:
                raise SeenOld("stale_month", f"{month} 的数据在预览之后已被改动", mend="请放弃这次导入，重新上传")
        records.move(record, "commit", by=by, now=now)
        count = 0
        for month in record.payload["seen"]:
            rows = [row for row in record.payload["rows"] if row["month"] == month]
            held = {(each.item, each.stream): each for each in entry.current(facility, month)}
            made = entry.save_month(
                facility,
                month,
                [_kept(cell, held.get(cell.key)) for cell in entry.cells_of(rows)],
                seen=None,
                by=by,
                now=now,
                reason=f"表格导入：{record.title[-60:]}",
                imported=record,
            )
            count += len(made)
    return count


def _kept(cell: entry.Cell, held: MonthlyValue | None) -> entry.Cell:
    """What a sheet does not speak of: the day of a test stays, and a meter's value that is only repeated stays the meter's."""
    if held is None or cell.value is None:
        return cell
    if held.way == MonthlyValue.Way.METER and held.value == cell.value:
        return replace(cell, way=held.way, source=held.source)
    return replace(cell, tested=cell.tested or held.tested)


def undo(imported: ValueImport, *, by: Any, now: datetime, reason: str) -> int:
    """Give every cell of an import what it said before, as a new revision.

    Raises `Refused` (`changed_since`) when one was revised after the import, `report_submitted`, `report_locked`.
    """
    record, facility = imported.record, imported.facility
    with refusing("import-undo", "record", record.pk, by=by, now=now), records.serial():
        made = list(MonthlyValue.objects.filter(imported=record).order_by("month", "item", "stream"))
        if any(not each.current for each in made):
            raise Refused("changed_since", "导入之后已有人改动其中的数，不能整批撤销", mend="请在月度页面逐项更正")
        records.move(record, "undo", by=by, now=now, reason=reason)
        for each in made:
            former = MonthlyValue.objects.filter(
                facility=facility,
                month=each.month,
                item=each.item,
                stream=each.stream,
                revision=each.revision - 1,
            ).first()
            told = former or MonthlyValue(value=None, notation="", way=MonthlyValue.Way.MEASURED)
            cell = entry.Cell(
                each.item,
                each.stream,
                told.value,
                told.notation,
                "",
                told.way,
                told.source,
                tuple(former.evidence.all()) if former else (),
                told.tested,
            )
            why = f"撤销导入：{reason}"
            entry.save_month(facility, each.month, [cell], seen=None, by=by, now=now, reason=why, metered=True)
    return len(made)


def shown_rows(imported: ValueImport) -> Iterator[dict[str, Any]]:
    """The rows of an import in words, beside what stands now."""
    facility = imported.facility
    now = {
        (each.month, each.item, each.stream): each
        for each in MonthlyValue.objects.filter(
            facility=facility, month__startswith=str(imported.record.payload["year"]), current=True
        )
    }
    for row in imported.record.payload["rows"]:
        yield {
            **row,
            "title": sectoral.title_of(facility.sector, row["item"], row["stream"]),
            "unit": sectoral.unit_of(facility.sector, row["item"], row["stream"]),
            "way_title": MonthlyValue.Way(row["way"]).label,
            "former": now.get((row["month"], row["item"], row["stream"])),
        }
