"""The register: for everybody, and for the offices that keep it."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.disclosure import permissions, register, rules, sheet
from dafeng.domains.disclosure.errors import DisclosureError
from dafeng.domains.disclosure.forms import DutyForm, ReasonForm
from dafeng.domains.disclosure.methods.duties import DISCLOSED, DutyState, share_disclosed
from dafeng.domains.disclosure.models import Duty, Filing, OpenCity
from dafeng.domains.disclosure.register import Line
from dafeng.domains.disclosure.views.place_and_time import city_name, city_of, clock, places
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record


def state_words() -> dict[str, Any]:
    return {
        str(DutyState.DUE): _("未到期"),
        str(DutyState.CHECKING): _("已报送，待核对"),
        str(DutyState.FILED): _("已披露"),
        str(DutyState.LATE): _("逾期披露"),
        str(DutyState.MISSING): _("逾期未披露"),
        str(DutyState.VOLUNTARY): _("自愿，未披露"),
    }


def _yes(value: bool | None) -> str:
    return "" if value is None else _("有") if value else _("无")


def frame_of(found: list[Line], city: OpenCity) -> pl.DataFrame:
    """What everybody may see of each duty; of a filing that is not published only that one waits (its state)."""
    words, english = state_words(), rules.english()
    rows = [
        {
            "name": line.entity.name,
            "place": city.place_name(line.entity.place, english=english) if line.entity.place else "",
            "kind": line.duty.kind,
            "duty": line.kind.label,
            "year": line.duty.year,
            "due": str(line.duty.due),
            "binding": _("强制") if line.duty.binding else _("自愿"),
            "state": str(line.state),
            "state_words": words[str(line.state)],
            "disclosed_on": str(line.filing.disclosed_on) if line.filing else "",
            "greenhouse": _yes(line.filing.greenhouse if line.filing else None),
            "verified": _yes(line.filing.verified if line.filing else None),
            "link": line.filing.link if line.filing else "",
            "file": file_address(line.filing) if line.filing else "",
            "source": line.duty.source,
            "duty_id": line.duty.pk,
        }
        for line in found
    ]
    schema = dict.fromkeys(
        ("name", "place", "kind", "duty", "due", "binding", "state", "state_words", "disclosed_on", "greenhouse", "verified", "link", "file", "source"), pl.String
    ) | {"year": pl.Int32, "duty_id": pl.Int64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def file_address(filing: Filing) -> str:
    """The report's file where one was handed in (its evidence was fetched with the filing)."""
    held = list(filing.record.evidence.all())
    return reverse("disclosure:report", kwargs={"id": filing.record_id}) if held else ""


def _table(request: HttpRequest, frame: pl.DataFrame, columns: list[Column], order: str = "") -> Table:
    years = sorted(frame["year"].unique().to_list(), reverse=True)
    return Table(
        request,
        frame,
        columns,
        _("披露名录"),
        search=("name", "place", "source"),
        choices=(
            Choice("state", _("状态"), state_words()),
            Choice("kind", _("披露义务"), {each.code: each.label for each in rules.duty_kinds().values()}),
            Choice("year", _("报告年度"), {str(year): str(year) for year in years}),
        ),
        order=order,
        empty=_("名录还是空的。生态环境局公布名单后会列在这里。"),
        file="disclosure-register",
    )


def _greenhouse(row: dict[str, Any]) -> str:
    if row["greenhouse"] == _("有") and row["verified"] == _("有"):
        return _("有，经核查")
    return str(row["greenhouse"] or "–")


def _columns() -> list[Column]:
    """The state comes right after the name: on a phone that is what one sees without scrolling."""
    return [
        Column("name", _("企业"), wide=True),
        Column("state_words", _("状态")),
        Column("duty", _("披露义务")),
        Column("year", _("报告年度"), numeric=True, show=lambda row: str(row["year"])),
        Column("due", _("截止日期")),
        Column("disclosed_on", _("披露日期"), show=lambda row: row["disclosed_on"] or "–"),
        Column("greenhouse", _("温室气体数据"), show=_greenhouse),
        Column(
            "link",
            _("报告"),
            sort=None,
            show=lambda row: _("查看") if row["file"] or row["link"] else "–",
            link=lambda row: row["file"] or row["link"],
        ),
        Column("place", _("县区")),
    ]


@require_safe
@asks(permissions.SEE)
def public_register(request: HttpRequest, code: str) -> HttpResponse:
    """Who must disclose, who did, and who is late: open to everybody."""
    city = city_of(code)
    _now, today = clock()
    found = register.lines(city, today=today)
    frame = frame_of(found, city)
    table = _table(request, frame, _columns())
    if answer := table.download():
        return answer
    context = {
        "city": city,
        "name": city_name(city),
        "table": table,
        "shares": _shares(found),
        "kinds": list(rules.duty_kinds().values()),
        "today": today,
        "demo": any(line.entity.demo for line in found),
    }
    return render(request, "disclosure/register.html", context)


