"""Production data by the verifier's own arithmetic: what decides the quota of a power unit, from what was told.

Written from the guideline, not from the reporting code: 环办气候〔2021〕9号 附件2 (A.4)-(A.16), (A.24); facts/mrv/power_guideline.md. A
figure that lacks an input is not there, never zero. A year's figure is that of the year's sums; enthalpy is weighted by its mass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dafeng.domains.enterprise.verification.methods.content import Row, number
from dafeng.kernel.quantities import units

# What is told, in the units of the arithmetic.
ITEMS = {
    "generation": "MWh", "auxiliary_power": "MWh", "auxiliary_for_power": "MWh", "auxiliary_common": "MWh",
    "boiler_heat": "GJ", "direct_heat": "GJ", "indirect_heat": "GJ", "turbine_intake": "GJ", "boiler_output": "GJ",
    "main_steam": "t", "main_steam_enthalpy": "GJ/t", "feed_water": "t", "feed_water_enthalpy": "GJ/t",
    "running_hours": "h", "capacity": "MW", "combined_cycle": "1", "heat_coal_told": "tce/GJ",
}  # fmt: skip
LASTING = frozenset(
    {"capacity", "combined_cycle"}
)  # the year's last month counts; told for the year it stands for its months
MEANS = frozenset({"heat_coal_told"})
WEIGHTS = {"main_steam_enthalpy": "main_steam", "feed_water_enthalpy": "feed_water"}
# What is found, in the order of its lineage, in the units of the arithmetic.
FIGURES = {
    "turbine_heat": "GJ", "heat_supplied": "GJ", "boiler_output": "GJ", "heat_ratio": "1", "auxiliary_of_power": "MWh",
    "power_supplied": "MWh", "load_factor": "1",
}  # fmt: skip
# What the allocation reads, and which side is conservative: less output earns fewer free allowances; so does a higher heat ratio and a
# higher load factor, since both corrections fall with them (facts/mrv/ets_rules.md). The guideline says only "conservatively"; that each
# figure is held on its own side is a rule of this platform.
CONSERVATIVE: Mapping[str, Callable[[float, float], float]] = {
    "power_supplied": min, "heat_supplied": min, "heat_ratio": max, "load_factor": max,
}  # fmt: skip
# The month that is worst for the unit: the highest of what it used, the lowest of everything else.
USED = frozenset({"auxiliary_power", "auxiliary_for_power", "auxiliary_common", "feed_water", "feed_water_enthalpy"})
# Of a unit among several that are reported together → what it is part of.
PARTS = {"machine_capacity": "capacity", "machine_hours": "running_hours"}
RELATIVE = 1e-9
GJ_PER_TCE = 29.3076  # GB/T 2589


@dataclass(frozen=True)
class Found:
    """A figure of a month or a year. `local`: by the verifier's arithmetic from the figures that the report has one step below."""

    facility: str
    period: str
    name: str
    unit: str
    reported: float | None
    own: float | None
    local: float | None

    @property
    def differs(self) -> bool:
        if self.local is None or self.reported is None:
            return self.local is not self.reported
        return abs(self.local - self.reported) > max(RELATIVE, RELATIVE * max(abs(self.local), abs(self.reported)))


Told = dict[tuple[str, str], dict[str, float]]


def told_of(content: Mapping[str, Any]) -> Told:
    """(facility, period) → item → value, of everything that a power unit told; notation NO and NA are a told zero."""
    power = {
        str(each.get("code")) for each in (content.get("boundary") or {}).get("facilities", ()) if each.get("sector") == "power"
    }  # fmt: skip
    found: Told = {}
    parts: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for each in content.get("values", ()):
        facility, period = str(each.get("facility", "")), str(each.get("month", ""))
        value = number(each.get("value"))
        if value is None and each.get("notation") in ("NO", "NA"):
            value = 0.0
        if facility not in power or value is None:
            continue
        period_of = found.setdefault((facility, period), {})
        item, unit = str(each.get("item", "")), str(each.get("unit") or "")
        if item in ITEMS and not each.get("stream"):
            period_of[item] = value * (units.conversion(unit, ITEMS[item]) if unit else 1.0)
        elif item in PARTS:
            of_whole = parts.setdefault((facility, period), {}).setdefault(PARTS[item], {})
            of_whole[str(each["stream"])] = value * (units.conversion(unit, ITEMS[PARTS[item]]) if unit else 1.0)
    for key, told in parts.items():
        _merge(found[key], told.get("capacity", {}), told.get("running_hours", {}))
    return found


def _merge(told: dict[str, float], capacity: Mapping[str, float], hours: Mapping[str, float]) -> None:
    """(A.23) Units reported together: t = Σ(t·Pe) ÷ ΣPe, of capacity ΣPe, where the whole was not told itself."""
    if capacity:
        told.setdefault("capacity", sum(capacity.values()))
    if hours and set(hours) == set(capacity) and sum(capacity.values()) > 0:
        together = sum(hours[name] * capacity[name] for name in hours) / sum(capacity.values())
        told.setdefault("running_hours", together)


def fuel_heat(rows: Iterable[tuple[Row, Mapping[str, float]]]) -> dict[tuple[str, str], float]:
    """(facility, month) → GJ of the fuel burnt; `rows` with the inputs that count."""
    found: dict[tuple[str, str], float] = {}
    for row, inputs in rows:
        for fuel, heat in (("fuel_use", "ncv"), ("gas_use", "ncv_by_volume")):
            if fuel in inputs and heat in inputs:
                key = row.facility, row.month
                found[key] = found.get(key, 0.0) + inputs[fuel] * inputs[heat]
    return found


