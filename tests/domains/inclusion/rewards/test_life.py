"""An award from application to payment and back, with two persons at each gate, and what is refused on the way."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import date, timedelta
from typing import Any

import pytest

from dafeng.domains.inclusion.errors import InclusionError, Refused
from dafeng.domains.inclusion.members import privacy as leaving
from dafeng.domains.inclusion.models import Award, AwardPayee, RewardUse
from dafeng.domains.inclusion.rewards import awards, budgets, choices, moneys, payments, retention, rules
from dafeng.kernel.errors import PermissionDenied, TransitionError
from dafeng.kernel.ledger import services as ledger
from tests.domains.inclusion.rewards.conftest import GOOD, NOW, PAYEE, RESULT, TITLE, TRIPS, Office

LATER = NOW + timedelta(days=7)


def refusal(do: Any) -> str:
    with pytest.raises(Refused) as refused:
        do()
    return refused.value.code


def money(office: Office) -> tuple[int, int, int, int]:
    found = budgets.state_of(office.budget)
    return found.appropriated, found.held, found.free, found.paid


def test_money_goes_from_appropriation_to_the_treasury_and_every_step_is_in_the_ledger(office: Office) -> None:
    office.money(200_000)
    award = office.apply(office.rule(), office.firm())
    assert (award.record.state, award.fen) == ("submitted", 100_500)
    office.step(award, "check")
    assert money(office) == (200_000, 0, 200_000, 0)
    office.step(award, "approve")
    assert money(office) == (200_000, 100_500, 99_500, 0)
    office.step(award, "publish")
    assert award.objection_until == date(2026, 11, 26)  # five days after the 21st
    office.step(award, "release", now=NOW + timedelta(days=6))
    made = office.pay(award, settle=False)
    assert award.record.state == "paid"
    assert money(office) == (200_000, 0, 99_500, 100_500)
    assert ledger.balance(award.member.account, "cny").total == 100_500
    payments.move(made, "settle", by=office.person("ndrc"), now=LATER)
    assert ledger.balance(award.member.account, "cny").total == 0
    assert ledger.balance(moneys.treasury(office.programme.pk), "cny").total == 100_500
    assert ledger.audit().ok


def test_no_gate_opens_twice_for_one_person(office: Office) -> None:
    made = budgets.appropriate(office.budget, year=2026, fen=10**6, document="文", by=office.person("ndrc"), now=NOW)
    with pytest.raises(PermissionDenied):
        budgets.book(made, by=office.person("ndrc"), now=NOW)
    budgets.book(made, by=office.person("ecology"), now=NOW)

    from dafeng.portal.accounts.models import Membership, Organisation

    both = office.person("operator")  # the operator's clerk, who also decides elsewhere
    Membership.objects.create(
        user=both, organisation=Organisation.objects.get(code="ecology"), role="ecology", place="411500"
    )
    drafted = rules.draft(office.programme, code="x", title="办法", content=RESULT, valid_from=date(2026, 1, 1), valid_to=None, by=both, now=NOW)  # fmt: skip
    rules.move(drafted, "submit", by=both, now=NOW)
    with pytest.raises(PermissionDenied):
        rules.move(drafted, "adopt", by=both, now=NOW)
    rules.move(drafted, "adopt", by=office.person("ndrc"), now=NOW)

    award = office.apply(drafted, office.firm())
    awards.move(award, "check", by=both, now=NOW)
    with pytest.raises(PermissionDenied):
        awards.move(award, "approve", by=both, now=NOW)
    assert money(office)[1] == 0  # nothing was set aside by the refused step
    office.step(award, "approve", "publish")
    office.step(award, "release", now=NOW + timedelta(days=6))

    drawn = payments.draw(office.programme, [award], by=office.person("ndrc"), now=LATER)
    with pytest.raises(PermissionDenied):
        payments.move(drawn, "approve", by=office.person("ndrc"), now=LATER)
    payments.move(drawn, "approve", by=office.person("ecology"), now=LATER)
    payments.move(drawn, "settle", by=office.person("ecology"), now=LATER)

    award.refresh_from_db()
    awards.move(award, "recover", by=office.person("ecology"), now=LATER, reason="数据不实")
    with pytest.raises(PermissionDenied):
        awards.move(award, "recovered", by=office.person("ecology"), now=LATER)
    awards.move(award, "recovered", by=office.person("ndrc"), now=LATER)
    assert money(office) == (10**6, 0, 10**6, 0)


def test_an_award_beyond_the_budget_is_refused_and_stays_where_it_was(office: Office) -> None:
    office.money(150_000)
    rule = office.rule()
    first, second = (office.apply(rule, office.firm(n)) for n in (1, 2))
    office.step(first, "check", "approve")
    office.step(second, "check")
    assert refusal(lambda: office.step(second, "approve")) == "budget_short"
    second.record.refresh_from_db()
    assert second.record.state == "checked"
    assert money(office) == (150_000, 100_500, 49_500, 0)
    office.money(100_000)  # the same step works once there is money
    assert office.step(second, "approve").record.state == "approved"
    assert money(office) == (250_000, 201_000, 49_000, 0)


def test_the_yearly_cap_is_judged_again_at_approval(office: Office) -> None:
    office.money(10**6)
    rule = office.rule(RESULT | {"per_member_fen": 150_000})
    firm = office.firm()
    first = office.apply(rule, firm, subject="甲")
    second = office.apply(rule, firm, subject="乙")
    assert (first.fen, second.fen) == (100_500, 49_500)  # 1 500.00 a year less 1 005.00
    office.step(second, "check")
    office.step(first, "reject", reason="资料不实")
    assert office.step(second, "approve").fen == 100_500


def test_release_waits_for_the_last_day_of_objections(office: Office) -> None:
    office.money(10**6)
    award = office.step(office.apply(office.rule(), office.firm()), "check", "approve", "publish")
    for days in (0, 5):  # the 21st; the 26th, which is the last day
        assert (
            refusal(lambda days=days: office.step(award, "release", now=NOW + timedelta(days=days))) == "objection_open"
        )
    assert office.step(award, "release", now=NOW + timedelta(days=6)).record.state == "payable"


def test_an_objection_that_holds_frees_the_money(office: Office) -> None:
    office.money(10**6)
    award = office.step(office.apply(office.rule(), office.firm()), "check", "approve", "publish")
    with pytest.raises(TransitionError):
        office.step(award, "object")  # without a reason
    office.step(award, "object", reason="群众反映")
    with pytest.raises(TransitionError):
        office.step(award, "release", now=LATER)
    office.step(award, "uphold", reason="经核实不成立")
    office.step(award, "object", reason="再次反映")
    assert money(office)[1] == 100_500
    office.step(award, "reject", reason="经核实成立")
    assert money(office) == (10**6, 0, 10**6, 0)


def test_the_payment_file_has_a_line_an_award_and_nothing_that_runs(office: Office) -> None:
    office.money(10**6)
    rule = office.rule(title="=办法")
    wild = {"name": "=HYPERLINK(1)", "bank": "+银行", "account": "62284800"}
    chosen = [office.payable(office.apply(rule, office.firm(n), payee=payee)) for n, payee in ((1, PAYEE), (2, wild))]
    made = payments.draw(office.programme, chosen, by=office.person("ndrc"), now=LATER)
    content = payments.content(made)
    assert content.startswith(b"\xef\xbb\xbf")
    assert made.digest == hashlib.sha256(content).hexdigest()
    head, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert tuple(head) == payments.COLUMNS
    assert (made.fen, made.count) == (201_000, 2)
    by_name = {line[2]: line for line in lines}
    assert by_name["张三"][3:] == ["中国农业银行信阳分行", "\t6228480000000000018", "1005.00", "\t=办法"]
    assert by_name["\t=HYPERLINK(1)"][3:5] == ["\t+银行", "62284800"]
    assert {line[1] for line in lines} == {award.pk.hex for award in chosen}


def test_a_list_whose_lines_have_changed_is_not_paid(office: Office) -> None:
    office.money(10**6)
    award = office.payable(office.apply(office.rule(), office.firm()))
    made = payments.draw(office.programme, [award], by=office.person("ndrc"), now=LATER)
    from dafeng.kernel import sealing

    AwardPayee.objects.filter(award=award).update(
        sealed=sealing.seal(awards.PAYEE, PAYEE | {"account": "6228489999999999999"})
    )
    approve = {"by": office.person("ndrc", 2), "now": LATER}
    assert refusal(lambda: payments.move(made, "approve", **approve)) == "payment_changed"
    AwardPayee.objects.filter(award=award).delete()
    assert refusal(lambda: payments.move(made, "approve", **approve)) == "payee_gone"
    assert money(office) == (10**6, 100_500, 899_500, 0)
    payments.move(made, "drop", by=office.person("ndrc", 2), now=LATER, reason="收款信息有变")
    award.refresh_from_db()
    assert award.payment is None
    assert award.record.state == "payable"


def test_an_award_is_on_one_list_only(office: Office) -> None:
    office.money(10**6)
    award = office.payable(office.apply(office.rule(), office.firm()))
    other = office.apply(office.rule(code="other"), office.firm(2))
    draw = {"by": office.person("ndrc"), "now": LATER}
    payments.draw(office.programme, [award], **draw)
    assert refusal(lambda: payments.draw(office.programme, [award], **draw)) == "not_payable"
    assert refusal(lambda: payments.draw(office.programme, [other], **draw)) == "not_payable"
    assert refusal(lambda: payments.draw(office.programme, [], **draw)) == "nothing_to_pay"


def test_money_that_comes_back_is_the_appropriation_that_it_came_from(office: Office) -> None:
    # 2025: 1 500.00; 2026: 2 000.00. A takes 1 005.00 of 2025; B 495.00 of 2025 and 510.00 of 2026.
    office.money(150_000, year=2025)
    office.money(200_000, year=2026)
    rule, firm = office.rule(), office.firm()
    first, second = (office.payable(office.apply(rule, firm, subject=subject)) for subject in "甲乙")
    office.pay(first, second)
    old, new = (lot.lot for lot in ledger.balance(moneys.treasury(office.programme.pk), "cny").lots)
    assert moneys.lots_of(first) == {old: 100_500}
    assert moneys.lots_of(second) == {old: 49_500, new: 51_000}
    office.step(second, "recover", "recovered", now=LATER, reason="数据不实")
    back = {lot.lot: lot.total for lot in ledger.balance(office.budget.account, "cny").lots}
    assert back == {old: 49_500, new: 200_000}
    assert money(office) == (350_000, 0, 249_500, 100_500)
    assert ledger.audit().ok


def test_nothing_is_claimed_back_before_it_was_paid_out(office: Office) -> None:
    office.money(10**6)
    award = office.payable(office.apply(office.rule(), office.firm()))
    office.pay(award, settle=False)
    assert refusal(lambda: office.step(award, "recover", now=LATER, reason="查")) == "payment_open"


def test_sending_twice_applies_once(office: Office) -> None:
    rule, firm = office.rule(), office.firm()
    first = office.apply(rule, firm, request="form-1")
    assert office.apply(rule, firm, GOOD | {"mass": "99"}, request="form-1") == first
    assert Award.objects.count() == 1
    assert refusal(lambda: office.apply(rule, office.firm(2), request="form-1")) == "number_reused"


def test_one_thing_is_applied_for_once_and_again_only_when_it_came_to_nothing(office: Office) -> None:
    office.money(10**6)
    rule, firm = office.rule(), office.firm()
    first = office.apply(rule, firm)
    assert refusal(lambda: office.apply(rule, firm)) == "already_applied"
    office.step(first, "reject", reason="缺材料")
    second = office.apply(rule, firm)
    awards.move(second, "withdraw", by=office.owner(firm), now=NOW)
    assert not AwardPayee.objects.exists()  # what came to nothing needs no account to pay to
    third = office.payable(office.apply(rule, firm))
    office.pay(third)
    office.step(third, "recover", "recovered", now=LATER, reason="数据不实")
    assert refusal(lambda: office.apply(rule, firm)) == "already_applied"


@pytest.mark.parametrize("teller", ["first", "second"])
def test_rules_that_exclude_each_other_pay_one_thing_once(office: Office, teller: str) -> None:
    excluding = {"exclusive_with": ["recycling" if teller == "second" else "other"]}
    first = office.rule(RESULT | (excluding if teller == "first" else {}))
    second = office.rule(RESULT | (excluding if teller == "second" else {}), code="other")
    firm = office.firm()
    office.apply(first, firm)
    assert refusal(lambda: office.apply(second, firm)) == "rewarded_elsewhere"
    assert office.apply(second, firm, subject="另一项目").record.state == "submitted"


def test_what_fails_the_conditions_is_rejected_at_once_and_says_why(office: Office) -> None:
    award = office.apply(office.rule(), office.firm(), GOOD | {"site": "外地"})
    assert award.record.state == "rejected"
    assert "项目在本市" in award.record.moves.get(action="reject").reason
    assert award.checked["lines"][0][0] is False


def test_who_may_not_apply_is_refused(office: Office) -> None:
    title = office.rule(TITLE, code="title")
    assert refusal(lambda: office.apply(title, office.member())) == "not_eligible"
    early = office.rule(code="early", valid_from=date(2027, 1, 1))
    over = office.rule(code="over", valid_to=date(2026, 11, 21))
    for rule in (early, over):
        assert refusal(lambda rule=rule: office.apply(rule, office.firm())) == "rule_not_in_force"
    firm = office.firm(3)
    firm.suspended_at = NOW
    firm.save()
    assert refusal(lambda: office.apply(title, firm)) == "account_suspended"


def test_a_rule_without_what_it_needs_cannot_be_drafted(office: Office) -> None:
    wrong: list[dict[str, Any]] = [
        {"kind": "gift"}, {"beneficiaries": []}, {"basis": []}, {"budget": "none"}, {"amount": {}},
        {"amount": {"fixed_fen": 0}}, {"amount": {"fixed_fen": 1.5}}, {"amount": {"fixed_fen": 1, "fen_per_unit": 1}},
        {"amount": {"fen_per_unit": 1, "measure": "site", "unit": "t"}},
        {"conditions": [{"field": "none", "op": "=", "value": 1, "why": "x"}]},
    ]  # fmt: skip
    for part in wrong:
        with pytest.raises(InclusionError):
            rules.validated(RESULT | part)


def test_a_new_number_ends_the_former_on_the_day_it_begins(office: Office) -> None:
    former = office.rule()
    new = office.rule(RESULT | {"objection_days": 7}, valid_from=date(2027, 1, 1))
    former.refresh_from_db()
    assert (former.number, new.number, former.valid_to) == (1, 2, date(2027, 1, 1))
    assert [each.number for each in rules.in_force(office.programme, date(2026, 12, 31))] == [1]
    assert [each.number for each in rules.in_force(office.programme, date(2027, 1, 1))] == [2]


def test_a_returned_application_is_mended_and_worked_out_anew(office: Office) -> None:
    award = office.apply(office.rule(), office.firm())
    office.step(award, "return", reason="请补结算单")
    awards.resubmit(award, GOOD | {"mass": "60"}, by=office.owner(award.member), now=NOW)
    assert (award.record.state, award.fen) == ("submitted", 50_000)  # (60 − 10) × 10.00


# ---------------------------------------------------------------- trips


def test_trips_are_counted_by_the_platform_and_each_once(office: Office) -> None:
    rule, member = office.rule(TRIPS, code="trips"), office.member()
    assert refusal(lambda: office.apply(rule, member, {})) == "nothing_to_reward"
    good = [office.trip(member) for _ in range(3)]
    office.trip(member, benefit="points", state=1, reason="", points=3)  # paid with points
    office.trip(member, reason="trip_overlaps")  # the same trip, seen by another scene
    office.trip(member, score=90)  # suspicious
    office.trip(member, grams=0)
    office.trip(office.member(2))
    award = office.apply(rule, member, {"trips": "1000"})  # what the form says does not count
    assert award.data == {"trips": "3", "kg": "0.750"}
    assert award.fen == 150  # three at 0.50 yuan
    assert sorted(RewardUse.objects.values_list("event", flat=True)) == sorted(each.pk for each in good)
    assert refusal(lambda: office.apply(rule, member, {}, subject="再来一次")) == "nothing_to_reward"
    office.step(award, "reject", reason="误报")
    assert office.apply(rule, member, {}).fen == 150  # free again


def test_a_choice_holds_from_its_moment_on(office: Office) -> None:
    import polars as pl

    rule, member = office.rule(TRIPS, code="trips"), office.member()
    other = office.member(2)
    choices.choose(member, "travel", money=True, now=NOW)
    choices.choose(member, "travel", money=True, now=NOW + timedelta(minutes=1))
    choices.choose(member, "travel", money=False, now=NOW + timedelta(hours=2))
    office.scene("bus")
    office.scene("recycling", "recycling")
    at = {"before": -60, "first": 0, "during": 3600, "after": 7200}
    rows = [
        (n, who.pk, int(NOW.timestamp()) + at[when], date(2026, 11, 21), method)
        for n, (who, when, method) in enumerate(
            [
                (member, "before", "bus"), (member, "first", "bus"), (member, "during", "bus"), (member, "after", "bus"),
                (member, "during", "recycling"), (other, "during", "bus"),
            ]
        )
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["id", "member", "start", "day", "methodology"], orient="row")
    assert choices.paid_in_money(frame) == [1, 2]
    rules.move(rule, "end", by=office.person("ecology"), now=NOW, reason="期满")
    assert choices.paid_in_money(frame) == []  # without a rule nobody would pay: points again


# ---------------------------------------------------------------- what is kept of people


def test_accounts_to_pay_to_go_some_time_after_the_treasury_paid(office: Office) -> None:
    office.money(10**6)
    paid = office.payable(office.apply(office.rule(), office.firm()))
    office.pay(paid)
    waiting = office.apply(office.rule(code="other"), office.firm(2))
    assert retention.clear(now=LATER + timedelta(days=180)) == 0
    assert retention.clear(now=LATER + timedelta(days=180, seconds=1)) == 1
    assert [payee.award for payee in AwardPayee.objects.all()] == [waiting]


def test_leaving_withdraws_what_is_undecided_and_waits_for_money_under_way(office: Office) -> None:
    office.money(10**6)
    member = office.member()
    rule, other, third = office.rule(), office.rule(code="other"), office.rule(code="third")
    paid = office.apply(rule, member)
    office.step(paid, "check", "approve")
    assert refusal(lambda: leaving.erase(member, now=NOW)) == "money_open"
    office.step(paid, "publish")
    office.step(paid, "release", now=NOW + timedelta(days=6))
    office.pay(paid)
    choices.choose(member, "travel", money=True, now=NOW)
    sent, seen = office.apply(other, member), office.apply(third, member)
    office.step(seen, "check")
    leaving.erase(member, now=LATER)
    states = {award.rule.code: award.record.state for award in Award.objects.select_related("record", "rule")}
    assert states == {"recycling": "paid", "other": "withdrawn", "third": "rejected"}
    assert not AwardPayee.objects.exists()
    assert not member.reward_choices.exists()
    assert set(Award.objects.values_list("public_name", flat=True)) == {"**"}
    assert sent.pk
    assert ledger.audit().ok
