"""Two-high projects, coal accounts, limits of products with each firm's place, patrols for dispersed coal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import amount, city_here, evidence_of, own_firms, own_places, percent
from dafeng.domains.energy.control import (
    binding,
    coming,
    limits,
    overruns,
    patrols,
    permissions,
    projects,
    rules,
    warnings,
)
from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control.forms import (
    CutForm,
    FollowForm,
    IndexForm,
    LimitForm,
    PartForm,
    PatrolForm,
    ProjectForm,
    ReleaseForm,
    UseForm,
)
from dafeng.domains.energy.control.views.board import SIGNS, project_row, words_of
from dafeng.domains.energy.control.views.decisions import page_of, states_of
from dafeng.domains.energy.models import CoalCut, ControlLight, EnergyCity, HighProject, LimitValue, Patrol, ProjectPart
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages.steps import told
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records

OPEN_STATES = ("unknown", "over", "within", "access", "advanced")


def place_words() -> dict[str, str]:
    return {
        "over": _("超限额"),
        "within": _("限额以内"),
        "access": _("达到准入值"),
        "advanced": _("达到先进值"),
        "unknown": _("限额待确认"),
    }


def level_words() -> dict[str, str]:
    return {
        "benchmark": _("达到标杆水平"),
        "between": _("基准与标杆之间"),
        "below": _("低于基准水平"),
        "": _("没有国家水平"),
    }


def _placed(city: EnergyCity, row: Any) -> str:
    return city.place_name(row.place, english=rules.english())


@require_safe
@asks(permissions.SEE)
def all_projects(request: HttpRequest) -> HttpResponse:
    """The two-high list, with the coal each must replace and has replaced, and its real energy against the review."""
    city = city_here()
    year, month = warnings.last_month(timezone.now())
    seen = HighProject.objects.for_user(request.user).filter(city=city.code).select_related("enterprise")
    used = overruns.used_by(city.code, seen, year=year, month=month)

    def real(row: HighProject) -> float | None:
        months = [each.value for name, each in used[row.pk].months.items() if name.startswith(f"{year - 1}-")]
        return sum(months) if len(months) == 12 else None

    def measured(row: HighProject) -> str:
        return _("项目计量") if year - 1 in used[row.pk].own else _("企业全部") if row.enterprise else "–"

    def deviation(row: HighProject) -> str:
        found = projects.deviation(row, real(row))
        if found is None:
            return "–"
        limit = rules.rules()["deviation"].value or 0
        return _("%(share)s，应整改") % {"share": f"{found:+.1f}%"} if found > limit else f"{found:+.1f}%"

    table = Table(
        request, projects.with_replaced(seen),
        [
            Column("name", pgettext("建设项目", "项目"), link=lambda row: reverse("energy:control-project", kwargs={"id": row.pk}), wide=True),
            Column("place", _("县区"), show=lambda row: _placed(city, row)),
            Column("sector", _("行业"), show=lambda row: rules.sectors().get(row.sector, row.sector)),
            Column("stage", _("阶段"), show=lambda row: row.get_stage_display()),
            Column("energy", _("核定能耗（tce）"), numeric=True, show=lambda row: amount(row.energy)),
            Column("guided", _("窗口指导"), sort=None, show=lambda row: _("5 万吨以上").replace(" ", "\u00a0") if (row.energy or 0) >= (rules.rules()["guided"].value or 0) else ""),
            Column("over", _("实际比核定"), sort=None, show=deviation),
            Column("measured", _("实际取自"), sort=None, show=measured),
            Column("coal", _("须替代用煤（t）"), numeric=True, show=lambda row: amount(projects.owed(row))),
            Column("replaced", _("已替代（t）"), numeric=True, show=lambda row: amount(row.replaced or 0.0)),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row.demo else ""),
        ],
        _("两高项目"), search=("name", "owner"),
        choices=(Choice("stage", _("阶段"), dict(HighProject.Stage.choices)), Choice("sector", _("行业"), rules.sectors())),
        order="name", empty=_("还没有登记两高项目。"), file="two-high",
    )  # fmt: skip
    context = {
        "table": table, "keeps": may(request.user, permissions.KEEP_PROJECTS),
        "rules": [rules.rules()[each] for each in ("guided", "deviation", "new_quota", "coal", "coal_once")],
    }  # fmt: skip
    return table.download() or render(request, "energy/control/projects.html", context)


@require_safe
@asks(permissions.SEE)
def project(request: HttpRequest, id: int) -> HttpResponse:
    """One project: what was approved against what is used, warnings and what was done after them, cuts that replace its coal."""
    found = projects.project_for(request.user, id)
    uses = list(found.coal_uses.select_related("cut", "by").order_by("pk"))
    replaced = sum(each.tonnes for each in uses)
    due = projects.owed(found)
    year, month = warnings.last_month(timezone.now())
    kept = overruns.lights_of(found)
    alarms = [each for each in kept if each.light in warnings.WARNS]
    log = list(overruns.log_of(found))
    done = {each.light.month[:4] for each in log}
    waiting = [each for each in alarms if each.month[:4] not in done]
    acted_on = next(iter(waiting or alarms), None)  # the year on which nobody acted yet comes first
    follows = bool(alarms) and may(request.user, permissions.FOLLOW, found.place)
    context = {
        "alarms": [_alarm(each) for each in kept], "warned": bool(alarms),
        **_used_by_month(found, year, month), "parts": [_part(each) for each in binding.parts_of([found]).get(found.pk, [])],
        "light": acted_on, "follow_ups": log, "form": FollowForm() if follows else None,
        "project": found, "place": _placed(city_here(), found), "sector": rules.sectors().get(found.sector, found.sector),
        "energy": amount(found.energy), "coal": amount(found.coal), "owed": amount(due), "replaced": amount(replaced),
        "keeps_parts": bool(found.enterprise) and may(request.user, permissions.KEEP_PROJECTS, found.place),
        "rest": amount(None if due is None else max(due - replaced, 0.0)), "done": due is not None and replaced >= due - 1e-6,
        "uses": uses, "keeps": may(request.user, permissions.KEEP_PROJECTS, found.place),
        "rules": [rules.rules()[each] for each in ("deviation", "deviation_pace", "coal", "coal_once", "new_quota")],
    }  # fmt: skip
    return render(request, "energy/control/project.html", context)


def _alarm(light: ControlLight) -> dict[str, Any]:
    told = overruns.worded(light)
    words = {"year": told["year"], "month": told["month"], "used": amount(told["used"]), "due": amount(told["due"]), "over": f"{told['over']:+.1f}%"}  # fmt: skip
    if light.light == "red":
        why = _("%(year)s 年已用 %(used)s tce，核定 %(due)s tce，%(over)s，应整改") % words
    else:
        why = _("%(year)s 年到 %(month)s 已用 %(used)s tce，按月均摊的核定量 %(due)s tce，%(over)s") % words
    return {"light": light.light, "sign": SIGNS[light.light], "words": words_of(light.light), "why": why}


def _used_by_month(project: HighProject, year: int, month: int) -> dict[str, Any]:
    """This year's and the last year's months, the newest first, against the review of a whole year; `own`: years told by its own meters."""
    if not project.enterprise or not project.energy:
        return {"months": [], "own": [], "whole": []}
    used = overruns.used_by(project.city, [project], year=year, month=month)[project.pk]
    years = [judged for each in (year, year - 1) if (judged := overruns.judge(project.energy, used.months, each))]
    rows = [
        {
            "month": each.month, "value": amount(each.value), "used": amount(each.used), "share": percent(each.share),
            "own": int(each.month[:4]) in used.own,
        }
        for judged in years for each in reversed(judged.months)
    ]  # fmt: skip
    return {"months": rows, "own": sorted(used.own), "whole": sorted({year - 1, year} - used.own)}


def _part(part: ProjectPart) -> dict[str, Any]:
    """What of a project's own metering a line says."""
    if part.node is not None:
        name, what = part.node.called(english=rules.english()), _("流入环节的全部能源")
    else:
        assert part.meter is not None
        name, what = part.meter.point.called(english=rules.english()), _("计量点")
    return {"row": part, "name": name, "what": what}


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_PROJECTS)
def bind_project(request: HttpRequest, id: int) -> HttpResponse:
    """Count a node or a meter of the firm as the project's own, from a month on."""
    found = projects.project_for(request.user, id)
    demand(request.user, permissions.KEEP_PROJECTS, found.place)
    nodes, meters = binding.choices(found)
    form = PartForm(request.POST or None, nodes=nodes, meters=meters)
    lead = _(
        "选项目自己的环节或表计；同一处用能只能计一次。有绑定的年份只按绑定的算，没有读数的月份算缺，不用企业的数补。"
    )
    context: dict[str, Any] = {"form": form, "title": _("绑定项目的计量"), "lead": lead, "button": _("保存"), "back": reverse("energy:control-project", kwargs={"id": id}), "back_title": found.name}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            binding.bind(found, **form.cleaned_data, by=request.user, now=timezone.now())
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        _judge_again(request, found)
        return redirect("energy:control-project", id=id)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@asks(permissions.KEEP_PROJECTS)
