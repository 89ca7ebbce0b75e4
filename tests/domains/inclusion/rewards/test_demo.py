"""The demonstration: four awards in four states, made once, each marked as made up."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from dafeng import cities
from dafeng.domains.inclusion import services
from dafeng.domains.inclusion.members.demo import ensure_demo as ensure_members
from dafeng.domains.inclusion.models import Award, RewardRule
from dafeng.domains.inclusion.rewards import budgets
from dafeng.domains.inclusion.rewards.demo import CODE, ensure_demo
from dafeng.kernel.ledger import services as ledger
from dafeng.portal.accounts.services import ensure_demo as ensure_people
from tests.domains.inclusion.rewards.conftest import NOW


def test_the_demo_is_made_once_and_marked(db: None, django_assert_max_num_queries: Any) -> None:
    pack = cities.load_pack("xinyang")
    ensure_people(pack.organisations, pack.demo_users)
    programme = services.ensure_programme(
        "411500", "信阳市", "Xinyang", counties=pack.counties, now=NOW - timedelta(days=130)
    )
    ensure_members(programme, now=NOW)
    with django_assert_max_num_queries(700):
        ensure_demo(programme, now=NOW)
    ensure_demo(programme, now=NOW + timedelta(days=1))
    states = Counter(Award.objects.values_list("record__state", flat=True))
    assert states == {"submitted": 1, "published": 1, "payable": 1, "paid": 1}
    assert all("演示" in rule.title and rule.demo for rule in RewardRule.objects.all())
    assert all("演示" in award.subject for award in Award.objects.all())
    budget = budgets.Budget.objects.get(code=CODE)
    # 500 000.00 given; held: 100 000.00 and (110.5 − 10) × 10.00 × 1.10 = 1 105.50; as much again is paid
    state = budgets.state_of(budget)
    assert (state.appropriated, state.held, state.paid) == (50_000_000, 10_110_550, 110_550)
    assert ledger.audit().ok
