"""The workbook: every number is a formula, and the formulas give the numbers, recomputed here without any cached value."""

import io
import math

import openpyxl
import pytest

from dafeng.domains.inventory.reports import ReportError, write_workbook
from dafeng.domains.inventory.reports import workbook as workbook_module

LANDFILL = 1e6 * 0.15 * 0.5 * (1 - math.exp(-0.09)) * 0.5 * 16 / 12 * 0.9  # t CH4, see conftest


@pytest.fixture(scope="module")
def written(whole):
    stream = io.BytesIO()
    write_workbook(stream, whole)
    return stream.getvalue()


@pytest.fixture
def cells(written, spreadsheet):
    return spreadsheet(io.BytesIO(written))


def rows_of(book, name, key="类别"):
    """The lines of a sheet as dicts by heading, with the row number."""
    sheet = book[name]
    heads = {cell.value: cell.column_letter for cell in sheet[3] if cell.value}
    for number in range(4, sheet.max_row + 1):
        if sheet[f"{heads[key]}{number}"].value:
            yield {name: f"{letter}{number}" for name, letter in heads.items()}


def test_recomputed_from_plain_cells_every_formula_gives_what_it_shows(cells):
    count = 0
    for sheet, address in cells.formulas():
        count += 1
        shown = cells.cached[sheet][address].value
        assert math.isclose(cells.value(sheet, address), shown, rel_tol=1e-9), (sheet, address)
    assert count > 100


def line(cells, sheet, category, year=2023):
    for row in rows_of(cells.book, sheet):
        at = cells.book[sheet]
        if str(at[row["类别"]].value).startswith(category) and at[row["年份"]].value == year:
            return {name: cells.value(sheet, address) for name, address in row.items()}, row
    raise AssertionError(category)


@pytest.mark.parametrize(
    ("sheet", "category", "emission", "co2e"),
    [
        ("能源活动", "1A1a", 220000.0, 220000.0),
        ("能源活动", "1A4b1", 11550.0, 11550.0),
        ("能源活动", "1A4b2", 15000.0, 15000.0),
        ("农业活动", "3A1", 500.0, 14000.0),
        ("土地利用变化和林业", "4B", -1100.0, -1100.0),
        ("废弃物处理", "5B1", 150.0, 4200.0),
        ("废弃物处理", "5A", LANDFILL, LANDFILL * 28),
        ("间接排放", "ID1", 100000.0, 100000.0),
    ],
)
def test_a_line_recomputed_gives_the_number_worked_out_by_hand(cells, sheet, category, emission, co2e):
    found, _ = line(cells, sheet, category)
    assert found["排放量（t 气体）"] == pytest.approx(emission, rel=1e-12)
    assert found["排放量（t CO₂e）"] == pytest.approx(co2e, rel=1e-12)


def test_an_emission_points_at_its_activity_its_factors_and_its_gwp(cells):
    _, row = line(cells, "废弃物处理", "5B1")
    formula = cells.book["废弃物处理"][row["排放量（t 气体）"]].value
    assert formula.count("'排放因子'!$L$") == 1
    assert formula.count("'活动水平'!$G$") == 1  # the methane recovered, a second input
    assert cells.book["废弃物处理"][row["活动水平"]].value.startswith("='活动水平'!$G$")
    assert cells.book["废弃物处理"][row["GWP"]].value.startswith("='全球变暖潜势'!$C$")


def test_changing_an_activity_cell_changes_the_totals(written, spreadsheet):
    book = openpyxl.load_workbook(io.BytesIO(written))
    sheet = book["活动水平"]
    target = next(
        row
        for row in rows_of(book, "活动水平")
        if sheet[row["项目"]].value == "原煤" and sheet[row["年份"]].value == 2023
    )
    sheet[target["数值"]].value = 20  # was 10 万吨: 220000 t more
    again = io.BytesIO()
    book.save(again)
    again.seek(0)
    summary = summary_of(spreadsheet(again))
    assert summary["能源活动"]["CO₂"] == pytest.approx(45.155)  # (440000 + 11550) / 1e4


