"""The form in which an office edits the rules of assessment: weights, cuts, and which lines count. Pure.

A line that is switched off is left out of the new edition; the form still offers it, because it knows every line that an earlier
edition or the package's draft had. Whether the whole is sound is decided by `scoring.Rubric.from_dict` alone; its faults are
shown at the field that they name.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dafeng.kernel.errors import RubricError
from dafeng.kernel.scoring import Rubric
from dafeng.kernel.sheets import number_of

SWITCHED = ("items", "bonuses", "deductions", "vetoes")
NUMBERS = {
    "groups": ("weight",), "items": ("weight",), "bonuses": ("cap",), "deductions": ("cap",), "vetoes": (),
    "levels": ("from", "minimum_coverage"),
}  # fmt: skip
FORMULAS = {"items": ("base", "lead")}  # a number, or a rule such as energy_intensity_target
HEAD_TEXTS = ("title", "standing", "valid_from")
HEAD_NUMBERS = ("bonus_cap", "deduction_cap")
TITLES = {
    "weight": "权重",
    "base": "基准",
    "lead": "引领",
    "cap": "上限",
    "from": "起分",
    "minimum_coverage": "最低覆盖率",
}
_AT = re.compile(r"(\w+)\[(\d+)\](?:\.(\w+))?")


@dataclass
class Field:
    name: str
    value: str
    title: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass
class Line:
    """One line of a table of the form. `on` None: it cannot be switched."""

    table: str
    code: str
    title: str
    entry: dict[str, Any]
    on: bool | None
    fields: dict[str, Field]
    faults: list[str] = field(default_factory=list)


@dataclass
class Form:
    content: dict[str, Any]
    head: dict[str, Field]
    tables: dict[str, list[Line]]
    faults: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        lines = [line for table in self.tables.values() for line in table]
        fields = [*self.head.values(), *(each for line in lines for each in line.fields.values())]
        return not (self.faults or any(each.faults for each in (*lines, *fields)))

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Each group with its lines and what the weights of the lines that are on add up to."""
        found = []
        for group in self.tables["groups"]:
            lines = [line for line in self.tables["items"] if line.entry.get("group") == group.code]
            found.append({"group": group, "lines": lines, "sum": _sum(line for line in lines if line.on)})
        return found

    @property
    def total(self) -> float:
        return _sum(each["group"] for each in self.groups if any(line.on for line in each["lines"]))


def _sum(lines: Iterable[Line]) -> float:
    return sum(number for line in lines if (number := _number(line.fields["weight"].value)) is not None)


def known_lines(editions: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """table → code → the line as the newest edition had it; `editions` from the newest to the oldest, the draft last."""
    found: dict[str, dict[str, dict[str, Any]]] = {table: {} for table in NUMBERS}
    for content in editions:
        for table, lines in found.items():
            for entry in content.get(table, []):
                lines.setdefault(entry["code"], entry)
    return found


def unbound(content: Mapping[str, Any], known: Mapping[str, Mapping[str, dict[str, Any]]]) -> Form:
    """The form as it opens: an edition, and the lines that it does not have, switched off."""
    head = {name: Field(name, _shown(content.get(name))) for name in (*HEAD_TEXTS, *HEAD_NUMBERS)}
    tables = {}
    for table in NUMBERS:
        mine = {entry["code"]: entry for entry in content.get(table, [])}
        codes = dict.fromkeys([*mine, *(known[table] if table in (*SWITCHED, "groups") else ())])
        tables[table] = [
            Line(
                table,
                code,
                (entry := mine.get(code) or known[table][code])["title"],
                entry,
                code in mine if table in SWITCHED else None,
                {
                    name: Field(f"{table}.{code}.{name}", _shown(entry.get(name)), TITLES[name])
                    for name in (*NUMBERS[table], *FORMULAS.get(table, ()))
                    if name in entry or name in NUMBERS[table]
                },
            )
            for code in codes
        ]
    return Form(copy.deepcopy(dict(content)), head, tables)


def bound(
    content: Mapping[str, Any], known: Mapping[str, Mapping[str, dict[str, Any]]], given: Mapping[str, str]
) -> Form:
    """The form with what was typed, its content made anew and checked; every fault stands at its field."""
    form = unbound(content, known)
    for name, box in form.head.items():
        box.value = given.get(name, box.value).strip()
    for lines in form.tables.values():
        for line in lines:
            if line.on is not None:
                line.on = f"{line.table}.{line.code}.on" in given
            for box in line.fields.values():
                box.value = given.get(box.name, box.value).strip()
    _read_head(form)
    for table, lines in form.tables.items():
        form.content[table] = [_read(line) for line in lines if line.on is not False]
    with_items = {item.get("group") for item in form.content["items"]}
    form.content["groups"] = [group for group in form.content["groups"] if group["code"] in with_items]
    _close_levels(form)
    form.content = {name: value for name, value in form.content.items() if value != []}
    if form.sound:
        _check(form)
    return form


def _read_head(form: Form) -> None:
    for name in HEAD_TEXTS:
        box = form.head[name]
        form.content[name] = box.value
        if not box.value:
            box.faults.append("不能空着")
    try:
        date.fromisoformat(form.head["valid_from"].value)
    except ValueError:
        form.head["valid_from"].faults.append("应为日期，如 2026-01-01")
    for name in HEAD_NUMBERS:
        _take(form.content, form.head[name], name)


def _read(line: Line) -> dict[str, Any]:
    entry = dict(line.entry)
    for name in NUMBERS[line.table]:
        _take(entry, line.fields[name], name)
    for name in FORMULAS.get(line.table, ()):
        if name in line.fields:
            value = _number(line.fields[name].value)
            entry[name] = line.fields[name].value if value is None else _whole(value)
    return entry


def _take(entry: dict[str, Any], box: Field, name: str) -> None:
    """A number into an entry; an empty box takes the field out."""
    if not box.value:
        entry.pop(name, None)
        return
    value = _number(box.value)
    if value is None:
        box.faults.append(f"“{box.value[:20]}”不是数字")
    else:
        entry[name] = _whole(value)


def _close_levels(form: Form) -> None:
    """A level ends where the one above begins, so that an office writes each cut once."""
    above: dict[str, Any] | None = None
    for level in form.content.get("levels", []):
        if level.get("by_veto"):
            continue
        level.pop("to", None)
        if above is not None and "from" in above:
            level["to"] = above["from"]
        above = level


def _check(form: Form) -> None:
    try:
        # Without blanks and with every default left out, so that two equal rules are equal content.
        form.content = Rubric.from_dict(form.content).as_dict()
    except RubricError as error:
        for problem in error.problems:
            text = problem.what + (f"；应为{problem.expected}" if problem.expected else "")
            text += f"。{problem.mend}" if problem.mend else ""
            _place(form, problem.where.column).append(text)


def _place(form: Form, column: str) -> list[str]:
    """The list of faults that a place in the rubric belongs to."""
    if column in form.head:
        return form.head[column].faults
    if (at := _AT.fullmatch(column)) and at[1] in form.tables:
        entries = form.content.get(at[1], [])
        if int(at[2]) < len(entries):
            code = entries[int(at[2])]["code"]
            line = next(each for each in form.tables[at[1]] if each.code == code)
            name = "from" if at[1] == "levels" and at[3] == "to" else at[3]
            return line.fields[name].faults if name in line.fields else line.faults
    return form.faults


def _number(text: str) -> float | None:
    value = number_of(text)
    return None if value is None or not abs(value) < 1e12 else value


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, int | float) else str(value)
