"""Patrols for dispersed coal, which no meter sees: what was found stays open until a later patrol of the spot is clean."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import Patrol
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence


def log(
    city: str, *, place: str, spot: str, on: date, found: str, kilograms: float | None, handled: str, again_by: date | None,
    by: Any, now: datetime, today: date, photo: Evidence | None = None, demo: bool = False,
) -> Patrol:  # fmt: skip
    """Log a patrol. Raises `Refused`: `no_spot`, `future_day`, `not_handled`, `no_date`, `amount`."""
    if not spot.strip():
        raise Refused("no_spot", _("没有写巡查地点"))
    if on > today:
        raise Refused("future_day", _("巡查日期还没有到"))
    if kilograms is not None and not 0 <= kilograms < 1e9:
        raise Refused("amount", _("数量 %(value)s 不对") % {"value": kilograms})
    if found != Patrol.Found.CLEAN:
        if not handled.strip():
            raise Refused("not_handled", _("发现散煤要写明处置"))
        if again_by is None or again_by < on:
            raise Refused("no_date", _("发现散煤要定复查期限"), expected=_("不早于巡查日期"))
    with records.serial():
        made = Patrol(
            city=city, place=place, spot=" ".join(spot.split()), on=on, found=found, kilograms=kilograms,
            handled=handled.strip(), again_by=again_by, photo=photo, by=by, at=now, demo=demo,
        )  # fmt: skip
        made.save()
        records.audit(
            by,
            "energy.patrol.log",
            "patrol",
            str(made.pk),
            {"place": place, "spot": made.spot, "on": on, "found": found},
            now=now,
        )
    return made


def open_spots(user: Any, city: str) -> list[Patrol]:
    """Spots where the last patrol found coal, the one due first leading."""
    last: dict[tuple[str, str], Patrol] = {}
    for each in Patrol.objects.for_user(user).filter(city=city).select_related("by").order_by("on", "pk"):
        last[each.place, each.spot] = each
    found = [each for each in last.values() if each.found != Patrol.Found.CLEAN]
    return sorted(found, key=lambda each: (each.again_by or each.on, each.pk))
