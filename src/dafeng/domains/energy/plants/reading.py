"""The register read as a whole: capacity of any group on any day, output of a year, duties, targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from dafeng.domains.energy.models import CapacityChange, CountyTotal, DutyRule, EnergyCity, Plant, StorageLease
from dafeng.domains.energy.plants import leasing, months, rules, store
from dafeng.domains.energy.plants.methods import duty as duties
from dafeng.domains.energy.plants.methods.capacity import (
    Amount,
    Change,
    Declared,
    Movement,
    movement,
    remainder,
    stock,
)
from dafeng.domains.energy.plants.methods.output import Month, Totals, faults, joined, totals
from dafeng.kernel.pages.kept import MINUTE, kept
from dafeng.kernel.records import services as records

Stage = CapacityChange.Stage


@dataclass
class Register:
    """All plants of a city, what is accepted of their capacity, and the remainders of declared totals.

    `excess`: (county, kind, day) on which more is registered than was declared; `undeclared`: counties without any total.
    """

    city: str
    plants: dict[int, Plant]
    changes: dict[int, list[Change]]
    stages: dict[int, dict[str, float]]
    waiting: int
    rest: list[Change] = field(default_factory=list)
    excess: list[tuple[str, str, date]] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)
    leases: list[StorageLease] = field(default_factory=list)
    duties: list[DutyRule] = field(default_factory=list)

    def of(self, group: str = "", place: str = "") -> list[Change]:
        """Changes of a group (all without one) in a county (all without one), remainders among them."""
        kinds = rules.kinds_of(group) if group else None
        every = [*(each for own in self.changes.values() for each in own), *self.rest]
        return [each for each in every if (kinds is None or each.kind in kinds) and place in ("", each.place)]

    def stock(self, group: str, day: date, place: str = "") -> Amount:
        return stock(self.of(group, place), day)

    def totals(self, groups: Sequence[str], day: date) -> dict[str, Amount]:
        return {group: self.stock(group, day) for group in groups}

    def movement(self, group: str, year: int, last: date, place: str = "") -> Movement:
        """A year until `last` at most: stock at its start, additions, retirements, stock at its end."""
        return movement(self.of(group, place), date(year, 1, 1), min(date(year, 12, 31), last))

    def stock_of(self, plant: Plant, day: date) -> Amount:
        return stock(self.changes.get(plant.pk, []), day)

    def years(self, last: date) -> list[int]:
        """Years from the first change on, twelve at most."""
        begun = min((each.day.year for each in self.of()), default=last.year)
        return list(range(max(begun, last.year - 11), last.year + 1))

    def state_of(self, plant: Plant, day: date) -> str:
        """The stage that a plant is in: what stands, else the farthest it came."""
        if self.stock_of(plant, day).mw > 1e-9:
            return str(Stage.CONNECTED)
        known = self.stages.get(plant.pk, {})
        return next((str(each) for each in (Stage.RETIRED, Stage.STARTED, Stage.APPROVED) if each in known), "")


def register(city: EnergyCity) -> Register:
    """Read anew; five questions to the database."""
    plants = {each.pk: each for each in Plant.objects.filter(city=city.code).select_related("part_of")}
    rows = CapacityChange.objects.filter(plant__city=city.code).select_related("plant", "record")
    changes: dict[int, list[Change]] = {}
    stages: dict[int, dict[str, float]] = {}
    waiting = set()
    for row in rows:
        if row.record.state == "filed":
            waiting.add(row.record_id)
        if row.record.state != store.ACCEPTED:
            continue
        known = stages.setdefault(row.plant_id, {})
        known[row.stage] = known.get(row.stage, 0.0) + row.mw
        if row.stage in store.BUILT:
            changes.setdefault(row.plant_id, []).append(store.change_of(row))
    found = Register(city.code, plants, changes, stages, len(waiting))
    contracts = StorageLease.objects.filter(plant__city=city.code).select_related("plant", "station", "record")
    found.leases = list(contracts.order_by("-starts", "-pk"))
    found.duties = list(DutyRule.objects.filter(city=city.code).select_related("record").order_by("kind", "connected_from"))  # fmt: skip
    _declare(found, city)
    return found


def _declare(found: Register, city: EnergyCity) -> None:
    """Remainders of the declared totals."""
    declared: dict[tuple[str, str], list[Declared]] = {}
    rows = CountyTotal.objects.filter(city=city.code, record__state=store.ACCEPTED)
    for row in rows:
        amount = Amount(row.mw, row.mwp or 0.0, 0.0, row.mw if row.mwp is None else 0.0)
        declared.setdefault((row.place, row.kind), []).append(Declared(row.on, amount))
    own: dict[tuple[str, str], list[Change]] = {}
    for changes in found.changes.values():
        for each in changes:
            own.setdefault((each.place, each.kind), []).append(each)
    for (place, kind), said in declared.items():
        rest, excess = remainder(said, own.get((place, kind), []), kind=kind, place=place)
        found.rest += rest
        found.excess += [(place, kind, day) for day in excess]
    known = {place for place, _kind in declared}
    found.undeclared = [place for place in city.counties if place not in known]


def register_kept(city: EnergyCity) -> Register:
    """The same, made anew when something was written."""
    return kept("energy.plants.register", records.head().digest, city.code, make=lambda: register(city), seconds=MINUTE)


# ---------- output ----------


@dataclass
class Output:
    """What a plant made in a year, by month, and how it was told. A month that cannot be is kept, and not counted."""

    plant: Plant
    rows: list[Month]
    told: Mapping[str, months.Told]

    @cached_property
    def wrong(self) -> frozenset[str]:
        """Months that hold a value that cannot be."""
        return frozenset(row.month for row in self.rows if any(each.level == "impossible" for each in faults(row)))

    @cached_property
    def totals(self) -> Totals:
        return totals([row for row in self.rows if row.month not in self.wrong])


def outputs(found: Register, year: int, plants: Iterable[Plant] | None = None) -> dict[int, Output]:
    """Plant → its year; plants without a month are not in it."""
    wanted = list(found.plants.values() if plants is None else plants)
    settled = months.settled(wanted, year)
    return {
        each.pk: Output(each, months.rows_of(each, settled[each.pk], found.changes.get(each.pk, [])), settled[each.pk])
        for each in wanted if each.pk in settled
    }  # fmt: skip


def outputs_kept(found: Register, year: int) -> dict[int, Output]:
    key = (records.head().digest, found.city, year)
    return kept("energy.plants.outputs", *key, make=lambda: outputs(found, year), seconds=MINUTE)


def of_group(outputs: Mapping[int, Output], group: str, place: str = "") -> Totals:
    """Output of a group as one plant."""
    kinds = rules.kinds_of(group)
    return joined([each.totals for each in outputs.values() if each.plant.kind in kinds and place in ("", each.plant.place)])  # fmt: skip


# ---------- duties ----------


@dataclass(frozen=True)
class Standing:
    """What a plant owes, has and rents on a day, and what is short (never negative); `unruled` MW: no rule speaks of it."""

    plant: Plant
    duty: duties.Duty
    own: Amount
    leased: Amount
    short: Amount
    ends: date | None

    @property
    def met(self) -> bool:
        return not self.duty.unruled and max(self.short.mw, self.short.mwh) <= 1e-9

    @property
    def state(self) -> str:
        if max(self.short.mw, self.short.mwh) > 1e-9:
            return "short"
        return "unruled" if self.duty.unruled else "met"


def standings(found: Register, day: date) -> list[Standing]:
    """Every connected plant of a kind that may owe storage."""
    signed = [leasing.rule_of(each) for each in found.duties if each.record.state == store.ACCEPTED]
    rented: dict[int, list[StorageLease]] = {}
    for row in found.leases:
        if row.record.state == store.ACCEPTED:
            rented.setdefault(row.plant_id, []).append(row)
    own: dict[int, Amount] = {}
    for each in found.plants.values():
        if each.part_of_id and each.kind == Plant.Kind.STORAGE and not each.shared:
            own[each.part_of_id] = own.get(each.part_of_id, Amount()) + found.stock_of(each, day)
    told = []
    for each in found.plants.values():
        if each.kind not in rules.duty_kinds() or found.stock_of(each, day).mw <= 1e-9:
            continue
        owed = duties.duty(found.changes[each.pk], signed, day)
        contracts = [one for one in rented.get(each.pk, []) if one.starts <= day <= one.ends]
        lease = Amount(mw=sum(one.mw for one in contracts), mwh=sum(one.mwh for one in contracts))
        has = own.get(each.pk, Amount())
        short = Amount(mw=max(owed.mw - has.mw - lease.mw, 0.0), mwh=max(owed.mwh - has.mwh - lease.mwh, 0.0))
        told.append(Standing(each, owed, has, lease, short, min((one.ends for one in contracts), default=None)))
    return told


@dataclass(frozen=True)
class Station:
    """A shared storage: what is connected, rented out today, and free to rent today."""

    plant: Plant
    connected: Amount
    leased: Amount
    free: Amount


def bound(found: Register, station: Plant) -> list[duties.Lease]:
    """Contracts that bind a station's capacity: signed ones, and those that wait to be."""
    return [
        duties.Lease(each.mw, each.mwh, each.starts, each.ends)
        for each in found.leases if each.station_id == station.pk and each.record.state in leasing.BINDING
    ]  # fmt: skip


