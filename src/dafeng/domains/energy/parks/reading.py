"""A park as it stands: its energy of a month from meters and month values, the stage of its retrofit, its ratios."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from dafeng.domains.energy.models import (
    Meter,
    Park,
    ParkFirm,
    ParkFlow,
    ParkLink,
    ParkStage,
    ParkYear,
    Qualification,
)
from dafeng.domains.energy.monitoring import balance as metered
from dafeng.domains.energy.monitoring import reading as series
from dafeng.domains.energy.monitoring.methods import conversion, flows
from dafeng.domains.energy.monitoring.words import item_name
from dafeng.domains.energy.parks import emissions, rules
from dafeng.domains.energy.parks.methods import balance as methods
from dafeng.domains.energy.parks.methods import progress as progresses
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.series import queries
from dafeng.kernel.series.points import factor_of


@dataclass
class Firm:
    """A firm of the park in a month; `total` None: it has no meters at its purchase."""

    seat: ParkFirm
    total: metered.Total | None

    @property
    def enterprise(self) -> Enterprise:
        return self.seat.enterprise

    def sum(self, column: str) -> float | None:
        return self.total.sum(column) if self.total else None


@dataclass
class Month:
    """A park's energy from the first to the last day. `told`: link → how it was known (`point`, `month`, `` for not)."""

    park: Park
    first: date
    last: date
    firms: list[Firm]
    links: list[tuple[ParkLink, methods.Link, str]]
    balance: methods.Balance
    total: metered.Total = field(repr=False)
    emitted: emissions.Emitted = field(repr=False)

    @property
    def status(self) -> Status:
        """The worst of the sum, of its emissions, of firms without meters, of links without a value, of contradictions."""
        if self.balance.contradictions:
            return Status.DEGRADED
        holes = self.balance.unmeasured or any(firm.total is None for firm in self.firms)
        return max(self.total.status, self.emitted.status, Status.INCOMPLETE if holes else Status.OK)

    def tce(self, sums: dict[methods.Key, float]) -> float | None:
        """Sums by item in tce of equivalent value; cold and water, which have none, are left out. None where a coefficient is missing."""
        found = in_tce({key: amount for key, amount in sums.items() if key[0] not in rules.bare()}, self.last.year)
        return None if any(value is None for value in found.values()) else sum(each or 0.0 for each in found.values())


def in_tce(sums: dict[methods.Key, float], year: int) -> dict[methods.Key, float | None]:
    if not sums:
        return {}
    frame = pl.DataFrame(
        [{"item": item, "unit": unit, "year": year, "amount": amount} for (item, unit), amount in sums.items()],
        schema={"item": pl.String, "unit": pl.String, "year": pl.Int64, "amount": pl.Float64},
    )
    return {(row["item"], row["unit"]): row["equivalent"] for row in conversion.to_tce(frame).iter_rows(named=True)}


def month_of(
    park: Park,
    first: date,
    last: date,
    *,
    seats: Sequence[ParkFirm] | None = None,
    meters: Sequence[Meter] | None = None,
) -> Month:
    """The park's month; its firms are those in it on the last day."""
    seats = list(members(park, last)) if seats is None else list(seats)
    chosen = meters_of(seats) if meters is None else list(meters)
    links = list(
        ParkLink.objects.filter(park=park, since__lte=last).exclude(until__lt=first)
        .select_related("source", "target", "sent_point", "received_point")
    )  # fmt: skip
    amounts = metered.amounts(chosen, first, last)
    by_firm: dict[int, list[Meter]] = {}
    for meter in chosen:
        by_firm.setdefault(meter.enterprise_id, []).append(meter)
    firms = []
    for seat in seats:
        own = metered.bought(seat.enterprise, by_firm.get(seat.enterprise_id, []), amounts, last.year)
        firms.append(Firm(seat, own if own.rows.height else None))
    purchases = [
        methods.Purchase(firm.enterprise.code, row["item"], row["unit"], row["amount"])
        for firm in firms if firm.total for row in firm.total.rows.iter_rows(named=True)
    ]  # fmt: skip
    booked = {
        meter.point_id for meter in chosen if meter.node.stage == flows.PURCHASE and meter.role == Meter.Role.LOAD
    }
    carried = _carried(links, booked, first, last)
    found = methods.balance(purchases, [link for _row, link, _told in carried])
    industries = {firm.enterprise.code: firm.enterprise.industry for firm in firms}
    emitted = emissions.compute(park.city, park.place, last.year, found.used, industries)
    for firm in firms:
        if firm.total:
            firm.total = metered.Total(
                emitted.counted(firm.total.rows, emissions.WHOLE, firm.enterprise.code), firm.total.coverage
            )
    # What the park makes from sun and wind burns nothing.
    made = _counted(found.made, last.year).with_columns(made=pl.lit(True), carbon_factor=0.0, co2=0.0, co2e=0.0)
    outside = emitted.counted(_counted(found.bought, last.year), emissions.OUTSIDE).with_columns(made=pl.lit(False))
    rows = pl.concat([outside, made], how="diagonal")
    coverage = [firm.total.coverage for firm in firms if firm.total and firm.total.coverage is not None]
    total = metered.Total(rows, min(coverage, default=None))
    return Month(park, first, last, firms, carried, found, total, emitted)


