"""Key categories: the few that make up the level of the inventory, and the few that make its trend.

Source: IPCC 2006, volume 1, chapter 4: equations 4.1 (level), 4.2 and 4.3 (trend; 4.3 where the base year is zero),
4.4 and 4.5 (approach 2: weighted by uncertainty). Sinks enter by their absolute value. Key are the categories that,
summed in descending order, make up 95 % of the sum (approach 2: 90 %), the one that reaches it included. The analysis
is made without land use first and then with it: what is key in either counts.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import polars as pl

from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.kernel.accounting import propagate
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import FactorError, GasError, PeriodError, Place
from dafeng.kernel.quantities import gases

LAND_USE = "4"
LEVEL_SHARE = 0.95
UNCERTAINTY_SHARE = 0.90
CRITERIA = ("L1", "T1", "L2", "T2")
_ROUNDING = 1e-12
UNCERTAINTY_HEADER = ("key", "relative", "standing", "source", "note")


def estimates(
    inventory: Inventory,
    *,
    years: Iterable[int],
    within: str | None = None,
    by: Iterable[str] = ("category", "gas"),
) -> pl.DataFrame:
    """What is analysed: CO2e in t by `by` (category and gas unless told; add `item` to see fuels apart) and year.

    Columns: sector, those of `by`, year, co2e, status. A source that does not occur (NO, NA) is zero; one that is not
    estimated is null: it cannot be assessed, and is never taken for zero. Only what enters the total is analysed.
    """
    keys = ["sector", *by, "year"]
    cells = inventory.select(kinds=("direct",), within=within, years=years)
    none = pl.col("notation").cast(pl.String).is_in(["NO", "NA"])
    amount = pl.when(pl.col("co2e").is_null() & none.fill_null(False)).then(0.0).otherwise(pl.col("co2e"))
    return (
        cells.with_columns(amount.alias("co2e"))
        .group_by(keys)
        .agg(
            pl.when(pl.col("co2e").is_not_null().any()).then(pl.col("co2e").sum()).alias("co2e"),
            pl.col("status").max(),
        )
        .sort(keys)
    )


def relative_uncertainty(
    inventory: Inventory,
    *,
    year: int,
    by: Iterable[str] = ("category", "gas"),
    defaults: Mapping[str, float] | None = None,
) -> pl.DataFrame:
    """Half width of the 95 % interval over the emission, by `by`, from error propagation; feeds approach 2.

    `defaults` as in `kernel.accounting.propagate`; the package's table unless told. Columns: those of `by`, relative.
    """
    names = tuple(by)
    found = propagate(
        inventory.emissions,
        weights=potentials(inventory),
        by=names,
        year=year,
        default_uncertainty=default_uncertainty() if defaults is None else defaults,
    )
    return found.groups.select(*names, "relative")


def potentials(inventory: Inventory) -> dict[tuple[str, str], float | None]:
    """(gas, origin) → kg CO2e per kg in the inventory's GWP set; None for a gas that the set does not list."""
    found: dict[tuple[str, str], float | None] = {}
    for gas, origin in inventory.emissions.resolutions.select("gas", "origin").unique().sort("gas", "origin").rows():
        try:
            found[gas, origin] = gases.gwp(gas, inventory.gwp_set, origin)
        except GasError:
            found[gas, origin] = None
    return found


