"""The divisions (大类, two digits) of GB/T 4754-2017, by which statistics speak of industries.

`divisions.csv` is one public transcription, in part compared with a list of the older edition; the text of the standard was not at hand
(standing: one copy). The English is ours.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

PATH = Path(__file__).with_name("divisions.csv")


@lru_cache(maxsize=1)
def _named() -> dict[str, tuple[str, str]]:
    with PATH.open(encoding="utf-8", newline="") as stream:
        return {row["code"]: (row["title"], row["title_en"]) for row in csv.DictReader(stream)}


def title(code: str, *, english: bool = False) -> str:
    """The name of the division that a code of two or more digits begins with; "" for one that the standard does not have."""
    return _named().get(code[:2], ("", ""))[english]
