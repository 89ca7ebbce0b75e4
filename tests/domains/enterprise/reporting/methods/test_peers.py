"""Peers: each firm against the others without itself, and nothing told by which another's figure could be known."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.enterprise.reporting.methods import SECTORS, checks
from dafeng.domains.enterprise.reporting.methods.check_balances import _beside_others

RULES = [each for each in checks.rules_of(SECTORS["food"]) if each.code == "peer-electricity"]


def frame(ratios: dict[str, float], firms: dict[str, str] | None = None) -> pl.DataFrame:
    """One month of each facility: 100 t made, and electricity in that ratio."""
    rows = [
        (facility, "2025-01", item, "", value, "measured", (firms or {}).get(facility, facility))
        for facility, ratio in ratios.items()
        for item, value in (("product_output", 100.0), ("electricity_bought", 100.0 * ratio))
    ]
    columns = ["facility", "month", "item", "stream", "value", "way", "firm"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def test_the_one_that_stands_apart_is_asked_with_the_others_median_to_two_digits():
    """Others of d: 10.013, 11.037, 12.071: median 11.037 → 11; 20.5 ÷ 11 = 1.8636 → 1.9."""
    found = checks.run(frame({"a": 10.013, "b": 11.037, "c": 12.071, "d": 20.5}), RULES).to_dicts()
    assert [(each["facility"], each["month"]) for each in found] == [("d", "2025")]
    facts = json.loads(found[0]["facts"])
    assert (facts["reference"], facts["ratio"], facts["count"]) == (11.0, 1.9, 3)
    assert "另外 3 家" in found[0]["what"]
    assert not any(own in found[0]["facts"] + found[0]["what"] for own in ("10.01", "11.03", "12.07"))


def test_with_fewer_than_three_others_nothing_is_compared():
    assert checks.run(frame({"a": 10.0, "b": 10.5, "c": 30.0}), RULES).is_empty()


def test_a_firm_is_no_peer_of_its_own_other_works():
    """Two works of one firm at 20: each is compared with a, b, c only (median 11)."""
    ratios = {"a": 10.0, "b": 11.0, "c": 12.0, "d1": 20.0, "d2": 20.0}
    own = checks.run(frame(ratios, {"d1": "d", "d2": "d"}), RULES)
    assert own["facility"].to_list() == ["d1", "d2"]
    assert {json.loads(each)["reference"] for each in own["facts"]} == {11.0}


def test_what_the_calculation_adds_makes_no_further_firm():
    """Emissions come without a firm: d is still one firm beside three others (median of 10, 11, 12: 11)."""
    told = frame({"a": 10.0, "b": 11.0, "c": 12.0, "d": 20.0})
    added = told.filter(pl.col("item") == "product_output").with_columns(item=pl.lit("emissions")).drop("firm")
    found = checks.run(pl.concat([told, added], how="diagonal"), RULES)
    assert found["facility"].to_list() == ["d"]
    facts = json.loads(found["facts"][0])
    assert (facts["reference"], facts["count"]) == (11.0, 3)


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=30))
def test_the_median_is_that_of_all_but_oneself(logs):
    import numpy as np

    part = pl.DataFrame({"log": logs, "firm": [str(number) for number in range(len(logs))]})
    found = _beside_others(part)
    for number, (median, spread) in enumerate(found.select("median", "spread").iter_rows()):
        others = np.delete(np.array(logs), number)
        assert median == pytest.approx(np.median(others), abs=1e-12)
        assert spread == pytest.approx(1.4826 * np.median(np.abs(others - np.median(others))), abs=1e-12)
