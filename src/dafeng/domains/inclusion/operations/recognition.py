"""Recognition of other cities' platforms (plan B 五.三(四), 黄河金三角一体化碳普惠体系).

Events are recognised, points are not: points of another platform rest on another rate and on another ledger, so importing them
would count one trip under two rules and could not be reversed here. An outside event comes in through the partner's signed
interface with its own number, is computed by our methodology and paid by our rate. What a methodology of theirs counts for must be
no more than what ours does: a mapping whose factor is larger than ours is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.inclusion.models import Event, Methodology, Partner, Programme, Recognition
from dafeng.domains.inclusion.operations.words import refused
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KIND = "inclusion.recognition"
WHY = gettext_lazy(
    "对方的积分按对方的折算率和账本产生，搬进来会让一次行为按两套规则计两次，出错时也无法在本市账本上冲正。"
    "因此只认行为：对方用自己的编号逐条报送，由本市方法学计算、按本市折算率计分；同一编号只计一次。"
)


def checked(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows: theirs, ours (code of a methodology), factor, our_factor (text of a decimal number), unit. Equal or stricter only.

    Raises `Refused` (mapping_empty, mapping_unknown, mapping_generous).
    """
    found = []
    known = set(Methodology.objects.values_list("code", flat=True))
    for row in rows:
        if row["ours"] not in known:
            raise refused("mapping_unknown", expected=str(row["ours"])[:40])
        try:
            theirs, ours = Decimal(str(row["factor"])), Decimal(str(row["our_factor"]))
        except InvalidOperation as error:
            raise refused("mapping_unknown", expected=_("数字")) from error
        if not (theirs.is_finite() and ours.is_finite()) or theirs < 0:
            raise refused("mapping_unknown", expected=_("数字"))
        if theirs > ours:
            raise refused(
                "mapping_generous", expected=_("“%(name)s”不大于 %(most)s") % {"name": row["theirs"], "most": ours}
            )
        found.append({name: str(row[name])[:120] for name in ("theirs", "ours", "factor", "our_factor", "unit")})
    if not found:
        raise refused("mapping_empty")
    return found


@transaction.atomic
def draft(
    partner: Partner,
    *,
    mapping: Iterable[Mapping[str, Any]],
    rate_note: str,
    monthly_cap: int,
    basis: str,
    valid_from: date,
    valid_until: date,
    by: Any,
    now: datetime,
    documents: Iterable[Evidence] = (),
    why: str = "",
) -> Recognition:
    """Raises `Refused` (not_a_platform, recognition_open, agreement_period, and what `checked` raises)."""
    if partner.kind != Partner.Kind.PLATFORM:
        raise refused("not_a_platform")
    if valid_until < valid_from:
        raise refused("agreement_period")
    with records.serial():
        if partner.recognitions.filter(record__state__in=("draft", "adopted")).exists():
            raise refused("recognition_open")
        papers, rows = list(documents), checked(mapping)
        record = records.open_record(
            KIND, title=_("与%(name)s互认") % {"name": partner.name}, payload={"mapping": rows}, by=by, now=now,
            place=partner.programme_id, key=partner.code, evidence=papers,
        )  # fmt: skip
        return Recognition.objects.create(
            partner=partner, record=record, mapping=rows, rate_note=rate_note, monthly_cap=monthly_cap, basis=basis,
            why=why or str(WHY), document=papers[0] if papers else None, valid_from=valid_from, valid_until=valid_until,
        )  # fmt: skip


@transaction.atomic
def move(recognition: Recognition, action: str, *, by: Any, now: datetime, reason: str) -> None:
    """Adopting sets the monthly cap on the partner's scenes of the mapped methodologies where they have none that is lower."""
    records.move(recognition.record, action, by=by, now=now, reason=reason)
    if action == "adopt":
        codes = [row["ours"] for row in recognition.mapping]
        scenes = recognition.partner.scenes.filter(methodology__in=codes)
        scenes.filter(Q(monthly_cap=0) | Q(monthly_cap__gt=recognition.monthly_cap)).update(
            monthly_cap=recognition.monthly_cap
        )
        recognition.partner.scenes.exclude(methodology__in=codes).update(active=False)


def statement(programme: Programme) -> QuerySet[Any]:
    """What came from where: a row for each scene of a platform, with its events, grams and points that stand."""
    stand = Q(scenes__events__state=Event.State.POSTED)
    return (
        programme.partners.filter(kind=Partner.Kind.PLATFORM, scenes__isnull=False)
        .values("code", "name", "scenes__code", "scenes__title", "scenes__methodology")
        .annotate(
            sent=Count("scenes__events"),
            stood=Count("scenes__events", filter=stand),
            refused=Count("scenes__events", filter=Q(scenes__events__state=Event.State.REFUSED)),
            persons=Count("scenes__events__member", filter=stand, distinct=True),
            grams=Sum("scenes__events__grams", filter=stand),
            points=Sum("scenes__events__points", filter=stand),
        )
        .order_by("code", "scenes__code")
    )
