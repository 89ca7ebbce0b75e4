"""Power generation by the 2021 text: facts/mrv/power_guideline.md; arithmetic by hand beside each figure."""

import polars as pl
import pytest

from dafeng.domains.enterprise.reporting.methods import weighting
from tests.domains.enterprise.reporting.methods.told import account, emitted, indicator, told

COAL = "bituminous"


def test_a_tonne_of_untested_coal_is_3_2527_tonnes_in_the_2021_text():
    # 26.7 × 0.03356 × 0.99 × 44/12 = 3.25266876
    result = account("power", ("2021-05", "fuel_use", COAL, 100_000))
    assert emitted(result, "combustion") == pytest.approx(325_266.876, abs=1e-6)
    applied = {row["item"]: row for row in result.applied.to_dicts()}
    assert set(applied) == {"ncv", "carbon_content"}
    assert applied["carbon_content"]["parameter"] == "power.coal.carbon_content.2021"
    assert "6.2.3.5" in applied["carbon_content"]["rule"]


def test_with_the_later_default_signed_it_is_2_9900():
    # 26.7 × 0.03085 × 0.99 × 44/12 = 2.99001285; both values are from memory, so a city must answer for them
    told_by = {"by": "李四", "at": "2024-01-05", "reason": "核对 485 号文"}
    unsigned = account("power", ("2023-05", "fuel_use", COAL, 1))
    assert unsigned.rows.filter(pl.col("formula") == "combustion")["t_co2e"].to_list() == [None]
    open_ = unsigned.open.filter(pl.col("kind") == "to_confirm")
    assert set(open_["parameter"]) == {"power.coal.ncv.2022", "power.coal.carbon_content.2023"}
    assert set(open_["candidate"]) == {26.7, 0.03085}
    signed = account(
        "power", ("2023-05", "fuel_use", COAL, 1),
        signed={"power.coal.ncv.2022": told_by, "power.coal.carbon_content.2023": told_by},
    )  # fmt: skip
    assert emitted(signed, "combustion") == pytest.approx(2.99001285)
    assert signed.rows["standing"][0] == "signed"


def test_the_default_is_for_the_month_without_a_test_only():
    # January tested: 10 × 0.55 × 0.99 × 44/12 = 19.965; February not: 10 × 3.25266876
    result = account(
        "power", ("2021-01", "fuel_use", COAL, 10), ("2021-01", "ncv", COAL, 20), ("2021-01", "elemental_carbon", COAL, 0.55),
        ("2021-02", "fuel_use", COAL, 10),
    )  # fmt: skip
    by_month = dict(result.rows.filter(pl.col("formula") == "combustion").select("month", "t_co2e").iter_rows())
    assert by_month["2021-01"] == pytest.approx(19.965)
    assert by_month["2021-02"] == pytest.approx(32.5266876)


def test_heat_is_weighted_by_mass_and_carbon_by_heat_and_the_year_is_the_sum_of_its_months():
    # 100 t at 20 GJ/t and C 0.55; 300 t at 22 GJ/t and C 0.60
    result = account(
        "power",
        ("2021-01", "fuel_use", COAL, 100), ("2021-01", "ncv", COAL, 20), ("2021-01", "elemental_carbon", COAL, 0.55),
        ("2021-02", "fuel_use", COAL, 300), ("2021-02", "ncv", COAL, 22), ("2021-02", "elemental_carbon", COAL, 0.60),
    )  # fmt: skip
    means = dict(result.means.select("item", "value").iter_rows())
    ncv, carbon = (2000 + 6600) / 400, (55 + 180) / 8600
    assert means["ncv"] == pytest.approx(ncv)
    assert means["carbon_content"] == pytest.approx(carbon)
    assert means["elemental_carbon"] == pytest.approx(235 / 400)
    # 199.65 + 653.40 = 853.05 = 400 × 21.5 × (235/8600) × 0.99 × 44/12
    assert emitted(result, "combustion") == pytest.approx(853.05)
    assert 400 * ncv * carbon * 0.99 * 44 / 12 == pytest.approx(853.05)


