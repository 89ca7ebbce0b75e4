"""Every building with its intensity, its standing among peers, its quota and rating; and the retrofitted area against the target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.db.models import QuerySet

from dafeng.domains.energy.buildings import rules
from dafeng.domains.energy.buildings.methods.intensity import (
    Intensity,
    Standing,
    counted_area,
    intensity,
    standing,
)
from dafeng.domains.energy.control import quotas
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import Building, BuildingAudit, BuildingUse, Retrofit
from dafeng.domains.energy.models.buildings import buildings_seen
from dafeng.kernel.scoring import Scores, score

TCE_PER_KWH = rules.KGCE_PER_KWH / 1000


@dataclass
class Card:
    """A building in a year. `intensity` None: nothing was told. Quotas in tce and m³; None: none was signed."""

    building: Building
    year: int
    intensity: Intensity | None
    estimated: bool = False
    standing: Standing | None = None
    water: float | None = None
    energy_quota: float | None = None
    water_quota: float | None = None
    renewable: float | None = None
    audited: bool = False
    rating: dict[str, Any] = field(default_factory=dict)

    @property
    def tce(self) -> float | None:
        return None if self.intensity is None else self.intensity.kilowatt_hours * TCE_PER_KWH

    @property
    def energy_share(self) -> float | None:
        """Use over quota, in percent."""
        return None if self.tce is None or not self.energy_quota else self.tce / self.energy_quota * 100

    @property
    def water_share(self) -> float | None:
        return None if self.water is None or not self.water_quota else self.water / self.water_quota * 100

    @property
    def over(self) -> bool:
        return any(each is not None and each > 100 for each in (self.energy_share, self.water_share))


def years(city: str) -> list[int]:
    """Years with use, newest first."""
    found = (
        BuildingUse.objects.filter(building__city=city, building__withdrawn=False)
        .values_list("year", flat=True)
        .distinct()
    )
    return sorted(found, reverse=True)


def cards(city: str, year: int) -> dict[int, Card]:
    """All buildings of the city by primary key, with peers taken over the whole city. Five questions to the database."""
    buildings = {
        each.pk: each for each in Building.objects.filter(city=city, withdrawn=False).select_related("enterprise")
    }
    told = _told(city, year)
    found = {pk: _card(each, year, told.get(pk, {})) for pk, each in buildings.items()}
    _stand(found.values())
    subjects = [each.subject for each in buildings.values() if each.public]
    energy = quotas.in_force(city, "energy", (year,), subjects=subjects)
    water = quotas.in_force(city, "water", (year,), subjects=subjects)
    audited = set(
        BuildingAudit.objects.filter(
            building__city=city, year__gt=year - 3, year__lte=year, record__state="accepted"
        ).values_list("building_id", flat=True)
    )
    for pk, card in found.items():
        key = (card.building.subject, "")
        card.energy_quota = _amount(energy.get(key, {}), year)
        card.water_quota = _amount(water.get(key, {}), year)
        card.audited = pk in audited
    _rate(found.values())
    return found


def _told(city: str, year: int) -> dict[int, dict[tuple[str, str], tuple[float, str]]]:
    """Building → (end use, carrier) → newest value and basis."""
    rows = BuildingUse.objects.filter(building__city=city, year=year).order_by("revision")
    found: dict[int, dict[tuple[str, str], tuple[float, str]]] = {}
    for pk, end_use, carrier, value, basis in rows.values_list("building_id", "end_use", "carrier", "value", "basis"):
        if value is None:  # withdrawn
            found.get(pk, {}).pop((end_use, carrier), None)
        else:
            found.setdefault(pk, {})[end_use, carrier] = (value, basis)
    return found


def _card(building: Building, year: int, told: dict[tuple[str, str], tuple[float, str]]) -> Card:
    rows = [(end_use, carrier, value) for (end_use, carrier), (value, _b) in told.items() if carrier != rules.WATER]
    own = intensity(rows, building.area, rules.kwh_per_unit())
    water = told.get((BuildingUse.EndUse.TOTAL, rules.WATER))
    sun = told.get((BuildingUse.EndUse.TOTAL, rules.SUN))
    return Card(
        building, year, own, estimated=any(basis == "estimated" for _v, basis in told.values()),
        water=water[0] if water else None,
        renewable=sun[0] / own.kilowatt_hours * 100 if sun and own and own.kilowatt_hours else None,
    )  # fmt: skip


def _amount(budgets: dict[str, quotas.Budget], year: int) -> float | None:
    return budgets[str(year)].amount if str(year) in budgets else None


def _stand(cards: Iterable[Card]) -> None:
    groups: dict[tuple[str, str], list[Card]] = {}
    for card in cards:
        if card.intensity is not None:
            groups.setdefault((card.building.type, card.building.zone), []).append(card)
    for group in groups.values():
        for card in group:
            others = [each.intensity.whole for each in group if each is not card and each.intensity is not None]
            assert card.intensity is not None
            card.standing = standing(card.intensity.whole, others, least=rules.least_peers())


def _rate(cards: Iterable[Card]) -> None:
    """The rating of every building with energy; what was not told counts worst, and the coverage says so."""
    by_subject = {card.building.subject: card for card in cards if card.intensity is not None}
    if not by_subject:
        return
    frame = scores(by_subject).frame
    for row in frame.iter_rows(named=True):
        title = row["grade_title_en"] if english() else row["grade_title"]
        by_subject[row["subject"]].rating = {
            "grade": row["grade"], "title": title, "score": row["score"], "coverage": row["coverage"],
        }  # fmt: skip


def scores(by_subject: dict[str, Card]) -> Scores:
    """The rubric over these buildings, with its reasons."""
    rows = []
    for subject, card in by_subject.items():
        own = card.intensity
        assert own is not None
        told = {
            "building.ratio": own.whole / card.standing.median * 100
            if card.standing and card.standing.median
            else None,
            "building.electric": own.electric * 100,
            "building.renewable": card.renewable,
            "building.submetered": (1 - own.unattributed / own.whole) * 100 if own.whole else None,
            "building.audited": float(card.audited),
        }
        rows += [(subject, name, value) for name, value in told.items()]
    schema = {"subject": pl.String, "indicator": pl.String, "value": pl.Float64}
    return score(rules.rubric(), pl.DataFrame(rows, schema=schema, orient="row"), subjects=sorted(by_subject))


@dataclass(frozen=True)
class Progress:
    """Retrofitted area in m², each building once, against the plan's target; `waiting` is filed and not yet accepted."""

    counted: float
    waiting: float
    buildings: int
    target: float
    by_place: dict[str, float]
    by_year: dict[tuple[str, int], float]
    """(place, year finished) → what that year added; over the years these are `by_place`."""

    @property
    def share(self) -> float:
        return self.counted / self.target * 100


