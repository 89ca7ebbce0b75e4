"""A table whose state is its address: sort, search, filter, page, and export of what is shown.

Rows come from a query set (sorted and cut by the database) or from a Polars frame. A view makes a `Table`, hands it to the
template (`{% include "parts/table.html" with table=table %}`), and returns `table.download()` when it is not None.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

EXPORT_ROWS = 100_000
_MOMENT = re.compile(r"\d{4}-\d\d(-\d\d)?( \d\d:\d\d(:\d\d)?| – \d\d-\d\d)?")
"""A day or a moment, which stays on one line of its cell."""


@dataclass(frozen=True)
class Column:
    """One column. `key` is the field (dotted for a related one); `show(row)` gives what the cell says, default the field.

    `numeric` aligns right; `sort` names another field to sort by, None makes it unsortable; `link(row)` is an address.
    `code` names the field of the code behind a name: it stands small beneath, and has a column of its own in the export.
    """

    key: str
    title: Any
    numeric: bool = False
    sort: str | None = ""
    show: Callable[[Any], Any] | None = None
    link: Callable[[Any], str] | None = None
    wide: bool = False
    code: str = ""

    @property
    def order(self) -> str | None:
        if self.sort is None:
            return None
        return (self.sort or self.key).replace(".", "__")


@dataclass(frozen=True)
class Choice:
    """A filter: the parameter `name` of the address holds one of `options` (value → words); empty means all."""

    name: str
    title: Any
    options: Mapping[str, Any]
    column: str = ""


@dataclass
class Table:
    """See the module. `search` names the fields that the box 查找 looks in; `name` tells two tables of a page apart."""

    request: HttpRequest
    rows: Any
    columns: Sequence[Column]
    caption: Any
    search: Sequence[str] = ()
    choices: Sequence[Choice] = ()
    name: str = ""
    order: str = ""
    size: int = 25
    empty: Any = ""
    file: str = "table"
    kept: Sequence[str] = field(default_factory=tuple)

    def parameter(self, word: str) -> str:
        return f"{self.name}-{word}" if self.name else word

    def asked(self, word: str) -> str:
        return self.request.GET.get(self.parameter(word), "").replace("\0", "").strip()[:80]

    @property
    def query(self) -> str:
        return self.asked("q")

    @property
    def sorted_by(self) -> tuple[str, bool]:
        """Field and whether downwards; an unknown field falls back to the table's own order."""
        wanted = self.asked("sort")
        known = {column.order for column in self.columns if column.order}
        wanted = wanted if wanted.removeprefix("-") in known else self.order
        return wanted.removeprefix("-"), wanted.startswith("-")

    @cached_property
    def chosen(self) -> Any:
        """All rows after search, filters and sort."""
        return self._of_frame(self.rows) if isinstance(self.rows, pl.DataFrame) else self._of_query(self.rows)

    def _filters(self) -> Iterable[tuple[str, str]]:
        for choice in self.choices:
            value = self.asked(choice.name)
            if value in choice.options and value:
                yield choice.column or choice.name, value

    def _of_query(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.query:
            found = Q(pk__in=[])
            for name in self.search:
                found |= Q(**{f"{name}__icontains": self.query})
            rows = rows.filter(found)
        for column, value in self._filters():
            rows = rows.filter(**{column: value})
        by, downwards = self.sorted_by
        return rows.order_by(f"{'-' if downwards else ''}{by}", "pk") if by else rows

    def _of_frame(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self.query:
            wanted = self.query.lower()
            rows = rows.filter(
                pl.any_horizontal(
                    pl.col(name).cast(pl.String).str.to_lowercase().str.contains(wanted, literal=True).fill_null(False)
                    for name in self.search
                )
            )
        for column, value in self._filters():
            rows = rows.filter(pl.col(column).cast(pl.String) == value)
        by, downwards = self.sorted_by
        return rows.sort(by, descending=downwards, nulls_last=True, maintain_order=True) if by else rows

    @cached_property
    def page(self) -> Page[Any]:
        """The page asked for; a page number out of range gives the nearest one."""
        rows = _Slices(self.chosen) if isinstance(self.chosen, pl.DataFrame) else self.chosen
        return Paginator(rows, self.size).get_page(self.asked("page"))

    @property
    def total(self) -> int:
        return self.page.paginator.count

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The rows of the page, ready for the template."""
        return [
            {
                "row": row,
                "cells": [
                    {
                        "column": c,
                        "value": (value := self.value(c, row)),
                        "moment": isinstance(value, str) and _MOMENT.fullmatch(value) is not None,
                        "link": c.link(row) if c.link else "",
                        "code": self._code(c, row),
                    }
                    for c in self.columns
                ],
            }
            for row in self.page
        ]

    def _code(self, column: Column, row: Any) -> str:
        """The code beneath a name; none where the name is the code itself."""
        code = str(self.value(Column(column.code, ""), row) or "") if column.code else ""
        return "" if code == str(self.value(column, row)) else code

    @staticmethod
    def value(column: Column, row: Any) -> Any:
        if column.show:
            return column.show(row)
        for part in column.key.split("."):
            row = row.get(part) if isinstance(row, Mapping) else getattr(row, part, None)
        return row

    @property
    def heads(self) -> list[dict[str, Any]]:
        by, downwards = self.sorted_by
        return [
            {
                "column": column,
                "sorted": ("descending" if downwards else "ascending") if column.order and column.order == by else "",
                "address": self.address(sort=f"{'' if downwards or column.order != by else '-'}{column.order}")
                if column.order
                else "",
            }
            for column in self.columns
        ]

    def address(self, **changed: Any) -> str:
        """The present address with some of this table's parameters changed; the page number starts over unless given."""
        query = self.request.GET.copy()
        query.pop(self.parameter("page"), None)
        for word, value in changed.items():
            if value in ("", None):
                query.pop(self.parameter(word), None)
            else:
                query[self.parameter(word)] = str(value)
        return f"?{query.urlencode()}"

    @property
    def export_address(self) -> str:
        return self.address(export="csv")

    @property
    def previous_address(self) -> str:
        return self.address(page=self.page.previous_page_number()) if self.page.has_previous() else ""

    @property
    def next_address(self) -> str:
        return self.address(page=self.page.next_page_number()) if self.page.has_next() else ""

    @property
    def others(self) -> list[tuple[str, str]]:
        """Parameters of the address that the search form must carry along."""
        own = {self.parameter(word) for word in ("q", "page", "export", *(choice.name for choice in self.choices))}
        return [(key, str(value)) for key, value in self.request.GET.items() if key not in own]

    @property
    def filters(self) -> list[dict[str, Any]]:
        return [
            {
                "name": self.parameter(c.name),
                "title": c.title,
                "options": c.options.items(),
                "value": self.asked(c.name),
            }
            for c in self.choices
        ]

    def download(self) -> HttpResponse | None:
        """All chosen rows as CSV (with a byte order mark, so that a spreadsheet reads Chinese) when the address asks."""
        if self.asked("export") != "csv":
            return None
        target = io.StringIO()
        target.write("\ufeff")
        writer = csv.writer(target)
        columns = [each for c in self.columns for each in ((c, Column(c.code, f"{c.title}（{_('代码')}）")) if c.code else (c,))]  # fmt: skip
        writer.writerow([str(column.title) for column in columns])
        rows = self.chosen.head(EXPORT_ROWS).iter_rows(named=True) if isinstance(self.chosen, pl.DataFrame) else self.chosen[:EXPORT_ROWS]  # fmt: skip
        for row in rows:
            writer.writerow([_harmless(self._exported(column, row)) for column in columns])
        answer = HttpResponse(target.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{self.file}.csv"'
        return answer

    def _exported(self, column: Column, row: Any) -> Any:
        """The stored value where the field is one, so that numbers stay numbers; else what the cell says, untagged."""
        raw = self.value(Column(column.key, column.title), row)
        if raw is None and column.show:
            return strip_tags(str(column.show(row)))
        return raw if isinstance(raw, int | float | str) else "" if raw is None else str(raw)


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is quoted."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


class _Slices(Sequence[dict[str, Any]]):
    """A frame as the paginator wants it: counted and cut, never turned into rows as a whole."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __len__(self) -> int:
        return self.frame.height

    def __getitem__(self, wanted: Any) -> Any:
        if isinstance(wanted, slice):
            return self.frame[wanted].to_dicts()
        return self.frame.row(wanted, named=True)
