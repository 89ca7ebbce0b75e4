"""The factor library, one factor, methods and the global search."""

from __future__ import annotations

import time

import polars as pl
import pytest
from django.test import Client

from dafeng.domains.inventory import factors_shown, library, methods_shown, searchers, services
from dafeng.domains.inventory.models import FactorSignature
from dafeng.domains.inventory.views.factors import TABS
from dafeng.kernel.desk.finding import gather
from tests.portal.conftest import SIZES, faults
from tests.portal.factor_form import HOME, RICE, ROLES

PAGES = [
    HOME,
    f"{HOME}?tab=unsigned",
    f"{HOME}?tab=conflicts",
    f"{HOME}?tab=own",
    f"{HOME}?tab=sets",
    f"{HOME}?parameter=ncv&set=gl2011",
    f"{HOME}one/?id={RICE}",
    f"{HOME}one/?id=fuel.anthracite.ncv",
    f"{HOME}methods/",
    f"{HOME}methods/agriculture.rice.ch4/",
    f"{HOME}methods/waste.landfill.ch4.fod/",
]


# ---------- reading ----------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_shown_with_few_questions_to_the_database(
    client: Client, run, person, role: str, address: str, django_assert_max_num_queries
) -> None:
    client.force_login(person(role))
    client.get(address)
    with django_assert_max_num_queries(12):
        answer = client.get(address)
    assert answer.status_code == 200


def test_the_public_reads_the_library_without_signing_in(client: Client, run) -> None:
    for address in PAGES:
        assert client.get(address).status_code == 200


def test_the_library_is_there_before_anything_has_been_compiled(client: Client, city) -> None:
    for tab in TABS:
        assert client.get(f"{HOME}?tab={tab}").status_code == 200
    assert "还没有您能看到的清单" in client.get(f"{HOME}one/?id={RICE}").text


def test_every_factor_has_a_page(client: Client, city, settings) -> None:
    # One of each set and standing stands for the 3,643: the page branches on nothing else.
    picked = library.factors().unique(["set", "standing"], keep="first", maintain_order=True)["factor_id"]
    for factor_id in picked:
        answer = client.get(f"{HOME}one/", {"id": factor_id})
        assert answer.status_code == 200, factor_id


def test_every_method_is_typeset_and_has_a_page(client: Client, city) -> None:
    from lxml import etree

    for method_id, method in library.methods().items():
        etree.fromstring(str(methods_shown.typeset(method)))
        if method_id.endswith("co2"):
            assert client.get(f"{HOME}methods/{method_id}/").status_code == 200, method_id


@pytest.mark.parametrize(
    ("query", "found", "absent"),
    [
        ("q=无烟煤&set=gbt32151", "fuel.anthracite.ncv", "ceads.raw_coal.ncv"),
        ("q=anthracite&set=gbt32151", "fuel.anthracite.ncv", "ceads.raw_coal.ncv"),
        ("q=fuel.anthracite.ncv", "fuel.anthracite.ncv", "fuel.anthracite.cc"),
        ("q=AR-CM-001&set=forest_cn", "lu.sp.masson_pine.wd", "fuel.anthracite.ncv"),
        ("state=blocks", RICE, "fuel.anthracite.ncv"),
        ("standing=gap", "soil.compound_share", "fuel.anthracite.ncv"),
        ("owner=municipal", "soil.compound_share", "fuel.anthracite.ncv"),
        ("level=province&q=北京", "grid.prov.2023.北京", "grid.prov.2023.天津"),
        ("sector=3&q=rice_ch4_ef", RICE, "fuel.anthracite.ncv"),
    ],
)
def test_a_search_or_filter_finds_what_it_should(client: Client, run, query: str, found: str, absent: str) -> None:
    told = client.get(f"{HOME}?{query}").text
    assert found in told
    assert absent not in told


