"""Allocation against hand arithmetic and an independent reading in `Decimal`; rule files against the collected facts."""

from __future__ import annotations

import copy
import csv
import random
import tomllib
from decimal import Decimal, localcontext

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.enterprise.compliance import library
from dafeng.domains.enterprise.compliance.methods.allocation import allocate, historic_mean, pre_allocated
from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet, parse, tightened
from dafeng.domains.enterprise.errors import Refused
from tests.conftest import SHARED

HOME = library.HOME / "rules"
UNIT = {"unit": "u", "class": "coal_large", "cooling": "water", "output": 3_000_000.0, "heat": 0.0, "heat_ratio": 0.0, "load_factor": 0.82}  # fmt: skip


def one(rules: str | RuleSet, **changed) -> dict:
    found = library.rule_set(rules) if isinstance(rules, str) else rules
    return allocate(pl.DataFrame([UNIT | changed]), found).row(0, named=True)


def refused(reason: str, call, *args, **named) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*args, **named)
    assert caught.value.code == reason
    return caught.value


# ---------- hand-checked in facts/mrv/ets_rules.md


def test_a_600_mw_unit_at_82_percent_load():
    row = one("power-2019")
    assert row["quota"] == Decimal("2642050.2")  # 3e6 × 0.877 × 1.0042
    assert (row["load_factor_value"], row["tonnes"], row["status"]) == (Decimal("1.0042"), 2_642_050, "ok")


def test_an_air_cooled_chp_unit():
    chp = {"class": "coal_small", "cooling": "air", "output": 1_200_000.0, "heat": 3_000_000.0, "heat_ratio": 0.30, "load_factor": 0.5}  # fmt: skip
    row = one("power-2019", **chp)
    assert row["quota"] == Decimal("1530126.36")  # 1.2e6 × 0.979 × 1.05 × 0.934 + 3e6 × 0.126
    assert row["heat_factor"] == Decimal("0.934")
    assert row["load_factor_value"] == 1  # published steps: CHP takes 1


@pytest.mark.parametrize(
    ("load", "factor"),
    [
        ("1", "1"), ("0.85", "1"), ("0.80", "1.007"), ("0.75", "1.015"),  # 1 + 0.0014 × 5; 1.007 + 0.0016 × 5
        ("0.70", "1.030225"), ("0.60", "1.06136355"),  # 1.015², 1.015⁴ = 1.06136355…
    ],
)  # fmt: skip
def test_the_load_factor_by_band(load, factor):
    assert one("power-2019", load_factor=float(load))["load_factor_value"] == Decimal(factor)


def test_gas_has_no_cooling_factor_and_its_own_heat_factor():
    row = one("power-2019", **{"class": "gas", "cooling": None, "output": 1_000_000.0, "heat": 1_000.0, "heat_ratio": 0.5, "load_factor": None})  # fmt: skip
    assert row["quota"] == Decimal("1000000") * Decimal("0.392") * Decimal("0.7") + Decimal("1000") * Decimal("0.059")


def test_there_is_no_heat_factor_in_2023_and_2024():
    chp = {"class": "coal_small", "heat": 1_000.0, "heat_ratio": 0.5, "output": 1_000_000.0}
    row = one("power-2024", **chp)
    assert row["heat_factor"] == 1
    assert row["quota"] == Decimal("794400") + Decimal("103.3")


def test_decimals_of_the_input_are_kept():
    assert one("power-2019", output=1234567.891, load_factor=0.9)["quota"] == Decimal("1234567.891") * Decimal("0.877")


def test_pre_allocation_is_seventy_percent_rounded_down():
    made = pre_allocated(pl.DataFrame([UNIT | {"output": 1001.0, "load_factor": 0.9}]), library.rule_set("power-2019"))
    assert made["pre"].to_list() == [614]  # 1001 × 0.877 × 0.7 = 614.5139
    refused("no_pre_allocation", pre_allocated, pl.DataFrame([UNIT]), library.rule_set("power-draft-2025"))


