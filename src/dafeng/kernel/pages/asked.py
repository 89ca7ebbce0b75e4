"""Parameters of an address, read safely: one that makes no sense gets an answer that says what would."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from dafeng.kernel.errors import NotFound


def year(request: HttpRequest, known: Collection[int], *, default: int, name: str = "year") -> int:
    """The year in the address, or the default when none is asked for. Raises `NotFound` with the years there are."""
    asked = request.GET.get(name, "").strip()
    if not asked:
        return default
    if asked.isascii() and asked.isdigit() and int(asked[:6]) in known:
        return int(asked)
    raise _missing(_("没有 %(asked)s 年的数") % {"asked": asked[:12]}, _years(known))


def one_of(request: HttpRequest, name: str, known: Iterable[str], *, default: str = "") -> str:
    """The parameter's value, or the default when it is absent. Raises `NotFound` for a value that is not known."""
    asked = request.GET.get(name, "").strip()
    if not asked:
        return default
    options = list(known)
    if asked in options:
        return asked
    raise _missing(
        _("地址里的 %(name)s=%(asked)s 没有意义") % {"name": name, "asked": asked[:40]}, "、".join(options[:20])
    )


def day(request: HttpRequest, name: str, *, latest: date) -> date | None:
    """The day in the address, None when it is absent. Raises `NotFound` for what is no day, or one after the latest."""
    asked = request.GET.get(name, "").strip()
    if not asked:
        return None
    try:
        found = date.fromisoformat(asked)
    except ValueError:
        found = date.max
    if found > latest:
        raise _missing(
            _("地址里的 %(name)s=%(asked)s 没有意义") % {"name": name, "asked": asked[:40]},
            _("%(day)s 或以前，如 2026-05-01") % {"day": latest},
        )
    return found


def _years(known: Collection[int]) -> str:
    return f"{min(known)}–{max(known)}" if known else ""


def _missing(what: str, expected: str) -> NotFound:
    return NotFound(what, expected=expected, mend=_("请检查地址，或从导航重新进入"))


def address(request: HttpRequest, **changed: Any) -> str:
    """The present address with some parameters changed; an empty value takes one out."""
    query = request.GET.copy()
    for name, value in changed.items():
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


def tabs(request: HttpRequest, name: str, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What `parts/tabs.html` shows; the first option is the default. Raises `NotFound` for an unknown tab."""
    chosen = one_of(request, name, options, default=next(iter(options)))
    return [
        {"value": value, "title": title, "address": address(request, **{name: value}), "current": value == chosen}
        for value, title in options.items()
    ]
