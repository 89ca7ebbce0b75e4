"""统计供数: sector totals of the reports that count, for the city's inventory: each tonne once, and beside the inventory's own sum.

Two paths lead to the inventory: statistics from above, reports from below. The feed never adds them: it publishes what was
reported under `enterprise.emissions` with the keys `category` (of the inventory) and `scope`, the activity behind it under
`enterprise.fuel.heat` with `category` and `fuel` and under `enterprise.activity.*` with `category`, `item`, `technology` and `variable`
(a year of the city; under `….source` also by month, sector, source and stream), and shows the difference by sector. It reads
`Report.sums`, a line a firm, in columns.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import activity, publishing
from dafeng.domains.enterprise.reporting.methods.sectors import SECTORS
from dafeng.domains.enterprise.reporting.sectoral import english
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Run, Value
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest

PATH = Path(__file__).with_name("feed.toml")
UNASSIGNED = "none"
HEAT = "enterprise.fuel.heat"
SOURCE = "source"  # the activity by month and source stream stands under the indicator's code and this
CELL = ("category", "item", "technology", "variable", "unit")
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


def _summed(frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """Sums by `keys` with `report`, the numbers of the reports in each, the largest first, and `parts`, what each brings."""
    parts = frame.group_by(*keys, "report", maintain_order=True).agg(pl.col("value").sum())
    parts = parts.sort(*keys, "value", "report", descending=[*([False] * len(keys)), True, False])
    return parts.group_by(*keys, maintain_order=True).agg(
        pl.col("value").sum(), pl.col("report"), pl.col("value").alias("parts")
    )


def shares(city: str, year: int, reports: list[Report] | None = None) -> list[Share]:
    """Sums by category and scope over the reporting boundary, each with the reports that it is made of."""
    held = counting(city, year) if reports is None else reports
    frame = _categorised(_frame(held, "emissions", _EMISSIONS), ("sector", "kind", "gas", "scope"))
    return [
        Share(category, scope, value, _worst(held, numbers), tuple(_parts(held, numbers, tonnes, "t")))
        for category, scope, value, numbers, tonnes in _summed(frame, "category", "scope").iter_rows()
    ]


def _worst(held: Sequence[Report], numbers: Iterable[int]) -> Status:
    return max((publishing.status_of(held[each]) for each in numbers), default=Status.OK)


def _parts(
    held: Sequence[Report], numbers: Iterable[int], amounts: Iterable[float], name: str = "value"
) -> list[dict[str, Any]]:
    """The way back: which version of which firm's report brings how much."""
    return [
        {
            "report": str(report.pk),
            "enterprise": report.enterprise.code,
            "name": report.enterprise.name,
            "version": report.version,
            "digest": report.digest,
            name: amount,
        }
        for report, amount in zip((held[each] for each in numbers), amounts, strict=True)
    ]


def heat(reports: list[Report]) -> pl.DataFrame:
    """`category fuel value report parts`: GJ of what was burnt, as the inventory counts activity, and the numbers of the reports in it."""
    return _summed(_categorised(_frame(reports, "heat", _HEAT), ("sector",)), "category", "fuel")


