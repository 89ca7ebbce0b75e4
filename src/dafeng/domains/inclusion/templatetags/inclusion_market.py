"""Figures of the market as its pages write them."""

from __future__ import annotations

from decimal import Decimal

from django import template

from dafeng.domains.inclusion.market import report_words

register = template.Library()


@register.filter
def tonnes_exact(grams: int | None) -> str:
    """Grams as tonnes, exact to the gram."""
    return report_words.tonnes(grams or 0)


@register.filter
def kilos(grams: int) -> str:
    """Grams as kilograms with three decimals at most."""
    return normal(Decimal(grams) / 1000)


@register.filter
def yuan(fen: int) -> str:
    return report_words.yuan(fen)


@register.filter
def normal(value: Decimal) -> str:
    """A decimal grouped and without idle zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
