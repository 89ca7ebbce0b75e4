"""The use-cases of compliance: allocate, owe, trade, surrender, carry over; the only code that writes.

Every use-case is one transaction over the ledger, our rows and the audit chain (`holdings.told`); a refusal undoes it all and is
audited. Keys of the ledger are made here, so that the same request twice is the same row.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import cutting, holdings, library, papers, permissions, publishing, verified
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.compliance.methods.allocation import OPTIONAL, allocate, historic_mean, pre_allocated
from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    Allocation,
    CarbonDuty,
    CarbonTrade,
    CcerBatch,
    CompliancePaper,
    Covered,
    Report,
    RuleSignature,
    Surrender,
)
from dafeng.domains.enterprise.reporting import reports
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import plain

# ---------------------------------------------------------------- rules and signatures


def signed_items(code: str) -> frozenset[str]:
    """What stands signed of a rule set: the last word on each item counts."""
    last = dict(RuleSignature.objects.filter(rule_set=code).order_by("pk").values_list("item", "stands"))
    return frozenset(item for item, stands in last.items() if stands)


def signed_set(code: str) -> RuleSet:
    rules = library.rule_set(code)
    return rules.with_signed(signed_items(code) & frozenset(rules.items()))


def sign(code: str, item: str, *, source: str, stands: bool = True, by: Any, now: datetime, demo: bool = False) -> RuleSignature:  # fmt: skip
    """Vouch for an open value, or withdraw that. Raises `Refused` for an item that waits for nothing or a missing source."""
    if by is not None:
        demand(by, permissions.SIGN)
    with holdings.told(by, "sign", None, now=now):
        rules = library.rule_set(code)
        if item not in rules.items():
            raise Refused("nothing_to_sign", _("规则里没有这项待签认的值"))
        if not source.strip():
            raise Refused("source_missing", _("签认要写明依据"), mend=_("请写文号、条款或附件"))
        made = RuleSignature.objects.create(rule_set=code, item=item, stands=stands, source=source.strip()[:300], by=by, at=now, demo=demo)  # fmt: skip
        records.audit(by, "enterprise.compliance.sign", "allocation-rule", code, {"item": item, "stands": stands, "source": made.source}, now=now)  # fmt: skip
    return made


def cover(enterprise: Enterprise, year: int, sector: str, *, source: str, by: Any, now: datetime, demo: bool = False) -> Covered:  # fmt: skip
    """Put a firm on the list of a year and open its accounts, without a published list (that is `listing.enter`)."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "cover", enterprise, now=now):
        found, made = Covered.objects.get_or_create(enterprise=enterprise, year=year, defaults={"sector": sector, "source": source, "demo": demo})  # fmt: skip
        if made:
            holdings.open_accounts(enterprise, now=now)
            records.audit(by, "enterprise.compliance.cover", "enterprise", enterprise.code, {"year": year, "sector": sector, "source": source}, now=now)  # fmt: skip
    return found


# ---------------------------------------------------------------- allocation


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
    try:
        rows = [{name: _typed(row.get(name), kind) for name, kind in named.items()} for row in units]
    except (TypeError, ValueError) as error:
        raise Refused("value_unreadable", _("机组数据里有读不懂的数"), expected=_("数字")) from error
    return pl.DataFrame(rows, schema=named)


def _typed(value: Any, kind: Any) -> Any:
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, list | tuple):
        return historic_mean([float(each) for each in value])
    return float(value) if kind == pl.Float64 else str(value)


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
    return signed_set(found.code)


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


def final_of(enterprise: Enterprise, year: int) -> Allocation | None:
    return Allocation.objects.filter(enterprise=enterprise, year=year, stage=Allocation.Stage.FINAL).order_by("-number").first()  # fmt: skip


# ---------------------------------------------------------------- duty


