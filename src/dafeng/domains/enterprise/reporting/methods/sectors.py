"""Sector schemas: one TOML a sector, which drives form, sheet, check, calculation and printed formula.

`SECTORS` maps code → `Sector`, read at first use. What several sectors share (fuels, electricity, heat, waste water, carbonates) is a
part in `../sectors/parts/` that a sector takes with `include`; a sector's own entry of the same code replaces the part's.
Titles are Chinese with an English twin; units are those of the form. docs/dev/enterprise-sectors.md is the reference.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from dafeng.kernel.errors import MethodError

HOME = Path(__file__).parent.parent / "sectors"
PERIODS = ("monthly", "annual")
BOUNDARIES = ("reporting", "compliance")
ANNUAL = ("sum", "mass", "heat", "mean", "last", "none")
CATEGORIES = ("combustion", "process", "electricity", "heat", "removal")


@dataclass(frozen=True)
class Choice:
    """One kind of a stream: a fuel, a raw material, a gas. `group` decides units and formulas."""

    code: str
    title: str
    title_en: str
    group: str = ""


@dataclass(frozen=True)
class Stream:
    """A kind of source stream. A stream's name is `kind`, `kind/label` or `kind/label/own name`.

    A label may choose a parameter (`solid/cement_kiln`); the own name tells two sources of one kind and label apart.
    """

    code: str
    title: str
    title_en: str
    kinds: Mapping[str, Choice]
    labels: Mapping[str, Choice] = field(default_factory=dict)

    def kind(self, stream: str) -> Choice | None:
        return self.kinds.get(stream.partition("/")[0])


@dataclass(frozen=True)
class Fact:
    """What is told of a facility itself, dated: one of `kinds`, or a number above zero in `unit`. `required`: other rooms ask for it."""

    code: str
    title: str
    title_en: str
    kinds: Mapping[str, Choice] = field(default_factory=dict)
    unit: str = ""
    required: bool = False
    help: str = ""
    help_en: str = ""


@dataclass(frozen=True)
class Item:
    """One thing that is told. `limits` are hard, `usual` only asks for an explanation; `annual` says how months become a year,
    `weight` by which item a mean is weighted (`mass`: by it; `heat`: by it times `ncv`).

    `default` names the parameter that the guideline prescribes for a month without a conforming value, `rule` the article.
    """

    code: str
    title: str
    title_en: str
    unit: str
    period: str = "monthly"
    stream: str = ""
    groups: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    limits: tuple[float | None, float | None] = (None, None)
    usual: tuple[float | None, float | None] = (None, None)
    annual: str = "sum"
    weight: str = ""
    evidence: tuple[str, ...] = ()
    default: str = ""
    rule: str = ""
    help: str = ""
    help_en: str = ""

    @property
    def tested(self) -> bool:
        """Whether a laboratory report is its evidence, so that the day of the test can be told."""
        return "lab_report" in self.evidence

    def unit_of(self, group: str) -> str:
        """The unit in which a stream of this group is told."""
        return self.units.get(group, self.unit)


@dataclass(frozen=True)
class Source:
    """Where a value may come from; `ways` are the ways of a month's value (`computed`: derived from other items) that come from it."""

    code: str
    title: str
    title_en: str
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """The sources that the guideline admits for an item, the best first: which one is used may not be lowered in later years."""

    item: str
    sources: tuple[Source, ...]
    rule: str
    rule_en: str
    groups: tuple[str, ...] = ()

    def find(self, code: str) -> Source | None:
        return next((each for each in self.sources if each.code == code), None)

    def rank(self, code: str) -> int:
        """0 is the best; what is not in the order stands behind all that is."""
        return next((rank for rank, each in enumerate(self.sources) if each.code == code), len(self.sources))

    def rank_of_way(self, way: str) -> int:
        """The best source that a value of this way may have come from: a month tells its way, not the source itself."""
        return next((rank for rank, each in enumerate(self.sources) if way in each.ways), len(self.sources))


@dataclass(frozen=True)
class Fill:
    """How an item that was not told is filled, in the order of the list: by a method, by a prescribed parameter, or from the parts of a whole.

    `needs` must be told for the month; `rule` is shown beside the value. `gather`: a stream whose sources are the parts; of the facility's
    own item they make the sum of their `value`, or its mean weighted by `weight`.
    """

    item: str
    stream: str = ""
    groups: tuple[str, ...] = ()
    method: str = ""
    parameter: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    rule: str = ""
    rule_en: str = ""
    gather: str = ""
    value: str = ""
    weight: str = ""


