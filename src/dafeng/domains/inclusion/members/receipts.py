"""The statement in plain words: each line of the ledger says what it was, and leads to how it was worked out.

A room says what its own lines were (`receipts.told`, found by `rooms.brought`); what no room knows gets the words of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.bookkeeping import POINTS
from dafeng.domains.inclusion.members import words
from dafeng.domains.inclusion.models import CircleMember, Event, Member
from dafeng.domains.inclusion.rooms import brought
from dafeng.kernel.errors import LedgerError, NotFound
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger.queries import Line

_EVENT = re.compile(r"inclusion:event:(\d{12})")
_CURSOR = "dafeng.inclusion.statement"


@dataclass(frozen=True)
class Receipt:
    """One line. `change` is what it did to the total, `held` what it set aside (negative: set free), `balance` the total after it."""

    seq: int
    at: datetime
    text: str
    href: str
    change: int
    held: int
    balance: int
    kind: str


@dataclass(frozen=True)
class Statement:
    receipts: tuple[Receipt, ...]
    next: str


def statement(member: Member, *, after: str = "", limit: int = 30) -> Statement:
    """A page of the statement, newest first; give `next` back as `after`. Raises `NotFound` for a cursor that we did not write."""
    try:
        page = ledger.statement(member.account, POINTS, limit=limit, after=_opened(after))
    except LedgerError:  # opens with the first points
        return Statement((), "")
    found = tell(member, page.lines)
    return Statement(tuple(found), signing.dumps(page.next, salt=_CURSOR) if page.next else "")


def _opened(cursor: str) -> tuple[int, int] | None:
    if not cursor:
        return None
    try:
        seq, total = signing.loads(cursor, salt=_CURSOR)
    except signing.BadSignature:
        raise NotFound(_("没有这一页"), mend=_("请从第一页重新翻看")) from None
    return int(seq), int(total)


def tell(member: Member, lines: Sequence[Line]) -> list[Receipt]:
    """Lines in words. What several rooms know, the last of them says."""
    said: dict[int, tuple[str, str]] = {}
    for room_tells in brought("receipts", "told"):
        said |= room_tells(member, lines)
    receipts = []
    for line in lines:
        text, href = said.get(line.seq) or (general(line), "")
        held = line.amount if line.kind == "hold" else -line.amount if line.kind == "release" else 0
        at = datetime.fromtimestamp(line.ts, tz=UTC)
        receipts.append(Receipt(line.seq, at, text, href, line.change, held, line.balance, line.kind))
    return receipts


def told(member: Member, lines: Sequence[Line]) -> dict[int, tuple[str, str]]:
    """What this room knows: points for actions, points given in a family."""
    numbers = {line.seq: int(match[1]) for line in lines if (match := _EVENT.match(line.key))}
    events = Event.objects.filter(pk__in=set(numbers.values()), member=member).select_related("scene")
    known = {event.pk: event for event in events} if numbers else {}
    found = {}
    for line in lines:
        event = known.get(numbers.get(line.seq, 0))
        if event is not None:
            title = words.in_language({"title": event.scene.title, "title_en": event.scene.title_en}, "title")
            found[line.seq] = (_of_event(line, title), reverse("inclusion:event", args=(event.pk,)))
    gifts = [line for line in lines if line.key.startswith("inclusion:gift:") and line.change]
    names = _nicknames(member, {line.counterpart for line in gifts}) if gifts else {}
    for line in gifts:
        name = names.get(line.counterpart, _("家人"))
        text = _("%(name)s 赠送给您") if line.change > 0 else _("赠送给 %(name)s")
        found[line.seq] = (text % {"name": name}, "")
    return found


def _of_event(line: Line, title: str) -> str:
    if line.kind == "hold":
        return _("%(what)s：审核中，积分暂不能用") % {"what": title}
    if line.kind == "release":
        return _("%(what)s：审核结束，积分可用") % {"what": title}
    if line.change < 0:
        return _("%(what)s：更正，积分收回") % {"what": title}
    return title


def _nicknames(member: Member, accounts: set[str]) -> dict[str, str]:
    """Ledger accounts to nicknames, of those who share a circle with the member."""
    pseudonyms = {account.removeprefix("person:").removesuffix("/main"): account for account in accounts}
    near = CircleMember.objects.filter(circle__places__member=member, member__pseudonym__in=pseudonyms)
    near = near.order_by("-circle__kind", "pk")  # of two nicknames the family's comes last and holds
    return {
        pseudonyms[pseudonym]: nickname for pseudonym, nickname in near.values_list("member__pseudonym", "nickname")
    }


def general(line: Line) -> str:
    """The words of a kind of line."""
    if line.kind == "hold":
        return {
            "order": _("兑换下单，积分占用"),
            "quarantine": _("行为审核中，积分暂不能用"),
            "dispute": _("争议处理中，积分暂不能用"),
            "freeze": _("积分被依法冻结"),
        }.get(line.code, _("积分占用"))
    if line.kind == "release":
        return _("占用解除，积分可用")
    if line.counterpart == "expired":
        return _("积分到期")
    if line.counterpart == "cancelled":
        return _("积分收回或作废")
    by_code = {
        "redeem": _("兑换"),
        "refund": _("退款"),
        "donate": _("捐赠"),
        "reward": _("减碳行为奖励"),
        "reverse": _("更正"),
    }
    by_code["clawback"] = _("积分收回")
    if line.code in by_code:
        return by_code[line.code]
    return _("转入") if line.change > 0 else _("转出")
