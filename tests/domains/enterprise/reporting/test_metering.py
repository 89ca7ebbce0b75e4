"""Meters fill the form and say so; what they did not measure, and what a person told, is left; their days are what the checks look at."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import polars as pl
import pytest
from django.test import Client
from django.utils import timezone

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import boundaries, entry, findings, metering, points, sheet
from dafeng.domains.enterprise.reporting.refusing import Faulty
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.series import ingest, services
from tests.domains.enterprise.reporting.conftest import NOW, cells
from tests.domains.enterprise.reporting.test_entry import refused

CITY = ZoneInfo("Asia/Shanghai")


def meter(code: str, readings: dict[date, float], *, organisation: str = "cement", **changed: Any) -> None:
    """A register in kWh read at the beginning of each day."""
    usual = {"subject": "enterprise:cement", "name": "进线表", "organisation": organisation, "period": 86_400}
    services.ensure_point(code, **{**usual, "quantity": "electricity", "unit": "kWh", "kind": "register", **changed})
    at = [datetime(day.year, day.month, day.day, tzinfo=CITY) for day in readings]
    told = pl.DataFrame({"point": [code] * len(at), "at": at, "value": list(readings.values())})
    if at:
        ingest.receive(told, source="http", now=datetime(2026, 3, 5, tzinfo=UTC))


def assign(facility: Facility, item: str, stream: str, readings: list[str], by: Any, **told: Any) -> None:
    """A measuring point of the item for each point of the readings store, by the same code."""
    for each in readings:
        usual = {"instrument": "电能表", "since": date(2012, 1, 1), "reading": each}
        points.put(facility, each, item=item, stream=stream, **(usual | told), by=by, now=NOW)


def filled(facility: Facility, month: str, by: Any) -> tuple[list[MonthlyValue], list[Refused]]:
    """What was filled, and why the rest was left."""
    found = metering.fill(facility, month, by=by, now=NOW)
    return [each.value for each in found if each.value], [each.left for each in found if each.left]


def days(first: date, count: int, each: float) -> dict[date, float]:
    return {first + timedelta(days=number): number * each for number in range(count)}


@pytest.mark.django_db
def test_a_month_is_filled_in_the_units_of_the_form_and_says_by_what(kiln: Facility, people: dict[str, Any]) -> None:
    """Two meters, 31 days of March at 20,000 and 5,000 kWh: 25 MWh × 31 = 775 MWh."""
    meter("in-1", days(date(2025, 3, 1), 32, 20_000.0))
    meter("in-2", days(date(2025, 3, 1), 32, 5_000.0))
    assign(kiln, "electricity_bought", "", ["in-1", "in-2"], people["clerk"])
    made, left = filled(kiln, "2025-03", people["clerk"])
    assert left == []
    assert [(each.item, each.value, each.way) for each in made] == [
        ("electricity_bought", pytest.approx(775.0), "meter")
    ]
    assert made[0].source == "计量点：in-1、in-2；实测 100.0%"
    again, _left = filled(kiln, "2025-03", people["clerk"])
    assert again == []  # nothing changed, no new revision


@pytest.mark.django_db
def test_what_was_hardly_measured_or_told_by_a_person_is_left(kiln: Facility, people: dict[str, Any]) -> None:
    """Ten days of thirty-one are 32.3 %; in April the clerk has told the bill."""
    meter("in-1", days(date(2025, 3, 1), 11, 20_000.0))
    assign(kiln, "electricity_bought", "", ["in-1"], people["clerk"])
    made, left = filled(kiln, "2025-03", people["clerk"])
    assert (made, [each.code for each in left]) == ([], ["little_read"])
    assert "32.3%" in left[0].what
    _made, left = filled(kiln, "2025-05", people["clerk"])
    assert [each.code for each in left] == ["nothing_read"]
    assert not MonthlyValue.objects.exists()
    points.drop(kiln, "in-1", by=people["clerk"], now=NOW)
    meter("in-2", days(date(2025, 4, 1), 31, 20_000.0))
    assign(kiln, "electricity_bought", "", ["in-2"], people["clerk"])
    entry.save_month(kiln, "2025-04", cells(), seen=None, by=people["clerk"], now=NOW)
    _made, left = filled(kiln, "2025-04", people["clerk"])
    assert [each.code for each in left] == ["told_otherwise"]
    assert MonthlyValue.objects.get(month="2025-04", item="electricity_bought").value == 8_000


@pytest.mark.django_db
def test_foreign_unfit_and_unknown_meters_are_refused(kiln: Facility, people: dict[str, Any]) -> None:
    meter("foreign", {}, organisation="power")
    meter("load", {}, quantity="power", unit="kW", kind="instant")
    meter("gas", {}, quantity="gas", unit="m3")
    asked = {
        "unknown_point": ("electricity_bought", "", ["foreign"]),
        "point_moment": ("electricity_bought", "", ["load"]),
        "point_unit": ("electricity_bought", "", ["gas"]),
        "no_such_item": ("cao", "x", ["gas"]),
    }
    for code, (item, stream, readings) in asked.items():
        with pytest.raises(Refused) as error:
            assign(kiln, item, stream, readings, people["clerk"])
        assert error.value.code == code
    with pytest.raises(Refused) as error:
        metering.fill(kiln, "2025-03", by=people["clerk"], now=NOW)
    assert error.value.code == "no_meters"
    assert refused() == [("point", code) for code in asked] + [("metered", "no_meters")]
    assert not kiln.points.exists()


@pytest.mark.django_db
def test_nobody_may_type_a_number_in_the_name_of_a_meter(kiln: Facility, people: dict[str, Any]) -> None:
    meter("in-1", days(date(2025, 3, 1), 32, 20_000.0))
    assign(kiln, "electricity_bought", "", ["in-1"], people["clerk"])
    metering.fill(kiln, "2025-03", by=people["clerk"], now=NOW)
    typed = entry.Cell("electricity_bought", "", 1.0, way="meter")
    with pytest.raises(Faulty) as error:
        entry.save_month(kiln, "2025-03", [typed], seen=None, by=people["clerk"], now=NOW)
    assert "只能由计量填入" in error.value.what
    same = entry.Cell("electricity_bought", "", 620.0, way="meter", source="计量点：in-1；实测 100.0%")
    assert entry.save_month(kiln, "2025-03", [same], seen=None, by=people["clerk"], now=NOW) == []


@pytest.mark.django_db
def test_a_workbook_that_repeats_a_meters_value_leaves_it_the_meters(kiln: Facility, people: dict[str, Any]) -> None:
    """The template goes back as it came, with one number more: only that one is a change, and it is a person's."""
    meter("in-1", days(date(2025, 3, 1), 32, 20_000.0))
    assign(kiln, "electricity_bought", "", ["in-1"], people["clerk"])
    metering.fill(kiln, "2025-03", by=people["clerk"], now=NOW)
    book = openpyxl.load_workbook(io.BytesIO(sheet.template(kiln, 2025)))
    page = book["月度数据"]
    heads = [cell.value for cell in page[3]]
    line = next(row for row in page.iter_rows(min_row=4) if row[0].value == "electricity_bought")
    assert (line[5].value, line[heads.index("2025-03")].value) == ("实测", 620)
    line[heads.index("2025-04")].value = 600
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    made, _staged = sheet.stage(kiln, target, name="一年.xlsx", by=people["clerk"], now=NOW)
    assert made
    assert sheet.commit(made, by=people["clerk"], now=NOW) == 1
    told = MonthlyValue.objects.filter(item="electricity_bought", current=True).order_by("month")
    assert list(told.values_list("month", "value", "way")) == [("2025-03", 620, "meter"), ("2025-04", 600, "measured")]


