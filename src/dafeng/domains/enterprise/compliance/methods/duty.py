"""What a firm owes, how much of it may be offset, what may be carried over, and what a shortfall costs: dated rules as data.

Sources in `cycles.toml`. Tonnes are whole: emissions round up, limits round down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date
from decimal import ROUND_CEILING, Decimal
from typing import Any

from dafeng.domains.enterprise.errors import Refused


@dataclass(frozen=True)
class Step:
    """One line of a calculation: code, the numbers in it, its standing."""

    code: str
    numbers: dict[str, str]
    standing: str
    source: str = ""


@dataclass(frozen=True)
class Duty:
    """`duty` t; `gap` is what the free allowances do not cover; `capped` tells that a rule lowered the duty below the emissions."""

    year: int
    emissions: int
    free: int | None
    duty: int
    gap: int | None
    capped: bool
    steps: tuple[Step, ...]

    @property
    def open(self) -> bool:
        return any(each.standing in "DX" for each in self.steps)


@dataclass(frozen=True)
class Penalty:
    """Fine in yuan from low to high; None where the rule cannot say. `cut` t less at the next allocation."""

    low: Decimal | None
    high: Decimal | None
    cut: int
    standing: str
    source: str

    @property
    def open(self) -> bool:
        return self.standing in "DX"


def whole(tonnes: Decimal | float | int) -> int:
    """Emissions in whole tonnes, rounded up: nobody owes less than was emitted."""
    return int(Decimal(str(tonnes)).to_integral_value(ROUND_CEILING))


def cycle_of(year: int, rules: Mapping[str, Any]) -> Mapping[str, Any]:
    """The cycle to which a compliance year belongs. A cycle without an end (`since`) is each later year's own, due on its day a year after."""
    for each in rules["cycle"]:
        if year in each.get("years", ()):
            found: Mapping[str, Any] = each
            return found
        if each.get("since", year + 1) <= year < MAXYEAR:
            return {**each, "name": str(year), "years": [year], "due": date(year + 1, each["due_month"], each["due_day"])}  # fmt: skip
    raise Refused("year_without_rules", f"没有 {year} 年度的履约规则", expected=f"{first_year(rules)} 及以后")


def first_year(rules: Mapping[str, Any]) -> int:
    return min(year for each in rules["cycle"] for year in each.get("years", [each.get("since")]))


def years(rules: Mapping[str, Any], last: int) -> list[int]:
    """The compliance years with rules up to a year, oldest first."""
    return list(range(first_year(rules), last + 1))


def owed(
    year: int, emissions: Decimal | float, free: int | None, rules: Mapping[str, Any],
    *, gas_emissions: Decimal | float = 0, gas_free: int = 0,
) -> Duty:  # fmt: skip
    """The duty of a firm. `emissions` and `free` are of all its units, gas units among them.

    Without a known allocation (`free` None) the duty is the emissions: no rule can lower it.
    """
    cycle, e = cycle_of(year, rules), whole(emissions)
    steps = [Step("emissions", {"t": str(e)}, "A")]
    if free is None:
        steps.append(Step("no_allocation", {}, "D", cycle["source"]))
        return Duty(year, e, None, e, None, False, tuple(steps))
    gas, rest, rest_free = whole(gas_emissions), e - whole(gas_emissions), free - gas_free
    total = rest
    if "gap_cap" in cycle:
        cap = rest_free + int(rest * Decimal(cycle["gap_cap"]))
        total = min(rest, cap)
        numbers = {"free": str(rest_free), "share": cycle["gap_cap"], "cap": str(cap), "duty": str(total)}
        steps.append(Step("gap_cap", numbers, cycle["gap_cap_standing"], cycle["source"]))
    # A rule of standing D lowers nobody's duty before it is confirmed.
    gas_duty = min(gas, gas_free) if cycle.get("gas_free") and cycle["gas_standing"] not in "DX" else gas
    if gas:
        standing = cycle.get("gas_standing", "D")
        steps.append(
            Step(
                "gas", {"emissions": str(gas), "free": str(gas_free), "duty": str(gas_duty)}, standing, cycle["source"]
            )
        )
    duty = total + gas_duty
    steps.append(Step("duty", {"duty": str(duty), "free": str(free)}, "A"))
    made = Duty(year, e, free, duty, max(0, duty - free), duty < e, tuple(steps))
    if borrowed := borrowable(made, rules):
        steps.append(Step("borrow", {"t": str(borrowed)}, cycle["borrow_standing"], cycle["source"]))
    return replace(made, steps=tuple(steps))


