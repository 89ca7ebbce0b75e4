"""The entry of the navigation, and people and organisations in the search of those who look after them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.kernel.desk.registry import Entry, Hit, Rows, register_entry, register_search
from dafeng.portal.accounts import permissions
from dafeng.portal.accounts.models import Organisation, User


def register() -> None:
    register_entry(
        Entry("system", gettext_lazy("组织与成员"), lambda: reverse("organisations"), permissions.SEE_MEMBERS, 90)
    )
    register_entry(Entry("system", gettext_lazy("人员"), lambda: reverse("people"), permissions.KEEP_PEOPLE, 91))
    register_search(_found)


def _found(user: Any, text: str, limit: int) -> Iterator[Rows]:
    wanted = Q(name__icontains=text) | Q(name_en__icontains=text) | Q(code__icontains=text)
    yield Rows(
        Organisation.objects.for_user(user).filter(wanted).order_by("name"),
        ("name", "code"),
        lambda row: Hit(row["name"], row["code"], reverse("organisation", kwargs={"code": row["code"]}), _("组织")),
    )
    if permissions.sees_everybody(user):
        named = Q(display_name__icontains=text) | Q(username__icontains=text) | Q(email__iexact=text)
        yield Rows(
            User.objects.filter(named).order_by("username"),
            ("id", "display_name", "username"),
            lambda row: Hit(
                row["display_name"] or row["username"], row["username"], reverse("person", kwargs={"id": row["id"]}), _("人员")
            ),
        )  # fmt: skip
