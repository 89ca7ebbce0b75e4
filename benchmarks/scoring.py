"""Scoring: 100 000 subjects by a rubric of 30 items of every kind, and one subject explained and advised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from benchmarks.figures import Figure, medians

SUBJECTS, ITEMS = 100_000, 30
SCALES: tuple[dict[str, Any], ...] = (
    {"scoring": "linear", "base": 0, "lead": 80},
    {"scoring": "inverse", "base": 90, "lead": 10},
    {"scoring": "step", "below": 0, "steps": [{"at": 30, "mark": 50}, {"at": 60, "mark": 100}]},
    {"scoring": "band", "band": [40, 60], "limits": [0, 100]},
    {"scoring": "rank", "better": "higher"},
)


def rubric() -> dict[str, Any]:
    items = [
        {"code": f"A{number:02}", "title": f"item {number}", "weight": 100 / ITEMS, **SCALES[number % len(SCALES)]}
        for number in range(ITEMS)
    ]
    return {
        "id": "bench", "title": "bench", "version": "1", "valid_from": "2026-01-01", "standing": "bench", "items": items,
        "vetoes": [{"code": "V1", "title": "veto", "when": "A00 < 2", "effect": "cap_grade", "grade": "c"}],
        "levels": [
            {"code": "a", "title": "a", "from": 60, "minimum_coverage": 0.8},
            {"code": "b", "title": "b", "from": 40, "to": 60}, {"code": "c", "title": "c", "to": 40},
        ],
    }  # fmt: skip


def values() -> tuple[pl.DataFrame, list[str]]:
    """One row a figure in no order, 5 % of them missing."""
    random = np.random.default_rng(1)
    subjects = [f"91411500MA{number:08}" for number in range(SUBJECTS)]
    frame = pl.DataFrame(
        {
            "subject": np.repeat(subjects, ITEMS),
            "indicator": np.tile([f"A{number:02}" for number in range(ITEMS)], SUBJECTS),
            "value": random.uniform(0, 100, SUBJECTS * ITEMS),
        }
    )
    return frame.sample(fraction=0.95, shuffle=True, seed=1), subjects


def measure(*, quick: bool = False) -> Iterator[Figure]:
    from dafeng.kernel.scoring import Rubric, advice, score

    by, (frame, subjects) = Rubric.from_dict(rubric()), values()
    (taken,) = medians(lambda: score(by, frame, subjects=subjects).frame, repetitions=3 if quick else 7)
    yield Figure(f"score {SUBJECTS} subjects × {ITEMS} items, with ranks", taken, "s", 2.0)
    scores = score(by, frame, subjects=subjects)
    one = subjects[:1]
    lines, best = medians(lambda: scores.explain(one), lambda: advice(scores, one), repetitions=3 if quick else 7)
    yield Figure("explain one of them line by line", lines, "s", 0.5)
    yield Figure("what would raise it most", best, "s", 0.5)
