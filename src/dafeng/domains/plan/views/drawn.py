"""Tables that many readers see alike: drawn once for the values that their rows have, and drawn anew when one of these changes.

The values themselves are the version, so no write anywhere has to say that a page is out of date.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from dafeng.kernel.pages.kept import kept
from dafeng.kernel.pages.tables import Table

SECONDS = 3600.0


def plain_rows(table: Table, fields: Sequence[str]) -> list[Any]:
    """The page of a table of a query set as plain values, without making objects of them."""
    return list(table.page.object_list.values_list(*fields))  # type: ignore[attr-defined]


def drawn(table: Table, rows: Sequence[Any], *more: Any) -> SafeString:
    """`parts/table.html` of a table. `rows`: all that the cells of this page read; `more`: what else they depend on."""
    options = [(choice.name, list(choice.options.items())) for choice in table.choices]
    return kept(
        "plan.table", table.request.get_full_path(), table.file, table.total, rows, options, more,
        make=lambda: SafeString(render_to_string("parts/table.html", {"table": table})), seconds=SECONDS,
    )  # fmt: skip
