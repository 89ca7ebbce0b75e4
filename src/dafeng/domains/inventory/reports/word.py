"""The report as a Word document: the same blocks as the PDF, with Word's own headings, captions, formulas and repeated table heads.

Chinese text is set in 仿宋 and 宋体 (not the `_GB2312` fonts, which lack 浉). The same input gives the same bytes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

from dafeng.domains.inventory.reports.chapters import blocks
from dafeng.domains.inventory.reports.document import (
    Block,
    Chart,
    Cover,
    Formula,
    Heading,
    Notice,
    Paragraph,
    Table,
)
from dafeng.domains.inventory.reports.formulas import width, word_math
from dafeng.domains.inventory.reports.labels import text
from dafeng.domains.inventory.reports.material import Material
from dafeng.domains.inventory.reports.pdf import formula_text, png
from dafeng.kernel.accounting.status import Status

BODY, HEAD, CELL, LATIN = "仿宋", "黑体", "宋体", "Times New Roman"
_LINE = 80  # half-width signs in a line of the page
_MATH = f'{nsdecls("w")} xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
_BLUE, _RED, _GREY = RGBColor(0x1F, 0x4E, 0x79), RGBColor(0xB0, 0x00, 0x20), RGBColor(0x5A, 0x65, 0x70)
_SIDES = {"l": WD_ALIGN_PARAGRAPH.LEFT, "c": WD_ALIGN_PARAGRAPH.CENTER, "r": WD_ALIGN_PARAGRAPH.RIGHT}
_WIDTH = 16.0  # cm between the margins


def write_word(target: Path | BytesIO, material: Material, *, language: str = "zh") -> None:
    """Write the report as .docx. Raises `ReportError` where no Chinese font can be found for its charts."""
    writer = _Writer(material, language)
    for block in blocks(material, language):
        writer.add(block)
    content = _same_bytes(writer.save())
    if isinstance(target, BytesIO):
        target.write(content)
    else:
        target.write_bytes(content)


def _same_bytes(content: bytes) -> bytes:
    """The package with one fixed time on all its parts."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()