@pytest.mark.parametrize("reason", ["illegal_construction", "closure_ordered", "no_permit"])
def test_a_barred_unit_gets_nothing(reason):
    assert one("power-2019", barred=reason)["tonnes"] == 0


# ---------- industry and regions


def test_the_quota_of_industry_in_2024_is_what_was_verified():
    assert one("industry-2024", **{"class": "cement", "emissions": 123_456.789})["quota"] == Decimal("123456.789")


@pytest.mark.parametrize(("intensity", "share"), [(0.72, "1.015"), (0.88, "0.985"), (0.40, "1.03"), (1.6, "0.97"), (0.64, "1.03")])  # fmt: skip
def test_the_draft_of_2025_follows_the_intensity(intensity, share):
    """Balance 0.8: I = 0.72 → X = 0.1 → α = 0.015; beyond ±20 % ±3 %."""
    row = one("industry-draft-2025", **{"class": "steel", "output": 100_000.0, "emissions": intensity * 100_000, "balance": 0.8})  # fmt: skip
    assert row["quota"] == Decimal(str(round(intensity * 100_000, 3))) * Decimal(share)
    assert row["status"] == "to_confirm"


def test_guangdong_clinker():
    row = one("guangdong-2021", **{"class": "clinker_4000", "output": 1_500_000.0, "capacity": 1_500_000.0})
    assert row["quota"] == Decimal(1_500_000) * Decimal("0.884") * Decimal("0.99") * Decimal("0.96")
    assert row["status"] == "ok"


def test_output_above_the_cap_is_not_counted_and_the_cap_is_to_be_confirmed():
    row = one("guangdong-2021", **{"class": "clinker_4000", "output": 2_000_000.0, "capacity": 1_500_000.0})
    assert row["output_counted"] == 1_800_000  # 1.2 × design
    assert (row["status"], row["open"]) == ("to_confirm", "cap")


def test_fujian_glass_takes_a_factor_that_is_printed_and_no_other():
    glass = {"class": "glass", "output": 1_000.0, "choice": "0.97"}
    assert one("fujian-2020", **glass)["quota"] == Decimal("296.62") * 1000 * Decimal("0.97")
    refused("choice_unknown", one, "fujian-2020", **(glass | {"choice": "0.5"}))


def test_historic_methods_with_the_users_reduction():
    row = one("fujian-2020", **{"class": "historic_intensity", "output": 1_000.0, "history": 1.25, "reduction": 0.98})
    assert (row["quota"], row["status"]) == (Decimal(1225), "to_confirm")
    assert one("fujian-2020", **{"class": "historic", "history": 1000.0, "reduction": 0.95})["quota"] == 950


def test_the_historic_mean_drops_one_outlier_and_keeps_two():
    assert historic_mean([100, 100, 160]) == 100  # mean 120, only 160 lies beyond ±24
    assert historic_mean([60, 100, 140]) == 100  # two beyond ±20: all stay
    refused("history_missing", historic_mean, [])


# ---------- open values, drafts, gaps


def test_what_rests_on_an_unsigned_value_says_so():
    row = one("power-2024")
    assert (row["status"], row["open"]) == ("to_confirm", "load output-basis")
    signed = library.rule_set("power-2024").with_signed(frozenset({"load", "output-basis"}))
    assert one(signed)["status"] == "ok"
    assert one(signed, heat=10.0, heat_ratio=0.1)["open"] == "coal_large.heat"
    refused("nothing_to_sign", library.rule_set("power-2024").with_signed, frozenset({"coal_large.power"}))


def test_every_value_of_standing_d_waits_for_a_signature():
    for rules in library.rule_sets().values():
        for each in rules.benchmarks.values():
            if each.value is not None and each.standing in "DX":
                assert each.code in rules.items()


