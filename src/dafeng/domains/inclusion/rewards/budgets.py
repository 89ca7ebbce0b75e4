"""Budgets: money comes in by appropriation with two persons, is set aside at approval, leaves at payment; all in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Appropriation, Budget
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

LARGEST_FEN = 10**13  # a hundred billion yuan: no city fund is larger


@dataclass(frozen=True)
class BudgetState:
    """Fen: appropriated in all, set aside for approved awards, free, and paid out (claw-backs taken off)."""

    appropriated: int
    held: int
    free: int
    paid: int


@transaction.atomic
def appropriate(budget: Budget, *, year: int, fen: int, document: str, by: Any, now: datetime) -> Appropriation:
    """Propose to book an appropriation; another person books it."""
    if not 0 < fen <= LARGEST_FEN:
        raise Refused("amount_wrong", "下达金额应大于 0", expected="以元为单位的金额，最多两位小数")
    record = records.open_record(
        "reward.appropriation", title=f"{budget.title} {year} 年度", payload={}, by=by, now=now,
        place=budget.programme_id, key=f"{budget.code}/{year}",
    )  # fmt: skip
    return Appropriation.objects.create(budget=budget, record=record, year=year, fen=fen, document=document)


def book(appropriation: Appropriation, *, by: Any, now: datetime, system: bool = False) -> None:
    """Book it: a lot of its own, issued to the budget's account, with the record's step in the same transaction."""
    key = f"inclusion:appropriation:{appropriation.pk}"
    budget = appropriation.budget
    actor = f"user:{by.pk}" if by is not None else bookkeeping.SYSTEM
    lot = f"cny/{budget.code}/{appropriation.year}/{appropriation.pk}"
    with ledger.durable():
        records.move(appropriation.record, "book", by=by, now=now, system=system)
        bookkeeping.post_all(
            [
                verbs.create_lot(
                    key=f"{key}:lot", actor=actor, asset=bookkeeping.MONEY, lot=lot, vintage=appropriation.year,
                    source=lot, serial_from=0, amount=appropriation.fen,
                ),
                verbs.issue(
                    key=key, actor=actor, asset=bookkeeping.MONEY, lot=lot, to=budget.account,
                    amount=appropriation.fen, code="allocate", note=appropriation.document[:200],
                ),
            ],
            now=now,
        )  # fmt: skip


def state_of(budget: Budget) -> BudgetState:
    """Where the money of a budget is, as the ledger has it."""
    appropriated = sum(
        Appropriation.objects.filter(budget=budget, record__state="booked").values_list("fen", flat=True)
    )
    if not appropriated:  # its account opens with the first money
        return BudgetState(0, 0, 0, 0)
    view = ledger.balance(budget.account, bookkeeping.MONEY)
    return BudgetState(appropriated, view.pending, view.available, appropriated - view.total)
