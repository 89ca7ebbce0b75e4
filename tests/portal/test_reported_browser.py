"""企业报告对账 on a desk and a phone: the table with its ticks, and the preview of what gives way."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from dafeng.domains.inventory import reported, services
from dafeng.kernel.indicators import services as indicators
from tests.portal.conftest import NOW, faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FED = [("1A2f", "bituminous", 3500.0, 0), ("1A2f", "diesel", 400.0, 1), ("1A1a", "blended_coal", 9000.0, 0), ("1A4a", "natural_gas", 5000.0, 0)]  # fmt: skip


@pytest.fixture
def fed(city, run) -> None:
    rows = [
        {"category": "1A1a", "item": "raw_coal", "basis": "statistic", "unit": "t", "value": 100.0},
        {"category": "1A4a", "item": "natural_gas", "basis": "estimated", "unit": "万立方米", "value": 20.0},
    ]
    frame = pl.DataFrame(rows).with_columns(place=pl.lit(city.code), year=pl.lit(2021), source=pl.lit("试验数据"))
    services.load_batch(city, frame, title="底数", source="pack", by=None, now=NOW)
    indicators.ensure_indicator(reported.FEED, name="企业燃料热量", unit="GJ")
    board = indicators.start_run(domain="enterprise", kind="feed", subject=city.code, now=NOW)
    place = {"indicator": reported.FEED, "subject": city.code, "period": "2021", "unit": "GJ"}
    told = {"reports": [{"report": "r1", "digest": "d" * 64}, {"report": "r2", "digest": "e" * 64}]}
    indicators.publish(
        board,
        [
            place | {"dimensions": {"category": category, "fuel": fuel}, "value": heat, "status": status, "lineage": told}
            for category, fuel, heat, status in FED
        ],
    )  # fmt: skip
    indicators.finish_run(board, NOW)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_table_and_the_preview_can_be_used_by_everybody(open_page: Any, clerk: Any, fed: None, size: str) -> None:
    page = open_page(size, client=clerk)
    page.goto("/inventory/411500/data/reported/")
    assert page.locator("input[name=cell]").count() == 3
    assert page.locator("input[name=cell]:checked").count() == 1
    assert faults(page) == []
    page.check("input[value='1A4a.natural_gas']")
    page.click("form button.primary")
    assert page.locator("#h-gone ~ div tbody tr").count() == 1
    assert faults(page) == []
    page.click("main form button.primary")
    assert "撤销这一批" in page.inner_text("main")