def register_duty(
    enterprise: Enterprise,
    year: int,
    *,
    told: Decimal | None = None,
    reason: str = "",
    paper: CompliancePaper | None = None,
    by: Any,
    now: datetime,
    demo: bool = False,
) -> CarbonDuty:
    """Record what a firm owes by its locked report and its final allocation. Without a locked report: `report_not_locked`.

    `told`: emissions that a paper says, once the year's reporting is due: verified elsewhere in a year before the firm reported here;
    or, with a `reason`, the authority's conservative estimate for a firm that handed in nothing (核查指南, DCP#51). A draft is nothing.
    """
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "duty", enterprise, now=now):
        if not Covered.objects.filter(enterprise=enterprise, year=year).exists():
            raise Refused("not_covered", _("%(year)s 年度名录里没有这家企业") % {"year": year})
        report, emissions, before = _verified(enterprise, year, told, reason, paper, timezone.localdate(now))
        found = _owed(year, emissions, final_of(enterprise, year))
        number = CarbonDuty.objects.filter(enterprise=enterprise, year=year).count() + 1
        key = f"enterprise:duty:{enterprise.code}:{year}:{number}"
        basis = f"report {report.pk}" if report else f"paper {paper.document if paper else ''}"[:120]
        holdings.record_duty(enterprise, year, found.duty, basis=basis, key=key, now=now)
        steps = [asdict(each) for each in (*before, *found.steps)]
        made = CarbonDuty.objects.create(
            enterprise=enterprise, year=year, number=number, report=report, paper=None if report else paper, emissions=found.emissions, free=found.free,
            tonnes=found.duty, steps=steps, due=duties.cycle_of(year, library.cycle_rules())["due"],
            ledger_key=key, by=by, at=now, demo=demo,
        )  # fmt: skip
        records.audit(by, "enterprise.compliance.duty", "enterprise", enterprise.code, {"year": year, "tonnes": found.duty, "basis": basis, "reason": reason}, now=now)  # fmt: skip
    return made


def _verified(enterprise: Enterprise, year: int, told: Decimal | None, reason: str, paper: CompliancePaper | None, today: date) -> tuple[Report | None, Any, list[duties.Step]]:  # fmt: skip
    """The locked report, its verified emissions and how they differ from the reported; or what a paper tells of a year without a report."""
    report = verified.locked(enterprise, year)
    if report is None:
        if told is None:
            raise Refused("report_not_locked", _("%(year)s 年度排放报告还没有核查锁定") % {"year": year})
        return None, told, [_told(enterprise, year, told, reason.strip(), papers.demanded(paper), today)]
    if told is not None:
        raise Refused("report_counts", _("%(year)s 年度已有锁定的报告，以报告为准") % {"year": year})
    found = verified.figure_of(report)
    if found.basis == "open":
        raise Refused("verification_open", _("%(year)s 年度报告的核查没有有效的结论") % {"year": year}, mend=_("请等重新核查的结论，再登记应清缴量"))  # fmt: skip
    if found.tonnes is None:
        raise Refused("report_not_locked", _("%(year)s 年度报告没有履约边界的排放量") % {"year": year})
    return report, found.tonnes, _basis(found)


def _told(enterprise: Enterprise, year: int, told: Decimal, reason: str, paper: CompliancePaper, today: date) -> duties.Step:  # fmt: skip
    """What stands in the place of a report: another's verification of a year before the platform, or the authority's estimate."""
    versions = list(Report.objects.filter(enterprise=enterprise, year=year).values_list("record__state", flat=True))
    if any(state not in reports.OPEN for state in versions):
        raise Refused(
            "report_under_way", _("%(year)s 年度排放报告已经报送，正在核查") % {"year": year}, mend=_("请等核查结论")
        )
    due = report_until(enterprise, year)
    if today <= due:
        raise Refused(
            "estimate_early", _("%(year)s 年度排放报告的报送期限 %(due)s 还没有过") % {"year": year, "due": due}
        )
    if told <= 0:
        raise Refused("amount_bad", _("排放量应为正数"))
    if versions and not reason:
        raise Refused("reason_missing", _("企业有没有报送的报告，要写明保守测算的理由"))
    if not reason:
        return duties.Step("told", {}, "C", str(paper))
    return duties.Step("estimated", {}, "A", f"企业温室气体排放报告核查指南（试行）（DCP#51）；{paper}；{reason}"[:600])


def report_until(enterprise: Enterprise, year: int) -> date:
    """The last day on which a firm may hand in the year's report, leave to be late counted."""
    last: date = reports.until(enterprise, year)
    return last


