"""What the room's views share: the clock, the programme, and the dates of a form."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.models import Programme
from dafeng.domains.inclusion.services import only_programme
from dafeng.kernel.errors import NotFound


def clock() -> tuple[datetime, date]:
    """Now, and today on the city's calendar: read here, in the views, and handed down."""
    now = timezone.now()
    return now, timezone.localdate(now)


def programme() -> Programme:
    found = only_programme()
    if found is None:
        raise NotFound(_("没有开通碳普惠"), mend=_("请先由系统管理员载入城市数据包"))
    return found


def day_of(request: HttpRequest, name: str) -> date | None:
    """A date of the form; None where it was left empty. Raises `InclusionError` for what is no date."""
    text = request.POST.get(name, "").strip()
    try:
        found = parse_date(text) if text else None
    except ValueError:
        found = None
    if text and found is None:
        raise InclusionError(_("“%(text)s”不是日期") % {"text": text[:20]}, expected="2026-12-31")
    return found
