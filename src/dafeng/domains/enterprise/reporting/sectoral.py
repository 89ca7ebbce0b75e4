"""The sector schemas and methods as this room uses them: the one place that knows how they are shaped.

A facility burns and makes only some of what its sector can: its `facts["streams"]` says which (stream code → names such as
`bituminous`, `diesel/standby` or `bituminous/cement_kiln/2号窑`). An item of a stream is asked for each of them.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

import polars as pl
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import EnterpriseError, Refused
from dafeng.domains.enterprise.models import Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import signatures
from dafeng.domains.enterprise.reporting.methods import calculate, checks
from dafeng.domains.enterprise.reporting.methods.calculation import method_of
from dafeng.domains.enterprise.reporting.methods.parameters import Parameters, load
from dafeng.domains.enterprise.reporting.methods.sectors import HOME, SECTORS, Item, Order, Sector
from dafeng.kernel.errors import DafengError

_LABEL = re.compile(r"[\w-]{1,20}")


@dataclass(frozen=True)
class Wanted:
    """One cell of a facility's form."""

    item: str
    stream: str
    title: str
    unit: str
    required: bool
    annual: bool
    default: bool
    tested: bool
    rule: str
    help: str
    evidence: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.item, self.stream


def english() -> bool:
    return (get_language() or "").startswith("en")


def sector_of(code: str) -> Sector:
    """Raises `Refused` (`unknown_sector`)."""
    try:
        return SECTORS[code]
    except KeyError:
        raise Refused("unknown_sector", f"没有行业方法“{code[:40]}”", mend="请从行业方法列表中选") from None


def sector_title(code: str) -> str:
    """A sector's name in the reader's language; the code where there is no such sector any more."""
    if code not in SECTORS:
        return code
    return SECTORS[code].title_en if english() else SECTORS[code].title


def sector_titles() -> dict[str, str]:
    return {code: sector_title(code) for code in SECTORS}


def title_of(sector: str, item: str, stream: str = "") -> str:
    """The name of a cell in the reader's language."""
    found = SECTORS[sector].items.get(item) if sector in SECTORS else None
    if found is None:
        return parameter_title(item)
    title = found.title_en if english() else found.title
    if not stream or not found.stream:
        return title
    return f"{SECTORS[sector].stream_title(item, stream, english=english())} · {title}"


@lru_cache(maxsize=1)
def _parameter_titles() -> dict[str, list[str]]:
    return tomllib.loads((HOME.parent / "parameters" / "titles.toml").read_text("utf-8"))


def parameter_title(name: str) -> str:
    """The name of what a formula asks for and no form tells; the name itself where it is none of them any more."""
    titles = _parameter_titles().get(name)
    return titles[english()] if titles else name


def rule_title(sector: str, code: str) -> str:
    """What a check of the sector is called; the code where there is no such rule any more."""
    rules = checks.rules_of(SECTORS[sector]) if sector in SECTORS else checks.common()
    found = next((each for each in (*rules, *checks.common()) if each.code == code), None)
    return code if found is None else found.title_en if english() else found.title


def formula_title(sector: str, code: str) -> str:
    for each in SECTORS[sector].formulas if sector in SECTORS else ():
        if each.code == code:
            return each.title_en if english() else each.title
    return code


def indicator_title(sector: str, code: str) -> str:
    for each in SECTORS[sector].indicators if sector in SECTORS else ():
        if each.code == code:
            return each.title_en if english() else each.title
    return code


def stream_choices(sector: str) -> dict[str, dict[str, str]]:
    """Stream code → its kinds with their names, for choosing what a facility has."""
    return {
        code: {kind.code: kind.title_en if english() else kind.title for kind in stream.kinds.values()}
        for code, stream in sector_of(sector).streams.items()
    }


def label_choices(sector: str) -> dict[str, dict[str, str]]:
    """Stream code → the labels that parameters know (equipment, abatement), with their names."""
    return {
        code: {label.code: label.title_en if english() else label.title for label in stream.labels.values()}
        for code, stream in sector_of(sector).streams.items()
    }