class _Writer:
    def __init__(self, material: Material, language: str) -> None:
        self.material, self.language = material, language
        self.document = Document()
        self.numbers = [0, 0]
        self.captions = {"table": 0, "figure": 0}
        self.headings = [block for block in blocks(material, language) if isinstance(block, Heading)]
        self._styles()
        self._page()

    def save(self) -> bytes:
        day = self.material.made_on
        properties = self.document.core_properties
        properties.created = properties.modified = datetime(day.year, day.month, day.day)
        properties.last_modified_by = properties.author = self.material.name
        properties.revision = 1
        made = BytesIO()
        self.document.save(made)
        return made.getvalue()

    # ------------------------------------------------------------ looks

    def _font(
        self, style: Any, chinese: str, size: float, *, bold: bool = False, colour: RGBColor | None = None
    ) -> None:
        style.font.name, style.font.size, style.font.bold = LATIN, Pt(size), bold
        style.font.italic = False
        if colour is not None:
            style.font.color.rgb = colour
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(name), None)
        fonts.set(qn("w:eastAsia"), chinese)
        fonts.set(qn("w:hAnsi"), LATIN)

    def _styles(self) -> None:
        styles = self.document.styles
        self._font(styles["Normal"], BODY, 12)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "en-US")
        language.set(qn("w:eastAsia"), "zh-CN")
        styles["Normal"].element.get_or_add_rPr().append(language)
        styles["Normal"].paragraph_format.line_spacing = 1.4
        styles["Normal"].paragraph_format.space_after = Pt(6)
        self._font(styles["Heading 1"], HEAD, 16, bold=True, colour=_BLUE)
        self._font(styles["Heading 2"], HEAD, 14, bold=True, colour=_BLUE)
        self._font(styles["Caption"], HEAD, 10.5, colour=RGBColor(0x1C, 0x1C, 0x1C))
        self._font(styles["Title"], HEAD, 26, bold=True, colour=_BLUE)
        self._font(styles["Subtitle"], HEAD, 18, colour=RGBColor(0x1C, 0x1C, 0x1C))
        for name in ("Title", "Subtitle"):
            # The theme's rule below a title is not ours.
            border = styles[name].element.pPr.find(qn("w:pBdr")) if styles[name].element.pPr is not None else None
            if border is not None:
                styles[name].element.pPr.remove(border)

    def _page(self) -> None:
        section = self.document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.orientation = WD_ORIENT.PORTRAIT
        section.left_margin = section.right_margin = Cm(2.5)
        section.top_margin, section.bottom_margin = Cm(2.6), Cm(2.3)
        section.different_first_page_header_footer = True
        stop = "" if self.material.status is Status.OK else f"　{text('stop', self.language)}"
        header = section.header.paragraphs[0]
        title = self.material.name if self.language == "zh" else self.material.name_en
        self._run(
            header,
            f"{title}{text('report', self.language) if self.language == 'zh' else ': ' + text('report', self.language)}　{self.material.year}",
            CELL,
            9,
            _GREY,
        )
        if stop:
            self._run(header, stop, HEAD, 9, _RED, bold=True)
        footer = section.footer.paragraphs[0]
        footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._field(footer, "PAGE", "1")

    def _run(
        self,
        paragraph: Any,
        words: str,
        chinese: str,
        size: float,
        colour: RGBColor | None = None,
        *,
        bold: bool = False,
    ) -> Any:
        run = paragraph.add_run(words)
        run.font.name, run.font.size, run.font.bold = LATIN, Pt(size), bold
        if colour is not None:
            run.font.color.rgb = colour
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), chinese)
        return run

    def _field(self, paragraph: Any, code: str, shown: str) -> None:
        """A field with what it shows until Word computes it."""
        for kind, content in (("begin", ""), ("", code), ("separate", ""), ("shown", shown), ("end", "")):
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
                instruction.text = f" {content} "
                run._element.append(instruction)

    # ------------------------------------------------------------ blocks

    def add(self, block: Block) -> None:
        getattr(self, f"_{type(block).__name__.lower()}")(block)

    def _cover(self, block: Cover) -> None:
        document = self.document
        for _ in range(5):
            document.add_paragraph()
        for words, style in ((block.title, "Title"), (block.subtitle, "Subtitle")):
            paragraph = document.add_paragraph(words, style=style)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for _ in range(3):
            document.add_paragraph()
        table = document.add_table(rows=0, cols=2)
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for name, value in block.facts:
            cells = table.add_row().cells
            self._cell(cells[0], name, "r", 12, chinese=HEAD, colour=_GREY)
            self._cell(cells[1], value, "l", 12, chinese=BODY)
        self._widths(table, (1.2, 3))
        if self.material.status is not Status.OK:
            paragraph = document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_before = Pt(30)
            self._run(paragraph, text("stop", self.language), HEAD, 18, _RED, bold=True)
        document.add_page_break()
        self._contents()
        document.add_page_break()
        document.core_properties.title = f"{block.title} {block.subtitle}"

    def _contents(self) -> None:
        """A table of contents: a field that Word can update, showing the headings until then."""
        heading = self.document.add_paragraph()
        self._run(heading, text("contents", self.language), HEAD, 16, _BLUE, bold=True)
        numbers = [0, 0]
        lines = []
        for block in self.headings:
            lines.append((block.level, f"{_count(numbers, block.level)}　{block.text}"))
        first = self.document.add_paragraph()
        for kind, code in (("begin", ""), ("", ' TOC \\o "1-2" \\h \\z '), ("separate", "")):
            run = first.add_run()
            element = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                element.set(qn("w:fldCharType"), kind)
            else:
                element.set(qn("xml:space"), "preserve")
                element.text = code
            run._element.append(element)
        paragraph = first
        for number, (level, line) in enumerate(lines):
            paragraph = first if number == 0 else self.document.add_paragraph()
            paragraph.paragraph_format.left_indent = Cm(0.8 * (level - 1))
            paragraph.paragraph_format.space_after = Pt(2)
            self._run(paragraph, line, BODY, 12)
        end = OxmlElement("w:fldChar")
        end.set(qn("w:fldCharType"), "end")
        paragraph.add_run()._element.append(end)

    def _heading(self, block: Heading) -> None:
        self.document.add_heading(f"{_count(self.numbers, block.level)}　{block.text}", level=block.level)

    def _paragraph(self, block: Paragraph) -> None:
        paragraph = self.document.add_paragraph()
        if block.small:
            self._run(paragraph, block.text, BODY, 10.5, _GREY)
            return
        if self.language == "zh":
            paragraph.paragraph_format.first_line_indent = Pt(24)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.add_run(block.text)

    def _notice(self, block: Notice) -> None:
        colour = _RED if block.stop else _BLUE
        table = self.document.add_table(rows=1, cols=1)
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        self._borders(
            table.rows[0].cells[0],
            {side: (12 if side == "left" else 6, str(colour)) for side in ("top", "left", "bottom", "right")},
        )
        cell = table.rows[0].cells[0]
        self._run(cell.paragraphs[0], block.title, HEAD, 14, colour, bold=True)
        for line in block.lines:
            self._run(cell.add_paragraph(), line, BODY, 12)
        self._widths(table, (1,))
        self._space()

    def _space(self) -> None:
        gap = self.document.add_paragraph()
        gap.paragraph_format.space_after = Pt(0)
        gap.paragraph_format.line_spacing = Pt(8)

    def _caption(self, kind: str, words: str) -> Any:
        self.captions[kind] += 1
        paragraph = self.document.add_paragraph(style="Caption")
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.add_run(f"{text(kind, self.language)} ")
        self._field(paragraph, f"SEQ {text(kind, 'en')} \\* ARABIC", str(self.captions[kind]))
        paragraph.add_run(f"　{words}")
        return paragraph

    def _table(self, block: Table) -> None:
        self._caption("table", block.caption).paragraph_format.keep_with_next = True
        table = self.document.add_table(rows=1, cols=len(block.head))
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        size = 9.0 if len(block.head) < 8 else 8.0
        for cell, words in zip(table.rows[0].cells, block.head, strict=True):
            self._cell(cell, words, "c", size, chinese=HEAD, bold=True)
            self._borders(cell, {"top": (12, "000000"), "bottom": (6, "000000")})
        self._row_property(table.rows[0], "w:tblHeader")
        for number, row in enumerate(block.rows):
            made = table.add_row()
            self._row_property(made, "w:cantSplit")
            strong = number in block.strong
            for cell, words, side in zip(made.cells, row, block.align, strict=True):
                self._cell(cell, words, side, size, bold=strong)
                if strong:
                    self._shade(cell, "EEF1F4")
                if number == len(block.rows) - 1:
                    self._borders(cell, {"bottom": (12, "000000")})
        self._widths(table, block.widths)
        if block.note:
            self._run(self.document.add_paragraph(), block.note, BODY, 9, _GREY)
        self._space()

    def _chart(self, block: Chart) -> None:
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        picture = paragraph.add_run().add_picture(BytesIO(png(block.svg)), width=Cm(_WIDTH))
        properties = picture._inline.docPr
        properties.set("descr", block.alt)
        properties.set("name", block.caption)
        self._caption("figure", block.caption)

    def _formula(self, block: Formula) -> None:
        title = self.document.add_paragraph()
        title.paragraph_format.keep_with_next = True
        title.paragraph_format.space_before = Pt(8)
        self._run(title, block.title, HEAD, 11, bold=True)
        self._run(title, f"　{block.code}", CELL, 8.5, _GREY)
        if block.tree is not None:
            paragraph = self.document.add_paragraph()
            paragraph.paragraph_format.left_indent = Cm(0.8)
            line = f"E({block.result}) = {formula_text(block)}"
            if width(line) > _LINE:
                # Not every program breaks an equation over lines; text it can.
                self._run(paragraph, line, CELL, 10.5)
            else:
                paragraph._element.append(
                    parse_xml(
                        word_math(block.tree, block.names, block.result).replace("<m:oMath>", f"<m:oMath {_MATH}>", 1)
                    )
                )
        comma, mark = ("，", "；") if self.language == "zh" else (", ", "; ")
        self._run(
            self.document.add_paragraph(), mark.join(f"{name}{comma}{unit}" for name, _, unit in block.where), CELL, 9.5
        )
        self._run(self.document.add_paragraph(), block.source, CELL, 9, _GREY)

    # ------------------------------------------------------------ cells

    def _cell(
        self,
        cell: Any,
        words: str,
        side: str,
        size: float,
        *,
        chinese: str = CELL,
        bold: bool = False,
        colour: RGBColor | None = None,
    ) -> None:
        for number, line in enumerate(words.split("\n")):
            paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            paragraph.alignment = _SIDES[side]
            paragraph.paragraph_format.space_after = Pt(1)
            paragraph.paragraph_format.space_before = Pt(1)
            paragraph.paragraph_format.line_spacing = 1.0
            self._run(paragraph, line, chinese, size, colour, bold=bold)

    def _row_property(self, row: Any, name: str) -> None:
        row._tr.get_or_add_trPr().append(OxmlElement(name))

    def _shade(self, cell: Any, colour: str) -> None:
        cell._tc.get_or_add_tcPr().append(
            parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{colour}"/>')
        )

    def _borders(self, cell: Any, sides: dict[str, tuple[int, str]]) -> None:
        """`sides`: name → (eighths of a point, colour)."""
        properties = cell._tc.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        for side in ("top", "left", "bottom", "right"):  # in the order of the schema
            if side in sides:
                width, colour = sides[side]
                line = OxmlElement(f"w:{side}")
                for name, value in (("val", "single"), ("sz", str(width)), ("space", "0"), ("color", colour)):
                    line.set(qn(f"w:{name}"), value)
                borders.append(line)

    def _widths(self, table: Any, shares: Sequence[float]) -> None:
        total = sum(shares)
        for column, part in zip(table.columns, shares, strict=True):
            width = Cm(_WIDTH * part / total)
            column.width = width
            for cell in column.cells:
                cell.width = width


def _count(numbers: list[int], level: int) -> str:
    """The next number of a heading: 1, 1.1, …"""
    if level == 1:
        numbers[:] = [numbers[0] + 1, 0]
        return str(numbers[0])
    numbers[1] += 1
    return f"{numbers[0]}.{numbers[1]}"
