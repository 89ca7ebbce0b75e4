"""The chapters of the report, in Chinese and English, made from a material: written once, set by `word` and `pdf`."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from dafeng.domains.inventory.reports import labels
from dafeng.domains.inventory.reports.document import Block, Cover, Heading, Notice, Paragraph, Table
from dafeng.domains.inventory.reports.labels import pick, sector_name
from dafeng.domains.inventory.reports.material import SECTORS, Material
from dafeng.domains.inventory.reports.pieces import Pieces
from dafeng.domains.inventory.reports.tables import (
    CHECK_STATES,
    STATES,
    breakable,
    checks_grid,
    completeness_grid,
    facts,
    issues_grid,
    key_grid,
    printed,
    share,
    stop_reasons,
    uncertainty_grid,
    unsigned_grid,
)


def blocks(material: Material, language: str = "zh") -> list[Block]:
    """The report's blocks in their order. Raises `ReportError` for an unknown language."""
    writer = _Writer(material, language)
    return list(writer.all())


class _Writer(Pieces):
    def all(self) -> Iterator[Block]:
        year = self.material.year
        title = self.say(f"{self.name}温室气体清单报告", f"Greenhouse gas inventory of {self.name}")
        yield Cover(title, self.text("year_of").format(year), tuple(facts(self.material, self.language)))
        for chapter in (
            self.summary, self.scope, self.totals, self.sectors, self.memo, self.methods, self.analyses, self.completeness,
            self.unsigned, self.issues,
        ):  # fmt: skip
            yield from chapter()

    # ------------------------------------------------------------ chapters

    def summary(self) -> Iterator[Block]:
        material, year = self.material, self.material.year
        yield Heading(1, self.text("summary"))
        reasons = stop_reasons(material, self.language)
        if reasons:
            yield Notice(self.text("stop"), tuple(reasons))
        gross, net = self._tens(material.total(gross=True)), self._tens(material.total())
        indirect = self._tens(material.total(kinds=("indirect",)))
        land = material.value(material.sums(year=year, sectors=("4",)))
        with_land = self.say(
            f"计入土地利用变化和林业（{self._tens(land)} 万吨）后为 {net} 万吨二氧化碳当量。",
            f"With land use, land-use change and forestry ({self._tens(land)}) it is {net}.",
        )
        if land is None:
            with_land = self.say(
                "土地利用变化和林业尚未估算。", "Land use, land-use change and forestry is not estimated."
            )
        indirect_text = self.say(
            f"电力、热力净调入的间接排放为 {indirect} 万吨，单列，不计入总量。",
            f"Indirect emissions of imported electricity and heat are {indirect}; they are not in the total.",
        )
        if material.total(kinds=("indirect",)) is None:
            indirect_text = self.say("电力、热力的间接排放尚未估算。", "Indirect emissions are not estimated.")
        yield Paragraph(
            self.say(
                f"{year} 年，{self.name}温室气体排放总量（不含土地利用变化和林业）为 {gross} 万吨二氧化碳当量；{with_land}{indirect_text}",
                f"In {year}, {self.name} emitted {gross} (10⁴ t CO₂e) without land use, land-use change and forestry. {with_land} {indirect_text}",
            )
        )
        estimated = self._estimated_share(year)
        if estimated:
            yield Paragraph(
                self.say(
                    f"总量中有 {share(estimated)} 依据估算或假定的活动水平数据，表中以“估算占比”标出。",
                    f"{share(estimated)} of gross emissions rest on estimated or assumed activity data, shown as “estimated share”.",
                )
            )
        if material.uncertainty is not None:
            row = material.uncertainty.total.row(0, named=True) if material.uncertainty.total.height else {}
            if row.get("emission") is not None:
                low, high = self._tens(row["lower"]), self._tens(row["upper"])
                yield Paragraph(
                    self.say(
                        f"95% 置信区间为 {low} 至 {high} 万吨二氧化碳当量（±{share(row['relative'])}）。",
                        f"The 95 % interval is {low} to {high} (10⁴ t CO₂e; ±{share(row['relative'])}).",
                    )
                )
        yield self._sector_by_gas()
        if len(material.years) > 1:
            yield self._trend_chart()

    def scope(self) -> Iterator[Block]:
        inventory = self.material.inventory
        yield Heading(1, self.text("scope"))
        title = inventory.edition.title if self.language == "zh" else inventory.edition.title_en
        yield Paragraph(
            self.say(
                f"本清单核算{self.name}行政区域内的温室气体排放与吸收，包括能源活动、工业生产过程和产品使用、农业活动、"
                f"土地利用变化和林业、废弃物处理五个领域，编制依据为《{title}》（{inventory.edition.publisher}，{inventory.edition.date}）。"
                f"各气体按 IPCC {inventory.gwp_set} 给出的 100 年全球变暖潜势折算为二氧化碳当量。"
                "生物质燃烧的二氧化碳、国际燃料舱和产品固碳为备忘项，不计入总量。",
                f"The inventory covers emissions and removals inside {self.name} in five sectors, after “{title}”. Gases are weighted with "
                f"the 100-year potentials of IPCC {inventory.gwp_set}. CO₂ of biomass, international bunkers and carbon stored in "
                "products are memo items.",
            )
        )
        yield self._basis_table()
        yield Paragraph(
            self.say(
                "标记符号：NO 不发生，NE 未估算，NA 不适用，IE 列于别处，C 保密。没有数值的单元格以标记符号表示，不作为 0。"
                "状态：完整；不完整（有缺项，数值为下限）；待确认（所用因子未经签认，数值可能有误）。",
                "Keys: NO not occurring, NE not estimated, NA not applicable, IE included elsewhere, C confidential; never zero. Status: "
                "complete; incomplete (a part is missing: a lower bound); unconfirmed (a factor is not signed: may be wrong).",
            ),
            small=True,
        )

    def totals(self) -> Iterator[Block]:
        if len(self.material.years) < 2:
            return
        yield Heading(1, self.text("totals"))
        yield self._trend_table()
        yield self._largest_chart()

    def sectors(self) -> Iterator[Block]:
        yield Heading(1, self.text("sectors"))
        for sector in SECTORS:
            yield Heading(2, sector_name(sector, self.language))
            yield from self._sector(sector)

    def memo(self) -> Iterator[Block]:
        rows: list[tuple[str, ...]] = []
        sums = self.material.sums(
            "kind",
            "category",
            "gas",
            kinds=[kind for kind in labels.KINDS if kind != "direct"],
            year=self.material.year,
        )
        for row in sums.iter_rows(named=True):
            rows.append(
                (
                    pick(labels.KINDS[row["kind"]], self.language),
                    labels.category_name(row["category"], self.language),
                    labels.gas_text(row["gas"]),
                    self._tens(row["co2e"]),
                    self._share_of(row),
                    self._status(row["status"]),
                )
            )
        yield Heading(1, self.text("memo"))
        if not rows:
            yield Paragraph(self.say("没有。", "None."))
            return
        head = (
            self.text("kind"),
            self.text("category"),
            self.text("gas"),
            self.text("unit_10kt"),
            self.text("estimated"),
            self.text("status"),
        )
        yield Table(self.text("memo"), head, tuple(rows), "lllrrc", (3, 3.6, 1.2, 2, 1.6, 1.9))

    def methods(self) -> Iterator[Block]:
        yield Heading(1, self.text("methods"))
        yield Paragraph(
            self.say(
                "下列公式由计算所用的程序直接生成：报告中印出的公式就是算出结果的公式。逐行的活动水平、因子与公式见所附工作簿。",
                "The formulas are printed from the very code that computed the results. Row-by-row activity, factors and formulas are in the workbook.",
            )
        )
        emissions = self.material.inventory.emissions
        done = emissions.results.filter(pl.col("emission").is_not_null()).select("resolution").unique()
        names = emissions.resolutions.join(done, on="resolution", how="semi").filter(pl.col("method") != "")
        by_sector: dict[str, list[str]] = {}
        for category, method in names.select("category", "method").unique().sort("category", "method").iter_rows():
            sector = "ID" if category.startswith("ID") else category[:1]
            if method not in by_sector.setdefault(sector, []):
                by_sector[sector].append(method)
        for sector, methods in by_sector.items():
            yield Heading(2, sector_name(sector, self.language))
            for method in methods:
                yield self._formula(method)

    def analyses(self) -> Iterator[Block]:
        material, language = self.material, self.language
        yield Heading(1, self.text("key_categories"))
        keys = key_grid(material, language)
        if keys.rows:
            rows = tuple((*row[:3], self._tens(row[3]), *row[4:]) for row in keys.rows)  # type: ignore[arg-type]
            head = (*keys.head[:3], self.text("unit_10kt"), *keys.head[4:])
            note = self.say(
                "L 水平，T 趋势；1 方法一，2 方法二（计入不确定性）",
                "L level, T trend; 1 approach 1, 2 approach 2 (weighted by uncertainty)",
            )
            yield Table(keys.title, head, rows, "lllrrrrl", (1.2, 4.2, 1, 1.8, 1.4, 1.4, 1.4, 1.6), note=note)  # type: ignore[arg-type]
        else:
            yield Paragraph(keys.empty)
        yield Heading(1, self.text("uncertainty"))
        yield from self._uncertainty()
        yield Heading(1, self.text("checks"))
        yield from self._checks()

    def _uncertainty(self) -> Iterator[Block]:
        found = self.material.uncertainty
        grid = uncertainty_grid(self.material, self.language)
        if found is None or not grid.rows:
            yield Paragraph(grid.empty)
            return
        way = self.say("误差传递（方法一）", "error propagation (approach 1)")
        if found.approach == 2:
            way = self.say(
                f"蒙特卡罗模拟（方法二，{found.draws} 次）", f"Monte Carlo (approach 2, {found.draws} draws)"
            )
        yield Paragraph(self.say(f"按{way}计算，95% 置信区间。", f"By {way}; 95 % intervals."))
        rows = [
            grid.rows[0],
            *sorted(grid.rows[1:], key=lambda row: -abs(row[1]) if isinstance(row[1], float) else 0.0)[:25],
        ]
        shown = tuple(
            (str(label), *(self._tens(cell) for cell in cells), share(relative)) for label, *cells, relative in rows
        )  # type: ignore[arg-type]
        head = (grid.head[0], self.text("unit_10kt"), *grid.head[2:])
        yield Table(grid.title, head, shown, "lrrrr", (4.4, 1.9, 1.9, 1.9, 1.7), frozenset({0}))
        if found.unstated.height:
            yield Paragraph(
                self.say(
                    f"有 {found.unstated.height} 个输入没有给出不确定性，按确定值处理，区间因此偏窄。",
                    f"{found.unstated.height} inputs have no stated uncertainty and count as certain: the interval is too narrow.",
                ),
                small=True,
            )

    def _checks(self) -> Iterator[Block]:
        grid = checks_grid(self.material, self.language)
        if self.material.checks is None or not grid.rows:
            yield Paragraph(grid.empty)
            return
        rules = self.material.checks.unique("rule").group_by("state").len()
        counts = dict(rules.iter_rows())
        yield Paragraph(
            self.say(
                f"共 {sum(counts.values())} 条规则：通过 {counts.get('passed', 0)} 条，发现问题 {counts.get('failed', 0)} 条，"
                f"缺少数据未能检查 {counts.get('not_run', 0)} 条。通过的规则不再列出。",
                f"Of {sum(counts.values())} rules, {counts.get('passed', 0)} passed, {counts.get('failed', 0)} found something and "
                f"{counts.get('not_run', 0)} could not be run. Those that passed are not listed.",
            )
        )
        passed = pick(CHECK_STATES["passed"], self.language)
        rows = tuple(tuple(row) for row in printed(grid.rows) if row[0] != passed)
        if rows:
            yield Table(grid.title, grid.head, rows, "lllcl", (1.3, 3, 2.6, 1, 5.5))

    def completeness(self) -> Iterator[Block]:
        yield Heading(1, self.text("completeness"))
        matrix = self.material.completeness
        if matrix is None:
            yield Paragraph(completeness_grid(self.material, self.language).empty)
            return
        matrix = matrix.filter(pl.col("year") == self.material.year)
        counts = dict(matrix.filter("expected").group_by("state").len().iter_rows())
        cells = sum(counts.values())
        yield Paragraph(
            self.say(
                f"应编制 {cells} 个单元（类别 × 气体），其中有数值 {counts.get('reported', 0) + counts.get('estimated', 0)} 个"
                f"（含估算 {counts.get('estimated', 0)} 个），标记符号 {counts.get('notation', 0)} 个，未估算 {counts.get('missing', 0)} 个。",
                f"Of {cells} cells (category × gas), {counts.get('reported', 0) + counts.get('estimated', 0)} have a number "
                f"({counts.get('estimated', 0)} estimated), {counts.get('notation', 0)} a notation key, {counts.get('missing', 0)} are missing.",
            )
        )
        rows = []
        comma = self.say("、", ", ")
        for (category,), part in matrix.group_by("category", maintain_order=True):
            told: dict[str, list[str]] = {state: [] for state in ("reported", "estimated", "notation", "missing")}
            keyed: dict[str, list[str]] = {}
            for row in part.iter_rows(named=True):
                partly = self.say("（部分）", " (in part)") if row["partial"] else ""
                if row["state"] == "notation":
                    keyed.setdefault(row["notation"], []).append(labels.gas_text(row["gas"]))
                else:
                    told[row["state"]].append(f"{labels.gas_text(row['gas'])}{partly}")
            told["notation"] = [f"{key}（{comma.join(names)}）" for key, names in keyed.items()]
            joined = (comma.join(names) for names in told.values())
            rows.append((labels.category_name(str(category), self.language), *joined))
        head = (self.text("category"), *(pick(names, self.language) for names in STATES.values()))
        yield Table(self.text("completeness"), head, tuple(rows), "lllll", (3.2, 2.6, 2.0, 2.7, 3))

    def unsigned(self) -> Iterator[Block]:
        yield Heading(1, self.text("unsigned"))
        grid = unsigned_grid(self.material, self.language)
        if not grid.rows:
            yield Paragraph(
                self.say("所用因子均有出处，或已由审核人签认。", "Every factor in use has a source or has been signed.")
            )
            return
        yield Notice(
            self.text("stop"),
            (
                self.say(
                    f"以下 {len(grid.rows)} 个因子凭记忆录入或来源有矛盾，须由审核人核对签认后方可发布。",
                    f"The {len(grid.rows)} factors below must be signed by a reviewer first.",
                ),
            ),
        )
        rows = tuple(
            (
                f"{labels.input_name(str(parameter), self.language)}\n{breakable(str(code))}",
                str(item),
                f"{value:.6g}",
                *printed([cells])[0],
            )
            for code, parameter, item, value, *cells in grid.rows
        )
        head = (self.text("parameter"), *grid.head[2:])
        yield Table(grid.title, head, rows, "llrlllr", (3.1, 1.5, 1.6, 1.8, 1.5, 5, 1.2))

    def issues(self) -> Iterator[Block]:
        yield Heading(1, self.text("issues"))
        grid = issues_grid(self.material, self.language)
        if not grid.rows:
            yield Paragraph(self.say("已填报的项目全部算出了排放量。", "Everything reported has been estimated."))
            return
        yield from self._grid(grid, "lllllr", widths=(3.4, 2, 1, 1.2, 4, 0.9))
