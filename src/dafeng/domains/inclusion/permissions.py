"""Who may see and do what on 信碳通: the one place that decides.

The operator runs the platform; partners see their own scenes, keys and deliveries; merchants their own goods and coupons;
members their own account and nothing of others; the offices see the standards, the totals and the money; the public what
is published. Objects that a person may not see are 404.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from dafeng.domains.inclusion.models import Member, Partner
from dafeng.kernel.actions import ANYONE, PUBLIC, action
from dafeng.kernel.records.access import is_person, is_superuser
from dafeng.kernel.records.services import organisations_of, register_visibility, roles_of

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
DECIDERS = frozenset({"ndrc", "ecology"})
STAFF = frozenset({"operator", "admin"})


def own_member(user: Any, member: Member) -> bool:
    """A person for themselves; the people of a firm for the firm."""
    if member.kind == Member.Kind.PERSON:
        return is_person(user) and member.user_id == user.pk
    return bool(member.organisation) and member.organisation in organisations_of(user)


def own_partner(user: Any, partner: Partner) -> bool:
    """The operator for any partner; a partner's people for it."""
    return bool(STAFF & roles_of(user)) or (
        bool(partner.organisation) and partner.organisation in organisations_of(user)
    )


# Rooms add their own actions here, under their heading.
# --- all
SEE = action("inclusion.see", "查看信碳通公开页面", {PUBLIC})

# --- standards
SEE_STANDARDS = action("inclusion.standards", "查看方法学与积分规则", {PUBLIC})
COMMENT = action("inclusion.comment", "对征求意见的方法学提意见", {ANYONE}, writes=True)
KEEP_STANDARDS = action("inclusion.standards.keep", "起草方法学与积分规则", {"operator"}, writes=True)
FILE_STANDARDS = action("inclusion.standards.file", "评审、备案方法学与积分规则", DECIDERS, writes=True)
MOVE_STANDARDS = action(
    "inclusion.standards.move", "办理方法学与积分规则的流程", {"operator", *DECIDERS}, writes=True
)  # the workflow says which step

# --- scenes
SEE_SCENES = action("inclusion.scenes", "查看场景与接入规范", {PUBLIC})
SEND = action("inclusion.send", "以场景密钥报送减碳行为", {PUBLIC}, writes=True)  # the signature decides
OWN_SCENES = action("inclusion.scenes.own", "查看本单位的场景、密钥与报送", {"scene", *STAFF}, rule=own_partner)
KEEP_OWN_SCENES = action("inclusion.scenes.deliver", "上传报送表格、管理本单位密钥", {"scene", *STAFF}, writes=True, rule=own_partner)  # fmt: skip
KEEP_SCENES = action("inclusion.scenes.keep", "开设与停用场景", {"operator"}, writes=True)
CHECK_IN = action("inclusion.checkin", "自己记录减碳行为", {"citizen"}, writes=True)

# --- members
JOIN = action("inclusion.join", "开通个人碳账户", {ANYONE}, writes=True)
OWN = action("inclusion.own", "查看自己的碳账户", {ANYONE}, rule=own_member)
KEEP_OWN = action("inclusion.own.keep", "管理自己的碳账户", {ANYONE}, writes=True, rule=own_member)
OWN_FIRM = action("inclusion.firm", "查看本企业的碳账户", {"enterprise"}, rule=own_member)
KEEP_FIRM = action("inclusion.firm.keep", "管理本企业的碳账户", {"enterprise"}, writes=True, rule=own_member)
KEEP_CHALLENGES = action("inclusion.challenges", "发起挑战赛", {"operator"}, writes=True)
CLEAR_EXPORTS = action("inclusion.exports", "清理过期的个人数据文件", {"admin"}, writes=True)

# --- market
SEE_MALL = action("inclusion.mall", "查看积分商城", {PUBLIC})
SPEND = action("inclusion.spend", "兑换、捐赠积分", {ANYONE}, writes=True)
SELL = action("inclusion.sell", "经营商户柜台", {"merchant", *STAFF}, writes=True, rule=own_partner)
KEEP_MARKET = action("inclusion.market.keep", "审核商品、核销减排量、结算商户", {"operator"}, writes=True)
BUY_REDUCTIONS = action("inclusion.purchase", "购买碳普惠减排量、办理碳中和", {"enterprise", "operator"}, writes=True)
SEE_MARKET = action("inclusion.market", "查看市场与消纳情况", {*OFFICES, "operator"})
DECIDE_MARKET = action(
    "inclusion.market.decide", "批准减排量出售、登记碳中和活动", {"operator", *DECIDERS}, writes=True
)
SEE_TRADES = action("inclusion.trades", "查看减排量购买与碳中和办理", {"enterprise", "operator", *OFFICES})
STEP_TRADES = action(
    "inclusion.trades.step", "办理减排量购买、碳中和活动与赞助", {"enterprise", "operator", *DECIDERS}, writes=True
)
PUBLISH_MARKET = action("inclusion.market.publish", "公布年度消纳报告", {"operator", *DECIDERS}, writes=True)

# --- rewards
SEE_REWARDS = action("reward.see", "查看奖励办法与公示", {PUBLIC})
APPLY = action("reward.apply", "申请奖励", {ANYONE}, writes=True)
KEEP_REWARDS = action("reward.keep", "起草奖励办法、初审申请", {"operator", "department", "county"}, writes=True)
DECIDE_REWARDS = action("reward.decide", "审定奖励、公示与拨付", DECIDERS, writes=True)
SEE_BUDGET = action("reward.budget", "查看奖励资金账", {*OFFICES, "operator"})
CLEAR_PAYEES = action("reward.payees", "删除到期的收款信息", {"admin"}, writes=True)

