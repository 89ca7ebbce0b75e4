"""The login page: allauth's, with the logins of a demo installation beside it."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings

from dafeng.portal.accounts.models import Membership
from dafeng.portal.accounts.services import DEMO_PASSWORD


class EntranceView(LoginView):
    template_name = "portal/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        told = super().get_context_data(**kwargs)
        return {**told, "oidc": settings.OIDC_NAME, "demo": _demo_logins(), "demo_password": DEMO_PASSWORD}


def _demo_logins() -> list[Membership]:
    """One membership of each demo login, in the order in which the pack lists them."""
    if not settings.DEMO:
        return []
    rows = Membership.objects.filter(user__demo=True, user__is_active=True).select_related("user", "organisation")
    return list({row.user_id: row for row in rows.order_by("user_id", "-pk")}.values())


login = EntranceView.as_view()
