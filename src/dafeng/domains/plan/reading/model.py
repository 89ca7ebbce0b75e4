"""What a reading of a plan consists of, and the JSON that it becomes.

Offsets count characters of `Reading.text`, the document's text as printed; `quote` is always `text[start:end]`. Values
are as printed: percent as 30 for 30 %, the magnitude (万, 亿) stays in the unit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Value = float | int | list[float] | None


@dataclass(frozen=True)
class Section:
    path: str
    level: int
    title: str
    start: int
    end: int


@dataclass(frozen=True)
class Owner:
    """One department that answers for a task. `id` is its entry in the register, empty where the register lacks it."""

    name: str
    printed: str
    role: str  # lead | support | all-counties
    id: str = ""


@dataclass(frozen=True)
class Task:
    path: str
    title: str
    units: list[str]
    owners: list[Owner]
    span: list[int]
    is_task: bool = True


@dataclass(frozen=True)
class Target:
    id: str
    indicator: str
    kind: str  # level | relative_change | absolute_change | cumulative | milestone
    direction: str | None
    operator: str  # = | >= | <= | > | < | ~ | range
    value: Value
    unit: str | None
    year: int | None
    period: str | None
    baseline_year: int | None
    baseline_inferred: bool
    strength: str  # must | strive
    scope: str | None
    implicit_number: bool
    task_path: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True)
class Entity:
    """A project, enterprise or platform that the text names."""

    name: str
    kind: str
    county: str | None
    capacity: float | None
    capacity_unit: str | None
    task_path: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True)
class Defect:
    """Something printed that cannot be right or is unclear, with a question to the owner of the task."""

    code: str
    question: str
    owners: list[str]
    targets: list[str]
    task_path: str
    quote: str
    start: int
    end: int


@dataclass
class Reading:
    text: str
    sections: list[Section] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    projects: list[Entity] = field(default_factory=list)
    enterprises: list[Entity] = field(default_factory=list)
    platforms: list[Entity] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
