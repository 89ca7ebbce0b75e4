"""The review desk for each party, the register with its filters, the statistics, and what the bureau keeps."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.enterprise.models import (
    ControlUnit,
    HeatUnit,
    Project,
    ProjectExpert,
    ProjectFigure,
    ProjectInvitation,
    ProjectLevel,
)
from dafeng.domains.enterprise.review import (
    assessments,
    cities,
    experts,
    figures,
    joint,
    permissions,
    projects,
    statistics,
    swaps,
    words,
)
from dafeng.domains.enterprise.review.forms.keeping import (
    CapacityForm,
    ControlUnitForm,
    ExpertForm,
    FigureForm,
    HeatUnitForm,
    LevelForm,
)
from dafeng.domains.enterprise.review.methods import consumption, rules, stand
from dafeng.domains.enterprise.review.views import clock, faults, tell
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError
from dafeng.kernel.pages import charts
from dafeng.kernel.pages.asked import one_of, tabs
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records.workflows import get as workflow_of

# What waits for whom: state → the bureau's next step.
WAITING = ("submitted", "accepted", "in_review", "reviewed", "forwarded", "trial", "rectifying", "entered")


def _address(row: Project) -> str:
    return reverse("enterprise:review-project", kwargs={"id": row.pk})


def state_words() -> dict[str, str]:
    return {code: each.title for code, each in workflow_of(projects.KIND).states.items()}


def _columns(names: dict[str, str]) -> list[Column]:
    return [
        Column("name", pgettext("建设项目", "项目"), wide=True, link=_address),
        Column("record.state", _("状态"), show=lambda row: row.record.state_title),
        Column("enterprise.name", _("建设单位"), wide=True),
        Column("place", _("县区"), show=lambda row: names.get(row.place, row.place)),
        Column("level", _("审查机关"), show=lambda row: words.LEVELS.get(row.level, row.level)),
        Column("tce", _("能耗（tce）"), numeric=True, show=lambda row: _number(row.tce)),
        Column("coal", _("煤炭（t）"), numeric=True, show=lambda row: _number(row.coal)),
        Column("co2", _("碳排放（t）"), numeric=True, show=lambda row: _number(row.co2)),
        Column("two_high", _("“两高”"), show=lambda row: {True: _("是"), False: _("否"), None: _("待认定")}[row.two_high]),
        Column("operation_year", _("投产年"), numeric=True, show=lambda row: str(row.operation_year)),
        Column("number", _("编号")),
    ]  # fmt: skip


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _seen(request: HttpRequest) -> QuerySet[Project]:
    return Project.objects.for_user(request.user).select_related("record", "enterprise")


@require_safe
@asks(permissions.SEE)
def board(request: HttpRequest) -> HttpResponse:
    """Each party's desk: what waits for this person, then the projects that they may see."""
    _now, today = clock()
    roles = records.roles_of(request.user)
    names = cities.place_names()
    table = Table(
        request, _seen(request), _columns(names), _("节能审查项目"), search=("name", "number", "enterprise__name"),
        choices=(Choice("state", _("状态"), state_words(), "record__state"),), order="-number",
        empty=_("还没有项目。企业在这里申报，报送以后审查机关看得到。"), file="review-projects",
    )  # fmt: skip
    if answer := table.download():
        return answer
    context: dict[str, Any] = {
        "table": table,
        "applies": "enterprise" in roles,
        "enters": may(request.user, permissions.HANDLE),
        "rules": rules(),
        "today": today,
    }
    if {"department", "ecology", "county"} & roles:
        context["joint"] = joint.waiting_for(request.user)
    if "verifier" in roles:
        context["invitations"] = list(
            ProjectInvitation.objects.filter(expert__person=request.user.pk, state__in=("invited", "declared"), project__record__state="in_review").select_related("project")
        )  # fmt: skip
    if {"ndrc", "leader", "county"} & roles:
        counts = dict(_seen(request).values_list("record__state").annotate(Count("pk", distinct=True)).order_by())
        titles = state_words()
        context["waiting"] = [
            {"title": titles[state], "value": counts.get(state, 0), "address": f"?state={state}"} for state in WAITING
        ]
    return render(request, "enterprise/review/board.html", context)


