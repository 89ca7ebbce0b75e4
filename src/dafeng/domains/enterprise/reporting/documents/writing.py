"""The outline written down: tagged PDF (PDF/UA-1) by Typst, Word by python-docx, the workbook by xlsxwriter."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from dafeng.domains.enterprise.errors import EnterpriseError
from dafeng.domains.enterprise.reporting.documents.outline import Chapter, Paper, Table

_HOME = Path(__file__).parent
SERIF = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "SimSun", "Songti SC")
SANS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "SimHei", "Microsoft YaHei", "PingFang SC")
_NONE = "–"


def _text(value: Any, decimals: int | None = None) -> str:
    """A cell as it is printed: numbers with the table's decimals, else to six significant digits and large ones whole."""
    if value is None:
        return _NONE
    if isinstance(value, float) and decimals is not None:
        return f"{value:,.{decimals}f}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.6g}"
    return str(value)


_LONG = re.compile(r"[A-Za-z0-9_.@-]{25,}")


def _breakable(text: str) -> str:
    """Hashes and names of parameters may go over to the next line: a table cell has no hyphens for them."""
    return _LONG.sub(lambda found: "\u200b".join(re.findall(r".{1,8}", found.group())), text)


@lru_cache(maxsize=1)
def fonts() -> tuple[str, str]:
    """(text, headings). Raises `EnterpriseError` where no Chinese font is installed."""
    import typst

    have = frozenset(typst.Fonts().families())
    serif = next((name for name in SERIF if name in have), None)
    sans = next((name for name in SANS if name in have), None)
    text, head = serif or sans, sans or serif
    if text is None or head is None:
        raise EnterpriseError("没有找到中文字体，不能生成 PDF", mend="请系统管理员安装 fonts-noto-cjk")
    return text, head


def _plain(chapter: Chapter) -> dict[str, Any]:
    return {
        "title": chapter.title,
        "words": list(chapter.words),
        "tables": [
            {
                "title": each.title,
                "head": list(each.head),
                "rows": [[_breakable(_text(cell, each.decimals)) for cell in row] for row in each.rows],
                "numeric": sorted(each.numeric),
                "widths": list(each.widths),
            }
            for each in chapter.tables
            if each.rows
        ],
    }


def pdf(paper: Paper) -> bytes:
    """Raises `EnterpriseError` where no Chinese font is installed."""
    import typst

    serif, sans = fonts()
    data = {
        "title": paper.title,
        "issuer": paper.issuer,
        "marks": list(paper.marks),
        "day": paper.at.strftime("%Y-%m-%d"),
        "chapters": [_plain(each) for each in paper.chapters],
        "serif": serif,
        "sans": sans,
        "language": paper.language,
    }
    files: Any = {
        "main.typ": (_HOME / "report.typ").read_bytes(),
        "data.json": json.dumps(data, ensure_ascii=False).encode(),
    }
    try:
        made = typst.compile(files, format="pdf", pdf_standards=["ua-1"], timestamp=int(paper.at.timestamp()))
    except typst.TypstError as error:
        raise EnterpriseError(f"PDF 生成失败：{error}", mend="请把这条信息转给系统管理员") from error
    return made if isinstance(made, bytes) else made[0]


def word(paper: Paper) -> bytes:
    """A Word document with real headings, tables with repeated heads, and one fixed time on its parts."""
    from docx import Document
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    made = Document()
    style = made.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(10.5)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
    made.add_heading(paper.title, 0)
    for mark in paper.marks:
        made.add_paragraph(mark)
    for chapter in paper.chapters:
        made.add_heading(chapter.title, 1)
        for words in chapter.words:
            made.add_paragraph(words)
        for each in chapter.tables:
            if each.rows:
                made.add_heading(each.title, 2)
                _word_table(made, each, OxmlElement, qn)
    properties = made.core_properties
    properties.title, properties.author, properties.last_modified_by = paper.title, paper.issuer, paper.issuer
    properties.created = properties.modified = datetime(paper.at.year, paper.at.month, paper.at.day)
    draft = BytesIO()
    made.save(draft)
    return _same_bytes(draft)


def _word_table(made: Any, table: Table, element: Any, qn: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    shown = made.add_table(rows=1, cols=len(table.head), style="Table Grid")
    for cell, text in zip(shown.rows[0].cells, table.head, strict=True):
        cell.text = text
    repeated = element("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    shown.rows[0]._tr.get_or_add_trPr().append(repeated)
    for row in table.rows:
        for number, (cell, value) in enumerate(zip(shown.add_row().cells, row, strict=True)):
            cell.text = _text(value, table.decimals)
            if number in table.numeric:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _same_bytes(draft: BytesIO) -> bytes:
    fixed = BytesIO()
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            target.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), source.read(part), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def workbook(paper: Paper) -> bytes:
    """One sheet a chapter, numbers as numbers."""
    import xlsxwriter

    target = BytesIO()
    book = xlsxwriter.Workbook(
        target,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"title": paper.title, "author": paper.issuer, "created": datetime(paper.at.year, paper.at.month, paper.at.day)})  # fmt: skip
    bold, head = book.add_format({"bold": True, "font_size": 14}), book.add_format({"bold": True, "bottom": 1})
    for number, chapter in enumerate(paper.chapters, 1):
        sheet = book.add_worksheet(f"{number} {chapter.title.partition('、')[2] or chapter.title}"[:31])
        sheet.set_column(0, 8, 22)
        sheet.write(0, 0, paper.title if number == 1 else chapter.title, bold)
        line = 1
        for words in [*(paper.marks if number == 1 else ()), *chapter.words]:
            sheet.write(line, 0, words)
            line += 1
        for each in chapter.tables:
            if not each.rows:
                continue
            sheet.write(line + 1, 0, each.title, bold)
            sheet.write_row(line + 2, 0, list(each.head), head)
            line += 3
            for row in each.rows:
                for column, value in enumerate(row):
                    sheet.write(line, column, _NONE if value is None else value)
                line += 1
    book.close()
    return target.getvalue()
