"""Reward rules: drafted by an office, adopted by another person, never changed while in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.models import Budget, Member, Programme, RewardRule
from dafeng.domains.inclusion.rewards.amounts import OPERATORS
from dafeng.kernel.records import services as records

KINDS = ("trips", "result", "title")


def validated(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content, or `InclusionError` saying what is wrong with it in the words of who wrote it."""

    def fail(what: str, expected: str = "") -> InclusionError:
        return InclusionError(what, expected=expected, mend="请修改办法内容后再保存")

    found = dict(content)
    if found.get("kind") not in KINDS:
        raise fail("奖励办法的类型不对", "、".join(KINDS))
    if not found.get("beneficiaries") or set(found["beneficiaries"]) - set(Member.Kind.values):
        raise fail("没有写明奖励对象", "person（个人）、firm（企业）")
    if not found.get("basis"):
        raise fail("没有写明依据", "文件名称与条款")
    if not Budget.objects.filter(code=found.get("budget", "")).exists():
        raise fail(f"没有奖励资金“{found.get('budget', '')}”")
    names = {each["name"]: each for each in found.setdefault("fields", [])}
    amount = found.get("amount") or {}
    if ("fixed_fen" in amount) == ("fen_per_unit" in amount):
        raise fail("金额应为定额或单位标准之一", "fixed_fen，或 fen_per_unit 与 measure、unit")
    if any(type(amount.get(key, 1)) is not int or amount.get(key, 1) <= 0 for key in ("fixed_fen", "fen_per_unit", "cap_fen")):  # fmt: skip
        raise fail("金额应为大于 0 的整数（分）")
    if "fen_per_unit" in amount and not (
        amount.get("unit") and names.get(amount.get("measure", ""), {}).get("kind") == "number"
    ):
        raise fail("按单位计算的奖励没有写明按哪个数字字段计量")
    for each in found.get("conditions", ()):
        if each.get("field") not in names or each.get("op") not in OPERATORS or not each.get("why"):
            raise fail("有一条条件写得不完整", "field、op、value、why")
    if found["kind"] == "trips" and not found.get("groups"):
        raise fail("出行奖励没有写明哪些领域的行为可以奖励")
    found.setdefault("conditions", [])
    found.setdefault("exclusive_with", [])
    found.setdefault("objection_days", 5)
    return found


@transaction.atomic
def draft(
    programme: Programme,
    *,
    code: str,
    title: str,
    content: Mapping[str, Any],
    valid_from: date,
    valid_to: date | None,
    by: Any,
    now: datetime,
    title_en: str = "",
    demo: bool = False,
) -> RewardRule:
    """A new rule, or the next number of one. Raises `InclusionError` for content that no application could be judged by."""
    if valid_to is not None and valid_to <= valid_from:
        raise InclusionError("失效日期不晚于生效日期", expected="失效日期为不再适用的第一天")
    checked = validated(content)
    last = RewardRule.objects.filter(programme=programme, code=code).aggregate(last=Max("number"))["last"] or 0
    record = records.open_record(
        "reward.rule", title=title, payload={}, by=by, now=now, place=programme.code, key=f"{code}/{last + 1}"
    )
    return RewardRule.objects.create(
        programme=programme, record=record, code=code, number=last + 1, title=title, title_en=title_en, content=checked,
        valid_from=valid_from, valid_to=valid_to, demo=demo,
    )  # fmt: skip


def move(rule: RewardRule, action: str, *, by: Any, now: datetime, reason: str = "", system: bool = False) -> None:
    """A step of the rule's workflow. Adopting a new number ends the former on the day on which the new one begins."""
    with transaction.atomic():
        records.move(rule.record, action, by=by, now=now, reason=reason, system=system)
        if action == "adopt":
            former = RewardRule.objects.filter(
                Q(valid_to=None) | Q(valid_to__gt=rule.valid_from), programme=rule.programme, code=rule.code,
                number__lt=rule.number, record__state="in_force",
            )  # fmt: skip
            former.update(valid_to=rule.valid_from)


def in_force(programme: Programme, day: date) -> QuerySet[RewardRule]:
    """The rules by which an application of that day is judged."""
    return (
        RewardRule.objects.filter(
            Q(valid_to=None) | Q(valid_to__gt=day), programme=programme, record__state="in_force", valid_from__lte=day
        )
        .select_related("record")
        .order_by("code")
    )
