"""Chinese names of the inputs and parameters of methods, as headings of templates and in printed formulas.

The table is inputs.tsv beside this file (name, Chinese name); the English name is the code itself, read aloud.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("inputs.tsv")


@lru_cache(maxsize=1)
def input_names() -> dict[str, str]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line)


def input_name(code: str, language: str = "zh") -> str:
    """`ncv` → 低位发热量; the code itself, without underscores, where the table has no name or in English."""
    words = code.replace("_", " ")
    return words if language == "en" else input_names().get(code, words)
