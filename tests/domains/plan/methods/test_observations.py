"""Observations: time as a number, units, years out of months, running totals that admit their gaps."""

from datetime import date

import polars as pl
import pytest

from dafeng.domains.plan.methods.observations import (
    Observation,
    from_blackboard,
    moment,
    moment_of,
    scale,
    series_of,
    total_of,
    yearly,
)
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PeriodError, PlanError, UnitError


def seen(unit: str = "万千瓦", **values: float | None) -> list[Observation]:
    return [Observation(name[1:].replace("_", "-"), value, unit) for name, value in values.items()]


def test_the_last_day_of_a_year_is_that_year() -> None:
    assert moment(date(2025, 12, 31)) == 2025
    assert moment_of("2025") == moment_of("2025-12") == moment_of("2025Q4") == 2025
    assert moment(date(2025, 7, 2)) == pytest.approx(2024 + 183 / 365)  # 181 days to the end of June, and two


def test_values_are_brought_into_one_unit_and_in_order() -> None:
    series = series_of([Observation("2023", 2.0, "GW"), Observation("2022", 150.0, "万千瓦")], unit="万千瓦")
    assert [(point.at, point.value) for point in series.points] == [(2022.0, 150.0), (2023.0, 200.0)]


def test_a_unit_that_measures_something_else_is_refused() -> None:
    with pytest.raises(UnitError):
        series_of([Observation("2023", 2.0, "万吨")], unit="万千瓦")


def test_a_missing_value_stays_missing_and_is_named() -> None:
    series = series_of(seen(y2021=10, y2022=None, y2023=0), unit="万千瓦")
    assert [point.value for point in series.points] == [10, 0]
    assert series.missing == ("2022",)


def test_a_year_stands_before_its_december() -> None:
    assert series_of(seen(y2023_12=7, y2023=8), unit="万千瓦").points[0].value == 8


def test_a_period_given_twice_is_refused() -> None:
    with pytest.raises(PlanError, match="2023 有两个数值"):
        series_of([*seen(y2023=1), *seen(y2023=1)], unit="万千瓦")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(PlanError, match="不是有限的数"):
        series_of(seen(y2023=value), unit="万千瓦")


def test_a_period_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(PeriodError):
        series_of([Observation("去年", 1.0, "万千瓦")], unit="万千瓦")


def test_a_running_total_begins_after_its_start_year() -> None:
    total = total_of(seen(y2020=50, y2021=10, y2022=20), unit="万千瓦", since=2020)
    assert [(point.at, point.value) for point in total.points] == [(2021.0, 10.0), (2022.0, 30.0)]
    assert total.points[-1].status is Status.OK


def test_a_running_total_across_a_gap_is_a_lower_bound() -> None:
    given = total_of(seen(y2021=10, y2022=None, y2023=20), unit="万千瓦", since=2020)
    skipped = total_of(seen(y2021=10, y2023=20), unit="万千瓦", since=2020)
    for total in (given, skipped):
        assert total.points[0].status is Status.OK
        assert (total.points[-1].value, total.points[-1].status) == (30, Status.INCOMPLETE)
        assert total.missing


def test_months_inside_a_year_that_is_given_are_not_counted_twice() -> None:
    assert total_of(seen(y2021=12, y2021_01=1, y2021_02=1), unit="万千瓦", since=2020).points[-1].value == 12


def test_a_year_is_made_of_all_its_months_or_not_at_all() -> None:
    months = {f"y2022_{month:02d}": 2.0 for month in range(1, 13)} | {
        f"y2023_{month:02d}": 2.0 for month in range(1, 12)
    }
    assert [p.value for p in yearly(seen(**months), unit="万千瓦", how="sum").points] == [24.0]
    assert [p.value for p in yearly(seen(**months), unit="万千瓦", how="mean").points] == [pytest.approx(2.0)]
    assert [p.at for p in yearly(seen(**months), unit="万千瓦", how="end").points] == [2022.0]


def test_words_that_count_things_convert_by_magnitude_only() -> None:
    assert scale("万个", "个") == 10_000
    assert scale("延米", "延米") == 1
    assert scale("个百分点", "%") == 1
    with pytest.raises(UnitError):
        scale("款", "家")


def test_the_blackboard_is_read_by_key_and_subject() -> None:
    frame = pl.DataFrame(
        {
            "subject": ["411500", "411500", "411521"], "period": ["2022", "2021", "2022"], "key": ["", "", ""],
            "value": [2.0, None, 9.0], "unit": ["%"] * 3, "status": [0, 1, 0], "notation": ["", "NE", ""],
            "basis_share_estimated": [0.5, None, 0.0],
        }
    )  # fmt: skip
    assert from_blackboard(frame, subject="411500") == [
        Observation("2021", None, "%", Status.INCOMPLETE, "NE"),
        Observation("2022", 2.0, "%", Status.OK, "", 0.5),
    ]
