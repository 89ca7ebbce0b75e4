"""One target from every side: additions are forecast as a total, months make years where they must."""

from datetime import date

import pytest

from dafeng.domains.plan.methods.observations import Observation
from dafeng.domains.plan.methods.outlook import outlook
from dafeng.domains.plan.methods.progress import assess
from dafeng.domains.plan.methods.targets import Target

NOW = date(2025, 3, 1)


def test_additions_are_forecast_as_a_total() -> None:
    target = Target(
        "t", "新增", "absolute_change", ">=", 110.0, "万千瓦", 2030, "increase", measured="flow", start_year=2020
    )
    found = outlook(target, [Observation(str(2021 + n), 10.0, "万千瓦") for n in range(4)], now=NOW)
    assert found.forecasts is not None
    assert found.forecasts.combined.point == pytest.approx(100)  # 40 by 2024 and 10 a year for six more
    assert found.forecasts.probability == 0  # an exact line that ends short
    assert found.light == "red"
    assert "按期完成的概率" in found.rule


def test_a_milestone_has_no_forecast_and_says_why() -> None:
    target = Target("t", "平台", "milestone", "=", 2026.0, "年", 2026)
    found = outlook(target, [], now=NOW)
    assert found.forecasts is None
    assert found.why is not None
    assert found.why.zh.startswith("节点")
    assert found.light == "unknown"


def test_a_target_without_year_has_no_forecast() -> None:
    found = outlook(Target("t", "企业", "level", ">=", 40.0, "家", None), [Observation("2024", 30.0, "家")], now=NOW)
    assert found.forecasts is None
    assert found.progress.reached is False


def test_months_of_a_yearly_amount_are_summed_before_they_are_compared() -> None:
    target = Target(
        "t",
        "煤炭",
        "relative_change",
        "~",
        10.0,
        "%",
        2025,
        "decrease",
        baseline_year=2020,
        level_unit="万吨",
        how="sum",
    )
    months = [Observation(f"2024-{month:02d}", 8.0, "万吨") for month in range(1, 13)]
    part = [Observation("2025-01", 8.0, "万吨")]
    found = assess(target, [Observation("2020", 100.0, "万吨"), *months, *part], now=NOW)
    assert found.latest is not None
    assert (found.latest.period, found.latest.value) == ("2024", 96)
    assert found.late is True  # 92 is due after four of five years
