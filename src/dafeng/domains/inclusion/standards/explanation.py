"""How one act comes to its grams and points, in steps that a person can follow and check with a pocket calculator.

A scalar reading of the same contents that `compute` reads by column.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from dafeng.domains.inclusion.members import words
from dafeng.domains.inclusion.models import MethodologyVersion, Programme
from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards import inforce, names, rates
from dafeng.domains.inclusion.standards.content import Content, Factor, Field
from dafeng.kernel.accounting.expression import Input, Named, Node
from dafeng.kernel.accounting.readings import read_text

if TYPE_CHECKING:
    from dafeng.domains.inclusion.models import Event


@dataclass(frozen=True)
class Given:
    """One monitoring value: as it was sent, and in words."""

    name: str
    title: str
    value: Any
    shown: str
    unit: str


@dataclass(frozen=True)
class Explanation:
    """Everything that leads to the grams and points of one act. `credited_*` are what the event itself was given, where it was."""

    methodology: str
    title: str
    group: str
    version: int | None
    number: int | None
    state: str
    state_title: str
    standing: str
    source: str
    day: date
    inputs: tuple[Given, ...]
    factors: tuple[Factor, ...]
    method: str
    formula: str
    filled: str
    raw_grams: float | None
    discount: float
    discount_note: str
    grams: int
    reason: str
    grams_per_point: int | None
    rate_from: date | None
    rate_state: str
    rate_basis: str
    points_fixed: int
    points: int
    credited_grams: int | None = None
    credited_points: int | None = None
    credited_reason: str = ""

    @property
    def reason_text(self) -> str:
        return words.sentence(self.reason) if self.reason else ""

    @property
    def credited_reason_text(self) -> str:
        return words.sentence(self.credited_reason) if self.credited_reason in words.reasons() else self.credited_reason

    @property
    def draft(self) -> bool:
        return self.standing == contents.DRAFT

    @property
    def standing_title(self) -> Any:
        return names.STANDINGS.get(self.standing, self.standing)

    @property
    def discount_share(self) -> str:
        return f"{self.discount:.0%}"

    @property
    def fixed(self) -> bool:
        """Whether the points are the methodology's fixed ones."""
        return self.reason in rates.FIXED and self.points > 0

    @property
    def factor_rows(self) -> list[dict[str, Any]]:
        return factor_rows(self.factors)


