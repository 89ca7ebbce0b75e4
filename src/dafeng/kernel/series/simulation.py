"""A believable Xinyang of meters, made up: for demonstrations, tests and benchmarks. Pure; nothing here is an observation.

`simulate(subjects, start, end, seed=…, faults=…)` gives readings (`point at value`, points by code) and the key of the faults that were
planted in them (`point fault start end size`). The same arguments give the same readings; a shorter window gives the same levels, but a
register begins anew at its seeded stand. The climate is a sine year with the shape of the middle of China, holidays are the
State Council's as `chinesecalendar` has them, the Spring Festival empties works before and after its official days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dafeng.kernel.quantities import workdays

CITY = ZoneInfo("Asia/Shanghai")
PERIOD = 900
SLOTS = 96
FAULTS = ("gap", "frozen", "spike", "scale", "night", "leak", "drift")
# How much of what is planted: spike and scale are factors, the others shares of the meter's size.
SIZES = {"gap": 0.0, "frozen": 0.0, "spike": 15.0, "scale": 1000.0, "night": 0.35, "leak": 0.12, "drift": 0.3}
LASTS = {"gap": 1.0, "frozen": 1.0, "spike": 1 / 96, "scale": 2.0, "night": 3.0, "leak": 6.0, "drift": 10.0}  # days
Values = NDArray[np.float64]


class Subject(NamedTuple):
    """Whose meters: `code` names them, `kind` is one of `KINDS`, `size` stretches the loads."""

    code: str
    kind: str
    size: float = 1.0


class Fault(NamedTuple):
    """What was planted where. `size` as in `SIZES`."""

    point: str
    fault: str
    start: datetime
    end: datetime
    size: float


@dataclass(frozen=True)
class Meter:
    """A meter of a kind of subject: full load `size` (unit an hour, or the unit itself for moments) and what drives it.

    `base` is the share that never stops; `shift` when work adds the rest; `weekend` and `holiday` are shares of work then; `heat` and
    `cool` are shares a kelvin below 12 and above 22 °C; `batch` minutes of a furnace's heat; `months` in which it works.
    """

    code: str
    name: str
    name_en: str
    quantity: str
    unit: str
    kind: str
    size: float
    base: float = 0.1
    shift: str = "always"
    weekend: float = 1.0
    holiday: float = 1.0
    heat: float = 0.0
    cool: float = 0.0
    batch: int = 0
    months: tuple[int, ...] = ()
    noise: float = 0.04


def _electric(code: str, name: str, name_en: str, size: float, **more: Any) -> Meter:
    return Meter(code, name, name_en, "electricity", "kWh", "interval", size, **more)


KINDS: dict[str, tuple[Meter, ...]] = {
    "steel": (
        _electric("eaf", "电弧炉", "Arc furnace", 60_000, base=0.03, batch=60, holiday=0.7, noise=0.08),
        _electric("rolling", "轧钢", "Rolling mill", 22_000, base=0.15, shift="three", weekend=0.95, holiday=0.5),
        _electric("oxygen", "制氧", "Oxygen plant", 12_000, base=0.8, holiday=0.85, noise=0.01),
        Meter("gas", "天然气", "Natural gas", "gas", "Nm3", "interval", 4_000, base=0.3, shift="three", holiday=0.5),
    ),
    "cement": (
        _electric("kiln", "回转窑", "Kiln", 8_000, base=0.75, months=(3, 4, 5, 6, 7, 8, 9, 10, 11), noise=0.02),
        _electric("mill", "水泥磨", "Cement mill", 9_000, base=0.05, shift="valley", holiday=0.3, noise=0.06),
        Meter("coal", "入窑煤", "Kiln coal", "coal", "t", "interval", 14, base=0.8, months=(3, 4, 5, 6, 7, 8, 9, 10, 11)),
    ),
    "textile": (
        _electric("spinning", "纺纱", "Spinning", 3_200, base=0.2, shift="three", weekend=0.9, holiday=0.2),
        _electric("air", "空压与空调", "Compressors and air", 1_100, base=0.25, shift="three", weekend=0.9, holiday=0.2, cool=0.02),
        Meter("steam", "蒸汽", "Steam", "steam", "t", "interval", 12, base=0.1, shift="two", weekend=0.6, holiday=0.1, heat=0.01),
    ),
    "food": (
        _electric("line", "加工线", "Processing line", 900, base=0.1, shift="two", weekend=0.5, holiday=0.1),
        _electric("cold", "冷冻", "Freezing", 600, base=0.5, cool=0.02, holiday=0.8),
        Meter("gas", "天然气", "Natural gas", "gas", "Nm3", "interval", 300, base=0.05, shift="two", weekend=0.5, holiday=0.1),
    ),
    "tea": (
        _electric("drying", "杀青烘干", "Firing and drying", 260, base=0.03, shift="day", months=(3, 4, 5, 9, 10), noise=0.1),
        _electric("rest", "其他", "Other", 40, base=0.2, shift="day", weekend=0.6, holiday=0.2),
    ),
    "dataroom": (
        _electric("it", "机柜", "Racks", 420, base=0.9, noise=0.015),
        _electric("cooling", "制冷", "Cooling", 160, base=0.45, cool=0.03, noise=0.03),
    ),
    "hospital": (
        _electric("wards", "病房与诊疗", "Wards and treatment", 900, base=0.4, shift="office", weekend=0.7, holiday=0.6),
        _electric("hvac", "暖通", "Heating and cooling", 1_100, base=0.15, shift="office", weekend=0.9, holiday=0.85, heat=0.02, cool=0.05),
        Meter("water", "自来水", "Water", "water", "m3", "interval", 40, base=0.25, shift="office", weekend=0.8, holiday=0.8),
    ),
    "school": (
        _electric("teaching", "教学楼", "Teaching", 260, base=0.08, shift="office", weekend=0.15, holiday=0.05, cool=0.02, months=(2, 3, 4, 5, 6, 9, 10, 11, 12)),
        _electric("kitchen", "食堂", "Kitchen", 120, base=0.05, shift="meals", weekend=0.2, holiday=0.02, months=(2, 3, 4, 5, 6, 9, 10, 11, 12)),
    ),
    "coldstore": (
        _electric("compressors", "压缩机", "Compressors", 700, base=0.5, cool=0.03, batch=45, noise=0.06),
        Meter("room", "库温", "Room temperature", "temperature", "degC", "instant", -18.0, base=1.0, noise=0.02),
    ),
    "park": (
        _electric("lighting", "公共照明", "Common lighting", 180, base=0.02, shift="night"),
        Meter("heat", "集中供热", "District heat", "heat", "GJ", "interval", 60, base=0.1, shift="three", heat=0.03, holiday=0.4),
    ),
    "hydro": (
        Meter("output", "发电量", "Output", "electricity", "kWh", "interval", 3_200, base=0.0, shift="river", noise=0.03),
        Meter("level", "库水位", "Level", "level", "m", "instant", 104.0, base=1.0, shift="river", noise=0.0005),
        Meter("flow", "下泄流量", "Discharge", "flow", "m3/s", "instant", 18.0, base=0.06, shift="river", noise=0.03),
    ),
}  # fmt: skip


def points_of(subjects: Sequence[Subject]) -> list[dict[str, Any]]:
    """Words for `services.ensure_point` of every simulated point, the main register of each subject among them."""
    found = []
    for subject in subjects:
        for meter in KINDS[subject.kind]:
            found.append(
                {
                    "code": f"{subject.code}-{meter.code}", "name": meter.name, "name_en": meter.name_en, "quantity": meter.quantity,
                    "unit": meter.unit, "kind": meter.kind, "period": PERIOD,
                    "rated": None if meter.kind == "instant" else 1.6 * meter.size * subject.size,
                }
            )  # fmt: skip
        if electric := _electrics(subject):
            most = sum(meter.size for meter in electric) * subject.size
            found.append(
                {
                    "code": f"{subject.code}-main", "name": "总进线", "name_en": "Main feeder", "quantity": "electricity",
                    "unit": "kWh", "kind": "register", "period": PERIOD, "digits": 9, "rated": 1.8 * most,
                }
            )  # fmt: skip
    return found


def simulate(
    subjects: Sequence[Subject], start: datetime, end: datetime, *, seed: int, faults: Sequence[Fault] | float = 0.0
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Readings of `start < at <= end` at every quarter hour, and the key.

    `faults`: those to plant, or how many to plant a point and 30 days.
    """
    grid = _grid(start, end)
    planted = plan(subjects, start, end, seed=seed, rate=faults) if isinstance(faults, (int, float)) else list(faults)
    of: dict[str, list[Fault]] = {}
    for fault in planted:
        of.setdefault(fault.point, []).append(fault)
    frames = []
    for subject in subjects:
        whole = np.zeros(len(grid.at))
        for meter in KINDS[subject.kind]:
            code = f"{subject.code}-{meter.code}"
            clean = _values(meter, code, subject.size, grid, seed)
            added, kept = _planted(clean, meter.size * subject.size, of.get(code, []), grid)
            if meter.quantity == "electricity" and subject.kind != "hydro":
                # What really flows through the main meter too: a fault of the load, not one of the meter.
                whole += _planted(clean, meter.size * subject.size, _real(of.get(code, [])), grid)[0]
            frames.append(_frame(code, grid, added, kept))
        if _electrics(subject):
            code = f"{subject.code}-main"
            stand = np.floor(_random(seed, code, "stand").uniform(1e5, 9e6)) + np.cumsum(whole * 1.02)
            frames.append(_frame(code, grid, np.round(stand, 2), np.ones(len(stand), dtype=bool)))
    schema: dict[str, Any] = {
        "point": pl.String,
        "fault": pl.String,
        "start": pl.Datetime("us", "UTC"),
        "end": pl.Datetime("us", "UTC"),
        "size": pl.Float64,
    }
    key = pl.DataFrame(planted, schema=schema, orient="row").sort("point", "start")
    readings = (
        pl.concat(frames)
        if frames
        else pl.DataFrame(schema={"point": pl.String, "at": schema["start"], "value": pl.Float64})
    )
    return readings, key


