"""What the plan computes itself from other domains' numbers: GDP at constant price, energy and CO2 per output, coal.

Each value carries the method, its inputs and their runs as lineage, and the worst status of its inputs. A year that lacks an
input is not published. The formulas are those of `methods/intensities.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from dafeng.domains.plan import bindings
from dafeng.domains.plan.methods.dual_control import gdp_chain
from dafeng.domains.plan.methods.intensities import co2_intensity, coal_from_share, energy_intensity
from dafeng.kernel.errors import DafengError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Indicator, Run

ENERGY, FEEDSTOCK, COAL_SHARE = "energy.consumption.equal_value", "plan.reported.feedstock_energy", "energy.coal_share"
GAS, INDIRECT = "inventory.co2e.gas|gas=CO2", "inventory.co2.indirect"
GDP, GDP_BASE, GDP_INDEX = "plan.gdp.constant", "plan.reported.gdp_base", "plan.reported.gdp_index"
INTENSITY, CO2_INTENSITY, COAL = "plan.intensity.energy", "plan.intensity.co2", "plan.coal.consumption"
UNITS = {GDP: ("可比价地区生产总值", "万元"), INTENSITY: ("单位地区生产总值能耗", "tce/万元"), CO2_INTENSITY: ("单位地区生产总值二氧化碳排放", "t CO2/万元"), COAL: ("煤炭消费总量", "万吨标准煤")}  # fmt: skip


class Cell(NamedTuple):
    value: float
    status: int
    estimated: float | None
    run: str


Cells = dict[tuple[str, str, int], Cell]  # (code|key, subject, year)


def read(codes: list[str]) -> Cells:
    """Yearly values of cells (`code` or `code|key`) for all subjects; what is missing is not there."""
    plain = {each.partition("|")[0] for each in codes}
    known = sorted(plain & set(Indicator.objects.filter(code__in=plain).values_list("code", flat=True)))
    found: Cells = {}
    for code in known:
        wanted = {each for each in codes if each.partition("|")[0] == code}
        try:
            frame = indicators.values(code)
        except DafengError:  # two answers to one question: neither is taken
            continue
        for row in frame.filter(pl.col("value").is_not_null()).iter_rows(named=True):
            cell = f"{code}|{row['key']}" if row["key"] else code
            if cell in wanted and row["period"].isdigit():
                value = Cell(row["value"], row["status"], row["basis_share_estimated"], row["run"])
                found[cell, row["subject"], int(row["period"])] = value
    return found


def refresh(city: str, *, now: datetime, by: Any = None) -> Run | None:
    """Compute what can be computed; a new run only where something differs from the current one.

    With it goes the five-year test of the dual control (`five_years`), which needs the same cells.
    """
    from dafeng.domains.plan.services import five_years  # it publishes through this module

    cells = read([ENERGY, FEEDSTOCK, COAL_SHARE, GAS, INDIRECT, GDP_BASE, GDP_INDEX])
    rows = _gdp_rows(cells)
    for row in rows:
        cells[GDP, row["subject"], int(row["period"])] = Cell(row["value"], row["status"], row["estimated"], "")
    rows += _rows(cells, INTENSITY, (ENERGY, FEEDSTOCK, GDP), lambda e, f, g: energy_intensity(e, f, g))
    rows += _rows(cells, CO2_INTENSITY, (GAS, INDIRECT, GDP), lambda own, bought, g: co2_intensity(own + bought, g))
    five_years.refresh(city, cells, now=now, by=by)
    rows += _rows(cells, COAL, (ENERGY, COAL_SHARE), lambda e, s: coal_from_share(e, s / 100) / 1e4)
    return publish("computed", city, rows, names=UNITS, now=now, by=by)


def publish(
    kind: str, subject: str, rows: list[dict[str, Any]], *, names: Mapping[str, tuple[str, str]], now: datetime, by: Any
) -> Run | None:
    """One current run of a kind; the same rows again make no new one. None where there never was anything to say."""
    digest = hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()
    current = indicators.current_run("plan", kind, subject)
    if (current is None and not rows) or (current is not None and current.digest == digest):
        return current
    for code, (name, unit) in names.items():
        indicators.ensure_indicator(code, name=name, unit=unit, decimals=4)
    run = indicators.start_run(domain="plan", kind=kind, subject=subject, now=now, by=by, digest=digest)
    indicators.publish(run, rows)
    return indicators.finish_run(run, now=now)


def _gdp_rows(cells: Cells) -> list[dict[str, Any]]:
    rows = []
    done: set[str] = set()
    for (code, subject, year), base in sorted(cells.items()):
        if code != GDP_BASE or subject in done:  # one base year a subject: the earliest
            continue
        done.add(subject)
        indices = {y: each for (c, s, y), each in cells.items() if c == GDP_INDEX and s == subject}
        chain = gdp_chain(year, base.value, {y: each.value for y, each in indices.items()})
        for at, value in chain.items():
            used = {y: each for y, each in indices.items() if min(at, year) < y <= max(at, year)}
            inputs = {f"{GDP_BASE} {year}": base.value} | {f"{GDP_INDEX} {y}": each.value for y, each in used.items()}
            status = max([base.status, *(each.status for each in used.values())])
            rows.append(_row(GDP, subject, at, value, status, base.estimated, "plan.intensity.gdp", inputs))
    return rows


def _rows(cells: Cells, code: str, needed: tuple[str, ...], formula: Callable[..., float]) -> list[dict[str, Any]]:
    rows = []
    for subject, year in sorted({(s, y) for c, s, y in cells if c == needed[0]}):
        parts = [cells.get((each, subject, year)) for each in needed]
        if any(each is None for each in parts):
            continue
        known = [each for each in parts if each is not None]
        inputs = {f"{name} {year}": each.value for name, each in zip(needed, known, strict=True)}
        value = float(formula(*(each.value for each in known)))
        named = next((each.method for each in bindings.register().bindings if each.indicator == code), code)
        rows.append(_row(code, subject, year, value, max(e.status for e in known), max((e.estimated or 0.0) for e in known), named, inputs))  # fmt: skip
    return rows


def _row(
    code: str, subject: str, year: int, value: float, status: int, estimated: float | None, method: str, inputs: dict[str, float]
) -> dict[str, Any]:  # fmt: skip
    return {
        "indicator": code, "subject": subject, "period": str(year), "value": value, "unit": UNITS[code][1], "status": status,
        "estimated": estimated, "lineage": {"method": method, "inputs": inputs},
    }  # fmt: skip
