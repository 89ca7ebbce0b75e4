"""Publish to the blackboard, read from it, compare two runs of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl
from django.db import transaction

from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.errors import DafengError
from dafeng.kernel.indicators.models import Indicator, Run, Value
from dafeng.kernel.quantities import units
from dafeng.kernel.quantities.periods import Period

_KEY = ("indicator", "subject", "period", "key")
_SCHEMA = {
    "indicator": pl.String, "subject": pl.String, "period": pl.String, "key": pl.String, "value": pl.Float64,
    "unit": pl.String, "status": pl.Int64, "notation": pl.String, "estimated": pl.Float64, "run": pl.String,
}  # fmt: skip


class IndicatorError(DafengError):
    """A value that may not stand on the blackboard."""

    code = "indicator"


def ensure_indicator(
    code: str, *, name: str, name_en: str, unit: str, decimals: int = 2, description: str = ""
) -> Indicator:
    """Declare an indicator. Its unit never changes: values already published are in it."""
    units.parse(unit)
    indicator, made = Indicator.objects.get_or_create(
        code=code,
        defaults={"name": name, "name_en": name_en, "unit": unit, "decimals": decimals, "description": description},
    )
    if not made and indicator.unit != unit:
        raise IndicatorError(f"指标 {code} 的单位已定为 {indicator.unit}，不能改为 {unit}")
    return indicator


def start_run(*, domain: str, kind: str, subject: str, parameters: Mapping[str, Any], by: Any, now: datetime) -> Run:
    """A run to publish into; it is not read until it is finished."""
    return Run.objects.create(
        domain=domain, kind=kind, subject=subject, parameters=dict(parameters),
        by=by.get_username() if by is not None else "system", started_at=now,
    )  # fmt: skip


@transaction.atomic
def publish(run: Run, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write values, all or none. Each row: indicator, subject, period, value, unit, status, and key, notation, estimated, lineage.

    Values are stored in the indicator's unit. Raises `IndicatorError` for an unknown indicator, a number that is not
    finite, a missing number without a notation key, or a run that is already finished; `UnitError` for a unit that does not fit.
    """
    if run.finished_at is not None:
        raise IndicatorError("这一版指标已经完成，不能再写入")
    known = Indicator.objects.in_bulk()
    values = []
    for row in rows:
        indicator = known.get(row["indicator"])
        if indicator is None:
            raise IndicatorError(f"没有登记指标“{row['indicator']}”")
        number, notation = row["value"], str(row.get("notation") or "")
        if number is not None and not math.isfinite(number):
            raise IndicatorError(f"指标 {indicator.code} {row['subject']} {row['period']} 的值不是有限的数")
        if (number is None) != (notation in set(Notation)):
            raise IndicatorError(f"指标 {indicator.code} {row['subject']} {row['period']} 应有数值或标记符号之一")
        scale = units.conversion(row["unit"], indicator.unit)
        values.append(
            Value(
                run=run,
                indicator=indicator,
                subject=row["subject"],
                period=str(Period.parse(row["period"])),
                key=row.get("key", ""),
                value=None if number is None else number * scale,
                status=int(Status(row["status"])),
                notation=notation,
                estimated=row.get("estimated"),
                lineage=row.get("lineage", {}),
            )
        )
    Value.objects.bulk_create(values, batch_size=500)
    return len(values)


@transaction.atomic
def finish_run(run: Run, *, now: datetime) -> Run:
    """Make the run the current one of its domain, kind and subject; the former stays readable."""
    former = (
        Run.objects.select_for_update()
        .filter(domain=run.domain, kind=run.kind, subject=run.subject, current=True)
        .first()
    )
    if former:
        former.current = False
        former.save(update_fields=["current"])
    run.finished_at, run.current, run.supersedes = now, True, former
    run.save(update_fields=["finished_at", "current", "supersedes"])
    return run


def current_run(*, domain: str, kind: str, subject: str) -> Run | None:
    return Run.objects.filter(domain=domain, kind=kind, subject=subject, current=True).first()


def _frame(found: Any) -> pl.DataFrame:
    rows = found.order_by("indicator_id", "subject", "period", "key").values_list(
        "indicator_id",
        "subject",
        "period",
        "key",
        "value",
        "indicator__unit",
        "status",
        "notation",
        "estimated",
        "run_id",
    )
    return pl.DataFrame([(*row[:-1], str(row[-1])) for row in rows], schema=_SCHEMA, orient="row")


def values(
    indicator: str, *, subject: str | None = None, period: str | None = None, run: Run | None = None
) -> pl.DataFrame:
    """Values of the current runs, or of one run: indicator, subject, period, key, value, unit, status, notation, estimated, run."""
    found = Value.objects.filter(indicator_id=indicator)
    found = found.filter(run=run) if run is not None else found.filter(run__current=True)
    if subject is not None:
        found = found.filter(subject=subject)
    if period is not None:
        found = found.filter(period=period)
    return _frame(found)


def compare(before: Run, after: Run) -> pl.DataFrame:
    """indicator, subject, period, key, before, after, difference, relative: every value that either run has."""
    a = _frame(Value.objects.filter(run=before)).select(*_KEY, pl.col("value").alias("before"))
    b = _frame(Value.objects.filter(run=after)).select(*_KEY, pl.col("value").alias("after"))
    return (
        a.join(b, on=list(_KEY), how="full", coalesce=True)
        .with_columns((pl.col("after") - pl.col("before")).alias("difference"))
        .with_columns(
            pl.when(pl.col("before") != 0).then(pl.col("difference") / pl.col("before").abs()).alias("relative")
        )
        .sort(*_KEY)
    )
