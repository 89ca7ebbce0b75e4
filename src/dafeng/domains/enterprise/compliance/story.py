"""A firm's year told from the report to the carry-over: one line a step, with its state and the page where it can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import holdings, library, verified, words
from dafeng.domains.enterprise.compliance.positions import Position
from dafeng.domains.enterprise.models import CarbonTrade, Report, Verification
from dafeng.domains.enterprise.verification import permissions as verifying
from dafeng.kernel.actions import may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.models import AuditEntry


@dataclass(frozen=True)
class Line:
    """`tag`: ok | warn | empty; `href` empty where the person may not read further."""

    title: str
    text: str
    tag: str = ""
    href: str = ""


def of(enterprise: Enterprise, year: int, position: Position | None, *, user: Any) -> list[Line]:
    """The steps of a year. A firm without a `position` (not on the year's list) ends with its verified report."""
    found = _reported(enterprise, year, user)
    if position is not None:
        board = f"{reverse('enterprise:compliance-board', kwargs={'code': enterprise.code})}?year={year}"
        found += [_allocation(position), *_traded(enterprise, year, board), _surrender(position, board)]
        if year in library.cycle_rules()["carry_over"]["vintages"]:
            found.append(_carried(enterprise, board))
    return found


def _reported(enterprise: Enterprise, year: int, user: Any) -> list[Line]:
    """The report and its verification."""
    mine = Report.objects.filter(enterprise=enterprise, year=year).select_related("record").defer("content", "sums")
    report = mine.order_by("-version").first()
    if report is None:
        return [Line(_("年度报告"), _("本平台没有这一年度的报告"))]
    state = report.record.state
    text = _("%(state)s，第 %(version)s 版") % {"state": report.record.state_title, "version": report.version}
    href = reverse("enterprise:reporting-report", kwargs={"id": report.pk})
    lines = [Line(_("年度报告"), text, "ok" if state == "locked" else "warn", href)]
    told = Verification.objects.filter(report=report).exclude(record__state="revoked")
    counted = told.annotate(told=Count("findings"), closed=Count("findings", filter=Q(findings__state="closed")))
    case = counted.select_related("record", "body").defer("content").order_by("-opened_at").first()
    if case is None:
        return [*lines, Line(_("核查"), _("还没有委派核查"))]
    said = {"state": case.record.state_title, "body": case.body.name, "told": case.told, "closed": case.closed}
    text = _("%(state)s，%(body)s；不符合项 %(told)s 项，已关闭 %(closed)s 项") % said
    href = reverse("enterprise:verification", kwargs={"id": case.pk}) if may(user, verifying.SEE) else ""
    return [*lines, Line(_("核查"), text, "ok" if case.record.state == "confirmed" else "warn", href)]


def _allocation(position: Position) -> Line:
    if position.free is None and position.pre is None:
        return Line(_("配额"), _("还没有发放"))
    newest = max(position.allocations, key=lambda each: (each.stage == "final", each.number))
    href = reverse("enterprise:compliance-allocation", kwargs={"code": position.enterprise.code, "id": newest.pk})
    if position.free is None:
        return Line(_("配额"), _("预分配 %(t)s 吨，还没有核定") % {"t": words.tonnes(position.pre)}, "warn", href)
    text = _("核定 %(t)s 吨") % {"t": words.tonnes(position.free)}
    if position.pre is not None:
        text += _("，其中预分配 %(t)s 吨") % {"t": words.tonnes(position.pre)}
    return Line(_("配额"), text, "ok", href)


def _traded(enterprise: Enterprise, year: int, board: str) -> list[Line]:
    """Allowances of the year's vintage bought and sold; nothing where there was no trade."""
    mine = CarbonTrade.objects.filter(asset=holdings.CEA, vintage=year)
    told = mine.aggregate(bought=Sum("tonnes", filter=Q(buyer=enterprise)), sold=Sum("tonnes", filter=Q(seller=enterprise)))  # fmt: skip
    if not any(told.values()):
        return []
    text = _("买入 %(bought)s 吨，卖出 %(sold)s 吨") % {name: words.tonnes(n or 0) for name, n in told.items()}
    return [Line(_("成交"), text, "ok", f"{board}#trades")]


def _surrender(position: Position, board: str) -> Line:
    if position.owed is None:
        return Line(_("清缴"), _("应清缴量还没有登记"))
    done = {"done": words.tonnes(position.surrendered + position.offset), "owed": words.tonnes(position.owed)}
    text = _("已清缴 %(done)s 吨，应清缴 %(owed)s 吨") % done
    if position.offset:
        text += _("，其中抵销 %(t)s 吨") % {"t": words.tonnes(position.offset)}
    return Line(_("清缴"), text, "warn" if position.outstanding else "ok", f"{board}#surrenders")


def _carried(enterprise: Enterprise, board: str) -> Line:
    """Carry-overs are told by the audit chain: on the ledger they are one more vintage among others."""
    rows = AuditEntry.objects.filter(subject_kind="enterprise", subject_id=enterprise.code, action="enterprise.compliance.carry-over")  # fmt: skip
    tonnes = sum(each.detail["tonnes"] for each in rows)
    if not tonnes:
        return Line(_("结转"), _("没有结转"))
    to = library.cycle_rules()["carry_over"]["to_vintage"]
    return Line(
        _("结转"), _("%(t)s 吨转为 %(year)s 年配额") % {"t": words.tonnes(tonnes), "year": to}, "ok", f"{board}#held"
    )


def outside(year: int, firms: Any) -> list[tuple[Enterprise, float]]:
    """Firms whose report of a year is locked and verified though they are not on its list, with what they emitted in all (t)."""
    known = verified.figures(enterprise__in=firms.exclude(covered_years__year=year).values("pk"), year=year)
    whole = {pk: figure.whole for (pk, _year), figure in known.items() if figure.whole is not None}
    return [(each, whole[each.pk]) for each in firms.filter(pk__in=whole).order_by("code")] if whole else []
