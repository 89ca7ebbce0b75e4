"""The numbers that the public may see, read from the blackboard: runs of variant `public`, and nothing else.

`inventory.services.publish_run` puts them there when a run is published; a later publication supersedes an earlier one,
and both stay readable under their versions. A demo installation without a publication shows the draft, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

import polars as pl
from django.conf import settings
from django.utils.translation import gettext as _

from dafeng.domains.disclosure.models import OpenCity
from dafeng.kernel.errors import NotFound
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Run

DOMAIN, KIND, VARIANT = "inventory", "compile", "public"
DRAFT, LATEST = "draft", "latest"
TOTAL, GROSS, SECTOR, GAS = (
    "inventory.co2e.total",
    "inventory.co2e.gross",
    "inventory.co2e.sector",
    "inventory.co2e.gas",
)


@dataclass(frozen=True)
class Edition:
    """One version of the city's numbers: published, or the draft of a demo installation."""

    city: OpenCity
    run: Run

    @property
    def draft(self) -> bool:
        return self.run.variant != VARIANT

    @property
    def version(self) -> str:
        return DRAFT if self.draft else f"v{self.run.parameters['number']}"

    @property
    def at(self) -> Any:
        return self.run.finished_at

    @cached_property
    def values(self) -> pl.DataFrame:
        """All values, as `indicators.run_values` gives them, with `year`. A finished run never changes."""
        return _values(self.run.pk)

    def of(self, indicator: str, *, subject: str = "", key: str | None = "") -> pl.DataFrame:
        """Rows of one indicator by year; `key` None takes all keys."""
        found = self.values.filter(
            (pl.col("indicator") == indicator) & (pl.col("subject") == (subject or self.city.code))
        )
        return found if key is None else found.filter(pl.col("key") == key)


@lru_cache(maxsize=16)
def _values(run_id: UUID) -> pl.DataFrame:
    frame = indicators.run_values(Run.objects.get(pk=run_id))
    return frame.with_columns(pl.col("period").str.slice(0, 4).cast(pl.Int32).alias("year"))


def _published(city: OpenCity) -> list[Run]:
    """All publications, the newest first."""
    chosen = Run.objects.filter(domain=DOMAIN, kind=KIND, subject=city.code, variant=VARIANT)
    return list(chosen.filter(state__in=(Run.State.DONE, Run.State.SUPERSEDED)).order_by("-finished_at"))


def editions(city: OpenCity) -> list[Edition]:
    """What the public may see of a city, the newest first; in a demo installation without any, its draft."""
    found = _published(city)
    if not found and settings.DEMO:
        draft = indicators.current_run(DOMAIN, KIND, city.code)
        found = [draft] if draft else []
    return [Edition(city, run) for run in found]


def edition(city: OpenCity, version: str = LATEST) -> Edition:
    """One version. Raises `NotFound` with the versions there are; a draft is found in a demo installation only."""
    known = editions(city)
    if version == LATEST and known:
        return known[0]
    for each in known:
        if each.version == version:
            return each
    raise NotFound(
        _("%(city)s还没有公布碳排放数据") % {"city": city.name}
        if not known
        else _("没有版本“%(version)s”") % {"version": version[:20]},
        expected="、".join([LATEST, *(each.version for each in known)]) if known else "",
        mend=_("数据发布后会出现在这里"),
    )


def changes(newer: Edition, older: Edition) -> pl.DataFrame:
    """How the city's total (without land use) of each year differs between two publications: year, a, b, difference, relative."""
    both = (
        newer.of(GROSS)
        .select("year", pl.col("value").alias("b"))
        .join(older.of(GROSS).select("year", pl.col("value").alias("a")), on="year", how="full", coalesce=True)
    )
    difference = pl.col("b") - pl.col("a")
    return both.with_columns(
        difference.alias("difference"), pl.when(pl.col("a") != 0).then(difference / pl.col("a").abs()).alias("relative")
    ).sort("year", descending=True)
