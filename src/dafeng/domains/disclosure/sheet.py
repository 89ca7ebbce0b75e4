"""The register from a spreadsheet: a template, a reader that names every fault by row and column, preview, commit, undo.

An import is a record: its rows wait in the payload until somebody commits them whole. A row that is on the register
already changes nothing and is counted as known.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from dafeng.domains.disclosure import register, rules
from dafeng.domains.disclosure.errors import DisclosureError
from dafeng.domains.disclosure.methods.credit_code import is_credit_code
from dafeng.domains.disclosure.models import Duty, Entity, OpenCity
from dafeng.kernel.errors import DafengError, Place, TransitionError, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.sheets import Cell, Limits, Sheet, open_upload

KIND = "disclosure.import"
LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=5000, cells=100_000)
NAME, CODE, COUNTY, DUTY, YEAR, DUE, BINDING, SOURCE = COLUMNS = (
    "企业名称", "统一社会信用代码", "县区", "披露义务", "报告年度", "截止日期", "是否强制", "名单来源",
)  # fmt: skip
REQUIRED = (NAME, DUTY, YEAR, SOURCE)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass
class Preview:
    """`rows` are ready to be committed when there are no `problems`; `known` counts those already on the register."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    known: int = 0
    problems: list[DafengError] = field(default_factory=list)