@pytest.mark.django_db
def test_a_works_whose_meter_never_rests_is_asked_about_its_holidays(firms: Any, people: dict[str, Any]) -> None:
    """Tea: 40 days around 1 October 2025, every day alike, the seven days of the holiday too."""
    [firm] = enterprises.ensure(
        "411500", [{"code": "tea", "name": "茶厂", "place": "411522", "industry": "1530", "organisation": "cement"}]
    )
    works = boundaries.ensure_facility(
        firm, "works", name="茶厂", sector="food", since=date(2012, 1, 1), by=people["clerk"], now=NOW
    )
    meter("tea-in", days(date(2025, 9, 1), 62, 3_000.0))
    assign(works, "electricity_bought", "", ["tea-in"], people["clerk"])
    made, left = filled(works, "2025-09", people["clerk"])
    assert ([each.value for each in made], left) == ([90.0], [])
    found = findings.refresh(firm, 2025, now=NOW)
    asked = [each for each in found if each.rule == "holiday-production"]
    assert [each.month for each in asked] == ["2025-10"]
    assert "国庆节" in asked[0].facts["what"]


@pytest.mark.django_db
def test_the_pages_assign_and_fill(kiln: Facility, people: dict[str, Any]) -> None:
    meter("in-1", days(date(2025, 3, 1), 32, 20_000.0))
    clerk, rival = Client(), Client()
    clerk.force_login(people["clerk"])
    rival.force_login(people["rival"])
    base = f"/enterprise/reporting/facilities/{kiln.pk}/"
    sent = {
        "code": "EM-1", "cell": "electricity_bought:", "instrument": "三相电能表", "accuracy": "0.5S 级",
        "calibrated": "2023-05-10、2024-05-08", "period": "12", "reading": "in-1", "since": "2012-01-01",
    }  # fmt: skip
    assert rival.post(f"{base}points/", sent).status_code == 404
    assert clerk.post(f"{base}points/", sent).status_code == 302
    assert "in-1" in clerk.get(f"{base}unit/").content.decode()
    assert rival.post(f"{base}months/2025-03/metered/").status_code == 404
    assert clerk.post(f"{base}months/2025-03/metered/").status_code == 302
    page = clerk.get(f"{base}months/2025-03/").content.decode()
    assert "由计量填入 1 项" in page
    assert "实测 100.0%" in page


