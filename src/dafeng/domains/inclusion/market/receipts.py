"""What the market's lines of a points statement were, in words, with the order or gift behind each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.models import Donation, Member, Order
from dafeng.kernel.ledger.queries import Line

_KEY = re.compile(r"inclusion:(order|donation):([0-9a-f-]{36})")


def told(member: Member, lines: Sequence[Line]) -> dict[int, tuple[str, str]]:
    """By entry number: (text, address). Two queries."""
    wanted: dict[str, dict[int, UUID]] = {"order": {}, "donation": {}}
    for line in lines:
        if match := _KEY.match(line.key):
            wanted[match[1]][line.seq] = UUID(match[2])
    orders = Order.objects.filter(pk__in=set(wanted["order"].values())).select_related("product", "partner")
    known = {each.pk: each for each in orders} if wanted["order"] else {}
    gifts = Donation.objects.filter(pk__in=set(wanted["donation"].values()), member=member).select_related("cause")
    given = {each.pk: each for each in gifts} if wanted["donation"] else {}
    found = {}
    for line in lines:
        if order := known.get(wanted["order"].get(line.seq, UUID(int=0))):
            own = order.member_id == member.pk
            href = reverse("inclusion:coupon", kwargs={"id": order.pk}) if own else reverse("inclusion:firm-market")
            found[line.seq] = (_of_order(line, order, own=own), href)
        elif gift := given.get(wanted["donation"].get(line.seq, UUID(int=0))):
            found[line.seq] = (_("捐给“%(cause)s”") % {"cause": gift.cause.title}, reverse("inclusion:gift-thanks", kwargs={"id": gift.pk}))  # fmt: skip
    return found


def _of_order(line: Line, order: Order, *, own: bool) -> str:
    what = {"what": order.product.title}
    if not own:
        return _("赞助市民兑换“%(what)s”") % what
    if line.kind == "hold":
        return _("兑换“%(what)s”，积分占用") % what
    if line.kind == "release":
        return _("“%(what)s”取消或过期，积分退回") % what
    if line.change > 0:
        return _("“%(what)s”退款") % what
    return _("兑换“%(what)s”") % what
