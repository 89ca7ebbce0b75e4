"""Which version, and which rate, holds on a day: the one question that computing, pages and the calculator share.

In force are versions that are filed or on trial; a retired one still answers for the days on which it held. Of two that
hold on one day the later begun counts, then the higher number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from dafeng.domains.inclusion.models import MethodologyVersion, Programme, Rate

HOLDING = ("filed", "trial", "retired")


def holding() -> QuerySet[MethodologyVersion]:
    """Versions that hold or held, with what tells their standing."""
    return MethodologyVersion.objects.filter(record__state__in=HOLDING, valid_from__isnull=False).select_related(
        "record"
    )


@dataclass(frozen=True)
class Timeline:
    """The versions of one methodology in the order in which they count."""

    versions: tuple[MethodologyVersion, ...]

    def on(self, day: date) -> MethodologyVersion | None:
        for each in self.versions:
            if each.valid_from and each.valid_from <= day and (each.valid_to is None or day < each.valid_to):
                return each
        return None


def timelines(codes: Iterable[str]) -> dict[str, Timeline]:
    """One query for all codes."""
    found: dict[str, list[Any]] = {}
    for each in holding().filter(methodology_id__in=set(codes)).order_by("-valid_from", "-number"):
        found.setdefault(each.methodology_id, []).append(each)
    return {code: Timeline(tuple(versions)) for code, versions in found.items()}


def version_on(code: str, day: date) -> MethodologyVersion | None:
    return timelines([code]).get(code, Timeline(())).on(day)


def rates_of(programme: Programme) -> list[Rate]:
    """Rates that hold from their day on, the latest first."""
    held = Q(record__state__in=HOLDING)
    return list(Rate.objects.filter(held, programme=programme).select_related("record").order_by("-valid_from"))


def rate_on(rates: Iterable[Rate], day: date) -> Rate | None:
    """Of `rates_of`, the one of a day."""
    return next((each for each in rates if each.valid_from <= day), None)
