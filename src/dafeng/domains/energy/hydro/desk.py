"""Places in the navigation, warnings in the inbox, the pages of the room's records, stations in the search."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Value
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.hydro import permissions, sheet, store, words
from dafeng.domains.energy.models import EcoWarning, HydroGauge, HydroStation, hydro_full
from dafeng.kernel.desk.registry import (
    Entry,
    Hit,
    Rows,
    Task,
    register_entry,
    register_page,
    register_search,
    register_tasks,
)
from dafeng.kernel.desk.subjects import Subject, register_subjects
from dafeng.kernel.records.access import roles_of
from dafeng.kernel.records.models import Record

PLACES = (
    (gettext_lazy("小水电与流域"), "hydro", 65), (gettext_lazy("生态流量预警"), "hydro-warnings", 66), (gettext_lazy("抽水蓄能"), "hydro-pumped", 67),
)  # fmt: skip
MOST = 20


def _waiting(user: Any, now: datetime) -> Iterator[Task]:
    """New warnings of their stations for owners and counties; the city's offices have the desk."""
    del now
    if not {"enterprise", "county"} & roles_of(user):
        return
    mine = EcoWarning.objects.filter(hydro_full(user, at="station"), state="new", stands=True, station__kind="small")
    for each in mine.select_related("station")[:MOST]:
        yield Task(
            title=f"{each.get_kind_display()} · {each.station.called(english=english())}", why=f"{_('生态流量预警')}：{words.LEVELS[each.level]}",
            href=reverse("energy:hydro-warning", kwargs={"id": each.pk}), since=each.found_at, kind="energy.eco_warning",
        )  # fmt: skip


def _address(code: str, kind: str) -> str:
    name = "hydro-station" if kind == HydroStation.Kind.SMALL else "hydro-pumped-station"
    return reverse(f"energy:{name}", kwargs={"station": code})


def _named(user: Any, codes: Collection[str]) -> dict[str, Subject]:
    """Stations and gauges, which share the kind, in one question."""
    words = ("code", "name", "name_en")
    gauges = HydroGauge.objects.for_user(user).filter(code__in=codes).order_by()
    stations = HydroStation.objects.for_user(user).filter(code__in=codes).order_by()
    rows = gauges.annotate(of=Value("")).values_list(*words, "of").union(stations.values_list(*words, "kind"), all=True)
    return {
        code: Subject(
            (name_en if english() else "") or name, _address(code, kind) if kind else reverse("energy:hydro-gauges")
        )
        for code, name, name_en, kind in rows
    }


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    kinds = dict(HydroStation.Kind.choices)

    def hit(row: Mapping[str, Any]) -> Hit:
        title = (row["name_en"] if english() else "") or row["name"]
        return Hit(title, str(kinds[row["kind"]]), _address(row["code"], row["kind"]), _("水电站"))

    yield Rows(
        HydroStation.objects.for_user(user).filter(name__icontains=text), ("code", "name", "name_en", "kind"), hit
    )


def _page_of(record: Record) -> str:
    return reverse("energy:hydro-decision", kwargs={"id": record.pk})


def _page_of_import(record: Record) -> str:
    return reverse("energy:hydro-import", kwargs={"id": record.pk})


def register() -> None:
    for title, name, order in PLACES:
        register_entry(Entry("energy", title, lambda name=name: reverse(f"energy:{name}"), permissions.SEE, order))  # type: ignore[misc]
    register_tasks(_waiting)
    register_search(_search)
    register_subjects("hydro", _named)
    register_page(store.THRESHOLD, _page_of)
    register_page(sheet.KIND, _page_of_import)