@require_safe
@asks(permissions.STATISTICS)
def register(request: HttpRequest) -> HttpResponse:
    """Every project handed in, with all filters; the sweep of stock and unfinished projects is a filter of it."""
    names = cities.place_names()
    chosen = _seen(request).exclude(record__state__in=("draft", "withdrawn"))
    sweep = one_of(request, "sweep", ("", "over", "incomparable"))
    if sweep:
        chosen = chosen.filter(pk__in=_swept(chosen, sweep))
    years = chosen.order_by("-operation_year").values_list("operation_year", flat=True).distinct()
    table = Table(
        request, chosen, _columns(names), _("节能审查台账"), search=("name", "number", "enterprise__name"), order="-number",
        choices=(
            Choice("state", _("状态"), state_words(), "record__state"),
            Choice("place", _("县区"), {code: name for code, name in names.items() if not code.endswith("00")}),
            Choice("level", _("审查机关"), {code: text for code, text in words.LEVELS.items() if code}),
            Choice("stage", _("建设状态"), dict(Project.Stage.choices)),
            Choice("two_high", _("“两高”"), {"True": _("是"), "False": _("否")}),
            Choice("operation_year", _("投产年"), {str(year): str(year) for year in years}),
        ),
        empty=_("没有符合条件的项目。"), file="review-register",
    )  # fmt: skip
    context = {"table": table, "sweep": sweep}
    return table.download() or render(request, "enterprise/review/register.html", context)


def _swept(chosen: QuerySet[Project], sweep: str) -> list[Any]:
    """Projects whose designed use does not meet the access value in force (H1: stock and unfinished ones are to stop and mend), or
    cannot be compared with it (`incomparable`), each in the level's own unit.
    """
    _now, today = clock()
    wanted = {"over": ("over_limit", "over_access"), "incomparable": ("incomparable",)}[sweep]
    levels: dict[str, Any] = {}
    found = []
    for project in chosen.exclude(product=""):
        if project.product not in levels:
            levels[project.product] = figures.levels_of(project.product, today).get("energy")
        used = consumption(assessments.proposal_of(project))
        per = assessments.per_product(used, project.content.get("output", {}).get("unit", ""))
        if stand(per, levels[project.product]).verdict in wanted:
            found.append(project.pk)
    return found


@require_safe
@asks(permissions.STATISTICS)
def figures_page(request: HttpRequest) -> HttpResponse:
    """What the register adds up to (art. 23)."""
    city = cities.only_city()
    names = cities.place_names(city)
    frame = statistics.register_frame(city.code if city else "", Project.objects.for_user(request.user))
    counties = statistics.by_county(frame)
    table = Table(
        request, counties,
        [
            Column("place", _("县区"), show=lambda row: names.get(row["place"], row["place"])),
            Column("projects", _("报送"), numeric=True),
            Column("in_force", _("意见有效"), numeric=True),
            Column("fallen", _("不通过、失效、撤销"), numeric=True),
            Column("two_high", _("“两高”"), numeric=True),
            Column("tce", _("新增能耗（tce）"), numeric=True, show=lambda row: _number(row["tce"])),
            Column("counted", _("计入双控（tce）"), numeric=True, show=lambda row: _number(row["counted"])),
            Column("coal", _("煤炭（t）"), numeric=True, show=lambda row: _number(row["coal"])),
            Column("co2", _("碳排放（t）"), numeric=True, show=lambda row: _number(row["co2"])),
        ],
        _("各县区"), order="place", empty=_("还没有报送的项目。"), file="review-statistics",
    )  # fmt: skip
    added = statistics.new_energy(frame)
    years = sorted(added["year"].unique().to_list())
    series = [
        charts.Series(names.get(place, place), dict(added.filter(added["place"] == place).select("year", "tce").iter_rows()), tone=1 + index % 8)
        for index, place in enumerate(sorted(added["place"].unique().to_list()))
    ]  # fmt: skip
    chart = charts.stacked(_("已批项目新增能源消费，按投产年"), "tce", years, series, decimals=0) if years else None
    if answer := table.download() or (chart.download(request) if chart else None):
        return answer
    totals = counties.sum()
    context = {
        "table": table,
        "chart": chart,
        "figures": [
            {"title": _("报送项目"), "value": totals["projects"][0], "unit": _("个")},
            {"title": _("意见有效"), "value": totals["in_force"][0], "unit": _("个")},
            {"title": _("新增能耗"), "value": _number(totals["tce"][0]), "unit": "tce"},
            {"title": _("新增碳排放"), "value": _number(totals["co2"][0]), "unit": "t CO₂"},
        ] if counties.height else [],
        "zones": [row | {"title": dict(ControlUnit.Grade.choices).get(row["zone"], _("没有填，待确认")), "tce": _number(row["tce"])} for row in statistics.by_zone(frame).to_dicts()],
        "published": statistics.ENERGY,
    }  # fmt: skip
    return render(request, "enterprise/review/statistics.html", context)


