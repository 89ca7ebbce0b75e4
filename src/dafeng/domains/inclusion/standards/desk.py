"""What the room lays on people's desks: its place in the navigation, its records in the inbox, methodologies in the search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.standards import names, shown, versions
from dafeng.kernel.desk.registry import Entry, Hit, register_entry, register_page, register_search


def _search(user: Any, text: str, limit: int) -> Iterator[Hit]:
    found = versions.visible(user).filter(
        Q(methodology__title__icontains=text) | Q(methodology__title_en__icontains=text) | Q(methodology__code=text)
    )
    seen: dict[str, Any] = {}
    for version in found.order_by("number"):
        seen[version.methodology_id] = version
    for code, version in list(seen.items())[:limit]:
        standing = names.STANDINGS.get(version.standing, version.standing)
        yield Hit(
            shown.title_of(version),
            f"{names.GROUPS.get(version.methodology.group, '')}，{standing}，{version.record.state_title}",
            reverse("inclusion:methodology", kwargs={"code": code}),
            _("碳普惠方法学"),
        )


def register() -> None:
    register_entry(
        Entry("inclusion", gettext_lazy("方法学与积分规则"), lambda: reverse("inclusion:standards"), permissions.SEE_STANDARDS, 45)
    )  # fmt: skip
    register_search(_search)
    register_page("inclusion.methodology", shown.page_of)
    register_page("inclusion.rate", shown.page_of)
