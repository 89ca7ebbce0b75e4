"""A firm's installations, units and measuring points as one workbook: template with what is registered, faults by row, preview, commit, undo.

A row is a whole registration: a known code is brought up to date, another is new, and what the workbook leaves out stays as it is. The
preview is a trial run of the same services, undone; what was staged rests on the registrations as they were: where one has changed
since, the commit is refused. Undoing gives what was changed its former words, the last row first, and strikes what was new.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import EnterpriseError, Refused
from dafeng.domains.enterprise.models import Facility, MeasuringPoint
from dafeng.domains.enterprise.reporting import boundaries, clock, points, sectoral
from dafeng.domains.enterprise.reporting.refusing import SeenOld, refusing
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.payloads import digest, plain
from dafeng.kernel.sheets import Limits, Sheet, open_upload
from dafeng.kernel.sheets.numbers import half_width

KIND = "enterprise.structure-import"
LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=3000, cells=60_000)
# The heads are the sheet's own words: a file filled in one language is read in another.
UNITS, POINTS, ITEMS = "核算单元", "测点", "项目代码"
HEADS = {
    UNITS: {
        "code": "代码", "name": "名称", "parent": "所属装置代码", "sector": "行业方法", "since": "投产", "until": "关停",
        "compliance": "计入履约边界",
    },
    POINTS: {
        "facility": "核算单元代码", "code": "测点代码", "item": "项目代码", "stream": "源流代码", "instrument": "器具类型和型号",
        "accuracy": "准确度等级", "place": "安装位置", "calibrated": "检定或校准日期", "period": "检定周期（月）",
        "reading": "能源监测的计量点", "since": "启用", "until": "停用",
    },
}  # fmt: skip
NEEDED = {UNITS: ("code", "name", "sector", "since"), POINTS: ("facility", "code", "item", "instrument", "since")}


@dataclass
class Staged:
    """What was read: `rows` (sheet, row number, words) are ready when there are no `problems`."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[DafengError] = field(default_factory=list)


