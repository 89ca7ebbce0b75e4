"""企业报告对账: what enterprises reported beside the inventory's own activity, and, in two steps, what is taken of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
from dafeng.domains.inventory import taken as takings
from dafeng.domains.inventory.models import City
from dafeng.domains.inventory.reported import Compared, Reconciliation
from dafeng.domains.inventory.runs import city_of, english, place_names
from dafeng.domains.inventory.sheets.inputs import input_name
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
        taken = set(found.taken.record.payload["cells"]) if found.taken else set()
        lines = _lines(found, found.rows, taken)
        context |= {
            "takes": may(request.user, permissions.TAKE_REPORTED),
            "fuels": [line for line in lines if line["row"].fed.burnt],
            "activities": [line for line in lines if not line["row"].fed.burnt],
            "left": [_left(each) for each in found.left],
            "any": any(row.takeable for row in found.rows),
            "newer": found.taken is not None and found.taken.record.payload["feed"] != str(found.run.pk),
            "lapsed": [each for each in takings.lapsed(city) if each.year == found.year],
            "withdrawn": [_name_of(key) for key in found.withdrawn],
        }
    return render(request, "inventory/data/reported.html", context)


def _lines(found: Reconciliation, rows: Sequence[Compared], taken: Collection[str]) -> list[dict[str, Any]]:
    """One line a figure; the tick stands at the first line of what is taken together."""
    seen: set[str] = set()
    lines = []
    for row in rows:
        lines.append(_line(found, row, taken) | {"first": row.fed.key not in seen})
        seen.add(row.fed.key)
    return lines


def _line(found: Reconciliation, row: Compared, taken: Collection[str]) -> dict[str, Any]:
    key = row.fed.key
    return {
        "key": key,
        "row": row,
        "category": _("没有对应的清单类别")
        if row.fed.category == UNASSIGNED
        else words.category_name(row.fed.category),
        "fuel": words.item_name(row.item) if row.item else row.fed.name,
        "variable": "" if row.fed.burnt else _variable(row.fed.variable),
        "unit": row.fed.unit,
        "firms": len(row.fed.reports),
        "heat": _number(row.fed.value, row),
        "own": _own(row),
        "bases": "、".join(dict.fromkeys(_basis(row, each) for each in row.rows)),
        "difference": "–" if row.difference is None else _number(row.difference, row),
        "share": f"{row.share * 100:,.1f}%" if row.share is not None else "",
        "ticked": key in found.chosen,
        "taken": key in taken,
    }


def _variable(code: str) -> str:
    return input_name(code, "en" if english() else "zh")


def _number(value: float, row: Compared) -> str:
    """Heat in whole GJ; other amounts to three decimals, as the feed publishes them."""
    return words.exact(round(value) if row.fed.burnt else round(value, 3))


def _own(row: Compared) -> str:
    if not row.rows:
        return "–"
    return _("未知") if row.own is None else _number(row.own, row)


def _basis(row: Compared, each: Any) -> str:
    """Where the inventory's number comes from; of another category or item than the report's, which."""
    name = words.basis_name(each["basis"])
    if not row.fed.burnt and each["item"] != row.item:
        return f"{name}（{words.item_name(each['item'])}）"
    return name if each["category"] == row.fed.category else f"{name}（{each['category']}）"


def _left(each: Mapping[str, Any]) -> dict[str, Any]:
    told = 1 if english() else 0
    return {name: each[name][told] for name in ("sector", "source", "reason")} | {"firms": each["firms"]}


def _name_of(key: str) -> str:
    """What was taken, in words, from its key alone."""
    category, _dot, name = key.partition(".")
    return f"{words.category_name(category)} {words.item_name(reported.fuels().get(name) or name)}"


@require_safe
@asks(permissions.SEE_REPORTED)
def cell(request: HttpRequest, code: str, year: int, key: str) -> HttpResponse:
    """What one figure of the feed is the sum of: the firms' reports, and the months and source streams below them."""
    city = city_of(code)
    found = reported.reconcile(city, year)
    rows = [row for row in found.rows if row.fed.key == key] if found else []
    if found is None or not rows:
        raise NotFound(_("供数中没有“%(key)s”") % {"key": key[:60]}, mend=_("请返回重新选择"))
    firms = {each["report"]: each for row in rows for each in row.fed.reports}
    told = 1 if english() else 0
    context = {
        "city": city,
        "city_name": place_names(city)[code],
        "found": found,
        "reports": [
            {
                "line": _line(found, row, ()),
                "firms": [
                    {**each, "amount": _number(each["value"], row) if "value" in each else "–"}
                    for each in row.fed.reports
                ],
            }
            for row in rows
        ],
        "months": [
            {
                "month": each["month"],
                "title": each["title"][told],
                "variable": _variable(each["variable"]),
                "amount": words.exact(round(each["value"], 3)),
                "unit": each["unit"],
                "firms": "、".join(
                    f"{firms.get(part['report'], {}).get('name', part['report'])} {words.exact(round(part['value'], 3))}"
                    for part in each["reports"][: reported.NAMED]
                ),
                "more": max(0, len(each["reports"]) - reported.NAMED),
            }
            for each in reported.streams(found.run, found.year).get(key, ())
        ],
    }
    return render(request, "inventory/data/reported_cell.html", context)


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
        "lines": _lines(found, rows, ()),
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
    path("<str:code>/data/reported/<year:year>/<str:key>/", cell, name="reported-cell"),
]
