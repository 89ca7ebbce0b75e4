"""The inventory's use-cases. The only code of this domain that writes; each call is one transaction.

Activity comes in as batches (a city pack, an upload), a compile reads all active rows and writes a run with its tables,
and the run's totals go on the city's blackboard as indicators. `now` and the person are always arguments.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from django.db import transaction

from dafeng.domains.inventory import library, storage
from dafeng.domains.inventory.methods import balance, balance_energy
from dafeng.domains.inventory.methods.inventory import Inventory, compile_inventory
from dafeng.domains.inventory.methods.precedence import without_replaced
from dafeng.domains.inventory.models import (
    ActivityRow,
    BalanceCell,
    Batch,
    City,
    CityFactor,
    FactorSignature,
    InventoryRun,
)
from dafeng.kernel.accounting import activity_frame, factor_frame
from dafeng.kernel.accounting.status import UNSIGNED, Status
from dafeng.kernel.errors import ActivityError, FactorError, PermissionDenied, TransitionError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.quantities import units
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

Progress = Callable[[str, int, int], None]

_ROW_COLUMNS = (
    "category", "item", "technology", "variable", "place", "year", "value", "unit", "basis", "mark", "source",
    "notation", "uncertainty",
)  # fmt: skip
_CELL = ("place", "year", "row", "fuel", "value", "unit")
INDICATORS = (
    ("inventory.co2e.total", "温室气体排放总量（含土地利用）", "Total GHG emissions, with land use", "t CO2e"),
    ("inventory.co2e.gross", "温室气体排放总量（不含土地利用）", "Total GHG emissions, without land use", "t CO2e"),
    ("inventory.co2e.sector", "分领域温室气体排放量", "GHG emissions by sector", "t CO2e"),
    ("inventory.co2e.gas", "分气体温室气体排放量", "GHG emissions by gas", "t CO2e"),
    ("inventory.co2.indirect", "电力热力间接排放量", "Indirect CO2 of electricity and heat", "t CO2e"),
)


def ensure_city(code: str, name: str, name_en: str, pack: str, **described: Any) -> City:
    """The city, made when it is new; `described` are its counties, boundary and the boundary's note."""
    city, _made = City.objects.update_or_create(
        code=code, defaults={"name": name, "name_en": name_en, "pack": pack, **described}
    )
    return city


@transaction.atomic
def load_batch(
    city: City,
    rows: pl.DataFrame,
    *,
    title: str,
    source: str,
    by: Any,
    now: datetime,
    evidence: Evidence | None = None,
    cells: pl.DataFrame | None = None,
) -> Batch:
    """Store activity rows as one active batch, with its record and audit entry; `cells` keeps the energy balance they came from.

    The rows are checked as a compile would check them before anything is written.
    """
    activity_frame(rows)
    record = records.open_record(
        "inventory.activity",
        title=title,
        payload={"source": source, "rows": rows.height, "city": city.code},
        by=by,
        now=now,
        place=city.code,
        evidence=[evidence] if evidence else (),
    )
    batch = Batch.objects.create(city=city, record=record, source=source, active=True)
    stored = rows.with_columns(
        pl.lit(None, dtype=pl.String).alias(name) for name in (*_ROW_COLUMNS, "sheet_row") if name not in rows.columns
    )
    ActivityRow.objects.bulk_create(
        (
            ActivityRow(
                batch=batch,
                evidence=evidence,
                sheet_row=row["sheet_row"] or "",
                **{
                    name: row[name] if name in {"value", "uncertainty", "year"} else (row[name] or "")
                    for name in _ROW_COLUMNS
                },
            )
            for row in stored.with_columns(pl.col("basis").fill_null("reported")).iter_rows(named=True)
        ),
        batch_size=500,
    )
    if cells is not None:
        BalanceCell.objects.bulk_create(
            (
                BalanceCell(batch=batch, **{name: row[name] for name in _CELL}, source=row.get("source") or "")
                for row in cells.filter(pl.col("value").is_not_null()).iter_rows(named=True)
            ),
            batch_size=500,
        )
    records.move(record, "commit", by=by, now=now, system=by is None)
    return batch


