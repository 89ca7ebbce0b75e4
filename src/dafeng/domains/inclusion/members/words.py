"""Words and rules of the room: masses as people read them, refusals by their code, texts and figures of its data files."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.rooms import brought

HERE = Path(__file__).parent


@cache
def data(name: str) -> dict[str, Any]:
    """A data file of the room: `rules`, `levels`, `consents`."""
    return tomllib.loads((HERE / f"{name}.toml").read_text("utf-8"))


@cache
def reasons() -> dict[str, dict[str, str]]:
    return tomllib.loads((HERE.parent / "reasons.toml").read_text("utf-8"))


def rule(part: str, name: str) -> int:
    """A figure of `rules.toml`."""
    return int(data("rules")[part][name])


def english() -> bool:
    return (get_language() or "").startswith("en")


def in_language(row: dict[str, Any], name: str) -> Any:
    """`name` or, for an English reader, `name_en` of a row of data."""
    return row.get(f"{name}_en") or row[name] if english() else row[name]


def sentence(code: str) -> str:
    """The sentence of a reason code."""
    return reasons()[code]["en" if english() else "zh"]


def refused(code: str, *, expected: str = "", what: str = "") -> Refused:
    """The refusal of a code, in the words of `reasons.toml`; `what` where the sentence needs a detail."""
    row = reasons()[code]
    mend = row.get("mend_en" if english() else "mend_zh", "")
    return Refused(code, what or sentence(code), expected=expected, mend=mend)


def group_title(code: str) -> str:
    """The name of a group of behaviours, as the room of standards has it."""
    return _named("GROUPS", code)


def factor_title(parameter: str) -> str:
    """The name of a factor in a formula, as the room of standards has it."""
    return _named("PARAMETERS", parameter)


def _named(kind: str, code: str) -> str:
    return next((str(names[code]) for names in brought("names", kind) if code in names), code)


def number(value: float, digits: int = 0) -> str:
    return formats.number_format(round(value, digits), digits, use_l10n=True, force_grouping=True).replace("-", "−")


def mass(grams: int) -> str:
    """Grams of CO2e with a unit that keeps the number short: 克 below 1 kg, 千克 below 1 t, 吨 above."""
    size = abs(grams)
    if size < 1000:
        return _("%(number)s 克") % {"number": number(grams)}
    if size < 1_000_000:
        return _("%(number)s 千克") % {"number": number(grams / 1000, 1 if size < 100_000 and size % 1000 else 0)}
    return _("%(number)s 吨") % {"number": number(grams / 1_000_000, 2 if size % 1_000_000 else 0)}
