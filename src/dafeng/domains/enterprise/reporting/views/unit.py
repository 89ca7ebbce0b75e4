"""A unit: what is told of it by day, what it burns and makes, its measuring points, and from where the control plan takes its figures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Facility, MeasuringPoint
from dafeng.domains.enterprise.reporting import (
    boundaries,
    lacking,
    permissions,
    plans,
    points,
    sectoral,
    structure,
)
from dafeng.domains.enterprise.reporting.views.boundary import change_row, lines_by_unit, unit_rows
from dafeng.domains.enterprise.reporting.views.places import clock, facility_of, keeps, own_facility, taken
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError


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
        super().__init__(*args, auto_id="point-%s", **kwargs)
        cells = [(f"{each.item}:{each.stream}", each.title) for each in sectoral.wanted_of_year(facility, 0)]
        self.fields["cell"].choices = cells  # type: ignore[attr-defined]


@require_safe
@asks(permissions.SEE)
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """A unit with all that is told of it; of an installation, its units."""
    return _page(request, facility_of(request.user, pk, what="unit"))


def _page(
    request: HttpRequest, facility: Facility, *, placing: PointForm | None = None, error: DafengError | None = None
) -> HttpResponse:
    today = clock()[1]
    below = list(facility.units.select_related("parent").order_by("code"))
    shown = below or [facility]
    known, changes, plan = points.of(shown), boundaries.changes_of(shown), plans.newest(facility.enterprise)
    context = {
        "firm": facility.enterprise,
        "unit": facility,
        "sector": sectoral.sector_title(facility.sector),
        "keeps": keeps(request.user, facility.enterprise),
        "changes": [change_row(row, each) for each in shown for row in changes.get(each.pk, ())],
        "plan": plan,
        "error": error.as_dict() if error else None,
    }
    if below:
        context["rows"] = unit_rows(below, changes, known, plan, today=today)
    else:
        held, editing = known.get(facility.pk, []), request.GET.get("point", "")
        lines = lines_by_unit(shown, known, plan).get(facility.pk, [])
        context |= {
            "streams": _streams(facility),
            "sources": [
                {"title": sectoral.stream_title(facility.sector, code), "names": [sectoral.source_title(facility.sector, code, name) for name in names]}
                for code, names in sectoral.streams_of(facility).items()
                if names and code in sectoral.stream_choices(facility.sector)
            ],
            "facts": _facts(facility),
            "points": [_point(facility, each, today) for each in held],
            "form": placing or _point_form(facility, held, editing),
            "editing": bool(placing) or any(str(each.pk) == editing for each in held),
            "lines": [_line(each) for each in lines if _speaks(each)],
            "unwritten": sum(not _speaks(each) for each in lines),
            "lacks": lacking.of(facility, changes=changes.get(facility.pk, ()), held=held, lines=lines, today=today),
        }  # fmt: skip
    wrong = error or (placing and placing.errors)
    return render(request, "enterprise/reporting/unit.html", context, status=422 if wrong else 200)


def _point(facility: Facility, point: MeasuringPoint, today: date) -> dict[str, Any]:
    """A point in words; `overdue`: it is in use and its calibration ran out."""
    return {
        "point": point,
        "title": sectoral.title_of(facility.sector, point.item, point.stream),
        "ends": points.runs_out(point, today),
        "overdue": points.ran_out(point, today),
    }


def _point_form(facility: Facility, held: Iterable[MeasuringPoint], editing: str) -> PointForm:
    for each in held:
        if str(each.pk) == editing:
            told = points.words_of(each)
            told |= {"cell": f"{each.item}:{each.stream}", "calibrated": "、".join(each.calibrated)}
            return PointForm(initial=told, facility=facility)
    return PointForm(initial={"since": facility.since}, facility=facility)


def _speaks(line: dict[str, Any]) -> bool:
    """Whether a parameter is asked for, written, measured, or has an order of sources."""
    return bool(line["wanted"].required or line["order"] or line["points"] or any(line["said"].values()))


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """A parameter of the control plan: from which source, how, with which points."""
    titles = sectoral.source_titles(line["order"]) if line["order"] else {}
    source = line["said"].get("source", "")
    return {**line, "source": titles.get(source, source), "untold": plans.untold(line)}


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


def _part(facility: Facility, name: str) -> str:
    return f"{reverse('enterprise:reporting-unit', kwargs={'pk': facility.pk})}#{name}"


@require_POST
@asks(permissions.KEEP)
def set_facts(request: HttpRequest, pk: int) -> HttpResponse:
    """What holds of a facility from a day on; a field left empty says nothing, `remove` takes a line away."""
    facility, (now, _today) = own_facility(request.user, pk, what="facts"), clock()
    name, _sep, day = request.POST.get("remove", "").partition(":")
    told: dict[str, Any] = {name: None} if name else {}
    if not told:
        day = request.POST.get("since", "")
        told = {each: text for each in sectoral.facts_of(facility) if (text := request.POST.get(each, "").strip())}

    def keep() -> None:
        try:
            since = parse_date(day)
        except ValueError:
            since = None
        if since is None:
            raise Refused("day", _("没有填起始日期，或日期不对"), expected="2026-05-01")
        boundaries.set_facts(facility, since, told, by=request.user, now=now)

    return taken(
        request, keep, _("已保存设施信息"), onward=_part(facility, "facts"), again=partial(_page, request, facility)
    )


@require_POST
@asks(permissions.KEEP)
def change_source(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a source with its equipment or own name, or take one away."""
    facility, (now, _today) = own_facility(request.user, pk, what="source"), clock()
    given = {"by": request.user, "now": now}
    removed = request.POST.get("remove", "")

    def keep() -> None:
        if removed:
            code, _sep, name = removed.partition(":")
            boundaries.remove_stream(facility, code, name, **given)
            return
        code, _sep, kind = request.POST.get("kind", "").partition(":")
        words = [" ".join(request.POST.get(each, "").split()) for each in ("label", "own")]
        if not any(words):
            raise Refused("label", _("没有写设备或名称"), mend=_("不分设备的，在上面勾选即可"))
        boundaries.add_stream(facility, code, "/".join([kind, *filter(None, words)]), **given)

    done = _("已移除源流") if removed else _("已增加源流，月度页面将列出它的项目")
    return taken(request, keep, done, onward=_part(facility, "streams"), again=partial(_page, request, facility))


