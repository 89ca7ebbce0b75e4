"""Our reader of .xlsx against python-calamine on what both can tell, and alone on what calamine cannot."""

import io
from datetime import datetime

import python_calamine
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.inventory.sheets import open_upload
from dafeng.kernel.sheets.xlsx import letters, reference

# Excel itself cannot hold other control characters, or a lone surrogate.
TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)
CELLS = st.one_of(st.none(), TEXT, st.booleans(), st.integers(-(10**12), 10**12), st.floats(-1e300, 1e300))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=5), max_size=8))
def test_plain_cells_read_as_calamine_reads_them(rows):
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet = book.add_worksheet("表")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, bool):
                sheet.write_boolean(number, column, cell)
            elif isinstance(cell, str):
                sheet.write_string(number, column, cell)
            elif cell is not None:
                sheet.write_number(number, column, cell)
    book.close()
    stream.seek(0)
    theirs = python_calamine.load_workbook(stream).get_sheet_by_index(0).to_python(skip_empty_area=False)
    expected = {(r, c): cell for r, row in enumerate(theirs) for c, cell in enumerate(row) if cell != ""}
    ours = open_upload(io.BytesIO(stream.getvalue()), name="a.xlsx").sheets[0]
    assert {(r, c): cell.value for r, row in ours.rows.items() for c, cell in row.items()} == expected


def test_dates_percentages_and_marks_of_the_sheet_are_kept():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("表")
    sheet.write_number("A1", 45000, book.add_format({"num_format": 'yyyy"年"m"月"'}))  # 45000 days after 1899-12-30
    sheet.write_number("B1", 0.3, book.add_format({"num_format": "0.0%"}))
    sheet.write_number("C1", 3, book.add_format({"num_format": '0"days %"'}))
    sheet.write_number("D1", 14, book.add_format({"num_format": 14}))
    sheet.merge_range("A3:B4", "x")
    sheet.set_row(4, None, None, {"hidden": True})
    sheet.write("A5", "h")
    book.add_worksheet("藏").hide()
    book.close()
    upload = open_upload(io.BytesIO(stream.getvalue()), name="a.xlsx")
    cells = upload.sheets[0].rows[0]
    assert (cells[0].value, cells[0].kind) == (datetime(2023, 3, 15), "date")
    assert (cells[1].value, cells[1].percent, cells[1].shown) == (0.3, True, "30%")
    assert (cells[2].value, cells[2].kind, cells[2].percent) == (3.0, "number", False)
    assert cells[3].kind == "date"
    assert upload.sheets[0].merged == ((2, 0, 3, 1),)
    assert upload.sheets[0].hidden == {4}
    assert [sheet.visible for sheet in upload.sheets] == [True, False]


def test_columns_are_lettered_as_a_spreadsheet_does():
    assert [letters(n) for n in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert reference(11, 5) == "F12"