def template(city: OpenCity) -> bytes:
    """An empty workbook with lists to choose from and a sheet that explains the columns."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1})
    sheet = book.add_worksheet("披露名录")
    for column, (title, width) in enumerate(zip(COLUMNS, (30, 24, 12, 24, 10, 14, 10, 40), strict=True)):
        sheet.write(0, column, title, head)
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    lists = {COUNTY: [names[0] for names in city.counties.values()], DUTY: [k.short for k in rules.duty_kinds().values()], BINDING: ["是", "否"]}  # fmt: skip
    for title, options in lists.items():
        column = COLUMNS.index(title)
        if options:
            sheet.data_validation(1, column, 2000, column, {"validate": "list", "source": options})
    guide = book.add_worksheet("填写说明")
    guide.set_column(0, 0, 26)
    guide.set_column(1, 1, 90)
    for row, (title, text) in enumerate(
        [
            ("必填", "、".join(REQUIRED)),
            (CODE, "18 位；没有可留空，有则校验"),
            (DUE, "如 2026-03-15；留空时按下列规定推算"),
            (BINDING, "是或否；留空时按下列规定"),
            *((each.short, f"{each.basis}；次年 {each.due[0]} 月 {each.due[1]} 日前") for each in rules.duty_kinds().values()),
        ]
    ):  # fmt: skip
        guide.write(row, 0, title)
        guide.write(row, 1, text)
    book.close()
    return target.getvalue()


def read(city: OpenCity, file: BinaryIO, *, name: str) -> Preview:
    """Read an uploaded .xlsx or .csv. Raises `UploadError` for a file that is no such table; row faults are in the answer."""
    upload = open_upload(file, name=name, limits=LIMITS)
    for sheet in upload.sheets:
        if head := _head(sheet):
            return _read_sheet(city, sheet, head, name)
    raise UploadError(
        _("没有找到表头“企业名称”“披露义务”"),
        expected="、".join(COLUMNS),
        mend=_("请用下载的模板填写"),
        where=Place(file=name),
    )


def _head(sheet: Sheet) -> tuple[int, dict[str, int]] | None:
    """Row and columns of the heading, within the first twenty rows."""
    for number in sorted(sheet.rows)[:20]:
        titles = {cell.shown.strip(): column for column, cell in sheet.rows[number].items()}
        if NAME in titles and DUTY in titles:
            return number, {title: titles[title] for title in COLUMNS if title in titles}
    return None


def _read_sheet(city: OpenCity, sheet: Sheet, head: tuple[int, dict[str, int]], file: str) -> Preview:
    start, columns = head
    if missing := [title for title in REQUIRED if title not in columns]:
        raise UploadError(
            _("缺少列“%(title)s”") % {"title": missing[0]},
            expected="、".join(COLUMNS),
            where=Place(file=file, row=start + 1),
        )
    found = Preview()
    known = set(Duty.objects.filter(entity__city=city, withdrawn_at=None).values_list("entity__name", "kind", "year"))
    codes = {code: name for code, name in Entity.objects.filter(city=city).values_list("credit_code", "name") if code}
    names = {name: code for code, name in codes.items()}
    seen: dict[tuple[str, str, int], int] = {}
    for number in sorted(row for row in sheet.rows if row > start):
        cells = {title: sheet.rows[number].get(column) for title, column in columns.items()}
        if not any(cell and cell.shown.strip() for cell in cells.values()):
            continue
        row, problems = _read_row(city, cells, codes, names)
        if row and not problems:
            key = (row["name"], row["kind"], row["year"])
            if key in seen:
                problems.append(
                    (NAME, DisclosureError(_("与第 %(row)s 行重复") % {"row": seen[key]}, mend=_("请删去一行")))
                )
            seen.setdefault(key, number + 1)
        for column, error in problems:
            where = Place(file=file, sheet=sheet.name, row=number + 1, column=column)
            found.problems.append(DisclosureError(error.what, expected=error.expected, mend=error.mend, where=where))
        if problems or row is None:
            continue
        if (row["name"], row["kind"], row["year"]) in known:
            found.known += 1
        else:
            found.rows.append(row | {"row": number + 1})
        if row["credit_code"]:
            codes[row["credit_code"]], names[row["name"]] = row["name"], row["credit_code"]
    if not found.rows and not found.known and not found.problems:
        raise UploadError(_("表里没有数据行"), mend=_("请从表头下一行开始填写"), where=Place(file=file))
    return found


Faults = list[tuple[str, DafengError]]


def _read_row(
    city: OpenCity, cells: dict[str, Cell | None], codes: dict[str, str], names: dict[str, str]
) -> tuple[dict[str, Any] | None, Faults]:
    faults: Faults = []

    def at(title: str, reader: Callable[[Cell | None], Any]) -> Any:
        try:
            return reader(cells.get(title))
        except DafengError as error:
            faults.append((title, error))
            return None

    row = {
        "name": at(NAME, _name),
        "credit_code": at(CODE, _credit_code),
        "place": at(COUNTY, lambda cell: _county(city, cell)),
        "kind": at(DUTY, _kind),
        "year": at(YEAR, _year),
        "due": at(DUE, _date),
        "binding": at(BINDING, _binding),
        "source": at(SOURCE, _source),
    }
    if row["name"] and row["credit_code"]:
        if codes.get(row["credit_code"], row["name"]) != row["name"]:
            faults.append((CODE, DisclosureError(_("代码已属于“%(name)s”") % {"name": codes[row["credit_code"]]})))
        elif names.get(row["name"], row["credit_code"]) != row["credit_code"]:
            faults.append((CODE, DisclosureError(_("这家企业已登记的代码是 %(code)s") % {"code": names[row["name"]]})))
    if row["due"] and row["year"] and int(row["due"][:4]) < row["year"]:
        faults.append((DUE, DisclosureError(_("截止日期早于报告年度"))))
    return row, faults


def _text(cell: Cell | None) -> str:
    return " ".join(cell.shown.split()) if cell else ""


def _name(cell: Cell | None) -> str:
    if not (text := _text(cell)):
        raise DisclosureError(_("没有填企业名称"))
    if len(text) > 120:
        raise DisclosureError(_("企业名称太长"), expected=_("不超过 120 个字"))
    return text


def _credit_code(cell: Cell | None) -> str:
    text = _text(cell).upper().replace(" ", "")
    if text and not is_credit_code(text):
        raise DisclosureError(
            _("代码“%(code)s”校验不通过") % {"code": text[:20]},
            expected=_("18 位统一社会信用代码"),
            mend=_("请对照营业执照；Excel 中请把这一列设为文本"),
        )
    return text


def _county(city: OpenCity, cell: Cell | None) -> str:
    text = _text(cell)
    if not text:
        return ""
    for code, names in city.counties.items():
        if text in (code, names[0]):
            return str(code)
    if text in (city.code, city.name):
        return city.code
    raise DisclosureError(
        _("“%(text)s”不是本市的县区") % {"text": text[:20]},
        expected="、".join(names[0] for names in city.counties.values()),
    )


def _kind(cell: Cell | None) -> str:
    text = _text(cell)
    for each in rules.duty_kinds().values():
        if text in (each.code, each.short, each.title):
            return each.code
    raise DisclosureError(
        _("不认识的披露义务“%(text)s”") % {"text": text[:20]} if text else _("没有填披露义务"),
        expected="、".join(each.short for each in rules.duty_kinds().values()),
    )


def _year(cell: Cell | None) -> int:
    text = _text(cell).removesuffix("年").removesuffix("年度")
    if not (text.isascii() and text.isdigit() and register.FIRST_YEAR <= int(text[:6]) <= register.LAST_YEAR):
        raise DisclosureError(_("报告年度“%(text)s”不对") % {"text": text[:12]}, expected=_("四位年份，如 2025"))
    return int(text)


def _date(cell: Cell | None) -> str:
    text = _text(cell)
    if not text:
        return ""
    if match := _DATE.fullmatch(text):
        try:
            return date(*map(int, match.groups())).isoformat()
        except ValueError:
            pass  # no such day: told below, as any text that is no date
    raise DisclosureError(_("日期“%(text)s”读不出来") % {"text": text[:20]}, expected="2026-03-15")


def _binding(cell: Cell | None) -> bool | None:
    text = _text(cell)
    if text not in ("", "是", "否"):
        raise DisclosureError(_("“%(text)s”不是“是”或“否”") % {"text": text[:12]}, expected=_("是、否或留空"))
    return None if not text else text == "是"


def _source(cell: Cell | None) -> str:
    if not (text := _text(cell)):
        raise DisclosureError(_("没有填名单来源"), expected=_("公布名单的文件或网页"))
    return text[:300]


# ---------------------------------------------------------------- preview, commit, undo


def open_import(city: OpenCity, file: BinaryIO, *, name: str, by: Any, now: datetime) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record for somebody to commit them, with the file as evidence."""
    preview = read(city, file, name=name)
    if preview.problems or not preview.rows:
        return None, preview
    file.seek(0)
    with records.serial():
        evidence = records.store_evidence(
            file, name=name, media_type="application/octet-stream", by=by, now=now, source=_("披露名录导入")
        )  # fmt: skip
        record = records.open_record(
            KIND,
            title=_("披露名录导入：%(name)s") % {"name": name[:120]},
            payload={"city": city.code, "rows": preview.rows, "known": preview.known},
            by=by,
            now=now,
            place=city.code,
            evidence=[evidence],
        )
    return record, preview


