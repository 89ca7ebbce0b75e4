"""From a sum of a report down to what it is made of: formula, inputs, factor with its standing, value, evidence, person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.reporting import sectoral
from dafeng.domains.enterprise.reporting.methods.calculation import method_of
from dafeng.kernel.errors import MethodError


def category_title(code: str) -> str:
    return {
        "combustion": _("化石燃料燃烧"),
        "process": _("工业生产过程"),
        "electricity": _("净购入电力"),
        "heat": _("净购入热力"),
        "removal": _("回收与固碳"),
    }.get(code, code)


def way_title(code: str) -> str:
    return {
        "measured": _("实测"),
        "invoice": _("结算凭证"),
        "meter": _("在线计量"),
        "default": _("缺省值"),
        "computed": _("推算"),
    }.get(code, code or "–")


def standing_title(letter: str) -> str:
    """The letter of a parameter in words."""
    return {
        "A": _("A 正式文本"),
        "B": _("B 转录"),
        "C": _("C 网页"),
        "signed": _("已签认"),
        "D": _("D 待确认"),
        "X": _("X 待确认（出处矛盾）"),
        "gap": _("缺"),
    }.get(letter, letter)


def rows_of(
    content: Mapping[str, Any], *, boundary: str, facility: str = "", category: str = "", month: str = ""
) -> list[dict[str, Any]]:
    """The result rows of a part of a sum, each with its inputs traced to the told value and its evidence, or to its parameter."""
    people = people_of(content)
    values = {
        (each["facility"], each["month"], each["item"], each["stream"]): {
            **each,
            "by": people.get(each["by"], each["by"]),
        }
        for each in content["values"]
    }
    units = unit_names(content)
    parameters = {each["id"]: each for each in content["parameters"]}
    chosen = [
        row
        for row in content["rows"]
        if row[boundary]
        and facility in ("", row["facility"])
        and category in ("", row["category"])
        and month in ("", row["month"])
    ]
    made = [
        {
            **row,
            "unit_name": units.get(row["facility"], row["facility"]),
            "title": sectoral.formula_title(row["sector"], row["formula"]),
            "stream_title": stream_title(row["sector"], row["stream"]),
            "category_title": category_title(row["category"]),
            "standing_title": standing_title(row["standing"]),
            "parts": [_part(row, each, values, parameters) for each in row["inputs"]],
        }
        for row in chosen
    ]
    return [row | {"written": _written(row["method"], row["parts"])} for row in made]


def unit_names(content: Mapping[str, Any]) -> dict[str, str]:
    """Code → name of the units that a content tells of."""
    return {each["code"]: each.get("name") or each["code"] for each in content["boundary"]["facilities"]}


def people_of(content: Mapping[str, Any]) -> dict[str, str]:
    """Login → name of those who told the values; who is gone keeps the login."""
    logins = {each["by"] for each in content["values"]} - {""}
    return {each.get_username(): str(each) for each in get_user_model().objects.filter(username__in=logins)}


def _written(reference: str, parts: Iterable[Mapping[str, Any]]) -> str:
    """The formula of `id@version` with the names of its inputs in words; empty where the method has another version by now."""
    try:
        found = method_of(reference)
    except MethodError:  # a floor, or a method that is none any more
        return ""
    if found.reference != reference:
        return ""
    titles = {part["name"]: str(part["title"]) for part in parts}
    return re.sub(r"[A-Za-z_]\w*", lambda name: titles.get(name[0], name[0]), found.formula)


def stream_title(code: str, stream: str) -> str:
    """What a sector calls a stream; the stream's code where it has no such one any more."""
    if not stream or code not in sectoral.sector_titles():
        return stream
    sector = sectoral.sector_of(code)
    for item in sector.items.values():
        if item.stream and sector.streams[item.stream].kind(stream):
            return sector.stream_title(item.code, stream, english=sectoral.english())
    return stream


def _part(
    row: Mapping[str, Any],
    given: Mapping[str, Any],
    values: Mapping[tuple[Any, ...], dict[str, Any]],
    parameters: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    """One input: where it comes from. A formula's input may be an item of the stream or of the facility under another name."""
    sector = sectoral.sector_of(row["sector"])
    formula = next((each for each in sector.formulas if each.code == row["formula"]), None)
    item = formula.inputs.get(given["name"], given["name"]) if formula else given["name"]
    told = None
    for stream in (row["stream"], ""):
        for month in (row["month"], row["month"][:4]):
            told = told or values.get((row["facility"], month, item, stream))
    parameter = parameters.get(given["source"] or "") if not told or given["way"] == "default" else None
    return {
        **given,
        "item": item,
        "title": sectoral.title_of(row["sector"], item.partition(":")[0]),
        "way_title": way_title(given["way"]),
        "told": told if given["way"] not in ("default", "computed") else None,
        "parameter": parameter,
        "standing_title": standing_title(parameter["standing"]) if parameter else "",
    }
