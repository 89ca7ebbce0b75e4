"""Numbers with their units, ranges, qualifiers and words."""

import pytest

from dafeng.domains.plan.reading.quantities import quantities
from dafeng.domains.plan.reading.times import times


@pytest.mark.parametrize(
    ("text", "value", "unit", "operator"),
    [
        ("150万千瓦", 150, "万千瓦", "="), ("297克标准煤/千瓦时", 297, "克标准煤/千瓦时", "="), ("1500万立方米/天", 1500, "万立方米/天", "="),
        ("10个百分点以上", 10, "个百分点", ">="), ("不低于25%", 25, "%", ">="), ("超过200万千瓦", 200, "万千瓦", ">"),
        ("约20%", 20, "%", "~"), ("10%左右", 10, "%", "~"), ("60%以下", 60, "%", "<="), ("不超过35微克/立方米", 35, "微克/立方米", "<="),
        ("1~2个", [1, 2], "个", "range"), ("15—20万千瓦", [15, 20], "万千瓦", "range"), ("5%-8%", [5, 8], "%", "range"),
        ("百分之三十", 30, "%", "="), ("百分之十二点五", 12.5, "%", "="), ("三分之二", 66.67, "%", "="), ("过半", 50, "%", ">"), ("一半以上", 50, "%", ">="),
        ("翻一番", 100, "%", "="), ("翻两番", 300, "%", "="), ("30余家", 30, "家", ">"), ("1,200公里", 1200, "公里", "="), ("500吨标准煤每小时", 500, "吨标准煤/小时", "="),
        ("≥85%", 85, "%", ">="), ("6.59万户", 6.59, "万户", "="), ("80吨每日", 80, "吨/日", "="),
    ],
)  # fmt: skip
def test_a_quantity_is_read_with_unit_and_operator(text: str, value: float, unit: str, operator: str) -> None:
    found = quantities(text, [])
    assert [(one.value, one.unit, one.operator) for one in found] == [(value, unit, operator)]


def test_a_bare_number_borrows_the_unit_of_the_next_in_its_list() -> None:
    assert [(one.value, one.unit) for one in quantities("分别达到60、50%", [])] == [(60, "%"), (50, "%")]


@pytest.mark.parametrize(
    "text", ["5G基站", "PM2.5与O3", "第34届", "GB/T 32150", "国发〔2021〕23号", "5+N路径", "1:500"]
)
def test_codes_and_names_hold_no_quantity_with_a_unit(text: str) -> None:
    assert [one for one in quantities(text, []) if one.unit and one.group != "order"] == []


def test_a_magnitude_without_a_unit_is_a_number_without_unit() -> None:
    assert [(one.value, one.unit) for one in quantities("20万风电场", [])] == [(20, None)]


@pytest.mark.parametrize(
    ("text", "kind", "years", "period"),
    [
        ("到2025年", "at", (2025,), None), ("2030年前", "at", (2030,), None), ("“十四五”期间", "at", (2025,), "2021-2025"), ("“十五五”末", "at", (2030,), None),
        ("2021—2025年", "at", (2025,), "2021-2025"), ("比2020年", "base", (2020,), None), ("较“十三五”末", "base", (2020,), None),
        ("与2020年相比", "base", (2020,), None), ("在2020年基础上", "base", (2020,), None), ("2025年、2030年", "at", (2025, 2030), None), ("2025年和2030年", "at", (2025, 2030), None),
        ("2021年12月28日", "date", (2021,), None), ("2025年6月底前", "at", (2025,), None), ("2025年12月31日前", "at", (2025,), None), ("在2025年", "at", (2025,), None),
    ],
)  # fmt: skip
def test_a_time_phrase_is_read(text: str, kind: str, years: tuple[int, ...], period: str | None) -> None:
    (found,) = times(text)
    assert (found.kind, found.years, found.period) == (kind, years, period)


def test_the_name_of_a_five_year_plan_is_no_time() -> None:
    assert times("编制“十四五”规划纲要") == []
