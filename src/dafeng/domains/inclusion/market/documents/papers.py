"""Tagged PDF (PDF/UA-1) by Typst, Word by python-docx, the workbook by xlsxwriter. The same content gives the same bytes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import qrcode  # type: ignore[import-untyped]
import typst
import xlsxwriter

from dafeng.domains.inclusion.errors import InclusionError

_HOME = Path(__file__).parent
SERIF = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Source Han Serif CN", "SimSun", "Songti SC")
SANS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "SimHei", "Microsoft YaHei", "PingFang SC")  # fmt: skip
Tables = Mapping[str, Sequence[tuple[str, str, str]]]


@lru_cache(maxsize=1)
def fonts() -> tuple[str, str]:
    """(text, headings). Raises `InclusionError` where no Chinese font is installed."""
    have = frozenset(typst.Fonts().families())
    serif = next((name for name in SERIF if name in have), None)
    sans = next((name for name in SANS if name in have), None)
    text, head = serif or sans, sans or serif
    if text is None or head is None:
        raise InclusionError("没有找到中文字体，不能生成 PDF", mend="请系统管理员安装 fonts-noto-cjk")
    return text, head


def squares(text: str) -> tuple[str, int]:
    """A QR code (error correction M) as the path of its dark squares, and its size with a margin of four."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark)
    return path, len(matrix)


def pdf(template: str, data: Mapping[str, Any], *, at: datetime, code: str = "") -> bytes:
    """Set `<template>.typ` with data; `code` is drawn as a QR code."""
    serif, sans = fonts()
    files: Any = {
        "main.typ": (_HOME / f"{template}.typ").read_bytes(),
        "data.json": json.dumps({**data, "serif": serif, "sans": sans}, ensure_ascii=False).encode(),
    }
    if code:
        path, size = squares(code)
        files["code.svg"] = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{path}"/></svg>'.encode()  # fmt: skip
    try:
        made = typst.compile(files, format="pdf", pdf_standards=["ua-1"], timestamp=int(at.timestamp()))
    except typst.TypstError as error:
        raise InclusionError(f"PDF 生成失败：{error}", mend="请把这条信息转给系统管理员") from error
    return made if isinstance(made, bytes) else made[0]


def workbook(title: str, tables: Tables, notes: Sequence[str], *, at: datetime) -> bytes:
    """One sheet: the tables under each other, numbers as text of the report, the notes below."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})  # fmt: skip
    book.set_properties({"title": title, "created": datetime(at.year, at.month, at.day)})
    sheet, bold, head = book.add_worksheet(), book.add_format({"bold": True, "font_size": 14}), book.add_format({"bold": True, "bottom": 1})  # fmt: skip
    number, right = book.add_format({"num_format": "#,##0.######"}), book.add_format({"align": "right"})
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 22)
    sheet.set_column(2, 2, 12)
    sheet.write(0, 0, title, bold)
    line = 2
    for name, rows in tables.items():
        sheet.write(line, 0, name, head)
        line += 1
        for what, amount, unit in rows:
            sheet.write(line, 0, what)
            plain = amount.replace(",", "").replace("−", "-")
            if len(plain.replace(".", "").lstrip("-")) <= 15:  # what a spreadsheet's number can hold exactly
                sheet.write_number(line, 1, float(plain), number)
            else:
                sheet.write(line, 1, amount, right)
            sheet.write(line, 2, unit)
            line += 1
        line += 1
    for note in notes:
        sheet.write(line, 0, note)
        line += 1
    book.close()
    return target.getvalue()


def word(title: str, issuer: str, tables: Tables, notes: Sequence[str], *, at: datetime) -> bytes:
    """The report as a Word document with real headings and tables."""
    from docx import Document  # loads slowly
    from docx.oxml.ns import qn

    made = Document()
    style = made.styles["Normal"]
    style.font.name = "Times New Roman"
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
    made.add_heading(title, 0)
    made.add_paragraph(f"{issuer}　{at.year}年{at.month}月{at.day}日")
    for name, rows in tables.items():
        made.add_heading(name, 1)
        table = made.add_table(rows=0, cols=3, style="Table Grid")
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    for note in notes:
        made.add_paragraph(note)
    properties = made.core_properties
    properties.title, properties.author, properties.last_modified_by = title, issuer, issuer
    properties.created = properties.modified = datetime(at.year, at.month, at.day)
    draft, fixed = BytesIO(), BytesIO()
    made.save(draft)
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            target.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), source.read(part), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
