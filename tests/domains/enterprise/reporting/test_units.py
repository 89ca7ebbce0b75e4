"""Installations with their units, the measuring points of a unit, and both from one workbook."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.test import Client

from dafeng.domains.enterprise.compliance import verified
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import BoundaryChange, Facility, MeasuringPoint
from dafeng.domains.enterprise.reporting import (
    assembling,
    boundaries,
    entry,
    findings,
    metering,
    plans,
    points,
    reminding,
    sectoral,
    structure,
)
from dafeng.domains.enterprise.reporting.documents import outline
from dafeng.domains.enterprise.reporting.findings_words import words_of
from tests.domains.enterprise.reporting.conftest import NOW, cells
from tests.domains.enterprise.reporting.test_metering import days, filled, meter, program

__all__ = ["program"]


def put(unit: Facility, code: str, by: Any, **told: Any) -> MeasuringPoint:
    usual = {"item": "generation", "instrument": "关口电能表 DTZ", "accuracy": "0.2S 级", "since": date(2009, 1, 1)}
    return points.put(unit, code, **(usual | told), by=by, now=NOW)


@pytest.fixture
def plant(unit: Facility, people: dict[str, Any]) -> Facility:
    """The power firm's installation, with the unit and a second one of 2015."""
    by, firm = people["rival"], unit.enterprise
    made = boundaries.ensure_facility(
        firm, "plant", name="发电设施", sector="power", since=date(2008, 1, 1), by=by, now=NOW
    )
    boundaries.ensure_facility(
        firm, "unit", name="一号机", sector="power", since=date(2009, 1, 1), parent="plant", facts=unit.facts, by=by, now=NOW
    )  # fmt: skip
    boundaries.ensure_facility(
        firm, "unit-2", name="二号机", sector="power", since=date(2015, 1, 1), parent="plant", by=by, now=NOW
    )
    unit.refresh_from_db()
    return made


def test_an_installation_counts_nothing_itself(plant: Facility, unit: Facility, people: dict[str, Any]) -> None:
    """Reports, plans, reminders and allocation see the two units; a number told of the installation is refused."""
    firm, by = plant.enterprise, people["rival"]
    assert [each.code for each in assembling.facilities_of(firm, 2025)] == ["unit", "unit-2"]
    assert [each.code for each in assembling.facilities_of(firm, 2012)] == ["unit"]
    content = assembling.year_content(firm, 2025)
    assert content["boundary"]["installations"] == [{"code": "plant", "name": "发电设施"}]
    assert [each["installation"] for each in content["boundary"]["facilities"]] == ["plant", "plant"]
    assert {each["facility"] for each in content["open"]} == {"unit", "unit-2"}
    assert [(each.code, [u.code for u in below]) for each, below in boundaries.grouped(assembling.facilities_of(firm, 2025))] == [
        ("plant", ["unit", "unit-2"])
    ]  # fmt: skip
    assert {line["facility"].code for line in plans.lines(firm, {}, 2025)} == {"unit", "unit-2"}
    assert not any("发电设施" in each.title for each in reminding.owed(date(2026, 3, 20)))
    report = type("Report", (), {"year": 2025, "content": content})
    assert [row["unit"] for row in verified.units_of(report)] == ["unit", "unit-2"]
    with pytest.raises(Refused) as error:
        entry.save_month(plant, "2025-03", [entry.Cell("generation", "", 1.0)], seen=None, by=by, now=NOW)
    assert error.value.code == "installation"


@pytest.mark.parametrize(
    ("code", "told", "reason"),
    [
        ("unit", {"parent": "unit"}, "parent_depth"),  # itself
        ("unit", {"parent": "unit-2"}, "parent_depth"),  # a unit of another
        ("plant", {"parent": "unit"}, "parent_depth"),  # a circle
        ("plant", {"parent": "other"}, "parent_depth"),  # three levels
        ("unit", {"parent": "gone"}, "unknown_parent"),
        ("unit", {"parent": "kiln"}, "unknown_parent"),  # of another firm
        ("unit", {"parent": "plant", "since": date(2007, 12, 31)}, "outside_parent"),
        ("plant", {"since": date(2010, 1, 1)}, "outside_parent"),  # its unit began in 2009
        ("plant", {"until": date(2025, 12, 31)}, "outside_parent"),  # its units still run
    ],
)
def test_two_levels_of_one_firm_and_a_life_within_the_installations(
    plant: Facility, kiln: Facility, people: dict[str, Any], code: str, told: dict[str, Any], reason: str
) -> None:
    by, firm = people["rival"], plant.enterprise
    boundaries.ensure_facility(firm, "other", name="别的", sector="power", since=date(2008, 1, 1), by=by, now=NOW)
    begun = {"unit": date(2009, 1, 1), "plant": date(2008, 1, 1)}[code]
    with pytest.raises(Refused) as error:
        boundaries.ensure_facility(firm, code, **({"name": "x", "sector": "power", "since": begun} | told), by=by, now=NOW)  # fmt: skip
    assert error.value.code == reason


