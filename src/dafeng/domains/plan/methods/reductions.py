"""What a project is expected to save in a year: the formulas, the grid factors, and which projects they are for.

A number is computed only where every input has a source: hours of generation are the project's own (its design documents),
never a usual value; the grid factor is the official one of the province, with its standing. What is missing is said.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from dafeng.kernel.accounting import method
from dafeng.kernel.accounting.registry import Method
from dafeng.kernel.errors import MethodError, UnitError
from dafeng.kernel.quantities import units

SIMPLE = "简化口径：上网电量替代电网平均电量（装机 × 年等效利用小时 × 电网平均因子）；非 CCER 方法学，不用于签发"


@method(
    "plan.reduction.power", category="plan", gas="CO2", title="可再生能源发电的预计年减排", source=SIMPLE,
    activity=("capacity", "hours"),
)  # fmt: skip
def renewable_power(capacity: "MW", hours: "MWh/MW", grid: "t CO2/MWh") -> "t CO2":
    """Power generated in a year instead of the grid's average."""
    return capacity * hours * grid


@method(
    "plan.reduction.saving", category="plan", gas="CO2", title="节电改造的预计年减排", source="简化口径：年节电量 × 电网平均因子",
    activity=("saved",),
)  # fmt: skip
def saved_power(saved: "MWh", grid: "t CO2/MWh") -> "t CO2":
    """Power saved in a year at the grid's average."""
    return saved * grid


@dataclass(frozen=True)
class Way:
    """A method and what a project must tell for it: `capacity_input` is the project's capacity, `asked` are its own inputs."""

    method: Method
    title: str
    capacity_input: str
    asked: Mapping[str, str]  # input → unit


WAYS: dict[str, Way] = {
    "plan.reduction.power": Way(renewable_power, "光伏、风电、水电等可再生能源发电", "capacity", {"hours": "MWh/MW"}),
    "plan.reduction.saving": Way(saved_power, "节电改造（规模填年节电量）", "saved", {}),
}


@dataclass(frozen=True)
class GridFactor:
    province: str
    name: str
    year: int
    value: float
    unit: str
    standing: str
    source: str


@cache
def grid_factors() -> tuple[GridFactor, ...]:
    text = files(__package__).joinpath("grid_factors.csv").read_text("utf-8")
    return tuple(
        GridFactor(
            row["province"],
            row["name"],
            int(row["year"]),
            float(row["value"]),
            row["unit"],
            row["standing"],
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def grid_factor(place: str) -> GridFactor | None:
    """The newest factor of the province that a place lies in; None where there is none."""
    found = [each for each in grid_factors() if each.province[:2] == place[:2]]
    return max(found, key=lambda each: each.year, default=None)


@dataclass(frozen=True)
class Estimate:
    """`value` None: not estimated, and `missing` says what would be needed. `inputs` is the lineage."""

    value: float | None
    missing: tuple[str, ...] = ()
    inputs: Mapping[str, Any] | None = None


def estimate(
    way: str, *, capacity: float | None, capacity_unit: str, place: str, given: Mapping[str, float], source: str
) -> Estimate:
    """Expected yearly reduction in tonnes. Nothing is filled in: without every input there is no number."""
    if way not in WAYS:
        return Estimate(None, ("适用的方法",))
    chosen, factor = WAYS[way], grid_factor(place)
    missing = [f"{name}（{unit}）" for name, unit in chosen.asked.items() if given.get(name) is None]
    wanted = chosen.method.inputs[chosen.capacity_input]
    if capacity is None:
        missing.append("规模")
    else:
        try:
            units.conversion(capacity_unit, wanted)
        except UnitError:
            missing.append(f"规模的单位（现为“{capacity_unit}”，应能折成 {wanted}）")
    if factor is None:
        missing.append("所在省的电网因子")
    if chosen.asked and not source.strip():
        missing.append("输入数据的来源")
    if missing or capacity is None or factor is None:
        return Estimate(None, tuple(missing))
    values = {chosen.capacity_input: capacity, "grid": factor.value, **{name: given[name] for name in chosen.asked}}
    given_units = {chosen.capacity_input: capacity_unit, "grid": factor.unit}
    try:
        told = chosen.method.run(values, given_units)
    except MethodError as error:
        return Estimate(None, (error.what,))
    told |= {
        "factor": {name: getattr(factor, name) for name in ("name", "year", "value", "unit", "standing", "source")},
        "source_of_inputs": source,
    }
    return Estimate(told["result"], (), told)
