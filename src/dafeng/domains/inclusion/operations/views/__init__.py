"""The pages of the operator's desk, a module a matter; here what they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.models import Programme
from dafeng.domains.inclusion.operations.forms import PAPERS
from dafeng.domains.inclusion.services import only_programme
from dafeng.kernel.errors import DafengError, NotFound, StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record


def city() -> Programme:
    """The programme of this installation. Raises `NotFound` where there is none."""
    found = only_programme()
    if found is None:
        raise NotFound(_("碳普惠项目还没有开通"), mend=_("请由系统管理员载入城市数据包"))
    return found


def missing(what: str = "") -> NotFound:
    return NotFound(what or _("没有这一页"), mend=_("请从导航重新进入"))


def papers(given: Any, by: Any) -> list[Evidence]:
    """An uploaded document as evidence."""
    if not given:
        return []
    media = PAPERS[given.name.rpartition(".")[2].lower()]
    return [records.store_evidence(given, name=given.name, media_type=media, by=by, now=timezone.now())]


def form_page(
    request: HttpRequest, form: forms.Form, title: Any, lead: Any, *, back: tuple[str, str], error: DafengError | None = None,
    status: int = 200, phone: bool = False, button: Any = "",
) -> HttpResponse:  # fmt: skip
    """A page that is one form. `back`: address and words of where it belongs."""
    context = {
        "form": form, "title": title, "lead": lead, "back": back, "error": error.as_dict() if error else None,
        "button": button or _("提交"),
    }  # fmt: skip
    return render(request, f"inclusion/operations/{'phone_form' if phone else 'form'}.html", context, status=status)


def demand_seen(request: HttpRequest, record: Record) -> None:
    """The page was opened on the state that the record is in. Raises `StaleError`."""
    if request.POST.get("state") != record.state:
        raise StaleError(
            _("已被他人办理，现为“%(state)s”") % {"state": record.state_title}, mend=_("请看过最新情况再决定")
        )


def done(request: HttpRequest, act: Callable[[], Any], said: Any, *, back: str, **names: Any) -> HttpResponse:
    """Do it and go back to the page; a refusal is told there in its own words."""
    try:
        act()
    except DafengError as error:
        messages.error(request, " ".join(filter(None, (error.what, error.expected, error.mend))))
    else:
        messages.success(request, said)
    return redirect(back, **names)


def timeline(record: Record, *, names: bool = True) -> list[dict[str, Any]]:
    """What happened to a record, for `parts/timeline.html`. Without names for those whom the clerks' names do not concern."""
    workflow = record.workflow
    return [
        {
            "title": _("新建") if move.action == "open" else _("修改") if move.action == "amend" else workflow.title_of(move.action),
            "at": move.at, "by": (move.by or _("系统")) if names else "", "text": move.reason,
        }
        for move in record.moves.select_related("by")
    ]  # fmt: skip


def buttons(record: Record, user: Any, *, but: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The steps that this person may take now."""
    left_out = set(but)
    return [
        {
            "action": each.action,
            "title": each.title,
            "harm": each.action in ("end", "stop", "drop", "decline", "suspend"),
        }
        for each in records.actions(record, user)
        if each.action not in left_out
    ]