def _shares(found: list[Line]) -> list[dict[str, Any]]:
    """The latest report year whose days have passed: how many duties are met, how many listed companies report."""
    past = [line for line in found if line.state in DISCLOSED or line.state in (DutyState.MISSING, DutyState.VOLUNTARY)]
    if not past:
        return []
    year = max((line.duty.year for line in past if line.state is not DutyState.VOLUNTARY), default=past[0].duty.year)
    bound = [line.state for line in past if line.duty.binding and line.duty.year == year]
    esg = [line.state for line in found if line.duty.kind == "esg" and line.duty.year == year]
    return [
        {
            "title": _("%(year)s 报告年度到期义务已披露") % {"year": year},
            "value": share_disclosed(bound),
            "of": len(bound),
            "late": sum(state is DutyState.MISSING for state in bound),
        },
        {"title": _("%(year)s 报告年度上市公司披露 ESG 报告") % {"year": year}, "value": share_disclosed(esg), "of": len(esg), "late": None},
    ]  # fmt: skip


# ---------------------------------------------------------------- offices


@require_safe
@asks(permissions.SEE_REGISTER)
def desk_register(request: HttpRequest, code: str) -> HttpResponse:
    """The register as the offices keep it."""
    city = city_of(code)
    _now, today = clock()
    frame = frame_of(register.lines(city, today=today), city)
    columns = [
        Column(
            "name", _("企业"), wide=True, link=lambda row: reverse("disclosure:duty", kwargs={"duty": row["duty_id"]})
        ),
        Column("place", _("县区")),
        Column("duty", _("披露义务")),
        Column("year", _("报告年度"), numeric=True, show=lambda row: str(row["year"])),
        Column("due", _("截止日期")),
        Column("binding", _("性质")),
        Column("state_words", _("状态")),
        Column("disclosed_on", _("披露日期"), show=lambda row: row["disclosed_on"] or "–"),
        Column("source", _("名单来源"), wide=True),
    ]
    table = _table(request, frame, columns, order="due")
    context = {
        "city": city,
        "table": table,
        "keeps": may(request.user, permissions.KEEP_REGISTER),
        "imports": Record.objects.for_user(request.user).of_kind(sheet.KIND).newest_first()[:5],
    }
    return table.download() or render(request, "disclosure/desk_register.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_REGISTER)
def new_duty(request: HttpRequest, code: str) -> HttpResponse:
    """Put one enterprise's duty on the register by hand."""
    city = city_of(code)
    form = DutyForm(request.POST or None, places=places(city))
    context: dict[str, Any] = {"city": city, "form": form, "kinds": list(rules.duty_kinds().values())}
    if request.method != "POST":
        return render(request, "disclosure/new_duty.html", context)
    if form.is_valid():
        given, (now, today) = form.cleaned_data, clock()
        try:
            with records.serial():
                entity = register.ensure_entity(
                    city,
                    name=given["name"],
                    credit_code=given["credit_code"],
                    place=given["place"],
                    organisation=given["organisation"],
                    by=request.user,
                    now=now,
                )
                duty = register.add_duty(
                    entity,
                    kind=given["kind"],
                    year=given["year"],
                    due=given["due"],
                    binding={"yes": True, "no": False}.get(given["binding"]),
                    source=given["source"],
                    by=request.user,
                    now=now,
                )
                register.publish_shares(city, by=request.user, now=now, today=today)
        except DisclosureError as error:
            return render(request, "disclosure/new_duty.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已列入名录：%(name)s") % {"name": entity.name})
        return redirect("disclosure:duty", duty=duty.pk)
    return render(request, "disclosure/new_duty.html", context, status=422)


def duty_of(duty: int, **wanted: Any) -> Duty:
    found = Duty.objects.filter(pk=duty, **wanted).select_related("entity__city").first()
    if found is None:
        raise NotFound(_("名录里没有这一项"))
    return found


@require_safe
@asks(permissions.SEE_REGISTER)
def duty(request: HttpRequest, duty: int) -> HttpResponse:
    """One duty: its basis, what was filed, and what an office may do."""
    found = duty_of(duty)
    _now, today = clock()
    line = register.lines(found.entity.city, today=today, chosen=register.duties(found.entity.city).filter(pk=found.pk))
    shown = line[0] if line else Line(found, DutyState.DUE, None, None)
    filings = [
        {"filing": filing, "address": reverse("disclosure:filing", kwargs={"id": filing.record_id})}
        for filing in found.filings.select_related("record").order_by("-record__seq")
    ]
    context = {
        "line": shown,
        "duty": found,
        "city": found.entity.city,
        "place": places(found.entity.city).get(found.entity.place, ""),
        "state": state_words()[str(shown.state)],
        "filings": filings,
        "may_file": may(request.user, permissions.FILE, found) and shown.filing is None and shown.pending is None and not found.withdrawn_at,
        "may_keep": may(request.user, permissions.KEEP_REGISTER) and not filings and not found.withdrawn_at,
        "reason": ReasonForm(),
    }  # fmt: skip
    return render(request, "disclosure/duty.html", context)


@require_POST
@asks(permissions.KEEP_REGISTER)
def withdraw(request: HttpRequest, duty: int) -> HttpResponse:
    found, (now, today) = duty_of(duty), clock()
    register.withdraw_duty(found, by=request.user, now=now, reason=request.POST.get("reason", ""))
    register.publish_shares(found.entity.city, by=request.user, now=now, today=today)
    messages.success(request, _("已移出名录"))
    return redirect("disclosure:desk-register", code=found.entity.city_id)


city_urls = [
    path("<str:code>/register/", public_register, name="public-register"),
    path("<str:code>/desk/register/", desk_register, name="desk-register"),
    path("<str:code>/desk/register/new/", new_duty, name="new-duty"),
]
urlpatterns = [
    path("duties/<int:duty>/", duty, name="duty"),
    path("duties/<int:duty>/withdraw/", withdraw, name="duty-withdraw"),
]
