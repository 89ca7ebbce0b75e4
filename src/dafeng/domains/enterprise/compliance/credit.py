"""A firm's record of performance in the carbon market (信用记录), year by year, for the firm to show to a bank or a credit office.

Facts only, no grade: what was owed, what was surrendered, whether in time, and whether the number had to be corrected by a verifier or
the city's check. `digest` seals what is handed out, `chain` is the head of the audit chain at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from dafeng.domains.enterprise.compliance import holdings, positions
from dafeng.domains.enterprise.compliance.positions import Position
from dafeng.domains.enterprise.models import Surrender
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest


def record(enterprise: Enterprise, *, now: datetime) -> dict[str, Any]:
    """All years in which the firm is on the list, oldest first, sealed."""
    today = timezone.localdate(now)
    history = positions.history(enterprise, today=today, held=holdings.of(enterprise))
    done = list(Surrender.objects.filter(enterprise=enterprise, state=Surrender.State.DONE).order_by("decided_at").values_list("year", "tonnes", "ccer", "decided_at"))  # fmt: skip
    told = {
        "schema": 1, "firm": enterprise.code, "name": enterprise.name, "credit_code": enterprise.credit_code, "demo": enterprise.demo, "on": today.isoformat(),
        "years": [_year(each, [row[1:] for row in done if row[0] == each.covered.year]) for each in history],
    }  # fmt: skip
    return told | {"digest": digest(told), "chain": records.head().digest}


def _year(each: Position, done: Sequence[tuple[int, int, datetime | None]]) -> dict[str, Any]:
    """`in_time`: the whole duty by the due day; None while the day has not come and something is still owed, or nobody knows the duty."""
    fulfilled_on, sum_ = None, 0
    for tonnes, ccer, at in done:
        sum_ += tonnes + ccer
        if fulfilled_on is None and each.owed is not None and at is not None and sum_ >= each.owed:
            fulfilled_on = timezone.localdate(at)
    in_time: bool | None = None
    if each.owed is not None:
        in_time = fulfilled_on <= each.due if fulfilled_on else (False if each.days < 0 else None)
    return {
        "year": each.covered.year, "due": each.due.isoformat(), "owed": each.owed, "surrendered": each.surrendered, "offset": each.offset,
        "outstanding": each.outstanding, "fulfilled_on": fulfilled_on.isoformat() if fulfilled_on else None, "in_time": in_time, "basis": each.basis,
    }  # fmt: skip
