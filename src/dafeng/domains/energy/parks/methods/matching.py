"""Waste heat to those who need heat: which pairs can be, and what to send along each so that the most fuel is replaced.

A pair can be when the offer is hotter than the need by the medium's least approach, the pipe is not longer than the medium allows,
and both run at the same hours of the same months. Power is the mean over a firm's running hours within its calendar.

Cascade (the second law): sensible heat that may be cooled from T to T_out gives above a level L only its part
(T − L) ÷ (T − T_out); high needs take the hot part and low needs what is left. Condensing steam gives all of it at T.
Of several answers that replace equally much, the one is taken that destroys the least exergy: hot heat is kept for hot needs.

A linear programme by slice of time (month × hour of the day, slices alike joined); one offer may split, one need may be fed by many.
Units: °C, MW, km, hours of a year of 365 days, GJ.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import asin, cos, radians, sin, sqrt

from dafeng.domains.energy.parks.methods.programme import Limit, solve

GJ_PER_MWH = 3.6
AMBIENT = 298.15
"""K; 25 °C, the reference of exergy tables."""
NIL = 1e-6
"""MW under which nothing is sent: a watt is the solver's rounding."""
Slice = tuple[int, int]  # month, hour of the day


@dataclass(frozen=True)
class Medium:
    """`approach` in K, `limit` in km, `loss` as part of the heat sent a km."""

    approach: float
    limit: float
    loss: float


@dataclass(frozen=True)
class Calendar:
    """Months, the hours of the day from `start` to `end` (over midnight when `end` ≤ `start`), running hours a year."""

    months: frozenset[int]
    start: int
    end: int
    hours: float

    @property
    def slices(self) -> frozenset[Slice]:
        run = range(self.start, self.end) if self.end > self.start else (*range(self.start, 24), *range(self.end))
        return frozenset((month, hour) for month in self.months for hour in run)

    @property
    def open_hours(self) -> float:
        return float(sum(days(month) for month, _hour in self.slices))

    @property
    def share(self) -> float:
        """Part of its calendar in which it runs."""
        return min(self.hours / self.open_hours, 1.0) if self.open_hours else 0.0


@dataclass(frozen=True)
class Offer:
    code: str
    firm: str
    temperature: float
    power: float
    medium: str
    when: Calendar
    outlet: float | None = None
    at: tuple[float, float] | None = None


@dataclass(frozen=True)
class Need:
    """`efficiency` of the boiler whose fuel is replaced."""

    code: str
    firm: str
    temperature: float
    power: float
    efficiency: float
    when: Calendar
    at: tuple[float, float] | None = None


@dataclass
class Pair:
    """What became of a pair. `verdict`: matched, or why not: temperature, distance, unplaced, time, grade, loss, offer_used, need_met.

    `sent`, `delivered`, `lost`, `replaced` (fuel) in GJ a year; `power` the most that is sent at any time, MW; `exergy` the part of
    the heat sent that loses its grade; `rivals`: who has what this pair would have had.
    """

    offer: Offer
    need: Need
    verdict: str
    km: float | None
    hours: float = 0.0
    power: float = 0.0
    sent: float = 0.0
    delivered: float = 0.0
    replaced: float = 0.0
    rivals: list[str] = field(default_factory=list)

    @property
    def lost(self) -> float:
        return self.sent - self.delivered

    @property
    def net(self) -> float:
        """Fuel replaced less heat lost on the way: what the assignment makes as large as it can."""
        return self.replaced - self.lost

    @property
    def exergy(self) -> float:
        return grade(self.offer.temperature) - grade(self.need.temperature)


def days(month: int) -> int:
    return monthrange(2025, month)[1]


def grade(celsius: float) -> float:
    """Carnot factor: the part of a heat at this temperature that could be work."""
    return max(1.0 - AMBIENT / (celsius + 273.15), 0.0)


def distance(a: tuple[float, float] | None, b: tuple[float, float] | None, *, detour: float) -> float | None:
    """Kilometres of pipe between two (longitude, latitude): the great circle times the detour of streets; None when a place is unknown."""
    if a is None or b is None:
        return None
    (x0, y0), (x1, y1) = ((radians(p[0]), radians(p[1])) for p in (a, b))
    half = sin((y1 - y0) / 2) ** 2 + cos(y0) * cos(y1) * sin((x1 - x0) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(min(half, 1.0))) * detour


def above(offer: Offer, level: float) -> float:
    """MW of the offer that is at or above a temperature, mean over its calendar."""
    power = offer.power * offer.when.share
    if offer.temperature < level:
        return 0.0
    if offer.outlet is None or level <= offer.outlet:
        return power
    return power * (offer.temperature - level) / (offer.temperature - offer.outlet)


