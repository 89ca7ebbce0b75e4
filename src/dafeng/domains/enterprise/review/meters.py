"""What the meters of a project say of a period (H2): readings of the series store, turned into the energies of the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

# quantity and unit of a point → energy of the form, and how many of its units one of the point's is
ENERGIES: dict[tuple[str, str], tuple[str, float]] = {
    ("electricity", "kWh"): ("electricity", 1e-3),
    ("electricity", "MWh"): ("electricity", 1.0),
    ("heat", "GJ"): ("heat", 1.0),
    ("heat", "MJ"): ("heat", 1e-3),
    ("gas", "m3"): ("natural_gas", 1e-4),
    ("gas", "m³"): ("natural_gas", 1e-4),
    ("coal", "t"): ("bituminous", 1.0),
    ("coal", "kg"): ("bituminous", 1e-3),
}


@dataclass(frozen=True)
class Metered:
    """Amounts by energy, the least coverage of the points, and the points that no energy of the form takes."""

    amounts: dict[str, float]
    coverage: float | None
    passed_over: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"amounts": self.amounts, "coverage": self.coverage, "passed_over": list(self.passed_over)}


def first_month(codes: Sequence[str], organisation: str, now: datetime) -> str:
    """The first month of this year (`YYYY-MM`) in which one of the named points shows use; empty where none does."""
    from dafeng.kernel.series import queries

    taken = _taken(codes, organisation)
    if not taken:
        return ""
    begin = timezone.localtime(now).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    used = queries.used(list(taken), begin, now, "1d")
    first = used.filter((used["value"] > 0) & (used["coverage"] > 0))["at"].min()
    return f"{timezone.localtime(first):%Y-%m}" if isinstance(first, datetime) else ""


def _taken(codes: Sequence[str], organisation: str) -> dict[int, tuple[str, float]]:
    """The owner's points that an energy of the form takes: number → energy, factor. A moment (power, level) has no sum."""
    from dafeng.kernel.series.models import Point

    points = Point.objects.filter(code__in=codes, organisation=organisation).exclude(kind="instant")
    return {point.pk: ENERGIES[key] for point in points if (key := (point.quantity, point.unit)) in ENERGIES}


def metered(codes: Sequence[str], organisation: str, since: date, until: date) -> Metered:
    """The named points' use between two days (`until` not included). Only points of the owner's organisation are read."""
    if not codes:
        return Metered({}, None, ())
    from dafeng.kernel.series import queries
    from dafeng.kernel.series.models import Point

    taken = _taken(codes, organisation)
    unread = tuple(sorted(set(codes) - set(Point.objects.filter(pk__in=taken).values_list("code", flat=True))))
    if not taken:
        return Metered({}, None, unread)
    begin, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in (since, until))
    used = queries.used(list(taken), begin, end, "1d")
    amounts: dict[str, float] = {}
    for pk, value in used.group_by("point").agg(used["value"].sum()).iter_rows():
        energy, factor = taken[pk]
        amounts[energy] = amounts.get(energy, 0.0) + value * factor
    coverage = used["coverage"].mean() if used.height else None
    return Metered(amounts, float(coverage) if isinstance(coverage, int | float) else None, unread)
