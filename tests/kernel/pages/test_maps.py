"""The map: five steps of equal count, no number no colour, the drawing inside its box."""

from __future__ import annotations

import json
import re

from dafeng.kernel.pages.maps import choropleth


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
