"""One search over the registers of all domains, in one statement.

A searcher yields what it knows by heart as hits, and what the database knows as `Rows`: a question that is not asked yet. All
questions are put together as one `UNION ALL`, so that a search costs one query however many registers there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import F, QuerySet, TextField, UUIDField
from django.db.models.functions import Cast, JSONObject


@dataclass(frozen=True)
class Hit:
    """One search result; `kind` heads the group that it is shown in."""

    title: str
    text: str
    href: str
    kind: str


@dataclass(frozen=True)
class Rows:
    """Rows of a register that match, of those that the person may see, in order; each is asked as far as `fields` only.

    `hit(row)` tells one: `row[field]` is a text, number, boolean, UUID or None, with dates and decimals as text.
    """

    rows: QuerySet[Any]
    fields: Sequence[str]
    hit: Callable[[Mapping[str, Any]], Hit]


Searcher = Callable[[Any, str, int], Iterable[Hit | Rows]]


def gather(searchers: Iterable[Searcher], user: Any, text: str, limit: int) -> list[Hit]:
    """The hits of all searchers in their order, of each question up to `limit`."""
    told = [each for searcher in searchers for each in searcher(user, text, limit)]
    answers = iter(_asked([each for each in told if isinstance(each, Rows)], limit))
    return [hit for each in told for hit in (next(answers) if isinstance(each, Rows) else [each])]


def _asked(questions: Sequence[Rows], limit: int) -> list[list[Hit]]:
    """The answers to each, by one statement a database."""
    parts: dict[str, list[str]] = {}
    params: dict[str, list[Any]] = {}
    for number, each in enumerate(questions):
        row = Cast(JSONObject(**{name: F(name) for name in each.fields}), TextField())
        query = each.rows.annotate(_row=row).values_list("_row", flat=True)[:limit]
        try:
            sql, values = query.query.get_compiler(query.db).as_sql()
        except EmptyResultSet:
            continue
        # A subquery: SQLite takes no LIMIT in a part of a compound statement.
        parts.setdefault(query.db, []).append(f'SELECT {number} AS n, q{number}."_row" FROM ({sql}) q{number}')
        params.setdefault(query.db, []).extend(values)
    answers: list[list[Hit]] = [[] for _ in questions]
    for using, selects in parts.items():
        with connections[using].cursor() as cursor:
            cursor.execute(" UNION ALL ".join(selects), params[using])
            for number, found in cursor.fetchall():
                answers[number].append(questions[number].hit(_read(questions[number], json.loads(found))))
    return answers


def _read(question: Rows, row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no UUID, and SQLite keeps one without its dashes."""
    return {
        name: UUID(value) if isinstance(value, str) and _is_uuid(question.rows.model._meta.label, name) else value
        for name, value in row.items()
    }


@lru_cache
def _is_uuid(label: str, path: str) -> bool:
    *relations, last = path.split("__")
    at: Any = apps.get_model(label)
    for name in relations:
        at = at._meta.get_field(name).related_model
    field = at._meta.pk if last == "pk" else at._meta.get_field(last)
    return isinstance(getattr(field, "target_field", field), UUIDField)
