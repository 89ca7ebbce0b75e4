"""Open an uploaded table without trusting it: size, kind, macros, encryption and encoding are settled before a cell is read.

Whatever the bytes are, the answer is a list of sheets or an `UploadError` in the user's words. Nothing here knows what
the cells mean.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dafeng.kernel.errors import Place, UploadError
from dafeng.kernel.sheets import xlsx
from dafeng.kernel.sheets.xlsx import Cell, Sheet

KINDS = (".xlsx", ".csv")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ADVICE = "请在 Excel 或 WPS 中打开，另存为“Excel 工作簿（*.xlsx）”后再上传"


@dataclass(frozen=True)
class Limits:
    """What an upload may be at most. A file beyond `file_bytes` is refused unread."""

    file_bytes: int = 20 * 2**20
    unpacked_bytes: int = 200 * 2**20
    sheets: int = 64
    rows: int = 100_000
    cells: int = 2_000_000
    problems: int = 1000
    first_year: int = 1950
    last_year: int = 2100


@dataclass(frozen=True)
class Upload:
    """A file that may be read: its hash, its kind, and its sheets."""

    name: str
    digest: str
    kind: str
    encoding: str
    sheets: tuple[Sheet, ...] = field(repr=False)


def open_upload(file: Path | BinaryIO, *, name: str = "", limits: Limits | None = None) -> Upload:
    """Read the bytes within the limits and take the table apart. Raises `UploadError` for anything that is not one."""
    limits = limits or Limits()
    shown = name or (file.name if isinstance(file, Path) else "上传文件")
    content = _content(file, shown, limits)
    digest = hashlib.sha256(content).hexdigest()
    where = Place(file=shown)
    suffix = Path(shown).suffix.lower()
    if not content:
        raise UploadError("文件是空的", mend="请确认选对了文件，并已保存填好的内容", where=where)
    _refuse_by_content(content, suffix, where)
    if content[:4] == b"PK\x03\x04":
        if suffix not in {"", ".xlsx"}:
            raise UploadError(
                f"扩展名“{suffix}”与内容不符：内容是 Excel 工作簿", expected="扩展名 .xlsx", mend=_ADVICE, where=where
            )
        return Upload(shown, digest, "xlsx", "", tuple(xlsx.read_workbook(content, limits, where)))
    if suffix == ".xlsx":
        raise UploadError("扩展名是 .xlsx，内容却不是 Excel 工作簿", mend=_ADVICE, where=where)
    text, encoding = _decode(content, where)
    return Upload(shown, digest, "csv", encoding, (_csv_sheet(text, limits, where),))


def _content(file: Path | BinaryIO, shown: str, limits: Limits) -> bytes:
    """At most `file_bytes`; a bigger file is refused by its size, before it is read."""
    refusal = UploadError(
        f"文件太大，超过 {limits.file_bytes / 2**20:g} MB 的上限，未读取",
        mend="请按领域或县区拆成几个文件上传，并删去文件中的图片和无关工作表",
        where=Place(file=shown),
    )
    if isinstance(file, Path):
        try:
            if file.stat().st_size > limits.file_bytes:
                raise refusal
            with file.open("rb") as stream:
                content = stream.read(limits.file_bytes + 1)
        except OSError as error:
            raise UploadError(f"文件打不开（{error.strerror}）", where=Place(file=shown)) from error
    else:
        size = getattr(file, "size", None)
        if isinstance(size, int) and size > limits.file_bytes:
            raise refusal
        content = file.read(limits.file_bytes + 1)
    if len(content) > limits.file_bytes:
        raise refusal
    return content


def _refuse_by_content(content: bytes, suffix: str, where: Place) -> None:
    head = content[:512].lstrip()
    if suffix in {".xlsm", ".xltm", ".xlsb", ".xlam"}:
        raise UploadError(
            f"不接受含宏或二进制的工作簿（{suffix}）", expected="不含宏的 .xlsx", mend=_ADVICE, where=where
        )
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise UploadError(
                "文件设有打开密码，无法读取", mend="请在 Excel 或 WPS 中去掉打开密码，保存后再上传", where=where
            )
        raise UploadError(
            "这是旧版 Excel 二进制文件（.xls），不能读取", expected=".xlsx 或 .csv", mend=_ADVICE, where=where
        )
    if suffix in {".xls", ".et", ".ods"}:
        raise UploadError(f"不接受 {suffix} 文件", expected=".xlsx 或 .csv", mend=_ADVICE, where=where)
    signatures = {
        b"%PDF": "PDF 文件",
        b"\x89PNG": "图片",
        b"\xff\xd8\xff": "图片",
        b"GIF8": "图片",
        b"Rar!": "压缩包",
        b"7z\xbc\xaf": "压缩包",
        b"\x1f\x8b": "压缩包",
        b"{\\rtf": "RTF 文档",
    }
    for signature, kind in signatures.items():
        if head.startswith(signature):
            raise UploadError(
                f"内容是{kind}，不是表格",
                expected=".xlsx 或 .csv 表格",
                mend="请上传按模板填好的表格；凭证文件请作为附件上传",
                where=where,
            )
    if head[:1] == b"<":
        raise UploadError(
            "内容是网页或 XML，不是 Excel 工作簿（有些系统导出的“Excel”实为网页）", mend=_ADVICE, where=where
        )


def _decode(content: bytes, where: Place) -> tuple[str, str]:
    """Text by byte-order mark, then UTF-8, then GB18030 (浉 is not in GB2312, so GB2312 is never tried)."""
    marks = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    candidates = [name for mark, name in marks if content.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if "\x00" not in text:
            return text, encoding
        break
    raise UploadError(
        "文件不是可读的文字表格，或编码不认识",
        expected="UTF-8 或 GB18030（GBK）编码的 CSV，或 .xlsx",
        mend=_ADVICE,
        where=where,
    )


def _csv_sheet(text: str, limits: Limits, where: Place) -> Sheet:
    lines = text.split("\n", 40)
    delimiter = max((",", "\t", ";", "，"), key=lambda sign: max(line.count(sign) for line in lines[:40]))
    rows: dict[int, dict[int, Cell]] = {}
    count = 0
    for number, record in enumerate(_records(text, delimiter, where)):
        if number >= limits.rows:
            raise UploadError(f"行数超过 {limits.rows} 的上限", mend="请拆成几个文件上传", where=where)
        cells = {column: Cell(cell, "plain") for column, cell in enumerate(record) if cell.strip()}
        count += len(cells)
        if count > limits.cells:
            raise UploadError(f"单元格超过 {limits.cells} 个的上限", mend="请拆成几个文件上传", where=where)
        if cells:
            rows[number] = cells
    return Sheet(name="", rows=rows)


def _records(text: str, delimiter: str, where: Place) -> Iterator[list[str]]:
    # strict: a quotation mark that is never closed would swallow the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UploadError(
                f"第 {number} 行读不下去，多半是引号没有成对",
                expected="成对的英文双引号，且单元格不超过 13 万字",
                mend="请在 Excel 中打开核对，另存为 .xlsx 后上传",
                where=Place(file=where.file, row=number),
            ) from error