def test_what_has_told_values_cannot_become_an_installation(kiln: Facility, people: dict[str, Any]) -> None:
    entry.save_month(kiln, "2025-03", cells(), seen=None, by=people["clerk"], now=NOW)
    with pytest.raises(Refused) as error:
        boundaries.ensure_facility(
            kiln.enterprise, "mill", name="磨", sector="cement", since=date(2012, 1, 1), parent="kiln",
            by=people["clerk"], now=NOW,
        )  # fmt: skip
    assert error.value.code == "parent_told"


def test_a_change_of_an_installation_is_one_of_each_unit_that_lives_then(
    plant: Facility, people: dict[str, Any]
) -> None:
    """Taken out of the compliance boundary on 2014-07-01 and in again on 2016-01-01: unit 2 began in between."""
    for day, inside in ((date(2014, 7, 1), False), (date(2016, 1, 1), True)):
        boundaries.change(
            plant, day=day, boundary="compliance", inside=inside, reason="改造", by=people["rival"], now=NOW
        )
    told = BoundaryChange.objects.order_by("day", "facility__code").values_list("facility__code", "day", "inside")
    assert list(told) == [
        ("unit", date(2014, 7, 1), False), ("unit", date(2016, 1, 1), True), ("unit-2", date(2016, 1, 1), True),
    ]  # fmt: skip


# ---------- measuring points ----------


def test_a_meter_that_was_changed_in_the_month_is_read_with_the_one_after_it(
    kiln: Facility, people: dict[str, Any]
) -> None:
    """Until 15 March 20,000 kWh a day, from the 16th 30,000: 15 × 20 + 16 × 30 = 780 MWh, all 31 days measured.

    Of February only 15 to 28 is covered by a point: 14 of 28 days, so it is left.
    """
    by = people["clerk"]
    meter("old", days(date(2025, 2, 15), 60, 20_000.0))
    meter("new", days(date(2025, 3, 1), 60, 30_000.0))
    told = {"item": "electricity_bought", "instrument": "电能表"}
    put(kiln, "EM-1", by, **told, reading="old", since=date(2025, 2, 15), until=date(2025, 3, 15))
    put(kiln, "EM-2", by, **told, reading="new", since=date(2025, 3, 16))
    made, left = filled(kiln, "2025-03", by)
    assert ([each.value for each in made], left) == ([pytest.approx(780.0)], [])
    assert made[0].source == "计量点：old、new；实测 100.0%"
    _made, left = filled(kiln, "2025-02", by)
    assert [each.code for each in left] == ["little_read"]
    assert "50.0%" in left[0].what
    assert metering.assigned(kiln, "2025-01") == []
    with pytest.raises(Refused) as error:
        put(kiln, "EM-3", by, **told, reading="new", since=date(2025, 6, 1))
    assert error.value.code == "reading_twice"


def test_an_instrument_that_was_not_calibrated_in_time_is_a_finding(kiln: Facility, people: dict[str, Any]) -> None:
    """Calibrated on 2024-02-29 for twelve months: until 2025-02-28. Again on 2025-05-10: March and April ran over, May is mended.

    A period of 12 months from 29 February ends on the last day of February. Before 2024-02-29 nothing is known and nothing said.
    """
    by = people["clerk"]
    told = {"item": "fuel_use", "stream": "bituminous/cement_kiln", "instrument": "皮带秤", "period": 12}
    made = put(kiln, "BW-1", by, **told, calibrated=[date(2025, 5, 10), date(2024, 2, 29)])
    assert points.runs_out(made, date(2025, 4, 30)) == date(2025, 2, 28)
    assert points.runs_out(made, date(2024, 2, 28)) is None
    found = [each for each in findings.refresh(kiln.enterprise, 2025, now=NOW) if each.rule == points.OVERDUE]
    assert [(each.month, each.item, each.severity) for each in found] == [
        ("2025-03", "fuel_use", "warn"), ("2025-04", "fuel_use", "warn"),
    ]  # fmt: skip
    assert words_of(found[0])["what"] == "计量器具已过检定期仍在使用：BW-1（2025-02-28）"
    assert points.overdue([kiln], 2024, today=date(2026, 3, 20)) == []