def retrofits_for(user: Any, city: str) -> QuerySet[Retrofit]:
    seen = buildings_seen(user, at="building")
    return Retrofit.objects.filter(seen, building__city=city).select_related("building", "record")


def progress(city: str) -> Progress:
    """Of the whole city: the sum is no secret of a county."""
    by_building: dict[int, list[tuple[int, str, float]]] = {}
    areas: dict[int, tuple[float, str]] = {}
    waiting = 0.0
    rows = Retrofit.objects.filter(building__city=city).values_list(
        "building_id", "building__area", "building__place", "part", "area", "record__state", "finished_on__year"
    )
    for pk, whole, place, part, area, state, year in rows:
        if state == "accepted":
            by_building.setdefault(pk, []).append((year, part, area))
            areas[pk] = (whole, place)
        elif state == "filed":
            waiting += area
    by_place: dict[str, float] = {}
    by_year: dict[tuple[str, int], float] = {}
    for pk, done in by_building.items():
        whole, place = areas[pk]
        before = 0.0
        for year in sorted({each[0] for each in done}):
            counted = counted_area(whole, ((part, area) for finished, part, area in done if finished <= year))
            by_year[place, year] = by_year.get((place, year), 0.0) + counted - before
            before = counted
        by_place[place] = by_place.get(place, 0.0) + before
    target = rules.target().square_metres
    return Progress(sum(by_place.values()), waiting, len(by_building), target, by_place, by_year)


def by_county(cards: Iterable[Card]) -> dict[str, float]:
    """County → kWh/m² of all its buildings with energy, weighted by area."""
    energy: dict[str, float] = {}
    area: dict[str, float] = {}
    for card in cards:
        if card.intensity is not None:
            place = card.building.place
            energy[place] = energy.get(place, 0.0) + card.intensity.kilowatt_hours
            area[place] = area.get(place, 0.0) + card.building.area
    return {place: energy[place] / area[place] for place in energy}
