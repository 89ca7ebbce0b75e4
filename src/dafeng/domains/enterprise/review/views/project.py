"""A project's page in five tabs, every decision with its article and figures; and its papers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.enterprise.models import ControlUnit, Project
from dafeng.domains.enterprise.review import (
    acceptances,
    annexes,
    assessments,
    changes,
    cities,
    experts,
    figures,
    joint,
    orders,
    permissions,
    projects,
    region,
    swaps,
    words,
)
from dafeng.domains.enterprise.review.forms.following import SwapForm
from dafeng.domains.enterprise.review.forms.judging import ConclusionForm, JointForm, JudgeForm
from dafeng.domains.enterprise.review.forms.telling import AnnexForm
from dafeng.domains.enterprise.review.methods import Standing, rules
from dafeng.domains.enterprise.review.methods.zones import BARS
from dafeng.domains.enterprise.review.papers import making
from dafeng.domains.enterprise.review.views import clock, project_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages.asked import one_of, tabs
from dafeng.kernel.records.access import holds, is_superuser, organisations_of, roles_of

# Steps of the bureau that are one button (and, where asked, a reason).
BUTTONS = ("supplement", "accept", "file", "review", "forward", "revoke")


def shown(project: Project, found: assessments.Assessment) -> dict[str, Any]:
    """What `parts/decision.html` tells of an assessment."""
    used = found.used
    return {
        "found": found,
        "level": words.LEVELS[str(found.decision.level)],
        "reasons": [
            {"article": words.article(each), "text": words.REASONS[each.code], "told": words.told(each)}
            for each in found.decision.reasons
        ],
        "rule_set": rules().title,
        "open": [words.OPEN[code] for code in found.open],
        "barred": [words.BARRED[code] for code in found.barred],
        "rows": [{"row": row, "name": words.ENERGIES[row.code]} for row in used.rows],
        "totals": _totals(found),
        "comparisons": _comparisons(found.standing, found.claimed),
        "carbon_comparisons": _comparisons(found.carbon.standing, found.carbon.claimed),
        "carbon_open": [words.CARBON_OPEN[code] for code in found.carbon.impact.open],
        "product": found.standing.level.name if found.standing.level else project.content.get("output", {}).get("product_name", ""),
        "grades": {"m": words.GRADES[found.impact.m_grade], "n": words.GRADES[found.impact.n_grade]},
        "impact_open": [words.OPEN[code] for code in found.impact.open],
        "impact_source": rules().tables["impact"]["source"],
        "rights_source": rules().tables["rights"]["source"],
        "rights_open": [words.OPEN[code] for code in found.rights.open],
        "heat_source": rules().tables["heat"]["source"],
        "zone_grade": dict(ControlUnit.Grade.choices).get(found.zone_grade, ""),
        "zone_findings": [{"text": words.ZONES[str(each)], "bars": each in BARS} for each in found.zone_findings],
        "zone_source": rules().tables["zones"]["source"],
        "two_high_source": rules().tables["two_high"]["source"],
    }  # fmt: skip


def _comparisons(registered: Standing, claimed: Standing) -> list[dict[str, Any]]:
    return [
        {"title": title, "standing": each, "verdict": words.VERDICTS[each.verdict], "why": words.WHY_NOT[each.why]}
        for title, each in ((_("登记的限额"), registered), (_("申报的限额"), claimed))
        if each.level is not None
    ]


def _totals(found: assessments.Assessment) -> list[dict[str, Any]]:
    used = found.used
    rows = [
        (_("年综合能源消费量（当量值）"), used.equivalent, "tce"),
        (_("年综合能源消费量（等价值）"), used.equal, "tce"),
        (_("化石能源消费量"), used.fossil, "tce"),
        (_("煤炭消费量"), used.coal, "t"),
        (_("可再生能源消费量"), used.renewable, "tce"),
        (_("原料用能"), used.feedstock, "tce"),
        (_("计入能耗双控（扣除原料用能和可再生能源）"), used.counted, "tce"),
        (_("碳排放总量"), used.co2, "t CO₂"),
        (_("其中能源活动"), used.energy_co2, "t CO₂"),
        (_("其中工业生产过程"), used.process_co2, "t CO₂"),
        (_("单位产品综合能耗"), used.per_product, "kgce"),
        (_("单位产品电耗"), used.kwh_per_product, "kWh"),
        (_("单位产值能耗"), used.per_value, _("tce/万元")),
        (_("单位增加值能耗"), used.per_added_value, _("tce/万元")),
        (_("单位产品碳排放"), used.co2_per_product, "t CO₂"),
        (_("单位产值碳排放"), used.co2_per_value, _("t CO₂/万元")),
        (_("单位增加值碳排放"), used.co2_per_added_value, _("t CO₂/万元")),
    ]
    return [{"title": title, "value": value, "unit": unit} for title, value, unit in rows]


def buttons(project: Project, user: Any) -> list[dict[str, Any]]:
    """The bureau's one-button steps that this person may take from the present state."""
    roles = roles_of(user)
    return [
        {"action": each.action, "title": each.title, "reason": each.reason_required}
        for each in project.record.workflow.leaving(project.record.state)
        if each.action in BUTTONS and holds(user, roles, each.roles, created=False)
    ]


