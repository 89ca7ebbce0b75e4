"""Whatever firms and the bureau do, in whatever order: units are conserved, offsets stay within 5 %, the old serve no new year."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dafeng.domains.enterprise.compliance import carrying, holdings, owing, surrendering, trading
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import CarbonTrade, Surrender
from dafeng.kernel.ledger import services as ledger
from tests.domains.enterprise.compliance.conftest import NOW

pytestmark = pytest.mark.django_db
NUMBERS = count()
amounts = st.sampled_from([1, 999, 50_000, 50_001, 400_000, 979_000, 10**7])
acts = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(["CEA", "CCER"]), st.sampled_from(["registry", "trading"]), amounts),
    st.tuples(st.just("sell"), amounts),
    st.tuples(st.just("buy"), st.sampled_from([2019, 2020]), amounts),
    st.tuples(st.just("apply"), st.sampled_from([2019, 2020]), amounts, st.sampled_from([0, 1, 50_000, 50_001])),
    st.tuples(st.just("decide"), st.booleans()),
    st.tuples(st.just("cancel"), st.sampled_from([2019, 2020]), amounts),
    st.tuples(st.just("carry"), amounts),
    st.tuples(st.just("freeze"), amounts),
)


def do(firm, bureau, act) -> None:
    name, *rest = act
    key = f"h{next(NUMBERS)}"
    if name == "move":
        trading.move(firm, *rest, key=key, by=None, now=NOW)
    elif name in ("sell", "buy"):
        vintage, tonnes = (2019, rest[0]) if name == "sell" else rest
        sides = {"seller": firm, "buyer": None} if name == "sell" else {"seller": None, "buyer": firm}
        trading.register_trade(**sides, vintage=vintage, tonnes=tonnes, price=Decimal("50"), way="listing", day=date(2021, 12, 1), key=key, by=None, now=NOW)  # fmt: skip
    elif name == "apply":
        surrendering.apply_surrender(firm, *rest, key=key, by=None, now=NOW)
    elif name == "decide":
        for applied in Surrender.objects.filter(state="applied")[:1]:
            surrendering.decide_surrender(applied, grant=rest[0], reason="x", by=bureau, now=NOW)
    elif name == "cancel":
        trading.cancel(firm, *rest, key=key, by=None, now=NOW)
    elif name == "carry":
        carrying.carry_over(firm, rest[0], key=key, by=None, now=NOW)
    else:
        trading.freeze(firm, rest[0], bucket="registry", order=key, signer="court:a", by=None, now=NOW)


def check(firm) -> None:
    for asset in holdings.ASSETS:
        found = ledger.city_total(asset)
        assert found.issued == found.in_accounts + found.retired + found.cancelled + found.expired
    for each in holdings.of(firm):
        assert 0 <= each.available <= each.total
    done = Surrender.objects.filter(state="done").aggregate(cea=Sum("tonnes"), ccer=Sum("ccer"))
    assert (done["cea"] or 0) == ledger.city_total("CEA").retired
    assert (done["ccer"] or 0) == ledger.city_total("CCER").retired <= 50_000  # 5 % of 1,000,000
    for year in (2019, 2020):
        owed = owing.duty_of(firm, year)
        assert sum(surrendering.surrendered(firm, year)) <= (owed.tonnes if owed else 0)
    for each in Surrender.objects.exclude(state="refused"):
        assert all(int(vintage) <= each.year for vintage in each.vintages)
    sold = CarbonTrade.objects.filter(seller=firm).aggregate(n=Sum("tonnes"))["n"] or 0
    bought = CarbonTrade.objects.filter(buyer=firm).aggregate(n=Sum("tonnes"))["n"] or 0
    cea = sum(each.total for each in holdings.of(firm) if each.asset == "CEA")
    total = ledger.city_total("CEA")
    assert cea == 979_000 + bought - sold - total.retired - total.cancelled  # carrying over changes no sum


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(acts, min_size=1, max_size=8))
def test_nothing_is_lost_and_nothing_appears(offsets, bureau, listed):
    """Examples go on where the one before stopped: one long history."""
    for act in listed:
        with suppress(Refused):
            do(offsets, bureau, act)
    check(offsets)
    assert ledger.audit().findings == []
