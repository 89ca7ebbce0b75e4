"""核算单元与边界: installations with their units, what each burns and is, its measuring points, and the dated changes of both boundaries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import BoundaryChange, Facility, MeasuringPoint
from dafeng.domains.enterprise.reporting import boundaries, permissions, points, sectoral, structure
from dafeng.domains.enterprise.reporting.views.places import clock, facility_of, firm_of, keeps
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError


def boundary_titles() -> dict[str, str]:
    return {boundaries.REPORTING: _("报告边界"), boundaries.COMPLIANCE: _("履约边界")}


class FacilityForm(forms.Form):
    code = forms.SlugField(label=gettext_lazy("代码"), max_length=60, help_text=gettext_lazy("小写字母、数字和连字符"))
    name = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    sector = forms.ChoiceField(label=gettext_lazy("行业方法"))
    since = forms.DateField(
        label=gettext_lazy("投产"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("关停"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    parent = forms.ChoiceField(
        label=gettext_lazy("所属装置"), required=False,
        help_text=gettext_lazy("机组、生产线归入的电厂、装置；自成一个装置的留空。有机组的装置自己不填数"),
    )  # fmt: skip
    compliance = forms.BooleanField(label=gettext_lazy("计入履约边界"), required=False)

    def __init__(self, *args: Any, facilities: list[Facility], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = [(each.code, each.name) for each in facilities if not each.parent_id]
        self.fields["parent"].choices = [("", _("没有")), *above]  # type: ignore[attr-defined]
        self.fields["sector"].choices = list(sectoral.sector_titles().items())  # type: ignore[attr-defined]


class PointForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("测点代码"), max_length=60, help_text=gettext_lazy("已登记的代码，即改动那个测点")
    )
    cell = forms.ChoiceField(label=gettext_lazy("测什么"))
    instrument = forms.CharField(label=gettext_lazy("器具类型和型号"), max_length=120)
    accuracy = forms.CharField(label=gettext_lazy("准确度等级"), max_length=40, required=False)
    place = forms.CharField(label=gettext_lazy("安装位置"), max_length=120, required=False)
    calibrated = forms.CharField(
        label=gettext_lazy("检定或校准日期"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("各次的日期，如 2025-03-12，用顿号分开"),
    )
    period = forms.IntegerField(label=gettext_lazy("检定周期（月）"), min_value=1, max_value=240, required=False)
    reading = forms.CharField(
        label=gettext_lazy("能源监测的计量点"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("它的代码；填了，月度页面可以由计量填入这一项，实测不足九成的月份不填"),
    )
    since = forms.DateField(
        label=gettext_lazy("启用"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("停用"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def __init__(self, *args: Any, facility: Facility, **kwargs: Any) -> None:
        self.of = facility.pk
        super().__init__(*args, auto_id=f"point-{facility.pk}-%s", **kwargs)
        cells = [(f"{each.item}:{each.stream}", each.title) for each in sectoral.wanted_of_year(facility, 0)]
        self.fields["cell"].choices = cells  # type: ignore[attr-defined]


class ChangeForm(forms.Form):
    facility = forms.ChoiceField(label=gettext_lazy("核算单元"))
    day = forms.DateField(label=gettext_lazy("日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    boundary = forms.ChoiceField(label=gettext_lazy("边界"))
    inside = forms.ChoiceField(
        label=gettext_lazy("变化"), choices=[("1", gettext_lazy("计入")), ("0", gettext_lazy("移出"))]
    )
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, facilities: list[Facility], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["facility"].choices = [(each.pk, each.name) for each in facilities]  # type: ignore[attr-defined]
        self.fields["boundary"].choices = list(boundary_titles().items())  # type: ignore[attr-defined]


@require_safe
@asks(permissions.SEE)
def facilities(request: HttpRequest, firm: str) -> HttpResponse:
    """Facilities, their streams, and the dated changes of both boundaries."""
    enterprise = firm_of(request.user, firm, what="facilities")
    return _facilities_page(request, enterprise)


def _facilities_page(
    request: HttpRequest,
    enterprise: Enterprise,
    *,
    form: forms.Form | None = None,
    changing: forms.Form | None = None,
    placing: PointForm | None = None,
    error: DafengError | None = None,
) -> HttpResponse:
    found = list(Facility.objects.filter(enterprise=enterprise).select_related("parent"))
    changes, known = boundaries.changes_of(found), points.of(found)
    heads = {each.parent_id for each in found}
    listed = [each for installation, below in boundaries.grouped(found) for each in (installation, *below)]
    editing = request.GET.get("point", "")
    context = {
        "firm": enterprise,
        "keeps": keeps(request.user, enterprise),
        "tree": [
            {
                "facility": each,
                "sector": sectoral.sector_title(each.sector),
                "installation": each.pk in heads,
                "changes": [_change(row) for row in changes.get(each.pk, ())],
            }
            for each in listed
        ],
        "rows": [
            {
                "facility": each,
                "streams": _streams(each),
                "facts": _facts(each),
                "points": [_point(each, point) for point in known.get(each.pk, ())],
                "form": placing if placing and placing.of == each.pk else _point_form(each, known.get(each.pk, ()), editing),
                "editing": any(str(point.pk) == editing for point in known.get(each.pk, ())),
            }
            for each in listed
            if each.pk not in heads
        ],
        "changes": [_change(row) | {"facility": each} for each in listed for row in changes.get(each.pk, ())],
        "form": form or FacilityForm(initial={"compliance": True}, facilities=found),
        "changing": changing or ChangeForm(facilities=listed),
        "error": error.as_dict() if error else None,
    }  # fmt: skip
    wrong = error or any(each and each.errors for each in (form, changing, placing))
    return render(request, "enterprise/reporting/facilities.html", context, status=422 if wrong else 200)


def _change(row: BoundaryChange) -> dict[str, Any]:
    return {"change": row, "boundary": boundary_titles()[row.boundary]}


def _point(facility: Facility, point: MeasuringPoint) -> dict[str, Any]:
    """A point in words; `overdue`: it is in use and its calibration ran out."""
    today = timezone.localdate()
    ends = points.runs_out(point, today)
    return {
        "point": point,
        "title": sectoral.title_of(facility.sector, point.item, point.stream),
        "ends": ends,
        "overdue": bool(ends and ends < today and points.in_use(point, today, today)),
    }


def _point_form(facility: Facility, held: Iterable[MeasuringPoint], editing: str) -> forms.Form:
    for each in held:
        if str(each.pk) == editing:
            told = points.words_of(each)
            told |= {"cell": f"{each.item}:{each.stream}", "calibrated": "、".join(each.calibrated)}
            return PointForm(initial=told, facility=facility)
    return PointForm(initial={"since": facility.since}, facility=facility)


def _streams(facility: Facility) -> list[dict[str, Any]]:
    """The kinds that the sector knows, each marked where the facility has it."""
    held, labels = sectoral.streams_of(facility), sectoral.label_choices(facility.sector)
    return [
        {
            "code": code,
            "title": sectoral.stream_title(facility.sector, code),
            "kinds": [
                {"value": f"{code}:{kind}", "title": title, "held": kind in held.get(code, ())}
                for kind, title in kinds.items()
            ],
            "labels": labels[code],
            "named": [
                {"value": f"{code}:{name}", "title": sectoral.source_title(facility.sector, code, name)}
                for name in held.get(code, ())
                if "/" in name
            ],
        }
        for code, kinds in sectoral.stream_choices(facility.sector).items()
    ]


def _facts(facility: Facility) -> list[dict[str, Any]]:
    """The sector's facts, each with what was told by day."""
    sector, told = sectoral.sector_of(facility.sector), sectoral.facts_of(facility)
    titles = sectoral.fact_titles(facility.sector)
    return [
        {
            "name": name,
            "title": titles[name],
            "unit": fact.unit,
            "required": fact.required,
            "help": fact.help_en if sectoral.english() else fact.help,
            "kinds": {code: sectoral.fact_shown(facility.sector, name, code) for code in fact.kinds},
            "told": [(since, sectoral.fact_shown(facility.sector, name, value)) for since, value in told[name]],
        }
        for name, fact in sector.facts.items()
    ]


