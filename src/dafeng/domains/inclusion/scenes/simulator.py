"""A made-up city day: people who ride, cycle, charge, recycle and visit; among them some who cheat, each in a known way.

Pure and seeded: the same seed gives the same day. Honest people leave one place before they arrive at the next, share a
telephone in the family; now and then a position or a clock is wrong. `day` gives events as scenes would send them, and which are
planted; `measure` says how many of each kind the screening found, and how many honest ones it troubled.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

KINDS = ("speed", "jump", "farm", "outside", "burst", "duplicate", "replay")
# scene → partner, methodology, caps a day and month. The scenes of a simulated city; the demo has its own.
SCENES: dict[str, tuple[str, str, int, int]] = {
    "sim-bus-ride": ("sim-bus", "bus", 120, 2000),
    "sim-bike-ride": ("sim-bike", "shared-bike", 80, 1500),
    "sim-charge": ("sim-charging", "ev-charging", 20, 300),
    "sim-recycle": ("sim-recycling", "waste-recycling", 400, 4000),
    "sim-red-visit": ("sim-tourism", "red-tourism", 200, 1000),
}
MATERIALS = ("paper", "plastic", "glass", "metal", "textile", "electronics", "kitchen")
HOME = (114.08, 32.13)  # the middle of the city
KM_X, KM_Y = 94.2, 111.0  # km of a degree at 32° N
GLITCH = 0.002
_MIX = (("sim-bus-ride", 52), ("sim-bike-ride", 27), ("sim-charge", 5), ("sim-recycle", 13), ("sim-red-visit", 3))


@dataclass(frozen=True)
class Sent:
    """One event as it is sent, by whom (partner), by which member (a number from 0), and what is wrong with it ("" honest)."""

    partner: str
    member: int
    event: dict[str, Any]
    planted: str = ""


@dataclass
class _Person:
    number: int
    device: str
    at: datetime
    x: float
    y: float


class _Day:
    def __init__(self, seed: int, start: datetime) -> None:
        self.random, self.start, self.count = random.Random(seed), start, 0

    def person(self, number: int) -> _Person:
        rng = self.random
        begin = self.start + timedelta(minutes=rng.gauss(450, 80))  # half past seven, an hour and a half more or less
        x, y = HOME[0] + rng.gauss(0, 6) / KM_X, HOME[1] + rng.gauss(0, 5) / KM_Y
        return _Person(number, f"family-{number // 3:08d}" if number % 3 else f"own-{number:010d}", begin, x, y)

    def sent(
        self,
        scene: str,
        person: _Person,
        at: datetime,
        until: datetime | None,
        data: dict[str, Any],
        *,
        planted: str = "",
        **more: Any,
    ) -> Sent:
        self.count += 1
        partner = SCENES[scene][0]
        event = {
            "scene": scene,
            "id": f"{at:%Y%m%d}-{self.count:08d}",
            "member": person.number,
            "at": _told(at),
            "data": data,
            **more,
        }
        if until is not None:
            event["until"] = _told(until)
        event.setdefault("device", person.device)
        return Sent(partner, person.number, event, planted)

    def trip(
        self, scene: str, person: _Person, *, planted: str = "", hurry: float = 1.0, jump: float = 0.0, **more: Any
    ) -> Sent:
        """A trip from where the person is; afterwards they are elsewhere, later. `hurry` divides its time; `jump` is a
        distance in km from where they really are to where it is said to begin."""
        rng = self.random
        mean, spread, kmh, most = {"sim-bus-ride": (1.7, 0.5, 22, 40), "sim-bike-ride": (0.7, 0.5, 13, 15)}.get(
            scene, (3.0, 0.5, 45, 120)
        )
        km = round(min(most, max(0.3, rng.lognormvariate(mean, spread))), 2)
        minutes = max(2.0, km / (kmh * rng.uniform(0.75, 1.3)) * 60)
        angle = rng.uniform(0, 2 * math.pi)
        east, north = jump / KM_X * math.cos(angle), jump / KM_Y * math.sin(angle)
        x, y = person.x + east, person.y + north
        straight = km * rng.uniform(0.5, 0.9)
        to_x, to_y = _inside(x + straight / KM_X * math.cos(angle), y + straight / KM_Y * math.sin(angle), x, y, jump)
        at = person.at + timedelta(seconds=rng.uniform(-20, 20))
        until = at + timedelta(minutes=minutes / hurry)
        data: dict[str, Any] = {"distance": km}
        if scene == "sim-red-visit":
            data["means"] = rng.choice(("bus", "rail"))
        more = {"from": [round(x, 4), round(y, 4)], "to": [round(to_x, 4), round(to_y, 4)], **more}
        found = self.sent(scene, person, at, until, data, planted=planted, **more)
        person.x, person.y = to_x - east, to_y - north
        person.at = until + timedelta(minutes=8 + rng.expovariate(1 / 70))
        return found

    def act(self, scene: str, person: _Person, *, planted: str = "", pause: float = 60) -> Sent:
        """Charging or recycling, where the person is."""
        rng = self.random
        at, until = person.at, None
        if scene == "sim-charge":
            data: dict[str, Any] = {"charged": round(rng.uniform(8, 55), 2)}
            until = at + timedelta(minutes=rng.uniform(25, 90))
        else:
            data = {"material": rng.choice(MATERIALS), "mass": round(rng.uniform(0.2, 9), 2)}
        found = self.sent(
            scene, person, at, until, data, planted=planted, **{"from": [round(person.x, 4), round(person.y, 4)]}
        )
        person.at = (until or at) + timedelta(minutes=2 + rng.expovariate(1 / pause))
        return found

    def honest(self, number: int, mean: float) -> list[Sent]:
        person, rng = self.person(number), self.random
        scenes, weights = zip(*_MIX, strict=True)
        found = []
        for scene in rng.choices(scenes, weights, k=max(1, round(rng.expovariate(1 / mean)))):
            if person.at > self.start + timedelta(hours=22):
                break
            if rng.random() < GLITCH:  # a position that is wrong by kilometres, a clock that is wrong by minutes
                person.x += rng.gauss(0, 12) / KM_X
                person.at -= timedelta(minutes=rng.uniform(0, 20))
            found.append(
                self.act(scene, person) if scene in ("sim-charge", "sim-recycle") else self.trip(scene, person)
            )
        return found

    def cheat(self, kind: str, number: int) -> list[Sent]:
        """What one cheat of a kind sends (a farm: twelve of them, with as many numbers from `number` on)."""
        person, rng = self.person(number), self.random
        if kind == "speed":
            return [
                self.trip("sim-bus-ride", person),
                self.trip("sim-bus-ride", person, planted=kind, hurry=rng.uniform(3, 30)),
            ]
        if kind == "jump":
            first = self.trip("sim-bus-ride", person)
            person.at = datetime.fromisoformat(first.event["until"]) + timedelta(minutes=rng.uniform(3, 25))
            return [first, self.trip("sim-bus-ride", person, planted=kind, jump=rng.uniform(25, 60))]
        if kind == "farm":
            device = f"farm-{number:010d}"
            crowd = [self.person(number + each) for each in range(rng.randint(4, 12))]
            return [self.trip("sim-bike-ride", each, planted=kind, device=device) for each in crowd for _ in range(2)]
        if kind == "outside":
            return [self.trip("sim-bike-ride", person, planted=kind, jump=rng.uniform(600, 900))]
        if kind == "burst":
            return [self.act("sim-recycle", person, planted=kind, pause=4) for _ in range(36)]
        if kind == "duplicate":
            first = self.trip("sim-bus-ride", person)
            person.at = datetime.fromisoformat(first.event["at"]) + timedelta(seconds=rng.uniform(10, 60))
            person.x, person.y = first.event["from"]
            return [first, self.trip("sim-bike-ride", person, planted=kind)]
        first = self.act("sim-recycle", person)
        self.count += 1
        again = {**first.event, "id": f"{first.event['id'][:9]}r{self.count:07d}"}
        return [first, Sent(first.partner, number, again, "replay")]


def day(*, seed: int, start: datetime, events: int, cheats: int = 40, mean: float = 4.0) -> list[Sent]:
    """A day that begins at `start` (local midnight), of about `events` honest events and `cheats` cheats of each kind, in
    the order in which scenes would send them. Members are numbered from 0."""
    made, number = _Day(seed, start), 0
    found: list[Sent] = []
    for kind in KINDS:
        for _ in range(cheats):
            found += made.cheat(kind, number)
            number += 12 if kind == "farm" else 1
    number += -number % 3  # families begin at a multiple of three
    while len(found) < events:
        found += made.honest(number, mean)
        number += 1
    return sorted(found, key=lambda each: each.event["until"] if "until" in each.event else each.event["at"])


def token(partner: int, member: int) -> str:
    """The token of a simulated member at the n-th partner: 20 signs, as tokens have."""
    return f"S{partner}{member:018d}"


def _told(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _inside(x: float, y: float, from_x: float, from_y: float, jump: float) -> tuple[float, float]:
    """Honest people turn round before they leave the city's surroundings."""
    if jump == 0 and not (113.5 < x < 116.2 and 31.0 < y < 32.9):
        return 2 * from_x - x, 2 * from_y - y
    return x, y


