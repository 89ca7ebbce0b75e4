"""Compiling, the list of runs, files to take away, and publishing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.inventory import documents, library, permissions, services, taken
from dafeng.domains.inventory.models import InventoryRun
from dafeng.domains.inventory.runs import city_of, english, named, place_names, run_of, visible_run, year_of, years_of
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.errors import NotFound, StaleError
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.pages import asked
from dafeng.kernel.pages.tables import Column, Table
from dafeng.kernel.quantities import gases
from dafeng.kernel.records.services import is_person


def _edition(run: InventoryRun) -> str:
    found = library.editions().get(run.edition)
    return run.edition if found is None else found.title_en if english() else found.title


def _language() -> str:
    return "en" if english() else "zh"


@require_safe
@asks(permissions.REPORT)
def reports(request: HttpRequest, code: str) -> HttpResponse:
    """The newest run and what may be done with it; all runs; files of one year."""
    city = city_of(code)
    run = visible_run(request.user, code)
    context: dict[str, Any] = {"city": city, "city_name": place_names(city)[code], "run": run, "may": _rights(request)}
    if is_person(request.user):
        context["jobs"] = Job.objects.for_user(request.user).active().filter(kind__startswith="inventory.")[:5]
    if context["may"]["compile"]:
        context |= {
            "editions": [e for e in library.editions().values() if e.usable],
            "gwps": gases.SETS,
            "defaults": services.defaults_of(city),
        }
    if run is None:
        return render(request, "inventory/reports.html", context)
    year = year_of(request, run)
    seen = [each for each in city.runs.all()[:200] if may(request.user, permissions.SEE, each)]
    former = {each.number: seen[i + 1].number for i, each in enumerate(seen[:-1])}
    compared = reverse("inventory:compare", kwargs={"code": code})
    table = Table(
        request,
        city.runs.filter(pk__in=[each.pk for each in seen]),
        [
            Column("number", _("版次"), numeric=True, link=lambda r: f"{reverse('inventory:account', kwargs={'code': code})}?run={r.number}"),
            Column("edition", _("编制依据"), show=_edition, wide=True),
            Column("gwp", "GWP"),
            Column("created_at", _("编制时间"), show=lambda r: timezone.localtime(r.created_at).strftime("%Y-%m-%d %H:%M")),
            Column("created_by", _("编制人"), show=lambda r: _("系统") if r.created_by == "system" else r.created_by),
            Column("published_at", _("状态"), show=lambda r: _("已发布") if r.published_at else _("草稿")),
            Column("digest", _("与上一版比较"), sort=None, show=lambda r: _("看变化") if r.number in former else "–",
                   link=lambda r: f"{compared}?a={former[r.number]}&b={r.number}" if r.number in former else ""),
        ],
        _("各版清单"),
        order="-number",
        size=10,
        file=f"runs-{code}",
    )  # fmt: skip
    if answer := table.download():
        return answer
    context |= {
        "year": year,
        "years": [{"year": y, "address": asked.address(request, year=y), "current": y == year} for y in reversed(years_of(run))],
        "edition": _edition(run),
        "stale": services.stale_since(run),
        "blocking": services.blocking(run),
        "lapsed": [] if run.published_at else taken.lapsed_in(run),
        "files": _files(run, year),
        "table": table,
    }  # fmt: skip
    return render(request, "inventory/reports.html", context)


def _rights(request: HttpRequest) -> dict[str, bool]:
    wanted = {"compile": permissions.COMPILE, "publish": permissions.PUBLISH}
    return {name: may(request.user, action) for name, action in wanted.items()} | {"make": is_person(request.user)}


def _files(run: InventoryRun, year: int) -> list[dict[str, Any]]:
    """Each format and whether its file has been made."""
    notes = {
        "xlsx": _("官方表式，公式可追溯"), "docx": _("清单报告，可编辑"), "pdf": _("清单报告，可直接打印"),
        "csv": _("全部数据"), "iamc": _("IAMC 格式"), "primap2": _("primap2 格式"),
    }  # fmt: skip
    found = []
    for format, (suffix, title, _media) in documents.FORMATS.items():
        target = documents.export_path(run, format=format, year=year, language=_language())
        made = target.stat() if target.exists() else None
        found.append(
            {
                "format": format, "title": title, "suffix": suffix, "note": notes[format], "size": made.st_size if made else None,
                "made_at": datetime.fromtimestamp(made.st_mtime, tz=timezone.get_current_timezone()) if made else None,
            }
        )  # fmt: skip
    return found


@require_POST
@asks(permissions.COMPILE)
def compile_(request: HttpRequest, code: str) -> HttpResponse:
    """Start a compile, or join the one under way."""
    city = city_of(code)
    edition, gwp = request.POST.get("edition", ""), request.POST.get("gwp", "")
    if (edition and edition not in library.editions()) or (gwp and gwp not in gases.SETS):
        raise NotFound(_("没有这种编制依据或 GWP 版本"), mend=_("请从列表中选择"))
    job = jobs.start(
        "inventory.compile",
        by=request.user,
        now=timezone.now(),
        title=_("编制%(city)s清单") % {"city": city.name},
        parameters={"city": code, "edition": edition, "gwp": gwp},
        key=code,
    )
    return redirect("job", id=job.pk)


@require_POST
@asks(permissions.REPORT)
def make(request: HttpRequest, code: str, format: str) -> HttpResponse:
    """Start writing a file, or join whoever has started it."""
    run, year = run_of(request, code), year_of(request, run_of(request, code))
    if format not in documents.FORMATS or not is_person(request.user):
        raise NotFound(_("没有这种文件"), mend=_("请登录后在“编制与报告”里生成"))
    job = jobs.start(
        "inventory.export",
        by=request.user,
        now=timezone.now(),
        title=_("%(city)s %(year)s 年清单 %(format)s") % {"city": named(run), "year": year, "format": documents.FORMATS[format][1]},
        parameters={"city": code, "number": run.number, "year": year, "format": format, "language": _language()},
        key=f"{code}-{run.number}-{year}-{format}-{_language()}",
    )  # fmt: skip
    return redirect("job", id=job.pk)


@require_safe
@asks(permissions.REPORT)
def download(request: HttpRequest, code: str, format: str) -> HttpResponse | FileResponse:
    """A file that has been made; one that has not is offered for making."""
    if format not in documents.FORMATS:
        raise NotFound(_("没有“%(format)s”这种文件") % {"format": format[:12]}, expected="、".join(documents.FORMATS))
    run = run_of(request, code)
    year = year_of(request, run)
    target = documents.export_path(run, format=format, year=year, language=_language())
    if not target.exists():
        context = {"run": run, "city": run.city, "city_name": named(run), "year": year, "format": format, "title": documents.FORMATS[format][1], "may_make": is_person(request.user)}  # fmt: skip
        return render(request, "inventory/not_made.html", context, status=404)
    name = f"{code}-{run.number}-{year}{documents.FORMATS[format][0]}"
    return FileResponse(target.open("rb"), as_attachment=True, filename=name, content_type=documents.FORMATS[format][2])


@require_POST
@asks(permissions.PUBLISH)
def publish(request: HttpRequest, code: str) -> HttpResponse:
    """Publish the run that the page showed; refused when another has taken its place meanwhile."""
    run = run_of(request, code)
    demand(request.user, permissions.PUBLISH, run)
    if request.POST.get("number") != str(run.number):
        raise StaleError(_("页面打开之后又编制了新的一版"), mend=_("请刷新页面，核对新的一版再发布"))
    services.publish_run(run, by=request.user, now=timezone.now())
    messages.success(request, _("第 %(number)s 版清单已发布") % {"number": run.number})
    return redirect("inventory:reports", code=code)


urlpatterns = [
    path("<str:code>/reports/", reports, name="reports"),
    path("<str:code>/compile/", compile_, name="compile"),
    path("<str:code>/publish/", publish, name="publish"),
    path("<str:code>/make/<str:format>/", make, name="make"),
    path("<str:code>/download/<str:format>/", download, name="download"),
]
