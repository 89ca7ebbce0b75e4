"""The register of third-party bodies: public list and page, application, people, ties, supervision, grades, complaints, objections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.enterprise.models import Body, BodyRating, BodyService, Objection, Supervision
from dafeng.domains.enterprise.verification import bodies, objecting, permissions, rating, words
from dafeng.domains.enterprise.verification.forms import BodyForm
from dafeng.domains.enterprise.verification.refusing import refused
from dafeng.domains.enterprise.verification.views import day_of, demand_seen, done, text_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages.steps import timeline
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.access import organisations_of
from dafeng.kernel.records.workflows import get


def _kinds(body: Body) -> str:
    return "、".join(str(Body.Kind(kind).label) for kind in body.kinds if kind in Body.Kind.values)


@require_safe
@asks(permissions.SEE_BODIES)
def register(request: HttpRequest) -> HttpResponse:
    english, grades = words.english(), rating.published()
    states = {code: state.title for code, state in get(bodies.KIND).states.items()}

    def grade(body: Body) -> str:
        found = grades.get(body.pk)
        return f"{found.grade}（{found.year}）" if found else "–"

    table = Table(
        request, bodies.seen(request.user),
        [
            Column("name", _("机构"), show=lambda row: row.called(english=english) + (f"（{_('演示')}）" if row.demo else ""), link=lambda row: reverse("enterprise:verification-body", kwargs={"code": row.code})),
            Column("kinds", _("业务"), sort=None, show=_kinds),
            Column("sectors", _("行业能力"), sort=None, wide=True, show=lambda row: words.sectors_in_words(row.sectors)),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("grade", _("评价"), sort=None, show=grade),
        ],
        _("第三方机构"), search=("name", "name_en"), choices=(Choice("state", _("状态"), states, column="record__state"),), order="code",
        empty=_("还没有登记的第三方机构。"), file="bodies",
    )  # fmt: skip
    context = {
        "table": table,
        "may_apply": may(request.user, permissions.APPLY_BODY),
        "standing": rating.rubric().standing,
    }
    return table.download() or render(request, "enterprise/verification/bodies.html", context)


def _body(request: HttpRequest, code: str) -> Body:
    found = bodies.seen(request.user).filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这个机构"), mend=_("请从名录进入"))
    return found


@require_safe
@asks(permissions.SEE_BODIES)
def body(request: HttpRequest, code: str) -> HttpResponse:
    """What everybody may know of a body; what the bureau keeps, and its own people, below."""
    found = _body(request, code)
    own = permissions.own_body(request.user, found)
    keeps = may(request.user, permissions.KEEP_BODIES)
    ratings = list(found.ratings.all() if keeps else found.ratings.exclude(published_at=None))
    english = words.english()
    context: dict[str, Any] = {
        "body": found, "name": found.called(english=english), "kinds": _kinds(found), "sectors": words.sectors_in_words(found.sectors),
        "people": [{"it": each, "sectors": words.sectors_in_words(each.sectors)} for each in found.people.filter(until=None)],
        "supervision": list(found.supervision.all()),
        "ratings": [{"it": each, "lines": [{"reason": line["reason_en" if english else "reason"], "points": line["points"], "title": line["title_en" if english else "title"]} for line in each.lines]} for each in ratings[:4]],
        "standing": rating.rubric().standing_en if english else rating.rubric().standing,
        "today": timezone.localdate().isoformat(), "own": own, "keeps": keeps, "may_complain": may(request.user, permissions.COMPLAIN) and not own,
    }  # fmt: skip
    if keeps or own:
        context |= {"ties": list(found.services.select_related("enterprise")), "events": timeline(found.record)}
    if keeps:
        state = found.record.state
        steps = {"applied": ("register", "decline"), "suspended": ("restore",)}.get(state, ())
        workflow = get(bodies.KIND)
        context |= {
            "steps": [(step, workflow.title_of(step)) for step in steps if step != "register" or found.record.created_by_id != request.user.pk],
            "measures": Supervision.Kind.choices, "services": BodyService.Kind.choices,
            "firms": Enterprise.objects.for_user(request.user).order_by("code")[:500], "year": timezone.localdate().year,
        }  # fmt: skip
    if own or keeps:
        context["all_sectors"] = sorted(words.sector_names().items())
    return render(request, "enterprise/verification/body.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@asks(permissions.APPLY_BODY)
def apply(request: HttpRequest) -> HttpResponse:
    mine = organisations_of(request.user) - {""}
    form, error = BodyForm(request.POST or None, sectors=words.sector_names()), None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        # A body's people enter their own; the bureau says whose the body is.
        named = given.pop("organisation")
        organisation = named if may(request.user, permissions.KEEP_BODIES) else min(mine, default="")
        told = {
            "name": given.pop("qualification"), "number": given.pop("qualification_number"), "until": given.pop("qualification_until"),
        }  # fmt: skip
        given["qualifications"] = [bodies.qualification(**told)] if told["name"] else []
        try:
            made = bodies.apply(**given, organisation=organisation, by=request.user, now=timezone.now())
        except DafengError as refused:
            error = refused.as_dict()
        else:
            return redirect("enterprise:verification-body", code=made.code)
    status = 422 if request.method == "POST" else 200
    return render(request, "enterprise/verification/apply.html", {"form": form, "error": error}, status=status)


@require_POST
@asks(permissions.APPLY_BODY)
def people(request: HttpRequest, code: str) -> HttpResponse:
    """Somebody who works for the body: entered by its own people, or by the bureau."""
    found = _body(request, code)
    if not (permissions.own_body(request.user, found) or may(request.user, permissions.KEEP_BODIES)):
        raise NotFound(_("没有这个机构"))

    def act() -> None:
        known = set(words.sector_names())
        firm, left = text_of(request, "employer", 60), text_of(request, "employed_until", 10)
        employed = [(firm, "", left)] if firm else []
        name = text_of(request, "name", 60)
        if not name:
            raise refused("text_missing", _("姓名"))
        bodies.add_person(
            found, name=name, certificate=text_of(request, "certificate", 80), since=day_of(request, "since"),
            sectors=[each for each in request.POST.getlist("sectors") if each in known], employed=employed, by=request.user,
            now=timezone.now(),
        )  # fmt: skip

    return done(request, act, _("已登记"), back="enterprise:verification-body", code=code)


@require_POST
@asks(permissions.KEEP_BODIES)
def keep(request: HttpRequest, code: str) -> HttpResponse:
    """The bureau: register, restore, enter a qualification, a tie or a measure, rate, publish a grade."""
    found, now, by = _body(request, code), timezone.now(), request.user

    def until() -> Any:
        return day_of(request, "until") if text_of(request, "until", 10) else None

    def tie() -> None:
        firm = Enterprise.objects.for_user(by).filter(code=text_of(request, "enterprise", 60)).first()
        kind = text_of(request, "kind", 20)
        if firm is None or kind not in BodyService.Kind.values:
            raise NotFound(_("没有这个企业"))
        bodies.add_service(found, firm, kind=kind, since=day_of(request, "since"), until=until(), source=text_of(request, "source", 200), by=by, now=now)  # fmt: skip

    def qualification() -> None:
        name, number = text_of(request, "name", 80), text_of(request, "number", 80)
        bodies.add_qualification(found, name=name, number=number, until=until(), by=by, now=now)

    def measure() -> None:
        kind = text_of(request, "kind", 12)
        if kind not in Supervision.Kind.values:
            raise NotFound(_("没有这种措施"))
        bodies.supervise(
            found, kind=kind, day=day_of(request, "day"), until=until(), facts=text_of(request, "facts", 2000),
            basis=text_of(request, "basis", 200), by=by, now=now,
        )  # fmt: skip

    def step() -> None:
        demand_seen(request, found.record)
        action = text_of(request, "step", 12)
        if action not in ("register", "decline", "restore"):
            raise NotFound(_("没有这个步骤"))
        bodies.step(found, action, by=by, now=now, reason=text_of(request, "reason", 300))

    def rate() -> None:
        year = text_of(request, "year", 4)
        if not (year.isascii() and year.isdigit() and 2020 <= int(year) <= timezone.localdate(now).year):
            raise NotFound(_("没有这个年度"))
        rating.rate(found, int(year), by=by, now=now)

    def publish() -> None:
        number = text_of(request, "rating", 9)
        one = (
            BodyRating.objects.filter(body=found, pk=int(number)).first()
            if number.isascii() and number.isdigit()
            else None
        )
        if one is None:
            raise NotFound(_("没有这次评价"))
        rating.publish(one, by=by, now=now)

    acts = {
        "qualification": qualification, "tie": tie, "measure": measure, "step": step, "rate": rate, "publish": publish,
    }  # fmt: skip
    do = text_of(request, "do", 20)
    if do not in acts:
        raise NotFound(_("没有这个步骤"))
    return done(request, acts[do], _("已办理"), back="enterprise:verification-body", code=code)


@require_POST
@asks(permissions.COMPLAIN)
def complain(request: HttpRequest, code: str) -> HttpResponse:
    found = _body(request, code)
    act = lambda: objecting.complain(found, text=text_of(request, "text"), by=request.user, now=timezone.now())  # noqa: E731
    return done(
        request, act, _("投诉已收到，主管部门将在 10 个工作日内答复"), back="enterprise:verification-body", code=code
    )


@require_safe
@never_cache
@asks(permissions.COMPLAIN)
def objections(request: HttpRequest) -> HttpResponse:
    """Objections and complaints: the bureau all, an enterprise or a complainant their own, a body the objections to its conclusions."""
    english, today = words.english(), timezone.localdate()
    table = Table(
        request, objecting.seen(request.user),
        [
            Column("at", _("提出"), show=lambda row: timezone.localdate(row.at).isoformat(), link=lambda row: reverse("enterprise:verification-objection", kwargs={"id": row.pk})),
            Column("kind", _("类别"), show=lambda row: row.get_kind_display()),
            Column("body.name", _("机构"), show=lambda row: row.body.called(english=english)),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("due", _("应决定日期"), show=lambda row: f"{row.due} {_('逾期')}" if row.record.state == "filed" and row.due < today else str(row.due)),
        ],
        _("复核申请与投诉"), choices=(Choice("kind", _("类别"), dict(Objection.Kind.choices)),), order="-at",
        empty=_("没有复核申请和投诉。"), file="objections",
    )  # fmt: skip
    return table.download() or render(request, "enterprise/verification/objections.html", {"table": table})


def _objection(request: HttpRequest, id: UUID) -> Objection:
    found = objecting.seen(request.user).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这件申请或投诉"))
    return found


@require_safe
@never_cache
@asks(permissions.COMPLAIN)
def objection(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _objection(request, id)
    context = {
        "it": found, "name": found.body.called(english=words.english()), "events": timeline(found.record),
        "decides": may(request.user, permissions.KEEP_BODIES) and found.record.state == "filed",
        "withdraws": found.by_id == request.user.pk and found.record.state == "filed",
    }  # fmt: skip
    return render(request, "enterprise/verification/objection.html", context)


@require_POST
@asks(permissions.COMPLAIN)
def objection_step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Decide (the bureau) or withdraw (who made it); the workflow says who may."""
    found, who = _objection(request, id), {"by": request.user, "now": timezone.now()}
    do = text_of(request, "do", 10)
    acts = {
        "uphold": lambda: objecting.decide(found, uphold=True, text=text_of(request, "text"), **who),
        "reject": lambda: objecting.decide(found, uphold=False, text=text_of(request, "text"), **who),
        "withdraw": lambda: objecting.withdraw(found, **who),
    }
    if do not in acts:
        raise NotFound(_("没有这个步骤"))
    demand_seen(request, found.record)
    return done(request, acts[do], _("已办理"), back="enterprise:verification-objection", id=id)


urlpatterns = [
    path("verification/bodies/", register, name="verification-bodies"),
    path("verification/bodies/new/", apply, name="verification-body-new"),
    path("verification/bodies/<slug:code>/", body, name="verification-body"),
    path("verification/bodies/<slug:code>/people/", people, name="verification-people"),
    path("verification/bodies/<slug:code>/keep/", keep, name="verification-body-keep"),
    path("verification/bodies/<slug:code>/complain/", complain, name="verification-complain"),
    path("verification/objections/", objections, name="verification-objections"),
    path("verification/objections/<uuid:id>/", objection, name="verification-objection"),
    path("verification/objections/<uuid:id>/step/", objection_step, name="verification-objection-step"),
]