@pytest.mark.parametrize("query", ["set=nonsense", "standing=%00", "sort=drop+table", "page=-7", "page=999999", "q=%25%27%22%3C", "level=[]"])  # fmt: skip
def test_a_filter_without_meaning_does_no_harm(client: Client, run, query: str) -> None:
    assert client.get(f"{HOME}?{query}").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        f"{HOME}?tab=nonsense",
        f"{HOME}?parameter=nonsense",
        f"{HOME}one/",
        f"{HOME}one/?id=no.such.factor",
        f"{HOME}one/?id=%00%23",
        f"{HOME}one/?id=" + "x" * 5000,
        f"{HOME}methods/no.such.method/",
        "/inventory/990000/factors/",
    ],
)
def test_what_is_not_there_is_said_plainly(client: Client, run, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "<h1>" in answer.text
    assert "Traceback" not in answer.text


def test_the_table_is_downloaded_with_ids_and_sources(client: Client, run) -> None:
    answer = client.get(f"{HOME}?set=gl2011&export=csv")
    assert answer["Content-Type"].startswith("text/csv")
    lines = answer.text.splitlines()
    assert len(lines) - 1 == library.factors().filter(pl.col("set") == "gl2011").height
    assert "编号" in lines[0]
    assert any(RICE in line for line in lines)


def test_what_blocks_publication_comes_with_the_emissions_that_rest_on_it(client: Client, run) -> None:
    used = factors_shown.use_by_factor(run).filter(pl.col("factor_id") == RICE).row(0, named=True)
    # 20 000 ha × 236.7 kg CH4/ha × 28 (AR5) = 132 552 t CO2e; the demo rows hold 2 万公顷 in 2021.
    assert used["peak"] == pytest.approx(2e4 * 236.7e-3 * 28, rel=1e-9)
    assert (used["rows"], used["peak_year"]) == (1, 2021)
    told = client.get(f"{HOME}?tab=unsigned").text
    assert RICE in told
    assert "13.3" in told  # 万吨


def test_electricity_is_not_counted_twice_below_a_factor() -> None:
    rows = pl.DataFrame(
        {"factor_id": ["g"] * 2, "category": ["ID1", "ID3"], "year": [2020, 2020], "co2e": [10.0, 9.0], "counted": [True, False], "rows": [1, 1]},
        schema_overrides={"rows": pl.UInt32, "year": pl.Int16},
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(factors_shown, "use", lambda run: rows)
        assert factors_shown.use_by_factor(None)["peak"].to_list() == [10.0]


def test_differing_sets_stand_side_by_side_in_one_unit(client: Client, run) -> None:
    # factors/fuels.csv: coke's carbon content is 29.42 in gl2011 (in conflict), 29.5 in gbt32151, 0.0294 t C/GJ in enterprise.
    row = factors_shown.differing().filter((pl.col("parameter") == "carbon_content") & (pl.col("item") == "coke"))
    told = {each["set"]: each["shared"] for each in row["members"][0].to_list()}
    assert told["gl2011"] == pytest.approx(29.42)
    assert told["gbt32151"] == pytest.approx(29.5)
    assert told["enterprise"] == pytest.approx(29.4)
    assert "29.42" in client.get(f"{HOME}?tab=conflicts&q=coke").text


def test_the_same_number_in_two_units_is_no_conflict() -> None:
    frame = factors_shown.differing().filter(~pl.col("conflict"))
    assert (frame["spread"] > factors_shown.SAME).all()
    assert (frame["sets"] > 1).all()


def test_a_persons_name_is_not_told_to_the_public(client: Client, run, ecology, city, now) -> None:
    services.sign_factor(RICE, by=ecology, reason="核对原文第 87 页", now=now)
    services.set_city_factor(city, "xy.plant", parameter="carbon_content", item="coke", place="411502/某厂", value=29.0, unit="t C/TJ", source="厂报", by=ecology, now=now)  # fmt: skip
    told = client.get(f"{HOME}?tab=unsigned").text + client.get(f"{HOME}one/?id={RICE}").text
    assert "核对原文第 87 页" in told
    assert "ecology" not in told
    assert client.get(f"{HOME}one/?id=xy.plant").status_code == 404
    assert "xy.plant" not in client.get(f"{HOME}?tab=own").text
    client.force_login(ecology)
    assert client.get(f"{HOME}one/?id=xy.plant").status_code == 200
    assert "ecology" in client.get(f"{HOME}one/?id={RICE}").text


# ---------- methods ----------


def test_the_calculator_computes_and_shows_its_steps(client: Client, run) -> None:
    query = {
        "in-harvested_area": "2",
        "unit-harvested_area": "万公顷",
        "in-rice_ch4_ef": "236.7",
        "unit-rice_ch4_ef": "kg CH4/ha",
    }
    told = client.get(f"{HOME}methods/agriculture.rice.ch4/", query).text
    assert "4,734" in told  # 20 000 ha × 236.7 kg/ha = 4 734 t
    assert "20000 × 236.7" in told


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"in-harvested_area": "二"}, "不是数"),
        ({"in-harvested_area": "1,7"}, "不是数"),  # neither 17 nor 1.7
        ({"in-harvested_area": ""}, "请填一个数"),
        ({"in-harvested_area": "1", "in-rice_ch4_ef": "nan"}, "不是有限的数"),
        ({"in-harvested_area": "1", "in-rice_ch4_ef": "1", "unit-harvested_area": "km"}, "不能换算"),
        ({"in-harvested_area": "1e308", "in-rice_ch4_ef": "1e308"}, "不是有限的数"),
        ({"in-harvested_area": "1", "in-rice_ch4_ef": "1", "unit-harvested_area": "<script>"}, "不认识的单位"),
    ],
)
def test_the_calculator_says_what_is_wrong(client: Client, run, query: dict, words: str) -> None:
    answer = client.get(f"{HOME}methods/agriculture.rice.ch4/", query)
    assert answer.status_code == 200
    assert words in answer.text
    assert "<script>" not in answer.text


