"""Our open formats, read back by the packages they are meant for. Run by `make nightly`, in an environment of its own."""

from datetime import date

import polars as pl
import pytest

from dafeng.cities import load_pack
from dafeng.domains.inventory.methods.inventory import compile_inventory
from dafeng.domains.inventory.reports import Material, write_iamc, write_primap2

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module", params=["AR2", "AR4", "AR5", "AR6"])
def material(request):
    """The demo city, compiled from its pack."""
    pack = load_pack("xinyang")
    inventory = compile_inventory(pack.activity(), edition="gl2011", gwp=request.param)
    year = inventory.totals("year", within=pack.code).filter(pl.col("co2e").is_not_null())["year"].max()
    return Material(inventory, pack.code, pack.name, "Xinyang", year, date(2026, 11, 21), run="1")


def total(material, year):
    return material.total(year=year)


def test_pyam_reads_the_iamc_file_and_every_branch_adds_up(material, tmp_path):
    import pyam

    path = tmp_path / "iamc.csv"
    write_iamc(path, material)
    data = pyam.IamDataFrame(path)
    assert data.region == ["Xinyang"]
    assert list(data.year) == list(material.years)
    for variable in data.variable:
        # None means that the branch has no parts, or that they add up.
        assert data.check_aggregate(variable) is None, variable
    sums = data.filter(variable="Emissions|Kyoto Gases (*)", level=0).data.set_index("year")["value"]
    for year in material.years:
        assert sums[year] == pytest.approx(total(material, year) / 1e6, rel=1e-12)


def test_pyam_knows_our_units(material, tmp_path):
    import pyam

    path = tmp_path / "iamc.csv"
    write_iamc(path, material)
    data = pyam.IamDataFrame(path)
    grams = data.filter(variable="Emissions|CO2").convert_unit("Mt CO2/yr", "kt CO2/yr")
    assert grams.data["value"].iloc[-1] == pytest.approx(1e3 * data.filter(variable="Emissions|CO2").data["value"].iloc[-1])


def test_primap2_reads_the_interchange_format_with_units_and_potentials(material, tmp_path):
    import primap2
    from primap2.pm2io import from_interchange_format, read_interchange_format

    _, meta = write_primap2(tmp_path / "xinyang", material)
    data = from_interchange_format(read_interchange_format(meta))
    context = {"AR2": "SARGWP100"}.get(material.inventory.gwp_set, f"{material.inventory.gwp_set}GWP100")
    sums = data[f"KYOTOGHG ({context})"].pr.loc[{"category": "0"}].squeeze()
    assert sums.attrs["gwp_context"] == context
    ureg = primap2.ureg
    for year in material.years:
        found = sums.sel(time=str(year)).item()
        assert found.to("t CO2 / yr").magnitude == pytest.approx(total(material, year), rel=1e-12)
    assert ureg("1 t CO2 / yr").is_compatible_with(sums.pint.units)


def test_primap2_weighs_the_gases_as_we_do(material, tmp_path):
    """The sum over gases with PRIMAP2's own potentials is ours: both sides hold the same table."""
    from primap2.pm2io import from_interchange_format, read_interchange_format

    _, meta = write_primap2(tmp_path / "xinyang", material)
    data = from_interchange_format(read_interchange_format(meta))
    context = {"AR2": "SARGWP100"}.get(material.inventory.gwp_set, f"{material.inventory.gwp_set}GWP100")
    gases = [name for name in data.data_vars if not name.startswith("KYOTOGHG")]
    summed = sum(data[gas].pr.loc[{"category": "0"}].pr.convert_to_gwp(gwp_context=context, units="t CO2 / yr").fillna(0) for gas in gases)
    ours = data[f"KYOTOGHG ({context})"].pr.loc[{"category": "0"}].squeeze()
    year = str(material.year)
    theirs = summed.squeeze().sel(time=year).item()
    assert theirs.to("t CO2 / yr").magnitude == pytest.approx(ours.sel(time=year).item().to("t CO2 / yr").magnitude, rel=1e-9)
