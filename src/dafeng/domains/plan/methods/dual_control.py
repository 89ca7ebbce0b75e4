"""Energy and CO2 per yuan of output as the dual-control system reckons them, and what follows from red months.

Money is at the constant price of the base year; feedstock energy is out of both years, new renewable power is out of the
assessed year's *total* but stays in the *intensity*. Every rule carries its source and a letter for how well it is known
(`dual_control.toml`): what is known from memory only (D) or in conflict (X) is marked 待确认 and is no default, so the
caller has to choose it by name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import polars as pl

from dafeng.domains.plan.methods.intensities import (
    co2_intensity,
    constant_price_gdp,
    controlled_total,
    energy_intensity,
    geometric_split,
    linear_split,
)
from dafeng.domains.plan.methods.observations import Said
from dafeng.kernel.errors import PlanError
from dafeng.kernel.quantities.periods import Period
from dafeng.kernel.scoring import LightRules, lights, read_light_rules

HOME = Path(str(files(__package__)))
UNCONFIRMED = ("D", "X")
SPLITS = ("geometric", "linear")


@dataclass(frozen=True)
class Rule:
    """One rule with its source. `confirmed` is false for letters D and X."""

    id: str
    letter: str
    text: Said
    source: str
    standing: Said

    @property
    def confirmed(self) -> bool:
        return self.letter not in UNCONFIRMED


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by id."""
    data = tomllib.loads((HOME / "dual_control.toml").read_text("utf-8"))
    letters = data["letters"]
    return {
        row["id"]: Rule(
            row["id"], row["letter"], Said(row["zh"], row["en"]), row["source"],
            Said(letters[row["letter"]]["zh"], letters[row["letter"]]["en"]),
        )
        for row in data["rule"]
    }  # fmt: skip


# ---------------------------------------------------------------- the constant-price chain


def gdp_chain(base_year: int, base: float, indices: Mapping[int, float]) -> dict[int, float]:
    """GDP at the price of `base_year`, in the unit of `base`. `indices`: year → volume index on the year before (1.05).

    The chain stops at the first year without an index: nothing is interpolated. Years before the base are reckoned back.
    Raises `PlanError` for an index that is not positive or looks like a percentage (105).
    """
    for year, index in indices.items():
        if not 0 < index < 3:
            raise PlanError(
                f"{year} 年的可比价指数是 {index:g}", expected="以上年为 1 的指数，如 1.05；不是 105，也不是增速 5"
            )
    found = {base_year: base}
    for year in range(base_year + 1, max(indices, default=base_year) + 1):
        if year not in indices:
            break
        found[year] = constant_price_gdp(found[year - 1], indices[year])
    for year in range(base_year, min(indices, default=base_year) - 1, -1):
        if year not in indices:
            break
        found[year - 1] = found[year] / indices[year]
    return dict(sorted(found.items()))


# ---------------------------------------------------------------- progress over the five years


@dataclass(frozen=True)
class Year:
    """What one year's test needs. Energy and deductions in tce, CO2 in t, GDP at constant price in 万元; None is missing."""

    year: int
    gdp: float | None
    energy: float | None = None
    feedstock: float | None = None
    renewable: float | None = None
    co2: float | None = None


@dataclass(frozen=True)
class Tested:
    """One year against its share of the five-year target. Falls are shares (0.15 is 15 %)."""

    year: int
    intensity: float | None
    fall: float | None
    yearly_fall: float | None
    required: float
    yearly_required: float
    ahead: float | None
    met: bool | None
    total: float | None
    why: tuple[Said, ...] = ()


@dataclass(frozen=True)
class FiveYears:
    """The test of a five-year target. `standing` says which rules are unconfirmed and must be shown as 待确认."""

    measure: str
    target: float
    base_year: int
    last_year: int
    split: str
    years: tuple[Tested, ...]
    standing: tuple[Rule, ...]

    @property
    def unconfirmed(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.standing if not rule.confirmed)


def five_years(
    given: Iterable[Year], *, target: float, base_year: int, last_year: int, measure: str, split: str
) -> FiveYears:
    """How far intensity has fallen each year, against the five-year target and its yearly split.

    `measure`: energy or co2; `target`: 0.15 for 15 %; `split`: geometric (equal rate) or linear, no default, because no
    official text was found. Energy needs `feedstock` of both years: a confirmed 0 is written as 0, a missing one leaves
    the year untested and says so.
    """
    if measure not in ("energy", "co2"):
        raise PlanError(f"不认识的强度“{measure}”", expected="energy 或 co2")
    if split not in SPLITS:
        raise PlanError(f"不认识的分解办法“{split}”", expected="、".join(SPLITS), mend="没有官方分解办法，请由本市选定")
    if not 0 < target < 1 or last_year <= base_year:
        raise PlanError("五年目标不对", expected="target 如 0.15，last_year 晚于 base_year")
    by_year = {each.year: each for each in given}
    base, base_why = _intensity(by_year.get(base_year), base_year, measure)
    renewable_base = by_year[base_year].renewable if base_year in by_year else None
    length, found = last_year - base_year, []
    before: float | None = base
    for year in range(base_year + 1, last_year + 1):
        own, why = _intensity(by_year.get(year), year, measure)
        required = required_fall(target, year - base_year, length, split=split)
        remaining = (1 - required) / (1 - required_fall(target, year - 1 - base_year, length, split=split))
        fall = 1 - own / base if own is not None and base else None
        found.append(
            Tested(
                year=year, intensity=own, fall=fall,
                yearly_fall=1 - own / before if own is not None and before else None,
                required=required, yearly_required=1 - remaining,
                ahead=None if fall is None else fall - required,
                met=None if fall is None else fall >= required - 1e-12,
                total=_total(by_year.get(year), renewable_base) if measure == "energy" else None,
                why=(*base_why, *why),
            )
        )  # fmt: skip
        before = own
    used = (
        "formula",
        "yearly_split",
        "five_year",
        *(("feedstock", "arithmetic") if measure == "energy" else ("carbon",)),
    )
    return FiveYears(measure, target, base_year, last_year, split, tuple(found), tuple(rules()[name] for name in used))


