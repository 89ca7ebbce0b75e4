"""Cities that have plans. The portal tells this domain of them, because a domain does not read city packs."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models import Min
from django.utils.translation import gettext as _

from dafeng.domains.plan.models import PlanCity
from dafeng.kernel.errors import NotFound


def ensure_city(code: str, name: str, name_en: str, **described: Any) -> PlanCity:
    """The city, made when it is new; `described`: counties, boundary, boundary_note."""
    city, _made = PlanCity.objects.update_or_create(code=code, defaults={"name": name, "name_en": name_en, **described})
    return city


def city_of(code: str) -> PlanCity:
    """The city without its boundary, which is large. Raises `NotFound`."""
    city = PlanCity.objects.defer("boundary").filter(pk=code).first()
    if city is None:
        raise NotFound(_("没有这个城市"), mend=_("请先载入城市数据包"))
    return city


def first_city() -> str:
    """Code of the installation's first city; empty while there is none. Kept for a minute: every page asks."""
    found: str | None = cache.get("plan:first-city")
    if found is None:
        found = PlanCity.objects.aggregate(first=Min("code"))["first"] or ""
        cache.set("plan:first-city", found, 60 if found else 2)
    return found


def counties_of(code: str) -> dict[str, str]:
    """Code → name of the city's counties; empty where the city is not known."""
    found = PlanCity.objects.filter(pk=code).values_list("counties", flat=True).first()
    return {county: names[0] for county, names in (found or {}).items()}
