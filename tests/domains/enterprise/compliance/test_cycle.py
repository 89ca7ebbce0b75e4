"""The use-cases on the ledger: allocation, trade, surrender, offsets, carry-over; what is refused, by reason, and kept in the audit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from dafeng.domains.enterprise.compliance import allocations, carrying, holdings, owing, signing, surrendering, trading
from dafeng.domains.enterprise.compliance.publishing import ALLOWANCE, SURRENDERED
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Allocation, CarbonTrade, CcerBatch, Surrender
from dafeng.kernel.errors import PermissionDenied, StaleError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records.models import AuditEntry
from tests.domains.enterprise.compliance.conftest import COAL, NOW

pytestmark = pytest.mark.django_db


def refused(reason: str, call, /, *args, **named) -> None:
    with pytest.raises(Refused) as caught:
        call(*args, **named)
    assert caught.value.code == reason


def total(firm) -> int:
    return sum(each.total for each in holdings.of(firm) if each.asset == "CEA")


def trade(seller, buyer, vintage: int, tonnes: int, key: str, **named):
    words = {"price": Decimal("42.85"), "way": "listing", "day": date(2021, 12, 10), "by": None, "now": NOW} | named
    return trading.register_trade(seller=seller, buyer=buyer, vintage=vintage, tonnes=tonnes, key=key, **words)


def test_pre_allocation_is_seventy_percent_and_the_final_stage_tops_up(covered, bureau):
    base = COAL | {"output": 800_000}  # the base year
    first = allocations.allocate_firm(covered, 2019, "pre", [base], by=bureau, now=NOW)
    assert (first.tonnes, first.issued) == (548_240, 548_240)  # 800,000 × 0.979 × 0.70
    final = allocations.allocate_firm(covered, 2019, "final", [COAL], by=bureau, now=NOW)
    assert (final.tonnes, final.issued) == (979_000, 430_760)
    assert total(covered) == 979_000
    refused("already_final", allocations.allocate_firm, covered, 2019, "pre", [base], by=bureau, now=NOW)


def test_a_final_quota_below_the_pre_allocation_takes_the_rest_back(covered, bureau):
    allocations.allocate_firm(covered, 2019, "pre", [COAL], by=bureau, now=NOW)  # 685,300
    final = allocations.allocate_firm(covered, 2019, "final", [COAL | {"output": 500_000}], by=bureau, now=NOW)
    assert (final.tonnes, final.issued, total(covered)) == (489_500, -195_800, 489_500)


def test_what_was_sold_cannot_be_taken_back_and_nothing_is_half_done(covered, bureau):
    allocations.allocate_firm(covered, 2019, "pre", [COAL], by=bureau, now=NOW)
    trading.move(covered, "CEA", "trading", 600_000, key="a", by=bureau, now=NOW)
    trade(covered, None, 2019, 600_000, "x1")
    refused("insufficient", allocations.allocate_firm, covered, 2019, "final", [COAL | {"output": 500_000}], by=bureau, now=NOW)  # fmt: skip
    assert not Allocation.objects.filter(stage="final").exists()
    assert total(covered) == 85_300
    kept = AuditEntry.objects.filter(action="enterprise.compliance.allocate.refused").get()
    assert kept.detail["reason"] == "insufficient"


def test_a_unit_on_an_unsigned_value_is_not_issued_until_the_bureau_signs(covered, bureau, clerk):
    refused("to_confirm", allocations.allocate_firm, covered, 2024, "final", [COAL], by=bureau, now=NOW)
    with pytest.raises(PermissionDenied):
        signing.sign("power-2024", "output-basis", source="x", by=clerk, now=NOW)
    refused("source_missing", signing.sign, "power-2024", "output-basis", source=" ", by=bureau, now=NOW)
    refused("nothing_to_sign", signing.sign, "power-2024", "coal_small.power", source="x", by=bureau, now=NOW)
    signing.sign("power-2024", "output-basis", source="方案原文第 3 条", by=bureau, now=NOW)
    made = allocations.allocate_firm(covered, 2024, "final", [COAL], by=bureau, now=NOW)
    assert (made.tonnes, made.signed) == (794_400, ["output-basis"])  # 1e6 × 0.7944
    signing.sign("power-2024", "output-basis", source="撤回", stands=False, by=bureau, now=NOW)
    refused("to_confirm", allocations.allocate_firm, covered, 2024, "final", [COAL], by=bureau, now=NOW)


def test_a_draft_never_serves_and_a_year_without_numbers_is_refused(covered, bureau):
    refused("no_rules_yet", allocations.allocate_firm, covered, 2025, "final", [COAL], by=bureau, now=NOW)
    refused("rule_set_not_in_force", allocations.allocate_firm, covered, 2025, "final", [COAL], rule_set="power-draft-2025", by=bureau, now=NOW)  # fmt: skip
    refused("rule_set_not_in_force", allocations.allocate_firm, covered, 2019, "final", [COAL], rule_set="guangdong-2021", by=bureau, now=NOW)  # fmt: skip
    refused("rule_set_other_year", allocations.allocate_firm, covered, 2019, "final", [COAL], rule_set="power-2020", by=bureau, now=NOW)  # fmt: skip


def test_a_firm_off_the_list_gets_nothing(firms, bureau):
    refused("not_covered", allocations.allocate_firm, firms["stranger"], 2019, "final", [COAL], by=bureau, now=NOW)


def test_the_duty_rests_on_the_locked_report(covered, bureau, lock):
    refused("report_not_locked", owing.register_duty, covered, 2019, by=bureau, now=NOW)
    allocations.allocate_firm(covered, 2019, "final", [COAL | {"output": 715_015.321}], by=bureau, now=NOW)
    lock(covered, 2019, 1_000_000)
    owed = owing.register_duty(covered, 2019, by=bureau, now=NOW)
    # 715,015.321 × 0.979 = 699,999.999259 → 699,999; cap = 699,999 + 20 % of 1,000,000
    assert (owed.free, owed.tonnes, owed.due) == (699_999, 899_999, date(2021, 12, 31))


def test_a_year_before_the_platform_rests_on_a_paper(covered, bureau, lock, paper):
    refused("source_missing", owing.register_duty, covered, 2020, told=Decimal(5), by=bureau, now=NOW)
    kept = paper("核查结论 1 号", date(2021, 5, 6))
    owed = owing.register_duty(covered, 2020, told=Decimal("123456.1"), paper=kept, by=bureau, now=NOW)
    assert (owed.emissions, owed.report, owed.paper) == (123_457, None, kept)
    assert owed.steps[0] == {"code": "told", "numbers": {}, "standing": "C", "source": "核查结论 1 号（2021-05-06）"}
    lock(covered, 2020, 100)
    refused("report_counts", owing.register_duty, covered, 2020, told=Decimal(5), paper=kept, by=bureau, now=NOW)


def test_surrender_takes_the_oldest_vintage_first_and_only_after_the_bureau_agrees(stocked, bureau, clerk, lock):
    allocations.allocate_firm(stocked, 2020, "final", [COAL], by=bureau, now=NOW)
    lock(stocked, 2020, 990_000)
    owing.register_duty(stocked, 2020, by=bureau, now=NOW)
    applied = surrendering.apply_surrender(stocked, 2020, 990_000, 0, key="k", by=clerk, now=NOW)
    assert applied.vintages == {"2019": 979_000, "2020": 11_000}
    assert total(stocked) == 1_958_000  # held, still there
    assert surrendering.apply_surrender(stocked, 2020, 990_000, 0, key="k", by=clerk, now=NOW).pk == applied.pk
    surrendering.decide_surrender(applied, grant=True, by=bureau, now=NOW)
    assert {each.vintage: each.total for each in holdings.of(stocked)} == {2020: 968_000}
    with pytest.raises(StaleError):
        surrendering.decide_surrender(applied, grant=False, reason="x", by=bureau, now=NOW)
    found = indicators.values([ALLOWANCE, SURRENDERED], subject=stocked.subject)
    told = {(row["indicator"], row["period"], row["key"]): row["value"] for row in found.to_dicts()}
    assert told[SURRENDERED, "2020", "asset=cea"] == 990_000
    assert told[ALLOWANCE, "2019", "stage=final"] == 979_000


def test_a_younger_vintage_does_not_serve_an_older_year(stocked, bureau, clerk):
    allocations.allocate_firm(stocked, 2020, "final", [COAL], by=bureau, now=NOW)
    refused("insufficient", surrendering.apply_surrender, stocked, 2019, 1_000_000, 0, key="k", by=clerk, now=NOW)


def test_an_application_sent_back_frees_the_units_and_needs_a_reason(stocked, bureau, clerk):
    applied = surrendering.apply_surrender(stocked, 2019, 500_000, 0, key="k", by=clerk, now=NOW)
    assert holdings.totals(holdings.of(stocked))["held"] == 500_000
    refused("reason_missing", surrendering.decide_surrender, applied, grant=False, by=bureau, now=NOW)
    surrendering.decide_surrender(applied, grant=False, reason="数量有误", by=bureau, now=NOW)
    assert holdings.totals(holdings.of(stocked))["held"] == 0
    assert Surrender.objects.get().state == "refused"


def test_who_applied_does_not_decide(stocked, bureau):
    applied = surrendering.apply_surrender(stocked, 2019, 1_000, 0, key="k", by=bureau, now=NOW)
    refused("same_person", surrendering.decide_surrender, applied, grant=True, by=bureau, now=NOW)


def test_more_than_is_owed_is_refused(stocked, clerk):
    refused("over_duty", surrendering.apply_surrender, stocked, 2019, 1_000_001, 0, key="k", by=clerk, now=NOW)
    refused("no_duty", surrendering.apply_surrender, stocked, 2021, 1, 0, key="k", by=clerk, now=NOW)
    refused("amount_bad", surrendering.apply_surrender, stocked, 2019, 0, 0, key="k", by=clerk, now=NOW)


def test_offsets_serve_up_to_five_percent_of_the_duty(offsets, bureau, clerk):
    refused("over_share", surrendering.apply_surrender, offsets, 2019, 900_000, 50_001, key="k", by=clerk, now=NOW)
    applied = surrendering.apply_surrender(offsets, 2019, 950_000, 50_000, key="k2", by=clerk, now=NOW)
    surrendering.decide_surrender(applied, grant=True, by=bureau, now=NOW)
    assert surrendering.surrendered(offsets, 2019) == (950_000, 50_000)
    assert sum(each.total for each in holdings.of(offsets) if each.asset == "CCER") == 10_000


@pytest.mark.parametrize(
    ("started", "reduced", "is_covered"),
    [(date(2012, 11, 8), date(2021, 1, 1), False), (date(2015, 1, 1), date(2020, 9, 22), False), (date(2015, 1, 1), date(2021, 1, 1), True)],
)  # fmt: skip
def test_reductions_that_are_too_old_or_covered_do_not_offset(stocked, bureau, clerk, started, reduced, is_covered):
    batch = CcerBatch(code="bad", project="不合格", started=started, reduced_from=reduced, reduced_to=date(2022, 12, 31), covered=is_covered, source="试验")  # fmt: skip
    trading.add_ccer(batch, 1_000, to=stocked, by=bureau, now=NOW)
    trading.move(stocked, "CCER", "registry", 1_000, key="m", by=None, now=NOW)
    applied = surrendering.apply_surrender(stocked, 2019, 0, 1_000, key="k", by=clerk, now=NOW)
    refused("label_forbidden", surrendering.decide_surrender, applied, grant=True, by=bureau, now=NOW)
    assert Surrender.objects.get().state == "applied"


def test_reductions_come_in_once(offsets, bureau):
    batch = CcerBatch.objects.get()
    refused("conflict", trading.add_ccer, batch, 60_001, to=offsets, by=bureau, now=NOW)


def test_a_trade_is_known_by_its_number(stocked, bureau):
    trading.move(stocked, "CEA", "trading", 10_000, key="a", by=bureau, now=NOW)
    first = trade(stocked, None, 2019, 4_000, "x1", by=bureau)
    assert trade(stocked, None, 2019, 4_000, "x1", by=bureau).pk == first.pk
    refused("conflict", trade, stocked, None, 2019, 5_000, "x1", by=bureau)
    refused("insufficient", trade, stocked, None, 2019, 6_001, "x2", by=bureau)
    refused("trade_with_self", trade, stocked, stocked, 2019, 1, "x3")
    refused("trade_without_city", trade, None, None, 2019, 1, "x4")
    refused("trade_in_future", trade, None, stocked, 2019, 1, "x5", day=NOW.date() + timedelta(days=2))
    assert CarbonTrade.objects.count() == 1


def test_carry_over_follows_the_formula(stocked, bureau, clerk):
    """Net sales 100,000 t: cap 160,000 t (facts/mrv/ets_rules.md, hand-checked)."""
    applied = surrendering.apply_surrender(stocked, 2019, 579_000, 0, key="k", by=clerk, now=NOW)
    surrendering.decide_surrender(applied, grant=True, by=bureau, now=NOW)  # 400,000 left
    trading.move(stocked, "CEA", "trading", 100_000, key="a", by=clerk, now=NOW)
    trade(stocked, None, 2019, 100_000, "x1", by=bureau)
    assert carrying.carry_cap(stocked) == {"net": 100_000, "held": 300_000, "cap": 160_000, "best": 56_000}
    refused("duty_open", carrying.carry_over, stocked, 160_000, key="c", by=clerk, now=NOW)  # 421,000 still owed
    trade(None, stocked, 2019, 421_000, "x2", by=bureau)
    trading.move(stocked, "CEA", "registry", 421_000, key="b", by=clerk, now=NOW)
    rest = surrendering.apply_surrender(stocked, 2019, 421_000, 0, key="k2", by=clerk, now=NOW)
    surrendering.decide_surrender(rest, grant=True, by=bureau, now=NOW)
    trading.move(stocked, "CEA", "trading", 1, key="d", by=clerk, now=NOW)
    # bought 421,000, sold 100,000: a net buyer carries over the base alone
    refused("over_cap", carrying.carry_over, stocked, 10_001, key="c2", by=clerk, now=NOW)
    carrying.carry_over(stocked, 10_000, key="c3", by=clerk, now=NOW)
    assert {each.vintage: each.total for each in holdings.of(stocked) if each.bucket == "registry"} == {2019: 289_999, 2025: 10_000}  # fmt: skip
    refused("over_cap", carrying.carry_over, stocked, 1, key="c4", by=clerk, now=NOW)
    refused("carry_over_late", carrying.carry_over, stocked, 1, key="c5", by=clerk, now=datetime(2026, 6, 11, 2, tzinfo=UTC))  # fmt: skip
    refused("lapse_early", carrying.lapse, stocked, by=bureau, now=NOW)
    assert carrying.lapse(stocked, by=bureau, now=datetime(2026, 6, 11, 2, tzinfo=UTC)) == 290_000
    assert total(stocked) == 10_000


def test_a_frozen_unit_does_not_move_and_only_the_court_thaws(stocked, bureau, clerk):
    trading.freeze(stocked, 979_000, bucket="registry", order="court-1", signer="court:xinyang", by=bureau, now=NOW)
    refused("insufficient", surrendering.apply_surrender, stocked, 2019, 1, 0, key="k", by=clerk, now=NOW)
    refused("wrong_signer", trading.thaw, stocked, order="court-1", signer="court:other", by=bureau, now=NOW)
    trading.thaw(stocked, order="court-1", signer="court:xinyang", by=bureau, now=NOW)
    assert surrendering.apply_surrender(stocked, 2019, 1, 0, key="k", by=clerk, now=NOW).state == "applied"


def test_voluntary_cancellation_is_for_good_and_serves_no_duty(stocked, clerk):
    trading.cancel(stocked, 2019, 1_000, key="c", by=clerk, now=NOW)
    assert total(stocked) == 978_000
    assert surrendering.surrendered(stocked, 2019) == (0, 0)
    assert ledger.city_total("CEA").cancelled == 1_000


def test_a_firm_acts_for_itself_only(stocked, firms, person):
    other = person("enterprise", "other", "stranger-people", "411522")
    with pytest.raises(PermissionDenied):
        trading.move(stocked, "CEA", "trading", 1, key="a", by=other, now=NOW)
    with pytest.raises(PermissionDenied):
        surrendering.apply_surrender(stocked, 2019, 1, 0, key="k", by=other, now=NOW)


def test_the_ledger_adds_up_after_all_of_it(offsets, bureau, clerk):
    trading.move(offsets, "CEA", "trading", 20_000, key="a", by=clerk, now=NOW)
    trade(offsets, None, 2019, 20_000, "x1", by=bureau)
    trade(None, offsets, 2019, 41_000, "x2", by=bureau)
    trading.move(offsets, "CEA", "registry", 41_000, key="b", by=clerk, now=NOW)
    applied = surrendering.apply_surrender(offsets, 2019, 950_000, 50_000, key="k", by=clerk, now=NOW)
    surrendering.decide_surrender(applied, grant=True, by=bureau, now=NOW)
    found = ledger.city_total("CEA")
    assert found.issued == 979_000 + 41_000 == found.in_accounts + found.retired
    assert ledger.audit().findings == []
