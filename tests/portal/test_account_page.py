"""The account page and the lineage page, as a visitor's browser receives them."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse


def test_home_leads_to_the_city(client: Client, run) -> None:
    answer = client.get("/", follow=True)
    assert answer.status_code == 200
    assert "信阳市" in answer.content.decode()


def test_an_installation_without_a_city_says_how_to_begin(client: Client) -> None:
    assert "dafeng load xinyang" in client.get("/").content.decode()


def test_the_page_shows_the_sum_of_the_cells(client: Client, run) -> None:
    # 120 万 m³ × 389.31 GJ/万m³ × 15.3 kgC/GJ × 0.99 × 44/12 = 120 × 21.621888 t = 2 594.6 t CO2 (fuel.natural_gas.ef_mass)
    from dafeng.domains.inventory import storage

    cells = storage.read(run, "cells")
    gas = cells.filter((cells["category"] == "1A4b1") & (cells["gas"] == "CO2") & (cells["year"] == 2021))
    assert gas["emission"].sum() == pytest.approx(120 * 21.621888, rel=1e-6)
    page = client.get(reverse("inventory:account", args=["411500"]) + "?year=2021").content.decode()
    assert "浉河区" in page
    assert "平桥区" in page


def test_a_year_outside_the_run_falls_back_to_the_latest(client: Client, run) -> None:
    page = client.get(reverse("inventory:account", args=["411500"]) + "?year=1066")
    assert page.status_code == 200
    assert "2021 年分领域" in page.content.decode()


@pytest.mark.parametrize("query", ["?year=abc", "?year=", "?year=2021&year=2020", "?year=99999999999999999999"])
def test_odd_years_do_no_harm(client: Client, run, query: str) -> None:
    assert client.get(reverse("inventory:account", args=["411500"]) + query).status_code == 200


def test_lineage_names_method_factor_activity_and_batch(client: Client, run) -> None:
    page = client.get(
        reverse("inventory:lineage", args=["411500"]) + "?category=1A4b1&gas=CO2&year=2021"
    ).content.decode()
    for word in ("carbon_content", "2025 年版", "120", "万立方米", "试验数据", "试验批次"):
        assert word in page


def test_every_word_of_the_page_is_english_in_english(client: Client, run) -> None:
    client.cookies["django_language"] = "en"
    page = client.get(reverse("inventory:account", args=["411500"]) + "?year=2021").content.decode()
    body = re.sub(r"<[^>]+>", " ", page[page.index("<main") : page.index("</main>")])
    # What may stay Chinese is data: sources of factors, official titles, reasons from the compile.
    body = body[: body.index("Before it can be published")]
    assert not re.findall(r"[一-鿿]+", body)


def test_an_unknown_city_is_a_plain_404(client: Client, run) -> None:
    answer = client.get("/inventory/999999/")
    assert answer.status_code == 404
    assert "没有找到这个页面" in answer.content.decode()


def test_a_draft_is_hidden_from_the_public_outside_a_demo(client: Client, run, person, settings) -> None:
    settings.DEMO = False
    address = reverse("inventory:account", args=["411500"])
    assert client.get(address).status_code == 404
    client.force_login(person("citizen"))
    assert client.get(address).status_code == 404
    client.force_login(person("ecology"))
    assert client.get(address).status_code == 200


def test_pages_forbid_foreign_scripts_and_inline_styles(client: Client, run) -> None:
    answer = client.get(reverse("inventory:account", args=["411500"]))
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert " style=" not in page
    assert not re.findall(r"(?:src|href)=\"https?://", page)


def test_the_page_asks_the_database_little(client: Client, run, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(12):
        client.get(reverse("inventory:account", args=["411500"]))


def test_logging_in_with_a_wrong_password_says_so(client: Client, person) -> None:
    person("ndrc")
    answer = client.post(reverse("login"), {"username": "ndrc", "password": "wrong"})
    assert "用户名或密码不对" in answer.content.decode()


@pytest.mark.parametrize(
    ("format", "begins"),
    [
        ("xlsx", b"PK"),
        pytest.param("docx", b"PK", marks=pytest.mark.fonts),
        pytest.param("pdf", b"%PDF", marks=pytest.mark.fonts),
        ("csv", b"\xef\xbb\xbf"),
        ("iamc", b""),
        ("primap2", b"PK"),
    ],
)
def test_every_form_can_be_downloaded(client: Client, run, format: str, begins: bytes) -> None:
    address = reverse("inventory:download", args=["411500", format]) + "?year=2021"
    first = b"".join(client.get(address).streaming_content)
    assert first.startswith(begins)
    assert len(first) > 200
    assert b"".join(client.get(address).streaming_content) == first


def test_an_unknown_form_is_a_plain_404(client: Client, run) -> None:
    assert client.get(reverse("inventory:download", args=["411500", "odt"])).status_code == 404
