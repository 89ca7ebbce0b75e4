"""Sums over the city: tighter benchmarks, and who must enter the market by last years' emissions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dafeng.domains.enterprise.compliance import library, services, words
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.compliance.methods.rulesets import tightened as tighter_set
from dafeng.domains.enterprise.compliance.positions import Position
from dafeng.domains.enterprise.models import Allocation, Covered, Report
from dafeng.kernel.enterprises.models import Enterprise


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
        made = services.simulate(each.units, tighter_set(rules.with_signed(frozenset(each.signed)), percent))
        after = sum(row["tonnes"] or 0 for row in made)
        rows.append({"position": firms[pk], "before": each.tonnes, "after": after})
    if not rows:
        return None
    lost = sum(row["before"] - row["after"] for row in rows)
    return {
        "rows": [{"name": row["position"].enterprise.called(english=words.english()), "before": words.tonnes(row["before"]), "after": words.tonnes(row["after"]), "less": words.tonnes(row["before"] - row["after"])} for row in rows],
        "less": words.tonnes(lost), "cost": words.money(lost * rows[0]["position"].price), "left_out": left_out,
    }  # fmt: skip


def screened(year: int) -> list[dict[str, Any]]:
    """Firms whose place on the list of `year` changes by their locked reports of the two years before."""
    rules = library.cycle_rules()
    covered = set(Covered.objects.filter(year=year - 1).values_list("enterprise", flat=True))
    past: dict[int, dict[int, float]] = {}
    firms: dict[int, Enterprise] = {}
    reports = Report.objects.filter(
        record__state="locked", year__in=(year - 2, year - 1), emissions_compliance__isnull=False
    ).defer("content")
    for each in reports.select_related("enterprise"):
        assert each.emissions_compliance is not None
        firms[each.enterprise_id] = each.enterprise
        past.setdefault(each.enterprise_id, {})[each.year] = each.emissions_compliance
    found = []
    for pk, firm in sorted(firms.items()):
        verdict = duties.must_enter(past[pk], covered=pk in covered, year=year, rules=rules)
        if verdict != "stay":
            found.append({"name": firm.called(english=words.english()), "in": verdict == "in", "years": [(y, words.tonnes(t)) for y, t in sorted(past[pk].items())]})  # fmt: skip
    return found
