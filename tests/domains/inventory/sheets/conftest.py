"""A small vocabulary of the tests' own, so that what a message says does not hang on the reference tables of the day."""

import io
from datetime import datetime

import pytest
import xlsxwriter

from dafeng.domains.inventory.library import Category, Item
from dafeng.domains.inventory.sheets import Vocabulary

PLACES = {"411500": "信阳市", "411502": "浉河区", "411503": "平桥区", "411528": "息县"}
HEADINGS = (
    "类别",
    "项目",
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


def _category(code, name):
    return Category(code, code[:-1], name, name, ("CO2",), "", "能源统计报表", "")


def _item(item, name, category, unit, technologies=(), variable=""):
    return Item(item, name, item, category, variable, unit, technologies, "")


@pytest.fixture(scope="session")
def words():
    categories = [
        _category("1A1", "能源工业"),
        _category("1A2", "制造业和建筑业"),
        _category("3A1", "动物肠道发酵"),
        _category("4A", "林地"),
        _category("5C", "焚烧处理"),
    ]
    items = (
        _item("raw_coal", "原煤", "1A1", "t"),
        _item("washed_coal", "洗精煤", "1A1", "t"),
        _item("natural_gas", "天然气", "1A1", "万立方米"),
        _item("raw_coal", "原煤", "1A2", "t"),
        _item("dairy", "奶牛", "3A1", "头", (("scale", "规模化饲养"), ("farm", "农户饲养"))),
        _item("arbor", "乔木林碳储量变化", "4A", "t C"),
        _item("fossil_share", "化石碳比例", "5C", "%"),
        _item("digester", "沼气池数", "5C", "1"),
        _item("steam", "蒸汽", "1A2", "t", variable="steam"),
        _item("steam", "蒸汽", "1A2", "kJ/kg", variable="steam_enthalpy"),
        _item("grid", "电力", "1A2", "亿千瓦时", variable="imported_electricity"),
    )
    # Coal may also be reported by its heat.
    accepted = {"raw_coal": ("t", "GJ")}
    return Vocabulary({c.code: c for c in categories}, items, lambda category, item: accepted.get(item.item, ()))


@pytest.fixture
def workbook():
    """`workbook({"表": [[…], …]})` → the bytes of an .xlsx; `dress(book, sheets)` may add what plain cells cannot say."""

    def write(sheets, dress=None):
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
        book.set_properties({"created": datetime(2000, 1, 1)})
        made = {}
        for name, rows in sheets.items():
            made[name] = book.add_worksheet(name)
            for number, row in enumerate(rows):
                made[name].write_row(number, 0, row)
        if dress:
            dress(book, made)
        book.close()
        return stream.getvalue()

    return write
