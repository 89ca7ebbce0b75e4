"""Whatever is done in whatever order, no fen is made or lost: appropriated = set aside + free + paid, and rows agree with the ledger."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

import pytest

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Appropriation, Award
from dafeng.domains.inclusion.rewards import awards, budgets, moneys, payments
from dafeng.kernel.errors import DafengError
from dafeng.kernel.ledger import services as ledger
from tests.domains.inclusion.rewards.conftest import GOOD, NOW, Office

STEPS = (
    "check",
    "approve",
    "reject",
    "publish",
    "object",
    "uphold",
    "release",
    "recover",
    "recovered",
    "keep",
    "return",
    "withdraw",
)
HELD, PAID = ("approved", "published", "objected", "payable"), ("paid", "recovering")


def told_by_rows(states: tuple[str, ...]) -> int:
    return sum(Award.objects.filter(record__state__in=states).values_list("fen", flat=True))


@pytest.mark.parametrize("seed", range(4))
def test_no_fen_is_made_or_lost(office: Office, seed: int) -> None:
    chance = random.Random(seed)
    rule = office.rule()
    firms = [office.firm(n) for n in (1, 2, 3)]
    people = [office.person(role, n) for role in ("operator", "ecology", "ndrc") for n in (1, 2)]
    refusals, now = set[str](), NOW
    for turn in range(70):
        now += timedelta(hours=chance.randrange(36))
        by, what = chance.choice(people), chance.random()
        living = list(Award.objects.select_related("record", "member", "rule", "payment__record"))
        try:
            if what < 0.1 or turn == 0:
                office.money(chance.randrange(1, 300_000), year=2024 + chance.randrange(3), now=now)
            elif what < 0.3 or not living:
                office.apply(
                    rule, chance.choice(firms), GOOD | {"mass": str(chance.randrange(200))}, subject=f"{turn}", now=now
                )
            elif what < 0.85:
                awards.move(chance.choice(living), chance.choice(STEPS), by=by, now=now, reason="试验")
            else:
                _pay(office, living, chance, now)
        except Refused as refused:
            refusals.add(refused.code)
        except DafengError:
            pass  # a step that the workflow does not allow, or not to this person
        _check(office)
    assert ledger.audit().ok


def _pay(office: Office, living: list[Award], chance: random.Random, now: object) -> None:
    """Draw up what is payable; approve, settle or drop it as chance will."""
    ready = [each for each in living if each.record.state == "payable" and each.payment is None]
    made = payments.draw(office.programme, ready[:2], by=office.person("ndrc"), now=now)  # type: ignore[arg-type]
    if chance.random() < 0.3:
        payments.move(made, "drop", by=office.person("ecology"), now=now, reason="重制")  # type: ignore[arg-type]
        return
    payments.move(made, "approve", by=office.person("ndrc", 2), now=now)  # type: ignore[arg-type]
    with suppress(DafengError):
        if chance.random() < 0.7:
            payments.move(made, "settle", by=office.person("ndrc", 2), now=now)  # type: ignore[arg-type]


def _check(office: Office) -> None:
    if not Appropriation.objects.filter(record__state="booked").exists():
        return
    state = budgets.state_of(office.budget)
    assert state.appropriated == state.held + state.free + state.paid
    assert (state.held, state.paid) == (told_by_rows(HELD), told_by_rows(PAID))
    assert min(state.free, state.held, state.paid) >= 0
    for award in Award.objects.filter(record__state__in=PAID).select_related("member", "rule"):
        assert sum(moneys.lots_of(award).values()) == award.fen
