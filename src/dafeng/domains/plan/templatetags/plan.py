"""Sentences that are stored in Chinese and English, and the marks between words, as the reader writes them."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from dafeng.domains.plan.models import said

register = template.Library()


@register.filter
def spoken(pair: Sequence[str]) -> str:
    """The one of a pair [Chinese, English]."""
    return said(*pair)


@register.simple_tag
def colon() -> str:
    """Between a label and what it says."""
    return said("：", ": ")


@register.simple_tag
def semicolon() -> str:
    return said("；", "; ")