def stations(found: Register, day: date) -> list[Station]:
    """Shared storages."""
    told = []
    for each in found.plants.values():
        if each.shared:
            stands, out = found.stock_of(each, day), duties.leased(bound(found, each), day)
            told.append(Station(each, stands, out, stands - out))
    return told


# ---------- targets ----------


@dataclass(frozen=True)
class Progress:
    """A target beside what the register says. `value` and `wanted` in MW (of a `rise` the stock that it comes to); None: not known."""

    target: rules.Target
    value: float | None
    wanted: float | None
    last: date
    base: float | None = None

    @property
    def share(self) -> float | None:
        return self.value / self.wanted * 100 if self.value is not None and self.wanted else None

    @property
    def met(self) -> bool | None:
        if self.value is None or self.wanted is None:
            return None
        return self.value > self.wanted if self.target.operator == ">" else self.value >= self.wanted


def progress(found: Register, today: date) -> list[Progress]:
    """Each target of the plans until its own year's end, or today before that. Stock and additions are different rows."""
    told = []
    for each in rules.targets():
        last = min(date(each.year, 12, 31), today)
        changes = found.of(each.group)
        if not changes:
            told.append(Progress(each, None, None if each.measure == "rise" else each.value, last))
        elif each.measure == "added":
            done = movement(changes, date(each.since or each.year, 1, 1), last).added.mw
            told.append(Progress(each, done, each.value, last))
        elif each.measure == "rise":
            base_day = date(each.base_year or each.year, 12, 31)
            base = stock(changes, base_day).mw if base_day <= today else None
            told.append(
                Progress(each, stock(changes, last).mw, base * (1 + each.value / 100) if base else None, last, base)
            )
        else:
            told.append(Progress(each, stock(changes, last).mw, each.value, last))
    return told
