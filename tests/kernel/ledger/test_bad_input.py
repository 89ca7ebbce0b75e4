"""What is wrong is refused with its reason, kept as a row, and shown to the one who sent it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import queries, reasons, verbs
from dafeng.kernel.ledger.verbs import Command
from tests.kernel.ledger.conftest import Desk


@pytest.fixture
def paid(desk: Desk) -> Desk:
    desk.asset("pt", ("a", 2026), policy={"transfer": ["main"], "auto_open": True, "max_amount": 1000})
    desk.give("pt", "a", "person:a/main", 100)
    return desk


def transfer(key: str, amount: Any, *, actor: str = "a", to: str = "person:b/main") -> Command:
    return verbs.transfer(key=key, actor=actor, asset="pt", source="person:a/main", to=to, amount=amount)


@pytest.mark.parametrize(
    ("amount", "answer"),
    [(0, "bad_amount"), (-5, "bad_amount"), (1001, "absurd_amount"), (10**40, "absurd_amount"), ("5", "bad_body"),
     (True, "bad_body"), (1.0, "bad_body")],
)  # fmt: skip
def test_an_absurd_amount_is_refused_as_a_row(paid: Desk, amount: Any, answer: str) -> None:
    reply = paid.post(transfer("t", amount))[0]
    assert reply.answer == answer
    row = paid.ask(queries.find_command, "t")
    assert (row.answer, row.seq, row.entries) == (answer, reply.seq, 0)
    assert [each.key for each in paid.ask(queries.refused, "a")] == ["t"]


def test_every_reason_speaks_chinese_and_english() -> None:
    for code, reason in reasons.REASONS.items():
        assert reason.zh, code
        assert reason.en.isascii(), code
    assert reasons.text("insufficient", "3<10") == "余额不足（3<10）"
    assert reasons.text("insufficient", "3<10", language="en") == "The balance does not suffice (3<10)"


def test_the_same_key_and_body_give_the_first_answer_and_move_nothing_again(paid: Desk) -> None:
    first = paid.post(transfer("t", 10), transfer("t", 10))
    later = paid.post(transfer("t", 10))
    assert [reply.again for reply in (*first, *later)] == [False, True, True]
    assert {reply[:7] for reply in (*first, *later)} == {first[0][:7]}
    assert paid.units("person:a/main", "pt") == (90, 90)


def test_a_refusal_stays_a_refusal_even_when_it_would_be_possible_now(paid: Desk) -> None:
    assert paid.post(transfer("t", 101))[0].answer == "insufficient"
    paid.give("pt", "a", "person:a/main", 50)
    assert paid.post(transfer("t", 101))[0].answer == "insufficient"
    assert paid.post(transfer("t2", 101))[0].ok


def test_another_body_or_sender_under_one_key_is_a_conflict_and_is_kept(paid: Desk) -> None:
    assert paid.post(transfer("t", 10))[0].ok
    other = paid.post(transfer("t", 11), transfer("t", 10, actor="b"), transfer("t", 11))
    assert [reply.answer for reply in other] == ["conflict"] * 3
    assert [reply.again for reply in other] == [False, False, True]
    assert paid.post(transfer("t", 11))[0].again
    assert paid.units("person:a/main", "pt") == (90, 90)
    assert [reply.seq for reply in paid.ask(queries.refused, "b")] == [other[1].seq]


def test_points_spent_twice_in_one_batch_are_spent_once(paid: Desk) -> None:
    replies = paid.post(*(transfer(f"t{n}", 60) for n in range(3)))
    assert [reply.answer for reply in replies] == ["ok", "insufficient", "insufficient"]


@pytest.mark.parametrize(
    ("command", "answer", "detail"),
    [
        (Command("k", "a", "mint", {}), "unknown_command", "mint"),
        (Command("k", "a", "transfer", {}), "bad_body", "asset"),
        (Command("k", "a", "transfer", {**transfer("k", 1).body, "colour": "red"}), "bad_body", "colour"),
        (Command("k", "a", "transfer", {**transfer("k", 1).body, "lots": [["a"]]}), "bad_body", "lots"),
        (Command("k", "a", "transfer", {**transfer("k", 1).body, "code": "issue"}), "bad_body", "code"),
        (transfer("k", 1, to="nobody"), "bad_body", "account"),
        (transfer("k", 1, to="Person:b/main"), "bad_body", "account"),
        (transfer("k", 1, to="person:b/other"), "bucket_not_allowed", "other"),
        (transfer("k", 1, to="person:b/retired"), "bucket_not_allowed", "retired"),
        (transfer("k", 1, to="person:a/main"), "same_account", "person:a/main"),
        (Command("k", "a", "linked", {"steps": []}), "bad_body", "steps"),
        (Command("k", "a", "linked", {"steps": [["transfer"]]}), "bad_body", "steps"),
        (Command("k", "a", "linked", {"steps": [["open", {}]]}), "not_linkable", "open"),
        (Command("k", "a", "propose", {"do": "approve", "body": {}}), "unknown_command", "approve"),
        (Command("k", "a", "propose", {"do": "reverse", "body": {}}), "bad_body", "command"),
        (Command("k", "a", "retire", {"purpose": "x", "period": "2026"}), "retirement_incomplete", "beneficiary"),
        (Command("k", "a", "retire", {"purpose": "x", "period": "2026", "beneficiary": "b"}), "bad_body", "from"),
        (Command("k", "a", "tick", {"to": 0}), "clock_back", "0<=1767225600"),
        (Command("k", "a", "lot", {"asset": "pt", "lot": "b", "vintage": 2026, "source": "s", "serial_from": 999,
                                   "amount": 5}), "serials_overlap", "a"),
        (Command("k", "a", "lot", {"asset": "pt", "lot": "b", "vintage": -1, "source": "s", "serial_from": 5000,
                                   "amount": 5}), "bad_body", "vintage"),
    ],
)  # fmt: skip
def test_a_command_that_makes_no_sense_is_refused_by_name(
    paid: Desk, command: Command, answer: str, detail: str
) -> None:
    reply = paid.post(command)[0]
    assert (reply.answer, reply.detail) == (answer, detail)
    assert paid.post(command)[0].again


@pytest.mark.parametrize(
    "command",
    [
        transfer("", 1),
        transfer("auto:tick:1", 1),
        transfer("k" * 201, 1),
        transfer("k\n", 1),
        transfer("k", 1, actor=""),
        transfer("k", float("nan")),
        transfer("k", {1, 2}),
        transfer("k", 1, to="person:\x00/main"),
        transfer("k", 1, to="person:\ud800/main"),
        Command("k", "a", "open", {"asset": "pt", "account": "person:" + "x" * 1_000_001}),
    ],
)
def test_what_no_log_can_hold_is_no_command_and_stops_the_whole_batch(paid: Desk, command: Command) -> None:
    with pytest.raises(LedgerError):
        paid.post(transfer("good", 1), command)
    assert paid.ask(queries.find_command, "good") is None


def test_a_clock_far_ahead_stops_the_batch_and_is_kept_as_refused(paid: Desk) -> None:
    right = paid.now
    paid.now = datetime.fromtimestamp(253_402_300_000, right.tzinfo)
    with pytest.raises(LedgerError, match="超前"):
        paid.post(transfer("t", 1))
    assert [reply.answer for reply in paid.ask(queries.refused, "system")] == ["clock_ahead"]
    paid.now = right + timedelta(days=399)
    assert paid.post(transfer("t", 1))[0].ok  # the key was not used up


def test_a_clock_that_is_behind_moves_nothing_back(paid: Desk) -> None:
    paid.wait(days=1)
    first = paid.post(transfer("t1", 1))[0]
    paid.wait(days=-1)
    assert paid.post(transfer("t2", 1))[0].ts == first.ts


def test_two_persons_may_move_the_clock_over_a_long_pause(paid: Desk) -> None:
    later = int(paid.now.timestamp()) + 500 * 86_400
    jump = verbs.tick(key="j", actor="a", to=later)
    assert paid.post(jump)[0].answer == "clock_ahead"
    assert paid.do(verbs.propose, jump, key="p", actor="a").ok
    assert paid.do(verbs.approve, proposal="p", actor="b").ok
    assert paid.post(transfer("t", 1))[0].ts == later


def test_a_time_without_a_zone_is_a_mistake_of_the_caller(paid: Desk) -> None:
    with pytest.raises(ValueError, match="time zone"):
        paid.ledger.post([transfer("t", 1)], now=datetime(2026, 1, 1))
