"""What a source would have emitted if only some of its inputs had changed: the old formula with new inputs.

The one idea: a compile keeps everything that its numbers rest on, so a number of one compile can be computed again
with the activity or the factors of another. What cannot be computed again (a formula of a former version, an input that the
other compile does not have) is said, and its old value is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from dafeng.kernel.accounting import Emissions, Method, find_method
from dafeng.kernel.accounting.formula import history
from dafeng.kernel.accounting.recipes import SeriesMethod
from dafeng.kernel.errors import ActivityError, MethodError, UnitError
from dafeng.kernel.quantities import units

SOURCE = ["category", "item", "technology", "place", "year"]
_PLACE_OF_SOURCE = SOURCE[:-1]
Array = np.ndarray


def recompute(pairs: pl.DataFrame, before: Emissions, after: Emissions) -> pl.DataFrame:
    """`pairs` with two columns more, in t of the gas: `with_activity` and `with_factors`, and `recomputed`.

    A pair is a result row of `before` (columns `…_old`) and the row of `after` that took its place (`…_new`).
    `with_activity`: the old formula and factors on the new activity. `with_factors`: the old formula, the new values of
    the factors that both know, the new activity. Where the old formula is not at hand, a proportional one is scaled by its
    coefficient; anything else keeps the old emission, shared among the pairs of one old row, and `recomputed` is false.
    """
    done = [_kept(pairs.head(0), before)]
    for (reference,), group in pairs.group_by("reference_old", maintain_order=True):
        method = _method(str(reference), after)
        if isinstance(method, SeriesMethod):
            done.append(_over_history(group, before, after, method))
        elif method is not None:
            done.append(_over_inputs(group, before, after, method))
        else:
            done.append(_kept(group, before))
    return pl.concat(done)


def _method(reference: str, emissions: Emissions) -> Method | SeriesMethod | None:
    """The formula of this very version, if it is still at hand."""
    name = reference.split("@")[0]
    try:
        method = emissions.series.get(name) or find_method(name)
    except MethodError:
        return None
    return method if method.reference == reference else None


def _kept(pairs: pl.DataFrame, before: Emissions) -> pl.DataFrame:
    """Without the formula: by the stored coefficient where there is one and the units fit, else the old emission."""
    known = before.resolutions.select(pl.col("resolution").alias("resolution_old"), "coefficient")
    scale = _conversions(pairs.select("unit_new", "unit_old"), "scale_between")
    joined = pairs.join(known, on="resolution_old", how="left", maintain_order="left").join(
        scale, on=["unit_new", "unit_old"], how="left", maintain_order="left"
    )
    scaled = pl.col("value_new") * pl.col("scale_between") * pl.col("coefficient")
    emission = pl.coalesce(scaled, pl.col("emission_old") / pl.col("sharers"))
    return joined.with_columns(
        emission.alias("with_activity"), emission.alias("with_factors"), pl.lit(False).alias("recomputed")
    ).drop("coefficient", "scale_between")


def _over_inputs(pairs: pl.DataFrame, before: Emissions, after: Emissions, method: Method) -> pl.DataFrame:
    own = _activities(pairs, before, method, "old")
    new = _activities(pairs, after, method, "new")
    same = (pairs["reference_old"] == pairs["reference_new"]).to_numpy()
    for name in method.activity:
        absent = np.isnan(new[name])
        prescribed = method.optional.get(name, np.nan)
        new[name] = np.where(absent, np.where(same, prescribed, own[name]), new[name])
    factors = {
        name: _parameter(pairs["resolution_old"], before, name, method.inputs[name]) for name in method.parameters
    }
    changed = {}
    for name in method.parameters:
        found = _parameter(pairs["resolution_new"], after, name, method.inputs[name])
        changed[name] = np.where(np.isnan(found), factors[name], found)
    check = _emission(method, own | factors, pairs.height)
    proven = np.isclose(check, pairs["emission_old"].to_numpy(), rtol=1e-6, atol=1e-12)
    with_activity = _emission(method, new | factors, pairs.height)
    with_factors = _emission(method, new | changed, pairs.height)
    good = proven & np.isfinite(with_activity) & np.isfinite(with_factors)
    computed = pairs.with_columns(
        pl.Series("with_activity", with_activity),
        pl.Series("with_factors", with_factors),
        pl.Series("recomputed", good),
    )
    return pl.concat([computed.filter("recomputed"), _kept(pairs.filter(~pl.Series(good)), before)])


def _emission(method: Method, values: dict[str, Array], height: int) -> Array:
    with np.errstate(all="ignore"):
        found = method.draws({name: values[name] for name in method.inputs})
    return np.broadcast_to(np.asarray(found, dtype=float), (height,)).copy()


def _activities(pairs: pl.DataFrame, emissions: Emissions, method: Method, side: str) -> dict[str, Array]:
    """Each activity input of the method from the rows of one compile, in the method's unit; NaN where there is none."""
    found = {}
    for position, name in enumerate(method.activity):
        reported = _reported(pairs, emissions, name, method.inputs[name])
        if position == 0:
            found[name] = np.where(np.isnan(own := _own_row(pairs, method, side)), reported, own)
        else:
            found[name] = reported
        if side == "old" and name in method.optional:
            found[name] = np.where(np.isnan(found[name]), method.optional[name], found[name])
    return found


