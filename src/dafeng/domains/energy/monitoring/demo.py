"""Made-up meters of the demo's made-up firms: thirteen weeks of hours with planted faults, and today's until now. All marked 演示; loaded
once.

The forecasts are not made here: they take the machine half a minute, so the worker makes them after the portal has begun to answer.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from django.utils import timezone

from dafeng.domains.energy.models import FlowNode, Meter, MonitoredFirm, Product
from dafeng.domains.energy.monitoring import detecting, modelling, publishing, reading, register, weather
from dafeng.domains.energy.monitoring.jobs import FORECAST
from dafeng.domains.energy.monitoring.methods import town
from dafeng.domains.energy.monitoring.methods.calendar import span
from dafeng.domains.energy.monitoring.methods.profiles import Floats
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.series import ingest, points
from dafeng.kernel.series import services as series
from dafeng.kernel.series.models import Device, Point

DAYS = 91
# Fewer rounds than the nightly training, and the last fortnight as it would have been forecast, so that there is a score to show.
FORECASTS = {"rounds": 40, "back": 14, "leads": [2]}
# firm: trade, highest load in kW, product, its unit, what a month makes, heat (kg standard coal or m3 gas a day) by item
FIRMS: dict[str, tuple[str, float, str, str, str, float, str, float]] = {
    "cement-demo": ("cement", 9000.0, "水泥", "Cement", "t", 62000.0, "raw_coal", 190.0),
    "steel-demo": ("steel", 15000.0, "钢材", "Steel", "t", 21000.0, "natural_gas", 42000.0),
    "textile-demo": ("textile", 2200.0, "坯布", "Grey cloth", "m", 830000.0, "natural_gas", 5200.0),
    "food-demo": ("food", 1100.0, "速冻食品", "Frozen food", "t", 1450.0, "natural_gas", 1900.0),
    "tea-demo": ("tea", 420.0, "毛尖", "Maojian tea", "t", 38.0, "natural_gas", 310.0),
}  # fmt: skip
# Parts of the electricity that go to each place below the main board; what is left goes to the rest of the works.
PARTS = (
    ("line1", "一车间", "Workshop 1", 0.46),
    ("line2", "二车间", "Workshop 2", 0.31),
    ("air", "空压站", "Compressor station", 0.12),
)


def ensure_demo(city: str, *, now: datetime) -> bool:
    """Load the demo once; False when it is there, or when none of its firms is."""
    firms = {each.code: each for each in Enterprise.objects.filter(city=city, code__in=FIRMS, demo=True)}
    if not firms or MonitoredFirm.objects.filter(demo=True, enterprise__city=city).exists():
        return False
    today = timezone.localdate(now)
    days = span(today - timedelta(days=DAYS), today)
    warm = town.temperature(days, seed=7)
    frames, made = [_frame(_station(city, now=now), days, warm, now=now)], []
    for number, (code, enterprise) in enumerate(sorted(firms.items())):
        firm, part = _firm(enterprise, FIRMS[code], days, warm, seed=10 * number, now=now)
        made.append(firm)
        frames += part
    ingest.receive(pl.concat(frames), source="simulated", key=f"demo-monitoring-{city}", now=now, owner="demo")
    _refused(made, now=now)
    for firm in made:
        detecting.detect(firm, now=now)
    jobs.start(FORECAST, by=None, now=now, parameters=FORECASTS, key=FORECAST)
    publishing.publish_month(city, (today.replace(day=1) - timedelta(days=1)).replace(day=1), now=now)
    publishing.publish_month(city, today.replace(day=1), now=now)
    return True


def _refused(firms: list[MonitoredFirm], *, now: datetime) -> None:
    """What waits in quarantine: a meter told in another unit, and a meter that nobody has registered, both of the firms' own device."""
    at = pl.datetime_range(now - timedelta(hours=6), now - timedelta(hours=1), "1h", eager=True, time_zone="UTC")
    for number, firm in enumerate(firms[:2]):
        enterprise = firm.enterprise
        code = f"{enterprise.code}-gateway"
        device = Device.objects.filter(code=code).first()
        if device is None:
            device, _secret = series.make_device(
                code, "企业采集器（演示）", by=None, now=now, organisation=enterprise.organisation, place=enterprise.place, demo=True
            )  # fmt: skip
        meter = Meter.objects.filter(enterprise=enterprise).select_related("point").order_by("pk").first()
        if meter is None:
            continue
        Point.objects.filter(pk=meter.point_id).update(device=device)
        points.changed()
        wrong = pl.DataFrame({"point": meter.point.code, "at": at, "value": 0.8 + number, "unit": "MWh"})
        stray = pl.DataFrame({"point": f"{enterprise.code}-workshop-9", "at": at, "value": 96.0, "unit": None})
        both = pl.concat([wrong, stray.cast({"unit": pl.String})])
        ingest.receive(both, source="simulated", key=f"demo-refused-{enterprise.code}", now=now, device=device)


