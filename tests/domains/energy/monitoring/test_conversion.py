"""GB/T 2589: standard coal both ways. Coefficients as printed in the copies that the rows name; arithmetic by hand."""

import polars as pl
import pytest

from dafeng.domains.energy.monitoring import balance, publishing
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


@pytest.mark.parametrize(("year", "tonnes"), [(2021, 6.369), (2022, 6.058), (2023, 5.897), (2025, 5.897)])
def test_power_has_the_factor_of_its_year_or_the_nearest_earlier_one(year, tonnes):
    # 10 000 kWh; Henan 0.6369, 0.6058 and 0.5897 kg CO2/kWh (公告 2024 年第 12、33 号，2025 年第 47 号)
    assert _one("electricity", 1e4, "kWh", year)["co2"] == pytest.approx(tonnes, rel=1e-12)


@pytest.mark.parametrize(
    ("meters", "tonnes"),
    [
        # 100 t + 50 000 kg + 0.01 万t = 100 + 50 + 100; coke is no coal
        (
            [("raw_coal", 100.0, "t"), ("washed_coal", 50_000.0, "kg"), ("middlings", 0.01, "万t"), ("coke", 7.0, "t")],
            250.0,
        ),
        ([("electricity", 9.0, "kWh")], 0.0),
        ([("raw_coal", 1.0, "t"), ("raw_coal", 5.0, "m3")], None),  # a volume is no mass
    ],
)
def test_coal_is_told_in_tonnes_whatever_its_meters_tell(meters, tonnes):
    rows = [{"item": item, "year": 2024, "amount": amount, "unit": unit} for item, amount, unit in meters]
    total = balance.Total(conversion.to_tce(pl.DataFrame(rows)), 1.0)
    told = {row["indicator"]: row["value"] for row in publishing.rows_of("enterprise:x", "2026-05", [total], ["m"])}
    assert told[publishing.COAL_USE] == (None if tonnes is None else pytest.approx(tonnes, rel=1e-12))