CHP = (
    ("2021-01", "fuel_use", COAL, 80_000), ("2021-01", "ncv", COAL, 20), ("2021-01", "elemental_carbon", COAL, 0.55),
    ("2021-01", "electricity_bought", "", 100), ("2021-01", "generation", "", 200_000), ("2021-01", "running_hours", "", 700),
    ("2021-01", "capacity", "", 600), ("2021-01", "auxiliary_for_power", "", 8000), ("2021-01", "auxiliary_common", "", 2000),
    ("2021-01", "boiler_heat", "", 0), ("2021-01", "direct_heat", "", 90_000), ("2021-01", "indirect_heat", "", 10_000),
    ("2021-01", "turbine_intake", "", 1_000_000),
)  # fmt: skip


def test_a_unit_with_heat_follows_a5_to_a22():
    result = account("power", *CHP)
    # burning 80 000 × 0.55 × 0.99 × 44/12 = 159 720; purchased 100 × 0.5810 = 58.1
    assert result.total() == (pytest.approx(159_778.1), "ok")
    for month in ("2021-01", "2021"):
        assert indicator(result, "heat_supplied", month) == pytest.approx(100_000)
        assert indicator(result, "heat_ratio", month) == pytest.approx(0.1)  # (A.11) 100 000 ÷ 1 000 000
        assert indicator(result, "auxiliary_of_power", month) == pytest.approx(9800)  # 8000 + 2000 × 0.9
        assert indicator(result, "power_supplied", month) == pytest.approx(190_200)
        assert indicator(result, "power_intensity", month) == pytest.approx(0.9 * 159_778.1 / 190_200)
        assert indicator(result, "heat_intensity", month) == pytest.approx(0.1 * 159_778.1 / 100_000)
        # 1 600 000 GJ ÷ 29.3076 = 54 593.35 tce
        assert indicator(result, "power_coal", month) == pytest.approx(0.9 * 1_600_000 / 29.3076 / 190_200)
        assert indicator(result, "heat_coal", month) == pytest.approx(0.1 * 1_600_000 / 29.3076 / 100_000 * 1000)
        assert indicator(result, "load_factor", month) == pytest.approx(200_000 / (600 * 700) * 100)


def test_direct_steam_of_the_boiler_asks_for_a12_and_a13():
    rows = [row for row in CHP if row[1] != "boiler_heat"]
    # Q_gr = 20 000 + 100 000; Q_cr by (A.13): 500 000 t × 3.4 − 500 000 t × 1.0 = 1 200 000 GJ; a = 0.1
    result = account(
        "power", *rows, ("2021-01", "boiler_heat", "", 20_000), ("2021-01", "main_steam", "", 500_000),
        ("2021-01", "main_steam_enthalpy", "", 3400), ("2021-01", "feed_water", "", 500_000), ("2021-01", "feed_water_enthalpy", "", 1000),
    )  # fmt: skip
    assert indicator(result, "boiler_output", "2021-01") == pytest.approx(1_200_000)
    assert indicator(result, "heat_ratio", "2021-01") == pytest.approx(0.1)
    used = result.indicators.filter((pl.col("indicator") == "heat_ratio") & (pl.col("month") == "2021-01"))["method"][0]
    assert used == "enterprise.power.heat_ratio.boiler@1"


def test_enthalpy_of_the_year_is_weighted_by_its_steam():
    rows = [row for row in CHP if row[1] != "boiler_heat"]
    # January 500 000 × (3.4 − 1.0) = 1 200 000 GJ, February 100 000 × (3.0 − 0.5) = 250 000 GJ: the year is 1 450 000 GJ.
    # Plain means would give 600 000 × (3.2 − 0.75) = 1 470 000.
    steam = [
        (month, item, "", value)
        for month, mass, hot, cold in (("2021-01", 500_000, 3400, 1000), ("2021-02", 100_000, 3000, 500))
        for item, value in (
            ("main_steam", mass), ("main_steam_enthalpy", hot), ("feed_water", mass), ("feed_water_enthalpy", cold),
            ("boiler_heat", 20_000),
        )
    ]  # fmt: skip
    result = account("power", *rows, *steam)
    assert indicator(result, "boiler_output", "2021") == pytest.approx(1_450_000)


