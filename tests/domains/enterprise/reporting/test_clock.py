"""Days: the guideline's 40 calendar days (环办气候〔2021〕9号 附件2 第12条), the report by 31 March, and working days of the calendar."""

from __future__ import annotations

from datetime import date

import pytest

from dafeng.domains.enterprise.reporting import clock


@pytest.mark.parametrize(
    ("month", "due"),
    # 31 January + 40 days: 28 days of February 2025 leave 12 → 12 March? No: Jan 31 + 28 = Feb 28, + 12 = Mar 12.
    [("2025-01", date(2025, 3, 12)), ("2024-01", date(2024, 3, 11)), ("2025-10", date(2025, 12, 10)), ("2025", date(2026, 3, 31))],
)  # fmt: skip
def test_a_month_is_due_forty_days_after_it_ended(month: str, due: date) -> None:
    assert clock.month_due(month) == due


def test_months_that_follow_each_other_are_told_as_one_run() -> None:
    assert (
        clock.span(["2025-12", "2025-01", "2026-01", "2025-02", "2025-07"])
        == "2025-01 – 2025-02、2025-07、2025-12 – 2026-01"
    )
    assert clock.span([]) == ""


def test_the_report_of_a_year_is_due_on_31_march_after_it() -> None:
    assert clock.report_due(2025) == date(2026, 3, 31)


def test_days_left_are_working_days_of_the_official_calendar() -> None:
    """National day 2025 was 1–8 October (国办发明电〔2024〕12号); 28 September and 11 October were worked instead."""
    assert clock.working_days_left(date(2025, 9, 30), date(2025, 10, 9)) == 1
    assert clock.working_days_left(date(2025, 9, 26), date(2025, 9, 28)) == 1
    assert clock.working_days_left(date(2025, 10, 9), date(2025, 9, 30)) == -1
    assert clock.working_days_after(date(2025, 9, 30), 2) == date(2025, 10, 10)


def test_a_year_without_announced_holidays_counts_monday_to_friday_and_says_so() -> None:
    assert not clock.announced(2040)
    assert clock.working_days_left(date(2040, 1, 6), date(2040, 1, 9)) == 1  # Friday to Monday


@pytest.mark.parametrize(
    ("today", "stage"),
    [("2025-11-20", ""), ("2025-11-26", "10"), ("2025-12-03", "5"), ("2025-12-09", "1"), ("2025-12-11", "late")],
)
def test_reminders_come_ten_five_and_one_working_days_before(today: str, stage: str) -> None:
    assert clock.stage(date.fromisoformat(today), date(2025, 12, 10)) == stage


@pytest.mark.parametrize("text", ["2025-13", "2025-00", "25-03", "2025-3", "", "２０２５", "1999", "2025-03-01"])
def test_what_is_no_month_is_told_apart(text: str) -> None:
    assert not clock.is_month(text)


def test_months_follow_one_another_over_the_new_year() -> None:
    assert (clock.beside("2025-12", 1), clock.beside("2025-01", -1), clock.beside("2025", 1)) == (
        "2026-01",
        "2024-12",
        "2026",
    )


@pytest.mark.parametrize(
    ("month", "due"),
    [
        ("2024-01", date(2024, 3, 11)),  # 40 calendar days: 29 of February, 11 of March
        ("2023-01", date(2023, 3, 12)),  # 28 and 12
        ("2024-02", date(2024, 4, 9)),  # 31 of March, 9 of April, whatever the length of February
        ("2023-02", date(2023, 4, 9)),
        ("2024-12", date(2025, 2, 9)),  # 31 of January, 9 of February
    ],
)
def test_forty_days_after_a_month_across_leap_days_and_the_turn_of_the_year(month, due):
    assert clock.month_due(month) == due
