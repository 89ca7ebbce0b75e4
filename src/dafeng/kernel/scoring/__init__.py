"""Rubric × values → score, grade, and the reasons for both. Pure: no Django, no I/O but the files it is given.

Words: *rubric* (a dated tree of weighted items, as data), *item* (one line: a value, how it earns a mark, a weight),
*input* (a value without weight that rules read), *mark* (0–100 per item), *points* (mark × effective weight),
*bonus* and *deduction* (points outside the weights, capped), *veto* (caps the grade or the score), *level* (a grade and
its cut), *coverage* (share of the weight for which there is a value), *confidence* (share that rests on complete, not
estimated values), *light* (red … green by a dated rule).
The one idea: a score is worth nothing without its rubric, so the rubric has a digest, travels with the result, and
anyone can recompute the result from the two. Missing is never zero. See docs/dev/scoring.md.

Names are loaded at first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dafeng.kernel.scoring.comparison import compare
    from dafeng.kernel.scoring.engine import score
    from dafeng.kernel.scoring.lighting import LightRules, lights
    from dafeng.kernel.scoring.publication import publish, recompute, verify
    from dafeng.kernel.scoring.reading import in_force, read_light_rules, read_rubric
    from dafeng.kernel.scoring.rendering import render
    from dafeng.kernel.scoring.results import Scores
    from dafeng.kernel.scoring.rubric import Rubric
    from dafeng.kernel.scoring.sensitivity import advice

_HOME = {
    "LightRules": "lighting",
    "Rubric": "rubric",
    "Scores": "results",
    "advice": "sensitivity",
    "compare": "comparison",
    "in_force": "reading",
    "lights": "lighting",
    "publish": "publication",
    "read_light_rules": "reading",
    "read_rubric": "reading",
    "recompute": "publication",
    "render": "rendering",
    "score": "engine",
    "verify": "publication",
}
__all__ = [
    "LightRules",
    "Rubric",
    "Scores",
    "advice",
    "compare",
    "in_force",
    "lights",
    "publish",
    "read_light_rules",
    "read_rubric",
    "recompute",
    "render",
    "score",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