def key_categories(
    table: pl.DataFrame,
    *,
    year: int,
    base_year: int | None = None,
    uncertainty: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Key categories of `year`, from a table of `estimates`, without land use and with it.

    `uncertainty`: the identifying columns of the table and `relative` (0.05 is 5 %); with it approach 2 is made too.
    One row for each category and analysis, largest level first. Columns: land_use (whether sector 4 is in), the
    identifying columns, base, current (t CO2e), status, level, level_cumulative, trend, trend_share, trend_cumulative,
    relative, level_weighted, level_weighted_cumulative, trend_weighted, trend_weighted_cumulative, criteria (such as
    `L1 T1`), key. What was not assessed is null: a category not estimated in the year, or (trend) in one of the two
    years, or (approach 2) without an uncertainty; the sums are over what was assessed.
    Raises `PeriodError` when the table has nothing for a year.
    """
    for wanted in (year, base_year):
        if wanted is not None and not table.filter(pl.col("year") == wanted).height:
            raise PeriodError(f"没有 {wanted} 年的排放数据，不能识别关键类别", expected="清单中有的年份")
    names = [name for name in table.columns if name not in ("year", "co2e", "status")]
    compared = _side_by_side(table, names, year, base_year)
    if uncertainty is not None:
        own = [name for name in names if name in uncertainty.columns]
        compared = compared.join(uncertainty.select(*own, "relative"), on=own, how="left", maintain_order="left")
    else:
        compared = compared.with_columns(pl.lit(None, dtype=pl.Float64).alias("relative"))
    whole = _assessed(compared, names)
    gross = _assessed(compared.filter(pl.col("sector") != LAND_USE), names)
    tagged = [frame.select(pl.lit(flag).alias("land_use"), pl.all()) for flag, frame in ((False, gross), (True, whole))]
    return pl.concat(tagged)


def key_summary(analysis: pl.DataFrame) -> pl.DataFrame:
    """One row for each category that is key in either analysis, largest first.

    Columns: the identifying columns, current, criteria (of both analyses together), land_use: whether it takes the
    analysis with land use to make it key, as for every land-use category.
    """
    names = analysis.columns[1 : analysis.columns.index("base")]
    met = [
        pl.when(pl.col("criteria").str.contains(one).any()).then(pl.lit(one)).otherwise(pl.lit(None, dtype=pl.String))
        for one in CRITERIA
    ]
    return (
        analysis.filter("key")
        .group_by(names)
        .agg(
            pl.col("current").first(),
            pl.concat_str(met, separator=" ", ignore_nulls=True).alias("criteria"),
            pl.col("land_use").all(),
        )
        .sort(pl.col("current").abs(), *names, descending=[True, *(False for _ in names)], nulls_last=True)
    )


def _side_by_side(table: pl.DataFrame, names: list[str], year: int, base_year: int | None) -> pl.DataFrame:
    now = table.filter(pl.col("year") == year).select(*names, pl.col("co2e").alias("current"), "status")
    if base_year is None:
        return now.with_columns(pl.lit(None, dtype=pl.Float64).alias("base"))
    then = table.filter(pl.col("year") == base_year).select(
        *names, pl.col("co2e").alias("base"), pl.col("status").alias("base_status")
    )
    both = now.join(then, on=names, how="full", coalesce=True)
    known = pl.max_horizontal("status", "base_status", pl.when(_untold()).then(int(Status.INCOMPLETE)))
    return both.with_columns(known.cast(pl.UInt8).alias("status")).drop("base_status")


def _untold() -> pl.Expr:
    """A category with a number in only one of two years cannot show a trend."""
    return pl.col("current").is_null() | pl.col("base").is_null()


def _assessed(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Equations 4.1 to 4.5 over one set of categories."""
    level = pl.col("current").abs() / pl.col("current").abs().sum()  # 4.1
    assessed = frame.with_columns(level.alias("level"), _trend().alias("trend"))
    assessed = assessed.with_columns(
        (pl.col("trend") / pl.col("trend").sum()).alias("trend_share"),
        _share(pl.col("level") * pl.col("relative")).alias("level_weighted"),  # 4.4
        _share(pl.col("trend") * pl.col("relative")).alias("trend_weighted"),  # 4.5
    )
    pairs = {
        "L1": ("level", "level_cumulative", LEVEL_SHARE),
        "T1": ("trend_share", "trend_cumulative", LEVEL_SHARE),
        "L2": ("level_weighted", "level_weighted_cumulative", UNCERTAINTY_SHARE),
        "T2": ("trend_weighted", "trend_weighted_cumulative", UNCERTAINTY_SHARE),
    }
    for criterion, (share, cumulative, threshold) in pairs.items():
        assessed = _cumulated(assessed, share, cumulative, criterion, threshold, names)
    criteria = [pl.when(pl.col(one)).then(pl.lit(one)).otherwise(pl.lit(None, dtype=pl.String)) for one in CRITERIA]
    assessed = assessed.with_columns(
        pl.concat_str(criteria, separator=" ", ignore_nulls=True).alias("criteria"),
        pl.any_horizontal(CRITERIA).alias("key"),
    )
    order = [
        *names, "base", "current", "status", "level", "level_cumulative", "trend", "trend_share", "trend_cumulative",
        "relative", "level_weighted", "level_weighted_cumulative", "trend_weighted", "trend_weighted_cumulative",
        "criteria", "key",
    ]  # fmt: skip
    return assessed.sort("level", *names, descending=[True, *(False for _ in names)], nulls_last=True).select(order)


def _trend() -> pl.Expr:
    """Equation 4.2, or 4.3 where the base year is zero; null unless both years have a number.

    T = |E₀|/Σ|E₀| · | (E − E₀)/|E₀| − (ΣE − ΣE₀)/|ΣE₀| |, sums over the categories that have a number in both years.
    """
    known = ~_untold()
    now, then = pl.col("current"), pl.col("base")
    size = then.filter(known).abs().sum()
    whole_now, whole_then = now.filter(known).sum(), then.filter(known).sum()
    total = (whole_now - whole_then) / whole_then.abs()
    moved = ((now - then) / then.abs() - total).abs()
    trend = pl.when(then == 0).then((now / size).abs()).otherwise(then.abs() / size * moved)
    return pl.when(known & trend.is_finite()).then(trend)


def _share(weighted: pl.Expr) -> pl.Expr:
    whole = weighted.sum()
    return pl.when(whole > 0).then(weighted / whole)


def _cumulated(
    frame: pl.DataFrame, share: str, cumulative: str, criterion: str, threshold: float, names: list[str]
) -> pl.DataFrame:
    """Sorted by share: the running sum, and whether the categories before this one had not yet reached the threshold."""
    ordered = frame.sort(share, *names, descending=[True, *(False for _ in names)], nulls_last=True)
    running = pl.col(share).cum_sum()
    before = running - pl.col(share)
    key = (pl.col(share) > 0) & (before < threshold - _ROUNDING)
    return ordered.with_columns(running.alias(cumulative), key.fill_null(False).alias(criterion))


@lru_cache(maxsize=1)
def default_uncertainty_table() -> pl.DataFrame:
    """default_uncertainty.csv as it stands: key, relative, standing, source, note.

    `key` is a parameter's name, or `activity:` and the beginning of a category. Raises `FactorError` naming the line.
    """
    path = library.HOME / "default_uncertainty.csv"
    rows: list[dict[str, Any]] = []
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != UNCERTAINTY_HEADER:
            where = Place(file=path.name, row=1)
            raise FactorError("不确定性缺省表的表头不对", expected=",".join(UNCERTAINTY_HEADER), where=where)
        for line, row in enumerate(reader, start=2):
            rows.append(row | {"relative": _half_width(row["relative"], Place(path.name, "", line, "relative"))})
    schema: dict[str, Any] = dict.fromkeys(UNCERTAINTY_HEADER, pl.String) | {"relative": pl.Float64}
    return pl.DataFrame(rows, schema=schema)


def _half_width(text: str, where: Place) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise FactorError(f"不是数：“{text}”", expected="相对半宽，如 0.05", where=where) from error
    if not 0 <= value < 10:
        raise FactorError(f"相对半宽 {text} 不合理", expected="0 到 10 之间的数，如 0.05 表示 ±5 %", where=where)
    return value


def default_uncertainty() -> dict[str, float]:
    """Key → relative half width, as `propagate` and `simulate` take it."""
    return dict(default_uncertainty_table().select("key", "relative").iter_rows())
