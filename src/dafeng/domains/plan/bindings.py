"""The indicator register: which number of the platform answers for which indicator of a plan.

A binding is *computed* (a code that a domain publishes on the blackboard), *reported* (`plan.reported.…`, handed in by a
department) or *unbound*, and then says why: a target without a number stays in sight. Rows are data (`bindings.toml`);
the loader names file and line of each fault. Names are matched leniently, units strictly. Pure: no Django.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from dafeng.domains.plan.methods.events import EVENTS
from dafeng.domains.plan.methods.observations import scale
from dafeng.domains.plan.methods.targets import MEASURED, Target, target_from
from dafeng.kernel.errors import Place, PlanError, UnitError

COMPUTED, REPORTED, UNBOUND = "computed", "reported", "unbound"
STATES = {COMPUTED: "平台计算", REPORTED: "部门填报", UNBOUND: "未绑定"}
ENOUGH = 0.72  # two names of one indicator share at least this part of their pairs of characters
HOME = Path(str(files(__package__))) / "bindings.toml"
_CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_SLUG = re.compile(r"[a-z][a-z0-9_]*")
_HOWS = ("end", "sum", "mean")
_PERIODS = ("year", "quarter", "month")
_DIRECTIONS = ("", "increase", "decrease")


@dataclass(frozen=True)
class Binding:
    """One indicator of plans. `unit` is that of its values, `units` what a target on it may also be written in.

    `indicator` and `key` name the cell of the blackboard, `inputs` the codes from which `method` computes it. `how` makes a
    year of months; `bounds` is what the value cannot leave; `event` is the milestone that the values tell (see `events`).
    """

    id: str
    name: str
    name_en: str
    state: str
    unit: str
    aliases: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    indicator: str = ""
    key: str = ""
    publisher: str = ""
    method: str = ""
    inputs: tuple[str, ...] = ()
    measured: str = "value"
    event: str = ""
    how: str = "end"
    direction: str = ""
    bounds: tuple[float | None, float | None] = (None, None)
    scope: str = ""
    formula: str = ""
    source: str = ""
    owner: str = ""
    period: str = "year"
    reason: str = ""
    note: str = ""

    @property
    def label(self) -> str:
        return STATES[self.state]

    def takes(self, unit: str) -> bool:
        """Whether a target may be written in this unit."""
        return any(_convertible(unit, known) for known in (self.unit, *self.units))


@dataclass(frozen=True)
class Input:
    """A number that a computed binding needs besides its own."""

    code: str
    name: str
    name_en: str
    unit: str
    owner: str
    period: str = "year"
    publisher: str = ""
    note: str = ""


@dataclass(frozen=True)
class Match:
    """What a name and a unit come to. `binding` is None where nothing fits; `reason` says why, in words."""

    binding: Binding | None
    score: float
    reason: str

    @property
    def state(self) -> str:
        return self.binding.state if self.binding else UNBOUND


@dataclass(frozen=True)
class Register:
    version: str
    bindings: tuple[Binding, ...]
    inputs: tuple[Input, ...]
    guards: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    same: Mapping[str, str] = field(default_factory=dict)

    def by_id(self, id: str) -> Binding:
        for each in self.bindings:
            if each.id == id:
                return each
        raise PlanError(f"指标登记表里没有“{id}”", expected="、".join(each.id for each in self.bindings[:5]) + " 等")

    @cached_property
    def _forms(self) -> tuple[tuple[str, Binding], ...]:
        return tuple((self.plain(form), each) for each in self.bindings for form in (each.name, *each.aliases))

    def plain(self, name: str) -> str:
        """A name without what varies from plan to plan."""
        text = re.sub(r"[\s《》“”\"'（）()，,。·:：；;\-—~]", "", unicodedata.normalize("NFKC", name))
        for left, right in sorted(self.same.items(), key=lambda pair: -len(pair[0])):
            text = re.sub(rf"(?<!单位){left}" if right.startswith("单位") else left, right, text)
        for word in self.drop:
            text = text.replace(word, "")
        return text

    def match(self, name: str, unit: str | None) -> Match:
        """The binding that fits a printed name best, if its unit fits too.

        An exact name scores 1; else the share of common character pairs, for names that agree in all guard words.
        """
        wanted = self.plain(name)
        ranked = sorted(
            ((self._likeness(wanted, form), -abs(len(form) - len(wanted)), form, each) for form, each in self._forms),
            key=lambda row: row[:2],
            reverse=True,
        )
        near = [row for row in ranked if row[0] >= ENOUGH]
        fitting = [row for row in near if row[3].takes(unit or "1")]
        if fitting:
            score, _, form, found = fitting[0]
            rivals = {row[3].id for row in fitting if row[0] == score}
            if len(rivals) > 1 and score < 1:
                return Match(None, score, f"与{'、'.join(sorted(rivals))}同样相近，请人工选定")
            how = "名称相同" if score == 1 else f"名称相近（{form}）"
            return Match(found, round(score, 3), f"{how}，单位{unit or '未写'}相符")
        if near:
            best = near[0][3]
            units = "、".join((best.unit, *best.units))
            return Match(None, 0.0, f"名称与“{best.name}”相近，但单位“{unit or '未写'}”不符（应为 {units}）")
        return Match(None, ranked[0][0] if ranked else 0.0, "登记表里没有这个指标，请在指标登记表补充或人工绑定")

    def bind(self, name: str, unit: str | None) -> Binding | None:
        return self.match(name, unit).binding

    def _likeness(self, one: str, other: str) -> float:
        if one == other:
            return 1.0
        if any((word in one) != (word in other) for word in self.guards):
            return 0.0
        a, b = _pairs(one), _pairs(other)
        if not a or not b:
            return 0.0
        # 0.99: alike in all pairs is still not the same name
        return min(2 * len(a & b) / (len(a) + len(b)), 0.99)


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


@cache
def register() -> Register:
    """The register that comes with the platform."""
    return read_register(HOME)


def bind(name: str, unit: str | None) -> Binding | None:
    """The binding of an indicator by its printed name and unit, in the platform's register; None: unbound."""
    return register().bind(name, unit)


