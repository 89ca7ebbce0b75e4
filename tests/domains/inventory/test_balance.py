"""The energy balance: hand-worked tables, and Henan 2007 as the yearbook prints it."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.cities import load_pack
from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods import balance, balance_energy
from dafeng.domains.inventory.methods.balance_activity import activity_rows
from dafeng.kernel.errors import ActivityError

COAL, GAS, POWER = "万吨", "亿立方米", "亿千瓦时"
COEFFICIENTS = {
    "raw_coal": (0.7143, "kgce/kg"),
    "natural_gas": (1.33, "kgce/m3"),
    "electricity": (0.1229, "kgce/kWh"),
    "heat": (0.03412, "kgce/MJ"),
}


def table(cells: dict[tuple[str, str], float], year: int = 2020, **units: str) -> pl.DataFrame:
    """A balance of a small city: (row, fuel) → value, in the printed units."""
    return pl.DataFrame(
        [
            {"place": "411500", "year": year, "row": row, "fuel": fuel, "value": value,
             "unit": units.get(fuel) or balance.fuels()[balance.fuel_code(fuel)].unit}
            for (row, fuel), value in cells.items()
        ]
    )  # fmt: skip


# Coal 100 in, 60 burnt for power, 1 lost, 38 used, of which 5 as material; 1 unexplained. Power 18 made, 4 in, 22 used.
CLOSED = {
    ("supply", "raw_coal"): 100,
    ("supply.production", "raw_coal"): 20,
    ("supply.inflow", "raw_coal"): 85,
    ("supply.outflow", "raw_coal"): -3,
    ("supply.stock", "raw_coal"): -2,
    ("transformation", "raw_coal"): -60,
    ("transformation.power", "raw_coal"): -60,
    ("loss", "raw_coal"): 1,
    ("final", "raw_coal"): 38,
    ("final.agriculture", "raw_coal"): 3,
    ("final.industry", "raw_coal"): 30,
    ("final.industry.feedstock", "raw_coal"): 5,
    ("final.residential", "raw_coal"): 5,
    ("final.residential.urban", "raw_coal"): 2,
    ("final.residential.rural", "raw_coal"): 3,
    ("difference", "raw_coal"): 1,
    ("consumption", "raw_coal"): 99,
    ("supply", "electricity"): 4,
    ("supply.production", "electricity"): 1,
    ("supply.inflow", "electricity"): 5,
    ("supply.outflow", "electricity"): -2,
    ("transformation", "electricity"): 18,
    ("transformation.power", "electricity"): 18,
    ("final", "electricity"): 22,
    ("final.industry", "electricity"): 22,
}


@pytest.fixture(scope="module")
def henan() -> pl.DataFrame:
    return load_pack("henan").balances


@pytest.fixture(scope="module")
def coefficients() -> balance_energy.Coefficients:
    return balance_energy.coefficients_of(library.factors())


class TestNames:
    @pytest.mark.parametrize(
        ("printed", "code"),
        [
            ("一.可供本地区消费的能源量", "supply"),
            ("一、可供本地区消费的能源量", "supply"),
            ("1.一次能源生产量", "supply.production"),
            ("一 次 能 源 生 产 量", "supply.production"),
            ("3.外省（区、市）调入量", "supply.inflow"),
            ("9.库存增(-)、减(+)量", "supply.stock"),
            ("二.加工转换投入（-）产出（+）量", "transformation"),
            ("1.火力发电", "transformation.power"),
            ("煤炭洗选", "transformation.washing"),
            ("#用作原料、材料", "final.industry.feedstock"),
            ("其中：用作原料、材料", "final.industry.feedstock"),
            ("1.农、林、牧、渔业", "final.agriculture"),
            ("5.批发和零售业、住宿和餐饮业", "final.trade"),
            ("　城　镇", "final.residential.urban"),
            ("7.其他", "final.other"),
            ("六.消费量合计", "consumption"),
            ("Wholesale, Retail Trade, and Catering Service", "final.trade"),
        ],
    )
    def test_a_row_is_known_whatever_its_numbering_signs_and_spaces(self, printed: str, code: str) -> None:
        assert balance.row_code(printed) == code

    @pytest.mark.parametrize(
        ("printed", "item"), [("原 煤", "raw_coal"), ("液化石油气", "lpg"), ("Coal Raw", "raw_coal")]
    )
    def test_a_fuel_is_known_by_its_printed_name(self, printed: str, item: str) -> None:
        assert balance.fuel_code(printed) == item

    def test_an_unknown_row_is_refused_by_name(self) -> None:
        with pytest.raises(ActivityError, match="没有“三、进口量合计”这一行"):
            balance.row_code("三、进口量合计")

    def test_every_parent_in_the_tables_exists(self) -> None:
        assert {row.parent for row in balance.rows().values()} - {""} <= set(balance.rows())
        assert {fuel.parent for fuel in balance.fuels().values()} - {""} <= set(balance.fuels())

    def test_every_category_of_a_row_is_in_the_category_tables(self) -> None:
        assert {row.category for row in balance.rows().values()} - {""} <= set(library.categories())

    def test_every_fuel_that_is_not_a_total_is_an_item_of_the_inventory(self) -> None:
        known = {item.item for item in library.items()}
        assert set(balance.leaf_fuels()) - known == {"other_energy"}


class TestFrame:
    def test_reading_twice_gives_the_same(self) -> None:
        once = balance.balance_frame(table(CLOSED))
        assert balance.balance_frame(once).equals(once)

    def test_a_doubled_cell_is_named(self) -> None:
        twice = pl.concat([table({("工业", "原煤"): 3}), table({("final.industry", "raw_coal"): 3})])
        with pytest.raises(ActivityError, match="2020 年“工业”行“原煤”列出现了两次"):
            balance.balance_frame(twice)

    def test_a_unit_of_another_kind_is_refused(self) -> None:
        with pytest.raises(ActivityError, match="原煤的单位“亿千瓦时”不对"):
            balance.balance_frame(table({("final", "raw_coal"): 3}, raw_coal=POWER))

    def test_one_column_has_one_unit(self) -> None:
        mixed = pl.concat([table({("final", "raw_coal"): 3}), table({("loss", "raw_coal"): 3}, raw_coal="万吨标准煤")])
        with pytest.raises(ActivityError, match="用了两种单位"):
            balance.balance_frame(mixed)


class TestChecks:
    def test_a_table_that_closes_passes_every_check(self) -> None:
        found = balance.check_balance(table(CLOSED))
        assert found["verdict"].unique().to_list() == ["ok"]
        assert set(found["check"]) == {"rows", "closure", "consumption"}

    def test_a_whole_that_is_not_its_parts_is_named_with_the_difference(self) -> None:
        found = balance.check_balance(table(CLOSED | {("supply.inflow", "raw_coal"): 80}))
        fault = found.row(0, named=True)
        assert (fault["verdict"], fault["check"], fault["row"], fault["difference"]) == ("fails", "rows", "supply", 5.0)
        assert fault["message"] == "2020 年“可供本地区消费的能源量”行“原煤”列印 100，各分项之和为 95，差 5 万吨"

    def test_a_difference_that_is_not_what_remains_fails_the_closure(self) -> None:
        found = balance.check_balance(table(CLOSED | {("difference", "raw_coal"): 0}))
        faults = found.filter(pl.col("verdict") == "fails")
        assert faults.select("check", "row", "printed", "computed").rows() == [("closure", "difference", 0.0, 1.0)]

    def test_printed_rounding_is_no_fault_but_more_than_it_is(self) -> None:
        # Two parts and a whole, each off by half of the last digit: 0.015.
        near = {("final.residential", "raw_coal"): 5.014, ("final", "raw_coal"): 38.014, ("difference", "raw_coal"): 0.986,
                ("consumption", "raw_coal"): 99.014}  # fmt: skip
        assert set(balance.check_balance(table(CLOSED | near))["verdict"]) == {"ok"}
        far = {key: value + (0.01 if value > 1 else -0.01) for key, value in near.items()}
        faults = balance.check_balance(table(CLOSED | far)).filter(pl.col("verdict") == "fails")
        assert "final.residential" in faults["row"].to_list()

    def test_a_part_inside_cannot_be_more_than_the_whole(self) -> None:
        found = balance.check_balance(table(CLOSED | {("final.industry.feedstock", "raw_coal"): 31}))
        assert found.filter(pl.col("check") == "of_which")["message"][0].startswith(
            "2020 年“用作原料、材料”行“原煤”列印 31"
        )

    def test_outflow_printed_positive_is_a_wrong_sign(self) -> None:
        found = balance.check_balance(table(CLOSED | {("supply.outflow", "electricity"): 2}))
        assert found.filter(pl.col("check") == "sign")["message"].to_list() == [
            "2020 年“本省(区、市)调出量(-)”行“电力”列印 2，应为负数"
        ]

    def test_coal_total_must_equal_its_kinds(self) -> None:
        cells = {("final", "coal_total"): 12, ("final", "raw_coal"): 8, ("final", "cleaned_coal"): 3}
        fault = balance.check_balance(table(cells)).filter(pl.col("check") == "fuels").row(0, named=True)
        assert (fault["fuel"], fault["difference"], fault["verdict"]) == ("coal_total", 1.0, "fails")

    def test_in_an_extract_an_empty_cell_leaves_the_question_open(self) -> None:
        cells = {("final", "coal_total"): 12, ("final", "raw_coal"): 8}
        verdicts = balance.check_balance(table(cells), blank="unknown").filter(pl.col("check") == "fuels")["verdict"]
        assert verdicts.to_list() == ["open"]

    def test_a_sector_printed_only_by_its_parts_counts_in_the_whole(self) -> None:
        cells = {key: value for key, value in CLOSED.items() if key[0] != "final.residential"}
        found = balance.check_balance(table(cells), blank="unknown")
        assert found.filter((pl.col("row") == "final") & (pl.col("fuel") == "raw_coal"))["verdict"].to_list() == ["ok"]


class TestHenan2007:
    """China Energy Statistical Yearbook 2008, table 6-16, as its copy prints it; see cities/henan/pack.toml."""

    def test_every_fuel_closes_and_every_total_consumption_adds_up(self, henan: pl.DataFrame) -> None:
        found = balance.check_balance(henan.filter(pl.col("year") == 2007))
        sound = found.filter(pl.col("verdict") == "ok").group_by("check").len()
        assert dict(sound.rows()) == {"closure": 22, "consumption": 22, "fuels": 42, "rows": 61}

    def test_what_fails_is_the_supply_of_exactly_the_fuels_with_a_stock_row(self, henan: pl.DataFrame) -> None:
        printed = henan.filter(pl.col("year") == 2007)
        faults = balance.check_balance(printed).filter(pl.col("verdict") == "fails")
        stocked = set(printed.filter(pl.col("row") == "supply.stock")["fuel"])
        assert faults["row"].unique().to_list() == ["supply"]
        assert set(faults["fuel"]) == stocked
        assert len(stocked) == 15

    def test_the_stock_row_looks_like_a_closing_stock(self, henan: pl.DataFrame) -> None:
        """All stock changes are negative and all differences positive, as if the opening stock were missing."""
        printed = henan.filter(pl.col("year") == 2007)
        faults = balance.check_balance(printed).filter(pl.col("verdict") == "fails")
        assert (faults["difference"] > 0).all()
        assert (printed.filter(pl.col("row") == "supply.stock")["value"] < 0).all()

    def test_raw_coal_is_1394_01_short(self, henan: pl.DataFrame) -> None:
        faults = balance.check_balance(henan).filter((pl.col("fuel") == "raw_coal") & (pl.col("verdict") == "fails"))
        # 19287.15 + 4613.02 − 3460.00 − 1130.97 = 19309.20 against 20703.21
        assert faults["computed"][0] == pytest.approx(19309.20)
        assert faults["difference"][0] == pytest.approx(1394.01)

    def test_a_proposal_closes_it_and_leaves_the_printed_cells_alone(self, henan: pl.DataFrame) -> None:
        printed = henan.filter(pl.col("year") == 2007)
        before = printed.clone()
        proposal = balance.reconcile(
            printed, {"electricity": "loss", "other_energy": "transformation.power", "*": "final"}
        )
        closed = balance.check_balance(balance.apply_proposal(printed, proposal)).filter(pl.col("check") == "closure")
        assert printed.equals(before)
        assert closed.filter(pl.col("verdict") != "ok").height == 0
        assert closed["printed"].abs().max() == pytest.approx(0, abs=1e-9)

    def test_fuel_for_power_and_heat_is_what_the_table_prints(self, henan: pl.DataFrame) -> None:
        rows = activity_rows(henan.filter(pl.col("year") == 2007))
        power = rows.filter((pl.col("category") == "1A1a") & (pl.col("item") == "raw_coal"))
        assert power["value"].to_list() == [9357.0, 814.16]

    def test_electricity_is_a_sixth_of_final_energy(self, henan: pl.DataFrame, coefficients: dict) -> None:
        found = balance_energy.energy_indicators(henan.filter(pl.col("year") == 2007), coefficients)
        value = dict(found.select("code", "value").rows())
        # 1744.89 × 0.1229 = 214.447 × 10⁵ tce of electricity
        electricity = 1744.89e8 * 0.1229 / 1000
        assert value["energy.electricity_share"] == pytest.approx(100 * electricity / value["energy.final"])
        assert 15 < value["energy.electricity_share"] < 18

    def test_families_of_fuel_explain_the_gap_between_the_approaches(
        self, henan: pl.DataFrame, coefficients: dict
    ) -> None:
        found = balance_energy.reference_approach(henan.filter(pl.col("year") == 2007), coefficients)
        for row in found.iter_rows(named=True):
            explained = row["explained_difference"] + row["explained_losses"] + row["explained_transformation"]
            assert row["difference"] == pytest.approx(explained, rel=1e-9)
        assert not found["within"].any()  # Henan 2007 is more than 5 % apart for each family


class TestHenan2014:
    def test_an_extract_says_what_it_cannot_tell(self, henan: pl.DataFrame, coefficients: dict) -> None:
        found = balance_energy.energy_indicators(henan.filter(pl.col("year") == 2014), coefficients)
        total = found.filter(pl.col("code") == "energy.consumption.equivalent").row(0, named=True)
        assert (total["value"], total["notation"]) == (None, "NE")
        assert total["note"] == "表中没有 加工转换投入(-)产出(+)量"

    def test_standard_coal_is_taken_as_it_is(self, henan: pl.DataFrame, coefficients: dict) -> None:
        energy = balance_energy.standard_coal(henan.filter(pl.col("year") == 2014), coefficients)
        cell = energy.filter((pl.col("row") == "final.agriculture") & (pl.col("fuel") == "raw_coal"))
        assert cell["tce"][0] == pytest.approx(628320)
        assert cell["coefficient"][0] == "原数即标准煤"

    def test_an_extract_cannot_be_compared_with_the_reference_approach(
        self, henan: pl.DataFrame, coefficients: dict
    ) -> None:
        with pytest.raises(ActivityError, match="没有 加工转换"):
            balance_energy.reference_approach(henan.filter(pl.col("year") == 2014), coefficients)


class TestStandardCoal:
    def test_each_unit_becomes_tonnes_of_standard_coal(self) -> None:
        cells = {
            ("final", "raw_coal"): 1,
            ("final", "natural_gas"): 1,
            ("final", "electricity"): 1,
            ("final", "heat"): 1,
        }
        found = dict(balance_energy.standard_coal(table(cells), COEFFICIENTS).select("fuel", "tce").rows())
        assert found["raw_coal"] == pytest.approx(7143)  # 1e4 t × 0.7143
        assert found["natural_gas"] == pytest.approx(133000)  # 1e8 m3 × 1.33 kg
        assert found["electricity"] == pytest.approx(12290)  # 1e8 kWh × 0.1229 kg
        assert found["heat"] == pytest.approx(341.2)  # 1e10 kJ = 1e7 MJ × 0.03412 kg

    def test_equal_value_needs_the_coal_of_the_year(self) -> None:
        with pytest.raises(ActivityError, match="发电煤耗"):
            balance_energy.standard_coal(table({("final", "electricity"): 1}), COEFFICIENTS, electricity="equal_value")

    def test_equal_value_changes_electricity_only(self) -> None:
        both = table({("final", "electricity"): 1, ("final", "raw_coal"): 1})
        found = balance_energy.standard_coal(both, COEFFICIENTS, electricity="equal_value", coal_per_kwh=0.3)
        assert dict(found.select("fuel", "tce").rows()) == pytest.approx({"electricity": 30000, "raw_coal": 7143})

    def test_electricity_already_in_standard_coal_is_brought_to_equal_value_through_its_coefficient(self) -> None:
        one = table({("final", "electricity"): 1.229}, electricity="万吨标准煤")  # 1e8 kWh
        found = balance_energy.standard_coal(one, COEFFICIENTS, electricity="equal_value", coal_per_kwh=0.3)
        assert found["tce"][0] == pytest.approx(30000)

    def test_a_fuel_without_a_coefficient_is_refused_by_name(self) -> None:
        with pytest.raises(ActivityError, match="“工业”行“焦炭”列没有折标准煤系数"):
            balance_energy.standard_coal(table({("final.industry", "coke"): 1}), COEFFICIENTS)


class TestIndicators:
    @pytest.fixture
    def found(self) -> dict[str, dict]:
        frame = balance_energy.energy_indicators(table(CLOSED), COEFFICIENTS, coal_per_kwh=0.3)
        return {row["code"]: row for row in frame.iter_rows(named=True)}

    def test_consumption_is_final_use_and_losses_less_what_transformation_made(self, found: dict) -> None:
        # coal 38 + 1 + 60 = 99 → 99e4 × 0.7143; electricity 22 − 18 = 4 → 4e8 × 0.1229/1000
        assert found["energy.consumption.equivalent"]["value"] == pytest.approx(99e4 * 0.7143 + 4e8 * 0.1229e-3)

    def test_equal_value_differs_by_primary_and_net_imported_electricity(self, found: dict) -> None:
        apart = found["energy.consumption.equal_value"]["value"] - found["energy.consumption.equivalent"]["value"]
        assert apart == pytest.approx(4e8 * (0.3 - 0.1229) / 1000)

    def test_non_fossil_share_is_primary_electricity_at_equal_value(self, found: dict) -> None:
        total = found["energy.consumption.equal_value"]["value"]
        assert found["energy.non_fossil_share"]["value"] == pytest.approx(100 * 1e8 * 0.3e-3 / total)

    def test_declared_other_non_fossil_energy_is_added_and_said(self) -> None:
        frame = balance_energy.energy_indicators(table(CLOSED), COEFFICIENTS, coal_per_kwh=0.3, other_non_fossil=10_000)
        row = frame.filter(pl.col("code") == "energy.non_fossil_share").row(0, named=True)
        total = frame.filter(pl.col("code") == "energy.consumption.equal_value")["value"][0]
        assert row["value"] == pytest.approx(100 * (30_000 + 10_000) / total)
        assert "申报其他非化石能源 10000 tce" in row["note"]

    def test_without_the_coal_of_the_year_equal_value_indicators_are_not_estimated(self) -> None:
        frame = balance_energy.energy_indicators(table(CLOSED), COEFFICIENTS)
        missing = frame.filter(pl.col("notation") == "NE")["code"].to_list()
        assert missing == ["energy.consumption.equal_value", "energy.non_fossil_share", "energy.coal_share"]

    def test_electricity_share_of_final_energy(self, found: dict) -> None:
        electricity = 22e8 * 0.1229e-3
        assert found["energy.electricity_share"]["value"] == pytest.approx(
            100 * electricity / (electricity + 38e4 * 0.7143)
        )

    def test_an_indicator_names_the_cells_it_was_made_of(self, found: dict) -> None:
        terms = {
            (term["row"], term["fuel"]): term["weight"] for term in found["energy.consumption.equivalent"]["terms"]
        }
        assert terms["final", "raw_coal"] == 1.0
        assert terms["transformation", "raw_coal"] == -1.0

    def test_sectors_of_final_use_add_up_to_it(self) -> None:
        split = balance_energy.final_use(table(CLOSED), COEFFICIENTS)
        assert split["tce"].sum() == pytest.approx(38e4 * 0.7143 + 22e8 * 0.1229e-3)
        assert split["share"].sum() == pytest.approx(1)


class TestReconcile:
    def test_a_difference_goes_to_the_sectors_in_proportion(self) -> None:
        proposal = balance.reconcile(table(CLOSED), {"raw_coal": "final"})
        change = {(row["row"], row["fuel"]): row["change"] for row in proposal.iter_rows(named=True)}
        # 1 over 3 : 30 : 2 : 3 of 38
        assert change["final.industry", "raw_coal"] == pytest.approx(30 / 38)
        assert change["final.residential.rural", "raw_coal"] == pytest.approx(3 / 38)
        assert change["final.residential", "raw_coal"] == pytest.approx(5 / 38)
        assert change["final", "raw_coal"] == pytest.approx(1)
        assert change["difference", "raw_coal"] == pytest.approx(-1)
        assert change["consumption", "raw_coal"] == pytest.approx(1)

    def test_a_proposal_is_marked_and_quotes_the_printed_number(self) -> None:
        proposal = balance.reconcile(table(CLOSED), {"raw_coal": "stock"})
        row = proposal.filter(pl.col("row") == "supply.stock").row(0, named=True)
        assert (row["mark"], row["basis"], row["printed"], row["value"]) == ("reconciled", "estimated", -2.0, -3.0)
        assert row["source"] == "建议值：平衡差额计入库存变化；原数 -2，改动 -1"

    def test_a_fuel_without_a_rule_keeps_its_difference(self) -> None:
        assert balance.reconcile(table(CLOSED), {"natural_gas": "final"}).height == 0

    def test_nothing_can_be_shared_out_among_empty_sectors(self) -> None:
        with pytest.raises(ActivityError, match="原煤的平衡差额无处可分"):
            balance.reconcile(table({("supply", "raw_coal"): 5, ("final", "raw_coal"): 4}), {"*": "final"})

    def test_a_whole_cannot_take_the_difference(self) -> None:
        with pytest.raises(ActivityError, match="不能把差额计入合计行"):
            balance.reconcile(table(CLOSED), {"*": "transformation"})

    @given(
        values=st.lists(st.floats(0.01, 1e5), min_size=4, max_size=4),
        supply=st.floats(-1e4, 1e5),
        rule=st.sampled_from(["final", "stock", "loss"]),
    )
    def test_any_table_closes_after_its_proposal(self, values: list[float], supply: float, rule: str) -> None:
        sectors = ("final.agriculture", "final.industry", "final.transport", "final.other")
        cells = {(row, "raw_coal"): value for row, value in zip(sectors, values, strict=True)}
        cells |= {
            ("final", "raw_coal"): sum(values),
            ("supply", "raw_coal"): supply,
            ("supply.production", "raw_coal"): supply,
        }
        cells |= {("loss", "raw_coal"): 0.5, ("difference", "raw_coal"): supply - 0.5 - sum(values)}
        printed = table(cells)
        closed = balance.apply_proposal(printed, balance.reconcile(printed, {"*": rule}))
        checks = balance.check_balance(closed).filter(pl.col("check").is_in(["closure", "rows"]))
        assert set(checks["verdict"]) == {"ok"}
        left = closed.filter(pl.col("row") == "difference")["value"]
        assert left.abs().max() == pytest.approx(0, abs=1e-6)


class TestActivity:
    @pytest.fixture
    def rows(self) -> pl.DataFrame:
        return activity_rows(table(CLOSED))

    def test_material_is_taken_out_of_industry_and_reported_apart(self, rows: pl.DataFrame) -> None:
        coal = dict(rows.filter(pl.col("item") == "raw_coal").select("category", "value").rows())
        assert coal == {"1A1a": 60, "1A4c": 3, "1A2x": 25, "1AD": 5, "1A4b1": 2, "1A4b2": 3}

    def test_burnt_material_and_losses_account_for_all_that_was_used(self, rows: pl.DataFrame) -> None:
        coal = rows.filter(pl.col("item") == "raw_coal")["value"].sum()
        assert coal == 38 + 60  # the loss of 1 and the difference of 1 are not burnt

    def test_material_may_be_left_in_as_an_upper_bound(self) -> None:
        rows = activity_rows(table(CLOSED), feedstock="burnt")
        assert rows.filter(pl.col("category") == "1A2x")["value"].to_list() == [30]
        assert "1AD" not in rows["category"].to_list()

    def test_electricity_is_net_import_and_final_use_and_never_fuel(self, rows: pl.DataFrame) -> None:
        found = rows.filter(pl.col("item") == "electricity").select("category", "variable", "value").rows()
        assert found == [("ID1", "imported_electricity", 3.0), ("ID3", "electricity", 22.0)]

    def test_coking_and_washing_burn_nothing(self) -> None:
        cells = {("transformation.coking", "raw_coal"): -10, ("transformation.washing", "raw_coal"): -5}
        assert activity_rows(table(cells)).height == 0

    def test_more_material_than_use_is_not_estimated_and_says_why(self) -> None:
        cells = {("final.industry", "lpg"): 4, ("final.industry.feedstock", "lpg"): 6}
        row = activity_rows(table(cells)).filter(pl.col("category") == "1A2x").row(0, named=True)
        assert (row["value"], row["notation"]) == (None, "NE")
        assert "大于工业消费量，原表有误" in row["source"]

    def test_statistical_volume_of_gas_is_taken_as_normal_volume(self) -> None:
        cells = {("final.residential.urban", "natural_gas"): 5}
        assert activity_rows(table(cells))["unit"].to_list() == ["亿标准立方米"]
        assert activity_rows(table(cells), gas_volume="statistical")["unit"].to_list() == ["亿立方米"]

    def test_households_that_are_not_divided_go_to_the_whole_category(self) -> None:
        rows = activity_rows(table({("final.residential", "lpg"): 5}))
        assert rows["category"].to_list() == ["1A4b"]

    def test_a_row_quotes_the_cells_it_was_made_of(self, rows: pl.DataFrame) -> None:
        industry = rows.filter((pl.col("category") == "1A2x") & (pl.col("item") == "raw_coal"))
        assert industry["source"][0] == "2020 年能源平衡表 原煤：“工业”−“用作原料、材料”"

    def test_rows_of_a_proposal_stay_marked_and_estimated(self) -> None:
        printed = table(CLOSED)
        rows = activity_rows(balance.apply_proposal(printed, balance.reconcile(printed, {"raw_coal": "final"})))
        made = rows.filter(pl.col("item") == "raw_coal").filter(pl.col("category") == "1A2x").row(0, named=True)
        assert (made["basis"], made["mark"]) == ("estimated", "reconciled")