def _station(city: str, *, now: datetime) -> Point:
    """The weather that the loads were made with."""
    return series.ensure_point(
        f"weather-{city}", subject=f"place:{city}", place=city, name="气象站（演示）", name_en="Weather station (demo)",
        quantity=weather.QUANTITY, unit="degC", kind=Point.Kind.INSTANT, period=3600, since=now - timedelta(days=DAYS + 1), demo=True,
    )  # fmt: skip


def _firm(
    enterprise: Enterprise, words: Any, days: list[date], warm: Floats, *, seed: int, now: datetime
) -> tuple[MonitoredFirm, list[pl.DataFrame]]:
    trade, peak, product, product_en, unit, monthly, fuel, daily = words
    contract = {
        "flat_price": Decimal("0.62"), "capacity": int(peak * 1.6), "per_kva": Decimal("20"), "per_kw": Decimal("32"),
        "coal_price": Decimal("780"), "gas_price": Decimal("3.2"), "heat_price": Decimal("62"), "movable": Decimal("0.15"), "pressure_margin": Decimal("0.05"), "rests": trade in ("tea", "food"),
    }  # fmt: skip
    firm = modelling.enrol(enterprise, contract, by=None, now=now)
    nodes = _nodes(enterprise, fuel, now=now)
    whole = town.load(trade, days, warm, peak=peak, seed=seed)
    draw = np.random.default_rng(seed + 1)
    parts = {code: whole * share * (1 + draw.normal(0, 0.015, whole.shape)) for code, _n, _e, share in PARTS}
    main = _meter(nodes["grid"], "main", "总进线", "Main feeder", "electricity", "kWh", now=now)
    meters = {
        code: _meter(
            nodes[code],
            code,
            name,
            name_en,
            "electricity",
            "kWh",
            now=now,
            parent=main,
            role=Meter.Role.COMPRESSOR if code == "air" else Meter.Role.LOAD,
        )
        for code, name, name_en, _s in PARTS
    }
    burnt = _meter(nodes["fuel"], "fuel", "燃料", "Fuel", fuel, "t" if fuel == "raw_coal" else "m3", now=now)
    for code, _n, _e, _s in PARTS:
        modelling.save_link(nodes["board"], nodes[code], item="electricity", meter=meters[code], by=None, now=now)
    modelling.save_link(nodes["grid"], nodes["board"], item="electricity", meter=main, by=None, now=now)
    modelling.save_link(nodes["board"], nodes["rest"], item="electricity", by=None, now=now)
    modelling.save_link(nodes["fuel"], nodes["kiln"], item=fuel, meter=burnt, by=None, now=now)
    _faults(seed, whole, parts)
    heat = (
        np.repeat(whole.mean(axis=1, keepdims=True), 24, axis=1)
        / whole.mean()
        * daily
        / 24
        * (1 + draw.normal(0, 0.03, whole.shape))
    )
    made = modelling.save_product(
        enterprise, code="main", name=product, unit=unit, name_en=product_en, by=None, now=now
    )
    _output(made, days, whole, monthly, now=now)
    frames = [
        *_reactive(nodes["grid"], trade, days, whole, now=now),
        _frame(main.point, days, whole, now=now),
        _frame(burnt.point, days, heat, now=now),
        *(_frame(meters[code].point, days, parts[code], now=now) for code in parts),
    ]
    return firm, frames


