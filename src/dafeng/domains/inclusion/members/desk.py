"""Places in the navigation."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy

from dafeng.domains.inclusion import permissions
from dafeng.kernel.desk.registry import Entry, register_entry

# title, address name, action, order. The account's own places stand in the menu of citizens (who may check in); an official who
# has joined as a person reaches the same pages from the first.
PLACES = (
    (gettext_lazy("信碳通首页"), "home", permissions.SEE, 10),
    (gettext_lazy("我的减碳记录"), "events", permissions.CHECK_IN, 12),
    (gettext_lazy("积分明细"), "statement", permissions.CHECK_IN, 13),
    (gettext_lazy("家庭与团队"), "together", permissions.CHECK_IN, 15),
    (gettext_lazy("挑战赛"), "challenges", permissions.CHECK_IN, 16),
    (gettext_lazy("我的碳账户"), "me", permissions.CHECK_IN, 18),
    (gettext_lazy("发起挑战赛"), "challenge-new", permissions.KEEP_CHALLENGES, 29),
    (gettext_lazy("企业碳账户"), "firm", permissions.OWN_FIRM, 20),
    (gettext_lazy("企业碳信用记录"), "firm-credit", permissions.OWN_FIRM, 21),
)


def register() -> None:
    for title, name, wanted, order in PLACES:
        register_entry(
            Entry("inclusion", title, lambda name=name: reverse(f"inclusion:{name}"), wanted, order)  # type: ignore[misc]
        )
