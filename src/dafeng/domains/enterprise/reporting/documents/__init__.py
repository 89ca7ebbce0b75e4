"""A report as Word, PDF and workbook: one outline (`outline.py`), three ways to write it down. The same content gives the same bytes."""

from __future__ import annotations

from typing import Any

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting.documents import outline, writing

FORMS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def made(report: Report, content: dict[str, Any], form: str) -> bytes:
    """The report's content in a form of `FORMS`. Raises `KeyError` for another, `EnterpriseError` where no Chinese font is installed."""
    paper = outline.paper(report, content)
    return {"docx": writing.word, "pdf": writing.pdf, "xlsx": writing.workbook}[form](paper)