TABS = ("figures", "levels", "experts", "capacity", "heat", "zones")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def keep(request: HttpRequest) -> HttpResponse:
    """The registers that decisions read, a tab each, each with a form to add a row."""
    titles = {
        "figures": _("审查参数"), "levels": _("能耗和碳排放限额"), "experts": _("专家库"), "capacity": _("退出产能和削减量"), "heat": _("供热机组"), "zones": _("管控单元"),
    }  # fmt: skip
    tab = one_of(request, "tab", titles, default="figures")
    now, today = clock()
    names = cities.place_names()
    city = cities.only_city()
    wider = {"410000": _("河南省"), **names} if names and next(iter(names)).startswith("41") else names
    form = _kept_form(tab, request.POST or None, wider, {k: v for k, v in names.items() if not k.endswith("00")}, today)
    if request.method == "POST":
        if form.is_valid():
            try:
                _add(tab, form.cleaned_data, city=city.code if city else "", by=request.user, now=now)
            except DafengError as error:
                tell(request, error)
            else:
                messages.success(request, _("已登记"))
                return redirect(f"{reverse('enterprise:review-keep')}?tab={tab}")
        else:
            faults(request, form)
    context = {
        "tabs": tabs(request, "tab", titles), "title": titles[tab], "tab": tab, "form": form, "table": _kept(tab, request, wider),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "enterprise/review/keep.html", context, status=status)


def _kept_form(tab: str, data: Any, wider: dict[str, str], counties: dict[str, str], today: date) -> Any:
    since = {"since": today}
    return {
        "figures": lambda: FigureForm(data, places=wider, initial=since),
        "levels": lambda: LevelForm(data, initial=since),
        "experts": lambda: ExpertForm(data),
        "capacity": lambda: CapacityForm(data, places=counties, products=figures.source_products()),
        "heat": lambda: HeatUnitForm(data),
        "zones": lambda: ControlUnitForm(data, places=counties),
    }[tab]()


def _add(tab: str, given: dict[str, Any], *, city: str, by: Any, now: Any) -> None:
    if tab == "figures":
        figures.state_figure(**given, by=by, now=now)
    elif tab == "levels":
        figures.state_level(**given, by=by, now=now)
    elif tab == "heat":
        figures.state_heat_unit(**given, city=city, by=by, now=now)
    elif tab == "zones":
        figures.state_control_unit(**given, city=city, by=by, now=now)
    elif tab == "capacity":
        swaps.retire(**given, city=city, by=by, now=now)
    else:
        person = get_user_model().objects.filter(username=given["username"], is_active=True).first()
        if person is None:
            raise DafengError(_("没有登录名为“%(name)s”的账户") % {"name": given["username"]})
        mine = sorted(records.organisations_of(person) - {""})
        advised = [each.strip() for each in given["advised"].replace("，", ",").split(",") if each.strip()]
        experts.enrol(
            person, name=given["name"], organisation=mine[0] if mine else "", employer=given["employer"],
            fields=given["fields_known"], advised=advised, by=by, now=now,
        )  # fmt: skip


