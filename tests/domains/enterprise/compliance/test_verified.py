"""What is read out of a report's frozen content: facts of the year, its figures in our units, nothing that was not told."""

from __future__ import annotations

from dafeng.domains.enterprise.compliance.verified import fact, units_of
from dafeng.domains.enterprise.models import Report


def row(indicator: str, value: float, unit: str, *, month: str = "2024", facility: str = "u1") -> dict:
    return {"facility": facility, "month": month, "indicator": indicator, "value": value, "unit": unit}


CONTENT = {
    "boundary": {
        "facilities": [
            {"code": "u1", "name": "一号", "sector": "power", "compliance": True, "facts": {"class": [["2009-01-01", "conventional_over_300"]], "cooling": [["2009-01-01", "air"], ["2024-06-01", "water"], ["2025-01-01", "air"]]}},
            {"code": "k1", "name": "窑", "sector": "cement", "compliance": True, "facts": {}},
            {"code": "office", "name": "办公楼", "sector": "power", "compliance": False, "facts": {}},
        ]
    },
    "indicators": [row("power_supplied", 3_000_000.12345, "MWh"), row("load_factor", 66.5346, "%"), row("power_supplied", 1.0, "MWh", month="2024-01")],
    "values": [],
    "totals": {"facilities": {"u1": {"compliance": 2_400_000.5, "reporting": 2_500_000.0}, "k1": {"compliance": 900_000.0}}},
}  # fmt: skip


def test_units_come_with_the_facts_and_figures_of_the_year() -> None:
    units = units_of(Report(year=2024, content=CONTENT))
    assert units == [
        {"unit": "u1", "name": "一号", "class": "coal_large", "cooling": "water", "output": 3_000_000.123, "load_factor": 0.6653, "heat": 0.0, "heat_ratio": 0.0, "emissions": 2_400_000.5},
        {"unit": "k1", "name": "窑", "class": "cement", "emissions": 900_000.0},
    ]  # fmt: skip


def test_heat_that_was_told_in_parts_is_not_taken_for_none() -> None:
    told = CONTENT | {"values": [{"facility": "u1", "item": "indirect_heat", "value": 5.0}]}
    assert "heat" not in units_of(Report(year=2024, content=told))[0]


def test_a_fact_is_that_of_the_end_of_its_year() -> None:
    facts = {"class": [["2020-01-01", "a"], ["2023-07-01", "b"]], "plain": 5}
    assert [fact(facts, "class", year) for year in (2019, 2022, 2023)] == [None, "a", "b"]
    assert fact(facts, "plain", 2020) == 5
