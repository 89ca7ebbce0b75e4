"""Reductions brought together: the posted grams of a month become units of `offset` in the programme's pool.

One gram, one claim: each issue claims its range of the methodology's month (`tCO2e`), and electricity that a behaviour
brought forth is claimed by device and month (`electricity`, in watt-hours), so that no certificate or CCER project can have
it too. What was claimed elsewhere first is left out and told (`taken`). The methodologies have discounted already.

A month can be run again: what came late is issued on top; what was reversed since is taken out of the pool by a correction
(`retire` for `correction`), and what the pool no longer has is owed and taken from what comes next, never below zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.bookkeeping import OFFSET, SYSTEM
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import rules
from dafeng.domains.inclusion.market.refusals import done
from dafeng.domains.inclusion.market.settlement import bounds
from dafeng.domains.inclusion.models import Aggregate, Event, Methodology, PowerClaim, Programme
from dafeng.kernel import sealing
from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

EVENTS = "events"
_DEVICE = "dafeng.claims.device"


class Counted(NamedTuple):
    """What stands of a methodology's month: grams, events, grams left out, and new claims of electricity."""

    grams: int
    events: int
    taken: int = 0
    claims: tuple[tuple[str, int, int], ...] = ()  # subject, from, to in Wh


def device_subject(device: str) -> str:
    """The name under which a device's electricity is claimed in the ledger: a keyed hash, so that it tells nobody whose it is.

    Green certificates (E8) and CCER (C4) claim under the same name: ("electricity", this, "2026-11", from Wh, to Wh).
    """
    return f"device:{sealing.keyed(_DEVICE, ' '.join(device.upper().split()))[:40]}"


def aggregate(programme: Programme, month: str, *, now: datetime) -> list[Aggregate]:
    """Bring a finished month's reductions into the pool; run again it only does what is new. Returns the runs it made."""
    if now < bounds(month)[1]:
        raise InclusionError(_("%(month)s 还没有结束") % {"month": month}, mend=_("请在月末以后归集"))
    made = []
    earlier = Aggregate.objects.filter(programme=programme, month=month, source=EVENTS).values_list("methodology", flat=True)  # fmt: skip
    codes = sorted({*_events(programme, month).values_list("version__methodology", flat=True).distinct(), *earlier})
    with ledger.durable(), records.serial():
        for code in codes:
            made += _run(programme, Methodology.objects.get(pk=code), month, now=now)
        for code in codes:
            made += _correct(programme, Methodology.objects.get(pk=code), now=now)
    return made


def _events(programme: Programme, month: str) -> Any:
    """Events that stand: posted, with grams, by a version that was filed or on trial."""
    since, until = bounds(month)
    return Event.objects.filter(
        state=Event.State.POSTED, grams__gt=0, scene__partner__programme=programme, happened_at__gte=since,
        happened_at__lt=until, version__record__state__in=rules.rule("aggregate", "states"),
    )  # fmt: skip


def _count(programme: Programme, methodology: Methodology, month: str) -> Counted:
    events = _events(programme, month).filter(version__methodology=methodology)
    fields = rules.rule("aggregate", "electricity").get(methodology.pk)
    if fields is None:
        sums = events.aggregate(grams=Sum("grams"), events=Count("pk"))
        return Counted(sums["grams"] or 0, sums["events"])
    return _count_power(events, month, fields)


def _count_power(events: Any, month: str, fields: dict[str, list[str]]) -> Counted:
    """By device: its watt-hours are claimed, or its grams are left out where somebody else has claimed them."""
    watt_hours: dict[str, float] = defaultdict(float)
    grams: dict[str, int] = defaultdict(int)
    number = 0
    for data, each, pseudonym in events.values_list("data", "grams", "member__pseudonym").iterator():
        device = next((str(data[name]) for name in fields["device"] if data.get(name)), "")
        subject = device_subject(device) if device else f"person:{pseudonym}"
        energy = next((data[name] for name in fields["energy"] if isinstance(data.get(name), int | float)), 0)
        watt_hours[subject] += float(energy) * 1000
        grams[subject] += each
        number += 1
    refused, claims = _claims(watt_hours, month)
    taken = sum(grams[subject] for subject in refused)
    return Counted(sum(grams.values()) - taken, number, taken, tuple(claims))


def _claims(watt_hours: dict[str, float], month: str) -> tuple[set[str], list[tuple[str, int, int]]]:
    """Devices that are claimed elsewhere, and what is to be claimed of the others beyond what we have."""
    rows = {row.subject: row for row in PowerClaim.objects.filter(month=month, subject__in=list(watt_hours))}
    refused = {subject for subject, row in rows.items() if row.refused}
    claims = []
    with ledger.ledger().database.reading() as store:
        for subject, amount in sorted(watt_hours.items()):
            upto = rows[subject].upto if subject in rows else 0
            if subject in refused or round(amount) <= upto:
                continue
            if any(lower < round(amount) and upto < upper for lower, upper in store.claims("electricity", subject, month)):  # fmt: skip
                refused.add(subject)
            else:
                claims.append((subject, upto, round(amount)))
    for subject in refused - set(rows):
        PowerClaim.objects.create(subject=subject, month=month, upto=0, refused=True)
    return refused, claims