def _counted(sums: dict[methods.Key, float], year: int) -> pl.DataFrame:
    """Sums by item in tce, with how they were found."""
    frame = pl.DataFrame(
        [{"item": item, "unit": unit, "year": year, "amount": amount} for (item, unit), amount in sorted(sums.items())],
        schema={"item": pl.String, "unit": pl.String, "year": pl.Int64, "amount": pl.Float64},
    )
    return conversion.to_tce(frame)


def members(park: Park, on: date) -> Iterable[ParkFirm]:
    return ParkFirm.objects.filter(park=park, since__lte=on).exclude(until__lt=on).select_related("enterprise", "park")


def meters_of(seats: Iterable[ParkFirm]) -> list[Meter]:
    firms = [seat.enterprise_id for seat in seats]
    return list(Meter.objects.filter(enterprise__in=firms).select_related("point", "node"))


def _carried(
    links: Sequence[ParkLink], booked: set[int], first: date, last: date
) -> list[tuple[ParkLink, methods.Link, str]]:
    """Each link with what it carried: its points, else the month values of the months."""
    points = {point.pk: point for link in links for point in (link.sent_point, link.received_point) if point}
    read: dict[int, float] = {}
    if points:
        frame = queries.used(list(points), series.midnight(first), series.midnight(last + timedelta(days=1)), "1d")
        for row in (
            frame.filter(pl.col("coverage") > 0).group_by("point").agg(pl.col("value").sum()).iter_rows(named=True)
        ):
            read[row["point"]] = row["value"]
    months = _told(links, first, last)
    found = []
    for link in links:
        carrier = rules.carriers()[link.carrier]
        told = months.get(link.pk, (None, None))
        values: list[float | None] = []
        way = ""
        for point, month in zip((link.sent_point, link.received_point), told, strict=True):
            if point is not None and point.pk in read:
                values.append(read[point.pk] * factor_of(point.unit, carrier.unit))
                way = "point"
            else:
                values.append(month)
                way = way or ("month" if month is not None else "")
        found.append(
            (
                link,
                methods.Link(
                    link.kind, link.source.code if link.source else "", link.target.code, link.carrier, carrier.item, carrier.unit, values[0],
                    values[1], booked=link.received_point_id in booked,
                ),
                way,
            )
        )  # fmt: skip
    return found


def _told(links: Sequence[ParkLink], first: date, last: date) -> dict[int, tuple[float | None, float | None]]:
    """Link → (sent, received), the newest revision of each month of the span."""
    newest: dict[tuple[int, str], tuple[float | None, float | None]] = {}
    rows = ParkFlow.objects.filter(link__in=links, month__gte=f"{first:%Y-%m}", month__lte=f"{last:%Y-%m}").order_by(
        "revision"
    )
    for link, month, sent, received in rows.values_list("link_id", "month", "sent", "received"):
        newest[link, month] = (sent, received)
    found: dict[int, tuple[float | None, float | None]] = {}
    for (link, _month), values in newest.items():
        before = found.get(link)
        found[link] = values if before is None else tuple(_sum(a, b) for a, b in zip(before, values, strict=True))  # type: ignore[assignment]
    return found