def test_a_method_leads_to_the_factors_of_its_inputs(client: Client, run) -> None:
    assert f"{HOME}?parameter=rice_ch4_ef" in client.get(f"{HOME}methods/agriculture.rice.ch4/").text


# ---------- search ----------


@pytest.mark.parametrize(
    ("text", "searcher", "found"),
    [
        ("1A1a", searchers.categories, "1A1a"),
        ("水泥", searchers.categories, "2A1"),
        ("cement", searchers.categories, "2A1"),
        ("无烟煤", searchers.items, "anthracite"),
        ("Anthracite", searchers.items, "anthracite"),
        ("fuel.anthracite.ncv", searchers.factors, "fuel.anthracite.ncv"),
        ("无烟煤 低位发热量", searchers.factors, "anthracite"),
        ("agriculture.rice.ch4", searchers.methods, "agriculture.rice.ch4"),
        ("稻田 CH4", searchers.methods, "agriculture.rice"),
    ],
)
def test_the_search_finds_by_name_and_code_and_ranks_the_match_first(run, text, searcher, found) -> None:
    hits = list(searcher(None, text, 8))
    assert 0 < len(hits) <= 8
    assert found in f"{hits[0].title} {hits[0].text} {hits[0].href}"


def test_files_are_found_by_those_who_may_see_them(run, person) -> None:
    assert [hit.title for hit in gather([searchers.files], person("ecology"), "试验", 8)] == ["试验批次"]
    assert list(searchers.files(person("citizen"), "试验", 8)) == []
    assert list(searchers.files(None, "试验", 8)) == []


def test_searching_the_library_takes_less_than_twenty_milliseconds(run) -> None:
    def once(text: str) -> float:
        started = time.perf_counter()
        for searcher in (searchers.categories, searchers.items, searchers.factors, searchers.methods):
            list(searcher(None, text, 8))
        return time.perf_counter() - started

    once("天然气")  # the lists are made at first use
    # The best of a few: what else the machine does is not the search's.
    assert min(once(text) for text in ("天然气", "co2", "zzz", "a e i")) < 0.02


# ---------- in a browser ----------


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit_the_screen(open_page, run, signed_in: Client, size) -> None:
    page = open_page(size, client=signed_in)
    calculated = f"{HOME}methods/agriculture.rice.ch4/?in-harvested_area=2&in-rice_ch4_ef=x"
    for address in [*PAGES, f"{HOME}own/", calculated]:
        page.goto(address)
        assert faults(page) == [], address


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_reviewer_goes_from_the_list_to_a_signature(open_page, run, signed_in: Client) -> None:
    page = open_page(client=signed_in)
    page.goto(f"{HOME}?tab=unsigned")
    page.get_by_role("link", name="核对并签认").first.click()
    page.get_by_label("理由").first.fill("已核对《省级温室气体清单编制指南（试行）》第 87 页")
    page.get_by_role("button", name="我已核对，签认").click()
    assert page.get_by_text("已签认。重新编制清单后生效。").is_visible()
    assert FactorSignature.objects.count() == 1
