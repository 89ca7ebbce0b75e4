"""What a rule gives for what was applied for: conditions checked line by line, and the amount in steps that a person can follow.

Pure functions over the rule's content and the application's data; no database. Money is integer fen; measured results are
Decimal, and an amount is rounded down to the fen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.inclusion.errors import Refused

LARGEST = Decimal(10) ** 12  # of any measured result: beyond it a slip of the keyboard
OPERATORS = {
    "=": lambda left, right: left == right,
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    "in": lambda left, right: left in right,
}


@dataclass(frozen=True)
class Line:
    """One condition: whether it holds, in words."""

    ok: bool
    text: str


@dataclass(frozen=True)
class Step:
    """One step of the amount: in words, and the fen after it."""

    text: str
    fen: int


@dataclass(frozen=True)
class Check:
    lines: list[Line] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(line.ok for line in self.lines)

    @property
    def fen(self) -> int:
        return self.steps[-1].fen if self.steps and self.ok else 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "fen": self.fen,
            "lines": [[line.ok, line.text] for line in self.lines],
            "steps": [[step.text, step.fen] for step in self.steps],
        }


def read_data(content: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The application's fields as the rule declares them. Numbers stay text in canonical decimal form, dates ISO.

    Raises `Refused` (`field_missing`, `field_out_of_range`) naming the field.
    """
    found: dict[str, Any] = {}
    for each in content["fields"]:
        text = str(given.get(each["name"], "")).strip()
        if not text:
            if each.get("required", True):
                raise Refused("field_missing", _("“%(field)s”没有填") % {"field": each["title"]})
            continue
        found[each["name"]] = _value(each, text)
    return found


def _value(declared: Mapping[str, Any], text: str) -> Any:
    kind, title = declared.get("kind", "text"), declared["title"]
    if kind == "number":
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or not 0 <= number <= LARGEST:
            raise Refused(
                "field_out_of_range", _("“%(field)s”应为不小于 0 的数") % {"field": title}, expected=f"0–{LARGEST:f}"
            )
        return format(number.normalize(), "f")
    if kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise Refused("field_out_of_range", _("“%(field)s”应为日期，如 2026-11-21") % {"field": title}) from None
    if kind == "choice" and text not in declared["choices"]:
        raise Refused(
            "field_out_of_range",
            _("“%(field)s”没有“%(text)s”这一项") % {"field": title, "text": text[:40]},
            expected="、".join(declared["choices"]),
        )
    return text[:500]


def check(content: Mapping[str, Any], data: Mapping[str, Any], *, paid_before: int = 0) -> Check:
    """Check the conditions and work out the amount. `paid_before`: fen that the applicant already got by this rule this year."""
    lines = [_condition(content, each, data) for each in content.get("conditions", ())]
    return Check(lines, list(_steps(content, data, paid_before)))


def _condition(content: Mapping[str, Any], condition: Mapping[str, Any], data: Mapping[str, Any]) -> Line:
    declared = next(each for each in content["fields"] if each["name"] == condition["field"])
    value, wanted = data.get(condition["field"]), condition["value"]
    if value is None:
        return Line(False, _("%(why)s：没有填“%(field)s”") % {"why": condition["why"], "field": declared["title"]})
    if declared.get("kind") == "number":
        value, wanted = Decimal(value), Decimal(str(wanted))
    ok = bool(OPERATORS[condition["op"]](value, wanted))
    said = _("%(why)s：%(field)s %(value)s") % {"why": condition["why"], "field": declared["title"], "value": value}
    return Line(
        ok, said if ok else said + _("，不符合（%(op)s %(wanted)s）") % {"op": condition["op"], "wanted": wanted}
    )


def _steps(content: Mapping[str, Any], data: Mapping[str, Any], paid_before: int) -> Any:
    amount = content["amount"]
    if "fixed_fen" in amount:
        fen = int(amount["fixed_fen"])
        yield Step(_("按办法定额 %(yuan)s 元") % {"yuan": yuan(fen)}, fen)
    else:
        measured = Decimal(str(data.get(amount["measure"], "0")))
        counted = max(measured - Decimal(str(amount.get("floor", 0))), Decimal(0))
        fen = int((counted * int(amount["fen_per_unit"])).to_integral_value(ROUND_FLOOR))
        words = {
            "measured": f"{measured:f}", "unit": amount["unit"], "floor": amount.get("floor", 0),
            "rate": yuan(int(amount["fen_per_unit"])),
        }  # fmt: skip
        if Decimal(str(words["floor"])):
            said = _("%(measured)s %(unit)s，扣除起点 %(floor)s %(unit)s 后按每%(unit)s %(rate)s 元") % words
        else:
            said = _("%(measured)s %(unit)s，每%(unit)s %(rate)s 元") % words
        yield Step(said, fen)
    tilt = content.get("tilt")
    if tilt and data.get(tilt["field"]) == tilt["value"]:
        fen = fen * (100 + int(tilt["percent"])) // 100
        yield Step(_("%(why)s，上浮 %(percent)s%%") % {"why": tilt["why"], "percent": tilt["percent"]}, fen)
    if "cap_fen" in amount and fen > amount["cap_fen"]:
        fen = int(amount["cap_fen"])
        yield Step(_("每次不超过 %(yuan)s 元") % {"yuan": yuan(fen)}, fen)
    yearly = content.get("per_member_fen")
    if yearly is not None and fen > max(yearly - paid_before, 0):
        fen = max(int(yearly) - paid_before, 0)
        yield Step(
            _("每年合计不超过 %(cap)s 元，已得 %(paid)s 元") % {"cap": yuan(yearly), "paid": yuan(paid_before)}, fen
        )


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals, thousands apart."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
