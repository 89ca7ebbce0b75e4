"""The demonstration: the city pack's plans as accepted plans with their open questions, and what the other rooms show.

Nothing here invents facts about the city: what the rooms add is marked 演示. Calling it again changes nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from dafeng.domains.plan.models import Plan, PlanCity, Question
from dafeng.domains.plan.services.city import ensure_city
from dafeng.domains.plan.services.plans import load_facts, upload
from dafeng.kernel.records import services as records

DOCUMENT = Path(__file__).with_name("demo_plan.txt")

# Room → its demonstration, `demo_…(plan, now=…)`, in the order in which they build on each other.
ROOMS = (
    ("tasks", "demo_tasks"),
    ("projects", "demo_projects"),
    ("targets", "demo_targets"),
    ("warnings", "demo_warnings"),
    ("assessments", "demo_assessments"),
    ("bulletins", "demo_bulletins"),
)


def ensure_demo(city: Any, *, folder: Path, now: datetime) -> None:
    """`city` has code, name, name_en, counties (code → [name, name_en]), boundary and boundary_note; `folder` holds the pack's plan facts."""
    own = ensure_city(
        city.code,
        city.name,
        city.name_en,
        counties=city.counties,
        boundary=city.boundary,
        boundary_note=city.boundary_note,
    )
    if load_facts(own, folder, by=None, now=now):
        _examples(own, now)
    plan = Plan.objects.filter(city=own.code, versions__current=True).order_by("-first_year", "key").first()
    if plan is None:
        return
    for room, name in ROOMS:
        if (demo := _demo_of(room, name)) is not None:
            demo(plan, now)


def _examples(city: PlanCity, now: datetime) -> None:
    """One question that has been answered, and a document of our own that waits for review."""
    asked = Question.objects.select_related("record").filter(plan__city=city.code, code="roads-year").first()
    if asked is not None:
        said = "（演示）已转有关科室核对，核对结果出来前，这几项暂不考核。"
        records.move(asked.record, "answer", by=None, now=now, reason=said, system=True)
        Question.objects.filter(pk=asked.pk).update(answer=said)
    upload(city, DOCUMENT.read_bytes(), name="演示方案.txt", plan=None, by=None, now=now)


def _demo_of(room: str, name: str) -> Callable[..., Any] | None:
    """A room's demonstration, in its services or in a module `demo_<room>` beside them; None where it has none."""
    for module in (f"dafeng.domains.plan.services.{room}", f"dafeng.domains.plan.services.demo_{room}"):
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            continue
        if hasattr(found, name):
            return getattr(found, name)
    return None