def told(reports: Sequence[Report]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the reports say of processes, output and bought energy, by the table: `activity.CARRIED` and `activity.LEFT`."""
    return activity.carried(
        (number, row) for number, report in enumerate(reports) for row in publishing.activity_of(report)
    )


def activities(frame: pl.DataFrame) -> pl.DataFrame:
    """Sums of carried activity as the inventory counts it: the columns of `CELL`, value, report, parts."""
    return _summed(frame, *CELL)


def sources_of(frame: pl.DataFrame) -> dict[tuple[Any, ...], list[str]]:
    """Cell (the columns of `CELL`) → what it carries, in Chinese and in English: the sources of the reports' sectors in words."""
    found: dict[tuple[Any, ...], list[list[str]]] = {}
    rows = frame.select("sector", "source", pl.col("stream").str.split("/").list.first(), *CELL).unique().sort(pl.all())
    for sector, source, kind, *cell in rows.iter_rows():
        titles, known = _source_titles(sector, source, [kind]), found.setdefault(tuple(cell), [])
        if titles not in known:
            known.append(titles)
    return {
        cell: ["、".join(zh for zh, _en in named), ", ".join(en for _zh, en in named)] for cell, named in found.items()
    }


def left_over(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """What is not carried over, by sector, source and reason, each in Chinese and English, with how many firms told it."""
    found = frame.group_by("sector", "source", "reason", maintain_order=True).agg(
        pl.col("report").n_unique().alias("firms"), pl.col("kind").unique().sort()
    )
    return [
        {
            "sector": [SECTORS[sector].title, SECTORS[sector].title_en],
            "source": _source_titles(sector, source, kinds),
            "reason": list(activity.reasons()[reason]),
            "firms": firms,
        }
        for sector, source, reason, firms, kinds in found.sort("sector", "source", "reason").iter_rows()
    ]


def _source_titles(sector: str, source: str, kinds: Sequence[str]) -> list[str]:
    """A source in words, Chinese and English, with the kinds of its stream."""
    schema = SECTORS[sector]
    formula = next((each for each in schema.formulas if each.code == source), None)
    if formula is None:
        item = schema.items[source.removeprefix(activity.TOLD)]
        return [item.title, item.title_en]
    known = schema.streams[formula.stream].kinds if formula.stream else {}
    named = [known[each] for each in kinds if each in known]
    if not named:
        return [formula.title, formula.title_en]
    return [
        f"{formula.title}（{'、'.join(each.title for each in named)}）",
        f"{formula.title_en} ({', '.join(each.title_en for each in named)})",
    ]


def _stream_titles(sector: str, source: str, stream: str) -> list[str]:
    """Sector and source stream in words, Chinese and English."""
    schema = SECTORS[sector]
    named = _source_titles(sector, source, [stream.partition("/")[0]])
    return [f"{schema.title}：{named[0]}", f"{schema.title_en}: {named[1]}"]


def _rows(city: str, year: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One year of the feed as the blackboard takes it, and what is not carried over: emissions by category, and the activity behind."""
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
    for category, fuel, value, numbers, parts in heat(held).iter_rows():
        rows.append(
            place
            | {
                "indicator": HEAT,
                "dimensions": {"category": category, "fuel": fuel},
                "value": value,
                "unit": "GJ",
                "status": int(_worst(held, numbers)),
                "lineage": {"reports": _parts(held, numbers, parts)},
            }
        )
    frame, left = told(held)
    return [*rows, *_activity_rows(city, year, held, frame)], left_over(left)


def _activity_rows(city: str, year: int, held: Sequence[Report], frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The year's activity by category and item, and the same by month, sector and source stream, which is what it is the sum of."""
    rows = []
    for row in activities(frame).to_dicts():
        rows.append(
            _activity_row(row, city, str(year), activity.INDICATORS[row["unit"]], CELL[:-1])
            | {
                "status": int(_worst(held, row["report"])),
                "lineage": {"reports": _parts(held, row["report"], row["parts"])},
            }
        )
    named = frame.with_columns(
        pl.col("source").str.strip_prefix(activity.TOLD),
        pl.col("stream").str.split("/").list.head(2).list.join("/"),
    )
    by = ("month", "sector", "source", "stream")
    titles: dict[tuple[str, ...], list[str]] = {}
    for row in _summed(named, *by, *CELL).to_dicts():
        code = f"{activity.INDICATORS[row['unit']]}.{SOURCE}"
        told_by = [
            {"report": str(held[each].pk), "value": part}
            for each, part in zip(row["report"], row["parts"], strict=True)
        ]
        cell = (row["sector"], row["source"], row["stream"])
        if cell not in titles:
            titles[cell] = _stream_titles(*cell)
        rows.append(
            _activity_row(row, city, row["month"], code, (*by[1:], *CELL[:-1]))
            | {"status": int(_worst(held, row["report"])), "lineage": {"title": titles[cell], "reports": told_by}}
        )
    return rows


def _activity_row(
    row: Mapping[str, Any], city: str, period: str, code: str, dimensions: Iterable[str]
) -> dict[str, Any]:
    return {
        "indicator": code,
        "subject": city,
        "period": period,
        "dimensions": {name: row[name] for name in dimensions if row[name]},
        "value": row["value"],
        "unit": row["unit"],
    }


def ensure_indicators() -> None:
    """The indicators of the feed, with what they are."""
    publishing.ensure_indicator()
    indicators.ensure_indicator(
        HEAT,
        name="企业燃料热量",
        name_en="Heat of fuels burnt by enterprises",
        unit="GJ",
        description="年度报告的燃烧活动水平（低位发热量），按清单类别 category 与燃料 fuel；与统计来源的活动水平并列，不相加",
        decimals=0,
    )
    names = {
        "t": ("企业活动水平：质量", "Activity of enterprises: mass"),
        "MWh": ("企业活动水平：购入电量", "Activity of enterprises: electricity bought"),
        "GJ": ("企业活动水平：购入热量", "Activity of enterprises: heat bought"),
        "1e4Nm3": ("企业活动水平：气体体积", "Activity of enterprises: volume of gas"),
    }
    for unit, code in activity.INDICATORS.items():
        name, name_en = names[unit]
        about = (
            "年度报告的活动水平，按清单类别 category、品种 item、工艺 technology、变量 variable；与统计来源并列，不相加"
        )
        indicators.ensure_indicator(code, name=name, name_en=name_en, unit=unit, description=about, decimals=3)
        indicators.ensure_indicator(
            f"{code}.{SOURCE}",
            name=f"{name}（逐月、分源流）",
            name_en=f"{name_en}, by month and source stream",
            unit=unit,
            description=f"{about}；另按行业 sector、源 source、源流 stream",
            decimals=3,
        )


def refresh(city: str, *, by: Any, now: datetime) -> None:
    """Publish the feed of a city anew where one was published: a report that it holds was sent back or replaced."""
    run = indicators.current_run("enterprise", "feed", city)
    if run is not None:
        publish(city, run.parameters["year"], by=by, now=now)


def publish(city: str, year: int, *, by: Any, now: datetime) -> Run:
    """Publish the sums of all years that have reports (a run holds them all); `year` is what the person looked at."""
    ensure_indicators()
    handed = Report.objects.filter(enterprise__city=city, record__state__in=publishing.COUNTING)
    years = sorted(set(handed.values_list("year", flat=True)))
    rows, left = [], {}
    for each in years:
        of_year, left[str(each)] = _rows(city, each)
        rows += of_year
    with records.serial():
        run = indicators.start_run(
            domain="enterprise",
            kind="feed",
            subject=city,
            parameters={"year": year, "years": years, "left": left},
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
