"""What the chapters are put together from: the figures, tables and charts of a report, each told from its material."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from dafeng.domains.inventory import library
from dafeng.domains.inventory.reports import chart, labels
from dafeng.domains.inventory.reports.document import Block, Chart, Formula, Paragraph, Table
from dafeng.domains.inventory.reports.labels import pick, sector_name, text
from dafeng.domains.inventory.reports.material import ESTIMATED, GROSS, SECTORS, Material
from dafeng.domains.inventory.reports.tables import (
    Grid,
    number,
    printed,
    share,
)
from dafeng.kernel.accounting.recipes import SeriesMethod
from dafeng.kernel.accounting.registry import find_method
from dafeng.kernel.accounting.status import Status


class Pieces:
    """The parts of one report in one language."""

    def __init__(self, material: Material, language: str) -> None:
        self.material, self.language = material, language
        self.text("report")

    def text(self, key: str) -> str:
        return text(key, self.language)

    def say(self, zh: str, en: str) -> str:
        return pick((zh, en), self.language)

    @property
    def name(self) -> str:
        return self.material.name if self.language == "zh" else self.material.name_en

    # ------------------------------------------------------------ parts

    def _tens(self, tonnes: float | None) -> str:
        return number(None if tonnes is None else tonnes / 1e4)

    def _status(self, status: int) -> str:
        return pick(labels.STATUS[Status(status)], self.language)

    def _share_of(self, row: Mapping[str, object]) -> str:
        co2e, estimated = row["co2e"], row["estimated"]
        if not isinstance(co2e, float) or not co2e or not isinstance(estimated, float):
            return ""
        return share(abs(estimated / co2e)) if estimated else ""

    def _estimated_share(self, year: int) -> float | None:
        """Of gross emissions, sinks left aside: the share that rests on guessed activity."""
        cells = self.material.inventory.select(within=self.material.place, years=(year,), sectors=GROSS)
        total, guessed = cells["co2e"].sum(), cells.filter(pl.col("basis").is_in(ESTIMATED))["co2e"].sum()
        return guessed / total if total else None

    def _sector_by_gas(self) -> Table:
        material, year = self.material, self.material.year
        cells = material.cells.filter((pl.col("year") == year) & pl.col("kind").is_in(["direct", "indirect"]))
        cells = cells.with_columns(pl.col("gas").map_elements(labels.family, return_dtype=pl.String).alias("family"))
        families = [name for name in labels.FAMILIES if (cells["family"] == name).any()]
        families += sorted(set(cells["family"]) - set(labels.FAMILIES))
        value: dict[tuple[str, str], float] = {}
        for sector, name, amount in (
            cells.filter(pl.col("co2e").is_not_null())
            .group_by("sector", "family")
            .agg(pl.col("co2e").sum())
            .iter_rows()
        ):
            value[sector, name] = amount / 1e4
        rows: list[tuple[str, ...]] = []

        def line(label: str, sectors: Sequence[str], status: str) -> None:
            parts = [[value[s, name] for s in sectors if (s, name) in value] for name in families]
            shown = [
                number(sum(part)) if part else material.key(sectors[0], name, year) if len(sectors) == 1 else "—"
                for name, part in zip(families, parts, strict=True)
            ]
            known = [amount for part in parts for amount in part]
            rows.append((label, *shown, number(sum(known)) if known else "—", status))

        for sector in SECTORS:
            found = material.sector_status(sector, year)
            line(sector_name(sector, self.language), (sector,), "" if found is None else self._status(found))
        line(self.text("gross"), GROSS, "")
        line(self.text("net"), SECTORS, self._status(material.status))
        found = material.sector_status("ID", year, "indirect")
        line(self.text("indirect_line"), ("ID",), "" if found is None else self._status(found))
        head = (self.text("sector"), *map(labels.gas_text, families), self.text("total"), self.text("status"))
        caption = self.say(
            f"{year} 年温室气体清单汇总（{self.text('unit_10kt')}）",
            f"Inventory summary {year} ({self.text('unit_10kt')})",
        )
        align = "l" + "r" * (len(families) + 1) + "c"
        return Table(caption, head, tuple(rows), align, (4.4, *([1.6] * len(families)), 1.8, 1.9), frozenset({5, 6}))

    def _series(self) -> dict[str, list[float | None]]:
        """10⁴ t CO2e by sector, one value a year."""
        sums = self.material.sums("sector", "year")
        found = {(row["sector"], row["year"]): row["co2e"] for row in sums.iter_rows(named=True)}
        series: dict[str, list[float | None]] = {}
        for sector in SECTORS:
            amounts = [found.get((sector, year)) for year in self.material.years]
            series[sector] = [None if amount is None else amount / 1e4 for amount in amounts]
        return series

    def _trend_chart(self) -> Chart:
        series = {key: row for key, row in self._series().items() if any(row)}
        names = {key: sector_name(key, self.language) for key in series}
        svg = chart.stacked_columns(self.material.years, series, names, self.text("unit_10kt"), self.text("net_short"))
        first, last = self.material.years[0], self.material.years[-1]
        caption = self.say(f"{first}—{last} 年分领域温室气体排放", f"Emissions by sector, {first}–{last}")
        return Chart(
            caption,
            svg,
            self.say(f"{caption}，数值见表“历年排放”", f"{caption}; the figures are in the table of years"),
        )

    def _trend_table(self) -> Table:
        series, years = self._series(), self.material.years
        rows = []
        for at, year in enumerate(years):
            amounts = [series[sector][at] for sector in SECTORS]
            gross, net = self.material.total(gross=True, year=year), self.material.total(year=year)
            rows.append(
                (
                    str(year),
                    *map(number, amounts),
                    self._tens(gross),
                    self._tens(net),
                    self._tens(self.material.total(kinds=("indirect",), year=year)),
                )
            )
        head = (
            self.text("year"),
            *(sector_name(sector, self.language) for sector in SECTORS),
            self.say("总量（不含土地利用）", "Total without land use"),
            self.say("总量（含土地利用）", "Total with land use"),
            self.say("间接排放", "Indirect"),
        )
        caption = self.say(f"历年排放（{self.text('unit_10kt')}）", f"Emissions by year ({self.text('unit_10kt')})")
        return Table(caption, head, tuple(rows), "c" + "r" * 8, (1, *([1.5] * 8)))

    def _largest_chart(self) -> Chart:
        sums = self.material.sums("sector", "category", "gas", year=self.material.year).filter(
            pl.col("co2e").is_not_null()
        )
        largest = sums.sort(pl.col("co2e").abs(), descending=True).head(12)
        rows = [
            (
                f"{labels.category_name(row['category'], self.language)} {labels.gas_text(row['gas'])}",
                row["co2e"] / 1e4,
                row["sector"],
            )
            for row in largest.iter_rows(named=True)
        ]
        caption = self.say(
            f"{self.material.year} 年最大的排放源与吸收汇", f"Largest sources and sinks, {self.material.year}"
        )
        return Chart(caption, chart.bars(rows, self.text("unit_10kt")), caption)

    def _basis_table(self) -> Table:
        cells = self.material.inventory.select(within=self.material.place, years=(self.material.year,), sectors=GROSS)
        total = cells["co2e"].sum() or 0.0
        rows = []
        for basis, names in labels.BASIS.items():
            amount = cells.filter((pl.col("basis") == basis) & pl.col("co2e").is_not_null())["co2e"]
            if amount.len():
                rows.append(
                    (
                        pick(names, self.language),
                        self._tens(amount.sum()),
                        share(amount.sum() / total if total else None),
                    )
                )
        head = (self.text("basis"), self.text("unit_10kt"), self.say("占比", "Share"))
        caption = self.say("总量（不含土地利用变化和林业）的数据依据", "What gross emissions rest on")
        return Table(caption, head, tuple(rows), "lrr", (3, 2, 2))

    def _sector(self, sector: str) -> Iterator[Block]:
        material = self.material
        sums = material.sums("category", "gas", year=material.year, sectors=(sector,))
        if not sums.height:
            yield Paragraph(self.say("没有填报数据（NE）。", "Nothing was reported (NE)."))
            return
        keys = {
            (c, g): k
            for c, g, k in material.cells.filter(
                (pl.col("year") == material.year) & (pl.col("kind") == "direct") & pl.col("notation").is_not_null()
            )
            .select("category", "gas", "notation")
            .iter_rows()
        }
        rows = []
        for row in sums.iter_rows(named=True):
            no_number = row["co2e"] is None
            key = str(keys.get((row["category"], row["gas"])) or "NE")
            rows.append(
                (
                    labels.category_name(row["category"], self.language),
                    labels.gas_text(row["gas"]),
                    key if no_number else number(row["emission"]),
                    key if no_number else self._tens(row["co2e"]),
                    "" if no_number else self._share_of(row),
                    self._status(row["status"]),
                )
            )
        total = material.sums(year=material.year, sectors=(sector,)).row(0, named=True)
        amount = "NE" if total["co2e"] is None else self._tens(total["co2e"])
        rows.append((self.text("total"), "", "", amount, self._share_of(total), self._status(total["status"])))
        head = (
            self.text("category"), self.text("gas"), self.say("排放量（t 气体）", "Emission (t of gas)"), self.text("unit_10kt"),
            self.text("estimated"), self.text("status"),
        )  # fmt: skip
        caption = f"{sector_name(sector, self.language)}（{material.year}）"
        yield Table(caption, head, tuple(rows), "llrrrc", (4.3, 1, 2.4, 1.9, 1.5, 1.8), frozenset({len(rows) - 1}))

    def _formula(self, name: str) -> Formula:
        found = library.series().get(name) or find_method(name)
        names: dict[str, str] = {}
        if isinstance(found, SeriesMethod):
            inputs, tree = {found.activity: found.activity_unit, **found.parameters}, None
        else:
            inputs, tree = dict(found.inputs), found.tree
        for code in inputs:
            names[code] = labels.input_name(code, self.language)
        title = found.title
        if self.language == "en" and not isinstance(found, SeriesMethod):
            title = found.description.splitlines()[0]
        where = tuple((names[code], code, unit) for code, unit in inputs.items())
        return Formula(title, labels.gas_text(found.gas), tree, names, where, found.source, found.reference)

    def _grid(self, grid: Grid, align: str, widths: tuple[float, ...] = ()) -> Iterator[Block]:
        if not grid.rows:
            yield Paragraph(grid.empty)
            return
        yield Table(grid.title, grid.head, tuple(map(tuple, printed(grid.rows))), align, widths or grid.widths)
