"""The unified social credit code (统一社会信用代码) of GB 32100-2015: 18 characters, the last one a check character modulo 31."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
_WEIGHTS = tuple(3**place % 31 for place in range(17))


def check_character(first: str) -> str:
    """The check character of the first 17 characters, which must be in `ALPHABET`."""
    total = sum(weight * ALPHABET.index(sign) for weight, sign in zip(_WEIGHTS, first, strict=True))
    return ALPHABET[-total % 31]


def is_credit_code(text: str) -> bool:
    """Whether a text is a code whose check character fits."""
    return len(text) == 18 and all(sign in ALPHABET for sign in text) and check_character(text[:17]) == text[17]
