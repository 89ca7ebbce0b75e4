"""Green use of energy, scored by a rubric that is data (`rating.toml`), firm by firm and industry by industry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.models import Anomaly, FlowLink, FlowNode, Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import advising, balance, reading
from dafeng.domains.energy.monitoring.methods import advice, flows
from dafeng.domains.energy.monitoring.methods.profiles import Floats, Profiles
from dafeng.domains.energy.monitoring.methods.tariffs import PEAK, SHARP
from dafeng.kernel.scoring import Rubric, read_rubric, score

DAYS = 28
# The industries that the city's plan names, by the first two digits of GB/T 4754-2017.
INDUSTRIES: Mapping[str, tuple[Any, frozenset[str]]] = {
    "food": (_("绿色食品"), frozenset({"13", "14", "15"})),
    "textile": (_("纺织服装"), frozenset({"17", "18", "19"})),
    "building": (_("建材家居"), frozenset({"20", "21", "30"})),
    "equipment": (_("装备制造"), frozenset({"33", "34", "35", "36", "37", "38"})),
    "metal": (_("冶金"), frozenset({"31", "32"})),
    "power": (_("电力热力"), frozenset({"44"})),
}


def industry_of(code: str) -> str:
    return next((name for name, (_title, heads) in INDUSTRIES.items() if code[:2] in heads), "other")


def industry_title(name: str) -> Any:
    return INDUSTRIES[name][0] if name in INDUSTRIES else _("其他行业")


@lru_cache(maxsize=1)
def rubric() -> Rubric:
    return read_rubric(Path(__file__).with_name("rating.toml"))


@dataclass(frozen=True)
class Rated:
    """A firm's score; `value` None where too little is known. `values`: what was measured, `points`: what each item brought, by item."""

    firm: MonitoredFirm
    value: float | None
    grade: str
    coverage: float
    values: dict[str, float | None]
    points: dict[str, float | None]

    @property
    def weakest(self) -> str:
        """The item that cost most, empty where none did: where to begin."""
        lost = {
            each.code: each.weight - got for each in rubric().items if (got := self.points.get(each.code)) is not None
        }
        worst = max(lost, key=lambda code: lost[code], default="")
        return worst if worst and lost[worst] > 0.05 else ""


def rate(firms: Sequence[MonitoredFirm], *, now: datetime) -> list[Rated]:
    """Score firms on their last 28 finished days. What is not known is missing, never zero."""
    if not firms:
        return []
    numbers = {firm.pk: each for firm, each in zip(firms, _measures(firms, now=now), strict=True)}
    rows = [
        {"subject": str(firm.pk), "indicator": name, "value": value}
        for firm in firms
        for name, value in numbers[firm.pk].items()
        if value is not None
    ]
    frame = pl.DataFrame(rows, schema={"subject": pl.String, "indicator": pl.String, "value": pl.Float64})
    scores = score(rubric(), frame, subjects=[str(firm.pk) for firm in firms])
    told = {row["subject"]: row for row in scores.frame.iter_rows(named=True)}
    points: dict[str, dict[str, float | None]] = defaultdict(dict)
    for row in scores.explain().filter(pl.col("kind") == "item").iter_rows(named=True):
        points[row["subject"]][row["code"]] = row["points"]
    found = []
    for firm in firms:
        row = told[str(firm.pk)]
        found.append(
            Rated(firm, row["score"], row["grade"] or "", row["coverage"], numbers[firm.pk], points[str(firm.pk)])
        )
    return found


def _measures(firms: Sequence[MonitoredFirm], *, now: datetime) -> list[dict[str, float | None]]:
    last = timezone.localdate(now) - timedelta(days=1)
    first = last - timedelta(days=DAYS - 1)
    keys = [firm.enterprise_id for firm in firms]
    meters, nodes, links = defaultdict(list), defaultdict(list), defaultdict(list)
    for meter in Meter.objects.filter(enterprise__in=keys).holding(first, last).select_related("point", "node"):
        meters[meter.enterprise_id].append(meter)
    for node in FlowNode.objects.filter(enterprise__in=keys).holding(first, last):
        nodes[node.enterprise_id].append(node)
    for link in FlowLink.objects.filter(enterprise__in=keys).holding(first, last):
        links[link.enterprise_id].append(link)
    since = now - timedelta(days=90)
    counts = {
        row["enterprise"]: row
        for row in Anomaly.objects.filter(enterprise__in=keys, found_at__gte=since)
        .order_by()
        .values("enterprise")
        .annotate(all=Count("pk"), open=Count("pk", filter=Q(state=Anomaly.State.NEW)))
    }
    everything = [meter for each in meters.values() for meter in each]
    found = balance.amounts(everything, first, last)
    mains = [
        meter
        for meter in everything
        if meter.item == "electricity" and meter.parent_id is None and meter.role == Meter.Role.LOAD
    ]
    block = reading.profiles_of(mains, first, last) if mains else None
    result = []
    for firm in firms:
        key = firm.enterprise_id
        total = balance.bought(firm.enterprise, meters[key], found, last.year)
        told = balance.flows_of(nodes[key], links[key], meters[key], found, last.year)
        boards = [each for each in told.closures if each.node.stage == flows.DISTRIBUTION and each.state != "unknown"]
        load, days = _curve(block, [meter for meter in mains if meter.enterprise_id == key])
        count = counts.get(key)
        result.append(
            {
                "metered": total.coverage,
                "closed": sum(each.state == "closed" for each in boards) / len(boards) if boards else None,
                "handled": 1 - count["open"] / count["all"] if count else None,
                **_shares(firm, load, days),
            }
        )
    return result


def _curve(block: Profiles | None, mains: Sequence[Meter]) -> tuple[Floats, tuple[date, ...]]:
    """Hours of the electricity bought on whole measured days."""
    if block is None or not mains:
        return np.empty((0, reading.SLOTS)), ()
    load = block.values[[block.meters.index(meter.pk) for meter in mains]].sum(axis=0)
    whole = np.isfinite(load).all(axis=1)
    return load[whole], tuple(day for day, good in zip(block.days, whole, strict=True) if good)


def _shares(firm: MonitoredFirm, load: Floats, days: tuple[date, ...]) -> dict[str, float | None]:
    """Parts of the electricity that lie in the peak, and in nights above the best ones."""
    tariff = advising.tariff_in_force(firm, days[-1]) if len(days) else None
    whole = float(load.sum()) if len(days) else 0.0
    if whole <= 0:
        return {"peak": None, "night": None}
    night = advice.night_shutdown(load, days, None, 0.0)
    saved = night.kwh * len(days) / advice.YEAR if night else 0.0
    if tariff is None:
        return {"peak": None, "night": saved / whole}
    dear = np.isin(tariff.periods(days, load.shape[1]), (SHARP, PEAK))
    return {"peak": float(load[dear].sum()) / whole, "night": saved / whole}
