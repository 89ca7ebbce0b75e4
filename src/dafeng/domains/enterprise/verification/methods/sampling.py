"""How many records to look at, and which: discovery sampling of attributes, drawn by a recorded seed.

Size rule: the smallest n for which a sample without replacement from N records, of which D = ceil(tolerable x N) are faulty, misses
all of them with a probability of at most 1 - confidence:

    P(miss) = prod_{i=0}^{n-1} (N - D - i) / (N - i) <= 1 - confidence

Records that a check has already pointed at are taken in any case and do not count towards n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dafeng.domains.enterprise.verification.methods.draws import order


@dataclass(frozen=True)
class Sample:
    """`certain`: taken because something points at them; `drawn`: by the seed, in the order of the draw."""

    population: int
    size: int
    confidence: float
    tolerable: float
    seed: str
    matter: str
    certain: tuple[str, ...]
    drawn: tuple[str, ...]

    @property
    def chosen(self) -> tuple[str, ...]:
        return self.certain + self.drawn


def size(population: int, *, confidence: float, tolerable: float) -> int:
    """See the module. Raises `ValueError` for shares outside 0 to 1."""
    if not (0 < confidence < 1 and 0 < tolerable <= 1):
        raise ValueError("confidence and tolerable are shares between 0 and 1")
    faulty = min(population, math.ceil(round(tolerable * population, 9)))
    miss = 1.0
    for taken in range(population):
        if miss <= 1 - confidence + 1e-12:
            return taken
        miss *= max(0, population - faulty - taken) / (population - taken)
    return population


def draw(
    names: Iterable[str], *, seed: str, matter: str, confidence: float, tolerable: float, certain: Iterable[str] = ()
) -> Sample:
    """`names` is the population; those of `certain` that are in it are taken first. Raises `ValueError` for an empty population."""
    everything = set(names)
    if not everything:
        raise ValueError("the population is empty")
    pointed = sorted(everything & set(certain))
    rest = everything - set(pointed)
    count = size(len(rest), confidence=confidence, tolerable=tolerable)
    drawn = order(rest, seed=seed, matter=matter)[:count]
    return Sample(len(everything), count, confidence, tolerable, seed, matter, tuple(pointed), tuple(drawn))