def _content(project: Project) -> list[dict[str, Any]]:
    """What the owner told, step by step, in words."""
    from dafeng.domains.enterprise.review.forms.telling import BasicsForm, ComparisonForm, MeasuresForm, OutputForm

    names = cities.place_names()
    forms: dict[str, Any] = {
        "basics": BasicsForm(places=names, units=figures.control_units(project.city)), "output": OutputForm(products=figures.products()),
        "comparison": ComparisonForm(), "measures": MeasuresForm(),
    }  # fmt: skip
    found = []
    for step, form in forms.items():
        given = project.content.get(step, {})
        lines = []
        for name, field in form.fields.items():
            value = given.get(name)
            if value in (None, "", []):
                continue
            choices = {str(key): words_ for key, words_ in getattr(field, "choices", ())}
            text = words.compiler(given) if name == "compiler" else choices.get(str(value), value)
            lines.append({"title": field.label, "value": _("是") if value is True else "，".join(value) if isinstance(value, list) else text})  # fmt: skip
        found.append({"title": words.STEPS[step], "lines": lines})
    return found


@require_safe
@asks(permissions.SEE)
def project(request: HttpRequest, id: UUID) -> HttpResponse:
    """One project."""
    found = project_of(request, id)
    options = {"": _("判定"), "content": _("申报内容"), "review": _("审查"), "after": _("批复以后"), "log": _("经过")}
    tab = one_of(request, "tab", options)
    user = request.user
    owner = permissions.owns(user, found) and "enterprise" in roles_of(user)
    state = found.record.state
    ordered = orders.open_of(found).first()
    steps = buttons(found, user)
    context: dict[str, Any] = {
        "project": found,
        "state": state,
        "tabs": tabs(request, "tab", options),
        "tab": tab,
        "place": cities.place_names().get(found.place, found.place),
        "owner": owner,
        "edits": owner and state in ("draft", "supplement"),
        "withdraws": owner and state in ("draft", "supplement", "submitted"),
        "expects": owner and state in ("approved", "building"),
        "starts": owner and state == "approved",
        "trials": owner and state == "building",
        "changes_may": owner and state in changes.OPEN,
        "checks_may": owner and state in acceptances.OPEN,
        "buttons": steps,
        "only_back": all(
            each["reason"] for each in steps
        ),  # nothing but steps back: folded, not the first thing on the page
        "orders_may": ordered is None and orders.built(found) and may(user, permissions.ORDER, found),
        "ordered": ordered,
        "confirms": may(user, permissions.DECIDE) and state == "entered",
        "decides": may(user, permissions.DECIDE) and state in ("reviewed", "forwarded"),
        "answer_due": projects.answer_due(found) if state == "submitted" else None,
        "lapses_on": projects.lapses_on(found) if state == "approved" else None,
        "acceptance_due": projects.acceptance_due(found) if state in ("trial", "rectifying") else None,
    }
    more = {"": _decision, "content": _told, "review": _review, "after": _after, "log": _log}[tab]
    return render(request, "enterprise/review/project.html", context | more(request, found))


def _decision(request: HttpRequest, found: Project) -> dict[str, Any]:
    _now, today = clock()
    assessed = assessments.assess(found, on=today)
    handles = may(request.user, permissions.HANDLE)
    given: dict[str, Any] = {
        "region": region.of(found, assessed.used.counted, assessed.figures), "region_source": rules().tables["region"]["source"],
        "replaced": [{"title": swaps.POLLUTANTS[code], "needed": needed, "held": held} for code, needed, held in assessed.replaced],
        "stale": bool(found.decided) and _differs(found, assessed),
        "judges": JudgeForm() if handles and found.record.state in ("submitted", "accepted", "in_review", "reviewed") else None,
    }  # fmt: skip
    if (
        handles
        and (assessed.swap_needed or assessed.replaced)
        and found.record.state in ("accepted", "in_review", "reviewed")
    ):
        given["swaps"] = SwapForm(sources=swaps.sources())
    given["measure"] = words.MEASURES[given["region"].measure]
    return shown(found, assessed) | given


def _differs(found: Project, assessed: assessments.Assessment) -> bool:
    """Whether what was frozen would come out otherwise today: a figure, a limit or a judgement has changed since."""
    now = assessments.summary(assessed, on=clock()[1])
    return any(found.decided.get(name) != now[name] for name in ("level", "report", "carbon", "equivalent", "co2", "open"))  # fmt: skip


