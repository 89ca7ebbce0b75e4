"""The packs that come with the package: what they hold, and that an account compiles from them."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from dafeng.cities import CityPack, builtin_packs, check_pack, load_pack
from dafeng.cities.checks import ROLES
from dafeng.cities.tables import HOME, indicators
from dafeng.domains.inventory.methods.inventory import compile_inventory
from dafeng.kernel.accounting.activity import BASES
from dafeng.kernel.errors import PackError

PORTAL_ROLES = HOME.parent / "portal" / "accounts" / "models.py"


@pytest.fixture(scope="module")
def xinyang() -> CityPack:
    return load_pack("xinyang")


@pytest.fixture(scope="module")
def city_rows(xinyang: CityPack) -> pl.DataFrame:
    return xinyang.activity(level="city")


@pytest.fixture(scope="module")
def county_rows(xinyang: CityPack) -> pl.DataFrame:
    return xinyang.activity()


def made(rows: pl.DataFrame) -> pl.DataFrame:
    """Energy rows that the sector rule made."""
    return rows.filter(pl.col("unit") == "万吨标准煤")


class TestContents:
    @pytest.mark.parametrize("name", builtin_packs())
    def test_a_pack_has_no_problems(self, name: str) -> None:
        assert [str(problem) for problem in check_pack(name)] == []

    def test_both_packs_are_found(self) -> None:
        assert builtin_packs() == ["henan", "xinyang"]

    def test_an_unknown_pack_is_refused_with_those_that_exist(self) -> None:
        with pytest.raises(PackError, match=r"没有数据包“beijing”；应为文件夹（内有 pack\.toml），或 henan、xinyang"):
            load_pack("beijing")

    def test_every_row_of_every_table_has_a_source(self) -> None:
        for path in HOME.glob("*/*.csv"):
            with path.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    if path.name.startswith("balance_"):
                        continue  # one source for the whole printed table, in pack.toml
                    assert row["source"] or row.get("notation") == "NE", (path.name, row)

    def test_every_balance_cell_carries_the_source_of_its_table(self) -> None:
        assert (load_pack("henan").balances["source"].str.len_chars() > 20).all()

    def test_the_ten_counties_are_those_of_the_boundary(self, xinyang: CityPack) -> None:
        features = json.loads(xinyang.boundary)["features"]
        assert {feature["properties"]["adcode"] for feature in features} == set(xinyang.counties)
        assert len(xinyang.counties) == 10
        assert {
            f["properties"]["adcode"]: (f["properties"]["name"], f["properties"]["name_en"]) for f in features
        } == xinyang.counties

    def test_the_map_approval_number_is_shown_as_unverified(self, xinyang: CityPack) -> None:
        assert xinyang.boundary_note.startswith("审图号 GS(2024)0650号（未经核对，公开前须到官方网站核实）")

    def test_places_are_named_with_the_city_first(self, xinyang: CityPack) -> None:
        assert list(xinyang.place_names().items())[:2] == [("411500", "信阳市"), ("411502", "浉河区")]

    def test_printed_values_are_as_in_their_source(self, xinyang: CityPack) -> None:
        census = xinyang.statistics.filter((pl.col("indicator") == "population") & (pl.col("period") == "2020"))
        assert census.filter((pl.col("series") == "") & (pl.col("place") == "411500"))["value"].to_list() == [6234401]

    def test_two_statements_of_one_thing_are_both_kept(self, xinyang: CityPack) -> None:
        waste = xinyang.statistics.filter(pl.col("indicator") == "msw.centre.generation")
        assert sorted(waste["value"]) == [1200, 1500]

    def test_a_quarter_is_not_taken_for_a_year(self, xinyang: CityPack) -> None:
        quarter = xinyang.statistics.filter(pl.col("period") == "2022Q1")
        assert quarter.height == 5
        assert quarter["year"].null_count() == 5

    def test_redacted_names_stay_redacted(self, xinyang: CityPack) -> None:
        redacted = xinyang.projects.filter(pl.col("name").str.contains("XX"))
        assert redacted["name"].to_list() == ["国家管网公司“XX-XX-XX天然气输气管道”项目"]

    def test_a_capacity_without_a_printed_unit_keeps_that_it_has_none(self, xinyang: CityPack) -> None:
        wind = xinyang.projects.filter(pl.col("name") == "淮滨龙山风电场").row(0, named=True)
        assert (wind["capacity"], wind["capacity_unit"]) == (20, "万（单位未写明）")

    def test_every_indicator_in_use_is_in_the_register_and_none_is_idle(self) -> None:
        used: set[str] = set()
        for name in builtin_packs():
            pack = load_pack(name)
            used |= {*pack.statistics["indicator"], *pack.reference["indicator"]}
        assert used == set(indicators())

    def test_the_digest_is_stable_and_changes_with_the_data(self, xinyang: CityPack, tmp_path: Path) -> None:
        copy = Path(shutil.copytree(xinyang.path, tmp_path / "copy"))
        assert load_pack(copy).digest == xinyang.digest
        table = copy / "activity.csv"
        table.write_text(table.read_text(encoding="utf-8").replace(",620,", ",621,"), encoding="utf-8")
        assert load_pack(copy).digest != xinyang.digest


class TestPeople:
    def test_roles_are_those_of_the_portal(self) -> None:
        text = PORTAL_ROLES.read_text(encoding="utf-8")
        portal = re.findall(r'^    [A-Z]+ = "([a-z]+)", _', text, flags=re.M)
        assert set(portal) == set(ROLES)

    def test_every_role_has_a_demo_login(self, xinyang: CityPack) -> None:
        assert {user["role"] for user in xinyang.demo_users} == set(ROLES)

    def test_every_demo_person_is_called_one(self, xinyang: CityPack) -> None:
        assert all(user["display_name"].endswith("（演示）") for user in xinyang.demo_users)
        assert all(user["display_name_en"].endswith("(demo)") for user in xinyang.demo_users)


class TestEstimates:
    def test_the_energy_of_the_four_sectors_is_shared_out_whole(
        self, xinyang: CityPack, city_rows: pl.DataFrame
    ) -> None:
        by_year = dict(made(city_rows).group_by("year").agg(pl.col("value").sum()).rows())
        total = xinyang.statistics.filter((pl.col("indicator") == "energy.total") & (pl.col("series") == "panel"))
        for year, value in total.select("year", "value").rows():
            assert by_year[year] == pytest.approx(value, rel=2e-5), (
                year
            )  # the panel's parts add up to its total to 1e-5

    def test_a_cell_can_be_worked_by_hand(self, city_rows: pl.DataFrame) -> None:
        # Henan 2014, agriculture, Mtce; Xinyang primary industry 2014: 43.1535 万吨标准煤
        parts = (0.62832, 1.4536489, 1.1113847, 0.51485, 0.18854, 0.0798, 0.166)
        diesel = made(city_rows).filter(
            (pl.col("year") == 2014) & (pl.col("category") == "1A4c") & (pl.col("item") == "diesel")
        )
        assert diesel["value"].to_list() == pytest.approx([43.1535 * 1.4536489 / sum(parts)])

    def test_the_structure_between_the_two_balances_is_interpolated_and_after_them_held(
        self, city_rows: pl.DataFrame
    ) -> None:
        rows = made(city_rows).filter((pl.col("category") == "1A4c") & (pl.col("item") == "diesel"))
        share = {row["year"]: re.search(r"占 ([0-9.]+)%", row["source"])[1] for row in rows.iter_rows(named=True)}
        between = (float(share[2007]) * 4 + float(share[2014]) * 3) / 7  # 2010
        assert float(share[2010]) == pytest.approx(between, abs=0.01)
        assert share[2021] == share[2014]

    def test_every_made_row_is_estimated_marked_and_says_from_what(self, county_rows: pl.DataFrame) -> None:
        rows = made(county_rows)
        assert rows["basis"].unique().to_list() == ["estimated"]
        assert rows["mark"].unique().to_list() == ["downscaled"]
        assert rows["source"].str.contains("原始数据：Rong-Hu-HFUT").all()
        assert rows["source"].str.contains("Chen et al. 2020").all()

    def test_counties_replace_the_city_and_keep_its_sum(
        self, city_rows: pl.DataFrame, county_rows: pl.DataFrame
    ) -> None:
        assert "411500" not in made(county_rows)["place"].to_list()
        key = ["category", "item", "variable", "year"]
        before = made(city_rows).group_by(key).agg(pl.col("value").sum()).sort(key)
        after = made(county_rows).group_by(key).agg(pl.col("value").sum()).sort(key)
        assert before.select(key).equals(after.select(key))
        assert ((before["value"] - after["value"]).abs() <= 1e-12 * before["value"]).all()

    def test_after_2017_the_held_proxy_is_told(self, county_rows: pl.DataFrame) -> None:
        late = made(county_rows).filter(pl.col("year") == 2019)
        early = made(county_rows).filter(pl.col("year") == 2015)
        assert late["source"].str.contains("代理变量本身为补缺所得").all()
        assert not early["source"].str.contains("代理变量本身为补缺所得").any()

    def test_the_rice_area_is_told_to_be_a_lower_bound_and_is_not_spread_over_other_years(
        self, city_rows: pl.DataFrame
    ) -> None:
        rice = city_rows.filter((pl.col("category") == "3C7") & pl.col("value").is_not_null())
        assert rice.select("year", "value", "basis").rows() == [(2021, 620.0, "estimated")]
        assert "下限" in rice["source"][0]

    def test_the_power_station_is_not_estimated_and_the_reason_says_what_is_needed(
        self, city_rows: pl.DataFrame
    ) -> None:
        rows = city_rows.filter(pl.col("category") == "1A1a")
        assert rows["notation"].unique().to_list() == ["NE"]
        assert rows["source"].str.contains("1940 MW").all()
        assert rows.height == 17

    def test_every_basis_is_a_known_word(self, county_rows: pl.DataFrame) -> None:
        assert set(county_rows["basis"]) <= set(BASES)

    def test_places_are_the_city_and_its_counties(self, xinyang: CityPack, county_rows: pl.DataFrame) -> None:
        assert set(county_rows["place"]) == {xinyang.code, *xinyang.counties}


class TestAccount:
    def test_the_account_compiles_for_every_year_from_2005_to_2021(
        self, xinyang: CityPack, city_rows: pl.DataFrame
    ) -> None:
        inventory = compile_inventory(city_rows, edition=xinyang.edition, gwp=xinyang.gwp)
        totals = inventory.totals("year", sectors=("1",))
        assert totals["year"].to_list() == list(range(2005, 2022))
        assert totals["co2e"].is_not_null().all()
        # All of it is estimated, and nobody can mistake it for a whole account.
        assert (totals["estimated"] == totals["co2e"]).all()
        assert (totals["status"] > 0).all()

    def test_the_split_into_counties_changes_no_total(
        self, xinyang: CityPack, city_rows: pl.DataFrame, county_rows: pl.DataFrame
    ) -> None:
        city = compile_inventory(city_rows, edition=xinyang.edition, gwp=xinyang.gwp).totals("year")
        counties = compile_inventory(county_rows, edition=xinyang.edition, gwp=xinyang.gwp).totals("year")
        assert counties["co2e"].to_list() == pytest.approx(city["co2e"].to_list(), rel=1e-12)

    def test_energy_co2_stays_below_the_public_estimate_of_energy_and_process_together(
        self, xinyang: CityPack, city_rows: pl.DataFrame
    ) -> None:
        """CEADs counts the power station and industrial processes, which are not estimated here."""
        inventory = compile_inventory(city_rows, edition=xinyang.edition, gwp=xinyang.gwp)
        cells = inventory.cells.filter(
            (pl.col("gas") == "CO2") & (pl.col("sector") == "1") & (pl.col("kind") == "direct")
        )
        ours = dict(cells.group_by("year").agg(pl.col("emission").sum() / 1e6).rows())
        public = xinyang.reference.filter(pl.col("indicator") == "co2.ceads.total")
        assert public.height == 11
        for year, value in public.select("year", "value").rows():
            assert 0.25 * value < ours[year] < value

    def test_henan_2007_is_near_the_public_figure(self) -> None:
        """CEADs 2007: 426.24 Mt with 27.52 of process; ours takes all raw coal as bituminous."""
        pack = load_pack("henan")
        inventory = compile_inventory(pack.activity(), edition="gl2011", gwp="AR5")
        cells = inventory.cells.filter(
            (pl.col("gas") == "CO2") & (pl.col("kind") == "direct") & (pl.col("year") == 2007)
        )
        public = 426.2392 - 27.5238
        assert cells["emission"].sum() / 1e6 == pytest.approx(public, rel=0.12)
