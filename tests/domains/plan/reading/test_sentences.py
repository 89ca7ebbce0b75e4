"""Each sentence of `sentences.toml` gives the targets that a fair reader finds in it, no more and no fewer."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dafeng.domains.plan.reading import Target, parse_text
from dafeng.domains.plan.reading.scorer import ALIKE, likeness

CASES = tomllib.loads((Path(__file__).parents[1] / "sentences.toml").read_text("utf-8"))["case"]
NAMES = {"kind": "kind", "op": "operator", "dir": "direction", "strength": "strength", "period": "period"}


def wanted(row: str) -> dict[str, Any]:
    fields = [part.strip() for part in row.split(" | ")]
    keys = dict(pair.split("=", 1) for pair in fields[4].split()) if len(fields) > 4 else {}
    value = [float(v) for v in fields[2].strip("[]").split(",")] if "[" in fields[2] else float(fields[2])
    year = None if fields[1] == "-" else int(fields[1])
    return {
        "indicator": fields[0],
        "year": year,
        "value": value,
        "unit": None if fields[3] == "-" else fields[3],
        "keys": keys,
    }


def fits(target: Target, row: dict[str, Any]) -> bool:
    same = (target.year, target.value, target.unit) == (row["year"], row["value"], row["unit"])
    return same and likeness(target.indicator, row["indicator"]) >= ALIKE


@pytest.mark.parametrize("case", CASES, ids=[f"{number:03}" for number, _ in enumerate(CASES, 1)])
def test_a_sentence_gives_its_targets_and_no_others(case: dict[str, Any]) -> None:
    found = list(parse_text(case["text"]).targets)
    for row in map(wanted, case["want"]):
        fitting = [target for target in found if fits(target, row)]
        assert fitting, f"missed {row}; found {[(t.indicator, t.year, t.value, t.unit) for t in found]}"
        target = fitting[0]
        found.remove(target)
        for key, value in row["keys"].items():
            if key == "base":
                assert f"{target.baseline_year}{'?' if target.baseline_inferred else ''}" == value
            elif key == "implicit":
                assert str(target.implicit_number).lower() == value
            else:
                assert getattr(target, NAMES[key]) == value
    assert not found or case.get("more"), [(t.indicator, t.year, t.value, t.unit, t.quote) for t in found]


def test_there_are_at_least_150_sentences_of_which_a_fifth_hold_no_target() -> None:
    assert len(CASES) >= 150
    assert sum(not case["want"] for case in CASES) >= len(CASES) / 5 - 5