def _told(request: HttpRequest, found: Project) -> dict[str, Any]:
    rows = found.content.get("energy", {}).get("energies", {})
    energies = [
        {"name": words.ENERGIES[code], "unit": rules().energies[code].unit}
        | {part: row.get(part) for part in ("after", "before", "feedstock", "ncv")}
        for code, row in rows.items()
    ]
    return {"parts": _content(found), "energies": energies, "annexes": annexes.live(found), "annex_form": AnnexForm()}


def _review(request: HttpRequest, found: Project) -> dict[str, Any]:
    user, state = request.user, found.record.state
    mine = organisations_of(user) - {""}
    handles = may(user, permissions.HANDLE)
    inside = handles or is_superuser(user) or bool({"leader", "admin"} & roles_of(user))
    opinions = [
        {"opinion": each, "mine": each.office in mine and each.verdict == "waiting"}
        for each in found.joint_opinions.all()
    ]
    invited = found.invitations.select_related("expert")
    views = [
        {
            "invitation": each,
            "points": [(experts.POINTS[code], experts.MARKS[mark]) for code, mark in each.points.items()],
            "mine": each.expert.person_id == user.pk and each.round == found.round and each.state in ("invited", "declared"),
        }
        for each in invited
        # An expert sees their own view, not those of the others: each is to judge for themselves.
        if inside or each.expert.person_id == user.pk
    ]  # fmt: skip
    return {
        "opinions": opinions,
        "views": views,
        "inside": inside,
        "joint_form": JointForm(offices=joint.offices(found)) if handles and state in ("accepted", "in_review") else None,
        "candidates": experts.choices(found) if handles and state == "in_review" else None,
        "conclusion": ConclusionForm() if handles and state == "in_review" else None,
        "conditions": list(found.conditions.all()),
        "least": rules().days("experts", "least"),
    }  # fmt: skip


def _after(request: HttpRequest, found: Project) -> dict[str, Any]:
    accepts = may(request.user, permissions.ACCEPT, found)
    handles = may(request.user, permissions.HANDLE)
    return {
        "changes": [
            {
                "change": each,
                "cases": [changes.CASES[code] for code in each.cases],
                "effect": [(EFFECTS[name], before, after) for name, (before, after) in each.effect.items()],
                "decides": handles and each.record.state == "asked",
            }
            for each in found.changes.select_related("record")
        ],
        "acceptances": [
            {
                "acceptance": each,
                "checks": [
                    {**check, "title": acceptances.MEASURES[check["measure"]], "words": words.VERDICTS[check["verdict"]]}
                    for check in each.checks
                ],
                "amounts": [
                    {"name": words.ENERGIES[code], "unit": rules().energies[code].unit, "told": amount, "metered": each.metered.get("amounts", {}).get(code)}
                    for code, amount in each.told.get("energies", {}).items()
                ],
                "decides": accepts and each.verdict == "waiting",
            }
            for each in found.acceptances.all()
        ],
        "conditions": list(found.conditions.all()),
        "orders": [
            {
                "order": each,
                "tells": each.outcome == "open" and permissions.owns(request.user, found) and "enterprise" in roles_of(request.user),
                "checks": each.outcome == "told" and may(request.user, permissions.ORDER, found),
                "late": each.outcome == "open" and each.due < clock()[1],
            }
            for each in found.orders.select_related("evidence", "by", "checked_by")
        ],
    }  # fmt: skip


EFFECTS = {
    "equivalent": "tce",
    "coal": "t",
    "co2": "t CO₂",
    "per_product": "kgce",
    "level": "level",
    "report": "report",
    "carbon": "carbon",
}


def _log(request: HttpRequest, found: Project) -> dict[str, Any]:
    workflow = found.record.workflow
    titles = {"open": _("新建"), "amend": _("填写")}
    return {
        "events": [
            {"title": titles.get(move.action) or workflow.title_of(move.action), "at": move.at, "by": move.by or _("系统"), "text": move.reason, "bad": move.action in ("supplement", "refuse", "rectify", "revoke", "lapse", "discard")}
            for move in found.record.moves.select_related("by")
        ]
    }  # fmt: skip


@require_safe
@asks(permissions.SEE)
def paper(request: HttpRequest, id: UUID, kind: str, format: str) -> HttpResponse:
    """The opinion, or the report by the outline of art. 12, as Word or PDF."""
    found = project_of(request, id)
    if kind not in making.KINDS or format not in making.MEDIA:
        raise NotFound(_("没有这种文件"), expected="docx, pdf")
    if kind == "opinion" and not found.opinion:
        raise NotFound(_("还没有出具审查意见"))
    _now, today = clock()
    content = making.paper(found, kind, format, on=today)
    answer = HttpResponse(content, content_type=making.MEDIA[format])
    answer["Content-Disposition"] = f'attachment; filename="{found.number}-{kind}.{format}"'
    return answer


urlpatterns = [
    path("review/projects/<uuid:id>/", project, name="review-project"),
    path("review/projects/<uuid:id>/<str:kind>.<str:format>", paper, name="review-paper"),
]
