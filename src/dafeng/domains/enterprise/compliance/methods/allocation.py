"""Allowances per unit by a rule set, every step a column.

Sources: 2019-2020 plan for power (DCP#36): A = A_e + A_h, A_e = Q_e·B_e·F_l·F_r·F_f, A_h = Q_h·B_h; the later plans of `rules/`.
Everything is exact (`exact.py`), but for F_f below 75 % load, a power that is rounded to the places that the rule set names, and the
draft of 2025 for industry, a quotient. What is issued is whole tonnes, never more than the formula gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from typing import Any

import polars as pl

from dafeng.domains.enterprise.compliance.methods.exact import Exact, constants, measured, whole_of
from dafeng.domains.enterprise.compliance.methods.rulesets import LoadRule, RuleSet
from dafeng.domains.enterprise.errors import Refused

OUTPUT_PLACES, SHARE_PLACES, MONEY_PLACES = 3, 4, 2
NO_COOLING = "none"  # back-pressure and the like: the factor is 1
BARRED = ("illegal_construction", "closure_ordered", "no_permit")  # DCP#36: no allowances
OPTIONAL: dict[str, Any] = {
    "cooling": pl.String, "heat": pl.Float64, "heat_ratio": pl.Float64, "load_factor": pl.Float64, "emissions": pl.Float64,
    "barred": pl.String, "capacity": pl.Float64, "choice": pl.String, "reduction": pl.Float64, "history": pl.Float64,
    "balance": pl.Float64, "output": pl.Float64,
}  # fmt: skip
COLUMNS = (
    "unit", "class", "barred", "output", "output_counted", "benchmark_power", "cooling_factor", "heat_factor", "load_factor_value",
    "quota_power", "heat", "benchmark_heat", "quota_heat", "share", "quota", "tonnes", "status", "open", "missing",
)  # fmt: skip


def allocate(units: pl.DataFrame, rules: RuleSet) -> pl.DataFrame:
    """One row a unit, in the order given, with the columns of `COLUMNS`.

    `units`: unit, class, and what the method needs: output (MWh, or the product's unit), heat (GJ), heat_ratio, load_factor (shares),
    cooling (water | air), emissions (t), barred, capacity, choice, reduction, history, balance. `status`: ok; to_confirm (rests on
    `open`); missing (`missing` names what); then `quota` is null. Quota in t, exact; `tonnes` whole, rounded down.
    Raises `Refused` for a class that the set does not know, a repeated unit, or an impossible value.
    """
    if rules.empty:
        raise Refused("rule_set_empty", rules.empty, mend="请选用别的规则")
    given = _given(units, rules)
    made = _METHODS[rules.method](given, rules)
    return _marked(given, made, rules).select(COLUMNS)


def _given(units: pl.DataFrame, rules: RuleSet) -> pl.DataFrame:
    lacking = {"unit", "class"} - set(units.columns)
    if lacking:
        raise Refused("column_missing", f"机组表缺少列 {'、'.join(sorted(lacking))}")
    known = [name for name in OPTIONAL if name not in units.columns]
    frame = units.with_columns(pl.lit(None, dtype=OPTIONAL[name]).alias(name) for name in known)
    # A column of nothing but nulls has no type of its own.
    untyped = [name for name in OPTIONAL if frame.schema[name] == pl.Null]
    frame = frame.with_columns(pl.col(name).cast(OPTIONAL[name]) for name in untyped)
    stray = frame.filter(~pl.col("class").is_in(list(rules.classes)) | pl.col("class").is_null())
    if stray.height:
        raise Refused(
            "class_unknown", f"“{stray['unit'][0]}”的类别“{stray['class'][0]}”不在 {rules.code} 里", expected="、".join(rules.classes)
        )  # fmt: skip
    if frame["unit"].is_duplicated().any():
        raise Refused("unit_twice", f"“{frame.filter(pl.col('unit').is_duplicated())['unit'][0]}”出现了两次")
    _within(frame, {"output": 1e9, "heat": 1e9, "heat_ratio": 1.0, "load_factor": 1.0, "emissions": 1e9, "capacity": 1e9, "reduction": 2.0, "history": 1e9, "balance": 1e6})  # fmt: skip
    if rules.cooling is not None:
        words = (*rules.cooling.values, NO_COOLING, "")
        odd = frame.filter(pl.col("cooling").is_not_null() & ~pl.col("cooling").is_in(words))
        if odd.height:
            raise Refused("cooling_unknown", f"“{odd['unit'][0]}”的冷却方式“{odd['cooling'][0]}”不认识", expected="、".join(words[:-1]))  # fmt: skip
    reasons = frame.filter(~pl.col("barred").fill_null("").is_in(["", *BARRED]))
    if reasons.height:
        raise Refused("barred_unknown", f"不发配额的理由“{reasons['barred'][0]}”不认识", expected="、".join(BARRED))
    return frame.with_columns(pl.col("barred").fill_null(""))


def _within(frame: pl.DataFrame, limits: Mapping[str, float]) -> None:
    for name, top in limits.items():
        value = pl.col(name).cast(pl.Float64)
        wrong = frame.filter(value.is_nan() | (value < 0) | (value > top))
        if wrong.height:
            raise Refused(
                "value_out_of_range", f"“{wrong['unit'][0]}”的 {name} 为 {wrong[name][0]}", expected=f"0 至 {top:g}"
            )


def _by_class(given: pl.DataFrame, rules: RuleSet, values: Mapping[str, Decimal | None]) -> Exact:
    """A column of constants by the class of each unit."""
    found = constants(values[code] for code in rules.classes)
    joined = given["class"].replace_strict(list(rules.classes), found.column, return_dtype=pl.Int128)
    return Exact(joined, found.scale)


def _benchmark(given: pl.DataFrame, rules: RuleSet, kind: str) -> Exact:
    values = {
        code: rules.benchmarks[code, kind].value if (code, kind) in rules.benchmarks else None for code in rules.classes
    }
    return _by_class(given, rules, values)


def _chp() -> pl.Expr:
    """A unit that supplies heat."""
    return (pl.col("heat").cast(pl.Float64).fill_null(0) > 0) | (pl.col("heat_ratio").cast(pl.Float64).fill_null(0) > 0)


# ---------------------------------------------------------------- power


def _power(given: pl.DataFrame, rules: RuleSet) -> dict[str, Any]:
    output, heat = measured(given["output"], OUTPUT_PLACES), measured(given["heat"], OUTPUT_PLACES)
    b_power, b_heat = _benchmark(given, rules, "power"), _benchmark(given, rules, "heat")
    cooling, (heat_f, load_f) = _cooling(given, rules), (_heat_factor(given, rules), _load_factor(given, rules))
    quota_power = output.times(b_power).times(cooling).times(heat_f).times(load_f)
    # A unit that supplies no heat needs no benchmark of heat.
    none = (heat.column == 0).fill_null(False)
    quota_heat = heat.times(b_heat)
    quota_heat = Exact(pl.select(pl.when(none).then(pl.lit(0, dtype=pl.Int128)).otherwise(quota_heat.column)).to_series(), quota_heat.scale)  # fmt: skip
    return {
        "output": output, "benchmark_power": b_power, "cooling_factor": cooling, "heat_factor": heat_f, "load_factor_value": load_f,
        "quota_power": quota_power, "heat": heat, "benchmark_heat": b_heat, "quota_heat": quota_heat, "quota": quota_power.plus(quota_heat),
    }  # fmt: skip


def _ones(given: pl.DataFrame) -> Exact:
    return Exact(pl.repeat(1, given.height, dtype=pl.Int128, eager=True), 0)


def _cooling(given: pl.DataFrame, rules: RuleSet) -> Exact:
    """F_l: 1 for water, 1.05 for air; coal only. A coal unit without a word is not guessed: null."""
    if rules.cooling is None:
        return _ones(given)
    found = constants([*rules.cooling.values.values(), Decimal(1)])
    words = dict(zip([*rules.cooling.values, NO_COOLING], found.column.to_list(), strict=True))
    column = given.select(
        pl.when(pl.col("class").is_in(list(rules.cooling.classes)))
        .then(pl.col("cooling").replace_strict(words, default=None, return_dtype=pl.Int128))
        .otherwise(pl.lit(words[NO_COOLING], dtype=pl.Int128))
    ).to_series()
    return Exact(column, found.scale)


def _heat_factor(given: pl.DataFrame, rules: RuleSet) -> Exact:
    """F_r = 1 − k·a, k by fuel."""
    if rules.heat is None:
        return _ones(given)
    values = rules.heat.values
    k = _by_class(given, rules, {code: values[each.fuel] for code, each in rules.classes.items()})
    supplied = given["heat"].cast(pl.Float64)
    ratio = measured(
        pl.select(pl.when(supplied == 0).then(0.0).otherwise(given["heat_ratio"])).to_series(), SHARE_PLACES
    )
    product = k.times(ratio)
    one = pl.Series([10**product.scale], dtype=pl.Int128)
    return Exact(one - product.column, product.scale)


def load_factor_of(load: Decimal, rule: LoadRule) -> Decimal:
    """F_f of one load."""
    for band in rule.bands:
        if load >= band.above:
            return band.base + band.slope * (band.at - 100 * load)
    with localcontext() as context:
        context.prec = 40
        power = rule.base ** (rule.plus - rule.minus * load)
        return power.quantize(Decimal(1).scaleb(-rule.digits), ROUND_HALF_EVEN)


def _load_factor(given: pl.DataFrame, rules: RuleSet) -> Exact:
    """Worked out once for each load that occurs (four places: at most 10,001), then looked up."""
    rule = rules.load
    if rule is None:
        return _ones(given)
    loads = measured(given["load_factor"], SHARE_PLACES).column
    distinct = [each for each in loads.unique().to_list() if each is not None]
    whole = {
        each: whole_of(load_factor_of(Decimal(each).scaleb(-SHARE_PLACES), rule), rule.digits) for each in distinct
    }
    applies = pl.col("class").is_in(list(rule.classes))
    if rule.condensing_only:
        applies &= ~_chp()
    found = loads.replace_strict(whole, default=None, return_dtype=pl.Int128) if whole else loads
    column = given.with_columns(found.alias("_load")).select(
        pl.when(applies).then(pl.col("_load")).otherwise(pl.lit(10**rule.digits, dtype=pl.Int128))
    )
    return Exact(column.to_series(), rule.digits)


# ---------------------------------------------------------------- industry


def _verified(given: pl.DataFrame, rules: RuleSet) -> dict[str, Any]:
    """2024 for steel, cement and aluminium: the quota is what was verified."""
    return {"output": measured(given["output"], OUTPUT_PLACES), "quota": measured(given["emissions"], OUTPUT_PLACES)}


def _intensity(given: pl.DataFrame, rules: RuleSet) -> dict[str, Any]:
    """Draft of 2025: X = (balance − I)/balance, α = 0.15·X and at most ±3 %; quota = E·(1 + α)."""
    rule = rules.intensity
    assert rule is not None
    output, emitted = measured(given["output"], OUTPUT_PLACES), measured(given["emissions"], OUTPUT_PLACES)
    shares: list[Decimal | None] = []
    step = Decimal(1).scaleb(-int(rule["digits"]))
    with localcontext() as context:
        context.prec = 40
        for balance, out, e in zip(given["balance"].to_list(), output.column, emitted.column, strict=True):
            if not balance or out is None or e is None:
                shares.append(None)
                continue
            level = Decimal(str(balance))
            # Without output what is emitted lies beyond every intensity; where nothing is, any share of it is nothing.
            intensity = Decimal(e) / Decimal(out) if out else Decimal("Infinity") if e else level
            x = (level - intensity) / level
            alpha = rule["slope"] * x if abs(x) <= rule["edge"] else rule["limit"].copy_sign(x)
            shares.append((1 + alpha).quantize(step, ROUND_HALF_EVEN))
    share = constants(shares)
    return {"output": output, "share": share, "quota": emitted.times(share)}


# ---------------------------------------------------------------- product benchmarks


def _product(given: pl.DataFrame, rules: RuleSet) -> dict[str, Any]:
    """Benchmark × output × decline × free share; historic intensity × reduction × output; historic emissions × reduction."""
    way = {code: each.way for code, each in rules.classes.items()}
    ways = given["class"].replace_strict(way, return_dtype=pl.String)
    counted = _counted(given, rules)
    output = measured(counted, OUTPUT_PLACES)
    share = _by_class(given, rules, dict.fromkeys(rules.classes, rules.decline * rules.free_share))
    chosen = _choice(given, rules)
    plain = output.times(_benchmark(given, rules, "product")).times(share).times(chosen)
    history, reduction = measured(given["history"], 6), measured(given["reduction"], SHARE_PLACES)
    intensity, total = history.times(reduction).times(output), history.times(reduction)
    scale = max(plain.scale, intensity.scale, total.scale)
    quota = pl.select(
        pl.when(ways == "benchmark").then(plain.at(scale).column)
        .when(ways == "historic_intensity").then(intensity.at(scale).column)
        .otherwise(total.at(scale).column)
    ).to_series()  # fmt: skip
    return {
        "output": measured(given["output"], OUTPUT_PLACES), "output_counted": output,
        "benchmark_power": _benchmark(given, rules, "product"), "share": share.times(chosen), "quota": Exact(quota, scale),
    }  # fmt: skip


def _counted(given: pl.DataFrame, rules: RuleSet) -> pl.Series:
    """Output up to the cap of its class, a multiple of the design capacity."""
    caps = {code: float((rules.caps or {}).get(code, 0)) for code in rules.classes}
    times = pl.col("class").replace_strict(caps, return_dtype=pl.Float64)
    top = times * pl.col("capacity")
    return given.select(
        pl.when((times > 0) & (pl.col("output") > top)).then(top).otherwise(pl.col("output")).alias("output")
    ).to_series()


def _choice(given: pl.DataFrame, rules: RuleSet) -> Exact:
    """A factor that the user picks among those that the set prints (share of gas among the fuels); none is 1."""
    picked: list[Decimal | None] = []
    for unit, code, word in given.select("unit", "class", "choice").iter_rows():
        if word is None or word == "":
            picked.append(Decimal(1))
            continue
        options = (rules.choices or {}).get(code, ())
        if not any(_same(word, each) for each in options):
            raise Refused(
                "choice_unknown", f"“{unit}”的系数 {word} 不在规则里", expected="、".join(map(str, options)) or "不填"
            )
        picked.append(Decimal(word))
    return constants(picked)


def _same(word: str, value: Decimal) -> bool:
    try:
        return Decimal(word) == value
    except InvalidOperation:  # no number at all
        return False


def historic_mean(values: list[float], *, tolerance: float = 0.2) -> float:
    """Mean of past years: a single year beyond ±20 % of the mean is dropped; two or more such years all stay (regional plans)."""
    if not values:
        raise Refused("history_missing", "没有历史年份的数")
    mean = sum(values) / len(values)
    outside = [each for each in values if abs(each - mean) > tolerance * mean]
    kept = [each for each in values if each not in outside] if len(outside) == 1 else values
    return sum(kept) / len(kept)


_METHODS: dict[str, Callable[[pl.DataFrame, RuleSet], dict[str, Any]]] = {
    "power": _power, "verified": _verified, "intensity": _intensity, "product": _product,
}  # fmt: skip

# ---------------------------------------------------------------- what it rests on


def _marked(given: pl.DataFrame, made: dict[str, Any], rules: RuleSet) -> pl.DataFrame:
    quota: Exact = made["quota"]
    barred = given["barred"] != ""
    column = pl.select(pl.when(barred).then(pl.lit(0, dtype=pl.Int128)).otherwise(quota.column)).to_series()
    quota = Exact(column, quota.scale)
    steps = {name: each.decimals() for name, each in made.items() if name != "quota"}
    frame = given.select("unit", "class", "barred").with_columns(
        *(each.alias(name) for name, each in steps.items()),
        quota.decimals().alias("quota"),
        quota.floor().cast(pl.Int64).alias("tonnes"),
    )
    frame = frame.with_columns(
        pl.lit(None, dtype=pl.Decimal(38, 3)).alias(name) for name in COLUMNS if name not in (*frame.columns, "status", "open", "missing")
    )  # fmt: skip
    frame = frame.with_columns(_open(given, rules).alias("open"), _missing(given, frame, rules).alias("missing"))
    known = pl.col("quota").is_not_null()
    status = pl.when(~known).then(pl.lit("missing")).when((pl.col("open") != "") & (pl.col("barred") == "")).then(pl.lit("to_confirm")).otherwise(pl.lit("ok"))  # fmt: skip
    return frame.with_columns(status.alias("status"), pl.when(known).then(pl.lit("")).otherwise(pl.col("missing")).alias("missing"))  # fmt: skip


def _open(given: pl.DataFrame, rules: RuleSet) -> pl.Series:
    """Codes of what is used and not signed, a text a unit."""
    parts: list[pl.Expr] = []

    def told(code: str, where: pl.Expr) -> None:
        parts.append(pl.when(where).then(pl.lit(code)))

    for each in rules.benchmarks.values():
        if each.value is not None and rules.unsigned(each.code, each.standing):
            here = pl.col("class") == each.class_
            told(each.code, here & _chp() if each.kind == "heat" else here)
    for name, classes in (("cooling", rules.cooling and rules.cooling.classes), ("load", rules.load and rules.load.classes)):  # fmt: skip
        part = getattr(rules, name)
        if part is not None and rules.unsigned(name, part.standing):
            told(name, _matters(name, tuple(classes or ()), rules))
    if rules.heat is not None and rules.unsigned("heat", rules.heat.standing):
        told("heat", _chp())
    for question in rules.questions:
        if rules.unsigned(question.code, question.standing):
            told(question.code, _matters(question.when, question.classes, rules))
    if not parts:
        return pl.repeat("", given.height, dtype=pl.String, eager=True)
    return given.select(pl.concat_str(parts, separator=" ", ignore_nulls=True)).to_series()


def _matters(when: str, classes: tuple[str, ...], rules: RuleSet) -> pl.Expr:
    """Whether a question touches a unit: where a factor is 1 either way, nobody has to sign it."""
    where = pl.col("class").is_in(list(classes or rules.classes))
    if when == "cooling":
        return where & (pl.col("cooling") != "water").fill_null(True)
    if when == "load":
        return where & ~_chp() & (pl.col("load_factor").cast(pl.Float64) < 0.85).fill_null(True)
    if when == "chp":
        return where & _chp() & (pl.col("load_factor").cast(pl.Float64) < 0.85).fill_null(True)
    if when == "capped":
        caps = {code: float((rules.caps or {}).get(code, 0)) for code in rules.classes}
        top = pl.col("class").replace_strict(caps, return_dtype=pl.Float64) * pl.col("capacity")
        return where & (pl.col("output") > top).fill_null(False)
    if when == "chosen":
        return where & (pl.col("choice").fill_null("") != "")
    return where


def _missing(given: pl.DataFrame, made: pl.DataFrame, rules: RuleSet) -> pl.Series:
    """What a unit without a quota lacks, as names of columns."""
    lacks: list[pl.Expr] = []
    needs = {"power": ("output", "heat"), "verified": ("emissions",), "intensity": ("emissions", "output", "balance"), "product": ("output",)}  # fmt: skip
    for name in needs[rules.method]:
        empty = pl.col(name).is_null() | (pl.col(name) == 0) if name == "balance" else pl.col(name).is_null()
        lacks.append(pl.when(empty).then(pl.lit(name)))
    for name, column in (("benchmark_power", "benchmark"), ("benchmark_heat", "benchmark_heat")):
        if rules.kinds and name in made.columns:
            lacks.append(pl.when(made[name].is_null()).then(pl.lit(column)))
    if rules.cooling is not None:
        lacks.append(pl.when(made["cooling_factor"].is_null()).then(pl.lit("cooling")))
    if rules.heat is not None:
        lacks.append(pl.when(made["heat_factor"].is_null() & given["heat"].is_not_null()).then(pl.lit("heat_ratio")))
    if rules.load is not None:
        lacks.append(pl.when(made["load_factor_value"].is_null()).then(pl.lit("load_factor")))
    return given.select(pl.concat_str(lacks, separator=" ", ignore_nulls=True)).to_series()


def pre_allocated(units: pl.DataFrame, rules: RuleSet) -> pl.DataFrame:
    """The same by the output of the base year, times the share of pre-allocation: adds `pre` (t, rounded down).

    `units`: as for `allocate`, with the base year's output and heat; factors take their value of the base year.
    """
    if rules.pre is None:
        raise Refused("no_pre_allocation", f"{rules.code} 没有预分配的规定")
    made = allocate(units, rules)
    share = rules.pre.values["share"]
    pre = [None if each is None else int(each * share) for each in made["quota"].to_list()]
    unsigned = rules.unsigned("pre", rules.pre.standing)
    marked = made.with_columns(pl.Series("pre", pre, dtype=pl.Int64))
    if not unsigned:
        return marked
    return marked.with_columns(
        pl.concat_str([pl.col("open"), pl.lit("pre")], separator=" ").str.strip_chars().alias("open"),
        pl.when(pl.col("status") == "ok").then(pl.lit("to_confirm")).otherwise(pl.col("status")).alias("status"),
    )
