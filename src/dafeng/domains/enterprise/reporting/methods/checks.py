"""Automatic checks as data: rules in, findings out. A rule says what it looks at, how far is too far, how grave it is and why it matters.

`rules_of(sector, parameters)` gives the rules of a sector: `../checks/common.toml`, its own `[[checks]]`, its limits and its fuels'
defaults; `run(frame, rules)` applies them at column speed and never stops at the first. Thresholds are the platform's own for
screening; a finding is a question to the enterprise, not a verdict. Rates on planted faults: docs/dev/enterprise-sectors.md.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dafeng.domains.enterprise.reporting.methods import check_authenticity, check_balances, check_values
from dafeng.domains.enterprise.reporting.methods.checked import Checked
from dafeng.kernel.errors import MethodError
from dafeng.kernel.quantities import units

if TYPE_CHECKING:
    from dafeng.domains.enterprise.reporting.methods.calculation import Result
    from dafeng.domains.enterprise.reporting.methods.parameters import Parameters
    from dafeng.domains.enterprise.reporting.methods.sectors import Sector

SEVERITIES = ("error", "warn", "info")
HOME = Path(__file__).parent.parent / "checks"
FINDINGS: dict[str, Any] = {
    "rule": pl.String, "month": pl.String, "item": pl.String, "stream": pl.String, "severity": pl.String,
    "what": pl.String, "why": pl.String, "what_en": pl.String, "why_en": pl.String, "facts": pl.String,
}  # fmt: skip
KINDS: dict[str, Callable[[Checked, Any], pl.DataFrame]] = {
    **check_values.KINDS,
    **check_balances.KINDS,
    **check_authenticity.KINDS,
}


@dataclass(frozen=True)
class Rule:
    """One check. `kind` names how it looks (`KINDS`); `settings` are that kind's numbers and items; `what` is filled with its facts."""

    code: str
    kind: str
    severity: str
    title: str
    title_en: str
    what: str
    what_en: str
    why: str
    why_en: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]

    def get(self, name: str, otherwise: Any = None) -> Any:
        return self.settings.get(name, otherwise)


@lru_cache(maxsize=1)
def common() -> tuple[Rule, ...]:
    """The rules that every sector takes, without the limits of any."""
    raw = tomllib.loads((HOME / "common.toml").read_text("utf-8"))["rules"]
    return tuple(_rule(entry, "common.toml") for entry in raw)


def _rule(entry: Mapping[str, Any], file: str) -> Rule:
    own = {each.name for each in fields(Rule)} - {"settings"}
    if lacking := own - set(entry):
        raise MethodError(f"{file}：规则 {entry.get('code', '')} 缺少 {'、'.join(sorted(lacking))}")
    if entry["kind"] not in KINDS or entry["severity"] not in SEVERITIES:
        raise MethodError(f"{file}：规则 {entry['code']} 的种类或级别不对", expected="、".join(KINDS))
    told = {name: entry[name] for name in own}
    return Rule(**told, settings={name: value for name, value in entry.items() if name not in own})


def rules_of(sector: Sector, *, parameters: Parameters | None = None, on: date | None = None) -> tuple[Rule, ...]:
    """A sector's rules. With `parameters` (in force on `on`) fuels are compared with their defaults; without, that rule is left out."""
    own = {entry["code"]: entry for entry in sector.checks}
    found = []
    for rule in common():
        entry = own.pop(rule.code, {})
        if entry.get("drop"):
            continue
        changed = {
            name: entry[name]
            for name in ("severity", "title", "title_en", "what", "what_en", "why", "why_en")
            if name in entry
        }
        settings = {name: value for name, value in entry.items() if name not in changed and name != "code"}
        found.append(replace(rule, **changed, settings={**rule.settings, **settings}))
    found += [_rule(entry, f"{sector.code}.toml") for entry in own.values() if not entry.get("drop")]
    made = [_of_sector(rule, sector, parameters, on) for rule in found]
    return tuple(rule for rule in made if rule is not None)


def _of_sector(rule: Rule, sector: Sector, parameters: Parameters | None, on: date | None) -> Rule | None:
    """The rule with the sector's own limits, output and defaults; None where the sector has nothing for it to look at."""
    settings = dict(rule.settings)
    if rule.kind in {"range", "usual"}:
        limits = {code: item.limits if rule.kind == "range" else item.usual for code, item in sector.items.items()}
        settings["limits"] = {code: pair for code, pair in limits.items() if pair != (None, None)}
        settings["units"] = {code: sector.items[code].unit for code in settings["limits"]}
    if rule.kind == "reference":
        if parameters is None:
            return None
        settings["references"] = _references(rule, sector, parameters, on or parameters.on)
    if rule.kind == "holiday_report":
        settings["items"] = [code for code, item in sector.items.items() if item.tested]
    if rule.get("denominator") == "output":
        if not sector.output:
            return None
        settings["denominator"] = sector.output
    return replace(rule, settings=settings)


