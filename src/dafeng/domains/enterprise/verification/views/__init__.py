"""The pages of verification: desks, a case, the register of bodies, objections. Here what they share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.verification import words
from dafeng.domains.enterprise.verification.refusing import refused
from dafeng.kernel.errors import DafengError, NotFound, StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record
from dafeng.kernel.sheets import Cell
from dafeng.kernel.sheets.numbers import SCALES, read_number

PAPERS = {"pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}
PAPER_BYTES = 10 * 1024 * 1024


def done(
    request: HttpRequest, act: Callable[[], Any], said: Any, *, back: str, tab: str = "", **names: Any
) -> HttpResponse:
    """Do it and go back to the page; a refusal is told there in its own words."""
    try:
        act()
    except (NotFound, StaleError):
        raise
    except DafengError as error:
        messages.error(request, " ".join(filter(None, (error.what, error.expected, error.mend))))
    else:
        messages.success(request, said)
    answer = redirect(back, **names)
    if tab:
        answer["Location"] += f"?tab={tab}"
    return answer


def demand_seen(request: HttpRequest, record: Record) -> None:
    """The page was opened on the state that the record is in. Raises `StaleError`."""
    if request.POST.get("state") != record.state:
        raise StaleError(
            _("已被他人办理，现为“%(state)s”") % {"state": record.state_title}, mend=_("请看过最新情况再决定")
        )


def text_of(request: HttpRequest, name: str, most: int = 3000) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()[:most]


def day_of(request: HttpRequest, name: str) -> date:
    """A day of a form. Raises `Refused` (text_missing) where it is none."""
    try:
        found = parse_date(text_of(request, name, 10))
    except ValueError:
        found = None
    if found is None:
        raise refused("text_missing", _("日期"))
    return found


def number_of(request: HttpRequest, name: str) -> float | None:
    """A number of a form, as people write one (`kernel.sheets.numbers`); None where nothing was typed. Raises `Refused` (not_number)."""
    typed = text_of(request, name, 40)
    read = read_number(Cell(typed, "plain"))
    if typed and (read.value is None or read.fault or read.percent or (read.unit and read.unit not in SCALES)):
        raise refused("not_number", typed[:20])
    return read.value


def numbers_of(request: HttpRequest, name: str) -> list[int]:
    return [int(each) for each in request.POST.getlist(name) if each.isascii() and each.isdigit() and len(each) < 10]


def papers(request: HttpRequest, name: str, *, now: Any) -> list[Evidence]:
    """Uploaded documents as evidence. Raises `Refused` (evidence_missing) for one of another kind or too large."""
    found = []
    for given in request.FILES.getlist(name):
        kind = (given.name or "").rpartition(".")[2].lower()
        if kind not in PAPERS or (given.size or 0) > PAPER_BYTES:
            raise refused("evidence_missing", _("PDF、JPG 或 PNG，不超过 10 MB"))
        found.append(
            records.store_evidence(given, name=given.name or "", media_type=PAPERS[kind], by=request.user, now=now)
        )
    return found


def reasons_in_words(codes: Any) -> str:
    return "；".join(dict.fromkeys(words.reason_words(code)[0] for code in codes))
