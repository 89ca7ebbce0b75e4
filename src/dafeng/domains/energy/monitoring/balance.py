"""A firm's energy in a period: totals by item both ways of GB/T 2589, flows with their closure, consumption of a product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from dafeng.domains.energy.models import FlowLink, FlowNode, Meter, Product
from dafeng.domains.energy.monitoring import reading
from dafeng.domains.energy.monitoring.methods import conversion, flows
from dafeng.domains.energy.monitoring.words import english
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.series import queries
from dafeng.kernel.series.models import Point

FULL = 0.98
"""Coverage from which a sum counts as complete."""


@dataclass(frozen=True)
class Total:
    """What was bought in a period. `rows`: by item; `coverage`: the part of the time that was measured, the worst of all meters."""

    rows: pl.DataFrame = field(repr=False)
    coverage: float | None = None

    def sum(self, column: str) -> float | None:
        """Sum over items; None when nothing is known."""
        known = self.rows[column].drop_nulls() if self.rows.height else None
        return float(known.sum()) if known is not None and known.len() else None

    @property
    def status(self) -> Status:
        """INCOMPLETE where a part is missing, DEGRADED where a coefficient is not confirmed by anybody."""
        if self.rows.height and any(each in conversion.TO_CONFIRM for each in self.rows["standing"]):
            return Status.DEGRADED
        if not self.rows.height or (self.coverage or 0.0) < FULL or (self.rows["gap"] != "").any():
            return Status.INCOMPLETE
        return Status.OK


def amounts(
    meters: Sequence[Meter], first: date, last: date, *, known_at: datetime | None = None
) -> dict[int, tuple[float, float]]:
    """Amount and coverage of each meter from the first to the last day, by meter; a meter that never spoke is left out.

    `known_at`: as it was told then.
    """
    chosen = [meter for meter in meters if meter.role != Meter.Role.REACTIVE and meter.point.kind != Point.Kind.INSTANT]
    if not chosen:
        return {}
    frame = queries.used(
        [meter.point_id for meter in chosen], reading.midnight(first), reading.midnight(last + timedelta(days=1)), "1d",
        known_at=known_at,
    )  # fmt: skip
    spans = pl.DataFrame([_counted(meter, first, last) for meter in chosen], schema=_SPAN, orient="row")
    within = frame.join(spans, on="point").filter(pl.col("at") >= pl.col("begin"), pl.col("at") < pl.col("end"))
    sums = within.group_by("point", "meter", "days").agg(pl.col("value").sum(), pl.col("coverage").sum())
    return {row["meter"]: (row["value"], row["coverage"] / row["days"]) for row in sums.iter_rows(named=True)}


_SPAN = {"point": pl.Int64, "meter": pl.Int64, "begin": pl.Datetime("us", "UTC"), "end": pl.Datetime("us", "UTC"), "days": pl.Int64}  # fmt: skip


def _counted(meter: Meter, first: date, last: date) -> tuple[Any, ...]:
    """From when to when a meter counts in a period: before it was put into the flow model, and after, it does not."""
    begin, end = max(first, meter.since or first), min(last + timedelta(days=1), meter.until or date.max)
    return meter.point_id, meter.pk, reading.midnight(begin), reading.midnight(end), max((end - begin).days, 1)


def bought(enterprise: Enterprise, meters: Sequence[Meter], found: dict[int, tuple[float, float]], year: int) -> Total:
    """What the meters at the purchase measured, item by item."""
    del enterprise
    chosen = [
        meter
        for meter in meters
        if meter.node.stage == flows.PURCHASE and meter.role == Meter.Role.LOAD and meter.parent_id is None
    ]
    return total_of(chosen, found, year)


def total_of(chosen: Sequence[Meter], found: dict[int, tuple[float, float]], year: int) -> Total:
    """What these meters measured together, item by item; none may be a part of another."""
    rows: dict[tuple[str, str], float] = defaultdict(float)
    coverage = []
    for meter in chosen:
        amount, covered = found.get(meter.pk, (0.0, 0.0))
        coverage.append(covered)
        if meter.pk in found:
            rows[meter.item, meter.point.unit] += amount
    frame = pl.DataFrame(
        [{"item": item, "unit": unit, "year": year, "amount": amount} for (item, unit), amount in rows.items()],
        schema={"item": pl.String, "unit": pl.String, "year": pl.Int64, "amount": pl.Float64},
    )
    return Total(conversion.to_tce(frame), min(coverage, default=None))


def made_with(model: Flows, total: Total, product: Product) -> float | None:
    """tce of equivalent value that a product took: what flowed into the node where it is made, else all that was bought.

    None where a flow into the node is not known. Auxiliary consumption elsewhere is not shared out.
    """
    if product.node is None:
        return total.sum("equivalent")
    into = [each.amount for each in model.links if each.target == product.node.code]
    return None if not into or None in into else sum(each or 0.0 for each in into)


@dataclass(frozen=True)
class Flows:
    """The flow model of a period in tce of equivalent value."""

    nodes: list[flows.Node]
    links: list[flows.Link]

    @property
    def closures(self) -> list[flows.Closure]:
        return flows.closures(self.nodes, self.links)

    @property
    def drawing(self) -> flows.Sankey | None:
        return flows.sankey(self.nodes, self.links)


def flows_of(
    nodes: Sequence[FlowNode],
    links: Sequence[FlowLink],
    meters: Sequence[Meter],
    found: dict[int, tuple[float, float]],
    year: int,
) -> Flows:
    """Each link in tce. A link without a meter takes what is left at its source, if it is the only such one there."""
    by_pk = {meter.pk: meter for meter in meters}
    codes = {node.pk: node.code for node in nodes}
    frame = pl.DataFrame(
        [
            {"meter": pk, "item": by_pk[pk].item, "unit": by_pk[pk].point.unit, "year": year, "amount": amount}
            for pk, (amount, _c) in found.items()
            if pk in by_pk
        ],
        schema={"meter": pl.Int64, "item": pl.String, "unit": pl.String, "year": pl.Int64, "amount": pl.Float64},
    )
    tce = dict(conversion.to_tce(frame).select("meter", "equivalent").iter_rows()) if frame.height else {}
    drawn = [
        flows.Link(
            codes[link.source_id],
            codes[link.target_id],
            link.item,
            tce.get(link.meter_id) if link.meter_id else None,
            link.meter_id is not None,
            link.recovered,
        )
        for link in links
    ]
    return Flows(
        [flows.Node(node.code, node.called(english=english()), node.stage, node.tolerance) for node in nodes],
        with_rests(drawn),
    )


def with_rests(links: list[flows.Link]) -> list[flows.Link]:
    """Fill a link without a meter with what is left of its source's inflow, where all else there is known.

    A rest may wait for another one further up, in whatever order they are told: once more as long as something was found.
    """
    found = list(links)
    open_ = [number for number, link in enumerate(links) if not link.measured]
    while known := _rests(found, open_):
        for number, rest in known.items():
            link = found[number]
            found[number] = flows.Link(
                link.source, link.target, link.item, rest, measured=False, recovered=link.recovered
            )
            open_.remove(number)
    return found


def _rests(found: Sequence[flows.Link], open_: Sequence[int]) -> dict[int, float]:
    """Of the links that are still open those whose amount follows from what is known."""
    told: dict[int, float] = {}
    for number in open_:
        link = found[number]
        into = [each for each in found if each.target == link.source]
        beside = [each for at, each in enumerate(found) if each.source == link.source and at != number]
        if not into or any(each.amount is None for each in (*into, *beside)):
            continue
        rest = sum(each.amount or 0.0 for each in into) - sum(each.amount or 0.0 for each in beside)
        if rest >= 0:
            told[number] = rest
    return told
