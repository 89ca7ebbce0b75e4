"""The day of a laboratory test: told by form, sheet and program, refused where it cannot be, kept, shown, and looked at by the checks."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from dafeng.domains.enterprise.models import CheckFinding, Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import assembling, entry, findings, reports, sectoral, sheet
from dafeng.domains.enterprise.reporting.methods import SECTORS, checks
from dafeng.domains.enterprise.reporting.refusing import Faulty
from tests.domains.enterprise.reporting.conftest import NOW, cells, paper
from tests.domains.enterprise.reporting.methods import planted
from tests.domains.enterprise.reporting.test_pages import browser

COAL = "bituminous/cement_kiln"
# 国办发明电〔2024〕12号, the holidays of 2025: days off, and the days worked for them.
OFF = {
    "元旦": ["2025-01-01"],
    "春节": [f"2025-01-{day}" for day in (28, 29, 30, 31)] + [f"2025-02-{day:02d}" for day in range(1, 5)],
    "清明节": ["2025-04-04", "2025-04-05", "2025-04-06"],
    "劳动节": [f"2025-05-{day:02d}" for day in range(1, 6)],
    "端午节": ["2025-05-31", "2025-06-01", "2025-06-02"],
    "国庆节": [f"2025-10-{day:02d}" for day in range(1, 9)],
}
MADE_UP = ["2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"]


def sampled(on: str | None, *, item: str = "ncv", value: float = 23.0, **said: Any) -> entry.Cell:
    return entry.Cell(item, COAL, value, tested=date.fromisoformat(on) if on else None, **said)


def save(kiln: Facility, people: dict[str, Any], *told: entry.Cell, month: str = "2025-09") -> list[MonthlyValue]:
    return entry.save_month(kiln, month, told, seen=None, by=people["clerk"], now=NOW)


def held(month: str = "2025-09", item: str = "ncv") -> MonthlyValue:
    return MonthlyValue.objects.get(month=month, item=item, current=True)


# ---------------------------------------------------------------- which items, and which days


def test_what_a_laboratory_reports_is_asked_for_its_day_and_nothing_else() -> None:
    """The items of the rule all have a laboratory report as evidence; amounts and bills have none."""
    asked = {code for code, item in SECTORS["cement"].items.items() if item.tested}
    assert {"ncv", "elemental_carbon", "carbon_content", "ash", "moisture", "cao"} <= asked
    assert not asked & {"fuel_use", "fuel_bought", "electricity_bought", "clinker_output"}


@pytest.mark.parametrize("on", ["2025-09-01", "2025-09-30", "2025-10-09", "2026-03-20"])
def test_a_sample_is_tested_in_its_month_or_after_it(kiln: Facility, people: dict[str, Any], on: str) -> None:
    """`NOW` is 2026-03-20: a test of that day, long after the forty days, is told as it was."""
    [made] = save(kiln, people, sampled(on))
    assert made.tested == date.fromisoformat(on)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (sampled("2025-08-31"), "早于 2025-09"),
        (sampled("2026-03-21"), "还没有到"),
        (entry.Cell("electricity_bought", "", 1.0, tested=date(2025, 9, 9)), "不由检测报告证明"),
        (entry.Cell("ncv", COAL, None, "NE", tested=date(2025, 9, 9)), "没有检测的数"),
        (entry.Cell("ncv", COAL, None, way="default", tested=date(2025, 9, 9)), "没有检测的数"),
        (entry.Cell("ncv", COAL, None, tested=date(2025, 9, 9)), "没有检测的数"),
    ],
)
def test_a_day_that_cannot_be_is_refused_in_words_and_nothing_is_saved(
    kiln: Facility, people: dict[str, Any], cell: entry.Cell, said: str
) -> None:
    with pytest.raises(Faulty) as error:
        save(kiln, people, sampled("2025-09-09", item="ash", value=19.0), cell)
    [(_where, problem)] = error.value.problems
    assert said in problem.what
    assert problem.mend
    assert not MonthlyValue.objects.exists()


# ---------------------------------------------------------------- kept


def test_another_day_is_another_revision_and_the_papers_and_the_chain_keep_it(
    kiln: Facility, people: dict[str, Any]
) -> None:
    file = paper(people["clerk"])
    save(kiln, people, sampled("2025-09-09", evidence=(file,)))
    assert save(kiln, people, sampled("2025-09-09")) == []
    first = entry.digest_of(entry.current(kiln, "2025-09"))
    [made] = save(kiln, people, sampled("2025-09-10"))
    assert (made.revision, list(made.evidence.all())) == (2, [file])
    assert [each.tested for each in entry.history(made)] == [date(2025, 9, 10), date(2025, 9, 9)]
    assert entry.digest_of(entry.current(kiln, "2025-09")) != first
    bare = entry.detach(made, file, by=people["clerk"], now=NOW, reason="传错")
    assert bare.tested == date(2025, 9, 10)


def test_a_report_freezes_the_day_and_shows_what_changed(draft: Any, people: dict[str, Any]) -> None:
    before = reports.draft_content(draft)
    kiln = Facility.objects.get(code="kiln")
    value = held("2025-09").value
    entry.save_month(
        kiln, "2025-09", [sampled("2025-09-10", value=value, source="台账")], seen=None, by=people["clerk"], now=NOW
    )
    after = assembling.content_of(draft)
    [row] = [each for each in after["values"] if (each["month"], each["item"]) == ("2025-09", "ncv")]
    assert row["tested"] == "2025-09-10"
    [change] = [each for each in assembling.difference(before, after) if each["kind"] == "value"]
    assert (change["old"]["tested"], change["new"]["tested"]) == ("", "2025-09-10")
    old = {**before, "values": [{k: v for k, v in each.items() if k != "tested"} for each in before["values"]]}
    assert assembling.difference(old, before) == []  # contents frozen before the day was asked for
    reports.submit(draft, by=people["clerk"], now=NOW)
    owner = browser(people["clerk"])
    page = owner.get(f"/enterprise/reporting/reports/{draft.pk}/source/?month=2025-09").content.decode()
    assert "2025-09-10 检测" in page
    assert "2025-09-10" in owner.get(f"/enterprise/reporting/values/{held('2025-09').pk}/").content.decode()


# ---------------------------------------------------------------- form, sheet, program


def test_the_form_takes_shows_and_refuses_a_day(kiln: Facility, people: dict[str, Any]) -> None:
    owner, address = browser(people["clerk"]), f"/enterprise/reporting/facilities/{kiln.pk}/months/2025-09/"
    page = owner.get(address).content.decode()
    assert f'name="tested:ncv:{COAL}"' in page
    assert 'name="tested:electricity_bought:"' not in page
    sent = {"action": "save", f"value:ncv:{COAL}": "23", f"tested:ncv:{COAL}": "2025-09-10"}
    assert owner.post(address, sent | {"seen": entry.seen(kiln, "2025-09")}).status_code == 302
    assert held().tested == date(2025, 9, 10)
    assert 'value="2025-09-10"' in owner.get(address).content.decode()
    for wrong, said in (("2025-02-30", "不是日期"), ("2025-08-31", "早于 2025-09")):
        answer = owner.post(
            address,
            sent | {"seen": entry.seen(kiln, "2025-09"), f"tested:ncv:{COAL}": wrong, f"value:ncv:{COAL}": "24"},
        )
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert f'value="{wrong}"' in answer.content.decode()  # what was typed is still there
    assert held().value == 23
    answer = owner.post(address, sent | {"seen": entry.seen(kiln, "2025-09"), f"tested:ncv:{COAL}": ""})
    assert (answer.status_code, held().tested) == (302, None)


def book_of(kiln: Facility) -> tuple[Any, Any, list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(sheet.template(kiln, 2025)))
    page = book["月度数据"]
    return book, page, [cell.value for cell in page[3]]


def lines(page: Any, item: str) -> tuple[Any, Any]:
    """The row of an item's values and the row of the days of its tests."""
    values, days = [row for row in page.iter_rows(min_row=4) if row[0].value == item]
    assert days[3].value == "检测日期"
    return values, days


