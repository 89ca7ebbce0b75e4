"""Reductions: brought together once, corrected, sold by two persons, retired with a certificate, claimed once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import certificates, neutrality, paperwork, purchases, rules, sales, sinks
from dafeng.domains.inclusion.models import Aggregate, Certificate, Event, Methodology, Purchase
from dafeng.kernel.errors import LedgerError, PermissionDenied
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs

from .conftest import NOW
from .test_orders import refused

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2026, 10, 10, 4, 0, tzinfo=UTC)


def pool() -> dict[str, int]:
    try:
        return {lot.lot: lot.total for lot in ledger.balance("pool:411500/main", "offset").lots}
    except LedgerError:
        return {}


def test_a_month_is_brought_together_once_and_goes_on_from_there(programme, member, spared) -> None:
    who = member()
    spared("bus", 300, OCTOBER, who)
    spared("bus", 200, datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC), who)  # still October in Xinyang
    spared("bus", 999, datetime(2026, 10, 31, 16, 0, tzinfo=UTC), who)  # November
    with pytest.raises(InclusionError, match="没有结束"):
        purchases.aggregate(programme, "2026-11", now=NOW)
    made = purchases.aggregate(programme, "2026-10", now=NOW)
    assert [(each.issued, each.events) for each in made] == [(500, 2)]
    assert purchases.aggregate(programme, "2026-10", now=NOW) == []
    spared("bus", 50, OCTOBER, who)  # came late
    assert [each.issued for each in purchases.aggregate(programme, "2026-10", now=NOW)] == [50]
    assert pool() == {"offset/bus/2026-10": 550}
    command = verbs.issue(
        key="again", actor="x", asset="offset", lot="offset/bus/2026-10", to="pool:411500/main", amount=1,
        claims=[("tCO2e", "offset/bus/2026-10", "2026-10", 549, 550)],
    )  # fmt: skip
    assert ledger.post([command], now=NOW)[0].answer == "claimed"
    assert ledger.audit().ok


def test_only_filed_or_trial_methodologies_count(programme, member, spared) -> None:
    event = spared("bus", 300, OCTOBER, member())
    record = event.version.record
    for state, issued in (("draft", 0), ("trial", 300)):
        type(record).objects.filter(pk=record.pk).update(state=state)
        made = purchases.aggregate(programme, "2026-10", now=NOW)
        assert sum(each.issued for each in made) == issued


def test_reversed_events_are_taken_out_and_what_is_sold_is_owed_to_the_next(programme, member, spared, person) -> None:
    who, firm = member(), member(kind="firm", organisation="mill")
    first, second = spared("bus", 300, OCTOBER, who), spared("bus", 200, OCTOBER, who)
    purchases.aggregate(programme, "2026-10", now=NOW)
    Event.objects.filter(pk=second.pk).update(state=Event.State.REVERSED)
    assert [(e.issued, e.corrected, e.owing) for e in purchases.aggregate(programme, "2026-10", now=NOW)] == [
        (0, 200, 0)
    ]
    assert pool() == {"offset/bus/2026-10": 300}
    move = verbs.transfer(key="sold", actor="x", asset="offset", source="pool:411500/main", to=firm.account, amount=250)
    assert ledger.post([move], now=NOW)[0].ok
    Event.objects.filter(pk=first.pk).update(state=Event.State.REVERSED)
    # 300 no longer stand; the pool has 50 of them, 250 are owed. Never below zero.
    assert [(e.corrected, e.owing) for e in purchases.aggregate(programme, "2026-10", now=NOW)] == [(50, 250)]
    assert purchases.aggregate(programme, "2026-10", now=NOW) == []
    spared("bus", 400, OCTOBER + timedelta(days=31), who)
    december = NOW + timedelta(days=12)
    made = purchases.aggregate(programme, "2026-11", now=december)
    assert [(e.month, e.issued, e.corrected, e.owing) for e in made] == [("2026-11", 400, 0, 0), ("2026-10", 0, 250, 0)]
    assert pool() == {"offset/bus/2026-11": 150}
    total = ledger.city_total("offset")
    assert (total.issued, total.cancelled, total.in_accounts) == (900, 500, 400)


def test_the_electricity_of_a_roof_is_claimed_and_cannot_be_a_certificate_too(programme, member, spared) -> None:
    one, other = member(), member()
    spared("rooftop-pv", 58_970, OCTOBER, one, {"own_use": 100.0, "meter": "4115-0001"})
    spared("rooftop-pv", 29_485, OCTOBER, other, {"own_use": 50.0})
    # A certificate was made of another roof's first 10 kWh before we came.
    taken = spared("rooftop-pv", 5_897, OCTOBER, one, {"own_use": 10.0, "meter": "4115 0002"})
    define = verbs.define_asset(key="gec", actor="x", asset="GEC", unit="kWh", scale=0, title="绿证", policy={"auto_open": True, "claim_required": True})  # fmt: skip
    lot = verbs.create_lot(
        key="geclot", actor="x", asset="GEC", lot="g", vintage=2026, source="g", serial_from=0, amount=1000
    )

    def certificate(key: str, device: str, upto: int) -> str:
        claim = ("electricity", purchases.device_subject(device), "2026-10", 0, upto)
        issue = verbs.issue(key=key, actor="x", asset="GEC", lot="g", to="firm:pv/main", amount=1, claims=[claim])
        return ledger.post([define, lot, issue], now=NOW)[-1].answer

    assert certificate("c1", "4115 0002", 10_000) == "ok"
    made = purchases.aggregate(programme, "2026-10", now=NOW)
    assert [(e.issued, e.taken) for e in made] == [(58_970 + 29_485, 5_897)]
    assert certificate("c2", "4115-0001", 1_000) == "claimed"
    # The same for who has no device named: the member's own name.
    assert ledger.post([verbs.issue(key="c3", actor="x", asset="GEC", lot="g", to="firm:pv/main", amount=1, claims=[("electricity", f"person:{other.pseudonym}", "2026-10", 49_999, 50_000)])], now=NOW)[0].answer == "claimed"  # fmt: skip
    assert purchases.aggregate(programme, "2026-10", now=NOW) == []
    assert taken.grams == 5_897


def test_many_claims_are_spread_over_commands(programme, member, spared, monkeypatch) -> None:
    monkeypatch.setitem(rules.all_rules()["aggregate"], "claims", 2)
    who = member()
    for number in range(5):
        spared("rooftop-pv", 101, OCTOBER, who, {"own_use": 1.0, "meter": f"m{number}"})
    assert [each.issued for each in purchases.aggregate(programme, "2026-10", now=NOW)] == [505]
    assert pool() == {"offset/rooftop-pv/2026-10": 505}
    # 5 claims, 2 a command: 3 issues of 169, 168, 168
    assert [b.upper - b.lower for b in ledger.serials("offset", "offset/rooftop-pv/2026-10") if b.account.startswith("pool")] == [505]  # fmt: skip


@pytest.fixture
def trade(programme, member, spared, person):
    """A pool of two tonnes, a firm with its person, an operator, and an office."""
    spared("bus", 2_000_000, OCTOBER, member())
    purchases.aggregate(programme, "2026-10", now=NOW)
    firm = member(kind="firm", organisation="mill")
    return firm, person("enterprise", "mill"), person("operator"), person("ecology")


def bought(trade, grams: int = 1_500_000) -> Purchase:
    firm, boss, operator, office = trade
    made = sales.request(firm, grams, "年会碳中和", by=boss, now=NOW)
    sales.offer(made, price=6_000, valid_until=NOW + timedelta(days=7), by=operator, now=NOW)
    sales.accept(made, by=boss, now=NOW)
    sales.pay(made, reference="回单 20261121-1", by=operator, now=NOW)
    return sales.deliver(made, by=office, now=NOW)


def test_a_purchase_takes_two_persons_and_holds_the_units(trade, programme) -> None:
    firm, boss, operator, office = trade
    made = sales.request(firm, 1_500_000, "年会", by=boss, now=NOW)
    sales.offer(made, price=6_001, valid_until=NOW + timedelta(days=7), by=operator, now=NOW)
    # 1.5 t at 60.01 yuan: 90.015 yuan, half a fen up
    assert (made.total, sales.for_sale(programme)) == (9_002, 500_000)
    second = sales.request(firm, 600_000, "再买", by=boss, now=NOW)
    with refused("reductions_short"):
        sales.offer(second, price=6_000, valid_until=NOW + timedelta(days=7), by=operator, now=NOW)
    with refused("offer_expired"):
        sales.accept(made, by=boss, now=NOW + timedelta(days=8))
    sales.accept(made, by=boss, now=NOW)
    sales.pay(made, reference="回单 1", by=operator, now=NOW)
    with pytest.raises(PermissionDenied, match="另一人"):
        sales.deliver(made, by=operator, now=NOW)
    with pytest.raises(PermissionDenied):
        sales.deliver(made, by=boss, now=NOW)
    sales.deliver(made, by=office, now=NOW)
    assert (sales.held(firm), sales.for_sale(programme)) == (1_500_000, 500_000)
    third = sales.request(firm, 400_000, "不买了", by=boss, now=NOW)
    sales.offer(third, price=6_000, valid_until=NOW + timedelta(days=7), by=operator, now=NOW)
    sales.end(third, "end", by=boss, now=NOW, reason="预算调整")
    assert sales.for_sale(programme) == 500_000
    assert ledger.audit().ok


def test_a_certificate_names_serials_and_can_be_checked(trade) -> None:
    firm, boss, _operator, _office = trade
    bought(trade)
    made = certificates.retire(firm, 1_200_000, beneficiary="示例企业", period="2026 年度", key="k", by=boss, now=NOW)
    assert made.number == "XTT-411500-2026-000001"
    assert made.content["serials"] == {"offset/bus/2026-10": [[0, 1_200_000]]}
    assert certificates.checks(made) == {"content": True, "ledger": True, "serials": True}
    assert certificates.retire(firm, 1_200_000, beneficiary="x", period="y", key="k", by=boss, now=NOW).pk == made.pk
    with refused("key_reused"):
        certificates.retire(firm, 1, beneficiary="x", period="y", key="k", by=boss, now=NOW)
    with refused("reductions_short"):
        certificates.retire(firm, 300_001, beneficiary="x", period="y", key="k2", by=boss, now=NOW)
    made.content["grams"] = 9
    assert certificates.checks(made)["content"] is False
    assert Certificate.objects.count() == 1


EVENT = {
    "title": "茶文化节", "organiser": "示例企业", "venue": "浉河区", "starts_on": date(2026, 11, 1), "ends_on": date(2026, 11, 30),
    "people": 800, "plan": "优先公交，剩余部分注销减排量。", "assessor": "",
}  # fmt: skip


def row(factor: str, amount: str, own: str | None = None) -> dict:
    return {
        "factor": factor, "amount": Decimal(amount), "note": "", "own_factor": Decimal(own) if own else None,
        "own_source": "主办方实测" if own else "",
    }  # fmt: skip


def test_an_event_becomes_neutral(trade) -> None:
    firm, boss, operator, _office = trade
    with refused("event_too_small"):
        neutrality.draft(firm, EVENT | {"people": 49}, [], by=boss, now=NOW)
    event = neutrality.draft(firm, EVENT, [row("grid", "1000"), row("stay", "10")], by=boss, now=NOW)
    # 1000 kWh × 589.7 g; hotel nights are a gap
    assert neutrality.footprint(event) == (589_700, 1)
    with refused("footprint_gap"):
        neutrality.submit(event, by=boss, now=NOW)
    neutrality.amend(event, EVENT, [], by=boss, now=NOW)
    with refused("footprint_empty"):
        neutrality.submit(event, by=boss, now=NOW)
    neutrality.amend(event, EVENT | {"people": 1000}, [row("grid", "1000")], by=boss, now=NOW)
    with refused("assessor_missing"):
        neutrality.submit(event, by=boss, now=NOW)
    # 589.7 kg + 10 nights × 12.3456785 kg of the organiser's own = 123.456785 kg
    neutrality.amend(event, EVENT, [row("grid", "1000"), row("stay", "10", "12.345679")], by=boss, now=NOW)
    neutrality.submit(event, by=boss, now=NOW)
    assert event.grams == 589_700 + 123_457
    neutrality.decide(event, "register", by=operator, now=NOW)
    with refused("offset_less"):
        neutrality.offset(event, key="k", by=boss, now=NOW)
    bought(trade)
    made = neutrality.offset(event, key="k", by=boss, now=NOW)
    assert neutrality.offset(event, key="another", by=boss, now=NOW).pk == made.pk
    event.record.refresh_from_db()
    assert (event.record.state, sales.held(firm)) == ("neutral", 1_500_000 - 713_157)
    assert neutrality.deadline(event) == date(2027, 2, 28)  # three months after 30 November
    assert made.content["event"] == "茶文化节"
    assert ledger.city_total("offset").retired == 713_157


def test_event_factors_are_those_of_the_inventory(trade) -> None:
    from dafeng.domains.inventory import library

    table = {each["factor_id"]: each for each in library.factors().iter_rows(named=True)}
    scale = {"kg CO2/kWh": 1000, "t CO2/GJ": 1_000_000, "t CO2/t": 1000, "t CO2/1e4m3": 100}
    linked = [each for each in rules.event_factors().values() if "same_as" in each]
    assert len(linked) == 5
    for each in linked:
        there = table[each["same_as"]]
        assert float(each["grams"]) == pytest.approx(there["value"] * scale[there["unit"]], rel=1e-12)
        assert each["standing"] == there["standing"]


def test_a_measured_sink_is_issued_by_a_second_person_and_once(programme, person) -> None:
    Methodology.objects.create(code="tea-sink", title="茶园碳汇", group="sink")
    operator, office = person("operator"), person("ecology")
    values = {"kind": "tea", "project": "浉河茶园一号", "from_on": date(2023, 11, 1), "to_on": date(2026, 10, 31), "uncertainty": Decimal("0.15")}  # fmt: skip
    stand = {"area": 10.0, "before": 20.0, "now": 26.0, "carbon_fraction": 0.5, "carbon_fraction_source": "示例实测"}
    made = sinks.propose(programme, values, [stand], by=operator, now=NOW)
    # 10 ha × (26 − 20) t × 0.5 t C/t × 44/12 = 110 t CO2, less 6 % for an uncertainty between 10 and 20 %
    assert made.grams == 103_400_000
    with pytest.raises(PermissionDenied, match="另一人"):
        sinks.decide(made, "approve", by=operator, now=NOW)
    sinks.decide(made, "approve", by=office, now=NOW)
    assert sum(pool().values()) == 103_400_000
    again = sinks.propose(programme, values | {"from_on": date(2026, 1, 1)}, [stand], by=operator, now=NOW)
    with refused("claim_taken"):
        sinks.decide(again, "approve", by=office, now=NOW)
    assert Aggregate.objects.filter(source="sink").count() == 1


@pytest.mark.fonts
def test_the_papers_are_made(trade, settings) -> None:
    settings.SITE_ADDRESS = "https://example.com"
    firm, boss, _operator, _office = trade
    bought(trade)
    made = certificates.retire(firm, 1_000_000, beneficiary="示例企业", period="2026 年度", key="k", by=boss, now=NOW)
    assert certificates.address_of(made) == "https://example.com/inclusion/certificates/XTT-411500-2026-000001/"
    paper = paperwork.certificate_pdf(made)
    assert paper.startswith(b"%PDF")
    assert paper == paperwork.certificate_pdf(made)
    assert bookkeeping.OFFSET == "offset"
