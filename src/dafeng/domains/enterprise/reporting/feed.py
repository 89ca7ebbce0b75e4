"""统计供数: sector totals of the reports that count, for the city's inventory: each tonne once, and beside the inventory's own sum.

Two paths lead to the inventory: statistics from above, reports from below. The feed never adds them: it publishes what was
reported under `enterprise.emissions` with the keys `category` (of the inventory) and `scope`, the activity behind it under
`enterprise.fuel.heat` with `category` and `fuel`, and shows the difference by sector. It reads `Report.sums`, a line a firm, in columns.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
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


HEAT = "enterprise.fuel.heat"
_EMISSIONS: dict[str, Any] = {
    "report": pl.UInt32, "sector": pl.String, "kind": pl.String, "gas": pl.String, "scope": pl.String, "value": pl.Float64,
}  # fmt: skip
_HEAT: dict[str, Any] = {"report": pl.UInt32, "sector": pl.String, "fuel": pl.String, "value": pl.Float64}


@dataclass(frozen=True)
class Share:
    """What the reports of one year say of one category: direct tonnes, or the indirect ones that stay information.

    `reports`: what the sum is made of, the largest first.
    """

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
    """The report that stands for each enterprise of a city, without its content: never two versions, never a returned one."""
    found: dict[int, Report] = {}
    reports = Report.objects.filter(
        enterprise__city=city, year=year, record__state__in=publishing.COUNTING
    ).select_related("record", "enterprise")
    for each in reports.defer("content").order_by("enterprise__code", "version"):
        held = found.get(each.enterprise_id)
        if held is None or held.record.state != "locked":
            found[each.enterprise_id] = each
    return list(found.values())


def _frame(reports: list[Report], name: str, schema: dict[str, Any]) -> pl.DataFrame:
    rows = [(number, *row) for number, report in enumerate(reports) for row in publishing.sums_of(report)[name]]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _categorised(frame: pl.DataFrame, kinds: Iterable[str]) -> pl.DataFrame:
    """With the inventory's category of each sector, kind and gas; what is not emitted on the spot has none."""
    keys = frame.select(*kinds).unique(maintain_order=True)
    named = [
        UNASSIGNED
        if row.get("scope", "direct") != "direct"
        else category_of(row["sector"], row.get("kind", "combustion"), row.get("gas", ""))
        for row in keys.iter_rows(named=True)
    ]
    return frame.join(
        keys.with_columns(pl.Series("category", named, dtype=pl.String)),
        on=list(kinds),
        how="left",
        maintain_order="left",
    )


def shares(city: str, year: int, reports: list[Report] | None = None) -> list[Share]:
    """Sums by category and scope over the reporting boundary, each with the reports that it is made of."""
    held = counting(city, year) if reports is None else reports
    frame = _categorised(_frame(held, "emissions", _EMISSIONS), ("sector", "kind", "gas", "scope"))
    status = pl.Series("status", [int(publishing.status_of(each)) for each in held], dtype=pl.Int64)
    parts = frame.group_by("category", "scope", "report", maintain_order=True).agg(pl.col("value").sum())
    parts = parts.with_columns(status.gather(parts["report"]).alias("status")).sort(
        "category", "scope", "value", "report", descending=[False, False, True, False]
    )
    sums = parts.group_by("category", "scope", maintain_order=True).agg(
        pl.col("value").sum(), pl.col("status").max(), pl.col("report"), pl.col("value").alias("parts")
    )
    return [
        Share(category, scope, value, Status(worst), tuple(map(_part, (held[each] for each in numbers), tonnes)))
        for category, scope, value, worst, numbers, tonnes in sums.iter_rows()
    ]


def _part(report: Report, tonnes: float) -> dict[str, Any]:
    return {
        "report": str(report.pk),
        "enterprise": report.enterprise.code,
        "name": report.enterprise.name,
        "version": report.version,
        "digest": report.digest,
        "t": tonnes,
    }


def heat(reports: list[Report]) -> pl.DataFrame:
    """`category fuel value reports`: GJ of what was burnt, as the inventory counts activity, and the numbers of the reports in it."""
    frame = _categorised(_frame(reports, "heat", _HEAT), ("sector",))
    return (
        frame.group_by("category", "fuel", maintain_order=True)
        .agg(pl.col("value").sum(), pl.col("report").unique().sort())
        .sort("category", "fuel")
    )


def _rows(city: str, year: int) -> list[dict[str, Any]]:
    """One year of the feed as the blackboard takes it: emissions by category, and the activity behind them."""
    held = counting(city, year)
    place = {"subject": city, "period": str(year)}
    rows = [
        place
        | {
            "indicator": publishing.EMISSIONS,
            "dimensions": {"category": share.category, "scope": share.scope},
            "value": share.value,
            "unit": "t CO2e",
            "status": int(share.status),
            "lineage": {"reports": list(share.reports)},
        }
        for share in shares(city, year, held)
    ]
    for category, fuel, value, numbers in heat(held).iter_rows():
        used = [held[each] for each in numbers]
        rows.append(
            place
            | {
                "indicator": HEAT,
                "dimensions": {"category": category, "fuel": fuel},
                "value": value,
                "unit": "GJ",
                "status": int(max(publishing.status_of(each) for each in used)),
                "lineage": {"reports": [{"report": str(each.pk), "digest": each.digest} for each in used]},
            }
        )
    return rows


def publish(city: str, year: int, *, by: Any, now: datetime) -> Run:
    """Publish the sums of all years that have reports (a run holds them all); `year` is what the person looked at."""
    publishing.ensure_indicator()
    indicators.ensure_indicator(
        HEAT,
        name="企业燃料热量",
        name_en="Heat of fuels burnt by enterprises",
        unit="GJ",
        description="年度报告的燃烧活动水平（低位发热量），按清单类别 category 与燃料 fuel；与统计来源的活动水平并列，不相加",
        decimals=0,
    )
    handed = Report.objects.filter(enterprise__city=city, record__state__in=publishing.COUNTING)
    years = sorted(set(handed.values_list("year", flat=True)))
    rows = [row for each in years for row in _rows(city, each)]
    with records.serial():
        run = indicators.start_run(
            domain="enterprise",
            kind="feed",
            subject=city,
            parameters={"year": year, "years": years},
            digest=digest([[row["indicator"], row["period"], row["dimensions"], row["value"]] for row in rows]),
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
    reported: dict[str, float] = {}
    firms: dict[str, set[str]] = {}
    for share in shares(city, year, reports):
        if share.scope == "direct":
            sector = share.category[:1] if share.category != UNASSIGNED else ""
            reported[sector] = reported.get(sector, 0.0) + share.value
            firms.setdefault(sector, set()).update(each["enterprise"] for each in share.reports)
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
