"""Where firms stand in a year: what is owed, surrendered, held and lacking, and what that costs at the last known price."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dafeng.domains.enterprise.compliance import holdings, library, verified
from dafeng.domains.enterprise.compliance.holdings import Holding
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.models import Allocation, CarbonDuty, Covered, Surrender
from dafeng.kernel.enterprises.models import Enterprise


@dataclass(frozen=True)
class Position:
    """One firm in one year. None where nobody knows: an allocation, a duty that rests on a report not yet locked."""

    covered: Covered
    emissions: int | None
    pre: int | None
    free: int | None
    owed: int | None
    surrendered: int
    offset: int
    applied: int
    usable: int
    ccer: int
    due: date
    today: date
    price: Decimal
    allocations: tuple[Allocation, ...] = ()
    surrenders: tuple[Surrender, ...] = ()
    duty: CarbonDuty | None = None
    basis: str = "told"  # of the emissions: see `verified.Figure`; told: by a paper; estimated: by the authority, nothing was handed in

    @property
    def enterprise(self) -> Enterprise:
        return self.covered.enterprise

    @property
    def outstanding(self) -> int | None:
        return None if self.owed is None else max(0, self.owed - self.surrendered - self.offset)

    @property
    def lack(self) -> int | None:
        """What must still be bought."""
        return None if self.outstanding is None else max(0, self.outstanding - self.applied - self.usable)

    @property
    def cost(self) -> Decimal | None:
        return None if self.lack is None else self.lack * self.price

    @property
    def stale(self) -> bool:
        """The verified emissions are no longer those of the recorded duty."""
        return (
            self.duty is not None and self.basis not in ("told", "estimated") and self.emissions != self.duty.emissions
        )

    @property
    def days(self) -> int:
        return (self.due - self.today).days

    @property
    def state(self) -> str:
        if self.emissions is None and self.owed is None:
            return "no_report"
        if self.owed is None:
            return "no_duty"
        if not self.outstanding:
            return "fulfilled"
        if self.days < 0:
            return "late"
        return "applied" if self.applied else "open"


def years_of(enterprise: Enterprise) -> list[int]:
    """The years in which a firm is on the list, oldest first."""
    return list(Covered.objects.filter(enterprise=enterprise).order_by("year").values_list("year", flat=True))


def current_year(today: date) -> int:
    """The year whose surrender comes next."""
    rules = library.cycle_rules()
    return next(year for year in known_years(today) if duties.cycle_of(year, rules)["due"] >= today)


def known_years(today: date) -> list[int]:
    """The years that can be worked on: those with rules, up to the next, whose list is settled in the autumn before."""
    return duties.years(library.cycle_rules(), today.year + 1)


def positions(listed: Iterable[Covered], *, today: date, held: dict[str, list[Holding]] | None = None) -> list[Position]:  # fmt: skip
    """Positions of entries of lists (with their enterprise), in five questions however many there are."""
    entries = list(listed)
    firms, years = {each.enterprise_id for each in entries}, {each.year for each in entries}
    mine: dict[str, Any] = {"enterprise__in": firms, "year__in": years}
    finals: dict[tuple[int, int], list[Allocation]] = {}
    for made in Allocation.objects.filter(**mine).defer("rows", "units").order_by("number"):
        finals.setdefault((made.enterprise_id, made.year), []).append(made)
    last = {(each.enterprise_id, each.year): each for each in CarbonDuty.objects.filter(**mine).order_by("number")}
    owed = {key: each for key, each in last.items() if not each.released}
    reports = verified.figures(**mine)
    asked: dict[tuple[int, int], list[Surrender]] = {}
    for row in Surrender.objects.filter(**mine).select_related("applied_by", "decided_by"):
        asked.setdefault((row.enterprise_id, row.year), []).append(row)
    stock, price = holdings.of_all() if held is None else held, library.close_on(today).price
    return [
        _position(each, finals, owed, reports, asked, stock.get(each.enterprise.code, []), today, price)
        for each in entries
    ]


def _position(each: Covered, finals: Any, owed: Any, reports: Any, asked: Any, held: list[Holding], today: date, price: Decimal) -> Position:  # fmt: skip
    key = (each.enterprise_id, each.year)
    rules = library.cycle_rules()
    free = holdings.free_by_vintage(held)
    valid = duties.valid_vintages(each.year, list(free), rules)
    surrenders = asked.get(key, [])
    done, applied = (
        [row for row in surrenders if row.state == state] for state in (Surrender.State.DONE, Surrender.State.APPLIED)
    )
    figure = reports.get(key)
    emitted, made, duty = figure.tonnes if figure else None, finals.get(key, []), owed.get(key)
    told = duty.emissions if duty and figure is None else None  # of a year before the firm reported here
    paper = "estimated" if duty and any(step["code"] == "estimated" for step in duty.steps) else "told"
    stages = {each.stage: each.tonnes for each in made}
    return Position(
        covered=each, emissions=told if emitted is None else duties.whole(emitted), pre=stages.get("pre"), free=stages.get("final"),
        owed=duty.tonnes if duty else None, surrendered=sum(row.tonnes for row in done), offset=sum(row.ccer for row in done),
        applied=sum(row.tonnes + row.ccer for row in applied), usable=sum(free[v] for v in valid),
        ccer=sum(h.available for h in held if h.asset == holdings.CCER), due=duties.cycle_of(each.year, rules)["due"], today=today,
        price=price, allocations=tuple(made), surrenders=tuple(surrenders), duty=duty, basis=figure.basis if figure else paper,
    )  # fmt: skip


def history(enterprise: Enterprise, *, today: date, held: list[Holding]) -> list[Position]:
    """All years of a firm, oldest first."""
    listed = Covered.objects.filter(enterprise=enterprise).select_related("enterprise").order_by("year")
    return positions(listed, today=today, held={enterprise.code: held})


def over_time(enterprise: Enterprise, *, now: datetime, months: int = 12) -> dict[str, int]:
    """Allowances held at the end of each of the last months (the present one: now), by the ledger's time."""
    today = timezone.localdate(now)
    first = today.year * 12 + today.month - 1
    names = [divmod(first - back, 12) for back in reversed(range(months))]
    ends = []
    for year, month in names:
        after = divmod(year * 12 + month + 1, 12)
        ends.append(timezone.make_aware(datetime.combine(date(after[0], after[1] + 1, 1), time())))
    found = holdings.month_ends(enterprise, ends)
    return {f"{year}-{month + 1:02d}": n for (year, month), n in zip(names, found, strict=True)}