@require_POST
@asks(permissions.KEEP)
def set_streams(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which fuels and materials a facility has; what labels it had stay."""
    facility, (now, _today) = own_facility(request.user, pk, what="streams"), clock()
    chosen: dict[str, list[str]] = {}
    known = sectoral.stream_choices(facility.sector)
    for text in request.POST.getlist("stream"):
        code, _sep, kind = text.partition(":")
        if kind in known.get(code, {}):
            chosen.setdefault(code, []).append(kind)
    for code, names in sectoral.streams_of(facility).items():
        chosen.setdefault(code, []).extend(name for name in names if "/" in name)
    return taken(
        request, lambda: boundaries.set_streams(facility, chosen, by=request.user, now=now),
        _("已保存，月度页面将按这些燃料和物料列出项目"), onward=_part(facility, "streams"), again=partial(_page, request, facility),
    )  # fmt: skip


@require_POST
@asks(permissions.KEEP)
def set_point(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a measuring point, bring it up to date, or strike one that was a mistake."""
    facility, (now, _today) = own_facility(request.user, pk, what="point"), clock()
    given = {"by": request.user, "now": now}
    onward = _part(facility, "points")
    if gone := request.POST.get("remove"):
        return taken(
            request, lambda: points.drop(facility, gone, **given), _("已删除测点"), onward=onward, again=partial(_page, request, facility)
        )  # fmt: skip
    form = PointForm(request.POST, facility=facility)

    def keep() -> None:
        told = dict(form.cleaned_data)
        item, _sep, stream = told.pop("cell").partition(":")
        days = structure.days_of(told.pop("calibrated"))
        points.put(facility, told.pop("code"), item=item, stream=stream, calibrated=days, **told, **given)

    return taken(
        request, keep, _("已保存测点"), onward=onward, again=partial(_page, request, facility, placing=form), form=form
    )


urlpatterns = [
    path("reporting/facilities/<int:pk>/unit/", unit, name="reporting-unit"),
    path("reporting/facilities/<int:pk>/streams/", set_streams, name="reporting-streams"),
    path("reporting/facilities/<int:pk>/source/", change_source, name="reporting-source-change"),
    path("reporting/facilities/<int:pk>/facts/", set_facts, name="reporting-facts"),
    path("reporting/facilities/<int:pk>/points/", set_point, name="reporting-points"),
]
