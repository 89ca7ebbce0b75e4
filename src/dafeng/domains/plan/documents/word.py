"""A document as Word in the manner of an official paper: red head, title, text in 仿宋 16 磅, tables with repeated heads.

仿宋, 黑体 and 宋体 are named, not the `_GB2312` fonts, which lack 浉. The same document gives the same bytes.
"""

from __future__ import annotations

import zipfile
from datetime import datetime
from io import BytesIO
from typing import Any

from docx import Document as new_document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from dafeng.domains.plan.documents.blocks import Document, Heading, Paragraph, Table

BODY, HEAD, CELL, LATIN = "仿宋", "黑体", "宋体", "Times New Roman"
_RED = RGBColor(0xC0, 0, 0)
_SIDES = {"l": WD_ALIGN_PARAGRAPH.LEFT, "c": WD_ALIGN_PARAGRAPH.CENTER, "r": WD_ALIGN_PARAGRAPH.RIGHT}
_WIDTH = 15.6  # cm between the margins


def make_word(document: Document) -> bytes:
    """The .docx as bytes."""
    writer = _Writer(document)
    writer.head()
    for block in document.blocks:
        if isinstance(block, Heading):
            writer.heading(block)
        elif isinstance(block, Paragraph):
            writer.paragraph(block.text)
        else:
            writer.table(block)
    writer.sign()
    return writer.save()


class _Writer:
    def __init__(self, document: Document) -> None:
        self.document, self.made, self.tables = document, new_document(), 0
        section = self.made.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
        section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
        styles = self.made.styles
        self._font(styles["Normal"], BODY, 16)
        styles["Normal"].paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        styles["Normal"].paragraph_format.line_spacing = Pt(28)
        styles["Normal"].paragraph_format.space_after = Pt(0)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "en-US")
        language.set(qn("w:eastAsia"), "zh-CN")
        styles["Normal"].element.get_or_add_rPr().append(language)
        self._font(styles["Heading 1"], HEAD, 16)
        self._font(styles["Title"], CELL, 22, bold=True)
        self._font(styles["Caption"], HEAD, 12)
        for name in ("Heading 1", "Title", "Caption"):
            styles[name].font.color.rgb = RGBColor(0, 0, 0)
        border = styles["Title"].element.pPr.find(qn("w:pBdr")) if styles["Title"].element.pPr is not None else None
        if border is not None:  # the theme's rule below a title is not ours
            styles["Title"].element.pPr.remove(border)
        self._page_number(section.footer.paragraphs[0])

    def _font(self, style: Any, chinese: str, size: float, *, bold: bool = False) -> None:
        style.font.name, style.font.size, style.font.bold, style.font.italic = LATIN, Pt(size), bold, False
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(name), None)
        fonts.set(qn("w:eastAsia"), chinese)

    def _run(
        self, paragraph: Any, words: str, chinese: str, size: float, *, bold: bool = False, red: bool = False
    ) -> None:
        run = paragraph.add_run(words)
        run.font.name, run.font.size, run.font.bold = LATIN, Pt(size), bold
        if red:
            run.font.color.rgb = _RED
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), chinese)

    def _page_number(self, paragraph: Any) -> None:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._run(paragraph, "— ", CELL, 14)
        for kind, content in (("begin", ""), ("", " PAGE "), ("separate", ""), ("shown", "1"), ("end", "")):
            run = paragraph.add_run()
            if kind == "shown":
                run.text = content
            elif kind:
                mark = OxmlElement("w:fldChar")
                mark.set(qn("w:fldCharType"), kind)
                run._element.append(mark)
            else:
                instruction = OxmlElement("w:instrText")
                instruction.set(qn("xml:space"), "preserve")
                instruction.text = content
                run._element.append(instruction)
        self._run(paragraph, " —", CELL, 14)

    def head(self) -> None:
        """The issuer in red over a red line, the number, the title."""
        top = self.made.add_paragraph()
        top.alignment = WD_ALIGN_PARAGRAPH.CENTER
        top.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        self._run(top, self.document.issuer, CELL, 32, bold=True, red=True)
        number = self.made.add_paragraph()
        number.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._run(number, self.document.reference, BODY, 16)
        line = OxmlElement("w:pBdr")
        bottom = OxmlElement("w:bottom")
        for name, value in (("val", "single"), ("sz", "18"), ("space", "6"), ("color", "C00000")):
            bottom.set(qn(f"w:{name}"), value)
        line.append(bottom)
        number._p.get_or_add_pPr().append(line)
        title = self.made.add_paragraph(self.document.title, style="Title")
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(28), Pt(18)
        title.paragraph_format.line_spacing = Pt(34)

    def heading(self, block: Heading) -> None:
        made = self.made.add_paragraph(block.text, style="Heading 1")
        made.paragraph_format.first_line_indent = Pt(32)
        made.paragraph_format.space_before = made.paragraph_format.space_after = Pt(0)

    def paragraph(self, words: str) -> None:
        made = self.made.add_paragraph(words)
        made.paragraph_format.first_line_indent = Pt(32)  # two signs of 16 磅

    def table(self, block: Table) -> None:
        self.tables += 1
        caption = self.made.add_paragraph(f"表 {self.tables}　{block.caption}", style="Caption")
        caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
        caption.paragraph_format.keep_with_next = True
        table = self.made.add_table(rows=1, cols=len(block.head), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for cell, words in zip(table.rows[0].cells, block.head, strict=True):
            self._cell(cell, words, "c", head=True)
        repeated = OxmlElement("w:tblHeader")
        repeated.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(repeated)
        for row in block.rows:
            cells = table.add_row().cells
            for cell, words, side in zip(cells, row, block.align, strict=True):
                self._cell(cell, words, side)
        share = _WIDTH / sum(block.widths)
        for column, width in zip(table.columns, block.widths, strict=True):
            for cell in column.cells:
                cell.width = Cm(width * share)
        if block.note:
            note = self.made.add_paragraph()
            self._run(note, block.note, CELL, 10.5)

    def _cell(self, cell: Any, words: str, side: str, *, head: bool = False) -> None:
        paragraph = cell.paragraphs[0]
        paragraph.alignment = _SIDES[side]
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        self._run(paragraph, words, HEAD if head else CELL, 10.5)

    def sign(self) -> None:
        day = self.document.dated
        self.made.add_paragraph()
        for words in (self.document.issuer, f"{day.year}年{day.month}月{day.day}日"):
            made = self.made.add_paragraph(words)
            made.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            made.paragraph_format.right_indent = Pt(32)

    def save(self) -> bytes:
        day = self.document.dated
        properties = self.made.core_properties
        properties.title, properties.author = self.document.title, self.document.issuer
        properties.last_modified_by = self.document.issuer
        properties.created = properties.modified = datetime(day.year, day.month, day.day)
        properties.revision = 1
        draft, fixed = BytesIO(), BytesIO()
        self.made.save(draft)
        # One fixed time on all parts of the package.
        with zipfile.ZipFile(draft) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                target.writestr(info, source.read(name), zipfile.ZIP_DEFLATED)
        return fixed.getvalue()
