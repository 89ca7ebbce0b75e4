"""The city of an address, its places by name, and today on its calendar."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.disclosure import rules
from dafeng.domains.disclosure.models import OpenCity
from dafeng.kernel.errors import NotFound


def city_of(code: str) -> OpenCity:
    """Raises `NotFound` for a code without a public page."""
    found = OpenCity.objects.filter(pk=code).first()
    if found is None:
        raise NotFound(_("没有这个城市的公开页面"), mend=_("请从城市列表进入"))
    return found


def clock() -> tuple[datetime, date]:
    """Now, and today on the city's calendar: read here, in the views, and handed down."""
    now = timezone.now()
    return now, timezone.localdate(now)


def city_name(city: OpenCity) -> str:
    return city.name_en if rules.english() else city.name


def places(city: OpenCity) -> dict[str, str]:
    """The city and its counties, for a list to choose from."""
    english = rules.english()
    whole = _("全市或不确定")
    return {city.code: whole, **{code: names[english] for code, names in city.counties.items()}}