def release_part(request: HttpRequest, id: int) -> HttpResponse:
    """Count a part of the project no more, from a month on."""
    found = projects.project_for(request.user, id)
    demand(request.user, permissions.KEEP_PROJECTS, found.place)
    number = request.POST.get("part", "")
    part = found.parts.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if part is None:
        raise NotFound(_("没有这一项"), mend=_("请刷新看最新情况"))
    form = ReleaseForm(request.POST)
    if form.is_valid():
        until = form.cleaned_data["until"]
        told(request, lambda: binding.release(part, until=until, by=request.user, now=timezone.now()), _("已停算"))
        _judge_again(request, found)
    else:
        messages.error(request, _("停算月份没有填，或写法不对（如 2026-05）"))
    return redirect("energy:control-project", id=id)


def _judge_again(request: HttpRequest, project: HighProject) -> None:
    """This year's and the last year's months by what is bound now, and the warning that follows."""
    now = timezone.now()
    year, month = warnings.last_month(now)
    binding.publish(project.city, year=year, month=month, now=now, by=request.user, back=12 + month)
    warnings.assess(project.city, by=request.user, now=now, quantities=[overruns.QUANTITY])


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_PROJECTS)
def new_project(request: HttpRequest) -> HttpResponse:
    """Put a project on the list; one of the same name in the same county is brought up to date."""
    city = city_here()
    form = ProjectForm(request.POST or None, places=own_places(request.user, city), firms=own_firms(request.user, city))
    form.fields["sector"].choices = list(rules.sectors().items())  # type: ignore[attr-defined]
    context: dict[str, Any] = {"form": form, "title": _("登记两高项目"), "lead": _("同名同县区的项目会更新。"), "button": _("保存"), "back": reverse("energy:control-projects"), "back_title": _("两高项目")}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            made = projects.register_project(city.code, **form.cleaned_data, by=request.user, now=timezone.now())
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        return redirect("energy:control-project", id=made.pk)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