# ---------------------------------------------------------------- how well it was seen through


@dataclass
class Measured:
    """Of each kind of cheating: how many were planted and how many found; of what was found: how much was planted."""

    planted: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    honest: int = 0
    troubled: int = 0

    def recall(self, kind: str = "") -> float:
        kinds = [kind] if kind else list(self.planted)
        planted = sum(self.planted[each] for each in kinds)
        return sum(self.found.get(each, 0) for each in kinds) / planted if planted else 1.0

    @property
    def precision(self) -> float:
        hits = sum(self.found.values())
        return hits / (hits + self.troubled) if hits + self.troubled else 1.0


def measure(sent: Iterable[Sent], caught: Mapping[tuple[str, str], bool], *, allowed: int = 24) -> Measured:
    """`caught`: (scene, number) → whether it was held, or left unpaid as a repetition. What never arrived is not counted.

    Of a burst only what is beyond the `allowed` events of a day is cheating, whichever of them came first.
    """
    made = Measured()
    bursts: dict[int, list[bool]] = {}
    for each in sent:
        key = (each.event["scene"], each.event["id"])
        if key not in caught:
            continue
        if each.planted == "burst":
            bursts.setdefault(each.member, []).append(caught[key])
        elif each.planted:
            made.planted[each.planted] = made.planted.get(each.planted, 0) + 1
            made.found[each.planted] = made.found.get(each.planted, 0) + caught[key]
        else:
            made.honest += 1
            made.troubled += caught[key]
    for held in bursts.values():
        beyond = max(0, len(held) - allowed)
        made.planted["burst"] = made.planted.get("burst", 0) + beyond
        made.found["burst"] = made.found.get("burst", 0) + min(beyond, sum(held))
    return made
