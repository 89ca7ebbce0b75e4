"""What a person sees of a task, and its card: what the public sees, and what the offices see besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, FloatField, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Milestone, Owner, PlanCity, Progress, Project, Target, Task
from dafeng.domains.plan.reading import register
from dafeng.domains.plan.services import escalations, progress, supervision
from dafeng.domains.plan.views import task_words as words
from dafeng.kernel.actions import may
from dafeng.kernel.errors import DafengError, StaleError
from dafeng.kernel.records.models import Move, Record
from dafeng.kernel.records.services import roles_of


def tasks_for(request: HttpRequest) -> QuerySet[Task]:
    """What this person may see: the offices every task in force, the public those of accepted plans."""
    found = supervision.in_force()
    return found if may(request.user, permissions.SEE_WORK) else supervision.published(found)


def task_of(request: HttpRequest, pk: int) -> Any:
    """The task with its state and its city's names, or 404 where this person may not see it."""
    city = PlanCity.objects.filter(pk=OuterRef("plan__city"))
    rows = supervision.with_state(tasks_for(request), day=supervision.day_of(timezone.now())).annotate(
        counties=Subquery(city.values("counties")[:1]), city_name=Subquery(city.values("name")[:1])
    )
    found = rows.select_related("plan", "parent").prefetch_related("owners").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def places_of(task: Any) -> dict[str, str]:
    counties = {code: names[int(words.english())] for code, names in sorted((task.counties or {}).items())}
    return {task.plan.city: task.city_name or task.plan.city} | counties


def card_page(request: HttpRequest, task: Any, *, error: DafengError | None = None) -> HttpResponse:
    places, user = places_of(task), request.user
    context: dict[str, Any] = {
        "task": task,
        "place": places.get(task.place, task.place),
        "state": words.state_tag(task.state),
        "public_state": words.public_state(task),
        "owners": [_owner(each) for each in task.owners.all()],
        "office": may(user, permissions.SEE_WORK),
        "beside": _beside(task),
        "error": error.as_dict() if error else None,
    }
    if context["office"]:
        context |= _work(request, task, places)
    return render(
        request, "plan/tasks/card.html", context, status=409 if isinstance(error, StaleError) else 422 if error else 200
    )


def _owner(owner: Owner) -> dict[str, Any]:
    return {
        "pk": owner.pk,
        "name": owner.name,
        "role": owner.get_role_display(),
        "printed": owner.printed if owner.printed != owner.name else "",
        "since": owner.since,
        "until": owner.until,
        "hands_over": owner.until is None and owner.role != Owner.Role.COUNTIES,
    }


def _beside(task: Task) -> dict[str, list[dict[str, Any]]]:
    """Targets, projects and milestones of the task, in one question to the database."""
    empty, none = Value("", output_field=TextField()), Value(None, output_field=FloatField())
    names = ("kind", "id", "words", "number", "measure", "at", "more")
    targets = Target.objects.filter(task=task, dropped_in=None).order_by().values_list(
        Value("target", output_field=TextField()), "pk", Cast("indicator", TextField()), Cast("low", FloatField()),
        Cast("unit", TextField()), Cast("year", TextField()), Cast("operator", TextField()),
    )  # fmt: skip
    projects = Project.objects.filter(task=task).order_by().values_list(
        Value("project", output_field=TextField()), "pk", Cast("name", TextField()), Cast("capacity", FloatField()),
        Cast("capacity_unit", TextField()), empty, Cast("stage", TextField()),
    )  # fmt: skip
    steps = Milestone.objects.filter(task=task).order_by().values_list(
        Value("step", output_field=TextField()), "pk", Cast("title", TextField()), none, empty, Cast("due_on", TextField()),
        Cast("done_on", TextField()),
    )  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {"target": [], "project": [], "step": []}
    for row in targets.union(projects, steps, all=True):
        line = dict(zip(names, row, strict=True))
        found[line["kind"]].append(line)
    found["step"].sort(key=lambda line: line["at"])
    return found


