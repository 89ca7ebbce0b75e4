"""The five-year test of the dual control of energy and carbon: the yearly split of each intensity target, published and explained.

A target of a plan that lowers energy or CO2 per output gives a series of years. What a year lacks is published as NE with the
words for it and with who supplies it; the split over the years is chosen by the city (`Target.settled["split"]`), because no
official text was found, and until then nothing is required of a year. The formulas are those of `methods/intensities`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dafeng.domains.plan import bindings
from dafeng.domains.plan.methods.dual_control import (
    SPLITS,
    FiveYears,
    Tested,
    Year,
    five_years,
    required_fall,
    total_assessed,
)
from dafeng.domains.plan.methods.intensities import renewable_energy
from dafeng.domains.plan.models import Target
from dafeng.domains.plan.services import computed, targets
from dafeng.domains.plan.services.computed import (
    CO2_INTENSITY,
    ENERGY,
    FEEDSTOCK,
    GAS,
    GDP,
    INDIRECT,
    INTENSITY,
    Cell,
    Cells,
)
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Run, Value

KIND = "five-years"
RENEWABLE, ELECTRICITY = "plan.reported.renewable_power", "plan.reported.renewable_electricity"
INCENTIVE = "plan.reported.energy_incentive_target"
COEFFICIENT = 0.1229  # kgce/kWh, GB/T 2589-2020
MEASURES = {INTENSITY: "energy", CO2_INTENSITY: "co2"}
ROWS = {
    "intensity": ("强度（可比价）", ""),
    "fall": ("比基年累计降低率", "%"),
    "required": ("按分解应累计降低率", "%"),
    "yearly_fall": ("当年降低率", "%"),
    "yearly_required": ("按分解当年应降低率", "%"),
    "met": ("是否达到进度（1 是）", "1"),
    "total": ("计入总量考核的能耗", "tce"),
    "total_assessed": ("是否考核总量（1 是）", "1"),
}
UNITS = {"energy": "tce/万元", "co2": "t CO2/万元"}
# What a year needs, in the words of the register, with the cells that bring it.
NEEDED = {
    "energy": {"gdp": (GDP,), "energy": (ENERGY,), "feedstock": (FEEDSTOCK,), "renewable": (RENEWABLE, ELECTRICITY)},
    "co2": {"gdp": (GDP,), "co2": (GAS, INDIRECT)},
}


def code_of(measure: str, name: str) -> str:
    return f"plan.five_years.{measure}.{name}"


def names() -> dict[str, tuple[str, str]]:
    """Code → (name, unit) of all that is published."""
    titles = {"energy": "能耗强度", "co2": "碳排放强度"}
    found = {}
    for measure, title in titles.items():
        for name, (words, unit) in ROWS.items():
            if measure == "energy" or not name.startswith("total"):
                found[code_of(measure, name)] = (f"{title}：{words}", unit or UNITS[measure])
    return found


def tested(city: str) -> list[Target]:
    """Targets of the plans that hold which lower an intensity between two years: the city's and the counties'."""
    rows = targets.holding(city).filter(binding__in=MEASURES, kind="relative_change", direction="decrease", subject="")
    rows = rows.filter(baseline_year__isnull=False, year__isnull=False, low__gt=0, low__lt=100)
    return [
        each
        for each in rows.order_by("place", "binding", "plan_id", "pk")
        if (each.baseline_year or 0) < (each.year or 0)
    ]


def refresh(city: str, cells: Cells, *, now: datetime, by: Any) -> Run | None:
    """Publish every tested target's years. `cells`: the inputs, the constant-price GDP among them."""
    cells = cells | computed.read([RENEWABLE, ELECTRICITY, INCENTIVE])
    rows = [row for target in tested(city) for row in _rows(target, cells)]
    return computed.publish(KIND, city, rows, names=names(), now=now, by=by)


# ---------------------------------------------------------------- one target


def _renewable(cells: Cells, place: str, year: int) -> Cell | None:
    """In standard coal: as handed in, else reckoned from the electricity."""
    if (given := cells.get((RENEWABLE, place, year))) is not None:
        return given
    power = cells.get((ELECTRICITY, place, year))
    if power is None:
        return None
    return power._replace(value=float(renewable_energy(power.value, COEFFICIENT)))


def _used(cells: Cells, place: str, year: int, measure: str) -> dict[str, Cell]:
    """Cell → what was read of it for a year."""
    codes = [code for group in NEEDED[measure].values() for code in group]
    return {code: cells[code, place, year] for code in codes if (code, place, year) in cells}


def _year(cells: Cells, place: str, year: int) -> Year:
    def value(code: str) -> float | None:
        cell = cells.get((code, place, year))
        return None if cell is None else cell.value

    own, bought, renewable = value(GAS), value(INDIRECT), _renewable(cells, place, year)
    return Year(
        year, value(GDP), energy=value(ENERGY), feedstock=value(FEEDSTOCK), renewable=renewable.value if renewable else None,
        co2=None if own is None or bought is None else own + bought,
    )  # fmt: skip