def _basis(found: verified.Figure) -> list[duties.Step]:
    """What stands before the duty where the number is not simply the report's."""
    numbers = {"reported": str(duties.whole(found.reported or 0)), "verified": str(duties.whole(found.tonnes or 0))}
    if found.basis == "conservative":
        return [duties.Step("conservative", numbers, "A", "企业温室气体排放报告核查指南（试行）（DCP#51）")]
    if found.basis == "spot":
        return [duties.Step("spot", numbers, "A", "环办气候函〔2021〕491号（DCP#178）")]
    return [duties.Step("unverified", {}, "D", "")] if found.basis == "unverified" else []


def _owed(year: int, emissions: Any, final: Allocation | None) -> duties.Duty:
    gas = [row for row in (final.rows if final else ()) if row["class"] == "gas"]
    told = {row["unit"]: row.get("emissions") or 0 for row in (final.units if final else ())}
    return duties.owed(
        year, emissions, final.tonnes if final else None, library.cycle_rules(),
        gas_emissions=sum(float(told.get(row["unit"], 0)) for row in gas), gas_free=sum(row["tonnes"] for row in gas),
    )  # fmt: skip


def duty_of(enterprise: Enterprise, year: int) -> CarbonDuty | None:
    return CarbonDuty.objects.filter(enterprise=enterprise, year=year).order_by("-number").first()


# ---------------------------------------------------------------- trades and moves


def register_trade(
    *, seller: Enterprise | None, buyer: Enterprise | None, vintage: int | None, tonnes: int, price: Decimal, way: str, day: date,
    key: str, by: Any, now: datetime, batch: CcerBatch | None = None, demo: bool = False,
) -> CarbonTrade:  # fmt: skip
    """A trade that the exchange told. `batch`: of CCER, whose year is its own; else allowances of a vintage. `key` is the exchange's number: twice is once."""
    if by is not None:
        demand(by, permissions.DECIDE)
    firm = seller or buyer
    with holdings.told(by, "trade", firm, now=now):
        ledger_key = f"enterprise:trade:{key}"
        if batch is not None:
            vintage = batch.reduced_to.year
        if vintage is None:
            raise Refused("vintage_missing", _("请写配额年份，或选核证自愿减排量批次"))
        asset, lot = (holdings.CCER, f"CCER/{batch.code}") if batch else (holdings.CEA, holdings.vintage_lot(vintage))
        said = {"seller": seller, "buyer": buyer, "asset": asset, "lot": lot, "tonnes": tonnes, "price": price, "way": way, "day": day}  # fmt: skip
        if again := CarbonTrade.objects.filter(ledger_key=ledger_key).select_related("seller", "buyer").first():
            if any(getattr(again, name) != value for name, value in said.items()):
                raise Refused("conflict", _("同一成交编号下的内容不同"))
            return again
        if tonnes <= 0 or price <= 0:
            raise Refused("trade_bad", _("数量和价格应为正数"))
        if way not in CarbonTrade.Way.values:
            raise Refused("way_unknown", _("没有这种成交方式"), expected="、".join(CarbonTrade.Way.values))
        if day > timezone.localdate(now):
            raise Refused("trade_in_future", _("成交日在今天之后"))
        if seller is not None and seller == buyer:
            raise Refused("trade_with_self", _("买卖双方是同一企业"))
        for side in (seller, buyer):
            holdings.open_accounts(side, now=now)
        if batch is None:
            holdings.open_vintage(vintage, now=now)
        holdings.trade(seller, buyer, asset, lot, tonnes, key=ledger_key, now=now)
        made = CarbonTrade.objects.create(**said, vintage=vintage, ledger_key=ledger_key, by=by, at=now, demo=demo)
        records.audit(by, "enterprise.compliance.trade", "carbon-trade", str(made.pk), {"lot": lot, "tonnes": tonnes, "price": str(price)}, now=now)  # fmt: skip
    return made