def _sum(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b


def drawing(
    month: Month, names: dict[str, str], words: dict[str, str], *, merged: Collection[str] = ()
) -> flows.Sankey | None:
    """The park's Sankey: what comes in → firms → media between them → receivers and loss. tce of equivalent value.

    `names`: firm code → what to call it; `words`: `made`, `loss`. Firms in `merged` are one box: what is not shared is not shown.
    """
    year = month.last.year
    keys = {code: "merged" if code in merged else code for code in names}
    nodes: dict[str, flows.Node] = {}
    drawn: dict[tuple[str, str, str], float] = {}

    def put(code: str, name: str, stage: str) -> str:
        nodes.setdefault(code, flows.Node(code, name, stage))
        return code

    def lead(source: str, target: str, item: str, amount: float | None) -> None:
        if amount is not None and amount > 0:
            drawn[source, target, item] = drawn.get((source, target, item), 0.0) + amount

    received: dict[tuple[str, methods.Key], float] = {}
    for _row, link, _way in month.links:
        if link.amount is not None and link.booked:
            key = (link.target, (link.item, link.unit))
            received[key] = received.get(key, 0.0) + link.amount
    for firm in month.firms:
        code = firm.enterprise.code
        for row in firm.total.rows.iter_rows(named=True) if firm.total else ():
            outside = row["amount"] - received.get((code, (row["item"], row["unit"])), 0.0)
            part = in_tce({(row["item"], row["unit"]): outside}, year).get((row["item"], row["unit"]))
            lead(
                put(f"in-{row['item']}", item_name(row["item"]), flows.PURCHASE),
                put(f"firm-{keys[code]}", names[code], flows.CONVERSION),
                row["item"],
                part,
            )
    for _row, link, _way in month.links:
        _draw(link, names, keys, words, year, put, lead)
    links = [flows.Link(source, target, item, amount) for (source, target, item), amount in drawn.items()]
    return flows.sankey(list(nodes.values()), links)


def _draw(
    link: methods.Link,
    names: dict[str, str],
    keys: dict[str, str],
    words: dict[str, str],
    year: int,
    put: Any,
    lead: Any,
) -> None:
    """One link on the Sankey; without a coefficient it is not drawn."""
    key = (link.item or link.carrier, link.unit)
    arrived = None if link.amount is None else in_tce({key: link.amount}, year).get(key)
    lost = None if link.lost is None else in_tce({key: link.lost}, year).get(key)
    if arrived is None:
        return
    name = rules.carriers()[link.carrier].name
    if link.kind == methods.EXCHANGE:
        medium = put(f"by-{link.carrier}", name, flows.DISTRIBUTION)
        lead(
            put(f"firm-{keys[link.source]}", names[link.source], flows.CONVERSION),
            medium,
            link.item,
            arrived + (lost or 0.0),
        )
        lead(medium, put(f"to-{keys[link.target]}", names[link.target], flows.PROCESS), link.item, arrived)
        if lost:
            lead(medium, put("loss", words["loss"], flows.PROCESS), link.item, lost)
    elif link.kind == methods.MADE or not link.booked:
        origin = ("made", words["made"]) if link.kind == methods.MADE else (f"in-{link.item}", item_name(link.item))
        lead(
            put(*origin, flows.PURCHASE),
            put(f"firm-{keys[link.target]}", names[link.target], flows.CONVERSION),
            link.item,
            arrived,
        )


# ---------- retrofit and ratios ----------


def standings(parks: Sequence[Park], *, on: date) -> list[progresses.Standing]:
    """Each park's level, test and stage, by the last accepted record. Two questions to the database."""
    tests: dict[int, bool] = {}
    rows = Qualification.objects.filter(park__in=parks, record__state="accepted", judged_on__lte=on).order_by(
        "judged_on", "pk"
    )
    for park, qualified in rows.values_list("park_id", "qualified"):
        tests[park] = qualified
    stages: dict[int, tuple[str, date | None]] = {}
    reached = ParkStage.objects.filter(park__in=parks, record__state="accepted", on__lte=on).order_by("on", "pk")
    for park, stage, day in reached.values_list("park_id", "stage", "on"):
        stages[park] = (stage, day)
    found = []
    for each in parks:
        stage, reached_on = stages.get(each.pk, ("none", None))
        upper = each.level != Park.Level.OTHER
        found.append(
            progresses.Standing(each.code, upper, tests.get(each.pk), stage, reached_on if stage == "done" else None)
        )
    return found


def progress(
    parks: Sequence[Park], *, on: date, found: Sequence[progresses.Standing] | None = None
) -> list[tuple[rules.Target, progresses.Progress]]:
    """Each target of the plan over these parks; `found`: their standings, where they are known already."""
    found = standings(parks, on=on) if found is None else found
    return [
        (target, progresses.progress(found, year=target.year, upper_only=target.code == "provincial", on=on))
        for target in rules.targets()
    ]


def figures(park: Park, year: int) -> dict[str, ParkYear]:
    """The newest revision of each figure of a year."""
    return {row.key: row for row in ParkYear.objects.filter(park=park, year=year).order_by("revision")}


def ratios(told: dict[str, ParkYear], year: int) -> list[tuple[rules.Ratio, float | None]]:
    """The ratios whose formula was in force in the year, from its figures."""
    found = []
    for each in rules.ratios():
        if each.valid_from.year <= year:
            top, bottom = (told[key].value if key in told else None for key in (each.top, each.bottom))
            found.append((each, methods.ratio(top, bottom, scale=each.scale, most=each.most)))
    return found