def undo_batch(batch: Batch, *, by: Any, now: datetime, reason: str) -> Batch:
    """Retire a batch's rows: they stay, but no compile reads them. Raises `TransitionError` when it is not active."""
    with records.serial():  # the chain's head is always locked first, so that two writers queue instead of deadlocking
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if not locked.active:
            raise TransitionError("这批数据已经撤销", mend="可重新上传")
        records.move(locked.record, "undo", by=by, now=now, reason=reason, system=by is None)
        locked.active = False
        locked.save(update_fields=["active"])
    return locked


def load_pack_rows(city: City, rows: pl.DataFrame, *, digest: str, title: str, by: Any, now: datetime) -> bool:
    """Bring the city pack's rows up to date; False when the pack has not changed since it was loaded."""
    if city.digest == digest:
        return False
    with records.serial():
        for batch in Batch.objects.filter(city=city, source="pack", active=True):
            undo_batch(batch, by=by, now=now, reason="城市数据包已更新")
        load_batch(city, rows, title=title, source="pack", by=by, now=now)
        city.digest, city.loaded_at = digest, now
        city.save(update_fields=["digest", "loaded_at"])
    return True


def city_activity(city: City) -> pl.DataFrame:
    """All active activity rows of the city, ready for a compile; an upload shadows the pack's row for the same source."""
    names = ("id", *_ROW_COLUMNS, "evidence_id", "batch__source", "batch_id")
    rows = ActivityRow.objects.filter(batch__city=city, batch__active=True).order_by("id").values_list(*names)
    schema: dict[str, Any] = dict.fromkeys(names, pl.String)
    schema |= {"id": pl.Int64, "batch_id": pl.Int64, "year": pl.Int16, "value": pl.Float64, "uncertainty": pl.Float64}
    frame = pl.DataFrame(
        [
            tuple(str(cell) if name == "evidence_id" and cell else cell for name, cell in zip(names, row, strict=True))
            for row in rows
        ],
        schema=schema,
        orient="row",
    )
    if not frame.height:
        raise ActivityError(f"{city.name}还没有活动水平数据", mend="请先上传填报模板或加载城市数据包")
    key = ["category", "item", "technology", "variable", "place", "year"]
    # An upload counts before the pack, a later upload before an earlier one; the shadowed rows stay in their batches.
    # One batch may hold several rows of a source (commerce and other services): they belong together.
    upload = pl.col("batch__source") == "upload"
    newest = pl.col("batch_id") == pl.col("batch_id").max().over(key)
    uploaded = frame.filter(upload).filter(newest)
    packed = without_replaced(frame.filter(~upload).join(uploaded, on=key, how="anti"), uploaded)
    kept = pl.concat([uploaded, packed])
    return activity_frame(
        kept.sort("id")
        .rename({"evidence_id": "evidence"})
        .with_columns(
            pl.col("id").cast(pl.String).alias("activity_id"),
            pl.when(pl.col("notation") == "").then(None).otherwise(pl.col("notation")).alias("notation"),
        )
        .drop("id", "batch__source", "batch_id")
    )


def city_balance(city: City) -> pl.DataFrame:
    """The energy balances that offices have reported, the newest upload of each place and year; columns of `methods.balance`."""
    found = BalanceCell.objects.filter(batch__city=city, batch__active=True).order_by("batch_id")
    schema = {"batch": pl.Int64, **balance.SCHEMA}
    frame = pl.DataFrame(
        [(*row, "statistic", "", source) for *row, source in found.values_list("batch_id", *_CELL, "source")],
        schema=schema,
        orient="row",
    )
    newest = pl.col("batch") == pl.col("batch").max().over("place", "year")
    return balance.balance_frame(frame.filter(newest).drop("batch")) if frame.height else frame.drop("batch")


