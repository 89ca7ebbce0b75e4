"""The use-cases of the blackboard: say what an indicator is, start a run, publish, finish, read, compare.

A reader sees the values of current runs only, and never two answers to one question: where two current runs hold the
same cell, the read is refused and asks which run is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators.errors import IndicatorError
from dafeng.kernel.indicators.keys import key_of
from dafeng.kernel.indicators.models import Indicator, Run, Value
from dafeng.kernel.indicators.rows import values_of
from dafeng.kernel.quantities import units
from dafeng.kernel.quantities.periods import Period
from dafeng.kernel.records.append_only import check_texts
from dafeng.kernel.records.payloads import dump, plain

SCHEMA: dict[str, Any] = {
    "indicator": pl.String,
    "subject": pl.String,
    "period": pl.String,
    "key": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
    "status": pl.Int64,
    "notation": pl.String,
    "basis_share_estimated": pl.Float64,
    "lineage": pl.String,
    "run": pl.String,
    "run_subject": pl.String,
    "variant": pl.String,
    "finished_at": pl.Datetime("us", "UTC"),
}
CELL = ("indicator", "subject", "period", "key")
_FIELDS = (
    "indicator__code", "subject", "period", "key", "value", "unit", "status", "notation", "basis_share_estimated",
    "lineage", "run_id", "run__subject", "run__variant", "run__finished_at",
)  # fmt: skip
_CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_BATCH = 1000


@transaction.atomic
def ensure_indicator(
    code: str, *, name: str, unit: str, name_en: str = "", description: str = "", decimals: int = 2
) -> Indicator:
    """Say what an indicator is; saying it again brings its words up to date.

    Raises `IndicatorError` for a code that is not like `domain.quantity`, and when the unit would change while values
    are stored in it; `UnitError` for an unknown unit.
    """
    if not _CODE.fullmatch(code):
        raise IndicatorError(f"指标代码“{code}”写法不对", expected="例如 inventory.co2e.total")
    units.parse(unit)
    said = {"name": name, "name_en": name_en, "unit": unit, "description": description, "decimals": decimals}
    check_texts(Indicator(code=code, **said))
    indicator, made = Indicator.objects.get_or_create(code=code, defaults=said)
    changed = [field for field, value in said.items() if getattr(indicator, field) != value]
    if made or not changed:
        return indicator
    if "unit" in changed and Value.objects.filter(indicator=indicator).exists():
        raise IndicatorError(
            f"指标“{code}”已有以“{indicator.unit}”存的数，单位不能改为“{unit}”", mend="请另立一个指标代码"
        )
    for field in changed:
        setattr(indicator, field, said[field])
    indicator.save(update_fields=changed)
    return indicator


def start_run(
    *,
    domain: str,
    kind: str,
    subject: str,
    now: datetime,
    by: Any = None,
    parameters: Mapping[str, Any] | None = None,
    digest: str = "",
) -> Run:
    """Begin a computation. `parameters["variant"]` sets it beside others of its kind; `digest` is that of its inputs."""
    _check_clock(now)
    given = plain(dict(parameters or {}))
    variant = given.get("variant", "")
    if not isinstance(variant, str):
        raise IndicatorError(f"口径“{variant}”不是文字")
    run = Run(
        domain=domain,
        kind=kind,
        subject=subject,
        variant=variant,
        parameters=given,
        digest=digest,
        started_at=now,
        by=by,
    )
    check_texts(run)
    run.save(force_insert=True)
    return run


@transaction.atomic
def publish(run: Run, rows: pl.DataFrame | Iterable[Mapping[str, Any]]) -> int:
    """Write rows (see `rows.py` for the columns) into a running run: all of them, or none. Returns their number.

    Raises `IndicatorError` that names the first faulty row and lists all in `problems`.
    """
    locked = _running(run)
    found = values_of(locked, rows)
    _refuse_published(locked, found)
    Value.objects.bulk_create(found, batch_size=_BATCH)
    return len(found)


@transaction.atomic
def finish_run(run: Run, now: datetime) -> Run:
    """Make a run the current one of its domain, kind, subject and variant; the former becomes `superseded`."""
    _check_clock(now)
    stream = Run.objects.filter(domain=run.domain, kind=run.kind, subject=run.subject, variant=run.variant)
    list(stream.select_for_update().order_by("pk"))  # all of them, in one order: two that finish at once must queue
    locked = _running(run)
    former = stream.filter(state=Run.State.DONE).first()
    if former:
        former.state = Run.State.SUPERSEDED
        former.save(update_fields=["state"])
    locked.state, locked.finished_at, locked.supersedes = Run.State.DONE, now, former
    locked.save(update_fields=["state", "finished_at", "supersedes"])
    run.refresh_from_db()
    return run


@transaction.atomic
def fail_run(run: Run, now: datetime, note: str = "") -> Run:
    """Give a run up. What it wrote stays to be looked at, and is never current."""
    _check_clock(now)
    locked = _running(run)
    locked.state, locked.finished_at, locked.note = Run.State.FAILED, now, note
    locked.save(update_fields=["state", "finished_at", "note"])
    run.refresh_from_db()
    return run


def current_run(domain: str, kind: str, subject: str, *, variant: str = "") -> Run | None:
    """The run whose values count now, if any was finished."""
    return Run.objects.filter(domain=domain, kind=kind, subject=subject, variant=variant, state=Run.State.DONE).first()


def values(
    indicator: str | Sequence[str],
    *,
    subject: str | Sequence[str] | None = None,
    period: str | int | Sequence[str | int] | None = None,
    key: str | Sequence[str] | None = None,
    run: Run | None = None,
    variant: str | None = "",
    domain: str | None = None,
    kind: str | None = None,
    run_subject: str | None = None,
) -> pl.DataFrame:
    """Values with the columns of `SCHEMA`, sorted by cell: of `run`, or of the current runs.

    Without a run, `variant` chooses among runs side by side (None: all, told apart by the column); `domain`, `kind` and
    `run_subject` narrow further. Raises `IndicatorError` for an unknown indicator, and when two current runs of one
    variant hold the same cell.
    """
    codes = _listed(indicator)
    unknown = sorted(set(codes) - set(Indicator.objects.filter(code__in=codes).values_list("code", flat=True)))
    if unknown:
        raise IndicatorError(f"没有指标“{unknown[0]}”", mend="请检查指标代码")
    chosen = Value.objects.filter(indicator__code__in=codes)
    if subject is not None:
        chosen = chosen.filter(subject__in=_listed(subject))
    if period is not None:
        chosen = chosen.filter(period__in=[str(Period.parse(each)) for each in _listed(period)])
    if key is not None:
        chosen = chosen.filter(key__in=[key_of(each) for each in _listed(key)])
    if run is not None:
        return _frame(chosen.filter(run=run))
    chosen = chosen.filter(run__state=Run.State.DONE)
    narrower = {"variant": variant, "domain": domain, "kind": kind, "subject": run_subject}
    chosen = chosen.filter(**{f"run__{name}": value for name, value in narrower.items() if value is not None})
    frame = _frame(chosen)
    _refuse_two_answers(frame)
    return frame


def run_values(run: Run) -> pl.DataFrame:
    """All values of a run, as `values` gives them."""
    return _frame(Value.objects.filter(run=run))


def worst_status(run: Run) -> Status:
    """The worst status of a run's values: only OK may be published to the outside."""
    return Status(Value.objects.filter(run=run).aggregate(worst=Max("status"))["worst"] or 0)


