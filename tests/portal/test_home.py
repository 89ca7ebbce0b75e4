"""首页驾驶舱: the blackboard at a glance, for the public and for whoever works here."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
from django.test import Client

from dafeng.domains.inventory import services
from dafeng.domains.inventory.models import CityFactor

from .conftest import NOW, ROWS


def test_home_shows_the_city_and_says_that_it_is_a_draft(client: Client, run, django_assert_max_num_queries) -> None:
    client.get("/")
    with django_assert_max_num_queries(12):
        answer = client.get("/")
    page = answer.content.decode()
    assert answer.status_code == 200
    for word in ("信阳市碳达峰驾驶舱", "草稿，未发布", "浉河区", "排放轨迹", "这是第一版"):
        assert word in page


def test_a_signed_in_person_sees_what_waits_for_them(
    client: Client, run, person, django_assert_max_num_queries
) -> None:
    client.force_login(person("ecology"))
    client.get("/")
    with django_assert_max_num_queries(12):
        page = client.get("/").content.decode()
    assert 'hx-get="/tasks/"' in page
    part = client.get("/tasks/", headers={"HX-Request": "true", "HX-Target": "inbox"}).content.decode()
    assert "没有等您办理的事项" in part
    assert "<html" not in part


def test_an_installation_without_a_city_says_how_to_begin(client: Client) -> None:
    assert "dafeng load xinyang" in client.get("/").content.decode()


def test_outside_a_demo_the_public_is_told_that_nothing_is_published(client: Client, run, person, settings) -> None:
    settings.DEMO = False
    page = client.get("/").content.decode()
    assert "尚未发布" in page
    assert "万吨" not in page
    client.force_login(person("ndrc"))
    assert "驾驶舱" in client.get("/").content.decode()


def test_what_changed_since_the_last_version_is_listed(client: Client, run, city) -> None:
    services.compile_city(city, edition="gl2025", gwp="AR4", by=None, now=NOW)
    page = client.get("/").content.decode()
    # Methane weighs less under AR4, so the methane line falls by 3/28 = 10.7 %.
    assert "CH4" in page
    assert "-10.7%" in page or "−10.7%" in page


def test_newer_data_makes_the_run_stale_for_those_who_can_compile(client: Client, run, city, person) -> None:
    assert services.stale_since(run) == []
    CityFactor.objects.create(
        city=city, factor_id="x", parameter="ncv", place=city.code, value=1, unit="GJ/t", source="检测报告",
        entered_by="someone", entered_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    assert services.stale_since(run) == ["本市因子有更新"]
    client.force_login(person("ecology"))
    assert "去重新编制" in client.get("/").content.decode()
    client.logout()
    assert "去重新编制" not in client.get("/").content.decode()


def test_the_chart_of_home_downloads(client: Client, run) -> None:
    answer = client.get("/?chart=trajectory&export=csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.content.decode().count("\n") == 3


def test_what_is_kept_of_home_is_each_readers_own(client: Client, run, person, city) -> None:
    """Nobody sees the parts of another language, another run, or another person's rights."""
    office = Client()
    office.force_login(person("ecology"))
    for _ in range(2):
        assert "排放轨迹" in client.get("/").content.decode()
        assert "排放轨迹" not in client.get("/", headers={"Accept-Language": "en"}).content.decode()
    newer = services.compile_city(city, edition="gl2025", gwp="AR4", by=None, now=NOW)
    for reader in (client, office):
        page = reader.get("/").content.decode()
        assert f"清单第 {newer.number} 版" in page
        assert "逐类比较，看为什么" in page


def test_newly_filed_data_is_noticed_at_once(client: Client, run, city, person) -> None:
    client.force_login(person("ecology"))
    assert "去重新编制" not in client.get("/").content.decode()
    rows = pl.DataFrame(ROWS[:1]).with_columns(pl.lit("statistic").alias("basis"), pl.lit("试验数据").alias("source"))
    services.load_batch(city, rows, title="补报", source="pack", by=None, now=NOW + timedelta(hours=1))
    assert "去重新编制" in client.get("/").content.decode()
