"""Who may see and do what in compliance.

A position is a trade secret: what a firm holds, owes and lacks moves its price. So a firm sees itself, a county its own firms, and
only the offices that run the market for the city (`kernel.enterprises.access.OFFICES`, which counts no county) see all firms
side by side. Rules and prices are public.
"""

from __future__ import annotations

from typing import Any

from dafeng.domains.enterprise.permissions import BUREAU, own_enterprise
from dafeng.kernel.actions import PUBLIC, action
from dafeng.kernel.enterprises.access import OFFICES
from dafeng.kernel.records.access import roles_of


def may_act(user: Any, enterprise: Any) -> bool:
    """A firm's people for their firm; the bureau for a firm that has no account here."""
    return bool(BUREAU & roles_of(user)) or own_enterprise(user, enterprise)


SEE_RULES = action("enterprise.compliance.rules", "查看配额规则、碳价与履约日历", {PUBLIC})
SEE = action("enterprise.compliance.see", "查看企业的配额与履约", {*OFFICES, "county", "enterprise"})
SEE_CITY = action("enterprise.compliance.city", "查看全市履约情况", OFFICES)
PLAN = action("enterprise.compliance.plan", "编制履约方案、试算", {*OFFICES, "enterprise"})
ACT = action("enterprise.compliance.act", "划转、申请清缴、结转、自愿注销", {"enterprise", *BUREAU}, writes=True, rule=may_act)  # fmt: skip
DECIDE = action("enterprise.compliance.decide", "核定配额、登记成交、办理清缴", BUREAU, writes=True)
SIGN = action("enterprise.compliance.sign", "签认规则中的待确认值", BUREAU, writes=True)
REMIND = action("enterprise.compliance.remind", "发送履约提醒", {"admin"}, writes=True)