def compare(run_a: Run, run_b: Run) -> pl.DataFrame:
    """What changed from a to b, one row a cell of either.

    Columns: indicator, subject, period, key, a, b, difference (b − a), relative (difference / |a|; null where a is 0 or
    either is missing), unit, status_a, status_b, notation_a, notation_b (null where the run has no such cell).
    """
    kept = [*CELL, "value", "unit", "status", "notation"]
    a, b = run_values(run_a).select(kept), run_values(run_b).select(kept)
    difference = pl.col("b") - pl.col("a")
    return (
        a.rename({"value": "a"})
        .join(b.rename({"value": "b"}), on=CELL, how="full", coalesce=True, suffix="_b")
        .with_columns(
            difference.alias("difference"),
            pl.when(pl.col("a") != 0).then(difference / pl.col("a").abs()).alias("relative"),
            pl.coalesce("unit", "unit_b").alias("unit"),
        )
        .rename({"status": "status_a", "notation": "notation_a"})
        .select(*CELL, "a", "b", "difference", "relative", "unit", "status_a", "status_b", "notation_a", "notation_b")
        .sort(*CELL)
    )


def _listed(given: Any) -> list[Any]:
    return [given] if isinstance(given, str | int) else list(given)


def _check_clock(now: datetime) -> None:
    if timezone.is_naive(now):
        raise ValueError("`now` must carry its time zone")


def _running(run: Run) -> Run:
    locked = Run.objects.select_for_update().get(pk=run.pk)
    if locked.state != Run.State.RUNNING:
        raise IndicatorError(f"这次计算已是“{locked.get_state_display()}”，不能再写入", mend="请开始一次新的计算")
    return locked


def _refuse_published(run: Run, found: list[Value]) -> None:
    """A run may be published in parts, but a cell only once."""
    cells = Value.objects.filter(run=run).values_list("indicator_id", "subject", "period", "key")
    stored = set(cells) if found else set()
    for each in found:
        if (each.indicator_id, each.subject, each.period, each.key) in stored:
            raise IndicatorError(
                f"这次计算已写过 {each.indicator.code} {each.subject} {each.period} {each.key}".rstrip(),
                mend="已写入的数不能覆盖，请开始一次新的计算",
            )


def _frame(chosen: QuerySet[Value]) -> pl.DataFrame:
    rows = [
        (*row[:9], dump(row[9]), str(row[10]), *row[11:])
        for row in chosen.values_list(*_FIELDS).iterator(chunk_size=5000)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort(*CELL, "variant", "run")


def _refuse_two_answers(frame: pl.DataFrame) -> None:
    doubled = frame.filter(frame.select(*CELL, "variant").is_duplicated())
    if doubled.height:
        cell = doubled.row(0, named=True)
        subjects = "、".join(sorted(set(doubled["run_subject"])))
        raise IndicatorError(
            f"{cell['indicator']} {cell['subject']} {cell['period']} 在两次现行计算中各有一个数",
            expected="只有一个现行的数",
            mend=f"请指明 run，或用 domain、kind、run_subject（{subjects}）限定",
        )
