"""The yearly 消纳 report: what came in, what was used for what, what is left. Every figure is read off the ledger.

`year_of` tells flows of a calendar year and the stock at its end; added up over the years they are the ledger's own totals.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Sum
from django.utils import timezone

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.bookkeeping import ASSETS, OFFSET, POINTS
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market.certificates import digest_of
from dafeng.domains.inclusion.models import Certificate, Donation, MarketReport, Order, Programme, Purchase
from dafeng.kernel.actions import demand
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger.flows import Flows
from dafeng.kernel.records import services as records


def span(year: int) -> tuple[datetime, datetime]:
    return timezone.make_aware(datetime(year, 1, 1)), timezone.make_aware(datetime(year + 1, 1, 1))


def content_of(programme: Programme, year: int, *, now: datetime) -> dict[str, Any]:
    """The report as data: points, reductions, goods, gifts. Integers: points, grams, fen, counts."""
    since, until = span(year)
    if since > now:
        raise InclusionError(f"{year} 年还没有开始")
    return {
        "format": "dafeng.inclusion.market-report/1",
        "programme": programme.pk,
        "city": programme.city,
        "name": programme.name,
        "year": year,
        "until": min(now, until).isoformat(timespec="seconds"),
        "points": _account(POINTS, since, until),
        "offset": _account(OFFSET, since, until) | _sales(programme, since, until),
        "mall": _mall(programme, since, until),
        "gifts": _gifts(programme, since, until),
        "certificates": _certificates(programme, since, until),
    }


def _account(asset: str, since: datetime, until: datetime) -> dict[str, Any]:
    """Opening stock + issued − retired − expired − reversed = closing stock."""
    before, during = _flows(asset, since, until)
    return {
        "opening": before.outstanding,
        "issued": during.issued,
        "retired": during.retired,
        "expired": during.expired,
        "reversed": during.reversed,
        "closing": before.outstanding + during.outstanding,
    }


def total(asset: str) -> Flows:
    """From the ledger's first day to its last: equal to `ledger.city_total`."""
    return _flows(asset, None, None)[1]


def _flows(asset: str, since: datetime | None, until: datetime | None) -> tuple[Flows, Flows]:
    purposes = ASSETS[asset]["policy"]["purposes"]
    cancelling = [name for name, rule in purposes.items() if rule["sink"] == "cancelled"]
    return ledger.flows(asset, since, until, cancelling=cancelling)


def _sales(programme: Programme, since: datetime, until: datetime) -> dict[str, int]:
    done = Purchase.objects.filter(programme=programme, delivered_at__gte=since, delivered_at__lt=until)
    return {
        "sold": done.aggregate(n=Sum("grams"))["n"] or 0,
        "sales": done.count(),
        "fen": sum(each.total for each in done),
    }


def _mall(programme: Programme, since: datetime, until: datetime) -> dict[str, Any]:
    orders = Order.objects.filter(partner__programme=programme)
    used = orders.filter(used_at__gte=since, used_at__lt=until)
    sums = used.aggregate(
        orders=Count("pk"), own=Sum("points"), sponsored=Sum("sponsored"), merchants=Count("partner", distinct=True)
    )
    refunded = orders.filter(state=Order.State.REFUNDED, closed_at__gte=since, closed_at__lt=until)
    back = refunded.aggregate(orders=Count("pk"), own=Sum("points"), sponsored=Sum("sponsored"))
    return {
        "orders": sums["orders"],
        "points": (sums["own"] or 0) + (sums["sponsored"] or 0),
        "sponsored": sums["sponsored"] or 0,
        "merchants": sums["merchants"],
        "refunds": back["orders"],
        "refunded": (back["own"] or 0) + (back["sponsored"] or 0),
    }


def _gifts(programme: Programme, since: datetime, until: datetime) -> list[dict[str, Any]]:
    rows = Donation.objects.filter(cause__programme=programme, at__gte=since, at__lt=until).values("cause__title")
    return [
        {"cause": row["cause__title"], "points": row["points"], "gifts": row["gifts"]}
        for row in rows.annotate(points=Sum("points"), gifts=Count("pk")).order_by("cause__title")
    ]


def _certificates(programme: Programme, since: datetime, until: datetime) -> list[dict[str, Any]]:
    rows = Certificate.objects.filter(programme=programme, issued_at__gte=since, issued_at__lt=until).values("purpose")
    return [
        {"purpose": row["purpose"], "count": row["count"], "grams": row["grams"]}
        for row in rows.annotate(count=Count("pk"), grams=Sum("grams")).order_by("purpose")
    ]


def years(programme: Programme, *, now: datetime) -> list[int]:
    """From the year of the first event or order to now."""
    first = programme.members.order_by("joined_at").values_list("joined_at", flat=True).first()
    this = timezone.localdate(now).year
    return list(range(min(timezone.localdate(first).year if first else this, this), this + 1))


def publish(programme: Programme, year: int, *, by: Any, now: datetime) -> MarketReport:
    """Fix a year's report for everybody. The year must be over."""
    demand(by, permissions.PUBLISH_MARKET)
    if now < span(year)[1]:
        raise InclusionError(f"{year} 年还没有结束", mend="请在年度结束后公布；年内可以看实时数")
    content = content_of(programme, year, now=now)
    with records.serial():
        same = MarketReport.objects.filter(programme=programme, year=year)
        number = (same.aggregate(last=Max("number"))["last"] or 0) + 1
        made = MarketReport.objects.create(
            programme=programme, year=year, number=number, content=content, digest=digest_of(content), published_at=now
        )
        detail = {"year": year, "number": number, "digest": made.digest}
        records.audit(by, "inclusion.market-report", "inclusion-market-report", str(made.pk), detail, now=now)
    return made