def city_factors(city: City) -> pl.DataFrame:
    """The newest version of each of the city's own factors, as factor rows of set `municipal`."""
    newest: dict[str, CityFactor] = {}
    for factor in CityFactor.objects.filter(city=city).order_by("version"):
        newest[factor.factor_id] = factor
    names = (
        "parameter",
        "category",
        "item",
        "technology",
        "place",
        "year",
        "value",
        "unit",
        "lower",
        "upper",
        "source",
    )
    return factor_frame(
        [
            {name: getattr(factor, name) for name in names}
            | {
                "factor_id": f"{factor.factor_id}#{factor.version}",
                "set": "municipal",
                "owner": "municipal",
                "standing": "municipal",
            }
            for factor in newest.values()
        ]
    )


@transaction.atomic
def set_city_factor(
    city: City,
    factor_id: str,
    *,
    parameter: str,
    value: float,
    unit: str,
    source: str,
    by: Any,
    now: datetime,
    place: str = "",
    category: str = "",
    item: str = "",
    technology: str = "",
    year: int | None = None,
    lower: float | None = None,
    upper: float | None = None,
    evidence: Evidence | None = None,
) -> CityFactor:
    """Add a version of one of the city's own factors; earlier versions stay, and runs keep the one they used.

    Raises `FactorError` for a parameter that no method asks for, a unit that does not fit it, or a missing source.
    """
    asked = {m.inputs[parameter] for m in library.methods().values() if parameter in m.parameters}
    asked |= {s.parameters[parameter] for s in library.series().values() if parameter in s.parameters}
    if not asked:
        raise FactorError(f"没有方法用到参数“{parameter}”", mend="可用 dafeng method show 查看方法的参数名")
    if not any(units.convertible(unit, wanted) for wanted in asked):
        raise FactorError(f"参数 {parameter} 的单位“{unit}”不对", expected="、".join(sorted(asked)))
    if not source.strip() or not math.isfinite(value):
        raise FactorError("本市因子要有数值和出处", expected="监测报告或文件名称")
    last = CityFactor.objects.select_for_update().filter(city=city, factor_id=factor_id).order_by("-version").first()
    actor = by.get_username() if by else "system"
    factor = CityFactor.objects.create(
        city=city, factor_id=factor_id, version=(last.version if last else 0) + 1, parameter=parameter, category=category,
        item=item, technology=technology, place=place or city.code, year=year, value=value, unit=unit, lower=lower,
        upper=upper, source=source, evidence=evidence, entered_by=actor, entered_at=now,
    )  # fmt: skip
    records.audit(
        actor, "factor.set", "factor", f"{factor_id}#{factor.version}", {"value": value, "unit": unit}, now=now
    )
    return factor


