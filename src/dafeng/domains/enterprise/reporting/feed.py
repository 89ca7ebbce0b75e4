"""统计供数: sector totals of the reports that count, for the city's inventory: each tonne once, and beside the inventory's own sum.

Two paths lead to the inventory: statistics from above, reports from below. The feed never adds them: it publishes what was
reported under `enterprise.emissions` with the keys `category` (of the inventory) and `scope`, and shows the difference by sector.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import publishing
from dafeng.domains.enterprise.reporting.sectoral import english
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Run, Value
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest

PATH = Path(__file__).with_name("feed.toml")
UNASSIGNED = "none"


@dataclass(frozen=True)
class Share:
    """What the reports of one year say of one category: direct tonnes, or the indirect ones that stay information."""

    category: str
    scope: str
    value: float
    status: Status
    reports: tuple[dict[str, Any], ...]


@lru_cache(maxsize=1)
def categories() -> dict[str, dict[str, str]]:
    """Sector → kind of emission → category of the inventory."""
    with PATH.open("rb") as stream:
        return {code: dict(row) for code, row in tomllib.load(stream)["sector"].items()}


def category_of(sector: str, kind: str, gas: str) -> str:
    """Burning and process of a sector; what the table does not know is `none` and shown as such."""
    row = categories().get(sector, {})
    return row.get(f"{kind}.{gas}", row.get(kind, UNASSIGNED))


def counting(city: str, year: int) -> list[Report]:
    """The report that stands for each enterprise of a city: never two versions, never a returned one."""
    found: dict[int, Report] = {}
    reports = Report.objects.filter(
        enterprise__city=city, year=year, record__state__in=publishing.COUNTING
    ).select_related("record", "enterprise")
    for each in reports.order_by("enterprise__code", "version"):
        held = found.get(each.enterprise_id)
        if held is None or held.record.state != "locked":
            found[each.enterprise_id] = each
    return list(found.values())


def shares(city: str, year: int, reports: list[Report] | None = None) -> list[Share]:
    """Sums by category and scope over the reporting boundary, each with the reports that it is made of."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    parts: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    worst: dict[tuple[str, str], Status] = defaultdict(lambda: Status.OK)
    for report in counting(city, year) if reports is None else reports:
        status = publishing.status_of(report)
        for row in report.content["rows"]:
            if not row["reporting"]:
                continue
            category = (
                category_of(row["sector"], row["category"], row["gas"]) if row["scope"] == "direct" else UNASSIGNED
            )
            key = (category, row["scope"])
            sums[key] += row["t_co2e"] or 0.0
            worst[key] = max(worst[key], status)
            part = parts[key].setdefault(
                str(report.pk),
                {
                    "report": str(report.pk),
                    "enterprise": report.enterprise.code,
                    "name": report.enterprise.name,
                    "version": report.version,
                    "digest": report.digest,
                    "t": 0.0,
                },
            )
            part["t"] += row["t_co2e"] or 0.0
    return [Share(*key, value, worst[key], tuple(parts[key].values())) for key, value in sorted(sums.items())]


def publish(city: str, year: int, *, by: Any, now: datetime) -> Run:
    """Publish the sums of all years that have reports (a run holds them all); `year` is what the person looked at."""
    publishing.ensure_indicator()
    years = sorted(
        set(
            Report.objects.filter(enterprise__city=city, record__state__in=publishing.COUNTING).values_list("year", flat=True)
        )
    )  # fmt: skip
    rows = []
    for each in years:
        for share in shares(city, each):
            rows.append(
                {
                    "indicator": publishing.EMISSIONS,
                    "subject": city,
                    "period": str(each),
                    "dimensions": {"category": share.category, "scope": share.scope},
                    "value": share.value,
                    "unit": "t CO2e",
                    "status": int(share.status),
                    "lineage": {"reports": list(share.reports)},
                }
            )
    with records.serial():
        run = indicators.start_run(
            domain="enterprise",
            kind="feed",
            subject=city,
            parameters={"year": year, "years": years},
            digest=digest([[row["period"], row["dimensions"], row["value"]] for row in rows]),
            by=by,
            now=now,
        )
        indicators.publish(run, rows)
        indicators.finish_run(run, now)
        records.audit(by, "enterprise.feed", "city", city, {"run": str(run.pk), "rows": len(rows)}, now=now)
    return run


def reconcile(city: str, year: int, reports: list[Report] | None = None) -> list[dict[str, Any]]:
    """By sector of the inventory: what the firms reported, what the inventory has, and the difference; neither is added to the other.

    `inventory` is None where no inventory of the year is on the blackboard. `over`: more was reported than the inventory holds, which
    one of the two must explain.
    """
    reported: dict[str, float] = defaultdict(float)
    firms: dict[str, set[str]] = defaultdict(set)
    for share in shares(city, year, reports):
        if share.scope == "direct":
            sector = share.category[:1] if share.category != UNASSIGNED else ""
            reported[sector] += share.value
            firms[sector] |= {each["enterprise"] for each in share.reports}
    held = {
        key.removeprefix("sector="): value
        for key, value in Value.objects.filter(
            indicator__code="inventory.co2e.sector",
            subject=city,
            period=str(year),
            run__state=Run.State.DONE,
            run__variant="",
        ).values_list("key", "value")
    }
    return [
        {
            "sector": sector,
            "reported": reported[sector],
            "inventory": held.get(sector),
            "difference": None if held.get(sector) is None else held[sector] - reported[sector],
            "over": held.get(sector) is not None and reported[sector] > held[sector],
            "firms": len(firms[sector]),
        }
        for sector in sorted(reported)
    ]


def sector_title(code: str) -> str:
    """A sector of the inventory in words."""
    return {"1": _("能源活动"), "2": _("工业生产过程"), "5": _("废弃物"), "": _("没有对应的清单类别")}.get(code, code)


def title_of(category: str) -> str:
    """A category of the inventory in words."""
    if category == UNASSIGNED:
        return _("不计入清单直接排放（电力、热力）")
    with PATH.open("rb") as stream:
        names = tomllib.load(stream)["category"]
    row = names.get(category)
    return f"{category} {row[english()]}" if row else category
