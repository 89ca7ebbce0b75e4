"""What is written: plants, capacity changes, months, leases, totals, rules of the duty; records and their steps; the import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import amount, city_here, evidence_of, form_page, own_places
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.models import Plant
from dafeng.domains.energy.plants import leasing, months, permissions, publication, rules, sheet, steps, store
from dafeng.domains.energy.plants.forms import (
    ChangeForm,
    LeaseForm,
    MonthForm,
    PlantForm,
    RuleForm,
    TotalForm,
)
from dafeng.domains.energy.plants.views.words import facts_of
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages import import_pages
from dafeng.kernel.pages.steps import record_of, timeline, told, unchanged
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

KINDS = (store.CAPACITY, store.TOTAL, store.LEASE, store.DUTY, store.IMPORT)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def edit(request: HttpRequest, plant: str = "") -> HttpResponse:
    """Put a plant on the register, or bring its words up to date."""
    city = city_here()
    found = store.plant_for(request.user, plant) if plant else None
    initial: dict[str, Any] = {}
    if found:
        demand(request.user, permissions.KEEP, found.place)
        initial = {name: getattr(found, name) for name in store.WORDS} | {"code": found.code}
        initial |= {name: "，".join(codes) for name, codes in found.meters.items()}
        initial["part_of"] = found.part_of.code if found.part_of else ""

    def do(given: dict[str, Any]) -> HttpResponse:
        code, whole = given.pop("code"), given.pop("part_of")
        demand(request.user, permissions.KEEP, given["place"])
        made = store.keep(
            city.code, code=found.code if found else code, given=given, part_of=whole, by=request.user, now=timezone.now(), demo=bool(found and found.demo)
        )  # fmt: skip
        return redirect("energy:plants-card", plant=made.code)

    form = PlantForm(
        request.POST or None, places=own_places(request.user, city, permissions.own_place), initial=initial
    )
    return form_page(
        request, form, do, title=found.name if found else _("登记电站"), lead=_("容量不在这里填：登记后在电站页面报容量变动，附证明，由另一人核准。"),
        button=_("保存"), back=reverse("energy:plants"), back_title=_("电源台账"),
    )  # fmt: skip


def _own(request: HttpRequest, plant: str) -> Plant:
    """A plant for which this person may file."""
    found = store.plant_for(request.user, plant)
    if not may(request.user, permissions.FILE, found):
        raise NotFound(_("没有这座电站"), mend=_("请从电源台账进入"))
    return found


def _of_plant(request: HttpRequest, found: Plant, form: forms.Form, do: Callable[[dict[str, Any], list[Any]], Any], *, title: str, lead: str) -> HttpResponse:  # fmt: skip
    """A form about one plant with a file."""
    back = reverse("energy:plants-card", kwargs={"plant": found.code})

    def filed(given: dict[str, Any]) -> HttpResponse:
        do(given, evidence_of(request, given.pop("file"), title))
        messages.success(request, _("已报送"))
        return redirect(back)

    return form_page(request, form, filed, title=title, lead=lead, button=_("报送"), back=back, back_title=found.name)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def change(request: HttpRequest, plant: str) -> HttpResponse:
    """File a change of capacity."""
    found = _own(request, plant)

    def do(given: dict[str, Any], evidence: list[Any]) -> None:
        store.file_change(
            found, **given, evidence=evidence, by=request.user, now=timezone.now(), today=timezone.localdate()
        )

    form = ChangeForm(request.POST or None, request.FILES or None, plant=found, initial={"stage": "connected"})
    return _of_plant(request, found, form, do, title=_("报容量变动"), lead=_("备案、开工、并网、退役各报一次，附证明，由另一人核准后计入。"))  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def month(request: HttpRequest, plant: str) -> HttpResponse:
    """Tell the output of a month."""
    found = _own(request, plant)

    def do(given: dict[str, Any], evidence: list[Any]) -> None:
        values = {name: given.get(name) for name in rules.TOLD}
        months.file_month(
            found, month=given["month"], values=values, basis=given["basis"], source=given["source"], by=request.user, now=timezone.now(),
            today=timezone.localdate(), evidence=evidence[0] if evidence else None,
        )  # fmt: skip

    form = MonthForm(request.POST or None, request.FILES or None, plant=found)
    return _of_plant(request, found, form, do, title=_("填报月度电量"), lead=_("同一月再填一次即为更正，原数保留。有计量点的月份以计量为准。"))  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.FILE)
def lease(request: HttpRequest, plant: str) -> HttpResponse:
    """File a contract with a shared storage."""
    found = _own(request, plant)
    stations = {each.code: each for each in Plant.objects.filter(city=found.city, shared=True).order_by("name")}

    def do(given: dict[str, Any], evidence: list[Any]) -> None:
        station = stations[given.pop("station")]
        leasing.file_lease(found, station, **given, evidence=evidence, by=request.user, now=timezone.now())

    form = LeaseForm(request.POST or None, request.FILES or None, stations=[(each.code, each.name) for each in stations.values()])  # fmt: skip
    return _of_plant(request, found, form, do, title=_("报储能租赁"), lead=_("附合同。共享储能各期租出的合计不超过并网容量，由另一人核准后计入配储。"))  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.TOTAL)
def total(request: HttpRequest) -> HttpResponse:
    """Declare a county's total of distributed plants."""
    city = city_here()
    places = {code: name for code, name in cities.counties(city).items() if permissions.own_total(request.user, code)}

    def do(given: dict[str, Any]) -> HttpResponse:
        evidence = evidence_of(request, given.pop("file"), _("县区分布式总量"))
        demand(request.user, permissions.TOTAL, given["place"])
        made = store.file_total(
            city.code, **given, evidence=evidence, by=request.user, now=timezone.now(), today=timezone.localdate()
        )
        return redirect("energy:plants-record", id=made.record_id)

    form = TotalForm(request.POST or None, request.FILES or None, places=places)
    return form_page(
        request, form, do, title=_("申报县区分布式总量"), lead=_("截止某日的全县区合计，含已逐站登记的；由另一人核准后计入。"), button=_("报送"),
        back=reverse("energy:plants-board"), back_title=_("电源装机"),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.RULE)
