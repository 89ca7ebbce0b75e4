"""Prices for the planner: scenarios from the closes of 2025, which are demo prices, and a firm or group as the planner wants it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import carrying, holdings, library
from dafeng.domains.enterprise.compliance.holdings import Holding
from dafeng.domains.enterprise.compliance.methods.planner import Firm, Scenario
from dafeng.domains.enterprise.compliance.positions import Position


def scenarios(*, ccer_price: Decimal, next_value: Decimal | None) -> list[Scenario]:
    """Lowest, last and highest close of 2025. What a carried tonne is worth next year is the price, unless told."""
    prices = [each.price for each in library.closes()]
    named = (
        (_("2025 年最低收盘价"), min(prices)),
        (_("2025 年末收盘价"), prices[-1]),
        (_("2025 年最高收盘价"), max(prices)),
    )
    return [Scenario(name, price, ccer_price, price if next_value is None else next_value) for name, price in named]


def firm_of(position: Position, held: Sequence[Holding], *, net_sold: int) -> Firm:
    """What is still owed and not yet applied for, against what is free."""
    rest = max(0, (position.outstanding or 0) - position.applied)
    return Firm(position.enterprise.code, rest, holdings.free_by_vintage(held), position.ccer, net_sold)


def net_sold(position: Position) -> int:
    return carrying.net_sold(position.enterprise)
