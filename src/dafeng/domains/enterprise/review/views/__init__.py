"""The pages of the review, a module a party; here what they share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Project
from dafeng.kernel.actions import Action, demand
from dafeng.kernel.errors import DafengError, NotFound, StaleError


def clock() -> tuple[datetime, date]:
    """Now, and today on the city's calendar: read here, in the views, and handed down."""
    now = timezone.now()
    return now, timezone.localdate(now)


def project_of(request: HttpRequest, id: UUID, action: Action | None = None) -> Project:
    """A project that this person may see; `action` is asked of it as well. Raises `NotFound`, `PermissionDenied`."""
    found = Project.objects.for_user(request.user).select_related("record", "enterprise").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这个项目"), mend=_("请从项目列表进入"))
    if action is not None:
        demand(request.user, action, found)
    return found


def demand_seen(request: HttpRequest, project: Project) -> None:
    """The page was opened on the state that the project is in. Raises `StaleError`."""
    if request.POST.get("state") != project.record.state:
        raise StaleError(
            _("这个项目已被他人办理，现为“%(state)s”") % {"state": project.record.state_title}, mend=_("请看过最新情况再决定")
        )  # fmt: skip


def tell(request: HttpRequest, error: DafengError) -> None:
    messages.error(request, " ".join(str(part) for part in (error.what, error.expected, error.mend) if part))


def done(request: HttpRequest, project: Project, act: Callable[[], Any], said: Any, *, tab: str = "") -> HttpResponse:
    """Do it and go back to the project; a refusal is told there in its own words."""
    try:
        act()
    except DafengError as error:
        tell(request, error)
    else:
        messages.success(request, said)
    answer = redirect("enterprise:review-project", id=project.pk)
    if tab:
        answer["Location"] += f"?tab={tab}"
    return answer


def faults(request: HttpRequest, form: forms.Form) -> None:
    """Tell of a small form's first fault, on the page to which it goes back."""
    for name, found in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}：{found[0]}" if label else str(found[0]))
        return


def form_page(
    request: HttpRequest, form: forms.Form, title: Any, lead: Any, *, back: tuple[str, Any], error: DafengError | None = None, button: Any = "", note: Any = ""
) -> HttpResponse:  # fmt: skip
    """A page that is one form. `back`: address and words of where it belongs."""
    context = {
        "form": form, "title": title, "lead": lead, "back": back, "error": error.as_dict() if error else None,
        "button": button or _("提交"), "note": note,
    }  # fmt: skip
    return render(request, "enterprise/review/form.html", context, status=422 if error or form.is_bound else 200)