def template(enterprise: Enterprise) -> bytes:
    """The workbook with what is registered, and the item codes of each unit."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head, text = (
        book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1}),
        book.add_format({"num_format": "@"}),
    )
    registered = _registered(enterprise)
    for name, heads in HEADS.items():
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, list(heads.values()), head)
        for number, row in enumerate(registered[name], 1):
            sheet.write_row(number, 0, [_written(row[key]) for key in heads], text)
        sheet.set_column(0, len(heads) - 1, 16, text)
        sheet.freeze_panes(1, 2)
    column = list(HEADS[UNITS]).index("sector")
    guide = book.add_worksheet(ITEMS)
    guide.write_row(0, 0, ["核算单元代码", "项目代码", "源流代码", "项目"], head)
    cells = [
        (each.code, cell.item, cell.stream, cell.title)
        for each in Facility.objects.units().filter(enterprise=enterprise).order_by("code")
        for cell in sectoral.wanted_of_year(each, 0)
    ]
    for number, row in enumerate(cells, 1):
        guide.write_row(number, 0, row)
    for number, (code, title) in enumerate(sectoral.sector_titles().items()):
        guide.write_row(number, 6, [code, title])
    book.worksheets()[0].data_validation(
        1, column, 500, column, {"validate": "list", "source": f"={ITEMS}!$G$1:$G${len(sectoral.sector_titles())}"}
    )
    guide.set_column(0, 3, 20)
    book.close()
    return target.getvalue()


def _registered(enterprise: Enterprise) -> dict[str, list[dict[str, Any]]]:
    """What is registered, as the sheets tell it."""
    units = list(Facility.objects.filter(enterprise=enterprise).select_related("parent").order_by("code"))
    held = MeasuringPoint.objects.filter(facility__in=units).select_related("facility").order_by("facility__code", "code")  # fmt: skip
    told = [
        {
            "code": each.code, "name": each.name, "parent": each.parent.code if each.parent else "", "sector": each.sector,
            "since": each.since, "until": each.until, "compliance": each.compliance,
        }
        for each in units
    ]  # fmt: skip
    return {UNITS: told, POINTS: [{"facility": each.facility.code, **points.words_of(each)} for each in held]}


def _written(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(value)
    return "" if value is None else str(value)


def _token(enterprise: Enterprise) -> str:
    return digest(plain(_registered(enterprise)))[:32]


def read(enterprise: Enterprise, file: BinaryIO, *, name: str, by: Any, now: datetime) -> Staged:
    """Raises `UploadError` for a file that is no such workbook; faults of rows are in the answer."""
    found, sheets = Staged(), {each.name: each for each in open_upload(file, name=name, limits=LIMITS).sheets}
    if not sheets.keys() & HEADS.keys():
        raise UploadError(_("没有找到工作表“核算单元”或“测点”"), mend=_("请用下载的模板填写"), where=Place(file=name))
    for title in HEADS:
        if title in sheets:
            _rows(found, sheets[title], title, file=name)
    if not found.rows and not found.problems:
        raise UploadError(_("表里没有数据行"), mend=_("请从表头下一行开始填写"), where=Place(file=name))
    if not found.problems:
        _try(found, enterprise, file=name, by=by, now=now)
    return found


def _rows(found: Staged, sheet: Sheet, title: str, *, file: str) -> None:
    first = sheet.rows.get(0, {})
    columns = {cell.shown.strip(): column for column, cell in first.items()}
    if lost := [HEADS[title][key] for key in NEEDED[title] if HEADS[title][key] not in columns]:
        raise UploadError(_("工作表“%(sheet)s”没有这些列：%(lost)s") % {"sheet": title, "lost": "、".join(lost)}, mend=_("请用下载的模板填写"), where=Place(file=file))  # fmt: skip
    for number in sorted(each for each in sheet.rows if each > 0):
        cells = {key: sheet.rows[number].get(columns.get(head, -1)) for key, head in HEADS[title].items()}
        told = {key: cell.shown.strip() if cell else "" for key, cell in cells.items()}
        if not any(told.values()):
            continue
        row: dict[str, Any] = {"sheet": title, "row": number + 1}
        for key, text in told.items():
            try:
                row[key] = _READ.get(key, str)(text)
                if key in NEEDED[title] and not text:
                    raise EnterpriseError(_("没有填写"))
            except DafengError as error:
                where = Place(file=file, sheet=title, row=number + 1, column=HEADS[title][key])
                found.problems.append(EnterpriseError(error.what, expected=error.expected, where=where))
        found.rows.append(row)


def days_of(text: str) -> list[date]:
    """The days that a person wrote one after another. Raises `Refused` (`day`)."""
    found = []
    for each in (
        text.replace("、", " ").replace("，", " ").replace(",", " ").replace("；", " ").replace(";", " ").split()
    ):
        day = clock.day_of(half_width(each))
        if day is None:
            raise Refused("day", _("“%(text)s”不是日期") % {"text": each[:20]}, expected=_("如 2025-03-12，多个用顿号分开"))  # fmt: skip
        found.append(day)
    return found


def _day(text: str) -> str:
    """Raises `Refused` (`day`), also for more than one day."""
    days = days_of(text)
    if len(days) > 1:
        raise Refused("day", _("“%(text)s”不是日期") % {"text": text[:20]}, expected="2025-03-12")
    return days[0].isoformat() if days else ""


def _months(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise EnterpriseError(_("“%(text)s”不是整数") % {"text": text[:20]}, expected=_("1 至 240 个月"))
    return int(text)


def _yes(text: str) -> bool:
    if text not in ("", "是", "否"):
        raise EnterpriseError(_("“%(text)s”读不懂") % {"text": text[:20]}, expected="是、否")
    return text != "否"


_READ: dict[str, Callable[[str], Any]] = {
    "since": _day, "until": _day, "compliance": _yes, "period": _months,
    "calibrated": lambda text: [each.isoformat() for each in days_of(text)],
}  # fmt: skip


def _try(found: Staged, enterprise: Enterprise, *, file: str, by: Any, now: datetime) -> None:
    """Register every row and take it back: what is refused is a fault of its row."""
    with transaction.atomic():
        for row in _ordered(found.rows):
            try:
                _register(enterprise, row, by=by, now=now)
            except Refused as error:
                where = Place(file=file, sheet=row["sheet"], row=row["row"])
                found.problems.append(
                    EnterpriseError(error.what, expected=error.expected, mend=error.mend, where=where)
                )
        transaction.set_rollback(True)
    found.problems.sort(key=lambda each: (each.where.sheet != UNITS, each.where.row) if each.where else (False, 0))


_KEYS = {UNITS: ("code",), POINTS: ("facility", "code")}


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a row speaks of."""
    return (row["sheet"], *(row[name] for name in _KEYS[row["sheet"]]))


def _by_key(enterprise: Enterprise) -> dict[tuple[str, ...], dict[str, Any]]:
    """What is registered, by what a row speaks of, in the words of a row."""
    return {_key(row | {"sheet": sheet}): row for sheet, rows in plain(_registered(enterprise)).items() for row in rows}


