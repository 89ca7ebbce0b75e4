"""The verifier's production data: by hand from the guideline's formulas, beside the platform's, and on the conservative side."""

from __future__ import annotations

from typing import Any

import pytest

from dafeng.domains.enterprise.compliance import verified
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.verification import findings, shown
from dafeng.domains.enterprise.verification.documents import document_of
from dafeng.domains.enterprise.verification.methods import estimation, production, recompute
from dafeng.domains.enterprise.verification.methods.estimation import Replacement
from tests.domains.enterprise.reporting.methods.test_power import CCPP, CHP
from tests.domains.enterprise.reporting.methods.told import account
from tests.domains.enterprise.verification.conftest import MONTHS, content_of

# One month of a unit with heat; by hand: heat 0 + 8000 + 2000 = 10 000 GJ; (A.11) 10 000 ÷ 100 000 = 0.1; auxiliary of power
# 80 + 20 × 0.9 = 98; supplied 2000 − 98 = 1902 MWh; load factor 2000 ÷ (10 × 250) = 0.8. The year is three times the sums.
MONTHLY = {
    "generation": (2000, "MWh"), "auxiliary_for_power": (80, "MWh"), "auxiliary_common": (20, "MWh"), "boiler_heat": (0, "GJ"),
    "direct_heat": (8000, "GJ"), "indirect_heat": (2000, "GJ"), "turbine_intake": (100_000, "GJ"), "running_hours": (250, "h"),
    "capacity": (10, "MW"),
}  # fmt: skip
FOUND = {
    "turbine_heat": (10_000, "GJ"), "heat_supplied": (10_000, "GJ"), "heat_ratio": (0.1, "1"), "auxiliary_of_power": (98, "MWh"),
    "power_supplied": (1902, "MWh"), "load_factor": (80, "%"),
}  # fmt: skip
RATIOS = ("heat_ratio", "load_factor")


def produced() -> dict[str, Any]:
    """The report of `content_of` with production in its three months."""
    content = content_of()
    content["boundary"]["facilities"][0] |= {"compliance": True, "facts": {}}
    content["values"] += [
        {"facility": "unit-1", "month": month, "item": item, "stream": "", "value": value, "unit": unit, "way": "measured"}
        for month in MONTHS
        for item, (value, unit) in MONTHLY.items()
    ]  # fmt: skip
    content["indicators"] = [
        {"facility": "unit-1", "month": period, "indicator": name, "unit": unit,
         "value": value * 3 if period == "2025" and name not in RATIOS else value}
        for period in (*MONTHS, "2025")
        for name, (value, unit) in FOUND.items()
    ]  # fmt: skip
    return content


def reported(content: dict[str, Any], name: str, month: str) -> dict[str, Any]:
    return next(row for row in content["indicators"] if (row["indicator"], row["month"]) == (name, month))


def test_the_figures_of_the_quota_stand_side_by_side() -> None:
    found = recompute(produced(), {})
    assert found.agrees
    assert {each.name: (each.reported, each.own) for each in found.figures} == {
        "heat_supplied": (30_000, 30_000), "heat_ratio": (0.1, pytest.approx(0.1)),
        "power_supplied": (5706, pytest.approx(5706)), "load_factor": (0.8, pytest.approx(0.8)),
    }  # fmt: skip


def test_the_verifier_puts_units_reported_together_into_one() -> None:
    """(A.23) 300 MW for 500 h and 600 MW for 600 h are 900 MW for 510 000 ÷ 900 h; what is told of the whole stands."""
    parts = [("machine_capacity", "1", 300, "MW"), ("machine_capacity", "2", 600, "MW"), ("machine_hours", "1", 500, "h"), ("machine_hours", "2", 600, "h")]  # fmt: skip
    values = [
        {"facility": "u", "month": "2025-01", "item": item, "stream": f"machine/{name}", "value": value, "unit": unit}
        for item, name, value, unit in parts
    ]
    content = {"boundary": {"facilities": [{"code": "u", "sector": "power"}]}, "values": values}
    assert production.told_of(content)["u", "2025-01"] == {
        "capacity": 900,
        "running_hours": pytest.approx(510_000 / 900),
    }
    whole = [
        *values,
        {"facility": "u", "month": "2025-01", "item": "running_hours", "stream": "", "value": 600, "unit": "h"},
    ]
    assert production.told_of(content | {"values": whole})["u", "2025-01"]["running_hours"] == 600
    assert "running_hours" not in production.told_of(content | {"values": values[:-1]})["u", "2025-01"]


def test_the_verifier_covers_every_figure_that_the_quota_reads() -> None:
    assert {code for code, _places in verified.FIGURES.values()} == set(production.CONSERVATIVE)


@pytest.mark.parametrize(("name", "wrong"), [("heat_supplied", 12_000), ("heat_ratio", 0.09), ("load_factor", 79.0)])
def test_a_wrong_figure_is_located_in_its_month_and_nowhere_else(name: str, wrong: float) -> None:
    content = produced()
    reported(content, name, "2025-02")["value"] = wrong
    first = recompute(content, {}).first
    assert first is not None
    assert (first.level, first.facility, first.month, first.name) == ("figure", "unit-1", "2025-02", name)


def test_a_wrong_ratio_carried_upwards_is_told_once_and_the_own_number_of_the_year_follows() -> None:
    content = produced()
    # With a = 0.2 the platform goes on rightly: 80 + 20 × 0.8 = 96, supplied 1904 a month.
    for period, times in (*((month, 1) for month in MONTHS), ("2025", 3)):
        reported(content, "heat_ratio", period)["value"] = 0.2
        reported(content, "auxiliary_of_power", period)["value"] = 96 * times
        reported(content, "power_supplied", period)["value"] = 1904 * times
    found = recompute(content, {})
    assert {(each.name, each.month) for each in found.differences} == {
        ("heat_ratio", period) for period in (*MONTHS, "2025")
    }
    assert found.first is not None
    assert found.first.month == "2025-01"
    supplied = next(each for each in found.figures if each.name == "power_supplied")
    assert (supplied.reported, supplied.own) == (5712, pytest.approx(5706))


