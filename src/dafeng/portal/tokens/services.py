"""Make, find and withdraw tokens. `now` and the person are arguments; every change is audited."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dafeng.kernel import actions
from dafeng.kernel.errors import DafengError, PermissionDenied
from dafeng.kernel.records import services as records
from dafeng.portal.tokens.models import Token

PREFIX = "dft_"
LONGEST = timedelta(days=365)
MOST = 20
_FORM = re.compile(r"dft_[A-Za-z0-9_-]{43}")
_NOTED_EVERY = timedelta(minutes=1)


class TokenError(DafengError):
    """A token cannot be made as asked."""

    code = "token"


def scopes_for(user: Any) -> dict[str, list[str]]:
    """The scopes that a person's roles allow, each with the titles of what it covers."""
    found: dict[str, list[str]] = {}
    for each in actions.registered():
        if actions.may(user, each):
            found.setdefault(each.scope, []).append(each.title)
    return dict(sorted(found.items()))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def make(user: Any, *, name: str, scopes: Iterable[str], lasts: timedelta, now: datetime) -> tuple[Token, str]:
    """A new token and its text, which is told this once and kept nowhere.

    Raises `TokenError` for a missing name, no scope or one that the roles do not allow, a term that is not between
    a minute and a year, and where the person already has `MOST` tokens in use.
    """
    chosen = sorted(set(scopes))
    if not name.strip():
        raise TokenError(_("令牌没有名称"), expected=_("写明用在哪里，例如“月报脚本”"))
    if not chosen:
        raise TokenError(_("没有选择权限范围"), mend=_("请至少勾选一项"))
    if beyond := sorted(set(chosen) - set(scopes_for(user))):
        raise TokenError(_("您的角色没有“%(scope)s”") % {"scope": beyond[0]}, mend=_("请只勾选列出的范围"))
    if not timedelta(minutes=1) <= lasts <= LONGEST:
        raise TokenError(_("令牌的期限不对"), expected=_("不超过一年"))
    if Token.objects.filter(user=user).usable(now=now).count() >= MOST:
        raise TokenError(_("您已有 %(count)d 个使用中的令牌") % {"count": MOST}, mend=_("请先停用不再使用的"))
    text = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        name=name.strip()[:60],
        scopes=chosen,
        digest=digest(text),
        hint=text[:8],
        created_at=now,
        expires_at=now + lasts,
    )
    detail = {"name": token.name, "scopes": chosen, "hint": token.hint, "expires_at": token.expires_at.isoformat()}
    records.audit(user, "token.make", "token", str(token.pk), detail, now=now)
    return token, text


def find(text: str, *, now: datetime) -> Token | None:
    """The usable token of a usable person with this text; its use is noted, at most once a minute."""
    if not _FORM.fullmatch(text):
        return None
    token = Token.objects.select_related("user").usable(now=now).filter(digest=digest(text)).first()
    if token is None or not token.user.is_active:
        return None
    if token.last_used_at is None or token.last_used_at < now - _NOTED_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


@transaction.atomic
def revoke(token: Token, *, by: Any, now: datetime) -> Token:
    """Withdraw a token for good; doing it twice does no harm. Raises `PermissionDenied` for another's token."""
    if not Token.objects.for_user(by).filter(pk=token.pk).exists():
        raise PermissionDenied(_("这个令牌不是您的"))
    if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now, revoked_by=by):
        records.audit(by, "token.revoke", "token", str(token.pk), {"owner": token.user.get_username()}, now=now)
    token.refresh_from_db()
    return token