# ---------------------------------------------------------------- over HTTP


@pytest.fixture
def program(people: dict[str, Any], settings: Any) -> Any:
    """Ask as somebody's program, with all the scopes that they may have."""
    from dafeng.portal.tokens import services as tokens

    settings.API_RATES = {"anonymous": "9999/min", "person": "9999/min"}

    def ask(who: str, method: str, address: str, body: Any = None, *, scopes: Any = None) -> Any:
        user, lasts = people[who], timedelta(days=1)
        chosen = scopes or tokens.scopes_for(user)
        _token, text = tokens.make(user, name="试验", scopes=chosen, lasts=lasts, now=timezone.now())
        return Client().generic(
            method, address if address.startswith("/") else f"/api/enterprise/reporting/facilities/{address}", json.dumps(body) if body is not None else "",
            content_type="application/json", headers={"Authorization": f"Bearer {text}"},
        )  # fmt: skip

    return ask


@pytest.mark.django_db
def test_a_program_assigns_lists_fills_and_takes_away(kiln: Facility, people: dict[str, Any], program: Any) -> None:
    """March whole: 31 days of 20,000 kWh are 620 MWh. Coal: ten days of thirty-one are read, 32.3 %. Clinker: told by the clerk."""
    coal = "bituminous/cement_kiln"
    meter("in-1", days(date(2025, 3, 1), 32, 20_000.0))
    meter("coal-1", days(date(2025, 3, 1), 11, 300.0), quantity="coal", unit="t")
    meter("clinker-1", days(date(2025, 3, 1), 32, 3_000.0), quantity="clinker", unit="t")
    for item, stream, point in (
        ("electricity_bought", "", "in-1"),
        ("fuel_use", coal, "coal-1"),
        ("clinker_output", "portland", "clinker-1"),
    ):
        told = {"item": item, "stream": stream, "instrument": "表", "reading": point, "since": "2012-01-01"}
        answer = program("clerk", "PUT", f"{kiln.pk}/points/{point}", told)
        assert (answer.status_code, answer.json()["reading"]) == (200, point)
    clinker = entry.Cell("clinker_output", "portland", 93_000.0)
    entry.save_month(kiln, "2025-03", [clinker], seen=None, by=people["clerk"], now=NOW)
    listed = program("clerk", "GET", f"{kiln.pk}/points").json()
    assert (listed["total"], [each["item"] for each in listed["items"]]) == (
        3, ["clinker_output", "fuel_use", "electricity_bought"],
    )  # fmt: skip
    assert (listed["items"][2]["unit"], listed["items"][2]["reading"]) == ("MWh", "in-1")

    told = program("clerk", "POST", f"{kiln.pk}/months/2025-03/metered").json()
    assert [(each["item"], each["value"], each["coverage"]) for each in told["filled"]] == [
        ("electricity_bought", pytest.approx(620.0), pytest.approx(1.0))
    ]
    assert told["filled"][0]["source"] == "计量点：in-1；实测 100.0%"
    assert {each["item"]: each["reason"] for each in told["left"]} == {
        "fuel_use": "little_read",
        "clinker_output": "told_otherwise",
    }
    left = {each["item"]: each for each in told["left"]}
    assert left["fuel_use"]["coverage"] == pytest.approx(10 / 31)
    assert left["fuel_use"]["mend"]
    assert told["seen"] == entry.seen(kiln, "2025-03")
    again = program("clerk", "POST", f"{kiln.pk}/months/2025-03/metered").json()
    assert ([each["item"] for each in again["unchanged"]], again["filled"]) == (["electricity_bought"], [])

    assert program("clerk", "DELETE", f"{kiln.pk}/points/coal-1").status_code == 204
    assert program("clerk", "DELETE", f"{kiln.pk}/points/coal-1").json()["code"] == "unknown_point"
    assert program("clerk", "GET", f"{kiln.pk}/points").json()["total"] == 2


