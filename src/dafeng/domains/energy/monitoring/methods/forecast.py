"""Load forecasts from the next day to the next week, with an 80 % band, and an honest score against two naive forecasts.

One model is pooled over all meters: LightGBM quantile trees (10, 50, 90 %) on the load of days already known, the calendar and,
where it is told, the temperature; each meter is scaled by its own recent level, so that a school and a steel mill teach each other.
Raw quantile bands cover too little (66 % were measured), so the band is calibrated by conformal prediction: on days that the trees
did not see, the band is widened on each side until it would have held (Romano, Patterson, Candès 2019, with the sides apart).
Where a meter has too little history the ladder goes down: `model` → `seasonal` (same slots of days alike, at the recent level) →
`median` (the recent median). Each row says on which rung it stands. Nothing here looks at a day that was not over.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from dafeng.domains.energy.monitoring.methods.calendar import Calendar, DayFacts, chinese, facts
from dafeng.domains.energy.monitoring.methods.profiles import Floats, Profiles

if TYPE_CHECKING:
    import lightgbm as lgb

log = logging.getLogger("dafeng.energy")

QUANTILES = (0.1, 0.5, 0.9)
COVERAGE = 0.8
HISTORY = 28
"""Days a meter needs before the trees may speak for it; also the days of its level."""
CALIBRATION = 28
"""Days kept from the trees to calibrate the band."""
ALIKE = 4
"""Days alike that are averaged."""
MODEL, SEASONAL, MEDIAN = "model", "seasonal", "median"
NAMES = (
    "yesterday", "before", "week", "fortnight", "alike", "alike_last", "last_mean", "last_end", "week_mean", "week_spread",
    "slot", "weekday", "group", "group_last", "before_off", "after_off", "season_sin", "season_cos", "lead", "temperature", "warmer",
    "meter",
)  # fmt: skip
_CATEGORIES = [NAMES.index(name) for name in ("weekday", "group", "group_last", "meter")]


def _shift(values: Floats, days: int) -> Floats:
    """The block as it was so many days before; NaN where there was none."""
    moved = np.full_like(values, np.nan)
    if days < values.shape[1]:
        moved[:, days:] = values[:, : values.shape[1] - days]
    return moved


def _trailing(daily: Floats, lead: int, days: int, least: int) -> Floats:
    """Mean of the last known days up to `lead` days before, (meters, days); NaN where fewer than `least` are known."""
    known = np.nan_to_num(daily, nan=0.0)
    counts = np.isfinite(daily).astype(np.float64)
    sums = np.concatenate([np.zeros((daily.shape[0], 1)), np.cumsum(known, axis=1)], axis=1)
    number = np.concatenate([np.zeros((daily.shape[0], 1)), np.cumsum(counts, axis=1)], axis=1)
    at = np.arange(daily.shape[1])
    high = np.clip(at - lead + 1, 0, None)
    low = np.clip(high - days, 0, None)
    total, count = sums[:, high] - sums[:, low], number[:, high] - number[:, low]
    return np.where(count >= least, total / np.maximum(count, 1), np.nan)


def _mean_of_days(values: Floats) -> Floats:
    """Daily means of at least half a day of slots, (meters, days)."""
    known = np.isfinite(values)
    count = known.sum(axis=2)
    total = np.where(known, values, 0.0).sum(axis=2)
    return np.where(count * 2 >= values.shape[2], total / np.maximum(count, 1), np.nan)


def _mean(stack: Floats) -> Floats:
    """Mean along the first axis of what is there; NaN where nothing is."""
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, stack, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def days_alike(values: Floats, group: npt.NDArray[np.int64], lead: int) -> tuple[Floats, Floats]:
    """Mean of the last `ALIKE` days of the same group that were known, and the last of them; (meters, days, slots) each."""
    mean, last = np.full_like(values, np.nan), np.full_like(values, np.nan)
    measured: npt.NDArray[np.bool_] = np.asarray(np.isfinite(values).any(axis=2).any(axis=0))
    for day in range(values.shape[1]):
        same = [
            each for each in range(max(0, day - 60), day - lead + 1) if group[each] == group[day] and measured[each]
        ]
        if not same and group[day] > 1:  # a rare day: take the days off
            same = [each for each in range(max(0, day - 60), day - lead + 1) if group[each] > 0 and measured[each]]
        if same:
            mean[:, day] = _mean(np.moveaxis(values[:, same[-ALIKE:]], 1, 0))
            last[:, day] = values[:, same[-1]]
    return mean, last


def features(
    profiles: Profiles, known: DayFacts, lead: int, temperature: Floats | None = None
) -> tuple[Floats, Floats]:
    """What was known `lead` days before: (meters, days, slots, features), and the level of each meter that scales it (meters, days).

    `temperature`: °C by (days, slots), or by (meters, days, slots) where meters lie apart; None where nobody told.
    """
    values = profiles.values
    meters, days, slots = values.shape
    daily = _mean_of_days(values)
    level = _trailing(np.abs(daily), lead, HISTORY, 7)
    level = np.where(level > 0, level, np.nan)
    scaled_by = level[:, :, None]
    weeks = -(-lead // 7)
    alike, alike_last = days_alike(values, known.group, lead)
    yesterday = _shift(values, lead)
    end = _mean(np.moveaxis(yesterday[:, :, -max(1, slots // 8) :], 2, 0))
    week_mean = _trailing(daily, lead, 7, 3)
    squares = _trailing(daily**2, lead, 7, 3)
    spread = np.sqrt(np.maximum(squares - week_mean**2, 0.0))
    day_of_year = np.array([each.timetuple().tm_yday for each in known.days]) * (2 * np.pi / 365.25)
    group_last = np.concatenate([np.full(min(lead, days), -1), known.group[: max(days - lead, 0)]])
    warm = np.broadcast_to(np.full((days, slots), np.nan) if temperature is None else temperature, values.shape)
    warmer = warm - _shift(warm, lead)

    def by_day(column: npt.NDArray[Any]) -> Floats:
        return np.broadcast_to(column[None, :, None], values.shape).astype(np.float64)

    def by_meter_day(column: Floats) -> Floats:
        return np.broadcast_to((column / level)[:, :, None], values.shape)

    columns = [
        yesterday / scaled_by, _shift(values, lead + 1) / scaled_by,
        _shift(values, 7 * weeks) / scaled_by, _shift(values, 7 * weeks + 7) / scaled_by,
        alike / scaled_by, alike_last / scaled_by,
        by_meter_day(_shift(daily[:, :, None], lead)[:, :, 0]), by_meter_day(end), by_meter_day(week_mean), by_meter_day(spread),
        np.broadcast_to(np.arange(slots, dtype=np.float64), values.shape), by_day(known.weekday), by_day(known.group),
        by_day(group_last), by_day(known.before_off), by_day(known.after_off), by_day(np.sin(day_of_year)), by_day(np.cos(day_of_year)),
        np.full(values.shape, float(lead)), warm, warmer,
        np.broadcast_to(np.arange(meters, dtype=np.float64)[:, None, None], values.shape),
    ]  # fmt: skip
    return np.stack(columns, axis=-1), level


@dataclass(frozen=True)
class Model:
    """The trees of each quantile, the widening of each meter's band, and what it was made from."""

    trees: tuple[lgb.Booster, ...]
    lower: Floats
    upper: Floats
    lead: int
    meters: tuple[Any, ...]
    rows: int
    trained_to: str


