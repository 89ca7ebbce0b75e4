"""The room's charts and maps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.energy.city_page import amount
from dafeng.domains.energy.models import EnergyCity, Plant
from dafeng.domains.energy.plants.reading import Output, Register
from dafeng.kernel.pages import maps
from dafeng.kernel.pages.charts import Chart, Series, stacked

MOST_SPOTS = 400


def stock_chart(found: Register, group: str, title: str, today: date, chosen: int) -> Chart | None:
    """Year by year: what stood at its start, what was added, what was taken away (below the axis)."""
    years = found.years(today)
    moved = {year: found.movement(group, year, today) for year in years}

    def of(name: str, sign: float = 1.0) -> dict[Any, float | None]:
        return {year: sign * getattr(each, name).mw for year, each in moved.items()}

    series = [
        Series(_("年初存量"), of("start"), tone=1), Series(_("新增"), of("added"), tone=2), Series(_("退役"), of("retired", -1.0), tone=4),
    ]  # fmt: skip
    if all(not each.end.mw and not each.added.mw for each in moved.values()):
        return None
    return stacked(_("%(kind)s：存量与新增") % {"kind": title}, "MW", years, series, chosen=chosen, name="capacity")


def output_chart(plant: Plant, output: Output | None, year: int) -> Chart | None:
    """Month by month: generated and curtailed; of a storage charged above and discharged below the axis."""
    if output is None:
        return None
    xs = [f"{month:02d}" for month in range(1, 13)]
    rows = {row.month[5:]: row for row in output.rows if row.month not in output.wrong}
    if plant.stores:
        charged = {month: rows[month].charged if month in rows else None for month in xs}
        out = {
            month: -row.discharged if (row := rows.get(month)) and row.discharged is not None else None for month in xs
        }
        series = [Series(_("充电"), charged, tone=1), Series(_("放电"), out, tone=2)]
    else:
        made = {month: rows[month].generation if month in rows else None for month in xs}
        lost = {month: rows[month].lost if month in rows else None for month in xs}
        series = [Series(_("发电"), made, tone=1), Series(_("弃电"), lost, tone=4)]
    return stacked(_("%(year)s 年逐月电量") % {"year": year}, "MWh", xs, series, decimals=0, name="output")


def located(city: EnergyCity, plants: Iterable[tuple[Plant, float]]) -> dict[str, Any] | None:
    """Plants with their MW as spots on the city's map, the largest below; None without a boundary or any plant that has a place.

    `kinds`: mark, name, how many and MW of what is drawn; `outside`: plants whose place is not in the picture; `bare`: how many have no place;
    `left`: how many smaller ones are not drawn.
    """
    every = sorted(plants, key=lambda each: (-each[1], each[0].code))
    known = [(one, mw, (one.longitude, one.latitude)) for one, mw in every if one.longitude is not None and one.latitude is not None]  # fmt: skip
    if not city.boundary or not known:
        return None
    numbers = {kind: number for number, kind in enumerate(Plant.Kind.values, 1)}
    placed = list(zip(known, maps.points(city.boundary, [at for _one, _mw, at in known]), strict=True))
    inside = [(one, mw, at) for (one, mw, _place), at in placed if at]
    drawn = inside[:MOST_SPOTS]
    by_kind = {kind: [mw for one, mw, _at in drawn if one.kind == kind] for kind in Plant.Kind.values}
    return {
        "spots": [
            {"x": at[0], "y": at[1], "kind": one.kind, "mark": numbers[one.kind], "title": f"{one.name} {one.get_kind_display()} {amount(mw, 1)} MW"}
            for one, mw, at in drawn
        ],
        "kinds": [
            {"mark": numbers[kind], "kind": kind, "name": Plant.Kind(kind).label, "count": len(own), "mw": amount(sum(own), 1)}
            for kind, own in by_kind.items() if own
        ],
        "outside": [
            {"name": one.name, "address": reverse("energy:plants-card", kwargs={"plant": one.code})} for (one, _mw, _place), at in placed if not at
        ],
        "bare": len(every) - len(known), "left": len(inside) - len(drawn),
    }  # fmt: skip