def _own_row(pairs: pl.DataFrame, method: Method, side: str) -> Array:
    """The row's own value, if it is this method's first input: by its variable, or because the method is the row's own."""
    first = method.activity[0]
    variable, reference = pl.col(f"variable_{side}"), pl.col(f"reference_{side}")
    target = pl.lit(method.inputs[first]).alias("wanted")
    scale = _conversions(pairs.select(pl.col(f"unit_{side}"), target), "scale_own")
    joined = pairs.with_columns(target).join(scale, on=[f"unit_{side}", "wanted"], how="left", maintain_order="left")
    own = variable.is_in([first, ""]) | (reference == method.reference)
    value = pl.when(own).then(pl.col(f"value_{side}") * pl.col("scale_own"))
    return joined.select(value.fill_null(float("nan")).alias("value"))["value"].to_numpy()


def _reported(pairs: pl.DataFrame, emissions: Emissions, name: str, unit: str) -> Array:
    """What the source reports as `name`, from any row of the compile; summed where it reports it in several rows."""
    rows = emissions.activities.filter((pl.col("variable").cast(pl.String) == name) & pl.col("value").is_not_null())
    rows = rows.select(pl.col(*_PLACE_OF_SOURCE, "unit").cast(pl.String), "year", "value")
    rows = rows.with_columns(pl.lit(unit).alias("wanted"))
    scale = _conversions(rows.select("unit", "wanted"), "scale_own")
    summed = (
        rows.join(scale, on=["unit", "wanted"])
        .group_by(SOURCE)
        .agg((pl.col("value") * pl.col("scale_own")).sum().alias("found"))
    )
    joined = pairs.select(SOURCE).join(summed, on=SOURCE, how="left", maintain_order="left")
    return joined["found"].fill_null(float("nan")).to_numpy()


def _parameter(resolutions: pl.Series, emissions: Emissions, name: str, unit: str) -> Array:
    """The factor chosen for each resolution, in the unit asked for; NaN where it has none of this name."""
    terms = emissions.terms.filter(pl.col("parameter") == name).with_columns(pl.lit(unit).alias("wanted"))
    scale = _conversions(terms.select("unit", "wanted"), "scale_own")
    table = terms.join(scale, on=["unit", "wanted"]).select(
        "resolution", (pl.col("value") * pl.col("scale_own")).alias("found")
    )
    wanted = pl.DataFrame({"resolution": resolutions.cast(table.schema["resolution"])})
    joined = wanted.join(table, on="resolution", how="left", maintain_order="left")
    return joined["found"].fill_null(float("nan")).to_numpy()


def _conversions(pairs: pl.DataFrame, name: str) -> pl.DataFrame:
    """The distinct pairs of units with what converts the first into the second; pairs that do not fit are left out."""
    given, wanted = pairs.columns
    rows: list[tuple[str, str, float]] = []
    for source, target in pairs.unique().rows():
        try:
            rows.append((source, target, units.conversion(source, target)))
        except UnitError:
            continue
    return pl.DataFrame(rows, schema={given: pl.String, wanted: pl.String, name: pl.Float64}, orient="row")


