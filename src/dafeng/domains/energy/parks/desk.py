"""Places in the navigation, the pages of the room's records, parks in the search."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import Park
from dafeng.domains.energy.parks import outside_sheet, permissions, sheet, steps
from dafeng.kernel.desk.registry import Entry, Hit, Rows, register_entry, register_page, register_search
from dafeng.kernel.desk.subjects import Subject, register_subjects
from dafeng.kernel.records.models import Record

PLACES = (
    (gettext_lazy("园区"), "parks", 55),
    (gettext_lazy("循环化改造"), "parks-progress", 56),
    (gettext_lazy("供热地图"), "parks-heat-map", 57),
)


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    levels = dict(Park._meta.get_field("level").flatchoices)
    yield Rows(
        Park.objects.for_user(user).filter(name__icontains=text),
        ("code", "name", "name_en", "level"),
        lambda row: Hit(
            (row["name_en"] if english() else "") or row["name"],
            str(levels.get(row["level"], "")),
            reverse("energy:parks-board", kwargs={"park": row["code"]}),
            _("园区"),
        ),
    )


def _named(user: Any, codes: Collection[str]) -> dict[str, Subject]:
    rows = Park.objects.for_user(user).filter(code__in=codes)
    return {
        each.code: Subject(each.called(english=english()), reverse("energy:parks-board", kwargs={"park": each.code}))
        for each in rows
    }


def _page_of(record: Record) -> str:
    return reverse("energy:parks-record", kwargs={"id": record.pk})


def _page_of_import(record: Record) -> str:
    return reverse("energy:parks-import", kwargs={"id": record.pk})


def _page_of_heat_import(record: Record) -> str:
    return reverse("energy:parks-outside-import", kwargs={"id": record.pk})


def register() -> None:
    for title, name, order in PLACES:
        register_entry(Entry("energy", title, lambda name=name: reverse(f"energy:{name}"), permissions.SEE, order))  # type: ignore[misc]
    register_search(_search)
    register_subjects("park", _named)
    for kind in steps.KINDS:
        register_page(kind, _page_of)
    register_page(sheet.KIND, _page_of_import)
    register_page(outside_sheet.KIND, _page_of_heat_import)
