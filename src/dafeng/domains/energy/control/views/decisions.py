"""Quotas and budgets: the list, drafting, adjusting; and one page for every kind of record of the room, with its steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import amount, city_here, evidence_of, own_firms, unit_of
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control import limits, permissions, projects, quotas, rules, warnings
from dafeng.domains.energy.control.forms import AdjustForm, QuotaForm, UseForm
from dafeng.domains.energy.models import Building, HighProject, Park, Quota
from dafeng.domains.energy.models.control import Quantity
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages.steps import timeline, told, unchanged
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records import workflows
from dafeng.kernel.records.models import Record

KINDS = (quotas.KIND, projects.KIND, limits.KIND)


def states_of(kind: str) -> dict[str, str]:
    return {name: state.title for name, state in workflows.get(kind).states.items()}


def page_of(record: Record) -> str:
    return reverse("energy:control-decision", kwargs={"id": record.pk})


@require_safe
@asks(permissions.SEE)
def all_quotas(request: HttpRequest) -> HttpResponse:
    """Every decision and adjustment that this person may see, in every state."""
    city = city_here()
    rows = Quota.objects.for_user(request.user).filter(city=city.code).select_related("record", "enterprise", "adjusts")
    english = rules.english()

    def name(row: Quota) -> str:
        firms = {row.subject: row.enterprise} if row.enterprise else {}
        return cities.name_of(row.subject, row.sector, city=city, firms=firms)

    table = Table(
        request, rows,
        [
            Column("subject", _("对象"), show=name, link=lambda row: page_of(row.record), wide=True),
            Column("quantity", _("种类"), show=lambda row: row.get_quantity_display()),
            Column("period", _("时期")),
            Column("amount", _("数量"), numeric=True, show=lambda row: f"{'+' if row.adjusts_id and row.amount > 0 else ''}{amount(row.amount)} {unit_of(row.quantity)}"),
            Column("kind", _("性质"), show=lambda row: _("调整") if row.adjusts_id else row.get_kind_display()),
            Column("document", _("文件"), wide=True),
            Column("decided_on", _("决定日期"), show=lambda row: str(row.decided_on)),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row.demo else ""),
        ],
        _("指标与预算"), search=("document", "subject", "period"),
        choices=(
            Choice("quantity", _("种类"), dict(Quantity.choices)), Choice("state", _("状态"), states_of(quotas.KIND), column="record__state"),
            Choice("place", _("县区"), {code: names[english] for code, names in city.counties.items()}),
        ),
        order="-decided_on", empty=_("还没有下达指标。"), file="quotas",
    )  # fmt: skip
    return table.download() or render(
        request, "energy/control/quotas.html", {"table": table, "decides": may(request.user, permissions.DECIDE)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE)
def new_quota(request: HttpRequest) -> HttpResponse:
    """Draft a decision; another person signs it."""
    city = city_here()
    places = cities.counties(city) | {city.code: city.place_name(city.code, english=rules.english())}
    form = QuotaForm(
        request.POST or None, request.FILES or None, places=places, firms=own_firms(request.user, city),
        buildings=Building.objects.for_user(request.user).filter(city=city.code, public=True), parks=Park.objects.for_user(request.user).filter(city=city.code),
        initial={"decided_on": timezone.localdate(), "period": timezone.localdate().year},
    )  # fmt: skip
    context: dict[str, Any] = {"form": form, "title": _("起草指标或预算"), "lead": _("保存为草稿，由另一人签发后生效。"), "button": _("保存草稿，送签发"), "back": reverse("energy:control-quotas"), "back_title": _("指标与预算")}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            with records.serial():
                evidence = evidence_of(request, given.pop("file"), _("指标文件"))
                made = quotas.draft(city.code, **given, by=request.user, now=timezone.now(), evidence=evidence)
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        return redirect("energy:control-decision", id=made.record_id)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.DECIDE)
def adjust(request: HttpRequest, id: int) -> HttpResponse:
    """Draft an adjustment with its reason; another person signs it."""
    quota = quotas.quota_for(request.user, id)
    form = AdjustForm(request.POST or None, initial={"decided_on": timezone.localdate()})
    context: dict[str, Any] = {"form": form, "title": _("调整：%(title)s") % {"title": quota.record.title}, "lead": _("原数 %(amount)s %(unit)s。调整须写明理由，由另一人签发。") % {"amount": amount(quota.amount), "unit": unit_of(quota.quantity)}, "button": _("保存草稿，送签发"), "back": page_of(quota.record), "back_title": quota.record.title}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            made = quotas.draft(
                quota.city, place=quota.place, quantity=quota.quantity, period=quota.period, **form.cleaned_data,
                adjusts=quota, by=request.user, now=timezone.now(),
            )  # fmt: skip
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        return redirect("energy:control-decision", id=made.record_id)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


def _record(request: HttpRequest, id: UUID) -> Record:
    found = Record.objects.for_user(request.user).of_kind(*KINDS).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这项决定"), mend=_("请从指标清单重新进入"))
    return found


@require_safe
@asks(permissions.SEE_SUBJECT)
def decision(request: HttpRequest, id: UUID) -> HttpResponse:
    """A quota, a coal cut or a limit: what it says, who signed it, and what one may do now."""
    record = _record(request, id)
    facts, more = _facts(request, record)
    steps = records.actions(record, request.user)
    context = {
        "record": record, "facts": facts, "steps": steps, "evidence": list(record.evidence.all()), "events": timeline(record),
        "waits": record.state in ("draft", "claimed", "entered") and not steps,
    } | more  # fmt: skip
    return render(request, "energy/control/decision.html", context)


def _facts(request: HttpRequest, record: Record) -> tuple[list[tuple[Any, Any]], dict[str, Any]]:
    if record.kind == quotas.KIND:
        return _quota_facts(request, Quota.objects.select_related("enterprise", "adjusts__record").get(record=record))
    if record.kind == projects.KIND:
        return _coal_facts(request, record.energy_coal_cut)
    row = record.energy_limit
    product = rules.products()[row.product]
    return [
        (_("产品"), f"{product.name}（{product.unit}）"), (_("限定值"), row.limit), (_("准入值"), row.access),
        (_("先进值"), row.advanced), (_("标准号与条款"), row.document), (_("实施日期"), row.valid_from),
    ], {"crumb": (reverse("energy:control-limits"), _("能耗限额"))}  # fmt: skip


def _quota_facts(request: HttpRequest, row: Quota) -> tuple[list[tuple[Any, Any]], dict[str, Any]]:
    unit = unit_of(row.quantity)
    facts = [
        (_("对象"), cities.name_of(row.subject, row.sector)), (_("种类"), row.get_quantity_display()), (_("时期"), row.period),
        (_("调整量") if row.adjusts_id else _("数量"), f"{amount(row.amount)} {unit}"), (_("性质"), _("调整") if row.adjusts_id else row.get_kind_display()),
        (_("依据文件"), row.document), (_("决定日期"), row.decided_on), *([(_("理由"), row.reason)] if row.reason else []),
    ]  # fmt: skip
    more: dict[str, Any] = {"crumb": (reverse("energy:control-quotas"), _("指标与预算")), "demo": row.demo}
    if row.adjusts_id is None:
        rows = list(row.adjustments.select_related("record").order_by("decided_on", "pk"))
        budget = quotas.Budget(row, tuple(each for each in rows if each.record.state == quotas.SIGNED))
        facts.append((_("调整后"), f"{amount(budget.amount)} {unit}"))
        more["adjustments"] = [
            {"row": each, "amount": amount(each.amount), "address": page_of(each.record)} for each in rows
        ]
        if row.record.state == quotas.SIGNED and may(request.user, permissions.DECIDE):
            more["adjust"] = reverse("energy:control-adjust", kwargs={"id": row.pk})
    elif row.adjusts is not None:
        more["original"] = (page_of(row.adjusts.record), row.adjusts.record.title)
    return facts, more


def _coal_facts(request: HttpRequest, cut: Any) -> tuple[list[tuple[Any, Any]], dict[str, Any]]:
    free = projects.free_of(cut)
    facts = [
        (_("削减来源"), cut.title), (_("县区"), cities.name_of(cities.place_subject(cut.place))), (_("削减年份"), cut.year),
        (_("削减量"), f"{amount(cut.tonnes, 1)} t"), (_("已用于替代"), f"{amount(cut.tonnes - free, 1)} t"), (_("剩余可用"), f"{amount(free, 1)} t"),
        (_("核算办法"), cut.how),
    ]  # fmt: skip
    more: dict[str, Any] = {
        "crumb": (reverse("energy:control-coal"), _("煤炭削减与替代")), "demo": cut.demo,
        "uses": list(cut.uses.select_related("project", "by").order_by("pk")),
    }  # fmt: skip
    if cut.record.state == "confirmed" and may(request.user, permissions.KEEP_COAL, cut.place):
        choices = HighProject.objects.for_user(request.user).filter(city=cut.city).order_by("name")
        more |= {"use_form": UseForm(projects=choices), "cut": cut}
    return facts, more


@require_POST
@asks(permissions.SEE_SUBJECT)
def decision_step(request: HttpRequest, id: UUID) -> HttpResponse:
    """The workflow says who may; a signed or revoked quota changes the lights at once."""
    record = _record(request, id)
    unchanged(request, record)
    now, action, reason = timezone.now(), request.POST.get("action", ""), request.POST.get("reason", "")[:300]

    def step() -> None:
        records.move(record, action, by=request.user, now=now, reason=reason)
        if record.kind == quotas.KIND:
            warnings.assess(
                record.energy_quota.city, by=request.user, now=now, quantities=[record.energy_quota.quantity]
            )

    told(request, step, _("已办理"))
    return redirect("energy:control-decision", id=id)
