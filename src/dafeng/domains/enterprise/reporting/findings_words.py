"""A finding in words: what, where, why it matters, what to do; rules of the sector schemas bring their own."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dafeng.domains.enterprise.models import CheckFinding
from dafeng.domains.enterprise.reporting import sectoral
from dafeng.domains.enterprise.reporting.findings import SAME_FILE


def severity_title(code: str) -> str:
    return {"error": _("严重"), "warn": _("提醒"), "info": pgettext("severity", "提示")}.get(code, code)


def words_of(finding: CheckFinding) -> dict[str, Any]:
    """title (of the cell), what, why, severity."""
    if finding.rule == SAME_FILE:
        facts = finding.facts
        if facts["foreign"]:
            what = _("同一份文件也被另一家企业用作凭证")
        else:
            what = _("同一份文件也用在 %(months)s") % {"months": "、".join(facts["months"])}
        why = _("一份检测报告或结算单只能证明它自己的那个月；重复使用是核查的常见不符合项")
    else:
        end = "_en" if sectoral.english() else ""
        what, why = finding.facts[f"what{end}"], finding.facts[f"why{end}"]
    return {
        "title": sectoral.title_of(finding.facility.sector, finding.item, finding.stream) if finding.item else "",
        "what": what,
        "why": why,
        "severity": severity_title(finding.severity),
    }
