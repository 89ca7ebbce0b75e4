"""Dated parameters: what may be used on which day, what a signature does, what a report keeps."""

from datetime import date

import pytest

from dafeng.domains.enterprise.reporting.methods import parameters
from dafeng.domains.enterprise.reporting.methods.parameters import FUEL_SETS, load, shipped, thawed
from dafeng.domains.enterprise.reporting.methods.sectors import SECTORS
from dafeng.kernel.errors import FactorError

SIGNED = {"by": "市生态环境局 张三", "at": "2026-02-01", "reason": "核对了原文"}


def coal_carbon(year: int, month: int, signed=None):
    found = load(date(2026, 12, 31), signed).find(
        "carbon_content", keys=["bituminous", "coal", ""], sets=["power_guideline"], at=date(year, month, 1)
    )
    assert found is not None
    return found


def test_the_default_of_the_2021_text_is_of_letter_a_and_ends_in_march_2022():
    # facts/mrv/power_parameters.csv: 0.03356 tC/GJ, superseded from 2022-04
    assert coal_carbon(2022, 3).value == 0.03356
    assert coal_carbon(2022, 3).usable
    assert coal_carbon(2022, 4).value is None


def test_a_value_from_memory_is_there_to_be_seen_and_not_to_be_used():
    found = coal_carbon(2024, 1)
    assert (found.value, found.standing, found.usable) == (0.03085, "D", False)


def test_a_signature_takes_it_into_use_and_stays_with_it():
    found = coal_carbon(2024, 1, {"power.coal.carbon_content.2023": SIGNED})
    assert (found.value, found.standing, found.usable) == (0.03085, "signed", True)
    assert found.signature == SIGNED


def test_a_signature_fills_a_gap_only_with_a_value():
    with pytest.raises(FactorError, match="没有数值可签署"):
        load(date(2026, 12, 31), {"power.coal.oxidation.2026": SIGNED})
    filled = load(date(2026, 12, 31), {"power.coal.oxidation.2026": SIGNED | {"value": 98.5}})
    found = filled.find("oxidation", keys=["coal"], sets=["power_guideline"], at=date(2026, 5, 1))
    assert found is not None
    assert (found.value, found.usable) == (98.5, True)


@pytest.mark.parametrize("lacking", ["by", "at", "reason"])
def test_a_signature_without_a_name_a_day_or_a_reason_is_refused(lacking):
    with pytest.raises(FactorError, match="签署不完整"):
        load(date(2024, 12, 31), {"power.coal.carbon_content.2023": SIGNED | {lacking: " "}})


def test_an_unknown_parameter_cannot_be_signed():
    with pytest.raises(FactorError, match="没有参数"):
        load(date(2024, 12, 31), {"power.coal.colour": SIGNED})


def test_a_later_value_is_unknown_on_an_earlier_day():
    early = load(date(2021, 12, 31))
    assert early.find("grid_factor", keys=[""], sets=["power_guideline"], at=date(2023, 6, 1)) is None


def test_nothing_of_letter_d_or_x_and_no_gap_is_usable():
    for row in shipped():
        assert row.usable == (row.standing in {"A", "B", "C"})


def test_no_sector_mixes_two_sets_of_fuels_on_any_day():
    for sector in SECTORS.values():
        for year in range(2015, 2031):
            assert len(FUEL_SETS & set(sector.sets_on(date(year, 6, 30)))) <= 1, sector.code


def test_two_values_in_force_on_one_day_are_refused(monkeypatch, tmp_path):
    head = "id,parameter,set,key,value,unit,valid_from,valid_to,standing,source,note\n"
    rows = "a,p,s,,1,1,2020-01-01,,A,x,\nb,p,s,,2,1,2021-01-01,,A,x,\n"
    (tmp_path / "p.csv").write_text(head + rows)
    monkeypatch.setattr(parameters, "HOME", tmp_path)
    with pytest.raises(FactorError, match="有效期重叠"):
        shipped.__wrapped__()


def test_a_row_without_source_names_its_file_and_line(monkeypatch, tmp_path):
    head = "id,parameter,set,key,value,unit,valid_from,valid_to,standing,source,note\n"
    (tmp_path / "p.csv").write_text(head + "a,p,s,,1,1,,,A,,\n")
    monkeypatch.setattr(parameters, "HOME", tmp_path)
    with pytest.raises(FactorError) as caught:
        shipped.__wrapped__()
    assert (caught.value.where.file, caught.value.where.row) == ("p.csv", 2)


def test_what_a_report_kept_is_read_back_as_it_was():
    before = load(date(2021, 12, 31), {"power.grid.2021": SIGNED | {"value": 0.6}})
    kept = before.frozen(["power.grid.2021", "power.coal.ncv.2021"])
    again = thawed(before.on, kept)
    assert list(again.rows) == [row for row in before.rows if row.id in {"power.grid.2021", "power.coal.ncv.2021"}]


def test_saturated_steam_is_read_between_the_rows_of_the_table():
    # table: 1.0 MPa 2777, 1.1 MPa 2780.4; half way 2778.7
    assert parameters.saturated_steam_enthalpy(1.0) == pytest.approx(2777)
    assert parameters.saturated_steam_enthalpy(1.05) == pytest.approx(2778.7)
    assert parameters.saturated_steam_enthalpy(22) == pytest.approx(2192.5)
    with pytest.raises(FactorError, match="饱和蒸汽表没有"):
        parameters.saturated_steam_enthalpy(23)
