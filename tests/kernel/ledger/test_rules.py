"""What the ledger does for its domains: allowances, offsets, certificates, waste, points, money; numbers by hand."""

from __future__ import annotations

from typing import Any

import pytest

from dafeng.kernel.ledger import queries, serials, verbs
from tests.kernel.ledger.conftest import NOW, OPEN_POLICY, Desk

CEA = {
    "buckets": ["registry", "trading"], "transfer": ["trading"], "moves": True, "holders": ["firm", "city"],
    "holds": ["order", "pledge", "freeze", "surrender", "carry_over"],
    "purposes": {"surrender": {"buckets": ["registry"], "not_after_period": True}, "voluntary": {"sink": "cancelled"}},
}  # fmt: skip
CCER = {
    "transfer": ["main"], "auto_open": True,
    "purposes": {"surrender": {"max_share_bp": 500, "duty_asset": "CEA", "forbidden": ["covered"]}},
}  # fmt: skip
MONEY = {"transfer": ["main"], "auto_open": True, "holds": ["order"]}
FIRST = int(NOW.timestamp())
DAY = 86_400


def answers(*replies: Any) -> list[str]:
    return [reply.answer for reply in replies]


def open_cea(desk: Desk) -> None:
    desk.asset("CEA", ("2023", 2023), ("2024", 2024), policy=CEA)
    for firm in ("firm:datang", "firm:huayu", "city:xy"):
        for bucket in ("registry", "trading"):
            assert desk.do(verbs.open_account, asset="CEA", account=f"{firm}/{bucket}").ok


def test_allowances_go_from_allocation_over_trade_to_surrender_and_carry_over(desk: Desk) -> None:
    """70 % at first, the rest after verification, a sale, surrender, and the remainder carried over into a new vintage."""
    open_cea(desk)
    desk.give("CEA", "2023", "firm:datang/registry", 700)  # 70 % of 1000
    desk.give("CEA", "2023", "firm:datang/registry", 200)  # verified: 900 in all
    move = {"asset": "CEA", "source": "firm:datang/registry", "to": "firm:datang/trading"}
    assert desk.do(verbs.transfer, amount=300, **move).ok
    trade = {"asset": "CEA", "source": "firm:datang/trading", "to": "firm:huayu/trading"}
    assert desk.do(verbs.transfer, amount=250, code="trade", **trade).ok
    across = {"asset": "CEA", "source": "firm:datang/registry", "to": "firm:huayu/registry", "amount": 1}
    assert (
        desk.do(verbs.transfer, **across).answer == "not_transferable"
    )  # only the trading bucket passes between firms
    duty = {"purpose": "surrender", "beneficiary": "firm:datang", "period": "2023"}
    kept = {"asset": "CEA", "account": "firm:datang/registry", "amount": 500, "kind": "surrender", "hold": "duty-2023"}
    assert desk.do(verbs.hold, **kept).ok
    assert desk.units("firm:datang/registry", "CEA") == (600, 100)
    assert desk.do(verbs.retire, hold="duty-2023", **duty).ok
    wrong_bucket = desk.do(verbs.retire, asset="CEA", source="firm:datang/trading", amount=10, **duty)
    assert wrong_bucket.answer == "not_transferable"
    # 600 - 500 = 100 left in the registry; the cap of the formula is 60.
    carry = {
        "asset": "CEA",
        "account": "firm:datang/registry",
        "lots": ["2023"],
        "to_lot": "2024",
        "cap": 60,
        "basis": "f",
    }
    assert desk.do(verbs.carry_over, amount=61, **carry).answer == "over_cap"
    assert desk.do(verbs.carry_over, amount=40, **carry).ok
    assert desk.do(verbs.carry_over, amount=21, **carry).answer == "over_cap"  # the cap holds for all of them together
    lots = {lot.lot: lot.total for lot in desk.balance("firm:datang/registry", "CEA").lots}
    assert lots == {"2023": 60, "2024": 40}
    total = desk.ask(queries.city_total, "CEA")
    assert (total.issued, total.retired, total.expired, total.in_accounts) == (940, 500, 40, 400)
    assert desk.ask(serials.lineage, "CEA", "2024").parents == ("2023",)
    assert desk.ask(serials.lineage, "CEA", "2023").children == ("2024",)


def test_a_new_vintage_cannot_serve_an_old_duty(desk: Desk) -> None:
    open_cea(desk)
    desk.give("CEA", "2024", "firm:datang/registry", 100)
    retire = {"asset": "CEA", "source": "firm:datang/registry", "amount": 100, "beneficiary": "firm:datang"}
    assert desk.do(verbs.retire, purpose="surrender", period="2023", **retire).answer == "vintage_too_new"
    assert desk.do(verbs.retire, purpose="surrender", period="2024", **retire).ok


