"""The room's data, read once a process: what is measured, which kinds make a group, the rules in words, the plan's targets."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.rules import Rule, english
from dafeng.domains.energy.models import Plant

HOME = Path(__file__).parent
METERED = ("generation", "on_grid", "own_use", "charged", "discharged")
TOLD = (*METERED[:3], "available", "curtailed", *METERED[3:])


@dataclass(frozen=True)
class Target:
    """A target as printed. `value` in MW, of a `rise` in %. `since`: from which year additions count; `since_standing` how sure."""

    id: str
    group: str
    measure: str
    value: float
    year: int
    operator: str
    standing: str
    source: str
    quote: str
    since: int | None = None
    since_standing: str = ""
    base_year: int | None = None


@dataclass(frozen=True)
class Night:
    """From `first` o'clock to `last` o'clock PV makes no more than `share` of its power."""

    first: int
    last: int
    share: float


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads((HOME / "rules.toml").read_text("utf-8"))


@cache
def rules() -> Mapping[str, Rule]:
    return {row["id"]: Rule(**row) for row in _data()["rule"]}


@cache
def duty_rule() -> Rule:
    row = _data()["duty"]
    return Rule("duty", row["zh"], row["en"], row["standing"], row["source"])


@cache
def targets() -> tuple[Target, ...]:
    return tuple(Target(**row) for row in _data()["target"])


@cache
def night() -> Night:
    return Night(**_data()["night"])


def coverage() -> float:
    """The part of a month that must be measured for its sum to count."""
    return float(_data()["coverage"])


def differ() -> float:
    """How far measured and reported may differ before it is told, as a share."""
    return float(_data()["differ"])


def declared_kinds() -> tuple[str, ...]:
    return tuple(_data()["declared"]["kinds"])


def duty_kinds() -> tuple[str, ...]:
    return tuple(_data()["duty"]["kinds"])


def kinds_of(group: str) -> tuple[str, ...]:
    """The kinds of a group; a kind is a group of its own."""
    return tuple(_data()["groups"].get(group, (group,)))


def groups() -> dict[str, str]:
    """Groups and kinds, in the order in which a page lists them."""
    labels = {value: str(label) for value, label in Plant.Kind.choices}
    shown = {
        "wind": labels["wind"], "pv": _("光伏（集中＋分布）"), "pv_central": labels["pv_central"], "pv_distributed": labels["pv_distributed"],
    }  # fmt: skip
    return shown | {value: label for value, label in labels.items() if value not in shown} | {"renewable": _("可再生能源合计")}  # fmt: skip


__all__ = ["METERED", "TOLD", "Night", "Rule", "Target", "coverage", "declared_kinds", "differ", "duty_kinds", "duty_rule", "english", "groups", "kinds_of", "night", "rules", "targets"]  # fmt: skip
