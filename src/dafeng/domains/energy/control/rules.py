"""The room's rules, quantities, sectors and products, read from data once a process (`rules.toml`, `lights.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dafeng.kernel.scoring import LightRules, read_light_rules

HOME = Path(__file__).parent
LETTERS_OPEN = ("D", "X", "gap")
MEASURES = {2: "remind", 3: "limit"}


def english() -> bool:
    return (get_language() or "").startswith("en")


@dataclass(frozen=True)
class Quantity:
    """`indicator` and `key`: where its consumption is read; `quota`: where its quotas are published; `coming`: where the use of
    approved projects is read, empty where nobody tells it.
    """

    code: str
    unit: str
    indicator: str
    key: str
    quota: str
    coming: str = ""


@dataclass(frozen=True)
class Rule:
    id: str
    zh: str
    en: str
    standing: str
    source: str
    value: float | None = None

    @property
    def text(self) -> str:
        return self.en if english() else self.zh

    @property
    def standing_words(self) -> str:
        if self.standing == "ours":
            return _("本平台起草，待本市采纳")
        return _("待确认") if self.standing in LETTERS_OPEN else _("原文已见（%(letter)s）") % {"letter": self.standing}


@dataclass(frozen=True)
class Product:
    """A product with the national efficiency levels, None where no text was at hand; so is its unit, then empty."""

    code: str
    zh: str
    en: str
    unit: str
    sector: str
    standing: str
    source: str
    baseline: float | None = None
    benchmark: float | None = None

    @property
    def name(self) -> str:
        return self.en if english() else self.zh

    @property
    def confirmed(self) -> bool:
        return self.standing not in LETTERS_OPEN


@cache
def _data() -> Mapping[str, Any]:
    return MappingProxyType(tomllib.loads((HOME / "rules.toml").read_text("utf-8")))


@cache
def quantities() -> Mapping[str, Quantity]:
    return {code: Quantity(code, **row) for code, row in _data()["quantities"].items()}


DEDUCTED, DEDUCTED_UNIT = "energy", "tce"


def deducts(quantity: str, subject: str, year: int) -> bool:
    """Whether the rule of the year takes feedstock and new renewable power out of what is held against the quota: of places' energy."""
    return quantity == DEDUCTED and subject.startswith("place:") and year >= int(_data()["deductions"]["since"])


def judged(told: str) -> str:
    """The quantity whose lights a told month moves: a deduction moves those of energy."""
    return told if told in quantities() else DEDUCTED


def told_unit(told: str) -> str:
    return quantities()[told].unit if told in quantities() else DEDUCTED_UNIT


@cache
def rules() -> Mapping[str, Rule]:
    return {row["id"]: Rule(**row) for row in _data()["rule"]}


@cache
def products() -> Mapping[str, Product]:
    return {code: Product(code, **row) for code, row in _data()["products"].items()}


@cache
def light_rules() -> LightRules:
    return read_light_rules(HOME / "lights.toml")


def sector_names() -> Mapping[str, list[str]]:
    """Code → Chinese and English name."""
    found: Mapping[str, list[str]] = _data()["sectors"]
    return found


def sectors() -> dict[str, str]:
    """Code → name in the reader's language."""
    return {code: names[english()] for code, names in sector_names().items()}


def light_titles() -> dict[str, str]:
    """Light → what it means, in the reader's language."""
    return {each.light: each.title_en if english() else each.title for each in light_rules().lights} | {
        "unknown": _("缺数，无法判断")
    }


def measure_title(measure: str) -> str:
    """A consequence in the reader's language; empty for none."""
    for each in light_rules().escalations:
        if MEASURES[each.periods] == measure:
            return each.title_en if english() else each.title
    return _("全年超指标：暂停该地区节能审查") if measure == "suspend" else ""
