"""The pages with something on them: each answers, in both languages, with few questions; another firm's are not there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dafeng.domains.enterprise.models import MonthlyValue, Report
from dafeng.domains.enterprise.reporting import entry, reports
from tests.domains.enterprise.reporting.conftest import NOW, cells
from tests.domains.enterprise.reporting.test_entry import refused


@pytest.fixture
def report(draft: Report, people: dict[str, Any]) -> Report:
    return reports.submit(draft, by=people["clerk"], now=NOW)


def browser(user: Any) -> Client:
    found = Client()
    found.force_login(user)
    return found


def pages(report: Report) -> list[str]:
    firm = report.enterprise
    facility = firm.facilities.get()
    value = MonthlyValue.objects.filter(facility=facility, item="fuel_use", current=True).first()
    assert value
    base = "/enterprise/reporting/"
    return [
        f"{base}firms/{firm.code}/",
        f"{base}firms/{firm.code}/facilities/",
        f"{base}facilities/{facility.pk}/unit/",
        f"{base}firms/{firm.code}/plan/2025/",
        f"{base}firms/{firm.code}/findings/?year=2025",
        f"{base}facilities/{facility.pk}/?year=2025",
        f"{base}facilities/{facility.pk}/months/2025-03/",
        f"{base}facilities/{facility.pk}/months/2025/",
        f"{base}facilities/{facility.pk}/import/",
        f"{base}values/{value.pk}/",
        f"{base}reports/{report.pk}/",
        f"{base}reports/{report.pk}/difference/",
        f"{base}reports/{report.pk}/source/?month=2025-03",
    ]


def test_the_first_year_of_the_market_can_be_told_on_the_pages(report: Report, people: dict[str, Any]) -> None:
    """The rule sets of 2019-2020 need what was reported then; before 2019 no rule is known."""
    facility = report.enterprise.facilities.get()
    owner = browser(people["clerk"])
    found = owner.get(f"/enterprise/reporting/facilities/{facility.pk}/?year=2019").content.decode()
    assert "2019-03" in found
    assert owner.get(f"/enterprise/reporting/facilities/{facility.pk}/months/2019-03/").status_code == 200
    assert "?year=2018" not in found


def test_every_page_answers_its_owner_with_few_questions_and_nobody_elses(
    report: Report, people: dict[str, Any]
) -> None:
    owner, rival = browser(people["clerk"]), browser(people["rival"])
    faults = []
    for address in pages(report):
        for language in ("zh-hans", "en"):
            answer = owner.get(address, headers={"accept-language": language})
            if answer.status_code != 200:
                faults.append(f"{address} {answer.status_code}")
        counts = []
        for _ in range(2):  # what is kept for two seconds may have run out in one of them
            with CaptureQueriesContext(connection) as asked:
                page = owner.get(address).content.decode()
            counts.append(len(asked))
        if min(counts) > 12:
            faults.append(f"{address}: {counts} queries")
        if page.count("<h1") != 1 or 'class="help"' not in page or " style=" in page:
            faults.append(f"{address}: house rules")
        if rival.get(address).status_code != 404:
            faults.append(f"{address} is open to another firm")
    assert faults == []
    assert {reason for _asked, reason in refused()} == {"other_enterprise"}
    assert len(refused()) == 13


def test_the_way_down_from_a_total_names_unit_formula_and_person(report: Report, people: dict[str, Any]) -> None:
    owner = browser(people["clerk"])
    found = owner.get(f"/enterprise/reporting/reports/{report.pk}/source/?category=combustion&month=2025-03")
    text = found.content.decode()
    facility = report.enterprise.facilities.get()
    assert f"{facility.name}</td>" in text
    assert f"{facility.code}</td>" not in text
    assert "消耗量 × 低位发热量 ×" in text
    assert str(people["clerk"]) in text
    assert "全年</a>" in text  # the way back to the whole year
    assert 'month=2025-03" aria-current="true"' in text


def test_a_report_says_whose_turn_it_is(report: Report, people: dict[str, Any]) -> None:
    text = browser(people["clerk"]).get(f"/enterprise/reporting/reports/{report.pk}/").content.decode()
    assert "等生态环境局委派核查机构。" in text


def test_the_bureau_sees_its_desk_the_feed_and_the_parameters(report: Report, people: dict[str, Any]) -> None:
    office = browser(people["bureau"])
    for name in ("", "desk/?year=2025", "feed/?year=2025", "statistics/?year=2025", "parameters/", "public/"):
        office.get(f"/enterprise/reporting/{name}")
        with CaptureQueriesContext(connection) as asked:
            answer = office.get(f"/enterprise/reporting/{name}")
        assert (answer.status_code, name) == (200, name)
        assert len(asked) <= 12, (name, len(asked))
    feed_page = office.get("/enterprise/reporting/feed/?year=2025").content.decode()
    for text in ("2A1 水泥生产", "clinker", "1,200,000", "ID3 终端用电", "96,000"):
        assert text in feed_page, text
    assert office.post("/enterprise/reporting/desk/remind/", {"firm": "cement"}).status_code == 302
    public = Client().get("/enterprise/reporting/public/cement/")
    assert public.status_code == 404  # not locked yet


@pytest.mark.parametrize(("form", "mark"), [("docx", b"PK"), ("xlsx", b"PK"), ("pdf", b"%PDF")])
def test_the_paper_is_the_same_bytes_each_time(report: Report, people: dict[str, Any], form: str, mark: bytes) -> None:
    owner = browser(people["clerk"])
    made = [
        b"".join(owner.get(f"/enterprise/reporting/reports/{report.pk}/file/{form}/").streaming_content)
        for _ in range(2)
    ]  # type: ignore[attr-defined]
    assert made[0].startswith(mark)
    if form != "xlsx":
        assert made[0] == made[1]


def test_a_month_is_told_by_form_with_its_paper(kiln: Any, people: dict[str, Any]) -> None:
    owner, address = browser(people["clerk"]), f"/enterprise/reporting/facilities/{kiln.pk}/months/2025-03/"
    sent = {"seen": entry.seen(kiln, "2025-03"), "action": "save"}
    sent |= {f"value:{c.item}:{c.stream}": str(c.value) for c in cells()} | {"way:electricity_bought:": "invoice"}
    file = SimpleUploadedFile("台账.csv", "月,煤\n3,10000\n".encode())
    answer = owner.post(address, sent | {"file:fuel_use:bituminous/cement_kiln": file})
    assert answer.status_code == 302
    value = MonthlyValue.objects.get(item="fuel_use", current=True)
    assert value.value == 10_000
    assert value.by == people["clerk"]
    assert len(value.evidence.get().sm3) == 64
    stale = owner.post(address, sent | {"value:clinker_output:portland": "7"})
    assert stale.status_code == 409
    assert MonthlyValue.objects.get(item="clinker_output", current=True).value == 100_000
    wrong = owner.post(address, sent | {"seen": entry.seen(kiln, "2025-03"), "value:clinker_output:portland": "很多"})
    assert wrong.status_code == 422
    assert "很多" in wrong.content.decode()


def test_a_workbook_is_staged_committed_and_undone(kiln: Any, people: dict[str, Any]) -> None:
    from dafeng.domains.enterprise.reporting import sheet

    entry.save_month(kiln, "2025-03", cells(), seen=None, by=people["clerk"], now=NOW)
    book = sheet.template(kiln, 2025)
    import io

    import openpyxl

    opened = openpyxl.load_workbook(io.BytesIO(book))
    page = opened["月度数据"]
    heads = [cell.value for cell in page[3]]
    row = next(r for r in page.iter_rows(min_row=4) if r[0].value == "fuel_use")
    assert row[heads.index("2025-03")].value == 10_000
    row[heads.index("2025-03")].value, row[heads.index("2025-04")].value = 9_000, 8_000
    target = io.BytesIO()
    opened.save(target)
    target.seek(0)
    made, _staged = sheet.stage(kiln, target, name="一年.xlsx", by=people["clerk"], now=NOW)
    assert made
    assert not MonthlyValue.objects.filter(month="2025-04").exists()
    assert sheet.commit(made, by=people["colleague"], now=NOW) == 2
    fuel = MonthlyValue.objects.filter(item="fuel_use", current=True).order_by("month")
    assert list(fuel.values_list("month", "value")) == [("2025-03", 9_000), ("2025-04", 8_000)]
    made.record.refresh_from_db()
    assert sheet.undo(made, by=people["clerk"], now=NOW, reason="传错") == 2
    assert list(fuel.values_list("month", "value")) == [("2025-03", 10_000), ("2025-04", None)]


def test_a_locked_or_submitted_report_cannot_be_edited_through_the_api(
    report: Report, people: dict[str, Any], settings: Any
) -> None:
    settings.API_RATES = {"anonymous": "9999/min", "person": "9999/min"}
    facility = report.enterprise.facilities.get()

    from datetime import timedelta

    from django.utils import timezone

    from dafeng.portal.tokens import services as tokens

    _token, text = tokens.make(
        people["clerk"],
        name="试验",
        scopes=tokens.scopes_for(people["clerk"]),
        lasts=timedelta(days=1),
        now=timezone.now(),
    )
    from dafeng.portal.api import api

    path = next(p for _m, p, op in api.operations() if op.view_func.__name__ == "put_facility_month")
    address = path.replace("{int:facility}", str(facility.pk)).replace("{month}", "2025-03")
    body = {
        "seen": entry.seen(facility, "2025-03"),
        "cells": [{"item": "clinker_output", "stream": "portland", "value": 1.0}],
    }
    answer = Client().generic(
        "PUT", address, json.dumps(body), content_type="application/json", headers={"Authorization": f"Bearer {text}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "report_submitted")
    from tests.domains.enterprise.reporting.test_reports import locked

    locked(report, people)
    answer = Client().generic(
        "PUT", address, json.dumps(body), content_type="application/json", headers={"Authorization": f"Bearer {text}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "report_locked")
    assert refused() == [("values", "report_submitted"), ("values", "report_locked")]
    assert (
        MonthlyValue.objects.get(facility=facility, month="2025-03", item="clinker_output", current=True).value
        == 100_000
    )
