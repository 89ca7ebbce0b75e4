"""The inputs of an assessment: what the blackboard says of each subject, and the scores that follow from the marks.

A mark holds three figures that never overwrite each other: computed (from the blackboard, with its run), own (what the subject says),
settled (what the office decided, with its reason). A score uses the settled figure, else the computed one; what a subject says
of itself counts only once the office has settled it. A figure that is nowhere is missing, not zero.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dafeng.domains.plan.models import Assessment, Mark, Owner
from dafeng.domains.plan.reading.register import departments
from dafeng.domains.plan.services.city import city_of
from dafeng.kernel import scoring
from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.errors import DafengError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Indicator
from dafeng.kernel.quantities import units

SETTLED, OWN = "settled", "own"
COUNTED = ("", "1", "个")  # units of a bare count: 3 件 and 3 天 are published as 3
FRAME = {
    "subject": pl.String, "indicator": pl.String, "value": pl.Float64, "status": pl.UInt8, "notation": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One value that a rubric reads: what an office and a subject see a row for."""

    indicator: str
    title: str
    title_en: str
    unit: str
    note: str
    register: bool  # no entry means none

    @property
    def name(self) -> str:
        return self.title_en if (get_language() or "").startswith("en") else self.title


def lines_of(rubric: scoring.Rubric) -> list[Line]:
    """The values that a rubric takes from outside, those of weighted lines first; each indicator once."""
    found: dict[str, Line] = {}
    for each in (*rubric.items, *rubric.inputs):
        if each.binding and each.binding not in found:
            register = getattr(each, "when_absent", None) is not None
            found[each.binding] = Line(
                each.binding, each.title, each.title_en or each.title, each.unit, each.note, register
            )
    return list(found.values())


def subjects_of(city: str, kind: str) -> list[dict[str, str]]:
    """Who is assessed: the counties of the city, or the departments that own a task of its plans; code, name, name_en."""
    if kind == "counties":
        return [{"code": code, "name": names[0], "name_en": names[1]} for code, names in city_of(city).counties.items()]
    owned = (
        Owner.objects.filter(task__plan__city=city, task__dropped_in=None, until=None)
        .exclude(department="")
        .values_list("department", "name")
        .distinct()
    )
    register = {each.id: each.name for each in departments()}
    names: dict[str, str] = {}
    for department, printed in sorted(owned):
        names.setdefault(department, register.get(department, printed))
    return [{"code": code, "name": name, "name_en": name} for code, name in names.items()]


def read_board(rubric: scoring.Rubric, subjects: Iterable[str], year: int) -> dict[tuple[str, str], dict[str, Any]]:
    """(subject, indicator) → computed, status, notation, lineage, as the current runs have them for the year."""
    wanted = {line.indicator: line.unit for line in lines_of(rubric)}
    known = set(Indicator.objects.filter(code__in=wanted).values_list("code", flat=True))
    if not known:
        return {}
    frame = indicators.values(sorted(known), subject=list(subjects), period=year, key="")
    return {(row["subject"], row["indicator"]): _taken(row, wanted[row["indicator"]]) for row in frame.to_dicts()}


def _taken(row: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """A figure of the blackboard in the unit of the rubric; one that cannot be brought into it is not taken, and that is said."""
    lineage = {"run": row["run"], "period": row["period"], "finished_at": row["finished_at"].isoformat()}
    lineage["of"] = json.loads(row["lineage"])
    found = {"computed": row["value"], "status": row["status"], "notation": row["notation"], "lineage": lineage}
    if row["value"] is None or row["unit"] == unit or (row["unit"] in COUNTED and unit not in ("%",)):
        return found
    try:
        return {**found, "computed": row["value"] * units.conversion(row["unit"], unit)}
    except DafengError as error:
        lineage["problem"] = str(error)
        return {**found, "computed": None, "status": int(Status.INCOMPLETE), "notation": str(Notation.NE)}


def value_of(mark: Mark, basis: str = SETTLED) -> float | None:
    """The figure that counts; on the basis `own`, what the subject says in place of the computed one."""
    if basis == OWN:
        return mark.computed if mark.own is None else mark.own
    return mark.computed if mark.settled is None else mark.settled


def frame_of(marks: Iterable[Mark], basis: str = SETTLED) -> pl.DataFrame:
    """The marks as the values that scoring reads. What a person settled is complete: it has their name and reason."""
    rows = []
    for mark in marks:
        value = value_of(mark, basis)
        said = value is not None and (mark.settled is not None if basis == SETTLED else mark.own is not None)
        if value is None and not mark.notation:
            continue
        rows.append(
            {
                "subject": mark.subject,
                "indicator": mark.indicator,
                "value": value,
                "status": int(Status.OK) if said else mark.status,
                "notation": "" if value is not None else mark.notation,
            }
        )
    return pl.DataFrame(rows, schema=FRAME)


def scores_of(assessment: Assessment, marks: Iterable[Mark], basis: str = SETTLED) -> scoring.Scores:
    """All subjects of the assessment, by its own edition of the rules."""
    subjects = pl.DataFrame(
        [
            {"subject": each["code"], "name": each["name"], "group": ""}
            for each in assessment.record.payload["subjects"]
        ],
        schema=dict.fromkeys(("subject", "name", "group"), pl.String),
    )
    rubric = scoring.Rubric.from_dict(assessment.rubric.content)
    return scoring.score(rubric, frame_of(marks, basis), subjects=subjects)


def token(marks: Iterable[Mark]) -> str:
    """A short name for all that the marks say: a page that was opened before a change no longer fits."""
    said = sorted(
        (m.subject, m.indicator, m.computed, m.own, m.own_note, m.settled, m.settled_note, m.held_by) for m in marks
    )
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]


def source_of(mark: Mark) -> str:
    """Where the figure that counts comes from, in a word."""
    if mark.settled is not None:
        return _("审定")
    if mark.computed is not None:
        return _("平台汇总")
    return _("标记 %(key)s") % {"key": mark.notation} if mark.notation else _("缺数")
