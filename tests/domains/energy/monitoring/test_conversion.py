"""GB/T 2589: standard coal both ways. Coefficients as printed in the copies that the rows name; arithmetic by hand."""

import polars as pl
import pytest

from dafeng.domains.energy.monitoring.methods import conversion


def _one(item: str, amount: float, unit: str, year: int = 2024) -> dict[str, object]:
    return conversion.to_tce(pl.DataFrame({"item": [item], "year": [year], "amount": [amount], "unit": [unit]})).row(
        0, named=True
    )


def test_electricity_differs_in_equivalent_and_equal_value():
    # 10 000 kWh × 0.1229 kgce = 1.229 tce; × 0.300 kgce (Henan 2020, 豫政〔2021〕58号) = 3.0 tce; × 0.5897 kg = 5.897 t CO2.
    row = _one("electricity", 1.0, "万kWh")
    assert row["equivalent"] == pytest.approx(1.229, rel=1e-12)
    assert row["equal"] == pytest.approx(3.0, rel=1e-12)
    assert row["co2"] == pytest.approx(5.897, rel=1e-12)
    assert row["equal_year"] == 2020, "no later year is known: the nearest earlier one counts, and says so"
    assert row["standing"] == "one_copy"


def test_fuels_have_one_value():
    for item, amount, unit, tce in (
        ("raw_coal", 100.0, "t", 71.43),
        ("natural_gas", 1.0, "万m3", 13.3),
        ("diesel", 2000.0, "kg", 2.9142),
        ("heat", 100.0, "GJ", 3.412),
    ):
        row = _one(item, amount, unit)
        assert row["equivalent"] == pytest.approx(tce, rel=1e-12), item
        assert row["equal"] == row["equivalent"], item


def test_co2_of_gas_is_the_guides_product():
    # 389.31 GJ/万Nm3 × 0.0153 tC/GJ × 0.99 × 44/12 = 21.62189 t CO2 a 万Nm3
    assert _one("natural_gas", 1.0, "万m3")["co2"] == pytest.approx(389.31 * 0.0153 * 0.99 * 44 / 12, rel=1e-9)


@pytest.mark.parametrize(
    ("item", "unit", "year", "gap"),
    [("moonlight", "t", 2024, "item"), ("raw_coal", "m3", 2024, "unit"), ("electricity", "kWh", 2019, "equal co2")],
)
def test_what_is_not_known_is_a_gap_and_never_a_number(item, unit, year, gap):
    row = _one(item, 5.0, unit, year)
    assert row["gap"] == gap
    assert row["equal"] is None


def test_a_doubtful_coefficient_says_so():
    assert _one("hydrogen", 1.0, "m3")["standing"] == "memory"
    assert "memory" in conversion.TO_CONFIRM


def test_every_coefficient_has_a_source_and_a_unit_that_is_known():
    table = conversion.coefficients()
    assert table["item"].is_unique().all()
    assert not table.filter(pl.col("source").is_null() | pl.col("tce").is_null()).height
    assert set(table["unit"]) <= {unit for unit, _scale in conversion.UNITS.values()}