@pytest.mark.django_db
def test_a_program_is_refused_as_the_pages_refuse(kiln: Facility, people: dict[str, Any], program: Any) -> None:
    meter("in-1", days(date(2025, 3, 1), 32, 20_000.0))
    meter("theirs", {}, organisation="power")
    told = {"item": "electricity_bought", "instrument": "表", "reading": "in-1", "since": "2012-01-01"}
    for who, status in (("rival", 404), ("bureau", 403), ("verifier", 403)):
        assert program(who, "PUT", f"{kiln.pk}/points/EM-1", told).status_code == status
        assert program(who, "POST", f"{kiln.pk}/months/2025-03/metered").status_code == status
    assert program("rival", "GET", f"{kiln.pk}/points").status_code == 404
    assert program("bureau", "GET", f"{kiln.pk}/points").json()["total"] == 0
    reading = program("clerk", "PUT", f"{kiln.pk}/points/EM-1", told, scopes=["enterprise:read"])
    assert (reading.status_code, reading.json()["code"]) == (403, "scope")
    for body, code in (
        (told | {"reading": "theirs"}, "unknown_point"),
        (told | {"item": "no_such"}, "no_such_item"),
        (told | {"until": "2011-12-31"}, "life_reversed"),
        (told | {"calibrated": ["2100-01-01"]}, "calibrated_later"),
    ):
        answer = program("clerk", "PUT", f"{kiln.pk}/points/EM-1", body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    answer = program("clerk", "POST", f"{kiln.pk}/months/2025-03/metered")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_meters")
    assert program("clerk", "PUT", f"{kiln.pk}/points/EM-1", told).status_code == 200
    for month, code in (("2025", "unknown_month"), ("2025-13", "unknown_month"), ("2100-01", "future_month")):
        answer = program("clerk", "POST", f"{kiln.pk}/months/{month}/metered")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not MonthlyValue.objects.exists()
    assert {reason for _asked, reason in refused()} >= {
        "other_enterprise",
        "unknown_point",
        "no_such_item",
        "no_meters",
    }


@pytest.mark.django_db
def test_points_of_a_stream_that_is_gone_can_be_taken_away(kiln: Facility, people: dict[str, Any]) -> None:
    meter("coal-1", {}, quantity="coal", unit="t")
    coal = "bituminous/cement_kiln"
    assign(kiln, "fuel_use", coal, ["coal-1"], people["clerk"])
    kiln.facts = {**kiln.facts, "streams": {"clinker": ["portland"]}}
    kiln.save()
    with pytest.raises(Refused):
        assign(kiln, "fuel_use", coal, ["coal-1"], people["clerk"])
    points.drop(kiln, "coal-1", by=people["clerk"], now=NOW)
    assert not kiln.points.exists()
