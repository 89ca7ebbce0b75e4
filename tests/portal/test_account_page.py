"""The account, its tabs, two runs side by side and the lineage, as a visitor's browser receives them."""

from __future__ import annotations

import re

import polars as pl
import pytest
from django.test import Client
from django.urls import reverse

from dafeng.domains.inventory import account, services, storage

ACCOUNT = "/inventory/411500/"
LATIN = re.compile(r"[一-鿿]+")


def words(page: str) -> str:
    """The text of a page's main part, without tags."""
    return re.sub(r"<[^>]+>", " ", page[page.index("<main") : page.index("</main>")])


def test_the_page_shows_the_sum_of_the_cells(client: Client, run) -> None:
    # 120 万 m³ × 389.31 GJ/万m³ × 15.3 kgC/GJ × 0.99 × 44/12 = 120 × 21.621888 t = 2 594.6 t CO2 (fuel.natural_gas.ef_mass)
    cells = storage.read(run, "cells")
    gas = cells.filter((cells["category"] == "1A4b1") & (cells["gas"] == "CO2") & (cells["year"] == 2021))
    assert gas["emission"].sum() == pytest.approx(120 * 21.621888, rel=1e-6)
    rows = {row["code"]: row for row in account.tree(run, 2021, False, depth=5)}
    direct = account.direct(run, 2021)
    assert rows["1"]["co2e"] == pytest.approx(direct.filter(pl.col("sector") == "1")["co2e"].sum())
    # Only households burn gas here, so every level above the leaf is the leaf.
    assert rows["1A4b1"]["co2e"] == rows["1A4b"]["co2e"] == rows["1A4"]["co2e"] == rows["1"]["co2e"]
    assert rows["1A4b1"]["cells"][0] == pytest.approx(120 * 21.621888, rel=1e-6)
    assert rows["2"]["notation"] == "NE"
    page = client.get(ACCOUNT + "?year=2021&depth=5").content.decode()
    assert page.count('hx-target="#panel"') > 5


def test_each_level_of_the_tree_adds_up_to_the_level_above(run) -> None:
    rows = account.tree(run, 2021, False, depth=5)
    for row in rows:
        below = [r for r in rows if r["level"] == row["level"] + 1 and r["code"].startswith(row["code"])]
        if below and row["co2e"] is not None:
            assert row["co2e"] == pytest.approx(sum(r["co2e"] or 0 for r in below))


