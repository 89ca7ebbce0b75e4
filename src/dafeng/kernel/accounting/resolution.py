"""Resolution: for each distinct kind of activity, which method and which factors. Done once, as column joins.

The order of preference is total and written down in `_PREFERENCE`, so that the same table always gives the same choice.
The chosen rows are recorded: `resolutions` has one row per (key, recipe), `terms` one per parameter of it. A missing
factor gives a resolution without a coefficient, with notation key NE and the reason in words; never a default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from dafeng.kernel.accounting.linear import coefficients
from dafeng.kernel.accounting.recipes import Recipe, SeriesMethod, recipe_frame
from dafeng.kernel.accounting.registry import Method, find_method
from dafeng.kernel.accounting.status import Notation, Status, status_of_factor
from dafeng.kernel.errors import FactorError, UnitError
from dafeng.kernel.quantities import places, units

# Best first: (column, descending). Ties end with the factor's id, so the choice never depends on the row order.
_PREFERENCE = (
    ("place_rank", True),
    ("year", True),
    ("technology_fits", True),
    ("category_length", True),
    ("item_fits", True),
    ("set_order", False),
    ("factor_id", False),
)


@dataclass(frozen=True)
class Resolution:
    """What was chosen.

    `resolutions`: resolution, key, gas, kind, origin, method, reference, tier, role, scale, coefficient, status, notation, reason,
    factor_ids. `terms`: resolution, parameter, factor_id, value (in the method's unit), unit, lower, upper, distribution, set,
    standing.
    """

    resolutions: pl.DataFrame
    terms: pl.DataFrame


def resolve(
    keys: pl.DataFrame,
    factors: pl.DataFrame,
    recipes: Sequence[Recipe],
    *,
    sets: Sequence[str] | None = None,
    tiers: Mapping[str, str] | None = None,
    coherent: Iterable[str] = (),
    series: Mapping[str, SeriesMethod] | None = None,
) -> Resolution:
    """Choose methods and factors for `keys` (key, category, item, technology, variable, unit, place, year).

    `sets` is the order of preference among factor sets (all sets of the table when None); `tiers` maps category prefixes
    to the tier asked for; parameters in `coherent` come from one set together.
    """
    methods: dict[str, Method | SeriesMethod] = {}
    for recipe in recipes:
        methods[recipe.method] = (series or {}).get(recipe.method) or find_method(recipe.method)
    matched, reasons, unfit = _match_recipes(keys, recipes, methods, tiers or {})
    primary = matched.filter(pl.col("role") == "primary").sort("key", "recipe").with_row_index("resolution")
    chosen, absent = _choose_factors(primary, factors, methods, sets, frozenset(coherent))
    resolutions = _assemble(primary, chosen, absent, methods)
    unresolved = _unresolved(keys, matched, reasons, unfit, start=resolutions.height)
    terms = chosen.select(
        "resolution", "parameter", "factor_id", "value", "unit", "lower", "upper", "distribution", "set", "standing"
    )
    return Resolution(pl.concat([resolutions, unresolved], how="diagonal"), terms)


def _match_recipes(
    keys: pl.DataFrame,
    recipes: Sequence[Recipe],
    methods: Mapping[str, Method | SeriesMethod],
    tiers: Mapping[str, str],
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Recipes that answer for each key, in the role its variable plays; reasons where none does; gases whose unit failed."""
    table = recipe_frame(recipes).rename({"category": "recipe_category", "item": "recipe_item"})
    prefixes = sorted({recipe.category for recipe in recipes})
    categories = keys["category"].unique().to_list()
    pairs = [(c, p, _tier(c, tiers)) for c in categories for p in prefixes if c.startswith(p)]
    scope = pl.DataFrame(pairs, schema=["category", "recipe_category", "wanted_tier"], orient="row").cast(pl.String)
    uses = []
    for number, recipe in enumerate(recipes):
        method = methods[recipe.method]
        if isinstance(method, SeriesMethod):
            named = {method.activity: method.activity_unit} | dict.fromkeys(method.optional, method.activity_unit)
        else:
            named = {name: method.inputs[name] for name in method.activity}
        for position, (name, unit) in enumerate(named.items()):
            role = "secondary" if position else "primary"
            uses += [(number, variable, name, unit, role) for variable in ([name] if position else [name, ""])]
    used = pl.DataFrame(
        uses,
        schema={
            "recipe": table.schema["recipe"],
            "variable": pl.String,
            "input": pl.String,
            "activity_unit": pl.String,
            "role": pl.String,
        },
        orient="row",
    )
    found = (
        keys.join(scope, on="category")
        .join(table, on="recipe_category")
        .filter((pl.col("recipe_item") == "") | (pl.col("recipe_item") == pl.col("item")))
        .filter(pl.col("tier") == pl.col("wanted_tier"))
        .join(used, on=["recipe", "variable"])
    )
    scales = pl.DataFrame(
        [(a, b, _scale(a, b)) for a, b in found.select("unit", "activity_unit").unique().rows()],
        schema={"unit": pl.String, "activity_unit": pl.String, "scale": pl.Float64},
        orient="row",
    )
    found = found.join(scales, on=["unit", "activity_unit"])
    reasons = (
        found.group_by("key")
        .agg(
            pl.col("scale").is_null().all().alias("unit_fails"), pl.col("activity_unit").unique().sort().str.join("、")
        )
        .filter("unit_fails")
        .select(
            "key",
            (pl.lit("单位不能换算为方法所需的 ") + pl.col("activity_unit")).alias("reason"),
        )
    )
    fitting = found.filter(pl.col("scale").is_not_null()).with_columns(
        (pl.col("recipe_category").str.len_bytes() * 2 + (pl.col("recipe_item") != "")).alias("fit")
    )
    best = fitting.filter(pl.col("fit") == pl.col("fit").max().over("key", "gas", "kind", "role"))
    # A row that does not say which input it is (gas charged, gas in the bank …) must not count as several of them.
    several = (
        best.filter(pl.col("variable") == "")
        .group_by("key", "gas", "kind")
        .agg(pl.col("input").unique().sort().alias("inputs"))
        .filter(pl.col("inputs").list.len() > 1)
        .select("key", (pl.lit("须填写变量，可为 ") + pl.col("inputs").list.join("、")).alias("reason"))
        .unique("key", keep="first", maintain_order=True)
    )
    # A row that names its input is meant for every gas that has a method for it; one whose unit fits none is not lost.
    unfit = (
        found.filter((pl.col("role") == "primary") & (pl.col("variable") != ""))
        .group_by("key", "gas", "kind", "origin")
        .agg(
            pl.col("scale").is_null().all().alias("unit_fails"), pl.col("activity_unit").unique().sort().str.join("、")
        )
        .filter("unit_fails")
        .join(best, on="key", how="semi")
        .select(
            "key",
            "gas",
            "kind",
            "origin",
            (pl.lit("单位不能换算为方法所需的 ") + pl.col("activity_unit")).alias("reason"),
        )
    )
    return best.join(several, on="key", how="anti"), pl.concat([reasons, several]), unfit


def _tier(category: str, tiers: Mapping[str, str]) -> str:
    fitting = [prefix for prefix in tiers if category.startswith(prefix)]
    return tiers[max(fitting, key=len)] if fitting else "1"


def _scale(given: str, wanted: str) -> float | None:
    try:
        return units.conversion(given, wanted)
    except UnitError:
        return None


def _choose_factors(
    primary: pl.DataFrame,
    factors: pl.DataFrame,
    methods: Mapping[str, Method | SeriesMethod],
    sets: Sequence[str] | None,
    coherent: frozenset[str],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The best factor for each parameter of each resolution, and the parameters that found none."""
    wanted = pl.DataFrame(
        [
            (name, position, parameter, unit, parameter in coherent)
            for name, method in methods.items()
            for position, (parameter, unit) in enumerate(_parameters(method))
        ],
        schema={
            "method": pl.String,
            "position": pl.Int64,
            "parameter": pl.String,
            "wanted_unit": pl.String,
            "coherent": pl.Boolean,
        },
        orient="row",
    )
    need = primary.select("resolution", "method", "category", "item", "technology", "place", "year").join(
        wanted, on="method"
    )
    order = list(dict.fromkeys(sets if sets is not None else factors["set"].unique().sort()))
    ordered = pl.DataFrame(
        {"set": order, "set_order": range(len(order))}, schema={"set": pl.String, "set_order": pl.Int64}
    )
    known = set(factors["place"].unique())
    lineage = pl.DataFrame(
        [(p, a, places.specificity(a)) for p in need["place"].unique() for a in places.ancestors(p) if a in known],
        schema={"place": pl.String, "factor_place": pl.String, "place_rank": pl.Int64},
        orient="row",
    )
    # A request is what a factor can depend on; many resolutions ask the same.
    asked = ["parameter", "category", "item", "technology", "place", "year"]
    requests = need.select(asked).unique(maintain_order=True).with_row_index("request")
    offered = factors.filter(pl.col("value").is_not_null()).select(
        "factor_id", "set", "parameter", "value", "lower", "upper", "distribution", "standing",
        pl.col("unit").alias("factor_unit"),
        pl.col("category").alias("factor_category"),
        pl.col("item").alias("factor_item"),
        pl.col("technology").alias("factor_technology"),
        pl.col("place").alias("factor_place"),
        pl.col("year").alias("factor_year"),
    )  # fmt: skip
    # Either the item's own factors or those for any: joined, so that other items' never come up.
    own = requests.join(lineage, on="place").with_columns(pl.col("item").alias("factor_item"))
    general = own.filter(pl.col("item") != "").with_columns(pl.lit("").alias("factor_item"))
    candidates = (
        pl.concat([own, general])
        .join(offered, on=["parameter", "factor_place", "factor_item"])
        .filter(
            ((pl.col("factor_technology") == "") | (pl.col("factor_technology") == pl.col("technology")))
            & pl.col("category").str.starts_with(pl.col("factor_category"))
            & (pl.col("factor_year").is_null() | (pl.col("factor_year") <= pl.col("year")))
        )
        .join(ordered, on="set")
        .select(
            "request", "factor_id", "set", "set_order", "value", "lower", "upper", "distribution", "standing",
            "factor_unit", "place_rank",
            pl.col("factor_year").fill_null(0).alias("year"),
            (pl.col("factor_technology") != "").alias("technology_fits"),
            pl.col("factor_category").str.len_bytes().alias("category_length"),
            (pl.col("factor_item") != "").alias("item_fits"),
        )
    )  # fmt: skip
    asking = need.join(requests, on=asked, nulls_equal=True).select(
        "resolution", "position", "parameter", "wanted_unit", "coherent", "request"
    )
    offers = asking.join(candidates, on="request")
    whole = (
        offers.filter("coherent")
        .group_by("resolution", "set", "set_order")
        .agg(pl.col("parameter").n_unique().alias("has"))
        .join(asking.filter("coherent").group_by("resolution").len("needs"), on="resolution")
        .filter(pl.col("has") == pl.col("needs"))
        .sort("resolution", "set_order")
        .unique("resolution", keep="first", maintain_order=True)
        .select("resolution", pl.col("set").alias("whole_set"))
    )
    chosen = (
        offers.join(whole, on="resolution", how="left")
        .filter(~pl.col("coherent") | (pl.col("set") == pl.col("whole_set")))
        .sort(
            "resolution",
            "position",
            *(name for name, _ in _PREFERENCE),
            descending=[False, False, *(d for _, d in _PREFERENCE)],
        )
        .unique(["resolution", "position"], keep="first", maintain_order=True)
    )
    absent = asking.join(chosen.select("resolution", "position"), on=["resolution", "position"], how="anti")
    return _in_wanted_unit(chosen), absent


def _parameters(method: Method | SeriesMethod) -> list[tuple[str, str]]:
    if isinstance(method, SeriesMethod):
        return list(method.parameters.items())
    return [(name, method.inputs[name]) for name in method.parameters]


def _in_wanted_unit(chosen: pl.DataFrame) -> pl.DataFrame:
    pairs = chosen.select("factor_unit", "wanted_unit").unique().rows()
    rows = []
    for given, wanted in pairs:
        try:
            rows.append((given, wanted, units.conversion(given, wanted)))
        except UnitError as error:
            guilty = chosen.filter((pl.col("factor_unit") == given) & (pl.col("wanted_unit") == wanted))["factor_id"][0]
            raise FactorError(f"因子 {guilty} 的{error.what}") from error
    scales = pl.DataFrame(
        rows, schema={"factor_unit": pl.String, "wanted_unit": pl.String, "factor_scale": pl.Float64}, orient="row"
    )
    return chosen.join(scales, on=["factor_unit", "wanted_unit"], maintain_order="left").with_columns(
        *(pl.col(name) * pl.col("factor_scale") for name in ("value", "lower", "upper")),
        pl.col("wanted_unit").alias("unit"),
    )


def _assemble(
    primary: pl.DataFrame,
    chosen: pl.DataFrame,
    absent: pl.DataFrame,
    methods: Mapping[str, Method | SeriesMethod],
) -> pl.DataFrame:
    standings = pl.DataFrame(
        [(word, int(status_of_factor(word))) for word in chosen["standing"].unique()],
        schema={"standing": pl.String, "factor_status": pl.UInt8},
        orient="row",
    )
    used = (
        chosen.join(standings, on="standing", maintain_order="left")
        .sort("resolution", "position")
        .group_by("resolution", maintain_order=True)
        .agg("factor_id", pl.col("factor_status").max())
        .rename({"factor_id": "factor_ids"})
    )
    lacking = absent.group_by("resolution").agg(pl.col("parameter").sort().str.join("、").alias("lacking"))
    references = pl.DataFrame(
        [(name, method.reference) for name, method in methods.items()],
        schema={"method": pl.String, "reference": pl.String},
        orient="row",
    )
    frame = (
        primary.join(references, on="method", maintain_order="left")
        .join(used, on="resolution", how="left", maintain_order="left")
        .join(lacking, on="resolution", how="left", maintain_order="left")
        .join(coefficients(primary, chosen, methods), on="resolution", how="left", maintain_order="left")
    )
    lacking_any = pl.col("lacking").is_not_null()
    senseless = pl.col("coefficient").is_null() & ~pl.col("by_formula").fill_null(False) & ~lacking_any
    missing = lacking_any | senseless
    return frame.select(
        "resolution", "key", "gas", "kind", "origin", "method", "reference", "tier", "scale",
        pl.when(missing).then(None).otherwise(pl.col("coefficient")).alias("coefficient"),
        pl.col("by_formula").fill_null(False) & ~missing,
        pl.when(missing).then(pl.lit(int(Status.INCOMPLETE))).otherwise(pl.col("factor_status").fill_null(0))
        .cast(pl.UInt8).alias("status"),
        pl.when(missing).then(pl.lit(str(Notation.NE))).alias("notation"),
        pl.when(senseless).then(pl.lit("所选因子代入公式得不到有限的数"))
        .otherwise(pl.lit("缺少因子 ") + pl.col("lacking")).alias("reason"),
        pl.col("factor_ids").fill_null([]),
    )  # fmt: skip


def _unresolved(
    keys: pl.DataFrame, matched: pl.DataFrame, reasons: pl.DataFrame, unfit: pl.DataFrame, start: int
) -> pl.DataFrame:
    """Keys, or gases of a key, that no recipe answers for: not estimated, with the reason.

    A secondary input is no source itself.
    """
    bare = keys.join(matched, on="key", how="anti").join(reasons, on="key", how="left").select(
        "key", pl.lit("").alias("gas"), pl.lit("direct").alias("kind"), pl.lit("").alias("origin"), "reason"
    )  # fmt: skip
    return (
        pl.concat([bare, unfit])
        .sort("key", "gas", "kind", "origin")
        .with_row_index("resolution", offset=start)
        .select(
            "resolution",
            "key",
            "gas",
            "kind",
            "origin",
            pl.lit("").alias("method"),
            pl.lit("").alias("reference"),
            pl.lit("").alias("tier"),
            pl.lit(1.0).alias("scale"),
            pl.lit(None, dtype=pl.Float64).alias("coefficient"),
            pl.lit(False).alias("by_formula"),
            pl.lit(int(Status.INCOMPLETE)).cast(pl.UInt8).alias("status"),
            pl.lit(str(Notation.NE)).alias("notation"),
            pl.col("reason").fill_null(pl.lit("没有适用于该类别与品种的方法")),
            pl.lit([], dtype=pl.List(pl.String)).alias("factor_ids"),
        )
    )
