"""The register on people's desks: its place in the navigation, the pages of its imports, and the search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.register import permissions, sheet
from dafeng.domains.enterprise.review import cities
from dafeng.kernel.actions import may
from dafeng.kernel.desk.registry import Entry, Hit, Rows, register_entry, register_page, register_search
from dafeng.kernel.enterprises.models import Enterprise


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    """Enterprises that a person may see, by name, code or credit code."""
    if not may(user, permissions.SEE):
        return
    named = Q(name__icontains=text) | Q(name_en__icontains=text) | Q(code__icontains=text)
    named |= Q(credit_code__icontains=text)
    yield Rows(
        Enterprise.objects.for_user(user).filter(named).order_by("code"),
        ("code", "name", "name_en", "credit_code"),
        lambda row: Hit(
            (row["name_en"] if cities.english() else "") or row["name"],
            row["credit_code"] or row["code"],
            reverse("enterprise:register-card", kwargs={"code": row["code"]}),
            _("企业名录"),
        ),
    )


def register() -> None:
    register_entry(
        Entry("enterprise", gettext_lazy("企业名录"), lambda: reverse("enterprise:register"), permissions.SEE, 19)
    )
    register_search(_search)
    register_page(sheet.KIND, lambda record: reverse("enterprise:register-import", kwargs={"id": record.pk}))