def _run(programme: Programme, methodology: Methodology, month: str, *, now: datetime) -> list[Aggregate]:
    counted = _count(programme, methodology, month)
    before = _sums(programme, methodology, month, EVENTS)
    new = counted.grams - (before["issued"] - before["corrected"])
    if new <= 0:
        return []
    lot = bookkeeping.open_offset_lot(methodology.pk, month, now=now)
    _issue(programme, lot, month, new, before["issued"], counted.claims, number=before["number"] + 1, now=now)
    for subject, _from, upto in counted.claims:
        PowerClaim.objects.update_or_create(subject=subject, month=month, defaults={"upto": upto})
    return [
        Aggregate.objects.create(
            programme=programme, methodology=methodology, month=month, number=before["number"] + 1, events=counted.events,
            counted=counted.grams, issued=new, taken=counted.taken, at=now,
        )
    ]  # fmt: skip


def _sums(programme: Programme, methodology: Methodology, month: str, source: str) -> dict[str, int]:
    found = Aggregate.objects.filter(programme=programme, methodology=methodology, month=month, source=source)
    sums = found.aggregate(issued=Sum("issued"), corrected=Sum("corrected"), number=Count("pk"))
    return {name: value or 0 for name, value in sums.items()}


def _issue(
    programme: Programme, lot: str, month: str, grams: int, claimed: int, power: Iterable[tuple[str, int, int]], *, number: int, now: datetime
) -> None:  # fmt: skip
    """Issue grams with their claims; many claims are spread over several commands."""
    claims = [("electricity", subject, month, lower, upper) for subject, lower, upper in power]
    most = rules.rule("aggregate", "claims")
    parts = max(1, min(-(-len(claims) // most), grams))
    size = -(-len(claims) // parts)
    commands, at = [], claimed
    for part in range(parts):
        amount = grams // parts + (1 if part < grams % parts else 0)
        own = ("tCO2e", lot, month, at, at + amount)
        commands.append(
            verbs.issue(
                key=f"inclusion:aggregate:{lot}:{number}:{part}", actor=SYSTEM, asset=OFFSET, lot=lot,
                to=bookkeeping.pool(programme.pk), amount=amount, claims=[own, *claims[part * size : (part + 1) * size]],
            )
        )  # fmt: skip
        at += amount
    done(commands, now=now)


# ---------------------------------------------------------------- corrections


def owing(programme: Programme, methodology: Methodology) -> dict[str, int]:
    """Month → grams that were issued and no longer stand, and are still in use."""
    runs = Aggregate.objects.filter(programme=programme, methodology=methodology, source=EVENTS)
    found = {}
    for row in runs.values("month").annotate(n=Sum("issued"), c=Sum("corrected")).order_by("month"):
        over = row["n"] - row["c"] - _count(programme, methodology, row["month"]).grams
        if over > 0:
            found[row["month"]] = over
    return found


def _correct(programme: Programme, methodology: Methodology, *, now: datetime) -> list[Aggregate]:
    """Take reversed grams out of the pool: of their own lot first, then of the methodology's other lots."""
    made = []
    for month, over in owing(programme, methodology).items():
        before = _sums(programme, methodology, month, EVENTS)
        number, left = before["number"] + 1, over
        for lot, free in _free(programme, methodology, first=month):
            part = min(left, free)
            command = verbs.retire(
                key=f"inclusion:correction:{methodology.pk}:{month}:{number}:{lot}", actor=SYSTEM, asset=OFFSET,
                source=bookkeeping.pool(programme.pk), amount=part, lots=[lot], purpose="correction",
                beneficiary=f"pool:{programme.pk}", period=month, note="reversed events",
            )  # fmt: skip
            done([command], now=now)
            left -= part
            if not left:
                break
        if left == over and _latest_owing(programme, methodology, month) == left:
            continue  # nothing could be taken, and that was said before
        made.append(
            Aggregate.objects.create(
                programme=programme, methodology=methodology, month=month, number=number, corrected=over - left, owing=left,
                counted=before["issued"] - before["corrected"] - over, at=now,
            )
        )  # fmt: skip
    return made


def _latest_owing(programme: Programme, methodology: Methodology, month: str) -> int:
    runs = Aggregate.objects.filter(programme=programme, methodology=methodology, month=month, source=EVENTS)
    last = runs.order_by("-number").first()
    return last.owing if last else 0


def _free(programme: Programme, methodology: Methodology, *, first: str) -> list[tuple[str, int]]:
    """Lots of a methodology in the pool with what is free of them, the given month's first."""
    stem, own = f"offset/{methodology.pk}/", bookkeeping.offset_lot(methodology.pk, first)
    try:
        lots = ledger.balance(bookkeeping.pool(programme.pk), OFFSET).lots
    except LedgerError:  # the pool opens with the first issue
        return []
    found = [(lot.lot, lot.available) for lot in lots if lot.lot.startswith(stem) and lot.available]
    return sorted(found, key=lambda each: (each[0] != own, each[0]))