def test_no_draft_and_no_simulation_is_a_default():
    assert library.default_set("power", 2024).code == "power-2024"
    assert library.default_set("power", 2025) is None
    assert library.default_set("industry", 2025) is None
    assert {each.state for each in library.rule_sets().values() if not each.usable} == {"draft", "simulation"}


def test_a_draft_without_numbers_gives_none_and_names_what_lacks():
    row = one("power-draft-2025")
    assert (row["quota"], row["tonnes"], row["status"]) == (None, None, "missing")
    assert "benchmark" in row["missing"]


def test_missing_data_is_not_zero():
    for name, told in (("output", "output"), ("heat", "heat"), ("cooling", "cooling"), ("load_factor", "load_factor")):
        row = one("power-2019", **{name: None})
        assert row["quota"] is None, name
        assert told in row["missing"].split(), name


def test_hubei_has_no_coefficients():
    refused("rule_set_empty", allocate, pl.DataFrame([UNIT]), library.rule_set("hubei-2021"))


# ---------- refusals


def test_a_benchmark_file_with_a_missing_class_is_refused_with_the_reason():
    data = tomllib.loads((HOME / "power_2019_2020.toml").read_text("utf-8"))
    data["benchmark"] = [row for row in data["benchmark"] if (row["year"], row["class"], row["kind"]) != (2020, "gas", "heat")]  # fmt: skip
    error = refused("benchmark_missing_class", parse, data, file="power.toml")
    assert "2020" in error.what
    assert "燃气机组" in error.what
    assert error.where.file == "power.toml"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d["benchmark"].append(d["benchmark"][0]), "benchmark_twice"),
        (lambda d: d["benchmark"][0].pop("value"), "benchmark_missing_value"),
        (lambda d: d["benchmark"][0].update(value="-0.8"), "benchmark_out_of_range"),
        (lambda d: d["benchmark"][0].update(value="abc"), "rule_set_unreadable"),
        (lambda d: d["benchmark"][0].update({"class": "nuclear"}), "benchmark_unknown_class"),
        (lambda d: d.pop("source"), "rule_set_incomplete"),
        (lambda d: d.update(method="guess"), "rule_set_unreadable"),
    ],
)
def test_a_faulty_file_is_refused(change, reason):
    data = copy.deepcopy(tomllib.loads((HOME / "power_2019_2020.toml").read_text("utf-8")))
    change(data)
    refused(reason, parse, data)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"class": "nuclear"}, "class_unknown"), ({"output": -1.0}, "value_out_of_range"), ({"load_factor": 82.0}, "value_out_of_range"),
        ({"output": float("nan")}, "value_out_of_range"), ({"barred": "dislike"}, "barred_unknown"),
    ],
)  # fmt: skip
def test_an_impossible_unit_is_refused(changed, reason):
    refused(reason, one, "power-2019", **changed)


def test_a_repeated_unit_is_refused():
    refused("unit_twice", allocate, pl.DataFrame([UNIT, UNIT]), library.rule_set("power-2019"))
    refused("column_missing", allocate, pl.DataFrame([{"unit": "u"}]), library.rule_set("power-2019"))


def test_tightening_lowers_every_benchmark_and_is_no_rule():
    rules = tightened(library.rule_set("power-2019"), Decimal(5))
    assert rules.state == "simulation"
    assert one(rules, load_factor=0.9)["quota"] == Decimal(3_000_000) * Decimal("0.877") * Decimal("0.95")


# ---------- the facts, and an independent reading


