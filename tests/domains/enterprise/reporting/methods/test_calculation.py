"""What the calculation refuses, what it leaves open, and that its lineage leads back to what was told."""

from datetime import date

import polars as pl
import pytest

from dafeng.domains.enterprise.reporting.methods import SECTORS, calculate
from dafeng.domains.enterprise.reporting.methods.calculation import method_of
from dafeng.domains.enterprise.reporting.methods.parameters import load, thawed
from dafeng.kernel.errors import ActivityError
from tests.domains.enterprise.reporting.methods.told import account, emitted, told

FOOD = SECTORS["food"]
ON_2025 = load(date(2025, 12, 31))


def run(frame: pl.DataFrame):
    return calculate(FOOD, frame, parameters=ON_2025)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("2025-01", "colour", "", 1.0), "没有项目"),
        (("2025-01", "fuel_use", "whale_oil", 1.0), "没有源流"),
        (("2025-01", "fuel_use", "", 1.0), "要按源流填报"),
        (("2025-01", "electricity_bought", "diesel", 1.0), "不按源流填报"),
        (("2025-13", "electricity_bought", "", 1.0), "月份不对"),
        (("25-01", "electricity_bought", "", 1.0), "月份不对"),
    ],
)
def test_what_the_schema_does_not_know_is_refused(row, said):
    with pytest.raises(ActivityError, match=said):
        run(told(row))


def test_a_value_told_twice_is_refused():
    with pytest.raises(ActivityError, match="填了两次"):
        run(told(("2025-01", "electricity_bought", "", 1.0), ("2025-01", "electricity_bought", "", 2.0)))


def test_the_same_item_by_month_and_by_year_is_refused():
    with pytest.raises(ActivityError, match="既按月又按年"):
        run(told(("2025-01", "electricity_bought", "", 1.0), ("2025", "electricity_bought", "", 12.0)))


def test_text_where_a_number_belongs_and_a_missing_column_are_refused():
    frame = told(("2025-01", "electricity_bought", "", 1.0))
    with pytest.raises(ActivityError, match="数值列是文字"):
        run(frame.with_columns(pl.col("value").cast(pl.String)))
    with pytest.raises(ActivityError, match="缺少列 way"):
        run(frame.drop("way"))


def test_a_unit_that_rows_name_is_converted_and_one_that_does_not_fit_is_refused():
    frame = told(("2025-01", "electricity_bought", "", 20_000.0))
    # 20 000 kWh = 20 MWh × 0.5306
    assert emitted(run(frame.with_columns(unit=pl.lit("kWh"))), "electricity") == pytest.approx(10.612)
    with pytest.raises(ActivityError, match="不能换算"):
        run(frame.with_columns(unit=pl.lit("t")))


def test_a_source_that_skips_a_month_is_missing_there():
    result = account(
        "food", ("2025-01", "fuel_use", "diesel", 1), ("2025-03", "fuel_use", "diesel", 1), ("2025-02", "electricity_bought", "", 1),
        ("2025-01", "electricity_bought", "", 1), ("2025-03", "electricity_bought", "", 1),
    )  # fmt: skip
    assert result.open.select("month", "stream", "item", "kind").rows() == [
        ("2025-02", "diesel", "fuel_use", "missing")
    ]
    assert result.total()[1] == "incomplete"
    status = dict(result.totals.filter(pl.col("boundary") == "reporting").select("category", "status").iter_rows())
    assert status == {"combustion": "incomplete", "electricity": "ok", "all": "incomplete"}


def test_what_does_not_occur_is_a_told_zero_and_what_was_not_estimated_is_missing():
    rows = told(("2025-01", "electricity_bought", "", 1.0), ("2025-02", "electricity_bought", "", 1.0))
    empty = pl.when(pl.col("month") == "2025-02").then(None).otherwise(pl.col("value"))
    for notation, status in (("NO", "ok"), ("NE", "incomplete")):
        frame = rows.with_columns(empty.alias("value"), pl.lit(notation).alias("notation"))
        assert run(frame).total() == (pytest.approx(0.5306), status)


def test_a_required_item_that_nobody_told_is_missing_every_month():
    result = account("food", ("2025-01", "fuel_use", "diesel", 1), ("2025-02", "fuel_use", "diesel", 1))
    assert result.open.select("month", "item").rows() == [
        ("2025-01", "electricity_bought"),
        ("2025-02", "electricity_bought"),
    ]


def test_a_firm_of_which_nothing_could_be_computed_has_no_zero_that_looks_whole():
    result = account("public_building", ("2025", "floor_area", "", 1000))
    assert result.total()[1] == "incomplete"


