"""Geometry of charts, checked against hand arithmetic in the fixed box (plot 660 × 210 at 56, 12)."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.pages.charts import Series, lines, shares, stacked, step_of, tick_of


@pytest.mark.parametrize(
    ("largest", "step"), [(1.0, 0.2), (6.0, 1.0), (7.0, 2.0), (95.0, 20.0), (120.0, 20.0), (0.013, 0.005)]
)
def test_steps_are_one_two_or_five_times_a_power_of_ten(largest: float, step: float) -> None:
    assert step_of(largest) == pytest.approx(step)


def test_a_stack_of_positive_and_negative_parts_meets_the_axis() -> None:
    chart = stacked(
        "t", "u", [2020], [Series("a", {2020: 30.0}), Series("b", {2020: 10.0}), Series("sink", {2020: -20.0})]
    )
    assert chart is not None
    # Highest 40, lowest −20: step of 40 is 10, so the axis runs from 40 to −20 over 210 px, 3.5 px a unit.
    assert chart.zero == pytest.approx(12 + 40 * 3.5)
    tall = {bar["name"]: bar for bar in chart.bars}
    assert tall["a"]["height"] == pytest.approx(105.0)
    assert tall["a"]["y"] + tall["a"]["height"] == pytest.approx(chart.zero)
    assert tall["b"]["y"] + tall["b"]["height"] == pytest.approx(tall["a"]["y"])
    assert tall["sink"]["y"] == pytest.approx(chart.zero)
    assert [tick["label"] for tick in chart.ticks] == ["40", "30", "20", "10", "0", "-10", "-20"]


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0.0, "0", "0"), (0.002, "0.002", "0.002"), (950.0, "950", "950"), (-1500.0, "-1,500", "-1,500"), (1e6, "1,000,000", "1,000,000"),
        (1.2e7, "1,200万", "12M"), (2.5e9, "25亿", "2.5G"), (6e15, "6e+15", "6e+15"),
    ],
)  # fmt: skip
def test_ticks_are_grouped_and_large_ones_short(value: float, zh: str, en: str) -> None:
    for language, text in (("zh-hans", zh), ("en", en)):
        with override(language):
            assert tick_of(value) == text


def test_an_axis_of_millions_is_written_out() -> None:
    """The highest is 1.1 millions, so steps are 200,000 and the top is 1.2 millions."""
    chart = lines("t", "u", [1, 2], [Series("a", {1: 0.0, 2: 1.1e6})])
    assert chart is not None
    assert [tick["label"] for tick in chart.ticks] == ["1,200,000", "1,000,000", "800,000", "600,000", "400,000", "200,000", "0"]  # fmt: skip


def test_a_gap_breaks_a_measured_line_but_not_a_target() -> None:
    values = {2020: 1.0, 2022: 2.0, 2023: 3.0}
    chart = lines("t", "u", [2020, 2021, 2022, 2023], [Series("m", values), Series("goal", values, dashed=True)])
    assert chart is not None
    measured, goal = chart.lines
    assert len(measured["paths"]) == 1
    assert len(measured["paths"][0].split()) == 2
    assert len(goal["paths"][0].split()) == 3
    assert chart.table[1] == {"x": 2021, "cells": [None, None]}


def test_nothing_to_draw_is_no_chart() -> None:
    assert stacked("t", "u", [2020], [Series("a", {2020: None})]) is None
    assert lines("t", "u", [], []) is None


@given(st.dictionaries(st.integers(2000, 2030), st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_whatever_the_numbers_everything_stays_in_the_box(values: dict[int, float]) -> None:
    for chart in (
        stacked("t", "u", sorted(values), [Series("a", values)]),
        lines("t", "u", sorted(values), [Series("a", values)]),
    ):
        if chart is None:
            continue
        for bar in chart.bars:
            assert bar["y"] - 12 >= -0.2
            assert bar["y"] + bar["height"] <= 12 + 210 + 0.2
        for dot in (dot for line in chart.lines for dot in line["dots"]):
            assert 11.8 <= dot["y"] <= 222.2
            assert math.isfinite(dot["x"])


HOURS = [f"{day:02d}日{hour:02d}" for day in range(14, 21) for hour in range(24)]


@pytest.mark.parametrize(
    ("xs", "desk", "phone"),
    [
        # A letter is 11 high on a desk, 19 on a phone; Latin ones 0.64 as wide. 12 × "2026-01": 55 each; 7 letters want 49.3 + 5.5 or 85.1 + 9.5.
        ([f"2026-{month:02d}" for month in range(1, 13)], 12, 6),
        (HOURS, 7, 7),  # a week of hours: the midnights
        (["信阳市浉河区", "固始县", "新县"], 3, 3),
    ],
)
def test_labels_that_have_no_room_are_left_out(xs: list[str], desk: int, phone: int) -> None:
    chart = lines("t", "u", xs, [Series("a", dict.fromkeys(xs, 1.0))])
    assert chart is not None
    count = {only: sum(label["only"] == only for label in chart.labels) for only in ("", "desk", "phone")}
    assert (count[""] + count["desk"], count[""] + count["phone"]) == (desk, phone)
    if xs is HOURS:
        assert [label["text"] for label in chart.labels] == [f"{day}日00" for day in range(14, 21)]


@given(
    st.lists(st.text("年月日0123456789-AWm", min_size=1, max_size=9), min_size=1, max_size=200, unique=True),
    st.integers(0, 250),
    st.floats(0.001, 1e7),
)
def test_no_two_words_of_an_axis_touch_and_none_leaves_the_box(xs: list[str], number: int, highest: float) -> None:
    chosen = xs[number] if number < len(xs) else None
    chart = stacked("t", "u", xs, [Series("a", {xs[0]: highest})], chosen=chosen)
    assert chart is not None
    for letter, device in ((11.0, "desk"), (19.0, "phone")):
        # A Chinese letter is one em wide; the widest Latin ones here stand for 0.64 em.
        shown = sorted(
            (each["x"], sum(letter * (1.0 if letter_ in "年月日" else 0.64) for letter_ in each["text"]) / 2)
            for each in chart.labels
            if each["only"] in ("", device)
        )
        assert shown
        assert all(left + a <= right - b for (left, a), (right, b) in pairwise(shown))
        assert all(x + half <= 720.1 for x, half in shown)
        assert [each["text"] for each in chart.labels if each["chosen"] and each["only"] in ("", device)] == (
            [chosen] if chosen else []
        )
    assert all(
        chart.left - 14 >= len(tick["label"]) * 19 * 0.64 - 0.1 for tick in chart.ticks if len(tick["label"]) > 4
    )


def test_shares_are_of_the_largest_by_size() -> None:
    assert [row["width"] for row in shares([{"v": 50.0}, {"v": -100.0}, {"v": None}], "v")] == [50.0, 100.0, 0.0]


def test_a_dense_line_hides_its_dots_but_for_a_value_between_two_gaps() -> None:
    """Of 100 values with gaps at 49 and 51, the one at 50 has no line: only its dot can show it."""
    values = {x: float(x) for x in range(100) if x not in (49, 51)}
    chart = lines("t", "u", list(range(100)), [Series("dense", values), Series("few", dict.fromkeys(range(10), 1.0))])
    assert chart is not None
    dense, few = chart.lines
    assert [dot["at"] for dot in dense["dots"] if not dot["faint"]] == [50]
    assert not any(dot["faint"] for dot in few["dots"])