def staged(book: Any, kiln: Facility, people: dict[str, Any]) -> tuple[Any, Any]:
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    return sheet.stage(kiln, target, name="一年.xlsx", by=people["clerk"], now=NOW)


def test_a_workbook_brings_days_back_and_its_empty_cells_leave_them(kiln: Facility, people: dict[str, Any]) -> None:
    save(kiln, people, sampled("2025-09-10"))
    save(kiln, people, sampled("2025-08-12", value=22.0), month="2025-08")
    save(kiln, people, sampled(None, value=21.0), month="2025-07")
    book, page, heads = book_of(kiln)
    values, days = lines(page, "ncv")
    july, august, september, october = (heads.index(f"2025-{month:02d}") for month in (7, 8, 9, 10))
    assert days[september].value == datetime(2025, 9, 10)
    assert [row[0].value for row in page.iter_rows(min_row=4)].count("electricity_bought") == 1
    values[july].value, days[july].value = None, "2025年7月15日"  # a day for the number that stands
    values[august].value, days[august].value = 22.5, None  # another number, nothing said of the day
    values[october].value, days[october].value = 24.0, datetime(2025, 10, 9)
    made, _staged = staged(book, kiln, people)
    assert made
    owner = browser(people["clerk"])
    assert "2025-10-09" in owner.get(f"/enterprise/reporting/imports/{made.record_id}/").content.decode()
    assert sheet.commit(made, by=people["clerk"], now=NOW) == 3
    told = MonthlyValue.objects.filter(item="ncv", current=True).order_by("month")
    assert list(told.values_list("month", "value", "tested")) == [
        ("2025-07", 21.0, date(2025, 7, 15)),
        ("2025-08", 22.5, date(2025, 8, 12)),
        ("2025-09", 23.0, date(2025, 9, 10)),
        ("2025-10", 24.0, date(2025, 10, 9)),
    ]
    made.record.refresh_from_db()
    sheet.undo(made, by=people["clerk"], now=NOW, reason="传错")
    assert list(told.values_list("month", "tested"))[:2] == [("2025-07", None), ("2025-08", date(2025, 8, 12))]


