"""The statistics forms: dated, with a calendar of what is owed, and a yearly table in which each firm stands once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import entry, feed, reports, statistics
from tests.domains.enterprise.reporting.conftest import NOW
from tests.domains.enterprise.reporting.test_entry import refused


def test_a_form_is_in_force_from_its_year_on() -> None:
    assert {each.code for each in statistics.forms(2020)} == {"year"}
    assert {each.code for each in statistics.forms(2025)} == {"month", "year"}
    assert [each["code"] for each in statistics.columns()] == list(statistics.NUMBERS)


def test_the_calendar_counts_what_was_handed_in_and_says_what_is_late(year: Any, people: dict[str, Any]) -> None:
    """January is due on 12 March (40 days after the 31st), the year on 31 March; twice filed counts once."""
    for _ in range(2):
        entry.file_month(year, "2025-01", seen=entry.seen(year, "2025-01"), by=people["clerk"], now=NOW)
    told = {each.period: each for each in statistics.calendar([year], [], 2025, today=date(2026, 2, 1))}
    assert len(told) == 13
    assert (told["2025-01"].due, told["2025-01"].handed, told["2025-01"].state) == (date(2025, 3, 12), 1, "handed")
    assert (told["2025-02"].due, told["2025-02"].state) == (date(2025, 4, 9), "late")
    assert (told["2025-12"].due, told["2025-12"].state) == (date(2026, 2, 9), "due")
    assert (told["2025"].due, told["2025"].owed, told["2025"].state) == (date(2026, 3, 31), 1, "due")
    ahead = {each.period: each.state for each in statistics.calendar([year], [], 2025, today=date(2025, 12, 5))}
    assert (ahead["2025-12"], ahead["2025"]) == ("ahead", "ahead")


def test_the_yearly_table_is_that_of_the_reports(draft: Report, people: dict[str, Any]) -> None:
    report = reports.submit(draft, by=people["clerk"], now=NOW)
    [row] = statistics.table(feed.counting("411500", 2025)).to_dicts()
    assert (row["industry"], row["firms"]) == ("30", 1)
    assert row["electricity"] == pytest.approx(96_000)
    assert row["heat"] == 0
    assert row["direct"] + row["indirect"] == pytest.approx(report.emissions)
    assert row["fuel"] == pytest.approx(report.sums["heat"][0][-1])
    office, owner = Client(), Client()
    office.force_login(people["bureau"])
    owner.force_login(people["clerk"])
    page = office.get("/enterprise/reporting/statistics/?year=2025").content.decode()
    assert "正式表式和文号待录入" in page
    assert "96,000" in page
    assert "30 非金属矿物制品业" in page
    english = office.get("/enterprise/reporting/statistics/?year=2025", headers={"Accept-Language": "en"})
    assert "30 Non-metallic mineral products" in english.content.decode()
    assert owner.get("/enterprise/reporting/statistics/").status_code == 403
    assert refused() == []
