"""The text of a Word document, its automatic numbers written out.

Many plans are numbered by Word (一、 and （一） are no characters of the text but a list style). The reader would not see a
single heading; so the numbers are counted here as Word counts them. Deleted text of tracked changes is left out.
"""

from __future__ import annotations

import io
from collections import defaultdict
from typing import Any

from dafeng.kernel.errors import Place, PlanError

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
CHINESE_FORMATS = {
    "chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographDigital", "taiwaneseCountingThousand",
    "ideographTraditional", "koreanCounting", "taiwaneseCounting", "chineseLegalSimplified",
}  # fmt: skip


def docx_text(data: bytes, where: Place) -> str:
    """All paragraphs and tables in order; the cells of a table row are separated by tabs."""
    from docx import Document
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        document = Document(io.BytesIO(data))
        numbers = _Numbers(document)
        return "\n".join(_blocks(document.element.body, numbers))
    except (OpcError, LxmlError, KeyError, ValueError, AttributeError, IndexError) as error:
        raise PlanError("Word 文档损坏，打不开", mend="请用 Word 打开后另存一份", where=where) from error


def _blocks(body: Any, numbers: _Numbers) -> list[str]:
    lines: list[str] = []
    for block in body:
        if block.tag == W + "p":
            lines.append(numbers.label(block) + _text(block))
        elif block.tag == W + "tbl":
            for row in block.iter(W + "tr"):
                cells = ["".join(_text(p) for p in cell.iter(W + "p")) for cell in row.iterchildren(W + "tc")]
                lines.append("\t".join(cells))
        elif block.tag == W + "sdt":
            for content in block.iterchildren(W + "sdtContent"):
                lines += _blocks(content, numbers)
    return lines


def _text(paragraph: Any) -> str:
    parts = []
    for node in paragraph.iter():
        if node.tag == W + "t":
            parts.append(node.text or "")
        elif node.tag == W + "tab":
            parts.append(" ")
        elif node.tag in (W + "br", W + "cr"):
            parts.append("\n")
    return "".join(parts)


class _Numbers:
    """Counts the list levels of a document as Word does."""

    def __init__(self, document: Any) -> None:
        self.counts: dict[str, list[int]] = defaultdict(lambda: [0] * 9)
        self.levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self.abstract: dict[str, str] = {}
        self.styles = {style.style_id: style.element for style in document.styles}
        try:
            numbering = document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return
        for abstract in numbering.iterchildren(W + "abstractNum"):
            name = abstract.get(W + "abstractNumId")
            for level in abstract.iterchildren(W + "lvl"):
                start, form, text = (_value(level, tag) for tag in ("start", "numFmt", "lvlText"))
                self.levels[name, int(level.get(W + "ilvl"))] = (form or "decimal", text or "", int(start or 1))
        for number in numbering.iterchildren(W + "num"):
            self.abstract[number.get(W + "numId")] = _value(number, "abstractNumId") or ""

    def label(self, paragraph: Any) -> str:
        found = self._list_of(paragraph.find(W + "pPr"))
        if not found:
            return ""
        number, depth = found
        abstract = self.abstract.get(number, "")
        if (abstract, depth) not in self.levels:
            return ""
        form, pattern, start = self.levels[abstract, depth]
        if form in ("bullet", "none"):
            return ""
        counts = self.counts[abstract]
        counts[depth] = counts[depth] + 1 if counts[depth] else start
        counts[depth + 1 :] = [0] * (8 - depth)
        for level in range(depth + 1):
            here = self.levels.get((abstract, level), ("decimal", "", 1))
            pattern = pattern.replace(f"%{level + 1}", _written(counts[level] or here[2], here[0]))
        return pattern

    def _list_of(self, properties: Any) -> tuple[str, int] | None:
        """(numId, level) of a paragraph, its own or its style's."""
        seen = 0
        while properties is not None and seen < 10:
            listed = properties.find(W + "numPr")
            if listed is not None:
                number, depth = _value(listed, "numId"), _value(listed, "ilvl")
                return (number, min(int(depth or 0), 8)) if number and number != "0" else None
            name = _value(properties, "pStyle") or _value(properties, "basedOn")
            style = self.styles.get(name) if name else None
            properties = style.find(W + "pPr") if style is not None else None
            seen += 1
        return None


def _value(element: Any, tag: str) -> str | None:
    child = element.find(W + tag)
    return child.get(W + "val") if child is not None else None


def _written(number: int, form: str) -> str:
    if form in CHINESE_FORMATS and 0 < number < 100:
        tens, ones = divmod(number, 10)
        digits = "零一二三四五六七八九"
        lead = "" if not tens else "十" if tens == 1 else digits[tens] + "十"
        return lead + (digits[ones] if ones else "")
    if form.startswith("decimalEnclosedCircle") and 0 < number <= 20:
        return chr(ord("①") + number - 1)
    return str(number)
