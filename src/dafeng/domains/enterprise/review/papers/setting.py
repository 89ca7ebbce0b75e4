"""Word by python-docx, PDF (PDF/UA-1) by Typst. The same paper gives the same bytes."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import typst

from dafeng.domains.enterprise.errors import EnterpriseError
from dafeng.domains.enterprise.review.papers.blocks import Heading, Paper, Paragraph

SERIF = ("FangSong", "STFangsong", "Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "SimSun")
SANS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "SimHei", "Microsoft YaHei", "PingFang SC")


@lru_cache(maxsize=1)
def fonts() -> tuple[str, str]:
    """(text, headings). Raises `EnterpriseError` where no Chinese font is installed."""
    have = frozenset(typst.Fonts().families())
    serif = next((name for name in SERIF if name in have), None)
    sans = next((name for name in SANS if name in have), None)
    text, head = serif or sans, sans or serif
    if text is None or head is None:
        raise EnterpriseError("没有找到中文字体，不能生成 PDF", mend="请系统管理员安装 fonts-noto-cjk")
    return text, head


def pdf(paper: Paper) -> bytes:
    serif, sans = fonts()
    day = paper.dated
    data = {
        "title": paper.title, "issuer": paper.issuer, "reference": paper.reference, "note": paper.note, "serif": serif, "sans": sans,
        "dated": f"{day.year}年{day.month}月{day.day}日",
        "blocks": [{"kind": type(each).__name__} | {name: getattr(each, name) for name in each.__dataclass_fields__} for each in paper.blocks],
    }  # fmt: skip
    files: Any = {
        "main.typ": Path(__file__).with_name("paper.typ").read_bytes(),
        "data.json": json.dumps(data, ensure_ascii=False).encode(),
    }
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    try:
        made = typst.compile(files, format="pdf", pdf_standards=["ua-1"], timestamp=int(moment.timestamp()))
    except typst.TypstError as error:
        raise EnterpriseError(f"PDF 生成失败：{error}", mend="请把这条信息转给系统管理员") from error
    return made if isinstance(made, bytes) else made[0]


def word(paper: Paper) -> bytes:
    from docx import Document  # loads slowly
    from docx.oxml.ns import qn

    made = Document()
    style = made.styles["Normal"]
    style.font.name = "Times New Roman"
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "仿宋")
    made.add_heading(paper.title, 0)
    made.add_paragraph(f"{paper.issuer}　{paper.reference}".strip())
    if paper.note:
        made.add_paragraph(paper.note)
    for block in paper.blocks:
        if isinstance(block, Heading):
            made.add_heading(block.text, 1)
        elif isinstance(block, Paragraph):
            made.add_paragraph(block.text)
        else:
            made.add_paragraph(block.caption, style="Caption")
            table = made.add_table(rows=0, cols=len(block.head), style="Table Grid")
            for row in (block.head, *block.rows):
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
    day = paper.dated
    made.add_paragraph(f"{paper.issuer}　{day.year}年{day.month}月{day.day}日")
    properties = made.core_properties
    properties.title, properties.author, properties.last_modified_by = paper.title, paper.issuer, paper.issuer
    properties.created = properties.modified = datetime(day.year, day.month, day.day)
    draft, fixed = BytesIO(), BytesIO()
    made.save(draft)
    # One fixed time on all parts of the package.
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            target.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), source.read(part), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
