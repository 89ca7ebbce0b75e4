"""What happens at a firm now: the newest readings, today's electricity so far. The board holds it, and asks for it again each minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dafeng.domains.energy.models import Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import detecting, permissions, reading, watching, words
from dafeng.domains.energy.monitoring.views.firm_page import firm_of
from dafeng.kernel.actions import asks
from dafeng.kernel.series import flags, queries
from dafeng.kernel.series.points import one_look


@require_safe
@never_cache
@asks(permissions.SEE)
@one_look()
def now(request: HttpRequest, code: str) -> HttpResponse:
    """The part of the board that changes by the minute, alone."""
    firm = firm_of(request, code)
    return render(request, "energy/monitoring/now.html", {"firm": firm} | happening(firm, now=timezone.now()))


def happening(firm: MonitoredFirm, *, now: datetime) -> dict[str, Any]:
    """What `energy/monitoring/now.html` needs beside the firm."""
    meters = detecting.meters_of(firm, timezone.localdate(now))
    return {"live": _live(meters, now=now), "today": _today(meters, now=now), "asked_at": timezone.localtime(now)}


def _today(meters: Sequence[Meter], *, now: datetime) -> list[dict[str, Any]]:
    """Electricity bought: the last hour that was measured, today so far, and yesterday to the same hour. Empty without a main meter."""
    mains = [
        meter for meter in meters if meter.item == "electricity" and meter.parent_id is None and meter.role == Meter.Role.LOAD
    ]  # fmt: skip
    if len({meter.point.unit for meter in mains}) != 1:
        return []  # none, or a sum of unlike units
    start = reading.midnight(timezone.localdate(now))
    hour = start + timedelta(hours=timezone.localtime(now).hour)
    frame = queries.used([meter.point_id for meter in mains], start - timedelta(days=1), hour, "1h")
    by_hour = frame.filter(pl.col("coverage") >= reading.HALF).group_by("at").agg(pl.col("value").sum(), pl.len())
    whole = by_hour.filter(pl.col("len") == len(mains)).sort(
        "at"
    )  # an hour in which one main is missing is no load of the firm
    same = by_hour.filter(pl.col("at") < hour - timedelta(days=1))
    so_far = by_hour.filter(pl.col("at") >= start)
    newest = whole.row(-1, named=True) if whole.height else None
    unit = mains[0].point.unit

    def told(frame: pl.DataFrame) -> str:
        return f"{frame['value'].sum():,.0f}" if frame.height else "NE"

    return [
        {"title": _("最近一小时用电"), "value": f"{newest['value']:,.0f}" if newest else "NE", "unit": unit,
         "note": _("%(at)s 起的一小时") % {"at": f"{timezone.localtime(newest['at']):%m-%d %H:%M}"} if newest else ""},
        {"title": _("今天累计用电"), "value": told(so_far), "unit": unit, "note": _("到 %(at)s，只计量到的小时") % {"at": f"{timezone.localtime(hour):%H:%M}"}},
        {"title": _("昨天同一时刻"), "value": told(same), "unit": unit, "note": ""},
    ]  # fmt: skip


def _live(meters: Sequence[Meter], *, now: Any) -> list[dict[str, Any]]:
    """The newest reading of each point, and how old it is."""
    if not meters:
        return []
    newest = {
        row["point"]: row for row in queries.latest([meter.point_id for meter in meters], now=now).iter_rows(named=True)
    }
    silent = watching.fallen_silent(meters, now=now)
    rows = []
    for meter in meters:
        row = newest.get(meter.point_id)
        late = row is None or meter.pk in silent
        rows.append(
            {
                "meter": meter, "name": meter.point.called(english=words.english()), "node": meter.node.called(english=words.english()), "row": row, "late": late,
                "at": timezone.localtime(row["at"]) if row else None, "flags": "、".join(flags.words(row["flag"])) if row else "", "unit": meter.point.unit,
            }
        )  # fmt: skip
    return rows