@require_POST
@asks(permissions.KEEP)
def set_facts(request: HttpRequest, pk: int) -> HttpResponse:
    """What holds of a facility from a day on; a field left empty says nothing, `remove` takes a line away."""
    facility, (now, _today) = facility_of(request.user, pk, what="facts"), clock()
    demand(request.user, permissions.KEEP, facility)
    name, _sep, day = request.POST.get("remove", "").partition(":")
    told: dict[str, Any] = {name: None} if name else {}
    if not told:
        day = request.POST.get("since", "")
        told = {each: text for each in sectoral.facts_of(facility) if (text := request.POST.get(each, "").strip())}
    try:
        since = parse_date(day)
    except ValueError:
        since = None
    try:
        if since is None:
            raise Refused("day", _("没有填起始日期，或日期不对"), expected="2026-05-01")
        boundaries.set_facts(facility, since, told, by=request.user, now=now)
    except DafengError as error:
        return _facilities_page(request, facility.enterprise, error=error)
    messages.success(request, _("已保存设施信息"))
    return redirect("enterprise:reporting-facilities", firm=facility.enterprise.code)


@require_POST
@asks(permissions.KEEP)
def change_source(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a source with its equipment or own name, or take one away."""
    facility, (now, _today) = facility_of(request.user, pk, what="source"), clock()
    demand(request.user, permissions.KEEP, facility)
    given = {"by": request.user, "now": now}
    try:
        if remove := request.POST.get("remove"):
            code, _sep, name = remove.partition(":")
            boundaries.remove_stream(facility, code, name, **given)
            messages.success(request, _("已移除源流"))
        else:
            code, _sep, kind = request.POST.get("kind", "").partition(":")
            words = [" ".join(request.POST.get(each, "").split()) for each in ("label", "own")]
            if not any(words):
                raise Refused("label", _("没有写设备或名称"), mend=_("不分设备的，在上面勾选即可"))
            boundaries.add_stream(facility, code, "/".join([kind, *filter(None, words)]), **given)
            messages.success(request, _("已增加源流，月度页面将列出它的项目"))
    except DafengError as error:
        return _facilities_page(request, facility.enterprise, error=error)
    return redirect("enterprise:reporting-facilities", firm=facility.enterprise.code)


@require_POST
@asks(permissions.KEEP)
def add_facility(request: HttpRequest, firm: str) -> HttpResponse:
    enterprise = firm_of(request.user, firm, what="add-facility")
    demand(request.user, permissions.KEEP, enterprise)
    known = list(Facility.objects.filter(enterprise=enterprise))
    form, (now, _today) = FacilityForm(request.POST, facilities=known), clock()
    if not form.is_valid():
        return _facilities_page(request, enterprise, form=form)
    given = form.cleaned_data
    held = next((each for each in known if each.code == given["code"]), None)
    try:
        boundaries.ensure_facility(
            enterprise, given.pop("code"), **given, facts=held.facts if held else {}, by=request.user, now=now
        )
    except DafengError as error:
        return _facilities_page(request, enterprise, form=form, error=error)
    messages.success(request, _("已登记核算单元，请接着选定它的燃料和物料"))
    return redirect("enterprise:reporting-facilities", firm=enterprise.code)


@require_POST
@asks(permissions.KEEP)
def set_streams(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which fuels and materials a facility has; what labels it had stay."""
    facility, (now, _today) = facility_of(request.user, pk, what="streams"), clock()
    demand(request.user, permissions.KEEP, facility)
    chosen: dict[str, list[str]] = {}
    known = sectoral.stream_choices(facility.sector)
    for text in request.POST.getlist("stream"):
        code, _sep, kind = text.partition(":")
        if kind in known.get(code, {}):
            chosen.setdefault(code, []).append(kind)
    for code, names in sectoral.streams_of(facility).items():
        chosen.setdefault(code, []).extend(name for name in names if "/" in name)
    boundaries.set_streams(facility, chosen, by=request.user, now=now)
    messages.success(request, _("已保存，月度页面将按这些燃料和物料列出项目"))
    return redirect("enterprise:reporting-facilities", firm=facility.enterprise.code)


@require_POST
@asks(permissions.KEEP)
def add_change(request: HttpRequest, firm: str) -> HttpResponse:
    """A dated change of one of the two boundaries."""
    enterprise, (now, _today) = firm_of(request.user, firm, what="boundary"), clock()
    demand(request.user, permissions.KEEP, enterprise)
    found = list(Facility.objects.filter(enterprise=enterprise))
    form = ChangeForm(request.POST, facilities=found)
    if not form.is_valid():
        return _facilities_page(request, enterprise, changing=form)
    given = form.cleaned_data
    facility = next(each for each in found if str(each.pk) == given.pop("facility"))
    inside = given.pop("inside") == "1"
    try:
        boundaries.change(facility, **given, inside=inside, by=request.user, now=now)
    except DafengError as error:
        return _facilities_page(request, enterprise, changing=form, error=error)
    messages.success(request, _("已登记边界变化"))
    return redirect("enterprise:reporting-facilities", firm=enterprise.code)


@require_POST
@asks(permissions.KEEP)
def set_point(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a measuring point, bring it up to date, or strike one that was a mistake."""
    facility, (now, _today) = facility_of(request.user, pk, what="point"), clock()
    demand(request.user, permissions.KEEP, facility)
    placing = None
    try:
        if gone := request.POST.get("remove"):
            points.drop(facility, gone, by=request.user, now=now)
            messages.success(request, _("已删除测点"))
        else:
            placing = PointForm(request.POST, facility=facility)
            if not placing.is_valid():
                return _facilities_page(request, facility.enterprise, placing=placing)
            given = dict(placing.cleaned_data)
            item, _sep, stream = given.pop("cell").partition(":")
            days = structure.days_of(given.pop("calibrated"))
            points.put(facility, given.pop("code"), item=item, stream=stream, calibrated=days, **given, by=request.user, now=now)  # fmt: skip
            messages.success(request, _("已保存测点"))
    except DafengError as error:
        return _facilities_page(request, facility.enterprise, placing=placing, error=error)
    return redirect("enterprise:reporting-facilities", firm=facility.enterprise.code)


urlpatterns = [
    path("reporting/firms/<slug:firm>/facilities/", facilities, name="reporting-facilities"),
    path("reporting/firms/<slug:firm>/facilities/add/", add_facility, name="reporting-facility-add"),
    path("reporting/facilities/<int:pk>/streams/", set_streams, name="reporting-streams"),
    path("reporting/facilities/<int:pk>/source/", change_source, name="reporting-source-change"),
    path("reporting/facilities/<int:pk>/facts/", set_facts, name="reporting-facts"),
    path("reporting/facilities/<int:pk>/points/", set_point, name="reporting-points"),
    path("reporting/firms/<slug:firm>/boundary/", add_change, name="reporting-boundary"),
]