@pytest.mark.parametrize("query", ["?tab=chart", "?tab=chart&by=gas", "?tab=chart&by=item", "?tab=map", "?depth=1"])
def test_every_tab_opens_and_keeps_the_year(client: Client, run, query: str, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(12):
        answer = client.get(f"{ACCOUNT}{query}&year=2020")
    assert answer.status_code == 200
    assert "year=2020" in answer.content.decode()


def test_a_chart_is_downloaded_with_the_numbers_it_shows(client: Client, run) -> None:
    answer = client.get(ACCOUNT + "?tab=chart&chart=trend-sector&export=csv")
    rows = answer.content.decode().lstrip("\ufeff").splitlines()
    sums = account.direct(run).filter(pl.col("sector") == "1").group_by("year").agg(pl.col("co2e").sum()).sort("year")
    assert [row.split(",")[0] for row in rows[1:]] == ["2020", "2021"]
    assert float(rows[1].split(",")[1]) == pytest.approx(sums["co2e"][0] / 1e4)


def test_growth_compares_only_what_both_years_know(run) -> None:
    # Rice is reported for 2021 alone: gas grew from 100 to 120, which is 20 %, whatever rice adds to the total.
    assert account.figures(run, 2021)["before"] == pytest.approx(0.2)
    assert set(account.comparable(run)) == {2020, 2021}
    assert account.figures(run, 2020)["before"] is None


@pytest.mark.parametrize(
    "query", ["?year=1066", "?year=abc", "?year=" + "9" * 30, "?tab=pie", "?depth=0", "?run=77", "?run=x"]
)
def test_nonsense_in_the_address_is_answered_with_what_would_make_sense(client: Client, run, query: str) -> None:
    answer = client.get(ACCOUNT + query)
    assert answer.status_code == 404
    text = words(answer.content.decode())
    assert "请" in text
    assert "Traceback" not in text


def test_a_year_that_is_missing_names_the_years_there_are(client: Client, run) -> None:
    assert "2020–2021" in client.get(ACCOUNT + "?year=1066").content.decode()


def test_an_unknown_city_is_a_plain_404(client: Client, run) -> None:
    answer = client.get("/inventory/999999/")
    assert answer.status_code == 404
    assert "没有代码为“999999”的城市" in answer.content.decode()


def test_lineage_names_method_factor_and_activity_and_the_person_only_to_colleagues(
    client: Client, run, person
) -> None:
    address = reverse("inventory:lineage", args=["411500"]) + "?category=1A4b1&gas=CO2&year=2021"
    public = client.get(address).content.decode()
    for word in ("carbon_content", "2025 年版", "120", "万立方米", "试验数据"):
        assert word in public
    assert "试验批次" not in public
    client.force_login(person("statistics"))
    assert "试验批次" in client.get(address).content.decode()


def test_the_panel_is_the_same_without_the_frame(client: Client, run) -> None:
    address = reverse("inventory:lineage", args=["411500"]) + "?category=1A4b1&kind=direct&year=2021"
    panel = client.get(address, headers={"HX-Request": "true", "HX-Target": "panel"})
    assert "<html" not in panel.content.decode()
    assert "carbon_content" in panel.content.decode()
    assert "HX-Target" in panel.headers["Vary"]


def test_a_county_figure_leads_to_that_county_alone(client: Client, run) -> None:
    address = reverse("inventory:lineage", args=["411500"])
    page = words(client.get(f"{address}?place=411503&kind=direct&year=2021").content.decode())
    assert "平桥区" in page
    assert "浉河区" not in page


def test_every_word_of_the_pages_is_english_in_english(client: Client, run) -> None:
    client.cookies["django_language"] = "en"
    for query in ("?year=2021", "?tab=chart", "?tab=chart&by=item", "?tab=map"):
        page = client.get(ACCOUNT + query).content.decode()
        found = LATIN.findall(words(page).replace("省级温室气体清单编制指南", ""))
        assert not found, (query, found)


def test_two_runs_are_compared_by_cause(client: Client, run, city) -> None:
    assert "只有一版清单" in client.get("/inventory/411500/compare/").content.decode()
    from .conftest import NOW

    other = services.compile_city(city, edition="gl2025", gwp="AR4", by=None, now=NOW)
    found = account.difference(run, other, 2021, False)
    # AR5 → AR4: methane 28 → 25. Rice methane in t CO2e falls by 3/28 of what it was, and all of it is GWP.
    rice = next(row for row in found["rows"] if row["category"] == "3C7")
    assert rice["difference"] == pytest.approx(-rice["before"] * 3 / 28, rel=1e-9)
    assert rice["causes"][-1] == pytest.approx(rice["difference"])
    assert found["options"] == [("GWP 版本", "AR5", "AR4")]
    page = client.get("/inventory/411500/compare/?year=2021").content.decode()
    assert "AR5" in page
    assert "AR4" in page
    assert client.get("/inventory/411500/compare/?a=1&b=9").status_code == 404


def test_a_draft_is_hidden_from_the_public_outside_a_demo(client: Client, run, person, settings) -> None:
    settings.DEMO = False
    for address in (ACCOUNT, "/inventory/411500/lineage/", "/inventory/411500/download/csv/", ACCOUNT + "?run=1"):
        client.logout()
        assert client.get(address).status_code == 404
        client.force_login(person("citizen", f"c{len(address)}"))
        assert client.get(address).status_code == 404
    client.force_login(person("ecology"))
    assert client.get(ACCOUNT).status_code == 200


def test_pages_forbid_foreign_scripts_and_inline_styles(client: Client, run) -> None:
    answer = client.get(ACCOUNT)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert " style=" not in page
    assert not re.findall(r"(?:src|href)=\"https?://", page)
    assert not re.findall(r"<script(?![^>]*src=)", page)