def test_offsets_stay_within_five_percent_of_the_duty_and_come_from_outside_the_market(desk: Desk) -> None:
    """Free 700,000, verified 1,000,000: due 900,000, so at most 45,000 CCER (shared facts, ets_rules, hand-checked)."""
    open_cea(desk)
    assert desk.do(verbs.define_asset, asset="CCER", unit="t", scale=0, title="CCER", policy=CCER).ok
    lot = {"asset": "CCER", "vintage": 2022, "source": "forest", "amount": 100_000}
    assert desk.do(verbs.create_lot, lot="good", serial_from=0, **lot).ok
    assert desk.do(verbs.create_lot, lot="bad", serial_from=100_000, labels=["covered"], **lot).ok
    desk.give("CCER", "good", "firm:datang/main", 100_000)
    desk.give("CCER", "bad", "firm:datang/main", 10)
    offset = {"asset": "CCER", "source": "firm:datang/main", "purpose": "surrender", "beneficiary": "firm:datang"}
    assert desk.do(verbs.retire, amount=1, period="2024", **offset).answer == "no_duty"
    duty = {"asset": "CEA", "holder": "firm:datang", "period": "2024", "basis": "核查结论"}
    assert desk.do(verbs.record_duty, amount=900_000, **duty).ok
    assert desk.do(verbs.retire, amount=45_001, period="2024", **offset).answer == "over_share"
    assert desk.do(verbs.retire, amount=1, lots=["bad"], period="2024", **offset).answer == "label_forbidden"
    assert desk.do(verbs.retire, amount=40_000, period="2024", **offset).ok
    assert desk.do(verbs.retire, amount=5_001, period="2024", **offset).answer == "over_share"
    assert desk.do(verbs.retire, amount=5_000, period="2024", **offset).ok
    assert desk.do(verbs.retire, amount=1, period="2023", **offset).answer == "no_duty"


def test_one_megawatt_hour_carries_one_claim_whatever_claims_it(desk: Desk) -> None:
    policy = {**OPEN_POLICY, "claim_required": True, "two_person": ["reverse"]}
    desk.asset("GEC", ("m1", 2026), policy=policy)
    desk.asset("points", ("p1", 2026))
    issue = {"asset": "GEC", "lot": "m1", "to": "firm:pv/main", "amount": 10}
    hours = ("MWh", "device:pv-1", "2026-01")
    assert desk.do(verbs.issue, **issue).answer == "claim_required"
    assert desk.do(verbs.issue, claims=[(*hours, 0, 10)], key="first", **issue).ok
    again = desk.do(verbs.issue, claims=[(*hours, 9, 19)], **issue)
    assert (again.answer, again.detail) == ("claimed", "MWh device:pv-1 2026-01 9-19")
    points = {"asset": "points", "lot": "p1", "to": "person:a/main", "amount": 5}
    assert desk.do(verbs.issue, claims=[(*hours, 5, 6)], **points).answer == "claimed"
    assert desk.do(verbs.issue, claims=[(*hours, 10, 15)], **points).ok
    twice = [(*hours, 30, 40), (*hours, 35, 45)]
    assert desk.do(verbs.issue, claims=twice, **points).answer == "claimed"
    # Undoing the issue frees the claim.
    desk.do(verbs.propose, verbs.reverse(key="-", actor="-", command="first", note="计量有误"), key="undo", actor="a")
    assert desk.do(verbs.approve, proposal="undo", actor="b").ok
    assert desk.do(verbs.issue, claims=[(*hours, 0, 10)], **issue).ok


def test_a_trade_moves_both_legs_or_none(desk: Desk) -> None:
    desk.asset("CEA2", ("a", 2024))
    desk.asset("CNY", ("m", 0), policy=MONEY)
    desk.give("CEA2", "a", "firm:s/main", 100)
    desk.give("CNY", "m", "firm:b/main", 900)
    units = verbs.transfer(
        key="-", actor="-", asset="CEA2", source="firm:s/main", to="firm:b/main", amount=10, code="trade"
    )
    pay = {"asset": "CNY", "source": "firm:b/main", "to": "firm:s/main", "code": "pay"}
    too_dear = verbs.transfer(key="-", actor="-", amount=901, **pay)
    assert desk.do(verbs.linked, [units, too_dear]).answer == "insufficient"
    assert desk.units("firm:s/main", "CEA2") == (100, 100)
    fair = verbs.transfer(key="-", actor="-", amount=900, **pay)
    assert desk.do(verbs.linked, [units, fair]).entries == 2
    assert desk.units("firm:b/main", "CEA2") == (10, 10)
    assert desk.units("firm:s/main", "CNY") == (900, 900)


