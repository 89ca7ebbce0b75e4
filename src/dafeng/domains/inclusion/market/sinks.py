"""Measured carbon sinks as a source of reductions: two surveys with their evidence, a second person's approval, an issue.

`standards.sinks` measures; here the measurement is kept. A project's months are claimed in the ledger, so that no two
measurements of one project overlap, and neither does a CCER project that claims under the same name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import bookkeeping, permissions
from dafeng.domains.inclusion.bookkeeping import OFFSET, SYSTEM
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market.refusals import done
from dafeng.domains.inclusion.models import Aggregate, Methodology, Programme, SinkMeasurement
from dafeng.domains.inclusion.standards import sinks as measuring
from dafeng.kernel.actions import demand
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

KIND = "inclusion.sink-measurement"
METHODS = {"forest": "forest-sink", "tea": "tea-sink"}
MOST_MONTHS = 240


def subject(project: str) -> str:
    """A project's name in the ledger's claims (`sink`): its registered name, hashed."""
    return f"sink:{hashlib.sha256(' '.join(project.split()).encode()).hexdigest()[:40]}"


def months(measured: SinkMeasurement) -> list[str]:
    """The months from the first survey's up to, not with, the second's."""
    first = measured.from_on.year * 12 + measured.from_on.month - 1
    last = measured.to_on.year * 12 + measured.to_on.month - 1
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(first, last)]


def propose(
    programme: Programme, values: Mapping[str, Any], stands: Sequence[Mapping[str, Any]], *, by: Any, now: datetime
) -> SinkMeasurement:
    """Measure and keep. `values`: kind, project, from_on, to_on, uncertainty (share), report (files); `stands` as `sinks.Stand`."""
    demand(by, permissions.KEEP_MARKET)
    if not values["from_on"] < values["to_on"] <= timezone.localdate(now):
        raise InclusionError(_("两次调查的日期不对"), expected=_("前次早于本次，本次不晚于今天"))
    rows = [{name: value for name, value in row.items() if value not in (None, "")} for row in stands]
    numbers = {"area", "before", "now", "burnt", "carbon_fraction"}
    rows = [{name: float(value) if name in numbers else value for name, value in row.items()} for row in rows]
    found = measuring.measure(values["kind"], [measuring.Stand(**row) for row in rows], uncertainty=float(values["uncertainty"]))  # fmt: skip
    method = Methodology.objects.filter(pk=METHODS[values["kind"]]).first()
    if method is None:
        raise InclusionError(_("碳汇方法学还没有载入"))
    with ledger.durable():
        files = [
            records.store_evidence(each, name=each.name, media_type=each.content_type or "application/octet-stream", by=by, now=now, source=_("碳汇调查"))
            for each in values.get("report", ())
        ]  # fmt: skip
        payload = {"stands": rows, "uncertainty": str(values["uncertainty"]), "grams": found.grams, "project": values["project"]}  # fmt: skip
        record = records.open_record(KIND, title=values["project"], payload=payload, by=by, now=now, key=subject(values["project"]), evidence=files)  # fmt: skip
        made = SinkMeasurement.objects.create(
            programme=programme, methodology=method, record=record, kind=values["kind"], project=values["project"],
            from_on=values["from_on"], to_on=values["to_on"], uncertainty=values["uncertainty"], grams=found.grams,
        )  # fmt: skip
        if not 0 < len(months(made)) <= MOST_MONTHS:
            raise InclusionError(_("两次调查应相隔一个月到二十年"))
    return made


def decide(found: SinkMeasurement, action: str, *, by: Any, now: datetime, reason: str = "") -> SinkMeasurement:
    """`approve` (another person than who measured; issues into the pool) or `reject`."""
    demand(by, permissions.DECIDE_MARKET)
    with ledger.durable():
        records.move(found.record, action, by=by, now=now, reason=reason)
        if action == "approve" and found.grams:
            _issue(found, now=now)
    return found


def _issue(found: SinkMeasurement, *, now: datetime) -> None:
    month = f"{found.to_on:%Y-%m}"
    lot = bookkeeping.open_offset_lot(f"{found.methodology_id}.{found.record_id}", month, now=now)
    own = ("tCO2e", lot, month, 0, found.grams)
    claims = [own, *(("sink", subject(found.project), each, 0, 1) for each in months(found))]
    command = verbs.issue(
        key=f"inclusion:sink:{found.record_id}", actor=SYSTEM, asset=OFFSET, lot=lot, to=bookkeeping.pool(found.programme_id),
        amount=found.grams, claims=claims,
    )  # fmt: skip
    done([command], now=now)
    runs = Aggregate.objects.filter(
        programme=found.programme, methodology=found.methodology, month=month, source="sink"
    )
    Aggregate.objects.create(
        programme=found.programme, methodology=found.methodology, month=month, number=runs.count() + 1, source="sink",
        counted=found.grams, issued=found.grams, at=now,
    )  # fmt: skip