def stream_fault(sector: str, code: str, name: str) -> Refused | None:
    """Why a text is no source of the sector: `kind`, `kind/label` or `kind/label/own name`."""
    kind, *labels = name.split("/")
    if kind not in stream_choices(sector).get(code, {}):
        return Refused("unknown_stream", _("这个行业方法没有“%(name)s”") % {"name": name[:40]}, mend=_("请从列表中选"))
    if len(labels) > 2 or not all(_LABEL.fullmatch(each) for each in labels):
        return Refused("label", _("设备或名称的写法不对"), expected=_("不超过 20 个汉字、字母、数字、下划线或连字符"))
    if len(labels) == 2 and labels[0] not in sector_of(sector).streams[code].labels:
        return Refused("label", _("不认识设备“%(name)s”") % {"name": labels[0]}, mend=_("请从列表中选"))
    return None


def source_title(sector: str, code: str, name: str) -> str:
    """A source as a person reads it."""
    items = sector_of(sector).items_of[code]
    return sector_of(sector).stream_title(items[0].code, name, english=english()) if items else name


def facts_of(facility: Facility) -> dict[str, list[list[Any]]]:
    """What is told of the facility itself: name → [[since, value], …], the earliest first."""
    told = facility.facts if isinstance(facility.facts, Mapping) else {}
    return {name: sorted(told.get(name, [])) for name in sector_of(facility.sector).facts}


def facts_on(facility: Facility, day: date) -> dict[str, str]:
    """The facts that hold on a day, in words; what nobody told is not there."""
    held = {
        name: [value for since, value in told if since <= day.isoformat()] for name, told in facts_of(facility).items()
    }
    return {name: fact_shown(facility.sector, name, values[-1]) for name, values in held.items() if values}


def fact_titles(sector: str) -> dict[str, str]:
    return {each.code: each.title_en if english() else each.title for each in sector_of(sector).facts.values()}


def fact_shown(sector: str, name: str, value: Any) -> str:
    """A fact's value in words, or with its unit."""
    fact = sector_of(sector).facts[name]
    if kind := fact.kinds.get(str(value)):
        return kind.title_en if english() else kind.title
    return f"{value:g} {fact.unit}" if isinstance(value, int | float) else str(value)


