"""What stands in a number cell, and the one meaning it has, if it has one."""

from datetime import datetime

import pytest

from dafeng.kernel.sheets.numbers import notation_of, read_number
from dafeng.kernel.sheets.xlsx import Cell


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("123.4", 123.4),
        (" 12 ", 12.0),
        ("１２，３４５．５", 12345.5),
        ("1,234,567.25", 1234567.25),
        ("1 234 567", 1234567.0),
        ("1.2E+05", 120000.0),
        ("−5", -5.0),
        ("－５", -5.0),
        ("12。5", 12.5),
        (".5", 0.5),
    ],
)
def test_a_number_stored_as_text_is_read_and_reported(text, value):
    reading = read_number(Cell(text))
    assert reading.fault is None
    assert reading.value == value
    assert reading.notices


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12万吨", 12.0, "万吨"),
        ("3.5 t", 3.5, "t"),
        ("12万", 120000.0, "万"),
        ("2亿", 2e8, "亿"),
        ("1,200 GJ", 1200.0, "GJ"),
    ],
)
def test_a_unit_inside_the_cell_is_kept_apart_from_the_number(text, value, unit):
    reading = read_number(Cell(text))
    assert (reading.value, reading.unit, reading.fault) == (value, unit, None)


def test_a_percentage_says_that_it_is_one():
    typed = read_number(Cell("30%"))
    assert (typed.value, typed.percent) == (30.0, True)
    # Excel stores 30 % as 0.3 with a percent format.
    stored = read_number(Cell(0.3, "number", percent=True))
    assert (stored.value, stored.percent) == (30.0, True)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("约12", "确定的数"),
        ("10~20", "范围"),
        ("10-20", "范围"),
        ("十二万", "阿拉伯数字"),
        ("(123)", "负数"),
        ("12,34", "单位"),
        ("1.2.3", "单位"),
        ("abc", "单位"),
        ("-", "NO"),
        ("—", "NO"),
        ("无", "NO"),
        ("N/A", "NO"),
        ("#N/A", "单位"),
        ("1e999", "核对"),
        ("nan", "单位"),
        ("inf", "单位"),
    ],
)
def test_what_has_no_single_meaning_is_refused_with_a_way_to_mend_it(text, hint):
    reading = read_number(Cell(text))
    assert reading.value is None or reading.fault
    assert reading.fault is not None
    assert hint in " ".join(reading.fault)


@pytest.mark.parametrize(
    ("text", "key"), [("NO", "NO"), ("ne", "NE"), ("ＩＥ", "IE"), ("不发生", "NO"), ("未估算", "NE"), ("C", "C")]
)
def test_a_notation_key_may_stand_in_the_place_of_a_number(text, key):
    assert read_number(Cell(text)).notation == key
    assert notation_of(text) == key


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        (Cell("#DIV/0!", "error"), "#DIV/0!"),
        (Cell("", "formula"), "没有保存计算结果"),
        (Cell(datetime(2023, 1, 1), "date"), "日期"),
        (Cell(True, "bool"), "逻辑值"),
        (Cell(float("inf"), "number"), "有限"),
    ],
)
def test_a_cell_that_is_no_number_says_what_it_is(cell, word):
    reading = read_number(cell)
    assert reading.fault is not None
    assert word in reading.fault[0]
