"""What the register adds up to (art. 23): counts and sums by county and state, and `review.energy.new` and its like on the blackboard."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import transaction

from dafeng.domains.enterprise.models import Project
from dafeng.domains.enterprise.review import meters
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records.payloads import dump

ENERGY, CARBON, COAL = "review.energy.new", "review.carbon.new", "review.coal.new"
# Projects with an opinion in force: what they will use is new energy of their county, from the year in which they begin to run.
COUNTED = ("approved", "building", "trial", "rectifying", "completed")
_SCHEMA = {
    "place": pl.String, "state": pl.String, "level": pl.String, "year": pl.Int64, "two_high": pl.Boolean, "tce": pl.Float64,
    "counted": pl.Float64, "coal": pl.Float64, "co2": pl.Float64, "number": pl.String, "zone": pl.String,
}  # fmt: skip


def register_frame(city: str, chosen: Any = None) -> pl.DataFrame:
    """The projects that were handed in, a row each; `chosen` a query set of those that a person may see."""
    projects = Project.objects.filter(city=city) if chosen is None else chosen
    rows = projects.exclude(record__state__in=("draft", "withdrawn", "entered")).values_list(
        "place",
        "record__state",
        "level",
        "operation_year",
        "two_high",
        "tce",
        "counted",
        "coal",
        "co2",
        "number",
        "trial_on",
        "expected_on",
        "decided__zone__0",
    )
    dated = [(*row[:3], begins(*row[-3:-1], row[3]), *row[4:-3], row[-1] or "") for row in rows.distinct()]
    return pl.DataFrame(dated, schema=_SCHEMA, orient="row")


def begins(trial_on: date | None, expected_on: date | None, operation_year: int) -> int:
    """The year in which a project runs: when it began, else when its owner expects it, else as it was applied for."""
    day = trial_on or expected_on
    return day.year if day else operation_year


def by_county(frame: pl.DataFrame) -> pl.DataFrame:
    """A row a county: handed in, in force, their tce, what counts in dual control, coal, CO2, and how many are two-high."""
    force = pl.col("state").is_in(COUNTED)
    return (
        frame.group_by("place")
        .agg(
            pl.len().alias("projects"),
            force.sum().alias("in_force"),
            pl.col("state").is_in(["refused", "lapsed", "revoked"]).sum().alias("fallen"),
            pl.col("two_high").fill_null(False).sum().alias("two_high"),
            *(pl.col(name).filter(force).sum().alias(name) for name in ("tce", "counted", "coal", "co2")),
        )
        .sort("place")
    )


def by_zone(frame: pl.DataFrame) -> pl.DataFrame:
    """A row a class of environmental control (empty: not told): handed in, in force, two-high, tce."""
    force = pl.col("state").is_in(COUNTED)
    return (
        frame.group_by("zone")
        .agg(
            pl.len().alias("projects"),
            force.sum().alias("in_force"),
            pl.col("two_high").fill_null(False).sum().alias("two_high"),
            pl.col("tce").filter(force).sum().alias("tce"),
        )
        .sort("zone")
    )


def new_energy(frame: pl.DataFrame) -> pl.DataFrame:
    """tce, t CO2 and t coal of the projects in force by county and the year in which they are to begin to run; of each also what counts
    in dual control, for those who compare with a quota."""
    return (
        frame.filter(pl.col("state").is_in(COUNTED))
        .group_by("place", "year")
        .agg(
            pl.col("tce").sum(),
            pl.col("co2").sum(),
            pl.col("coal").sum(),
            pl.col("number", "tce", "counted", "co2", "coal").sort_by("number").name.prefix("each_"),
        )
        .sort("place", "year")
    )


def _parts(city: str, *, now: datetime) -> dict[str, dict[str, Any]]:
    """Number → what a forecast has to know of a project in force: its name, months, whether it is being built.

    `since` is the month in which it began to run or its meters first read this year, whichever came first: from then on its use is in
    the months that are told, and nobody may add it again.
    """
    found = {}
    projects = Project.objects.filter(city=city, record__state__in=COUNTED).select_related("record", "enterprise")
    for each in projects:
        basics, points = each.content.get("basics", {}), each.content.get("measures", {}).get("meter_points", [])
        read = meters.first_month(points, each.enterprise.organisation, now) if points and each.trial_on is None else ""
        found[each.number] = {
            "number": each.number,
            # A project that is a state secret has neither name nor owner outside this room (art. 8).
            "name": "" if basics.get("secret") else each.name,
            "firm": "" if basics.get("secret") else each.enterprise.subject,
            "approved": f"{each.approved_on:%Y-%m}" if each.approved_on else "",
            "planned": f"{each.expected_on:%Y-%m}" if each.expected_on else "",
            "since": f"{each.trial_on:%Y-%m}" if each.trial_on else read,
            "building": each.started_on is not None,
        }
    return found


@transaction.atomic
def publish(city: str, *, by: Any, now: datetime) -> bool:
    """Put the new energy of approved projects on the blackboard; False when nothing has changed since the last time."""
    indicators.ensure_indicator(
        ENERGY, name="已批项目新增能源消费", name_en="New energy use of approved projects", unit="tce", decimals=0
    )
    indicators.ensure_indicator(
        CARBON, name="已批项目新增二氧化碳排放", name_en="New CO2 of approved projects", unit="t CO2", decimals=0
    )
    indicators.ensure_indicator(
        COAL, name="已批项目新增煤炭消费", name_en="New coal use of approved projects", unit="t", decimals=0
    )
    known = _parts(city, now=now)
    rows = [
        {
            "indicator": code,
            "subject": row["place"],
            "period": str(row["year"]),
            "value": row[column],
            "unit": unit,
            "status": int(Status.OK),
            "estimated": 1.0,
            "lineage": {
                "projects": row["each_number"],
                "parts": [
                    known[number]
                    | {"amount": amount}
                    | ({"counted": counted} if code == ENERGY and counted is not None else {})
                    for number, amount, counted in zip(
                        row["each_number"], row[f"each_{column}"], row["each_counted"], strict=True
                    )
                    if amount is not None and (code != COAL or amount)
                ],
            },
        }
        for row in new_energy(register_frame(city)).iter_rows(named=True)
        for code, column, unit in ((ENERGY, "tce", "tce"), (CARBON, "co2", "t CO2"), (COAL, "coal", "t"))
        if code != COAL or row[column]
    ]
    mark = hashlib.sha256(dump(rows).encode()).hexdigest()
    current = indicators.current_run("enterprise", "review", city)
    if current.digest == mark if current else not rows:
        return False
    run = indicators.start_run(domain="enterprise", kind="review", subject=city, digest=mark, by=by, now=now)
    if rows:
        indicators.publish(run, rows)
    indicators.finish_run(run, now)
    return True
