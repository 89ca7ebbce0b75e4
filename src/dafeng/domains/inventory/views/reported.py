"""企业报告对账: what enterprises reported beside the inventory's own activity, and, in two steps, what is taken of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.inventory import data_words as words
from dafeng.domains.inventory import permissions, reported
from dafeng.domains.inventory.models import City
from dafeng.domains.inventory.reported import Compared, Reconciliation
from dafeng.domains.inventory.runs import city_of, place_names
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import ActivityError, NotFound

UNASSIGNED = "none"


def _year(request: HttpRequest) -> int | None:
    """The year asked for; None for the feed's latest, so that an odd address still shows something."""
    text = request.POST.get("year") or request.GET.get("year", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else None


@require_safe
@asks(permissions.SEE_REPORTED)
def page(request: HttpRequest, code: str) -> HttpResponse:
    """One year of the feed, each figure beside the inventory's rows of the same fuel; ticks for what may be taken."""
    city = city_of(code)
    found = reported.reconcile(city, _year(request))
    context: dict[str, Any] = {"city": city, "city_name": place_names(city)[code], "found": found}
    if found is not None:
        takes = may(request.user, permissions.TAKE_REPORTED)
        taken = set(found.taken.record.payload["cells"]) if found.taken else set()
        context |= {
            "takes": takes,
            "lines": [_line(found, row, taken) for row in found.rows],
            "any": any(row.takeable for row in found.rows),
            "newer": found.taken is not None and found.taken.record.payload["feed"] != str(found.run.pk),
        }
    return render(request, "inventory/data/reported.html", context)


def _line(found: Reconciliation, row: Compared, taken: set[str]) -> dict[str, Any]:
    key = row.fed.key
    return {
        "key": key,
        "row": row,
        "category": _("没有对应的清单类别")
        if row.fed.category == UNASSIGNED
        else words.category_name(row.fed.category),
        "fuel": words.item_name(row.item) if row.item else row.fed.fuel,
        "firms": len(row.fed.reports),
        "heat": words.exact(round(row.fed.heat)),
        "own": _own(row),
        "bases": "、".join(dict.fromkeys(_basis(row, each) for each in row.rows)),
        "difference": "–" if row.difference is None else words.exact(round(row.difference)),
        "ticked": key in found.chosen,
        "taken": key in taken,
    }


def _own(row: Compared) -> str:
    if not row.rows:
        return "–"
    return _("未知") if row.own is None else words.exact(round(row.own))


def _basis(row: Compared, each: Any) -> str:
    """Where the inventory's number comes from; of another category than the report's, which."""
    name = words.basis_name(each["basis"])
    return name if each["category"] == row.fed.category else f"{name}（{each['category']}）"


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.TAKE_REPORTED)
def take(request: HttpRequest, code: str) -> HttpResponse:
    """What the ticked rows would bring and which estimates would give way; sent, they become one batch."""
    city = city_of(code)
    asked = request.POST if request.method == "POST" else request.GET
    keys = set(asked.getlist("cell"))
    if request.method == "POST":
        return _commit(request, city, keys)
    found = reported.reconcile(city, _year(request))
    if found is None:
        raise NotFound(_("还没有发布企业报告的统计供数"), mend=_("请在企业报告的“统计供数”中发布"))
    rows = reported.chosen_rows(found, keys)
    if not rows:
        raise ActivityError(_("没有选择要取的数"), mend=_("请至少勾选一行；要去掉已取的数，请撤销那一批"))
    places = words.place_label(place_names(city))
    context = {
        "city": city,
        "city_name": place_names(city)[code],
        "found": found,
        "lines": [_line(found, row, set()) for row in rows],
        "firms": len({each["report"] for row in rows for each in row.fed.reports}),
        "gone": [
            {
                "category": words.category_name(each["category"]),
                "item": words.item_label(each),
                "place": places(each["place"]),
                "value": words.amount(each["value"], each["unit"], each["notation"]),
                "basis": words.basis_name(each["basis"]),
            }
            for each in reported.giving_way(found, rows)
        ],
    }
    return render(request, "inventory/data/reported_take.html", context)


def _commit(request: HttpRequest, city: City, keys: set[str]) -> HttpResponse:
    year = _year(request)
    if year is None:
        raise ActivityError(_("没有写明年份"), mend=_("请返回重新选择"))
    batch, changed = reported.take(
        city, year, keys, seen=request.POST.get("seen", ""), by=request.user, now=timezone.now()
    )
    if not changed:
        messages.info(request, _("这次供数已经取过，没有变化（第 %(id)s 批）") % {"id": batch.pk})
        return redirect(f"{reverse('inventory:reported', kwargs={'code': city.pk})}?year={year}")
    rows = batch.record.payload["rows"]
    messages.success(request, _("已从企业报告取数 %(rows)s 行（第 %(id)s 批）") % {"rows": rows, "id": batch.pk})
    return redirect("inventory:batch", code=city.pk, id=batch.pk)


urlpatterns = [
    path("<str:code>/data/reported/", page, name="reported"),
    path("<str:code>/data/reported/take/", take, name="reported-take"),
]