@pytest.mark.skipif(not (SHARED / "facts").is_dir(), reason="the collected facts are kept outside the repository")
def test_the_rule_files_are_the_facts():
    with (SHARED / "facts/mrv/ets_power_benchmarks.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["benchmark"]]
    names = {"conventional coal >300MW": ["coal_large"], "conventional coal <=300MW": ["coal_small"], "unconventional coal": ["coal_other"],
             "gas": ["gas"], "coal (all three classes)": ["coal_large", "coal_small", "coal_other"]}  # fmt: skip
    seen = 0
    for row in rows:
        for code in names[row["unit_class"]]:
            found = library.rule_set(f"power-{row['compliance_year']}").benchmarks[code, row["kind"]]
            assert (found.value, found.standing, found.unit) == (Decimal(row["benchmark"]), row["verification"][0], row["unit"])  # fmt: skip
            seen += 1
    assert seen == 6 * 8
    with (SHARED / "facts/mrv/regional_benchmarks.csv").open(encoding="utf-8") as stream:
        regional = sorted(row["benchmark"] for row in csv.DictReader(stream))
    ours = [str(each.value) for rules in library.rule_sets().values() for each in rules.benchmarks.values() if rules.sector == "product"]  # fmt: skip
    assert sorted(ours) == regional


def oracle(row: dict, year: int) -> Decimal:
    """The 2019-2020 plan as it reads, unit by unit."""
    power = {"coal_large": "0.877", "coal_small": "0.979", "coal_other": "1.146", "gas": "0.392"}[row["class"]]
    coal = row["class"] != "gas"
    cooling = Decimal("1.05") if coal and row["cooling"] == "air" else Decimal(1)
    ratio = Decimal(str(row["heat_ratio"])) if row["heat"] else Decimal(0)
    heat = 1 - Decimal("0.22" if coal else "0.6") * ratio
    f, load = Decimal(str(row["load_factor"])), Decimal(1)
    if row["class"] in ("coal_large", "coal_small") and not row["heat"] and not row["heat_ratio"]:
        if f >= Decimal("0.85"):
            load = Decimal(1)
        elif f >= Decimal("0.8"):
            load = 1 + Decimal("0.0014") * (85 - 100 * f)
        elif f >= Decimal("0.75"):
            load = Decimal("1.007") + Decimal("0.0016") * (80 - 100 * f)
        else:
            load = (Decimal("1.015") ** (16 - 20 * f)).quantize(Decimal("1e-8"))
    q_power, q_heat = Decimal(str(row["output"])), Decimal(str(row["heat"]))
    return q_power * Decimal(power) * cooling * heat * load + q_heat * Decimal("0.126" if coal else "0.059")


units = st.fixed_dictionaries(
    {
        "class": st.sampled_from(["coal_large", "coal_small", "coal_other", "gas"]), "cooling": st.sampled_from(["water", "air"]),
        "output": st.integers(0, 10**10).map(lambda n: n / 1000), "heat": st.sampled_from([0.0]) | st.integers(1, 10**10).map(lambda n: n / 1000),
        "heat_ratio": st.integers(0, 10_000).map(lambda n: n / 10_000), "load_factor": st.integers(3_000, 10_000).map(lambda n: n / 10_000),
    }
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(units, min_size=1, max_size=20))
def test_columns_agree_with_decimals_to_the_last_digit(rows):
    frame = pl.DataFrame([{"unit": f"u{i}", **row} for i, row in enumerate(rows)])
    made = allocate(frame, library.rule_set("power-2019"))
    with localcontext() as context:
        context.prec = 60
        assert made["quota"].to_list() == [oracle(row, 2019) for row in rows]
        assert made["tonnes"].to_list() == [int(oracle(row, 2019)) for row in rows]


def test_the_order_of_units_does_not_matter():
    dice = random.Random(1)
    rows = [UNIT | {"unit": f"u{i}", "output": float(dice.randint(1, 10**6)), "class": dice.choice(["coal_large", "gas"])} for i in range(50)]  # fmt: skip
    plain = allocate(pl.DataFrame(rows), library.rule_set("power-2021"))
    dice.shuffle(rows)
    mixed = allocate(pl.DataFrame(rows), library.rule_set("power-2021"))
    assert plain.sort("unit").equals(mixed.sort("unit"))
