"""The inventory's use-cases. The only code of this domain that writes; each call is one transaction.

Activity comes in as batches (a city pack, an upload), a compile reads all active rows and writes a run with its tables,
and the run's totals go on the city's blackboard as indicators. `now` and the person are always arguments.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from dafeng.domains.inventory import holdings, library, storage, taken
from dafeng.domains.inventory.factor_services import (
    city_factors,
    enter_city_factor,
    fingerprint,
    set_city_factor,
    sign_factor,
    signed_factors,
    withdraw_signature,
)
from dafeng.domains.inventory.methods import balance, balance_energy
from dafeng.domains.inventory.methods.inventory import Inventory, compile_inventory
from dafeng.domains.inventory.methods.precedence import in_force
from dafeng.domains.inventory.models import (
    ActivityRow,
    BalanceCell,
    Batch,
    City,
    CityFactor,
    FactorSignature,
    InventoryRun,
)
from dafeng.kernel.accounting import activity_frame
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import ActivityError, PermissionDenied, TransitionError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Run
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

__all__ = [
    "INDICATORS",
    "Defaults",
    "Progress",
    "blocking",
    "city_activity",
    "city_balance",
    "city_factors",
    "compile_city",
    "defaults_of",
    "ensure_city",
    "enter_city_factor",
    "fingerprint",
    "first_city",
    "load_batch",
    "load_pack_rows",
    "publish_run",
    "register_defaults",
    "set_city_factor",
    "sign_factor",
    "signed_factors",
    "stale_since",
    "undo_batch",
    "withdraw_signature",
]

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


@dataclass(frozen=True)
class Defaults:
    """What a city's pack says of how its inventory is compiled; `statistics`: GDP, population and the like by year."""

    edition: str = "gl2011"
    gwp: str | None = None
    tiers: Mapping[str, str] = field(default_factory=dict)
    statistics: pl.DataFrame | None = None


def _no_pack(city: City) -> Defaults:
    return Defaults()


_defaults_of: Callable[[City], Defaults] = _no_pack


def register_defaults(function: Callable[[City], Defaults]) -> None:
    """Tell this domain how to find a city's defaults. Called once, by the floor that knows the packs."""
    global _defaults_of
    _defaults_of = function


def defaults_of(city: City) -> Defaults:
    return _defaults_of(city)


def first_city() -> str:
    """Code of the city that this installation is for: the one compiled last; empty while there is none.

    Kept for a minute: every page asks for it.
    """
    found: str | None = cache.get("inventory:first-city")
    if found is None:
        city = City.objects.order_by("-runs__created_at", "code").first()
        found = city.code if city else ""
        cache.set("inventory:first-city", found, 60 if found else 2)
    return found


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
    key: str = "",
    about: Mapping[str, Any] | None = None,
) -> Batch:
    """Store activity rows as one active batch, with its record and audit entry; `cells` keeps the energy balance they came from.

    `key` finds the record again, `about` is what else it says of where the rows come from.

    The rows are checked as a compile would check them before anything is written.
    """
    activity_frame(rows)
    record = records.open_record(
        "inventory.activity",
        title=title,
        payload={"source": source, "rows": rows.height, "city": city.code, **(about or {})},
        by=by,
        now=now,
        place=city.code,
        key=key,
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
    names = ("id", *_ROW_COLUMNS, "evidence_id", "batch_source", "batch_id")
    stored = ActivityRow.objects.annotate(batch_source=holdings.origin("batch__"))
    rows = stored.filter(batch__city=city, batch__active=True).order_by("id").values_list(*names)
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
    kept = in_force(frame)
    return activity_frame(
        kept.sort("id")
        .rename({"evidence_id": "evidence"})
        .with_columns(
            pl.col("id").cast(pl.String).alias("activity_id"),
            pl.when(pl.col("notation") == "").then(None).otherwise(pl.col("notation")).alias("notation"),
        )
        .drop("id", "batch_source", "batch_id")
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


def stale_since(run: InventoryRun) -> list[str]:
    """Why a run no longer shows what is known now: newer data, factors or signatures; empty while it does."""
    since = run.created_at
    moved = Q(signed_at__gt=since) | Q(withdrawn_at__gt=since)
    found = City.objects.annotate(
        newer_data=Exists(Batch.objects.filter(city=OuterRef("pk"), record__changed_at__gt=since)),
        newer_factors=Exists(CityFactor.objects.filter(city=OuterRef("pk"), entered_at__gt=since)),
        newer_signatures=Exists(FactorSignature.objects.filter(moved)),
    ).values("newer_data", "newer_factors", "newer_signatures")
    newer = found.get(pk=run.city_id) | {"newer_run": not run.current}
    words = {
        "newer_data": _("有新提交或撤销的活动水平数据"),
        "newer_factors": _("本市因子有更新"),
        "newer_signatures": _("因子的签认有变化"),
        "newer_run": _("已有更新的一版"),
    }
    return [text for name, text in words.items() if newer[name]]


def blocking(run: InventoryRun) -> list[str]:
    """Years that keep a run from being published: they lack a part or rest on an unsigned factor."""
    return [year for year, row in run.summary["years"].items() if row["status"] != int(Status.OK)]


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
    if blocked := blocking(run):
        raise TransitionError(
            f"{'、'.join(blocked)} 年的清单还不能发布",
            expected="没有缺项，且所用因子均有出处或已签认",
            mend="请先补齐未估算的类别，并由审核人签认待确认的因子",
        )
    if gone := taken.lapsed_in(run):
        raise TransitionError(
            _("第 %(number)s 版取用的企业报告已退回、撤回或更正：%(names)s")
            % {"number": run.number, "names": "、".join(f"{each.firm} {each.year}" for each in gone[:5])},
            expected=_("所取用的企业报告都仍有效"),
            mend=_("请到“企业报告对账”重新取数，再编制一版后发布"),
        )
    run.published_at, run.published_by = now, by.get_username()
    run.save(update_fields=["published_at", "published_by"])
    records.audit(
        by.get_username(), "inventory.publish", "run", str(run.id), {"years": list(run.summary["years"])}, now=now
    )
    _show_to_the_public(run, by=by, now=now)
    return run


def _show_to_the_public(run: InventoryRun, *, by: Any, now: datetime) -> None:
    """Put the run's values on the blackboard once more, as variant `public`: all that the public site and open data read.

    A later publication supersedes this one there, so that "what changed since the last publication" is a comparison.
    """
    current = indicators.current_run("inventory", "compile", run.city_id, variant="public")
    if current and current.parameters["run"] == str(run.id):
        return
    compiled = Run.objects.filter(
        domain="inventory", kind="compile", subject=run.city_id, variant="", parameters__run=str(run.id)
    ).latest("started_at")
    said = {"run": str(run.id), "number": run.number, "edition": run.edition, "gwp": run.gwp}
    shown = indicators.start_run(
        domain="inventory", kind="compile", subject=run.city_id, parameters=said | {"variant": "public"}, by=by, now=now
    )
    columns = [
        "indicator",
        "subject",
        "period",
        "key",
        "value",
        "unit",
        "status",
        "notation",
        "basis_share_estimated",
        "lineage",
    ]
    indicators.publish(shown, indicators.run_values(compiled).select(columns))
    indicators.finish_run(shown, now=now)
