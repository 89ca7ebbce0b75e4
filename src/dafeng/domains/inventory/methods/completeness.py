"""Completeness: for every category, gas and year of a place, is there a number, a notation key, or nothing?

Source: IPCC 2006, volume 1, chapter 8, table 8.2 (notation keys) and chapter 6, table 6.1 (check of completeness).
The one idea: what an inventory should hold is the category table, not what was sent in. A cell that nobody has looked
at is shown as NE with the reason, beside those that someone left out on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from dafeng.domains.inventory import library
from dafeng.domains.inventory.library import Category
from dafeng.domains.inventory.methods import quality_rules
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.kernel.accounting.recipes import KINDS
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.quantities import places

STATES = ("reported", "estimated", "notation", "missing")
SCHEMA: dict[str, Any] = {
    "sector": pl.String,
    "category": pl.String,
    "name": pl.String,
    "name_en": pl.String,
    "gas": pl.String,
    "place": pl.String,
    "year": pl.Int16,
    "expected": pl.Boolean,
    "memo": pl.Boolean,
    "state": pl.String,
    "notation": pl.String,
    "emission": pl.Float64,
    "co2e": pl.Float64,
    "estimated_share": pl.Float64,
    "parts": pl.Int64,
    "missing": pl.Int64,
    "partial": pl.Boolean,
    "status": pl.UInt8,
    "reason": pl.String,
    "reason_en": pl.String,
}
# A category may ask for a family; any gas of it answers.
FAMILIES = {
    "HFC": r"HFC-.+",
    "HFCs": r"HFC-.+",
    "PFC": r"CF4|C2F6|C3F8|c-C4F8|C4F10|C5F12|C6F14",
    "PFCs": r"CF4|C2F6|C3F8|c-C4F8|C4F10|C5F12|C6F14",
}
NOTHING = "没有填报，也没有标记符号"
SAID_NE = "填报为未估算（NE）"
NOT_COMPUTED = "输入数据不全，无法计算"
_ENGLISH = {
    NOTHING: "nothing was reported, and no notation key was given",
    SAID_NE: "reported as not estimated (NE)",
    NOT_COMPUTED: "inputs are incomplete, cannot be computed",
    "没有适用于该类别与品种的方法": "no method for this category and item",
    "单位不能换算为方法所需的 ": "unit cannot be converted to ",
    "缺少因子 ": "no factor for ",
    "；": "; ",
    "、": ", ",
}
# Which key speaks for a cell when its places gave several: first what hides a number, last what has none.
_SPEAKS = ("C", "IE", "NO", "NA")
_CELL = ["category", "gas", "year"]


def expected_cells(categories: Mapping[str, Category] | None = None) -> pl.DataFrame:
    """What a complete inventory holds: sector, category, name, name_en, memo, gas; leaf categories, in table order.

    A category is a leaf when it asks for gases and nothing below it does. Categories that are for information only
    (quality_rules.toml) are not expected.
    """
    known = library.categories() if categories is None else categories
    inner = {above for each in known.values() if each.gases for above in _above(each.code, known)}
    shown = (*inner, *quality_rules.information())
    leaves = [each for each in known.values() if each.code not in shown]
    rows = [(e.sector, e.code, e.name, e.name_en, e.memo, gas) for e in leaves for gas in e.gases]
    columns = ("sector", "category", "name", "name_en", "memo", "gas")
    return pl.DataFrame(rows, schema={name: SCHEMA[name] for name in columns}, orient="row")


def completeness(
    inventory: Inventory,
    *,
    place: str,
    years: Iterable[int],
    categories: Mapping[str, Category] | None = None,
) -> pl.DataFrame:
    """The matrix category × gas × year of one place with all places inside it; columns of `SCHEMA`.

    `state`: `reported` and `estimated` cells have a number (`estimated` when any part of it rests on estimated or
    assumed activity or was made by a gap tool; `estimated_share` says how much), `notation` cells a key in its place,
    `missing` cells neither: their `notation` is NE and `reason` says why. `partial`: there is a number, but some part
    of it is not estimated. Reported gases that the table does not ask for come last, with `expected` false.
    """
    known = library.categories() if categories is None else categories
    wanted = expected_cells(known)
    span = pl.DataFrame({"year": sorted(set(years))}, schema={"year": pl.Int16})
    rows = pl.concat([_numbers(inventory, place), _reasons(inventory, place)])
    found = _by_cell(rows.join(span, on="year", how="semi"), wanted, known)
    asked = wanted.join(span, how="cross").with_columns(pl.lit(True).alias("expected"))
    strays = found.select(_CELL).join(asked, on=_CELL, how="anti").sort(_CELL)
    described = strays.join(_described(known), on="category", how="left").with_columns(pl.lit(False).alias("expected"))
    matrix = pl.concat([asked, described.select(asked.columns)])
    judged = _judged(matrix.join(found, on=_CELL, how="left", maintain_order="left"), place)
    return _elsewhere(judged, quality_rules.alternatives())


def shares(matrix: pl.DataFrame, *by: str) -> pl.DataFrame:
    """For a completeness bar: shares of the expected cells by state, which sum to 1; by sector and year unless told.

    Columns: the asked ones, cells, reported, estimated, notation, missing, and complete: the share that is neither
    missing nor partial. Memo categories count like any other.
    """
    keys = list(by) or ["sector", "year"]
    return (
        matrix.filter("expected")
        .group_by(keys)
        .agg(
            pl.len().cast(pl.Int64).alias("cells"),
            *((pl.col("state") == state).mean().alias(state) for state in STATES),
            ((pl.col("state") != "missing") & ~pl.col("partial")).mean().alias("complete"),
        )
        .sort(keys)
    )


def _above(code: str, known: Mapping[str, Category]) -> list[str]:
    """The codes above a category, nearest first; a loop in the table ends it."""
    chain: list[str] = []
    while code in known and (code := known[code].parent) and code not in chain:
        chain.append(code)
    return chain


def _described(known: Mapping[str, Category]) -> pl.DataFrame:
    rows = [(e.sector, e.code, e.name, e.name_en, e.memo) for e in known.values()]
    columns = ("sector", "category", "name", "name_en", "memo")
    return pl.DataFrame(rows, schema={name: SCHEMA[name] for name in columns}, orient="row")


def counting_kinds(code: str) -> tuple[str, ...]:
    """The kinds of emission that fill a category's cells: biogenic CO2 beside a boiler is not the boiler's CO2."""
    if code.startswith("1M"):
        return ("bunker",)
    return ("indirect",) if code.startswith("ID") else ("direct",)


def _numbers(inventory: Inventory, place: str) -> pl.DataFrame:
    """The inventory's own cells inside the place that can fill a cell of the matrix."""
    cells = inventory.select(kinds=KINDS, within=place)
    guessed = pl.col("basis").is_in(["estimated", "assumed"]) | (pl.col("mark").fill_null("") != "")
    return _of_counting_kinds(cells).select(
        *_CELL,
        "emission",
        "co2e",
        guessed.fill_null(False).alias("guessed"),
        pl.col("parts").cast(pl.Int64),
        pl.col("missing").cast(pl.Int64),
        pl.col("status").cast(pl.UInt8),
        pl.col("notation").cast(pl.String),
        pl.lit(None, dtype=pl.String).alias("reason"),
    )


