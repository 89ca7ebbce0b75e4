"""What the factor library's pages show: every factor in the reader's words, and what the stored run makes of each.

The package's rows never change while the program runs, and a stored run never changes at all: both are put together
once and kept. Only signatures and the city's own factors are asked of the database for each page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import polars as pl

from dafeng.domains.inventory import library, services, storage
from dafeng.domains.inventory.methods.key_categories import potentials
from dafeng.domains.inventory.models import City, FactorSignature, InventoryRun
from dafeng.domains.inventory.sheets.inputs import input_name
from dafeng.kernel.accounting.status import UNSIGNED
from dafeng.kernel.quantities import places, units

MEMO = ("biogenic", "bunker", "stored")
IMPORTED, DRAWN = ("ID1", "ID2"), ("ID3", "ID4")
# Two copies of one printed number differ in the last digit at most; what differs more is another number.
SAME = 5e-4
_USE = {
    "factor_id": pl.String, "category": pl.String, "item": pl.String, "gas": pl.String, "kind": pl.String, "year": pl.Int16,
    "rows": pl.UInt32, "co2e": pl.Float64, "counted": pl.Boolean,
}  # fmt: skip


def place_name(code: str, city: City | None = None) -> tuple[str, str]:
    """Chinese and English name of the place that a factor holds for; a region by its own name."""
    if code == places.WORLD:
        return "国际缺省", "IPCC default"
    if code == places.NATION:
        return "全国", "China"
    if ":" in code:
        return code.partition(":")[2], code
    if city is not None and code == city.code:
        return city.name, city.name_en
    if city is not None and code in city.counties:
        return city.counties[code][0], city.counties[code][1]
    name = places.provinces().get(code, code)
    return name, name


@lru_cache(maxsize=1)
def _sector_of_parameter() -> dict[str, str]:
    """The sector whose methods ask for a parameter; empty where several do."""
    found: dict[str, set[str]] = {}
    for each in [*library.methods().values(), *library.series().values()]:
        for name in each.parameters:
            found.setdefault(name, set()).add("ID" if each.category.startswith("ID") else each.category[:1])
    return {name: sectors.pop() if len(sectors) == 1 else "" for name, sectors in found.items()}


def in_words(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with what people call them, and `words`: everything that the search looks in."""
    names, names_en = library.item_names(), library.item_names_en()
    known, sets = library.categories(), library.factor_sets()
    rows = []
    for row in frame.iter_rows(named=True):
        category = known.get(row["category"])
        parameter = (input_name(row["parameter"]), input_name(row["parameter"], "en"))
        item = (names.get(row["item"], row["item"]), names_en.get(row["item"], row["item"]))
        heading = (category.name, category.name_en) if category else (row["category"],) * 2
        level = places.level(row["place"])
        words = (
            row["factor_id"], row["parameter"], *parameter, row["item"], *item, row["technology"], row["category"],
            *heading, row["set"], sets.get(row["set"], {}).get("title", ""), *place_name(row["place"]), row["source"], row["note"],
        )  # fmt: skip
        sector = ("ID" if row["category"].startswith("ID") else row["category"][:1]) or _sector_of_parameter().get(
            row["parameter"], ""
        )
        rows.append((*parameter, *item, *heading, sector or "0", level, " ".join(words).lower()))
    schema = dict.fromkeys(
        (
            "parameter_zh",
            "parameter_en",
            "item_zh",
            "item_en",
            "category_zh",
            "category_en",
            "sector",
            "level",
            "words",
        ),
        pl.String,
    )
    return frame.hstack(pl.DataFrame(rows, schema=schema, orient="row"))


@lru_cache(maxsize=1)
def package() -> pl.DataFrame:
    """All factors of the package, in words; sorted as they lie in the tables."""
    return in_words(library.factors())


