"""A city pack's structured facts as the content of a version: no text, every number and owner as printed. Pure."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from dafeng.domains.plan.library import Document, PlanFacts, Question, TargetFact, TaskFact

COUNTIES = {"name": "各县区", "printed": "", "role": "all-counties", "id": "counties"}


def reading_of(facts: PlanFacts, document: Document) -> dict[str, Any]:
    """What `Reading.as_dict()` would be, with the pack's own keys, bindings, categories and questions."""
    return {
        "sections": [],
        "tasks": [_task(each) for each in facts.tasks if each.document == document.id],
        "targets": [_target(each) for each in facts.targets if each.document == document.id],
        "projects": [],
        "enterprises": [],
        "platforms": [],
        "defects": [],
        "categories": [_category(each) for each in facts.categories if each.document == document.id],
        "questions": [_question(each) for each in facts.questions if home_of(facts, each) == document.id],
    }


def home_of(facts: PlanFacts, question: Question) -> str:
    """The plan that a question is asked of: the latest of those that it quotes."""
    order = [each.id for each in facts.documents]
    return max((document for document, _path in question.paths), key=order.index)


def _task(task: TaskFact) -> dict[str, Any]:
    owners = [{"name": each.name, "printed": each.name, "role": "lead", "id": each.code} for each in task.owners]
    if task.all_counties:
        owners.append(COUNTIES)
    return {
        "path": task.path,
        "title": task.title,
        "units": [each["name"] for each in owners],
        "owners": owners,
        "is_task": True,
    }


def _target(target: TargetFact) -> dict[str, Any]:
    value = list(target.value) if isinstance(target.value, tuple) else target.value
    names = (
        "indicator", "kind", "operator", "unit", "year", "baseline_year", "baseline_inferred", "strength", "binding",
    )  # fmt: skip
    return {name: getattr(target, name) for name in names} | {
        "fact": target.key,
        "value": value,
        "direction": target.direction or None,
        "period": None,
        "scope": None,
        "implicit_number": target.standing == "number_in_words",
        "task_path": target.path,
        "start": None,
        "end": None,
    }


def _category(category: Any) -> dict[str, Any]:
    names = ("path", "code", "name", "name_en", "count", "investment", "unit")
    return {name: getattr(category, name) for name in names}


def _question(question: Question) -> dict[str, Any]:
    return {
        "code": question.code,
        "question": question.question,
        "paths": [list(each) for each in question.paths],
        "targets": list(question.targets),
        "quotes": list(question.quotes),
        "ask": list(question.ask),
        "list_number": question.list_number,
    }


def named_projects(path: Path, document: Document) -> list[dict[str, Any]]:
    """Projects that a document names, from the pack's own table (the row's source begins with the document's title); place, size and kind as printed."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [
            {
                "name": row["name"],
                "kind": row["type"],
                "county": row["place_printed"],
                "place": row["place"] if row["place"].isdigit() else "",
                "capacity": float(row["capacity"]) if row["capacity"] else None,
                "capacity_unit": row["capacity_unit"],
                "task_path": row["task_path"],
                "start": None,
                "end": None,
            }
            for row in csv.DictReader(stream)
            if row["source"].startswith(document.title)
        ]
