"""The map: five steps of equal count, no number no colour, the drawing inside its box."""

from __future__ import annotations

import json
import re

from dafeng.kernel.pages.maps import choropleth, outline, points


def square(code: str, west: float) -> dict:
    ring = [[west, 32.0], [west + 1, 32.0], [west + 1, 33.0], [west, 33.0], [west, 32.0]]
    return {
        "type": "Feature",
        "properties": {"adcode": code, "name": code, "cp": [west + 0.5, 32.5]},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


GEOJSON = json.dumps({"features": [square(str(i), 114.0 + i) for i in range(5)]})


def test_areas_are_ranked_and_one_without_a_number_is_not() -> None:
    made = choropleth(GEOJSON, {"0": 1.0, "1": 2.0, "2": 3.0, "3": None, "4": 100.0}, {"0": "浉河区"})
    assert made is not None
    step = {area["code"]: area["step"] for area in made["areas"]}
    # Four known values in five steps: ranks 0–3 give 1 + rank × 5 // 4 = 1, 2, 3, 4.
    assert step == {"0": 1, "1": 2, "2": 3, "3": 0, "4": 4}
    assert made["areas"][0]["name"] == "浉河区"
    assert [area["code"] for area in made["table"]][:1] == ["4"]


def test_the_drawing_stays_in_its_box() -> None:
    made = choropleth(GEOJSON, {"0": 1.0}, {})
    assert made is not None
    numbers = [float(n) for area in made["areas"] for n in re.findall(r"[\d.]+", area["path"])]
    assert min(numbers) >= 0
    assert max(numbers) <= 420
    assert made["height"] <= 308 + 8


def test_without_numbers_or_boundary_there_is_no_map() -> None:
    assert choropleth(GEOJSON, {"0": None}, {}) is None
    assert choropleth("", {"0": 1.0}, {}) is None


def test_points_stand_on_the_picture_and_those_beside_it_are_none() -> None:
    # Five degrees wide, one high: the width decides. North-west corner at the margin of 4, the middle half way: 420 / 2.
    west_north, middle, away, south = points(GEOJSON, [(114.0, 33.0), (116.5, 32.5), (120.0, 32.5), (116.5, 20.0)])
    assert west_north == (4.0, 4.0)
    assert middle is not None
    assert middle[0] == 210.0
    assert (away, south) == (None, None)


def test_the_outline_has_every_area_and_no_number() -> None:
    made = outline(GEOJSON, {"0": "浉河区"})
    assert made is not None
    assert [(area["step"], area["value"]) for area in made["areas"]] == [(0, None)] * 5
    assert outline("", {}) is None
