"""A city's plans as structured facts: documents, targets, tasks, categories of projects, questions. Pure, and read only.

The tables lie in a folder of the city pack (`cities/xinyang/plan/`); which folder is said by the floor that knows packs.
Every row names its document, its path in it and its standing. Numbers stand as printed; what cannot be right or is
unclear is a question to its owner and never a repair. The reader gathers every fault with file and line.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dafeng.domains.plan import bindings
from dafeng.domains.plan.methods.targets import KINDS, OPERATORS, Target
from dafeng.kernel.errors import Place, PlanError

FILES = {
    "targets": (
        "document", "id", "binding", "indicator", "kind", "direction", "operator", "value", "value_high", "unit", "year",
        "baseline_year", "baseline_inferred", "strength", "path", "questions", "standing",
    ),
    "tasks": ("document", "path", "title", "owners", "all_counties", "standing"),
    "project_categories": ("document", "path", "code", "name", "name_en", "count", "investment", "unit", "standing"),
    "questions": ("code", "list_number", "paths", "targets", "quote", "ask", "question", "standing"),
}  # fmt: skip
STANDINGS = {
    "as_printed": "照原文",
    "inferred_base": "基准年为推定",
    "number_in_words": "数字由文字而来",
    "no_owner_printed": "原文未写责任单位",
    "raised": "已提出，待答复",
}
TOTAL = "total"


@dataclass(frozen=True)
class Document:
    """One plan. `all_counties`: a clause makes every county an owner of every task; `all_counties_path` is where."""

    id: str
    title: str
    title_en: str
    issuer: str
    date: str
    first_year: int
    last_year: int
    base_year: int
    all_counties: bool
    standing: str
    all_counties_path: str = ""


@dataclass(frozen=True)
class Owner:
    """A department; `code` is that of the register of departments, empty where it has none."""

    code: str
    name: str


@dataclass(frozen=True)
class TargetFact:
    """A target as printed. `key` (document:id) names it across documents; `questions` are codes of `Question`."""

    document: str
    id: str
    binding: str
    indicator: str
    kind: str
    direction: str
    operator: str
    value: float | tuple[float, float]
    unit: str
    year: int | None
    baseline_year: int | None
    baseline_inferred: bool
    strength: str
    path: str
    questions: tuple[str, ...]
    standing: str

    @property
    def key(self) -> str:
        return f"{self.document}:{self.id}"

    def as_dict(self) -> dict[str, Any]:
        """The JSON of a reading."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        names = ("indicator", "kind", "operator", "unit", "year", "baseline_year", "baseline_inferred", "strength")
        own = {name: getattr(self, name) for name in names}
        return own | {"id": self.key, "value": value, "direction": self.direction or None, "task_path": self.path}


@dataclass(frozen=True)
class TaskFact:
    document: str
    path: str
    title: str
    owners: tuple[Owner, ...]
    all_counties: bool
    standing: str


@dataclass(frozen=True)
class ProjectCategory:
    """A category with its printed count; the row `total` has the printed sum and the investment."""

    document: str
    path: str
    code: str
    name: str
    name_en: str
    count: int
    investment: str
    unit: str
    standing: str


@dataclass(frozen=True)
class Question:
    """What is printed and cannot be right or is unclear, asked of departments. `quote` is the number phrase alone."""

    code: str
    list_number: int | None
    paths: tuple[tuple[str, str], ...]
    targets: tuple[str, ...]
    quotes: tuple[str, ...]
    ask: tuple[str, ...]
    question: str
    standing: str


