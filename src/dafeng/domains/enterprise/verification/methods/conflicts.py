"""Who may not verify whom: every rule looked at, every reason told by its code.

Source: 企业温室气体排放报告核查指南（试行） (facts/mrv/verification_rules.md): no allowance or consulting services to the unit, no carbon-asset
or trading business, no common managers, nobody employed by the unit within three years, groups of at least two persons of whom one
knows the sector. Rotation and the years after a service are house rules (`rules.toml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

VERIFIES = "verification"
CARBON_BUSINESS = frozenset({"carbon_assets", "trading"})
# Writing a unit's energy report is consulting it; it is known from the report itself and need not be entered.
COMPILES = "compiling"
SERVICES = frozenset({COMPILES, "consulting", "allowance", "carbon_assets", "trading"})


@dataclass(frozen=True)
class Reason:
    """`code` is in `reasons.toml`; `fact` is what was found, as data that a page puts into words."""

    code: str
    fact: str = ""


@dataclass(frozen=True)
class Person:
    key: str
    name: str
    sectors: frozenset[str]
    since: date
    until: date | None = None
    employed: tuple[tuple[str, date, date | None], ...] = ()

    def there(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Body:
    """`services`: (enterprise, kind, until or None while it lasts). `verified`: (enterprise, report year) concluded by it; `asked`:
    reports that it gave back, was taken off, or whose verification did not stand. `qualifications`: (name, last valid day or None)."""

    code: str
    state: str
    kinds: frozenset[str]
    sectors: frozenset[str]
    people: tuple[Person, ...]
    services: tuple[tuple[str, str, date | None], ...] = ()
    verified: frozenset[tuple[str, int]] = frozenset()
    asked: frozenset[str] = frozenset()
    suspended_until: date | None = None
    qualifications: tuple[tuple[str, date | None], ...] = ()


@dataclass(frozen=True)
class Unit:
    """The unit that is to be verified: `report` names enterprise and year, `sectors` are those of its facilities."""

    enterprise: str
    year: int
    report: str
    sectors: frozenset[str]


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def of_body(body: Body, unit: Unit, rules: Mapping[str, Any], today: date) -> tuple[Reason, ...]:
    """Why a body may not verify the unit; empty when it may."""
    found: list[Reason] = []
    if body.state != "registered":
        found.append(Reason("suspended" if body.state == "suspended" else "not_registered", body.state))
    elif body.suspended_until is not None and today <= body.suspended_until:
        found.append(Reason("suspended", body.suspended_until.isoformat()))
    for name in sorted({name for name, _until in body.qualifications}):
        ends = [until for each, until in body.qualifications if each == name]
        last = max((until for until in ends if until is not None), default=None)
        if None not in ends and last is not None and last < today:  # one that was renewed has a later entry
            found.append(Reason("qualification_expired", f"{name} {last.isoformat()}"))
    if VERIFIES not in body.kinds:
        found.append(Reason("not_verifier"))
    if business := sorted(body.kinds & CARBON_BUSINESS):
        found.append(Reason("carbon_business", ",".join(business)))
    oldest = years_before(today, int(rules["house"]["consulting_years"]))
    for enterprise, kind, until in body.services:
        if enterprise == unit.enterprise and kind in SERVICES and (until is None or until >= oldest):
            found.append(Reason("consulted", f"{kind} {until.isoformat() if until else ''}".strip()))
        if enterprise == unit.enterprise and kind == "management" and (until is None or until >= today):
            found.append(Reason("common_managers"))
    if unit.report in body.asked:
        found.append(Reason("asked_again"))
    turn = int(rules["house"]["rotation_years"])
    if all((unit.enterprise, unit.year - back) in body.verified for back in range(1, turn + 1)):
        found.append(Reason("rotation", str(turn)))
    able = [person for person in body.people if person.there(today) and not _employed(person, unit, rules, today)]
    if len(able) < int(rules["team"]["technical"]):
        found.append(Reason("too_few_people", str(len(able))))
    if lacking := sorted(unit.sectors - frozenset().union(*(person.sectors for person in able))):
        found.append(Reason("sector_skill", ",".join(lacking)))
    return tuple(found)


def of_team(
    body: Body,
    unit: Unit,
    *,
    technical: Iterable[str],
    site: Iterable[str],
    leader: str,
    declared: Iterable[str],
    rules: Mapping[str, Any],
    today: date,
) -> tuple[Reason, ...]:
    """Why these persons may not form the groups; the groups may share persons. `declared` have declared to have no interest."""
    known = {person.key: person for person in body.people}
    group, visiting, said = list(dict.fromkeys(technical)), list(dict.fromkeys(site)), set(declared)
    found: list[Reason] = []
    for key in dict.fromkeys([*group, *visiting]):
        person = known.get(key)
        if person is None:
            found.append(Reason("person_foreign", key))
            continue
        if not person.there(today):
            found.append(Reason("person_left", person.name))
        if _employed(person, unit, rules, today):
            found.append(Reason("employed_recently", person.name))
        if key not in said:
            found.append(Reason("undeclared", person.name))
    if len(group) < int(rules["team"]["technical"]) or len(visiting) < int(rules["team"]["site"]):
        found.append(Reason("too_few_people", f"{len(group)}/{len(visiting)}"))
    skills = frozenset().union(*(known[key].sectors for key in group if key in known))
    if lacking := sorted(unit.sectors - skills):
        found.append(Reason("sector_skill", ",".join(lacking)))
    if leader not in group:
        found.append(Reason("no_leader"))
    return tuple(found)


def _employed(person: Person, unit: Unit, rules: Mapping[str, Any], today: date) -> bool:
    oldest = years_before(today, int(rules["years"]["employment"]))
    return any(
        firm == unit.enterprise and (until is None or until >= oldest) for firm, _since, until in person.employed
    )
