"""What is cut from a firm's next allocation: arrears that were not made good, and false data that came out after the surrender.

管理办法（试行）第四十条 and 国务院令第775号 (`cycles.toml`, dated) for arrears; 环办气候函〔2021〕491号 (DCP#178) for false data. The papers
say "the next year's allocation". Where the next year is already final that can only be the first one that is not: ours, and said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import holdings, library, papers, permissions
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Allocation, AllocationCut, CarbonDuty, CompliancePaper, Surrender
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records


def outstanding(enterprise: Enterprise, year: int) -> int | None:
    """t of a year's duty that nobody has surrendered; None without a duty."""
    owed = CarbonDuty.objects.filter(enterprise=enterprise, year=year).order_by("-number").first()
    if owed is None or owed.released:
        return None
    done = Surrender.objects.filter(enterprise=enterprise, year=year, state=Surrender.State.DONE).aggregate(cea=Sum("tonnes"), ccer=Sum("ccer"))  # fmt: skip
    return max(0, owed.tonnes - (done["cea"] or 0) - (done["ccer"] or 0))


def next_year(enterprise: Enterprise, year: int) -> int:
    """The first year after `year` whose allocation is not final."""
    final = set(Allocation.objects.filter(enterprise=enterprise, year__gt=year, stage=Allocation.Stage.FINAL).values_list("year", flat=True))  # fmt: skip
    return next(each for each in duties.years(library.cycle_rules(), max(final, default=year) + 1) if each > year and each not in final)  # fmt: skip


def for_arrears(enterprise: Enterprise, year: int, *, paper: CompliancePaper | None, by: Any, now: datetime) -> AllocationCut:  # fmt: skip
    """Cut what is still owed on a year after its last day. The rule is the one in force on the day after; the amount is not typed.

    Raises `Refused`: no_duty, not_late, nothing_owed, cut_twice, rule_without_cut, source_missing.
    """
    demand(by, permissions.DECIDE)
    with holdings.told(by, "cut", enterprise, now=now):
        rules = library.cycle_rules()
        due, owed = duties.cycle_of(year, rules)["due"], outstanding(enterprise, year)
        if owed is None:
            raise Refused("no_duty", _("还没有登记 %(year)s 年度的应清缴量") % {"year": year})
        if timezone.localdate(now) <= due:
            raise Refused("not_late", _("清缴期限 %(due)s 还没有过") % {"due": due})
        rule = duties.penalty(owed, due + timedelta(days=1), rules, average_price=None)
        if rule is None:
            raise Refused("nothing_owed", _("%(year)s 年度没有欠缴") % {"year": year})
        if not rule.cut:
            raise Refused("rule_without_cut", _("当时的罚则没有等量核减"))
        if AllocationCut.objects.filter(enterprise=enterprise, year=year, kind=AllocationCut.Kind.ARREARS).exists():
            raise Refused("cut_twice", _("%(year)s 年度的欠缴已经登记过核减") % {"year": year})
        return _made(enterprise, AllocationCut.Kind.ARREARS, year, rule.cut, "", rule.standing, rule.source, papers.demanded(paper), by, now)  # fmt: skip


def for_false_data(enterprise: Enterprise, year: int, tonnes: int, *, reason: str, paper: CompliancePaper | None, by: Any, now: datetime) -> AllocationCut:  # fmt: skip
    """Cut what false data of a year spared the firm, by a signed decision. Before the surrender the duty itself is to be changed.

    Raises `Refused`: amount_bad, reason_missing, source_missing, not_surrendered, cut_twice (the same paper for the same year).
    """
    demand(by, permissions.DECIDE)
    with holdings.told(by, "cut", enterprise, now=now):
        if tonnes <= 0:
            raise Refused("amount_bad", _("核减数量应为正数"))
        if not reason.strip():
            raise Refused("reason_missing", _("请写查明的虚报、瞒报事实"))
        held = papers.demanded(paper)
        if outstanding(enterprise, year) != 0:
            raise Refused("not_surrendered", _("%(year)s 年度还没有清缴完，应调整当年的应清缴量") % {"year": year}, mend=_("请按更正后的核查结论重新登记应清缴量"))  # fmt: skip
        if AllocationCut.objects.filter(enterprise=enterprise, year=year, paper__document=held.document).exists():
            raise Refused("cut_twice", _("凭这份文件已经登记过 %(year)s 年度的核减") % {"year": year})
        source = "环办气候函〔2021〕491号（DCP#178）：清缴后查明的，核减下一年度配额"
        return _made(enterprise, AllocationCut.Kind.FALSE_DATA, year, tonnes, reason.strip()[:300], "A", source, held, by, now)  # fmt: skip


def _made(enterprise: Enterprise, kind: str, year: int, tonnes: int, reason: str, standing: str, source: str, paper: CompliancePaper, by: Any, now: datetime) -> AllocationCut:  # fmt: skip
    made = AllocationCut.objects.create(
        enterprise=enterprise, kind=kind, year=year, from_year=next_year(enterprise, year), tonnes=tonnes, reason=reason, standing=standing,
        source=source, paper=paper, by=by, at=now,
    )  # fmt: skip
    detail = {"kind": kind, "year": year, "from_year": made.from_year, "tonnes": tonnes, "paper": paper.document}
    records.audit(by, "enterprise.compliance.cut", "enterprise", enterprise.code, detail, now=now)
    return made


def taken(enterprise: Enterprise, year: int, tonnes: int) -> dict[str, int]:
    """Cut → t that it takes from a year's allowances, oldest decision first; together never more than there is."""
    found: dict[str, int] = {}
    for each in AllocationCut.objects.filter(enterprise=enterprise, from_year=year).order_by("at", "pk"):
        part = min(each.tonnes, tonnes - sum(found.values()))
        if part > 0:
            found[str(each.pk)] = part
    return found


def lines(allocation: Allocation) -> list[dict[str, Any]]:
    """An allocation's cuts with the decisions behind them."""
    cuts: Mapping[str, int] = allocation.cuts
    rows = AllocationCut.every.filter(pk__in=cuts).select_related("paper").order_by("at", "pk") if cuts else ()
    return [{"cut": each, "tonnes": cuts[str(each.pk)]} for each in rows]
