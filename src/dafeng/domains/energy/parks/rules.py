"""The room's data, read once a process: targets, criteria of 具备条件, carriers, heat media, yearly figures and ratios."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.parks.methods.matching import Medium
from dafeng.kernel.quantities.units import printed

HOME = Path(__file__).parent


@dataclass(frozen=True)
class Word:
    """A thing with a name in two languages."""

    code: str
    zh: str
    en: str
    unit: str = ""
    item: str = ""

    @property
    def name(self) -> str:
        return self.en if english() else self.zh

    @property
    def shown_unit(self) -> str:
        return printed(self.unit)


@dataclass(frozen=True)
class Target:
    """`code` provincial: the qualified parks of provincial level and above; all: every park."""

    code: str
    year: int
    title: str
    title_en: str
    standing: str
    source: str

    @property
    def name(self) -> str:
        return self.title_en if english() else self.title


@dataclass(frozen=True)
class Ratio:
    """One yearly figure over another, as a dated formula."""

    code: str
    zh: str
    en: str
    top: str
    bottom: str
    scale: float
    unit: str
    valid_from: date
    standing: str
    note: str
    most: float | None = None

    @property
    def name(self) -> str:
        return self.en if english() else self.zh


@cache
def data() -> Mapping[str, Any]:
    return tomllib.loads((HOME / "rules.toml").read_text("utf-8"))


@cache
def targets() -> tuple[Target, ...]:
    return tuple(Target(**row) for row in data()["targets"])


@cache
def criteria() -> tuple[Word, ...]:
    return tuple(Word(**row) for row in data()["criteria"]["items"])


def criteria_version() -> str:
    return str(data()["criteria"]["version"])


def criteria_note() -> str:
    return str(data()["criteria"]["note"])


@cache
def carriers() -> Mapping[str, Word]:
    return {code: Word(code, **row) for code, row in data()["carriers"].items()}


# ---------- emissions ----------


def carbon_free() -> frozenset[str]:
    """Items that burn without carbon."""
    return frozenset(data()["emissions"]["carbon_free"])


def inventory_item(item: str) -> str:
    """What the inventory calls what meters call so."""
    return str(data()["emissions"]["items"].get(item, item))


def item_note(item: str) -> str:
    """What was assumed when an item was given to the inventory; empty for nothing."""
    return str(data()["emissions"]["notes"].get(item, ("", ""))[english()])


@cache
def category_of(item: str, industry: str) -> str:
    """The inventory's category of an item used in an industry (GB/T 4754): indirect, or the combustion of its division."""
    told = data()["emissions"]
    if item in told["indirect"]:
        return str(told["indirect"][item])
    found = (code for code, divisions in told["categories"].items() if industry[:2] in divisions)
    return next(found, str(told["undivided"]))


@cache
def bare() -> frozenset[str]:
    """Carriers that are no energy of the balance: cold and water."""
    return frozenset(code for code, word in carriers().items() if not word.item)


@cache
def media() -> Mapping[str, Medium]:
    return {code: Medium(**row) for code, row in data()["heat"]["media"].items()}


def detour() -> float:
    return float(data()["heat"]["detour"])


def heat_note() -> str:
    return str(data()["heat"]["note"])


def fuels() -> tuple[str, ...]:
    return tuple(data()["heat"]["fuels"]["items"])


@cache
def figures() -> Mapping[str, Word]:
    return {code: Word(code, **row) for code, row in data()["figures"].items()}


@cache
def ratios() -> tuple[Ratio, ...]:
    return tuple(Ratio(**row) for row in data()["ratios"])
