"""统一社会信用代码: 18 characters, the last of which checks the others (GB 32100-2015, section 4 and annex)."""

from __future__ import annotations

LENGTH = 18
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters, each worth its place: the letters I, O, S, V and Z are not used."""
WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))


def tidy(text: str) -> str:
    """As it is written in the register: capitals, without spaces and hyphens."""
    return "".join(text.split()).replace("-", "").upper()


def check_character(first: str) -> str:
    """What the 18th character must be, of the first 17. Raises `ValueError` for a character that is not used."""
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(first, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]
