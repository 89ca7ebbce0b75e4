"""源流 → 清单活动水平: what the reports say of processes, output and bought energy, as the inventory counts activity.

`feed_activity.csv` is the table, not code a sector: sector × source (a formula, or `=item` for what is told and enters no formula) × kind
of stream → category, item, technology and variable of the inventory, or the reason why it is not carried over (words in `feed.toml`).
Fuels burnt go another way, as heat (`feed.heat`). `entries` draws what a report told, `carried` sorts it by the table.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl

from dafeng.domains.enterprise.errors import EnterpriseError
from dafeng.domains.enterprise.reporting import boundaries
from dafeng.domains.enterprise.reporting.methods.sectors import SECTORS, Formula, Sector
from dafeng.kernel.errors import Place
from dafeng.kernel.quantities import units

HOME = Path(__file__).parent
HEADER = ("sector", "source", "kind", "input", "category", "item", "technology", "variable", "reason")
ANY = "*"
TOLD = "="
# Activity is published in one unit a quantity; the inventory converts, and knows of which gas a mass is.
INDICATORS = {
    "t": "enterprise.activity.mass",
    "MWh": "enterprise.activity.electricity",
    "GJ": "enterprise.activity.heat",
    "1e4Nm3": "enterprise.activity.volume",
}
CARRIED: dict[str, Any] = {
    "report": pl.UInt32, "sector": pl.String, "source": pl.String, "stream": pl.String, "month": pl.String, "category": pl.String,
    "item": pl.String, "technology": pl.String, "variable": pl.String, "unit": pl.String, "value": pl.Float64,
}  # fmt: skip
LEFT: dict[str, Any] = {
    "report": pl.UInt32,
    "sector": pl.String,
    "source": pl.String,
    "kind": pl.String,
    "reason": pl.String,
}
UNKNOWN = "not_mapped"


@dataclass(frozen=True)
class Rule:
    """A line of the table. `input`: names of the formula's inputs, multiplied; empty where there is a `reason` instead."""

    sector: str
    source: str
    kind: str
    input: tuple[str, ...]
    category: str
    item: str
    technology: str
    variable: str
    reason: str


@lru_cache(maxsize=1)
def rules() -> dict[tuple[str, str, str], tuple[Rule, ...]]:
    """(sector, source, kind) → its lines. Raises `EnterpriseError` that names file and line."""
    found: dict[tuple[str, str, str], tuple[Rule, ...]] = {}
    path = HOME / "feed_activity.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != HEADER:
            raise EnterpriseError("对应表的表头不对", expected=",".join(HEADER), where=Place(file=path.name, row=1))
        for line, row in enumerate(reader, start=2):
            rule = Rule(**{**row, "input": tuple(filter(None, row["input"].split("*")))})  # type: ignore[arg-type]
            whole = all((rule.input, rule.category, rule.item, rule.variable))
            if whole == bool(rule.reason) or (rule.reason and rule.reason not in reasons()):
                raise EnterpriseError(
                    "对应表的一行要么写全类别、品种和变量，要么写明不取的理由", where=Place(file=path.name, row=line)
                )
            key = (rule.sector, rule.source, rule.kind)
            found[key] = (*found.get(key, ()), rule)
    return found


@lru_cache(maxsize=1)
def reasons() -> dict[str, tuple[str, str]]:
    """Why a source is not carried over: code → words in Chinese and in English."""
    with (HOME / "feed.toml").open("rb") as stream:
        return {code: (words[0], words[1]) for code, words in tomllib.load(stream)["reason"].items()}


@lru_cache(maxsize=4096)
def rules_of(sector: str, source: str, stream: str) -> tuple[Rule, ...]:
    """The lines for a source: the sector's own before those for any, the kind with its label before the kind alone. Empty if none."""
    kind, _slash, rest = stream.partition("/")
    labelled = f"{kind}/{rest.partition('/')[0]}"
    table = rules()
    for owner in (sector, ANY):
        for name in (labelled, kind, ""):
            if found := table.get((owner, source, name)):
                return found
    return ()


@lru_cache(maxsize=64)
def burning(sector: str) -> frozenset[str]:
    """The formulas of a sector that burn fuels: their activity goes as heat."""
    return frozenset(each.code for each in SECTORS[sector].formulas if each.stream == "fuel")