@require_safe
@asks(permissions.SEE)
def coal(request: HttpRequest) -> HttpResponse:
    """The coal account: cut, used, free; every cut with what is left of it."""
    city = city_here()
    table = Table(
        request, projects.cuts_for(request.user, city.code),
        [
            Column("title", _("削减来源"), link=lambda row: page_of(row.record), wide=True),
            Column("place", _("县区"), show=lambda row: _placed(city, row)),
            Column("year", _("削减年份")),
            Column("tonnes", _("削减量（t）"), numeric=True, show=lambda row: amount(row.tonnes)),
            Column("used", _("已用（t）"), numeric=True, show=lambda row: amount(row.used or 0.0)),
            Column("rest", _("剩余（t）"), numeric=True, sort=None, show=lambda row: amount(row.tonnes - (row.used or 0.0))),
            Column("record.state", _("状态"), show=lambda row: row.record.state_title),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row.demo else ""),
        ],
        _("煤炭削减量"), search=("title",), choices=(Choice("state", _("状态"), states_of(projects.KIND), column="record__state"),),
        order="-year", empty=_("还没有登记削减量。"), file="coal-cuts",
    )  # fmt: skip
    totals = projects.totals(request.user, city.code)
    figures = [
        {"title": _("已核定削减"), "value": amount(totals["cut"]), "unit": "t"}, {"title": _("已用于替代"), "value": amount(totals["used"]), "unit": "t"},
        {"title": _("剩余可用"), "value": amount(totals["free"]), "unit": "t"},
    ]  # fmt: skip
    year, month = warnings.last_month(timezone.now())
    ahead = coming.coal_ahead(city.code, year, month)
    context = {
        "table": table, "figures": figures, "keeps": may(request.user, permissions.KEEP_COAL),
        "ahead": [project_row(each) | {"place": city.place_name(code, english=rules.english())} for code, each in ahead],
        "ahead_total": amount(sum(each.part.year_amount for _code, each in ahead)), "year": year,
        "rules": [rules.rules()[each] for each in ("coal", "coal_once", "coming")],
    }  # fmt: skip
    return table.download() or render(request, "energy/control/coal.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_COAL)
def new_cut(request: HttpRequest) -> HttpResponse:
    """Claim a cut with its proof; the city confirms it."""
    city = city_here()
    form = CutForm(request.POST or None, request.FILES or None, places=own_places(request.user, city), firms=own_firms(request.user, city))  # fmt: skip
    context: dict[str, Any] = {"form": form, "title": _("登记煤炭削减量"), "lead": _("附凭证申报，由市级另一人核定后才能用于替代。"), "button": _("申报"), "back": reverse("energy:control-coal"), "back_title": _("煤炭削减与替代"), "files": True}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            with records.serial():
                evidence = evidence_of(request, given.pop("file"), _("煤炭削减凭证"))
                made = projects.claim(city.code, **given, by=request.user, now=timezone.now(), evidence=evidence)
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        return redirect("energy:control-decision", id=made.record_id)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@asks(permissions.KEEP_COAL)
def use_cut(request: HttpRequest, id: int) -> HttpResponse:
    """Give tonnes of a cut to a project, or give them back."""
    cut = CoalCut.objects.for_user(request.user).select_related("record").filter(pk=id).first()
    if cut is None:
        raise NotFound(_("没有这笔削减量"))
    demand(request.user, permissions.KEEP_COAL, cut.place)
    form = UseForm(request.POST, projects=HighProject.objects.for_user(request.user).filter(city=cut.city))
    if form.is_valid():
        given = form.cleaned_data
        chosen = form.known[given["project"]]
        told(
            request,
            lambda: projects.use(cut, chosen, given["tonnes"], by=request.user, now=timezone.now(), reason=given["reason"]),
            _("已登记替代"),
        )  # fmt: skip
    else:
        messages.error(request, "；".join(f"{form[name].label}：{errors[0]}" for name, errors in form.errors.items()))
    return redirect("energy:control-decision", id=cut.record_id)


@require_safe
@asks(permissions.SEE_SUBJECT)
def all_limits(request: HttpRequest) -> HttpResponse:
    """The products with their levels and their standing, and each firm's place that this person may see."""
    city, today = city_here(), timezone.localdate()
    stated = limits.limits_in_force(today)
    waiting = (
        LimitValue.objects.filter(record__state="entered").select_related("record")
        if may(request.user, permissions.SEE)
        else []
    )
    context = {
        "products": [{"product": each, "stated": stated.get(code), "sector": rules.sectors().get(each.sector, "")} for code, each in rules.products().items()],
        "lines": [
            {"line": each, "place": place_words()[each.place], "level": level_words()[each.level], "save": amount(each.save, 2), "name": each.index.enterprise.called(english=rules.english())}
            for each in limits.lines_for(request.user, city.code, on=today)
        ],
        "waiting": [{"row": each, "product": rules.products()[each.product].name, "address": page_of(each.record)} for each in waiting],
        "keeps": may(request.user, permissions.KEEP_LIMITS),
    }  # fmt: skip
    return render(request, "energy/control/limits.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_LIMITS)
def new_limit(request: HttpRequest) -> HttpResponse:
    """Enter a product's values from the text of the standard; another person compares them."""
    form = LimitForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "title": _("录入能耗限额标准值"), "lead": _("照标准文本填写，由另一人核对无误后使用。"), "button": _("保存，送核对"), "back": reverse("energy:control-limits"), "back_title": _("能耗限额")}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            made = limits.enter(**form.cleaned_data, by=request.user, now=timezone.now())
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        return redirect("energy:control-decision", id=made.record_id)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_LIMITS)
def new_index(request: HttpRequest) -> HttpResponse:
    """Tell a firm's unit consumption of a year."""
    form = IndexForm(request.POST or None, firms=own_firms(request.user, city_here()))
    context: dict[str, Any] = {"form": form, "title": _("填报单位产品能耗"), "lead": _("同一企业同一产品同一年再填一次即为更正，原数保留。"), "button": _("保存"), "back": reverse("energy:control-limits"), "back_title": _("能耗限额")}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        firm: Enterprise = form.known[given.pop("firm")]
        try:
            limits.tell(firm, **given, by=request.user, now=timezone.now())
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已保存"))
        return redirect("energy:control-limits")
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD"])
@asks(permissions.SEE)
def all_patrols(request: HttpRequest) -> HttpResponse:
    """What is still open first, then every patrol."""
    city, today = city_here(), timezone.localdate()
    table = Table(
        request, Patrol.objects.for_user(request.user).filter(city=city.code).select_related("by"),
        [
            Column("on", _("巡查日期"), show=lambda row: str(row.on)),
            Column("place", _("县区"), show=lambda row: _placed(city, row)),
            Column("spot", _("巡查地点"), wide=True),
            Column("found", _("发现"), show=lambda row: row.get_found_display()),
            Column("kilograms", _("数量（kg）"), numeric=True, show=lambda row: amount(row.kilograms)),
            Column("handled", _("处置"), wide=True),
            Column("again_by", _("复查期限"), show=lambda row: str(row.again_by or "")),
            Column("by", _("巡查人"), sort=None, show=lambda row: str(row.by or "–")),
            Column("demo", _("备注"), sort=None, show=lambda row: _("演示") if row.demo else ""),
        ],
        _("散煤巡查"), search=("spot", "handled"),
        choices=(Choice("found", _("发现"), dict(Patrol.Found.choices)), Choice("place", _("县区"), cities.counties(city))),
        order="-on", empty=_("还没有巡查记录。"), file="patrols",
    )  # fmt: skip
    spots = [
        {
            "row": each, "place": _placed(city, each), "late": bool(each.again_by and each.again_by < today),
            "again": f"{reverse('energy:control-patrol-new')}?{urlencode({'place': each.place, 'spot': each.spot})}",
        }
        for each in patrols.open_spots(request.user, city.code)
    ]  # fmt: skip
    context = {"table": table, "spots": spots, "keeps": may(request.user, permissions.PATROL)}
    return table.download() or render(request, "energy/control/patrols.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.PATROL)
def new_patrol(request: HttpRequest) -> HttpResponse:
    """Log a patrol; the address may name the county and the spot to look at again, for a spot is known by how it is written."""
    city = city_here()
    asked = {name: request.GET.get(name, "").replace("\0", "")[:200] for name in ("place", "spot")}
    form = PatrolForm(
        request.POST or None, request.FILES or None, places=own_places(request.user, city), initial={"on": timezone.localdate()} | asked
    )  # fmt: skip
    context: dict[str, Any] = {"form": form, "title": _("登记散煤巡查"), "lead": _("发现散煤的，写明处置并定复查期限；复查未发现即销号。"), "button": _("保存"), "back": reverse("energy:control-patrols"), "back_title": _("散煤巡查"), "files": True}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            with records.serial():
                photo = evidence_of(request, given.pop("photo"), _("散煤巡查"))
                patrols.log(
                    city.code, **given, photo=photo[0] if photo else None, by=request.user, now=timezone.now(), today=timezone.localdate()
                )  # fmt: skip
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已登记巡查"))
        return redirect("energy:control-patrols")
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)
