"""What the installation ships: factors.csv and methodologies/*.toml, joined into contents and checked. Pure: no Django.

A factor stands here once, with set, year, unit, source and standing; a methodology names it, and its content then holds
the whole row, so that a filed version never changes with this table.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.standards.content import CITED, DRAFT, Factor, check, plain
from dafeng.kernel.errors import Place
from dafeng.kernel.quantities import units

HOME = Path(__file__).parent
STANDINGS = ("confirmed", "one_copy", "gap")
GROUPS = ("travel", "energy", "consumption", "recycling", "tourism", "sink")
_OWN = ("code", "title", "title_en", "group", "standing", "valid_from", "factors")


@dataclass(frozen=True)
class Shipped:
    """One methodology of the pack."""

    code: str
    title: str
    title_en: str
    group: str
    standing: str
    valid_from: date
    content: Mapping[str, Any]


@lru_cache(maxsize=1)
def factors() -> dict[str, Factor]:
    """The factors by id. Raises `InclusionError` with the row for one that breaks the rules."""
    found: dict[str, Factor] = {}
    with (HOME / "factors.csv").open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            where = Place(file="factors.csv", row=number)
            gap = row["standing"] == "gap"
            if row["standing"] not in STANDINGS or row["factor_id"] in found or gap != (row["value"] == ""):
                raise InclusionError("因子的编号、等级或数值不成立", where=where)
            units.parse(row["unit"])
            found[row["factor_id"]] = Factor(
                id=row["factor_id"], parameter=row["parameter"], item=row["item"],
                value=None if gap else float(row["value"]), unit=row["unit"], year=int(row["year"]) if row["year"] else None,
                set=row["set"], standing=row["standing"], source=row["source"], note=row["note"],
            )  # fmt: skip
    return found


@lru_cache(maxsize=1)
def species() -> dict[str, dict[str, Factor]]:
    """Species group → parameter → factor; a gap is there without a value."""
    found: dict[str, dict[str, Factor]] = {}
    for each in factors().values():
        if each.id.startswith("bijie.species"):
            found.setdefault(each.item, {})[each.parameter] = each
    return found


@lru_cache(maxsize=1)
def shipped() -> dict[str, Shipped]:
    """The methodologies by code. Raises `InclusionError` naming file and methodology."""
    found: dict[str, Shipped] = {}
    for path in sorted((HOME / "methodologies").glob("*.toml")):
        for raw in tomllib.loads(path.read_text("utf-8"))["methodology"]:
            made = _made(raw, path.name)
            if made.code in found:
                raise InclusionError(f"{path.name}：{made.code} 写了两次")
            found[made.code] = made
    return dict(sorted(found.items(), key=lambda pair: (GROUPS.index(pair[1].group), list(found).index(pair[0]))))


def _made(raw: Mapping[str, Any], file: str) -> Shipped:
    if raw["group"] not in GROUPS or raw["standing"] not in (CITED, DRAFT):
        raise InclusionError(f"{file}：{raw['code']} 的领域或来源等级不对")
    content = {"method": "", "survey": "", "fields": [], "points_fixed": 0, "points_note": "", "label": {}}
    content |= {key: value for key, value in raw.items() if key not in _OWN}
    content["factors"] = [plain(factors()[id]) for id in raw.get("factors", [])]
    try:
        check(content)
    except InclusionError as error:
        raise InclusionError(f"{file}：{raw['code']}：{error.what}", expected=error.expected) from error
    return Shipped(content=content, **{key: raw[key] for key in _OWN if key != "factors"})