def _nodes(enterprise: Enterprise, fuel: str, *, now: datetime) -> dict[str, FlowNode]:
    rows = [
        ("grid", "外购电力", "Purchased electricity", "purchase"),
        (
            "fuel",
            "外购原煤" if fuel == "raw_coal" else "外购天然气",
            "Purchased coal" if fuel == "raw_coal" else "Purchased gas",
            "purchase",
        ),
        ("board", "总配电室", "Main switchboard", "distribution"),
        ("kiln", "窑炉" if fuel == "raw_coal" else "锅炉", "Kiln" if fuel == "raw_coal" else "Boiler", "process"),
        *((code, name, name_en, "process") for code, name, name_en, _share in PARTS),
        ("rest", "其他用电", "Other use", "process"),
    ]
    return {
        code: modelling.save_node(enterprise, code=code, name=name, name_en=name_en, stage=stage, by=None, now=now)
        for code, name, name_en, stage in rows
    }


def _meter(
    node: FlowNode,
    code: str,
    name: str,
    name_en: str,
    item: str,
    unit: str,
    *,
    now: datetime,
    parent: Meter | None = None,
    role: str = Meter.Role.LOAD,
) -> Meter:
    firm = node.enterprise
    point = series.ensure_point(
        f"{firm.code}-{code}", subject=firm.subject, organisation=firm.organisation, place=firm.place, name=name, name_en=name_en,
        quantity={"electricity": "electricity", "raw_coal": "coal"}.get(item, "gas"), unit=unit, kind=Point.Kind.INTERVAL, period=3600,
        since=now - timedelta(days=DAYS + 1), demo=True,
    )  # fmt: skip
    return modelling.bind(node, point, item=item, role=role, parent=parent, by=None, now=now)


def _reactive(node: FlowNode, trade: str, days: list[date], whole: Floats, *, now: datetime) -> list[pl.DataFrame]:
    """Of the textile works the reactive energy too: its capacitors are out, cos φ is 1 / √(1 + 0.62²) = 0.85."""
    if trade != "textile":
        return []
    meter = _meter(node, "reactive", "总进线无功", "Main feeder, reactive", "electricity", "kvarh", now=now, role=Meter.Role.REACTIVE)  # fmt: skip
    return [_frame(meter.point, days, whole * 0.62, now=now)]


def _faults(seed: int, whole: Floats, parts: dict[str, Floats]) -> None:
    """One kind of fault a firm, in the last three weeks, so that the desk has something of each."""
    day = len(whole) - 10  # the last day is today, which goes on until now
    kind = (seed // 10) % 5
    if kind == 0:  # the compressors run on all night
        extra = whole[day:, :6].mean() * 0.35
        parts["air"][day:, :6] += extra
        whole[day:, :6] += extra
    elif kind == 1:  # a spike in the workshop
        parts["line1"][day, 10:12] += whole.mean() * 1.2
        whole[day, 10:12] += whole.mean() * 1.2
    elif kind == 2:  # the collector falls silent
        parts["line2"][day, 5:19] = np.nan
    elif kind == 3:  # the meter stands still
        parts["line1"][day, 6:20] = parts["line1"][day, 6]
    else:  # part of the workshop is no longer metered
        parts["line2"][day : day + 3] *= 0.55


def _frame(point: Point, days: list[date], values: Floats, *, now: datetime) -> pl.DataFrame:
    """Readings of the hours that are over."""
    start = reading.midnight(days[0])
    ends = [start + timedelta(hours=hour + 1) for hour in range(values.size)]
    frame = pl.DataFrame(
        {"point": [point.pk] * values.size, "at": ends, "value": values.ravel()},
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    return frame.filter(pl.col("value").is_finite() & (pl.col("at") <= now)).with_columns(arrived=pl.col("at"))


def _output(product: Product, days: list[date], whole: Floats, monthly: float, *, now: datetime) -> None:
    """Output of the finished months, in step with the load."""
    by_month: dict[str, float] = {}
    for day, load in zip(days, whole.mean(axis=1), strict=True):
        by_month[f"{day:%Y-%m}"] = by_month.get(f"{day:%Y-%m}", 0.0) + float(load / whole.mean()) * monthly / 30
    for month, amount in by_month.items():
        if month < f"{now:%Y-%m}" and month != f"{days[0]:%Y-%m}":
            register.state_output(product, month, round(amount, 1), source="演示数据", by=None, now=now)
