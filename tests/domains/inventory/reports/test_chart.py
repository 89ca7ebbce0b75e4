"""Charts: heights and positions follow the numbers."""

import re
from xml.etree import ElementTree

import pytest

from dafeng.domains.inventory.reports.chart import bars, nice_step, stacked_columns

SVG = "{http://www.w3.org/2000/svg}"


def boxes(svg):
    root = ElementTree.fromstring(svg)
    return [
        (e.get("fill"), float(e.get("x")), float(e.get("y")), float(e.get("width")), float(e.get("height")))
        for e in root.iter(f"{SVG}rect")
    ]


@pytest.mark.parametrize(("span", "step"), [(100, 20), (7, 2), (1.0, 0.2), (1234, 500), (0, 1), (float("nan"), 1)])
def test_steps_are_one_two_or_five_times_a_power_of_ten(span, step):
    assert nice_step(span) == pytest.approx(step)


def test_columns_stand_in_proportion_and_sinks_hang_below_the_axis():
    svg = stacked_columns([2022, 2023], {"1": [100, 200], "4": [-50, -50]}, {"1": "能源", "4": "土地"}, "万吨", "净")
    drawn = boxes(svg)
    energy = [box for box in drawn if box[0] == "#1f4e79" and box[3] > 20]
    land = [box for box in drawn if box[0] == "#2e7d4f" and box[3] > 20]
    assert energy[1][4] == pytest.approx(2 * energy[0][4], abs=0.2)
    assert land[0][4] == pytest.approx(energy[0][4] / 2, abs=0.2)
    axis = energy[0][2] + energy[0][4]
    assert land[0][2] == pytest.approx(axis, abs=0.2)
    # The diamond of the net sum: 100 − 50 stands at half the height of the first column.
    diamond = [float(y) for y in re.findall(r'd="M[\d.]+ ([\d.]+)l', svg)][1] + 4
    assert diamond == pytest.approx(axis - energy[0][4] / 2, abs=0.3)


def test_a_missing_value_draws_nothing():
    assert (
        len(boxes(stacked_columns([2022, 2023], {"1": [None, 1.0]}, {}, "t", ""))) == 2
    )  # one column, one in the legend


def test_bars_grow_from_the_axis_to_either_side():
    drawn = boxes(bars([("甲", 10.0, "1"), ("乙", -5.0, "4")], "万吨"))
    right, left = drawn
    assert right[1] == pytest.approx(left[1] + left[3], abs=0.2)
    assert right[3] == pytest.approx(2 * left[3], abs=0.2)


def test_text_is_escaped_and_cut_to_its_room():
    svg = bars([("<script>" + "很长的名称" * 20, 1.0, "1")], "t")
    ElementTree.fromstring(svg)
    assert "<script>" not in svg
    assert "…" in svg