def fact_value(sector: str, name: str, value: Any) -> str | float | None:
    """A fact's value as it is kept; None stays None. Raises `Refused` (`unknown_fact`, `fact_value`)."""
    fact = sector_of(sector).facts.get(name)
    if fact is None:
        raise Refused("unknown_fact", _("这个行业方法没有设施信息“%(name)s”") % {"name": name[:40]})
    if value is None:
        return None
    if fact.kinds:
        if value not in fact.kinds:
            raise Refused(
                "fact_value",
                _("“%(title)s”没有“%(value)s”这个值") % {"title": fact_titles(sector)[name], "value": str(value)[:40]},
                expected="、".join(fact.kinds),
            )
        return str(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < math.inf:
        raise Refused(
            "fact_value",
            _("“%(title)s”不是大于 0 的数") % {"title": fact_titles(sector)[name]},
            expected=_("大于 0 的数，%(unit)s") % {"unit": fact.unit},
        )
    return number


def stream_title(sector: str, code: str) -> str:
    found = sector_of(sector).streams[code]
    return found.title_en if english() else found.title


def fuel_titles() -> dict[str, str]:
    """Every fuel of every sector with its name in the reader's language."""
    kinds = [
        kind
        for sector in SECTORS.values()
        if "fuel" in sector.streams
        for kind in sector.streams["fuel"].kinds.values()
    ]
    return {kind.code: kind.title_en if english() else kind.title for kind in kinds}


def streams_of(facility: Facility) -> dict[str, list[str]]:
    """What the facility has, as its facts say."""
    told = facility.facts.get("streams", {}) if isinstance(facility.facts, Mapping) else {}
    return {code: list(names) for code, names in told.items()}


def fields(facility: Facility, month: str) -> list[Wanted]:
    """Every cell of a month's form (of the year's, for `2025`): the facility's own items, then those of each stream."""
    annual = len(month) == 4
    return [each for each in _cells(facility) if each.annual == annual]


def wanted(facility: Facility, month: str) -> list[Wanted]:
    """The cells that must be told, by a value, a notation or the choice of the default."""
    return [each for each in fields(facility, month) if each.required]


def satisfied(sector: str, cell: Wanted, told: Collection[tuple[str, str]]) -> bool:
    """Whether a wanted cell of a month is told, or derived from what is told (stock balance, steam tables, units reported together)."""
    return cell.key in told or any(
        (fill.method and all((need, cell.stream) in told for need in fill.needs))
        or (fill.gather and any(item == fill.value for item, _stream in told))
        for fill in SECTORS[sector].fills
        if fill.item == cell.item
    )


@lru_cache(maxsize=64)
def _triggers(sector: str) -> dict[tuple[str, str], str]:
    """(stream code, kind) → the item without which that source has no emission: what the first formula for it asks for."""
    schema = sector_of(sector)
    found: dict[tuple[str, str], str] = {}
    for formula in schema.formulas:
        if not formula.stream:
            continue
        inputs = [formula.inputs.get(name, name) for name in method_of(formula.method).inputs]
        trigger = formula.trigger or next(name for name in inputs if name in schema.items)
        for kind in schema.streams[formula.stream].kinds.values():
            if (not formula.groups or kind.group in formula.groups) and (
                not formula.kinds or kind.code in formula.kinds
            ):
                found.setdefault((formula.stream, kind.code), trigger)
    return found


def wanted_of_year(facility: Facility, year: int) -> list[Wanted]:
    """Every cell of a year, monthly and annual: what the control plan speaks of."""
    return list(_cells(facility))


def _cells(facility: Facility) -> Iterator[Wanted]:
    sector = sector_of(facility.sector)
    filled = {each.item for each in sector.fills}
    for item in sector.items_of[""]:
        yield _wanted(sector, item, "", filled)
    for code, names in streams_of(facility).items():
        stream = sector.streams.get(code)
        for name in names if stream else ():
            kind = stream.kind(name) if stream else None
            for item in sector.items_of[code]:
                if kind and (not item.groups or kind.group in item.groups):
                    yield _wanted(sector, item, name, filled)


def _wanted(sector: Sector, item: Item, stream: str, filled: set[str]) -> Wanted:
    return Wanted(
        item=item.code,
        stream=stream,
        title=title_of(sector.code, item.code, stream),
        unit=sector.unit(item.code, stream),
        required=item.required
        or (bool(stream) and _triggers(sector.code).get((item.stream, stream.partition("/")[0])) == item.code),
        annual=item.period == "annual",
        default=bool(item.default) or item.code in filled,
        tested=item.tested,
        rule=item.rule,
        help=item.help_en if english() else item.help,
        evidence=item.evidence,
    )


def unit_of(sector: str, item: str, stream: str) -> str:
    return sector_of(sector).unit(item, stream)


def told_unit(sector: str, item: str, stream: str) -> str:
    """As `unit_of`; empty for an item that the sector does not have (`cell_faults` says so)."""
    return unit_of(sector, item, stream) if item in sector_of(sector).items else ""


def cell_faults(facility: Facility, month: str, item: str, stream: str) -> list[DafengError]:
    """What keeps a cell from being one of this facility's: the item, its period, its stream."""
    sector = sector_of(facility.sector)
    found = sector.items.get(item)
    if found is None:
        return [EnterpriseError(f"“{sector.title}”没有项目“{item[:40]}”", mend="请按模板的项目填写")]
    faults: list[DafengError] = []
    if (len(month) == 4) != (found.period == "annual"):
        faults.append(
            EnterpriseError(f"“{found.title}”是{'年度' if found.period == 'annual' else '月度'}项目", mend="请核对月份")
        )
    if not found.stream and stream:
        faults.append(EnterpriseError(f"“{found.title}”不分源流", mend="请留空源流"))
    if found.stream:
        kind = sector.streams[found.stream].kind(stream)
        if stream not in streams_of(facility).get(found.stream, []) or kind is None:
            faults.append(
                EnterpriseError(f"“{facility.name}”没有源流“{stream[:30]}”", mend="请先在核算单元中登记这种燃料或物料")
            )
        elif found.groups and kind.group not in found.groups:
            faults.append(EnterpriseError(f"“{kind.title}”没有“{found.title}”这一项"))
    return faults


def has_default(sector: str, item: str) -> bool:
    found = sector_of(sector)
    return bool(found.items[item].default) or any(each.item == item for each in found.fills)


def is_annual(sector: str, item: str) -> bool:
    """Whether an item is told for the year; False of one that the sector does not have."""
    found = sector_of(sector).items.get(item)
    return found is not None and found.period == "annual"


def is_tested(sector: str, item: str) -> bool:
    """Whether a laboratory report is the evidence of an item."""
    return sector_of(sector).items[item].tested


def order_of(sector: str, item: str, stream: str) -> Order | None:
    """The order of an item's sources where the guideline prints one."""
    return sector_of(sector).order(item, stream)


def source_titles(order: Order) -> dict[str, str]:
    """The sources of an order with their names in the reader's language, the best first."""
    return {each.code: each.title_en if english() else each.title for each in order.sources}


def limits_of(sector: str, item: str) -> tuple[float | None, float | None]:
    return sector_of(sector).items[item].limits


@dataclass
class Computed:
    """What a year's methods gave, facility codes in every row, all as plain values (`methods.calculation.Result` tells the columns)."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    open: list[dict[str, Any]] = field(default_factory=list)
    applied: list[dict[str, Any]] = field(default_factory=list)
    means: list[dict[str, Any]] = field(default_factory=list)
    indicators: list[dict[str, Any]] = field(default_factory=list)
    parameters: list[dict[str, Any]] = field(default_factory=list)


FRAME = {
    "facility": pl.String,
    "month": pl.String,
    "item": pl.String,
    "stream": pl.String,
    "value": pl.Float64,
    "way": pl.String,
    "notation": pl.String,
}
CHECKED = {**FRAME, "on": pl.String}


def frame_of(values: Iterable[Any], schema: Mapping[str, Any] = FRAME) -> pl.DataFrame:
    """Stored or frozen values as the frame that methods read; stored ones with the day of a test (`CHECKED`) as the checks do."""
    return pl.DataFrame(value_rows(values, schema), schema=dict(schema))


def parameters_on(year: int) -> Parameters:
    """The parameters of a year's report, with what the city has signed."""
    return load(date(year, 12, 31), signatures.signed())


def compute(facilities: Iterable[Facility], values: Iterable[Any], year: int) -> Computed:
    """The account of a year: each sector's method over its facilities. What was not told stands in `open`, titled."""
    found, used = Computed(), set()
    sectors = {each.code: each.sector for each in facilities}
    frame, parameters = frame_of(values), parameters_on(year)
    for code in sorted(set(sectors.values())):
        mine = [facility for facility, sector in sectors.items() if sector == code]
        own = frame.filter(pl.col("facility").is_in(mine))
        if own.is_empty():
            continue
        result = calculate(sector_of(code), own, parameters=parameters)
        for name in ("rows", "open", "applied", "means", "indicators"):
            getattr(found, name).extend({"sector": code, **row} for row in getattr(result, name).to_dicts())
        for row in result.parameters:
            if row["id"] not in used:
                used.add(row["id"])
                found.parameters.append(row)
    for row in found.open:
        row["title"] = title_of(row["sector"], row["item"], row["stream"] or "")
    return found


def of_others(rule: checks.Rule) -> bool:
    """Whether a rule looks at other firms (`peers`)."""
    return rule.kind == "peers" or bool(rule.get("elsewhere"))


def value_rows(values: Iterable[Any], names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Numbers and notation keys; a cell that takes the default is left to the rule that fills it."""
    kept = tuple(names)
    for each in values:
        row = each if isinstance(each, Mapping) else _told(each)
        if row["value"] is not None or row["notation"]:
            yield {name: row[name] for name in kept}


def _told(value: MonthlyValue) -> dict[str, Any]:
    names = ("month", "item", "stream", "value", "way", "notation")
    on = value.tested.isoformat() if value.tested else None
    return {"facility": value.facility.code, "on": on, **{name: getattr(value, name) for name in names}}


def check(
    facilities: Iterable[Facility], values: Iterable[Any], year: int, *, days: pl.DataFrame | None = None
) -> list[dict[str, Any]]:
    """The findings of each sector's rules; `values` may hold the year before, which some rules compare with.

    The rules see what the calculation adds: prescribed values and emissions; and the days behind what meters filled, where `days` tells
    them. Peers are of other firms: `peers.compared`.
    """
    chosen = {each.code: each.sector for each in facilities}
    frame, parameters = frame_of(values, CHECKED), parameters_on(year)
    found: list[dict[str, Any]] = []
    for code in sorted(set(chosen.values())):
        own = frame.filter(pl.col("facility").is_in([each for each, sector in chosen.items() if sector == code]))
        if own.height:
            sector = sector_of(code)
            rules = checks.rules_of(sector, parameters=parameters, on=parameters.on)
            whole = checks.with_emissions(own, calculate(sector, own, parameters=parameters))
            if days is not None:
                whole = pl.concat(
                    [whole, days.filter(pl.col("facility").is_in(own["facility"].unique().to_list()))],
                    how="diagonal_relaxed",
                )
            found += checks.run(whole, [rule for rule in rules if not of_others(rule)]).to_dicts()
    return found
