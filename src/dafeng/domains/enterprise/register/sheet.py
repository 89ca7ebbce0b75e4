"""The register as a spreadsheet: template, faults by row and column, preview, commit, undo.

A row whose code or credit code is known changes that enterprise, and only in the cells that are filled; another row enters a new one.
Nothing is written while a row has a fault. What was staged rests on the register as it was then: where that changed, the commit is refused.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.errors import EnterpriseError, Refused
from dafeng.domains.enterprise.register import keeping
from dafeng.domains.enterprise.reporting.refusing import SeenOld, refusing
from dafeng.kernel.enterprises import credit_codes
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.sheets import Limits, Sheet, open_upload

KIND = "enterprise.register-import"
LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=5000, cells=100_000)
HEADS_WITHIN = 20
"""Rows in which the heads are looked for: a title may stand above them."""
TITLES = {
    "credit_code": gettext_lazy("统一社会信用代码"),
    "name": gettext_lazy("名称"),
    "name_en": gettext_lazy("英文名称"),
    "place": gettext_lazy("所在地"),
    "industry": gettext_lazy("行业代码"),
    "organisation": gettext_lazy("组织"),
    "park": gettext_lazy("园区"),
    "since": gettext_lazy("成立"),
    "until": gettext_lazy("注销"),
    "code": gettext_lazy("代码"),
}
# The heads are the sheet's own words: a file filled in one language is read in another.
HEADS = {
    "credit_code": "统一社会信用代码", "name": "名称", "name_en": "英文名称", "place": "所在地", "industry": "行业代码",
    "organisation": "组织", "park": "园区", "since": "成立", "until": "注销", "code": "代码",
}  # fmt: skip
NEEDED = ("name", "place")


@dataclass
class Staged:
    """What was read; `rows` are ready when there are no `problems`."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[DafengError] = field(default_factory=list)


def template() -> bytes:
    """An empty workbook with lists of places and organisations, and a sheet that says how to fill it."""
    import xlsxwriter

    around = keeping.known(near=())
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head, text = (
        book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1}),
        book.add_format({"num_format": "@"}),
    )
    sheet, lists = book.add_worksheet("企业名录"), book.add_worksheet("填写说明")
    sheet.write_row(0, 0, list(HEADS.values()), head)
    sheet.set_column(0, len(HEADS) - 1, 14, text)
    sheet.set_column(0, 2, 26, text)
    sheet.freeze_panes(1, 2)
    lists.set_column(0, 0, 26)
    lists.set_column(1, 1, 60)
    lines = [
        ("名称、所在地", "必填"),
        ("统一社会信用代码", "18 位；与“代码”至少填一个。已在名录中的，这一行改动那一家"),
        ("空格", "改动已有企业时，空格不改动原来的内容"),
        ("行业代码", "GB/T 4754 的四位小类代码，如 3011"),
        ("组织", "已有组织的代码；它的成员为这家企业办事"),
        ("成立、注销", "日期，如 2026-05-01"),
        *((f"所在地 {code}", name) for code, name in around.places.items()),
        *((f"组织 {code}", name) for code, name in around.organisations.items()),
    ]
    for number, line in enumerate(lines):
        lists.write_row(number, 0, line)
    column = list(HEADS).index("place")
    sheet.data_validation(1, column, 5000, column, {"validate": "list", "source": list(around.places.values())})
    book.close()
    return target.getvalue()


def read(file: BinaryIO, *, name: str) -> Staged:
    """Raises `UploadError` for a file that is no such table; faults of rows are in the answer."""
    for sheet in open_upload(file, name=name, limits=LIMITS).sheets:
        for number in sorted(sheet.rows)[:HEADS_WITHIN]:
            titles = {cell.shown.strip(): column for column, cell in sheet.rows[number].items()}
            if all(HEADS[each] in titles for each in NEEDED):
                return _rows(sheet, number, titles, file=name)
    raise UploadError(
        _("没有找到表头"), expected="、".join(HEADS.values()), mend=_("请用下载的模板填写"), where=Place(file=name)
    )


def _rows(sheet: Sheet, start: int, titles: Mapping[str, int], *, file: str) -> Staged:
    found, around, lines = Staged(), keeping.known(), {}
    places = {shown: code for code, shown in around.places.items()}
    for number in sorted(each for each in sheet.rows if each > start):
        cells = {key: sheet.rows[number].get(titles[head]) for key, head in HEADS.items() if head in titles}
        told = {key: " ".join(cell.shown.split()) for key, cell in cells.items() if cell and cell.shown.strip()}
        if not told:
            continue
        told["place"] = places.get(told.get("place", ""), told.get("place", ""))
        for day in {"since", "until"} & set(told):
            told[day] = _day(told[day])
        told["credit_code"] = credit_codes.tidy(told.get("credit_code", ""))
        faults = _take(found, told, around, lines, row=number + 1)
        for key, fault in faults:
            where = Place(file=file, sheet=sheet.name, row=number + 1, column=HEADS.get(key, key))
            found.problems.append(EnterpriseError(fault.what, expected=fault.expected, mend=fault.mend, where=where))
    if not found.rows and not found.problems:
        raise UploadError(_("表里没有数据行"), mend=_("请从表头下一行开始填写"), where=Place(file=file))
    return found


