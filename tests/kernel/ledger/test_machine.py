"""A Hypothesis state machine: engine and model get the same commands, and every reply and balance is compared.

The simulator draws long histories; this machine finds short ones, and shrinks what fails.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dafeng.kernel.ledger import audit
from dafeng.kernel.ledger.database import SqliteFile
from dafeng.kernel.ledger.ledger import Ledger
from dafeng.kernel.ledger.verbs import Command
from tests.kernel.ledger.model import Model
from tests.kernel.ledger.simulator import BALANCES, SINK_NAMES, SINKS
from tests.kernel.ledger.world import ASSETS, HOLDERS, START, World

assets = st.sampled_from(["CEA", "points", "CNY", "slag"])
holders = st.sampled_from(HOLDERS[:3])
buckets = st.sampled_from(["main", "registry", "trading"])
accounts = st.builds(lambda holder, bucket: f"{holder}/{bucket}", holders, buckets)
amounts = st.integers(-1, 60)
actors = st.sampled_from(["clerk", "chief", "bank", "court"])
names = st.sampled_from(["h1", "h2", "h3", "h4"])


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.database = SqliteFile(":memory:")
        self.ledger, self.model = Ledger(self.database), Model()
        self.now, self.count = START, 0
        self.sent: list[tuple[str, str, str, dict[str, Any]]] = []

    def teardown(self) -> None:
        with self.database.reading() as store:
            assert audit.audit(store).ok
            assert audit.replay(store) == (store.head().hash, audit.state_digest(store))
        self.database.close()

    def send(self, actor: str, name: str, body: dict[str, Any]) -> None:
        self.count += 1
        self.batch([(f"k{self.count}", actor, name, body)])

    def batch(self, commands: list[tuple[str, str, str, dict[str, Any]]]) -> None:
        self.sent += commands
        expected = self.model.post(commands, self.now)
        replies = self.ledger.post([Command(*one) for one in commands], now=datetime.fromtimestamp(self.now, UTC))
        assert [(reply.answer, reply.again) for reply in replies] == expected

    @initialize(seed=st.integers(0, 3))
    def found(self, seed: int) -> None:
        self.batch([("f" + key, *rest) for key, *rest in World(random.Random(seed)).founding()])  # type: ignore[misc]

    @rule(days=st.sampled_from([0, 1, 7, 30]))
    def wait(self, days: int) -> None:
        self.now += days * 86_400

    @rule(
        asset=assets,
        lot=st.sampled_from([f"L{n}" for n in range(17, 32)]),
        to=accounts,
        amount=amounts,
        held=st.booleans(),
    )
    def issue(self, asset: str, lot: str, to: str, amount: int, held: bool) -> None:
        body: dict[str, Any] = {"asset": asset, "lot": lot, "to": to, "amount": amount}
        if held:
            body |= {"hold": f"i{self.count}", "kind": "quarantine"}
        self.send("clerk", "issue", body)

    @rule(asset=assets, source=accounts, to=accounts, amount=amounts, code=st.sampled_from(["", "refund", "redeem"]))
    def transfer(self, asset: str, source: str, to: str, amount: int, code: str) -> None:
        body = {"asset": asset, "from": source, "to": to, "amount": amount}
        self.send("clerk", "transfer", body | {"code": code} if code else body)

    @rule(asset=assets, account=accounts, amount=amounts, kind=st.sampled_from(["order", "pledge", "freeze"]), hold=names,
          signer=st.sampled_from(["", "bank", "court"]), days=st.sampled_from([0, 1, 10]))  # fmt: skip
    def hold(self, asset: str, account: str, amount: int, kind: str, hold: str, signer: str, days: int) -> None:
        body = {"asset": asset, "account": account, "amount": amount, "kind": kind, "hold": hold, "signer": signer}
        self.send("clerk", "hold", body | {"expires": self.now + days * 86_400} if days else body)

    @rule(actor=actors, hold=names, to=accounts, amount=st.none() | amounts)
    def settle(self, actor: str, hold: str, to: str, amount: int | None) -> None:
        body: dict[str, Any] = {"hold": hold, "to": to}
        self.send(actor, "settle", body if amount is None else body | {"amount": amount})

    @rule(actor=actors, hold=names)
    def release(self, actor: str, hold: str) -> None:
        self.send(actor, "release", {"hold": hold})

    @rule(asset=assets, source=accounts, amount=amounts, period=st.sampled_from(["2023", "2025"]))
    def retire(self, asset: str, source: str, amount: int, period: str) -> None:
        purpose = next(iter(ASSETS[asset].get("purposes", {"none": {}})))
        body = {"asset": asset, "from": source, "amount": amount, "purpose": purpose, "beneficiary": "firm:a"}
        self.send("clerk", "retire", body | {"period": period})

    @rule(asset=assets, lots=st.lists(st.integers(17, 31), min_size=1, max_size=3, unique=True))
    def expire(self, asset: str, lots: list[int]) -> None:
        for lot in lots:
            self.send("clerk", "expire", {"asset": asset, "lot": f"L{lot}", "limit": 10})
        self.send("clerk", "expire_holds", {"limit": 10})

    @rule(first=st.tuples(accounts, accounts, amounts), second=st.tuples(accounts, accounts, amounts))
    def trade(self, first: tuple[str, str, int], second: tuple[str, str, int]) -> None:
        legs = zip(("CEA", "CNY"), (first, second), strict=True)
        steps = [["transfer", {"asset": a, "from": s, "to": t, "amount": n}] for a, (s, t, n) in legs]
        self.send("market", "linked", {"steps": steps})

    @rule(back=st.integers(1, 12), actor=actors, other=actors)
    def reverse(self, back: int, actor: str, other: str) -> None:
        target = self.sent[-min(back, len(self.sent))][0]
        self.send(actor, "propose", {"do": "reverse", "body": {"command": target, "note": "wrong"}})
        self.send(other, "approve", {"proposal": f"k{self.count}"})

    @rule(back=st.integers(1, 20), change=st.booleans())
    def repeat(self, back: int, change: bool) -> None:
        key, actor, name, body = self.sent[-min(back, len(self.sent))]
        self.batch([(key, actor, name, {**body, "note": "x"} if change else body)])

    @rule()
    def forget(self) -> None:
        """The process starts afresh."""
        self.ledger = Ledger(self.database)

    @invariant()
    def balances_are_the_models(self) -> None:
        rows = self.database.raw.execute(BALANCES).fetchall()
        assert {row[:3]: row[3:] for row in rows if any(row[3:])} == self.model.balances()
        sinks = {(row[0], SINK_NAMES[-row[1] % 4], row[2]): row[3] for row in self.database.raw.execute(SINKS)}
        assert {place: units for place, units in sinks.items() if units} == self.model.endings()


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
