"""What the inventory computes for others follows the city's choice: edition, potentials, its own factors, signatures."""

from __future__ import annotations

import polars as pl
import pytest

from dafeng.domains.inventory import services
from dafeng.kernel.accounting import offered
from dafeng.kernel.errors import MethodError

GAS = {"category": "1A2e", "item": "natural_gas", "place": "411502", "year": 2021, "value": 1e6, "unit": "m3", "basis": "metered"}  # fmt: skip
# t CO2 of 1e6 m3: 0.038931 GJ/m3 × tC/GJ × 0.99 × 44/12; the 2011 guideline rounds carbon to 15.32, GB/T 32151.22-2024 to 15.3.
OF_2011, OF_2025 = (1e6 * 0.038931 * carbon * 0.99 * 44 / 12 for carbon in (15.32e-3, 15.3e-3))


def carbon(code: str, row: dict = GAS) -> tuple[float, offered.Computed]:
    found = offered.compute(code, pl.DataFrame([row]))
    rows = found.emissions.rows()
    return rows.filter(pl.col("gas") == "CO2")["emission"].item(), found


def test_a_city_that_is_not_loaded_gets_the_defaults(db: None) -> None:
    value, found = carbon("411599")
    assert (value, found.gwp, found.pages) == (pytest.approx(OF_2011), "AR2", {})


def test_the_present_runs_options_are_in_force(city, now) -> None:
    assert carbon(city.pk)[0] == pytest.approx(OF_2011)
    services.load_batch(city, pl.DataFrame([GAS]), title="数据", source="upload", by=None, now=now)
    services.compile_city(city, edition="gl2025", gwp="AR6", by=None, now=now)
    value, found = carbon(city.pk)
    assert (value, found.gwp) == (pytest.approx(OF_2025), "AR6")
    assert "2025" in found.edition[0]
    assert found.categories == {"1A2e": ("食品、烟草、酒、饮料和茶", "Food, tobacco, beverages and tea")}
    assert all(page.startswith(f"/inventory/{city.pk}/") for page in found.pages.values())


def test_the_citys_own_factor_comes_first(city, now) -> None:
    for parameter, value, unit in (("ncv_gas_20c", 380.0, "GJ/1e4m3"), ("carbon_content", 15.0, "t C/TJ"), ("oxidation", 98.0, "%")):  # fmt: skip
        services.set_city_factor(city, f"xy.{parameter}", parameter=parameter, value=value, unit=unit, item="natural_gas", source="实测报告", by=None, now=now)  # fmt: skip
    assert carbon(city.pk)[0] == pytest.approx(1e6 * 0.038 * 15e-3 * 0.98 * 44 / 12)


def test_a_signature_lifts_the_status(city, reviewer, now) -> None:
    coal = GAS | {"item": "bituminous", "value": 100.0, "unit": "t"}
    assert carbon(city.pk, coal)[1].emissions.totals()["status"].item() == 2
    services.sign_factor("fuel.gl2011.bituminous.ncv", by=reviewer, reason="核对原文", now=now)
    assert carbon(city.pk, coal)[1].emissions.totals()["status"].item() == 0


def test_without_an_inventory_nobody_computes(monkeypatch) -> None:
    monkeypatch.setattr(offered, "_offered", None)
    with pytest.raises(MethodError, match="没有清单方法"):
        offered.compute("411500", pl.DataFrame([GAS]))