def rule(request: HttpRequest) -> HttpResponse:
    """Enter a rule of the duty from its document."""
    city = city_here()

    def do(given: dict[str, Any]) -> HttpResponse:
        evidence = evidence_of(request, given.pop("file"), _("配储规定"))
        made = leasing.file_rule(city.code, **given, evidence=evidence, by=request.user, now=timezone.now())
        return redirect("energy:plants-record", id=made.record_id)

    form = RuleForm(request.POST or None, request.FILES or None)
    return form_page(
        request, form, do, title=_("录入配储规定"), lead=_("按并网日期适用：照文件录入，由另一人签发。"), button=_("录入"),
        back=reverse("energy:plants-storage"), back_title=_("储能与配储"),
    )  # fmt: skip


# ---------- records ----------


def _record(request: HttpRequest, id: UUID) -> Record:
    return record_of(request, id, *KINDS, mend=_("请从电源台账重新进入"))


@require_safe
@asks(permissions.SEE)
def record(request: HttpRequest, id: UUID) -> HttpResponse:
    """A filed change, total, lease, rule or import: what it says, its proof, its steps."""
    found, city = _record(request, id), city_here()
    actions = records.actions(found, request.user)
    facts, back, demo = facts_of(found, cities.counties(city))
    context = {
        "record": found, "facts": facts, "back": back, "demo": demo, "steps": actions, "evidence": list(found.evidence.all()), "events": timeline(found),
        "waits": found.state in ("filed", "preview") and not actions, "rows": _rows(found, city), "count": len(found.payload.get("rows", ())),
    }  # fmt: skip
    return render(request, "energy/plants/record.html", context)


def _rows(found: Record, city: Any) -> list[dict[str, Any]]:
    """The first rows of an import."""
    stages, kinds = {v: k for k, v in sheet.STAGES.items()}, dict(Plant.Kind.choices)
    return [
        row | {
            "place": cities.counties(city).get(row["place"], row["place"]), "kind": kinds[row["kind"]], "stage": stages[row["stage"]], "mw": amount(row["mw"], 2),
            "mwp": amount(row["mwp"], 2), "mwh": amount(row["mwh"], 2),
        }
        for row in found.payload.get("rows", [])[:200]
    ]  # fmt: skip


@require_POST
@asks(permissions.CHECK)
def record_step(request: HttpRequest, id: UUID) -> HttpResponse:
    """File an import, accept or refuse; the workflow says who may."""
    found, now = _record(request, id), timezone.now()
    unchanged(request, found)
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")[:300]
    if found.kind == store.IMPORT and action == "file":
        told(request, lambda: sheet.file(found, by=request.user, now=now), _("已提交，等待另一人核准"))
    else:
        told(request, lambda: steps.step(found, action, by=request.user, now=now, reason=reason), _("已办理"))
    return redirect("energy:plants-record", id=id)


# ---------- import ----------


@require_safe
@asks(permissions.KEEP)
def template(request: HttpRequest) -> FileResponse:
    return import_pages.template_file(sheet.template(city_here()), "电源台账")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest) -> HttpResponse:
    """A spreadsheet: its faults by row, or a preview that waits to be filed."""
    now, today = timezone.now(), timezone.localdate()
    return import_pages.upload_page(
        request, "energy/plants/upload.html",
        lambda file, name: sheet.open_import(city_here(), file, name=name, by=request.user, now=now, today=today),
        lambda made: redirect("energy:plants-record", id=made.pk),
    )  # fmt: skip


@require_POST
@asks(permissions.PUBLISH)
def publish(request: HttpRequest) -> HttpResponse:
    count = publication.publish(city_here(), by=request.user, now=timezone.now())
    messages.success(request, _("已发布 %(count)s 个数") % {"count": count})
    return redirect("energy:plants-board")
