"""The list of enterprises, the card of one, and the form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Case, Value, When
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.enterprise.models import Facility
from dafeng.domains.enterprise.register import keeping, permissions
from dafeng.domains.enterprise.register.forms import EnterpriseForm
from dafeng.domains.enterprise.reporting import permissions as reporting
from dafeng.domains.enterprise.reporting.refusing import Faulty, refuse_other
from dafeng.domains.enterprise.review import cities
from dafeng.kernel.actions import asks, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import AuditEntry

YES, NO = "1", "0"


def firm_of(user: Any, code: str, *, what: str) -> Enterprise:
    """Raises `NotFound`; asking for another's is sealed in the audit chain."""
    seen = Enterprise.objects.for_user(user).filter(code=code).first()
    if seen is None:
        if Enterprise.objects.filter(code=code).exists():
            raise refuse_other(user, "enterprise", code, now=timezone.now(), what=what)
        raise NotFound(_("没有这家企业"))
    return seen


@require_safe
@asks(permissions.SEE)
def index(request: HttpRequest) -> HttpResponse:
    """Every enterprise that a person may see."""
    today, english, places = timezone.localdate(), cities.english(), cities.place_names()
    seen = Enterprise.objects.for_user(request.user)
    rows = seen.annotate(
        division=Substr("industry", 1, 2),
        organised=Case(When(organisation="", then=Value(NO)), default=Value(YES)),
        living=Case(When(until__lte=today, then=Value(NO)), default=Value(YES)),
    )
    divisions = sorted({each[:2] for each in seen.order_by().values_list("industry", flat=True).distinct() if each})
    table = Table(
        request,
        rows,
        [
            Column(
                "name",
                _("企业"),
                show=lambda row: row.called(english=english),
                link=lambda row: reverse("enterprise:register-card", kwargs={"code": row.code}),
                wide=True,
            ),
            Column("credit_code", _("统一社会信用代码"), show=lambda row: row.credit_code or "–"),
            Column("place", _("所在地"), show=lambda row: places.get(row.place, row.place)),
            Column("industry", _("行业代码"), show=lambda row: row.industry or "–"),
            Column("organisation", _("组织"), show=lambda row: row.organisation or "–"),
            Column("until", _("注销"), show=lambda row: row.until.isoformat() if row.until else "–"),
        ],
        _("企业名录"),
        search=("name", "name_en", "code", "credit_code"),
        choices=[
            Choice("place", _("所在地"), places),
            Choice("division", _("行业大类"), {each: each for each in divisions}),
            Choice("organised", _("组织"), {YES: _("已有组织"), NO: _("还没有组织")}),
            Choice("living", _("状态"), {YES: _("在册"), NO: _("已注销")}),
        ],
        order="name",
        file="register",
        empty=_("名录里还没有企业"),
    )
    keeps = may(request.user, permissions.KEEP)
    return table.download() or render(request, "enterprise/register/index.html", {"table": table, "keeps": keeps})


@require_safe
@asks(permissions.SEE)
def card(request: HttpRequest, code: str) -> HttpResponse:
    """What the register tells of an enterprise, and where its books are."""
    firm = firm_of(request.user, code, what="card")
    trail = AuditEntry.objects.filter(
        subject_kind="enterprise", subject_id=code, action__in=("enterprise.enlist", "enterprise.change")
    )
    context = {
        "firm": firm,
        "called": firm.called(english=cities.english()),
        "place": cities.place_names().get(firm.place, firm.place),
        "organisation": records.organisations().get(firm.organisation, firm.organisation),
        "ended": bool(firm.until and firm.until <= timezone.localdate()),
        "facilities": Facility.objects.filter(enterprise=firm).order_by("code"),
        "reports": may(request.user, reporting.SEE),
        "trail": trail.order_by("-seq")[:10],
        "keeps": may(request.user, permissions.KEEP),
    }
    return render(request, "enterprise/register/card.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def new(request: HttpRequest) -> HttpResponse:
    """Enter an enterprise."""
    form = EnterpriseForm(request.POST or None, known=keeping.known(near=()), new=True)
    if request.method == "POST" and form.is_valid():
        try:
            made = keeping.enlist(form.told(), by=request.user, now=timezone.now())
        except Faulty as error:
            return _form(request, form, error=error)
        messages.success(request, _("已登记企业"))
        return redirect("enterprise:register-card", code=made.code)
    return _form(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Change what is told of an enterprise, or deregister it."""
    firm = firm_of(request.user, code, what="change")
    form = EnterpriseForm(request.POST or None, known=keeping.known(near=()), new=False, initial=keeping.words_of(firm))
    if request.method == "POST" and form.is_valid():
        try:
            keeping.change(firm, form.told(), seen=request.POST.get("seen", ""), by=request.user, now=timezone.now())
        except DafengError as error:
            return _form(request, form, firm, error=error)
        messages.success(request, _("已保存"))
        return redirect("enterprise:register-card", code=code)
    return _form(request, form, firm)


def _form(
    request: HttpRequest, form: EnterpriseForm, firm: Enterprise | None = None, *, error: DafengError | None = None
) -> HttpResponse:
    """Faults stand at their fields, anything else above the form."""
    faulty = isinstance(error, Faulty)
    for name, fault in error.problems if isinstance(error, Faulty) else ():
        form.add_error(name if name in form.fields else None, str(fault))
    context = {
        "form": form,
        "firm": firm,
        "seen": request.POST.get("seen") or (keeping.seen_of(firm) if firm else ""),
        "error": error.as_dict() if error and not faulty else None,
    }
    status = 422 if error or form.errors else 200
    return render(request, "enterprise/register/form.html", context, status=status)


urlpatterns = [
    path("register/", index, name="register"),
    path("register/new/", new, name="register-new"),
    path("register/firms/<slug:code>/", card, name="register-card"),
    path("register/firms/<slug:code>/change/", change, name="register-change"),
]
