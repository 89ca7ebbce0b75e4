"""消纳 with merchants: the month's orders become a statement, the merchant agrees, the operator retires the points.

The statement says what the merchant is owed for: the points of the orders that were used in the month and not refunded.
Exactly those lots are retired; units whose lot ran out meanwhile are swept as expired and told apart, and owed all the same.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.bookkeeping import POINTS
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market.orders import merchant_account
from dafeng.domains.inclusion.market.refusals import done, refusal
from dafeng.domains.inclusion.models import MerchantStatement, Order, Partner, Programme
from dafeng.kernel.actions import demand
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

KIND = "inclusion.statement"


def bounds(month: str) -> tuple[datetime, datetime]:
    """The first moment of a local month and that of the next."""
    count = int(month[:4]) * 12 + int(month[5:7])
    first, after = (datetime(n // 12, n % 12 + 1, 1) for n in (count - 1, count))
    return timezone.make_aware(first), timezone.make_aware(after)


def orders_of(partner: Partner, month: str) -> QuerySet[Order]:
    """What the statement of a month is about: used then, still used, not in another statement."""
    since, until = bounds(month)
    return Order.objects.filter(
        partner=partner, used_at__gte=since, used_at__lt=until, state=Order.State.USED
    ).order_by("used_at", "pk")


def _digest(orders: list[Order]) -> str:
    listed = [[str(each.pk), each.total, each.lots] for each in orders]
    return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()


def prepare(programme: Programme, month: str, *, by: Any, now: datetime) -> list[MerchantStatement]:
    """Statements of all merchants that took points in a month that is over; those there are stay as they are."""
    if by is not None:
        demand(by, permissions.KEEP_MARKET)
    if now < bounds(month)[1]:
        raise InclusionError(_("%(month)s 还没有结束") % {"month": month}, mend=_("请在月末以后编制结算单"))
    made = []
    for partner in Partner.objects.filter(programme=programme, kind=Partner.Kind.MERCHANT).order_by("code"):
        with ledger.durable(), records.serial():
            if MerchantStatement.objects.filter(partner=partner, month=month).exists():
                continue
            orders = list(orders_of(partner, month))
            if not orders:
                continue
            points = sum(each.total for each in orders)
            title = _("%(name)s %(month)s 结算单") % {"name": partner.name, "month": month}
            payload = {"month": month, "orders": len(orders), "points": points, "digest": _digest(orders)}
            record = records.open_record(KIND, title=title, payload=payload, by=by, now=now, key=f"{partner.code}:{month}")  # fmt: skip
            made.append(
                MerchantStatement.objects.create(
                    partner=partner,
                    month=month,
                    record=record,
                    count=len(orders),
                    points=points,
                    digest=_digest(orders),
                )
            )
    return made


def step(
    statement: MerchantStatement, action: str, *, by: Any, now: datetime, reason: str = "", reference: str = ""
) -> MerchantStatement:
    """agree / object (merchant), again / confirm / pay (operator)."""
    demand(by, permissions.SELL, statement.partner)
    with ledger.durable():
        records.move(statement.record, action, by=by, now=now, reason=reason)
        statement.refresh_from_db()
        if action == "agree":
            _check(statement)
        elif action == "again":
            _renew(statement, by=by, now=now)
        elif action == "confirm":
            _retire(statement, now=now)
        elif action == "pay":
            if not reference.strip():
                raise InclusionError(_("请填写付款凭证号"))
            statement.payment_reference = reference.strip()[:80]
            statement.save(update_fields=["payment_reference"])
    return statement


def _check(statement: MerchantStatement) -> list[Order]:
    """The orders, as they were when the statement was made. A refund since then asks for a new one."""
    orders = list(orders_of(statement.partner, statement.month))
    if _digest(orders) != statement.digest:
        raise refusal("statement_changed")
    return orders


def _renew(statement: MerchantStatement, *, by: Any, now: datetime) -> None:
    orders = list(orders_of(statement.partner, statement.month))
    statement.count, statement.points, statement.digest = len(orders), sum(o.total for o in orders), _digest(orders)
    statement.save(update_fields=["count", "points", "digest"])
    payload = {"month": statement.month, "orders": statement.count, "points": statement.points, "digest": statement.digest}  # fmt: skip
    records.amend(statement.record, by=by, now=now, payload=payload)


def _retire(statement: MerchantStatement, *, now: datetime) -> None:
    orders = _check(statement)
    by_lot: dict[str, int] = defaultdict(int)
    for order in orders:
        for parts in order.lots.values():
            for lot, points in parts:
                by_lot[lot] += points
    gone = ledger.ended(POINTS, sorted(by_lot), now)
    actor, account = f"merchant:{statement.partner.code}", merchant_account(statement.partner)
    steps = [
        verbs.retire(key="-", actor=actor, asset=POINTS, source=account, amount=points, lots=[lot], purpose="redeem",
                     beneficiary=actor, period=statement.month)
        for lot, points in sorted(by_lot.items()) if lot not in gone
    ]  # fmt: skip
    for number, start in enumerate(range(0, len(steps), 100)):
        done([verbs.linked(steps[start : start + 100], key=f"inclusion:statement:{statement.record_id}:{number}", actor=actor)], now=now)  # fmt: skip
    statement.expired = sum(points for lot, points in by_lot.items() if lot in gone)
    statement.retired = sum(by_lot.values()) - statement.expired
    statement.save(update_fields=["expired", "retired"])
    Order.objects.filter(pk__in=[each.pk for each in orders]).update(statement=statement)


def as_csv(statement: MerchantStatement) -> str:
    """The orders of a statement, for whoever pays. No member is named."""
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target)
    writer.writerow([_("订单"), _("商品"), _("数量"), _("使用时间"), _("市民支付积分"), _("赞助积分"), _("合计积分")])
    for each in orders_of(statement.partner, statement.month).select_related("product"):
        used = timezone.localtime(each.used_at).strftime("%Y-%m-%d %H:%M:%S") if each.used_at else ""
        title = f"'{each.product.title}" if each.product.title[:1] in "=+-@" else each.product.title
        writer.writerow([str(each.pk), title, each.quantity, used, each.points, each.sponsored, each.total])
    return target.getvalue()
