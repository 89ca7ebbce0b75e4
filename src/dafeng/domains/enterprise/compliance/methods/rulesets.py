"""A dated rule set of allocation: what `rules/*.toml` says, checked and typed.

A set names every class and, for each class and kind, one benchmark of the year: a value, or a `gap` that says why there is none. A
file that leaves one out is refused. Values of standing D and X, and the questions listed under `open`, are computed with so
that they can be looked at; they keep a result from being used until somebody has signed them (`unsigned`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from dafeng.domains.enterprise.errors import Refused
from dafeng.kernel.errors import Place

METHODS = ("power", "verified", "intensity", "product")
STATES = ("ended", "in_force", "draft", "simulation")
WHEN = ("always", "chp", "capped", "chosen", "load", "cooling")
UNSIGNED = frozenset("DX")


@dataclass(frozen=True)
class UnitClass:
    code: str
    title: str
    title_en: str
    fuel: str
    way: str = "benchmark"


@dataclass(frozen=True)
class Benchmark:
    class_: str
    kind: str
    value: Decimal | None
    unit: str
    standing: str
    source: str
    gap: str = ""

    @property
    def code(self) -> str:
        """Under which it is signed."""
        return f"{self.class_}.{self.kind}"


@dataclass(frozen=True)
class OpenQuestion:
    """Something that the set rests on and nobody has confirmed. `classes` empty: all."""

    code: str
    title: str
    title_en: str
    what: str
    what_en: str
    standing: str
    classes: tuple[str, ...]
    when: str


@dataclass(frozen=True)
class Band:
    """From this load up the factor is base + slope · (at − 100F)."""

    above: Decimal
    base: Decimal
    slope: Decimal
    at: Decimal


@dataclass(frozen=True)
class LoadRule:
    classes: tuple[str, ...]
    condensing_only: bool
    bands: tuple[Band, ...]
    base: Decimal  # below the bands: base^(plus − minus · F)
    plus: Decimal
    minus: Decimal
    digits: int
    standing: str
    source: str


@dataclass(frozen=True)
class Factors:
    """Factors by a word (cooling) or by fuel (heat), with where they come from."""

    values: Mapping[str, Decimal]
    standing: str
    source: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleSet:
    code: str
    title: str
    title_en: str
    market: str
    sector: str
    method: str
    state: str
    year: int
    valid_from: date
    valid_to: date
    standing: str
    source: str
    kinds: tuple[str, ...]
    classes: Mapping[str, UnitClass]
    benchmarks: Mapping[tuple[str, str], Benchmark]
    questions: tuple[OpenQuestion, ...]
    cooling: Factors | None = None
    heat: Factors | None = None
    load: LoadRule | None = None
    pre: Factors | None = None
    pre_base: str = ""
    pre_base_en: str = ""
    pre_year: int | None = None  # whose output the pre-allocation takes; None where the facts do not tell
    intensity: Mapping[str, Decimal] | None = None
    decline: Decimal = Decimal(1)
    free_share: Decimal = Decimal(1)
    caps: Mapping[str, Decimal] | None = None
    choices: Mapping[str, tuple[Decimal, ...]] | None = None
    empty: str = ""
    signed: frozenset[str] = frozenset()

    @property
    def usable(self) -> bool:
        """Whether it may be a default: in force or ended, never a draft, never a simulation."""
        return self.state in ("ended", "in_force")

    def items(self) -> dict[str, tuple[str, str]]:
        """Everything that waits for a signature: code → standing, what it is."""
        found = {
            each.code: (each.standing, f"{self.classes[each.class_].title} · {each.kind}")
            for each in self.benchmarks.values()
            if each.standing in UNSIGNED and each.value is not None
        }
        for name in ("cooling", "heat", "load", "pre"):
            part = getattr(self, name)
            if part is not None and part.standing in UNSIGNED:
                found[name] = (part.standing, part.source)
        return found | {each.code: (each.standing, each.what) for each in self.questions}

    def gaps(self) -> list[Benchmark]:
        return [each for each in self.benchmarks.values() if each.value is None]

    def with_signed(self, codes: frozenset[str]) -> RuleSet:
        """The set with what was signed; a code that waits for no signature is refused."""
        unknown = sorted(codes - set(self.items()))
        if unknown:
            raise Refused("nothing_to_sign", f"规则“{self.code}”里没有待签认的“{unknown[0]}”")
        return replace(self, signed=codes)

    def unsigned(self, code: str, standing: str) -> bool:
        return standing in UNSIGNED and code not in self.signed


def parse(data: Mapping[str, Any], *, file: str = "") -> list[RuleSet]:
    """The sets of a file, one a year. Raises `Refused` naming the file and what is wrong."""
    try:
        return [_of_year(data, int(year), file) for year in data["years"]]
    except KeyError as error:
        raise _wrong("rule_set_incomplete", f"规则文件缺少 {error}", file) from error
    except (InvalidOperation, ValueError, TypeError) as error:
        raise _wrong("rule_set_unreadable", f"规则文件有读不懂的值：{error}", file) from error


def _wrong(reason: str, what: str, file: str, mend: str = "请补全后再载入；没有数值的写明 gap 及理由") -> Refused:
    error = Refused(reason, what, mend=mend)
    error.where = Place(file=file)
    return error


def _of_year(data: Mapping[str, Any], year: int, file: str) -> RuleSet:
    if data["method"] not in METHODS or data["state"] not in STATES:
        raise _wrong("rule_set_unreadable", f"方法或状态不认识：{data['method']} {data['state']}", file)
    classes = {
        code: UnitClass(code, row["title"], row["title_en"], row["fuel"], row.get("way", "benchmark"))
        for code, row in data["class"].items()
    }
    product = data.get("product", {})
    return RuleSet(
        code=f"{data['code']}-{year}", title=data["title"], title_en=data["title_en"], market=data["market"],
        sector=data["sector"], method=data["method"], state=data["state"], year=year, valid_from=data["valid_from"],
        valid_to=data["valid_to"], standing=data["standing"], source=data["source"], kinds=tuple(data["kinds"]),
        classes=classes, benchmarks=_benchmarks(data, year, classes, file), questions=tuple(map(_question, data.get("open", ()))),
        cooling=_factors(data.get("cooling"), ("water", "air")), heat=_factors(data.get("heat"), ("coal", "gas")),
        load=_load(data.get("load")), pre=_factors(data.get("pre"), ("share",)),
        pre_base=data.get("pre", {}).get("base", ""), pre_base_en=data.get("pre", {}).get("base_en", ""),
        pre_year=_pre_year(data.get("pre", {}), year),
        intensity={name: Decimal(data["intensity"][name]) for name in ("slope", "edge", "limit", "digits")} if "intensity" in data else None,
        decline=Decimal(product.get("decline", "1")), free_share=Decimal(product.get("free_share", "1")),
        caps={name: Decimal(each) for name, each in product.get("cap", {}).items()},
        choices={name: tuple(map(Decimal, each)) for name, each in product.get("choice", {}).items()},
        empty=data.get("empty", ""),
    )  # fmt: skip


def _benchmarks(
    data: Mapping[str, Any], year: int, classes: Mapping[str, UnitClass], file: str
) -> dict[tuple[str, str], Benchmark]:
    found: dict[tuple[str, str], Benchmark] = {}
    for row in data.get("benchmark", ()):
        if row["year"] != year:
            continue
        key = (row["class"], row["kind"])
        if row["class"] not in classes or row["kind"] not in data["kinds"]:
            raise _wrong("benchmark_unknown_class", f"{year} 年的基准值用了没有列出的类别“{key[0]} {key[1]}”", file)
        if key in found:
            raise _wrong("benchmark_twice", f"{year} 年“{classes[key[0]].title}”的 {key[1]} 基准值写了两次", file)
        value = Decimal(row["value"]) if "value" in row else None
        if value is None and not row.get("gap"):
            raise _wrong(
                "benchmark_missing_value", f"{year} 年“{classes[key[0]].title}”的 {key[1]} 基准值没有数值", file
            )
        if value is not None and not 0 < value < 10_000:
            raise _wrong(
                "benchmark_out_of_range", f"{year} 年“{classes[key[0]].title}”的 {key[1]} 基准值为 {value}", file
            )
        found[key] = Benchmark(*key, value, row["unit"], row["standing"], row["source"], row.get("gap", ""))
    wanted = [(code, kind) for code, each in classes.items() if each.way == "benchmark" for kind in data["kinds"]]
    for code, kind in wanted:
        if (code, kind) not in found:
            raise _wrong(
                "benchmark_missing_class", f"{year} 年缺少“{classes[code].title}”（{code}）的 {kind} 基准值", file
            )
    return found


def _question(row: Mapping[str, Any]) -> OpenQuestion:
    if row["when"] not in WHEN:
        raise ValueError(row["when"])
    return OpenQuestion(
        row["code"], row["title"], row["title_en"], row["what"], row["what_en"], row["standing"],
        tuple(row["classes"]), row["when"],
    )  # fmt: skip


def _factors(row: Mapping[str, Any] | None, names: tuple[str, ...]) -> Factors | None:
    if row is None:
        return None
    values = {name: Decimal(row[name]) for name in names}
    return Factors(values, row["standing"], row["source"], tuple(row.get("classes", ())))


def _pre_year(row: Mapping[str, Any], year: int) -> int | None:
    """`base_year` is a year, `years_before` counts back from the year of the set."""
    if "base_year" in row:
        return int(row["base_year"])
    return year - int(row["years_before"]) if "years_before" in row else None


def _load(row: Mapping[str, Any] | None) -> LoadRule | None:
    if row is None:
        return None
    bands = tuple(Band(*(Decimal(band[name]) for name in ("from", "base", "slope", "at"))) for band in row["band"])
    power = row["power"]
    return LoadRule(
        tuple(row["classes"]), row["condensing_only"], tuple(sorted(bands, key=lambda band: -band.above)),
        Decimal(power["base"]), Decimal(power["plus"]), Decimal(power["minus"]), power["digits"], row["standing"], row["source"],
    )  # fmt: skip


def tightened(rules: RuleSet, percent: Decimal) -> RuleSet:
    """A simulation: every benchmark lower by some percent. Its state says that it is no rule."""
    share = 1 - percent / 100
    lower = {
        key: replace(each, value=None if each.value is None else each.value * share)
        for key, each in rules.benchmarks.items()
    }
    return replace(rules, benchmarks=lower, state="simulation", code=f"{rules.code}-{percent}%")