# --- methods over a whole history --------------------------------------------------------------------------------------


def _over_history(pairs: pl.DataFrame, before: Emissions, after: Emissions, method: SeriesMethod) -> pl.DataFrame:
    """Every history of the new compile, once with the old parameters and once with its own."""
    wanted = pairs.filter(pl.col("reference_new") == method.reference)
    done = [_kept(pairs.filter(pl.col("reference_new") != method.reference), before)]
    told: list[pl.DataFrame] = []
    old = _histories(before, method)
    new = _histories(after, method)
    for key in wanted.select(_PLACE_OF_SOURCE).unique(maintain_order=True).rows():
        if key in old and key in new:
            told.append(_one_history(old[key], new[key], before, after, method))
    if not told:
        return pl.concat([*done, _kept(wanted, before)])
    table = pl.concat(told)
    joined = wanted.join(table, left_on="row_new", right_on="row", how="left", maintain_order="left")
    good = pl.col("with_activity").is_finite().fill_null(False) & pl.col("with_factors").is_finite().fill_null(False)
    computed = joined.filter(good).with_columns(pl.lit(True).alias("recomputed"))
    return pl.concat([*done, computed, _kept(joined.filter(~good).drop("with_activity", "with_factors"), before)])


def _histories(emissions: Emissions, method: SeriesMethod) -> dict[tuple[Any, ...], pl.DataFrame]:
    """Source → its rows with values in the method's unit, in the shape that `history` reads."""
    chosen = emissions.resolutions.filter((pl.col("method") == method.id) & pl.col("by_formula"))
    rows = (
        emissions.results.select("row", "resolution")
        .join(chosen.select("resolution", "scale"), on="resolution", maintain_order="left")
        .join(emissions.activities, on="row", maintain_order="left")
        .filter(pl.col("value").is_not_null())
        .with_columns(pl.col("value") * pl.col("scale"))
    )
    return {tuple(map(str, key)): part for key, part in rows.group_by(*_PLACE_OF_SOURCE, maintain_order=True)}


def _one_history(
    old: pl.DataFrame, new: pl.DataFrame, before: Emissions, after: Emissions, method: SeriesMethod
) -> pl.DataFrame:
    """row, with_activity, with_factors for every year of one source; NaN where the history cannot be computed."""
    try:
        story = history(after.activities, new, method)
    except ActivityError:
        return _years(new["row"], np.full(new.height, np.nan), np.full(new.height, np.nan))
    rows: pl.DataFrame = story["rows"]
    known = old.sort("year")
    first = {name: _of_years(known, rows["year"], before, name, unit) for name, unit in method.parameters.items()}
    then = {name: _parameter(rows["resolution"], after, name, unit) for name, unit in method.parameters.items()}
    computed = [np.asarray(method.function(story["years"], **story["arrays"], **_plain(p))) for p in (first, then)]
    return _years(rows["row"], *(each.astype(float) for each in computed))


def _of_years(known: pl.DataFrame, years: pl.Series, emissions: Emissions, name: str, unit: str) -> Array:
    """The old parameter of each year; a year that the old history lacks takes the next later one, then the last."""
    table = pl.DataFrame({"year": known["year"], "found": _parameter(known["resolution"], emissions, name, unit)})
    joined = pl.DataFrame({"year": years}).join(table.unique("year"), on="year", how="left", maintain_order="left")
    return joined["found"].fill_null(strategy="backward").fill_null(strategy="forward").to_numpy()


def _plain(parameters: dict[str, Array]) -> dict[str, float | Array]:
    """One number where all years agree, as a compile passes it."""
    return {name: float(v[-1]) if np.all(v == v[0]) else v for name, v in parameters.items()}


def _years(rows: Iterable[int], with_activity: Array, with_factors: Array) -> pl.DataFrame:
    schema: dict[str, Any] = {"row": pl.UInt32, "with_activity": pl.Float64, "with_factors": pl.Float64}
    return pl.DataFrame({"row": rows, "with_activity": with_activity, "with_factors": with_factors}, schema=schema)
