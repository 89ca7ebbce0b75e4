"""What the pages share: the firm of an address, the year asked for, today."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import words
from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound


def firm_of(request: HttpRequest, code: str) -> Enterprise:
    """A firm that this person may see. One that they may not see is not there."""
    found = Enterprise.objects.for_user(request.user).filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这家企业"), mend=_("请从企业列表进入"))
    return found


def clock() -> tuple[datetime, date]:
    now = timezone.now()
    return now, timezone.localdate(now)


def called(enterprise: Enterprise) -> str:
    return enterprise.called(english=words.english())


def shown_rows(rows: list[dict[str, Any]], rules: RuleSet) -> list[dict[str, Any]]:
    """Rows of an allocation with the words of their codes."""
    return [
        {
            "row": row,
            "class": words.class_title(rules, row["class"]),
            "status": words.status(row["status"]),
            "open": words.items(rules, row["open"]),
            "missing": words.missing(row["missing"]),
            "steps": _steps(row, rules),
        }
        for row in rows
    ]


def _steps(row: dict[str, Any], rules: RuleSet) -> list[dict[str, str]]:
    """The formula of one unit line by line: name, number, where it comes from."""
    benchmark = rules.benchmarks.get((row["class"], rules.kinds[0])) if rules.kinds else None
    heat = rules.benchmarks.get((row["class"], "heat"))
    listed: list[tuple[str, str, str, Any]] = [
        ("output", _("供电量或产量"), "", None),
        ("output_counted", _("计入的产量（扣除超出上限的部分）"), "", None),
        ("benchmark_power", _("基准值"), benchmark.unit if benchmark else "", benchmark),
        ("history", _("历史基数（各年平均，单独一年偏离 20% 以上的不计）"), "", None),
        ("reduction", _("减排系数"), "", None),
        ("cooling_factor", _("冷却方式修正系数"), "", rules.cooling),
        ("heat_factor", _("供热修正系数"), "", rules.heat),
        ("load_factor_value", _("负荷修正系数"), "", rules.load),
        ("share", _("其他系数"), "", None),
        ("quota_power", _("供电配额 = 供电量 × 基准值 × 各系数"), "tCO2", None),
        ("heat", _("供热量"), "GJ", None),
        ("benchmark_heat", _("供热基准值"), heat.unit if heat else "", heat),
        ("quota_heat", _("供热配额 = 供热量 × 供热基准值"), "tCO2", None),
        ("quota", _("配额"), "tCO2", rules),
    ]
    found = []
    for key, title, unit, source in listed:
        if row.get(key) in (None, ""):
            continue
        found.append(
            {
                "title": title, "value": words.number(row[key]), "unit": unit,
                "standing": words.standing(source.standing[0]) if source else "", "source": source.source if source else "",
            }
        )  # fmt: skip
    if row.get("tonnes") is not None:
        found.append({"title": _("发放量（整吨，舍去小数）"), "value": words.tonnes(row["tonnes"]), "unit": "t", "standing": _("平台约定"), "source": ""})  # fmt: skip
    if row.get("pre") is not None:
        found.append({"title": _("预分配 = 配额 × 预分配比例"), "value": words.tonnes(row["pre"]), "unit": "t", "standing": words.standing(rules.pre.standing) if rules.pre else "", "source": rules.pre.source if rules.pre else ""})  # fmt: skip
    return found
