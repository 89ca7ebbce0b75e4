"""Places in the navigation, the pages of the room's records, buildings in the search."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.energy.buildings import permissions, sheet, store
from dafeng.domains.energy.models import Building
from dafeng.kernel.bodies import tell_works
from dafeng.kernel.desk.registry import Entry, Hit, Rows, register_entry, register_page, register_search
from dafeng.kernel.desk.subjects import Subject, register_subjects
from dafeng.kernel.records.models import Record

PLACES = (
    (gettext_lazy("建筑能耗"), "buildings", permissions.SEE, 52),
    (gettext_lazy("建筑节能改造"), "buildings-retrofits", permissions.SEE, 53),
)


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    types = dict(Building._meta.get_field("type").flatchoices)
    yield Rows(
        Building.objects.for_user(user).filter(name__icontains=text),
        ("code", "name", "type"),
        lambda row: Hit(
            row["name"],
            str(types.get(row["type"], "")),
            reverse("energy:buildings-card", kwargs={"building": row["code"]}),
            _("建筑"),
        ),
    )


def _named(user: Any, codes: Collection[str]) -> dict[str, Subject]:
    rows = Building.objects.for_user(user).filter(code__in=codes).values_list("code", "name")
    return {code: Subject(name, reverse("energy:buildings-card", kwargs={"building": code})) for code, name in rows}


def _page_of(record: Record) -> str:
    return reverse("energy:buildings-record", kwargs={"id": record.pk})


def _page_of_import(record: Record) -> str:
    return reverse("energy:buildings-import", kwargs={"id": record.pk})


def register() -> None:
    tell_works(store.AUDIT, store.audits_of)
    for title, name, wanted, order in PLACES:
        register_entry(Entry("energy", title, lambda name=name: reverse(f"energy:{name}"), wanted, order))  # type: ignore[misc]
    register_search(_search)
    register_subjects("building", _named)
    register_page(store.RETROFIT, _page_of)
    register_page(store.AUDIT, _page_of)
    register_page(sheet.KIND, _page_of_import)
