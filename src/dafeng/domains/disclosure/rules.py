"""`rules.toml`, read once: duties with their legal basis, promises and limits of the voices, licence and names."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

PATH = Path(__file__).with_name("rules.toml")


def english() -> bool:
    return (get_language() or "").startswith("en")


@dataclass(frozen=True)
class DutyKind:
    """`binding` is what a new row of the register gets when it does not say. `due`: month and day in the next year."""

    code: str
    title: str
    title_en: str
    short: str
    short_en: str
    due: tuple[int, int]
    binding: bool
    basis: str
    standing: str

    @property
    def name(self) -> str:
        return self.title_en if english() else self.title

    @property
    def label(self) -> str:
        return self.short_en if english() else self.short

    def due_on(self, report_year: int) -> date:
        return date(report_year + 1, *self.due)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    with PATH.open("rb") as stream:
        return tomllib.load(stream)


@lru_cache(maxsize=1)
def digest() -> str:
    return hashlib.sha256(PATH.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def duty_kinds() -> Mapping[str, DutyKind]:
    """Kinds of duties by code, in the order of the file."""
    found = {}
    for code, row in _table()["duty"].items():
        month, day = row["due"].split("-")
        found[code] = DutyKind(code=code, **{**row, "due": (int(month), int(day))})
    return found


def reminder_days() -> int:
    return int(_table()["reminders"]["days_before"])


def voices(name: str) -> int:
    """A promise or a limit of the voices."""
    return int(_table()["voices"][name])


def categories() -> dict[str, str]:
    """What a report can be about, in the reader's language."""
    return {code: row["title_en" if english() else "title"] for code, row in _table()["category"].items()}


def licence() -> dict[str, str]:
    return dict(_table()["licence"])


def notation() -> dict[str, tuple[str, str]]:
    """Notation key → its meaning in Chinese and English."""
    return {key: (words[0], words[1]) for key, words in _table()["notation"].items()}


def sector_names() -> dict[str, str]:
    return {code: names[english()] for code, names in _table()["sector"].items()}


def sectors() -> dict[str, tuple[str, str]]:
    return {code: (names[0], names[1]) for code, names in _table()["sector"].items()}
