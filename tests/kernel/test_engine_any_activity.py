"""The compile of any activity: an independent slow loop over rows, and what holds whatever the rows are."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.accounting import Notation, Status
from dafeng.kernel.quantities import places, units
from tests.kernel.factor_rows import COAL, COHERENT, QUICK, emission, factor

PLACES = ["411500", "411502", "411522", "411502/plant", "410000", "420100"]
TABLE_PLACES = ["411502/plant", "411502", "411500", "410000", places.regions()["410000"][0], "100000", "world"]
FUEL_UNITS = {"t": "test.fuel.mass", "万吨": "test.fuel.mass", "1e4 Nm3": "test.fuel.volume", "tce": "test.fuel.energy"}
BY_METHOD = {
    "test.fuel.mass": ("t", {"ncv": "GJ/t", "carbon_content": "t C/GJ", "oxidation": "1"}),
    "test.fuel.volume": ("1e4 Nm3", {"ncv_gas": "GJ/(1e4 Nm3)", "carbon_content": "t C/GJ", "oxidation": "1"}),
    "test.fuel.energy": ("GJ", {"carbon_content": "t C/GJ", "oxidation": "1"}),
    "test.simple": ("t", {"simple_ef": "t CO2/t"}),
    "test.simple.ch4": ("t", {"simple_ch4_ef": "kg CH4/t"}),
}


@st.composite
def factor_tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    table = []
    for parameter in ("ncv", "ncv_gas", "carbon_content", "oxidation", "simple_ef", "simple_ch4_ef"):
        unit = {"ncv": "MJ/kg", "ncv_gas": "GJ/1e4Nm3", "carbon_content": "t C/TJ", "oxidation": "%"}.get(
            parameter, "kg CO2/t" if parameter == "simple_ef" else "kg CH4/t"
        )
        for number in range(draw(st.integers(0, 5))):
            table.append(
                factor(
                    f"{parameter}{number}",
                    parameter,
                    draw(st.one_of(st.none(), st.floats(0.5, 99).map(lambda value: round(value, 3)))),
                    unit,
                    set=draw(st.sampled_from(["one", "two"])),
                    place=draw(st.sampled_from(TABLE_PLACES)),
                    year=draw(st.sampled_from([None, 2005, 2015, 2024])),
                    item=draw(st.sampled_from(["", "", "x", "y"])),
                    category=draw(st.sampled_from(["", "1", "1B"])),
                    technology=draw(st.sampled_from(["", "", "hot"])),
                )
            )
    return [{**row, "standing": "gap" if row["value"] is None else "confirmed"} for row in table]


@st.composite
def activities(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for number in range(draw(st.integers(1, 12))):
        category = draw(st.sampled_from(["1A1", "1A4", "1B2", "9"]))
        value = draw(st.one_of(st.none(), st.floats(-1e3, 1e6).map(lambda value: round(value, 2))))
        rows.append(
            {
                "activity_id": str(number),
                "category": category,
                "item": draw(st.sampled_from(["x", "y", "z"])),
                "technology": draw(st.sampled_from(["", "hot"])),
                "unit": draw(st.sampled_from(list(FUEL_UNITS) if category[:2] == "1A" else ["t", "万吨", "GJ"])),
                "place": draw(st.sampled_from(PLACES)),
                "year": draw(st.sampled_from([2000, 2010, 2020, 2023])),
                "value": value,
                "notation": draw(st.sampled_from(list(Notation))) if value is None else None,
            }
        )
    return rows


def slow_choice(
    row: dict[str, Any], parameter: str, table: list[dict[str, Any]], sets: list[str]
) -> dict[str, Any] | None:
    """The rule of docs/dev/accounting.md, read by another mind: of the rows that may answer, the best."""
    chain = places.ancestors(row["place"])
    may = [
        one
        for one in table
        if one["parameter"] == parameter
        and one["value"] is not None
        and one["set"] in sets
        and one["place"] in chain
        and (one["year"] is None or one["year"] <= row["year"])
        and one["item"] in ("", row["item"])
        and one["technology"] in ("", row["technology"])
        and row["category"].startswith(one["category"])
    ]
    return min(may, key=lambda one: _order(one, chain, sets), default=None)


def _order(one: dict[str, Any], chain: tuple[str, ...], sets: list[str]) -> tuple[Any, ...]:
    kinds = [places.level(place) for place in chain]
    return (
        kinds.index(places.level(one["place"])),
        -(one["year"] or 0),
        one["technology"] == "",
        -len(one["category"]),
        one["item"] == "",
        sets.index(one["set"]),
        one["factor_id"],
    )


def slow_emission(
    world: SimpleNamespace, row: dict[str, Any], name: str, table: list[dict[str, Any]], sets: list[str]
) -> tuple[float | None, list[str]]:
    """One row by the plain formula: the method called as a Python function with floats."""
    activity_unit, parameters = BY_METHOD[name]
    plain = {"test.fuel.mass": world.mass, "test.fuel.volume": world.volume, "test.fuel.energy": world.energy,
             "test.simple": world.simple, "test.simple.ch4": world.simple_ch4}[name]  # fmt: skip
    together = [parameter for parameter in parameters if parameter in COHERENT]
    whole = next((one for one in sets if all(slow_choice(row, p, table, [one]) for p in together)), None)
    numbers, ids = [], []
    for parameter, unit in parameters.items():
        allowed = ([whole] if whole else []) if parameter in together else sets
        best = slow_choice(row, parameter, table, allowed)
        if best is None:
            return None, []
        numbers.append(best["value"] * units.conversion(best["unit"], unit))
        ids.append(best["factor_id"])
    if row["value"] is None:
        return None, ids
    return plain(row["value"] * units.conversion(row["unit"], activity_unit), *numbers), ids


@QUICK
@given(activities(), factor_tables(), st.permutations(["one", "two"]))
def test_the_fast_road_agrees_with_a_slow_loop_over_rows(
    world: SimpleNamespace, rows: list[dict[str, Any]], table: list[dict[str, Any]], sets: list[str]
) -> None:
    found = world.compile(rows, table, sets=sets, coherent=COHERENT).rows()
    seen = {(told["activity_id"], told["method"]): told for told in found.iter_rows(named=True)}
    assert len(seen) == found.height
    expected_keys = set()
    for row in rows:
        fuel = row["category"].startswith("1A")
        wanted = (
            [FUEL_UNITS[row["unit"]]]
            if fuel
            else ["test.simple", "test.simple.ch4"]
            if row["category"][:2] == "1B"
            else []
        )
        wanted = [name for name in wanted if units.convertible(row["unit"], BY_METHOD[name][0])] or [""]
        for name in wanted:
            expected_keys.add((row["activity_id"], name))
            told = seen[row["activity_id"], name]
            value, ids = slow_emission(world, row, name, table, sets) if name else (None, [])
            if value is None:
                assert told["emission"] is None, told
                assert told["notation"] == (row["notation"] or "NE")
            else:
                assert told["emission"] == pytest.approx(value, rel=1e-12)
                assert told["notation"] is None
                assert sorted(told["factor_ids"]) == sorted(ids)
    assert set(seen) == expected_keys


@QUICK
@given(activities(), factor_tables())
def test_a_total_is_the_sum_of_its_parts_and_as_good_as_the_worst(
    world: SimpleNamespace, rows: list[dict[str, Any]], table: list[dict[str, Any]]
) -> None:
    found = world.compile(rows, table)
    whole = found.totals().row(0, named=True)
    for by in (("gas",), ("category", "item"), ("place", "year"), ("method", "technology", "gas")):
        parts = found.totals(*by)
        assert parts["parts"].sum() == whole["parts"] == found.results.height
        assert parts["missing"].sum() == whole["missing"]
        assert parts["status"].max() == whole["status"] == found.results["status"].max()
        known = parts["emission"].drop_nulls()
        assert bool(known.len()) == (whole["emission"] is not None)
        if known.len():
            assert math.fsum(known) == pytest.approx(whole["emission"], rel=1e-9, abs=1e-6)
            assert math.fsum(found.results["emission"].drop_nulls()) == pytest.approx(
                whole["emission"], rel=1e-9, abs=1e-6
            )


@QUICK
@given(
    st.floats(0.001, 1e6),
    st.sampled_from([("万吨", "t", 1e4), ("亿吨", "万吨", 1e4), ("t", "kg", 1e3), ("tce", "GJ", 29.3076)]),
)
def test_the_same_amount_in_another_unit_is_the_same_emission(
    world: SimpleNamespace, value: float, pair: tuple[str, str, float]
) -> None:
    large, small, ratio = pair
    found = [
        emission(world.compile([world.activity("1A", "coal", amount, unit=unit)], COAL, coherent=COHERENT))
        for amount, unit in ((value, large), (value * ratio, small))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


@QUICK
@given(activities(), factor_tables(), st.data())
def test_the_order_of_rows_changes_no_figure(
    world: SimpleNamespace, rows: list[dict[str, Any]], table: list[dict[str, Any]], data: st.DataObject
) -> None:
    def told(order: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        frame = world.compile(order, table).rows().select("activity_id", "gas", "emission", "status", "notation")
        return sorted(frame.rows(), key=lambda one: one[:2])

    assert told(rows) == told(data.draw(st.permutations(rows)))


@QUICK
@given(activities(), factor_tables())
def test_leaving_out_a_factor_never_betters_a_status_nor_adds_a_number(
    world: SimpleNamespace, rows: list[dict[str, Any]], table: list[dict[str, Any]]
) -> None:
    def told(some: list[dict[str, Any]]) -> dict[tuple[Any, ...], tuple[Any, int]]:
        frame = world.compile(rows, some).rows()
        return {
            (one["row"], one["gas"], one["method"]): (one["emission"], one["status"])
            for one in frame.iter_rows(named=True)
        }

    whole, none = told(table), told([])
    assert whole.keys() == none.keys()
    for name, (amount, status) in none.items():
        assert amount is None
        assert status >= min(whole[name][1], Status.INCOMPLETE)
