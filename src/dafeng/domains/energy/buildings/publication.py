"""What other rooms read of buildings: intensity by county and type, retrofitted area, as one run of indicators."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dafeng.domains.energy.buildings import reading
from dafeng.domains.energy.models import Building
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators

DOMAIN, KIND = "energy", "buildings"


def publish(city: str, *, by: Any, now: datetime) -> int:
    """`energy.intensity.building` of every building, county and type of every year; `energy.retrofit.area` by the year it was finished in.

    Returns how many values.
    """
    indicators.ensure_indicator(
        "energy.intensity.building", name="单位建筑面积能耗", name_en="Energy per building area", unit="kWh/m2"
    )
    indicators.ensure_indicator(
        "energy.retrofit.area", name="公共建筑节能改造面积", name_en="Retrofitted area", unit="m2", decimals=0
    )
    rows: list[dict[str, Any]] = []
    for year in reading.years(city):
        rows += _year(city, year)
    found = reading.progress(city)
    areas = {(place, year): area for (place, year), area in found.by_year.items()}
    for (_place, year), area in found.by_year.items():
        areas[city, year] = areas.get((city, year), 0.0) + area
    for (place, year), area in sorted(areas.items()):
        rows.append({"indicator": "energy.retrofit.area", "subject": f"place:{place}", "period": str(year), "value": area, "unit": "m2", "status": int(Status.OK), "lineage": {"counted": "each building once, accepted by a second person"}})  # fmt: skip
    run = indicators.start_run(domain=DOMAIN, kind=KIND, subject=f"{KIND}:{city}", now=now, by=by)
    count = indicators.publish(run, rows)
    indicators.finish_run(run, now)
    return count


def _year(city: str, year: int) -> list[dict[str, Any]]:
    cards = [each for each in reading.cards(city, year).values() if each.intensity is not None]
    rows = [
        _row(card.building.subject, year, card.intensity.whole, "", len(cards), estimated=card.estimated)
        for card in cards
        if card.intensity is not None
    ]
    for place, value in reading.by_county(cards).items():
        rows.append(_row(f"place:{place}", year, value, "", sum(card.building.place == place for card in cards)))
    for kind in Building.Type.values:
        own = [card for card in cards if card.building.type == kind]
        if own:
            area = sum(card.building.area for card in own)
            energy = sum(card.intensity.kilowatt_hours for card in own if card.intensity is not None)
            rows.append(_row(f"place:{city}", year, energy / area, f"type={kind}", len(own)))
    return rows


def _row(subject: str, year: int, value: float, key: str, count: int, *, estimated: bool = False) -> dict[str, Any]:
    return {
        "indicator": "energy.intensity.building", "subject": subject, "period": str(year), "key": key, "value": value, "unit": "kWh/m2",
        "status": int(Status.OK), "estimated": 1.0 if estimated else 0.0, "lineage": {"buildings": count, "conversion": "GB/T 2589-2020, equivalent value"},
    }  # fmt: skip
