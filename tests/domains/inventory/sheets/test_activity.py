"""Each thing that goes wrong in a filled template, and the words in which the clerk is told."""

import io

import polars as pl
import pytest

from dafeng.domains.inventory.sheets import Limits, Severity, read_activity
from dafeng.kernel.accounting import activity_frame
from dafeng.kernel.errors import UploadError

PLACES = {"411500": "信阳市", "411502": "浉河区", "411503": "平桥区", "411528": "息县"}
HEADINGS = (
    "类别",
    "项目",
    "数据项",
    "技术或方式",
    "地区",
    "年份",
    "数值",
    "单位",
    "标记符号",
    "数据依据",
    "不确定性（±%）",
    "数据来源",
)
COLUMN = {
    name: "ABCDEFGHIJKL"[number]
    for number, name in enumerate(
        (
            "category",
            "item",
            "variable",
            "technology",
            "place",
            "year",
            "value",
            "unit",
            "notation",
            "basis",
            "uncertainty",
            "source",
        )
    )
}


def row(
    category="1A1",
    item="原煤",
    variable="",
    technology="",
    place="信阳市",
    year=2023,
    value=12,
    unit="万吨",
    notation="",
    basis="",
    uncertainty="",
    source="",
):
    return [category, item, variable, technology, place, year, value, unit, notation, basis, uncertainty, source]


@pytest.fixture
def read(words, workbook):
    def read(*rows, dress=None, sheet="能源活动", headings=HEADINGS, **options):
        content = workbook({sheet: [headings, *rows]}, dress)
        return read_activity(io.BytesIO(content), name="表.xlsx", known_places=PLACES, vocabulary=words, **options)

    return read


def only(preview, code, severity=Severity.ERROR):
    found = [problem for problem in preview.problems if problem.code == code]
    assert len(found) == 1, [str(problem) for problem in preview.problems]
    assert found[0].severity is severity
    return found[0]


def test_a_sound_row_becomes_an_activity_row(read):
    preview = read(row(basis="统计", uncertainty=5, source="年鉴 7-3"))
    assert preview.ok
    assert preview.counts == {
        "rows": 1,
        "blank": 0,
        "noted": 0,
        "replaces": 0,
        "errors": 0,
        "warnings": 0,
        "notices": 1,
    }
    assert preview.rows.row(0, named=True) == {
        "category": "1A1", "item": "raw_coal", "technology": "", "variable": "", "place": "411500", "year": 2023, "value": 12.0,
        "unit": "万吨", "basis": "statistic", "source": "年鉴 7-3", "notation": None, "uncertainty": 0.05, "sheet_row": "能源活动!2",
    }  # fmt: skip
    frame = activity_frame(preview.accepted())
    assert frame["value"].to_list() == [12.0]
    assert len(preview.digest) == 64


def test_a_row_without_value_and_key_is_not_reported_and_never_zero(read):
    preview = read(row(value=""), row(item="洗精煤", value=0))
    assert preview.counts["blank"] == 1
    assert preview.rows["item"].to_list() == ["washed_coal"]
    assert preview.rows["value"].to_list() == [0.0]


def test_a_key_may_stand_in_its_own_column_or_in_the_value(read):
    preview = read(row(value="", notation="NO 不发生"), row(item="洗精煤", value="NE"))
    assert preview.ok
    assert preview.rows["notation"].to_list() == ["NO", "NE"]
    assert preview.rows["value"].to_list() == [None, None]
    assert preview.counts["noted"] == 2