def _of_counting_kinds(rows: pl.DataFrame) -> pl.DataFrame:
    pairs = [(code, kind) for code in rows["category"].unique() for kind in counting_kinds(code)]
    counting = pl.DataFrame(pairs, schema={"category": pl.String, "kind": pl.String}, orient="row")
    homeless = pl.col("gas") == ""
    named = rows.filter(~homeless).join(counting, on=["category", "kind"], how="semi")
    return pl.concat([rows.filter(homeless), named])


def _reasons(inventory: Inventory, place: str) -> pl.DataFrame:
    """Why parts are not estimated, in the columns of `_numbers`.

    A part that no method answers for has no gas: it is in no cell of the inventory, and its key or its lack of a number
    speaks for every gas of its category.
    """
    emissions = inventory.emissions
    inside = [p for p in emissions.activities["place"].unique().cast(pl.String) if place in places.ancestors(p)]
    activities = emissions.activities.select(
        "row", "year", pl.col("category", "place").cast(pl.String), pl.col("notation").cast(pl.String).alias("given")
    )
    homeless, lacking = pl.col("gas") == "", pl.col("notation") == "NE"
    told = pl.when(pl.col("given") == "NE").then(pl.lit(SAID_NE)).otherwise(pl.col("reason").fill_null(NOT_COMPUTED))
    noted = (
        emissions.results.select("row", "resolution", pl.col("notation").cast(pl.String))
        .filter(pl.col("notation").is_not_null())
        .join(activities.filter(pl.col("place").is_in(inside)), on="row")
        .join(emissions.resolutions.select("resolution", "gas", "kind", "reason"), on="resolution")
        .filter(lacking | homeless)
        .with_columns(pl.when(lacking).then(told).alias("reason"))
    )
    return (
        _of_counting_kinds(noted)
        .group_by(*_CELL, "notation", "reason")
        .agg(pl.len().cast(pl.Int64).alias("rows"))
        .select(
            *_CELL,
            pl.lit(None, dtype=pl.Float64).alias("emission"),
            pl.lit(None, dtype=pl.Float64).alias("co2e"),
            pl.lit(False).alias("guessed"),
            pl.when(homeless).then("rows").otherwise(0).alias("parts"),
            pl.when(homeless & lacking).then("rows").otherwise(0).alias("missing"),
            pl.when(lacking).then(int(Status.INCOMPLETE)).otherwise(int(Status.OK)).cast(pl.UInt8).alias("status"),
            "notation",
            "reason",
        )
    )