# --- operations
OPERATE = action("inclusion.operate", "查看运营台", {"operator", *OFFICES})
KEEP_PARTNERS = action("inclusion.partners", "签约、暂停与终止合作方", {"operator"}, writes=True)
REVIEW_RISK = action("inclusion.risk", "复核可疑行为", {"operator"}, writes=True)
DECIDE_RISK = action("inclusion.risk.decide", "裁决申诉、批准更正", DECIDERS, writes=True)
COMPLAIN = action("inclusion.complain", "投诉与申诉", {ANYONE}, writes=True)
SEE_RISK = action("inclusion.risk.see", "查看可疑行为与更正", {"operator", "admin", *DECIDERS})
APPLY_PARTNER = action("inclusion.partners.apply", "申请成为合作方", {"enterprise", "scene", "merchant"}, writes=True)
OWN_PARTNER = action("inclusion.partners.own", "查看本单位的合作协议", {ANYONE}, rule=own_partner)
HANDLE_COMPLAINTS = action("inclusion.complaints", "办理投诉", {"operator", *DECIDERS}, writes=True)
KEEP_CAMPAIGNS = action("inclusion.campaigns", "起草活动与平台互认", {"operator"}, writes=True)
DECIDE_CAMPAIGNS = action("inclusion.campaigns.decide", "批准活动与平台互认", {"operator", *DECIDERS}, writes=True)
DAILY_OPERATIONS = action("inclusion.daily", "整理案件、到期协议与公开统计", {"operator", "admin"}, writes=True)


def members_of(user: Any) -> QuerySet[Member]:
    """The accounts that a person may act for: their own, and their firms'."""
    if not is_person(user):
        return Member.objects.none()
    mine = Q(kind=Member.Kind.PERSON, user=user)
    if "enterprise" in roles_of(user):
        mine |= Q(kind=Member.Kind.FIRM, organisation__in=organisations_of(user) - {""})
    return Member.objects.filter(mine, closed_at=None)


def partners_of(user: Any) -> QuerySet[Partner]:
    """The partners that a person may act for; all for the operator."""
    if is_superuser(user) or STAFF & roles_of(user):
        return Partner.objects.all()
    if not is_person(user):
        return Partner.objects.none()
    return Partner.objects.filter(organisation__in=organisations_of(user) - {""})


def standards_records(user: Any, roles: Any) -> Q:
    """Everybody sees a methodology or rate from its public comment on; the offices and the operator drafts too."""
    return Q() if (OFFICES | STAFF) & set(roles) else ~Q(state__in=("draft", "dropped"))


def products_records(user: Any, roles: Any) -> Q:
    """Everybody sees what is on sale; a merchant its own; the operator and the offices all."""
    if (OFFICES | STAFF) & set(roles):
        return Q()
    return Q(state="listed") | Q(inclusion_product__partner__organisation__in=organisations_of(user) - {""})


def statements_records(user: Any, roles: Any) -> Q:
    """A merchant's statements: the merchant, the operator, the offices."""
    if (OFFICES | STAFF) & set(roles):
        return Q()
    return Q(inclusion_statement__partner__organisation__in=organisations_of(user) - {""})


def firms_records(relation: str, *public: str) -> Any:
    """What a firm does on the market: the firm, the operator, the offices; everybody in the `public` states."""

    def seen(user: Any, roles: Any) -> Q:
        if (OFFICES | STAFF) & set(roles):
            return Q()
        own = Q(**{f"{relation}__firm__organisation__in": organisations_of(user) - {""}})
        return own | Q(state__in=public) if public else own

    return seen


def agreement_records(user: Any, roles: Any) -> Q:
    """The offices and the operator see every agreement, a partner's people their own."""
    if (OFFICES | STAFF) & set(roles):
        return Q()
    return Q(inclusion_agreement__partner__organisation__in=organisations_of(user) - {""})


def published_records(user: Any, roles: Any) -> Q:
    """Everybody sees a campaign or recognition once it is published; the offices and the operator drafts too."""
    return Q() if (OFFICES | STAFF) & set(roles) else ~Q(state="draft")


def rewards_records(user: Any, roles: Any) -> Q:
    """An application: its member, the operator, the offices."""
    if (OFFICES | STAFF) & set(roles):
        return Q()
    return Q(inclusion_award__member__in=members_of(user))


def reward_rules_records(user: Any, roles: Any) -> Q:
    """Everybody sees a reward rule that is or was in force; the offices and the operator drafts too."""
    return Q() if (OFFICES | STAFF) & set(roles) else Q(state__in=("in_force", "ended"))


def money_records(user: Any, roles: Any) -> Q:
    """Appropriations and payment lists: the offices and the operator."""
    return Q() if (OFFICES | STAFF) & set(roles) else Q(pk__in=[])


def register() -> None:
    register_visibility("reward.award", rewards_records)
    register_visibility("reward.rule", reward_rules_records)
    register_visibility("reward.appropriation", money_records)
    register_visibility("reward.payment", money_records)
    register_visibility("inclusion.product", products_records)
    register_visibility("inclusion.statement", statements_records)
    register_visibility("inclusion.sponsorship", firms_records("inclusion_sponsorship"))
    register_visibility("inclusion.purchase", firms_records("inclusion_purchase"))
    register_visibility("inclusion.neutral-event", firms_records("inclusion_neutral_event", "registered", "neutral"))
    register_visibility("inclusion.methodology", standards_records)
    register_visibility("inclusion.rate", standards_records)
    register_visibility("inclusion.agreement", agreement_records)
    register_visibility("inclusion.campaign", published_records)
    register_visibility("inclusion.recognition", published_records)