def commit(record: Record, *, by: Any, now: datetime, today: date) -> int:
    """Put all rows on the register, or none. Returns how many duties are new."""
    city = OpenCity.objects.get(pk=record.payload["city"])
    with records.serial():
        records.move(record, "commit", by=by, now=now)
        for row in record.payload["rows"]:
            entity = register.ensure_entity(
                city, name=row["name"], credit_code=row["credit_code"], place=row["place"], by=by, now=now
            )
            register.add_duty(
                entity,
                kind=row["kind"],
                year=row["year"],
                due=date.fromisoformat(row["due"]) if row["due"] else None,
                binding=row["binding"],
                source=row["source"],
                by=by,
                now=now,
                imported=record,
            )
        register.publish_shares(city, by=by, now=now, today=today)
    return len(record.payload["rows"])


def undo(record: Record, *, by: Any, now: datetime, today: date, reason: str) -> int:
    """Take the duties of an import off the register again. Refused, whole, when something was filed for one of them."""
    with records.serial(), transaction.atomic():
        made = list(Duty.objects.filter(imported=record, withdrawn_at=None).select_related("entity"))
        filed = [duty for duty in made if duty.filings.exists()]
        if filed:
            raise TransitionError(
                _("“%(name)s”等 %(count)s 家已报送材料，这次导入不能撤销")
                % {"name": filed[0].entity.name, "count": len(filed)},
                mend=_("请在名录中逐项移出其余各行"),
            )
        records.move(record, "undo", by=by, now=now, reason=reason)
        for duty in made:
            register.withdraw_duty(duty, by=by, now=now, reason=reason)
        if made:
            register.publish_shares(made[0].entity.city, by=by, now=now, today=today)
    return len(made)


def shown_rows(record: Record, city: OpenCity) -> Iterator[dict[str, Any]]:
    """The rows of an import in words."""
    kinds = rules.duty_kinds()
    for row in record.payload["rows"]:
        kind = kinds[row["kind"]]
        binding = kind.binding if row["binding"] is None else row["binding"]
        yield {
            **row,
            "kind": kind.label,
            "place": city.place_name(row["place"], english=rules.english()) if row["place"] else "",
            "due": row["due"] or str(kind.due_on(row["year"])),
            "binding": _("是") if binding else _("否"),
        }
