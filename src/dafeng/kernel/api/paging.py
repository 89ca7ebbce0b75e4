"""Lists come in pages: `limit` and `offset` in, `total` and `items` out, and a Link header to the neighbours (RFC 8288)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import polars as pl
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from dafeng.kernel.api.freshness import answer_headers

LIMIT = 1000
T = TypeVar("T")


class Paging(Schema):
    """Which part of a list. A list's own filters are a subclass."""

    limit: int = Field(100, ge=1, le=LIMIT)
    offset: int = Field(0, ge=0, le=10_000_000)


class Page(Schema, Generic[T]):
    total: int
    limit: int
    offset: int
    items: list[T]


def page(
    request: HttpRequest,
    rows: QuerySet[Any] | pl.DataFrame | Sequence[Any],
    asked: Paging,
    show: Callable[[Any], Any] = lambda row: row,
) -> dict[str, Any]:
    """The part asked for of a query set, a frame or a sequence; `show` turns a row (a mapping, for a frame) into its item."""
    if isinstance(rows, pl.DataFrame):
        total, part = rows.height, rows.slice(asked.offset, asked.limit).to_dicts()
    else:
        total = rows.count() if isinstance(rows, QuerySet) else len(rows)
        part = list(rows[asked.offset : asked.offset + asked.limit])
    _link(request, total, asked)
    return {"total": total, "limit": asked.limit, "offset": asked.offset, "items": [show(row) for row in part]}


def _link(request: HttpRequest, total: int, asked: Paging) -> None:
    def address(offset: int) -> str:
        query = request.GET.copy()
        query["limit"], query["offset"] = str(asked.limit), str(offset)
        return f"{request.path}?{query.urlencode()}"

    near = {}
    if asked.offset + asked.limit < total:
        near["next"] = asked.offset + asked.limit
    if asked.offset:
        near["prev"] = max(0, asked.offset - asked.limit)
    if near:
        answer_headers(request)["Link"] = ", ".join(f'<{address(at)}>; rel="{name}"' for name, at in near.items())