def _references(rule: Rule, sector: Sector, parameters: Parameters, on: date) -> dict[str, dict[str, float]]:
    """item → kind of fuel → its default, in the form's unit. A value that nobody answers for is no reference either."""
    found: dict[str, dict[str, float]] = {}
    for code in rule["items"]:
        item = sector.items.get(code)
        for kind, choice in (sector.streams[item.stream].kinds if item and item.stream else {}).items():
            row = parameters.find(code, keys=[kind], sets=sector.sets_on(on), at=on)
            if item is not None and row is not None and row.usable and row.value is not None:
                scale = units.conversion(row.unit, item.unit_of(choice.group))
                found.setdefault(code, {})[kind] = row.value * scale
    return found


def with_emissions(frame: pl.DataFrame, result: Result) -> pl.DataFrame:
    """The values with what the calculation added: prescribed values (way `default`), and the month's `emissions` and `emissions_direct`.

    Rules that compare fuel or emissions with output need them. A month in which anything is open has no emissions.
    """
    known = pl.col("t_co2e").is_not_null().all()
    direct = pl.col("t_co2e").filter(pl.col("scope") == "direct").sum()
    emitted = result.rows.group_by("facility", "month", maintain_order=True).agg(
        pl.when(known).then(pl.col("t_co2e").sum()).alias("emissions"),
        pl.when(known).then(direct).alias("emissions_direct"),
    )
    emitted = emitted.join(
        result.open.select("facility", "month").unique(), on=["facility", "month"], how="anti", maintain_order="left"
    )
    rows = emitted.unpivot(
        ["emissions", "emissions_direct"], index=["facility", "month"], variable_name="item"
    ).with_columns(pl.lit("").alias("stream"), pl.lit("computed").alias("way"))
    return pl.concat([with_prescribed(frame, result), rows.drop_nulls("value")], how="diagonal_relaxed")


def with_prescribed(frame: pl.DataFrame, result: Result) -> pl.DataFrame:
    """The values with those that the guideline prescribes where none was told (way `default`)."""
    prescribed = result.applied.select("facility", "month", "item", "stream", "value", pl.lit("default").alias("way"))
    return pl.concat([frame, prescribed], how="diagonal_relaxed")


def run(frame: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Every finding of every rule: `facility rule month item stream severity what why what_en why_en facts`.

    `frame`: facility, month (`2025-03`; a day where a daily series is looked at), item, stream, value, way in the schema's units;
    also `evidence` (a file's SHA-256, or a list of them) and `on` (the day of a test), for the rules that look at them.
    `facts` is JSON. Sorted by gravity, then facility, month and item, so that two runs give the same table.
    """
    checked = Checked.of(frame)
    facility = checked.frame.schema["facility"]
    found = [pl.DataFrame(schema={"facility": facility, **FINDINGS})]
    for rule in rules:
        seen = KINDS[rule.kind](checked, rule)
        if seen.height:
            found.append(_told(seen, rule, facility))
    order = pl.col("severity").replace_strict(
        {name: rank for rank, name in enumerate(SEVERITIES)}, return_dtype=pl.UInt8
    )
    return pl.concat(found).sort(order, "facility", "month", "rule", "item", "stream")


_WHERE = ("facility", "month", "item", "stream")


def _told(seen: pl.DataFrame, rule: Rule, facility: Any) -> pl.DataFrame:
    rows = []
    for row in seen.iter_rows(named=True):
        facts = {name: value for name, value in row.items() if name not in _WHERE}
        words = {name: shown(value) for name, value in facts.items()} | {"month": row["month"]}
        rows.append(
            (
                row["facility"], rule.code, row["month"], row["item"] or "", row["stream"] or "", rule.severity,
                rule.what.format_map(words), rule.why, rule.what_en.format_map(words), rule.why_en,
                json.dumps(facts, ensure_ascii=False, default=str),
            )
        )  # fmt: skip
    return pl.DataFrame(rows, schema={"facility": facility, **FINDINGS}, orient="row")


def shown(value: Any) -> str:
    """A fact as a person reads it: four digits are enough for a question."""
    if value is None:
        return "—"
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