@pytest.mark.parametrize(
    ("changed", "code", "column", "what", "mend"),
    [
        ({"unit": "万立方米"}, "unit", "unit", "单位“万立方米”与项目“原煤”不合", "下拉框"),
        ({"unit": "担"}, "unit", "unit", "单位“担”不认识", "下拉框"),
        ({"unit": ""}, "unit", "unit", "没有填单位", "下拉框"),
        ({"item": "源煤"}, "item", "item", "“源煤”不认识", "是否指 原煤"),
        ({"item": ""}, "item", "item", "没有填项目", "补填"),
        ({"category": "能源工亚"}, "category", "category", "类别“能源工亚”不认识", "是否指 1A1 能源工业"),
        ({"category": "9Z"}, "category", "category", "类别“9Z”不认识", "下拉框"),
        ({"place": "师河区"}, "place", "place", "地区“师河区”不认识", "是否指"),
        ({"place": "410100"}, "place", "place", "地区“410100”不认识", ""),
        ({"value": -3}, "negative", "value", "数值为负（-3）", "核对"),
        ({"value": "约12"}, "number", "value", "“约12”不是数", "确定的数"),
        ({"year": 1823}, "year", "year", "年份 1823 超出范围", "核对"),
        ({"year": "二〇二三"}, "year", "year", "不是年份", "四位年份"),
        ({"year": ""}, "year", "year", "没有填年份", "补填"),
        ({"notation": "NX"}, "notation", "notation", "标记符号“NX”不认识", "下拉框"),
        ({"notation": "NO"}, "notation", "notation", "既有数值又有标记符号 NO", "清空"),
        ({"basis": "听说"}, "basis", "basis", "数据依据“听说”不认识", "下拉框"),
        ({"technology": "流化床"}, "technology", "technology", "不分技术或方式", "清空"),
        ({"uncertainty": "很大"}, "uncertainty", "uncertainty", "不是不确定性", "清空"),
        ({"value": "12 t"}, "unit_in_cell", "value", "与单位列“万吨”不一致", "只保留一个单位"),
        ({"value": "12万"}, "unit_in_cell", "value", "意思不清", "单位列"),
        ({"value": "30%"}, "percent", "value", "数值是百分数", "实际数量"),
    ],
)  # fmt: skip
def test_a_fault_names_file_sheet_row_column_and_mend(read, changed, code, column, what, mend):
    preview = read(row(item="洗精煤"), row(**changed))
    problem = only(preview, code)
    assert (problem.file, problem.sheet, problem.row, problem.cell) == ("表.xlsx", "能源活动", 3, f"{COLUMN[column]}3")
    assert what in problem.what
    assert mend in problem.mend
    assert str(problem).startswith("文件“表.xlsx” 工作表“能源活动” 第 3 行")
    assert not preview.ok
    # The sound row is shown, but nothing may be committed.
    assert preview.rows["item"].to_list() == ["washed_coal"]
    with pytest.raises(UploadError, match="整个文件未导入"):
        preview.accepted()


def test_an_unknown_place_without_a_near_name_is_told_which_there_are(read):
    problem = only(read(row(place="上海")), "place")
    assert "浉河区" in problem.expected


@pytest.mark.parametrize("place", ["浉河区", "浉河", "411502", 411502, "411502 浉河区", "４１１５０２", "411502000000"])
def test_a_place_is_known_by_name_or_code(read, place):
    assert read(row(place=place)).rows["place"].to_list() == ["411502"]


def test_a_facility_is_written_behind_its_county(read):
    assert read(row(place="浉河区/华豫电厂")).rows["place"].to_list() == ["411502/华豫电厂"]


@pytest.mark.parametrize("category", ["1A1", "1A1 能源工业", "能源工业", "１Ａ１"])
def test_a_category_is_known_by_name_or_code(read, category):
    assert read(row(category=category)).rows["category"].to_list() == ["1A1"]


@pytest.mark.parametrize("technology", ["scale", "规模化饲养", " 规模化饲养 "])
def test_a_technology_is_known_by_name_or_code(read, technology):
    preview = read(row(category="3A1", item="奶牛", technology=technology, unit="万头"))
    assert preview.rows["technology"].to_list() == ["scale"]


def test_a_technology_that_is_not_offered_is_told_which_are(read):
    problem = only(read(row(category="3A1", item="奶牛", technology="散养", unit="头")), "technology")
    assert "规模化饲养、农户饲养" in problem.mend


def test_an_input_is_known_by_code_name_or_both(read):
    preview = read(
        row(category="1A2", item="蒸汽", variable="steam", unit="t"),
        row(category="1A2", item="蒸汽", variable="steam_enthalpy 蒸汽焓", unit="kJ/kg", value=2800),
        row(category="1A2", item="蒸汽", variable="蒸汽焓", unit="kJ/kg", value=2800, place="浉河区"),
    )
    assert preview.ok
    assert preview.rows["variable"].to_list() == ["steam", "steam_enthalpy", "steam_enthalpy"]


def test_an_input_left_empty_is_the_first_of_the_item_and_the_clerk_is_told(read):
    preview = read(row(category="1A2", item="蒸汽", unit="t"))
    assert preview.rows["variable"].to_list() == ["steam"]
    assert "按“steam 蒸汽量”读取" in only(preview, "variable", Severity.NOTICE).what


def test_coal_may_be_reported_by_its_heat(read):
    assert read(row(unit="GJ")).rows["unit"].to_list() == ["GJ"]


def test_a_net_import_may_be_negative(read):
    assert read(row(category="1A2", item="电力", value=-3, unit="亿千瓦时")).rows["value"].to_list() == [-3.0]