def test_a_workbook_with_wrong_days_is_told_row_and_column(kiln: Facility, people: dict[str, Any]) -> None:
    book, page, heads = book_of(kiln)
    values, days = lines(page, "ncv")
    for month, value, day in (
        ("2025-07", 23.0, "七月"),
        ("2025-08", 23.0, "2025-07-31"),
        ("2025-09", None, "2025-09-09"),
    ):
        values[heads.index(month)].value, days[heads.index(month)].value = value, day
    made, found = staged(book, kiln, people)
    assert made is None
    assert [(each.where.column, each.where.row) for each in found.problems] == [
        ("2025-07", days[0].row), ("2025-08", values[0].row), ("2025-09", days[0].row)
    ]  # fmt: skip
    for said, each in zip(("不是日期", "早于", "没有检测的数"), found.problems, strict=True):
        assert said in each.what
    page.append([cell.value for cell in values])
    made, found = staged(book, kiln, people)
    assert made is None
    assert any("填了两次" in each.what for each in found.problems)


@pytest.fixture
def program(people: dict[str, Any], settings: Any) -> dict[str, str]:
    from dafeng.portal.tokens import services as tokens

    settings.API_RATES = {"anonymous": "9999/min", "person": "9999/min"}
    scopes = tokens.scopes_for(people["clerk"])
    _token, text = tokens.make(people["clerk"], name="试验", scopes=scopes, lasts=timedelta(days=1), now=timezone.now())
    return {"Authorization": f"Bearer {text}"}


def test_a_program_tells_and_reads_a_day(kiln: Facility, people: dict[str, Any], program: dict[str, str]) -> None:
    address = f"/api/enterprise/reporting/facilities/{kiln.pk}/months/2025-09"

    def put(on: str) -> Any:
        body = {
            "seen": entry.seen(kiln, "2025-09"),
            "cells": [{"item": "ncv", "stream": COAL, "value": 23.0, "tested": on}],
        }
        return Client().put(address, json.dumps(body), content_type="application/json", headers=program)

    assert put("2025-09-10").json()["saved"] == 1
    told = {(each["item"], each["stream"]): each for each in Client().get(address, headers=program).json()["cells"]}
    assert (told["ncv", COAL]["tested"], told["electricity_bought", ""]["tested"]) == ("2025-09-10", None)
    answer = put("2025-08-31")
    assert (answer.status_code, answer.json()["code"]) == (422, "values_wrong")
    assert put("九月").status_code == 422
    assert held().tested == date(2025, 9, 10)