def _day(text: str) -> str:
    """2026/5/1 and 2026年5月1日 as 2026-05-01; the time of a date cell is left out."""
    parts = re.split(r"[-/.年月]", text.split(" ")[0].removesuffix("日"))
    return "-".join(part.zfill(2) for part in parts)


def _take(
    found: Staged, told: dict[str, Any], around: keeping.Known, lines: dict[str, int], *, row: int
) -> list[keeping.Fault]:
    """Put one row among those that are ready, or say what is wrong with it. `lines`: code → row where it stood before."""
    code = told.get("code", "").lower() or around.by_credit_code.get(told["credit_code"], "")
    if (code in lines) or (twin := lines.get(around.by_name.get(told.get("name", ""), ""))):
        first = lines.get(code) or twin
        return [("name", Refused("twice", _("与第 %(row)s 行重复") % {"row": first}, mend=_("请删去一行")))]
    held = Enterprise.objects.filter(code=code).first() if code in around.codes else None
    if held:
        whole = keeping.words_of(held)
        words, faults = keeping.read({**whole, **{k: v for k, v in told.items() if v}}, around, code=code)
    else:
        code, more = keeping.code_of(told, around)
        words, faults = keeping.read(told, around)
        faults = [*more, *faults]
    if not faults:
        plain = {k: v.isoformat() if k in ("since", "until") and v else v or "" for k, v in words.items()}
        found.rows.append({"row": row, "code": code, "words": plain, "before": whole if held else None})
        around.take(code, plain["name"], plain["credit_code"])
        lines[code] = row
    return faults


# ---------------------------------------------------------------- stage, commit, undo


def stage(file: BinaryIO, *, name: str, by: Any, now: datetime) -> tuple[Record | None, Staged]:
    """Read a file; without faults its rows wait in a record, with the file as evidence. Raises `UploadError`."""
    found = read(file, name=name)
    if found.problems:
        return None, found
    file.seek(0)
    with records.serial():
        kept = records.store_evidence(
            file, name=name, media_type="application/octet-stream", by=by, now=now, source="企业名录导入"
        )
        title, city = f"企业名录导入：{name[:80]}", keeping.known(near=()).city
        record = records.open_record(
            KIND, title=title, payload={"city": city, "rows": found.rows}, by=by, now=now, place=city, evidence=[kept]
        )
    return record, found


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """Enter all rows, or none. Returns how many. Raises `SeenOld` (`stale_enterprise`) and `Faulty`."""
    with refusing("register-import-commit", "record", record.pk, by=by, now=now), records.serial():
        records.move(record, "commit", by=by, now=now)
        around = keeping.known()
        for row in record.payload["rows"]:
            held = Enterprise.objects.filter(code=row["code"]).first()
            if (keeping.words_of(held) if held else None) != row["before"]:
                raise SeenOld(
                    "stale_enterprise",
                    _("第 %(row)s 行的企业在预览之后已被改动") % {"row": row["row"]},
                    mend=_("请放弃这次导入，重新上传"),
                )
            words, faults = keeping.read(row["words"], around, code=row["code"])
            if faults:
                raise Refused(
                    "row_wrong", _("第 %(row)s 行：%(what)s") % {"row": row["row"], "what": faults[0][1].what}
                )
            keeping.write(row["code"], words, city=record.payload["city"], by=by, now=now)
            around.take(row["code"], words["name"], words["credit_code"])
    return len(record.payload["rows"])


def undo(record: Record, *, by: Any, now: datetime, reason: str) -> int:
    """Give every row back what it said before; what was new is struck. Raises `Refused` (`changed_since`, `in_use`)."""
    with refusing("register-import-undo", "record", record.pk, by=by, now=now), records.serial():
        records.move(record, "undo", by=by, now=now, reason=reason)
        for row in record.payload["rows"]:
            held = Enterprise.objects.get(code=row["code"])
            if keeping.words_of(held) != row["words"]:
                raise Refused(
                    "changed_since",
                    _("导入之后“%(name)s”已有改动，不能整批撤销") % {"name": held.name},
                    mend=_("请逐家更正"),
                )
            if row["before"] is None:
                keeping.strike(held, by=by, now=now)
            else:
                former, _faults = keeping.read(row["before"], keeping.known(), code=row["code"])
                keeping.write(row["code"], former, city=held.city, by=by, now=now)
    return len(record.payload["rows"])


def shown_rows(record: Record) -> list[dict[str, Any]]:
    """The rows of an import in words: what each is, and which fields it changes."""
    found = []
    for row in record.payload["rows"]:
        before = row["before"] or {}
        changes = [
            {"title": TITLES[key], "before": before.get(key, ""), "after": row["words"][key]}
            for key in keeping.FIELDS
            if row["words"][key] != before.get(key, "")
        ]
        found.append({**row, "name": row["words"]["name"], "new": row["before"] is None, "changes": changes})
    return found
