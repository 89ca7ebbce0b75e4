"""What tighter benchmarks would do to the city's firms."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dafeng.domains.enterprise.compliance import allocations, library, words
from dafeng.domains.enterprise.compliance.methods.rulesets import tightened as tighter_set
from dafeng.domains.enterprise.compliance.positions import Position
from dafeng.domains.enterprise.models import Allocation


def tightened(found: Sequence[Position], year: int, percent: Decimal) -> dict[str, Any] | None:
    """The year's final allocations worked out again with every benchmark lower by some percent; None without any.

    Where the quota is the verified emissions no benchmark can be tightened: such firms are left out and counted.
    """
    firms = {each.enterprise.pk: each for each in found}
    finals: dict[int, Allocation] = {}
    for each in Allocation.objects.filter(enterprise__in=firms, year=year, stage=Allocation.Stage.FINAL).order_by("number"):  # fmt: skip
        finals[each.enterprise_id] = each
    rows, left_out = [], 0
    for pk, each in finals.items():
        rules = library.rule_set(each.rule_set)
        if rules.method == "verified":
            left_out += 1
            continue
        made = allocations.simulate(each.units, tighter_set(rules.with_signed(frozenset(each.signed)), percent))
        after = sum(row["tonnes"] or 0 for row in made)
        rows.append({"position": firms[pk], "before": each.tonnes, "after": after})
    if not rows:
        return None
    lost = sum(row["before"] - row["after"] for row in rows)
    return {
        "rows": [{"name": row["position"].enterprise.called(english=words.english()), "before": words.tonnes(row["before"]), "after": words.tonnes(row["after"]), "less": words.tonnes(row["before"] - row["after"])} for row in rows],
        "less": words.tonnes(lost), "cost": words.money(lost * rows[0]["position"].price), "left_out": left_out,
    }  # fmt: skip