def test_the_plan_and_the_report_take_their_instruments_from_the_points(kiln: Facility, people: dict[str, Any]) -> None:
    """What a person types beside a measured item does not stand against its points; the filed plan keeps what they said then."""
    by, firm = people["clerk"], kiln.enterprise
    told = {
        "item": "fuel_use",
        "stream": "bituminous/cement_kiln",
        "instrument": "皮带秤 ICS",
        "accuracy": "0.5 级",
        "period": 12,
    }
    put(kiln, "BW-1", by, **told, place="入窑皮带", calibrated=[date(2025, 1, 5)])
    key = "kiln/fuel_use/bituminous/cement_kiln"
    plan = plans.open_plan(firm, 2025, by=by, now=NOW)
    said = {line["key"]: {"how": "台账", "meter": "随手写的"} for line in plans.lines(firm, {}, 2025)}
    plans.save(plan, {"items": said}, seen=plans.seen_of(plan), by=by, now=NOW)
    plans.file(plan, by=by, now=NOW)
    assert plan.content["items"][key] == {
        "source": "", "how": "台账", "meter": "BW-1 皮带秤 ICS 入窑皮带", "frequency": "", "accuracy": "0.5 级", "calibration": "12 个月", "missing": "",
    }  # fmt: skip
    assert plan.content["items"]["kiln/electricity_bought/"]["meter"] == "随手写的"
    put(kiln, "BW-1", by, **told, calibrated=[date(2025, 1, 5), date(2026, 1, 6)])
    plan.refresh_from_db()
    assert [(each["code"], each["calibrated"]) for each in plan.content["devices"]] == [("BW-1", ["2025-01-05"])]
    content = assembling.year_content(firm, 2025)
    [table] = [each for each in outline._quality(content).tables if each.title == "计量器具"]
    assert [row[:4] for row in table.rows] == [["kiln", "BW-1", "烟煤（水泥窑） · 消耗量", "皮带秤 ICS"]] or table.rows[
        0
    ][1] == "BW-1"
    page = Client()
    page.force_login(by)
    shown = page.get("/enterprise/reporting/firms/cement/plan/2025/").content.decode()
    assert "皮带秤 ICS" in shown


# ---------- pages, programs, workbook ----------


def ten_units(plant: Facility, by: Any) -> list[Facility]:
    """The plant's two units and eight more, each burning coal, with two points, of which one ran out in 2021."""
    for number in range(3, 11):
        boundaries.ensure_facility(
            plant.enterprise, f"unit-{number}", name=f"{number}号机", sector="power", since=date(2016, 1, 1), parent="plant", by=by, now=NOW
        )  # fmt: skip
    made = list(Facility.objects.units().filter(enterprise=plant.enterprise).order_by("pk"))
    for each in made:
        boundaries.set_streams(each, {"fuel": ["bituminous"]}, by=by, now=NOW)
        put(each, "EM-1", by, calibrated=[date(2020, 1, 1)], period=12)
        put(each, "BW-1", by, item="fuel_use", stream="bituminous", instrument="皮带秤")
    return made


