"""Invitations: a link with a secret that makes whoever opens it a member, once, within seven days.

The secret is shown to the inviter once (and mailed, when an address is given); the database keeps its SHA-256. An
invitation is worth what its inviter may grant *when it is accepted*: who has lost the right has left no open doors.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.core.mail import send_mail
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.kernel.errors import NotFound, PermissionDenied
from dafeng.kernel.records.services import audit, serial
from dafeng.portal.accounts import members, permissions
from dafeng.portal.accounts.models import Invitation, Membership, Organisation, Role, User

LASTS = timedelta(days=7)


def invite(
    organisation: Organisation, role: str, *, place: str = "", manager: bool = False, name: str = "", email: str = "",
    mailed: bool = False, by: User, now: datetime,
) -> tuple[Invitation, str]:  # fmt: skip
    """A new invitation and its secret, which nobody can read again."""
    if not permissions.may_grant(by, organisation, role, place):
        raise PermissionDenied(
            _("您不能分派角色“%(role)s”") % {"role": Role(role).label},
            mend=_("成员管理人只能分派自己在本组织持有的角色；其他角色请联系系统管理员"),
        )
    token = secrets.token_urlsafe(32)
    with serial():
        made = Invitation.objects.create(
            organisation=organisation, role=role, place=place, manager=manager, name=name, email=email.lower(),
            mailed=mailed, token_hash=hash_of(token), created_by=by, created_at=now, expires_at=now + LASTS,
        )  # fmt: skip
        detail = {"invitation": made.pk, "role": role, "place": place, "manager": manager, "email": made.email}
        audit(by, "invitation.add", "organisation", organisation.code, detail, now=now)
    return made, token


def mail(invitation: Invitation, address: str) -> None:
    """Send the link to the address that was invited."""
    words = {
        "by": str(invitation.created_by),
        "organisation": invitation.organisation.name,
        "role": invitation.get_role_display(),
        "address": address,
        "until": timezone.localtime(invitation.expires_at).strftime("%Y-%m-%d %H:%M"),
    }
    send_mail(
        _("邀请您加入“%(organisation)s”") % words,
        _(
            "%(by)s邀请您以“%(role)s”的身份加入“%(organisation)s”，使用达峰平台。\n\n"
            "请在 %(until)s 之前打开下面的链接，设置姓名和密码。链接只能使用一次，请勿转发：\n\n%(address)s\n"
        )
        % words,
        None,
        [invitation.email],
    )


def find(token: str, *, now: datetime) -> Invitation:
    """The open invitation of a secret. Raises `NotFound` that says what happened to it: only its holder can ask."""
    found = (
        Invitation.objects.select_related("organisation", "created_by").filter(token_hash=hash_of(token)).first()
        if len(token) <= 100
        else None
    )
    if found is None:
        raise NotFound(_("这个邀请链接不对"), mend=_("请核对链接是否复制完整，或请邀请人重新发送"))
    if found.used_at:
        raise NotFound(_("这个邀请已经使用过"), mend=_("如果是您本人接受的，请直接登录；否则请告诉邀请人"))
    if found.revoked_at:
        raise NotFound(_("这个邀请已被撤回"), mend=_("请联系邀请人"))
    if found.expires_at <= now:
        raise NotFound(_("这个邀请已经过期"), mend=_("邀请 7 天内有效，请邀请人重新发送"))
    return found


def accept(invitation: Invitation, user: User, *, now: datetime) -> Membership:
    """Make a person a member by an invitation, once. Raises `NotFound`, or `PermissionDenied` of the inviter."""
    with serial():
        taken = Invitation.objects.filter(
            pk=invitation.pk, used_at=None, revoked_at=None, expires_at__gt=now
        ).update(used_at=now, used_by=user)  # fmt: skip
        if not taken:
            raise NotFound(_("这个邀请已经失效"), mend=_("请邀请人重新发送"))
        inviter = invitation.created_by
        if not inviter.is_active or not permissions.may_grant(
            inviter, invitation.organisation, invitation.role, invitation.place
        ):
            raise PermissionDenied(_("邀请人已经不能分派这个角色"), mend=_("请联系本组织的成员管理人或系统管理员"))
        detail = {"invitation": invitation.pk, "person": user.get_username()}
        audit(user, "invitation.accept", "organisation", invitation.organisation.code, detail, now=now)
        return members.grant(
            user, invitation.organisation, invitation.role, place=invitation.place, manager=invitation.manager,
            by=inviter, now=now, via=f"invitation {invitation.pk}",
        )  # fmt: skip


def revoke(invitation: Invitation, *, by: User, now: datetime) -> None:
    """Close an invitation that nobody has used."""
    with serial():
        if Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None).update(revoked_at=now):
            audit(by, "invitation.revoke", "organisation", invitation.organisation.code,
                  {"invitation": invitation.pk}, now=now)  # fmt: skip


def hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()
