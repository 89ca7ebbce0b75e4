"""What allauth writes about a person is audited like every other write."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.utils import timezone

from dafeng.kernel.records.services import audit

_EVENTS = (
    (account.user_logged_in, "login"),
    (account.user_signed_up, "account.sign_up"),
    (account.password_changed, "account.password"),
    (account.password_set, "account.password"),
    (account.password_reset, "account.password_reset"),
    (account.email_changed, "account.email"),
    (mfa.authenticator_added, "account.mfa_add"),
    (mfa.authenticator_removed, "account.mfa_remove"),
    (mfa.authenticator_reset, "account.mfa_reset"),
    (social.social_account_added, "account.connect"),
    (social.social_account_removed, "account.disconnect"),
)


def connect() -> None:
    for signal, what in _EVENTS:
        signal.connect(_listener(what), weak=False, dispatch_uid=f"audit {what} {id(signal)}")


def _listener(what: str) -> Any:
    def heard(sender: Any, **told: Any) -> None:
        person = told["sociallogin"].user if "sociallogin" in told else told.get("user") or told["socialaccount"].user
        factor = told.get("authenticator")
        detail = {"type": str(factor.type)} if factor else {}
        audit(person, what, "person", person.get_username(), detail, now=timezone.now())

    return heard