# A run is known by its id and never changes, so it can itself be the key.
@lru_cache(maxsize=8)
def _use(run: InventoryRun) -> pl.DataFrame:
    inventory = storage.restore(run)
    emissions = inventory.emissions
    weights = [(gas, origin, weight) for (gas, origin), weight in potentials(inventory).items()]
    schema = {"gas": pl.String, "origin": pl.String, "weight": pl.Float64}
    by_row = (
        emissions.results.filter(pl.col("emission").is_not_null())
        .join(emissions.activities.select("row", "year"), on="row")
        .group_by("resolution", "year")
        .agg(pl.len().alias("rows"), pl.col("emission").sum())
        .join(
            emissions.resolutions.select("resolution", "category", "item", "gas", "kind", "origin"),
            on="resolution",
        )
        .join(pl.DataFrame(weights, schema=schema, orient="row"), on=["gas", "origin"], how="left")
        .with_columns((pl.col("emission") * pl.col("weight")).alias("co2e"))
    )
    # Net import and end use are two views of the same power (see `Inventory.indirect`): only one of them counts.
    imported = by_row.filter(pl.col("category").is_in(IMPORTED))["year"].unique().to_list()
    twice = pl.col("category").is_in(DRAWN) & pl.col("year").is_in(imported)
    counted = ~pl.col("kind").is_in(MEMO) & ~twice
    return (
        emissions.terms.select("resolution", "factor_id")
        .unique()
        .join(by_row, on="resolution")
        .with_columns(counted.alias("counted"))
        .group_by("factor_id", "category", "item", "gas", "kind", "year")
        .agg(pl.col("rows").sum(), pl.col("co2e").sum(), pl.col("counted").all())
        .select(pl.col(name).cast(dtype) for name, dtype in _USE.items())
    )


def use(run: InventoryRun | None) -> pl.DataFrame:
    """What a run made with each factor: factor_id, category, item, gas, kind, year, rows, co2e (t), counted.

    `counted` is false for memo items, and for the second of two views of the same electricity.
    """
    return pl.DataFrame(schema=_USE) if run is None else _use(run)


def use_by_factor(run: InventoryRun | None) -> pl.DataFrame:
    """factor_id, rows (of all years), first_year, last_year, peak (t CO2e of the year in which most rests on it), peak_year.

    `peak` is null for a factor that only memo items use.
    """
    by_year = (
        use(run)
        .group_by("factor_id", "year")
        .agg(
            pl.col("rows").sum().cast(pl.Int64),
            pl.when(pl.col("counted").any()).then(pl.col("co2e").filter("counted").sum()).alias("co2e"),
        )
        .sort("factor_id", "year")
    )
    largest = pl.col("co2e").abs().arg_max()
    return by_year.group_by("factor_id").agg(
        pl.col("rows").sum(),
        pl.col("year").min().alias("first_year"),
        pl.col("year").max().alias("last_year"),
        pl.col("co2e").get(largest).alias("peak"),
        pl.col("year").get(largest).alias("peak_year"),
    )


def last_year(run: InventoryRun | None) -> int | None:
    """The latest year of the run that has a number."""
    if run is None:
        return None
    known = [int(year) for year, row in run.summary["years"].items() if row["net"] is not None]
    return max(known, default=None)


def signatures_in_force(factor_ids: Iterable[str] | None = None) -> dict[str, FactorSignature]:
    """Factor id → the signature that stands and fits the row as it is now."""
    asked = FactorSignature.objects.filter(withdrawn_at=None).order_by("pk")
    if factor_ids is not None:
        asked = asked.filter(factor_id__in=list(factor_ids))
    found = {}
    for signature in asked:
        row = by_id(signature.factor_id)
        if row is not None and services.fingerprint(row) == signature.fingerprint:
            found[signature.factor_id] = signature
    return found


@lru_cache(maxsize=1)
def _positions() -> dict[str, int]:
    return {name: index for index, name in enumerate(package()["factor_id"])}


def by_id(factor_id: str) -> dict[str, Any] | None:
    """One row of the package's tables, in words."""
    index = _positions().get(factor_id)
    return None if index is None else package().row(index, named=True)


def own(city: City) -> pl.DataFrame:
    """The newest version of each of the city's own factors, in words; ids as `name#version`."""
    return in_words(services.city_factors(city))


def shelf(city: City, run: InventoryRun | None, signed: Mapping[str, Any]) -> pl.DataFrame:
    """All factors, the city's own first, with standing as of now, and what the run makes of them.

    Further columns: those of `use_by_factor`, and state: `blocks` (used and nobody vouches for it), `used`, `unused`.
    """
    frame = pl.concat([own(city), package()])
    standing = pl.when(pl.col("factor_id").is_in(list(signed))).then(pl.lit("signed")).otherwise(pl.col("standing"))
    joined = frame.with_columns(standing.alias("standing")).join(
        use_by_factor(run), on="factor_id", how="left", maintain_order="left"
    )
    used = pl.col("rows") > 0
    state = (
        pl.when(used & pl.col("standing").is_in(list(UNSIGNED)))
        .then(pl.lit("blocks"))
        .when(used)
        .then(pl.lit("used"))
        .otherwise(pl.lit("unused"))
    )
    return joined.with_columns(pl.col("rows").fill_null(0), state.alias("state"))


KEY = ("parameter", "category", "item", "technology", "scope", "year")


