"""The words of the description: what a parameter or field of a given name means, in the reader's language.

A name means the same wherever it occurs; a router says what its names mean once, and the description is filled from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_words: dict[str, Any] = {}
_examples: dict[str, Any] = {}


def describe(examples: dict[str, Any] | None = None, /, *, within: str = "", **names: Any) -> None:
    """Say what parameters and fields mean (lazy translations), and give `examples` of their values.

    `within` names the one schema in which the names mean this. Raises `ValueError` where a name already means something else.
    """
    for name, text in names.items():
        if str(_words.setdefault(f"{within}.{name}", text)) != str(text):
            raise ValueError(f"“{name}” is described twice")
    _examples.update(examples or {})


def meaning(name: str, within: Sequence[str] = ()) -> str:
    """What a name means in the first of these schemas that says it, else anywhere; empty where nobody has said."""
    said = (_words.get(f"{each}.{name}") for each in (*within, ""))
    return next((str(each) for each in said if each), "")


def example(name: str) -> Any:
    """An example of a value, or None."""
    return _examples.get(name)
