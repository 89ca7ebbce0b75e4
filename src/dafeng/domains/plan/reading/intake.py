"""From a file to its text: txt, docx, pdf with a text layer, html; UTF-8, GB18030, UTF-16 or Big5.

The kind is told by the content, not by the name. Whatever cannot be read is refused with a message in the user's words:
encrypted or scanned PDF, old .doc, an empty document, a zip bomb, a file that is no text.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from dafeng.domains.plan.reading.intake_docx import docx_text
from dafeng.domains.plan.reading.intake_tables import may_hold_table, page_with_columns, restore_columns
from dafeng.kernel.errors import Place, PlanError

if TYPE_CHECKING:
    from pypdf import PageObject

MAX_BYTES = 50 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 200
MAX_CHARACTERS = 3_000_000
MAX_PAGES = 1500
SCANNED_BELOW = 20  # characters a page; a printed page of text has hundreds
COMMON = frozenset("的一是在和了有市工业能源发展建设推进项目单位责任、，。到年加强快")


@dataclass(frozen=True)
class Printed:
    """A document's text as printed, with line breaks as \\n."""

    text: str
    kind: str  # txt | docx | pdf | html
    pages: int | None = None


def read_document(path: Path) -> Printed:
    """The text of a file on disk."""
    where = Place(file=path.name)
    if not path.is_file():
        raise PlanError("找不到文件", mend="请核对路径", where=where)
    if path.stat().st_size > MAX_BYTES:
        raise PlanError(
            "文件太大", expected=f"不超过 {MAX_BYTES // 2**20} MB", mend="请只保留正文，去掉图片后另存", where=where
        )
    return read_bytes(path.read_bytes(), path.name)


def read_bytes(data: bytes, name: str) -> Printed:
    """The text of a file's content, as an upload brings it. `name` is only for messages."""
    where = Place(file=name)
    if len(data) > MAX_BYTES:
        raise PlanError(
            "文件太大", expected=f"不超过 {MAX_BYTES // 2**20} MB", mend="请只保留正文，去掉图片后另存", where=where
        )
    if not data.strip():
        raise PlanError("文件是空的", mend="请检查是否选错了文件", where=where)
    printed = _read(data, where)
    text = printed.text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n").lstrip("\ufeff")
    if len(text) > MAX_CHARACTERS:
        raise PlanError(
            f"正文有 {len(text):,} 个字",
            expected=f"不超过 {MAX_CHARACTERS:,} 个字",
            mend="请按章拆分后分别上传",
            where=where,
        )
    if not re.search(r"[\u4e00-\u9fff]", text):
        raise PlanError("文件里没有中文正文", mend="请确认这是方案正文，不是图片或附件", where=where)
    return Printed(text, printed.kind, printed.pages)


def _read(data: bytes, where: Place) -> Printed:
    head = data[:1024].lstrip()
    if data[:1024].find(b"%PDF-") >= 0:
        return _pdf(data, where)
    if data.startswith(b"PK"):
        return _docx(data, where)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise PlanError("这是旧版 Word（.doc）或加密的文档", mend="请用 Word 或 WPS 打开，另存为 .docx", where=where)
    if head.startswith(b"{\\rtf"):
        raise PlanError("不支持 RTF 格式", mend="请另存为 .docx", where=where)
    text = decode(data, where)
    if re.match(
        r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body|div|p|meta|table|article)\b",
        text[:2000],
        re.IGNORECASE,
    ):
        return Printed(html_text(text), "html")
    return Printed(restore_columns(text), "txt")


def decode(data: bytes, where: Place) -> str:
    """Text of unknown encoding. UTF-8 is tried first: it hardly ever fits by chance."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            return _checked(_try(data, encoding), where)
    if (text := _try(data, "utf-8")) is not None:
        return _checked(text, where)
    tried = [text for encoding in ("gb18030", "big5") if (text := _try(data, encoding)) is not None]
    return _checked(max(tried, key=_commonness, default=None), where)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _commonness(text: str) -> float:
    """How many of its characters are among the commonest of such documents."""
    return sum(sign in COMMON for sign in text[:20_000]) / max(len(text[:20_000]), 1)


def _checked(text: str | None, where: Place) -> str:
    control = sum(sign < " " and sign not in "\r\n\t\x0c" for sign in (text or "")[:100_000])
    if text is None or control > 0.005 * min(len(text), 100_000):
        raise PlanError(
            "这不是文字文件，或编码认不出来", expected="UTF-8 或 GB18030 编码的文字，或 docx、pdf、html", where=where
        )
    return text.replace("\x00", "")


def _docx(data: bytes, where: Place) -> Printed:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
    except zipfile.BadZipFile as error:
        raise PlanError("文件损坏，打不开", mend="请用 Word 打开后另存一份", where=where) from error
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(len(data), 10_000) or len(entries) > 10_000:
        raise PlanError("压缩包展开后过大，可能不是正常文档", mend="请用 Word 打开后另存一份", where=where)
    names = {entry.filename for entry in entries}
    if "word/document.xml" not in names:
        raise PlanError("压缩包里没有 Word 正文", expected="docx 文档", mend="表格请另存为 docx 或 pdf", where=where)
    text = docx_text(data, where)
    if not text.strip():
        raise PlanError("文档里没有文字", mend="若正文是图片，请先做文字识别（OCR）", where=where)
    return Printed(text, "docx")


def _pdf(data: bytes, where: Place) -> Printed:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise PlanError("PDF 有打开密码", mend="请去掉密码后另存", where=where)
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise PlanError(
                f"PDF 有 {count} 页", expected=f"不超过 {MAX_PAGES} 页", mend="请按章拆分后分别上传", where=where
            )
        pages = [_page_text(page) for page in reader.pages]
    except PlanError:
        raise
    # pypdf raises many kinds of built-in errors on broken files; each means the same to the user.
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError, RecursionError, NotImplementedError, ImportError, AssertionError, ArithmeticError) as error:  # fmt: skip
        raise PlanError("PDF 读不出来，可能已损坏或加密", mend="请用阅读器打开后另存为新的 PDF", where=where) from error
    letters = sum(len(re.sub(r"\s", "", page)) for page in pages)
    if letters < SCANNED_BELOW * max(len(pages), 1):
        raise PlanError("PDF 没有文字层，像是扫描件", mend="请先做文字识别（OCR），或上传 Word 版", where=where)
    return Printed("\n".join(pages), "pdf", len(pages))


def _page_text(page: PageObject) -> str:
    """The text of a page; where it may hold a table of indicators, with the columns of that table."""
    plain = page.extract_text() or ""
    if not may_hold_table(plain):
        return plain
    return page_with_columns(plain, page.extract_text(extraction_mode="layout") or "")


class _Html(HTMLParser):
    BLOCKS = frozenset(
        [
            "p",
            "div",
            "br",
            "li",
            "tr",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "section",
            "article",
            "table",
            "ul",
            "ol",
            "title",
            "blockquote",
            "dd",
            "dt",
            "header",
            "footer",
            "hr",
            "pre",
            "center",
        ]
    )
    HIDDEN = frozenset(["script", "style", "noscript", "template", "select", "option"])

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.HIDDEN:
            self.hidden += 1
        elif tag in self.BLOCKS:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append("\t")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.HIDDEN:
            self.hidden = max(self.hidden - 1, 0)
        elif tag in self.BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(re.sub(r"\s*\n\s*", "", data))


def html_text(source: str) -> str:
    """The visible text of a page, a line for each block."""
    parser = _Html()
    parser.feed(source)
    parser.close()
    lines = (line.strip() for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)
