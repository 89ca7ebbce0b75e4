"""What every page for citizens shows around its content: the bar, and the reader's own account."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models import Member

register = template.Library()

# title, address name, drawing (24 × 24, strokes). A place that its room has not opened is left out.
PLACES = (
    (_("首页"), "inclusion:home", "M4 11 12 4l8 7v9h-5v-6H9v6H4z"),
    (_("打卡"), "inclusion:check-in", "M5 12.5 10 17.5 19 7.5M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20z"),
    (_("商城"), "inclusion:mall", "M4 8h16l-1.2 12H5.2zM8.5 8a3.5 3.5 0 0 1 7 0"),
    (_("明细"), "inclusion:statement", "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6"),
    (_("我的"), "inclusion:me", "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c1-4 4-5.5 7.5-5.5s6.500 1.500 7.500 5.500"),
)


def place(name: str, *args: Any) -> str:
    """The address of a room's page; empty where the room has not opened it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def own_account(context: dict[str, Any]) -> Member | None:
    """The reader's own account, asked once a request."""
    from dafeng.domains.inclusion.members.pages import member_for

    request = context.get("request")
    return member_for(request) if request is not None else None


@register.simple_tag(takes_context=True)
def citizen_bar(context: dict[str, Any]) -> list[dict[str, Any]]:
    """The places of a member; nothing for who has no account yet."""
    request = context.get("request")
    if request is None or own_account(context) is None:
        return []
    found = [{"title": title, "href": href, "sign": sign} for title, name, sign in PLACES if (href := place(name))]
    fitting = [str(each["href"]) for each in found if request.path.startswith(str(each["href"]))]
    current = max(fitting, key=len, default="")
    return [each | {"current": each["href"] == current} for each in found]


@register.filter
def factor_title(parameter: str) -> str:
    """The name of a factor in a formula."""
    from dafeng.domains.inclusion.members import words

    return words.factor_title(parameter)


@register.filter
def kilograms(grams: int | None) -> str:
    """Grams as people read them: 850 克, 12.3 千克, 1.25 吨 (the unit is part of the text)."""
    from dafeng.domains.inclusion.members.words import mass

    return mass(grams or 0)
