"""The demonstration goes through the use-cases: five firms with a year of months, a report each, and one fault to be found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from dafeng import cities
from dafeng.domains.enterprise.models import CheckFinding, MonthlyValue, Report
from dafeng.domains.enterprise.reporting.demo import ensure_demo
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.records import services as records
from dafeng.kernel.series import engine, ingest
from dafeng.kernel.series import services as series

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FIRMS = {"datang-xinyang", "datang-huayu", "cement-demo", "steel-demo", "tea-demo"}


@pytest.mark.django_db
def test_five_firms_hand_in_a_year_and_a_second_call_changes_nothing(
    settings: Any, tmp_path: Any, django_assert_max_num_queries: Any
) -> None:
    from dafeng.portal.accounts.services import ensure_demo as people

    settings.MEDIA_ROOT = settings.DATA = tmp_path
    pack = cities.load_pack("xinyang")
    people(pack.organisations, pack.demo_users)
    enterprises.ensure("411500", pack.demo_enterprises, demo=True)
    engine.connection()  # at the first start the meters of the energy rooms have it running by then
    with django_assert_max_num_queries(8_000):
        ensure_demo("411500", now=NOW)
    reports = list(Report.objects.select_related("enterprise", "record"))
    assert {each.enterprise.code for each in reports} == FIRMS
    for each in reports:
        assert (each.record.state, each.demo, each.content["open"]) == ("submitted", True, [])
        told = {(row["facility"], row["month"]) for row in each.content["values"]}
        assert len(told) == 12 * len(each.content["boundary"]["facilities"])
    found = CheckFinding.objects.filter(rule="same_file")
    assert set(found.values_list("facility__code", "month")) == {("kiln-1", "2025-07"), ("kiln-1", "2025-08")}
    holiday = CheckFinding.objects.filter(rule="holiday-report")
    assert set(holiday.values_list("facility__code", "month")) == {("unit-3", "2025-09")}
    assert {each.facts["what"] for each in holiday} == {"检测日期 2025-10-01 是国庆节"}
    assert MonthlyValue.objects.filter(item="ncv", tested=None).count() == 0
    worked = CheckFinding.objects.get(facility__code="tea-1")
    assert (worked.rule, worked.month, worked.item) == ("holiday-production", "2025-10", "product_output")
    assert "国庆节（2025-10-01）" in worked.facts["what"]
    metered = MonthlyValue.objects.get(
        way="meter"
    )  # the main feeder is another room's: without it a person tells the bill
    assert (metered.facility.code, metered.month, metered.item) == ("tea-1", "2026-10", "product_output")
    assert metered.source == "计量点：tea-demo-scale；实测 100.0%"
    assert not CheckFinding.objects.filter(severity="error", state="open").exists()
    assert records.verify_chain()[0]
    count = MonthlyValue.objects.count()
    ensure_demo("411500", now=NOW)
    assert MonthlyValue.objects.count() == count


@pytest.mark.django_db
def test_the_newest_month_of_the_tea_works_is_filled_from_its_meters(settings: Any, tmp_path: Any) -> None:
    """The main feeder, as the demonstration of energy monitoring brings it: 31 days × 24 h × 120 kWh = 89.28 MWh."""
    settings.MEDIA_ROOT = settings.DATA = tmp_path
    rows = [row for row in cities.load_pack("xinyang").demo_enterprises if row["code"] == "tea-demo"]
    [tea] = enterprises.ensure("411500", rows, demo=True)
    begins = datetime(2026, 9, 30, 16, tzinfo=UTC)  # midnight in Xinyang
    point = series.ensure_point(
        "tea-demo-main", subject=tea.subject, organisation=tea.organisation, place=tea.place, name="总进线", quantity="electricity",
        unit="kWh", kind="interval", period=3600, since=begins, demo=True,
    )  # fmt: skip
    at = [begins + timedelta(hours=hour + 1) for hour in range(31 * 24)]
    ingest.receive(pl.DataFrame({"point": point.pk, "at": at, "value": 120.0}), source="simulated", now=NOW)
    ensure_demo("411500", now=NOW)
    told = MonthlyValue.objects.filter(way="meter", current=True).order_by("item")
    assert [(each.month, each.item) for each in told] == [
        ("2026-10", "electricity_bought"),
        ("2026-10", "product_output"),
    ]
    assert (told[0].value, told[0].source) == (pytest.approx(89.28), "计量点：tea-demo-main；实测 100.0%")