@lru_cache(maxsize=1)
def _comparable() -> pl.DataFrame:
    """The package's factors with a value, in one unit for each parameter: `shared` (in `shared_unit`) and `scope`."""
    chosen = package().filter(pl.col("value").is_not_null())
    # The unit that most tables print is the one that most readers know.
    printed = (
        chosen.group_by("parameter", "unit").len().sort("parameter", "len", "unit", descending=[False, True, False])
    )
    targets: dict[str, str] = {}
    pairs = []
    for parameter, unit, _count in printed.rows():
        target = targets.setdefault(parameter, unit)
        if units.convertible(unit, target):
            pairs.append((parameter, unit, units.conversion(unit, target), target))
    schema = {"parameter": pl.String, "unit": pl.String, "scale": pl.Float64, "shared_unit": pl.String}
    wide = pl.col("place").is_in([places.WORLD, places.NATION])
    return (
        chosen.join(pl.DataFrame(pairs, schema=schema, orient="row"), on=["parameter", "unit"], maintain_order="left")
        .with_columns(
            (pl.col("value") * pl.col("scale")).alias("shared"),
            # A default of the IPCC and a national value answer the same question; a province's answers its own.
            pl.when(wide).then(pl.lit("")).otherwise(pl.col("place")).alias("scope"),
        )
        .with_columns(pl.col("year").fill_null(0))
    )


@lru_cache(maxsize=1)
def differing() -> pl.DataFrame:
    """Keys for which several sets print different numbers, or one that is marked as in conflict.

    Columns: those of `KEY`, shared_unit, sets, low, high, spread ((high − low) ÷ the middle of both), conflict, members
    (list of structs factor_id, set, shared, standing), lead (the id of the first), and the names.
    """
    low, high = pl.col("shared").min(), pl.col("shared").max()
    members = pl.struct("factor_id", "set", "shared", "standing").sort_by("shared", "factor_id")
    grouped = (
        _comparable()
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.col("shared_unit").first(),
            pl.col("set").n_unique().alias("sets"),
            low.alias("low"),
            high.alias("high"),
            (pl.col("standing") == "conflict").any().alias("conflict"),
            members.alias("members"),
            pl.col("note").filter(pl.col("standing") == "conflict").first().fill_null(""),
            pl.col("factor_id").first().alias("lead"),
            pl.col(
                "sector", "parameter_zh", "parameter_en", "item_zh", "item_en", "category_zh", "category_en"
            ).first(),
            pl.col("words").str.join(" "),
        )
    )
    middle = (pl.col("low") + pl.col("high")).abs() / 2
    spread = pl.when(middle > 0).then((pl.col("high") - pl.col("low")) / middle).otherwise(0.0)
    return grouped.with_columns(spread.alias("spread")).filter(
        pl.col("conflict") | ((pl.col("sets") > 1) & (pl.col("spread") > SAME))
    )


def siblings(row: Mapping[str, Any]) -> pl.DataFrame:
    """What else there is for the same key, the row itself among them, by set; empty for a row without a value.

    A city's number is compared with those of its province, its region and the nation; one without a year with all years'.
    """
    wide = (places.WORLD, places.NATION)
    scopes = {"" if place in wide else place for place in places.ancestors(row["place"])}
    same = [pl.col(name) == (row[name] or "") for name in ("parameter", "category", "item", "technology")]
    years = {0, row["year"] or 0}
    return (
        _comparable()
        .filter(*same, pl.col("scope").is_in(list(scopes)), pl.col("year").is_in(list(years)))
        .sort("set", "factor_id")
    )


def in_unit_of(row: Mapping[str, Any], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An own factor's row as it stands beside those of the sets: with `shared` in their unit; none without a common unit."""
    unit = others[0]["shared_unit"] if others else row["unit"]
    if not units.convertible(row["unit"], unit):
        return []
    return [{**row, "shared": row["value"] * units.conversion(row["unit"], unit), "shared_unit": unit}]


def sets_shown(run: InventoryRun | None, shelved: pl.DataFrame) -> list[dict[str, Any]]:
    """Each set with how much it holds, how well it stands, and its rank in the run; of a `shelf`."""
    counted = {name: group for (name,), group in shelved.group_by("set")}
    order = {name: rank for rank, name in enumerate(run.sets, start=1)} if run else {}
    found = []
    for name, described in library.factor_sets().items():
        group = counted.get(name)
        standings = dict(group["standing"].value_counts().rows()) if group is not None else {}
        sectors = sorted(group["sector"].unique()) if group is not None else []
        found.append(
            described
            | {
                "count": 0 if group is None else group.height,
                "parameters": 0 if group is None else group["parameter"].n_unique(),
                "standings": standings,
                "sectors": [s for s in sectors if s != "0"],
                "rank": order.get(name),
            }
        )
    return found
