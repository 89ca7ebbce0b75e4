"""From an energy balance to activity rows: what was burnt, what was stored as material, what electricity was used.

The accounting rules, as the provincial guideline and CEADs share them:
- final consumption of each sector is burnt there; 用作原料、材料 is taken out of 工业 and reported as 非能源利用 (1AD);
- fuel input to 火力发电 and 供热 is burnt in 1A1a; final electricity and heat are no fuel, and go to ID3 and ID4;
- coking, washing, refining, gas making, briquetting and liquefaction turn carbon into other fuels: nothing is burnt;
- losses are not burnt (natural gas that leaks is a fugitive emission, 1B2, and comes from other data);
- 其他能源 is of unknown make and is passed on as it is: without a factor it stays not estimated;
- statistics' 立方米 of gas are taken as 标准立方米 unless asked otherwise, see `activity_rows`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import polars as pl

from dafeng.domains.inventory.methods.balance import (
    Cells,
    balance_frame,
    deepest,
    fuels,
    leaf_fuels,
    name_of,
    rows,
    tables,
)

# What is carried, not burnt: (category and variable of the net import, of the final use).
_CARRIED = {
    "electricity": (("ID1", "imported_electricity"), ("ID3", "electricity")),
    "heat": (("ID2", "imported_heat"), ("ID4", "heat")),
}
_FLOWS = ("supply.inflow", "supply.import", "supply.outflow", "supply.export")
_MATERIAL = "final.industry.feedstock"
_TEXT = ("category", "item", "technology", "variable", "place", "unit", "basis", "mark", "source", "notation")
_SCHEMA: dict[str, Any] = dict.fromkeys(_TEXT, pl.String) | {"year": pl.Int16, "value": pl.Float64}


def activity_rows(
    balance: pl.DataFrame,
    *,
    feedstock: Literal["stored", "burnt"] = "stored",
    gas_volume: Literal["normal", "statistical"] = "normal",
) -> pl.DataFrame:
    """Activity rows for `compile_inventory`: columns category … unit, basis, mark, source, notation, year, value.

    Fuels by sector, power and heat input (1A1a), non-energy use (1AD), net electricity and heat from elsewhere (ID1,
    ID2), final electricity and heat (ID3, ID4; one row a sector). `feedstock="burnt"` leaves 用作原料、材料 inside 工业,
    as an upper bound. `gas_volume="normal"` takes a statistical m3 as one at 0 ℃, which the printed calorific values
    of 38 931 kJ make no difference to; `statistical` leaves it as m3 at 20 ℃, for which fewer factor sets have values.
    A fuel of which more was used as material than in all gets notation NE with the reason, not a negative fire.
    """
    frame = balance_frame(balance)
    origin = {(r["place"], r["year"], r["row"], r["fuel"]): r for r in frame.iter_rows(named=True)}
    found: list[dict[str, Any]] = []
    for place, year, cells, unit in tables(frame):
        if gas_volume == "normal":
            unit = {fuel: text.replace("立方米", "标准立方米") for fuel, text in unit.items()}
        table = _Table(place, year, cells, unit, origin)
        for fuel in (fuel for fuel in leaf_fuels() if fuel in unit):
            found += table.carried(fuel) if fuel in _CARRIED else table.burnt(fuel, feedstock)
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


class _Table:
    """One place and year, with the printed cells to quote."""

    def __init__(
        self,
        place: str,
        year: int,
        cells: Cells,
        unit: Mapping[str, str],
        origin: Mapping[tuple[str, int, str, str], Any],
    ) -> None:
        self.place, self.year, self.cells, self.unit, self.origin = place, year, cells, unit, origin

    def _row(
        self,
        category: str,
        fuel: str,
        value: float | None,
        used: list[tuple[str, float]],
        *,
        variable: str = "",
        words: str = "",
    ) -> dict[str, Any]:
        """An activity row that quotes the cells it was made of."""
        quoted = [self.origin[self.place, self.year, row, fuel] for row, _ in used]
        made = "".join(f"{'+' if weight > 0 else '−'}“{rows()[row].name}”" for row, weight in used).removeprefix("+")
        sources = "；".join(dict.fromkeys(cell["source"] for cell in quoted if cell["source"]))
        guessed = any(cell["basis"] in ("estimated", "assumed") for cell in quoted)
        text = f"{self.year} 年能源平衡表 {fuels()[fuel].name}：{made}{words}"
        return {
            "category": category,
            "item": fuel,
            "technology": "",
            "variable": variable,
            "place": self.place,
            "year": self.year,
            "value": value,
            "unit": self.unit[fuel],
            "basis": "estimated" if guessed else "statistic",
            "mark": next((cell["mark"] for cell in quoted if cell["mark"]), ""),
            "source": f"{text}（{sources}）" if sources else text,
            "notation": None if value is not None else "NE",
        }

    def burnt(self, fuel: str, feedstock: Literal["stored", "burnt"]) -> Iterator[dict[str, Any]]:
        for row in ("transformation.power", "transformation.heat"):
            if (taken := -self.cells.get((row, fuel), 0.0)) > 0:
                yield self._row(rows()[row].category, fuel, taken, [(row, -1.0)])
        material = self.cells.get((_MATERIAL, fuel), 0.0) if feedstock == "stored" else 0.0
        for row, _ in deepest(self.cells, "final", fuel):
            category, value = rows()[row].category, self.cells[row, fuel]
            if row == "final.industry" and material:
                yield from self._industry(category, fuel, value - material)
            elif category and value:
                yield self._row(category, fuel, value, [(row, 1.0)])
        if material:
            yield self._row(rows()[_MATERIAL].category, fuel, material, [(_MATERIAL, 1.0)])

    def _industry(self, category: str, fuel: str, rest: float) -> Iterator[dict[str, Any]]:
        used = [("final.industry", 1.0), (_MATERIAL, -1.0)]
        if rest > 0:
            yield self._row(category, fuel, rest, used)
        elif rest < 0:
            cell = name_of({"year": self.year, "row": _MATERIAL, "fuel": fuel})
            yield self._row(category, fuel, None, used, words=f"：{cell}大于工业消费量，原表有误，未估算")

    def carried(self, fuel: str) -> Iterator[dict[str, Any]]:
        """调入 + 进口 − 调出 − 出口 (what goes out is printed negative), and what each sector used."""
        (outside, imported), (inside, used) = _CARRIED[fuel]
        flows = [(row, 1.0) for row in _FLOWS if (row, fuel) in self.cells]
        if flows:
            net = sum(self.cells[row, fuel] for row, _ in flows)
            yield self._row(outside, fuel, net, flows, variable=imported)
        for row, _ in deepest(self.cells, "final", fuel):
            yield self._row(inside, fuel, self.cells[row, fuel], [(row, 1.0)], variable=used)