def _same(one: Mapping[str, Any], other: Mapping[str, Any], sheet: str) -> bool:
    return all(_written(one.get(key)) == _written(other.get(key)) for key in HEADS[sheet])


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Installations before their units, units before their points."""
    return sorted(rows, key=lambda row: (row["sheet"] != UNITS, bool(row.get("parent")), row["row"]))


def _register(enterprise: Enterprise, row: dict[str, Any], *, by: Any, now: datetime) -> None:
    """Raises `Refused` as `boundaries.ensure_facility` and `points.put`, and `no_facility`."""
    told = {key: row.get(key) for key in HEADS[row["sheet"]]}
    told |= {key: date.fromisoformat(told[key]) if told[key] else None for key in ("since", "until")}
    owner = told["code"] if row["sheet"] == UNITS else told.pop("facility")
    held = Facility.objects.filter(enterprise=enterprise, code=owner).first()
    if row["sheet"] == UNITS:
        boundaries.ensure_facility(enterprise, **told, facts=held.facts if held else {}, by=by, now=now)
        return
    if held is None:
        raise Refused("no_facility", _("没有代码为“%(code)s”的核算单元") % {"code": owner[:60]}, mend=_("请先登记核算单元"))  # fmt: skip
    told["calibrated"] = [date.fromisoformat(each) for each in told["calibrated"]]
    points.put(held, **told, by=by, now=now)


def stage(enterprise: Enterprise, file: BinaryIO, *, name: str, by: Any, now: datetime) -> tuple[Record | None, Staged]:
    """Read a file; without faults its rows wait in a record, with the file as evidence. None: there are faults. Raises `UploadError`."""
    found = read(enterprise, file, name=name, by=by, now=now)
    if found.problems:
        return None, found
    file.seek(0)
    former = _by_key(enterprise)
    rows = [row | {"before": former.get(_key(row))} for row in found.rows]
    with records.serial():
        kept = records.store_evidence(
            file, name=name, media_type="application/octet-stream", by=by, now=now, source="核算单元与测点导入"
        )
        record = records.open_record(
            KIND,
            title=f"{enterprise.name} 核算单元与测点导入：{name[:80]}",
            payload={"enterprise": enterprise.code, "rows": rows, "seen": _token(enterprise)},
            by=by,
            now=now,
            place=enterprise.place,
            key=enterprise.code,
            evidence=[kept],
        )
    return record, found


def commit(record: Record, enterprise: Enterprise, *, by: Any, now: datetime) -> int:
    """Register all rows, or none; returns how many. Raises `SeenOld` (`stale_import`), `Refused` as the services."""
    with refusing("structure-commit", "record", record.pk, by=by, now=now), records.serial():
        if record.payload["seen"] != _token(enterprise):
            raise SeenOld("stale_import", _("核算单元或测点在预览之后已被改动"), mend=_("请放弃这次导入，重新上传"))
        records.move(record, "commit", by=by, now=now)
        for row in _ordered(record.payload["rows"]):
            _register(enterprise, row, by=by, now=now)
    return len(record.payload["rows"])


def undo(record: Record, enterprise: Enterprise, *, by: Any, now: datetime, reason: str) -> int:
    """Give every row that changed something its former words; what was new is struck. Returns how many.

    Raises `Refused`: `changed_since` where somebody changed one of them after the import, `in_use` where more was told of a new unit
    (`boundaries.strike`), and as the services where the former words cannot stand any more.
    """
    with refusing("structure-undo", "record", record.pk, by=by, now=now), records.serial():
        records.move(record, "undo", by=by, now=now, reason=reason)
        standing = _by_key(enterprise)
        rows = record.payload["rows"]
        changed = [row for row in rows if row["before"] is None or not _same(row, row["before"], row["sheet"])]
        for row in changed:
            held = standing.get(_key(row))
            if held is None or not _same(row, held, row["sheet"]):
                raise Refused("changed_since", _("导入之后“%(code)s”已有改动，不能整批撤销") % {"code": row["code"]}, mend=_("请在单元的页面逐项更正"))  # fmt: skip
        for row in reversed(_ordered(changed)):
            if row["before"] is not None:
                _register(enterprise, row["before"] | {"sheet": row["sheet"]}, by=by, now=now)
                continue
            owner = Facility.objects.get(enterprise=enterprise, code=row["code" if row["sheet"] == UNITS else "facility"])  # fmt: skip
            if row["sheet"] == UNITS:
                boundaries.strike(owner, by=by, now=now)
            else:
                points.drop(owner, row["code"], by=by, now=now)
    return len(changed)


def shown_rows(record: Record) -> list[dict[str, Any]]:
    """The rows of an import in words: what each registers, and what it changes of what was registered when it was read."""
    found = []
    for row in record.payload["rows"]:
        heads, before = HEADS[row["sheet"]], row["before"] or {}
        told = {key: (_written(before.get(key)), _written(row.get(key))) for key in heads}
        changes = [{"title": heads[key], "before": was, "after": now} for key, (was, now) in told.items() if was != now]
        found.append({**row, "new": row["before"] is None, "changes": changes})
    return found
