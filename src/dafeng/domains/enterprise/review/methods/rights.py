"""The energy-use right that a new two-high project in Henan has to buy: A × B × C ÷ the province's mean (豫发改环资〔2022〕586号 art. 4).

A: the project's added energy without coal, tce a year; B: the coefficient that the province sets, 0.3 to 1; C: the project's energy
per unit of value added; the mean: energy per unit of industrial value added of all the province. One that is not known stops it.
"""

from __future__ import annotations

from dataclasses import dataclass

from dafeng.domains.enterprise.review.methods.rules import Rules, rules


@dataclass(frozen=True)
class Purchase:
    """tce to buy a year, or None with what is missing in `open`; `needed` False where the project is not two-high."""

    needed: bool | None
    tce: float | None
    formula: str
    open: tuple[str, ...]


def to_buy(
    *,
    two_high: bool | None,
    without_coal: float,
    per_added_value: float | None,
    b: float | None,
    mean: float | None,
    known: Rules | None = None,
) -> Purchase:
    """Raises `ValueError` for a coefficient outside 0.3 to 1 or a mean that is not positive."""
    known = known or rules()
    least, most = known.number("rights", "b_least"), known.number("rights", "b_most")
    if b is not None and not least <= b <= most:
        raise ValueError(f"B is {b}, expected {least} to {most}")
    if mean is not None and mean <= 0:
        raise ValueError("the mean must be positive")
    if two_high is None:
        return Purchase(None, None, "", ("two_high",))
    if not two_high:
        return Purchase(False, 0.0, "", ())
    missing = tuple(name for name, value in (("rights_b", b), ("added_value", per_added_value), ("rights_mean", mean)) if value is None)  # fmt: skip
    if b is None or per_added_value is None or mean is None:
        return Purchase(True, None, "A × B × C ÷ C̄", missing)
    added = max(without_coal, 0.0)
    return Purchase(
        True, added * b * per_added_value / mean, f"{added:,.1f} × {b:g} × {per_added_value:.4g} ÷ {mean:g}", ()
    )