def _work(request: HttpRequest, task: Any, places: Mapping[str, str]) -> dict[str, Any]:
    """What only the offices see: reports, parts, dependencies, remarks, matters before the leading group."""
    user, day = request.user, supervision.day_of(timezone.now())
    roles = roles_of(user)
    near = supervision.with_state(
        supervision.in_force(task.plan.city).filter(Q(parent=task) | Q(before=task) | Q(after=task)).distinct(), day=day
    ).annotate(
        needed=Exists(Task.after.through.objects.filter(from_task=task.pk, to_task=OuterRef("pk"))),
        waits=Exists(Task.after.through.objects.filter(to_task=task.pk, from_task=OuterRef("pk"))),
    )  # fmt: skip
    related = [{"task": each, "tag": words.state_tag(each.state), "place": places.get(each.place, each.place)} for each in near.order_by("place", "order")]  # fmt: skip
    reports = progress.visible(user, Progress.objects.filter(task=task)).select_related("record", "record__created_by")
    reports = reports.prefetch_related("record__evidence").order_by("-period", "reporter")
    parted = {line["task"].place for line in related if line["task"].parent_id == task.pk}
    matters = (
        Record.objects.for_user(user).of_kind(escalations.KIND).filter(key=str(task.pk)).select_related("created_by")
    )
    for action in ("decide", "close"):
        reason = Move.objects.filter(record=OuterRef("pk"), action=action).order_by("-seq").values("reason")[:1]
        matters = matters.annotate(**{f"{action}_reason": Subquery(reason)})
    return {
        "parts": [line for line in related if line["task"].parent_id == task.pk],
        "needed": [line for line in related if line["task"].needed],
        "waiting": [line for line in related if line["task"].waits],
        "reports": [_report(each, places, roles, permissions.subjects_of(user), user) for each in reports],
        "comments": list(task.comments.select_related("by")),
        "matters": [_matter(each, roles) for each in matters.newest_first()],
        "may_report": bool(progress.reporters_of(user, task)),
        "may_assign": may(user, permissions.ASSIGN),
        "may_comment": may(user, permissions.COMMENT),
        "may_escalate": may(user, permissions.ESCALATE, task),
        "counties": [(code, name) for code, name in places.items() if code != task.plan.city and code not in parted],
        "departments": [(each.id, each.name) for each in register.departments() if each.id != "counties"],
        "rule": supervision.rule_at(day).words(),
        "today": day,
    }


def reporter_name(code: str, places: Mapping[str, str]) -> str:
    """A department by its name in the register, a county by its name."""
    known = next((each.name for each in register.departments() if each.id == code), "")
    return places.get(code) or known or code


def _report(
    each: Progress, places: Mapping[str, str], roles: frozenset[str], subjects: frozenset[str], user: Any
) -> dict[str, Any]:
    state, steps = each.record.state, []
    if state in ("draft", "returned") and each.record.created_by_id == user.pk:
        steps.append(("submit", _("报送"), False))
    if state == "submitted" and "ndrc" in roles:
        steps += [("accept", _("审核通过"), False), ("return", _("退回"), True)]
    return {
        "report": each,
        "who": reporter_name(each.reporter, places),
        "state": state,
        "title": each.record.state_title,
        "steps": steps,
        "edit": state in ("draft", "returned") and (each.reporter in subjects or "ndrc" in roles),
        "evidence": list(each.record.evidence.all()),
        "kind": {"accepted": "ok", "returned": "bad"}.get(state, "warn"),
    }


def _matter(record: Any, roles: frozenset[str]) -> dict[str, Any]:
    wanted = {"raised": ("decide", _("批示"), "leader"), "decided": ("close", _("办结"), "ndrc")}.get(record.state)
    said = [
        (record.workflow.title_of(action), reason)
        for action in ("decide", "close")
        if (reason := getattr(record, f"{action}_reason"))
    ]
    return {"record": record, "said": said, "step": wanted if wanted and wanted[2] in roles else None}
