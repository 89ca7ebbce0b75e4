"""Places in the navigation, the pages of the room's records, and rules in the search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.models import RewardRule
from dafeng.kernel.desk.registry import Entry, Hit, Rows, register_entry, register_page, register_search
from dafeng.kernel.records.models import Record

PLACES = (
    (gettext_lazy("奖励办法与公示"), "rewards", permissions.SEE_REWARDS, 70),
    (gettext_lazy("我的奖励"), "my-rewards", permissions.CHECK_IN, 71),
    (gettext_lazy("我的奖励"), "my-rewards", permissions.OWN_FIRM, 72),
    (gettext_lazy("奖励办理"), "reward-desk", permissions.SEE_BUDGET, 73),
    (gettext_lazy("奖励资金"), "reward-budgets", permissions.SEE_BUDGET, 74),
    (gettext_lazy("拨付清单"), "reward-payments", permissions.SEE_BUDGET, 75),
)


def _search(user: Any, text: str, limit: int) -> Iterator[Rows]:
    yield Rows(
        RewardRule.objects.filter(record__state="in_force", title__icontains=text),
        ("code", "number", "title"),
        lambda row: Hit(
            row["title"],
            _("奖励办法"),
            reverse("inclusion:reward-rule", kwargs={"code": row["code"], "number": row["number"]}),
            _("信碳通"),
        ),
    )


def register() -> None:
    for title, name, wanted, order in PLACES:
        register_entry(Entry("inclusion", title, lambda name=name: reverse(f"inclusion:{name}"), wanted, order))  # type: ignore[misc]
    register_search(_search)
    register_page("reward.award", _page_of_award)
    register_page("reward.rule", _page_of_rule)
    register_page("reward.payment", _page_of_payment)
    register_page("reward.appropriation", _page_of_appropriation)


def _page_of_award(record: Record) -> str:
    return reverse("inclusion:award", kwargs={"id": record.inclusion_award.pk})


def _page_of_rule(record: Record) -> str:
    rule = record.inclusion_reward_rule
    return reverse("inclusion:reward-rule", kwargs={"code": rule.code, "number": rule.number})


def _page_of_payment(record: Record) -> str:
    return reverse("inclusion:reward-payment", kwargs={"id": record.inclusion_payment.pk})


def _page_of_appropriation(record: Record) -> str:
    return reverse("inclusion:reward-budgets")