def match(name: str, unit: str | None) -> Match:
    """As `bind`, with score and reason."""
    return register().match(name, unit)


def target_of(data: Mapping[str, Any], binding: Binding, **more: Any) -> Target:
    """A printed target (JSON of a reading, row of the facts) as one that can be followed on its binding."""
    value = data["value"]
    low = value[0] if isinstance(value, list | tuple) else value
    given: dict[str, Any] = {"level_unit": binding.unit, "measured": binding.measured, "how": binding.how}
    if data["kind"] == "level" and not data.get("direction") and data["operator"] in ("=", "~") and low is not None:
        given["direction"] = binding.direction
    return target_from(data, **(given | more))


def _convertible(one: str, other: str) -> bool:
    try:
        scale(one, other)
    except UnitError:
        return False
    return True


# ---------------------------------------------------------------- reading the file


def read_register(path: Path) -> Register:
    """A register file. Raises `PlanError` for the first fault, with file and line."""
    text = path.read_text("utf-8")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"不是合法的 TOML：{error}", where=Place(file=path.name)) from error
    matching = data.get("matching", {})
    rows = _Rows(path.name, text)
    bindings = tuple(rows.made(Binding, "binding", number, row) for number, row in enumerate(data.get("binding", [])))
    inputs = tuple(rows.made(Input, "input", number, row) for number, row in enumerate(data.get("input", [])))
    found = Register(
        data.get("version", ""), bindings, inputs, tuple(matching.get("guards", ())), tuple(matching.get("drop", ())),
        matching.get("same", {}),
    )  # fmt: skip
    _check(found, rows)
    return found