def reported_of(content: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, float]]:
    """(facility, period) → figure → value as the report has it, in the units of FIGURES."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for each in content.get("indicators", ()):
        name, value = str(each.get("indicator", "")), number(each.get("value"))
        if name in FIGURES and value is not None:
            scale = units.conversion(str(each.get("unit") or FIGURES[name]), FIGURES[name])
            found.setdefault((str(each.get("facility")), str(each.get("month"))), {})[name] = value * scale
    return found


def arithmetic(
    told: Mapping[str, float], heat: float | None, below: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The figures of one period. `heat`: GJ of the fuel. `below`: figures to go on from, in place of those found here."""
    found: dict[str, float] = {}

    def got(name: str) -> float | None:
        return (below or {}).get(name, found.get(name))

    def put(name: str, value: float | None) -> None:
        if value is not None:
            found[name] = value

    get = told.get
    put("turbine_heat", _sum(get("direct_heat"), get("indirect_heat")))  # (A.8)
    put("heat_supplied", _sum(get("boiler_heat"), got("turbine_heat")))  # (A.7)
    steam = _product(get("main_steam"), get("main_steam_enthalpy"))
    water = _product(get("feed_water"), get("feed_water_enthalpy"))
    put("boiler_output", told["boiler_output"] if "boiler_output" in told else _less(steam, water))  # (A.13)
    of_turbine = _ratio(got("turbine_heat"), get("turbine_intake"))  # (A.11)
    of_boiler = _ratio(got("heat_supplied"), got("boiler_output"))  # (A.12)
    if get("combined_cycle"):
        put("heat_ratio", _ratio(got("heat_supplied"), heat))  # (A.15), (A.16)
    elif get("boiler_heat"):
        put("heat_ratio", of_boiler)
    else:
        put("heat_ratio", of_boiler if of_turbine is None else of_turbine)
    if (
        "heat_ratio" not in found and not get("combined_cycle") and heat is not None
    ):  # (A.14), the last resort; 29.3076 GJ are a tce
        put("heat_ratio", _ratio(_product(get("heat_coal_told") or None, got("heat_supplied")), heat / GJ_PER_TCE))
    ratio = got("heat_ratio")
    if ratio is not None:
        put(
            "auxiliary_of_power", _sum(get("auxiliary_for_power"), _product(get("auxiliary_common"), 1 - ratio))
        )  # (A.6)
    if got("auxiliary_of_power") is not None:
        put("power_supplied", _less(get("generation"), got("auxiliary_of_power")))  # (A.5)
    elif not got("heat_supplied"):
        put("power_supplied", _less(get("generation"), get("auxiliary_power")))  # (A.4)
    put("load_factor", _ratio(get("generation"), _product(get("capacity"), get("running_hours"))))  # (A.24)
    return found


def figures(content: Mapping[str, Any], heat: Mapping[tuple[str, str], float], told: Told | None = None) -> list[Found]:
    """Every figure that the report or the verifier has, in the order of the lineage: a facility's months before its years."""
    told = told_of(content) if told is None else told
    reported = reported_of(content)
    found = []
    for facility, period in sorted({*told, *reported, *_years(told)}, key=lambda key: (key[0], _late(key[1]))):
        items, energy = _of_period(told, facility, period), _heat(heat, facility, period)
        as_told = reported.get((facility, period), {})
        own, local = arithmetic(items, energy), arithmetic(items, energy, as_told)
        found += [
            Found(facility, period, name, unit, as_told.get(name), own.get(name), local.get(name))
            for name, unit in FIGURES.items()
            if name in as_told or name in own
        ]
    return found


def _late(period: str) -> str:
    return f"{period}~" if len(period) == 4 else period


def _years(told: Told) -> set[tuple[str, str]]:
    return {(facility, period[:4]) for facility, period in told}


def _months(told: Told, facility: str, year: str) -> list[str]:
    return sorted(period for code, period in told if code == facility and len(period) == 7 and period[:4] == year)


def _of_period(told: Told, facility: str, period: str) -> dict[str, float]:
    own = dict(told.get((facility, period), {}))
    if len(period) == 7:
        whole = told.get((facility, period[:4]), {})
        lent = LASTING | MEANS | set(WEIGHTS)
        return {name: value for name, value in whole.items() if name in lent} | own
    months = [told[facility, month] for month in _months(told, facility, period)]
    for name in ITEMS:
        if name in own or not months:
            continue
        given = [each[name] for each in months if name in each]
        if name in LASTING:
            if given:
                own[name] = given[-1]
        elif name in MEANS:
            if given:
                own[name] = sum(given) / len(given)
        elif len(given) == len(months) and (weight := WEIGHTS.get(name)):
            masses = [each.get(weight) for each in months]
            if all(mass is not None for mass in masses) and (whole_mass := sum(mass or 0.0 for mass in masses)) > 0:
                own[name] = sum(one * (mass or 0.0) for one, mass in zip(given, masses, strict=True)) / whole_mass
        elif len(given) == len(months):
            own[name] = sum(given)
    return own


def _heat(heat: Mapping[tuple[str, str], float], facility: str, period: str) -> float | None:
    if len(period) == 7:
        return heat.get((facility, period))
    parts = [value for (code, month), value in heat.items() if code == facility and month[:4] == period]
    return sum(parts) if parts else None


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _product(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other
