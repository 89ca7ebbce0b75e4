"""Two models of a trend: a straight line by least squares, and a damped trend by exponential smoothing.

Each gives for a moment ahead a Student's t distribution. Sources: Montgomery, Peck & Vining, Introduction to Linear
Regression Analysis, 2.5 (prediction interval); Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed.,
ch. 8 (damped trend; variance of row A,Ad,N in table 8.8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dafeng.domains.plan.methods.distributions import cumulative, quantile
from dafeng.domains.plan.methods.targets import Requirement

Array = npt.NDArray[np.float64]
DAMPED_PARAMETERS = 5  # α, β, φ, first level, first trend
EXACT = 1e-10


@dataclass(frozen=True)
class Ahead:
    """A forecast of one moment: Student's t around `point` with `scale` (0: no error left) and `degrees` of freedom."""

    at: float
    point: float
    scale: float
    degrees: float

    def interval(self, level: float) -> tuple[float, float]:
        if self.scale == 0:
            return self.point, self.point
        reach = self.scale * quantile(0.5 + level / 2, self.degrees)
        return self.point - reach, self.point + reach

    def probability(self, need: Requirement) -> float:
        """P(the value meets the requirement)."""
        if self.scale == 0:
            return float(need.met(self.point))
        below = cumulative((need.low - self.point) / self.scale, self.degrees) if need.low is not None else 0.0
        above = cumulative((need.high - self.point) / self.scale, self.degrees) if need.high is not None else 1.0
        return max(above - below, 0.0)


Fit = Callable[[float], Ahead]


def line(x: Sequence[float], y: Sequence[float]) -> Fit:
    """Ordinary least squares y = a + b x; the returned function gives the prediction of a new observation at x."""
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    n, middle = len(xs), float(xs.mean())
    spread = float(((xs - middle) ** 2).sum())
    slope = float(((xs - middle) * (ys - ys.mean())).sum() / spread)
    residuals = ys - ys.mean() - slope * (xs - middle)
    error = _without_rounding(math.sqrt(float((residuals**2).sum()) / (n - 2)), ys)

    def ahead(at: float) -> Ahead:
        scale = error * math.sqrt(1 + 1 / n + (at - middle) ** 2 / spread)
        return Ahead(at, float(ys.mean()) + slope * (at - middle), scale, n - 2)

    return ahead


def _without_rounding(error: float, values: Array) -> float:
    """An exact line leaves only rounding; that is no uncertainty."""
    return 0.0 if error <= EXACT * float(np.abs(values).max(initial=0.0)) else error


@lru_cache(maxsize=1)
def _grid() -> tuple[Array, Array, Array]:
    """α, β ≤ α and φ over which the sum of squares is searched: deterministic, and enough for yearly series."""
    alphas = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
    shares = np.array([0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0])
    phis = np.array([0.80, 0.85, 0.90, 0.94, 0.98])
    a, s, p = (each.ravel() for each in np.meshgrid(alphas, shares, phis, indexing="ij"))
    return a, a * s, p


def damped(steps: Sequence[int], y: Sequence[float]) -> Callable[[int], Ahead]:
    """Damped-trend exponential smoothing of values at whole numbered `steps` (gaps allowed).

    y_t = l + φ b + e, l' = l + φ b + α e, b' = φ b + β e. For given (α, β, φ) the errors are linear in the first level and
    trend, so these are found exactly; the parameters by search over a grid. The returned function gives the prediction
    h steps after the last value, with variance σ²(1 + Σ_{j<h} (α + β φ_j)²), φ_j = φ + … + φ^j.
    """
    ys = np.asarray(y, dtype=np.float64)
    centre, size = float(ys.mean()), float(np.abs(ys - ys.mean()).max()) or 1.0
    known = dict(zip((step - steps[0] for step in steps), (ys - centre) / size, strict=True))
    alpha, beta, phi = _grid()
    level, trend, errors = _run(known, alpha, beta, phi)
    first, squares = _first_states(errors)
    best = int(np.argmin(np.round(squares, 12)))
    start = np.array([1.0, *first[best]])
    l_end, b_end = float(level[best] @ start), float(trend[best] @ start)
    n = len(ys)
    sigma = math.sqrt(max(float(squares[best]), 0.0) / (n - DAMPED_PARAMETERS)) * size
    sigma = _without_rounding(sigma, ys)
    a, b, p = float(alpha[best]), float(beta[best]), float(phi[best])

    def ahead(h: int) -> Ahead:
        sums = np.cumsum(p ** np.arange(1, h + 1))
        point = centre + size * (l_end + float(sums[-1]) * b_end)
        variance = 1 + float(((a + b * sums[:-1]) ** 2).sum())
        return Ahead(float(h), point, sigma * math.sqrt(variance), n - DAMPED_PARAMETERS)

    return ahead


def _run(known: Mapping[int, float], alpha: Array, beta: Array, phi: Array) -> tuple[Array, Array, Array]:
    """All states as affine functions (1, l0, b0) of the first ones, for every parameter of the grid at once.

    Shapes: level and trend (grid, 3), errors (values, grid, 3). A gap passes through without an error.
    """
    level, trend = np.zeros((len(alpha), 3)), np.zeros((len(alpha), 3))
    level[:, 1], trend[:, 2] = 1.0, 1.0
    a, b, p = alpha[:, None], beta[:, None], phi[:, None]
    errors = []
    for step in range(max(known) + 1):
        trend = p * trend
        level = level + trend
        if step in known:
            error = -level
            error[:, 0] += known[step]
            errors.append(error)
            level, trend = level + a * error, trend + b * error
    return level, trend, np.stack(errors)


def _first_states(errors: Array) -> tuple[Array, Array]:
    """For every parameter: the (l0, b0) of least squares, and the sum of squares with them."""
    constant, design = errors[:, :, 0], errors[:, :, 1:]
    u, v = design[:, :, 0], design[:, :, 1]
    uu, uv, vv = (u * u).sum(axis=0), (u * v).sum(axis=0), (v * v).sum(axis=0)
    cu, cv = (constant * u).sum(axis=0), (constant * v).sum(axis=0)
    whole = uu * vv - uv * uv
    alone = whole <= 1e-12 * uu * vv  # the trend cannot be told from the level: leave it at zero
    safe = np.where(alone, 1.0, whole)
    level = np.where(alone, -cu / uu, (uv * cv - vv * cu) / safe)
    trend = np.where(alone, 0.0, (uv * cu - uu * cv) / safe)
    first = np.stack([level, trend], axis=1)
    left = constant + np.einsum("tgi,gi->tg", design, first)
    return first, (left**2).sum(axis=0)
