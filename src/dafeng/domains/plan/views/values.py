"""填报: numbers that departments hand in for the plan's targets: one by one, from a sheet, and the office's taking of them."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.plan import permissions
from dafeng.domains.plan.judge_jobs import judge_soon
from dafeng.domains.plan.models import PlanCity
from dafeng.domains.plan.services import reported, value_sheets
from dafeng.domains.plan.services.city import city_of, first_city
from dafeng.domains.plan.services.names import department_name
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound, PermissionDenied, UploadError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record

EVIDENCE_BYTES = 20 * 2**20


class ValueForm(forms.Form):
    indicator = forms.ChoiceField(label=gettext_lazy("指标"))
    subject = forms.ChoiceField(label=gettext_lazy("地区"))
    member = forms.CharField(
        label=gettext_lazy("成员"), required=False, max_length=60, help_text=gettext_lazy("目标要求各断面、各园区全部达到时，填断面或园区名称")
    )  # fmt: skip
    period = forms.CharField(
        label=gettext_lazy("时期"), max_length=7, help_text=gettext_lazy("年 2024、季 2024Q1 或月 2024-03")
    )
    value = forms.FloatField(label=gettext_lazy("数值"), required=False)
    notation = forms.ChoiceField(
        label=gettext_lazy("没有数值时的符号"), required=False,
        choices=[("", "–"), ("NE", gettext_lazy("NE 有但未统计")), ("NO", gettext_lazy("NO 不发生")), ("NA", gettext_lazy("NA 不适用"))],
        help_text=gettext_lazy("缺数不能填 0；确认为零才填 0"),
    )  # fmt: skip
    basis = forms.ChoiceField(label=gettext_lazy("数据性质"), choices=list(reported.BASES.items()))
    source = forms.CharField(
        label=gettext_lazy("数据来源"), max_length=300, help_text=gettext_lazy("如统计年报、台账名称和文号")
    )
    evidence = forms.FileField(label=gettext_lazy("依据文件"), required=False)

    def __init__(self, *given: Any, items: list[reported.Item], subjects: dict[str, str], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["indicator"].choices = [(each.code, f"{each.name}（{each.unit}）") for each in items]  # type: ignore[attr-defined]
        self.fields["subject"].choices = list(subjects.items())  # type: ignore[attr-defined]

    def clean_value(self) -> float | None:
        value: float | None = self.cleaned_data["value"]
        if value is not None and not math.isfinite(value):
            raise forms.ValidationError(_("应为一个数"))
        return value

    def clean_evidence(self) -> Any:
        file = self.cleaned_data["evidence"]
        if file and file.size > EVIDENCE_BYTES:
            raise forms.ValidationError(_("文件超过 20 MB"))
        return file


def subjects_of(user: Any, city: PlanCity) -> dict[str, str]:
    """Places that a person may report for, and the enterprises with targets there: a county officer the own ones, the others all."""
    places = {city.code: city.name} | {code: names[0] for code, names in city.counties.items()}
    roles = records.roles_of(user)
    if "county" in roles and not {"ndrc", "statistics", "department", "ecology"} & roles:
        places = {code: name for code, name in places.items() if code in records.places_of(user)}
    return places | {name: name for name in sorted(reported.measured_at(places))}


def _places() -> dict[str, str]:
    """Names of the city and its counties; empty while there is no city."""
    code = first_city()
    if not code:
        return {}
    city = city_of(code)
    return {city.code: city.name} | {county: names[0] for county, names in city.counties.items()}


def _visible(user: Any) -> QuerySet[Record]:
    return Record.objects.for_user(user).of_kind(reported.KIND).select_related("created_by")


@require_safe
@asks(permissions.SEE_WORK)
def value_list(request: HttpRequest) -> HttpResponse:
    """What was handed in, by whom, and what became of it."""
    rows = _visible(request.user)
    mine = request.GET.get("mine") == "1"
    places = _places()
    table = Table(
        request,
        rows.filter(created_by=request.user) if mine else rows,
        [
            Column("title", _("指标与时期"), link=lambda r: reverse("plan:value", args=[r.pk]), wide=True),
            Column("place", _("地区"), show=lambda r: places.get(r.payload["subject"], r.payload["subject"])),
            Column("payload", _("数值"), show=lambda r: reported.shown(r.payload), numeric=True, sort=None),
            Column("state", _("状态"), show=lambda r: r.state_title),
            Column("created_by.username", _("填报人"), sort="created_by__username", show=lambda r: r.created_by),
            Column("created_at", _("填报时间"), show=lambda r: timezone.localtime(r.created_at).strftime("%Y-%m-%d %H:%M")),
        ],
        _("指标填报"),
        search=("title",),
        choices=(Choice("state", _("状态"), {"submitted": _("已报送"), "accepted": _("已采用"), "returned": _("已退回"), "replaced": _("已被更正")}),),
        order="-created_at",
        empty=_("还没有填报。没有业务能算出的指标，由责任单位在这里报数。"),
        file="values",
    )  # fmt: skip
    if answer := table.download():
        return answer
    context = {"table": table, "mine": mine, "may_report": may(request.user, permissions.REPORT_VALUE)}
    return render(request, "plan/targets/values.html", context)


def _offered(request: HttpRequest) -> tuple[PlanCity, list[reported.Item], dict[str, str]]:
    code = first_city()
    if not code:
        raise NotFound(_("还没有城市"), mend=_("请先载入城市数据包"))
    city = city_of(code)
    items, subjects = reported.owed_by(request.user), subjects_of(request.user, city)
    if not items or not subjects:
        raise PermissionDenied(_("没有由您的单位填报的指标"), mend=_("如果应当由您填报，请联系双碳办调整指标登记表"))
    return city, items, subjects


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.REPORT_VALUE)
def new(request: HttpRequest) -> HttpResponse:
    """Hand in one number."""
    _city, items, subjects = _offered(request)
    initial = {name: request.GET.get(name, "") for name in ("indicator", "subject", "period", "member")}
    form = ValueForm(request.POST or None, request.FILES or None, initial=initial, items=items, subjects=subjects)
    if request.method != "POST" or not form.is_valid():
        return render(request, "plan/targets/value_form.html", {"form": form}, status=422 if request.method == "POST" else 200)  # fmt: skip
    given, now = dict(form.cleaned_data), timezone.now()
    file = given.pop("evidence")
    try:
        checked = reported.checked(given.pop("indicator"), today=timezone.localdate(now), subjects=subjects, **given)
        with records.serial():
            evidence = [_keep(file, checked.source, request.user, now)] if file else []
            made = reported.submit(checked, by=request.user, now=now, evidence=evidence)
    except DafengError as error:
        context = {"form": form, "error": error.as_dict()}
        return render(request, "plan/targets/value_form.html", context, status=409 if error.code == "stale" else 422)
    messages.success(request, _("已报送，由双碳办或统计局的另一人采用后进入平台"))
    return redirect("plan:value", id=made.pk)


def _keep(file: Any, source: str, by: Any, now: Any) -> Evidence:
    return records.store_evidence(file, name=file.name, media_type=file.content_type or "application/octet-stream", by=by, now=now, source=source)  # fmt: skip


def _value(request: HttpRequest, id: UUID) -> Record:
    found = _visible(request.user).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这条填报"))
    return found


@require_safe
@asks(permissions.SEE_WORK)
def value(request: HttpRequest, id: UUID) -> HttpResponse:
    """One value that was handed in: what it says, what it rests on, what happened to it."""
    return _value_page(request, _value(request, id))


def _value_page(request: HttpRequest, found: Record, error: DafengError | None = None) -> HttpResponse:
    item = reported.items().get(found.payload["indicator"])
    moves = found.moves.select_related("by")
    events = [
        {"title": _("填报") if m.action == "open" else found.workflow.title_of(m.action), "by": m.by, "at": m.at, "text": m.reason, "bad": m.action == "return"}
        for m in moves
    ]  # fmt: skip
    others = _visible(request.user).filter(key=found.key).exclude(pk=found.pk).order_by("-seq")[:10]
    context = {
        "place": _places().get(found.payload["subject"], found.payload["subject"]), "record": found, "said": found.payload, "shown": reported.shown(found.payload), "item": item, "events": events,
        "owner": department_name(item.owner) if item else "", "basis": reported.BASES.get(found.payload["basis"], ""),
        "others": [(each, reported.shown(each.payload)) for each in others], "evidence": list(found.evidence.all()),
        "steps": [each for each in records.actions(found, request.user) if each.action in ("accept", "return")],
        "error": error.as_dict() if error else None,
    }  # fmt: skip
    return render(request, "plan/targets/value.html", context, status=409 if error else 200)


@require_POST
@asks(permissions.REPORT_VALUE)
def step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take it, or send it back with a reason."""
    found, now = _value(request, id), timezone.now()
    try:
        if request.POST.get("action") == "accept":
            reported.accept(found, by=request.user, now=now)
            judge_soon(first_city(), now=now)
            messages.success(request, _("已采用，数值已进入平台；正在重新研判有关目标"))
        else:
            reported.send_back(found, by=request.user, now=now, reason=request.POST.get("reason", ""))
            messages.success(request, _("已退回"))
    except DafengError as error:
        return _value_page(request, _value(request, id), error)
    return redirect("plan:value", id=found.pk)