def _rows(target: Target, cells: Cells) -> Iterator[dict[str, Any]]:
    measure, place = MEASURES[target.binding], target.place
    base, last, share = int(target.baseline_year or 0), int(target.year or 0), float(target.low or 0) / 100
    chosen = target.settled.get("split", "")
    found = five_years(
        [_year(cells, place, year) for year in range(base, last + 1)],
        target=share, base_year=base, last_year=last, measure=measure, split=chosen or SPLITS[0],
    )  # fmt: skip
    incentive = cells.get((INCENTIVE, place, last))
    for each in found.years:
        yield from _published(target, each, found, cells, chosen, incentive)


def _published(
    target: Target, each: Tested, found: FiveYears, cells: Cells, chosen: str, incentive: Cell | None
) -> Iterator[dict[str, Any]]:
    """A year's figures; what the city has not chosen or nobody has supplied is NE and says so."""
    measure, place = found.measure, target.place
    used = {
        f"{code} {year}": cell
        for year in (found.base_year, each.year)
        for code, cell in _used(cells, place, year, measure).items()
    }
    status = max([int(Status.OK), *(cell.status for cell in used.values())])
    values: dict[str, float | None] = {
        "intensity": each.intensity, "fall": _percent(each.fall), "yearly_fall": _percent(each.yearly_fall),
        "required": _percent(each.required) if chosen else None, "yearly_required": _percent(each.yearly_required) if chosen else None,
        "met": None if each.met is None or not chosen else float(each.met),
    }  # fmt: skip
    if measure == "energy":
        values["total"] = each.total
        values["total_assessed"] = _assessed(each, found, chosen, incentive)
    missing = [list(said) for said in each.why]
    for name, value in values.items():
        yield {
            "indicator": code_of(measure, name), "subject": place, "period": str(each.year), "key": targets.key_of(target), "value": value,
            "notation": "" if value is not None else "NE", "unit": names()[code_of(measure, name)][1],
            "status": status if value is not None else int(Status.INCOMPLETE),
            "estimated": max((cell.estimated or 0.0 for cell in used.values()), default=0.0),
            "lineage": {
                "method": METHODS[name].format(measure=measure, split=chosen or "-"), "inputs": {code: cell.value for code, cell in used.items()},
                "runs": sorted({cell.run for cell in used.values() if cell.run}), "rules": [rule.id for rule in found.standing],
                "target": target.pk, "split": chosen, "missing": missing,
            },
        }  # fmt: skip


METHODS = {
    "intensity": "plan.intensity.{measure}", "fall": "plan.intensity.{measure}.fall", "yearly_fall": "plan.intensity.{measure}.fall",
    "required": "plan.intensity.split.{split}", "yearly_required": "plan.intensity.split.{split}", "met": "plan.intensity.{measure}.fall",
    "total": "plan.intensity.energy.total", "total_assessed": "plan.intensity.energy.fall",
}  # fmt: skip


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _assessed(each: Tested, found: FiveYears, chosen: str, incentive: Cell | None) -> float | None:
    """Whether the total counts this year: not where the incentive target, split over the years as the target is, is met."""
    if incentive is None or not chosen or not 0 < incentive.value < 100:
        return None
    length = found.last_year - found.base_year
    due = required_fall(incentive.value / 100, each.year - found.base_year, length, split=chosen)
    assessed, _why = total_assessed(each.fall, due)
    return None if assessed is None else float(assessed)


# ---------------------------------------------------------------- reading


@dataclass(frozen=True)
class Lack:
    """An input that a year has not got: what it is called, who supplies it, and the cell to hand in, if it is handed in."""

    year: int
    name: str
    owner: str
    code: str


def table(target: Target) -> list[dict[str, Any]]:
    """The years of a tested target as they were published last: year → figures by name, with lineage. Empty before the first."""
    measure = MEASURES[target.binding]
    run = indicators.current_run("plan", KIND, target.plan.city)
    rows = Value.objects.filter(run=run, subject=target.place, key=targets.key_of(target), indicator__code__in=names())
    found: dict[int, dict[str, Any]] = {}
    for code, period, value, status, estimated, lineage in rows.values_list("indicator__code", "period", "value", "status", "basis_share_estimated", "lineage"):  # fmt: skip
        year = found.setdefault(int(period), {"year": int(period), "status": 0, "estimated": 0.0, "lineage": lineage})
        name = code.removeprefix(f"plan.five_years.{measure}.")
        year[name] = value
        if name == "fall":
            year |= {"status": status, "estimated": estimated or 0.0, "lineage": lineage}
    return [found[year] for year in sorted(found)]


def lacking(target: Target, rows: Iterable[Mapping[str, Any]], until: int) -> list[Lack]:
    """What the years up to `until`, and the base year, have not got, with who supplies it."""
    measure = MEASURES[target.binding]
    known = {name for row in rows for name in row["lineage"]["inputs"]}
    register = bindings.register()
    inputs = {each.code: (each.name, each.owner) for each in register.inputs}
    inputs |= {each.indicator: (each.name, each.owner) for each in register.bindings if each.indicator}
    found = []
    for year in range(int(target.baseline_year or 0), min(until, int(target.year or 0)) + 1):
        for group in NEEDED[measure].values():
            for code in group:
                if f"{code} {year}" in known or any(
                    f"{other} {year}" in known for other in group if group[0] == RENEWABLE
                ):
                    continue
                name, owner = inputs.get(code.partition("|")[0], (code, ""))
                found.append(Lack(year, name, owner, code))
                if group[0] == RENEWABLE:
                    break
    return found
