"""What the room lays on people's desks: its place in the navigation, its records in the inbox, methodologies in the search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.standards import names, shown, versions
from dafeng.kernel.desk.registry import Entry, Hit, Rows, register_entry, register_page, register_search
from dafeng.kernel.records import workflows


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    """Each methodology once, by the newest version that the person may see."""
    seen = versions.visible(user)
    newer = seen.filter(methodology=OuterRef("methodology"), number__gt=OuterRef("number"))
    named = Q(methodology__title__icontains=text) | Q(methodology__title_en__icontains=text) | Q(methodology__code=text)

    def hit(row: Mapping[str, Any]) -> Hit:
        state = workflows.state_title(row["record__kind"], row["record__state"])
        told = (
            names.GROUPS.get(row["methodology__group"], ""),
            names.STANDINGS.get(row["standing"], row["standing"]),
            state,
        )
        return Hit(
            names.pick(row["methodology__title"], row["methodology__title_en"]),
            "，".join(str(each) for each in told),
            reverse("inclusion:methodology", kwargs={"code": row["methodology"]}),
            _("碳普惠方法学"),
        )

    fields = (
        "methodology", "methodology__title", "methodology__title_en", "methodology__group", "standing", "record__kind", "record__state",
    )  # fmt: skip
    yield Rows(seen.filter(~Exists(newer), named).order_by("methodology"), fields, hit)


def register() -> None:
    register_entry(
        Entry("inclusion", gettext_lazy("方法学与积分规则"), lambda: reverse("inclusion:standards"), permissions.SEE_STANDARDS, 45)
    )  # fmt: skip
    register_search(_search)
    register_page("inclusion.methodology", shown.page_of)
    register_page("inclusion.rate", shown.page_of)
