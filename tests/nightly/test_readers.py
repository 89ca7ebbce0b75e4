"""Our open formats, read back by the packages they are meant for: pyam and PRIMAP2, in an environment of their own.

`make nightly` builds `.venv-nightly` and runs this; DAFENG_NIGHTLY_PYTHON names another interpreter that has both packages.
"""

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from dafeng.cities import load_pack
from dafeng.domains.inventory.methods.inventory import compile_inventory
from dafeng.domains.inventory.reports import Material, write_iamc, write_primap2

pytestmark = pytest.mark.nightly
ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("DAFENG_NIGHTLY_PYTHON", ROOT / ".venv-nightly" / "bin" / "python"))


@pytest.fixture(scope="module", params=["AR2", "AR4", "AR5", "AR6"])
def read(request, tmp_path_factory):
    """The demo city's inventory, and what the two packages found in its files."""
    assert PYTHON.exists(), f"{PYTHON} is not there: run `make nightly`"
    pack = load_pack("xinyang")
    inventory = compile_inventory(pack.activity(), edition="gl2011", gwp=request.param)
    year = inventory.totals("year", within=pack.code).filter(pl.col("co2e").is_not_null())["year"].max()
    material = Material(inventory, pack.code, pack.name, "Xinyang", year, date(2026, 11, 21), run="1")
    folder = tmp_path_factory.mktemp(request.param)
    write_iamc(folder / "iamc.csv", material)
    write_primap2(folder / "primap2", material)
    script = Path(__file__).with_name("read_back.py")
    done = subprocess.run([PYTHON, script, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return material, json.loads(done.stdout.splitlines()[-1])


def totals(material):
    return {str(year): material.total(year=year) for year in material.years}


def test_pyam_finds_every_branch_equal_to_its_parts(read):
    _, found = read
    assert found["pyam"]["regions"] == ["Xinyang"]
    assert found["pyam"]["variables"] > 20
    assert found["pyam"]["uneven"] == []


def test_pyam_finds_our_totals_and_knows_our_units(read):
    material, found = read
    assert found["pyam"]["totals"] == pytest.approx(
        {year: value / 1e6 for year, value in totals(material).items()}, rel=1e-12
    )
    carbon = material.sums("gas", year=material.year).filter(pl.col("gas") == "CO2")["emission"][0]
    assert found["pyam"]["carbon_kt"][str(material.year)] == pytest.approx(carbon / 1e3, rel=1e-12)


def test_primap2_finds_our_totals_in_the_context_of_the_gwp_set(read):
    material, found = read
    contexts = {"AR2": "SARGWP100", "AR4": "AR4GWP100", "AR5": "AR5GWP100", "AR6": "AR6GWP100"}
    assert found["primap2"]["context"] == contexts[material.inventory.gwp_set]
    assert found["primap2"]["ours"] == pytest.approx(totals(material), rel=1e-12)


def test_primap2_weighs_our_gases_as_we_do(read):
    _, found = read
    assert found["primap2"]["theirs"] == pytest.approx(found["primap2"]["ours"], rel=1e-9)