# ---------------------------------------------------------------- the check


def asked_about(kiln: Facility) -> list[CheckFinding]:
    return [each for each in findings.refresh(kiln.enterprise, 2025, now=NOW) if each.rule == "holiday-report"]


@pytest.mark.parametrize("on", [None, "2025-09-29", "2025-09-28", "2025-10-11", "2025-09-20"])
def test_a_work_day_a_day_made_up_for_and_a_plain_weekend_raise_no_question(
    kiln: Facility, people: dict[str, Any], on: str | None
) -> None:
    """29 September 2025 was a Monday; 28 September (Sunday) and 11 October (Saturday) were worked for the holiday."""
    save(kiln, people, sampled(on))
    assert asked_about(kiln) == []


def test_a_test_on_a_public_holiday_is_asked_about_and_the_page_says_so(kiln: Facility, people: dict[str, Any]) -> None:
    owner, address = browser(people["clerk"]), f"/enterprise/reporting/facilities/{kiln.pk}/months/2025-09/"
    sent = {"seen": entry.seen(kiln, "2025-09"), "action": "save"}
    sent |= {f"value:{c.item}:{c.stream}": str(c.value) for c in cells()} | {f"tested:ncv:{COAL}": "2025-10-01"}
    assert owner.post(address, sent).status_code == 302
    firm = f"/enterprise/reporting/firms/{kiln.enterprise.code}/findings/"
    assert owner.post(f"{firm}refresh/", {"year": "2025"}).status_code == 302
    found = CheckFinding.objects.get(rule="holiday-report")
    assert (found.month, found.item, found.stream, found.severity) == ("2025-09", "ncv", COAL, "info")
    assert found.facts["what"] == "检测日期 2025-10-01 是国庆节"
    assert "检测日期 2025-10-01 是国庆节" in owner.get(f"{firm}?year=2025").content.decode()
    save(kiln, people, sampled("2025-10-09"))
    asked_about(kiln)
    found.refresh_from_db()
    assert found.state == "mended"


def test_every_item_with_a_laboratory_report_is_asked_about(kiln: Facility, people: dict[str, Any]) -> None:
    """The cement schema names a laboratory report for the lime of the clinker, that of lime for purity and decomposition."""
    cell = entry.Cell("cao", "portland", 65.0, "", "", "measured", "检测", None, date(2025, 10, 1))
    entry.save_month(kiln, "2025-09", [cell], seen=entry.seen(kiln, "2025-09"), by=people["clerk"], now=NOW)
    assert [(each.item, each.month) for each in asked_about(kiln)] == [("cao", "2025-09")]
    by_code = {rule.code: rule for rule in checks.rules_of(SECTORS["lime"])}
    assert {"purity", "decomposition", "ncv"} <= set(by_code["holiday-report"]["items"])


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [5, 6])
def test_planted_days_are_all_found_through_the_products_frames_and_no_other_day_is(seed: int) -> None:
    """Sixty works × 24 months; twenty cells tested on days off, twenty on days worked for them. The others on work days."""
    off = [day for days in OFF.values() for day in days]
    frame = planted.clean(seed)
    bad, good = planted.cells(seed + 1), planted.cells(seed + 2)
    days = {cell: off[number % len(off)] for number, cell in enumerate(bad)}
    days = {cell: MADE_UP[number % len(MADE_UP)] for number, cell in enumerate(good)} | days
    works = {code: Facility(code=code, sector="machinery") for code in frame["facility"].unique().sort()}
    values = [
        MonthlyValue(
            facility=works[row["facility"]], month=row["month"], item=row["item"], stream=row["stream"], value=row["value"], way=row["way"],
            tested=date.fromisoformat(days.get((row["facility"], row["month"]), row["on"])) if row["on"] else None,
        )
        for row in frame.iter_rows(named=True)
    ]  # fmt: skip
    found = [row for row in sectoral.check(works.values(), values, 2025) if row["rule"] == "holiday-report"]
    assert {(row["facility"], row["month"]) for row in found} == set(bad)
    assert {row["item"] for row in found} == planted.LAB
    names = {day: name for name, days in OFF.items() for day in days}
    assert all(
        f"{days[row['facility'], row['month']]} 是{names[days[row['facility'], row['month']]]}" in row["what"]
        for row in found
    )