def add_ccer(
    batch: CcerBatch, tonnes: int, *, to: Enterprise | None, by: Any, now: datetime
) -> CcerBatch:  # fmt: skip
    """A batch of reductions comes in, once. What may not serve for offsetting is labelled so on the ledger, with the reasons."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "ccer", to, now=now):
        _demand_batch(batch, tonnes, now)
        batch.save()
        reasons = duties.ineligible(project_of(batch), library.cycle_rules())
        labels = sorted({"covered" if each == "covered" else "ineligible" for each in reasons})
        period = f"{batch.reduced_from}/{batch.reduced_to}"
        holdings.issue_ccer(batch.code, tonnes, vintage=batch.reduced_to.year, labels=labels, to=to, period=period, key=f"enterprise:ccer:{batch.code}", now=now)  # fmt: skip
        records.audit(by, "enterprise.compliance.ccer", "ccer-batch", batch.code, {"tonnes": tonnes, "reasons": reasons}, now=now)  # fmt: skip
    return batch


def project_of(batch: CcerBatch) -> dict[str, Any]:
    """What decides whether a batch may offset, as `duty.ineligible` asks it."""
    return {"started": batch.started, "reduced_from": batch.reduced_from, "covered": batch.covered}


def _demand_batch(batch: CcerBatch, tonnes: int, now: datetime) -> None:
    """Sense of a batch before the ledger sees it. A code that another batch has is refused: units are claimed once."""
    if tonnes <= 0:
        raise Refused("amount_bad", _("数量应为正数"))
    if CcerBatch.objects.filter(code=batch.code).exclude(pk=batch.pk).exists():
        raise Refused("batch_twice", _("代码为“%(code)s”的批次已经登记") % {"code": batch.code})
    if batch.reduced_from > batch.reduced_to:
        raise Refused("period_reversed", _("减排量截止日在起始日之前"))
    if batch.started > batch.reduced_from:
        raise Refused("period_before_start", _("减排量起始日在项目开工日之前"))
    if batch.reduced_to > timezone.localdate(now):
        raise Refused("period_in_future", _("减排量截止日在今天之后"))


def _form_key(enterprise: Enterprise, act: str, key: str) -> str:
    return f"enterprise:{act}:{enterprise.code}:{key}"


def move(enterprise: Enterprise, asset: str, to: str, tonnes: int, *, key: str, by: Any, now: datetime) -> None:
    """Between registry and trading account. `key` is the form's."""
    if by is not None:
        demand(by, permissions.ACT, enterprise)
    with holdings.told(by, "move", enterprise, now=now):
        if asset not in holdings.ASSETS or to not in (holdings.REGISTRY, holdings.TRADING):
            raise Refused("account_unknown", _("没有这样的账户"))
        holdings.move(enterprise, asset, to, tonnes, key=_form_key(enterprise, "move", key), now=now)
        records.audit(by, "enterprise.compliance.move", "enterprise", enterprise.code, {"asset": asset, "to": to, "tonnes": tonnes}, now=now)  # fmt: skip


def cancel(enterprise: Enterprise, vintage: int, tonnes: int, *, key: str, by: Any, now: datetime) -> None:
    """Voluntary cancellation: for good."""
    if by is not None:
        demand(by, permissions.ACT, enterprise)
    with holdings.told(by, "cancel", enterprise, now=now):
        holdings.cancel(enterprise, tonnes, vintage=vintage, period=str(timezone.localdate(now).year), key=_form_key(enterprise, "cancel", key), now=now)  # fmt: skip
        records.audit(by, "enterprise.compliance.cancel", "enterprise", enterprise.code, {"vintage": vintage, "tonnes": tonnes}, now=now)  # fmt: skip


