"""从企业报告取数: the statistics feed of the enterprises' reports beside the inventory's activity, and taken into it, never twice.

The feed is read on the blackboard (`enterprise.fuel.heat`); this domain knows nothing of its maker. What is taken is one batch a
year, an upload that is undone like any other; a newer feed replaces it. `precedence.in_force` keeps it out wherever a number of
record stands, whichever came first.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from dafeng.domains.inventory import holdings, library, services
from dafeng.domains.inventory.methods import reported as methods
from dafeng.domains.inventory.methods.precedence import TAKEN, in_force
from dafeng.domains.inventory.methods.reported import Compared, Fed
from dafeng.domains.inventory.models import Batch, City
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import ActivityError, NotFound, StaleError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.keys import dimensions_of
from dafeng.kernel.indicators.models import Run, Value
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest, dump

FEED = "enterprise.fuel.heat"
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
        """What was taken before; of a year that nothing was taken of, what stands nowhere else and lacks nothing."""
        if self.taken is not None:
            return frozenset(self.taken.record.payload["cells"])
        sound = [row for row in self.rows if row.fed.status != Status.INCOMPLETE]
        return frozenset(row.fed.key for row in sound if row.state == methods.NOTHING)


@lru_cache(maxsize=1)
def fuels() -> dict[str, str]:
    """Fuel as the reports call it → item of the inventory, empty where there is none."""
    with (library.HOME / "reported_fuels.csv").open(encoding="utf-8", newline="") as stream:
        return {row["fuel"]: row["item"] for row in csv.DictReader(stream)}


def reconcile(city: City, year: int | None = None) -> Reconciliation | None:
    """The newest feed beside the inventory, of `year` or else its latest; None while nothing was published.

    Raises `NotFound` for a year that the feed does not hold.
    """
    run = indicators.current_run("enterprise", "feed", city.pk)
    fed = _fed(run) if run else []
    if run is None or not fed:
        return None
    years = tuple(sorted({each.year for each in fed}, reverse=True))
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
    rows = methods.compare(
        [each for each in fed if each.year == wanted], fuels(), methods.with_heat(base, table, order)
    )
    seen = hashlib.sha256(repr((str(run.pk), [str(key[1]) for key in keys])).encode()).hexdigest()
    return Reconciliation(city, run, wanted, years, tuple(rows), base, _taken(city, wanted), seen)


def _fed(run: Run) -> list[Fed]:
    found = Value.objects.filter(run=run, indicator__code=FEED, value__isnull=False)
    made = []
    for period, key, value, status, lineage in found.values_list("period", "key", "value", "status", "lineage"):
        told = dimensions_of(key)
        reports = tuple(lineage.get("reports", ()))
        made.append(Fed(told["category"], told["fuel"], int(period), value, status, reports))
    return made


def _base(city: City, keys: tuple[holdings.Key, ...], year: int) -> pl.DataFrame:
    """Rows of energy in force in a year, as they would be without what was taken."""
    held = holdings.city_rows(city, keys)
    texts = [name for name, kind in held.schema.items() if kind == pl.Categorical]
    rows = held.filter((pl.col("year") == year) & (pl.col("sector") == "1")).with_columns(pl.col(texts).cast(pl.String))
    return in_force(rows.filter(pl.col("batch_source") != TAKEN)) if rows.height else rows


def _key(city: City, year: int) -> str:
    return f"{holdings.TAKEN_KEY}{city.pk}:{year}"


def _taken(city: City, year: int) -> Batch | None:
    found = Batch.objects.filter(city=city, active=True, record__key=_key(city, year))
    return found.select_related("record__created_by").order_by("-pk").first()


def chosen_rows(found: Reconciliation, keys: Collection[str]) -> list[Compared]:
    """The rows that are asked for. Raises `ActivityError` for one that does not exist or may not be taken."""
    rows = {row.fed.key: row for row in found.rows}
    for key in sorted(keys):
        if key not in rows:
            raise ActivityError(_("供数中没有“%(key)s”") % {"key": key[:60]}, mend=_("请返回重新选择"))
        if rows[key].state == methods.HELD:
            raise ActivityError(
                _("“%(key)s”已有统计或填报的数，不能再取企业报告的数") % {"key": key},
                mend=_("企业是统计的一部分，只比较差额；如要改用企业报告，先撤销那一批"),
            )
        if not rows[key].takeable:
            raise ActivityError(_("“%(key)s”在清单中没有对应的类别或品种") % {"key": key})
    return [row for row in found.rows if row.fed.key in keys]


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
            key=_key(city, year),
            about={"feed": str(found.run.pk), "year": year, "content": content, "cells": cells},
        )
        detail = {"feed": str(found.run.pk), "batch": batch.pk, "year": year, "cells": cells}
        records.audit(by, "inventory.take-reported", "city", city.pk, detail, now=now)
    return batch, True


def activity_of(found: Reconciliation, rows: Sequence[Compared]) -> pl.DataFrame:
    """Activity rows in GJ; the combustion methods take heat, so no calorific value comes between report and inventory."""
    return pl.DataFrame(
        [
            {
                "category": row.fed.category,
                "item": row.item,
                "place": found.city.pk,
                "year": found.year,
                "value": row.fed.heat,
                "unit": methods.HEAT,
                "basis": "reported",
                "source": _source(found.run, row.fed),
            }
            for row in rows
        ]
    )


def _source(run: Run, fed: Fed) -> str:
    named = "；".join(f"{each['report']}（{each['digest'][:16]}）" for each in fed.reports[:NAMED])
    more = len(fed.reports) - NAMED
    return (
        f"企业报告统计供数 {run.pk}：{len(fed.reports)} 家企业的报告（报告编号和摘要）{named}"
        f"{f'，其余 {more} 份见凭证' if more > 0 else ''}。只含报告企业，不是整个类别；按热量计，未经热值换算"
    )


def _snapshot(found: Reconciliation) -> dict[str, Any]:
    cells = [
        {
            "category": row.fed.category,
            "fuel": row.fed.fuel,
            "item": row.item,
            "year": row.fed.year,
            "value": row.fed.heat,
            "unit": methods.HEAT,
            "status": row.fed.status,
            "reports": [dict(each) for each in row.fed.reports],
        }
        for row in found.rows
    ]
    return {
        "indicator": FEED,
        "run": str(found.run.pk),
        "digest": found.run.digest,
        "city": found.city.pk,
        "cells": cells,
    }
