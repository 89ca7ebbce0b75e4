"""A firm's account: what it holds, what its employees' teams come to, and the carbon credit record 「企业碳信用账户」.

The record is a list of facts, each with its source; nobody invents a score from it. Rooms bring theirs (`credit.facts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.bookkeeping import OFFSET
from dafeng.domains.inclusion.members import summaries, words
from dafeng.domains.inclusion.models import CircleMember, Event, Member, Partner
from dafeng.domains.inclusion.rooms import brought
from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import services as ledger


@dataclass(frozen=True)
class Fact:
    """One fact of the record. `source`: where it stands; `href`: the page of it, where there is one."""

    at: datetime
    kind: str
    text: str
    source: str
    href: str = ""


def offsets(firm: Member) -> tuple[int, int]:
    """Grams of reductions that a firm holds, and those it has retired or given on."""
    try:
        held = ledger.balance(firm.account, OFFSET).total
    except LedgerError:  # it has bought nothing
        return 0, 0
    gone = sum(-line.change for line in summaries.lines_of(firm, OFFSET) if line.change < 0)
    return held, gone


@dataclass(frozen=True)
class TeamMonth:
    """A month of a firm's teams. `grams` None: fewer persons than may be shown, and then their number is not shown either."""

    month: date
    persons: int | None
    grams: int | None


def employees(firm: Member, *, today: date) -> list[TeamMonth]:
    """Totals of the firm's teams by finished month, the newest first.

    Only finished months: a total that moves from day to day would tell what the one did who acted yesterday.
    """
    rows = (
        CircleMember.objects.filter(
            circle__firm=firm,
            member__events__state=Event.State.POSTED,
            member__events__happened_at__gte=F("joined_at"),
            member__events__happened_at__lt=summaries.bounds(today.replace(day=1), today)[0],
        )
        .annotate(month=TruncMonth("member__events__happened_at"))
        .values("month")
        .annotate(persons=Count("member", distinct=True), sum_grams=Sum("member__events__grams"))
        .order_by("-month")
    )
    least = words.rule("firm", "employees_from")
    found = []
    for row in rows:
        shown = row["persons"] >= least
        month = timezone.localdate(row["month"])
        found.append(TeamMonth(month, row["persons"] if shown else None, row["sum_grams"] if shown else None))
    return found


def record_of(firm: Member) -> list[Fact]:
    """The whole record, the newest first."""
    found = [fact for room_facts in brought("credit", "facts") for fact in room_facts(firm)]
    return sorted(found, key=lambda fact: (fact.at, fact.text), reverse=True)


def facts(firm: Member) -> Iterable[Fact]:
    """What this room and the ledger know: the account, points by month, reductions bought and retired, agreements."""
    yield Fact(firm.joined_at, "account", _("开通企业碳账户"), _("信碳通账户记录"))
    ledger_word = _("账本")
    by_month: dict[str, tuple[int, datetime]] = {}
    for line in summaries.lines_of(firm):
        if summaries.kind_of(line) != "earned":
            continue
        at = datetime.fromtimestamp(line.ts, tz=UTC)
        month = f"{timezone.localdate(at):%Y-%m}"
        points, latest = by_month.get(month, (0, at))
        by_month[month] = points + line.change, max(latest, at)
    for month, (points, at) in by_month.items():
        text = _("%(month)s 减碳行为获得积分 %(points)s") % {"month": month, "points": words.number(points)}
        yield Fact(at, "points", text, ledger_word, reverse("inclusion:firm-statement"))
    for line in summaries.lines_of(firm, OFFSET):
        if not line.change:
            continue
        grams = {"grams": words.mass(abs(line.change)), "lot": line.lot}
        if line.change > 0:
            text = _("取得碳普惠减排量 %(grams)s（%(lot)s）") % grams
        elif line.counterpart == "retired":
            text = _("注销碳普惠减排量 %(grams)s（%(lot)s）") % grams
        else:
            text = _("转出碳普惠减排量 %(grams)s（%(lot)s）") % grams
        at = datetime.fromtimestamp(line.ts, tz=UTC)
        yield Fact(at, "offset", text, _("账本第 %(seq)s 笔") % {"seq": line.seq})
    if firm.organisation:
        for partner in Partner.objects.filter(organisation=firm.organisation, programme=firm.programme_id):
            words_of = {"kind": partner.get_kind_display(), "state": partner.get_state_display()}
            text = _("作为%(kind)s参加信碳通：%(state)s") % words_of
            yield Fact(firm.joined_at, "agreement", text, _("合作方名录"))
