"""Where heat is offered, needed and made in boilers, as points on the map of the city (H25)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import cos, radians
from typing import Any

from django.db.models import Q

from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import Boiler, EnergyCity, HeatNeed, HeatOffer, Park, ParkFirm
from dafeng.domains.energy.parks import rules
from dafeng.domains.energy.parks.methods.matching import distance
from dafeng.kernel.pages import maps

WIDTH, HEIGHT, EDGE, FOOT = 420.0, 300.0, 30.0, 18.0
SIDE = 16.0
KM = 111.32
"""Of a degree of latitude."""


def picture(
    city: EnergyCity, user: Any, parks: Sequence[Park], boilers: Sequence[Boiler], gone: Collection[int]
) -> dict[str, Any] | None:
    """The map with its points, and the same as rows; None without a boundary or any place known.

    `rows`: kind (source, sink, boiler, replaced), name, firm, what (°C, MW, t/h), longitude, latitude, km to the nearest source.
    """
    rows = _rows(user, parks, boilers, gone)
    if not rows or not city.boundary:
        return None
    spots = zip(rows, maps.points(city.boundary, [row["at"] for row in rows]), strict=True)
    drawn = [row | {"x": at[0], "y": at[1], "title": f"{row['name']} {row['what']}"} for row, at in spots if at]
    return {
        "ground": maps.outline(city.boundary, cities.counties(city)),
        "spots": drawn,
        "rows": rows,
        "close": _close(rows),
    }


def _rows(user: Any, parks: Sequence[Park], boilers: Sequence[Boiler], gone: Collection[int]) -> list[dict[str, Any]]:
    own = {each.pk: (each.longitude, each.latitude) for each in parks}
    seats = {
        seat.enterprise_id: (seat.longitude, seat.latitude)
        for seat in ParkFirm.objects.filter(park__in=parks, until=None) if seat.longitude is not None
    }  # fmt: skip
    rows: list[dict[str, Any]] = []

    def put(kind: str, row: Any, what: str, at: tuple[float | None, float | None]) -> None:
        if at[0] is not None and at[1] is not None:
            firm = row.enterprise.called(english=english()) if row.enterprise else ""
            rows.append({"kind": kind, "name": row.name, "firm": firm, "what": what, "at": (at[0], at[1])})

    for kind, model in (("source", HeatOffer), ("sink", HeatNeed)):
        for each in (
            model.objects.for_user(user)
            .filter(Q(park__in=parks) | Q(park=None), withdrawn_on=None)
            .select_related("enterprise")
        ):
            at = (
                (each.longitude, each.latitude)
                if each.park_id is None
                else seats.get(each.enterprise_id, own.get(each.park_id, (None, None)))
            )
            put(kind, each, f"{each.temperature:g} ℃ · {each.power:g} MW", at)
    for boiler in boilers:
        kind = "replaced" if boiler.pk in gone else "boiler"
        put(kind, boiler, f"{boiler.capacity:g} t/h", (boiler.longitude, boiler.latitude))
    sources = [row["at"] for row in rows if row["kind"] == "source"]
    for row in rows:
        far = [distance(row["at"], at, detour=rules.detour()) for at in sources] if row["kind"] != "source" else []
        row["km"] = min((each for each in far if each is not None), default=None)
    return rows


def _close(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The same points near by: a plan of the neighbourhood with a scale, for on the city's map a park is one dot."""
    xs, ys = [row["at"][0] for row in rows], [row["at"][1] for row in rows]
    squeeze = cos(radians((min(ys) + max(ys)) / 2))
    wide, high = max((max(xs) - min(xs)) * squeeze, 1e-3), max(max(ys) - min(ys), 1e-3)
    scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)
    left = (WIDTH - wide * scale) / 2
    bar = next((km for km in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if km / KM * scale >= 40), 100)
    spots = [
        row | {"x": round(left + (row["at"][0] - min(xs)) * squeeze * scale, 1), "y": round(EDGE + (max(ys) - row["at"][1]) * scale, 1), "number": number}
        for number, row in enumerate(rows, 1)
    ]  # fmt: skip
    return {
        "rows": _apart(spots),
        "height": round(2 * EDGE + high * scale + FOOT),
        "bar": round(bar / KM * scale, 1),
        "km": f"{bar:g}",
    }


def _apart(spots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Points of one place side by side, towards the middle, so that each is seen."""
    for number, spot in enumerate(spots):
        step = SIDE if spot["x"] < WIDTH / 2 else -SIDE
        while any(abs(spot["x"] - each["x"]) < SIDE and abs(spot["y"] - each["y"]) < SIDE for each in spots[:number]):
            spot["x"] = round(spot["x"] + step, 1)
    return spots
