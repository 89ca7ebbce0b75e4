"""What clerks really type and paste: every cell is understood in its one meaning or refused in words with row and column."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from dafeng.domains.enterprise.errors import EnterpriseError, Refused
from dafeng.domains.enterprise.models import Facility, MonthlyValue, ParameterSignature
from dafeng.domains.enterprise.reporting import amounts, clock, entry, sheet, signatures
from dafeng.domains.enterprise.reporting.refusing import Faulty
from dafeng.kernel.errors import UploadError
from dafeng.kernel.sheets import Cell
from tests.domains.enterprise.reporting.conftest import NOW

FUEL, COAL = "fuel_use", "bituminous/cement_kiln"


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("１２３", "t", 123.0), ("１，２３４．５", "t", 1234.5), ("1,234,567", "t", 1_234_567.0), (" 12 ", "t", 12.0), ("12万", "t", 120_000.0),
        ("12 t", "t", 12.0), ("95%", "%", 95.0), ("1.2E3", "MWh", 1200.0), ("-5", "t", -5.0),
    ],
)  # fmt: skip
def test_a_number_with_one_meaning_is_read(typed: str, unit: str, value: float) -> None:
    assert amounts.told(Cell(typed, "plain"), unit) == (value, "")


def test_a_cell_that_excel_shows_as_percent_is_that_many_per_cent() -> None:
    """Excel stores 95 % as 0.95: a purity told in % is 95, not 0.95."""
    assert amounts.told(Cell(0.95, "number", percent=True), "%") == (95.0, "")
    with pytest.raises(EnterpriseError, match="百分数"):
        amounts.told(Cell(0.95, "number", percent=True), "t")


@pytest.mark.parametrize(
    "typed",
    ["1,23", "12，5", "1.234,5", "约12", "10~20", "十二", "nan", "inf", "1e400", "1_000", "0x10", "12 GJ", "5 kg", "95%", "-", "无", "2025-01-01"],
)  # fmt: skip
def test_what_has_no_single_meaning_in_tonnes_is_refused(typed: str) -> None:
    with pytest.raises(EnterpriseError):
        amounts.told(Cell(typed, "plain"), "t")


@pytest.mark.parametrize("typed", ["NO", "ne", "ＩＥ", "不发生"])
def test_a_notation_key_may_stand_for_the_number(typed: str) -> None:
    assert amounts.told(Cell(typed, "plain"), "t")[1] in entry.NOTATIONS


@pytest.mark.parametrize(
    ("typed", "month"),
    [
        ("2025-01", "2025-01"), ("2025/1", "2025-01"), ("2025.1", "2025-01"), ("2025年1月", "2025-01"), ("2025年01月", "2025-01"), ("202501", "2025-01"),
        ("2025-01-01", "2025-01"), ("2025", "2025"), ("2025年", "2025"), ("2025-12", "2025-12"),
        ("2025-13", None), ("2025-00", None), ("202513", None), ("2025-01-15", None), ("1月", None), ("45658", None), ("25-01", None), ("二〇二五", None),
    ],
)  # fmt: skip
def test_a_month_as_people_write_it(typed: str, month: str | None) -> None:
    assert clock.month_of(typed) == month


# ---------- workbooks


def filled(kiln: Facility, change: Any) -> io.BytesIO:
    """The template with clinker of January, changed by `change(page, heads, row of clinker, book)`."""
    book = openpyxl.load_workbook(io.BytesIO(sheet.template(kiln, 2025)))
    page = book["月度数据"]
    heads = [cell.value for cell in page[3]]
    row = next(r for r in page.iter_rows(min_row=4) if r[0].value == "clinker_output")
    change(page, heads, row, book)
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    return target


def staged(kiln: Facility, people: dict[str, Any], change: Any) -> tuple[Any, Any]:
    return sheet.stage(kiln, filled(kiln, change), name="一年.xlsx", by=people["clerk"], now=NOW)


@pytest.mark.parametrize(
    "head", ["2025/1", "2025年1月", "202501", 202501, "２０２５－０１", datetime(2025, 1, 1), "2025-01-01"]
)
def test_a_head_of_january_is_january_however_it_is_written(kiln: Facility, people: dict[str, Any], head: Any) -> None:
    def change(page: Any, heads: list[Any], row: Any, book: Any) -> None:
        page.cell(3, heads.index("2025-01") + 1).value = head
        row[heads.index("2025-01")].value = "１２３，４５６"

    made, found = staged(kiln, people, change)
    assert made
    assert [(each["month"], each["value"]) for each in found.rows] == [("2025-01", 123_456.0)]


@pytest.mark.parametrize(
    ("head", "said"), [("1月", "1月"), (45658, "45658"), ("2025-13", "2025-13"), ("一月份", "一月份"), ("2025-02", "2025-02"), ("2024-01", "一个年度")]
)  # fmt: skip
def test_a_head_that_is_no_month_or_one_twice_is_refused_and_not_passed_over(
    kiln: Facility, people: dict[str, Any], head: Any, said: str
) -> None:
    def change(page: Any, heads: list[Any], row: Any, book: Any) -> None:
        page.cell(3, heads.index("2025-01") + 1).value = head
        row[heads.index("2025-01")].value = 1

    with pytest.raises(UploadError) as caught:
        staged(kiln, people, change)
    assert said in str(caught.value)


def _twice(page: Any, heads: list[Any], row: Any, book: Any) -> None:
    row[heads.index("2025-01")].value = 5
    page.append([row[0].value, row[1].value, "", "", "", "实测", "", 6])


def _merge(page: Any, heads: list[Any], row: Any, book: Any) -> None:
    at = heads.index("2025-01")
    row[at].value = 300
    page.merge_cells(start_row=row[0].row, end_row=row[0].row, start_column=at + 1, end_column=at + 3)


def _put(value: Any, style: str = "General") -> Any:
    def change(page: Any, heads: list[Any], row: Any, book: Any) -> None:
        cell = row[heads.index("2025-01")]
        cell.value, cell.number_format = value, style

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_twice, "填了两次"), (_merge, "合并"), (_put("约100"), "不是数"), (_put("1,23"), "不是数"), (_put("nan"), "不是数"), (_put(-1), "范围"),
        (_put(1e308), "可能的范围"), (_put(0.5, "0%"), "百分数"), (_put(datetime(2025, 1, 5), "yyyy-mm-dd"), "日期"), (_put(True), "逻辑值"), (_put("=1/0"), "公式"),
        (_put("100 kg"), "单位"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_meant_is_named_and_nothing_is_taken(
    kiln: Facility, people: dict[str, Any], change: Any, said: str
) -> None:
    made, found = staged(kiln, people, change)
    assert made is None
    [problem] = found.problems
    assert said in str(problem)
    assert problem.where.row
    assert problem.where.column == "2025-01"
    assert not MonthlyValue.objects.exists()


def test_a_second_table_in_the_book_is_not_passed_over(kiln: Facility, people: dict[str, Any]) -> None:
    def change(page: Any, heads: list[Any], row: Any, book: Any) -> None:
        row[heads.index("2025-01")].value = 1
        copy = book.copy_worksheet(page)
        copy.sheet_state = "hidden"

    with pytest.raises(UploadError, match="已隐藏"):
        staged(kiln, people, change)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e308, -1e308])
def test_a_program_cannot_tell_what_is_no_number(kiln: Facility, people: dict[str, Any], value: float) -> None:
    cell = entry.Cell("clinker_output", "portland", value)
    with pytest.raises(Faulty):
        entry.save_month(kiln, "2025-01", [cell], seen=None, by=people["clerk"], now=NOW)
    assert not MonthlyValue.objects.exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e308, -0.01])
def test_a_signature_answers_for_a_number_that_can_be_used(people: dict[str, Any], value: float) -> None:
    with pytest.raises(Refused) as caught:
        signatures.sign("power.grid.2022", value=value, reason="核对原文", by=people["bureau"], now=NOW)
    assert caught.value.code == "no_value"
    assert not ParameterSignature.objects.exists()
