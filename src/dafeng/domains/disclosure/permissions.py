"""Who may see and do what on the public site, the register, the voices and the negative cases: the one place that decides."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from dafeng.domains.disclosure.models import Duty
from dafeng.kernel.actions import PUBLIC, action
from dafeng.kernel.records.services import organisations_of, register_visibility, roles_of

OFFICES = frozenset({"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"})
KEEPERS = frozenset({"ndrc", "ecology"})
ANSWERS = frozenset({"ndrc", "ecology", "statistics", "department", "county"})
SEES_ALL_VOICES = frozenset({"leader", "ndrc", "ecology", "admin"})


def may_file(user: Any, duty: Duty) -> bool:
    """An enterprise for itself; the offices that keep the register for anyone."""
    return bool(KEEPERS & roles_of(user)) or (
        bool(duty.entity.organisation) and duty.entity.organisation in organisations_of(user)
    )


SEE = action("open.see", "查看公开页面、开放数据与名录", {PUBLIC})
WRITE = action("open.voice", "举报、提问、提意见", {PUBLIC}, writes=True)
FOLLOW = action("open.follow", "凭回执查看或删除自己的来件", {PUBLIC}, writes=True)
SEE_REGISTER = action("disclosure.see", "查看披露名录台账", OFFICES)
KEEP_REGISTER = action("disclosure.keep", "维护与导入披露名录", KEEPERS, writes=True)
OWN = action("disclosure.own", "查看本企业的披露义务", {"enterprise"})
FILE = action("disclosure.file", "报送披露材料", {"enterprise", *KEEPERS}, writes=True, rule=may_file)
SEE_FILING = action("disclosure.filing", "查看报送的披露材料", {"enterprise", *OFFICES})
CHECK = action("disclosure.check", "核对、公开或退回披露材料", {"ecology"}, writes=True)
REMIND = action("disclosure.remind", "发送披露提醒、撤下到期案例", {"admin"}, writes=True)
SEE_VOICES = action("voice.see", "查看市民来件", OFFICES)
ANSWER = action("voice.answer", "答复市民来件", ANSWERS, writes=True)
DIRECT = action("voice.direct", "交办、审核、公开市民来件", KEEPERS, writes=True)
SEE_CONTACT = action("voice.contact", "查看来件人的联系方式", ANSWERS, writes=True)
ERASE = action("voice.erase", "删除来件人的个人信息", {"admin"}, writes=True)
SEE_CASES = action("exposure.see", "查看负面典型的办理", OFFICES)
KEEP_CASES = action("exposure.keep", "拟稿、审核、公开负面典型", KEEPERS, writes=True)


def imports_of(user: Any, roles: Collection[str]) -> Q:
    return Q() if KEEPERS & set(roles) else Q(pk__in=[])


def filings_of(user: Any, roles: Collection[str]) -> Q:
    """The city's offices see all; an enterprise its own; everybody what is published."""
    if OFFICES & set(roles):
        return Q()
    public = Q(state="published")
    if "enterprise" in roles:
        mine = organisations_of(user) - {""}
        return public | Q(disclosure_filing__duty__entity__organisation__in=mine)
    return public


def voices_of(user: Any, roles: Collection[str]) -> Q:
    """Who directs sees all; another office what was given to it. The public follows its voice by receipt, not by record."""
    if SEES_ALL_VOICES & set(roles):
        return Q()
    if ANSWERS & set(roles):
        return Q(voice__office__in=organisations_of(user) - {""})
    return Q(pk__in=[])


def cases_of(user: Any, roles: Collection[str]) -> Q:
    return Q() if OFFICES & set(roles) else Q(pk__in=[])


def register() -> None:
    register_visibility("disclosure.import", imports_of)
    register_visibility("disclosure.filing", filings_of)
    register_visibility("disclosure.voice", voices_of)
    register_visibility("disclosure.exposure", cases_of)
