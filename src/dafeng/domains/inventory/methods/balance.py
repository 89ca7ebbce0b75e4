"""The energy balance of a place and year: its rows, whether it closes, and a marked proposal that makes it close.

A balance is a long frame (place, year, row, fuel, value, unit); rows and fuels are the trees of balance/rows.csv and
balance/fuels.csv. Cells stay as printed: a check names what does not add up, `reconcile` only ever proposes.
Source of the layout and signs: 中国能源统计年鉴, 地区能源平衡表 (实物量).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, Literal

import polars as pl

from dafeng.kernel.errors import ActivityError
from dafeng.kernel.quantities import places, units

TABLES = Path(__file__).parent.parent / "balance"
COLUMNS = ("place", "year", "row", "fuel", "value", "unit", "basis", "mark", "source")
SCHEMA: dict[str, Any] = dict.fromkeys(COLUMNS, pl.String) | {"year": pl.Int16, "value": pl.Float64}
CHECKS: dict[str, Any] = {
    "check": pl.String, "place": pl.String, "year": pl.Int16, "row": pl.String, "fuel": pl.String, "printed": pl.Float64,
    "computed": pl.Float64, "difference": pl.Float64, "tolerance": pl.Float64, "unit": pl.String, "verdict": pl.String,
    "message": pl.String,
}  # fmt: skip
STANDARD_COAL = frozenset({"tce", "kgce", "Mtce", "吨标准煤", "万吨标准煤", "千克标准煤", "百万吨标准煤"})
_UNIT_SPELLINGS = {"万百万千焦": "百亿千焦", "万吨标煤": "万吨标准煤"}

Cells = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Row:
    """A row of the table; `relation` is `whole`, `part` (adds up to the parent) or `of_which` (lies inside it)."""

    code: str
    parent: str
    relation: str
    printed_sign: str
    name: str
    name_en: str
    aliases: tuple[str, ...]
    category: str
    use: str
    note: str


@dataclass(frozen=True)
class Fuel:
    """A column of the table; a fuel with `parent` is part of that total (煤合计, 油品合计)."""

    item: str
    parent: str
    family: str
    primary: bool
    unit: str
    name: str
    name_en: str
    aliases: tuple[str, ...]
    note: str


def _table(name: str) -> Iterator[dict[str, Any]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield {key: value or "" for key, value in row.items()} | {
                "aliases": tuple(filter(None, (row["aliases"] or "").split(";")))
            }


@lru_cache(maxsize=1)
def rows() -> dict[str, Row]:
    """Code to row, in the order of the printed table."""
    return {row["code"]: Row(**row) for row in _table("rows.csv")}


@lru_cache(maxsize=1)
def fuels() -> dict[str, Fuel]:
    """Item to fuel, in the order of the printed table."""
    return {row["item"]: Fuel(**row | {"primary": row["primary"] == "1"}) for row in _table("fuels.csv")}


@lru_cache(maxsize=64)
def parts(code: str) -> tuple[str, ...]:
    """The rows that add up to a row."""
    return tuple(row.code for row in rows().values() if row.parent == code and row.relation == "part")


@lru_cache(maxsize=8)
def fuel_parts(item: str) -> tuple[str, ...]:
    """The fuels that add up to a total; of 能源合计, every fuel that is not itself a total."""
    if item == "energy_total":
        return leaf_fuels()
    return tuple(fuel.item for fuel in fuels().values() if fuel.parent == item)


@lru_cache(maxsize=1)
def leaf_fuels() -> tuple[str, ...]:
    """Every fuel that is not a total of others."""
    totals = {fuel.parent for fuel in fuels().values()} | {"energy_total"}
    return tuple(item for item in fuels() if item not in totals)


_NUMBERING = re.compile(
    r"^\s*(?:#|其中:?)?\s*(?:[一二三四五六七八九十]+[、.\s]|\([0-9一二三四五六七八九十]+\)|[0-9]+[、.]?)?\s*(?:#|其中:?)?"
)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


@lru_cache(maxsize=2)
def _names(table: Literal["row", "fuel"]) -> dict[str, str]:
    """Printed name without signs and spaces → code. The first of two equal names wins (see rows.csv)."""
    found: dict[str, str] = {}
    things: Iterable[Row | Fuel] = rows().values() if table == "row" else fuels().values()
    for thing in things:
        code = thing.code if isinstance(thing, Row) else thing.item
        for name in (thing.name, thing.name_en, *thing.aliases):
            found.setdefault(_plain(unicodedata.normalize("NFKC", name)), code)
    return found


@lru_cache(maxsize=4096)
def _code(table: Literal["row", "fuel"], printed: str) -> str | None:
    if printed in (rows() if table == "row" else fuels()):
        return printed
    text = unicodedata.normalize("NFKC", printed)
    names = _names(table)
    return names.get(_plain(text)) or names.get(_plain(_NUMBERING.sub("", text)))


def row_code(printed: str) -> str:
    """The code of a printed row name; numbering, signs and spaces do not matter. Raises `ActivityError` when unknown."""
    code = _code("row", printed)
    if code is None:
        raise ActivityError(
            f"能源平衡表没有“{printed}”这一行", expected="地区能源平衡表的行名", mend="请用模板中的行名"
        )
    return code


def fuel_code(printed: str) -> str:
    """The item code of a printed fuel name. Raises `ActivityError` when unknown."""
    code = _code("fuel", printed)
    if code is None:
        raise ActivityError(
            f"能源平衡表没有“{printed}”这一列", expected="地区能源平衡表的能源品种", mend="请用模板中的品种名"
        )
    return code


def balance_frame(data: pl.DataFrame | list[dict[str, Any]]) -> pl.DataFrame:
    """Bring cells into the shape that everything here reads; idempotent.

    Needs place, year, row, fuel, value, unit; row and fuel may be codes or printed names. Cells without a value are
    dropped. Raises `ActivityError` for a missing column, an unknown name, a unit that does not fit, or a doubled cell.
    """
    frame = data if isinstance(data, pl.DataFrame) else pl.DataFrame(data, infer_schema_length=None)
    missing = [name for name in ("place", "year", "row", "fuel", "value", "unit") if name not in frame.columns]
    if missing:
        raise ActivityError(f"能源平衡表缺少列 {'、'.join(missing)}", expected="place、year、row、fuel、value、unit")
    defaults = {"basis": "statistic", "mark": "", "source": ""}
    frame = frame.with_columns(pl.lit(text).alias(name) for name, text in defaults.items() if name not in frame.columns)
    frame = frame.filter(pl.col("value").is_not_null()).select(pl.col(name).cast(SCHEMA[name]) for name in COLUMNS)
    frame = frame.with_columns(
        pl.Series("row", [row_code(text) for text in frame["row"]], dtype=pl.String),
        pl.Series("fuel", [fuel_code(text) for text in frame["fuel"]], dtype=pl.String),
        pl.Series("unit", [_UNIT_SPELLINGS.get(text.strip(), text.strip()) for text in frame["unit"]], dtype=pl.String),
        pl.col("basis", "mark", "source").fill_null(""),
    )
    _check_cells(frame)
    return frame


def _check_cells(frame: pl.DataFrame) -> None:
    for code in frame["place"].unique():
        places.level(code)
    for fuel, unit in frame.select("fuel", "unit").unique().sort("fuel", "unit").iter_rows():
        wanted = fuels()[fuel].unit
        if not (unit in STANDARD_COAL or units.convertible(unit, wanted)):
            raise ActivityError(f"{fuels()[fuel].name}的单位“{unit}”不对", expected=f"{wanted}，或万吨标准煤")
    for row in frame.filter(~pl.col("value").is_finite()).iter_rows(named=True):
        raise ActivityError(f"{name_of(row)}不是有限的数", expected="有限的数")
    key = ["place", "year", "row", "fuel"]
    for row in frame.filter(pl.struct(key).is_duplicated()).iter_rows(named=True):
        raise ActivityError(f"{name_of(row)}出现了两次", mend="每个单元格只能有一个数；请删去其中之一")
    mixed = frame.group_by("place", "year", "fuel").agg(pl.col("unit").n_unique()).filter(pl.col("unit") > 1)
    for row in mixed.iter_rows(named=True):
        raise ActivityError(f"{row['year']} 年{fuels()[row['fuel']].name}一列用了两种单位", expected="一列一个单位")


def name_of(row: Mapping[str, Any]) -> str:
    """A cell in words: 2007 年“工业”行“原煤”列."""
    return f"{row['year']} 年“{rows()[row['row']].name}”行“{fuels()[row['fuel']].name}”列"


def tables(balance: pl.DataFrame) -> Iterator[tuple[str, int, Cells, dict[str, str]]]:
    """Each place and year as (place, year, cells by (row, fuel), unit by fuel)."""
    for (place, year), table in balance.group_by("place", "year", maintain_order=True):
        cells = {(row, fuel): value for row, fuel, value in table.select("row", "fuel", "value").iter_rows()}
        yield str(place), int(str(year)), cells, dict(table.select("fuel", "unit").iter_rows())


def lowest(cells: Cells, code: str, fuel: str) -> list[tuple[str, str]]:
    """The cells that make up a row: its printed parts; of a part that is not printed, its own parts; else the row itself."""
    found: list[tuple[str, str]] = []
    for part in parts(code):
        found += (
            [(part, fuel)] if (part, fuel) in cells else [cell for cell in lowest(cells, part, fuel) if cell in cells]
        )
    return found or [(code, fuel)] * ((code, fuel) in cells)


def deepest(cells: Cells, code: str, fuel: str) -> list[tuple[str, str]]:
    """As `lowest`, but as far down as anything is printed: 城镇 and 乡村 rather than 生活消费."""
    found = [cell for part in parts(code) for cell in deepest(cells, part, fuel)]
    return found or [(code, fuel)] * ((code, fuel) in cells)


# ---------------------------------------------------------------- checks


def check_balance(
    balance: pl.DataFrame, *, step: float = 0.01, blank: Literal["nil", "unknown"] = "nil"
) -> pl.DataFrame:
    """Whether the table adds up: one line a test, columns of `CHECKS`, failures first.

    `step` is the last printed digit (0.01 for two decimals): each printed number may be off by half of it. `blank` says
    what an empty cell is: `nil` in a whole table, `unknown` in an extract, where a test with an empty cell that does not
    come out is `open`, not `fails`. Verdicts: `ok`, `fails`, `open`.
    """
    lines: list[dict[str, Any]] = []
    for place, year, cells, unit in tables(balance_frame(balance)):
        test = _Test(place, year, cells, unit, step, blank)
        for fuel in unit:
            test.rows_add_up(fuel)
            test.closes(fuel)
            test.consumption(fuel)
            test.signs(fuel)
        for row in dict.fromkeys(row for row, _ in cells):
            for total in ("coal_total", "oil_total", "energy_total"):
                test.fuels_add_up(row, total)
        lines += test.lines
    order = {"fails": 0, "open": 1, "ok": 2}
    return pl.DataFrame(lines, schema=CHECKS, orient="row").sort(
        pl.col("verdict").replace_strict(order, return_dtype=pl.Int8), maintain_order=True
    )


@dataclass
class _Test:
    place: str
    year: int
    cells: Cells
    unit: dict[str, str]
    step: float
    blank: Literal["nil", "unknown"]

    def __post_init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def _line(
        self, check: str, row: str, fuel: str, computed: float, terms: Sequence[tuple[str, str]], what: str
    ) -> None:
        """Compare a printed cell with what its terms come to. `terms` are the cells that were used."""
        if self.blank == "unknown" and (row, fuel) not in self.cells:
            return  # nothing printed to compare with
        printed = self.cells.get((row, fuel), 0.0)
        given = [term for term in terms if term in self.cells]
        difference = printed - computed
        tolerance = self.step / 2 * (len(given) + 1) + 1e-9 * max(abs(printed), abs(computed), 1.0)
        undecided = self.blank == "unknown" and len(given) < len(terms)
        verdict = "ok" if abs(difference) <= tolerance else "open" if undecided else "fails"
        unit = self.unit.get(fuel, "")
        message = ""
        if verdict != "ok":
            cell = name_of({"year": self.year, "row": row, "fuel": fuel})
            message = f"{cell}印 {_text(printed)}，{what} {_text(computed)}，差 {_text(difference)} {unit}"
            message += "（有空格，不能断定）" if undecided else ""
        self._add(check, row, fuel, printed, computed, difference, tolerance, unit, verdict, message)

    def _add(self, *values: Any) -> None:
        check, row, fuel, *rest = values
        self.lines.append(dict(zip(CHECKS, (check, self.place, self.year, row, fuel, *rest), strict=True)))

    def rows_add_up(self, fuel: str) -> None:
        for code, row in rows().items():
            terms = lowest(self.cells, code, fuel)
            if terms and terms != [(code, fuel)]:
                given = {term[0] for term in terms}
                gaps = [(part, fuel) for part in parts(code) if part not in given and not given & set(parts(part))]
                self._line("rows", code, fuel, sum(self.cells[term] for term in terms), [*terms, *gaps], "各分项之和为")
            if row.relation == "of_which" and (code, fuel) in self.cells:
                inside, whole = self.cells[code, fuel], self.cells.get((row.parent, fuel), 0.0)
                if abs(inside) > abs(whole) + self.step / 2:
                    cell = name_of({"year": self.year, "row": code, "fuel": fuel})
                    message = f"{cell}印 {_text(inside)}，大于所属的“{rows()[row.parent].name}”{_text(whole)}"
                    unit = self.unit[fuel]
                    self._add(
                        "of_which", code, fuel, inside, whole, inside - whole, self.step / 2, unit, "fails", message
                    )

    def fuels_add_up(self, row: str, total: str) -> None:
        if row == "consumption" and total != "energy_total":
            return  # 煤合计、油品合计的消费量按加工转换净额计，品种按投入计，两者本不相等
        terms = [(row, part) for part in fuel_parts(total)]
        given = [term for term in terms if term in self.cells]
        if (row, total) not in self.cells and not (given and total in self.unit):
            return
        wanted = self.unit.get(total, "")
        if any(not units.convertible(self.unit[fuel], wanted) for _, fuel in given):
            return  # 实物量表的能源合计无法由实物量相加
        computed = sum(self.cells[term] * units.conversion(self.unit[term[1]], wanted) for term in given)
        self._line("fuels", row, total, computed, terms, "各品种之和为")

    def closes(self, fuel: str) -> None:
        signs = {"supply": 1, "transformation": 1, "loss": -1, "final": -1}
        terms = [(row, fuel) for row in signs]
        if any(term in self.cells for term in terms):
            computed = sum(sign * self.cells.get((row, fuel), 0.0) for row, sign in signs.items())
            self._line("closure", "difference", fuel, computed, terms, "供应＋加工转换－损失－终端消费为")

    def consumption(self, fuel: str) -> None:
        if ("consumption", fuel) not in self.cells:
            return
        terms = [("final", fuel), ("loss", fuel)]
        changed = [part for part in parts("transformation") if (part, fuel) in self.cells]
        if fuel_parts(fuel) or not changed:  # a total counts the net of its own transformation
            net = self.cells.get(("transformation", fuel), 0.0)
            used = -net if fuel_parts(fuel) else -min(net, 0.0)
        else:
            used = -sum(min(self.cells[part, fuel], 0.0) for part in changed)
        computed = sum(self.cells.get(term, 0.0) for term in terms) + used
        terms += [(part, fuel) for part in changed]
        self._line("consumption", "consumption", fuel, computed, terms, "终端消费＋损失＋加工转换投入为")

    def signs(self, fuel: str) -> None:
        for code, row in rows().items():
            value = self.cells.get((code, fuel), 0.0)
            if (row.printed_sign == "-" and value > 0) or (row.printed_sign == "+" and value < 0):
                cell = name_of({"year": self.year, "row": code, "fuel": fuel})
                expected = "负数" if row.printed_sign == "-" else "正数"
                message = f"{cell}印 {_text(value)}，应为{expected}"
                self._add("sign", code, fuel, value, -value, 2 * value, 0.0, self.unit[fuel], "fails", message)


def _text(value: float) -> str:
    return f"{round(value, 6):.10g}"


# ---------------------------------------------------------------- a proposal that closes

RULES: dict[str, tuple[str, tuple[str, ...]]] = {
    "stock": ("平衡差额计入库存变化", ("supply.stock",)),
    "loss": ("平衡差额计入损失量", ("loss",)),
    "final": ("平衡差额按终端各行业消费量比例分摊", tuple(code for code in ("final.agriculture", "final.industry",
              "final.construction", "final.transport", "final.trade", "final.other", "final.residential.urban",
              "final.residential.rural"))),
}  # fmt: skip


def reconcile(balance: pl.DataFrame, rules: Mapping[str, str]) -> pl.DataFrame:
    """Propose the changes that close a balance; the balance itself is not touched.

    `rules` names for each fuel (or `*` for all others) where its statistical difference goes: a key of `RULES`, or a row
    code; a fuel without a rule keeps its difference. The difference is taken from the printed wholes, so that a whole
    that does not equal its parts stays as wrong as it was. Returns the cells to replace: columns of `COLUMNS` with
    basis `estimated` and mark `reconciled`, and `printed` and `change`.
    Raises `ActivityError` for an unknown rule, or when all rows of a rule are empty and nothing can be shared out.
    """
    printed = balance_frame(balance)
    made: list[dict[str, Any]] = []
    for place, year, cells, unit in tables(printed):
        changed: dict[tuple[str, str], float] = {}
        reason: dict[str, str] = {}
        for fuel in (fuel for fuel in leaf_fuels() if fuel in unit):
            rule = rules.get(fuel, rules.get("*"))
            gap = _closure_gap(cells, fuel)
            if rule is None or abs(gap) <= 1e-9:
                continue
            words, targets = _rule(rule)
            reason[fuel] = words
            _share_out(cells, changed, fuel, gap, targets, f"{year} 年{fuels()[fuel].name}")
        _carry_up(cells, changed)
        for (row, fuel), change in changed.items():
            before = cells.get((row, fuel), 0.0)
            words = reason.get(fuel) or "随其品种之和变动"
            made.append(
                {
                    "place": place, "year": year, "row": row, "fuel": fuel, "value": before + change, "unit": unit[fuel],
                    "basis": "estimated", "mark": "reconciled", "printed": cells.get((row, fuel)), "change": change,
                    "source": f"建议值：{words}；原数 {_text(before)}，改动 {_text(change)}",
                }
            )  # fmt: skip
    return pl.DataFrame(made, schema=SCHEMA | {"printed": pl.Float64, "change": pl.Float64}, orient="row")


def apply_proposal(balance: pl.DataFrame, proposal: pl.DataFrame) -> pl.DataFrame:
    """The balance with the proposed cells in place of the printed ones; they keep their mark."""
    kept = balance_frame(balance).join(proposal, on=["place", "year", "row", "fuel"], how="anti", maintain_order="left")
    return balance_frame(pl.concat([kept, proposal.select(COLUMNS)]))


def _rule(rule: str) -> tuple[str, tuple[str, ...]]:
    if rule in RULES:
        return RULES[rule]
    code = row_code(rule)
    if parts(code):
        raise ActivityError(
            f"不能把差额计入合计行“{rows()[code].name}”", expected="没有分项的行，或 " + "、".join(RULES)
        )
    return f"平衡差额计入“{rows()[code].name}”", (code,)


def _closure_gap(cells: Cells, fuel: str) -> float:
    value = {row: cells.get((row, fuel), 0.0) for row in ("supply", "transformation", "loss", "final")}
    gap = value["supply"] + value["transformation"] - value["loss"] - value["final"]
    assert isfinite(gap)
    return gap


def _share_out(
    cells: Cells, changed: dict[tuple[str, str], float], fuel: str, gap: float, targets: Sequence[str], where: str
) -> None:
    weights = {row: abs(cells.get((row, fuel), 0.0)) for row in targets}
    total = sum(weights.values())
    if len(targets) > 1 and total == 0:
        raise ActivityError(f"{where}的平衡差额无处可分：所选各行都是空的", mend="请为该品种另选一条规则，如 stock")
    for row, weight in weights.items():
        share = weight / total if len(targets) > 1 else 1.0
        if share:
            # More supply widens the gap, more use narrows it.
            changed[row, fuel] = -gap * share if row.startswith(("supply", "transformation")) else gap * share


def _carry_up(cells: Cells, changed: dict[tuple[str, str], float]) -> None:
    """Give every printed whole the change of its parts: rows, then difference and consumption, then fuel totals."""

    def carry(row: str, fuel: str, change: float) -> None:
        if (row, fuel) in cells:
            changed[row, fuel] = changed.get((row, fuel), 0.0) + change

    for (row, fuel), change in list(changed.items()):
        parent = rows()[row].parent
        while parent:
            carry(parent, fuel, change)
            parent = rows()[parent].parent
        top = row.split(".")[0]
        carry("difference", fuel, change if top in ("supply", "transformation") else -change)
        if top in ("loss", "final"):
            carry("consumption", fuel, change)
    for (row, fuel), change in list(changed.items()):
        if total := fuels()[fuel].parent:
            carry(row, total, change)