def plan(subjects: Sequence[Subject], start: datetime, end: datetime, *, seed: int, rate: float) -> list[Fault]:
    """Faults at random, `rate` a point and 30 days, never two of a point at once."""
    days = (end - start).total_seconds() / 86_400
    found = []
    for subject in subjects:
        for meter in KINDS[subject.kind]:
            code = f"{subject.code}-{meter.code}"
            random = _random(seed, code, "faults")
            free = start
            for _number in range(int(random.poisson(rate * days / 30))):
                kind = str(random.choice(FAULTS))
                begun = start + timedelta(minutes=15 * int(random.integers(0, max(1, int(days * SLOTS)))))
                over = begun + max(
                    timedelta(seconds=PERIOD), timedelta(days=LASTS[kind] * float(random.uniform(0.6, 1.4)))
                )
                if begun >= free and over < end and (meter.kind == "interval" or kind in ("gap", "frozen")):
                    found.append(Fault(code, kind, begun, over, SIZES[kind]))
                    free = over + timedelta(days=2)
    return found


def weather(start: datetime, end: datetime, *, seed: int) -> pl.DataFrame:
    """`at temperature rain` at every quarter hour: made up, in °C and mm."""
    grid = _grid(start, end)
    return pl.DataFrame(
        {"at": grid.at, "temperature": _temperature(grid, seed), "rain": _rain(grid, seed)}
    ).with_columns(pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))


