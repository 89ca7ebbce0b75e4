"""The life of a rate: how many grams make a point from a day on. The same steps as a methodology's version."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.members.words import refused
from dafeng.domains.inclusion.models import Programme, Rate
from dafeng.domains.inclusion.standards.pack import RATE
from dafeng.domains.inclusion.standards.versions import closing_day, demand_closed
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

MOST = 100_000  # grams a point: more would leave most acts without any


def visible(user: Any) -> QuerySet[Rate]:
    """The rates that a person, or the public, may see, the latest first."""
    seen = Record.objects.for_user(user).of_kind(RATE)
    return Rate.objects.filter(record__in=seen).select_related("record").order_by("-valid_from")


def draft(
    programme: Programme, grams_per_point: int, valid_from: date, basis: str, *, by: Any, now: datetime, today: date
) -> Rate:
    """Propose a rate from a day on."""
    payload = _payload(grams_per_point, valid_from, basis, today)
    with records.serial():
        if Rate.objects.filter(programme=programme, valid_from=valid_from).exists():
            raise InclusionError(_("这一天已经有一个兑换率"), mend=_("请换一个生效日期，或修改那一个"))
        title = f"每积分 {grams_per_point} 克，{valid_from} 起"
        record = records.open_record(RATE, title=title, payload=payload, key=programme.code, by=by, now=now)
        return Rate.objects.create(
            programme=programme, record=record, grams_per_point=grams_per_point, valid_from=valid_from, basis=basis.strip()
        )  # fmt: skip


def _payload(grams_per_point: int, valid_from: date, basis: str, today: date) -> dict[str, Any]:
    if not 1 <= grams_per_point <= MOST:
        raise InclusionError(_("每积分的克数不对"), expected=_("1 到 100000 的整数"))
    if not basis.strip():
        raise InclusionError(_("请写明依据"))
    if valid_from <= today:
        raise refused("too_early", expected=_("今天以后的生效日期：已经计过的积分不因兑换率改变"))
    return {"grams_per_point": grams_per_point, "valid_from": str(valid_from), "basis": basis.strip()}


def step(
    rate: Rate, action: str, *, by: Any, now: datetime, today: date, reason: str = "", until: date | None = None
) -> Rate:
    """Take a step of the workflow. A rate whose first day has come while it was discussed cannot be adopted any more."""
    with records.serial():
        if action == "consult":
            rate.comment_until = closing_day(until, today)
        if action == "submit":
            demand_closed(rate.comment_until, today)
        if action == "file" and rate.valid_from <= today:
            raise refused("too_early", expected=_("今天以后的生效日期"))
        records.move(rate.record, action, by=by, now=now, reason=reason)
        rate.save(update_fields=["comment_until"])
    return rate
