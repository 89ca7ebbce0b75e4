"""The enterprise account: points, reductions, teams of employees, and the credit record with a source for every fact."""

from __future__ import annotations

import polars as pl
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.members import accounts, circles, consents, credit, receipts, summaries, words
from dafeng.domains.inclusion.members.forms import FirmForm, TeamForm
from dafeng.domains.inclusion.members.pages import clock
from dafeng.domains.inclusion.members.views.home import places, programme
from dafeng.domains.inclusion.members.views.together import keep_once, shown_once
from dafeng.domains.inclusion.models import Circle, Member
from dafeng.domains.inclusion.templatetags.inclusion_members import place
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages.tables import Column, Table
from dafeng.kernel.records.services import organisations_of

KINDS = {
    "account": gettext_lazy("账户"),
    "points": gettext_lazy("积分"),
    "offset": gettext_lazy("减排量"),
    "purchase": gettext_lazy("购买"),
    "certificate": gettext_lazy("证书"),
    "agreement": gettext_lazy("履约"),
}


def firm_for(request: HttpRequest) -> Member | None:
    """The account of the reader's firm; of several, the one that the address names, else the first."""
    firms = accounts.firms_of(request.user)
    wanted = request.GET.get("firm", "")
    return next((each for each in firms if str(each.pk) == wanted), firms[0] if firms else None)


@require_safe
@never_cache
@asks(permissions.OWN_FIRM)
def firm(request: HttpRequest) -> HttpResponse:
    """The account at a glance; a firm without one is led to opening it."""
    found = firm_for(request)
    if found is None:
        return redirect("inclusion:firm-join")
    now, today = clock()
    held, gone = credit.offsets(found)
    months = credit.employees(found, today=today)
    context = {
        "firm": found,
        "name": name_of(found.organisation),
        "firms": accounts.firms_of(request.user),
        "purse": summaries.purse(found, now=now),
        "grams": summaries.grams_of(found)[0],
        "held": held,
        "gone": gone,
        "months": months,
        "least": words.rule("firm", "employees_from"),
        "teams": [{"team": team, "code": shown_once(request, team)} for team in Circle.objects.filter(firm=found)],
        "form": TeamForm(),
        "buy": place("inclusion:firm-market"),
        "county": found.programme.place_name(found.county, english=words.english()),
    }
    return render(request, "inclusion/members/firm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_FIRM)
def firm_join(request: HttpRequest) -> HttpResponse:
    """Open the account of a firm that the reader acts for."""
    of, text = programme(), consents.text_of(consents.FIRM)
    have = {each.organisation for each in accounts.firms_of(request.user)}
    names = {code: name_of(code) for code in sorted(organisations_of(request.user) - have - {""})}
    form = FirmForm(request.POST or None, places=places(of), firms=names, initial={"agreed": text.version})
    error, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                accounts.open_firm(
                    request.user, of, organisation=given["organisation"], county=given["county"], agreed=given["agreed"],
                    now=clock()[0],
                )  # fmt: skip
            except DafengError as refusal:
                error = refusal.as_dict()
            else:
                messages.success(request, _("企业碳账户已开通"))
                return redirect("inclusion:firm")
    context = {"form": form, "text": text, "error": error, "none": not names}
    return render(request, "inclusion/members/firm_join.html", context, status=status)


def name_of(organisation: str) -> str:
    """An organisation's name, found by its people: the user model is all that this floor knows of the portal's accounts."""
    people = get_user_model().objects.filter(memberships__organisation__code=organisation)
    found = people.values_list("memberships__organisation__name", "memberships__organisation__name_en").first()
    return str(words.in_language({"name": found[0], "name_en": found[1]}, "name")) if found else organisation


@require_http_methods(["POST"])
@asks(permissions.KEEP_FIRM)
def firm_team(request: HttpRequest) -> HttpResponse:
    """A team of employees, or a new invitation for one."""
    found, now = firm_for(request), clock()[0]
    if found is None:
        return redirect("inclusion:firm-join")
    given = request.POST.get("team", "")
    try:
        if given:
            team = Circle.objects.filter(firm=found, pk=int(given) if given.isdigit() else 0).first()
            if team is None:
                raise Http404
            code = circles.invite_anew(team, found, now=now)
        else:
            form = TeamForm(request.POST)
            name = form.cleaned_data["name"] if form.is_valid() else ""
            team, code = circles.make_of_firm(found, name=name, now=now)
    except DafengError as refusal:
        messages.error(request, refusal.what)
    else:
        keep_once(request, team, code)
        messages.success(request, _("邀请码见“员工团队”，只显示这一次"))
    return redirect("inclusion:firm")


@require_safe
@asks(permissions.OWN_FIRM)
def firm_statement(request: HttpRequest) -> HttpResponse:
    """The firm's points in and out."""
    found = firm_for(request)
    if found is None:
        return redirect("inclusion:firm-join")
    context = {
        "firm": found,
        "purse": summaries.purse(found, now=clock()[0]),
        "statement": receipts.statement(found, after=request.GET.get("after", "")),
        "first": not request.GET.get("after"),
    }
    return render(request, "inclusion/members/firm_statement.html", context)


@require_safe
@asks(permissions.OWN_FIRM)
def firm_credit(request: HttpRequest) -> HttpResponse:
    """企业碳信用账户: facts with their sources."""
    found = firm_for(request)
    if found is None:
        return redirect("inclusion:firm-join")
    rows = [
        {"at": f"{fact.at:%Y-%m-%d}", "kind": str(KINDS.get(fact.kind, fact.kind)), "text": fact.text, "source": fact.source, "href": fact.href}
        for fact in credit.record_of(found)
    ]  # fmt: skip
    table = Table(
        request,
        pl.DataFrame(rows, schema=dict.fromkeys(("at", "kind", "text", "source", "href"), pl.String)),
        [
            Column("at", _("日期")),
            Column("kind", _("类别")),
            Column("text", _("事实"), link=lambda row: str(row["href"]), wide=True),
            Column("source", _("来源"), wide=True),
        ],
        _("企业碳信用记录"),
    )
    return table.download() or render(request, "inclusion/members/firm_credit.html", {"table": table, "firm": found})


urlpatterns = [
    path("firm/", firm, name="firm"),
    path("firm/join/", firm_join, name="firm-join"),
    path("firm/team/", firm_team, name="firm-team"),
    path("firm/statement/", firm_statement, name="firm-statement"),
    path("firm/credit/", firm_credit, name="firm-credit"),
]
