"""质量与完整性: what is there and what is missing, what the checks say, what matters most, how sure it is, and what has changed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.inventory import analyses, permissions
from dafeng.domains.inventory import quality_shown as shown
from dafeng.domains.inventory.factor_tables import sector_name
from dafeng.domains.inventory.models import InventoryRun
from dafeng.domains.inventory.runs import city_of, english, run_of, visible_run, year_of, years_of
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.charts import Chart, Series, stacked
from dafeng.kernel.pages.tables import Choice, Column, Table

TABS = {
    "completeness": gettext_lazy("完整性"),
    "checks": gettext_lazy("质量检查"),
    "key": gettext_lazy("关键类别与不确定性"),
    "score": gettext_lazy("数据质量评分"),
    "recalculation": gettext_lazy("与上一版的差别"),
}
EFFECTS = {
    "boundary": gettext_lazy("排放源增减"),
    "activity": gettext_lazy("活动水平数据"),
    "factor": gettext_lazy("因子"),
    "method": gettext_lazy("方法"),
    "gwp": gettext_lazy("全球变暖潜势"),
}


@require_safe
@asks(permissions.SEE_QUALITY)
def quality(request: HttpRequest, code: str) -> HttpResponse:
    """One run's quality in five tabs; `?run=` names another than the current one."""
    if not request.GET.get("run") and visible_run(request.user, code) is None:
        return render(request, "inventory/quality/none.html", {"city": city_of(code)})
    run = run_of(request, code)
    year, years = year_of(request, run), years_of(run)
    tab = asked.one_of(request, "tab", TABS, default="completeness")
    context: dict[str, Any] = {
        "run": run,
        "city": run.city,
        "tab": tab,
        "tabs": _tabs(request, tab),
        "year": year,
        "first": min(years),
        "last": max(years),
        "earlier": asked.address(request, year=year - 1) if year - 1 in years else "",
        "later": asked.address(request, year=year + 1) if year + 1 in years else "",
        "others": [(key, value) for key, value in request.GET.items() if key in ("tab", "run", "sector", "state")],
        "figures": shown.figures(run, year),
        "analyses": may(request.user, permissions.ANALYSE),
    }
    answer = {
        "completeness": _completeness,
        "checks": _checks,
        "key": _key,
        "score": _score,
        "recalculation": _recalculation,
    }[tab](request, run, year, context)
    return answer or render(request, f"inventory/quality/{tab}.html", context)


def _tabs(request: HttpRequest, chosen: str) -> list[dict[str, Any]]:
    """Run and year stay from tab to tab; the rest belongs to one of them."""
    kept = {key: request.GET[key] for key in ("run", "year") if request.GET.get(key)}
    query = request.GET.copy()
    query.clear()
    found = []
    for name, title in TABS.items():
        query.update({**kept, "tab": name})
        found.append({"title": title, "address": f"?{query.urlencode()}", "current": name == chosen})
        query.clear()
    return found


def _completeness(request: HttpRequest, run: InventoryRun, year: int, context: dict[str, Any]) -> HttpResponse | None:
    bars = shown.sector_bars(run)
    sectors = [row["code"] for row in bars["rows"]]
    sector = asked.one_of(request, "sector", sectors, default=sectors[0])
    where = reverse("inventory:data", args=[run.city_id])
    table = Table(
        request,
        shown.gaps(run),
        [
            Column("heading", _("类别"), show=lambda row: f"{row['category']} {row['heading']}", sort="category", wide=True),
            Column("gases", _("气体")),
            Column("years", _("缺的年份"), sort="count"),
            Column("count", _("年数"), numeric=True),
            Column("reason", _("原因"), wide=True),
            Column("category", _("怎么补"), sort=None, show=lambda row: _("去填报"), link=lambda row: where),
        ],
        _("未估算的类别"),
        search=("category", "heading", "gases", "reason"),
        choices=(Choice("in", _("领域"), {one: sector_name(one) for one in sectors}, column="sector"),),
        name="gaps",
        size=15,
        empty=_("没有缺项：每个应有的单元都有数值或标记。"),
        file="gaps",
    )  # fmt: skip
    context |= {
        "bars": bars,
        "matrix": shown.matrix(run, sector),
        "sector": sector,
        "sector_name": sector_name(sector),
        "sectors": [
            {"title": sector_name(one), "address": asked.address(request, sector=one) + "#matrix", "current": one == sector}
            for one in sectors
        ],
        "table": table,
        "signs": shown.CELL_STATES,
        "notations": shown.NOTATIONS,
    }  # fmt: skip
    return table.download()


