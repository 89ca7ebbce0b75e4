"""Whole tonnes as the compliance pages write them."""

from __future__ import annotations

from typing import Any

from django import template

from dafeng.domains.enterprise.compliance import words

register = template.Library()


@register.filter
def whole(value: Any) -> str:
    """Grouped, no decimals; a stroke where there is none."""
    return words.tonnes(value)
