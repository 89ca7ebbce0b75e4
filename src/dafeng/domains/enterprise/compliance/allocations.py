"""The allowances of a firm: its units to a frame, the rules over it, what is issued on the ledger.

A trial (`simulate`) writes nothing. What is issued is one transaction over the ledger, our rows and the audit chain (`holdings.told`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
from django.db.models import Sum
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import (
    cutting,
    holdings,
    library,
    permissions,
    publishing,
    signing,
    verified,
)
from dafeng.domains.enterprise.compliance.methods.allocation import OPTIONAL, allocate, historic_mean, pre_allocated
from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    Allocation,
    Covered,
    Report,
)
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import plain


def frame_of(units: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows from a form, a report or the API as `allocate` wants them; past years in `history` become their mean (`historic_mean`).

    Raises `Refused` for an unknown column or a wrong type.
    """
    known = {"unit": pl.String, "class": pl.String, "name": pl.String, **OPTIONAL}
    if not units:
        raise Refused("units_missing", _("没有机组数据"))
    stray = sorted({name for row in units for name in row} - set(known))
    if stray:
        raise Refused("column_unknown", _("机组数据里有不认识的列“%(name)s”") % {"name": stray[0][:40]}, expected="、".join(known))  # fmt: skip
    named = {name: known[name] for name in known if any(name in row for row in units)}
    rows = [{name: _typed(row, name, kind) for name, kind in named.items()} for row in units]
    return pl.DataFrame(rows, schema=named)


def _typed(row: Mapping[str, Any], name: str, kind: Any) -> Any:
    value = row.get(name)
    if value is None or value == "" or value == []:
        return None
    try:
        if isinstance(value, list | tuple):
            return historic_mean([float(each) for each in value])
        return float(value) if kind == pl.Float64 else str(value)
    except (TypeError, ValueError) as error:
        told = {"unit": row.get("unit", ""), "name": name, "value": str(value)[:40]}
        raise Refused("value_unreadable", _("“%(unit)s”的 %(name)s 读不懂：“%(value)s”") % told, expected=_("数字")) from error  # fmt: skip


def simulate(units: Sequence[Mapping[str, Any]], rules: RuleSet, *, pre: bool = False) -> list[dict[str, Any]]:
    """Allocate without writing: rows with every step, decimals as texts."""
    frame = frame_of(units)
    made = pre_allocated(frame, rules) if pre else allocate(frame, rules)
    names = dict(zip(frame["unit"], frame["name"] if "name" in frame.columns else frame["unit"], strict=True))
    # What the historic methods rest on is given, not computed: it is shown among the steps.
    given = {row["unit"]: {name: row[name] for name in ("history", "reduction") if row.get(name) is not None} for row in frame.to_dicts()}  # fmt: skip
    return [given[row["unit"]] | _row(row, names) for row in made.to_dicts()]


