"""Two plans of one city: every difference is a question, none is resolved."""

from __future__ import annotations

from pathlib import Path

import pytest

from dafeng.domains.plan.reading import parse_text, read_plan
from dafeng.domains.plan.reading.comparison import compare


def codes(earlier: str, later: str) -> list[str]:
    return [one.code for one in compare(parse_text(earlier), parse_text(later))]


ENERGY = "一、目标\n到2025年，单位地区生产总值能耗比2020年下降14%。"


def test_a_changed_number_is_asked_about() -> None:
    assert codes(ENERGY, ENERGY.replace("14", "15")) == ["changed"]


def test_equal_plans_raise_nothing() -> None:
    assert codes(ENERGY, ENERGY) == []


def test_a_base_year_that_only_one_plan_names_is_asked_about() -> None:
    assert codes("一、目标\n到2025年，单位地区生产总值能耗下降14%。", ENERGY) == ["base"]


def test_a_stock_is_not_an_addition_even_where_the_figures_are_equal() -> None:
    earlier, later = "一、风电\n到2025年，风电装机达到200万千瓦。", "一、风电\n到2025年，风电新增装机200万千瓦。"
    assert codes(earlier, later) == ["stock-or-addition"]


def test_a_target_without_a_successor_is_asked_about() -> None:
    assert codes("一、储能\n到2025年，储能容量达到60万千瓦。", ENERGY) == ["dropped"]


def test_a_department_that_does_not_come_back_is_asked_about() -> None:
    earlier = ENERGY + "（责任单位：市金融工作局、市财政局）"
    assert codes(earlier, ENERGY + "（责任单位：市财政局）") == ["owner-gone"]


@pytest.mark.plans
def test_the_contradictions_between_the_two_plans_are_raised(shared: Path) -> None:
    """DEMANDS, last section, 2, 3, 4 and 8: coal total, energy intensity, stock against addition, a bureau that is gone."""
    names = ("xinyang_2021_green_transition", "xinyang_2024_peak_pilot")
    found = compare(*(read_plan(shared / "plans" / f"{name}.txt") for name in names))
    asked = [(one.code, one.question) for one in found]
    assert any(code == "dropped" and "煤炭消费总量" in text for code, text in asked)
    assert any(code == "changed" and "14%" in text and "15%" in text for code, text in asked)
    assert any(code == "stock-or-addition" and "风" in text and "200万千瓦" in text for code, text in asked)
    assert any(code == "dropped" and "储能" in text for code, text in asked)
    assert any(code == "owner-gone" and "金融工作局" in text for code, text in asked)
