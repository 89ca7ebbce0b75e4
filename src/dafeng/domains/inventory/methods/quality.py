"""Quality checks of a compiled inventory, run on every compile; the rules are data (quality_rules.toml).

Source: IPCC 2006, volume 1, chapter 6 (table 6.1: general QC procedures; section 6.7: comparisons); 省级温室气体清单编制指南
质量保证和质量控制. The one idea: a check that could not be run has not passed. It stays in the list as `not_run` with the
reason, and so does a check that found nothing to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from dafeng.domains.inventory.methods import quality_factors, quality_totals
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.methods.quality_findings import Extra, Finding, Outcome
from dafeng.domains.inventory.methods.quality_rules import Rule, rules
from dafeng.kernel.errors import MethodError

STATES = ("failed", "not_run", "passed")
SCHEMA: dict[str, Any] = {
    "rule": pl.String,
    "title": pl.String,
    "title_en": pl.String,
    "severity": pl.String,
    "state": pl.String,
    "passed": pl.Boolean,
    "category": pl.String,
    "place": pl.String,
    "year": pl.Int16,
    "found": pl.Float64,
    "expected": pl.String,
    "message_zh": pl.String,
    "message_en": pl.String,
}
EXTRA = ("balance", "reference_approach", "completeness")
KINDS: dict[str, Callable[[Inventory, Rule, Extra], Outcome]] = {**quality_totals.KINDS, **quality_factors.KINDS}


def check(
    inventory: Inventory,
    *,
    extra: Mapping[str, pl.DataFrame] | None = None,
    only: Iterable[str] | None = None,
    table: Iterable[Rule] | None = None,
) -> pl.DataFrame:
    """Run the checks; failures first, then what could not be run, then what passed; columns of `SCHEMA`.

    A rule that fails has one row for each finding; one that passes or could not be run has one row, with how much it
    looked at or why it did not. `passed` is null for a check that was not run.
    `extra`, tables that only some checks need: `balance` (an energy balance, see methods/balance.py), `reference_approach`
    (place, year, and co2 in t or reference and sectoral, see `balance_energy.reference_approach`), `completeness` (the
    matrix). `only` names rules; `table` replaces the package's. Raises `MethodError` for an unknown rule, kind or table.
    """
    given = dict(extra or {})
    stray = [name for name in given if name not in EXTRA]
    if stray:
        raise MethodError(f"检查用不到附加数据 {'、'.join(stray)}", expected="、".join(EXTRA))
    chosen = _chosen(tuple(rules() if table is None else table), None if only is None else list(only))
    rows: list[dict[str, Any]] = []
    for rule in chosen:
        kind = KINDS.get(rule.kind)
        if kind is None:
            raise MethodError(f"检查规则 {rule.id} 的 kind“{rule.kind}”不认识", expected="、".join(sorted(KINDS)))
        rows += _rows(rule, kind(inventory, rule, given))
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    order = {state: number for number, state in enumerate(STATES)}
    return frame.sort(pl.col("state").replace_strict(order, return_dtype=pl.Int8), maintain_order=True)


def _chosen(table: tuple[Rule, ...], only: list[str] | None) -> tuple[Rule, ...]:
    if only is None:
        return table
    known = {rule.id for rule in table}
    stray = [name for name in only if name not in known]
    if stray:
        raise MethodError(f"没有检查规则 {'、'.join(stray)}", expected="、".join(sorted(known)))
    return tuple(rule for rule in table if rule.id in only)


def _rows(rule: Rule, outcome: Outcome) -> list[dict[str, Any]]:
    head = {"rule": rule.id, "title": rule.title, "title_en": rule.title_en, "severity": rule.severity}

    def row(state: str, finding: Finding) -> dict[str, Any]:
        passed = {"failed": False, "passed": True}.get(state)
        return {
            **head,
            "state": state,
            "passed": passed,
            "category": finding.category,
            "place": finding.place,
            "year": finding.year,
            "found": finding.found,
            "expected": finding.expected,
            "message_zh": finding.zh,
            "message_en": finding.en,
        }

    if outcome.failures:
        return [row("failed", finding) for finding in outcome.failures]
    if outcome.checked:
        said = Finding(f"已检查 {outcome.checked} 项，未发现问题", f"{outcome.checked} checked, nothing found")
        return [row("passed", said)]
    zh, en = outcome.why_not
    return [row("not_run", Finding(f"未能检查：{zh}", f"not run: {en}"))]