def required_fall(target: float, elapsed: float, years: float, *, split: str) -> float:
    """The fall due after `elapsed` of `years` (1.5 is the middle of the second year), as a share."""
    if split == "geometric":
        return float(geometric_split(1 - target, elapsed, years))
    return float(linear_split(target, elapsed, years))


def _intensity(given: Year | None, year: int, measure: str) -> tuple[float | None, tuple[Said, ...]]:
    needed = {"gdp": "可比价地区生产总值", "energy": "能源消费总量", "feedstock": "原料用能（确认没有请填 0）"}
    if measure == "co2":
        needed = {"gdp": "可比价地区生产总值", "co2": "二氧化碳排放量"}
    lacking = [(name, words) for name, words in needed.items() if given is None or getattr(given, name) is None]
    if lacking or given is None:
        words = "、".join(words for _, words in lacking)
        return None, (Said(f"{year} 年缺{words}", f"{year} lacks {', '.join(name for name, _ in lacking)}"),)
    if not given.gdp or given.gdp <= 0:
        return None, (Said(f"{year} 年地区生产总值不是正数", f"GDP of {year} is not positive"),)
    if measure == "co2":
        return co2_intensity(given.co2, given.gdp), ()
    return energy_intensity(given.energy, given.feedstock, given.gdp), ()


def _total(given: Year | None, renewable_base: float | None) -> float | None:
    if given is None or renewable_base is None or None in (given.energy, given.feedstock, given.renewable):
        return None
    return float(controlled_total(given.energy, given.feedstock, given.renewable, renewable_base))


def total_assessed(fall: float | None, incentive_target: float | None) -> tuple[bool | None, Said]:
    """Whether the total is assessed: not where the incentive target of the intensity is met (rule `binding`)."""
    if fall is None or incentive_target is None:
        return None, Said("没有降低率或激励目标，不能判断是否考核总量", "no fall or no incentive target")
    if fall >= incentive_target - 1e-12:
        return False, Said("达到激励目标，不考核总量", "the incentive target is met: the total is not assessed")
    return True, Said("未达到激励目标，考核总量", "the incentive target is not met: the total is assessed")


# ---------------------------------------------------------------- months


@cache
def light_rules() -> LightRules:
    """The monthly lights with their escalations."""
    return read_light_rules(HOME / "dual_control_lights.toml")


@dataclass(frozen=True)
class Consequence:
    """What a county owes after a light: measure (remind, limit, suspend), since when, by which rule."""

    county: str
    period: str
    measure: str
    title: Said
    streak: int
    rule: Rule


def monthly_lights(months: Sequence[tuple[str, str, float | None, float | None]]) -> pl.DataFrame:
    """Lights of counties by month. `months`: (county, period, fall %, required fall %), year to date on last year's.

    Columns as in `kernel.scoring.lights`: subject, light, label, title, rule, status, period, streak, escalation.
    """
    rows = []
    for county, period, fall, required in months:
        if Period.parse(period).month is None:
            raise PlanError(f"{county} 的时期“{period}”不是月份", expected="如 2026-03")
        rows.append((county, period, "plan.dual_control.fall", fall))
        rows.append((county, period, "plan.dual_control.required", required))
    schema = {"subject": pl.String, "period": pl.String, "indicator": pl.String, "value": pl.Float64}
    return lights(light_rules(), pl.DataFrame(rows, schema=schema, orient="row"))


def consequences(found: pl.DataFrame, *, missed_years: Iterable[tuple[str, int]] = ()) -> list[Consequence]:
    """What follows for each county: a reminder at the second red month in a row, a regional limit from the third on, and
    a suspension of reviews for every (county, year) that missed its yearly target. In order of period and county.
    """
    rule, made = rules()["red_months"], []
    for row in found.filter((pl.col("light") == "red") & (pl.col("streak") >= 2)).iter_rows(named=True):
        limit = row["streak"] >= 3
        title = Said("节能审查区域限批", "regional limit on energy reviews") if limit else Said("提醒", "reminder")
        made.append(
            Consequence(row["subject"], row["period"], "limit" if limit else "remind", title, row["streak"], rule)
        )
    for county, year in missed_years:
        title = Said(
            "暂停节能审查（民生和基础设施除外）", "energy reviews suspended, except livelihood and infrastructure"
        )
        made.append(Consequence(county, str(year), "suspend", title, 0, rules()["missed_year"]))
    return sorted(made, key=lambda each: (each.period, each.county))
