"""Units: published equivalences, substances kept apart, and text that is no unit."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.errors import UnitError
from dafeng.kernel.quantities import units

MASS = ["t", "kg", "g", "mg", "kt", "Mt", "Gg", "万吨", "亿吨", "吨", "公斤", "亿斤"]
ENERGY = ["J", "kJ", "MJ", "GJ", "TJ", "PJ", "kWh", "MWh", "GWh", "tce", "kgce", "亿千瓦时", "万吨标准煤", "百万千焦"]
AREA = ["ha", "hm2", "公顷", "亩", "万亩", "km2", "m2", "千公顷", "平方公里"]


@pytest.mark.parametrize(
    ("given_unit", "wanted", "expected"),
    [
        ("kgce", "MJ", 29.3076),  # GB/T 2589-2020, 3.7: 7000 kcal of 4.1868 kJ
        ("万吨标准煤", "TJ", 293.076),
        ("kWh", "MJ", 3.6),
        ("亿千瓦时", "TJ", 360.0),
        ("亩", "ha", 1 / 15),
        ("亿斤", "万吨", 5.0),
        ("万公里", "km", 10_000.0),
        ("百亿千焦", "TJ", 10.0),
        ("GJ/10⁴Nm³", "MJ/Nm3", 0.1),
        ("389.31 GJ/1e4Nm3", "kJ/Nm3", 38931.0),
        ("%", "1", 0.01),
        ("t C/TJ", "t C/GJ", 1e-3),
        ("kg/t", "g/kg", 1.0),
        ("t/万元", "kg/yuan", 0.1),
        ("１０kg", "kg", 10.0),  # full-width digits, as typed in a Chinese input method
    ],
)
def test_an_official_equivalence_holds(given_unit: str, wanted: str, expected: float) -> None:
    assert units.conversion(given_unit, wanted) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("t C", "t CO2"),  # 44/12 is written, never implied
        ("t CO2", "t CO2e"),
        ("t CH4", "t CO2e"),
        ("kg N", "kg N2O"),
        ("m3", "Nm3"),  # 20 °C and 0 °C
        ("t", "m3"),
        ("t", "GJ"),
        ("t", "t CO2"),
        ("head", "person"),
        ("kWh", "kW"),
        ("kg CH4/head", "kg CH4/head/a"),  # annual factors carry no /a
    ],
)
def test_different_things_do_not_convert(one: str, other: str) -> None:
    with pytest.raises(UnitError) as caught:
        units.conversion(one, other)
    assert one in str(caught.value)
    assert other in str(caught.value)
    assert not units.convertible(one, other)


def test_a_denominator_binds_all_that_follows_it() -> None:
    assert units.conversion("GJ/1e4 Nm3", "GJ/Nm3") == pytest.approx(1e-4, rel=1e-12)
    assert units.conversion("kg CH4/t BOD", "t CH4/t BOD") == pytest.approx(1e-3, rel=1e-12)
    with pytest.raises(UnitError):
        units.conversion("t C/GJ", "t/GJ")


@pytest.mark.parametrize(
    "text", ["斤两", "t)", "(", "KWH", "'t'", "nan*t", "0*t", "-1*t", "1e400*t", "__import__('os')", "t" * 300]
)
def test_what_is_no_unit_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UnitError, match="不认识的单位"):
        units.parse(text)


@pytest.mark.parametrize("text", ["9**9**9**9", "9^9^9^9", "((9^99)^99)^99", "2**99999999999"])
def test_a_power_tower_in_an_upload_does_not_occupy_the_machine(text: str) -> None:
    code = (
        f"from dafeng.kernel.quantities import units\ntry: units.parse({text!r})\nexcept Exception as e: print(e.code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.strip() == "unit"


@given(st.sampled_from([MASS, ENERGY, AREA]), st.data())
def test_conversions_compose_and_invert(family: list[str], data: st.DataObject) -> None:
    a, b, c = (data.draw(st.sampled_from(family)) for _ in range(3))
    there = units.conversion(a, b)
    assert there > 0
    assert there * units.conversion(b, a) == pytest.approx(1, rel=1e-12)
    assert there * units.conversion(b, c) == pytest.approx(units.conversion(a, c), rel=1e-12)


@given(st.text(max_size=20))
def test_any_text_parses_or_is_refused_in_the_users_words(text: str) -> None:
    try:
        found = units.parse(text)
    except UnitError as error:
        assert error.expected  # noqa: PT017
    else:
        assert float(found.magnitude) > 0


@pytest.mark.parametrize(
    ("unit", "shown"),
    [("m3", "m³"), ("m3/s", "m³/s"), ("万m3", "万m³"), ("Nm3", "Nm³"), ("kWh/m2", "kWh/m²"), ("t CO2", "t CO₂"), ("t CO2e", "t CO₂e"), ("kWh", "kWh"), ("cm35", "cm35")],
)  # fmt: skip
def test_a_unit_is_printed_with_its_powers_and_gases(unit: str, shown: str) -> None:
    assert units.printed(unit) == shown
