"""企业排放信息公开: what everybody sees of a locked report, what nobody sees, and that the newest locked version stands."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import disclosing, reports
from tests.domains.enterprise.reporting.conftest import LATE, NOW
from tests.domains.enterprise.reporting.test_reports import locked

ADDRESS = "/enterprise/reporting/public/cement/"


@pytest.fixture
def public(draft: Report, people: dict[str, Any]) -> Report:
    reports.submit(draft, by=people["clerk"], now=NOW)
    return locked(draft, people)


def test_everybody_sees_units_sums_and_how_the_values_came_about(public: Report) -> None:
    visitor = Client()
    visitor.get(ADDRESS)
    with CaptureQueriesContext(connection) as asked:
        answer = visitor.get(ADDRESS)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert len(asked) <= 12
    assert len(page) < 120_000
    assert public.digest in page
    assert "一线" in page
    told = disclosing.public_part(public)
    assert told["totals"]["reporting"] == public.emissions
    # Twelve months of heat and of carbon, all tested.
    assert {(each["tested"], each["default"]) for each in told["ways"]} == {(12, 0)}
    assert [each["reporting"] for each in told["units"]] == [pytest.approx(public.emissions)]


def test_activity_data_papers_and_people_stay_with_the_enterprise(public: Report) -> None:
    """January's coal, heat and carbon as told: 10,037 t, 23.085 GJ/t, 0.6022 t/t; nobody's name, no file, no hash of one."""
    values = public.content["values"]
    secret = {f"{each['value']:g}" for each in values if each["item"] in ("fuel_use", "ncv", "elemental_carbon")}
    secret |= {"10,037", "100,000", "clerk", "台账"}
    secret |= {file["sha256"] for each in values for file in each["evidence"]}
    for language in ("zh-hans", "en"):
        page = Client().get(ADDRESS, headers={"accept-language": language}).content.decode()
        assert [each for each in secret if each in page] == []


def test_the_newest_locked_version_stands_and_one_under_way_does_not(public: Report, people: dict[str, Any]) -> None:
    second = reports.open_draft(public.enterprise, 2025, by=people["clerk"], now=LATE, reason="更正")
    reports.submit(second, by=people["clerk"], now=LATE)
    assert public.digest in Client().get(ADDRESS).content.decode()
    locked(second, people)
    page = Client().get(ADDRESS).content.decode()
    assert second.digest in page
    assert public.digest not in page
    listed = Client().get("/api/enterprise/reporting/disclosed").json()
    assert [(each["enterprise_code"], each["digest"]) for each in listed["items"]] == [("cement", second.digest)]


def test_a_firm_without_a_locked_report_and_a_strange_year_have_no_page(public: Report) -> None:
    assert Client().get("/enterprise/reporting/public/power/").status_code == 404
    assert Client().get(f"{ADDRESS}?year=1999").status_code in (200, 404)
    table = Client().get("/enterprise/reporting/public/").content.decode()
    assert "试验水泥" in table
    assert "试验电厂" not in table