def summary_of(cells, year=2023):
    sheet = cells.book["汇总"]
    top = next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == f"{year} 年")
    heads = [sheet.cell(top, column).value for column in range(1, sheet.max_column + 1)]
    found = {}
    for row in range(top + 1, top + 9):
        values = [cells.value("汇总", sheet.cell(row, column).coordinate) for column in range(1, len(heads) + 1)]
        found[values[0]] = dict(zip(heads, values, strict=True))
    return found


def test_the_summary_is_sector_by_gas_in_the_official_order(cells):
    found = summary_of(cells)
    assert found["能源活动"]["CO₂"] == pytest.approx(23.155)  # (220000 + 11550) / 1e4; biogenic CO2 is not in it
    assert found["农业活动"]["CH₄"] == pytest.approx(1.4)
    assert found["土地利用变化和林业"]["CO₂"] == pytest.approx(-0.11)
    assert found["废弃物处理"]["CH₄"] == pytest.approx(0.42 + LANDFILL * 28 / 1e4)
    gross = found["温室气体排放总量（不含土地利用变化和林业）"]["合计"]
    assert gross == pytest.approx((249750 + LANDFILL * 28) / 1e4)
    assert found["温室气体排放总量（含土地利用变化和林业）"]["合计"] == pytest.approx(gross - 0.11)
    assert found["间接排放（不计入总量）"]["CO₂"] == pytest.approx(10.0)


def test_a_cell_without_a_number_shows_its_key_and_never_zero(cells):
    found = summary_of(cells)
    assert found["工业生产过程和产品使用"]["CO₂"] == "NE"
    assert found["能源活动"]["CH₄"] == "NE"  # coal mines do not occur, but boilers are not estimated
    row, _ = line(cells, "能源活动", "1B1a")
    assert row["排放量（t 气体）"] == "NO"
    assert row["排放量（t CO₂e）"] == "NO"
    assert found["农业活动"]["状态"] == "待确认"
    assert found["工业生产过程和产品使用"]["状态"] == "不完整"


def test_the_cover_says_why_the_workbook_may_not_be_published(cells):
    texts = [cell.value for row in cells.book["封面"].iter_rows() for cell in row if cell.value]
    assert "不得发布" in texts
    assert any("1 个所用因子" in str(text) for text in texts)


def test_unsigned_factors_completeness_uncertainty_and_checks_have_sheets(cells):
    assert {"关键类别", "不确定性", "完整性", "质量检查", "待签认因子", "未估算的项目"} <= set(cells.book.sheetnames)
    unsigned = [cell.value for cell in cells.book["待签认因子"]["A"]]
    assert "enteric_ch4_ef.pig" in unsigned
    issues = [cell.value for cell in cells.book["未估算的项目"]["E"]]
    assert any("窑灰修正系数" in str(text) for text in issues)


def test_text_that_looks_like_a_formula_stays_text(cells):
    places = [cell for cell in cells.book["活动水平"]["E"] if "HYPERLINK" in str(cell.value)]
    assert places
    assert all(cell.data_type == "s" and not str(cell.value).startswith("=") for cell in places)


def test_the_english_workbook_recomputes_too(whole, spreadsheet):
    stream = io.BytesIO()
    write_workbook(stream, whole, language="en")
    cells = spreadsheet(stream)
    assert "Summary" in cells.book.sheetnames
    for sheet, address in cells.formulas():
        assert math.isclose(cells.value(sheet, address), cells.cached[sheet][address].value, rel_tol=1e-9)


def test_the_same_inventory_gives_the_same_bytes(whole, written):
    again = io.BytesIO()
    write_workbook(again, whole)
    assert again.getvalue() == written


def test_a_sound_inventory_has_no_stop_notice(sound, spreadsheet):
    stream = io.BytesIO()
    write_workbook(stream, sound)
    texts = [str(cell.value) for row in spreadsheet(stream).book["封面"].iter_rows() for cell in row]
    assert "不得发布" not in texts


def test_too_many_rows_are_refused_with_another_way(whole, monkeypatch):
    monkeypatch.setattr(workbook_module, "_MOST", 3)
    with pytest.raises(ReportError, match="CSV"):
        write_workbook(io.BytesIO(), whole)
