"""A document as tagged PDF (PDF/UA-1), set by Typst with official.typ. The same document gives the same bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

from dafeng.domains.plan.documents import fonts
from dafeng.domains.plan.documents.blocks import Document
from dafeng.kernel.errors import PlanError

_TEMPLATE = Path(__file__).with_name("official.typ")


def make_pdf(document: Document) -> bytes:
    """Raises `PlanError` where no Chinese font is installed or the document cannot be set."""
    serif, sans = fonts.chosen()
    day = document.dated
    data: dict[str, Any] = {
        "title": document.title,
        "issuer": document.issuer,
        "reference": document.reference,
        "date": [day.year, day.month, day.day],
        "serif": serif,
        "sans": sans,
        "blocks": [
            {"kind": type(block).__name__} | {name: getattr(block, name) for name in block.__dataclass_fields__}
            for block in document.blocks
        ],
    }
    files = {"main.typ": _TEMPLATE.read_bytes(), "document.json": json.dumps(data, ensure_ascii=False).encode()}
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    try:
        made = typst.compile(files, format="pdf", pdf_standards=["ua-1"], timestamp=int(moment.timestamp()))
    except typst.TypstError as error:
        raise PlanError(f"PDF 生成失败：{error}", mend="请把这条信息转给系统管理员") from error
    return made if isinstance(made, bytes) else made[0]