def freeze(enterprise: Enterprise, tonnes: int, *, bucket: str, order: str, signer: str, by: Any, now: datetime) -> None:  # fmt: skip
    """A court's freeze, told by the bureau; `order` is the number of the court's paper."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "freeze", enterprise, now=now):
        holdings.freeze(enterprise, tonnes, bucket=bucket, order=f"enterprise:freeze:{order}", signer=signer, key=f"enterprise:freeze:{order}:hold", now=now)  # fmt: skip
        records.audit(by, "enterprise.compliance.freeze", "enterprise", enterprise.code, {"tonnes": tonnes, "order": order}, now=now)  # fmt: skip


def thaw(enterprise: Enterprise, *, order: str, signer: str, by: Any, now: datetime) -> None:
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "thaw", enterprise, now=now):
        holdings.thaw(f"enterprise:freeze:{order}", signer=signer, key=f"enterprise:freeze:{order}:release", now=now)
        records.audit(by, "enterprise.compliance.thaw", "enterprise", enterprise.code, {"order": order}, now=now)


# ---------------------------------------------------------------- surrender


def surrendered(enterprise: Enterprise, year: int) -> tuple[int, int]:
    """(allowances, offsets) that were surrendered for a year."""
    found = Surrender.objects.filter(enterprise=enterprise, year=year, state=Surrender.State.DONE).aggregate(cea=Sum("tonnes"), ccer=Sum("ccer"))  # fmt: skip
    return found["cea"] or 0, found["ccer"] or 0


def apply_surrender(
    enterprise: Enterprise, year: int, tonnes: int, ccer: int, *, key: str, by: Any, now: datetime, demo: bool = False
) -> Surrender:
    """Apply; the units are held at once. `key` is the form's: sent again it is the same application."""
    if by is not None:
        demand(by, permissions.ACT, enterprise)
    number = uuid.uuid5(uuid.NAMESPACE_URL, f"{enterprise.code}/{year}/{key}")
    with holdings.told(by, "surrender", enterprise, now=now):
        if again := Surrender.objects.filter(pk=number).first():
            if (again.tonnes, again.ccer) != (tonnes, ccer):
                raise Refused("conflict", _("同一申请的数量不同"))
            return again
        owed = duty_of(enterprise, year)
        if owed is None:
            raise Refused("no_duty", _("还没有登记 %(year)s 年度的应清缴量") % {"year": year})
        if tonnes < 0 or ccer < 0 or tonnes + ccer == 0:
            raise Refused("amount_bad", _("清缴数量应为正数"))
        _demand_within(enterprise, owed, tonnes, ccer)
        taken = holdings.hold_for_surrender(enterprise, year, tonnes, ccer, name=f"enterprise:surrender:{number}", now=now)  # fmt: skip
        made = Surrender.objects.create(
            pk=number, enterprise=enterprise, year=year, tonnes=tonnes, ccer=ccer, vintages={str(v): n for v, n in taken.items()},
            applied_by=by, applied_at=now, demo=demo,
        )  # fmt: skip
        records.audit(by, "enterprise.compliance.surrender.apply", "enterprise", enterprise.code, {"year": year, "tonnes": tonnes, "ccer": ccer}, now=now)  # fmt: skip
    return made


def _demand_within(enterprise: Enterprise, owed: CarbonDuty, tonnes: int, ccer: int) -> None:
    """Not more than is owed, and of offsets not more than 5 %, over all applications that stand."""
    standing = Surrender.objects.filter(enterprise=enterprise, year=owed.year).exclude(state=Surrender.State.REFUSED)
    told = standing.aggregate(cea=Sum("tonnes"), ccer=Sum("ccer"))
    cea_before, ccer_before = told["cea"] or 0, told["ccer"] or 0
    limit = duties.offset_limit(owed.tonnes, library.cycle_rules())
    if ccer_before + ccer > limit:
        raise Refused("over_share", _("抵销不能超过应清缴量的 5%%，即 %(limit)s 吨；已用 %(used)s 吨") % {"limit": limit, "used": ccer_before})  # fmt: skip
    rest = owed.tonnes - cea_before - ccer_before
    if tonnes + ccer > rest:
        raise Refused("over_duty", _("只欠 %(rest)s 吨，申请了 %(asked)s 吨") % {"rest": rest, "asked": tonnes + ccer})


