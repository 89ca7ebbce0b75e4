"""The city that this installation keeps, and what its subjects are called: `place:411526`, `enterprise:cement-demo`, `building:…`, `park:…`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dafeng.domains.energy.control import rules
from dafeng.domains.energy.models import Building, EnergyCity, HighProject, Park
from dafeng.kernel.enterprises.models import Enterprise


def ensure_city(
    code: str, name: str, name_en: str, *, counties: Mapping[str, Any], boundary: str = "", boundary_note: str = ""
) -> EnergyCity:
    """The city as this domain names and draws it; told by the portal, for no domain reads a city pack."""
    words = {
        "name": name, "name_en": name_en, "counties": {each: list(names) for each, names in counties.items()},
        "boundary": boundary, "boundary_note": boundary_note,
    }  # fmt: skip
    return EnergyCity.objects.update_or_create(code=code, defaults=words)[0]


def only_city() -> EnergyCity | None:
    """One city an installation; None before its pack was loaded."""
    return EnergyCity.objects.order_by("code").first()


def counties(city: EnergyCity | None) -> dict[str, str]:
    """Code → name in the reader's language."""
    return {code: names[rules.english()] for code, names in (city.counties if city else {}).items()}


def place_subject(code: str) -> str:
    return f"place:{code}"


def subject_parts(subject: str) -> tuple[str, str]:
    """`place:411526` → (`place`, `411526`)."""
    kind, _sign, code = subject.partition(":")
    return kind, code


def enterprises_of(subjects: Iterable[str]) -> dict[str, Enterprise]:
    """Subject → firm, in one question to the database."""
    codes = {code for kind, code in map(subject_parts, subjects) if kind == "enterprise"}
    return {each.subject: each for each in Enterprise.objects.filter(code__in=codes)} if codes else {}


def name_of(
    subject: str, sector: str = "", *, city: EnergyCity | None = None, firms: Mapping[str, Enterprise] | None = None
) -> str:
    """A subject in the reader's words; a sector follows it. Firms are looked up unless they are given."""
    kind, code = subject_parts(subject)
    city = city if city is not None else only_city()
    if kind == "place":
        found = city.place_name(code, english=rules.english()) if city else code
    elif kind == "park":
        park = Park.objects.filter(code=code).first()
        found = park.called(english=rules.english()) if park else code
    elif kind == "project":
        project = HighProject.objects.filter(pk=code).first()
        found = project.name if project else code
    elif kind == "building":
        building = Building.objects.filter(code=code).first()
        found = building.name if building else code
    else:
        known = firms if firms is not None else enterprises_of([subject])
        found = known[subject].called(english=rules.english()) if subject in known else code
    return f"{found} · {rules.sectors().get(sector, sector)}" if sector else found
