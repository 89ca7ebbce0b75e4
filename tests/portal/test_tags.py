"""Numbers and units as pages print them."""

from __future__ import annotations

import pytest

from dafeng.portal.templatetags import dafeng as tags


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("GJ/1e4Nm3", "GJ/10⁴ Nm³"),
        ("1e4*m2", "10⁴ m²"),
        ("1e4*t*km", "10⁴ t·km"),
        ("t CO2e/MWh", "t CO₂e/MWh"),
        ("1", ""),
        (None, ""),
        ("kgce/kWh", "kgce/kWh"),
    ],
)
def test_a_unit_is_printed_and_not_shown_as_its_code(code: str | None, printed: str) -> None:
    assert tags.unit(code) == printed


def test_nothing_is_zero_and_not_zero_with_decimals() -> None:
    assert [str(tags.mass(each)) for each in (0.0, 0.25, 999.0, 1000.4)] == ["0", "0.250", "999.000", "1,000"]
