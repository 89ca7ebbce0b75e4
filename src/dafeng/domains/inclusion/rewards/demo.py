"""The demonstration's rewards: a budget, three rules and four awards in four states, all made up and marked 演示.

Nothing here is a fact about the city: no rule, amount or payee exists. Needs the demo logins of the offices and the members' demo.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from dafeng.domains.inclusion.models import Award, Budget, Member, Programme, RewardRule
from dafeng.domains.inclusion.rewards import awards, budgets, payments, rules

CODE = "demo-green"
BASIS = [{"document": "演示办法（不是政策文件）", "clause": "对象、条件和金额均为演示"}]
PAYEE = {"name": "演示收款人", "bank": "演示银行", "account": "60000000000000000"}
SITE = {"name": "site", "title": "项目所在地", "kind": "choice", "choices": ["信阳市", "外地"]}
HERE = {"field": "site", "op": "=", "value": "信阳市", "why": "项目在本市"}
RULES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "demo-travel": (
        "绿色出行奖励金：每次 0.20 元（演示）",
        "Green travel money: 0.20 yuan a trip (demo)",
        {
            "kind": "trips", "beneficiaries": ["person"], "groups": ["travel"], "per_member_fen": 20_000,
            "fields": [{"name": "trips", "title": "出行次数", "kind": "number", "required": False}],
            "amount": {"fen_per_unit": 20, "measure": "trips", "unit": "次", "cap_fen": 2_000},
        },
    ),
    "demo-recycling": (
        "循环利用以奖代补：每吨 10 元（演示）",
        "Reward for recycling by result: 10 yuan a tonne (demo)",
        {
            "kind": "result", "beneficiaries": ["person", "firm"], "conditions": [HERE],
            "fields": [
                {"name": "mass", "title": "循环利用量", "kind": "number", "unit": "吨"}, SITE,
                {"name": "livelihood", "title": "是否纳入民生实事", "kind": "choice", "choices": ["是", "否"]},
            ],
            "amount": {"fen_per_unit": 1_000, "measure": "mass", "unit": "吨", "floor": "10", "cap_fen": 5_000_000},
            "tilt": {"field": "livelihood", "value": "是", "percent": 10, "why": "纳入民生实事建设的项目"},
        },
    ),
    "demo-factory": (
        "新获评国家级绿色工厂奖励：10 万元（演示）",
        "New national green factory: 100 000 yuan (demo)",
        {
            "kind": "title", "beneficiaries": ["firm"], "conditions": [HERE],
            "fields": [{"name": "got", "title": "获评日期", "kind": "date"}, SITE],
            "amount": {"fixed_fen": 10_000_000},
        },
    ),
}  # fmt: skip


@transaction.atomic
def ensure_demo(programme: Programme, *, now: datetime) -> None:
    """Once; without the offices' demo logins there is nobody who could decide, and nothing is made."""
    logins = ("operator", "ecology", "ndrc")
    people = {user.get_username(): user for user in get_user_model().objects.filter(username__in=logins, demo=True)}
    if len(people) < len(logins) or Budget.objects.filter(code=CODE).exists():
        return
    begun = now - timedelta(days=20)
    budget = Budget.objects.create(
        programme=programme, code=CODE, title="绿色低碳奖励资金（演示）", organisation="ndrc"
    )
    year = timezone.localdate(now).year
    given = budgets.appropriate(
        budget, year=year, fen=50_000_000, document="演示下达文件", by=people["ndrc"], now=begun
    )
    budgets.book(given, by=people["ecology"], now=begun)
    made = {code: _rule(programme, code, people, year=year, now=begun) for code in RULES}
    _awards(programme, made, people, now=now)


def _rule(programme: Programme, code: str, people: dict[str, Any], *, year: int, now: datetime) -> RewardRule:
    title, title_en, content = RULES[code]
    rule = rules.draft(
        programme, code=code, title=title, title_en=title_en, content=content | {"basis": BASIS, "budget": CODE},
        valid_from=date(year, 1, 1), valid_to=None, by=people["operator"], now=now, demo=True,
    )  # fmt: skip
    rules.move(rule, "submit", by=people["operator"], now=now)
    rules.move(rule, "adopt", by=people["ecology"], now=now)
    return rule


def _awards(programme: Programme, made: dict[str, RewardRule], people: dict[str, Any], *, now: datetime) -> None:
    """Sent, on public notice, payable, paid; for the demo members that are there. A firm's are sent by its own login."""
    citizen = Member.objects.filter(programme=programme, demo=True, kind="person", user__username="citizen").first()
    firm = Member.objects.filter(programme=programme, demo=True, kind="firm", closed_at=None).first()
    owner = get_user_model().objects.filter(username="enterprise", demo=True).first()
    here, before = {"site": "信阳市"}, now - timedelta(days=15)
    if citizen:
        old = {"mass": "12.5", "livelihood": "否"} | here
        _apply(made["demo-recycling"], citizen, old, "旧家具回收（演示）", by=citizen.user, now=now)
    if not firm or not owner:
        return
    title = _apply(
        made["demo-factory"], firm, {"got": before.date().isoformat()} | here, "绿色工厂（演示）", by=owner, now=now
    )
    _walk(title, ("check", "approve", "publish"), people, now=now)
    result = {"mass": "110.5", "livelihood": "是"} | here
    for subject, paid in (("建筑垃圾再生（演示）", False), ("秸秆综合利用（演示）", True)):
        award = _apply(made["demo-recycling"], firm, result, subject, by=owner, now=before)
        _walk(award, ("check", "approve", "publish"), people, now=before)
        _walk(award, ("release",), people, now=before + timedelta(days=7))
        if paid:
            drawn = payments.draw(programme, [award], by=people["ndrc"], now=before + timedelta(days=8))
            for step in ("approve", "settle"):
                payments.move(drawn, step, by=people["ecology"], now=before + timedelta(days=9))


def _apply(rule: RewardRule, member: Member, data: dict[str, str], subject: str, *, by: Any, now: datetime) -> Award:
    name = awards.masked("演示") if member.kind == Member.Kind.PERSON else "示例企业（演示）"
    return awards.apply(
        rule, member, data, subject=subject, payee=PAYEE, public_name=name, request=f"demo:{rule.code}:{subject}"[:64], by=by, now=now
    )  # fmt: skip


def _walk(award: Award, steps: tuple[str, ...], people: dict[str, Any], *, now: datetime) -> None:
    by = {"check": "operator", "approve": "ecology"}
    for step in steps:
        awards.move(award, step, by=people[by.get(step, "ndrc")], now=now)
