"""What the market's pages share: the programme, whose account and shop the reader acts for, keys of forms, drawn codes."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.models import Member, Partner, Programme
from dafeng.domains.inclusion.services import only_programme
from dafeng.kernel.errors import NotFound


def programme_here() -> Programme:
    """Raises `NotFound` before a city is loaded."""
    found = only_programme()
    if found is None:
        raise NotFound(_("这里还没有开通碳普惠"), mend=_("请系统管理员载入城市数据包"))
    return found


def firm_of(request: HttpRequest) -> Member | None:
    """The firm that the reader acts for: the one of the address (`firm`), else the first."""
    found = (
        permissions.members_of(request.user).filter(kind=Member.Kind.FIRM).select_related("programme").order_by("pk")
    )
    wanted = request.GET.get("firm", "")
    chosen = found.filter(pseudonym=wanted).first() if wanted else None
    return chosen or found.first()


def shops_of(request: HttpRequest) -> list[Partner]:
    """The merchants that the reader acts for."""
    return list(
        permissions.partners_of(request.user)
        .filter(kind=Partner.Kind.MERCHANT)
        .select_related("programme")
        .order_by("name", "pk")
    )


def shop_of(request: HttpRequest) -> tuple[Partner | None, list[Partner]]:
    """The merchant of the address (`shop`), else the first, and all of them."""
    shops = shops_of(request)
    wanted = request.GET.get("shop", "") or request.POST.get("shop", "")
    if wanted and (chosen := next((each for each in shops if each.code == wanted), None)):
        return chosen, shops
    if wanted:
        raise NotFound(_("没有这家商户"))
    return (shops[0] if shops else None), shops


def new_key() -> str:
    """The hidden number of a form that spends: the same form sent twice is one."""
    return str(uuid.uuid4())


def key_of(request: HttpRequest) -> str:
    """The form's number; a form without one gets a fresh one, and is then its own act."""
    return request.POST.get("key", "").strip()[:64] or new_key()


def number_of(request: HttpRequest, name: str) -> int:
    """A whole number of a form; 0 where there is none."""
    text = request.POST.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def page_of(request: HttpRequest, rows: Any, size: int = 24) -> Page[Any]:
    return Paginator(rows, size).get_page(request.GET.get("page", ""))


def attachment(content: bytes, name: str, media: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def squares(text: str) -> dict[str, Any]:
    """A QR code for a page."""
    from dafeng.domains.inclusion.market.documents.papers import squares as drawn

    path, size = drawn(text)
    return {"path": path, "size": size}
