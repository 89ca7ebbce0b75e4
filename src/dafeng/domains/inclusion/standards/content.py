"""What a version of a methodology says, as objects: monitoring fields, factors, formula, discount. Pure: no Django.

The same JSON is what the pack loads, what an operator's draft holds, what the digest covers, what computes an event and
what the page shows. `check` is asked of all of them: a version whose units do not fit cannot be kept.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.standards.methods import MODULES
from dafeng.kernel.accounting import Method, all_methods
from dafeng.kernel.errors import UnitError
from dafeng.kernel.quantities import units

TEXTS = ("boundary", "baseline", "monitoring", "source")
NOTES = ("discount_note", "points_note")
MOST = 1e9  # no one act is larger, in any unit
NOISE = 1e-6  # grams: what binary fractions may lose of a whole gram
CITED, DRAFT, CITY = "cited", "draft", "city"  # filed elsewhere, draft of the city, filed by the city


@dataclass(frozen=True)
class Field:
    """One thing that a scene reports. `kind` is `number` or `choice`; a choice may pick the factor `chooses`."""

    name: str
    title: str
    title_en: str = ""
    kind: str = "number"
    unit: str = ""
    shown: str = ""
    shown_en: str = ""
    least: float | None = None
    most: float | None = None
    required: bool = True
    options: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    chooses: str = ""


@dataclass(frozen=True)
class Factor:
    """A value of a formula with its source. `value` None is a gap; `item` is the option of a choice that picks it."""

    id: str
    parameter: str
    item: str
    value: float | None
    unit: str
    year: int | None
    set: str
    standing: str
    source: str
    note: str


@dataclass(frozen=True)
class Content:
    """A version, read. `survey` names what is measured between two surveys instead of by events."""

    method: Method | None
    survey: str
    fields: tuple[Field, ...]
    factors: tuple[Factor, ...]
    discount: float
    points_fixed: int
    exclusions: tuple[str, ...]
    label: Mapping[str, Any]
    texts: Mapping[str, str]

    @property
    def activity(self) -> tuple[str, ...]:
        """Fields that go into the formula."""
        return tuple(each.name for each in self.fields if self.method and each.name in self.method.inputs)

    def factors_of(self, parameter: str) -> tuple[Factor, ...]:
        return tuple(each for each in self.factors if each.parameter == parameter)

    def chooser(self, parameter: str) -> Field | None:
        """The choice that picks this factor, if any."""
        return next((each for each in self.fields if each.chooses == parameter), None)

    def scale(self, name: str) -> float:
        """A field's or factor's number in the formula's unit."""
        assert self.method is not None
        given = [each.unit for each in self.fields if each.name == name] + [each.unit for each in self.factors_of(name)]
        return units.conversion(given[0], self.method.inputs[name])

    @property
    def gaps(self) -> tuple[Factor, ...]:
        return tuple(each for each in self.factors if each.value is None)


def methods() -> dict[str, Method]:
    """The methods of carbon inclusion by id."""
    return {id: each for id, each in all_methods(*MODULES).items() if each.category == "inclusion"}


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content in canonical form: keys sorted, no spaces, UTF-8."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=256)
def _read(text: str) -> Content:
    raw = json.loads(text)
    known = methods()
    name = raw.get("method", "")
    if name and name not in known:
        raise InclusionError(f"没有算式“{name}”", expected="、".join(known))
    fields = tuple(
        Field(**{**each, "options": {code: tuple(words) for code, words in each.get("options", {}).items()}})
        for each in raw.get("fields", [])
    )
    return Content(
        method=known[name] if name else None,
        survey=raw.get("survey", ""),
        fields=fields,
        factors=tuple(Factor(**each) for each in raw.get("factors", [])),
        discount=float(raw.get("discount", 0)),
        points_fixed=int(raw.get("points_fixed", 0)),
        exclusions=tuple(raw.get("exclusions", [])),
        label=raw.get("label", {}),
        texts={key: raw.get(key, "") for key in (*TEXTS, *NOTES)},
    )


def read(content: Mapping[str, Any]) -> Content:
    """The content as objects. Raises `InclusionError` for a formula that does not exist."""
    return _read(json.dumps(content, ensure_ascii=False))


def check(content: Mapping[str, Any]) -> Content:
    """Read, and prove that it can compute. Raises `InclusionError` with the first fault."""
    found = read(content)
    for key in TEXTS:
        if not found.texts[key].strip():
            raise InclusionError(f"方法学缺少“{key}”", expected="边界、基准线、监测方法和来源都要写明")
    if not 0 <= found.discount < 1:
        raise InclusionError("不确定性扣减不在 0 与 100% 之间", expected="0 到 99%")
    if not 0 <= found.points_fixed <= 1000:
        raise InclusionError("按次积分不在 0 与 1000 之间")
    for each in found.fields:
        _check_field(found, each)
    for factor in found.factors:
        _check_factor(factor)
    if found.method and not found.survey:
        _check_formula(found, found.method)
    if not found.method and not found.points_fixed and not found.survey:
        raise InclusionError("既没有算式也没有按次积分", mend="请选择算式，或写明按次积分")
    return found


def _check_field(found: Content, each: Field) -> None:
    if each.kind == "choice":
        if not each.options or (each.chooses and not found.factors_of(each.chooses)):
            raise InclusionError(f"“{each.title}”没有可选项或没有对应的因子")
        return
    if each.kind != "number" or each.least is None or each.most is None:
        raise InclusionError(f"“{each.title}”要写明最小值和最大值")
    if not 0 <= each.least < each.most <= MOST or not math.isfinite(each.most):
        raise InclusionError(f"“{each.title}”的范围不成立", expected="0 ≤ 最小值 < 最大值 ≤ 10 亿")


def _check_factor(each: Factor) -> None:
    if each.value is None:
        return
    if not math.isfinite(each.value) or each.value < 0:
        raise InclusionError(f"因子 {each.id} 不是有限的非负数")
    if not each.source.strip() or each.standing in ("gap", "memory", "conflict"):
        raise InclusionError(f"因子 {each.id} 有数值却没有可用的来源", mend="请写明来源，或把数值留空")


def _check_formula(found: Content, method: Method) -> None:
    """Every input of the formula is a required number of the scene or a factor, in a unit that fits."""
    numbers = {each.name: each for each in found.fields if each.kind == "number" and each.required}
    for name, unit in method.inputs.items():
        chooser, factors = found.chooser(name), found.factors_of(name)
        given = [numbers[name].unit] if name in numbers else [each.unit for each in factors]
        if not given or (name in numbers and factors):
            raise InclusionError(f"算式的输入 {name} 没有（或有两处）来历", expected="一个必填的监测数据，或一组因子")
        if factors and not chooser and (len(factors) > 1 or factors[0].item):
            raise InclusionError(f"因子 {name} 有多个值，却没有用来选择的监测数据")
        if chooser and set(chooser.options) - {each.item for each in factors}:
            raise InclusionError(f"“{chooser.title}”有的选项没有因子", mend="没有数值的因子也要列出（留空）")
        try:
            scales = {units.conversion(each, unit) for each in given}
        except UnitError as error:
            raise InclusionError(f"{name} 的单位不合算式：{error.what}", expected=unit) from error
        if len(scales) > 1:
            raise InclusionError(f"因子 {name} 各值的单位不一致", expected=unit)


def whole(raw: float, discount: float) -> int:
    """Grams as they are counted: after the discount, rounded down to the gram, never below zero."""
    return max(0, math.floor(raw * (1 - discount) + NOISE))


def plain(each: Field | Factor) -> dict[str, Any]:
    """As the content keeps it."""
    return asdict(each)
