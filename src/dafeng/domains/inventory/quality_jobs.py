"""The quality page's long work: uncertainty and key categories of a year, and the comparison with the run before."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.inventory import analyses, permissions
from dafeng.domains.inventory.models import InventoryRun
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running


@job("inventory.analyse", "分析清单质量", action=permissions.ANALYSE)
def analyse(running: Running, *, city: str, number: int, year: int) -> Result:
    """Beginning again is harmless: each analysis is written whole, and the same each time."""
    run = InventoryRun.objects.select_related("city").filter(city=city, number=number).first()
    if run is None or year not in analyses.years_of(run):
        raise NotFound(_("没有第 %(number)s 版清单的 %(year)s 年") % {"number": number, "year": year})
    found = analyses.assess_run(run, year, draws=analyses.DRAWS, progress=running.step)
    before = analyses.former_of(run)
    if before is not None:
        analyses.explain_run(run, before, progress=running.step)
    running.step(_("完成"), 4, 4)
    address = f"{reverse('inventory:quality', args=[city])}?run={number}&tab=key&year={year}"
    return Result(_("%(count)s 个关键类别") % {"count": len(found["keys"])}, address)
