"""A linear programme with two goals in order: first the greatest gain, then among those the least cost.

The second goal makes the answer the better one of many equal ones, and the same every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLACK = 1e-9
"""Part of the gain that the second goal may give up: below what anybody measures, above what a solver rounds."""


@dataclass(frozen=True)
class Limit:
    """Σ weight × x of these variables ≤ `most`."""

    terms: Sequence[tuple[int, float]]
    most: float


def solve(gain: Sequence[float], cost: Sequence[float], limits: Sequence[Limit]) -> NDArray[np.float64]:
    """x ≥ 0 with the greatest Σ gain·x and, of those, the least Σ cost·x. Raises `ArithmeticError` if the solver gives up."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    if not gain:
        return np.zeros(0)
    rows = [(row, column, weight) for row, limit in enumerate(limits) for column, weight in limit.terms]
    where = ([row for row, _c, _w in rows], [column for _r, column, _w in rows])
    matrix = coo_array(([weight for _r, _c, weight in rows], where), shape=(len(limits), len(gain))).tocsr()
    most = np.array([limit.most for limit in limits])
    wanted = np.asarray(gain, dtype=float)
    first = linprog(-wanted, A_ub=matrix, b_ub=most, method="highs")
    if first.x is None:
        raise ArithmeticError(first.message)
    best = float(wanted @ first.x)
    if best <= 0:
        return np.zeros(len(gain))
    from scipy.sparse import vstack

    keep = coo_array(-wanted[None, :] / best)
    second = linprog(
        np.asarray(cost, dtype=float), A_ub=vstack([matrix, keep]).tocsr(), b_ub=[*most, -(1 - SLACK)], method="highs"
    )
    # The first answer stands where the second goal meets the solver's tolerance.
    return np.maximum(first.x if second.x is None else second.x, 0.0)