def _library() -> Any:
    """LightGBM, loaded when it is asked for; None where the machine lacks what it links to (libgomp1)."""
    try:
        import lightgbm
    except OSError as error:
        log.warning("no trees: %s; forecasts come from the rungs below the model", error)
        return None
    return lightgbm


def _fit(library: Any, rows: Floats, target: Floats, quantile: float, rounds: int) -> lgb.Booster:
    data = library.Dataset(rows, target, categorical_feature=_CATEGORIES, free_raw_data=True, params={"verbosity": -1})
    settings = {
        "objective": "quantile", "alpha": quantile, "learning_rate": 0.08, "num_leaves": 47, "min_data_in_leaf": 60,
        "feature_fraction": 0.8, "bagging_fraction": 0.8, "bagging_freq": 1, "seed": 7, "deterministic": True, "num_threads": 2 if len(target) > 50_000 else 1,
        "verbosity": -1, "max_bin": 127,
    }  # fmt: skip
    trees: lgb.Booster = library.train(settings, data, num_boost_round=rounds)
    return trees


def train(
    profiles: Profiles,
    *,
    calendar: Calendar = chinese,
    lead: int = 1,
    temperature: Floats | None = None,
    rounds: int = 160,
    calibration: int = CALIBRATION,
) -> Model | None:
    """Fit on all but the last `calibration` days, calibrate on those. None when the history is too short for either, or the
    machine cannot grow trees."""
    days = len(profiles.days)
    split = days - calibration
    if split < HISTORY + 14:
        return None
    rows, level = features(profiles, facts(profiles.days, calendar), lead, temperature)
    target = profiles.values / level[:, :, None]
    usable = np.isfinite(target) & np.isfinite(level)[:, :, None] & np.isfinite(rows[..., NAMES.index("yesterday")])
    taught = usable.copy()
    taught[:, split:] = False
    if taught.sum() < 500 or (library := _library()) is None:
        return None
    trees = tuple(_fit(library, rows[taught], target[taught], quantile, rounds) for quantile in QUANTILES)
    held = usable.copy()
    held[:, :split] = False
    lower, upper = widening(_quantiles(trees, rows, held), target, held)
    return Model(trees, lower, upper, lead, profiles.meters, int(taught.sum()), profiles.days[-1].isoformat())