def _checks(request: HttpRequest, run: InventoryRun, year: int, context: dict[str, Any]) -> HttpResponse | None:
    state = asked.one_of(request, "state", shown.CHECK_STATES)
    found = shown.checks(run, state)
    rooms = {
        "data": (_("去活动水平数据"), reverse("inventory:data", args=[run.city_id])),
        "factors": (_("去因子库"), reverse("inventory:factors", args=[run.city_id])),
        "score": (_("看怎样提高得分"), asked.address(request, tab="score", state="")),
    }
    for row in found["rows"]:
        row["link"] = rooms.get(row["room"])
    context |= found | {
        "state": state,
        "all_states": asked.address(request, state=""),
        "states": [
            {
                "title": f"{told[2]} {found['counts'][name]}",
                "address": asked.address(request, state=name),
                "current": name == state,
            }
            for name, told in shown.CHECK_STATES.items()
        ],
        "total": sum(found["counts"].values()),
    }
    return None


def _job(request: HttpRequest, run: InventoryRun, year: int) -> Job | None:
    """The analysis under way, if there is one and this person started it."""
    return Job.objects.for_user(request.user).active().filter(kind="inventory.analyse", key=_key_of(run, year)).first()


def _key_of(run: InventoryRun, year: int) -> str:
    return f"{run.city_id}-{run.number}-{year}"


def _key(request: HttpRequest, run: InventoryRun, year: int, context: dict[str, Any]) -> HttpResponse | None:
    known = analyses.years_of(run)
    found = analyses.read(run, analyses.assessed(year))
    rows = found["keys"] if found else shown.keys_without_uncertainty(run, year, known[0]) if year in known else []
    context |= {
        "found": found,
        "base_year": known[0] if known else year,
        "keys": shown.named_keys(rows, run, year),
        "job": None if found else _job(request, run, year),
        "countable": year in known,
    }
    if found:
        context |= {
            "total": found["total"][0],
            "simulated": found["simulated"][0],
            "sectors": [each | {"name": sector_name(each["sector"])} for each in found["sectors"]],
            "contributions": shown.named_contributions(found["contributions"], run),
        }
    return None


def _score(request: HttpRequest, run: InventoryRun, year: int, context: dict[str, Any]) -> HttpResponse | None:
    chart = shown.score_chart(run)
    context |= {"chart": chart, "weights": shown.weights(), "gains": shown.gains(run, year)}
    return chart.download(request) if chart else None


def _recalculation(request: HttpRequest, run: InventoryRun, year: int, context: dict[str, Any]) -> HttpResponse | None:
    before = analyses.former_of(run)
    found = analyses.read(run, analyses.recalculated(before)) if before else None
    chart = _effects(found["years"]) if found else None
    context |= {
        "before": before,
        "found": found,
        "chart": chart,
        "rows": found["years"] if found else [],
        "changes": shown.named_changes(found["categories"], run, year) if found else [],
        "effects": EFFECTS,
        "job": _job(request, run, year) if before and not found else None,
        "same": found is not None and all(abs(each["difference"]) < 1e-6 for each in found["years"]),
    }
    return chart.download(request) if chart else None


def _effects(rows: list[dict[str, Any]]) -> Chart | None:
    scale = 1e3 if english() else 1e4
    told = [
        Series(title, {row["year"]: row[name] / scale for row in rows}, tone)
        for tone, (name, title) in enumerate(EFFECTS.items(), 1)
    ]
    unit = "kt CO₂e" if english() else "万吨 CO₂e"
    return stacked(_("与上一版之差，按原因"), unit, [row["year"] for row in rows], told, name="recalculation")


@require_POST
@asks(permissions.ANALYSE)
def analyse(request: HttpRequest, code: str) -> HttpResponse:
    """Have uncertainty, key categories and the comparison made; a second request for the same joins the first."""
    run = run_of(request, code)
    year = year_of(request, run)
    if year not in analyses.years_of(run):
        raise NotFound(_("%(year)s 年没有数值，不能分析") % {"year": year}, mend=_("请选择有数值的年份"))
    made = jobs.start(
        "inventory.analyse",
        by=request.user,
        now=timezone.now(),
        title=_("分析第 %(number)s 版清单 %(year)s 年的质量") % {"number": run.number, "year": year},
        parameters={"city": run.city_id, "number": run.number, "year": year},
        key=_key_of(run, year),
    )
    return redirect("job", id=made.pk) if made.by_id == request.user.pk else redirect(f"{reverse('inventory:quality', args=[code])}?run={run.number}&year={year}&tab=key")  # fmt: skip


urlpatterns = [
    path("<str:code>/quality/", quality, name="quality"),
    path("<str:code>/quality/analyse/", analyse, name="quality-analyse"),
]