def test_ten_units_ask_no_more_questions_than_one(
    plant: Facility, unit: Facility, people: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    """The overview, a unit's page and the installation's; the overview says what each unit lacks and leads to where it is told."""
    by = people["rival"]
    units = ten_units(plant, by)
    plans.open_plan(plant.enterprise, 2025, by=by, now=NOW)
    boundaries.set_facts(units[0], date(2009, 1, 1), {"class": "gas", "cooling": "water", "capacity": 460}, by=by, now=NOW)  # fmt: skip
    client = Client()
    client.force_login(by)
    overview = "/enterprise/reporting/firms/power/facilities/"
    own = f"/enterprise/reporting/facilities/{units[0].pk}/unit/"
    pages = {}
    for address in (overview, own, f"/enterprise/reporting/facilities/{plant.pk}/unit/"):
        client.get(address)  # the navigation and the inbox are drawn once
        with django_assert_max_num_queries(12):
            pages[address] = client.get(address).content.decode()
    shown = pages[overview]
    assert shown.index("发电设施") < shown.index("一号机") < shown.index("二号机")
    assert "460 MW" in shown
    assert "燃气机组；水冷" in shown
    assert shown.count("没有登记机组类别、冷却方式") == 9
    assert shown.count("1 个测点已过检定期") == 10
    assert f'href="/enterprise/reporting/facilities/{units[1].pk}/unit/#facts"' in shown
    required = sum(each.required for each in sectoral.wanted_of_year(units[0], 2025))
    assert shown.count(f"控制方案有 {required} 项没有写全") == 10  # nothing is written yet
    assert "有效期已于 2021-01-01 届满" in pages[own]
    assert "没有登记机组类别" not in pages[own]


def test_a_units_page_takes_what_is_told_and_says_what_is_wrong(
    plant: Facility, unit: Facility, people: dict[str, Any]
) -> None:
    by = people["rival"]
    put(unit, "EM-1", by)
    boundaries.change(plant, day=date(2016, 1, 1), boundary="compliance", inside=False, reason="改造", by=by, now=NOW)
    client, own = Client(), f"/enterprise/reporting/facilities/{unit.pk}/unit/"
    client.force_login(by)
    shown = client.get(own).content.decode()
    for text in ("发电设施", "2016-01-01", "改造", "关口电能表 DTZ", "还没有编制数据质量控制方案"):
        assert text in shown, text
    assert client.get("/enterprise/reporting/firms/power/facilities/").content.decode().count("不计入") == 2
    gone = client.post(f"/enterprise/reporting/facilities/{unit.pk}/points/", {"remove": "EM-1"})
    assert (gone.status_code, gone["location"], unit.points.count()) == (302, f"{own}#points", 0)
    wrong = {"code": "EM-2", "cell": "generation:", "instrument": "表", "since": "2020-01-01", "calibrated": "昨天"}
    answer = client.post(f"/enterprise/reporting/facilities/{unit.pk}/points/", wrong)
    assert (answer.status_code, "“昨天”不是日期" in answer.content.decode()) == (422, True)
    assert 'value="EM-2"' in answer.content.decode()  # what was typed stands
    told = [entry.Cell("fuel_use", "bituminous", 1.0, "", "", "measured", "", ())]
    entry.save_month(unit, "2025-03", told, seen=None, by=by, now=NOW)
    refused = client.post(f"/enterprise/reporting/facilities/{unit.pk}/streams/", {"stream": "fuel:diesel"})
    assert (refused.status_code, "“bituminous”已有数据，不能移除" in refused.content.decode()) == (422, True)
    new = {"code": "unit-3", "name": "三号机", "sector": "power", "since": "2020-01-01", "parent": "plant"}
    assert client.post("/enterprise/reporting/firms/power/facilities/add/", new).status_code == 302
    assert Facility.objects.get(code="unit-3").parent == plant
    moved = {"facility": unit.pk, "day": "2008-12-31", "boundary": "reporting", "inside": "0", "reason": "停用"}
    early = client.post("/enterprise/reporting/firms/power/boundary/", moved)
    assert (early.status_code, "日期不在核算单元的存续期内" in early.content.decode()) == (422, True)
    assert client.post("/enterprise/reporting/firms/power/boundary/", moved | {"day": "2026-02-01"}).status_code == 302


def test_a_program_says_the_installation_of_a_unit(plant: Facility, program: Any) -> None:
    listed = program("rival", "GET", "/api/enterprise/reporting/facilities").json()["items"]
    assert {each["facility_code"]: each["installation"] for each in listed} == {
        "plant": "", "unit": "plant", "unit-2": "plant",
    }  # fmt: skip
    told = {"name": "二号机", "sector": "power", "since": "2015-01-01", "parent": "plant", "until": "2030-01-01"}
    answer = program("rival", "PUT", "/api/enterprise/reporting/firms/power/facilities/unit-2", told)
    assert (answer.status_code, answer.json()["installation"]) == (200, "plant")
    assert program("rival", "PUT", "/api/enterprise/reporting/firms/power/facilities/unit-2", told | {"parent": "x"}).json()["code"] == "unknown_parent"  # fmt: skip
    assert program("bureau", "PUT", "/api/enterprise/reporting/firms/power/facilities/unit-2", told).status_code == 403


def book(enterprise: Any, units: list[Any], told: list[Any]) -> io.BytesIO:
    """The template with rows put below those that it holds."""
    made = openpyxl.load_workbook(io.BytesIO(structure.template(enterprise)))
    for name, rows in (("核算单元", units), ("测点", told)):
        for row in rows:
            made[name].append(row)
    target = io.BytesIO()
    made.save(target)
    target.seek(0)
    return target


UNITS = [
    ["u-2", "二号机", "p", "power", "2020-01-01", "", "是"],
    ["p", "电厂", "", "power", "2008-01-01", "", "是"],
]
POINTS = [
    ["u-2", "EM-2", "generation", "", "电能表", "0.2S 级", "出口", "2024-01-05、2025/01/06", "12", "", "2020-01-01", ""]
]


def test_a_workbook_registers_installation_unit_and_point_whole(unit: Facility, people: dict[str, Any]) -> None:
    firm, by = unit.enterprise, people["rival"]
    record, staged = structure.stage(firm, book(firm, UNITS, POINTS), name="单元.xlsx", by=by, now=NOW)
    assert (staged.problems, len(staged.rows)) == ([], 4)  # the unit of the template, two units, a point
    assert record
    assert Facility.objects.count() == 1  # the trial run left nothing
    shown = {(row["sheet"], row["code"]): row for row in structure.shown_rows(record)}
    assert (shown["核算单元", "unit"]["changes"], shown["核算单元", "p"]["new"]) == ([], True)
    assert structure.commit(record, firm, by=by, now=NOW) == 4
    made = Facility.objects.get(code="u-2")
    assert (made.parent and made.parent.code, made.points.get().calibrated) == ("p", ["2024-01-05", "2025-01-06"])
    unit.refresh_from_db()
    assert unit.facts == {"streams": {"fuel": ["bituminous"]}}


def test_faults_of_a_workbook_are_told_by_row_and_nothing_is_written(unit: Facility, people: dict[str, Any]) -> None:
    firm, by = unit.enterprise, people["rival"]
    bad = [*UNITS, ["u-3", "三号机", "u-2", "power", "2020-01-01", "", "是"]]
    points_ = [*POINTS, ["none", "EM-9", "generation", "", "表", "", "", "", "", "", "2020-01-01", ""], ["u-2", "EM-8", "no_such", "", "表", "", "", "", "", "", "2020-01-01", ""]]  # fmt: skip
    record, staged = structure.stage(firm, book(firm, bad, points_), name="单元.xlsx", by=by, now=NOW)
    assert record is None
    assert [(each.where.sheet, each.where.row) for each in staged.problems if each.where] == [
        ("核算单元", 5), ("测点", 3), ("测点", 4),
    ]  # fmt: skip
    assert (Facility.objects.count(), MeasuringPoint.objects.count()) == (1, 0)
    unread = [["u-4", "四号机", "", "power", "去年", "", "也许"]]
    _record, staged = structure.stage(firm, book(firm, unread, []), name="单元.xlsx", by=by, now=NOW)
    assert [each.where.column for each in staged.problems if each.where] == ["投产", "计入履约边界"]


def test_the_workbook_pages_are_the_firms_own_and_a_stale_preview_is_refused(
    unit: Facility, people: dict[str, Any]
) -> None:
    base = "/enterprise/reporting/firms/power/structure/"
    mine, other, bureau = Client(), Client(), Client()
    for client, name in ((mine, "rival"), (other, "clerk"), (bureau, "bureau")):
        client.force_login(people[name])
    assert mine.get(f"{base}template/").status_code == 200
    assert [client.get(f"{base}import/").status_code for client in (mine, other, bureau)] == [200, 404, 403]
    file = book(unit.enterprise, UNITS, POINTS)
    file.name = "单元.xlsx"
    sent = mine.post(f"{base}import/", {"file": file})
    assert sent.status_code == 302
    page = mine.get(sent.url).content.decode()
    assert "新登记" in page
    assert other.get(sent.url).status_code == 404
    put(unit, "EM-1", people["rival"])
    refused = mine.post(f"{sent.url}step/", {"action": "commit", "state": "staged"})
    assert refused.status_code == 302
    assert "核算单元或测点在预览之后已被改动" in mine.get(sent.url).content.decode()
    assert not Facility.objects.filter(code="p").exists()
    assert mine.post(f"{sent.url}step/", {"action": "discard", "state": "staged"}).status_code == 302


def changed_and_new(unit: Facility, by: Any) -> Any:
    """A committed import that gives the unit an installation and a longer life, a point another accuracy, and adds unit and point."""
    firm = unit.enterprise
    put(unit, "EM-1", by)
    units = [["unit", "一号机组", "p", "power", "2009-01-01", "2040-12-31", "否"], *UNITS]
    told = [["unit", "EM-1", "generation", "", "关口电能表 DTZ", "0.5S 级", "", "", "", "", "2009-01-01", ""], *POINTS]
    file = book(firm, units, told)
    made = openpyxl.load_workbook(file)
    for name in ("核算单元", "测点"):
        made[name].delete_rows(2)  # what stands, which the rows below bring up to date
    target = io.BytesIO()
    made.save(target)
    target.seek(0)
    record, staged = structure.stage(firm, target, name="单元.xlsx", by=by, now=NOW)
    assert (staged.problems, len(staged.rows)) == ([], 5)
    structure.commit(record, firm, by=by, now=NOW)
    return record


def registered(firm: Any) -> Any:
    return structure._registered(firm)


def test_an_undone_workbook_leaves_what_stood_before_and_keeps_facts_told_since(
    unit: Facility, people: dict[str, Any]
) -> None:
    firm, by = unit.enterprise, people["rival"]
    put(unit, "EM-1", by)
    before = registered(firm)
    record = changed_and_new(unit, by)
    assert registered(firm) != before
    boundaries.set_facts(unit, date(2009, 1, 1), {"class": "gas"}, by=by, now=NOW)
    assert structure.undo(record, firm, by=by, now=NOW, reason="填错了表") == 5
    assert (registered(firm), record.state) == (before, "undone")
    unit.refresh_from_db()
    assert unit.facts == {"streams": {"fuel": ["bituminous"]}, "class": [["2009-01-01", "gas"]]}


@pytest.mark.parametrize("change", ["point", "facts", "unit", "plan"])
def test_what_was_changed_or_told_since_keeps_an_import_from_being_undone(
    unit: Facility, people: dict[str, Any], change: str
) -> None:
    """Refused whole: nothing of it is taken back."""
    firm, by = unit.enterprise, people["rival"]
    record = changed_and_new(unit, by)
    new = Facility.objects.get(code="u-2")
    if change == "point":
        put(unit, "EM-1", by, accuracy="0.2S 级")
    elif change == "facts":
        boundaries.set_facts(new, date(2020, 1, 1), {"class": "gas"}, by=by, now=NOW)
    elif change == "unit":
        boundaries.ensure_facility(firm, "u-9", name="九号机", sector="power", since=date(2020, 1, 1), parent="p", by=by, now=NOW)  # fmt: skip
    else:
        plan = plans.open_plan(firm, 2025, by=by, now=NOW)
        plans.save(plan, {"items": {"u-2/generation/": {"how": "电表"}}}, seen=plans.seen_of(plan), by=by, now=NOW)
    stood = registered(firm)
    with pytest.raises(Refused) as error:
        structure.undo(record, firm, by=by, now=NOW, reason="填错了表")
    assert error.value.code == ("changed_since" if change == "point" else "in_use")
    record.refresh_from_db()
    assert (registered(firm), record.state) == (stood, "committed")


def test_the_page_of_an_import_undoes_it_for_a_reason(unit: Facility, people: dict[str, Any]) -> None:
    record, client = changed_and_new(unit, people["rival"]), Client()
    client.force_login(people["rival"])
    address = f"/enterprise/reporting/structure/{record.pk}/"
    page = client.get(address).content.decode()
    assert "撤销这次导入" in page
    assert "一号机 → 一号机组" in page  # what it changed, also after the commit
    asked = {"action": "undo", "state": "committed"}
    assert client.post(f"{address}step/", asked).status_code == 302  # without a reason
    assert Facility.objects.filter(code="u-2").exists()
    client.post(f"{address}step/", asked | {"reason": "填错了表"})
    assert not Facility.objects.filter(code="u-2").exists()
    page = client.get(address).content.decode()
    assert ("已撤销" in page, "撤销这次导入" in page) == (True, False)