def borrowable(duty: Duty, rules: Mapping[str, Any]) -> int:
    """What may be borrowed from the next year (2021-2022: half of the gap where it is a tenth of the duty or more)."""
    cycle = cycle_of(duty.year, rules)
    if "borrow_share" not in cycle or not duty.gap or duty.gap < duty.duty * Decimal(cycle["borrow_from"]):
        return 0
    return int(duty.gap * Decimal(cycle["borrow_share"]))


def offset_limit(duty: int, rules: Mapping[str, Any]) -> int:
    """CCER that may stand for allowances: 5 % of the duty."""
    return int(duty * Decimal(rules["offset"]["share"]))


def ineligible(project: Mapping[str, Any], rules: Mapping[str, Any]) -> list[str]:
    """Why a batch of CCER may not be used, as codes; empty when it may. `project`: started, reduced_from, covered."""
    offset, found = rules["offset"], []
    if project["started"] <= offset["started_after"]:
        found.append("started_early")
    if project["reduced_from"] <= offset["reduced_after"]:
        found.append("reduced_early")
    if project["covered"]:
        found.append("covered")
    return found


def carry_over_cap(net_sold: int, held: int, rules: Mapping[str, Any]) -> int:
    """10,000 t + 1.5 × net sales of the old vintages, at most what is held. A net buyer's sales count as none."""
    rule = rules["carry_over"]
    return min(held, rule["base"] + int(max(0, net_sold) * Decimal(rule["times"])))


def best_sale(net_sold: int, held: int, rules: Mapping[str, Any]) -> int:
    """How much to sell so that all that is left may be carried over: the least such amount.

    held − x ≤ base + times·(net + x)  ⇒  x ≥ (held − base − times·net)/(1 + times). A net buyer (net < 0) first sells what was bought
    before a sale raises the cap; where the stock comes down to the base sooner, that is enough.
    """
    rule = rules["carry_over"]
    times, beyond = Decimal(rule["times"]), held - rule["base"]
    lack = (beyond - net_sold * times) / (1 + times)
    return max(0, min(beyond, int(lack.to_integral_value(ROUND_CEILING))))


def penalty(shortfall: int, on: date, rules: Mapping[str, Any], *, average_price: Decimal | None) -> Penalty | None:
    """What not surrendering costs by the rule in force on a day; None when nothing is missing."""
    if shortfall <= 0:
        return None
    for rule in rules["penalty"]:
        if rule.get("from", on) <= on <= rule.get("until", on):
            low: Decimal | None = None
            high: Decimal | None = None
            if "fine_low" in rule:
                low, high = Decimal(rule["fine_low"]), Decimal(rule["fine_high"])
            elif average_price is not None:
                value = shortfall * average_price
                low, high = value * rule["times_low"], value * rule["times_high"]
            return Penalty(low, high, shortfall if rule["equal_cut"] else 0, rule["standing"], rule["source"])
    raise Refused("penalty_without_rule", f"{on} 没有罚则")


def valid_vintages(year: int, held: list[int], rules: Mapping[str, Any]) -> list[int]:
    """Vintages that may be surrendered for a year, oldest first: none younger than the year; old ones only for old years."""
    last = rules["validity"]["old_last_vintage"]
    return sorted(v for v in held if v <= year and (year <= last or v > last))
