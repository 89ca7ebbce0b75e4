"""The inventory's long work: compiling, and writing a run as a file."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.inventory import documents, permissions, services, staging
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Minutes, schedule


@job("inventory.compile", "编制清单", action=permissions.COMPILE)
def compile_city(running: Running, *, city: str, edition: str = "", gwp: str = "") -> Result:
    """Compile with the pack's defaults for what is not named. Beginning again is harmless: the same inputs give the same run."""
    found = City.objects.get(pk=city)
    defaults = services.defaults_of(found)
    run = services.compile_city(
        found,
        edition=edition or defaults.edition,
        gwp=gwp or defaults.gwp,
        tiers=dict(defaults.tiers),
        statistics=defaults.statistics,
        by=running.by,
        now=running.clock(),
        progress=running.step,
    )
    text = _("第 %(number)s 版清单，%(seconds).1f 秒") % {"number": run.number, "seconds": run.seconds}
    return Result(text, reverse("inventory:account", kwargs={"code": city}) + f"?run={run.number}")


@job("inventory.export", "生成清单文件", action=permissions.REPORT)
def export(running: Running, *, city: str, number: int, year: int, format: str, language: str) -> Result:
    """Write a run as a file, once; the file is then served to everybody who may see the run."""
    run = InventoryRun.objects.select_related("city").filter(city=city, number=number).first()
    if run is None:
        raise NotFound(_("没有第 %(number)s 版清单") % {"number": number})
    running.step(_("正在生成 %(format)s") % {"format": documents.FORMATS[format][1]})
    made = documents.cached_export(run, format=format, year=year, language=language)
    address = reverse("inventory:download", kwargs={"code": city, "format": format})
    return Result(
        _("%(format)s 文件，%(size)s kB") % {"format": documents.FORMATS[format][1], "size": made.stat().st_size // 1000},
        f"{address}?run={number}&year={year}",
    )  # fmt: skip


@job("inventory.clear-staged", "清理过期的上传文件", action=permissions.CLEAR)
def clear_staged(running: Running) -> Result:
    """Forget files that were handed in and not committed within a day."""
    return Result(_("清理了 %(count)s 个过期的上传文件") % {"count": staging.clear(now=running.clock())})


schedule("inventory.clear-staged", "清理过期的上传文件", kind="inventory.clear-staged", every=Minutes(60))
