"""Places in the navigation, the pages of the room's records, a county's red lights and overdue patrols in the inbox."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, time
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.energy.control import limits, overruns, patrols, permissions, projects, quotas, sheet, warnings
from dafeng.domains.energy.control.city import name_of, only_city
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.control.views.decisions import page_of
from dafeng.domains.energy.models import HighProject
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
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.services import places_of, roles_of

PLACES = (
    (gettext_lazy("双控总览"), "control-board", permissions.SEE, 44),
    (gettext_lazy("指标与预算"), "control-quotas", permissions.SEE, 45),
    (gettext_lazy("超指标名单"), "control-over", permissions.SEE, 46),
    (gettext_lazy("两高项目"), "control-projects", permissions.SEE, 47),
    (gettext_lazy("煤炭削减与替代"), "control-coal", permissions.SEE, 48),
    (gettext_lazy("能耗限额"), "control-limits", permissions.SEE_SUBJECT, 49),
    (gettext_lazy("散煤巡查"), "control-patrols", permissions.SEE, 50),
    (gettext_lazy("本企业用能指标"), "control-own", permissions.OWN, 51),
)


def _tasks(user: Any, now: datetime) -> Iterator[Task]:
    """Projects over their review on which nobody acted, for the carbon office and their county; a county's red lights, and spots of
    dispersed coal that are due to be looked at again."""
    roles = roles_of(user)
    city = only_city() if {"county", "ndrc"} & roles else None
    if city is None:
        return
    places = None if "ndrc" in roles else places_of(user)
    for light in overruns.open_for(city.code, places).select_related("enterprise").order_by("place", "subject"):
        yield Task(
            title=_("两高项目超核定：%(name)s（%(year)s 年）") % {"name": name_of(light.subject, city=city), "year": light.month[:4]},
            why=_("登记窗口指导、约谈或限期整改"), href=reverse("energy:control-project", kwargs={"id": overruns.project_of(light)}),
            since=light.at, kind="energy.project",
        )  # fmt: skip
    if "county" not in roles:
        return
    year, month = warnings.last_month(now)
    for light in warnings.open_for(city.code, places_of(user), month=f"{year}-{month:02d}"):
        query = f"?quantity={light.quantity}" + (f"&sector={light.sector}" if light.sector else "")
        yield Task(
            title=_("%(name)s %(month)s %(what)s红灯") % {"name": name_of(light.subject, light.sector, city=city, firms={}), "month": light.month, "what": light.get_quantity_display()},
            why=_("登记采取的措施"), href=reverse("energy:control-subject", kwargs={"subject": light.subject}) + query,
            since=light.at, kind="energy.light",
        )  # fmt: skip
    for spot in patrols.open_spots(user, city.code):
        due = timezone.make_aware(datetime.combine(spot.again_by, time.max)) if spot.again_by else None
        yield Task(
            title=_("复查散煤：%(spot)s") % {"spot": spot.spot}, why=spot.get_found_display(), href=reverse("energy:control-patrols"),
            since=spot.at, due=due, kind="energy.patrol",
        )  # fmt: skip


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    yield Rows(
        HighProject.objects.for_user(user).filter(name__icontains=text),
        ("id", "name", "owner"),
        lambda row: Hit(
            row["name"], row["owner"], reverse("energy:control-project", kwargs={"id": row["id"]}), _("两高项目")
        ),
    )


def _page_of_import(record: Record) -> str:
    return reverse("energy:control-import", kwargs={"id": record.pk})


def _named(user: Any, codes: Collection[str]) -> dict[str, Subject]:
    """The city and its counties: no secret, and no page that fits everything that is told of a place."""
    del user
    city = only_city()
    return {code: Subject(city.place_name(code, english=english())) for code in codes} if city else {}


def register() -> None:
    for title, name, wanted, order in PLACES:
        register_entry(Entry("energy", title, lambda name=name: reverse(f"energy:{name}"), wanted, order))  # type: ignore[misc]
    register_tasks(_tasks)
    register_search(_search)
    register_subjects("place", _named)
    for kind in (quotas.KIND, projects.KIND, limits.KIND):
        register_page(kind, page_of)
    register_page(sheet.KIND, _page_of_import)