def _by_cell(rows: pl.DataFrame, wanted: pl.DataFrame, known: Mapping[str, Category]) -> pl.DataFrame:
    """Rows gathered under the leaf category and the gas that the table asks for."""
    places_of = _assignment(rows.select("category", "gas").unique().rows(), wanted, known)
    number = pl.col("emission").is_not_null()
    size = pl.col("emission").abs()
    by_size = size.filter(pl.col("guessed")).sum() / size.sum()
    by_count = (number & pl.col("guessed")).sum() / number.sum()
    return (
        rows.rename({"category": "own", "gas": "own_gas"})
        .join(places_of, on=["own", "own_gas"])
        .group_by(_CELL)
        .agg(
            pl.when(number.any()).then(pl.col("emission").sum()).alias("emission"),
            pl.when(pl.col("co2e").is_not_null().any()).then(pl.col("co2e").sum()).alias("co2e"),
            (number & pl.col("guessed")).any().alias("guessed"),
            pl.when(size.sum() > 0).then(by_size).when(number.any()).then(by_count).alias("estimated_share"),
            pl.col("parts").sum(),
            pl.col("missing").sum(),
            pl.col("status").max(),
            pl.col("notation").drop_nulls().unique().alias("keys"),
            pl.col("reason").drop_nulls().unique().sort().str.join("；").alias("reason"),
        )
    )


def _assignment(pairs: Iterable[tuple[str, str]], wanted: pl.DataFrame, known: Mapping[str, Category]) -> pl.DataFrame:
    """own, own_gas, category, gas: the cell of the matrix in which each category and gas in use is counted."""
    asks: dict[str, list[str]] = {}
    for category, gas in wanted.select("category", "gas").rows():
        asks.setdefault(category, []).append(gas)
    rows: list[tuple[str, str, str, str]] = []
    for own, gas in pairs:
        leaf = next((code for code in (own, *_above(own, known)) if code in asks), own)
        gases = asks.get(leaf, [])
        families = [asked for asked in gases if asked in FAMILIES and re.fullmatch(FAMILIES[asked], gas)]
        answers = gases if gas == "" else [gas] if gas in gases else families[:1] or [gas]
        rows += [(own, gas, leaf, answer) for answer in answers]
    columns = ("own", "own_gas", "category", "gas")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _judged(frame: pl.DataFrame, place: str) -> pl.DataFrame:
    number = pl.col("emission").is_not_null()
    keys = pl.col("keys").fill_null([])
    unknown = keys.list.contains("NE") | (keys.list.len() == 0)
    key: pl.Expr = pl.lit(None, dtype=pl.String)
    for name in reversed(_SPEAKS):
        key = pl.when(keys.list.contains(name)).then(pl.lit(name)).otherwise(key)
    missing = ~number & unknown
    reason = pl.when(pl.col("reason").fill_null("") == "").then(None).otherwise(pl.col("reason"))
    judged = frame.with_columns(
        pl.when(number & pl.col("guessed"))
        .then(pl.lit("estimated"))
        .when(number)
        .then(pl.lit("reported"))
        .when(missing)
        .then(pl.lit("missing"))
        .otherwise(pl.lit("notation"))
        .alias("state"),
        pl.when(number).then(None).when(missing).then(pl.lit("NE")).otherwise(key).alias("notation"),
        (number & (pl.col("missing") > 0)).fill_null(False).alias("partial"),
        pl.when(missing).then(pl.coalesce(reason, pl.lit(NOTHING))).otherwise(reason).alias("reason"),
        pl.when(missing)
        .then(pl.lit(int(Status.INCOMPLETE), dtype=pl.UInt8))
        .otherwise(pl.col("status"))
        .alias("status"),
        pl.col("parts", "missing").fill_null(0),
        pl.lit(place).alias("place"),
    )
    english = pl.col("reason").str.replace_many(list(_ENGLISH), list(_ENGLISH.values())).alias("reason_en")
    return judged.with_columns(english).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def _elsewhere(matrix: pl.DataFrame, alternatives: Mapping[str, Iterable[str]]) -> pl.DataFrame:
    """Cells that nobody filled because another category holds them, undivided or divided: IE, and where."""
    pairs = [(part, whole) for whole, parts in alternatives.items() for part in parts]
    pairs += [(whole, part) for part, whole in pairs]
    table = pl.DataFrame(pairs, schema={"category": pl.String, "held_in": pl.String}, orient="row")
    full = matrix.filter(pl.col("emission").is_not_null()).select(pl.col("category").alias("held_in"), "gas", "year")
    held = table.join(full, on="held_in").group_by(_CELL).agg(pl.col("held_in").unique().sort().str.join("、"))
    joined = matrix.join(held, on=_CELL, how="left", maintain_order="left")
    silent = (pl.col("reason") == NOTHING) & pl.col("held_in").is_not_null()
    ie = {
        "state": pl.lit("notation"),
        "notation": pl.lit("IE"),
        "reason": pl.lit("列于 ") + pl.col("held_in"),
        "reason_en": pl.lit("included in ") + pl.col("held_in").str.replace_all("、", ", "),
        "status": pl.lit(int(Status.OK), dtype=pl.UInt8),
    }
    changed = [pl.when(silent).then(value).otherwise(pl.col(name)).alias(name) for name, value in ie.items()]
    return joined.with_columns(changed).select(list(SCHEMA))
