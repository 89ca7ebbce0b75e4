"""The inventory's reference data, read once: editions, categories, items, factor tables, recipes, series methods.

All of it is text beside this file that an expert can review; every reader names file and line of what it refuses.
"""

from __future__ import annotations

import csv
import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import polars as pl

from dafeng.domains.inventory.methods import MODULES
from dafeng.kernel.accounting import Method, all_methods, read_factors, read_recipes
from dafeng.kernel.accounting.recipes import Recipe, SeriesMethod
from dafeng.kernel.errors import ActivityError, MethodError

HOME = Path(__file__).parent

# Parameters of one fuel that belong together: they come from one factor set or not at all.
COHERENT = frozenset({"ncv", "ncv_gas", "ncv_gas_20c", "carbon_content", "oxidation", "co2_per_energy"})

SECTORS = {
    "1": ("能源活动", "Energy"),
    "2": ("工业生产过程和产品使用", "Industrial processes and product use"),
    "3": ("农业活动", "Agriculture"),
    "4": ("土地利用变化和林业", "Land use, land-use change and forestry"),
    "5": ("废弃物处理", "Waste"),
    "ID": ("间接排放", "Indirect emissions"),
}


@dataclass(frozen=True)
class Edition:
    """A guideline: which GWP set and factor sets it asks for, and whether its text is at hand."""

    id: str
    title: str
    title_en: str
    publisher: str
    date: str
    gwp: str
    sets: tuple[str, ...]
    usable: bool
    note: str


@dataclass(frozen=True)
class Category:
    """A source or sink category; `gases` is what a complete inventory has in it (empty for a heading)."""

    code: str
    parent: str
    name: str
    name_en: str
    gases: tuple[str, ...]
    activity: str
    official_table: str
    note: str

    @property
    def sector(self) -> str:
        return "ID" if self.code.startswith("ID") else self.code[:1]

    @property
    def memo(self) -> bool:
        """Bunkers and stored carbon are shown beside the total, not in it."""
        return self.code.startswith(("1M", "1AD"))


@dataclass(frozen=True)
class Item:
    """What an activity row can be about in a category: a fuel, an animal, a product, a treatment."""

    item: str
    name: str
    name_en: str
    category: str
    variable: str
    unit: str
    technologies: tuple[tuple[str, str], ...]
    note: str


@lru_cache(maxsize=1)
def editions() -> dict[str, Edition]:
    data = tomllib.loads((HOME / "editions.toml").read_text(encoding="utf-8"))
    return {name: Edition(id=name, **{**fields, "sets": tuple(fields["sets"])}) for name, fields in data.items()}


def edition(name: str) -> Edition:
    """Raises `MethodError` for an unknown edition, or one whose text is not at hand."""
    found = editions().get(name)
    if found is None:
        raise MethodError(f"没有编制依据“{name}”", expected="、".join(editions()))
    if not found.usable:
        raise MethodError(f"《{found.title}》尚不能使用", mend=found.note)
    return found


def _rows(folder: str) -> list[dict[str, str]]:
    rows = []
    for path in sorted((HOME / folder).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows += [{name: value or "" for name, value in row.items()} for row in csv.DictReader(stream)]
    return rows


@lru_cache(maxsize=1)
def categories() -> dict[str, Category]:
    """Code to category, in the order of the tables."""
    found = {
        row["code"]: Category(**{**row, "gases": tuple(filter(None, row["gases"].split(";")))})  # type: ignore[arg-type]
        for row in _rows("categories")
    }
    return dict(sorted(found.items()))


def category(code: str) -> Category:
    """Raises `ActivityError` for an unknown code."""
    found = categories().get(code)
    if found is None:
        raise ActivityError(f"没有排放源类别“{code}”", expected="模板中列出的类别代码")
    return found


@lru_cache(maxsize=1)
def items() -> tuple[Item, ...]:
    def technologies(text: str) -> tuple[tuple[str, str], ...]:
        pairs = (part.partition("=") for part in text.split(";") if part)
        return tuple((code, name or code) for code, _, name in pairs)

    return tuple(Item(**{**row, "technologies": technologies(row["technologies"])}) for row in _rows("items"))  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def item_names() -> dict[str, str]:
    return {item.item: item.name for item in items()}


@lru_cache(maxsize=1)
def methods() -> dict[str, Method]:
    """The inventory's own methods by id; other domains register theirs in the same place."""
    own = f"{__package__}."  # a module of `MODULES` may be the front of several
    return {id: each for id, each in all_methods(*MODULES).items() if each.function.__module__.startswith(own)}


@lru_cache(maxsize=1)
def series() -> dict[str, SeriesMethod]:
    """Methods over a whole history; a module lists its own in `SERIES`."""
    found = {}
    for module in MODULES:
        for name, fields in getattr(import_module(module), "SERIES", {}).items():
            found[name] = SeriesMethod(id=name, **fields)
    return found


@lru_cache(maxsize=512)
def units_of(parameter: str) -> frozenset[str]:
    """The units in which methods ask for a parameter; empty when none does."""
    asked = {m.inputs[parameter] for m in methods().values() if parameter in m.parameters}
    return frozenset(asked | {s.parameters[parameter] for s in series().values() if parameter in s.parameters})


@lru_cache(maxsize=1)
def recipes() -> tuple[Recipe, ...]:
    methods()
    return tuple(read_recipes((HOME / "recipes").glob("*.csv"), series()))


@lru_cache(maxsize=1)
def factors() -> pl.DataFrame:
    """All factor tables of the package. Sets are described in factors/sets.csv."""
    return read_factors(path for path in (HOME / "factors").glob("*.csv") if path.name != "sets.csv")


@lru_cache(maxsize=1)
def factor_sets() -> dict[str, dict[str, str]]:
    with (HOME / "factors" / "sets.csv").open(encoding="utf-8", newline="") as stream:
        return {row["set"]: row for row in csv.DictReader(stream)}


@lru_cache(maxsize=1)
def digest() -> str:
    """SHA-256 over all reference text: a run names the rules it was compiled under."""
    found = hashlib.sha256()
    for path in sorted(path for kind in ("*.csv", "*.toml", "methods/*.py") for path in HOME.glob(f"**/{kind}")):
        found.update(path.relative_to(HOME).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()


@lru_cache(maxsize=1)
def item_names_en() -> dict[str, str]:
    return {item.item: item.name_en or item.name for item in items()}


@lru_cache(maxsize=1)
def technology_names() -> dict[tuple[str, str], str]:
    """(item, technology) → its Chinese name."""
    return {(item.item, code): name for item in items() for code, name in item.technologies}
