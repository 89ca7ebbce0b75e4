"""Figures of the open statistics: a dash with its reason where a cell is left out."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.members.words import mass, number

register = template.Library()


def _left_out() -> SafeString:
    return format_html(
        '<span class="soft" title="{}">—<span class="hidden">{}</span></span>', _("人数较少，不公开"), _("不公开")
    )


@register.simple_tag
def cell(value: int | None) -> SafeString | str:
    return _left_out() if value is None else number(value)


@register.simple_tag
def cell_mass(grams: int | None) -> SafeString | str:
    return _left_out() if grams is None else mass(grams)


@register.filter
def counted(value: int) -> str:
    """A whole number with its thousands told apart."""
    return number(value)
