"""What compliance puts on the blackboard: allowances and surrenders of a firm by year, one run a firm."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Sum

from dafeng.domains.enterprise.models import Allocation, Surrender
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.indicators import services as indicators

ALLOWANCE, SURRENDERED = "enterprise.allowance", "enterprise.surrendered"


def ensure_indicators() -> None:
    indicators.ensure_indicator(ALLOWANCE, name="核定配额", name_en="Allowances", unit="t", decimals=0, description="核定的配额；只有预分配时为预分配量，维度 stage 说明")  # fmt: skip
    indicators.ensure_indicator(SURRENDERED, name="清缴量", name_en="Surrendered", unit="t", decimals=0, description="已清缴的配额与抵销量，维度 asset 分开")  # fmt: skip


def publish(enterprise: Enterprise, *, by: Any, now: datetime) -> None:
    """All years of a firm anew; the run before is superseded. Nothing unsigned gets here: it is refused before it is issued."""
    ensure_indicators()
    rows = []
    for each in _last_allocations(enterprise):
        rows.append({
            "indicator": ALLOWANCE, "subject": enterprise.subject, "period": str(each.year), "key": f"stage={each.stage}",
            "value": float(each.tonnes), "unit": "t", "status": Status.OK,
            "lineage": {"kind": "allocation", "id": str(each.pk), "rules": each.rule_set, "signed": each.signed},
        })  # fmt: skip
    done = Surrender.objects.filter(enterprise=enterprise, state=Surrender.State.DONE)
    for year, cea, ccer in done.order_by("year").values_list("year").annotate(cea=Sum("tonnes"), ccer=Sum("ccer")):
        for asset, value in (("cea", cea), ("ccer", ccer)):
            rows.append({
                "indicator": SURRENDERED, "subject": enterprise.subject, "period": str(year), "key": f"asset={asset}",
                "value": float(value), "unit": "t", "status": Status.OK, "lineage": {"kind": "ledger", "holder": f"firm:{enterprise.code}"},
            })  # fmt: skip
    run = indicators.start_run(domain="enterprise", kind="compliance", subject=enterprise.subject, now=now, by=by)
    indicators.publish(run, rows)
    indicators.finish_run(run, now)


def _last_allocations(enterprise: Enterprise) -> list[Allocation]:
    """The newest of each year and stage."""
    found: dict[tuple[int, str], Allocation] = {}
    for each in Allocation.objects.filter(enterprise=enterprise).order_by("year", "stage", "number"):
        found[each.year, each.stage] = each
    return list(found.values())
