"""Data of the shape of a city's: fuels in three units, thirty years, two hundred places, factors good and bad.

Two per cent of the rows bring a notation key instead of a number, one fuel in ten rests on factors from memory (DEGRADED), and
each fuel has factors in two sets, one of them dated, so that the choice of factors is a real one.
"""

# Units are written as annotations; they are not Python names.
# ruff: noqa: F722, F821

from typing import Any

import numpy as np
import polars as pl

from dafeng.kernel.accounting import Recipe, activity_frame, constant, factor_frame, method

CO2_PER_C = constant("44/12", 44 / 12, "t CO2/t C")
T_PER_KG = constant("10⁻³ t/kg", 1e-3, "t/kg")
COHERENT = ("ncv", "ncv_gas", "carbon_content", "oxidation")
FUELS = [f"fuel{number:02d}" for number in range(30)]
GASEOUS = set(FUELS[20:])
CATEGORIES = [f"1A{sector}{letter}" for sector in range(1, 6) for letter in "abcd"]
PLACES = [f"41{city:02d}{county:02d}" for city in range(1, 19) for county in range(1, 13)][:200]
YEARS = range(1994, 2024)


@method("bench.mass.co2", category="1A", gas="CO2", source="a benchmark")
def mass_co2(fuel: "t", ncv: "GJ/t", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
    """Burning a fuel known by its mass."""
    return fuel * ncv * carbon_content * oxidation * CO2_PER_C


@method("bench.volume.co2", category="1A", gas="CO2", source="a benchmark")
def volume_co2(fuel: "1e4 Nm3", ncv_gas: "GJ/(1e4 Nm3)", carbon_content: "t C/GJ", oxidation: "1") -> "t CO2":
    """Burning a fuel known by its volume."""
    return fuel * ncv_gas * carbon_content * oxidation * CO2_PER_C


@method("bench.mass.ch4", category="1A", gas="CH4", source="a benchmark")
def mass_ch4(fuel: "t", ncv: "GJ/t", ch4_ef: "kg CH4/GJ") -> "t CH4":
    """Methane of burning a fuel."""
    return fuel * ncv * ch4_ef * T_PER_KG


@method("bench.volume.ch4", category="1A", gas="CH4", source="a benchmark")
def volume_ch4(fuel: "1e4 Nm3", ncv_gas: "GJ/(1e4 Nm3)", ch4_ef: "kg CH4/GJ") -> "t CH4":
    """Methane of burning a fuel by volume."""
    return fuel * ncv_gas * ch4_ef * T_PER_KG


CO2_RECIPES = [Recipe("1A", "CO2", "bench.mass.co2"), Recipe("1A", "CO2", "bench.volume.co2")]
BOTH_RECIPES = [*CO2_RECIPES, Recipe("1A", "CH4", "bench.mass.ch4"), Recipe("1A", "CH4", "bench.volume.ch4")]


def activities(rows: int, *, spread: float | None = None) -> pl.DataFrame:
    """`rows` activity rows, ready for a compile."""
    random = np.random.default_rng(rows)
    fuel = random.integers(0, len(FUELS), rows)
    noted = random.random(rows) < 0.02
    keys = pl.Series(["NO", "NE", "NA", "IE", "C"])

    def words(values: list[str], at: np.ndarray) -> pl.Series:
        return pl.Series(values, dtype=pl.Enum(values)).gather(at.astype(np.uint32))

    frame = pl.DataFrame(
        {
            "category": words(CATEGORIES, random.integers(0, len(CATEGORIES), rows)),
            "item": words(FUELS, fuel),
            "technology": words([""], np.zeros(rows)),
            "variable": words([""], np.zeros(rows)),
            "unit": words(["t", "1e4 Nm3"], np.isin(fuel, np.arange(20, 30))),
            "place": words(PLACES, random.integers(0, len(PLACES), rows)),
            "year": random.integers(YEARS[0], YEARS[-1] + 1, rows).astype(np.int16),
            "value": pl.Series(random.gamma(2, 1000, rows)).set(pl.Series(noted), None),
            "notation": pl.select(pl.when(pl.Series(noted)).then(keys.gather(random.integers(0, 5, rows)))).to_series(),
            "uncertainty": pl.Series([spread], dtype=pl.Float64).new_from_index(0, rows),
        }
    )
    return activity_frame(frame)


def factors(*, percent: float = 5.0) -> pl.DataFrame:
    """Factors of every fuel: a national set, an older one that is dated, and one of the province for some fuels."""
    rows: list[dict[str, Any]] = []
    for number, fuel in enumerate(FUELS):
        heat = ("ncv_gas", 350.0, "GJ/1e4Nm3") if fuel in GASEOUS else ("ncv", 15.0 + number, "GJ/t")
        told = (
            heat,
            ("carbon_content", 15.0 + number / 2, "t C/TJ"),
            ("oxidation", 0.95, "1"),
            ("ch4_ef", 0.001, "kg CH4/GJ"),
        )
        standing = "memory" if number % 10 == 3 else "confirmed"
        for scope in ("national", "older", "province"):
            if scope == "province" and number % 3:
                continue
            for parameter, value, unit in told:
                rows.append(
                    {
                        "factor_id": f"{scope}.{fuel}.{parameter}", "set": "older" if scope == "older" else "national",
                        "parameter": parameter, "item": fuel, "value": value, "unit": unit, "standing": standing,
                        "place": "410000" if scope == "province" else "100000", "year": 2010 if scope == "older" else None,
                        "lower": value * (1 - percent / 100), "upper": value * (1 + percent / 100),
                    }
                )  # fmt: skip
    return factor_frame(rows)