def sources(sector: Sector) -> Iterator[tuple[Formula, str]]:
    """Every formula of a sector with every kind of stream that it takes, labels apart, but for the burning of fuels."""
    for formula in sector.formulas:
        if formula.code in burning(sector.code):
            continue
        if not formula.stream:
            yield formula, ""
            continue
        stream = sector.streams[formula.stream]
        for kind in stream.kinds.values():
            if (not formula.kinds or kind.code in formula.kinds) and (
                not formula.groups or kind.group in formula.groups
            ):
                yield from ((formula, f"{kind.code}/{label}" if label else kind.code) for label in ("", *stream.labels))


def entries(content: Mapping[str, Any]) -> list[list[Any]]:
    """[sector, facility, source, stream, month, {input: [value, unit]}] of what a report told, over the reporting boundary.

    Drawn from the rows of the method, so with what the missing-data rules filled in; what enters no formula from the values. Nothing
    is summed: an amount and its purity belong to one month.
    """
    found = [
        [
            row["sector"], row["facility"], row["formula"], row["stream"], row["month"],
            {each["name"]: [each["value"], each["unit"]] for each in row["inputs"] if each["value"] is not None},
        ]
        for row in content["rows"]
        if row[boundaries.REPORTING] and row["inputs"] and row["formula"] not in burning(row["sector"])
    ]  # fmt: skip
    facilities = {each["code"]: _facility(each) for each in content["boundary"]["facilities"]}
    changes: dict[str, list[Any]] = {}
    for each in content["boundary"]["changes"]:
        day = date.fromisoformat(each["day"])
        changes.setdefault(each["facility"], []).append(SimpleNamespace(**(each | {"day": day})))
    for told in content["values"]:
        facility = facilities.get(told["facility"])
        source = f"{TOLD}{told['item']}"
        if facility is None or told["value"] is None or not rules_of(facility.sector, source, told["stream"]):
            continue
        if boundaries.inside(facility, changes.get(told["facility"], ()), told["month"], boundaries.REPORTING):
            unit = told["unit"] or SECTORS[facility.sector].unit(told["item"], told["stream"])
            found.append([facility.sector, told["facility"], source, told["stream"], told["month"], {told["item"]: [told["value"], unit]}])  # fmt: skip
    return found


def _facility(row: Mapping[str, Any]) -> Any:
    """A facility as `boundaries.inside` asks for it, from the frozen content: what it was then, not what it is now."""
    until = date.fromisoformat(row["until"]) if row["until"] else None
    return SimpleNamespace(
        sector=row["sector"], since=date.fromisoformat(row["since"]), until=until, compliance=row["compliance"]
    )


def carried(told: Iterable[tuple[int, Sequence[Any]]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Entries with the number of their report, by the table: frames `CARRIED` and `LEFT` (what is not carried over, and why)."""
    rows: list[tuple[Any, ...]] = []
    left: dict[tuple[Any, ...], None] = {}
    for report, (sector, _facility, source, stream, month, inputs) in told:
        found = rules_of(sector, source, stream)
        if not found or found[0].reason:
            left[(report, sector, source, stream.partition("/")[0], found[0].reason if found else UNKNOWN)] = None
            continue
        for rule in found:
            if all(name in inputs for name in rule.input):
                unit, scale = quantity(inputs[rule.input[0]][1])
                value = math.prod(inputs[name][0] for name in rule.input) * scale
                rows.append(
                    (report, sector, source, stream, month, rule.category, rule.item, rule.technology, rule.variable, unit, value)
                )  # fmt: skip
    return pl.DataFrame(rows, schema=CARRIED, orient="row"), pl.DataFrame(list(left), schema=LEFT, orient="row")


@lru_cache(maxsize=64)
def quantity(unit: str) -> tuple[str, float]:
    """The unit in which such an amount is published, and what one of `unit` is in it; `t COD` and `kg SF6` are masses.

    Raises `EnterpriseError` for what is none of the quantities.
    """
    plain = unit.partition(" ")[0]
    if plain in INDICATORS:  # heat in GJ stays heat, though GJ and MWh convert
        return plain, 1.0
    for base in INDICATORS:
        if units.convertible(plain, base):
            return base, units.conversion(plain, base)
    raise EnterpriseError(f"活动水平的单位“{unit}”没有对应的指标", expected="、".join(INDICATORS))
