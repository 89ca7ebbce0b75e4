"""Signatures under open values of a rule set: who vouches for what, and the set as it stands signed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import holdings, library, permissions
from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    RuleSignature,
)
from dafeng.kernel.actions import demand
from dafeng.kernel.records import services as records


def signed_items(code: str) -> frozenset[str]:
    """What stands signed of a rule set: the last word on each item counts."""
    last = dict(RuleSignature.objects.filter(rule_set=code).order_by("pk").values_list("item", "stands"))
    return frozenset(item for item, stands in last.items() if stands)


def signed_set(code: str) -> RuleSet:
    rules = library.rule_set(code)
    return rules.with_signed(signed_items(code) & frozenset(rules.items()))


def sign(code: str, item: str, *, source: str, stands: bool = True, by: Any, now: datetime, demo: bool = False) -> RuleSignature:  # fmt: skip
    """Vouch for an open value, or withdraw that. Raises `Refused` for an item that waits for nothing or a missing source."""
    if by is not None:
        demand(by, permissions.SIGN)
    with holdings.told(by, "sign", None, now=now):
        rules = library.rule_set(code)
        if item not in rules.items():
            raise Refused("nothing_to_sign", _("规则里没有这项待签认的值"))
        if not source.strip():
            raise Refused("source_missing", _("签认要写明依据"), mend=_("请写文号、条款或附件"))
        made = RuleSignature.objects.create(rule_set=code, item=item, stands=stands, source=source.strip()[:300], by=by, at=now, demo=demo)  # fmt: skip
        records.audit(by, "enterprise.compliance.sign", "allocation-rule", code, {"item": item, "stands": stands, "source": made.source}, now=now)  # fmt: skip
    return made
