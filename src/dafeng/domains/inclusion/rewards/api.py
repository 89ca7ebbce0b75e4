"""Rewards over HTTP, for everybody: the rules in force, and what is or was on public notice. Reading only."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.rewards import reading, rules
from dafeng.domains.inclusion.rewards.views.applicants import amount_in_words
from dafeng.domains.inclusion.services import only_programme
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["inclusion"])

words.describe(within="BasisOut", document=_("依据文件"), clause=_("依据条款"))
words.describe(
    within="RewardRuleOut",
    number=_("版本"),
    kind=_("trips 绿色出行，result 以奖代补，title 称号奖励"),
    beneficiaries=_("奖励对象：person 个人，firm 企业"),
    amount=_("标准，一句话"),
    basis=_("依据：文件与条款"),
    valid_from=_("生效日期"),
    valid_to=_("失效日期（不再适用的第一天）；空为长期"),
    objection_days=_("公示天数"),
    demo=_("是否示例"),
)
words.describe(
    within="RewardNoticeOut",
    public_name=_("公示名称；个人只显示姓氏"),
    subject=_("事由"),
    rule=_("办法代码"),
    fen=_("金额，分"),
    objection_until=_("公示截止日（含当日）"),
    state=_("状态代码"),
    state_title=_("状态"),
)


class BasisOut(Schema):
    document: str
    clause: str = ""


class RewardRuleOut(Schema):
    code: str
    number: int
    title: str
    kind: str
    beneficiaries: list[str]
    amount: str
    basis: list[BasisOut]
    valid_from: date
    valid_to: date | None
    objection_days: int
    demo: bool


class RewardNoticeOut(Schema):
    public_name: str
    subject: str
    rule: str
    fen: int
    objection_until: date | None
    state: str
    state_title: str


@router.get("/inclusion/rewards/rules", response=list[RewardRuleOut], summary=_("施行中的奖励办法"))
@asks(permissions.SEE_REWARDS)
def list_reward_rules(request: HttpRequest) -> list[dict[str, Any]]:
    programme = only_programme()
    return [
        {
            "code": rule.code, "number": rule.number, "title": rule.title, "kind": rule.content["kind"],
            "beneficiaries": rule.content["beneficiaries"], "amount": amount_in_words(rule.content),
            "basis": rule.content["basis"], "valid_from": rule.valid_from, "valid_to": rule.valid_to,
            "objection_days": rule.content["objection_days"], "demo": rule.demo,
        }
        for rule in (rules.in_force(programme, timezone.localdate()) if programme else ())
    ]  # fmt: skip


@router.get("/inclusion/rewards/notices", response=Page[RewardNoticeOut], summary=_("公示中和已办结的奖励"))
@asks(permissions.SEE_REWARDS)
def list_reward_notices(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    programme = only_programme()
    return page(
        request,
        reading.published(programme.pk if programme else "").order_by("-published_at", "pk"),
        paging,
        lambda award: {
            "public_name": award.public_name, "subject": award.subject, "rule": award.rule.code, "fen": award.fen,
            "objection_until": award.objection_until, "state": award.record.state, "state_title": award.record.state_title,
        },
    )  # fmt: skip