def test_a_required_item_is_missing_in_a_year_told_as_a_whole():
    result = account("food", ("2025", "fuel_use", "diesel", 12))
    assert result.open.select("month", "item").rows() == [("2025", "electricity_bought")]
    assert result.total()[1] == "incomplete"


def test_a_property_told_for_the_year_stands_for_its_months():
    # purity 90 % for the year: 10 × 0.9 × 0.4397 in each of two months
    result = account(
        "ceramics", ("2025-01", "carbonate_use", "caco3", 10), ("2025-02", "carbonate_use", "caco3", 10), ("2025", "purity", "caco3", 90),
    )  # fmt: skip
    assert emitted(result, "carbonate") == pytest.approx(2 * 10 * 0.9 * 0.4397)


def test_a_year_can_be_told_as_a_whole():
    result = account("food", ("2025", "fuel_use", "diesel", 12), ("2025", "electricity_bought", "", 24))
    expected = 12 * 43.33 * 0.0202 * 0.98 * 44 / 12 + 24 * 0.5306
    assert result.total() == (pytest.approx(expected), "ok")


def test_consumption_comes_from_the_stock_ledger_where_it_was_not_told():
    # 100 + (20 − 30) − 5 − 0 = 85
    rows = {"fuel_bought": 100, "opening_stock": 20, "closing_stock": 30, "other_use": 5}
    result = account("food", *(("2025-01", item, "bituminous", value) for item, value in rows.items()))
    row = result.rows.filter(pl.col("formula") == "combustion").row(0, named=True)
    used = {each["name"]: each for each in row["inputs"]}
    assert used["fuel_use"]["value"] == pytest.approx(85)
    assert used["fuel_use"]["way"] == "computed"
    assert used["fuel_use"]["source"] == "enterprise.fuel.consumption@1"


def test_the_lineage_of_a_row_leads_to_the_formula_and_recomputes_it():
    result = account("food", ("2025-01", "fuel_use", "bituminous", 100), ("2025-01", "ncv", "bituminous", 22.5))
    row = result.rows.filter(pl.col("formula") == "combustion").row(0, named=True)
    method = method_of(row["method"])
    inputs = {each["name"]: each["value"] for each in row["inputs"]}
    assert set(inputs) == set(method.inputs)
    assert method.run(inputs)["result"] == pytest.approx(row["t_co2e"])
    ways = {each["name"]: each["way"] for each in row["inputs"]}
    assert ways == {"fuel_use": "measured", "ncv": "measured", "carbon_content": "default", "oxidation": "default"}
    assert row["factor"].split() == ["ndrc.bituminous.carbon_content", "ndrc.bituminous.oxidation"]
    assert row["standing"] == "B"


def test_the_parameters_that_a_report_kept_give_the_same_account_again():
    rows = told(("2025-01", "fuel_use", "bituminous", 100.0), ("2025-01", "electricity_bought", "", 5.0))
    first = run(rows)
    again = calculate(FOOD, rows, parameters=thawed(ON_2025.on, first.parameters))
    assert again.rows.equals(first.rows)
    assert again.totals.equals(first.totals)
    assert {row["id"] for row in first.parameters} >= {"ndrc.bituminous.ncv", "grid.national.2023"}


def test_many_facilities_give_what_each_gives_alone():
    one = told(("2025-01", "fuel_use", "diesel", 3.0), ("2025-01", "electricity_bought", "", 5.0), facility="a")
    other = told(("2025-01", "fuel_use", "bituminous", 7.0), ("2025-02", "electricity_bought", "", 5.0), facility="b")
    both = run(pl.concat([one, other]))
    for facility, alone in (("a", run(one)), ("b", run(other))):
        mine = both.rows.filter(pl.col("facility") == facility).sort("formula", "month")
        assert mine.equals(alone.rows.sort("formula", "month"))
        assert both.totals.filter(pl.col("facility") == facility).sort(pl.all()).equals(alone.totals.sort(pl.all()))


def test_an_empty_frame_gives_an_empty_account():
    result = run(told(("2025-01", "electricity_bought", "", 1.0)).clear())
    assert result.rows.is_empty()
    assert result.total() == (None, "none")


def test_columns_of_integers_and_ids_that_are_numbers_are_taken():
    frame = told(("2025-01", "electricity_bought", "", 10)).with_columns(pl.lit(7).alias("facility"))
    assert run(frame).rows["facility"].to_list() == [7]