def match(offers: Sequence[Offer], needs: Sequence[Need], media: Mapping[str, Medium], *, detour: float) -> list[Pair]:
    """Every pair of different firms with its verdict, matched ones first, the greatest net replacement first."""
    pairs = [_judged(o, n, media[o.medium], detour) for o in offers for n in needs if o.firm != n.firm]
    open_ = [pair for pair in pairs if pair.verdict == "matched"]
    blocks = _blocks(open_)
    columns = [(at, block) for block, (members, _hours) in enumerate(blocks) for at in members]
    limits = _limits(open_, columns, media)
    gain, cost = [], []
    for at, block in columns:
        pair, hours = open_[at], blocks[block][1]
        kept = _kept(pair, media)
        gain.append(hours * (kept / pair.need.efficiency - (1 - kept)))
        cost.append(hours * pair.exergy)
    power = solve(gain, cost, limits)
    used = [sum(weight * power[column] for column, weight in limit.terms) for limit in limits]
    for column, (at, block) in enumerate(columns):
        _add(open_[at], float(power[column]), blocks[block][1], media)
    for at, pair in enumerate(open_):
        if pair.power <= NIL:
            _explain(pair, at, open_, columns, limits, used)
    return sorted(pairs, key=lambda pair: (pair.verdict != "matched", -pair.net, pair.offer.code, pair.need.code))


def _judged(offer: Offer, need: Need, medium: Medium, detour: float) -> Pair:
    km = distance(offer.at, need.at, detour=detour)
    both = offer.when.slices & need.when.slices
    hours = float(sum(days(month) for month, _hour in both))
    verdict = "matched"
    if offer.temperature < need.temperature + medium.approach:
        verdict = "temperature"
    elif km is None:
        verdict = "unplaced"
    elif km > medium.limit:
        verdict = "distance"
    elif not both:
        verdict = "time"
    elif above(offer, need.temperature + medium.approach) <= NIL:
        verdict = "grade"
    else:
        kept = max(1 - medium.loss * km, 0.0)
        if kept / need.efficiency <= 1 - kept:
            verdict = "loss"
    return Pair(offer, need, verdict, km, hours)


def _kept(pair: Pair, media: Mapping[str, Medium]) -> float:
    """Part of the heat sent that arrives."""
    assert pair.km is not None
    return max(1 - media[pair.offer.medium].loss * pair.km, 0.0)


def _blocks(pairs: Sequence[Pair]) -> list[tuple[tuple[int, ...], float]]:
    """Times at which the same pairs can run, joined: (pairs, hours)."""
    running = [pair.offer.when.slices & pair.need.when.slices for pair in pairs]
    found: dict[tuple[int, ...], float] = {}
    for each in sorted(set().union(*running)) if running else ():
        members = tuple(at for at, slices in enumerate(running) if each in slices)
        found[members] = found.get(members, 0.0) + days(each[0])
    return list(found.items())


def _limits(pairs: Sequence[Pair], columns: Sequence[tuple[int, int]], media: Mapping[str, Medium]) -> list[Limit]:
    """What an offer has above each level, and what a need takes, in each block of time."""
    limits = []
    for block in sorted({block for _at, block in columns}):
        here = [(column, pairs[at]) for column, (at, its) in enumerate(columns) if its == block]
        for offer in {pair.offer.code: pair.offer for _c, pair in here}.values():
            own = [
                (c, p.need.temperature + media[offer.medium].approach) for c, p in here if p.offer.code == offer.code
            ]
            for level in sorted({level for _c, level in own}):
                limits.append(Limit([(c, 1.0) for c, its in own if its >= level], above(offer, level)))
        for need in {pair.need.code: pair.need for _c, pair in here}.values():
            terms = [(c, _kept(p, media)) for c, p in here if p.need.code == need.code]
            limits.append(Limit(terms, need.power * need.when.share))
    return limits


def _add(pair: Pair, power: float, hours: float, media: Mapping[str, Medium]) -> None:
    if power <= NIL:
        return
    sent = power * hours * GJ_PER_MWH
    kept = _kept(pair, media)
    pair.power = max(pair.power, power)
    pair.sent += sent
    pair.delivered += sent * kept
    pair.replaced += sent * kept / pair.need.efficiency


def _explain(
    pair: Pair, at: int, pairs: Sequence[Pair], columns: Sequence[tuple[int, int]], limits: Sequence[Limit], used: Sequence[float]
) -> None:  # fmt: skip
    """A pair that could be and got nothing: whose limit is full, and who fills it."""
    own = {column for column, (its, _block) in enumerate(columns) if its == at}
    full = [
        limit for limit, sum_ in zip(limits, used, strict=True)
        if sum_ >= limit.most - max(NIL, 1e-6 * limit.most) and own & {column for column, _w in limit.terms}
    ]  # fmt: skip
    others = {columns[column][0] for limit in full for column, _w in limit.terms} - {at}
    takers = [pairs[other] for other in others if pairs[other].power > NIL]
    same_need = [each.offer.code for each in takers if each.need.code == pair.need.code]
    same_offer = [each.need.code for each in takers if each.offer.code == pair.offer.code]
    pair.verdict, pair.rivals = ("need_met", same_need) if same_need and not same_offer else ("offer_used", same_offer)
    pair.rivals = sorted(set(pair.rivals))
