"""The template against the real reference tables: everything listed, everything read back, old ones known again."""

import io

import openpyxl
import polars as pl
import pytest

from dafeng.domains.inventory import library
from dafeng.domains.inventory.sheets import Severity, read_activity, write_template
from dafeng.domains.inventory.sheets.inputs import input_names
from dafeng.domains.inventory.sheets.marks import GUIDE, VERSION, mark
from dafeng.domains.inventory.sheets.template import HEADING_ROW
from dafeng.domains.inventory.sheets.words import COLUMNS, Vocabulary
from dafeng.kernel.accounting import activity_frame
from dafeng.kernel.accounting.recipes import SeriesMethod
from dafeng.kernel.errors import ActivityError

PLACES = {"411500": "信阳市", "411502": "浉河区", "411503": "平桥区"}
AT = {column.field: number for number, column in enumerate(COLUMNS, start=1)}


def template(**options):
    stream = io.BytesIO()
    write_template(stream, place="411500", places=PLACES, **{"years": [2023], **options})
    return stream.getvalue()


def read(content):
    return read_activity(io.BytesIO(content), name="模板.xlsx", known_places=PLACES)


def sector_sheets(book):
    return [book[library.SECTORS[code][0]] for code in library.SECTORS]


def listed_rows(sheet):
    for row in range(HEADING_ROW + 2, sheet.max_row + 1):
        if sheet.cell(row, AT["category"]).value:
            yield row


@pytest.fixture(scope="module")
def whole():
    return template(every=True)


def test_every_item_of_the_library_has_its_row_with_the_official_table_beside_it(whole):
    book = openpyxl.load_workbook(io.BytesIO(whole))
    words = Vocabulary.of_library()
    listed = set()
    for sheet in sector_sheets(book):
        for row in listed_rows(sheet):
            category = sheet.cell(row, AT["category"]).value.split()[0]
            _, item = words.item(
                category, sheet.cell(row, AT["item"]).value, sheet.cell(row, AT["variable"]).value or ""
            )
            listed.add((item.category, item.item, item.variable))
            assert (sheet.cell(row, AT["official_table"]).value or "") == library.categories()[category].official_table
            assert sheet.cell(row, AT["unit"]).value == item.unit
    assert listed == {(item.category, item.item, item.variable) for item in library.items()}


def test_every_row_filled_in_comes_back_as_an_activity_row(whole):
    book = openpyxl.load_workbook(io.BytesIO(whole))
    count = 0
    for sheet in sector_sheets(book):
        for row in listed_rows(sheet):
            sheet.cell(row, AT["value"]).value = 1.5
            sheet.cell(row, AT["basis"]).value = "统计"
            count += 1
    filled = io.BytesIO()
    book.save(filled)
    preview = read(filled.getvalue())
    assert preview.ok, [str(problem) for problem in preview.errors[:5]]
    assert preview.rows.height == count
    assert set(preview.rows["value"]) == {1.5}
    assert activity_frame(preview.accepted()).height == count


def test_every_technology_and_offered_unit_is_accepted_by_the_reader():
    words = Vocabulary.of_library()
    for item in library.items():
        for code, name in item.technologies:
            assert words.technology(item, name).code == code
        for category in [code for code in words.used_categories if item in words.items_of(code)]:
            for unit in words.offered_units(item, category):
                assert words.unit(item, category, unit).code == unit, (item, unit)


def test_a_unit_is_taken_only_where_every_gas_has_a_method_for_it():
    """CH4 of any fuel can be had by volume, but CO2 of coal cannot: coal by volume would lose its CO2."""
    words = Vocabulary.of_library()
    _, coal = words.item("1A1a", "原煤")
    _, gas = words.item("1A1a", "天然气")
    assert words.unit(coal, "1A1a", "万吨").code == "万吨"
    assert words.unit(coal, "1A1a", "GJ").code == "GJ"
    assert words.unit(coal, "1A1a", "万立方米").code is None
    assert words.unit(gas, "1A1a", "亿立方米").code == "亿立方米"
    assert words.offered_units(gas, "1A1a")[:3] == ("万立方米", "亿立方米", "m3")


def test_an_empty_template_reports_nothing():
    preview = read(template())
    assert preview.counts["rows"] == 0
    assert preview.counts["blank"] > 100
    assert [problem.code for problem in preview.problems] == ["no_rows"]


