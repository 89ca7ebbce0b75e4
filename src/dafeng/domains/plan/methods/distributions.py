"""Student's t and the normal distribution: cumulative probability and quantile.

Own code, because the platform carries no statistics library at run time: the incomplete beta function by its continued
fraction (Abramowitz & Stegun 26.5.8 and 26.7.1), the quantile by bisection. Tests compare it with SciPy.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

_NORMAL = NormalDist()
_TINY = 1e-300


def cumulative(x: float, degrees: float) -> float:
    """P(T ≤ x) for Student's t; `degrees` infinite is the normal distribution."""
    if degrees <= 0:
        raise ValueError("degrees of freedom must be positive")
    if math.isinf(degrees):
        return _NORMAL.cdf(x)
    if math.isinf(x):
        return 1.0 if x > 0 else 0.0
    if x * x < degrees:  # near the middle, where the tail would lose digits
        inside = 0.5 * _incomplete_beta(0.5, degrees / 2, x * x / (degrees + x * x))
        return 0.5 + math.copysign(inside, x)
    tail = 0.5 * _incomplete_beta(degrees / 2, 0.5, degrees / (degrees + x * x))
    return 1 - tail if x > 0 else tail


@lru_cache(maxsize=4096)
def quantile(probability: float, degrees: float) -> float:
    """x with P(T ≤ x) = `probability`, which lies strictly between 0 and 1."""
    if not 0 < probability < 1:
        raise ValueError("a probability lies strictly between 0 and 1")
    if math.isinf(degrees):
        return _NORMAL.inv_cdf(probability)
    if probability < 0.5:
        return -quantile(1 - probability, degrees)
    low, high = 0.0, 1.0
    while cumulative(high, degrees) < probability:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if cumulative(middle, degrees) < probability else (low, middle)
    return (low + high) / 2


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x > (a + 1) / (a + b + 2):
        return 1 - front * _fraction(b, a, 1 - x) / b
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, 500):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + term * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + term / (c if abs(c) > _TINY else _TINY)
            value *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return value
