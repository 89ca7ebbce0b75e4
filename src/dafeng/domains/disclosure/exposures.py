"""Negative cases: drafted, checked for lawfulness by a second person, public for a term, taken down by repair or by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.disclosure import rules
from dafeng.domains.disclosure.errors import DisclosureError
from dafeng.domains.disclosure.models import Exposure, OpenCity
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

KIND = "disclosure.exposure"
LONGEST = timedelta(days=3 * 366)
TEXTS = ("subject", "facts", "measures", "basis", "authority")


def cases_for(user: Any) -> QuerySet[Exposure]:
    return Exposure.objects.filter(record__in=Record.objects.for_user(user).of_kind(KIND)).select_related(
        "record", "city"
    )


def _content(city: OpenCity, given: Mapping[str, Any]) -> dict[str, Any]:
    content = {name: str(given.get(name, "")).strip() for name in TEXTS}
    content |= {name: given[name] for name in ("category", "place", "decided_on", "until")}
    for name in ("subject", "facts", "basis", "authority"):
        if not content[name]:
            raise DisclosureError(_("案例没有写全"), expected=_("当事单位、基本事实、文书与文号、作出机关"))
    if content["category"] not in rules.categories():
        raise DisclosureError(_("请选择事项"))
    if content["place"] != city.code and content["place"] not in city.counties:
        raise DisclosureError(_("请从列表中选择地点"))
    if content["until"] <= content["decided_on"]:
        raise DisclosureError(_("公开至的日期不晚于作出日期"))
    if content["until"] - content["decided_on"] > LONGEST:
        raise DisclosureError(_("公开的时间太长"), expected=_("不超过三年"))
    return content


def draft(city: OpenCity, given: Mapping[str, Any], *, by: Any, now: datetime, demo: bool = False) -> Exposure:
    """Write a case down. `given`: `TEXTS`, category, place, decided_on, until."""
    content = _content(city, given)
    with records.serial():
        record = records.open_record(
            KIND, title=content["subject"], payload=content, by=by, now=now, place=content["place"]
        )
        return Exposure.objects.create(city=city, record=record, demo=demo, **content)


def amend(case: Exposure, given: Mapping[str, Any], *, by: Any, now: datetime) -> Exposure:
    """Change a draft."""
    content = _content(case.city, given)
    with records.serial():
        records.amend(case.record, payload=content, title=content["subject"], place=content["place"], by=by, now=now)
        for name, value in content.items():
            setattr(case, name, value)
        case.save(update_fields=list(content))
    return case


def step(case: Exposure, action: str, *, by: Any, now: datetime, today: date, reason: str = "") -> Exposure:
    """Take a step of the workflow. A case whose term is over is not published any more."""
    if action == "publish" and case.until < today:
        raise DisclosureError(_("公开期限 %(until)s 已过") % {"until": case.until}, mend=_("请退回修改期限"))
    with records.serial():
        records.move(case.record, action, by=by, now=now, reason=reason)
        if action == "publish":
            case.published_at = now
        if action == "repair":
            case.removed_at = now
        case.save(update_fields=["published_at", "removed_at"])
    return case


def expire(*, now: datetime, today: date) -> int:
    """Take down what has run its term; the public list hides it from the day itself on. Returns the number."""
    found = 0
    for case in Exposure.objects.filter(record__state="published", until__lt=today).select_related("record"):
        with transaction.atomic():
            records.move(case.record, "expire", by=None, now=now, system=True)
            Exposure.objects.filter(pk=case.pk).update(removed_at=now)
        found += 1
    return found


def page_of(record: Record) -> str:
    return reverse("disclosure:case", kwargs={"id": record.pk})
