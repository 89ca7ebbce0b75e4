"""Global warming potentials as the assessment reports print them."""

import pytest

from dafeng.kernel.errors import GasError
from dafeng.kernel.quantities import gases


@pytest.mark.parametrize(
    ("report", "methane", "nitrous_oxide"),
    [
        ("AR2", 21, 310),  # SAR WGI table 4
        ("AR4", 25, 298),  # AR4 WGI table 2.14
        ("AR5", 28, 265),  # AR5 WGI table 8.A.1
        ("AR6", 27.9, 273),  # AR6 WGI table 7.15
    ],
)
def test_potentials_are_those_of_the_report(report: str, methane: float, nitrous_oxide: float) -> None:
    assert gases.gwp("CO2", report) == 1
    assert gases.gwp("CH4", report) == methane
    assert gases.gwp("N2O", report) == nitrous_oxide


def test_only_the_split_set_tells_fossil_methane_apart() -> None:
    assert gases.gwp("CH4", "AR6-split", "fossil") == 29.8  # AR6 WGI table 7.15
    assert gases.gwp("CH4", "AR6-split") == 27.0
    assert gases.gwp("CH4", "AR5", "fossil") == gases.gwp("CH4", "AR5") == 28
    assert gases.gwp("N2O", "AR6-split", "fossil") == 273


def test_an_amount_in_co2e_stays_what_it_is() -> None:
    assert all(gases.gwp("CO2e", report) == 1 for report in gases.SETS)


def test_potentials_of_sulphur_hexafluoride_are_those_of_the_reports() -> None:
    # SAR WGI table 4, AR4 WGI table 2.14, AR5 WGI table 8.A.1
    assert [gases.gwp("SF6", report) for report in ("AR2", "AR4", "AR5")] == [23900, 22800, 23500]


@pytest.mark.parametrize(
    ("gas", "report", "said"),
    [("XYZ", "AR5", "XYZ"), ("", "AR5", "AR5"), ("CO2", "AR7", "AR7"), ("HFC-161", "AR2", "HFC-161")],
)
def test_a_potential_is_never_borrowed(gas: str, report: str, said: str) -> None:
    with pytest.raises(GasError, match=said):
        gases.gwp(gas, report)


def test_every_listed_gas_has_a_positive_potential_somewhere() -> None:
    found = {gas: [report for report in gases.SETS if _known(gas, report)] for gas in gases.gases()}
    assert all(found.values())
    assert len(found) == len(set(found))


def _known(gas: str, report: str) -> bool:
    try:
        return gases.gwp(gas, report) > 0
    except GasError:
        return False