def _quantiles(trees: tuple[lgb.Booster, ...], rows: Floats, where: npt.NDArray[np.bool_]) -> Floats:
    """(3, meters, days, slots), in order (quantiles of separate fits may cross); NaN elsewhere."""
    found = np.full((3, *where.shape), np.nan)
    if where.any():
        told = np.sort(np.stack([np.asarray(each.predict(rows[where])) for each in trees]), axis=0)
        found[:, where] = told
    return found


def widening(told: Floats, target: Floats, held: npt.NDArray[np.bool_], *, least: int = 100) -> tuple[Floats, Floats]:
    """How far each meter's band must be moved out below and above so that it holds 80 %: conformal, the two sides apart.

    Of n calibration scores the one of rank ceil((n + 1) × 0.9) is taken on each side. A meter with few scores takes the pooled one.
    """
    tail = (1 - COVERAGE) / 2
    lower, upper = np.zeros(len(target)), np.zeros(len(target))
    for number, scores in ((0, told[0] - target), (1, target - told[2])):
        side = (lower, upper)[number]
        pooled = _rank(scores[held], 1 - tail)
        for meter in range(len(target)):
            own = scores[meter][held[meter]]
            side[meter] = _rank(own, 1 - tail) if own.size >= least else pooled
    return lower, upper


def _rank(scores: Floats, level: float) -> float:
    if not scores.size:
        return 0.0
    place = min(int(np.ceil((scores.size + 1) * level)), scores.size) - 1
    return float(np.partition(scores, place)[place])


def predict(
    model: Model | None,
    profiles: Profiles,
    *,
    calendar: Calendar = chinese,
    temperature: Floats | None = None,
    first: int,
    lead: int = 1,
) -> pl.DataFrame:
    """Forecasts of all days from number `first` on, each made `lead` days before: `point at value low high rung`.

    `profiles` may end in empty days (`Profiles.extended`): those are what is to come.
    """
    known = facts(profiles.days, calendar)
    rows, level = features(profiles, known, lead, temperature)
    told, rung = _ladder(profiles, rows, level, first)
    if model is not None:
        where = np.isfinite(level)[:, :, None] & np.isfinite(rows[..., NAMES.index("yesterday")])
        enough = np.isfinite(_mean_of_days(profiles.values)).cumsum(axis=1)
        where &= (
            np.concatenate([np.zeros((len(enough), lead)), enough[:, : enough.shape[1] - lead]], axis=1) >= HISTORY
        )[:, :, None]
        where[:, :first] = False
        found = _quantiles(model.trees, rows, where)
        found[0] -= model.lower[:, None, None]
        found[2] += model.upper[:, None, None]
        found = np.sort(found, axis=0) * level[None, :, :, None]
        told = np.where(where[None], found, told)
        rung = np.where(where, 0, rung)
    return _frame(profiles, told, rung, first)