def _kept(tab: str, request: HttpRequest, names: dict[str, str]) -> Table:
    def place(row: Any) -> str:
        return names.get(str(row.place), str(row.place))

    demo = Column("demo", _("示例"), show=lambda row: _("演示") if row.demo else "–")
    if tab == "figures":
        columns = [
            Column("code", _("参数"), show=lambda row: figures.CODES[row.code][0]), Column("place", _("地区"), show=place),
            Column("value", _("数值"), numeric=True), Column("code", _("单位"), sort=None, show=lambda row: figures.CODES[row.code][1]),
            Column("since", _("自")), Column("source", _("依据"), wide=True), demo,
        ]  # fmt: skip
        return Table(request, ProjectFigure.objects.all(), columns, _("审查参数"), search=("source",), empty=_("还没有登记参数：需要它的判定会停在“待确认”。"))  # fmt: skip
    if tab == "levels":
        columns = [
            Column("name", _("产品")), Column("measure", _("比较"), show=lambda row: row.get_measure_display()), Column("limit", _("限定值"), numeric=True), Column("access", _("准入值"), numeric=True),
            Column("lead", _("先进值"), numeric=True), Column("unit", _("单位")), Column("since", _("实施")), Column("source", _("标准"), wide=True), demo,
        ]  # fmt: skip
        return Table(request, ProjectLevel.objects.all(), columns, _("能耗限额"), search=("name", "source"), empty=_("还没有登记限额；六种产品的国家能效水平（2021 年版）已内置，碳排放限额没有内置：手头没有原文。"))  # fmt: skip
    if tab == "experts":
        columns = [
            Column("name", _("姓名")), Column("employer", _("工作单位"), wide=True), Column("fields", _("专业"), wide=True),
            Column("advised", _("近三年咨询服务对象"), sort=None, show=lambda row: "，".join(row.advised) or "–"),
            Column("active", _("在库"), show=lambda row: _("是") if row.active else _("否")), demo,
        ]  # fmt: skip
        return Table(request, ProjectExpert.objects.all(), columns, _("专家库"), search=("name", "employer"), empty=_("专家库还是空的。"))  # fmt: skip
    if tab == "capacity":
        kinds = figures.source_products()
        columns = [
            Column("enterprise", _("退出单位"), wide=True), Column("place", _("县区"), show=place),
            Column("product", _("产品"), show=lambda row: kinds.get(row.product, row.product)),
            Column("capacity", _("产能"), numeric=True), Column("used", _("已置换"), numeric=True, show=lambda row: row.used or 0),
            Column("unit", _("单位")), Column("retired_on", _("退出日期")), Column("document", _("认定文件"), wide=True), demo,
        ]  # fmt: skip
        return Table(request, swaps.sources(), columns, _("退出产能"), search=("enterprise", "document"), empty=_("还没有登记退出产能。"))  # fmt: skip
    if tab == "zones":
        columns = [
            Column("name", _("管控单元"), wide=True), Column("code", _("编码")), Column("grade", _("类别"), show=lambda row: row.get_grade_display()),
            Column("place", _("县区"), show=place), Column("barred", _("禁止的行业"), sort=None, show=lambda row: "，".join(row.barred) or "–"),
            Column("bars_two_high", _("禁止“两高”"), show=lambda row: _("是") if row.bars_two_high else _("否")), Column("document", _("依据文件"), wide=True), demo,
        ]  # fmt: skip
        return Table(request, ControlUnit.objects.all(), columns, _("管控单元"), search=("name", "code", "document"), empty=_("还没有登记管控单元：项目的分区管控要求停在“待确认”。"))  # fmt: skip
    columns = [
        Column("name", _("供热机组"), wide=True), Column("longitude", _("经度"), numeric=True), Column("latitude", _("纬度"), numeric=True),
        Column("source", _("位置依据"), wide=True), demo,
    ]  # fmt: skip
    return Table(request, HeatUnit.objects.filter(Q(until=None) | Q(until__gt=clock()[1])), columns, _("供热机组"), search=("name",), empty=_("还没有登记供热机组：15 公里要求没有可比的对象。"))  # fmt: skip


urlpatterns = [
    path("review/", board, name="review-board"),
    path("review/register/", register, name="review-register"),
    path("review/statistics/", figures_page, name="review-statistics"),
    path("review/keep/", keep, name="review-keep"),
]
