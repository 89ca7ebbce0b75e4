"""从企业报告取数: the statistics feed of the enterprises' reports beside the inventory's activity, and taken into it, never twice.

The feed is read on the blackboard (`enterprise.fuel.heat`, `enterprise.activity.*`); this domain knows nothing of its maker. What is taken is one batch a
year, an upload that is undone like any other; a newer feed replaces it. `precedence.in_force` keeps it out wherever a number of
record stands, whichever came first.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from dafeng.domains.inventory import holdings, library, services
from dafeng.domains.inventory import taken as takings
from dafeng.domains.inventory.methods import reported as methods
from dafeng.domains.inventory.methods.precedence import TAKEN, in_force, two_measures
from dafeng.domains.inventory.methods.reported import Compared, Fed
from dafeng.domains.inventory.models import Batch, City
from dafeng.domains.inventory.taken import ACTIVITY, FEED
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import ActivityError, NotFound, StaleError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.keys import dimensions_of
from dafeng.kernel.indicators.models import Run, Value
from dafeng.kernel.quantities import units
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest, dump

SOURCE = ".source"  # the same activity by month and source stream
NAMED = 5  # reports that a row names itself; the evidence names all


@dataclass(frozen=True)
class Reconciliation:
    """The newest feed of a city and one year of it beside the inventory.

    `base`: the rows in force without what was taken before; `taken`: the batch that holds now what was taken of the year.
    """

    city: City
    run: Run
    year: int
    years: tuple[int, ...]
    rows: tuple[Compared, ...]
    base: pl.DataFrame
    taken: Batch | None
    seen: str

    @property
    def firms(self) -> int:
        return len({report["report"] for row in self.rows for report in row.fed.reports})

    @property
    def chosen(self) -> frozenset[str]:
        """What was taken before; of a year that nothing was taken of, what stands nowhere else, lacks nothing and would count."""
        if self.taken is not None:
            return frozenset(self.taken.record.payload["cells"])
        found = frozenset(row.fed.key for row in self.rows if row.state == methods.NOTHING and row.counted)
        return found - {row.fed.key for row in self.rows if row.fed.status == Status.INCOMPLETE}

    @property
    def withdrawn(self) -> tuple[str, ...]:
        """What was taken and the newest feed holds no more: its reports were sent back."""
        if self.taken is None:
            return ()
        return tuple(sorted(set(self.taken.record.payload["cells"]) - {row.fed.key for row in self.rows}))

    @property
    def left(self) -> list[dict[str, Any]]:
        """What the reports told and the feed does not carry over, each with its reason, in Chinese and English."""
        return list(self.run.parameters.get("left", {}).get(str(self.year), ()))


@lru_cache(maxsize=1)
def fuels() -> dict[str, str]:
    """Fuel as the reports call it → item of the inventory, empty where there is none."""
    with (library.HOME / "reported_fuels.csv").open(encoding="utf-8", newline="") as stream:
        return {row["fuel"]: row["item"] for row in csv.DictReader(stream)}


@lru_cache(maxsize=1)
def tiers() -> dict[tuple[str, str, str], tuple[str, ...]]:
    """(category, item, variable) → the tiers whose methods count it, sorted; empty where no method does."""
    known = library.methods()
    found = {}
    for item in library.items():
        fitting = {
            recipe.tier
            for recipe in library.recipes()
            if item.category.startswith(recipe.category)
            and recipe.item in ("", item.item)
            and recipe.method in known
            and item.variable in known[recipe.method].activity
        }
        found[item.category, item.item, item.variable] = tuple(sorted(fitting))
    return found


@lru_cache(maxsize=1)
def units_of() -> dict[tuple[str, str, str], str]:
    """(category, item, variable) → the unit in which the inventory asks for it."""
    return {(each.category, each.item, each.variable): each.unit for each in library.items()}


def reconcile(city: City, year: int | None = None) -> Reconciliation | None:
    """The newest feed beside the inventory, of `year` or else its latest; None while nothing was published.

    A year that something was taken of is shown even when the newest feed holds nothing of it any more. Raises `NotFound` for a year of
    neither.
    """
    run = indicators.current_run("enterprise", "feed", city.pk)
    fed = _fed(run) if run else []
    taken = takings.active(city)
    years = tuple(sorted({each.year for each in fed} | taken.keys(), reverse=True))
    if run is None or not years:
        return None
    if year is not None and year not in years:
        raise NotFound(
            _("企业报告的供数没有 %(year)s 年") % {"year": year},
            expected="、".join(map(str, years)),
        )
    wanted = years[0] if year is None else year
    keys = holdings.active(city)
    base = _base(city, keys, wanted)
    order = library.edition(services.defaults_of(city).edition).sets
    table = pl.concat([library.factors(), services.city_factors(city)])
    library.methods()
    energy = pl.col("sector") == "1"
    own = methods.with_heat(base.filter(energy), table, order) if base.height else []
    own += base.filter(~energy).to_dicts() if base.height else []
    rows = methods.compare([each for each in fed if each.year == wanted], fuels(), tiers(), own)
    seen = hashlib.sha256(repr((str(run.pk), [str(key[1]) for key in keys])).encode()).hexdigest()
    return Reconciliation(city, run, wanted, years, tuple(rows), base, taken.get(wanted), seen)


def _fed(run: Run) -> list[Fed]:
    """The figures of a feed: heat by fuel, and activity by item and variable, technologies together."""
    found = Value.objects.filter(run=run, indicator__code__in=(FEED, *ACTIVITY), value__isnull=False).order_by("pk")
    columns = ("indicator__code", "period", "key", "value", "unit", "status", "lineage")
    made = []
    grouped: dict[tuple[Any, ...], list[tuple[str, float, int, Any]]] = defaultdict(list)
    for code, period, key, value, unit, status, lineage in found.values_list(*columns):
        told = dimensions_of(key)
        reports = tuple(lineage.get("reports", ()))
        if code == FEED:
            made.append(Fed(told["category"], told["fuel"], int(period), value, status, reports))
        else:
            cell = (told["category"], told["item"], int(period), unit, told.get("variable", ""))
            grouped[cell].append((told.get("technology", ""), value, status, reports))
    for (category, item, year, unit, variable), parts in grouped.items():
        made.append(
            Fed(
                category, item, year, sum(each[1] for each in parts), max(each[2] for each in parts),
                _together(each[3] for each in parts), unit, variable, tuple((each[0], each[1]) for each in parts), burnt=False,
            )
        )  # fmt: skip
    return made


def _together(parts: Iterable[Sequence[Mapping[str, Any]]]) -> tuple[Mapping[str, Any], ...]:
    """The reports of several technologies, each once, the largest first."""
    found: dict[str, dict[str, Any]] = {}
    for reports in parts:
        for each in reports:
            held = found.setdefault(each["report"], {**each, "value": 0.0})
            held["value"] += each.get("value", 0.0)
    return tuple(sorted(found.values(), key=lambda each: (-each["value"], each["report"])))


def _base(city: City, keys: tuple[holdings.Key, ...], year: int) -> pl.DataFrame:
    """Rows in force in a year, as they would be without what was taken."""
    held = holdings.city_rows(city, keys)
    texts = [name for name, kind in held.schema.items() if kind == pl.Categorical]
    rows = held.filter(pl.col("year") == year).with_columns(pl.col(texts).cast(pl.String).fill_null(""))
    return in_force(rows.filter(pl.col("batch_source") != TAKEN)) if rows.height else rows


def chosen_rows(found: Reconciliation, keys: Collection[str]) -> list[Compared]:
    """The rows that are asked for. Raises `ActivityError` for one that does not exist or may not be taken, and for two measures of one."""
    rows: dict[str, list[Compared]] = defaultdict(list)
    for row in found.rows:
        rows[row.fed.key].append(row)
    for key in sorted(keys):
        if key not in rows:
            raise ActivityError(_("供数中没有“%(key)s”") % {"key": key[:60]}, mend=_("请返回重新选择"))
        if any(row.state == methods.HELD for row in rows[key]):
            raise ActivityError(
                _("“%(key)s”已有统计或填报的数，不能再取企业报告的数") % {"key": key},
                mend=_("企业是统计的一部分，只比较差额；如要改用企业报告，先撤销那一批"),
            )
        if not all(row.takeable for row in rows[key]):
            raise ActivityError(_("“%(key)s”在清单中没有对应的类别或品种") % {"key": key})
    chosen = [row for row in found.rows if row.fed.key in keys]
    for row in chosen:
        for other in chosen:
            if row.fed.category == other.fed.category and two_measures(row.fed.category, row.item, other.item):
                raise ActivityError(
                    _("“%(one)s”和“%(two)s”量的是同一个排放，只能取一个") % {"one": row.fed.key, "two": other.fed.key},
                    mend=_("请去掉其中一个的勾"),
                )
    return chosen


def giving_way(found: Reconciliation, rows: Sequence[Compared]) -> list[Mapping[str, Any]]:
    """The estimates that no longer count once `rows` are taken, each once."""
    gone = {each["id"]: each for row in rows for each in row.gives_way}
    return [gone[id] for id in sorted(gone)]


def take(city: City, year: int, keys: Collection[str], *, seen: str, by: Any, now: datetime) -> tuple[Batch, bool]:
    """Take the named figures of the newest feed as one batch, in the place of what was taken before; whether anything changed.

    Raises `ActivityError` (nothing chosen, or a figure that may not be taken) and `StaleError` when feed or data have changed since
    `seen`. The snapshot of the feed becomes the evidence.
    """
    with records.serial():
        found = reconcile(city, year)
        if found is None or found.seen != seen:
            raise StaleError(_("页面打开之后，供数或活动水平数据有变动"), mend=_("没有取数。请返回刷新，核对后再取"))
        rows = chosen_rows(found, keys)
        if not rows:
            raise ActivityError(_("没有选择要取的数"), mend=_("请至少勾选一行；要去掉已取的数，请撤销那一批"))
        snapshot = _snapshot(found)
        content = digest(snapshot["cells"])
        cells = sorted(row.fed.key for row in rows)
        former = found.taken
        if former and (former.record.payload["content"], former.record.payload["cells"]) == (content, cells):
            return former, False
        if former:
            reason = _("由供数 %(run)s 的新取数代替") % {"run": found.run.pk}
            services.undo_batch(former, by=by, now=now, reason=reason)
        evidence = records.store_evidence(
            dump(snapshot).encode(),
            name=f"enterprise-feed-{city.pk}-{year}.json",
            media_type="application/json",
            by=by,
            now=now,
        )
        batch = services.load_batch(
            city,
            activity_of(found, rows),
            title=_("企业报告供数 %(year)s 年") % {"year": year},
            source="upload",
            by=by,
            now=now,
            evidence=evidence,
            key=takings.key_of(city, year),
            about={"feed": str(found.run.pk), "year": year, "content": content, "cells": cells},
        )
        detail = {"feed": str(found.run.pk), "batch": batch.pk, "year": year, "cells": cells}
        records.audit(by, "inventory.take-reported", "city", city.pk, detail, now=now)
    return batch, True


def activity_of(found: Reconciliation, rows: Sequence[Compared]) -> pl.DataFrame:
    """Activity rows: heat of fuels in GJ, which the combustion methods take, so no calorific value comes between report and inventory;
    the rest by item, technology and variable, in the unit of the feed or of the gas that the inventory asks for.
    """
    return pl.DataFrame(
        [
            {
                "category": row.fed.category,
                "item": row.item,
                "technology": technology,
                "variable": row.fed.variable,
                "place": found.city.pk,
                "year": found.year,
                "value": value,
                "unit": unit,
                "basis": "reported",
                "source": _source(found.run, row.fed),
            }
            for row in rows
            for technology, amount in row.fed.technologies or (("", row.fed.value),)
            for value, unit in (_as_asked(row, amount),)
        ]
    )


def _as_asked(row: Compared, amount: float) -> tuple[float, str]:
    """An amount as the inventory's method reads it: a mass of a gas or of COD in the unit that says so."""
    wanted = units_of().get((row.fed.category, row.item, row.fed.variable), row.fed.unit)
    if row.fed.burnt or units.convertible(row.fed.unit, wanted):
        return amount, row.fed.unit
    told = methods.in_unit(amount, row.fed.unit, wanted)
    if told is None:
        raise ActivityError(
            _("“%(key)s”的单位 %(unit)s 不能换算为清单要的 %(wanted)s") % {"key": row.fed.key, "unit": row.fed.unit, "wanted": wanted}
        )  # fmt: skip
    return told, wanted


