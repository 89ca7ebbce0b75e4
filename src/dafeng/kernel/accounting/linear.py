"""Most methods are proportional to their activity; those need one coefficient per resolution and one product per row.

Whether a method is proportional is read off its formula, not assumed: `a·b` is, if one of them is and the other does
not mention the activity. What is not proportional is computed by its full formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dafeng.kernel.accounting.expression import Input, Node, Operation, walk
from dafeng.kernel.accounting.recipes import SeriesMethod
from dafeng.kernel.accounting.registry import Method


def mentions(tree: Node, name: str) -> bool:
    """Whether the input occurs in the formula."""
    return any(isinstance(part, Input) and part.name == name for part in walk(tree))


def proportional(tree: Node, name: str) -> bool:
    """Whether doubling the input doubles the result, as far as the form of the formula shows."""
    if isinstance(tree, Input):
        return tree.name == name
    if not isinstance(tree, Operation):
        return False
    parts = tree.operands
    if tree.operator == "*":
        a, b = parts
        return (proportional(a, name) and not mentions(b, name)) or (proportional(b, name) and not mentions(a, name))
    if tree.operator == "/":
        return proportional(parts[0], name) and not mentions(parts[1], name)
    if tree.operator in {"+", "-", "neg"}:
        return all(proportional(part, name) for part in parts)
    return False


def coefficients(
    primary: pl.DataFrame, chosen: pl.DataFrame, methods: Mapping[str, Method | SeriesMethod]
) -> pl.DataFrame:
    """`resolution, coefficient, by_formula`: emission per unit of activity as given, or the need for the formula.

    A resolution whose method is not proportional to its one activity, or has several, gets `by_formula`.
    """
    schema: dict[str, Any] = {
        "resolution": primary.schema["resolution"],
        "coefficient": pl.Float64,
        "by_formula": pl.Boolean,
    }
    frames = [pl.DataFrame(schema=schema)]
    for (name,), group in primary.group_by("method", maintain_order=True):
        method = methods[str(name)]
        rows = group.select("resolution", "scale")
        if (
            isinstance(method, SeriesMethod)
            or len(method.activity) != 1
            or not proportional(method.tree, method.activity[0])
        ):
            frames.append(
                rows.select(
                    "resolution", pl.lit(None, dtype=pl.Float64).alias("coefficient"), pl.lit(True).alias("by_formula")
                )
            )
            continue
        wide = terms_wide(rows, chosen, method.parameters)
        columns = {parameter: pl.col(parameter) for parameter in method.parameters}
        columns[method.activity[0]] = pl.col("scale")
        coefficient = method.columns(columns).cast(pl.Float64)
        # Factors that divide by zero give no coefficient, not an infinite one.
        finite = pl.when(coefficient.is_finite()).then(coefficient).alias("coefficient")
        frames.append(wide.select("resolution", finite, pl.lit(False).alias("by_formula")))
    return pl.concat(frames)


def terms_wide(rows: pl.DataFrame, chosen: pl.DataFrame, parameters: tuple[str, ...]) -> pl.DataFrame:
    """`rows` (with `resolution`) and one column per parameter; null where none was found."""
    wide = rows
    for parameter in parameters:
        values = chosen.filter(pl.col("parameter") == parameter).select("resolution", pl.col("value").alias(parameter))
        wide = wide.join(values, on="resolution", how="left", maintain_order="left")
    return wide