# A combined cycle burns 5000 × 10⁴ Nm³ of 389.31 GJ/10⁴Nm³ = 1 946 550 GJ and supplies 0 + 190 000 + 4655 = 194 655 GJ of heat.
CCPP = (
    ("2024-01", "fuel_use", "natural_gas", 5000), ("2024-01", "ncv", "natural_gas", 389.31), ("2024-01", "combined_cycle", "", 1),
    ("2024-01", "generation", "", 250_000), ("2024-01", "running_hours", "", 700), ("2024-01", "capacity", "", 400),
    ("2024-01", "auxiliary_for_power", "", 4000), ("2024-01", "auxiliary_common", "", 1000),
    ("2024-01", "boiler_heat", "", 0), ("2024-01", "direct_heat", "", 190_000), ("2024-01", "indirect_heat", "", 4655),
)  # fmt: skip


def test_a_combined_cycle_has_its_heat_ratio_by_the_heat_of_its_fuel():
    # (A.15), (A.16): 194 655 ÷ 1 946 550 = 0.1; W_gd = 250 000 − (4000 + 1000 × 0.9) = 245 100
    result = account("power", *CCPP)
    for month in ("2024-01", "2024"):
        assert indicator(result, "heat_ratio", month) == pytest.approx(0.1)
        assert indicator(result, "power_supplied", month) == pytest.approx(245_100)
    used = set(result.indicators.filter(pl.col("indicator") == "heat_ratio")["method"])
    assert used == {"enterprise.power.heat_ratio.ccpp@1"}


def test_what_the_turbine_takes_is_not_asked_of_a_combined_cycle_told_for_the_year():
    rows = [("2024" if row[1] == "combined_cycle" else row[0], *row[1:]) for row in CCPP]
    # The heat that the turbine takes would give 194 655 ÷ 800 000.
    result = account("power", *rows, ("2024-01", "turbine_intake", "", 800_000))
    assert indicator(result, "heat_ratio", "2024-01") == pytest.approx(0.1)
    assert indicator(result, "heat_ratio", "2024") == pytest.approx(0.1)


def test_a_gas_boiler_is_no_combined_cycle():
    result = account("power", *(row for row in CCPP if row[1] != "combined_cycle"))
    assert "heat_ratio" not in set(result.indicators["indicator"])
    assert "power_supplied" not in set(result.indicators["indicator"])


def test_the_last_resort_of_a14_gives_no_coal_consumption():
    rows = [row for row in CHP if row[1] != "turbine_intake"]
    # a = 0.0546 tce/GJ × 100 000 GJ ÷ 54 593.35 tce
    result = account("power", *rows, ("2021-01", "heat_coal_told", "", 0.0546))
    assert indicator(result, "heat_ratio", "2021-01") == pytest.approx(0.0546 * 100_000 / (1_600_000 / 29.3076))
    assert not set(result.indicators["indicator"]) & {"power_coal", "heat_coal"}


def test_a_condensing_unit_supplies_what_it_does_not_use_itself():
    result = account(
        "power", ("2021-01", "fuel_use", COAL, 1), ("2021-01", "electricity_bought", "", 0), ("2021-01", "generation", "", 1000),
        ("2021-01", "auxiliary_power", "", 50), ("2021-01", "running_hours", "", 10),
    )  # fmt: skip
    assert indicator(result, "power_supplied", "2021-01") == 950
    assert indicator(result, "power_intensity", "2021-01") == pytest.approx(3.25266876 / 950)


def test_gas_is_told_in_ten_thousand_cubic_metres():
    # 100 × 389.31 × 0.01532 × 0.99 × 44/12, set of the 2024 guideline
    result = account("power", ("2024-03", "fuel_use", "natural_gas", 100))
    assert emitted(result, "combustion_gas") == pytest.approx(100 * 389.31 * 0.01532 * 0.99 * 44 / 12)


def test_the_oxidation_rate_of_2026_was_not_found_and_blocks():
    rows = [("fuel_use", 10.0), ("ncv", 20.0), ("elemental_carbon", 0.55)]
    whole = [(f"{year}-01", item, COAL, value) for year in (2025, 2026) for item, value in rows]
    result = account("power", *whole)
    burnt = dict(result.rows.filter(pl.col("formula") == "combustion").select("month", "t_co2e").iter_rows())
    assert burnt == {"2025-01": pytest.approx(19.965), "2026-01": None}
    assert set(result.open.filter(pl.col("kind") == "to_confirm")["parameter"]) == {"power.coal.oxidation.2026"}