def _source(run: Run, fed: Fed) -> str:
    named = "；".join(f"{each['report']}（{each['digest'][:16]}）" for each in fed.reports[:NAMED])
    more = len(fed.reports) - NAMED
    about = "按热量计，未经热值换算" if fed.burnt else "逐月、分源流的数见凭证"
    return (
        f"企业报告统计供数 {run.pk}：{len(fed.reports)} 家企业的报告（报告编号和摘要）{named}"
        f"{f'，其余 {more} 份见凭证' if more > 0 else ''}。只含报告企业，不是整个类别；{about}"
    )


def streams(run: Run, year: int) -> dict[str, list[dict[str, Any]]]:
    """By the key of a figure: what it is the sum of, by month, sector, source and stream, with its `title` (Chinese, English) and each
    report's part.
    """
    codes = [f"{each}{SOURCE}" for each in ACTIVITY]
    found = Value.objects.filter(run=run, indicator__code__in=codes, period__startswith=str(year)).order_by("pk")
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for period, key, value, unit, lineage in found.values_list("period", "key", "value", "unit", "lineage"):
        named = dimensions_of(key)
        rest = {name: named.get(name, "") for name in ("sector", "source", "stream", "variable", "technology")}
        told[f"{named['category']}.{named['item']}"].append(
            {"month": period, **rest, "value": value, "unit": unit, **lineage}
        )
    return told


def _snapshot(found: Reconciliation) -> dict[str, Any]:
    """What is kept as evidence: the figures of the feed, the months and streams below them, and both paths beside each other."""
    cells = [
        {
            "category": row.fed.category,
            ("fuel" if row.fed.burnt else "activity"): row.fed.name,
            "item": row.item,
            "variable": row.fed.variable,
            "technologies": [list(each) for each in row.fed.technologies],
            "year": row.fed.year,
            "value": row.fed.value,
            "unit": row.fed.unit,
            "status": row.fed.status,
            "reports": [dict(each) for each in row.fed.reports],
        }
        for row in found.rows
    ]
    compared = [
        {
            "key": row.fed.key,
            "variable": row.fed.variable,
            "state": row.state,
            "inventory": row.own if row.rows else None,
            "difference": row.difference,
        }
        for row in found.rows
    ]
    return {
        "indicators": [FEED, *ACTIVITY],
        "run": str(found.run.pk),
        "digest": found.run.digest,
        "city": found.city.pk,
        "cells": cells,
        "streams": streams(found.run, found.year),
        "compared": compared,
        "left": found.left,
    }
