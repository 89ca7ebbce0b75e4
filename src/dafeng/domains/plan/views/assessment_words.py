"""How the pages of assessments name things, and where each figure comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language

from dafeng.domains.plan.models import Assessment, Mark
from dafeng.domains.plan.services import assessments as services
from dafeng.domains.plan.services import marking
from dafeng.domains.plan.services.assessments import OBJECTION, SELF
from dafeng.kernel import scoring


def english() -> bool:
    return (get_language() or "").startswith("en")


def worded(row: Mapping[str, Any], name: str) -> Any:
    """A field in the reader's language."""
    return row[f"{name}_en"] if english() else row[name]


def named(subject: Mapping[str, str]) -> str:
    return subject["name_en"] if english() else subject["name"]


def sources(found: Assessment, mine: Sequence[Mark]) -> list[dict[str, Any]]:
    """Every figure that the rules read: computed, said, settled, and from where."""
    marks = {mark.indicator: mark for mark in mine}
    rows = []
    for line in marking.lines_of(scoring.Rubric.from_dict(found.rubric.content)):
        mark = marks[line.indicator]
        difference = None
        if mark.settled is not None and mark.computed is not None:
            difference = mark.settled - mark.computed
        rows.append(
            {
                "line": line,
                "mark": mark,
                "value": marking.value_of(mark),
                "source": marking.source_of(mark),
                "difference": difference,
                "problem": mark.lineage.get("problem", ""),
                "run": mark.lineage.get("run", ""),
            }
        )
    return rows


def until(found: Assessment) -> str:
    """The last day of the term that runs."""
    if found.record.state == SELF:
        return str(found.record.payload["self_until"])
    return str(services.objections_until(found)) if found.record.state == OBJECTION else ""
