"""A firm beside the others of its sector in the city: consumption per unit of output, and laboratory results copied from them.

The rules are those of kind `peers` and those marked `elsewhere` (`checks/common.toml`). A finding names the number of the other firms
and their median to two digits, never a firm or its figure; with fewer than `at_least` of them nothing is compared. Demonstration firms
are peers of each other only.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from dafeng.domains.enterprise.models import Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import sectoral
from dafeng.domains.enterprise.reporting.methods import calculate, checks

_COLUMNS = ("facility__enterprise__code", "facility__code", "month", "item", "stream", "value", "way", "notation")
_SCHEMA: dict[str, Any] = {"firm": pl.String, "code": pl.String} | {
    name: kind for name, kind in sectoral.FRAME.items() if name != "facility"
}


def compared(facilities: Iterable[Facility], year: int) -> list[dict[str, Any]]:
    """The findings of one enterprise's facilities (rows of `checks.run`); all of them belong to it."""
    chosen = list(facilities)
    found: list[dict[str, Any]] = []
    for code in sorted({each.sector for each in chosen}):
        mine = {f"{each.enterprise.code}/{each.code}": each.code for each in chosen if each.sector == code}
        rules = [
            rule
            for rule in checks.rules_of(sectoral.sector_of(code), on=date(year, 12, 31))
            if sectoral.of_others(rule)
        ]
        if rules:
            seen = checks.run(_of_sector(chosen[0], code, rules, year), rules).filter(pl.col("facility").is_in(mine))
            found += [row | {"facility": mine[row["facility"]]} for row in seen.to_dicts()]
    return found


def _of_sector(own: Facility, code: str, rules: list[checks.Rule], year: int) -> pl.DataFrame:
    """What the comparison needs of every firm of the sector, with the values that the guideline prescribes where none was told."""
    named = {"fuel_use", "ncv"}
    for rule in rules:
        named |= set(rule.get("items", ())) | {rule.get("numerator", "fuel_use"), rule.get("denominator", "fuel_use")}
    told = MonthlyValue.objects.filter(
        facility__sector=code,
        facility__enterprise__city=own.enterprise.city,
        facility__enterprise__demo=own.enterprise.demo,
        month__startswith=str(year),
        item__in=named,
        current=True,
    )
    rows = [row for row in told.values_list(*_COLUMNS) if row[5] is not None or row[7]]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row").with_columns(
        pl.format("{}/{}", "firm", "code").alias("facility")
    )
    if frame.is_empty():
        return frame
    result = calculate(sectoral.sector_of(code), frame, parameters=sectoral.parameters_on(year))
    firms = frame.select("facility", "firm").unique()
    whole = checks.with_prescribed(frame.select(*sectoral.FRAME), result)
    return whole.join(firms, on="facility", how="left", maintain_order="left")
