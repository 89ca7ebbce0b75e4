"""Cells of few persons are left out of published tables, and so many others with them that no total gives them away.

Pure. A table is named cells and lines; in a line the parts sum to the total. A cell below `least` persons (but not an empty one)
is hidden. Then, until nothing changes:

1. the hidden parts of a line, whose sum anybody can work out, must be several and concern at least `least` persons;
2. no hidden small cell may follow from all published lines together (linear algebra over the hidden cells).

What is missing for either is hidden too, the cell of fewest persons first, parts before totals. (Issue 5 §2.)
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Cell = Hashable


@dataclass(frozen=True)
class Line:
    """`parts` sum to `total`. `apart`: no person is in two parts, so that persons of parts may be added."""

    total: Cell
    parts: Sequence[Cell]
    apart: bool = False


def hidden(persons: Mapping[Cell, int], lines: Sequence[Line], *, least: int) -> set[Cell]:
    """The cells that must not be published. Every cell of a line is in `persons` (0 where nothing happened: that may be shown)."""
    small = {cell for cell, count in persons.items() if 0 < count < least}
    found = set(small)
    while True:
        more = next((cell for line in lines if (cell := _wanted(line, persons, found, least)) is not None), None)
        if more is None:
            more = _determined(persons, lines, small, found)
        if more is None:
            return found
        found.add(more)


def _wanted(line: Line, persons: Mapping[Cell, int], found: set[Cell], least: int) -> Cell | None:
    """A cell that this line needs hidden besides, so that what is left over of it tells of enough persons."""
    gone = [part for part in line.parts if part in found]
    if line.total in found:
        # The total may be worked out when all parts are shown.
        return None if gone else _fewest(line.parts, persons, found)
    if not gone:
        return None
    counts = [persons[part] for part in gone]
    enough = (sum(counts) if line.apart else max(counts)) >= least
    if len(gone) > 1 and enough:
        return None
    return _fewest(line.parts, persons, found) or line.total


def _fewest(cells: Iterable[Cell], persons: Mapping[Cell, int], found: set[Cell]) -> Cell | None:
    """Empty cells are of no use: that nothing happened there is plain."""
    free = [cell for cell in cells if cell not in found and persons[cell] > 0]
    return min(free, key=lambda cell: persons[cell], default=None)


def _determined(persons: Mapping[Cell, int], lines: Sequence[Line], small: set[Cell], found: set[Cell]) -> Cell | None:
    """A cell to hide because a small one follows from the published ones; None where none follows."""
    names = sorted(found, key=repr)
    at = {cell: place for place, cell in enumerate(names)}
    rows = []
    for line in lines:
        row = np.zeros(len(names))
        for part in line.parts:
            if part in at:
                row[at[part]] = 1
        if line.total in at:
            row[at[line.total]] = -1
        if row.any():
            rows.append(row)
    if not rows:
        return None
    given = determined(np.array(rows))
    for cell in names:
        if cell in small and at[cell] in given:
            for line in lines:
                inside = [*line.parts, line.total]
                if cell in inside and (more := _fewest(inside, persons, found)) is not None:
                    return more
    return None


def determined(rows: np.ndarray) -> set[int]:
    """The unknowns that have one value only in `rows · x = b`: those on which no vector of the null space stands."""
    _left, values, right = np.linalg.svd(rows)
    rank = int((values > 1e-9 * max(1.0, values.max())).sum())
    free = right[rank:]
    stands = np.abs(free).max(axis=0) if len(free) else np.zeros(rows.shape[1])
    return {int(place) for place in np.flatnonzero(stands < 1e-9)}