def test_a_row_that_stands_twice_is_refused_and_says_where_it_stands_first(read):
    preview = read(row(), row(item="洗精煤"), row(place="411500", unit="t", value=120000))
    problem = only(preview, "duplicate")
    assert problem.row == 4
    assert "工作表“能源活动”第 2 行重复" in problem.what


def test_a_row_that_is_stored_already_is_a_warning(read):
    preview = read(row(), existing=[("1A1", "raw_coal", "", "", "411500", 2023)])
    assert preview.ok
    assert preview.counts["replaces"] == 1
    only(preview, "replaces", Severity.WARNING)


# Shares: a whole is 100 % or 1.
def test_a_share_of_30_in_the_unit_1_is_refused_with_both_ways_to_write_it(read):
    problem = only(read(row(category="5C", item="化石碳比例", value=30, unit="1")), "percent")
    assert "请填 0.3，或把单位改为 %" in problem.mend


def test_a_share_above_100_percent_is_refused(read):
    only(read(row(category="5C", item="化石碳比例", value=130, unit="%")), "percent")


def test_a_share_of_0_3_percent_is_asked_about(read):
    preview = read(row(category="5C", item="化石碳比例", value=0.3, unit="%"))
    assert preview.ok
    assert "若本意是 30%" in only(preview, "percent", Severity.WARNING).mend


@pytest.mark.parametrize(("unit", "value"), [("%", 30.0), ("1", 0.3)])
def test_a_typed_percentage_is_read_in_the_unit_of_its_row(read, unit, value):
    preview = read(row(category="5C", item="化石碳比例", value="30%", unit=unit))
    assert preview.ok
    assert preview.rows["value"].to_list() == [value]


def test_a_cell_formatted_as_percentage_is_read_as_one(read):
    def dress(book, sheets):
        sheets["能源活动"].write_number(1, 6, 0.3, book.add_format({"num_format": "0%"}))

    preview = read(row(category="5C", item="化石碳比例", unit="%"), dress=dress)
    assert preview.rows["value"].to_list() == [30.0]


def test_a_count_of_unit_1_is_no_share(read):
    assert read(row(category="5C", item="沼气池数", value=30, unit="1")).rows["value"].to_list() == [30.0]


def test_full_width_digits_separators_and_text_numbers_are_read_with_a_notice(read):
    preview = read(row(value="１２，３４５"), row(item="洗精煤", value="1,234.5"), row(category="1A2", value="12万吨"))
    assert preview.ok
    assert preview.rows["value"].to_list() == [12345.0, 1234.5, 12.0]
    notices = [str(problem) for problem in preview.problems if problem.severity is Severity.NOTICE]
    assert any("全角" in text for text in notices)
    assert any("千位分隔" in text for text in notices)
    assert any("已读作 12 万吨" in text for text in notices)


def test_a_number_typed_with_its_unit_fills_an_empty_unit(read):
    preview = read(row(value="12万吨", unit=""))
    assert preview.rows.select("value", "unit").row(0) == (12.0, "万吨")


def test_a_merged_range_in_the_data_is_refused_by_its_name(read):
    def dress(book, sheets):
        sheets["能源活动"].merge_range("E2:E3", "信阳市")

    preview = read(row(), row(item="洗精煤", place=""), dress=dress)
    assert "E2:E3" in only(preview, "merged").what


def test_merged_titles_above_the_heading_do_no_harm(words, workbook):
    def dress(book, sheets):
        sheets["表"].merge_range("A1:L1", "能源活动水平数据")

    content = workbook({"表": [[""], HEADINGS, row()]}, dress)
    assert read_activity(io.BytesIO(content), name="a.xlsx", known_places=PLACES, vocabulary=words).ok


def test_hidden_rows_are_read_and_the_clerk_is_told(read):
    def dress(book, sheets):
        sheets["能源活动"].set_row(1, None, None, {"hidden": True})

    preview = read(row(), row(item="洗精煤"), dress=dress)
    assert preview.rows.height == 2
    assert "第 2 行被隐藏" in only(preview, "hidden_rows", Severity.WARNING).what


def test_a_failed_formula_and_one_never_calculated_are_refused(read):
    def dress(book, sheets):
        sheets["能源活动"].write_formula("G2", "=1/0", None, "#DIV/0!")
        sheets["能源活动"].write_formula("G3", "=SUM(A1)", None, "")
        sheets["能源活动"].write_formula("E4", "=A99", None, "#REF!")

    preview = read(row(), row(item="洗精煤"), row(item="天然气", unit="万立方米"), dress=dress)
    told = {problem.cell: problem.what for problem in preview.errors}
    assert "#DIV/0!" in told["G2"]
    assert "没有保存计算结果" in told["G3"]
    assert "#REF!" in told["E4"]
    assert preview.rows.is_empty()


