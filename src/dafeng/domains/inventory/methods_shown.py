"""What the pages of the methods show: the formulas with Chinese names, as MathML, and the calculator's answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import polars as pl
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from dafeng.domains.inventory import library
from dafeng.domains.inventory.reports.formulas import page_math
from dafeng.domains.inventory.runs import english
from dafeng.domains.inventory.sheets.inputs import input_name
from dafeng.kernel.accounting import Method
from dafeng.kernel.accounting.expression import Input, Node
from dafeng.kernel.accounting.readings import read_text
from dafeng.kernel.accounting.recipes import SeriesMethod
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.sheets import number_of


def find(method_id: str) -> Method | SeriesMethod:
    """Raises `NotFound` for an id that no method has."""
    name = method_id.split("@")[0]
    found = library.methods().get(name) or library.series().get(name)
    if found is None:
        raise NotFound(_("没有方法“%(id)s”") % {"id": method_id[:80]}, mend=_("请在“核算方法”中按类别或名称查找"))
    return found


def _language() -> str:
    return "en" if english() else "zh"


@lru_cache(maxsize=2)
def table(language: str) -> pl.DataFrame:
    """One row a method: id, category, sector, gas, title, unit, formula, source, words (what the search looks in)."""
    known = library.categories()
    rows = []
    for each in [*library.methods().values(), *library.series().values()]:
        category = known.get(each.category)
        sector = "ID" if each.category.startswith("ID") else each.category[:1]
        formula = _text(each, language)
        heading = (category.name_en if language == "en" else category.name) if category else ""
        searched = (
            each.id, each.category, each.gas, each.title, each.source, formula, category.name if category else "",
            category.name_en if category else "", *_inputs_of(each), *map(input_name, _inputs_of(each)),
        )  # fmt: skip
        rows.append((each.id, each.category, heading, sector, each.gas or "–", each.title, each.unit, formula, each.source, " ".join(searched).lower()))  # fmt: skip
    columns = ("id", "category", "heading", "sector", "gas", "title", "unit", "formula", "source", "words")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row").sort(
        "category", "id", maintain_order=True
    )


def _inputs_of(method: Method | SeriesMethod) -> tuple[str, ...]:
    if isinstance(method, SeriesMethod):
        return (method.activity, *method.parameters)
    return tuple(method.inputs)


def _text(method: Method | SeriesMethod, language: str) -> str:
    if isinstance(method, SeriesMethod):
        return method.formula
    return read_text(method.tree, lambda leaf: input_name(leaf.name, language) if isinstance(leaf, Input) else "")


def typeset(method: Method) -> SafeString:
    """MathML; every name in it is escaped where it is made."""
    names = {name: input_name(name, _language()) for name in method.inputs}
    return mark_safe(page_math(method.tree, names, method.gas or _("结果")))


def inputs(method: Method | SeriesMethod, typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the method asks for, and what has been typed into the calculator."""
    if isinstance(method, SeriesMethod):
        asked = {method.activity: method.activity_unit, **dict.fromkeys(method.optional, method.activity_unit), **method.parameters}  # fmt: skip
        activity: tuple[str, ...] = (method.activity, *method.optional)
    else:
        asked, activity = dict(method.inputs), method.activity
    return [
        {
            "code": name,
            "name": input_name(name, _language()),
            "unit": unit,
            "activity": name in activity,
            "default": method.optional.get(name),
            "value": typed.get(f"in-{name}", "")[:40],
            "given_unit": typed.get(f"unit-{name}", "")[:40] or unit,
        }
        for name, unit in asked.items()
    ]


def calculate(method: Method, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Compute with what was typed; faults are written into the rows. Returns result or error, and the formula with numbers."""
    values, given = {}, {}
    for row in rows:
        text = row["value"].strip()
        if not text and row["default"] is not None:
            continue
        number = number_of(text)
        if number is not None:
            values[row["code"]] = number
        else:
            row["fault"] = _("请填一个数") if not text else _("“%(text)s”不是数") % {"text": row["value"]}
        given[row["code"]] = row["given_unit"]
    if any("fault" in row for row in rows):
        return {}
    try:
        told = method.run(values, given)
    except DafengError as error:
        return {"error": error.as_dict()}
    scaled = {step["input"]: step["value"] for step in told["inputs"]}
    steps = [
        step | {"name": input_name(step["input"], _language()), "changed": step["given_unit"] != step["unit"]}
        for step in told["inputs"]
    ]
    return {"result": told["result"], "unit": told["unit"], "steps": steps, "filled": _filled(method.tree, scaled)}


def _filled(tree: Node, scaled: Mapping[str, float]) -> str:
    """The formula with the numbers in it; one below zero in brackets."""

    def label(leaf: Node) -> str:
        if not isinstance(leaf, Input):
            return ""
        value = scaled[leaf.name]
        return f"{value:.10g}" if value >= 0 else f"(−{-value:.10g})"

    return read_text(tree, label)
