"""Events come in: each is judged at once, and everything that was said is kept.

Answers: `accepted`; `again` (same number, same content); or a reason code. A number is taken by the first accepted event. One
that was refused may be mended and sent again under its number. A delivery that is sent again under its key gets its first
answer, whatever has happened since. One transaction with one fsync a delivery: what was answered is kept.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError

from dafeng.domains.inclusion.models import Batch, Binding, Consent, Event, Member, Partner, Scene, SceneKey
from dafeng.domains.inclusion.scenes import parsing, refusals, scenery, signing, store
from dafeng.domains.inclusion.scenes.parsing import Fault, Limits, Named, Row
from dafeng.domains.inclusion.scenes.words import Clash, Locked, refused, settings
from dafeng.kernel.ledger import services as ledger

ACCEPTED, AGAIN = "accepted", "again"
TRIES = 4
_KEY = re.compile(r"[\x21-\x7e]{1,80}")


@dataclass(frozen=True)
class FaultAt:
    """An event that was not taken: its place in the delivery (from 0), number, reason code, and the field that says so."""

    index: int
    id: str
    reason: str
    field: str = ""


@dataclass
class Receipt:
    """What became of a delivery. `repeated`: it had been received before, and this is the answer of then."""

    key: str
    count: int
    batch: uuid.UUID | None = None
    accepted: int = 0
    again: list[int] = field(default_factory=list)
    faults: list[FaultAt] = field(default_factory=list)
    repeated: bool = False

    @property
    def answers(self) -> list[str]:
        """One word an event, in their order."""
        found = [ACCEPTED] * self.count
        for index in self.again:
            found[index] = AGAIN
        for fault in self.faults:
            found[fault.index] = fault.reason
        return found


def receive(
    partner: Partner,
    events: Sequence[Any],
    *,
    key: str,
    channel: str,
    now: datetime,
    signed: tuple[SceneKey, str] | None = None,
) -> Receipt:
    """Take a delivery. With a `key` it is a batch; an empty key is a single event, which has its own number to be known by.

    `signed`: the key and nonce that came with it; the nonce is spent in the same transaction.
    Raises `Refused`: partner_suspended, batch_too_big, batch_key_malformed, batch_changed, replayed.
    """
    if partner.state != Partner.State.ACTIVE:
        raise refused("partner_suspended", Locked)
    if len(events) > settings()["intake"]["batch_events"]:
        raise refused("batch_too_big")
    if key and not _KEY.fullmatch(key):
        raise refused("batch_key_malformed")
    for attempt in range(TRIES):
        try:
            with ledger.durable():
                if signed is not None:
                    signing.spend(*signed, now=now)
                return _receive(partner, events, key, channel, now)
        except IntegrityError:
            # Somebody took one of the numbers, or this very key, in the same moment: look again.
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def preview(partner: Partner, events: Sequence[Any], *, channel: str, now: datetime) -> Receipt:
    """What `receive` would say now. Writes nothing."""
    return _Judged(partner, events, _sized(events), channel, now).receipt("")


def _sized(events: Sequence[Any]) -> list[tuple[str, int]]:
    """Digest and length of each. What nests too deep to be written has none, and a length beyond every limit."""
    found = []
    for event in events:
        try:
            found.append(parsing.sized_digest(event))
        except (ValueError, TypeError, RecursionError):
            found.append(("", 10**9))
    return found


def _receive(partner: Partner, events: Sequence[Any], key: str, channel: str, now: datetime) -> Receipt:
    if key:
        sized = _sized(events)
        digest = hashlib.sha256("\n".join(each for each, _size in sized).encode()).hexdigest()
        found = Batch.objects.filter(partner=partner, key=key).first()
        if found is not None:
            if found.digest != digest:
                raise refused("batch_changed", Clash)
            return receipt_of(found, repeated=True)
    else:
        sized = _sized(events)
    judged = _Judged(partner, events, sized, channel, now)
    receipt = judged.receipt(key)
    batch = None
    if key:
        batch = Batch.objects.create(
            partner=partner, key=key, digest=digest, channel=channel, received_at=now, count=len(events),
            accepted=receipt.accepted, again=len(receipt.again), refused=len(receipt.faults), again_at=receipt.again,
            faults=[[each.index, each.id, each.reason, each.field] for each in receipt.faults],
        )  # fmt: skip
        receipt.batch = batch.pk
    judged.write(batch)
    return receipt


def receipt_of(batch: Batch, *, repeated: bool = False) -> Receipt:
    """The receipt of a delivery that was received earlier."""
    faults = [FaultAt(*each) for each in batch.faults]
    return Receipt(batch.key, batch.count, batch.pk, batch.accepted, list(batch.again_at), faults, repeated)


class _Judged:
    """A delivery, event by event: what is there already, what reads well, whose it is."""

    def __init__(
        self, partner: Partner, events: Sequence[Any], sized: Sequence[tuple[str, int]], channel: str, now: datetime
    ) -> None:
        self.partner, self.events, self.sized, self.channel, self.now = partner, events, sized, channel, now
        rules = settings()["intake"]
        self.limits = Limits(
            now - timedelta(days=rules["days_back"]),
            now + timedelta(minutes=rules["minutes_ahead"]),
            rules["event_bytes"],
        )
        self.again: list[int] = []
        self.faults: list[FaultAt] = []
        self.good: list[
            tuple[int, Named, Row, int]
        ] = []  # index, name, row, id of a refused row that it replaces (0: none)
        self.lost: list[
            tuple[int, Named, str, int]
        ] = []  # index, name, reason, id to replace: refused, and a row of its own
        self.nameless: list[FaultAt] = []  # refused, and cannot be a row
        self.member_of: dict[str, int] = {}
        self._judge()

    def receipt(self, key: str) -> Receipt:
        faults = sorted(self.faults, key=lambda each: each.index)
        return Receipt(key, len(self.events), None, len(self.good), self.again, faults)

    def _judge(self) -> None:
        names = self._names()
        read: list[tuple[int, Named, Row, int]] = []
        for index, name, replaced in self._new(names):
            row = parsing.read(self.events[index], name.scene, self.limits)
            if isinstance(row, Fault):
                self._lose(index, name, row, replaced)
            else:
                read.append((index, name, row, replaced))
        self._find_members(read)

    def _names(self) -> list[tuple[int, Named]]:
        codes = {code for each in self.events if type(each) is dict and type(code := each.get("scene")) is str}
        known = {code for code in codes if code.isascii() and len(code) <= 40}
        scenes, longest = scenery.specs_of(self.partner, self.channel, known), self.limits.longest
        found = []
        for index, event in enumerate(self.events):
            name = parsing.name(event, scenes, self.sized[index], longest)
            if isinstance(name, Named):
                found.append((index, name))
            else:
                number = event.get("id") if isinstance(event, dict) else ""
                shown = number if isinstance(number, str) and number.isascii() and number.isprintable() else ""
                fault = FaultAt(index, shown[:64], name.reason, name.field)
                self.faults.append(fault)
                self.nameless.append(fault)
        return found

    def _new(self, names: Sequence[tuple[int, Named]]) -> Iterable[tuple[int, Named, int]]:
        """The events that are not there yet (index, name, id of a refused row in their place); the others are answered here."""
        known: dict[tuple[int, str], tuple[int, str, bool]] = {}
        by_scene: dict[int, list[str]] = {}
        for _index, name in names:
            by_scene.setdefault(name.scene.id, []).append(name.source_id)
        for scene, numbers in by_scene.items():
            for id, number, digest, state, ledger_key in store.known(scene, numbers):
                free = state == Event.State.REFUSED and not ledger_key
                known[scene, number] = (id, digest, free)
        for index, name in names:
            place = (name.scene.id, name.source_id)
            id, digest, free = known.get(place, (0, "", True))
            if free:
                known[place] = (id, name.digest, False)
                yield index, name, id
            elif digest == name.digest:
                self.again.append(index)
            else:
                fault = FaultAt(index, name.source_id, "number_reused", "id")
                self.faults.append(fault)
                self.nameless.append(fault)

    def _find_members(self, read: list[tuple[int, Named, Row, int]]) -> None:
        from dafeng.domains.inclusion.members import accounts

        tokens = {row.token for _index, _name, row, _id in read}
        self.member_of = accounts.resolve(self.partner, tokens) if tokens else {}
        strangers = tokens - self.member_of.keys()
        reasons = _reasons(self.partner, strangers) if strangers else {}
        for index, name, row, replaced in read:
            if row.token in self.member_of:
                self.good.append((index, name, row, replaced))
            else:
                self._lose(index, name, Fault(reasons[row.token], "member"), replaced)

    def _lose(self, index: int, name: Named, fault: Fault, replaced: int) -> None:
        self.faults.append(FaultAt(index, name.source_id, fault.reason, fault.field))
        self.lost.append((index, name, fault.reason, replaced))

    # ------------------------------------------------------------ writing

    def write(self, batch: Batch | None) -> None:
        batch_id = None if batch is None else batch.pk.hex if store.is_sqlite() else batch.pk
        moment = store.moments()
        received = moment(self.now)
        new: list[tuple[Any, ...]] = []
        old: list[tuple[Any, ...]] = []
        for _index, name, row, replaced in self.good:
            values = (
                name.scene.id, batch_id, self.member_of[row.token], name.source_id, name.digest, moment(row.happened_at),
                moment(row.ended_at), received, *row[3:], 0, "",
            )  # fmt: skip
            if replaced:
                old.append((*values, replaced))
            else:
                new.append(values)
        for index, name, reason, replaced in self.lost:
            at, data = parsing.kept_of_refused(self.events[index], self.limits.longest)
            values = (
                name.scene.id, batch_id, None, name.source_id, name.digest, moment(at or self.now), None, received, "",
                None, None, None, None, data, int(Event.State.REFUSED), reason,
            )  # fmt: skip
            if replaced:
                old.append((*values, replaced))
            else:
                new.append(values)
        if new:
            store.insert_events(new)
        if old:
            store.replace_events(old)
        if batch is None:  # the faults of a batch are kept with it
            for fault in self.nameless:
                refusals.note(self.partner, fault.reason, now=self.now, source_id=fault.id, field=fault.field)


def _reasons(partner: Partner, tokens: Iterable[str]) -> dict[str, str]:
    """Why tokens lead to nobody: never given, consent withdrawn, or account suspended."""
    from dafeng.domains.inclusion.members import accounts

    typed = {token: accounts.plain_code(token) for token in tokens}
    held = {
        token: (until, closed, suspended)
        for token, until, closed, suspended in Binding.objects.filter(
            partner=partner, token__in=sorted(set(typed.values()))
        ).values_list("token", "until", "member__closed_at", "member__suspended_at")
    }
    found = {}
    for token, plain in typed.items():
        if plain not in held or held[plain][1] is not None:
            found[token] = "member_unknown"  # a closed account is nobody's any more
        else:
            found[token] = "account_suspended" if held[plain][2] is not None else "consent_missing"
    return found


# ---------------------------------------------------------------- the citizen's own


def check_in(
    member: Member,
    scene: Scene,
    data: dict[str, Any],
    *,
    now: datetime,
    evidence: Sequence[tuple[str, bytes]] = (),
    key: str = "",
    at: datetime | None = None,
) -> Event:
    """A citizen's own action. `evidence`: (media type, bytes) of cleaned photographs; `key`: the form's, so that a second
    click finds the first event. Raises `Refused` with the reason code of what is wrong.
    """
    from dafeng.domains.inclusion.scenes import photographs

    spec = scenery.spec_of(scene, Scene.Channel.SELF)
    if scene.partner.state != Partner.State.ACTIVE or not spec.taken:
        raise refused("scene_inactive")
    _demand_live(member)
    if scene.photo and not evidence:
        raise refused("photo_missing")
    if (fault := parsing.check_data(data, spec)) is not None:
        raise refused(fault.reason, expected=fault.field)
    number = key or uuid.uuid4().hex
    digest = parsing.digest([member.pk, scene.pk, data])
    with ledger.durable():
        event, made = Event.objects.get_or_create(
            scene=scene, source_id=number,
            defaults={
                "member": member, "digest": digest, "happened_at": at or now, "received_at": now,
                "data": {name: float(value) if isinstance(value, int) else value for name, value in data.items()},
            },
        )  # fmt: skip
        if not made and (event.member_id != member.pk or event.digest != digest):
            raise refused("number_reused", Clash)
        if made:
            photographs.keep(event, evidence)
    return event


def _demand_live(member: Member) -> None:
    if member.closed_at is not None:
        raise refused("account_closed")
    if member.suspended_at is not None:
        raise refused("account_suspended")
    if not Consent.objects.filter(member=member, purpose__in=("join", "firm"), withdrawn_at=None).exists():
        raise refused("consent_missing")
