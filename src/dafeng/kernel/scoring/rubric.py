"""A rubric as an object: what each line is worth, how a value earns its mark, what caps the grade. Data only.

The fields of these classes are the keys of the TOML file, one to one (`lower`, `upper` are `from`, `to`). Weights are
points: items add up to their group, groups to `total`. The digest is the SHA-256 of the canonical JSON of `as_dict`;
two rubrics with one digest grade alike and read alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from dafeng.kernel.scoring.expression import Column, Expression, parse

Formula = float | str | None  # a number, or a rule over the values of each subject

LINEAR, INVERSE, STEP, BAND, RANK, RULE = "linear", "inverse", "step", "band", "rank", "rule"
SCORINGS = (LINEAR, INVERSE, STEP, BAND, RANK, RULE)
EXCLUDE, NEUTRAL, WORST = "exclude", "neutral", "worst"
POLICIES = (EXCLUDE, NEUTRAL, WORST)
CAP_GRADE, CAP_SCORE, ZERO = "cap_grade", "cap_score", "zero"
EFFECTS = (CAP_GRADE, CAP_SCORE, ZERO)
BONUS, DEDUCTION = "bonus", "deduction"
KEYS = {"lower": "from", "upper": "to"}  # fields whose key in a file is a word that Python keeps for itself


@dataclass(frozen=True)
class Input:
    """A value without weight that rules read. `when_absent` is for registers where no entry means none."""

    code: str
    title: str
    title_en: str = ""
    unit: str = ""
    indicator: str = ""
    value: str = ""
    when_absent: float | None = None
    source: str = ""
    note: str = ""

    @property
    def binding(self) -> str:
        """The indicator whose value this is; empty for a value derived by rule."""
        return "" if self.value else self.indicator or self.code


@dataclass(frozen=True)
class Group:
    code: str
    title: str
    weight: float
    title_en: str = ""
    parent: str = ""


@dataclass(frozen=True)
class Step:
    """At this value and above, this mark."""

    at: float
    mark: float
    title: str = ""
    title_en: str = ""


@dataclass(frozen=True)
class Item:
    """One weighted line. Which fields it needs depends on `scoring`; see docs/dev/scoring.md."""

    code: str
    title: str
    weight: float
    scoring: str
    title_en: str = ""
    group: str = ""
    unit: str = ""
    indicator: str = ""
    value: str = ""
    base: Formula = None
    lead: Formula = None
    below: float | None = None
    steps: tuple[Step, ...] = ()
    band: tuple[float, ...] = ()
    limits: tuple[float, ...] = ()
    better: str = ""
    minimum_peers: int = 2
    rule: str = ""
    applies: str = ""
    missing: str = ""
    source: str = ""
    note: str = ""

    @property
    def binding(self) -> str:
        return "" if self.value else self.indicator or self.code


@dataclass(frozen=True)
class Adjustment:
    """A bonus or a deduction: points by rule, at most `cap`, only `when` the condition holds (empty: always)."""

    code: str
    title: str
    points: Formula
    cap: float
    title_en: str = ""
    when: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class Veto:
    code: str
    title: str
    when: str
    effect: str
    title_en: str = ""
    grade: str = ""
    score: float | None = None
    lifting: str = ""
    lifting_en: str = ""
    source: str = ""


@dataclass(frozen=True)
class Level:
    """A grade: from `lower` (included) to `upper` (not included); open ends are None. Best first in the rubric."""

    code: str
    title: str
    title_en: str = ""
    lower: float | None = None
    upper: float | None = None
    minimum_coverage: float = 0.0
    when: str = ""
    by_veto: bool = False


@dataclass(frozen=True)
class Insufficient:
    """What stands instead of a grade where there is too little data."""

    code: str
    title: str
    below_coverage: float
    title_en: str = ""


@dataclass(frozen=True)
class Rubric:
    id: str
    title: str
    version: str
    valid_from: date
    standing: str
    items: tuple[Item, ...]
    title_en: str = ""
    valid_until: date | None = None
    standing_en: str = ""
    source: str = ""
    note: str = ""
    total: float = 100.0
    decimals: int = 2
    missing: str = EXCLUDE
    neutral: float = 50.0
    bonus_cap: float | None = None
    deduction_cap: float | None = None
    insufficient: Insufficient | None = None
    inputs: tuple[Input, ...] = ()
    groups: tuple[Group, ...] = ()
    bonuses: tuple[Adjustment, ...] = ()
    deductions: tuple[Adjustment, ...] = ()
    vetoes: tuple[Veto, ...] = ()
    levels: tuple[Level, ...] = ()

    @cached_property
    def digest(self) -> str:
        return digest_of(self.as_dict())

    @property
    def reference(self) -> str:
        return f"{self.id}@{self.version}"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; `reading.rubric_from_dict` makes an equal rubric of it."""
        return plain(self)  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rubric:
        """Checked as a file is; raises `RubricError`."""
        from dafeng.kernel.scoring.reading import rubric_from_dict

        return rubric_from_dict(data)

    @property
    def entries(self) -> tuple[Input | Item, ...]:
        """Everything that has a value: inputs, then items."""
        return (*self.inputs, *self.items)

    @cached_property
    def titles(self) -> dict[str, str]:
        return {each.code: each.title for each in self.entries}

    @cached_property
    def titles_en(self) -> dict[str, str]:
        return {each.code: each.title_en or each.title for each in self.entries}

    def policy(self, item: Item) -> str:
        return item.missing or self.missing


def reads(text: str) -> frozenset[str]:
    """The values that a derived value reads."""
    return parse(text, kind="number").names if text else frozenset()


def in_order(entries: Sequence[Input | Item]) -> dict[str, Input | Item]:
    """By code, a derived value after those that it reads."""
    given = {each.code: each for each in entries}
    done: dict[str, Input | Item] = {}

    def visit(code: str) -> None:
        if code not in done:
            for name in sorted(reads(given[code].value)):
                visit(name)
            done[code] = given[code]

    for code in given:
        visit(code)
    return done


def formula(given: Formula) -> Expression | None:
    """The rule of a base, a lead or points; None for a plain number."""
    return parse(given, kind="number") if isinstance(given, str) else None


def formula_column(given: Formula, columns: Mapping[str, Column], size: int) -> Column:
    """A base, a lead or points for each subject."""
    found = formula(given)
    if found is not None:
        return found(columns, size)
    return np.full(size, np.nan if given is None else float(given))


def plain(thing: Any) -> Any:
    """Dataclasses as JSON values, without fields that have their default; whole numbers without a point."""
    if isinstance(thing, tuple | list):
        return [plain(each) for each in thing]
    if isinstance(thing, date):
        return thing.isoformat()
    if isinstance(thing, float) and thing.is_integer():
        return int(thing)
    if not hasattr(thing, "__dataclass_fields__"):
        return thing
    found = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.default is MISSING or value != field.default:
            found[KEYS.get(field.name, field.name)] = plain(value)
    return found


def digest_of(data: Mapping[str, Any]) -> str:
    """SHA-256 of canonical JSON: keys sorted, no blanks, UTF-8, numbers at their shortest."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
