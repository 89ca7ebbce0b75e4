"""For everybody: the list by field, one methodology with its calculator, two versions side by side, the label."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.standards import comments, explanation, inforce, labels, names, shown, sinks, versions
from dafeng.domains.inclusion.standards.forms import CommentForm
from dafeng.domains.inclusion.standards.library import species
from dafeng.domains.inclusion.standards.views.standards_page import clock, programme
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.sheets import number_of

STANDS = 3  # rows of the sink's calculator


@require_safe
@asks(permissions.SEE_STANDARDS)
def standards(request: HttpRequest) -> HttpResponse:
    """All methodologies by field, each with what one act is worth, and the rate of today."""
    _now, today = clock()
    context = {
        "groups": shown.groups(request.user, today),
        "rate": inforce.rate_on(inforce.rates_of(programme()), today),
        "keeps": may(request.user, permissions.KEEP_STANDARDS),
    }
    return render(request, "inclusion/standards/list.html", context)


@require_safe
@asks(permissions.SEE_STANDARDS)
def methodology(request: HttpRequest, code: str) -> HttpResponse:
    """One version. The calculator's numbers are in the address, so that a calculation can be passed on."""
    now, today = clock()
    version, line = shown.find(request.user, code, request.GET.get("version", "").strip(), today)
    record = version.record
    rows = shown.calculator(version, request.GET)
    told = None
    if any(name.startswith("in-") for name in request.GET):
        values = {row["name"]: row["value"] for row in rows}
        told = explanation.of_values(code, version, values, day=today, programme=programme())
    consulted = next((each for each in line if each.record.state == "comment" and each.pk != version.pk), None)
    context: dict[str, Any] = {
        "version": version,
        "consulted": consulted,
        "consulted_href": shown.address(consulted) if consulted else "",
        "line": [{"version": each, "mark": shown.MARKS.get(each.record.state, ""), "href": shown.address(each), "state": names.state_title(each.record, each.standing)} for each in line],
        "others": [each for each in line if each.pk != version.pk],
        "title": shown.title_of(version),
        "mark": shown.MARKS.get(record.state, ""),
        "standing": names.STANDINGS.get(version.standing, version.standing),
        "draft": version.standing == "draft",
        "label": labels.label(version),
        "label_href": f"{reverse('inclusion:label', kwargs={'code': code})}?version={version.number}",
        "sound": versions.sound(version),
        "rows": rows,
        "told": told,
        "comments": shown.comments_of(record),
        "open": comments.is_open(record, version.comment_until, today),
        "comment_form": CommentForm(),
        "keeps": may(request.user, permissions.KEEP_STANDARDS),
        "edits": record.state == "draft" and may(request.user, permissions.KEEP_STANDARDS),
        "begins": not any(each.record.state in versions.UNDER_WAY for each in line),
        "events": shown.events_of(record),
        "now": now,
        **shown.parts(version),
        **shown.steps_of(record, request.user),
    }  # fmt: skip
    return render(request, "inclusion/standards/methodology.html", context)


@require_safe
@asks(permissions.SEE_STANDARDS)
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """What changed from one version to another."""
    _now, today = clock()
    later, line = shown.find(request.user, code, request.GET.get("b", "").strip(), today)
    number = request.GET.get("a", "").strip()
    if not number:
        before = [each for each in line if each.number < later.number] or line
        number = str(before[0].number)
    former, _line = shown.find(request.user, code, number, today)
    context = {
        "title": shown.title_of(later),
        "code": code,
        "former": former,
        "later": later,
        "line": line,
        "changes": versions.differences(former, later),
    }
    return render(request, "inclusion/standards/compare.html", context)


@require_safe
@asks(permissions.SEE_STANDARDS)
def label(request: HttpRequest, code: str) -> HttpResponse:
    """The label as a picture that any page may show."""
    _now, today = clock()
    version, _line = shown.find(request.user, code, request.GET.get("version", "").strip(), today)
    answer = HttpResponse(labels.svg(version), content_type="image/svg+xml; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=300" if version.record.state in inforce.HOLDING else "private, no-store"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["Vary"] = "Accept-Language, Cookie"
    return answer


@require_safe
@asks(permissions.SEE_STANDARDS)
def sink(request: HttpRequest, kind: str) -> HttpResponse:
    """The sink's calculator: two surveys in, tonnes out, with every step."""
    if kind not in ("forest", "tea"):
        raise NotFound(_("碳汇只有森林和茶园两类"), mend=_("请从方法学列表进入"))
    names = ("species", "area", "before", "now", "burnt")
    rows = [
        {name: request.GET.get(f"{name}-{number}", "").replace("\0", "").strip()[:40] for name in names} | {"number": number}
        for number in range(1, STANDS + 1)
    ]  # fmt: skip
    own = {
        name: request.GET.get(name, "").replace("\0", "").strip()[:200] for name in ("carbon", "source", "uncertainty")
    }
    context: dict[str, Any] = {"kind": kind, "rows": rows, "own": own, "species": _species(), "cuts": sinks.CUTS}
    if own["uncertainty"]:
        try:
            measured = sinks.measure(
                kind, _stands(kind, rows, own), uncertainty=_number(own["uncertainty"], _("抽样不确定性")) / 100
            )
        except DafengError as error:
            return render(request, "inclusion/standards/sink.html", context | {"error": error.as_dict()}, status=422)
        context |= {"measured": measured, "lines": _lines(measured)}
    return render(request, "inclusion/standards/sink.html", context)


def _species() -> list[dict[str, Any]]:
    return [
        {"name": name, "complete": all(each.value is not None for each in row.values())}
        for name, row in sorted(species().items(), key=lambda pair: (any(each.value is None for each in pair[1].values()), pair[0]))
    ]  # fmt: skip


def _stands(kind: str, rows: list[dict[str, Any]], own: dict[str, str]) -> list[sinks.Stand]:
    """The rows that were filled in."""
    made = []
    for row in rows:
        if not any(row[name] for name in ("area", "before", "now", "burnt")):
            continue
        numbers = {
            name: _number(row[name] or ("0" if name == "burnt" else ""), _("第 %(number)s 个地块") % row)
            for name in ("area", "before", "now", "burnt")
        }
        carbon = _number(own["carbon"], _("含碳率")) if kind == "tea" and own["carbon"] else None
        made.append(sinks.Stand(species=row["species"], carbon_fraction=carbon, carbon_fraction_source=own["source"], **numbers))  # fmt: skip
    return made


def _number(text: str, where: str) -> float:
    number = number_of(text)
    if number is None:
        from dafeng.domains.inclusion.errors import InclusionError

        raise InclusionError(_("%(where)s：“%(text)s”不是数") % {"where": where, "text": text}, expected=_("一个数"))
    return number


def _lines(measured: sinks.Measured) -> list[dict[str, Any]]:
    return [
        {"line": each, "factors": explanation.factor_rows(each.factors), "change": each.stock_now - each.stock_before}
        for each in measured.lines
    ]
