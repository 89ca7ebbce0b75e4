"""Time-of-use tariffs: which period an hour belongs to, and what the period does to a price. Dated data in `tariffs.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dafeng.domains.energy.monitoring.methods.conversion import weakest
from dafeng.domains.energy.monitoring.methods.profiles import Floats

SHARP, PEAK, FLAT, VALLEY = "sharp", "peak", "flat", "valley"
PERIODS = (SHARP, PEAK, FLAT, VALLEY)
_FIRST_TO_LAST = (VALLEY, PEAK, SHARP)  # a sharp hour lies within the peak: the later word counts


@dataclass(frozen=True)
class Tariff:
    """`seasons`: month → period of each of the 24 hours. `ratios`: period → factor on the flat price."""

    code: str
    region: str
    title: str
    title_en: str
    valid_from: date
    source: str
    standing: str
    standing_of_ratios: str
    note: str
    ratios: Mapping[str, float]
    seasons: Mapping[int, tuple[str, ...]]

    @property
    def weakest(self) -> str:
        return weakest([self.standing, self.standing_of_ratios])

    def periods(self, days: Sequence[date], slots: int) -> npt.NDArray[np.str_]:
        """The period of each slot, (days, slots)."""
        hours = np.arange(slots) * 24 // slots
        return np.array([[self.seasons[day.month][hour] for hour in hours] for day in days])

    def prices(self, days: Sequence[date], slots: int, flat: float) -> Floats:
        """Yuan a kWh of each slot for a flat price, (days, slots)."""
        periods = self.periods(days, slots)
        return np.vectorize(lambda period: flat * self.ratios[period], otypes=[float])(periods)


def _read(raw: Mapping[str, Any]) -> Tariff:
    seasons: dict[int, tuple[str, ...]] = {}
    for season in raw["season"]:
        hours = [FLAT] * 24
        for period in _FIRST_TO_LAST:
            for start, end in season.get(period, []):
                hours[start:end] = [period] * (end - start)
        for month in season["months"]:
            if month in seasons:
                raise ValueError(f"tariffs.toml: {raw['code']} names month {month} twice")
            seasons[month] = tuple(hours)
    if sorted(seasons) != list(range(1, 13)):
        raise ValueError(f"tariffs.toml: {raw['code']} must name every month once")
    words = {
        name: raw[name]
        for name in (
            "code",
            "region",
            "title",
            "title_en",
            "valid_from",
            "source",
            "standing",
            "standing_of_ratios",
            "note",
        )
    }
    return Tariff(**words, ratios=raw["ratios"], seasons=seasons)


@lru_cache(maxsize=1)
def tariffs() -> tuple[Tariff, ...]:
    text = (Path(__file__).parent / "tariffs.toml").read_text(encoding="utf-8")
    return tuple(_read(raw) for raw in tomllib.loads(text)["tariff"])


def tariff_of(region: str, on: date) -> Tariff | None:
    """The tariff in force in a province on a day; None where none is known."""
    known = [each for each in tariffs() if each.region == region and each.valid_from <= on]
    return max(known, key=lambda each: each.valid_from, default=None)
