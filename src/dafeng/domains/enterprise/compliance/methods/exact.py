"""Exact decimal columns: integers of 128 bits with a power of ten.

Polars' own `Decimal` cuts a product to the longer of the two scales (0.123 × 0.8770 loses digits), and `float64` cannot hold 0.877.
So a column is a whole number of 10^-scale; a product multiplies the integers and adds the scales, which is exact, at column
speed. 128 bits hold 38 digits; `times` refuses a product that would not fit, before it is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from dafeng.domains.enterprise.errors import Refused

DIGITS = 38
_WHOLE = pl.Int128


@dataclass(frozen=True)
class Exact:
    """`column` / 10^`scale`; a null stays a null."""

    column: pl.Series
    scale: int

    def times(self, other: Exact) -> Exact:
        """The exact product. Raises `Refused("too_large")` where 38 digits do not hold it."""
        if _largest(self) * _largest(other) >= 10**DIGITS:
            raise Refused(
                "too_large", "数值太大，精确乘积超过 38 位", mend="请检查单位：电量以 MWh、热量以 GJ、产量以 t 计"
            )
        return Exact(self.column * other.column, self.scale + other.scale)

    def plus(self, other: Exact) -> Exact:
        scale = max(self.scale, other.scale)
        return Exact(self.at(scale).column + other.at(scale).column, scale)

    def at(self, scale: int) -> Exact:
        """The same with at least as many places."""
        if scale == self.scale:
            return self
        assert scale > self.scale, "places are never dropped silently"
        return self.times(Exact(pl.Series([10 ** (scale - self.scale)], dtype=_WHOLE), 0)).with_scale(scale)

    def with_scale(self, scale: int) -> Exact:
        return Exact(self.column, scale)

    def floor(self) -> pl.Series:
        """Whole units below; nothing here is negative."""
        return self.column // pl.Series([10**self.scale], dtype=_WHOLE)

    def decimals(self) -> pl.Series:
        """As Polars decimals with the same scale: the integers are read anew, nothing is computed."""
        array = self.column.cast(pl.Decimal(DIGITS, 0)).to_arrow()
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        read = pa.Array.from_buffers(
            pa.decimal128(DIGITS, self.scale), len(array), array.buffers(), array.null_count, array.offset
        )
        found = pl.from_arrow(read)
        assert isinstance(found, pl.Series)
        return found.alias(self.column.name)


def _largest(each: Exact) -> int:
    low, high = each.column.min(), each.column.max()
    assert low is None or isinstance(low, int)
    assert high is None or isinstance(high, int)
    return max(abs(low or 0), abs(high or 0), 1)


def whole_of(value: Decimal, scale: int) -> int:
    """`value` in units of 10^-scale. A value with more places is no value of this scale: that is a mistake of the rules."""
    with localcontext() as context:
        context.prec = 60
        moved = value.scaleb(scale)
        assert moved == moved.to_integral_value(), f"{value} has more than {scale} places"
        return int(moved)


def constants(values: Iterable[Decimal | None], *, name: str = "") -> Exact:
    """Decimals of a rule set as a column, at the longest scale among them."""
    found = list(values)
    scale = max((max(0, -int(each.as_tuple().exponent)) for each in found if each is not None), default=0)
    whole = [None if each is None else whole_of(each, scale) for each in found]
    return Exact(pl.Series(name, whole, dtype=_WHOLE), scale)


def measured(column: pl.Series, scale: int) -> Exact:
    """What was reported, at a fixed number of places (half to even); floats, integers, decimals or texts."""
    if column.dtype.is_float():
        moved = (column * 10.0**scale).round(0, mode="half_to_even")
        return Exact(moved.cast(_WHOLE), scale)
    if column.dtype.is_integer():
        return Exact(column.cast(_WHOLE) * 10**scale, scale)
    step = Decimal(1).scaleb(-scale)
    with localcontext() as context:
        context.prec = 60
        whole = [
            None if each is None else whole_of(Decimal(str(each)).quantize(step, ROUND_HALF_EVEN), scale)
            for each in column.to_list()
        ]
    return Exact(pl.Series(column.name, whole, dtype=_WHOLE), scale)
