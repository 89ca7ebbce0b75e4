"""The factor that the tests of the factor pages speak of, and one that a clerk may enter."""

from __future__ import annotations

HOME = "/inventory/411500/factors/"
# From memory in the 2011 guideline's table (factors/cropland.csv): used by the rice of the demo rows, and blocks publication.
RICE = "rice.中南华南.single"
ROLES = ("ecology", "citizen", "department")


def form(**changed: object) -> dict[str, object]:
    """A factor that would be accepted."""
    told = {
        "factor_id": "xy.coke.cc", "parameter": "carbon_content", "category": "", "item": "coke", "technology": "",
        "place": "411500", "year": "", "value": "29.3", "unit": "t C/TJ", "lower": "28", "upper": "30",
        "source": "检测报告 2025-07", "expected_version": "0",
    }  # fmt: skip
    return told | changed
