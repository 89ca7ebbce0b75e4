"""Fewer points for a chart. Pure.

Largest-Triangle-Three-Buckets after S. Steinarsson, "Downsampling Time Series for Visual Representation", University of Iceland,
2013: of each bucket the point that spans the largest triangle with the last chosen one and the mean of the next bucket.
"""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
from numpy.typing import NDArray


def thinned(frame: pl.DataFrame, *, most: int, how: str = "lttb") -> pl.DataFrame:
    """At most `most` rows a point of `point at value …`, sorted; the first and the last of each point stay."""
    parts = []
    for part in frame.partition_by("point", maintain_order=True):
        if part.height > most:
            part = part[_lttb(part, most) if how == "lttb" else _extremes(part, most)]
        parts.append(part)
    return pl.concat(parts) if parts else frame


def _lttb(part: pl.DataFrame, most: int) -> NDArray[np.int64]:
    x = part["at"].to_physical().to_numpy().astype(np.float64)
    y = part["value"].to_numpy()
    most = max(3, most)
    edges = np.linspace(1, len(x) - 1, most - 1).astype(np.int64)
    chosen, last = [0], 0
    for index in range(most - 2):
        low, high = edges[index], edges[index + 1]
        beyond = edges[index + 2] if index + 2 < len(edges) else len(x)
        next_x, next_y = x[high : max(beyond, high + 1)].mean(), y[high : max(beyond, high + 1)].mean()
        area = np.abs((x[last] - next_x) * (y[low:high] - y[last]) - (x[last] - x[low:high]) * (next_y - y[last]))
        last = int(low + np.argmax(area))
        chosen.append(last)
    chosen.append(len(x) - 1)
    return np.unique(np.array(chosen))


def _extremes(part: pl.DataFrame, most: int) -> NDArray[np.int64]:
    """The lowest and the highest of each bucket, in the order of time."""
    y = part["value"].to_numpy()
    edges = np.linspace(0, len(y), max(1, (most - 2) // 2) + 1).astype(np.int64)
    chosen = {0, len(y) - 1}
    for low, high in itertools.pairwise(edges):
        if high > low:
            chosen |= {int(low + np.argmin(y[low:high])), int(low + np.argmax(y[low:high]))}
    return np.array(sorted(chosen))
