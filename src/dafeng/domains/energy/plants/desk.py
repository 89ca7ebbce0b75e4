"""Places in the navigation, the pages of the room's records, plants in the search."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.energy.models import Plant
from dafeng.domains.energy.plants import permissions, store
from dafeng.kernel.desk.registry import Entry, Hit, Rows, register_entry, register_page, register_search
from dafeng.kernel.desk.subjects import Subject, register_subjects
from dafeng.kernel.records.models import Record

PLACES = (
    (gettext_lazy("电源台账"), "plants", permissions.SEE, 60),
    (gettext_lazy("电源装机"), "plants-board", permissions.SEE, 61),
    (gettext_lazy("储能与配储"), "plants-storage", permissions.SEE, 62),
)


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    kinds = dict(Plant._meta.get_field("kind").flatchoices)
    yield Rows(
        Plant.objects.for_user(user).filter(name__icontains=text),
        ("code", "name", "kind"),
        lambda row: Hit(
            row["name"],
            str(kinds.get(row["kind"], "")),
            reverse("energy:plants-card", kwargs={"plant": row["code"]}),
            _("电站"),
        ),
    )


def _named(user: Any, codes: Collection[str]) -> dict[str, Subject]:
    rows = Plant.objects.for_user(user).filter(code__in=codes).values_list("code", "name")
    return {code: Subject(name, reverse("energy:plants-card", kwargs={"plant": code})) for code, name in rows}


def _page_of(record: Record) -> str:
    return reverse("energy:plants-record", kwargs={"id": record.pk})


def register() -> None:
    for title, name, wanted, order in PLACES:
        register_entry(Entry("energy", title, lambda name=name: reverse(f"energy:{name}"), wanted, order))  # type: ignore[misc]
    register_search(_search)
    register_subjects("plant", _named)
    for kind in (store.CAPACITY, store.TOTAL, store.LEASE, store.DUTY, store.IMPORT):
        register_page(kind, _page_of)
