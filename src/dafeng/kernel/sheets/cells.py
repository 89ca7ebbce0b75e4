"""What people write into cells, read the same way wherever it is read."""

from __future__ import annotations

import re

_NARROW = str.maketrans("０１２３４５６７８９．，－−＋：／\u3000", "0123456789.,--+:/ ")
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|inf)", re.ASCII | re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)


def narrow(text: str) -> str:
    """Figures and signs of full width as plain ones, without blanks around."""
    return text.translate(_NARROW).strip()


def number_of(text: str) -> float | None:
    """A number as it is written, with commas between thousands if need be; None for what is none.

    A comma elsewhere is no thousands' comma: 12,5 is not 125, and whether it is 12.5 nobody knows.
    """
    text = narrow(text)
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return float(text) if _NUMBER.fullmatch(text) else None
