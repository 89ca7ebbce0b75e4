"""Every page on the demonstration: it answers in few questions to the database, keeps the house rules, and says what it must."""

from __future__ import annotations

import re
from typing import Any

from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.energy.models import EcoDecision, EcoWarning


def test_every_page_keeps_the_house_rules(client: Client, demo: Any) -> None:
    client.force_login(demo["ndrc"])
    names = ("hydro", "hydro-ecology", "hydro-warnings", "hydro-forecasts", "hydro-register", "hydro-gauges", "hydro-notices", "hydro-pumped", "hydro-new", "hydro-upload", "hydro-rivers", "hydro-river-new", "hydro-gauge-new")  # fmt: skip
    addresses = [reverse(f"energy:{name}") for name in names]
    of_station = ("hydro-station", "hydro-forecast", "hydro-edit", "hydro-points", "hydro-threshold")
    addresses += [reverse(f"energy:{name}", kwargs={"station": "demo-hydro-2"}) for name in of_station]
    addresses += [reverse("energy:hydro-pumped-station", kwargs={"station": code}) for code in ("demo-pumped",)]
    addresses += [reverse("energy:hydro-river-edit", kwargs={"river": "demo-brook"})]
    addresses += [reverse(f"energy:{name}", kwargs={"gauge": "demo-gauge-1"}) for name in ("hydro-gauge-edit", "hydro-gauge-points")]  # fmt: skip
    addresses += [reverse("energy:hydro-warning", kwargs={"id": EcoWarning.objects.first().pk}), reverse("energy:hydro-decision", kwargs={"id": EcoDecision.objects.first().record_id})]  # fmt: skip
    faults = []
    for address in addresses:
        assert client.get(address).status_code == 200, address
        caches["near"].clear()
        with CaptureQueriesContext(connection) as asked:
            text = client.get(address).content.decode()
        if (
            len(asked) > 12
            or len(text) > 150_000
            or text.count("<h1") != 1
            or 'class="help"' not in text
            or re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", text)
        ):
            faults.append(f"{address}: {len(asked)} questions, {len(text)} characters")
    assert not faults, "; ".join(faults)


def test_the_board_names_who_releases_too_little_and_draws_the_river_in_order(client: Client, demo: Any) -> None:
    client.force_login(demo["ndrc"])
    text = client.get(reverse("energy:hydro")).content.decode()
    assert "此刻有 1 座电站低于核定生态流量" in text
    drawn = re.findall(r'<text class="name"[^>]*>([^<]+)', text)
    assert drawn == ["示例溪雨量站（演示）", "示例溪一级（演示）", "示例溪二级（演示）", "示例河水文站（演示）", "示例河上游（演示）", "示例河中游（演示）", "示例河下游（演示）", "示例河河口（演示）"]  # fmt: skip


def test_the_rule_is_shown_with_its_standing(client: Client, demo: Any) -> None:
    client.force_login(demo["ecology"])
    text = client.get(reverse("energy:hydro-ecology")).content.decode()
    assert "平台起草，待确认" in text
    assert "缺测" in text
    assert "未核定" in text


def test_what_is_not_known_says_so(client: Client, demo: Any) -> None:
    client.force_login(demo["ndrc"])
    text = client.get(reverse("energy:hydro-pumped")).content.decode()
    assert "新县大坪抽水蓄能电站" in text
    assert "待录入" in text


def test_the_forecast_stands_beside_the_plain_ones_and_downloads(client: Client, demo: Any) -> None:
    client.force_login(demo["ndrc"])
    address = reverse("energy:hydro-forecast", kwargs={"station": "demo-hydro-1"})
    text = client.get(address).content.decode()
    assert "照搬最近一天" in text
    assert "往年同期" in text
    assert client.get(f"{address}?chart=inflow&export=csv")["Content-Type"].startswith("text/csv")
    assert client.get(reverse("energy:hydro-ecology") + "?month=1999-01").status_code == 404


def test_a_decision_is_filed_and_signed_on_the_pages(client: Client, demo: Any) -> None:
    client.force_login(demo["ndrc"])
    address = reverse("energy:hydro-threshold", kwargs={"station": "demo-hydro-6"})
    assert client.post(address, {"whole": "1.2", "since": "2026-01-01", "document": "水函2号", "m4": "1.8"}).status_code == 302  # fmt: skip
    assert client.post(address, {"whole": "-1", "since": "2026-01-01", "document": "水函2号"}).status_code == 422
    made = EcoDecision.objects.latest("pk")
    assert (made.flows[2], made.flows[3]) == (1.2, 1.8)
    client.force_login(demo["ecology"])
    step = reverse("energy:hydro-decision-step", kwargs={"id": made.record_id})
    assert client.post(step, {"state": "draft", "action": "sign"}).status_code == 302
    made.record.refresh_from_db()
    assert made.record.state == "signed"


def test_a_station_of_which_nothing_is_known_shows_no_zero(client: Client, demo: Any) -> None:
    """Daping has neither points nor a log: what it pumped is unknown, not 0 MWh."""
    client.force_login(demo["ndrc"])
    text = client.get(reverse("energy:hydro-pumped-station", kwargs={"station": "daping"})).content.decode()
    assert re.findall(r"<b>([^<]*)</b>", text) == ["–", "–", "–", "–"]
    assert "近两周没有测点读数，也没有填报日志。" in text


def test_a_warning_leads_to_the_readings_it_speaks_of(client: Client, demo: Any) -> None:
    client.force_login(demo["ndrc"])
    found = EcoWarning.objects.get(station__code="demo-hydro-2")
    text = client.get(reverse("energy:hydro-warning", kwargs={"id": found.pk})).content.decode()
    address = re.search(r'href="([^"]*/points/cards/[^"]*)">看这段时间的曲线', text)
    assert address is not None
    answer = client.get(address[1].replace("&amp;", "&"))
    assert "demo-hydro-2-eco" in answer.content.decode()
