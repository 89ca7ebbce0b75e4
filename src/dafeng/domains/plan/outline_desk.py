"""What the plan and its questions lay on people's desks: a version to review, questions to answer, and what the search finds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Plan, Question, Version
from dafeng.kernel.actions import may
from dafeng.kernel.desk.registry import Hit, Rows, Task, register_page, register_search, register_tasks
from dafeng.kernel.records import workflows
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.services import is_person


def _version_page(record: Record) -> str:
    key, _colon, number = record.key.rpartition(":")
    version = getattr(record, "plan_version", None)
    if version is not None:  # moved to another plan since it was opened
        key, number = version.plan.key, str(version.number)
    return reverse("plan:version", kwargs={"key": key, "number": int(number)})


def _question_page(record: Record) -> str:
    found = getattr(record, "plan_question", None)  # a record may stand alone until its question is written
    return reverse("plan:question", kwargs={"pk": found.pk}) if found else ""


def questions_asked(user: Any, now: datetime) -> Iterable[Task]:
    """One task for all open questions that are asked of a person's department."""
    if not may(user, permissions.ANSWER):
        return
    own = permissions.departments_of(user)
    if not own:
        return
    rows = Question.objects.filter(record__state="open").values_list("owner", "record__payload", "record__created_at")
    mine = [since for owner, payload, since in rows if own & set(payload.get("ask") or [owner])]
    if mine:
        yield Task(
            _("方案中有 %(count)s 个问题等您单位回答") % {"count": len(mine)},
            _("印得不清楚或互相矛盾的地方，向责任单位提出"),
            f"{reverse('plan:questions')}?mine=1&state=open",
            min(mine),
            kind="plan.question",
        )


def plans_and_targets(user: Any, text: str, limit: int) -> Iterable[Rows]:
    """Plans in force by title for everybody; questions for the offices."""
    shown = Plan.objects.filter(Exists(Version.objects.filter(plan=OuterRef("pk"), current=True)))
    yield Rows(
        shown.filter(title__icontains=text),
        ("key", "title", "issuer"),
        lambda row: Hit(row["title"], row["issuer"], reverse("plan:plan", kwargs={"key": row["key"]}), _("方案")),
    )
    if is_person(user) and may(user, permissions.SEE_WORK):
        named = Q(question__icontains=text) | Q(quote__icontains=text)
        yield Rows(
            Question.objects.filter(named),
            ("id", "question", "record__kind", "record__state"),
            lambda row: Hit(
                row["question"][:80],
                workflows.state_title(row["record__kind"], row["record__state"]),
                reverse("plan:question", kwargs={"pk": row["id"]}),
                _("对方案的疑问"),
            ),
        )


def register() -> None:
    register_page("plan.version", _version_page, related=("plan_version__plan",))
    register_page("plan.question", _question_page, related=("plan_question",))
    register_tasks(questions_asked)
    register_search(plans_and_targets)
