"""The demonstration goes through the use-cases: five firms with a year of months, a report each, and one fault to be found."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time
from typing import Any

import pytest

from dafeng import cities
from dafeng.domains.enterprise.models import CheckFinding, MonthlyValue, Report
from dafeng.domains.enterprise.reporting.demo import ensure_demo
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.records import services as records

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FIRMS = {"datang-xinyang", "datang-huayu", "cement-demo", "steel-demo", "tea-demo"}


@pytest.mark.django_db
def test_five_firms_hand_in_a_year_and_a_second_call_changes_nothing(settings: Any, tmp_path: Any) -> None:
    from dafeng.portal.accounts.services import ensure_demo as people

    settings.MEDIA_ROOT = tmp_path
    pack = cities.load_pack("xinyang")
    people(pack.organisations, pack.demo_users)
    enterprises.ensure("411500", pack.demo_enterprises, demo=True)
    begun = process_time()
    ensure_demo("411500", now=NOW)
    assert process_time() - begun < 8
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
    assert not CheckFinding.objects.filter(severity="error", state="open").exists()
    assert records.verify_chain()[0]
    count = MonthlyValue.objects.count()
    ensure_demo("411500", now=NOW)
    assert MonthlyValue.objects.count() == count
