"""The electricity of a park's firms together beside its baseline, by the tools of a single firm (`monitoring.baselining`)."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.energy.monitoring import baselining, forecasting
from dafeng.domains.energy.monitoring.views.plans import against, fits_of
from dafeng.domains.energy.parks import permissions, reading, store
from dafeng.domains.energy.parks.views.park_page import names_of, shell
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.records import services as records
from dafeng.kernel.series.points import one_look


@require_safe
@asks(permissions.SEE)
@one_look()
def baseline(request: HttpRequest, park: str) -> HttpResponse:
    """The last four weeks of the firms that are in the park now. Only sums: a firm looks at its own baseline."""
    found = store.park_for(request.user, park)
    if not permissions.sees_whole(request.user, found):
        raise NotFound(_("没有这个园区的合计"), mend=_("企业在自己的“基线”页看本企业的数据"))
    last = timezone.localdate() - timedelta(days=1)
    seats = list(reading.members(found, last))
    meters = forecasting.forecast_meters(seats, last)
    counted = {meter.enterprise_id for meter in meters}
    compared = kept(
        "energy.parks.baseline", records.head().digest, found.code, str(last), make=lambda: baselining.compare(meters, found.place, last), seconds=MINUTE
    )  # fmt: skip
    told = against(compared)
    if (chart := told.get("chart")) and (answer := chart.download(request)):
        return answer
    names = names_of([seat.enterprise for seat in seats])
    told["firms"] = [names[seat.enterprise.code] for seat in seats if seat.enterprise_id in counted]
    told["fits"] = fits_of(found.subject)
    told["unmetered"] = [names[seat.enterprise.code] for seat in seats if seat.enterprise_id not in counted]
    return render(request, "energy/parks/baseline.html", shell(request, found, "baseline") | told)