def test_a_formula_with_a_stored_result_is_its_result(read):
    def dress(book, sheets):
        sheets["能源活动"].write_formula("G2", "=10+2", None, 12)

    assert read(row(), dress=dress).rows["value"].to_list() == [12.0]


def test_dates_in_number_and_year_columns_are_refused(read):
    def dress(book, sheets):
        day = book.add_format({"num_format": "yyyy/m/d"})
        sheets["能源活动"].write_number("G2", 45000, day)
        sheets["能源活动"].write_number("F3", 45000, day)

    told = {problem.cell: problem.what for problem in read(row(), row(item="洗精煤"), dress=dress).errors}
    assert "日期" in told["G2"]
    assert "日期" in told["F3"]


def test_columns_are_found_by_name_in_any_order(words, workbook):
    content = workbook(
        {
            "表": [
                ["年份", "单位", "数值*", "地 区", "燃料品种", "排放源类别", "我的备忘"],
                [2023, "万吨", 12, "信阳市", "原煤", "1A1", "x"],
            ]
        }
    )
    preview = read_activity(io.BytesIO(content), name="a.xlsx", known_places=PLACES, vocabulary=words)
    assert preview.ok
    assert preview.rows.select("category", "item", "place", "value").row(0) == ("1A1", "raw_coal", "411500", 12.0)


def test_a_missing_heading_is_named(words, workbook):
    content = workbook({"表": [["类别", "项目", "地区", "数值", "单位"], ["1A1", "原煤", "信阳市", 1, "t"]]})
    preview = read_activity(io.BytesIO(content), name="a.xlsx", known_places=PLACES, vocabulary=words)
    assert "表头缺少“年份”" in only(preview, "missing_heading").what
    assert preview.rows.is_empty()


def test_a_doubled_heading_is_refused(words, workbook):
    content = workbook({"表": [[*HEADINGS, "数值"], [*row(), 13]]})
    only(read_activity(io.BytesIO(content), name="a.xlsx", known_places=PLACES, vocabulary=words), "double_heading")


def test_sheets_without_a_heading_empty_and_hidden_ones_are_told_apart(words, workbook):
    def dress(book, sheets):
        sheets["藏"].hide()

    sheets = {"能源活动": [HEADINGS, row()], "空": [], "草稿": [["随便", "写写"]], "藏": [HEADINGS, row()]}
    preview = read_activity(io.BytesIO(workbook(sheets, dress)), name="a.xlsx", known_places=PLACES, vocabulary=words)
    assert preview.ok
    assert preview.rows.height == 1
    assert only(preview, "empty_sheet", Severity.NOTICE).sheet == "空"
    assert only(preview, "no_heading", Severity.WARNING).sheet == "草稿"
    assert only(preview, "hidden_sheet", Severity.WARNING).sheet == "藏"


def test_a_file_without_any_heading_or_without_any_number_is_an_error(words, workbook):
    for rows, code in (([["随便"]], "no_table"), ([HEADINGS], "no_rows"), ([], "no_rows")):
        preview = read_activity(
            io.BytesIO(workbook({"表": rows})), name="a.xlsx", known_places=PLACES, vocabulary=words
        )
        only(preview, code)
        assert not preview.ok


def test_problems_beyond_the_limit_still_stop_the_commit(read):
    preview = read(*(row(year=1900 + n) for n in range(20)), limits=Limits(problems=5))
    assert preview.counts["errors"] == 5
    assert [problem.code for problem in preview.problems] == ["year"] * 4 + ["no_mark", "too_many"]
    assert "其余各行没有再检查" in preview.problems[-1].what
    assert not preview.ok


def test_notices_beyond_the_limit_are_counted_and_said(read):
    preview = read(*(row(year=2000 + n, value="１２") for n in range(20)), limits=Limits(problems=5))
    assert preview.ok
    assert preview.rows.height == 20
    assert preview.counts["notices"] == 21
    assert "另有 16 条" in preview.problems[-1].what


def test_a_hundred_thousand_unknown_words_are_answered_at_once(words):
    text = "类别,项目,地区,年份,数值,单位\n" + "".join(f"1A1,煤{n},信阳市,2023,1,t\n" for n in range(99_000))
    preview = read_activity(io.BytesIO(text.encode()), name="a.csv", known_places=PLACES, vocabulary=words)
    assert preview.counts["errors"] == Limits().problems


def test_the_rows_are_typed_even_when_there_are_none(read):
    assert read(row(value="")).rows.schema["value"] == pl.Float64
