"""Places: the GB/T 2260 tree, and the regions in which guidelines group provinces.

A place is a code: `100000` the nation, `410000` a province, `411500` a city, `411502` a county, and
`411502/大唐信阳` a facility in it. Regions are `scheme:name`, such as `grid:华中` or `manure:中南`; which province lies in
which region is a table (regions.csv) with its source, because each guideline draws its own map.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files

from dafeng.kernel.errors import PlaceError

NATION = "100000"
WORLD = "world"  # where the defaults of the IPCC apply
_LEVELS = ("facility", "county", "city", "province", "region", "nation", "world")


@lru_cache(maxsize=1)
def provinces() -> dict[str, str]:
    """Code to name of the 34 provincial units."""
    with files(__package__).joinpath("provinces.csv").open(encoding="utf-8") as stream:
        return {row["code"]: row["name"] for row in csv.DictReader(stream)}


@lru_cache(maxsize=1)
def regions() -> dict[str, tuple[str, ...]]:
    """Province code to the regions that hold it."""
    found: dict[str, list[str]] = {}
    with files(__package__).joinpath("regions.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found.setdefault(row["province"], []).append(f"{row['scheme']}:{row['region']}")
    return {code: tuple(names) for code, names in found.items()}


@lru_cache(maxsize=1)
def _region_names() -> frozenset[str]:
    return frozenset(name for names in regions().values() for name in names)


def level(code: str) -> str:
    """`facility`, `county`, `city`, `province`, `region`, `nation` or `world`. Raises `PlaceError` for anything else."""
    if code == WORLD:
        return "world"
    if "/" in code:
        return "facility"
    if ":" in code:
        if code in _region_names():
            return "region"
    elif len(code) == 6 and code.isascii() and code.isdigit():
        if code == NATION:
            return "nation"
        if code[:2] + "0000" in provinces():
            return "province" if code.endswith("0000") else "city" if code.endswith("00") else "county"
    raise PlaceError(f"不认识的地区代码“{code}”", expected="GB/T 2260 六位代码", mend="请从模板下拉框中选择地区")


@lru_cache(maxsize=16384)
def ancestors(code: str) -> tuple[str, ...]:
    """The place itself, then ever wider ones, ending with the world: the order in which factors are sought."""
    kind = level(code)
    if kind == "world":
        return (code,)
    if kind == "nation":
        return (code, WORLD)
    if kind == "region":
        return (code, NATION, WORLD)
    chain = [code]
    county = code.split("/")[0]
    if kind == "facility":
        level(county)
        chain.append(county)
    if not county.endswith("00"):
        chain.append(county[:4] + "00")
    province = county[:2] + "0000"
    if not county.endswith("0000"):
        chain.append(province)
    chain = list(dict.fromkeys(chain))
    return (*chain, *regions().get(province, ()), NATION, WORLD)


def specificity(code: str) -> int:
    """0 for the world up to 6 for a facility: a more specific factor is preferred."""
    return len(_LEVELS) - 1 - _LEVELS.index(level(code))
