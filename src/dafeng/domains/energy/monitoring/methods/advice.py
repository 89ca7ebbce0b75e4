"""What would save: each measure computed on the firm's own curve and its own prices, for a year of days like those measured.

What moves load keeps the day's total and never raises the highest load that was measured. A rule of thumb is told with its
standing; what rests on one that nobody checked shows as 待确认 and is not published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from dafeng.domains.energy.monitoring.methods.profiles import Floats
from dafeng.domains.energy.monitoring.methods.tariffs import FLAT, PEAK, SHARP, VALLEY, Tariff

YEAR = 365.0
PER_BAR = 0.07
PER_BAR_SOURCE = "压缩空气系统节能经验值：排气压力每降低 0.1 MPa，电耗约降 7%（凭记忆，未核实）"
MOVABLE = 0.2
"""Part of the peak's use that is taken as movable unless the firm says otherwise: ours, to be set by the firm."""


@dataclass(frozen=True)
class Advice:
    """Savings of a year. `kwh` 0 for what saves money alone. `standing`: the weakest of what it rests on."""

    kind: str
    kwh: float
    yuan: float
    standing: str
    facts: dict[str, float] = field(default_factory=dict)
    source: str = ""


def _yearly(total: float, days: int) -> float:
    return total * YEAR / days


def valley_shift(
    load: Floats, days: Sequence[date], tariff: Tariff, flat: float, *, movable: float = MOVABLE
) -> Advice | None:
    """Move a part of the peak's use into the valley of the same day, as far as there is room under the highest load. `load`: kWh (days, slots)."""
    use = np.nan_to_num(load)
    periods = tariff.periods(days, use.shape[1])
    prices = tariff.prices(days, use.shape[1], flat)
    top = float(use.max())
    saved = moved_all = 0.0
    for day in range(use.shape[0]):
        dear, cheap = np.isin(periods[day], (SHARP, PEAK)), periods[day] == VALLEY
        room = float((top - use[day])[cheap].sum())
        wanted = movable * float(use[day][dear].sum())
        moved = min(wanted, room)
        if moved <= 0:
            continue
        taken = moved / wanted * movable * use[day] * dear
        given = moved * np.where(cheap, top - use[day], 0.0) / room
        saved += float((taken * prices[day]).sum() - (given * prices[day]).sum())
        moved_all += moved
    if saved <= 0:
        return None
    facts_of = {"moved": _yearly(moved_all, use.shape[0]), "movable": movable, "flat": flat}
    return Advice("valley_shift", 0.0, _yearly(saved, use.shape[0]), tariff.weakest, facts_of, tariff.source)


def demand_charge(
    load: Floats, hours: float, *, per_kw: float, capacity: float, per_kva: float, months: int = 12
) -> Advice | None:
    """Pay by the highest demand instead of by transformer capacity, where that costs less. Prices: yuan a month, the firm's own.

    The demand is the highest mean of a slot of each month measured; a slot of an hour understates a quarter-hour demand, which the page says.
    """
    use = load[np.isfinite(load)]
    if not use.size or capacity <= 0:
        return None
    demand = float(use.max() / hours)
    by_demand, by_capacity = demand * per_kw, capacity * per_kva
    if by_demand >= by_capacity:
        return None
    facts_of = {
        "demand": demand,
        "capacity": capacity,
        "by_demand": by_demand * months,
        "by_capacity": by_capacity * months,
    }
    return Advice("demand_charge", 0.0, (by_capacity - by_demand) * months, "reported", facts_of)


def peak_shaving(load: Floats, hours: float, *, per_kw: float, slots: int = 20) -> Advice | None:
    """Hold the demand at what all but the highest `slots` slots need: what a month's demand charge would fall."""
    use = np.sort(load[np.isfinite(load)])
    if use.size <= 10 * slots or per_kw <= 0:
        return None
    top, held = float(use[-1] / hours), float(use[-slots - 1] / hours)
    if top - held < 0.03 * top:
        return None
    facts_of = {"top": top, "held": held, "slots": float(slots)}
    return Advice("peak_shaving", 0.0, (top - held) * per_kw * 12, "reported", facts_of)


def night_shutdown(load: Floats, days: Sequence[date], tariff: Tariff | None, flat: float) -> Advice | None:
    """Bring every night (0–5 h) down to the meter's own best decile of nights."""
    use = np.nan_to_num(load)
    night = slice(0, use.shape[1] * 5 // 24)
    best = float(np.quantile(use[:, night].mean(axis=1), 0.1))
    excess = np.maximum(use[:, night] - best, 0.0)
    if excess.sum() <= 0.01 * use.sum():
        return None
    prices = np.full(use.shape, flat) if tariff is None else tariff.prices(days, use.shape[1], flat)
    return Advice(
        "night_shutdown", _yearly(float(excess.sum()), use.shape[0]), _yearly(float((excess * prices[:, night]).sum()), use.shape[0]),
        "reported" if tariff is None else tariff.weakest, {"best": best}, "" if tariff is None else tariff.source,
    )  # fmt: skip


def compressor_pressure(load: Floats, flat: float, *, lower_by: float) -> Advice | None:
    """Lower the delivery pressure of compressed air by so many MPa (0.1 MPa: about 7 % of the electricity, a rule of thumb)."""
    use = float(np.nansum(load))
    if use <= 0 or lower_by <= 0:
        return None
    saved = _yearly(use * PER_BAR * lower_by / 0.1, load.shape[0])
    return Advice(
        "compressor_pressure", saved, saved * flat, "memory", {"lower_by": lower_by, "per_bar": PER_BAR}, PER_BAR_SOURCE
    )


def bill(load: Floats, days: Sequence[date], tariff: Tariff | None, flat: float) -> dict[str, tuple[float, float]]:
    """kWh and yuan by period."""
    use = np.nan_to_num(load)
    if tariff is None:
        return {FLAT: (float(use.sum()), float(use.sum() * flat))}
    periods, prices = tariff.periods(days, use.shape[1]), tariff.prices(days, use.shape[1], flat)
    return {
        period: (float(use[periods == period].sum()), float((use * prices)[periods == period].sum()))
        for period in (SHARP, PEAK, FLAT, VALLEY)
        if (periods == period).any()
    }
