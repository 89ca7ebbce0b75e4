"""The sector schemas and methods as this room uses them: the one place that knows how they are shaped.

A facility burns and makes only some of what its sector can: which streams it has is said in its `facts["streams"]`
(item → codes); an item without a word there has all streams of the schema asked once told, none before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dafeng.domains.enterprise.errors import EnterpriseError, Refused
from dafeng.domains.enterprise.models import Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import clock
from dafeng.kernel.errors import DafengError

if TYPE_CHECKING:
    from dafeng.domains.enterprise.reporting.entry import Cell
    from dafeng.domains.enterprise.reporting.methods.sectors import Sector


@dataclass(frozen=True)
class Item:
    """What the schema says of one item. `streams`: code → title, empty for an item that has none."""

    code: str
    title: str
    unit: str
    annual: bool
    required: bool
    limits: tuple[float | None, float | None]
    streams: Mapping[str, str]
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """One cell that a facility should tell."""

    item: str
    stream: str
    title: str
    unit: str
    annual: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.item, self.stream


@dataclass
class Computed:
    """What a year's methods gave: `rows` carry `unit` (the facility), and everything as plain values."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    open: list[dict[str, Any]] = field(default_factory=list)
    parameters: list[dict[str, Any]] = field(default_factory=list)
