"""Pages on which a firm's energy manager builds the flow model: what there is and what is missing, one form a part, the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.models import FlowLink, FlowNode, Meter, MonitoredFirm, Product
from dafeng.domains.energy.monitoring import forms, modelling, permissions, sheet, words
from dafeng.domains.energy.monitoring.methods import flows
from dafeng.domains.energy.monitoring.views.firm_page import firm_of, shell
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages import import_pages
from dafeng.kernel.pages.steps import record_of, told
from dafeng.kernel.records.models import Record


@dataclass(frozen=True)
class Part:
    """What a form is about: its words, its form, the row it changes, what keeps it, and the fields that name the row."""

    title: Any
    lead: Any
    form: type[django_forms.Form]
    find: Callable[[MonitoredFirm, str], Any]
    initial: Callable[[Any], dict[str, Any]]
    save: Callable[..., Any]
    fixed: tuple[str, ...] = ()


def _fields(*names: str) -> Callable[[Any], dict[str, Any]]:
    return lambda row: {name: getattr(row, name) for name in names}


def _by_code(model: Any) -> Callable[[MonitoredFirm, str], Any]:
    return lambda firm, key: model.objects.filter(enterprise=firm.enterprise, code=key).first()


def _by_number(model: Any) -> Callable[[MonitoredFirm, str], Any]:
    return lambda firm, key: (
        model.objects.filter(enterprise=firm.enterprise, pk=int(key)).first() if key.isdigit() else None
    )


PARTS: dict[str, Part] = {
    "node": Part(
        gettext_lazy("环节"), gettext_lazy("企业里能源经过的一个地方：一路进线、一台锅炉、一个配电室、一个车间、一种产品。"), forms.NodeForm,
        _by_code(FlowNode), _fields("code", "name", "name_en", "stage", "tolerance", "since", "until"),
        lambda firm, given, **who: modelling.save_node(firm.enterprise, **given, **who), ("code",),
    ),
    "meter": Part(
        gettext_lazy("计量点"), gettext_lazy("把一块表放到它所在的环节，说明它量什么、是不是分表。"), forms.MeterForm,
        _by_number(Meter), _fields("point", "node", "item", "role", "parent", "since", "until"),
        lambda firm, given, **who: modelling.bind(given.pop("node"), given.pop("point"), **given, **who), ("point",),
    ),
    "link": Part(
        gettext_lazy("流向"), gettext_lazy("一种能源从一个环节到下一个环节：购入 → 转换 → 分配 → 使用 → 产品。"), forms.LinkForm,
        _by_number(FlowLink), _fields("source", "target", "item", "meter", "recovered", "since", "until"),
        lambda firm, given, **who: modelling.save_link(given.pop("source"), given.pop("target"), **given, **who), ("source", "target", "item"),
    ),
    "product": Part(
        gettext_lazy("产品"), gettext_lazy("单位产品综合能耗按它的产量计算。"), forms.ProductForm,
        _by_code(Product), _fields("code", "name", "name_en", "unit", "node"),
        lambda firm, given, **who: modelling.save_product(firm.enterprise, **given, **who), ("code",),
    ),
    "contract": Part(
        gettext_lazy("电价与用能习惯"), gettext_lazy("节能建议和异常的金额按它计算；不知道的空着。"), forms.ContractForm,
        lambda firm, _key: firm, _fields(*modelling.CONTRACT),
        lambda firm, given, **who: modelling.save_contract(firm, given, **who),
    ),
}  # fmt: skip


@require_safe
@asks(permissions.SEE)
def model(request: HttpRequest, code: str) -> HttpResponse:
    """The model by stage, what is still missing, and where to go on."""
    firm = firm_of(request, code)
    today, english = timezone.localdate(), words.english()
    held, whole = modelling.model_of(firm.enterprise, today), modelling.model_of(firm.enterprise)
    stages = dict(FlowNode.Stage.choices)
    context = shell(firm, "model") | {
        "faults": modelling.said(held), "keeps": may(request.user, permissions.MODEL, firm.enterprise), "empty": not whole.nodes,
        "nodes": [
            {"row": node, "name": node.called(english=english), "stage": stages[node.stage], "state": _state(node, today), "meters": [meter.point.called(english=english) for meter in whole.meters if meter.node_id == node.pk]}
            for node in sorted(whole.nodes, key=lambda each: flows.STAGES.index(each.stage))
        ],
        "meters": [
            {"row": meter, "name": meter.point.called(english=english), "node": meter.node.called(english=english), "item": words.item_name(meter.item), "parent": meter.parent.point.called(english=english) if meter.parent else "", "state": _state(meter, today)}
            for meter in whole.meters
        ],
        "links": [
            {"row": link, "source": link.source.called(english=english), "target": link.target.called(english=english), "item": words.item_name(link.item), "meter": link.meter.point.called(english=english) if link.meter else "", "state": _state(link, today)}
            for link in whole.links
        ],
        "products": Product.objects.filter(enterprise=firm.enterprise),
    }  # fmt: skip
    return render(request, "energy/monitoring/model.html", context)


def _state(part: Any, day: date) -> dict[str, Any]:
    """Whether a part holds, and from or until when."""
    if part.holds(day):
        text = _("%(day)s 起停用") % {"day": part.until} if part.until else _("在用")
        return {"text": text, "tone": "ok"}
    if part.since and part.since > day:
        return {"text": _("%(day)s 起用") % {"day": part.since}, "tone": "warn"}
    return {"text": _("已停用") if part.until == date.min else _("%(day)s 起已停用") % {"day": part.until}, "tone": ""}


def _mine(request: HttpRequest, code: str) -> MonitoredFirm:
    firm = firm_of(request, code)
    demand(request.user, permissions.MODEL, firm.enterprise)
    return firm


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.MODEL)
def edit(request: HttpRequest, code: str, part: str) -> HttpResponse:
    """Enter or change one part; `?key=` names the row that is changed."""
    firm = _mine(request, code)
    if part not in PARTS:
        raise NotFound(_("流程模型里没有这一部分"), expected="、".join(PARTS))
    kind, key = PARTS[part], request.GET.get("key", "")
    found = kind.find(firm, key) if key or part == "contract" else None
    if key and found is None:
        raise NotFound(_("流程模型里没有这一项"), mend=_("请从流程模型页进入"))
    more: dict[str, Any] = {"enterprise": firm.enterprise} if issubclass(kind.form, forms.OfFirm) else {}
    form = kind.form(request.POST or None, initial=kind.initial(found) if found else None, **more)
    for name in kind.fixed if found else ():  # another name would be another row
        form.fields[name].disabled = True
    back = reverse("energy:monitoring-model", kwargs={"code": code})
    context = shell(firm, "model") | {"form": form, "part": kind, "back": back, "changes": found is not None}
    if request.method != "POST":
        return render(request, "energy/monitoring/model_form.html", context)
    if form.is_valid():
        try:
            kind.save(firm, dict(form.cleaned_data), by=request.user, now=timezone.now())
        except DafengError as error:
            return render(
                request, "energy/monitoring/model_form.html", context | {"error": error.as_dict()}, status=422
            )
        told(request, lambda: None, _("已保存"))
        return redirect(back)
    return render(request, "energy/monitoring/model_form.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.ENROL)
def enrol(request: HttpRequest) -> HttpResponse:
    """Make an enterprise a key energy user."""
    known = MonitoredFirm.objects.values("enterprise")
    firms = Enterprise.objects.for_user(request.user).exclude(pk__in=known)
    form = forms.EnrolForm(request.POST or None, firms=firms)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            made = modelling.enrol(given.pop("enterprise"), given, by=request.user, now=timezone.now())
        except DafengError as error:
            return render(request, "energy/monitoring/enrol.html", context | {"error": error.as_dict()}, status=422)
        return redirect("energy:monitoring-model", code=made.enterprise.code)
    return render(request, "energy/monitoring/enrol.html", context, status=422 if request.method == "POST" else 200)


# ---------------------------------------------------------------- the table


@require_safe
@asks(permissions.MODEL)
def template(request: HttpRequest, code: str) -> FileResponse:
    return import_pages.template_file(sheet.template(_mine(request, code).enterprise), f"{_('用能流程模型')}-{code}")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.MODEL)
def upload(request: HttpRequest, code: str) -> HttpResponse:
    """A table: its faults by row, or a preview that waits to be committed."""
    firm = _mine(request, code)
    return import_pages.upload_page(
        request, "energy/monitoring/model_upload.html",
        lambda file, name: sheet.open_import(firm.enterprise, file, name=name, by=request.user, now=timezone.now()),
        lambda made: redirect("energy:monitoring-model-import", code=code, id=made.pk), shell(firm, "model"),
    )  # fmt: skip


def _import(request: HttpRequest, firm: MonitoredFirm, id: UUID) -> Record:
    return record_of(request, id, permissions.MODEL_IMPORT, mend=_("请从导入页重新进入"), key=firm.enterprise.code)


@require_safe
@asks(permissions.MODEL)
def import_page(request: HttpRequest, code: str, id: UUID) -> HttpResponse:
    """What an import holds, and the steps that are open."""
    firm, stages = _mine(request, code), dict(FlowNode.Stage.choices)

    def show(row: dict[str, Any]) -> dict[str, Any]:
        return {"stage": stages[row["stage"]], "item": words.item_name(row["item"]) if row["item"] else ""}

    address = reverse("energy:monitoring-model-import-step", kwargs={"code": code, "id": id})
    context = import_pages.waiting(request, _import(request, firm, id), show=show, address=address)
    return render(request, "energy/monitoring/model_import.html", shell(firm, "model") | context)


@require_POST
@asks(permissions.MODEL)
def import_step(request: HttpRequest, code: str, id: UUID) -> HttpResponse:
    """Commit, drop, or take back."""
    record, who = _import(request, _mine(request, code), id), {"by": request.user, "now": timezone.now()}
    reason = request.POST.get("reason", "")[:300]
    import_pages.take_step(
        request, record,
        commit=(lambda: sheet.commit(record, **who), _("已入库 %(count)s 行") % {"count": len(record.payload["rows"])}),
        undo=(lambda: sheet.undo(record, **who, reason=reason), _("已撤销，模型回到导入之前")),
    )  # fmt: skip
    return redirect("energy:monitoring-model-import", code=code, id=id)