def test_a_figure_that_the_report_leaves_out_is_a_difference() -> None:
    content = produced()
    content["indicators"].remove(reported(content, "power_supplied", "2025"))
    first = recompute(content, {}).first
    assert first is not None
    assert (first.name, first.month, first.reported, first.own) == ("power_supplied", "2025", None, pytest.approx(5706))


def test_a_figure_that_nothing_told_gives_never_passes_for_agreement() -> None:
    content = produced()
    content["values"] = [each for each in content["values"] if each["item"] != "capacity"]
    found = recompute(content, {})
    assert found.unchecked == (("unit-1", "2025", "", "load_factor"),)
    assert not found.agrees


@pytest.mark.parametrize("told", [CHP, CCPP], ids=["steam", "combined cycle"])
def test_the_platform_and_the_verifier_agree_on_the_same_unit(told: Any) -> None:
    result = account("power", *told)
    [facility] = set(result.rows["facility"])
    names = {"electricity_bought": "MWh", "fuel_use": "", "ncv": ""} | production.ITEMS
    values = [
        {"facility": facility, "month": month, "item": item, "stream": stream, "value": value, "unit": names.get(item, "")}
        for month, item, stream, value in told
    ]  # fmt: skip
    content = {
        "boundary": {"facilities": [{"code": facility, "sector": "power"}]}, "values": values, "rows": result.rows.to_dicts(),
        "indicators": result.indicators.to_dicts(),
    }  # fmt: skip
    figures = recompute(content, {}).figures
    assert {each.name for each in figures} == set(production.CONSERVATIVE)
    assert all(each.own == pytest.approx(each.reported) for each in figures)


def test_a_higher_output_is_never_estimated_and_a_lower_one_counts() -> None:
    def counts(name: str, value: float, month: str = "2025-02") -> dict[str, float]:
        steps = estimation.figures(produced(), [Replacement("unit-1", "", name, month, value)])
        return {each.name: each.counts for each in steps}

    # One month at 1500 MWh: 5706 − 500; the load factor would fall to 5500 ÷ 7500 and stays at 0.8.
    assert counts("generation", 1500) == {
        "heat_supplied": 30_000, "heat_ratio": pytest.approx(0.1), "power_supplied": pytest.approx(5206), "load_factor": 0.8
    }  # fmt: skip
    # At 2500 MWh the power stays; the load factor counts 6500 ÷ 7500.
    assert counts("generation", 2500)["power_supplied"] == 5706
    assert counts("generation", 2500)["load_factor"] == pytest.approx(6500 / 7500)
    # Half of the steam taken in a month: a = 30 000 ÷ 250 000; the power that this would add stays out.
    assert counts("turbine_intake", 50_000)["heat_ratio"] == pytest.approx(0.12)
    assert counts("turbine_intake", 50_000)["power_supplied"] == 5706


def test_the_worst_month_is_the_lowest_output_and_the_highest_use() -> None:
    content = produced()
    for each in content["values"]:
        if each["month"] == "2025-03" and each["item"] in ("generation", "auxiliary_for_power"):
            each["value"] = {"generation": 1900, "auxiliary_for_power": 90}[each["item"]]

    def supplied(name: str) -> float:
        steps = estimation.figures(content, [Replacement("unit-1", "", name, basis="highest")])
        return next(each.estimated for each in steps if each.name == "power_supplied")

    # 3 × 1900 − (80 + 80 + 90 + 3 × 18); and 2000 + 2000 + 1900 − 3 × (90 + 18).
    assert supplied("generation") == pytest.approx(5396)
    assert supplied("auxiliary_for_power") == pytest.approx(5576)


def test_what_was_not_told_cannot_be_estimated() -> None:
    with pytest.raises(LookupError):
        estimation.figures(produced(), [Replacement("unit-1", "", "main_steam", "", 1.0)])


@pytest.mark.django_db
def test_output_that_was_not_proven_lowers_the_units_of_the_allocation(case) -> None:
    found = case(produced()).visited()
    line = findings.record_finding(
        found.it, item="production.power", facts="二月发电量没有抄表记录", asks="请补交", facility="unit-1", month="2025-02",
        parameter="generation", **found.by("verifier"),
    )  # fmt: skip
    findings.send_list(found.it, **found.by("verifier"))
    found.answered()
    findings.settle(line, closed=False, verdict="没有补交", **found.by("verifier"))
    with pytest.raises(Refused) as refused:
        findings.estimate(line, basis="evidence", value=2000.0, source="电网结算单", **found.by("verifier"))
    assert refused.value.code == "estimate_lower"
    findings.estimate(line, basis="evidence", value=1500.0, source="电网结算单", **found.by("verifier"))
    found.concluded("conservative").confirmed()
    [unit] = verified.allocation_units(found.it.report)
    assert (unit["output"], unit["heat"], unit["heat_ratio"], unit["load_factor"]) == (5206, 30_000, 0.1, 0.8)
    [plain] = verified.units_of(found.it.report)
    assert plain["output"] == 5706
    told = shown.numbers(found.it)
    assert told is not None
    assert [str(each["name"]) for each in told["figures"]] == ["供热量", "供热比", "供电量", "负荷（出力）系数"]
    tables = [block.rows for block in document_of(found.it).blocks if block.rows]
    assert ("unit-1", "供电量 (MWh)", "5,706", "5,706", "5,206") in [row for rows in tables for row in rows]
