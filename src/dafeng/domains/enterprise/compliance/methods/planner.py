"""What to surrender, buy, sell and carry over at least cost, for one firm or a group: a small integer program, and why.

Vintages that may do the same things are one pool v; afterwards the oldest of a pool are surrendered first. Per firm f a pool splits into
surrendered, sold, passed to a sister, carried over, left:
    s_fv + x_fv + t_fv + k_fv + r_fv = stock_fv
    Σv s_fv + c_f + b_f + i_f + h_f = duty_f          (i: from sisters, h: shortfall)
    c_f ≤ 5 % of duty_f, c_f ≤ ccer held + ccer bought
    Σv k_fv ≤ base + times · n_f,   n_f ≤ net sales, n_f ≥ 0   (a binary chooses n = 0 for a net buyer)
    Σf t_f = Σf i_f
minimise  price·(b − x) + ccer price·bought − value next year·k + shortfall penalty·h.
Money in yuan; whole tonnes. Solved by HiGHS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import highspy
import numpy as np

from dafeng.domains.enterprise.compliance.methods.duty import offset_limit, valid_vintages
from dafeng.domains.enterprise.errors import Refused

LIMIT = 20  # firms of a group
BIG = 10**9
TICK = 0.01  # the least step of the price, yuan (exchange rules)


@dataclass(frozen=True)
class Firm:
    """A firm before its decision. `stock`: vintage → t that is free; `net_sold`: of the old vintages so far."""

    code: str
    duty: int
    stock: Mapping[int, int]
    ccer: int = 0
    net_sold: int = 0


@dataclass(frozen=True)
class Scenario:
    """Prices in yuan a tonne. `next_value`: what a tonne carried over is worth. `most`: t that the market has to sell."""

    name: str
    price: Decimal
    ccer_price: Decimal
    next_value: Decimal
    most: int = BIG


@dataclass(frozen=True)
class FirmPlan:
    code: str
    duty: int
    surrender: Mapping[int, int]
    ccer: int
    ccer_bought: int
    bought: int
    from_group: int
    to_group: int
    sold: Mapping[int, int]
    carried: Mapping[int, int]
    left: int
    shortfall: int
    carry_cap: int


@dataclass(frozen=True)
class Plan:
    """`cost` in yuan, negative when the plan earns. `reasons`: (code, numbers) to be told in words."""

    scenario: Scenario
    firms: tuple[FirmPlan, ...]
    cost: Decimal
    reasons: tuple[tuple[str, dict[str, Any]], ...] = field(default=())


@dataclass(frozen=True)
class _Program:
    """Columns are appended in order; rows are sparse."""

    costs: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def column(self, cost: float, upper: float) -> int:
        self.costs.append(cost)
        self.upper.append(upper)
        return len(self.costs) - 1

    def row(self, terms: Mapping[int, float], low: float, high: float) -> None:
        self.rows.append((dict(terms), low, high))


Pool = tuple[bool, bool]  # may be surrendered this year, is of the old vintages


@dataclass(frozen=True)
class _Columns:
    surrender: dict[Pool, int]
    lent: dict[Pool, int]
    sold: dict[Pool, int]
    carried: dict[Pool, int]
    left: dict[Pool, int]
    ccer: int
    ccer_bought: int
    bought: int
    borrowed: int
    shortfall: int


def _pools(firm: Firm, year: int, rules: Mapping[str, Any]) -> dict[Pool, list[tuple[int, int]]]:
    """(vintage, t) of each pool, oldest first."""
    valid, old = set(valid_vintages(year, list(firm.stock), rules)), set(rules["carry_over"]["vintages"])
    found: dict[Pool, list[tuple[int, int]]] = {}
    for vintage, amount in sorted(firm.stock.items()):
        if amount:
            found.setdefault((vintage in valid, vintage in old), []).append((vintage, amount))
    return found


def plan(firms: Sequence[Firm], scenario: Scenario, *, year: int, rules: Mapping[str, Any], carry: bool = True) -> Plan:
    """The cheapest way. `carry` False after the last day for carrying over.

    Raises `Refused` for no firm, too many, or an impossible price.
    """
    if not 0 < len(firms) <= LIMIT:
        raise Refused("group_size", f"一次最多为 {LIMIT} 家企业编制方案，给了 {len(firms)} 家")
    if min(scenario.price, scenario.ccer_price, scenario.next_value) < 0 or scenario.price == 0:
        raise Refused("price_bad", "价格应为正数")
    program, columns = _Program(), []
    for firm in firms:
        columns.append(_firm(program, firm, scenario, year, rules, carry, group=len(firms) > 1))
    lent = {i: 1.0 for each in columns for i in each.lent.values()}
    program.row(lent | {each.borrowed: -1.0 for each in columns}, 0, 0)
    program.row({each.bought: 1.0 for each in columns}, 0, scenario.most)
    values = _solve(program)
    plans = tuple(_read(firm, each, values, year, rules) for firm, each in zip(firms, columns, strict=True))
    cost = sum((_cost(each, scenario) for each in plans), Decimal(0))
    return Plan(scenario, plans, cost, _reasons(plans, scenario, rules, year, carry))


def _firm(
    program: _Program, firm: Firm, scenario: Scenario, year: int, rules: Mapping[str, Any], carry: bool, *, group: bool
) -> _Columns:
    price, later = float(scenario.price), float(scenario.next_value)
    stock = {pool: float(sum(n for _, n in rows)) for pool, rows in _pools(firm, year, rules).items()}
    surrender = {pool: program.column(0.0, n if pool[0] else 0) for pool, n in stock.items()}
    sold = {pool: program.column(-price, n) for pool, n in stock.items()}
    lent = {pool: program.column(0.0, n if group and pool[0] else 0) for pool, n in stock.items()}
    carried = {pool: program.column(-later, n if carry and pool[1] else 0) for pool, n in stock.items()}
    # A young vintage that is left keeps its value; an old one that is not carried over is lost.
    left = {pool: program.column(0.0 if pool[1] else -later, n) for pool, n in stock.items()}
    limit = offset_limit(firm.duty, rules)
    ccer = program.column(0.0, limit)
    ccer_bought = program.column(float(scenario.ccer_price), limit)
    bought = program.column(price + TICK, firm.duty)  # the tick keeps a plan from selling what it buys
    borrowed = program.column(0.0, firm.duty if group else 0)
    shortfall = program.column(20 * price, firm.duty)
    made = _Columns(surrender, lent, sold, carried, left, ccer, ccer_bought, bought, borrowed, shortfall)
    for pool, n in stock.items():
        program.row({part[pool]: 1.0 for part in (surrender, lent, sold, carried, left)}, n, n)
    paid = dict.fromkeys(surrender.values(), 1.0) | dict.fromkeys((ccer, bought, borrowed, shortfall), 1.0)
    program.row(paid, firm.duty, firm.duty)
    program.row({ccer: 1.0, ccer_bought: -1.0}, -BIG, firm.ccer)
    _carry_rows(program, firm, made, rules)
    return made


def _carry_rows(program: _Program, firm: Firm, made: _Columns, rules: Mapping[str, Any]) -> None:
    rule = rules["carry_over"]
    top = float(sum(firm.stock.values()) + abs(firm.net_sold) + 2 * firm.duty + 1)
    net, seller = program.column(0.0, top), program.column(0.0, 1)
    carried = dict.fromkeys(made.carried.values(), 1.0)
    program.row(carried | {net: -float(rule["times"])}, -BIG, rule["base"])
    gone = {i: -1.0 for part in (made.sold, made.lent) for pool, i in part.items() if pool[1]}
    # A seller's n is at most its net sales; who is none has n = 0.
    program.row(gone | {net: 1.0, made.bought: 1.0, made.borrowed: 1.0, seller: 2 * top}, -BIG, firm.net_sold + 2 * top)
    program.row({net: 1.0, seller: -top}, -BIG, 0)


def _solve(program: _Program) -> list[int]:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", 10.0)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 1.0)  # a yuan
    count = len(program.costs)
    solver.addVars(count, np.zeros(count), np.array(program.upper))
    solver.changeColsCost(count, np.arange(count, dtype=np.int32), np.array(program.costs))
    whole = np.array([highspy.HighsVarType.kInteger] * count)
    solver.changeColsIntegrality(count, np.arange(count, dtype=np.int32), whole)
    for terms, low, high in program.rows:
        index, value = np.array(list(terms), dtype=np.int32), np.array(list(terms.values()))
        solver.addRow(low, high, len(terms), index, value)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise Refused("plan_unsolved", "没有在限定时间内求出方案", mend="请减少企业数或稍后再试")
    return [round(each) for each in solver.getSolution().col_value]


def _read(firm: Firm, columns: _Columns, values: list[int], year: int, rules: Mapping[str, Any]) -> FirmPlan:
    old = rules["carry_over"]["vintages"]
    parts = (columns.surrender, columns.lent, columns.sold, columns.carried, columns.left)
    taken: list[dict[int, int]] = [{} for _ in parts]
    for pool, rows in _pools(firm, year, rules).items():
        rest = list(rows)
        for part, found in zip(parts, taken, strict=True):
            _take(rest, values[part[pool]], found)
    surrendered, lent, sold, carried, left = taken
    gone = sum(n for v, n in (*sold.items(), *lent.items()) if v in old)
    net = firm.net_sold + gone - values[columns.bought] - values[columns.borrowed]
    cap = rules["carry_over"]["base"] + int(max(0, net) * Decimal(rules["carry_over"]["times"]))
    made = FirmPlan(
        firm.code, firm.duty, surrendered, values[columns.ccer], values[columns.ccer_bought], values[columns.bought],
        values[columns.borrowed], sum(lent.values()), sold, carried, sum(left.values()),
        values[columns.shortfall], cap,
    )  # fmt: skip
    paid = sum(made.surrender.values()) + made.ccer + made.bought + made.from_group + made.shortfall
    assert paid == firm.duty, f"{firm.code}: {paid} ≠ {firm.duty}"
    assert sum(made.carried.values()) <= cap, f"{firm.code}: carried over beyond {cap}"
    return made


def _take(rest: list[tuple[int, int]], amount: int, found: dict[int, int]) -> None:
    """Move `amount` from the front of `rest` to `found`."""
    while amount:
        vintage, there = rest.pop(0)
        part = min(there, amount)
        found[vintage] = found.get(vintage, 0) + part
        amount -= part
        if there > part:
            rest.insert(0, (vintage, there - part))


def _cost(made: FirmPlan, scenario: Scenario) -> Decimal:
    """Cash this year: bought less sold. What is carried over is not cash."""
    return scenario.price * (made.bought - sum(made.sold.values())) + scenario.ccer_price * made.ccer_bought


def _reasons(
    plans: Sequence[FirmPlan], scenario: Scenario, rules: Mapping[str, Any], year: int, carry: bool
) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Why the plan is as it is, firm by firm, as codes with numbers."""
    found: list[tuple[str, dict[str, Any]]] = []
    for each in plans:

        def say(code: str, firm: str = each.code, **numbers: Any) -> None:
            found.append((code, {"firm": firm, **numbers}))

        if each.ccer_bought:
            saved = (scenario.price - scenario.ccer_price) * each.ccer_bought
            say("ccer_cheaper", t=each.ccer_bought, limit=offset_limit(each.duty, rules), saved=saved)
        elif each.duty and scenario.ccer_price >= scenario.price:
            say("ccer_dearer", price=scenario.price, ccer=scenario.ccer_price)
        if each.surrender:
            say("own", t=sum(each.surrender.values()), vintages=sorted(each.surrender))
        if each.from_group:
            say("sister", t=each.from_group)
        if each.bought:
            say("buy", t=each.bought, yuan=each.bought * scenario.price)
        if each.shortfall:
            say("shortfall", t=each.shortfall)
        if each.carried:
            say("carry", t=sum(each.carried.values()), cap=each.carry_cap)
        if sum(each.sold.values()):
            better = scenario.next_value > scenario.price
            say(
                "sell_for_cap" if better and each.carried else "sell",
                t=sum(each.sold.values()),
                yuan=sum(each.sold.values()) * scenario.price,
            )
        if each.left and not carry and year <= rules["validity"]["old_last_vintage"]:
            say("left", t=each.left)
    return tuple(found)
