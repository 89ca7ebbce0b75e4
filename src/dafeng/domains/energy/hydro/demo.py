"""The demonstration: two made-up rivers, six small stations, two gauges and a pumped storage, with low days and a silent meter; 演示.

Beside them stand the three pumped-storage stations that the city's plan names: facts of the plan, without any number, for it has none.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from dafeng.domains.energy.hydro import forecasting, notices, publication, reading, store, warnings
from dafeng.domains.energy.hydro.methods import basin, power
from dafeng.domains.energy.models import EnergyCity, HydroGauge, HydroStation
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.series import ingest
from dafeng.kernel.series import services as series
from dafeng.kernel.series.models import Point

SOURCE = "演示数据（编造）"
PLAN = "国家碳达峰试点（信阳）实施方案（2024—2030年）第二章/一/（三）/4；方案没有写装机"
YEARS, RECENT = 480, 40  # days of inflow and rain (four readings a day), days of hours of everything else
# code, name, English name, river, km, owner, capacity kW, machines, head m, design flow m³/s, basin km², decided m³/s (None: not decided)
STATIONS: tuple[tuple[str, str, str, str, float, str, float, int, float, float, float, float | None], ...] = (
    ("demo-hydro-1", "示例溪一级（演示）", "Example Brook 1 (demo)", "demo-brook", 18.0, "hydro-demo", 800, 2, 42.0, 2.4, 95, 0.21),
    ("demo-hydro-2", "示例溪二级（演示）", "Example Brook 2 (demo)", "demo-brook", 9.5, "hydro-demo", 630, 2, 27.0, 2.9, 120, 0.26),
    ("demo-hydro-3", "示例河上游（演示）", "Example River upper (demo)", "demo-river", 61.0, "hydro-two-demo", 1250, 2, 31.0, 5.0, 230, 0.50),
    ("demo-hydro-4", "示例河中游（演示）", "Example River middle (demo)", "demo-river", 44.0, "hydro-demo", 1600, 2, 22.0, 9.0, 410, 0.88),
    ("demo-hydro-5", "示例河下游（演示）", "Example River lower (demo)", "demo-river", 27.0, "hydro-two-demo", 2000, 3, 15.0, 16.0, 640, 1.40),
    ("demo-hydro-6", "示例河河口（演示）", "Example River mouth (demo)", "demo-river", 8.0, "hydro-two-demo", 1000, 2, 8.5, 14.0, 720, None),
)  # fmt: skip
GAUGES = (
    ("demo-gauge-1", "示例溪雨量站（演示）", "Example Brook gauge (demo)", "demo-brook", 21.0, 110),
    ("demo-gauge-2", "示例河水文站（演示）", "Example River gauge (demo)", "demo-river", 66.0, 300),
)  # fmt: skip
# What was planted: station, role, hours before now from and to, factor of the release (None: nothing comes)
FAULTS: tuple[tuple[str, float, float, float | None], ...] = (
    ("demo-hydro-2", 290, 242, 0.62), ("demo-hydro-4", 40, 31, 0.42), ("demo-hydro-5", 130, 98, None), ("demo-hydro-3", 8, 0, 0.9),
)  # fmt: skip
NAMED = (
    ("daping", "新县大坪抽水蓄能电站", "Daping pumped storage, Xin County", "411523", "unknown"),
    ("jingangshan", "商城金岗山抽水蓄能电站", "Jingangshan pumped storage, Shangcheng", "411524", "unknown"),
    ("wuyue", "光山五岳抽水蓄能电站", "Wuyue pumped storage, Guangshan", "411522", "building"),
)


@transaction.atomic
def ensure_demo(city: str, *, now: datetime) -> bool:
    """Once; tells whether it made anything. Needs the city and the demo logins `ndrc` and `ecology` for what two persons do."""
    found = EnergyCity.objects.filter(pk=city).first()
    names = ("ndrc", "ecology")
    people = {user.get_username(): user for user in get_user_model().objects.filter(username__in=names, demo=True)}
    if found is None or len(people) < len(names) or HydroStation.objects.filter(city=city, demo=True).exists():
        return False
    then = now - timedelta(days=RECENT)
    for code, name, name_en, place, stage in NAMED:
        if place in found.counties:
            given = {"name": name, "name_en": name_en, "place": place, "kind": "pumped", "stage": stage, "source": PLAN}
            store.keep(city, code=code, given=given, by=None, now=then)
    stations, gauges = _register(found, now=then)
    _decide(stations, people, now=then)
    frames = _measured(stations, gauges, now=now)
    frames += _pumped(found, now=now)
    ingest.receive(pl.concat(frames), source="simulated", key=f"demo-hydro-{city}", now=now, owner="demo")
    rows = list(stations.values())
    warnings.detect(rows, now=now)
    forecasting.run(rows, now=now, back=90, every=2)
    _notices(stations, now=now)
    finished = timezone.localdate(now).replace(day=1) - timedelta(days=1)
    publication.publish_month(city, finished.replace(day=1), now=now)  # the month that runs is the nightly job's
    return True


def _register(city: EnergyCity, *, now: datetime) -> tuple[dict[str, HydroStation], dict[str, HydroGauge]]:
    places = [code for code in ("411524", "411525") if code in city.counties] or list(city.counties)[:2]
    enterprises.ensure(
        city.code,
        [
            {"code": code, "name": name, "name_en": name_en, "place": places[0], "industry": "4413", "organisation": code}
            for code, name, name_en in (
                ("hydro-demo", "示例水电开发有限公司（演示）", "Example Small Hydro (demo)"),
                ("hydro-two-demo", "示例河电力有限公司（演示）", "Example River Power (demo)"),
            )
        ],
        demo=True,
    )  # fmt: skip
    firms = {each.code: each for each in Enterprise.objects.filter(code__in=("hydro-demo", "hydro-two-demo"))}
    river = store.ensure_river("demo-river", name="示例河（演示）", name_en="Example River (demo)", city=city.code, by=None, now=now, basin="示例流域（演示）", length=70.0, demo=True)  # fmt: skip
    brook = store.ensure_river(
        "demo-brook", name="示例溪（演示）", name_en="Example Brook (demo)", city=city.code, by=None, now=now, basin="示例流域（演示）", length=24.0,
        downstream=river, joins=52.0, demo=True,
    )  # fmt: skip
    rivers = {"demo-river": river, "demo-brook": brook}
    stations = {}
    for at, (code, name, name_en, on, km, owner, capacity, units, head, design, _basin, _eco) in enumerate(STATIONS):
        given = {
            "name": name, "name_en": name_en, "place": places[0 if at < 4 else -1], "river": rivers[on], "km": km, "capacity": float(capacity),
            "units": units, "head": head, "design_flow": design, "efficiency": 0.82 if at % 2 == 0 else None, "commissioned_on": date(1996 + at, 6, 1),
            "source": SOURCE,
        }  # fmt: skip
        stations[code] = store.keep(city.code, code=code, given=given, by=None, now=now, firm=firms[owner], demo=True)
    HydroStation.objects.filter(code="demo-hydro-3").update(shares_power=True)
    gauges = {
        code: store.keep_gauge(
            city.code, code=code, by=None, now=now, demo=True,
            given={"name": name, "name_en": name_en, "place": places[0], "river": rivers[on], "km": km, "alert_level": 84.5, "source": SOURCE},
        )
        for code, name, name_en, on, km, _basin in GAUGES
    }  # fmt: skip
    return stations, gauges


def _decide(stations: dict[str, HydroStation], people: dict[str, Any], *, now: datetime) -> None:
    for code, *_words, eco in STATIONS:
        if eco is not None:
            flows = [round(eco * (1.3 if month in (4, 5, 6) else 1.0), 3) for month in range(1, 13)]
            made = store.draft_decision(stations[code], flows=flows, since=date(now.year - 1, 1, 1), document=SOURCE, by=people["ecology"], now=now, demo=True)  # fmt: skip
            records.move(made.record, "sign", by=people["ndrc"], now=now)


def _point(
    target: HydroStation | HydroGauge, role: str, *, period: int, days: int, now: datetime, unit: int = 0
) -> Point:
    words = {
        "level": ("上游水位", "Level"), "eco": ("生态流量", "Ecological flow"), "inflow": ("入库流量", "Inflow"), "turbine": ("发电流量", "Turbine flow"),
        "power": ("出力", "Power"), "rain": ("雨量", "Rain"), "flow": ("河道流量", "Flow"),
    }[role]  # fmt: skip
    tail = f"-{unit}" if unit else ""
    point = series.ensure_point(
        f"{target.code}-{role}{tail}", subject=f"hydro:{target.code}", organisation=getattr(target, "organisation", ""), place=target.place,
        name=f"{words[0]}{tail}", name_en=f"{words[1]}{tail}", quantity=role, unit=store.ROLES[role][0],
        kind="interval" if role == "rain" else "instant", period=period, since=now - timedelta(days=days + 1), demo=True,
    )  # fmt: skip
    store.bind(target, role=role, point=point.code, unit=unit, by=None, now=now)
    return point


def _frame(point: Point, first: datetime, values: Any, *, after: bool = False) -> pl.DataFrame:
    """Readings a period apart from `first` on; those of intervals at their ends."""
    step = timedelta(seconds=point.period)
    at = [first + step * (number + after) for number in range(len(values))]
    frame = pl.DataFrame({"point": [point.pk] * len(values), "at": at, "value": np.asarray(values, dtype=np.float64)}, schema_overrides={"at": pl.Datetime("us", "UTC")})  # fmt: skip
    return frame.filter(pl.col("value").is_finite()).with_columns(arrived=pl.col("at"))


def _measured(stations: dict[str, HydroStation], gauges: dict[str, HydroGauge], *, now: datetime) -> list[pl.DataFrame]:
    """Years of rain and inflow, weeks of hours of the rest, with what was planted."""
    today = timezone.localdate(now)
    begun = today - timedelta(days=YEARS)
    of_year, long_ago = begun.timetuple().tm_yday, reading.midnight(begun)
    hour = now.replace(minute=0, second=0, microsecond=0)
    hours = int((hour - reading.midnight(today - timedelta(days=RECENT))).total_seconds()) // 3600 + 1
    recent = hour - timedelta(hours=hours - 1)
    quarters = int((now - long_ago).total_seconds()) // 21_600
    random = np.random.default_rng(11)
    frames, rains = [], {}
    for number, (code, _name, _en, on, _km, square) in enumerate(GAUGES):
        rains[on] = basin.rain(YEARS + 1, of_year, seed=20 + number)
        fallen = np.repeat(rains[on] / 4, 4)[:quarters]
        frames.append(_frame(_point(gauges[code], "rain", period=21_600, days=YEARS, now=now), long_ago, fallen, after=True))  # fmt: skip
        flow = _hourly(basin.inflow(rains[on], of_year, square_km=square, seed=number), hours)
        frames.append(_frame(_point(gauges[code], "flow", period=3600, days=RECENT, now=now), recent, flow))
        frames.append(_frame(_point(gauges[code], "level", period=3600, days=RECENT, now=now), recent, 82 + 1.1 * np.sqrt(flow / square * 60)))  # fmt: skip
    for number, (code, _name, _en, on, _km, _owner, capacity, _units, head, design, square, eco) in enumerate(STATIONS):
        station, release = stations[code], eco or 0.9
        daily = basin.inflow(rains[on], of_year, square_km=square, seed=40 + number)
        told = np.repeat(daily, 4)[:quarters] * np.exp(random.normal(0, 0.03, quarters))
        frames.append(_frame(_point(station, "inflow", period=21_600, days=YEARS, now=now), long_ago, told))
        flow = _hourly(daily, hours)
        works = power.Works(float(capacity), head, design, 0.82 - 0.01 * number, release * 1.12)
        turbine = power.usable(flow, works)
        made = power.output(flow, works) * np.exp(random.normal(0, 0.01, hours))
        let = release * (1.14 + random.normal(0, 0.025, hours))
        for of, first, last, factor in FAULTS:
            if of == code:
                part = slice(max(hours - 1 - int(first), 0), hours - int(last))
                let[part] = np.nan if factor is None else release * (factor + random.normal(0, 0.02, len(let[part])))
        level = 96.0 + 7 * number + 0.8 * np.tanh(flow / design) + random.normal(0, 0.01, hours)
        for role, values in (("eco", let), ("turbine", turbine), ("power", np.minimum(made, capacity)), ("level", level)):  # fmt: skip
            frames.append(_frame(_point(station, role, period=3600, days=RECENT, now=now), recent, values))
    return frames


def _hourly(daily: Any, hours: int) -> Any:
    """The last so many hours of days, joined without steps."""
    whole = np.interp(np.arange(len(daily) * 24) / 24.0, np.arange(len(daily)) + 0.5, daily)
    return whole[-hours:]


def _pumped(city: EnergyCity, *, now: datetime) -> list[pl.DataFrame]:
    """A made-up pumped storage of two machines: pumps at night, generates at the two peaks."""
    place = next(iter(city.counties))
    station = store.keep(
        city.code, code="demo-pumped", by=None, now=now - timedelta(days=RECENT), demo=True,
        given={"name": "示例抽水蓄能（演示）", "name_en": "Example pumped storage (demo)", "place": place, "kind": "pumped", "stage": "running", "capacity": 100_000.0, "units": 2, "organisation": "hydro-demo", "source": SOURCE},
    )  # fmt: skip
    hour = now.replace(minute=0, second=0, microsecond=0)
    hours = 30 * 24
    first = hour - timedelta(hours=hours - 1)
    local = np.array([(timezone.localtime(first) + timedelta(hours=number)).hour for number in range(hours)])
    frames = []
    for unit in (1, 2):
        shape = np.where((local >= 1) & (local < 6), -46_000.0, 0.0)
        shape = np.where(np.isin(local, (9, 10, 18, 19) if unit == 1 else (18, 19, 20)), 44_000.0, shape)
        frames.append(_frame(_point(station, "power", period=3600, days=RECENT, now=now, unit=unit), first, shape))
    level = 402.0 + 9 * np.where(local < 6, local / 6, np.where(local < 18, 1 - (local - 6) / 30, 0.6 - (local - 18) / 10))  # fmt: skip
    return [*frames, _frame(_point(station, "level", period=3600, days=RECENT, now=now), first, level)]


def _notices(stations: dict[str, HydroStation], *, now: datetime) -> None:
    for code, kind, starts, lasts, flow, text in (
        ("demo-hydro-3", "release", 6, 5, 4.2, "演示：汛前腾库，请下游注意水位变化"),
        ("demo-hydro-1", "maintenance", 30, 10, None, "演示：2号机组检修，停机期间经泄放管放水"),
    ):
        notices.post(
            stations[code], kind=kind, starts=now + timedelta(hours=starts), ends=now + timedelta(hours=starts + lasts), flow=flow, text=text,
            by=None, now=now, demo=True,
        )  # fmt: skip