def test_points_arrive_held_are_released_redeemed_refunded_and_expire(desk: Desk) -> None:
    """A monthly lot; quarantine; an order in the mall; a refund in time and one too late; the sweep at the end."""
    policy = {**OPEN_POLICY, "lot_order": "expiry"}
    assert desk.do(verbs.define_asset, asset="points", unit="分", scale=0, title="碳积分", policy=policy).ok
    lot = {"asset": "points", "source": "scenes", "vintage": 2026, "amount": 10**9}
    assert desk.do(verbs.create_lot, lot="2026-02", serial_from=10**9, usable_until=FIRST + 60 * DAY, **lot).ok
    assert desk.do(verbs.create_lot, lot="2026-01", serial_from=0, usable_until=FIRST + 30 * DAY, **lot).ok
    desk.give("points", "2026-02", "person:a/main", 50)
    held = {"hold": "risk-1", "kind": "quarantine"}
    assert desk.do(verbs.issue, asset="points", lot="2026-01", to="person:a/main", amount=80, **held).ok
    assert desk.units("person:a/main", "points") == (130, 50)
    assert desk.do(verbs.release, hold="risk-1").ok
    order = {"asset": "points", "account": "person:a/main", "amount": 100, "kind": "order", "to": "firm:mall/main"}
    assert desk.do(verbs.open_account, asset="points", account="firm:mall/main").ok
    assert desk.do(verbs.hold, hold="order-1", expires=FIRST + 2 * DAY, **order).ok
    assert desk.do(verbs.settle, hold="order-1", code="redeem").ok
    mall = {lot.lot: lot.total for lot in desk.balance("firm:mall/main", "points").lots}
    assert mall == {"2026-01": 80, "2026-02": 20}  # what expires first is spent first
    refund = {
        "asset": "points",
        "source": "firm:mall/main",
        "to": "person:a/main",
        "lots": ["2026-01"],
        "code": "refund",
    }
    assert desk.do(verbs.transfer, amount=30, **refund).ok
    desk.wait(days=30)
    assert desk.do(verbs.transfer, amount=10, **refund).answer == "lot_expired"
    assert desk.do(verbs.expire_lot, asset="points", lot="2026-02").answer == "lot_not_expired"
    assert desk.do(verbs.expire_lot, asset="points", lot="2026-01", limit=1).entries == 1
    assert desk.do(verbs.expire_lot, asset="points", lot="2026-01", limit=1).entries == 1
    assert desk.do(verbs.expire_lot, asset="points", lot="2026-01").answer == "nothing_due"
    assert desk.units("person:a/main", "points") == (30, 30)
    assert desk.ask(queries.city_total, "points").expired == 80


def test_a_hold_ends_with_its_time_and_only_by_a_command(desk: Desk) -> None:
    desk.asset("CEA3", ("a", 2024))
    desk.give("CEA3", "a", "firm:a/main", 10)
    order = {"asset": "CEA3", "account": "firm:a/main", "amount": 10, "kind": "order", "hold": "o"}
    assert desk.do(verbs.hold, expires=FIRST + DAY, **order).ok
    desk.wait(days=1)
    assert desk.do(verbs.settle, hold="o", to="firm:b/main").answer == "hold_expired"
    assert desk.units("firm:a/main", "CEA3") == (10, 0)  # until the sweep is commanded
    assert desk.do(verbs.expire_holds).entries == 1
    assert desk.units("firm:a/main", "CEA3") == (10, 10)
    assert desk.do(verbs.release, hold="o").answer == "hold_closed"


def test_a_partial_settlement_frees_the_rest_at_once(desk: Desk) -> None:
    """Waste by mass: what the receiver did not weigh goes back to the sender. 40 + 60 held of two lots, 70 arrive."""
    desk.asset("slag", ("a", 2025), ("b", 2026))
    desk.give("slag", "a", "firm:a/main", 40)
    desk.give("slag", "b", "firm:a/main", 60)
    order = {"asset": "slag", "account": "firm:a/main", "amount": 100, "kind": "order", "hold": "manifest"}
    assert desk.do(verbs.hold, **order).entries == 2
    assert desk.do(verbs.settle, hold="manifest", to="firm:b/main", amount=70, code="deliver").ok
    assert desk.units("firm:a/main", "slag") == (30, 30)
    assert [tuple(lot[:4:3]) for lot in desk.balance("firm:b/main", "slag").lots] == [("a", 40), ("b", 30)]
    assert desk.do(verbs.settle, hold="manifest", to="firm:b/main", amount=1).answer == "hold_closed"


