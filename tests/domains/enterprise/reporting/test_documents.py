"""What stands in the papers of a report: sums, weighted means, every file of evidence with its hash, in Word and in the workbook."""

from __future__ import annotations

import io
from typing import Any

import docx
import openpyxl
import pytest

from dafeng.domains.enterprise.models import CheckFinding, Report
from dafeng.domains.enterprise.reporting import assembling, documents, reports
from tests.domains.enterprise.reporting.conftest import NOW


@pytest.fixture
def report(draft: Report, people: dict[str, Any]) -> Report:
    return reports.submit(draft, by=people["clerk"], now=NOW)


def test_the_workbook_has_numbers_means_and_evidence(report: Report) -> None:
    """The mean heat is weighted by mass: Σ m·q ÷ Σ m of the twelve months as told."""
    book = openpyxl.load_workbook(io.BytesIO(documents.made(report, report.content, "xlsx")))
    cells = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    masses = [round(10_000 * (1 + n * 0.0037), 1) for n in range(1, 13)]
    heats = [round(23 * (1 + n * 0.0037), 3) for n in range(1, 13)]
    mean = sum(m * q for m, q in zip(masses, heats, strict=True)) / sum(masses)
    assert any(isinstance(each, float) and each == pytest.approx(mean, rel=1e-12) for each in cells)
    assert report.emissions in cells
    files = {file["sha256"]: file["sm3"] for value in report.content["values"] for file in value["evidence"]}
    assert len(files) == 12
    assert [each for each in (*files, *files.values()) if each not in cells] == []


def test_the_word_paper_has_the_chapters_in_order_and_emissions_to_two_decimals(report: Report) -> None:
    paper = docx.Document(io.BytesIO(documents.made(report, report.content, "docx")))
    heads = [each.text for each in paper.paragraphs if each.style.name == "Heading 1"]
    assert [each[0] for each in heads] == ["一", "二", "三", "四", "五", "六", "七", "附"]
    shown = {cell.text for table in paper.tables for row in table.rows for cell in row.cells}
    assert f"{report.emissions:,.2f}" in shown
    assert "642,000.00" in shown


def test_the_paper_calls_checks_by_their_names(draft: Report, people: dict[str, Any]) -> None:
    facility = draft.enterprise.facilities.get()
    for rule in ("holiday-report", "below_plan"):
        CheckFinding.objects.create(
            facility=facility, rule=rule, month="2025-03", item="ncv", severity="info", found_at=NOW,
            facts={"what": "甲", "why": "乙", "what_en": "a", "why_en": "b"},
        )  # fmt: skip
    content = assembling.content_of(draft)
    book = openpyxl.load_workbook(io.BytesIO(documents.made(draft, content, "xlsx")))
    cells = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
    assert {"检测日期在法定节假日", "来源低于控制方案"} <= cells
    assert cells.isdisjoint({"holiday-report", "below_plan"})
