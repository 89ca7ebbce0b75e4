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
    for code, unit in zip(reported.ACTIVITY, ("t", "MWh", "GJ", "1e4Nm3"), strict=True):
        indicators.ensure_indicator(code, name="企业活动水平", unit=unit)
        indicators.ensure_indicator(f"{code}{reported.SOURCE}", name="企业活动水平（逐月）", unit=unit)
    left = {
        "sector": ["电网企业", "Grid"],
        "source": ["线损", "Losses"],
        "reason": ["线损不是终端用电，清单的用电量不含它", "…"],
        "firms": 1,
    }
    board = indicators.start_run(
        domain="enterprise", kind="feed", subject=city.code, parameters={"left": {"2021": [left]}}, now=NOW
    )
    place = {"indicator": reported.FEED, "subject": city.code, "period": "2021", "unit": "GJ"}
    told = {
        "reports": [
            {
                "report": "r1",
                "digest": "d" * 64,
                "enterprise": "a",
                "name": "试验水泥",
                "version": 1,
                "value": 40_000.0,
            },
            {
                "report": "r2",
                "digest": "e" * 64,
                "enterprise": "b",
                "name": "试验建材",
                "version": 2,
                "value": 60_000.0,
            },
        ]
    }
    cells = [
        ("mass", "t", {"category": "2A1", "item": "clinker", "variable": "clinker"}, 100_000.0),
        ("mass", "t", {"category": "2C1", "item": "scrap", "variable": "purchased_material"}, 900.0),
        ("electricity", "MWh", {"category": "ID3", "item": "electricity", "variable": "electricity"}, 96_000.0),
    ]
    indicators.publish(
        board,
        [
            place | {"dimensions": {"category": category, "fuel": fuel}, "value": heat, "status": status, "lineage": told}
            for category, fuel, heat, status in FED
        ]
        + [
            place | {"indicator": f"enterprise.activity.{code}", "unit": unit, "dimensions": key, "value": value, "status": 0, "lineage": told}
            for code, unit, key, value in cells
        ]
        + [
            place
            | {
                "indicator": f"enterprise.activity.mass{reported.SOURCE}", "unit": "t", "period": f"2021-{month:02}", "value": 8_000.0, "status": 0,
                "dimensions": cells[0][2] | {"sector": "cement", "source": "clinker", "stream": "portland"},
                "lineage": {"title": ["水泥：熟料生产过程（硅酸盐水泥熟料）", "Cement: clinker"], "reports": [{"report": "r1", "value": 8_000.0}]},
            }
            for month in range(1, 13)
        ],
    )  # fmt: skip
    indicators.finish_run(board, NOW)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_table_and_the_preview_can_be_used_by_everybody(open_page: Any, clerk: Any, fed: None, size: str) -> None:
    page = open_page(size, client=clerk)
    page.goto("/inventory/411500/data/reported/")
    assert page.locator("input[name=cell]").count() == 6
    assert page.locator("input[name=cell]:checked").count() == 3
    assert faults(page) == []
    page.check("input[value='1A4a.natural_gas']")
    page.click("form button.primary")
    assert page.locator("#h-gone ~ div tbody tr").count() == 1
    assert faults(page) == []
    page.click("main form button.primary")
    assert "撤销这一批" in page.inner_text("main")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_way_down_to_the_firms_and_months_can_be_used_by_everybody(
    open_page: Any, clerk: Any, fed: None, size: str
) -> None:
    page = open_page(size, client=clerk)
    page.goto("/inventory/411500/data/reported/")
    page.click("a[href$='/2021/2A1.clinker/']")
    assert faults(page) == []
    assert page.locator("#h-months ~ div tbody tr").count() == 12
    assert "试验建材" in page.inner_text("main")