def test_purchased_electricity_leaves_the_compliance_boundary_in_2023():
    for year, factor, inside in ((2021, 0.5810, True), (2023, 0.5306, False)):
        result = account("power", (f"{year}-01", "electricity_bought", "", 100))
        row = result.rows.row(0, named=True)
        assert (row["t_co2e"], row["compliance"]) == (pytest.approx(100 * factor), inside)


def test_the_heat_of_the_fuels_is_unknown_where_one_of_them_is():
    """Diesel has a default, the coal's of 2025 is not signed: 1 t of diesel is not the station's fuel."""
    told_ = [("2025-01", "fuel_use", COAL, 1000), ("2025-01", "fuel_use", "diesel", 1), ("2025-01", "generation", "", 2000), ("2025-01", "auxiliary_power", "", 100)]  # fmt: skip
    unknown = account("power", *told_)
    assert set(unknown.indicators["indicator"]) == {"power_supplied"}
    # (1000 × 22 + 1 × 42.652) ÷ 29.3076 = 752.114… tce for 1900 MWh
    known = account("power", *told_, ("2025-01", "ncv", COAL, 22))
    assert indicator(known, "standard_coal", "2025-01") == pytest.approx((22_000 + 42.652) / 29.3076)
    assert indicator(known, "power_coal", "2025-01") == pytest.approx((22_000 + 42.652) / 29.3076 / 1900)
    # February's coal was not told: that month and the year have no heat, January keeps its own.
    partly = account("power", *told_, ("2025-01", "ncv", COAL, 22), ("2025-02", "generation", "", 2000))
    coal = partly.indicators.filter(pl.col("indicator") == "standard_coal")
    assert coal["month"].to_list() == ["2025-01"]
    assert account("power", ("2025-01", "ash", COAL, 20)).indicators.is_empty()


def test_units_reported_together_follow_a23_and_a24():
    """300 MW for 500 h and 600 MW for 600 h: t = 510 000 ÷ 900 h, X = 420 000 MWh ÷ 510 000; in February the second stands still."""
    one, two = "machine/1", "machine/2"
    hours = {"2025-01": (500, 600, 420_000), "2025-02": (400, 0, 90_000)}
    rows = [
        row
        for month, (first, second, made) in hours.items()
        for row in (
            (month, "generation", "", made), (month, "machine_capacity", one, 300), (month, "machine_capacity", two, 600),
            (month, "machine_hours", one, first), (month, "machine_hours", two, second),
        )
    ]  # fmt: skip
    result = account("power", *rows)
    assert indicator(result, "load_factor", "2025-01") == pytest.approx(420 / 510 * 100)
    assert indicator(result, "load_factor", "2025-02") == pytest.approx(90_000 / (300 * 400) * 100)
    # The year: 510 000 MWh of 300 × 900 + 600 × 600 = 630 000.
    assert indicator(result, "load_factor", "2025") == pytest.approx(510 / 630 * 100)
    # What the firm tells of the whole stands; hours of one of them unknown, none of the whole.
    whole = account("power", *rows, ("2025-01", "running_hours", "", 600))
    assert indicator(whole, "load_factor", "2025-01") == pytest.approx(420_000 / (900 * 600) * 100)
    partly = account("power", *[row for row in rows if row[:3] != ("2025-01", "machine_hours", two)])
    assert partly.indicators.filter(indicator="load_factor", month="2025-01").is_empty()


def test_a_plain_mean_is_not_the_weighted_mean():
    frame = told(("2021-01", "a", "", 1)).with_columns(pl.lit(1.0).alias("mass"))
    frame = pl.concat([frame, told(("2021-02", "a", "", 4)).with_columns(pl.lit(3.0).alias("mass"))])
    # (1×1 + 4×3) ÷ 4 = 3.25, not 2.5
    assert frame.select(weighting.by_mass("value", "mass")).item() == 3.25


def test_carbon_of_a_dried_sample_is_brought_to_the_received_basis():
    # 60 × (100 − 10) ÷ (100 − 4) = 56.25
    assert weighting.as_received_from_dried(60, 10, 4) == pytest.approx(56.25)
