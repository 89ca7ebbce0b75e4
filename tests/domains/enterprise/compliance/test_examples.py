"""Examples of an outside examiner, worked by hand from facts/mrv/ets_rules.md, ets_power_benchmarks.csv and regional_benchmarks.csv.

One line an example, its arithmetic beside it; boundaries above all.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from dafeng.domains.enterprise.compliance import allocations, library
from dafeng.domains.enterprise.compliance.methods import duty
from dafeng.domains.enterprise.compliance.methods.allocation import allocate, historic_mean, pre_allocated
from dafeng.domains.enterprise.errors import Refused

RULES = library.cycle_rules()
D = Decimal
M = 1_000_000.0


def row(rules: str, kind: str, output: float = M, **named) -> dict:
    told = {
        "unit": "u",
        "class": kind,
        "output": output,
        "cooling": "water",
        "heat": 0.0,
        "heat_ratio": 0.0,
        "load_factor": 1.0,
    } | named
    return allocate(pl.DataFrame([told]), library.rule_set(rules)).row(0, named=True)


# ---------- power: rules, class, what differs from 1,000,000 MWh at full load with water cooling, quota
POWER = [
    # F_f at its edges: 0.877 × 10⁶ × …
    ("power-2019", "coal_large", {"load_factor": 0.85}, "877000"),
    ("power-2019", "coal_large", {"load_factor": 0.8499}, "877012.278"),  # 1 + 0.0014 × (85 − 84.99)
    ("power-2019", "coal_large", {"load_factor": 0.80}, "883139"),  # 1.007
    ("power-2019", "coal_large", {"load_factor": 0.7999}, "883153.032"),  # 1.007 + 0.0016 × 0.01 = 1.007016
    ("power-2019", "coal_large", {"load_factor": 0.75}, "890155"),  # 1.007 + 0.0016 × 5 = 1.015
    ("power-2019", "coal_large", {"load_factor": 0.50}, "958949.73902"),  # 1.015⁶ = 1.09344326 to eight places
    ("power-2019", "coal_large", {"load_factor": 0.0}, "1112900.32735"),  # 1.015¹⁶ = 1.26898555 to eight places × 877,000
    # 300 MW and below: 0.979; an unconventional unit takes no load factor, but the cooling of coal
    ("power-2019", "coal_small", {"load_factor": 0.85}, "979000"),
    ("power-2020", "coal_other", {"load_factor": 0.60}, "1146000"),
    ("power-2020", "coal_other", {"load_factor": 0.60, "cooling": "air"}, "1203300"),  # × 1.05
    # Heat: share 0 takes the load factor, share 1 leaves 0.78; a unit with heat takes no load factor
    ("power-2019", "coal_small", {"output": 500_000.0, "heat": 2e6, "heat_ratio": 1.0, "load_factor": 0.5}, "633810"),  # 5e5 × 0.979 × 0.78 + 2e6 × 0.126
    ("power-2019", "gas", {"heat": 1e6, "heat_ratio": 0.4}, "356920"),  # 392,000 × 0.76 + 59,000
    ("power-2019", "gas", {"cooling": "air", "load_factor": 0.3}, "392000"),  # neither cooling nor load touches gas
    ("power-2019", "gas", {"heat": 1e6, "heat_ratio": 1.0}, "215800"),  # 392,000 × 0.4 + 59,000
    # 2021 and 2022
    ("power-2021", "coal_large", {"output": 3 * M, "load_factor": 0.82}, "2475754.68"),  # 3e6 × 0.8218 × 1.0042
    ("power-2021", "coal_other", {}, "935000"),
    ("power-2021", "gas", {"heat": 1e6, "heat_ratio": 0.5}, "330400"),  # 392,000 × 0.7 + 56,000
    ("power-2022", "coal_small", {"output": 1.2e6, "cooling": "air", "heat": 3e6, "heat_ratio": 0.3}, "1358763.636"),  # 1.2e6 × 0.8729 × 1.05 × 0.934 + 331,500
    ("power-2022", "gas", {}, "390100"),
    # 2023 and 2024: no heat factor
    ("power-2023", "coal_large", {}, "786100"),
    ("power-2023", "gas", {}, "330500"),
    ("power-2024", "coal_small", {"heat": 1e6, "heat_ratio": 0.9}, "897700"),  # 794,400 + 1e6 × 0.1033
    # Nothing produced
    ("power-2019", "coal_small", {"output": 0.0}, "0"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "kind", "named", "quota"), POWER)
def test_a_power_unit_gets_what_the_hand_gives(rules, kind, named, quota):
    assert row(rules, kind, **named)["quota"] == D(quota)


@pytest.mark.parametrize(
    ("rules", "named", "open_"),
    [
        ("power-2019", {"load_factor": 0.5}, ""),
        ("power-2021", {"heat": 1.0, "heat_ratio": 0.1, "load_factor": 0.5}, "load-scope"),  # widened in 2021-2022, details D
        ("power-2024", {"heat": 1.0, "heat_ratio": 0.1}, "coal_small.heat output-basis"),  # 0.1033 is D
        ("power-2024", {"cooling": "air", "load_factor": 0.5}, "cooling load output-basis"),
    ],
)  # fmt: skip
def test_what_rests_on_memory_says_so(rules, named, open_):
    made = row(rules, "coal_small", **named)
    assert set(made["open"].split()) == set(open_.split())
    assert made["status"] == ("to_confirm" if open_ else "ok")


PRODUCTS = [
    ("fujian-2020", {"class": "clinker"}, "832600"),
    ("fujian-2020", {"class": "grinding"}, "14400"),
    ("guangdong-2021", {"class": "clinker_2000", "capacity": M}, "863913.6"),  # 0.909 × 0.99 × 0.96
    ("guangdong-2021", {"class": "steel_electric", "capacity": M}, "352978.56"),  # 0.3714 × 0.99 × 0.96
    ("guangdong-2021", {"class": "steel_converter", "output": 1.1e6, "capacity": M}, "132390.72"),  # the capacity caps: 10⁶ × 0.1393 × 0.99 × 0.96
    ("guangdong-2021", {"class": "board", "output": 1.5e6, "capacity": M}, "387192.96"),  # 1.4 × 10⁶ × 0.291 × 0.99 × 0.96
]  # fmt: skip


@pytest.mark.parametrize(("rules", "named", "quota"), PRODUCTS)
def test_a_product_gets_what_the_hand_gives(rules, named, quota):
    told = {"unit": "u", "output": M} | named
    assert allocate(pl.DataFrame([told]), library.rule_set(rules)).row(0, named=True)["quota"] == D(quota)


@pytest.mark.parametrize(
    ("emissions", "balance", "share"),
    [
        (100_000.0, 0.9, "0.983333"),  # X = −0.1/0.9 = −1/9; α = −0.15/9 = −0.016667
        (72_000.0, 0.9, "1.03"),  # X = 0.2 exactly: 0.15 × 0.2
        (108_000.0, 0.9, "0.97"),  # X = −0.2 exactly
        (90_000.0, 0.9, "1"),
        (0.0, 0.9, "1.03"),
    ],
)
def test_the_draft_of_2025_at_its_edges(emissions, balance, share):
    told = {"unit": "u", "class": "cement", "output": 100_000.0, "emissions": emissions, "balance": balance}
    made = allocate(pl.DataFrame([told]), library.rule_set("industry-draft-2025")).row(0, named=True)
    assert (made["share"], made["quota"]) == (D(share), D(str(emissions)) * D(share))


@pytest.mark.parametrize(
    ("emissions", "quota"), [(0.0, 0), (1_000.0, 970)]
)  # a line that stands still; what it emits idle: −3 %
def test_a_line_without_output_has_no_intensity_but_a_quota(emissions, quota):
    told = {"unit": "u", "class": "steel", "output": 0.0, "emissions": emissions, "balance": 0.9}
    assert allocate(pl.DataFrame([told]), library.rule_set("industry-draft-2025"))["quota"][0] == quota


def test_a_balance_of_nothing_is_named_as_missing():
    told = {"unit": "u", "class": "steel", "output": 1.0, "emissions": 1.0, "balance": 0.0}
    made = allocate(pl.DataFrame([told]), library.rule_set("industry-draft-2025")).row(0, named=True)
    assert (made["status"], made["missing"]) == ("missing", "balance")


def test_the_historic_mean_at_exactly_twenty_percent():
    assert historic_mean([80, 100, 120]) == 100  # neither lies *beyond* ±20
    assert historic_mean([100, 100, 100, 60]) == 100  # mean 90: 60 lies beyond ±18
    assert historic_mean([50]) == 50


def test_seventy_percent_of_the_base_year_is_allocated_first():
    told = {"unit": "u", "class": "coal_small", "output": M, "cooling": "water", "heat": 0.0, "heat_ratio": 0.0, "load_factor": 0.9}  # fmt: skip
    assert pre_allocated(pl.DataFrame([told]), library.rule_set("power-2019"))["pre"].to_list() == [685_300]


# ---------- year, emissions, free, gas emissions, gas free → duty, may borrow, may offset
DUTIES = [
    (2019, 1_000_000, 800_000, 0, 0, 1_000_000, 0, 50_000),  # the gap is 20 % exactly
    (2019, 1_000_000, 799_999, 0, 0, 999_999, 0, 49_999),  # a tonne beyond: 799,999 + 200,000; 5 % is 49,999.95
    (2019, 700_000, 1_000_000, 0, 0, 700_000, 0, 35_000),  # more than enough
    (2020, 400_000, 356_920, 400_000, 356_920, 356_920, 0, 17_846),  # gas alone owes what it got
    (2020, 300_000, 356_920, 300_000, 356_920, 300_000, 0, 15_000),
    (2020, 0, 0, 0, 0, 0, 0, 0),
    (2021, 1_000_000, 880_000, 0, 0, 1_000_000, 60_000, 50_000),  # gap 12 %: half of 120,000
    (2022, 1_000_000, 700_000, 0, 0, 900_000, 100_000, 45_000),  # capped; the gap is that of the duty
    (2023, 1_000_000, 700_000, 0, 0, 1_000_000, 0, 50_000),  # no cap found, no borrowing
    (2024, 123_456.001, 123_456, 0, 0, 123_457, 0, 6_172),  # 6,172.85
]


@pytest.mark.parametrize(("year", "emissions", "free", "gas", "gas_free", "owed", "borrow", "offset"), DUTIES)
def test_a_duty_is_what_the_hand_gives(year, emissions, free, gas, gas_free, owed, borrow, offset):
    made = duty.owed(year, emissions, free, RULES, gas_emissions=gas, gas_free=gas_free)
    assert (made.duty, duty.borrowable(made, RULES), duty.offset_limit(made.duty, RULES)) == (owed, borrow, offset)


# ---------- net sold, held → cap, best sale
CARRIED = [
    (100_000, 300_000, 160_000, 56_000),  # facts/mrv/ets_rules.md
    (0, 10_000, 10_000, 0),
    (0, 10_001, 10_000, 1),
    (1, 300_000, 10_001, 116_000),  # 10,001.5 down; (300,000 − 10,000 − 1.5) ÷ 2.5 = 115,999.4 up
    (
        -50_000,
        300_000,
        10_000,
        146_000,
    ),  # a buyer's sales count from what was bought: held − x = 10,000 + 1.5 (x − 50,000)
    (-500_000, 300_000, 10_000, 290_000),  # never a net seller: sell down to the base
    (0, 0, 0, 0),
]


@pytest.mark.parametrize(("net", "held", "cap", "best"), CARRIED)
def test_what_may_be_carried_over(net, held, cap, best):
    assert duty.carry_over_cap(net, held, RULES) == cap
    assert duty.best_sale(net, held, RULES) == best


# ---------- what nobody can mean is refused in words
GOOD = {"unit": "一号机组", "class": "coal_small", "output": 1e6, "cooling": "water", "heat": 0, "heat_ratio": 0, "load_factor": 0.9}  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "changed", "code", "said"),
    [
        ("power-2019", {"output": float("nan")}, "value_out_of_range", "一号机组"),
        ("power-2019", {"output": float("inf")}, "value_out_of_range", "一号机组"),
        ("power-2019", {"output": 1e308}, "value_out_of_range", "一号机组"),
        ("power-2019", {"output": -1}, "value_out_of_range", "一号机组"),
        ("power-2019", {"load_factor": 85}, "value_out_of_range", "一号机组"),
        ("power-2019", {"output": "一百万"}, "value_unreadable", "一百万"),
        ("power-2019", {"output": "1,000,000"}, "value_unreadable", "一号机组"),
        ("power-2019", {"cooling": "风冷"}, "cooling_unknown", "风冷"),
        ("industry-draft-2025", {"class": "steel", "emissions": 1, "balance": float("nan")}, "value_out_of_range", "balance"),
        ("industry-draft-2025", {"class": "steel", "emissions": 1, "balance": float("inf")}, "value_out_of_range", "balance"),
        ("industry-draft-2025", {"class": "steel", "emissions": 1, "balance": -1}, "value_out_of_range", "balance"),
        ("fujian-2020", {"class": "glass", "choice": "大半"}, "choice_unknown", "大半"),
        ("fujian-2020", {"class": "glass", "choice": "nan"}, "choice_unknown", "nan"),
    ],
)  # fmt: skip
def test_a_value_that_means_nothing_is_refused_by_name(rules, changed, code, said):
    with pytest.raises(Refused) as caught:
        allocations.simulate([GOOD | changed], library.rule_set(rules))
    assert (caught.value.code, said in str(caught.value)) == (code, True)


def test_digits_of_full_width_are_digits():
    assert allocations.simulate([GOOD | {"output": "１２３"}], library.rule_set("power-2019"))[0]["output"] == "123"
