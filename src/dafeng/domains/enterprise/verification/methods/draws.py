"""Draws that anybody can repeat: an order by SHA-256 of seed and name. No generator, no platform, no version decides.

rank(name) = SHA-256("<seed>|<matter>|<name>"), smallest first
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def token(seed: str, matter: str, name: str) -> str:
    return hashlib.sha256(f"{seed}|{matter}|{name}".encode()).hexdigest()


def order(names: Iterable[str], *, seed: str, matter: str) -> list[str]:
    """All names in the order in which the seed draws them; the order in which they are given plays no part."""
    return sorted(set(names), key=lambda name: (token(seed, matter, name), name))
