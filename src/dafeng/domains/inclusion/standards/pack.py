"""Loads what the installation ships: methodologies with their versions, and the first rate.

Cited texts enter as filed, the city's drafts as `trial` (试行): they count in the pilot, and every page, receipt and
label says that they are drafts. A changed shipped text becomes a new version, unless people of the city have begun
versions of their own: then theirs stand.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from dafeng.domains.inclusion.models import Methodology, MethodologyVersion, Programme, Rate
from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards import library
from dafeng.domains.inclusion.standards.library import Shipped
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

METHODOLOGY, RATE = "inclusion.methodology", "inclusion.rate"
# Proposal of facts/finance/env_rights_instruments.csv (carbon_points): 1 or 10 g a point; the city's draft takes 10.
FIRST_RATE, FIRST_DAY = 10, date(2026, 1, 1)
BASIS = "城市草案：每 10 克二氧化碳当量计 1 积分（试行）"


def ensure_pack(programme: Programme, *, now: datetime) -> None:
    """Idempotent."""
    latest: dict[str, MethodologyVersion] = {}
    for version in MethodologyVersion.objects.select_related("record").order_by("number"):
        latest[version.methodology_id] = version
    for shipped in library.shipped().values():
        _ensure(shipped, latest.get(shipped.code), now=now)
    if not Rate.objects.filter(programme=programme).exists():
        _first_rate(programme, now=now)


def _ensure(shipped: Shipped, last: MethodologyVersion | None, *, now: datetime) -> None:
    digest = contents.digest(shipped.content)
    ours = last is None or (last.record.created_by_id is None and last.record.state in ("filed", "trial"))
    if not ours or (last is not None and last.digest == digest):
        return
    with transaction.atomic():
        methodology, _made = Methodology.objects.update_or_create(
            code=shipped.code,
            defaults={"title": shipped.title, "title_en": shipped.title_en, "group": shipped.group},
        )
        number = last.number + 1 if last else 1
        record = open_record(methodology, number, digest, by=None, now=now)
        records.move(record, "cite" if shipped.standing == contents.CITED else "pilot", by=None, now=now, system=True)
        if last is not None:
            MethodologyVersion.objects.filter(pk=last.pk).update(valid_to=shipped.valid_from)
        MethodologyVersion.objects.create(
            methodology=methodology, number=number, record=record, content=dict(shipped.content), digest=digest,
            standing=shipped.standing, valid_from=shipped.valid_from,
        )  # fmt: skip


def open_record(methodology: Methodology, number: int, digest: str, *, by: object, now: datetime) -> Record:
    """The record of a version; its payload, and so the audit chain, names the digest of the content."""
    return records.open_record(
        METHODOLOGY,
        title=f"{methodology.title}（第 {number} 版）",
        payload={"methodology": methodology.code, "number": number, "digest": digest},
        key=methodology.code, by=by, now=now,
    )  # fmt: skip


def _first_rate(programme: Programme, *, now: datetime) -> None:
    with transaction.atomic():
        payload = {"grams_per_point": FIRST_RATE, "valid_from": str(FIRST_DAY), "basis": BASIS}
        record = records.open_record(
            RATE, title=f"每积分 {FIRST_RATE} 克", payload=payload, key=programme.code, by=None, now=now
        )
        records.move(record, "pilot", by=None, now=now, system=True)
        Rate.objects.create(
            programme=programme, record=record, grams_per_point=FIRST_RATE, valid_from=FIRST_DAY, basis=BASIS
        )
