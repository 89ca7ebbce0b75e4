"""What the pages ask of the database, with who may see it decided here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.models import Award, PaymentFile, RewardRule
from dafeng.domains.inclusion.permissions import members_of
from dafeng.kernel.actions import may
from dafeng.kernel.errors import NotFound

PUBLIC_STATES = ("published", "objected", "payable", "paid", "recovering", "recovered")


def awards_for(user: Any) -> QuerySet[Award]:
    """The offices and the operator see all; a member their own."""
    found = Award.objects.select_related("rule", "record", "member", "payment__record", "payee")
    if may(user, permissions.SEE_BUDGET):
        return found
    return found.filter(member__in=members_of(user))


def award_for(user: Any, id: UUID) -> Award:
    found = awards_for(user).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这份申请"), mend=_("请从“我的奖励”进入"))
    return found


def published(programme: str) -> QuerySet[Award]:
    """What everybody may read: name as it may be published, for what, how much, until when one may object."""
    return (
        Award.objects.filter(rule__programme=programme, record__state__in=PUBLIC_STATES)
        .select_related("rule", "record")
        .order_by("-published_at")
    )


def rules_for(user: Any, programme: str) -> QuerySet[RewardRule]:
    """Everybody reads what is or was in force; the offices drafts too."""
    found = RewardRule.objects.filter(programme=programme).select_related("record").order_by("code", "-number")
    return found if may(user, permissions.SEE_BUDGET) else found.filter(record__state__in=("in_force", "ended"))


def rule_for(user: Any, programme: str, code: str, number: int) -> RewardRule:
    found = rules_for(user, programme).filter(code=code, number=number).first()
    if found is None:
        raise NotFound(_("没有这个奖励办法"))
    return found


def payment_for(user: Any, id: UUID) -> PaymentFile:
    found = PaymentFile.objects.select_related("record", "programme").filter(Q(pk=id)).first()
    if found is None or not may(user, permissions.SEE_BUDGET):
        raise NotFound(_("没有这份拨付清单"))
    return found