def _row(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = {key: shown(value) if isinstance(value, Decimal) else value for key, value in row.items()}
    return {**found, "name": names[row["unit"]] or row["unit"]}


def shown(value: Decimal) -> str:
    """A decimal in full, without the zeros behind it."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def allocate_firm(
    enterprise: Enterprise, year: int, stage: str, units: Sequence[Mapping[str, Any]], *, rule_set: str = "", report: Report | None = None,
    by: Any, now: datetime, demo: bool = False,
) -> Allocation:  # fmt: skip
    """Work out the allowances of all units of a firm, keep every step, and issue them less what is cut (later stages: the difference).

    `report`: whose units these are (`units_of_report`). Refused: a firm that is not on the year's list; a set that is a draft or
    simulation; a unit without a result (`allocation_missing`) or with an unsigned value behind it (`to_confirm`).
    """
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "allocate", enterprise, now=now):
        listed = Covered.objects.filter(enterprise=enterprise, year=year).first()
        if listed is None:
            raise Refused("not_covered", _("%(year)s 年度名录里没有这家企业") % {"year": year})
        rules = _rules_for(listed, rule_set)
        rows = simulate(units, rules, pre=stage == Allocation.Stage.PRE)
        _demand_sound(rows, rules)
        tonnes = sum(row["pre" if stage == Allocation.Stage.PRE else "tonnes"] for row in rows)
        return _issue(enterprise, year, stage, rules, units, rows, tonnes, report=report, by=by, now=now, demo=demo)


def units_of_report(enterprise: Enterprise, year: int, stage: str) -> tuple[Report, list[dict[str, Any]]]:
    """The locked report that a stage rests on, and its units: of the year itself, or of the base year of the pre-allocation.

    Raises `Refused`: not_covered, no_rules_yet, no_pre_allocation, base_year_unknown (the rules name no year), report_missing.
    """
    listed = Covered.objects.filter(enterprise=enterprise, year=year).first()
    if listed is None:
        raise Refused("not_covered", _("%(year)s 年度名录里没有这家企业") % {"year": year})
    wanted: int | None = year
    if stage == Allocation.Stage.PRE:
        rules = _rules_for(listed, "")
        if rules.pre is None:
            raise Refused("no_pre_allocation", _("%(year)s 年度的规则没有预分配") % {"year": year})
        wanted = rules.pre_year
    if wanted is None:
        raise Refused(
            "base_year_unknown", _("规则没有写明预分配的基准年，不能取用报告"), mend=_("请填写基准年的机组数据")
        )
    report = verified.locked(enterprise, wanted)
    units = verified.allocation_units(report) if report else []
    if report is None or not units:
        raise Refused("report_missing", _("没有 %(year)s 年度已锁定、含机组数据的排放报告") % {"year": wanted}, mend=_("请填写机组数据"))  # fmt: skip
    return report, units


def _rules_for(listed: Covered, code: str) -> RuleSet:
    found = library.default_set(listed.sector, listed.year)
    if code:
        found = library.rule_set(code)
        if not found.usable or found.market != "national":
            raise Refused("rule_set_not_in_force", _("“%(title)s”不是现行规则，只能试算") % {"title": found.title})
        if found.year != listed.year or found.sector != listed.sector:
            raise Refused("rule_set_other_year", _("规则与年度或行业不符"))
    if found is None:
        raise Refused("no_rules_yet", _("%(year)s 年度的分配方案数值还没有取得，不能发放") % {"year": listed.year}, mend=_("可以用别的规则试算"))  # fmt: skip
    return signing.signed_set(found.code)


def _demand_sound(rows: Sequence[Mapping[str, Any]], rules: RuleSet) -> None:
    for row in rows:
        if row["status"] == "missing":
            raise Refused("allocation_missing", _("“%(unit)s”算不出配额，缺 %(what)s") % {"unit": row["name"], "what": row["missing"]})  # fmt: skip
        if row["status"] == "to_confirm":
            raise Refused("to_confirm", _("“%(unit)s”用到待确认的值：%(what)s") % {"unit": row["name"], "what": row["open"]}, mend=_("请先在规则页签认"))  # fmt: skip


def _issue(
    enterprise: Enterprise, year: int, stage: str, rules: RuleSet, units: Any, rows: Any, tonnes: int, *, report: Report | None, by: Any,
    now: datetime, demo: bool,
) -> Allocation:  # fmt: skip
    earlier = Allocation.objects.filter(enterprise=enterprise, year=year)
    if stage == Allocation.Stage.PRE and earlier.filter(stage=Allocation.Stage.FINAL).exists():
        raise Refused("already_final", _("%(year)s 年度已核定，不能再预分配") % {"year": year})
    number = earlier.filter(stage=stage).count() + 1
    cuts = cutting.taken(enterprise, year, tonnes)
    issued = tonnes - sum(cuts.values()) - (earlier.aggregate(n=Sum("issued"))["n"] or 0)
    key = f"enterprise:allocation:{enterprise.code}:{year}:{stage}:{number}"
    if issued > 0:
        holdings.issue(enterprise, year, issued, key=key, note=f"{stage} {rules.code}", now=now)
    elif issued < 0:
        holdings.take_back(enterprise, year, -issued, key=key, now=now)
    made = Allocation.objects.create(
        enterprise=enterprise, year=year, stage=stage, number=number, rule_set=rules.code, signed=sorted(rules.signed),
        units=plain([dict(each) for each in units]), rows=plain(rows), report=report, tonnes=tonnes, cuts=cuts, issued=issued,
        ledger_key=key if issued else "", by=by, at=now, demo=demo,
    )  # fmt: skip
    detail = {"year": year, "stage": stage, "rules": rules.code, "tonnes": tonnes, "cuts": cuts, "issued": issued}
    records.audit(by, "enterprise.compliance.allocate", "enterprise", enterprise.code, detail, now=now)
    publishing.publish(enterprise, by=by, now=now)
    return made


def reissue(made: Allocation, *, by: Any, now: datetime) -> Allocation:
    """The same allocation once more, less the cuts that stand now: what changed is issued or taken back."""
    rules = library.rule_set(made.rule_set).with_signed(frozenset(made.signed))
    return _issue(made.enterprise, made.year, made.stage, rules, made.units, made.rows, made.tonnes, report=made.report, by=by, now=now, demo=made.demo)  # fmt: skip


def final_of(enterprise: Enterprise, year: int) -> Allocation | None:
    return Allocation.objects.filter(enterprise=enterprise, year=year, stage=Allocation.Stage.FINAL).order_by("-number").first()  # fmt: skip