def _ladder(profiles: Profiles, rows: Floats, level: Floats, first: int) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The rungs below the model: days alike at the recent level, then the recent median, each with the band of its own errors."""
    values = profiles.values
    scale = level[:, :, None]
    alike = rows[..., NAMES.index("alike")] * scale
    told = np.full((3, *values.shape), np.nan)
    rung = np.full(values.shape, 2)
    errors = (values - alike)[:, :first]
    for meter in range(len(values)):
        history = values[meter, :first]
        history = history[np.isfinite(history)]
        recent = history[-HISTORY * profiles.slots :]
        if recent.size:
            told[:, meter] = np.quantile(recent, QUANTILES)[:, None, None]
        own = errors[meter][np.isfinite(errors[meter])]
        if own.size >= 7 * profiles.slots:
            low, high = np.quantile(own, (QUANTILES[0], QUANTILES[2]))
            there = np.isfinite(alike[meter])
            rung[meter][there] = 1
            told[:, meter, there] = alike[meter][there] + np.array([[min(low, 0.0)], [0.0], [max(high, 0.0)]])
    return told, rung


def _frame(profiles: Profiles, told: Floats, rung: npt.NDArray[np.int64], first: int) -> pl.DataFrame:
    rungs = (MODEL, SEASONAL, MEDIAN)
    columns: dict[str, list[Any]] = {name: [] for name in ("point", "at", "value", "low", "high", "rung")}
    for row, meter in enumerate(profiles.meters):
        for day in range(first, len(profiles.days)):
            for slot in range(profiles.slots):
                low, value, high = told[:, row, day, slot]
                if not np.isfinite(value):
                    continue
                for name, what in zip(
                    columns, (meter, profiles.at(day, slot), value, low, high, rungs[rung[row, day, slot]]), strict=True
                ):
                    columns[name].append(what)
    return pl.DataFrame(
        columns,
        schema_overrides={
            "at": pl.Datetime("us"),
            "value": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
            "rung": pl.String,
        },
    )


@dataclass(frozen=True)
class Score:
    """How a forecast did beside two that need no model. `mape`s leave out slots below a twentieth of the meter's mean."""

    mape: float
    mape_yesterday: float
    mape_week: float
    coverage: float
    count: int

    @property
    def ratio(self) -> float:
        """Error in parts of that of the same slot yesterday."""
        return self.mape / self.mape_yesterday


def score(profiles: Profiles, told: pl.DataFrame, *, lead: int = 1) -> Score | None:
    """Forecasts against what came. None when nothing of it has come yet.

    MAPE is the mean over meters of each meter's own mean absolute percentage error, so that no meter speaks for the rest.
    """
    rows = {meter: row for row, meter in enumerate(profiles.meters)}
    start = profiles.days[0]
    place = told.select(
        pl.col("point").replace_strict(rows, return_dtype=pl.Int64).alias("meter"),
        (pl.col("at").dt.date() - pl.lit(start)).dt.total_days().alias("day"),
        ((pl.col("at").dt.hour().cast(pl.Int64) * 60 + pl.col("at").dt.minute()) * profiles.slots // 1440).alias(
            "slot"
        ),
    )
    where = tuple(place[name].to_numpy() for name in ("meter", "day", "slot"))
    actual = profiles.values[where]
    weeks = 7 * -(-lead // 7)
    yesterday, week = (_shift(profiles.values, days)[where] for days in (lead, weeks))
    floor = 0.05 * np.nan_to_num(_mean(profiles.values.reshape(len(rows), -1).T), nan=0.0)[where[0]]
    counted = np.isfinite(actual) & np.isfinite(yesterday) & np.isfinite(week) & (actual > floor)
    if not counted.any():
        return None

    def mape(guess: Floats) -> float:
        errors = np.abs(guess - actual)[counted] / actual[counted]
        meters = where[0][counted]
        return float(np.mean([errors[meters == each].mean() for each in np.unique(meters)]))

    low, high = told["low"].to_numpy(), told["high"].to_numpy()
    measured = np.isfinite(actual)
    inside = (actual >= low) & (actual <= high)
    return Score(
        mape(told["value"].to_numpy()), mape(yesterday), mape(week), float(inside[measured].mean()), int(counted.sum())
    )


def rolling(
    profiles: Profiles, *, first: int, every: int = 28, calendar: Calendar = chinese, lead: int = 1, temperature: Floats | None = None,
    rounds: int = 160,
) -> tuple[pl.DataFrame, Score | None]:  # fmt: skip
    """Rolling origin: from day `first` on, train anew every `every` days on what was known, forecast until the next training."""
    parts = []
    for origin in range(first, len(profiles.days), every):
        model = train(
            profiles.until(origin),
            calendar=calendar,
            lead=lead,
            temperature=None if temperature is None else temperature[..., :origin, :],
            rounds=rounds,
        )
        end = min(origin + every, len(profiles.days))
        block = profiles.until(end)
        warm = None if temperature is None else temperature[..., :end, :]
        parts.append(predict(model, block, calendar=calendar, temperature=warm, first=origin, lead=lead))
    told = pl.concat(parts)
    return told, score(profiles, told, lead=lead)