# ---------------------------------------------------------------- from a sheet


@require_safe
@asks(permissions.REPORT_VALUE)
def template(request: HttpRequest) -> HttpResponse:
    """An empty sheet with what this person's department owes."""
    _city, items, subjects = _offered(request)
    answer = HttpResponse(value_sheets.template(items, subjects), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")  # fmt: skip
    answer["Content-Disposition"] = 'attachment; filename="values.xlsx"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.REPORT_VALUE)
def upload(request: HttpRequest) -> HttpResponse:
    """A sheet: first its faults by row or a preview, then, confirmed, all of it or nothing."""
    _city, _items, subjects = _offered(request)
    if request.method != "POST":
        return render(request, "plan/targets/value_upload.html", {})
    now = timezone.now()
    try:
        if kept := request.POST.get("evidence", ""):
            made = value_sheets.commit(_kept(request, kept), subjects=subjects, by=request.user, now=now)
            messages.success(request, _("已报送 %(count)s 个数值") % {"count": len(made)})
            return redirect(f"{reverse('plan:values')}?mine=1")
        file = request.FILES.get("file")
        if file is None:
            raise UploadError(_("没有选择文件"), mend=_("请选择填好的表格"))
        preview = value_sheets.read(file, name=file.name, subjects=subjects, by=request.user, today=timezone.localdate(now))  # fmt: skip
        if preview.problems or not preview.rows:
            return render(request, "plan/targets/value_upload.html", {"preview": preview, "problems": [each.as_dict() for each in preview.problems[:500]]}, status=422)  # fmt: skip
        file.seek(0)
        evidence = _keep(file, _("指标填报表"), request.user, now)
    except DafengError as error:
        return render(request, "plan/targets/value_upload.html", {"error": error.as_dict()}, status=422)
    return render(request, "plan/targets/value_upload.html", {"preview": preview, "evidence": evidence})


def _kept(request: HttpRequest, id: str) -> Evidence:
    """The sheet that this person handed in for the preview."""
    try:
        found = Evidence.objects.filter(pk=UUID(id), uploaded_by=request.user).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(_("没有这个文件"), mend=_("请重新上传"))
    return found


urlpatterns = [
    path("values/", value_list, name="values"),
    path("values/new/", new, name="value-new"),
    path("values/import/", upload, name="value-import"),
    path("values/template/", template, name="value-template"),
    path("values/<uuid:id>/", value, name="value"),
    path("values/<uuid:id>/step/", step, name="value-step"),
]