def test_the_usual_template_lists_usual_fuels_and_offers_all():
    book = openpyxl.load_workbook(io.BytesIO(template()))
    sheet = book[library.SECTORS["1"][0]]
    rail = [
        sheet.cell(row, AT["item"]).value
        for row in listed_rows(sheet)
        if sheet.cell(row, AT["category"]).value.startswith("1A3c ")
    ]
    assert rail == ["柴油"]
    formulas = [rule.formula1 for rule in sheet.data_validations.dataValidation if rule.formula1]
    assert any("词表" in formula for formula in formulas)


def test_headings_are_locked_and_data_cells_are_open():
    book = openpyxl.load_workbook(io.BytesIO(template()))
    for sheet in sector_sheets(book):
        assert sheet.protection.sheet
        assert sheet.freeze_panes == f"C{HEADING_ROW + 2}"
        first = HEADING_ROW + 2
        assert sheet.cell(HEADING_ROW + 1, 1).protection.locked
        assert sheet.cell(first, AT["item"]).protection.locked
        assert not sheet.cell(first, AT["value"]).protection.locked
        assert not sheet.cell(sheet.max_row, AT["item"]).protection.locked


def test_several_years_give_a_row_each():
    book = openpyxl.load_workbook(io.BytesIO(template(years=[2022, 2023], sectors=["3"])))
    sheet = book[library.SECTORS["3"][0]]
    years = [sheet.cell(row, AT["year"]).value for row in listed_rows(sheet)]
    assert years[:4] == [2022, 2023, 2022, 2023]
    assert library.SECTORS["1"][0] not in book.sheetnames


def test_what_is_known_already_is_filled_in_and_nothing_is_lost():
    known = pl.DataFrame(
        [
            {"category": "1A1a", "item": "raw_coal", "variable": "", "technology": "cfb", "place": "411500", "year": 2023, "value": 12.5, "unit": "万吨", "basis": "statistic", "notation": None, "uncertainty": 0.05, "source": "年鉴"},
            {"category": "1A1a", "item": "raw_coal", "variable": "", "technology": "", "place": "411502/华豫", "year": 2023, "value": None, "unit": "万吨", "basis": "metered", "notation": "C", "uncertainty": None, "source": ""},
            {"category": "1A3c", "item": "raw_coal", "variable": "", "technology": "", "place": "411503", "year": 1998, "value": 3.0, "unit": "t", "basis": "reported", "notation": None, "uncertainty": None, "source": ""},
        ],
        infer_schema_length=None,
    )  # fmt: skip
    preview = read(template(prefill=known))
    assert preview.ok
    columns = [
        "category",
        "item",
        "variable",
        "technology",
        "place",
        "year",
        "value",
        "unit",
        "basis",
        "notation",
        "uncertainty",
        "source",
    ]
    assert sorted(preview.rows.select(columns).rows(), key=str) == sorted(known.select(columns).rows(), key=str)


def test_an_unknown_sector_and_no_year_are_refused():
    with pytest.raises(ActivityError):
        template(sectors=["7"])
    with pytest.raises(ActivityError):
        template(years=[])


def test_the_same_template_has_the_same_bytes():
    assert template(sectors=["5"]) == template(sectors=["5"])


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        (mark("411500"), None, None),
        (mark("411500").replace(f"/{VERSION} ", f"/{VERSION - 1} "), "older_template", Severity.WARNING),
        (mark("411500").replace(f"/{VERSION} ", f"/{VERSION + 1} "), "newer_template", Severity.ERROR),
        (mark("411500")[:-12] + "000000000000", "older_words", Severity.NOTICE),
        ("", "no_mark", Severity.NOTICE),
    ],
)
def test_a_template_is_known_by_its_mark(words, workbook, text, code, severity):
    rows = [["类别", "项目", "地区", "年份", "数值", "单位"], ["1A1", "原煤", "信阳市", 2023, 1, "t"]]
    content = workbook({GUIDE: [[f"模板版本 {text}"]], "表": rows})
    preview = read_activity(io.BytesIO(content), name="a.xlsx", known_places=PLACES, vocabulary=words)
    assert [(problem.code, problem.severity) for problem in preview.problems] == ([(code, severity)] if code else [])


def test_every_input_that_a_recipe_or_an_item_names_has_a_chinese_name():
    asked = {item.variable for item in library.items() if item.variable}
    for recipe in library.recipes():
        method = library.series().get(recipe.method) or library.methods()[recipe.method]
        asked |= (
            {method.activity, *method.optional, *method.parameters}
            if isinstance(method, SeriesMethod)
            else set(method.inputs)
        )
    assert not asked - set(input_names())