@dataclass(frozen=True)
class Formula:
    """One emission: a registered method, where its inputs come from, and which sum it belongs to.

    An input is an item of the formula's own stream, or else a parameter of that name (`gwp:ch4` names its key). `trigger` is the item whose
    presence asks for the formula (the first input that is an item), `unless` an item whose presence makes another formula do. `sign` −1 takes away. Formulas of one `floor` are together
    never below zero. `since`/`until` bound the formula, `compliance_*` its place in the compliance boundary.
    """

    code: str
    title: str
    title_en: str
    method: str
    category: str
    gas: str = "CO2"
    stream: str = ""
    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    trigger: str = ""
    unless: str = ""
    sign: int = 1
    floor: str = ""
    since: date | None = None
    until: date | None = None
    compliance_since: date | None = None
    compliance_until: date | None = None

    @property
    def scope(self) -> str:
        return "indirect" if self.category in {"electricity", "heat"} else "direct"


@dataclass(frozen=True)
class Indicator:
    """A figure beside the emissions, for a month and for the year: from items, earlier indicators and `emissions`.

    Where several have one code the first that applies is taken: its inputs are there, all of `positive` are above zero and all of
    `absent` are zero or were not told.
    """

    code: str
    title: str
    title_en: str
    unit: str
    method: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    positive: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Sector:
    """A sector's schema, whole."""

    code: str
    title: str
    title_en: str
    source: str
    standing: str
    sets: tuple[tuple[str, date | None, date | None], ...]
    items: Mapping[str, Item]
    streams: Mapping[str, Stream]
    fills: tuple[Fill, ...]
    formulas: tuple[Formula, ...]
    indicators: tuple[Indicator, ...]
    checks: tuple[Mapping[str, Any], ...]
    boundaries: tuple[str, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    output: str = ""
    note: str = ""
    note_en: str = ""

    def sets_on(self, day: date) -> tuple[str, ...]:
        """The parameter sets in force on a day, in order of preference."""
        return tuple(
            name
            for name, begins, ends in self.sets
            if (begins is None or begins <= day) and (ends is None or day <= ends)
        )

    @cached_property
    def items_of(self) -> dict[str, tuple[Item, ...]]:
        """Stream code → its items; the facility's own under the empty text."""
        found: dict[str, list[Item]] = {"": [], **{code: [] for code in self.streams}}
        for item in self.items.values():
            found[item.stream].append(item)
        return {code: tuple(items) for code, items in found.items()}

    def unit(self, item: str, stream: str = "") -> str:
        """The unit of an item in a stream. Raises KeyError for an item that the sector does not know."""
        found = self.items[item]
        kind = self.streams[found.stream].kind(stream) if found.stream else None
        return found.unit_of(kind.group if kind else "")

    def order(self, item: str, stream: str = "") -> Order | None:
        """The order of an item's sources in a stream; None where no text that was read prints one."""
        found = self.items[item]
        kind = self.streams[found.stream].kind(stream) if found.stream else None
        group = kind.group if kind else ""
        return next((o for o in self.orders if o.item == item and (not o.groups or group in o.groups)), None)

    def stream_title(self, item: str, stream: str, *, english: bool = False) -> str:
        """The name of a stream as a person reads it; the label follows in brackets."""
        kinds = self.streams[self.items[item].stream]
        code, *labels = stream.split("/")
        kind = kinds.kinds.get(code)
        name = (kind.title_en if english else kind.title) if kind else code
        known = [kinds.labels.get(label, Choice(label, label, label)) for label in labels]
        told = " ".join(each.title_en if english else each.title for each in known)
        if not told:
            return name
        return f"{name} ({told})" if english else f"{name}（{told}）"


def read(code: str) -> Sector:
    """One sector's schema. Raises `MethodError` with the file and what is wrong."""
    path = HOME / f"{code}.toml"
    raw = tomllib.loads(path.read_text("utf-8"))
    parts = [tomllib.loads((HOME / "parts" / f"{name}.toml").read_text("utf-8")) for name in raw.get("include", [])]
    try:
        made = _sector(code, raw, parts)
    except (KeyError, TypeError, ValueError) as error:
        raise MethodError(f"{path.name}：{error}") from error
    _check(made, path.name)
    return made


def _sector(code: str, raw: Mapping[str, Any], parts: list[dict[str, Any]]) -> Sector:
    def joined(name: str) -> list[dict[str, Any]]:
        return [entry for part in (*parts, raw) for entry in part.get(name, [])]

    def by_code(name: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for entry in joined(name):
            found[entry["code"]] = found.get(entry["code"], {}) | entry
        return {key: entry for key, entry in found.items() if not entry.pop("drop", False)}

    streams = {key: _stream(entry) for key, entry in by_code("streams").items()}
    return Sector(
        code=code,
        title=raw["title"],
        title_en=raw["title_en"],
        source=raw["source"],
        standing=raw["standing"],
        sets=tuple(_set(each) for each in raw["sets"]),
        items={key: _of(Item, entry) for key, entry in by_code("items").items()},
        streams=streams,
        fills=tuple(_of(Fill, entry) for entry in joined("fills")),
        formulas=tuple(_of(Formula, entry) for entry in by_code("formulas").values()),
        indicators=tuple(_of(Indicator, entry) for entry in joined("indicators")),
        checks=tuple(joined("checks")),
        boundaries=tuple(raw.get("boundaries", ("reporting",))),
        facts={entry["code"]: _fact(entry) for entry in raw.get("facts", [])},
        orders=tuple(_order(entry) for entry in joined("orders")),
        output=raw.get("output", ""),
        note=raw.get("note", ""),
        note_en=raw.get("note_en", ""),
    )


def _set(entry: str | Mapping[str, Any]) -> tuple[str, date | None, date | None]:
    return (entry, None, None) if isinstance(entry, str) else (entry["set"], entry.get("from"), entry.get("until"))


def _choices(told: Mapping[str, Any]) -> dict[str, Choice]:
    return {code: Choice(code, *words) for code, words in told.items()}


def _stream(entry: Mapping[str, Any]) -> Stream:
    kinds, labels = _choices(entry.get("kinds", {})), _choices(entry.get("labels", {}))
    return Stream(entry["code"], entry["title"], entry["title_en"], kinds, labels)


def _fact(entry: Mapping[str, Any]) -> Fact:
    return Fact(**{**entry, "kinds": _choices(entry.get("kinds", {}))})


def _order(entry: Mapping[str, Any]) -> Order:
    return _of(Order, {**entry, "sources": [_of(Source, each) for each in entry["sources"]]})


def _of(kind: type[Any], entry: Mapping[str, Any]) -> Any:
    """A dataclass of a TOML entry; a field that it does not have is a mistake of the file."""
    known = {each.name for each in fields(kind)}
    if stray := set(entry) - known:
        raise ValueError(f"{entry.get('code', entry.get('item', ''))} 有不认识的字段 {'、'.join(sorted(stray))}")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    for name in ("limits", "usual"):  # TOML has no null: "" is no bound
        if name in values and kind is Item:
            values[name] = tuple(None if bound == "" else float(bound) for bound in values[name])
    return kind(**values)


def _check(sector: Sector, file: str) -> None:
    """What a reader of the file would trip over."""

    def refuse(what: str) -> None:
        raise MethodError(f"{file}：{what}")

    for item in sector.items.values():
        if item.period not in PERIODS or item.annual not in ANNUAL:
            refuse(f"项目 {item.code} 的周期或年度算法不对")
        if item.stream and item.stream not in sector.streams:
            refuse(f"项目 {item.code} 的源流 {item.stream} 没有定义")
    for formula in sector.formulas:
        if formula.category not in CATEGORIES or formula.sign not in {1, -1}:
            refuse(f"公式 {formula.code} 的类别或正负号不对")
        if formula.stream and formula.stream not in sector.streams:
            refuse(f"公式 {formula.code} 的源流 {formula.stream} 没有定义")
    for fill in sector.fills:
        if fill.item not in sector.items or sum(map(bool, (fill.method, fill.parameter, fill.gather))) != 1:
            refuse(f"补缺 {fill.item} 的项目没有定义，或没有恰好写一种补法")
        if fill.gather and {each.code for each in sector.items_of.get(fill.gather, ())} < {
            fill.value,
            fill.weight or fill.value,
        }:
            refuse(f"补缺 {fill.item} 的源流 {fill.gather} 没有所要的项目")
    for order in sector.orders:
        if order.item not in sector.items or len({each.code for each in order.sources}) != len(order.sources):
            refuse(f"来源次序 {order.item} 的项目没有定义，或来源写了两次")
    for fact in sector.facts.values():
        if bool(fact.kinds) == bool(fact.unit):
            refuse(f"设施信息 {fact.code} 没有恰好写明可选的值或单位")
    if set(sector.boundaries) - set(BOUNDARIES):
        refuse("边界只有 reporting 与 compliance")


class _Sectors(Mapping[str, Sector]):
    """Code → sector, each read at first use, so that a page that needs one does not read twenty."""

    def __init__(self) -> None:
        self._codes = tuple(sorted(path.stem for path in HOME.glob("*.toml")))
        self._read: dict[str, Sector] = {}

    def __getitem__(self, code: str) -> Sector:
        if code not in self._codes:
            raise KeyError(code)
        if code not in self._read:
            self._read[code] = read(code)
        return self._read[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)


SECTORS: Mapping[str, Sector] = _Sectors()