@dataclass(frozen=True)
class PlanFacts:
    documents: tuple[Document, ...]
    targets: tuple[TargetFact, ...]
    tasks: tuple[TaskFact, ...]
    categories: tuple[ProjectCategory, ...]
    questions: tuple[Question, ...]

    def document(self, id: str) -> Document:
        return next(each for each in self.documents if each.id == id)

    def target(self, key: str) -> TargetFact:
        for each in self.targets:
            if each.key == key:
                return each
        raise PlanError(f"没有目标“{key}”", expected="文件:编号，如 xinyang-2024:t001")

    def to_follow(self, key: str, *, register: bindings.Register | None = None, **decided: Any) -> Target:
        """A printed target as one that `methods.progress` can follow.

        A level's path begins at the document's base year; additions and totals without a printed start have none, and
        say so. A change on another target's year carries that target as its base. `decided` is what the office has
        answered since (start_year=2020, steps=(Step(2023, 80),), members=("断面甲",)); it goes over what is printed.
        """
        fact = self.target(key)
        binding = (register or bindings.register()).by_id(fact.binding)
        more: dict[str, Any] = {}
        if fact.kind == "level":
            more["start_year"] = self.document(fact.document).base_year
        found = bindings.target_of(fact.as_dict(), binding, **(more | decided))
        if fact.kind == "relative_change" and fact.baseline_year is not None and found.on is None:
            return replace(found, on=self._base_target(fact, register))
        return found

    def _base_target(self, fact: TargetFact, register: bindings.Register | None) -> Target | None:
        """The target of the base year on the same quantity, or on its additions, which then turn out to be no base."""
        allowed = {fact.binding, _ADDED.get(fact.binding, fact.binding)}
        same = [
            each
            for each in self.targets
            if each.document == fact.document and each.year == fact.baseline_year and each.binding in allowed
        ]
        if not same:
            return None
        binding = (register or bindings.register()).by_id(same[0].binding)
        return bindings.target_of(same[0].as_dict(), binding)

    def sum_of_categories(self, document: str) -> int:
        return sum(each.count for each in self.categories if each.document == document and each.code != TOTAL)

    def printed_total(self, document: str) -> ProjectCategory | None:
        return next((each for each in self.categories if each.document == document and each.code == TOTAL), None)


_ADDED = {"wind_capacity": "wind_added", "pv_capacity": "solar_added"}


def read_facts(folder: Path, *, register: bindings.Register | None = None) -> PlanFacts:
    """The facts of one city. Raises `PlanError` for the first fault; `check_facts` gives all."""
    facts, faults = _read(folder, register or bindings.register())
    if faults:
        first = faults[0]
        more = f"另有 {len(faults) - 1} 处问题" if len(faults) > 1 else ""
        raise PlanError(first.what, expected=first.expected, mend=more, where=first.where)
    return facts


def check_facts(folder: Path, *, register: bindings.Register | None = None) -> list[PlanError]:
    """Every fault of the folder, each with file and line; empty when all is well."""
    return _read(folder, register or bindings.register())[1]


def _read(folder: Path, register: bindings.Register) -> tuple[PlanFacts, list[PlanError]]:
    faults: list[PlanError] = []
    documents = _documents(folder / "documents.toml", faults)
    tables = {
        name: _rows(folder / f"{name}.csv", columns, maker, faults)
        for (name, columns), maker in zip(FILES.items(), (_target, _task, _category, _question), strict=True)
    }
    facts = PlanFacts(
        tuple(documents),
        *(tuple(row for _, row in tables[name]) for name in ("targets", "tasks", "project_categories", "questions")),
    )
    _Checks(facts, register, {name: [line for line, _ in rows] for name, rows in tables.items()}, faults).run()
    return facts, faults


def _documents(path: Path, faults: list[PlanError]) -> list[Document]:
    try:
        rows = tomllib.loads(path.read_text("utf-8"))["document"]
        return [Document(**row) for row in rows]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        faults.append(PlanError(f"读不了文件清单：{error}", expected="[[document]] 各表", where=Place(file=path.name)))
        return []


def _rows(
    path: Path, columns: tuple[str, ...], maker: Callable[[Mapping[str, str]], Any], faults: list[PlanError]
) -> list[tuple[int, Any]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(PlanError(f"读不了：{error}", expected="UTF-8 的 CSV", where=Place(file=path.name)))
        return []
    reader = csv.reader(io.StringIO(text, newline=""))
    if tuple(next(reader, ())) != columns:
        faults.append(PlanError("表头不对", expected=",".join(columns), where=Place(file=path.name, row=1)))
        return []
    found = []
    for cells in reader:
        line = reader.line_num
        if len(cells) != len(columns):
            what = f"有 {len(cells)} 列，应为 {len(columns)} 列"
            faults.append(PlanError(what, where=Place(file=path.name, row=line)))
            continue
        try:
            found.append((line, maker({name: cell.strip() for name, cell in zip(columns, cells, strict=True)})))
        except (ValueError, KeyError) as error:
            faults.append(PlanError(f"读不了这一行：{error}", where=Place(file=path.name, row=line)))
    return found


def _listed(text: str, sign: str = ";") -> tuple[str, ...]:
    return tuple(part for part in text.split(sign) if part)


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"“{text}”应为 yes 或 no")
    return text == "yes"


def _target(row: Mapping[str, str]) -> TargetFact:
    low = float(row["value"])
    value = (low, float(row["value_high"])) if row["value_high"] else low
    year, base = (int(row[name]) if row[name] else None for name in ("year", "baseline_year"))
    plain: dict[str, Any] = {name: row[name] for name in FILES["targets"] if name not in ("value", "value_high")}
    return TargetFact(
        **(plain | {"value": value, "year": year, "baseline_year": base, "baseline_inferred": _yes(row["baseline_inferred"]),
                    "questions": _listed(row["questions"])})
    )  # fmt: skip


