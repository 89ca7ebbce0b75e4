"""Reported numbers from a spreadsheet: a template with what is owed, a reader that names every fault by row, a commit of all or nothing."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.plan.services import reported
from dafeng.domains.plan.services.reported import Item, Reported
from dafeng.kernel.errors import DafengError, PermissionDenied, Place, PlanError, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record
from dafeng.kernel.sheets import Cell, Limits, Sheet, number_of, open_upload

LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=5000, cells=100_000)
CODE, NAME, PLACE, MEMBER, PERIOD, VALUE, NOTATION, UNIT, BASIS, SOURCE = COLUMNS = (
    "指标代码", "指标名称", "地区", "成员", "时期", "数值", "符号", "单位", "数据性质", "数据来源",
)  # fmt: skip
REQUIRED = (CODE, PLACE, PERIOD, SOURCE)
WIDTHS = (36, 28, 12, 14, 10, 14, 8, 12, 10, 40)


@dataclass
class Preview:
    """`rows` may be handed in when there are no `problems`."""

    rows: list[Reported] = field(default_factory=list)
    problems: list[DafengError] = field(default_factory=list)


def template(items: Sequence[Item], subjects: Mapping[str, str]) -> bytes:
    """A workbook with a line for each indicator that is owed; lists for place, sign and basis."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1})
    sheet = book.add_worksheet("指标填报")
    for column, (title, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
        sheet.write(0, column, title, head)
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    for row, item in enumerate(items, 1):
        sheet.write_string(row, 0, item.code)
        sheet.write_string(row, 1, item.name)
        sheet.write_string(row, 2, next(iter(subjects.values()), ""))
        sheet.write_string(row, 7, item.unit)
        sheet.write_string(row, 8, "统计")
    lists = {2: list(subjects.values()), 6: ["NE", "NO", "NA"], 8: [str(each) for each in reported.BASES.values()]}
    for column, options in lists.items():
        sheet.data_validation(1, column, 500, column, {"validate": "list", "source": options})
    notes = book.add_worksheet("说明")
    for row, text in enumerate(
        (
            "一行一个数。不填的指标整行删去或留空时期。",
            "时期：年 2024、季 2024Q1、月 2024-03；没有结束的时期不能填。",
            "缺数不能填 0：数值留空，符号填 NE（有但未统计）、NO（不发生）或 NA（不适用）。",
            "目标要求各断面、各园区全部达到的，成员一列填断面或园区名称。",
            "数据来源写明年报、台账名称和文号；本表作为依据文件一并留存。",
        )
    ):
        notes.write_string(row, 0, text)
    book.close()
    return target.getvalue()


def read(file: Any, *, name: str, subjects: Mapping[str, str], by: Any, today: date) -> Preview:
    """What a sheet would hand in, and every fault. Raises `UploadError` where it is no table at all."""
    upload = open_upload(file, name=name, limits=LIMITS)
    for sheet in upload.sheets:
        heads = {_text(cell): column for column, cell in sheet.rows.get(0, {}).items()}
        if CODE in heads:
            if missing := [each for each in REQUIRED if each not in heads]:
                raise UploadError(
                    _("缺少“%(name)s”一列") % {"name": missing[0]},
                    expected="、".join(COLUMNS),
                    mend=_("请用下载的模板"),
                )
            return _read(sheet, heads, file=name, subjects=subjects, by=by, today=today)
    raise UploadError(
        _("表里没有“指标代码”一列"), expected="、".join(COLUMNS), mend=_("请用下载的模板填写"), where=Place(file=name)
    )


def _read(
    sheet: Sheet, heads: Mapping[str, int], *, file: str, subjects: Mapping[str, str], by: Any, today: date
) -> Preview:
    found, seen = Preview(), dict[str, int]()
    codes = {name: code for code, name in subjects.items()}
    for number in sorted(each for each in sheet.rows if each > 0):
        cells = {name: sheet.rows[number].get(column) for name, column in heads.items()}
        if not _text(cells.get(PERIOD)) and not _text(cells.get(VALUE)) and not _text(cells.get(NOTATION)):
            continue  # a line of the template that was left empty
        try:
            row = _row(cells, codes=codes, subjects=subjects, today=today)
            if not reported.may_report(by, row.item, row.subject):
                raise PermissionDenied(
                    _("“%(name)s”不由您的单位填报") % {"name": row.item.name}, mend=_("请删去这一行")
                )
            if row.cell in seen:
                raise PlanError(
                    _("与第 %(row)s 行是同一个指标、地区、成员和时期") % {"row": seen[row.cell]}, mend=_("请只留一行")
                )
            seen[row.cell] = number + 1
            found.rows.append(row)
        except DafengError as error:
            where = Place(file=file, sheet=sheet.name, row=number + 1, column=error.where.column)
            found.problems.append(PlanError(error.what, expected=error.expected, mend=error.mend, where=where))
    return found


def _row(
    cells: Mapping[str, Cell | None], *, codes: Mapping[str, str], subjects: Mapping[str, str], today: date
) -> Reported:
    given = {name: _text(cells.get(name)) for name in COLUMNS}
    for name in REQUIRED:
        if not given[name]:
            raise PlanError(_("没有填写"), where=Place(column=name))
    basis = {str(words): code for code, words in reported.BASES.items()}.get(given[BASIS], given[BASIS] or "statistic")
    if given[VALUE].endswith("%"):  # a cell formatted as percent
        given[VALUE], given[UNIT] = given[VALUE].removesuffix("%"), "%"
    value = number_of(given[VALUE])
    if given[VALUE] and value is None:
        raise PlanError(_("“%(text)s”不是数字") % {"text": given[VALUE][:30]}, where=Place(column=VALUE), mend=_("没有数值请留空并填符号"))  # fmt: skip
    return reported.checked(
        given[CODE], subject=codes.get(given[PLACE], given[PLACE]), period=given[PERIOD].removesuffix("年"), today=today, value=value,
        notation=given[NOTATION], unit=given[UNIT], basis=basis, source=given[SOURCE], member=given[MEMBER], subjects=subjects,
    )  # fmt: skip


def _text(cell: Cell | None) -> str:
    return "" if cell is None else cell.shown.strip()


@transaction.atomic
def commit(evidence: Evidence, *, subjects: Mapping[str, str], by: Any, now: datetime) -> list[Record]:
    """Hand in all rows of a sheet that was kept as evidence; it is the evidence of each. Raises what `read` and `submit` raise."""
    with evidence.file.open("rb") as stream:
        preview = read(io.BytesIO(stream.read()), name=evidence.name, subjects=subjects, by=by, today=timezone.localdate(now))  # fmt: skip
    if preview.problems:
        raise preview.problems[0]
    return submit_all(preview.rows, by=by, now=now, evidence=[evidence])


@transaction.atomic
def submit_all(rows: Iterable[Reported], *, by: Any, now: datetime, evidence: Sequence[Evidence] = ()) -> list[Record]:
    """All or none."""
    with records.serial():
        return [reported.submit(row, by=by, now=now, evidence=evidence) for row in rows]
