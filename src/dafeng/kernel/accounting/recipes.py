"""Recipes: rules that say which method answers for which activity. Text that an expert can review, not code.

A recipe names a category (it holds for all below), perhaps an item, a gas, a method and a tier. See docs/dev/accounting.md.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from dafeng.kernel.accounting.registry import find_method
from dafeng.kernel.errors import DafengError, MethodError, Place

KINDS = ("direct", "indirect", "biogenic", "bunker", "stored")
HEADER = ("category", "item", "gas", "method", "tier", "kind", "origin", "note")


@dataclass(frozen=True)
class Recipe:
    """One rule. `tier` is free text; `1` is what a compile takes unless told otherwise."""

    category: str
    gas: str
    method: str
    item: str = ""
    tier: str = "1"
    kind: str = "direct"
    origin: str = ""
    note: str = ""


@dataclass(frozen=True)
class SeriesMethod:
    """A method over the whole history of one source, such as first-order decay: arrays of years in and out.

    `function(years, activity, **parameters)` broadcasts over a trailing axis of draws.
    """

    id: str
    function: Any
    activity: str
    activity_unit: str
    parameters: Mapping[str, str]
    gas: str
    unit: str
    category: str
    title: str
    source: str
    optional: Mapping[str, float]
    version: str = "1"

    @property
    def reference(self) -> str:
        return f"{self.id}@{self.version}"

    @property
    def formula(self) -> str:
        return self.title


def read_recipes(paths: Iterable[Path], series: Mapping[str, SeriesMethod] | None = None) -> list[Recipe]:
    """Recipes from CSV. Raises `MethodError` naming file and line for an unknown method or kind."""
    found = []
    for path in sorted(paths):
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != HEADER:
                raise MethodError("规则表的表头不对", expected=",".join(HEADER), where=Place(file=path.name, row=1))
            for line, row in enumerate(reader, start=2):
                where = Place(file=path.name, row=line)
                if row["kind"] not in KINDS:
                    raise MethodError(f"不认识的 kind“{row['kind']}”", expected="、".join(KINDS), where=where)
                if row["method"] not in (series or {}):
                    try:
                        find_method(row["method"])
                    except DafengError as error:
                        raise MethodError(error.what, mend=error.mend, where=where) from error
                found.append(Recipe(**{name: value or "" for name, value in row.items()}))
    return found


def recipe_frame(recipes: Iterable[Recipe]) -> pl.DataFrame:
    """Recipes as columns, numbered in their order."""
    schema = dict.fromkeys(HEADER, pl.String)
    rows = [{name: getattr(recipe, name) for name in HEADER} for recipe in recipes]
    return pl.DataFrame(rows, schema=schema).with_row_index("recipe")
