"""The way of an award's money through the ledger: budget → held → the member's account → the treasury's account → (back).

The member's account has the money from the approval of a payment list until the treasury has paid, so that an account with money
under way cannot be closed, and one that was paid out can. Every step moves the very lots (appropriations) that paid the award.
"""

from __future__ import annotations

from collections import Counter

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.models import Award
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.ledger.verbs import Command


def treasury(programme: str) -> str:
    """Where money is that has left for banks."""
    return f"bank:treasury-{programme}/main"


def paid(award: Award, *, actor: str) -> Command:
    """What is held becomes the member's: the payment list was approved."""
    return verbs.settle(key=f"{award.hold}:pay", actor=actor, hold=award.hold, to=award.member.account, code="pay")


def paid_out(award: Award, *, actor: str) -> list[Command]:
    """The treasury has paid."""
    target = treasury(award.rule.programme_id)
    return _moved(award, "out", award.member.account, target, code="pay", actor=actor)


def returned(award: Award, *, to: str, actor: str) -> list[Command]:
    """What was paid out comes back to the budget."""
    return _moved(award, "clawback", treasury(award.rule.programme_id), to, code="clawback", actor=actor)


def lots_of(award: Award) -> dict[str, int]:
    """lot → fen of what paid the award; empty before it was paid."""
    found: Counter[str] = Counter()
    page = ledger.statement(award.member.account, bookkeeping.MONEY)
    while True:
        for line in page.lines:
            if line.key == f"{award.hold}:pay":
                found[line.lot] += line.amount
        if page.next is None or found.total() >= award.fen:
            return dict(found)
        page = ledger.statement(award.member.account, bookkeeping.MONEY, after=page.next)


def _moved(award: Award, step: str, source: str, target: str, *, code: str, actor: str) -> list[Command]:
    return [
        verbs.transfer(
            key=f"{award.hold}:{step}:{number}", actor=actor, asset=bookkeeping.MONEY, source=source, to=target, amount=fen,
            lots=[lot], code=code,
        )
        for number, (lot, fen) in enumerate(sorted(lots_of(award).items()))
    ]  # fmt: skip
