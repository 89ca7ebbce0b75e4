"""Month by month: hand-made entries against hand arithmetic, then the page and the API on a real ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from dafeng.domains.enterprise.compliance import allocations, exposures, trading
from dafeng.domains.enterprise.compliance.methods.exposure import month_ends
from tests.domains.enterprise.compliance.conftest import COAL, NOW

MONTHS = ["2025-01", "2025-02", "2025-03"]


def rows(**told):
    given = {"told": {"2025-01": 100.0, "2025-02": 140.0}, "held": {"2025-02": 900, "2025-03": 900}, "surrendered": {}, "prices": {"2025-03": Decimal("70")}}  # fmt: skip
    return month_ends(2025, MONTHS, **(given | told))


def test_the_year_is_expected_by_the_mean_of_the_told_months():
    first, second, third = rows()
    assert (first.emitted, first.expected, first.missing) == (100.0, 1200.0, ())  # 100 × 12
    assert (second.emitted, second.expected, second.net) == (240.0, 1440.0, -540.0)  # 240 ÷ 2 × 12; 900 − 1440
    assert (third.emitted, third.expected, third.missing) == (240.0, 1440.0, ("2025-03",))
    assert second.cost is None  # no close yet
    assert third.cost == 540 * Decimal("70")


def test_what_is_told_for_the_year_is_expected_at_once_and_emitted_at_its_end():
    whole = {f"2025-{month:02d}": 10.0 for month in range(1, 13)}
    made = month_ends(2025, sorted(whole), told=whole, annual=7.0, held={}, surrendered={}, prices={})
    assert {each.expected for each in made} == {127.0}
    assert (made[10].emitted, made[11].emitted) == (110.0, 127.0)


def test_the_verified_number_counts_from_its_month_on():
    made = rows(verified=("2025-03", 1500.0), surrendered={"2025-03": 600})
    assert [each.verified for each in made] == [False, False, True]
    assert (made[2].expected, made[2].net, made[2].cost) == (1500.0, 0.0, Decimal(0))  # 900 + 600 − 1500


def test_nothing_told_is_not_nothing_emitted():
    made = rows(told={})
    assert {(each.emitted, each.expected, each.net, each.cost) for each in made} == {(None, None, None, None)}


@pytest.mark.django_db
def test_only_vintages_that_serve_the_year_count(covered, bureau):
    allocations.allocate_firm(covered, 2019, "final", [COAL], by=bureau, now=NOW)
    trading.register_trade(seller=None, buyer=covered, vintage=2025, tonnes=500, price=Decimal("60"), way="listing", day=NOW.date(), key="t", by=bureau, now=NOW)  # fmt: skip
    later = datetime(2026, 8, 1, tzinfo=UTC)
    found = {each.month: each for each in exposures.of(covered, 2025, now=later)}
    assert next(iter(found)) == "2025-01"
    assert list(found)[-1] == "2026-08"
    assert (found["2026-04"].held, found["2026-05"].held) == (0, 500)  # 979,000 t of 2019 do not serve 2025
    assert found["2026-08"].price == Decimal("74.63")  # the last close there is, 2025-12-31 (facts/mrv/ets_trading.md)


@pytest.mark.django_db
def test_the_verified_number_is_on_page_and_api(covered, lock, clerk, person):
    lock(covered, 2025, 500_000)  # locked in May 2026
    office = Client()
    office.force_login(clerk)
    page = office.get("/enterprise/compliance/firms/plant/exposure/?year=2025")
    assert page.status_code == 200
    assert "500,000" in page.content.decode()
    rows = {row["month"]: row for row in office.get("/api/enterprise/compliance/firms/plant/exposure?compliance_year=2025").json()}  # fmt: skip
    assert (rows["2026-04"]["expected"], rows["2026-05"]["expected"], rows["2026-05"]["verified"]) == (None, 500_000, True)  # fmt: skip
    assert rows["2026-05"]["net"] == -500_000
    assert Decimal(rows["2026-05"]["cost"]) == 500_000 * Decimal("74.63")
    assert office.get("/api/enterprise/compliance/firms/plant/exposure?compliance_year=1990").status_code == 422
    other = Client()
    other.force_login(person("enterprise", "other", "stranger-people", "411522"))
    assert other.get("/enterprise/compliance/firms/plant/exposure/").status_code == 404
