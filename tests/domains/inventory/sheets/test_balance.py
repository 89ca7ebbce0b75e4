"""The energy balance sheet: what the template writes, filled in, comes back as `methods.balance` reads it."""

import io

import openpyxl
import polars as pl
import pytest

from dafeng.domains.inventory.methods import balance as tree
from dafeng.domains.inventory.sheets import Severity, read_balance, write_template
from dafeng.domains.inventory.sheets.marks import BALANCE

PLACES = {"411500": "信阳市", "411502": "浉河区"}
# 供应 10 = 生产 2 + 调入 9 − 调出 1；终端 9 = 工业 5 + 农业 4；平衡差额 = 10 − 9 = 1.
TABLE = [
    ["能源平衡表（实物量）"],
    ["地区：", "信阳市"],
    ["年份", "2014年"],
    ["项 目", "原煤", "焦炭", "汽油", "柴油"],
    ["计量单位", "万吨", "万吨", "万吨", "万吨"],
    ["一、可供本地区消费的能源量", 10],
    ["1.一次能源生产量", 2],
    ["2.外省（区、市）调入量", 9],
    ["3.本省（区、市）调出量(-)", -1],
    ["二、加工转换投入(-)产出(+)量"],
    ["三、损失量"],
    ["四、终端消费量", 9],
    ["1.农、林、牧、渔、水利业", "４"],
    ["2.工业", 5],
    ["五、平衡差额", 1],
    ["注：本表数据为初步数"],
]


@pytest.fixture
def read(workbook):
    def read(rows, dress=None, **options):
        return read_balance(
            io.BytesIO(workbook({"表": rows}, dress)), name="平衡表.xlsx", known_places=PLACES, **options
        )

    return read


def changed(row, column, value):
    return [[value if (r, c) == (row, column) else cell for c, cell in enumerate(line)] for r, line in enumerate(TABLE)]


def only(preview, severity=Severity.ERROR):
    found = [problem for problem in preview.problems if problem.severity is severity]
    assert len(found) == 1, [str(problem) for problem in preview.problems]
    return found[0]


def test_a_printed_table_is_read_by_its_names(read):
    preview = read(TABLE)
    assert preview.ok
    assert dict(preview.rows.select("row", "value").iter_rows()) == {
        "supply": 10.0, "supply.production": 2.0, "supply.inflow": 9.0, "supply.outflow": -1.0, "final": 9.0,
        "final.agriculture": 4.0, "final.industry": 5.0, "difference": 1.0,
    }  # fmt: skip
    assert set(preview.rows["place"]) == {"411500"}
    assert set(preview.rows["year"]) == {2014}
    assert preview.counts["warnings"] == 0
    assert tree.balance_frame(preview.accepted().drop("sheet_row")).height == 8


def test_what_does_not_add_up_is_a_warning_and_stays_as_printed(read):
    preview = read(changed(14, 1, 3))
    assert preview.ok
    assert "平衡差额" in only(preview, Severity.WARNING).what
    assert preview.rows.filter(pl.col("row") == "difference")["value"].to_list() == [3.0]


@pytest.mark.parametrize(
    ("rows", "cell", "what"),
    [
        (changed(3, 2, "奇煤"), "", ""),
        (changed(4, 1, "万升"), "B5", "原煤的单位“万升”不对"),
        (changed(4, 1, ""), "B5", "原煤没有写明单位"),
        (changed(12, 0, "1.农业与矿业"), "A13", "行名“1.农业与矿业”不认识"),
        (changed(13, 0, "四、终端消费量"), "A14", "与第 12 行重复"),
        (changed(13, 1, "约5"), "B14", "“约5”不是数"),
        (changed(13, 1, "NE"), "B14", "“NE”不是数"),
        (changed(1, 1, "郑州市"), "", "地区“郑州市”不认识"),
        (changed(2, 1, "14年"), "", "年份“14年”不对"),
        (changed(3, 2, "原煤"), "C4", "“原煤”出现了两列"),
    ],
)
def test_a_fault_in_a_balance_names_its_cell(read, rows, cell, what):
    preview = read(rows)
    if not what:  # an unknown fuel without a number under it is only left aside
        assert preview.ok
        return
    problem = only(preview)
    assert what in problem.what
    assert problem.cell == cell
    assert problem.file == "平衡表.xlsx"


def test_an_unknown_fuel_with_numbers_under_it_is_refused_with_the_nearest_names(read):
    rows = changed(3, 2, "焦碳")
    rows[13] = [*rows[13], 3]
    problem = only(read(rows))
    assert problem.cell == "C4"
    assert "焦炭" in problem.mend


def test_place_and_year_may_be_given_by_the_caller(read):
    preview = read(TABLE[3:], place="411502", year=2015)
    assert preview.ok
    assert preview.rows.select("place", "year").unique().row(0) == ("411502", 2015)
    assert not read(TABLE[3:]).ok
    # What the table itself says goes first.
    assert read(TABLE, place="411502", year=2015).rows.select("place", "year").unique().row(0) == ("411500", 2014)


def test_the_same_place_and_year_twice_is_refused(workbook):
    content = workbook({"甲": TABLE, "乙": TABLE})
    preview = read_balance(io.BytesIO(content), name="a.xlsx", known_places=PLACES)
    assert "工作表“甲”重复" in only(preview).what


def test_recovered_energy_is_told_apart_by_where_it_stands(read):
    rows = [*TABLE[:9], ["回收能", 1], ["二、加工转换投入(-)产出(+)量", 2], ["10.回收能", 2], *TABLE[10:]]
    preview = read(rows)
    assert {"supply.recovered", "transformation.recovered"} <= set(preview.rows["row"])


def test_the_templates_sheet_has_every_row_and_fuel_and_comes_back_filled():
    stream = io.BytesIO()
    write_template(stream, place="411500", years=[2023], places=PLACES)
    book = openpyxl.load_workbook(io.BytesIO(stream.getvalue()))
    sheet = book[BALANCE]
    codes = [sheet.cell(row, 2).value for row in range(7, 7 + len(tree.rows()))]
    assert codes == list(tree.rows())
    assert [sheet.cell(5, column).value for column in range(3, 3 + len(tree.fuels()))] == [
        fuel.name for fuel in tree.fuels().values()
    ]
    expected = {}
    for number, code in enumerate(codes):
        sheet.cell(7 + number, 3).value = number + 0.5
        expected[code] = number + 0.5
    filled = io.BytesIO()
    book.save(filled)
    filled.seek(0)
    preview = read_balance(filled, name="a.xlsx", known_places=PLACES)
    assert preview.ok, [str(problem) for problem in preview.errors]
    assert dict(preview.rows.select("row", "value").iter_rows()) == expected
    assert preview.rows.select("place", "year", "fuel").unique().row(0) == ("411500", 2023, "coal_total")
