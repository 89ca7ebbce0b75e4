"""The city as the room's pages name it. The portal tells it (`ensure_city`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import get_language

from dafeng.domains.enterprise.models import ReviewCity


def english() -> bool:
    return (get_language() or "").startswith("en")


def ensure_city(code: str, name: str, name_en: str, *, counties: Mapping[str, Sequence[str]]) -> ReviewCity:
    """Make or bring up to date; told at every start."""
    words = {"name": name, "name_en": name_en, "counties": {key: list(names) for key, names in counties.items()}}
    return ReviewCity.objects.update_or_create(code=code, defaults=words)[0]


def only_city() -> ReviewCity | None:
    return ReviewCity.objects.order_by("code").first()


def place_names(city: ReviewCity | None = None) -> dict[str, str]:
    """Code → name of the city and its counties."""
    city = city or only_city()
    if city is None:
        return {}
    return {code: city.place_name(code, english=english()) for code in (city.code, *city.counties)}
