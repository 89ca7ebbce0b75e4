"""What a report is made from: a compiled inventory, the analyses that go with it, and the day it is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.reports import labels
from dafeng.domains.inventory.reports.labels import ReportError
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.accounting.uncertainty import Uncertainty

SECTORS = ("1", "2", "3", "4", "5")
GROSS = ("1", "2", "3", "5")
ESTIMATED = ("estimated", "assumed")


@dataclass(frozen=True)
class Material:
    """`year` is the year the report is about; all `years` of the inventory show in trends. `made_on` is printed and kept.

    The analyses are those of `methods.completeness`, `methods.key_categories`, `methods.quality` and
    `kernel.accounting.uncertainty`; without one, its chapter says that it was not made.
    """

    inventory: Inventory
    place: str
    name: str
    name_en: str
    year: int
    made_on: date
    run: str = ""
    completeness: pl.DataFrame | None = None
    key_categories: pl.DataFrame | None = None
    uncertainty: Uncertainty | None = None
    checks: pl.DataFrame | None = None
    places: dict[str, str] | None = None

    def __post_init__(self) -> None:
        if self.year not in self.years:
            raise ReportError(
                f"清单中没有 {self.name} {self.year} 年的结果",
                expected="、".join(map(str, self.years)) or "至少一年的结果",
                mend="请先编制该年清单",
            )

    @cached_property
    def cells(self) -> pl.DataFrame:
        """All cells inside the place, every kind and year."""
        return self.inventory.select(kinds=labels.KINDS, within=self.place)

    @cached_property
    def years(self) -> tuple[int, ...]:
        return tuple(sorted(self.cells["year"].unique().to_list()))

    def sums(
        self,
        *by: str,
        kinds: Iterable[str] = ("direct",),
        year: int | None = None,
        sectors: Iterable[str] | None = None,
    ) -> pl.DataFrame:
        """`Inventory.totals` inside the place, for one year or all."""
        years = None if year is None else (year,)
        return self.inventory.totals(*by, kinds=tuple(kinds), within=self.place, years=years, sectors=sectors)

    def value(self, frame: pl.DataFrame) -> float | None:
        return frame["co2e"][0] if frame.height else None

    def total(
        self, *, gross: bool = False, kinds: Iterable[str] = ("direct",), year: int | None = None
    ) -> float | None:
        """Sum in t CO2e of the report's year, or of another."""
        found = self.sums(kinds=kinds, year=year or self.year, sectors=GROSS if gross else None)
        return self.value(found)

    @cached_property
    def lacking(self) -> pl.DataFrame:
        """Cells of the report's year that nobody has looked at."""
        if self.completeness is None:
            return pl.DataFrame()
        return self.completeness.filter((pl.col("state") == "missing") & (pl.col("year") == self.year))

    @cached_property
    def _expected(self) -> pl.DataFrame:
        """The completeness matrix with gas families; empty where completeness was not looked at."""
        if self.completeness is None:
            return pl.DataFrame(
                schema={
                    "sector": pl.String,
                    "family": pl.String,
                    "year": pl.Int16,
                    "notation": pl.String,
                    "state": pl.String,
                }
            )
        families = pl.col("gas").map_elements(labels.family, return_dtype=pl.String).alias("family")
        return self.completeness.filter("expected").with_columns(families)

    def key(self, sector: str, family: str, year: int) -> str:
        """The notation key of a cell of the summary that has no number: NE if any part of it is not estimated."""
        own = self.cells.filter((pl.col("sector") == sector) & (pl.col("year") == year) & pl.col("co2e").is_null())
        told = own.filter(pl.col("gas").map_elements(labels.family, return_dtype=pl.String) == family)["notation"]
        asked = self._expected.filter(
            (pl.col("sector") == sector) & (pl.col("family") == family) & (pl.col("year") == year)
        )["notation"]
        keys = sorted({str(key) for key in (*told.drop_nulls(), *asked.drop_nulls())})
        return "NE" if "NE" in keys else "、".join(keys)

    def sector_status(self, sector: str, year: int, kind: str = "direct") -> Status | None:
        """The worst status of a sector's cells; INCOMPLETE also where an expected cell is missing; None without any."""
        cells = self.cells.filter((pl.col("sector") == sector) & (pl.col("year") == year) & (pl.col("kind") == kind))
        missing = self._expected.filter(
            (pl.col("sector") == sector) & (pl.col("year") == year) & (pl.col("state") == "missing")
        )
        found = ([int(cells["status"].max() or 0)] if cells.height else []) + (
            [int(Status.INCOMPLETE)] if missing.height else []
        )
        return Status(max(found)) if found else None

    @cached_property
    def status(self) -> Status:
        """The worst of all that the report's year rests on; a missing cell, or no look at completeness, makes it INCOMPLETE."""
        found = self.sums(year=self.year)
        worst = int(found["status"].max() or 0) if found.height else int(Status.INCOMPLETE)
        if self.completeness is None or self.lacking.height:
            worst = max(worst, int(Status.INCOMPLETE))
        return Status(worst)

    @cached_property
    def unsigned(self) -> pl.DataFrame:
        return self.inventory.unsigned

    def place_name(self, code: str) -> str:
        county, slash, facility = code.partition("/")
        name = {self.place: self.name, **(self.places or {})}.get(county, county)
        return f"{name}/{facility}" if slash else name