def decide_surrender(applied: Surrender, *, grant: bool, reason: str = "", by: Any, now: datetime) -> Surrender:
    """The bureau confirms or sends back; what was held leaves, or is free again. The applicant may not decide."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "decide", applied.enterprise, now=now):
        fresh = Surrender.objects.select_for_update().select_related("enterprise").get(pk=applied.pk)
        if fresh.state != Surrender.State.APPLIED:
            raise StaleError(_("这份申请已经办结：%(state)s") % {"state": fresh.get_state_display()}, mend=_("请刷新页面"))  # fmt: skip
        if by is not None and fresh.applied_by_id == by.pk:
            raise Refused("same_person", _("申请人不能办理自己的申请"))
        if not grant and not reason.strip():
            raise Refused("reason_missing", _("驳回要写明理由"))
        name = f"enterprise:surrender:{fresh.pk}"
        if grant:
            holdings.retire_for_surrender(fresh.enterprise, fresh.year, fresh.tonnes, fresh.ccer, name=name, now=now)
        else:
            holdings.release_surrender(fresh.tonnes, fresh.ccer, name=name, now=now)
        fresh.state = Surrender.State.DONE if grant else Surrender.State.REFUSED
        fresh.reason, fresh.decided_by, fresh.decided_at = reason.strip()[:300], by, now
        fresh.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        act = "enterprise.compliance.surrender.done" if grant else "enterprise.compliance.surrender.return"
        records.audit(by, act, "enterprise", fresh.enterprise.code, {"year": fresh.year, "tonnes": fresh.tonnes, "ccer": fresh.ccer, "reason": fresh.reason}, now=now)  # fmt: skip
        if grant:
            publishing.publish(fresh.enterprise, by=by, now=now)
    return fresh


# ---------------------------------------------------------------- carry-over and end


def net_sold(enterprise: Enterprise) -> int:
    """Sold less bought of the old vintages, by the trades that were registered."""
    old = library.cycle_rules()["carry_over"]["vintages"]
    mine = CarbonTrade.objects.filter(asset=holdings.CEA, vintage__in=old)
    found = mine.aggregate(sold=Sum("tonnes", filter=Q(seller=enterprise)), bought=Sum("tonnes", filter=Q(buyer=enterprise)))  # fmt: skip
    return (found["sold"] or 0) - (found["bought"] or 0)


def carry_cap(enterprise: Enterprise) -> dict[str, int]:
    """net, held (free old vintages), cap, best: what to sell first so that all the rest may be carried over."""
    rules = library.cycle_rules()
    old = rules["carry_over"]["vintages"]
    held = sum(n for v, n in holdings.free_by_vintage(holdings.of(enterprise)).items() if v in old)
    net = net_sold(enterprise)
    return {"net": net, "held": held, "cap": duties.carry_over_cap(net, held, rules), "best": duties.best_sale(net, held, rules)}  # fmt: skip


def carry_over(enterprise: Enterprise, tonnes: int, *, key: str, by: Any, now: datetime, day: date | None = None) -> dict[str, int]:  # fmt: skip
    """Turn old allowances of the registry account into the new vintage, up to the cap. `day`: of the application, today by default."""
    if by is not None:
        demand(by, permissions.ACT, enterprise)
    with holdings.told(by, "carry-over", enterprise, now=now):
        rule, when = library.cycle_rules()["carry_over"], day or timezone.localdate(now)
        if when > rule["apply_by"]:
            raise Refused("carry_over_late", _("结转申请已于 %(day)s 截止") % {"day": rule["apply_by"]})
        late = [y for y in rule["vintages"] if (owed := duty_of(enterprise, y)) and sum(surrendered(enterprise, y)) < owed.tonnes]  # fmt: skip
        if late:
            raise Refused("duty_open", _("%(year)s 年度还没有清缴完，不能结转") % {"year": late[0]})
        numbers = carry_cap(enterprise)
        cap = rule["base"] + int(max(0, numbers["net"]) * Decimal(rule["times"]))  # the ledger counts what went before
        basis = f"{rule['base']} + {rule['times']} × max(0, {numbers['net']})"
        holdings.carry_over(enterprise, tonnes, bucket=holdings.REGISTRY, cap=cap, basis=basis, key=_form_key(enterprise, "carry", key), now=now)  # fmt: skip
        records.audit(by, "enterprise.compliance.carry-over", "enterprise", enterprise.code, {"tonnes": tonnes, "cap": cap, "basis": basis}, now=now)  # fmt: skip
    return numbers


def lapse(enterprise: Enterprise, *, by: Any, now: datetime) -> int:
    """Old allowances that were not carried over go out of use. Only after the last day of applying, and with nothing owed on old years."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "lapse", enterprise, now=now):
        rule = library.cycle_rules()["carry_over"]
        if timezone.localdate(now) <= rule["apply_by"]:
            raise Refused("lapse_early", _("%(day)s 之前还可以结转") % {"day": rule["apply_by"]})
        open_years = [y for y in rule["vintages"] if (owed := duty_of(enterprise, y)) and sum(surrendered(enterprise, y)) < owed.tonnes]  # fmt: skip
        if open_years:
            raise Refused("duty_open", _("%(year)s 年度还有欠缴，旧配额仍可用于清缴") % {"year": open_years[0]})
        total = holdings.lapse(enterprise, key=f"enterprise:lapse:{enterprise.code}:{timezone.localdate(now)}", now=now)
        records.audit(by, "enterprise.compliance.lapse", "enterprise", enterprise.code, {"tonnes": total}, now=now)
    return total
