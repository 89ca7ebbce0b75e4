"""The point explorer: from years to minutes by links, thinned on the server, so that no span is too long."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from dafeng.domains.energy.monitoring import modelling, permissions, words
from dafeng.domains.energy.monitoring.views.firm_page import clock, firm_of, shell
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages import asked, charts
from dafeng.kernel.quantities.units import printed
from dafeng.kernel.series import flags, queries
from dafeng.kernel.series.models import Point
from dafeng.kernel.series.points import one_look, table

MOST = 240
"""Points of a drawing: what the plot can show, and what a table twin can be read in."""
# span → title, length, how a moment is written
SPANS: dict[str, tuple[Any, timedelta, str]] = {
    "2h": (gettext_lazy("两小时"), timedelta(hours=2), "%H:%M"),
    "1d": (gettext_lazy("一天"), timedelta(days=1), "%m-%d %H:%M"),
    "7d": (gettext_lazy("一周"), timedelta(days=7), "%m-%d %H:%M"),
    "31d": (gettext_lazy("一月"), timedelta(days=31), "%m-%d %H:%M"),
    "366d": (gettext_lazy("一年"), timedelta(days=366), "%Y-%m-%d"),
    "5y": (gettext_lazy("五年"), timedelta(days=1827), "%Y-%m"),
}
STEPS = {"366d": "1d", "5y": "1mo"}
FINE = {"2h": "15m", "1d": "15m", "7d": "1h", "31d": "1h"}
"""Steps of the spans that are drawn from readings: of their quality, and of computed points, which have none."""


@require_safe
@asks(permissions.SEE)
@one_look()
def points(request: HttpRequest, code: str) -> HttpResponse:
    """One point of the firm over a span that ends at a moment; both are in the address."""
    firm = firm_of(request, code)
    meters = modelling.model_of(firm.enterprise).meters  # also those that no longer stand: their past is still theirs
    context: dict[str, Any] = shell(firm, "points")
    if not meters:
        return render(request, "energy/monitoring/points.html", context)
    codes = [meter.point.code for meter in meters]
    chosen = asked.one_of(request, "point", codes, default=codes[0])
    meter = meters[codes.index(chosen)]
    now = clock()[0]
    explored = exploration(request, meter.point, now=now)
    if (chart := explored["chart"]) and (answer := chart.download(request)):
        return answer
    context |= explored | {
        "meter": meter,
        "choices": [{"address": asked.address(request, point=each.point.code), "title": each.point.called(english=words.english()), "current": each.pk == meter.pk} for each in meters],
    }  # fmt: skip
    return render(request, "energy/monitoring/points.html", context)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def exploration(request: HttpRequest, point: Point, *, now: datetime) -> dict[str, Any]:
    """What `energy/monitoring/explorer.html` needs: the line of a point over a span, and the ways nearer, farther, back and on.

    Span and end are in the address. Raises `NotFound` for what is no span or moment.
    """
    span = asked.one_of(request, "span", SPANS, default="7d")
    end = _end(request, now=now)
    title, length, written = SPANS[span]
    chart, found = _drawn(point, span, end - length, end, written)
    order = list(SPANS)
    nearer, farther = order[max(order.index(span) - 1, 0)], order[min(order.index(span) + 1, len(order) - 1)]
    return {
        "point": point, "chart": chart, "from": timezone.localtime(end - length), "to": timezone.localtime(end),
        "spans": [{"address": asked.address(request, span=name), "title": words_of[0], "current": name == span} for name, words_of in SPANS.items()],
        "earlier": asked.address(request, end=_stamp(end - length)), "later": "" if end >= now else asked.address(request, end=_stamp(min(end + length, now))),
        "nearer": "" if nearer == span else asked.address(request, span=nearer, end=_stamp(end - (length - SPANS[nearer][1]) / 2)),
        "farther": "" if farther == span else asked.address(request, span=farther), "now": asked.address(request, end=""),
        "flags": [{"title": flags.TITLES[each], "count": count} for each, count in counted(found)], "span_title": title, "count": found.height,
    }  # fmt: skip


def quality(point: Point, explored: dict[str, Any]) -> dict[str, Any]:
    """What the same span is worth: its steps, how many carry each flag, and the part that was measured (0–1; None without a step)."""
    span = next(name for name, (title, _length, _form) in SPANS.items() if title == explored["span_title"])
    step = STEPS.get(span) or FINE[span]
    found = queries.steps(point.code, explored["from"], explored["to"], step)
    return {
        "step": step, "count": found.height, "coverage": found["coverage"].mean(),
        "flags": [{"title": flags.TITLES[each], "count": count} for each, count in counted(found)],
    }  # fmt: skip


def _stamp(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def _end(request: HttpRequest, *, now: datetime) -> datetime:
    """The end of the span, from the address; now where it says nothing. Raises `NotFound` for what is no moment."""
    given = request.GET.get("end", "").strip()
    if not given:
        return now
    try:
        told = (
            datetime.fromisoformat(given)
            if "T" in given
            else datetime.combine(date.fromisoformat(given) + timedelta(days=1), datetime.min.time())
        )
    except (ValueError, OverflowError):
        raise NotFound(
            _("“%(given)s”不是一个时间") % {"given": given[:20]},
            expected="2026-11-20T08:00",
            mend=_("请检查地址，或从导航重新进入"),
        ) from None
    aware = told if told.tzinfo else timezone.make_aware(told)
    if not 1990 <= aware.year <= now.year + 1:
        raise NotFound(_("“%(given)s”超出了有数据的范围") % {"given": given[:20]}, expected=f"1990–{now.year}")
    return min(aware, now)


def _drawn(
    point: Point, span: str, start: datetime, end: datetime, written: str
) -> tuple[charts.Chart | None, pl.DataFrame]:
    """The line of the point: readings thinned by the store for short spans, steps for long ones; laid on equal parts of time."""
    asked_from, asked_to = start.astimezone(UTC), end.astimezone(UTC)
    computed = bool(table().frame.filter(pl.col("point") == point.pk)["computed"].any())
    step = STEPS.get(span) or (FINE[span] if computed else "")
    if step:
        frame = queries.steps(point.code, asked_from, asked_to, step)
        frame = frame.filter(pl.col("coverage") > 0).select("at", "value", "flag")
        xs = [f"{timezone.localtime(at):{written}}" for at in frame["at"]]
        values: dict[str, float | None] = dict(zip(xs, frame["value"].to_list(), strict=True))
    else:
        frame = queries.shown([point.pk], asked_from, asked_to, most=MOST).select("at", "value", "flag")
        count = max(2, min(MOST, int((end - start).total_seconds() // max(point.period, 1))))
        width = (end - start) / count
        begun = (
            asked_from - EPOCH
        ) % width  # parts begin on the hour, as readings do, not on the minute one happens to look
        start, count = start - begun, count + bool(begun)
        xs = [f"{timezone.localtime(start + number * width):{written}}" for number in range(count)]
        values = dict.fromkeys(xs)
        for at, value in frame.select("at", "value").iter_rows():
            values[xs[min(int((at - start) / width), count - 1)]] = value
    if frame.is_empty():
        return None, frame
    per = {"15m": _("刻"), "1h": _("小时"), "1d": _("天"), "1mo": _("月")}.get(step)
    unit = printed(f"{point.unit}/{per}" if per and point.kind != Point.Kind.INSTANT else point.unit)
    series = [charts.Series(point.called(english=words.english()), values, tone=0, dashed=False)]
    return charts.lines(point.called(english=words.english()), unit, xs, series, decimals=2, name="point"), frame


def counted(frame: pl.DataFrame) -> list[tuple[flags.Flag, int]]:
    """How many rows carry each flag that any carries."""
    found = []
    for each in flags.Flag:
        count = int(frame.select((pl.col("flag").cast(pl.Int64) & int(each)).ne(0).sum()).item()) if frame.height else 0
        if count:
            found.append((each, count))
    return found
