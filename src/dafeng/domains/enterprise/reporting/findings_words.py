"""A finding in words: what, where, why it matters, what to do; rules of the sector schemas bring their own."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dafeng.domains.enterprise.models import CheckFinding, MonthlyValue
from dafeng.domains.enterprise.reporting import sectoral
from dafeng.domains.enterprise.reporting.findings import SAME_FILE
from dafeng.domains.enterprise.reporting.points import OVERDUE
from dafeng.domains.enterprise.reporting.sources import BELOW_PLAN


def severity_title(code: str) -> str:
    return {"error": _("严重"), "warn": _("提醒"), "info": pgettext("severity", "提示")}.get(code, code)


def rule_title(sector: str, code: str) -> str:
    """What a check is called."""
    own = {SAME_FILE: _("同一份凭证重复使用"), BELOW_PLAN: _("来源低于控制方案")}
    return own.get(code) or sectoral.rule_title(sector, code)


def words_of(finding: CheckFinding) -> dict[str, Any]:
    """title (of the cell), what, why, severity."""
    if finding.rule == SAME_FILE:
        facts = finding.facts
        if facts["foreign"]:
            what = _("同一份文件也被另一家企业用作凭证")
        else:
            what = _("同一份文件也用在 %(months)s") % {"months": "、".join(facts["months"])}
        why = _("一份检测报告或结算单只能证明它自己的那个月；重复使用是核查的常见不符合项")
    elif finding.rule == BELOW_PLAN and (
        order := sectoral.order_of(finding.facility.sector, finding.item, finding.stream)
    ):
        way = finding.facts["way"]
        what = _("控制方案规定的来源是“%(planned)s”，这个月的值是“%(way)s”") % {
            "planned": sectoral.source_titles(order).get(finding.facts["planned"], finding.facts["planned"]),
            "way": _("由其他项目换算") if way == "computed" else MonthlyValue.Way(way).label,
        }
        why = order.rule_en if sectoral.english() else order.rule
    elif finding.rule == OVERDUE:
        told = [f"{each['code']}（{each['ended']}）" for each in finding.facts["points"]]
        what = _("计量器具已过检定期仍在使用：%(points)s") % {"points": "、".join(told)}
        why = _("指南要求计量器具在检定或校准有效期内；延误检定的，核查按准确度等级处理。括号内是有效期的最后一天")
    else:
        end = "_en" if sectoral.english() else ""
        what, why = finding.facts[f"what{end}"], finding.facts[f"why{end}"]
    return {
        "title": sectoral.title_of(finding.facility.sector, finding.item, finding.stream) if finding.item else "",
        "what": what,
        "why": why,
        "severity": severity_title(finding.severity),
    }
