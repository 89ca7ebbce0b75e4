"""Duty, offsets, carry-over, penalties, the planner and the what-if against hand arithmetic and a brute force."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.enterprise.compliance import library
from dafeng.domains.enterprise.compliance.methods import duty, planner, whatif
from dafeng.domains.enterprise.compliance.methods.planner import Firm, Scenario
from dafeng.domains.enterprise.errors import Refused

RULES = library.cycle_rules()
D = Decimal


def scenario(price="70", ccer="60", later="70", **named) -> Scenario:
    return Scenario("x", D(price), D(ccer), D(later), **named)


def test_the_gap_cap_of_the_first_cycle():
    """facts/mrv/ets_rules.md: free 700,000, verified 1,000,000 → due 900,000; CCER ≤ 45,000."""
    owed = duty.owed(2019, 1_000_000, 700_000, RULES)
    assert (owed.duty, owed.gap, owed.capped) == (900_000, 200_000, True)
    assert duty.offset_limit(owed.duty, RULES) == 45_000


def test_emissions_below_the_cap_are_owed_in_full_and_round_up():
    owed = duty.owed(2020, D("710000.001"), 700_000, RULES)
    assert (owed.duty, owed.capped) == (710_001, False)


def test_gas_units_owe_at_most_what_they_got():
    owed = duty.owed(2019, 1_000_000, 900_000, RULES, gas_emissions=300_000, gas_free=250_000)
    assert owed.duty == 250_000 + 700_000  # gas: min; the rest 700,000 ≤ 650,000 + 140,000


def test_a_gas_rule_that_is_only_remembered_lowers_nobodys_duty():
    owed = duty.owed(2021, 1_000_000, 900_000, RULES, gas_emissions=300_000, gas_free=250_000)
    assert (owed.duty, owed.open) == (1_000_000, True)


def test_without_an_allocation_all_emissions_are_owed():
    owed = duty.owed(2025, 500_000, None, RULES)
    assert (owed.duty, owed.gap, owed.open) == (500_000, None, True)


def test_borrowing_is_half_of_a_gap_that_is_a_tenth_or_more():
    assert duty.borrowable(duty.owed(2021, 1_000_000, 900_000, RULES), RULES) == 50_000
    assert duty.borrowable(duty.owed(2021, 1_000_000, 900_001, RULES), RULES) == 0
    assert duty.borrowable(duty.owed(2024, 1_000_000, 500_000, RULES), RULES) == 0  # none in 2023-2024


def test_a_year_without_rules_is_refused():
    with pytest.raises(Refused, match="没有 2018 年度"):
        duty.cycle_of(2018, RULES)


def test_the_carry_over_formula_and_the_sale_that_makes_it_reach():
    """facts/mrv/ets_rules.md: net sold 100,000, held 300,000 → 160,000; 56,000 more makes cap = stock = 244,000."""
    assert duty.carry_over_cap(100_000, 300_000, RULES) == 160_000
    assert duty.best_sale(100_000, 300_000, RULES) == 56_000
    assert duty.carry_over_cap(156_000, 244_000, RULES) == 244_000
    assert duty.carry_over_cap(-5, 300_000, RULES) == 10_000
    assert duty.carry_over_cap(0, 9_999, RULES) == 9_999


@given(st.integers(-(10**7), 10**7), st.integers(0, 10**8))  # net buyers too
def test_the_best_sale_is_the_least_that_is_enough(net, held):
    best = duty.best_sale(net, held, RULES)
    assert duty.carry_over_cap(net + best, held - best, RULES) == held - best
    if best:
        assert duty.carry_over_cap(net + best - 1, held - best + 1, RULES) < held - best + 1


def test_old_vintages_do_not_serve_new_years_nor_young_ones_old_years():
    held = [2019, 2023, 2024, 2025, 2026]
    assert duty.valid_vintages(2023, held, RULES) == [2019, 2023]
    assert duty.valid_vintages(2025, held, RULES) == [2025]


def test_penalties_by_their_dates():
    old = duty.penalty(100, date(2024, 4, 30), RULES, average_price=D("70"))
    assert (old.low, old.high, old.cut, old.open) == (20_000, 30_000, 100, False)
    new = duty.penalty(100, date(2024, 5, 1), RULES, average_price=D("70"))
    assert (new.low, new.high, new.cut, new.open) == (35_000, 70_000, 100, True)  # 5 to 10 times, from memory
    assert duty.penalty(100, date(2026, 1, 1), RULES, average_price=None).low is None
    assert duty.penalty(0, date(2026, 1, 1), RULES, average_price=None) is None


def test_offsets_are_eligible_by_start_period_and_origin():
    good = {"started": date(2012, 11, 9), "reduced_from": date(2020, 9, 23), "covered": False}
    assert duty.ineligible(good, RULES) == []
    bad = {"started": date(2012, 11, 8), "reduced_from": date(2020, 9, 22), "covered": True}
    assert duty.ineligible(bad, RULES) == ["started_early", "reduced_early", "covered"]


def test_cheap_offsets_are_bought_up_to_the_limit_and_the_rest_is_surrendered():
    made = planner.plan([Firm("a", 100_000, {2024: 100_000})], scenario(later="0"), year=2024, rules=RULES)
    firm = made.firms[0]
    assert (firm.ccer_bought, sum(firm.surrender.values()), sum(firm.sold.values())) == (5_000, 95_000, 5_000)
    assert made.cost == 5_000 * D(60) - 5_000 * D(70)


def test_dear_offsets_are_left_alone_and_what_lacks_is_bought():
    made = planner.plan([Firm("a", 100_000, {2024: 60_000})], scenario(ccer="80"), year=2024, rules=RULES)
    assert (made.firms[0].ccer, made.firms[0].bought, made.cost) == (0, 40_000, 40_000 * D(70))


def test_the_oldest_vintage_is_surrendered_first():
    firms = [Firm("a", 50, {2022: 30, 2023: 40, 2024: 500})]
    made = planner.plan(firms, scenario(ccer="90", later="0"), year=2024, rules=RULES)
    assert dict(made.firms[0].surrender) == {2022: 30, 2023: 20}
    assert dict(made.firms[0].sold) == {2023: 20, 2024: 500}


def test_it_sells_exactly_what_lets_the_rest_be_carried_over():
    firms = [Firm("a", 0, {2024: 300_000}, net_sold=100_000)]
    firm = planner.plan(firms, scenario(price="74.63", later="80"), year=2024, rules=RULES).firms[0]
    assert (sum(firm.sold.values()), sum(firm.carried.values()), firm.carry_cap) == (56_000, 244_000, 244_000)


def test_after_the_last_day_nothing_is_carried_over():
    made = planner.plan([Firm("a", 0, {2024: 100})], scenario(later="500"), year=2024, rules=RULES, carry=False)
    assert (dict(made.firms[0].carried), sum(made.firms[0].sold.values())) == ({}, 100)


def test_a_group_helps_itself_before_it_buys():
    group = [Firm("short", 100_000, {2024: 60_000}), Firm("long", 100_000, {2024: 150_000})]
    made = planner.plan(group, scenario(ccer="90", later="0"), year=2024, rules=RULES)
    assert (made.firms[0].from_group, made.firms[0].bought, made.cost) == (40_000, 0, -10_000 * D(70))


def test_what_the_market_cannot_sell_is_a_shortfall():
    firm = planner.plan([Firm("a", 100, {2024: 10})], scenario(ccer="90", most=40), year=2024, rules=RULES).firms[0]
    assert (firm.bought, firm.ccer_bought, firm.shortfall) == (40, 5, 45)


def test_old_stock_does_not_serve_2025():
    firms = [Firm("a", 100, {2024: 100, 2025: 30})]
    made = planner.plan(firms, scenario(ccer="90"), year=2025, rules=RULES, carry=False)
    assert (dict(made.firms[0].surrender), made.firms[0].bought) == ({2025: 30}, 70)


@pytest.mark.parametrize("firms", [[], [Firm(str(i), 1, {}) for i in range(21)]])
def test_too_many_or_too_few_firms_are_refused(firms):
    with pytest.raises(Refused) as caught:
        planner.plan(firms, scenario(), year=2024, rules=RULES)
    assert caught.value.code == "group_size"


def brute(firm: Firm, prices: Scenario) -> Decimal:
    """The best worth over every whole choice of offsets, purchase, sale and carry-over of one vintage."""
    stock, limit, found = firm.stock.get(2024, 0), duty.offset_limit(firm.duty, RULES), []
    for ccer, bought in itertools.product(range(limit + 1), range(firm.duty + 1)):
        own = firm.duty - ccer - bought
        if 0 <= own <= stock:
            for sold in range(stock - own + 1):
                net = max(0, firm.net_sold + sold - bought)
                carried = min(stock - own - sold, 10_000 + int(net * D("1.5")))
                cash = prices.price * (bought - sold) + prices.ccer_price * max(0, ccer - firm.ccer)
                found.append(cash - prices.next_value * carried)
    return min(found)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 3), st.integers(1, 20), st.integers(1, 20), st.integers(0, 20))  # fmt: skip
def test_no_plan_is_better_than_ours(owed, stock, ccer, price, ccer_price, later):
    firm = Firm("a", owed, {2024: stock} if stock else {}, ccer)
    prices = Scenario("x", D(price), D(ccer_price), D(later))
    made = planner.plan([firm], prices, year=2024, rules=RULES)
    ours = made.cost - sum(made.firms[0].carried.values()) * prices.next_value
    assert ours <= brute(firm, prices) + 2  # within the solver's yuan and the tick


UNIT = whatif.Unit("u", "coal_small", "water", 1_000_000, 0, 0, 0.86, 400_000, 21.0, 0.026, 0.99)


def compare(change: whatif.Change):
    return whatif.compare(UNIT, change, library.rule_set("power-2019"), price=D("50"), default_carbon=0.03356)


def test_not_testing_costs_the_difference_of_the_default():
    made = compare(whatif.Change(tested=False))
    assert made["before"].emissions == pytest.approx(792_792, rel=1e-12)  # 400,000 × 21 × 0.026 × 0.99 × 44/12
    assert made["after"].emissions == pytest.approx(1_023_311.52, rel=1e-12)  # × 0.03356 / 0.026
    assert made["after"].quota == made["before"].quota == 979_000
    assert made["lines"]["cost"][2] == D("230519.52") * 50


def test_poorer_coal_needs_more_of_it_for_the_same_heat():
    made = compare(whatif.Change(ncv=20.0))
    assert made["after"].emissions == pytest.approx(made["before"].emissions, rel=1e-12)
    assert whatif.changed(UNIT, whatif.Change(ncv=20.0)).fuel == pytest.approx(420_000)


def test_output_moves_emissions_and_allowances_together():
    made = compare(whatif.Change(output=1.1))
    assert made["after"].quota == 1_076_900
    assert made["after"].emissions == pytest.approx(872_071.2, rel=1e-12)


def test_a_lower_load_gives_more_allowances():
    assert compare(whatif.Change(load_factor=0.70))["after"].quota == 1_008_590  # 979,000 × 1.030225 = 1,008,590.275


@pytest.mark.parametrize("change", [whatif.Change(ncv=0.0), whatif.Change(carbon=0.5), whatif.Change(output=-1.0)])
def test_impossible_changes_are_refused(change):
    with pytest.raises(Refused) as caught:
        compare(change)
    assert caught.value.code == "value_out_of_range"