def is_workday(day: date) -> bool:
    """By the State Council's notice where there is one for the year, else by the week."""
    return _calendar(day)[0]


# ---------- time ----------


@dataclass(frozen=True)
class _Grid:
    """Quarter hours: ends of intervals (UTC, microseconds), the city's day and slot of each, and each day's calendar."""

    at: NDArray[np.datetime64]
    day: NDArray[np.int64]
    slot: NDArray[np.int64]
    days: tuple[date, ...]


def _grid(start: datetime, end: datetime) -> _Grid:
    first = int(start.timestamp()) // PERIOD + 1
    last = int(end.timestamp()) // PERIOD
    seconds = np.arange(first, last + 1, dtype=np.int64) * PERIOD
    local = seconds - PERIOD + 8 * 3600  # the city knows no summer time
    numbers = local // 86_400
    base = int(numbers[0]) if len(numbers) else 0
    epoch = date(1970, 1, 1)
    days = (
        tuple(epoch + timedelta(days=base + each) for each in range(int(numbers[-1]) - base + 1))
        if len(numbers)
        else ()
    )
    return _Grid((seconds * 1_000_000).astype("datetime64[us]"), numbers - base, local % 86_400 // PERIOD, days)


@lru_cache(maxsize=20_000)
def _calendar(day: date) -> tuple[bool, float]:
    """Whether people work, and what the Spring Festival leaves of industry (1: all)."""
    working, left = workdays.is_working(day), 1.0
    for away in range(-8, 11):
        name = workdays.holiday(day - timedelta(days=away))
        if name == "Spring Festival":
            distance = max(0, -away) / 8 if away < 0 else away / 10
            left = min(left, 0.25 + 0.75 * distance)
    return working, left


@lru_cache(maxsize=1)
def _shifts() -> dict[str, Values]:
    """How much of the work is done in each quarter hour of a day, 0 to 1."""
    hour = np.arange(SLOTS) / 4

    def between(low: float, high: float, ramp: float = 1.0) -> Values:
        return np.clip(np.minimum((hour - low) / ramp, (high - hour) / ramp), 0, 1)

    meals = between(5.5, 8, 0.5) + between(10, 13, 0.5) + between(16, 19, 0.5)
    return {
        "always": np.ones(SLOTS), "three": 1 - 0.12 * (between(7.5, 8.5, 0.25) + between(15.5, 16.5, 0.25)), "two": between(6, 22),
        "day": between(7.5, 18), "office": between(7, 18.5, 1.5) * (1 - 0.2 * between(12, 14, 0.5)), "meals": meals,
        "valley": 1 - 0.85 * between(8, 22), "night": 1 - between(6, 18.5, 0.5), "river": np.ones(SLOTS),
    }  # fmt: skip


# ---------- drivers ----------


def _random(seed: int, *names: object) -> np.random.Generator:
    digest = hashlib.sha256("/".join(map(str, (seed, *names))).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _drift(days: Sequence[date], seed: int, name: str, *, every: int) -> Values:
    """Smooth noise of the day (standard deviation about 1) that does not depend on where the window begins."""
    numbers = np.array([day.toordinal() for day in days], dtype=np.float64) / every
    knots = {int(each) for low in np.unique(np.floor(numbers)) for each in (low, low + 1)}
    told = {knot: float(_random(seed, name, knot).standard_normal()) for knot in knots}
    low = np.floor(numbers)
    part = numbers - low
    part = part * part * (3 - 2 * part)
    first, second = (np.array([told[int(each) + more] for each in low]) for more in (0, 1))
    return first * (1 - part) + second * part


def _temperature(grid: _Grid, seed: int) -> Values:
    if not grid.days:
        return np.zeros(0)
    of_year = np.array([day.timetuple().tm_yday for day in grid.days])
    daily = 16 - 12.5 * np.cos(2 * np.pi * (of_year - 18) / 365.25) + 3.5 * _drift(grid.days, seed, "weather", every=4)
    swing = 4.5 * np.sin(2 * np.pi * (grid.slot - 34) / SLOTS)
    return np.asarray(daily[grid.day] + swing, dtype=np.float64)


def _rain(grid: _Grid, seed: int) -> Values:
    """mm a quarter hour: more and heavier from May to August."""
    if not grid.days:
        return np.zeros(0)
    of_year = np.array([day.timetuple().tm_yday for day in grid.days])
    wet = 0.55 + 0.45 * np.cos(2 * np.pi * (of_year - 196) / 365.25)
    daily = np.clip(_drift(grid.days, seed, "rain", every=2) - 1.2 + 1.1 * wet, 0, None) * 24 * wet
    return np.asarray(daily[grid.day] / SLOTS, dtype=np.float64)


def _values(meter: Meter, code: str, size: float, grid: _Grid, seed: int) -> Values:
    """Of an interval its amount, of a moment its level."""
    if not grid.days:
        return np.zeros(0)
    noise = np.concatenate([_random(seed, code, day.toordinal()).standard_normal(SLOTS) for day in grid.days])
    noise = 1 + meter.noise * noise[grid.day * SLOTS + grid.slot]
    if meter.shift == "river":
        return np.asarray(_river(meter, size, grid, seed) * noise, dtype=np.float64)
    if meter.kind == "instant":
        return np.asarray(meter.size + abs(meter.size) * (noise - 1), dtype=np.float64)
    load = meter.base + (1 - meter.base) * _shifts()[meter.shift][grid.slot] * _work(meter, grid)[grid.day]
    if meter.batch:
        minutes = (grid.at.astype("datetime64[m]").astype(np.int64)) % (meter.batch * 2)
        load = load * np.where(minutes < meter.batch * 1.3, 1.25, 0.45)
    temperature = _temperature(grid, seed)
    load = load + meter.heat * np.clip(12 - temperature, 0, None) + meter.cool * np.clip(temperature - 22, 0, None)
    level = 1 + 0.05 * _drift(grid.days, seed, code, every=9)[grid.day]
    amount = np.clip(load * level * noise, 0, None) * meter.size * size * PERIOD / 3600
    return np.asarray(np.round(amount, 3), dtype=np.float64)


def _work(meter: Meter, grid: _Grid) -> Values:
    """What of a full day's work is done on each day."""
    found = []
    for day in grid.days:
        working, festival = _calendar(day)
        share = 1.0
        if not working:
            share = meter.weekend if day.weekday() >= 5 else meter.holiday
        if festival < 1 and meter.holiday < 1:
            share = min(share, meter.holiday + (1 - meter.holiday) * festival)
        if meter.months and day.month not in meter.months:
            share *= 0.05
        found.append(share)
    return np.array(found)


def _river(meter: Meter, size: float, grid: _Grid, seed: int) -> Values:
    """Inflow follows the rain of the last days; the station passes it on and never less than its ecological flow."""
    earlier = tuple(grid.days[0] - timedelta(days=each) for each in range(10, 0, -1))
    days = (*earlier, *grid.days)
    whole = _Grid(grid.at[:0], np.arange(len(days)), np.zeros(len(days), dtype=np.int64), days)
    rain = _rain(whole, seed) * SLOTS
    weights = 0.7 ** np.arange(10)
    flow = np.convolve(rain, weights)[: len(rain)][len(earlier) :] / 30 + 0.12
    flow = np.clip(flow, 0.06, 1.0)[grid.day]
    if meter.kind == "interval":
        return np.asarray(np.round(flow * meter.size * size * PERIOD / 3600, 3), dtype=np.float64)
    if meter.quantity == "level":
        return np.asarray(meter.size + 3 * (flow - 0.3), dtype=np.float64)
    return np.asarray(meter.size * size * flow, dtype=np.float64)


def _electrics(subject: Subject) -> list[Meter]:
    return [each for each in KINDS[subject.kind] if each.quantity == "electricity" and subject.kind != "hydro"]


# ---------- faults ----------


def _real(faults: Sequence[Fault]) -> list[Fault]:
    return [each for each in faults if each.fault in ("night", "leak", "drift")]


def _planted(values: Values, size: float, faults: Sequence[Fault], grid: _Grid) -> tuple[Values, NDArray[np.bool_]]:
    """Values with the faults in them, and which readings there are at all."""
    found, kept = values.copy(), np.ones(len(values), dtype=bool)
    quarter = size * PERIOD / 3600
    for each in faults:
        low, high = (np.datetime64(int(moment.timestamp() * 1e6), "us") for moment in (each.start, each.end))
        inside = np.flatnonzero((grid.at > low) & (grid.at <= high))
        if not len(inside):
            continue
        if each.fault == "gap":
            kept[inside] = False
        elif each.fault == "frozen":
            found[inside] = values[inside[0]]
        elif each.fault == "spike":
            found[inside[0]] = values[inside[0]] * each.size + quarter
        elif each.fault == "scale":
            found[inside] = values[inside] / each.size
        elif each.fault == "night":
            asleep = inside[(grid.slot[inside] < 24) | (grid.slot[inside] >= 88)]
            found[asleep] += each.size * quarter
        elif each.fault == "leak":
            found[inside] += each.size * quarter
        elif each.fault == "drift":
            found[inside] *= 1 + each.size * np.linspace(0, 1, len(inside))
    return found, kept


def _frame(code: str, grid: _Grid, values: Values, kept: NDArray[np.bool_]) -> pl.DataFrame:
    return pl.DataFrame({"at": grid.at[kept], "value": values[kept]}).select(
        point=pl.lit(code), at=pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"), value="value"
    )