class _Rows:
    """Makes rows of a TOML file and knows on which line each stands."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines: dict[tuple[str, int, str], int] = {}
        counts: dict[str, int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), 1):
            if header := re.fullmatch(r"\s*\[\[(\w+)\]\]\s*(?:#.*)?", line):
                table = header[1]
                counts[table] = counts.get(table, -1) + 1
                self.lines[table, counts[table], ""] = number
            elif (key := re.match(r"\s*(\w+)\s*=", line)) and table:
                self.lines[table, counts[table], key[1]] = number

    def fault(self, what: str, expected: str, table: str, number: int, key: str = "") -> PlanError:
        row = self.lines.get((table, number, key)) or self.lines.get((table, number, ""))
        return PlanError(what, expected=expected, where=Place(file=self.file, row=row))

    def made(self, shape: type[Any], table: str, number: int, row: Mapping[str, Any]) -> Any:
        known = {each.name: each for each in fields(shape)}
        for key in row:
            if key not in known:
                raise self.fault(f"不认识的键“{key}”", "、".join(known), table, number, key)
        given: dict[str, Any] = {}
        for key, value in row.items():
            if str(known[key].type) == "str":
                if not isinstance(value, str):
                    raise self.fault(f"“{key}”是 {value!r}", "文字（用引号）", table, number, key)
                given[key] = value
            elif key == "bounds":
                given[key] = self._bounds(value, table, number)
            elif not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise self.fault(f"“{key}”是 {value!r}", '一列文字，如 ["甲", "乙"]', table, number, key)
            else:
                given[key] = tuple(value)
        try:
            return shape(**given)
        except TypeError as error:
            lacking = "、".join(re.findall(r"'(\w+)'", str(error)))
            raise self.fault(f"缺少 {lacking}", "每行都要写", table, number) from error

    def _bounds(self, value: Any, table: str, number: int) -> tuple[float | None, float | None]:
        if not isinstance(value, list) or len(value) != 2:
            raise self.fault(f"“bounds”是 {value!r}", '[下限, 上限]，没有的写 "none"', table, number, "bounds")
        low, high = (None if one == "none" else one for one in value)
        for one in (low, high):
            if one is not None and (isinstance(one, bool) or not isinstance(one, int | float)):
                raise self.fault(f"“bounds”是 {value!r}", '[下限, 上限]，没有的写 "none"', table, number, "bounds")
        return low, high


def _check(found: Register, rows: _Rows) -> None:
    """What must hold of each binding and between them."""
    names: dict[str, str] = {}
    ids: set[str] = set()
    for number, each in enumerate(found.bindings):

        def fail(what: str, expected: str, key: str = "", number: int = number, each: Binding = each) -> PlanError:
            return rows.fault(f"“{each.id}”{what}", expected, "binding", number, key)

        if not _SLUG.fullmatch(each.id) or each.id in ids:
            raise fail("写法不对或重复", "小写字母、数字和下划线，各不相同", "id")
        ids.add(each.id)
        for key, value, known in (
            ("state", each.state, tuple(STATES)), ("measured", each.measured, MEASURED), ("how", each.how, _HOWS),
            ("period", each.period, _PERIODS), ("direction", each.direction, _DIRECTIONS),
            ("event", each.event, ("", *EVENTS)),
        ):  # fmt: skip
            if value not in known:
                raise fail(f"的 {key} 是“{value}”", "、".join(filter(None, known)), key)
        _check_state(each, fail)
        for form in {found.plain(form) for form in (each.name, *each.aliases)}:
            if names.setdefault(form, each.id) != each.id:
                raise fail(f"的名称“{form}”已属于“{names[form]}”", "一个名称只属于一个指标", "aliases")
    codes = {each.code for each in found.inputs} | {each.indicator for each in found.bindings}
    for number, each in enumerate(found.bindings):
        for code in each.inputs:
            if code.partition("|")[0] not in codes:
                raise rows.fault(f"“{each.id}”用到没有登记的数 {code}", "先写 [[input]]", "binding", number, "inputs")


def _check_state(each: Binding, fail: Any) -> None:
    if each.state == UNBOUND:
        if each.indicator or not each.reason:
            raise fail("未绑定，应写原因、不写指标代码", "reason = 为什么没有数", "reason")
        return
    if each.reason:
        raise fail("已绑定，不应写 reason", "说明写在 note", "reason")
    if not _CODE.fullmatch(each.indicator):
        raise fail(f"的指标代码是“{each.indicator}”", "如 energy.non_fossil_share", "indicator")
    if (each.state == REPORTED) != each.indicator.startswith("plan.reported."):
        raise fail(f"的指标代码“{each.indicator}”与状态不符", "填报的以 plan.reported. 开头，计算的不是", "indicator")
    if not each.formula or not each.source:
        raise fail("没有写公式或来源", "formula 和 source", "formula")
    if each.state == COMPUTED and not each.publisher:
        raise fail("没有写由哪个业务发布", "publisher = inventory 等", "publisher")
    if each.state == REPORTED and not each.owner:
        raise fail("没有写由谁填报", "owner = 部门代码", "owner")


def resolve(
    targets: Sequence[Mapping[str, Any]], found: Register | None = None
) -> list[tuple[Mapping[str, Any], Match]]:
    """Every target with what it comes to, in order; none is lost: what nothing fits is there as unbound, with the reason."""
    used = found or register()
    return [(target, used.match(target["indicator"], target.get("unit"))) for target in targets]