def _task(row: Mapping[str, str]) -> TaskFact:
    owners = tuple(Owner(*part.split("=", 1)) for part in _listed(row["owners"]))
    return TaskFact(row["document"], row["path"], row["title"], owners, _yes(row["all_counties"]), row["standing"])


def _category(row: Mapping[str, str]) -> ProjectCategory:
    given: dict[str, Any] = dict(row) | {"count": int(row["count"])}
    return ProjectCategory(**given)


def _question(row: Mapping[str, str]) -> Question:
    paths = tuple((document, path) for document, path in (each.split(":", 1) for each in _listed(row["paths"], "|")))
    return Question(
        row["code"], int(row["list_number"]) if row["list_number"] else None, paths, _listed(row["targets"]),
        _listed(row["quote"], "；"), _listed(row["ask"]), row["question"], row["standing"],
    )  # fmt: skip


class _Checks:
    """What must hold between the tables."""

    def __init__(
        self, facts: PlanFacts, register: bindings.Register, lines: Mapping[str, list[int]], faults: list[PlanError]
    ) -> None:
        self.facts, self.register, self.lines, self.faults = facts, register, lines, faults
        self.documents = {each.id for each in facts.documents}

    def run(self) -> None:
        self._twice("targets", [each.key for each in self.facts.targets])
        self._twice("tasks", [f"{each.document}:{each.path}" for each in self.facts.tasks])
        self._twice("questions", [each.code for each in self.facts.questions])
        for number, target in enumerate(self.facts.targets):
            self._target(number, target)
        for number, task in enumerate(self.facts.tasks):
            self._known("tasks", number, task.document, task.standing)
            if bool(task.owners) == (task.standing == "no_owner_printed"):
                self._fault("tasks", number, f"{task.path} 的责任单位与状态不符", "有单位，或 no_owner_printed")
        for number, category in enumerate(self.facts.categories):
            self._known("project_categories", number, category.document, category.standing)
        for number, question in enumerate(self.facts.questions):
            self._question(number, question)

    def _target(self, number: int, target: TargetFact) -> None:
        self._known("targets", number, target.document, target.standing)
        if target.kind not in KINDS or target.operator not in OPERATORS:
            self._fault(
                "targets", number, f"{target.key} 的种类或比较方式不对", f"{'、'.join(KINDS)}；{'、'.join(OPERATORS)}"
            )
        found = next((each for each in self.register.bindings if each.id == target.binding), None)
        if found is None:
            self._fault("targets", number, f"{target.key} 绑定的“{target.binding}”不在指标登记表", "登记表里的 id")
        elif not found.takes(target.unit):
            self._fault("targets", number, f"{target.key} 的单位“{target.unit}”与指标不符", found.unit)
        codes = {each.code for each in self.facts.questions}
        for code in target.questions:
            if code not in codes:
                self._fault("targets", number, f"{target.key} 的疑问“{code}”没有登记", "questions.csv 里的 code")

    def _question(self, number: int, question: Question) -> None:
        keys = {each.key: each for each in self.facts.targets}
        for document, _ in question.paths:
            self._known("questions", number, document, question.standing)
        for key in question.targets:
            if key not in keys:
                self._fault("questions", number, f"{question.code} 所问的目标“{key}”不存在", "文件:编号")
            elif question.code not in keys[key].questions:
                self._fault("questions", number, f"{question.code} 没有记在目标 {key} 上", "两边都写")
        if not question.question or not question.ask or not question.paths:
            self._fault("questions", number, f"{question.code} 没有写问什么、问谁或出处", "question、ask、paths")

    def _known(self, table: str, number: int, document: str, standing: str) -> None:
        if document not in self.documents:
            self._fault(table, number, f"没有文件“{document}”", "、".join(sorted(self.documents)))
        if standing not in STANDINGS:
            self._fault(table, number, f"不认识的状态“{standing}”", "、".join(STANDINGS))

    def _twice(self, table: str, keys: Iterable[str]) -> None:
        seen: set[str] = set()
        for number, key in enumerate(keys):
            if key in seen:
                self._fault(table, number, f"“{key}”出现两次", "每行一个")
            seen.add(key)

    def _fault(self, table: str, number: int, what: str, expected: str) -> None:
        where = Place(file=f"{table}.csv", row=self.lines[table][number])
        self.faults.append(PlanError(what, expected=expected, where=where))
