"""A map of areas as SVG paths: equirectangular at the middle latitude, true enough for one city."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import cos, radians
from typing import Any

WIDTH, HEIGHT, MARGIN, STEPS = 420.0, 308.0, 4.0, 5


Projection = Callable[[float, float], tuple[float, float]]


def _projection(features: Sequence[Any]) -> tuple[dict[str, list[Any]], Projection, float]:
    """Rings of each area, how a longitude and latitude become a point of the picture, and the picture's height."""
    rings: dict[str, list[Any]] = {}
    for feature in features:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        rings[feature["properties"]["adcode"]] = [ring for polygon in polygons for ring in polygon]
    points = [point for each in rings.values() for ring in each for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = cos(radians((south + north) / 2))
    scale = min((WIDTH - 2 * MARGIN) / ((east - west) * squeeze), (HEIGHT - 2 * MARGIN) / (north - south))

    def at(x: float, y: float) -> tuple[float, float]:
        return round((x - west) * squeeze * scale + MARGIN, 1), round((north - y) * scale + MARGIN, 1)

    return rings, at, (north - south) * scale


@lru_cache(maxsize=16)
def _picture(geojson: str) -> tuple[Projection, int]:
    """How a place becomes a point of the picture, and the picture's height."""
    _rings, at, height = _projection(json.loads(geojson)["features"])
    return at, round(height + 2 * MARGIN)


def points(geojson: str, places: Iterable[tuple[float, float]]) -> list[tuple[float, float] | None]:
    """(longitude, latitude) as points of the picture of a boundary; None for what lies outside the picture."""
    at, height = _picture(geojson)
    drawn = [at(longitude, latitude) for longitude, latitude in places]
    return [(x, y) if 0 <= x <= WIDTH and 0 <= y <= height else None for x, y in drawn]


@lru_cache(maxsize=16)
def _shapes(geojson: str) -> tuple[tuple[tuple[str, str, str, float, float], ...], int]:
    """(code, name, path, x, y) of each area and the height of the picture; drawn once per boundary file."""
    features = json.loads(geojson)["features"]
    rings, at, _height = _projection(features)
    drawn = []
    for feature in features:
        code = feature["properties"]["adcode"]
        path = "".join("M" + "L".join("{} {}".format(*at(p[0], p[1])) for p in ring) + "Z" for ring in rings[code])
        drawn.append((code, feature["properties"]["name"], path, *at(*feature["properties"]["cp"])))
    return tuple(drawn), _picture(geojson)[1]


def outline(geojson: str, names: Mapping[str, str]) -> dict[str, Any] | None:
    """The areas without a number: the ground for points. None without a boundary."""
    return _areas(geojson, {}, names) if geojson else None


def choropleth(
    geojson: str, values: Mapping[str, float | None], names: Mapping[str, str], *, more: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Areas shaded in five steps of equal count; an area without a value stays in the colour of “no number”.

    `values`: area code → number or None. `more`: code → mapping of what else an area's row says (status, address).
    None without a boundary or without any number. What `parts/map.html` draws.
    """
    if not geojson or not any(value is not None for value in values.values()):
        return None
    return _areas(geojson, values, names, more)


def _areas(
    geojson: str, values: Mapping[str, float | None], names: Mapping[str, str], more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    known = sorted(value for value in values.values() if value is not None)
    shapes, height = _shapes(geojson)
    areas = []
    for code, printed, path, x, y in shapes:
        value = values.get(code)
        name = names.get(code, printed)
        areas.append(
            {
                "code": code,
                "name": name,
                # The kind of county is in the table; on the map its name alone must fit.
                "label": name.removesuffix(" County").removesuffix(" District"),
                "path": path,
                "x": x,
                "y": y,
                "step": 0 if value is None else 1 + min(STEPS - 1, known.index(value) * STEPS // len(known)),
                "value": value,
                **(more or {}).get(code, {}),
            }
        )
    return {"areas": areas, "height": height, "table": sorted(areas, key=lambda row: -(row["value"] or 0.0))}
