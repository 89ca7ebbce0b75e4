"""The rule sets and price series that come with the room: files read once. Nothing here knows Django."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet, parse
from dafeng.domains.enterprise.errors import Refused

HOME = Path(__file__).parent


@lru_cache(maxsize=1)
def rule_sets() -> dict[str, RuleSet]:
    """All sets by code, in the order of files and years."""
    found: dict[str, RuleSet] = {}
    for path in sorted((HOME / "rules").glob("*.toml")):
        for each in parse(tomllib.loads(path.read_text("utf-8")), file=path.name):
            found[each.code] = each
    return found


def rule_set(code: str) -> RuleSet:
    if code not in rule_sets():
        raise Refused("rule_set_unknown", f"没有规则“{code[:60]}”", expected="、".join(rule_sets()))
    return rule_sets()[code]


def default_set(sector: str, year: int) -> RuleSet | None:
    """The national set of a sector and year that is or was in force. A draft or simulation is never chosen by itself."""
    listed = (each for each in rule_sets().values() if each.market == "national" and each.usable)
    return next((each for each in listed if each.sector == sector and each.year == year), None)


@lru_cache(maxsize=1)
def cycle_rules() -> dict[str, Any]:
    """Deadlines, duties, penalties, offsets, carry-over, calendar: `cycles.toml`."""
    return tomllib.loads((HOME / "cycles.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Close:
    day: date
    price: Decimal


@lru_cache(maxsize=1)
def closes() -> tuple[Close, ...]:
    """Daily closes of 2025, yuan a tonne, as transcribed (`facts/mrv/ets_trading.md`)."""
    with (HOME / "cea_daily_2025.csv").open(encoding="utf-8") as stream:
        return tuple(Close(date.fromisoformat(row["date"]), Decimal(row["close_cny_per_t"])) for row in csv.DictReader(stream))  # fmt: skip


@lru_cache(maxsize=1)
def annual_prices() -> tuple[dict[str, str], ...]:
    with (HOME / "cea_annual.csv").open(encoding="utf-8") as stream:
        return tuple(csv.DictReader(stream))


def close_on(day: date) -> Close:
    """The last close up to a day, else the first there is."""
    before = [each for each in closes() if each.day <= day]
    return before[-1] if before else closes()[0]