def test_pledged_units_move_only_with_the_pledgees_signature(desk: Desk) -> None:
    desk.asset("CEA4", ("a", 2024))
    desk.give("CEA4", "a", "firm:a/main", 100)
    pledge = {"asset": "CEA4", "account": "firm:a/main", "amount": 60, "kind": "pledge", "hold": "loan"}
    assert desk.do(verbs.hold, **pledge).answer == "signer_required"
    assert desk.do(verbs.hold, signer="bank", **pledge).ok
    send = {"asset": "CEA4", "source": "firm:a/main", "to": "firm:b/main"}
    assert desk.do(verbs.transfer, amount=41, **send).answer == "held"
    assert desk.do(verbs.release, hold="loan").answer == "wrong_signer"
    assert desk.do(verbs.settle, hold="loan", to="firm:bank/main", code="enforce").answer == "wrong_signer"
    assert desk.do(verbs.settle, hold="loan", to="firm:bank/main", code="enforce", amount=50, actor="bank").ok
    assert desk.units("firm:a/main", "CEA4") == (50, 50)


def test_a_judicial_freeze_lies_over_a_pledge_and_outranks_it(desk: Desk) -> None:
    """100 units, 50 pledged, 60 frozen: the freeze takes the 50 free ones and 10 of the pledged."""
    desk.asset("CEA5", ("a", 2024))
    desk.give("CEA5", "a", "firm:a/main", 100)
    base = {"asset": "CEA5", "account": "firm:a/main"}
    assert desk.do(verbs.hold, amount=50, kind="pledge", hold="loan", signer="bank", **base).ok
    assert desk.do(verbs.hold, amount=101, kind="freeze", hold="x", signer="court", **base).answer == "insufficient"
    assert desk.do(verbs.hold, amount=60, kind="freeze", hold="case", signer="court", **base).ok
    enforce = {"hold": "loan", "to": "firm:bank/main", "actor": "bank"}
    assert desk.do(verbs.settle, **enforce).answer == "frozen"  # 50 would leave 50 under a freeze of 60
    assert desk.do(verbs.settle, amount=40, **enforce).ok
    assert desk.units("firm:a/main", "CEA5") == (60, 0)
    assert desk.do(verbs.release, hold="case", actor="bank").answer == "wrong_signer"
    assert desk.do(verbs.release, hold="case", actor="court").ok
    assert desk.units("firm:a/main", "CEA5") == (60, 60)


def test_a_reversal_needs_two_persons_and_happens_once(desk: Desk) -> None:
    desk.asset("pt", ("a", 2026))
    desk.give("pt", "a", "person:a/main", 10)
    paid = desk.do(verbs.transfer, asset="pt", source="person:a/main", to="person:b/main", amount=4, key="paid")
    assert paid.ok
    undo = verbs.reverse(key="-", actor="-", command="paid", note="重复发放")
    assert desk.post(undo._replace(key="alone", actor="a"))[0].answer == "needs_two"
    assert desk.do(verbs.propose, undo, key="p1", actor="a").ok
    assert desk.do(verbs.approve, proposal="p1", actor="a").answer == "same_person"
    assert desk.do(verbs.approve, proposal="p1", actor="b").ok
    assert desk.units("person:a/main", "pt") == (10, 10)
    assert desk.do(verbs.approve, proposal="p1", actor="c").answer == "proposal_closed"
    assert desk.do(verbs.propose, undo, key="p2", actor="a").ok
    assert desk.do(verbs.approve, proposal="p2", actor="b").answer == "already_reversed"
    assert desk.do(verbs.decline, proposal="p2", note="不成立", actor="b").ok


def test_reversing_an_issue_cancels_the_units_and_retirement_is_final(desk: Desk) -> None:
    desk.asset("pt", ("a", 2026))
    held = {"hold": "risk", "kind": "quarantine"}
    assert desk.do(verbs.issue, asset="pt", lot="a", to="person:a/main", amount=9, key="i", **held).ok
    desk.do(verbs.propose, verbs.reverse(key="-", actor="-", command="i", note="刷分"), key="p1", actor="a")
    assert desk.do(verbs.approve, proposal="p1", actor="b").ok
    total = desk.ask(queries.city_total, "pt")
    assert (total.issued, total.cancelled, total.in_accounts, total.held) == (9, 9, 0, 0)
    desk.give("pt", "a", "person:a/main", 5)
    gone = {"purpose": "redeem", "beneficiary": "person:a", "period": "2026"}
    assert desk.do(verbs.retire, asset="pt", source="person:a/main", amount=5, key="r", **gone).ok
    desk.do(verbs.propose, verbs.reverse(key="-", actor="-", command="r", note="误"), key="p2", actor="a")
    assert desk.do(verbs.approve, proposal="p2", actor="b").answer == "terminal"