def factor_rows(factors: Iterable[Factor], options: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Factors with their titles, values and units as they are printed; `options` names the items of a choice."""
    return [
        {
            "factor": each,
            "title": names.parameter(each.parameter),
            "item": (options or {}).get(each.item, each.item),
            "value": "" if each.value is None else f"{each.value:.10g}",
            "unit": names.unit(each.unit),
        }
        for each in factors
    ]


def of_event(event: Event) -> Explanation:
    """The event by the version that computed it, or the one in force on its day where none has yet."""
    day = timezone.localdate(event.happened_at)
    code = event.scene.methodology_id
    version = event.version or inforce.version_on(code, day)
    found = of_values(code, version, event.data, day=day, programme=event.scene.partner.programme)
    return replace(found, credited_grams=event.grams, credited_points=event.points, credited_reason=event.reason)


def of_values(
    code: str, version: MethodologyVersion | None, data: Mapping[str, Any], *, day: date, programme: Programme
) -> Explanation:
    """Monitoring values by a version, on a day: the calculator, and the heart of `of_event`."""
    rate = inforce.rate_on(inforce.rates_of(programme), day)
    told: dict[str, Any] = {
        "methodology": code, "title": code, "group": "", "version": None, "number": None, "state": "", "state_title": "",
        "standing": "", "source": "", "inputs": (), "factors": (), "method": "", "formula": "", "filled": "",
        "raw_grams": None, "discount": 0.0, "discount_note": "", "grams": 0, "reason": "methodology_not_in_force",
        "points_fixed": 0,
    }  # fmt: skip
    if version is not None:
        told |= _of_version(version) | _computed(contents.read(version.content), data)
    per_point = rate.grams_per_point if rate else None
    points = rates.points_of(told["grams"], told["reason"], per_point, told["points_fixed"])
    if rate is None and told["grams"] and not told["reason"]:
        told["reason"] = "rate_missing"
    return Explanation(
        day=day,
        grams_per_point=per_point,
        rate_from=rate.valid_from if rate else None,
        rate_state=rate.record.state if rate else "",
        rate_basis=rate.basis if rate else "",
        points=points,
        **told,
    )


def _of_version(version: MethodologyVersion) -> dict[str, Any]:
    return {
        "version": version.pk,
        "number": version.number,
        "title": names.pick(version.methodology.title, version.methodology.title_en),
        "group": version.methodology.group,
        "state": version.record.state,
        "state_title": names.state_title(version.record, version.standing),
        "standing": version.standing,
        "source": str(version.content.get("source", "")),
    }


def _computed(found: Content, data: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs, factors, formula and grams; the reason where there are none."""
    read = {each.name: value_of(each, data.get(each.name)) for each in found.fields}
    told: dict[str, Any] = {
        "inputs": tuple(_given(each, data.get(each.name), read[each.name][0]) for each in found.fields),
        "factors": _picked(found, {name: value for name, (value, _fault) in read.items()}),
        "discount": found.discount,
        "discount_note": found.texts["discount_note"],
        "points_fixed": found.points_fixed,
        "method": found.method.reference if found.method else "",
        "formula": formula(found),
    }
    faults = {fault for _value, fault in read.values() if fault}
    if found.survey:
        return told | {"reason": "measured_by_survey"}
    for reason in ("field_missing", "field_out_of_range"):
        if reason in faults:
            return told | {"reason": reason}
    if found.method is None:
        return told | {"reason": "activity_only"}
    values = _values(found, told["factors"], read)
    if values is None:
        return told | {"reason": "factor_missing"}
    raw = float(found.method.draws(values))
    return told | {
        "raw_grams": raw,
        "filled": _filled(found, values),
        "grams": contents.whole(raw, found.discount),
        "reason": "" if raw > 0 else "nothing_saved",
    }


def raw_grams(found: Content, data: Mapping[str, Any]) -> float | None:
    """Grams before the discount for sound values; None where a factor is missing (labels)."""
    read = {each.name: value_of(each, data.get(each.name)) for each in found.fields}
    values = _values(found, _picked(found, {name: value for name, (value, _fault) in read.items()}), read)
    return None if found.method is None or values is None else float(found.method.draws(values))


def value_of(each: Field, given: Any) -> tuple[Any, str]:
    """A monitoring value as the formula takes it, and the reason why it cannot."""
    text = "" if given is None else str(given).strip()
    if not text:
        return None, "field_missing" if each.required else ""
    if each.kind == "choice":
        return (text, "") if text in each.options else (None, "field_out_of_range")
    try:
        number = float(text)
    except ValueError:
        return None, "field_out_of_range"
    assert each.least is not None
    assert each.most is not None
    fits = math.isfinite(number) and each.least <= number <= each.most
    return number, "" if fits else "field_out_of_range"


def _given(each: Field, raw: Any, value: Any) -> Given:
    if each.kind == "choice" and value in each.options:
        shown = names.pick(*each.options[value])
    else:
        shown = f"{value:g}" if isinstance(value, float) else ("" if raw is None else str(raw)[:60])
    return Given(each.name, names.pick(each.title, each.title_en), raw, shown, names.pick(each.shown, each.shown_en))


def _picked(found: Content, values: Mapping[str, Any]) -> tuple[Factor, ...]:
    """The factors that this act asks for; all of a choice where nothing was chosen."""
    picked = []
    for each in found.factors:
        chooser = found.chooser(each.parameter)
        if chooser is None or values.get(chooser.name) in (None, each.item):
            picked.append(each)
    return tuple(picked)


def _values(found: Content, picked: tuple[Factor, ...], read: Mapping[str, tuple[Any, str]]) -> dict[str, float] | None:
    """Every input of the formula in its own unit; None where one of the factors is a gap."""
    assert found.method is not None
    by_name = {each.parameter: each.value for each in picked} | {name: read[name][0] for name in found.activity}
    values = {}
    for name in found.method.inputs:
        if by_name[name] is None:
            return None
        values[name] = by_name[name] * found.scale(name)
    return values


def _label(found: Content, name: str) -> str:
    titled = next((each for each in found.fields if each.name == name), None)
    return names.pick(titled.title, titled.title_en) if titled else names.parameter(name)


def formula(found: Content) -> str:
    """The formula with the names that a person reads."""
    if found.method is None:
        return ""
    return read_text(found.method.tree, lambda leaf: _label(found, leaf.name) if isinstance(leaf, Input) else "")


def _filled(found: Content, values: Mapping[str, float]) -> str:
    """The formula with the numbers in it."""

    def label(leaf: Node) -> str:
        if isinstance(leaf, Input):
            return f"{values[leaf.name]:.10g}"
        return f"{leaf.value:g}" if isinstance(leaf, Named) else ""

    assert found.method is not None
    return read_text(found.method.tree, label)