def fingerprint(factor: Mapping[str, Any]) -> str:
    """SHA-256 of a factor row as it stands: a signature is for this value, not for whatever the id may mean later."""
    content = {
        name: factor[name] for name in ("factor_id", "set", "parameter", "value", "unit", "lower", "upper", "source")
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@transaction.atomic
def sign_factor(factor_id: str, *, by: Any, reason: str, now: datetime) -> FactorSignature:
    """A reviewer vouches for a factor of unsure standing. Raises `FactorError` where there is nothing to sign."""
    if by is None or "ecology" not in records.roles_of(by):
        raise PermissionDenied("只有生态环境局的审核人可以签认因子")
    if not reason.strip():
        raise FactorError("签认要写明理由", expected="核对了什么、依据何处")
    found = library.factors().filter(pl.col("factor_id") == factor_id)
    if not found.height:
        raise FactorError(f"没有因子“{factor_id}”")
    row = found.row(0, named=True)
    if row["standing"] not in UNSIGNED or row["value"] is None:
        raise FactorError(f"因子“{factor_id}”无需签认（状态为 {row['standing']}）")
    signature = FactorSignature.objects.create(
        factor_id=factor_id, fingerprint=fingerprint(row), reviewer=by.get_username(), reason=reason, signed_at=now
    )
    records.audit(
        by.get_username(), "factor.sign", "factor", factor_id, {"reason": reason, "value": row["value"]}, now=now
    )
    return signature


def signed_factors() -> list[str]:
    """Ids of factors whose present row a reviewer has signed."""
    signatures = dict(FactorSignature.objects.filter(withdrawn_at=None).values_list("factor_id", "fingerprint"))
    rows = library.factors().filter(pl.col("factor_id").is_in(list(signatures)))
    return [row["factor_id"] for row in rows.iter_rows(named=True) if fingerprint(row) == signatures[row["factor_id"]]]


def compile_city(
    city: City,
    *,
    edition: str = "gl2011",
    gwp: str | None = None,
    sets: Sequence[str] | None = None,
    tiers: Mapping[str, str] | None = None,
    by: Any,
    now: datetime,
    statistics: pl.DataFrame | None = None,
    progress: Progress = lambda step, done, total: None,
) -> InventoryRun:
    """Compile the city's inventory from all active rows and store it as a new run; the former run stays.

    When nothing has changed since the current run of the same options, that run is returned.
    """
    started = time.perf_counter()
    progress("读取活动水平数据", 0, 5)
    activity, own, signed = city_activity(city), city_factors(city), signed_factors()
    options = {"edition": edition, "gwp": gwp, "sets": sets, "tiers": tiers, "signed": sorted(signed)}
    digest = _digest(activity, own, options, statistics)
    current = InventoryRun.objects.filter(city=city, digest=digest, current=True).first()
    if current:
        progress("没有变化", 5, 5)
        return current
    progress("计算排放量", 1, 5)
    inventory = compile_inventory(activity, own, edition=edition, gwp=gwp, sets=sets, tiers=tiers, signed=signed)
    progress("完整性与质量检查", 2, 5)
    tables, summary = storage.tables_of(inventory, city.code, statistics, city_balance(city))
    progress("保存结果", 3, 5)
    with records.serial():
        latest = InventoryRun.objects.select_for_update().filter(city=city).order_by("-number").first()
        InventoryRun.objects.filter(city=city, current=True).update(current=False)
        run = InventoryRun(
            city=city,
            number=(latest.number if latest else 0) + 1,
            edition=edition,
            gwp=inventory.gwp_set,
            sets=list(inventory.sets),
            tiers=dict(inventory.tiers),
            digest=digest,
            created_by=by.get_username() if by else "system",
            created_at=now,
            status=summary["status"],
            summary=summary,
            seconds=0,
        )
        run.artefacts = storage.write(run.id, tables)
        run.seconds = round(time.perf_counter() - started, 2)
        run.save()
        progress("发布指标", 4, 5)
        _publish_indicators(run, inventory, by=by, now=now)
        actor = by.get_username() if by else "system"
        records.audit(
            actor, "inventory.compile", "run", str(run.id), {"city": city.code, "number": run.number}, now=now
        )
    progress("完成", 5, 5)
    return run


def _digest(*parts: Any) -> str:
    found = hashlib.sha256(library.digest().encode())
    for part in parts:
        if isinstance(part, pl.DataFrame):
            found.update(part.drop("row", strict=False).write_csv().encode())
        else:
            found.update(json.dumps(part, sort_keys=True, ensure_ascii=False, default=str).encode())
    return found.hexdigest()


def _share(part: float | None, whole: float | None) -> float | None:
    """Part of a whole, or None where there is no such thing: no number, zero, or sources and sinks that cancel."""
    if part is None or not whole:
        return None
    share = part / whole
    return min(share, 1.0) if 0 <= share <= 1 + 1e-9 else None


def _publish_indicators(run: InventoryRun, inventory: Inventory, *, by: Any, now: datetime) -> None:
    for code, name, name_en, unit in INDICATORS:
        indicators.ensure_indicator(code, name=name, name_en=name_en, unit=unit, decimals=0)
    board = indicators.start_run(
        domain="inventory", kind="compile", subject=run.city.code, parameters={"run": str(run.id)}, by=by, now=now
    )
    rows: list[dict[str, Any]] = []

    def add(code: str, totals: pl.DataFrame, key: Callable[[Mapping[str, Any]], str]) -> None:
        for row in totals.iter_rows(named=True):
            known = row["co2e"] is not None
            rows.append(
                {
                    "indicator": code,
                    "subject": row.get("county") or run.city.code,
                    "period": str(row["year"]),
                    "key": key(row),
                    "value": row["co2e"],
                    "unit": "t CO2e",
                    "status": row["status"],
                    "notation": "" if known else "NE",
                    "estimated": _share(row["estimated"], row["co2e"]),
                    "lineage": {"run": str(run.id), **{k: row[k] for k in ("sector", "gas") if k in row}},
                }
            )

    gross = ["1", "2", "3", "5"]
    add("inventory.co2e.total", inventory.totals("year"), lambda row: "")
    add("inventory.co2e.gross", inventory.totals("year", sectors=gross), lambda row: "")
    add("inventory.co2e.sector", inventory.totals("sector", "year"), lambda row: f"sector={row['sector']}")
    add("inventory.co2e.gas", inventory.totals("gas", "year"), lambda row: f"gas={row['gas']}")
    add("inventory.co2.indirect", inventory.indirect(), lambda row: "")
    counties = inventory.totals("county", "year").filter(pl.col("county") != run.city.code)
    add("inventory.co2e.total", counties, lambda row: "")
    rows += _energy_rows(run)
    indicators.publish(board, rows)
    indicators.finish_run(board, now=now)


def _energy_rows(run: InventoryRun) -> list[dict[str, Any]]:
    """What the reported energy balances say about the plan's energy targets, with formula and cells as lineage."""
    reported = city_balance(run.city)
    if not reported.height:
        return []
    rows = []
    found = balance_energy.energy_indicators(reported, balance_energy.coefficients_of(library.factors()))
    for line in found.iter_rows(named=True):
        indicators.ensure_indicator(line["code"], name=line["name"], name_en=line["name_en"], unit=line["unit"])
        known = line["value"] is not None
        rows.append(
            {
                "indicator": line["code"],
                "subject": line["place"],
                "period": str(line["year"]),
                "value": line["value"],
                "unit": line["unit"],
                "status": int(Status.OK if known else Status.INCOMPLETE),
                "notation": "" if known else line["notation"],
                "lineage": {"formula": line["formula"], "note": line["note"], "cells": line["terms"]},
            }
        )
    return rows


@transaction.atomic
def publish_run(run: InventoryRun, *, by: Any, now: datetime) -> InventoryRun:
    """Make a run public, all of it. Refused while any year rests on an unsigned factor or lacks a part."""
    if by is None or "ecology" not in records.roles_of(by):
        raise PermissionDenied("只有生态环境局可以发布清单")
    blocked = [year for year, row in run.summary["years"].items() if row["status"] != int(Status.OK)]
    if blocked:
        raise TransitionError(
            f"{'、'.join(blocked)} 年的清单还不能发布",
            expected="没有缺项，且所用因子均有出处或已签认",
            mend="请先补齐未估算的类别，并由审核人签认待确认的因子",
        )
    run.published_at, run.published_by = now, by.get_username()
    run.save(update_fields=["published_at", "published_by"])
    records.audit(
        by.get_username(), "inventory.publish", "run", str(run.id), {"years": list(run.summary["years"])}, now=now
    )
    return run