def test_units_that_were_spent_cannot_be_clawed_back_by_a_reversal(desk: Desk) -> None:
    desk.asset("pt", ("a", 2026))
    desk.give("pt", "a", "person:a/main", 10)
    desk.do(verbs.transfer, asset="pt", source="person:a/main", to="person:b/main", amount=10, key="t")
    desk.do(verbs.transfer, asset="pt", source="person:b/main", to="person:c/main", amount=7)
    desk.do(verbs.propose, verbs.reverse(key="-", actor="-", command="t", note="x"), key="p", actor="a")
    refused = desk.do(verbs.approve, proposal="p", actor="b")
    assert (refused.answer, refused.detail) == ("insufficient", "3<10")


def test_a_policy_binds_from_its_change_on_and_units_and_scale_are_fixed(desk: Desk) -> None:
    desk.asset("pt", ("a", 2026))
    desk.give("pt", "a", "person:a/main", 10)
    send = {"asset": "pt", "source": "person:a/main", "to": "person:b/main", "amount": 1}
    assert desk.do(verbs.transfer, **send).ok
    change = {"asset": "pt", "title": "积分", "policy": {**OPEN_POLICY, "transfer": []}}
    assert desk.do(verbs.define_asset, unit="t", scale=2, **change).answer == "asset_changed"
    assert desk.do(verbs.define_asset, unit="t", scale=0, **change).ok
    assert desk.do(verbs.transfer, **send).answer == "not_transferable"


@pytest.mark.parametrize(
    ("policy", "key"),
    [
        ({"buckets": ["issue"]}, "buckets"),
        ({"transfer": ["nowhere"]}, "transfer"),
        ({"lot_order": "lifo"}, "lot_order"),
        ({"max_amount": 0}, "max_amount"),
        ({"max_amount": 1.5}, "max_amount"),
        ({"colour": "red"}, "colour"),
        ({"holds": ["whim"]}, "holds"),
        ({"purposes": {"x": {"sink": "issue"}}}, "purposes.x"),
        ({"purposes": {"x": {"max_share_bp": 500}}}, "purposes.x"),
        ({"purposes": ["x"]}, "purposes"),
    ],
)
def test_a_policy_that_breaks_its_rules_is_refused_by_its_key(
    sqlite_desk: Desk, policy: dict[str, Any], key: str
) -> None:
    refused = sqlite_desk.do(verbs.define_asset, asset="x", unit="t", scale=0, title="x", policy=policy)
    assert (refused.answer, refused.detail) == ("bad_policy", key)


def test_what_two_persons_must_do_by_the_policy_is_refused_to_one(desk: Desk) -> None:
    desk.asset("pt", ("a", 2026), policy={**OPEN_POLICY, "two_person": ["issue"]})
    issue = verbs.issue(key="one", actor="a", asset="pt", lot="a", to="person:a/main", amount=5)
    linked = verbs.linked([issue], key="two", actor="a")
    assert answers(*desk.post(issue, linked)) == ["needs_two", "needs_two"]
    assert desk.do(verbs.propose, issue, key="p", actor="a").ok
    assert desk.do(verbs.approve, proposal="p", actor="b").entries == 1
    assert desk.units("person:a/main", "pt") == (5, 5)


def test_an_account_closes_empty_and_stays_closed(desk: Desk) -> None:
    desk.asset("pt", ("a", 2026))
    desk.give("pt", "a", "person:a/main", 5)
    mine = {"asset": "pt", "account": "person:a/main"}
    assert desk.do(verbs.close_account, **mine).answer == "account_not_empty"
    out = {"purpose": "redeem", "beneficiary": "person:a", "period": "2026"}
    assert desk.do(verbs.retire, asset="pt", source="person:a/main", amount=5, **out).ok
    assert desk.do(verbs.close_account, **mine).ok
    back = desk.do(verbs.issue, asset="pt", lot="a", to="person:a/main", amount=1)
    assert back.answer == "account_closed"
    assert desk.do(verbs.open_account, **mine).answer == "account_exists"
