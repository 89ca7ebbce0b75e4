"""What pages of records share: a step that is taken and told, a state that somebody else moved, how a record came about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from dafeng.kernel.errors import DafengError, NotFound, PermissionDenied, StaleError
from dafeng.kernel.records.models import Record

_BAD = frozenset({"drop", "refuse", "revoke", "send_back", "decline", "overturn", "remove", "suspend"})


def told(request: HttpRequest, do: Callable[[], Any], done: str) -> bool:
    """Do it and say so; what was refused is said in its own words. A person without the right is turned away."""
    try:
        do()
    except PermissionDenied:
        raise
    except DafengError as error:
        messages.error(request, " ".join(filter(None, (error.what, error.expected, error.mend))))
        return False
    messages.success(request, done)
    return True


def record_of(request: HttpRequest, id: UUID, *kinds: str, mend: str = "", **more: Any) -> Record:
    """A record of these kinds that this person may see. Raises `NotFound`; `mend` says where to come in again."""
    found = Record.objects.for_user(request.user).of_kind(*kinds).filter(pk=id, **more).first()
    if found is None:
        raise NotFound(_("没有这份记录"), mend=mend)
    return found


def unchanged(request: HttpRequest, record: Any) -> None:
    """Raises `StaleError` where the record is no longer in the state that the page showed."""
    if request.POST.get("state") != record.state:
        raise StaleError(_("已被他人办理，现为“%(state)s”") % {"state": record.state_title}, mend=_("请返回看最新情况"))


def timeline(record: Any) -> list[dict[str, Any]]:
    """What `parts/timeline.html` shows of a record."""
    workflow = record.workflow
    return [
        {
            "title": _("新建") if move.action == "open" else workflow.title_of(move.action), "at": move.at, "by": move.by or _("系统"),
            "text": move.reason, "bad": move.action in _BAD,
        }
        for move in record.moves.select_related("by")
    ]  # fmt: skip
