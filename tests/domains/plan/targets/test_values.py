"""Handing in a number: who may, what is refused, two persons, correction, and sheets that come in whole or not at all."""

from __future__ import annotations

import csv
import io

import pytest

from dafeng.domains.plan.services import reported, value_sheets
from dafeng.kernel.errors import DafengError, PermissionDenied, PlanError, StaleError, UnitError, UploadError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records

CITY, COUNTY = "411500", "411502"
RECYCLING = "plan.reported.waste_recycling"
PLACES = {CITY: "信阳市", COUNTY: "浉河区"}


def given(now, **changed):
    fields = {"subject": CITY, "period": "2024", "today": now.date(), "value": 26.0, "source": "台账"} | changed
    return reported.checked(fields.pop("code", RECYCLING), **fields)


def test_the_one_who_hands_in_does_not_take_it(person, now) -> None:
    office = person("ndrc")
    record = reported.submit(given(now), by=office, now=now)
    with pytest.raises(PermissionDenied, match="另一人"):
        reported.accept(record, by=office, now=now)
    reported.accept(record, by=person("statistics"), now=now)
    row = indicators.values(RECYCLING).row(0, named=True)
    assert (row["value"], row["unit"], row["status"]) == (26.0, "%", 0)
    assert str(record.pk) in row["lineage"]


def test_a_correction_replaces_and_leaves_a_trace(person, now) -> None:
    clerk, office = person("department", "clerk", "urban"), person("ndrc")
    first = reported.accept(reported.submit(given(now), by=clerk, now=now), by=office, now=now)
    second = reported.accept(reported.submit(given(now, value=27.5), by=clerk, now=now), by=office, now=now)
    first.refresh_from_db()
    assert (first.state, second.state) == ("replaced", "accepted")
    assert indicators.values(RECYCLING)["value"].to_list() == [27.5]
    assert records.verify_record(first)


def test_a_second_value_of_a_cell_waits_for_the_first(person, now) -> None:
    clerk, other = person("department", "clerk", "urban"), person("department", "other", "urban")
    reported.submit(given(now), by=clerk, now=now)
    with pytest.raises(StaleError, match=r"26 %.*您填的是 30 %"):
        reported.submit(given(now, value=30.0), by=other, now=now)


def test_only_the_owner_the_county_and_the_office_report(person, now) -> None:
    with pytest.raises(PermissionDenied):
        reported.submit(given(now), by=person("department", "stranger", "transport"), now=now)
    officer = person("county", "officer", "shihe", place=COUNTY)
    with pytest.raises(PermissionDenied):
        reported.submit(given(now), by=officer, now=now)
    assert reported.submit(given(now, subject=COUNTY), by=officer, now=now).place == COUNTY


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"period": "2025"}, PlanError, "还没有结束"),
        ({"value": 130.0}, PlanError, "超出可能的范围"),
        ({"value": float("nan")}, PlanError, "不是有限的数"),
        ({"value": None}, PlanError, "要么填数值"),
        ({"notation": "NE"}, PlanError, "要么填数值"),
        ({"value": None, "notation": "无"}, PlanError, "不认识"),
        ({"source": " "}, PlanError, "没有写数据来源"),
        ({"unit": "万吨"}, UnitError, "单位"),
        ({"subject": "110000", "subjects": PLACES}, PlanError, "不是本市"),
        ({"period": "去年"}, DafengError, "时期"),
        ({"code": "plan.reported.nothing"}, DafengError, "没有"),
        ({"code": reported.FALL}, PlanError, "按月填报"),
    ],
)
def test_what_makes_no_sense_is_refused(now, changed, error, said) -> None:
    with pytest.raises(error, match=said):
        given(now, **changed)


def test_a_sign_goes_to_the_blackboard_and_never_a_zero(person, now) -> None:
    record = reported.submit(given(now, value=None, notation="NE"), by=person("department", "clerk", "urban"), now=now)
    reported.accept(record, by=person("ndrc"), now=now)
    row = indicators.values(RECYCLING).row(0, named=True)
    assert (row["value"], row["notation"], row["status"]) == (None, "NE", 1)


def test_a_count_that_the_blackboard_has_no_unit_for_keeps_its_number(person, now) -> None:
    # Bridges are counted in 延米, which no registry of units knows; 12 延米 lie there as 12.
    code = "plan.reported.bridges"
    record = reported.submit(given(now, code=code, value=12.0), by=person("ndrc", "one"), now=now)
    reported.accept(record, by=person("ndrc", "two"), now=now)
    row = indicators.values(code).row(0, named=True)
    assert (row["value"], row["unit"]) == (12.0, "1")


def sheet(*rows: tuple[str, ...]) -> io.BytesIO:
    target = io.StringIO()
    csv.writer(target).writerows([value_sheets.COLUMNS, *rows])
    return io.BytesIO(target.getvalue().encode("utf-8-sig"))


GOOD = (RECYCLING, "", "信阳市", "", "2024", "26", "", "%", "统计", "台账")


def test_a_sheet_names_every_fault_by_row_and_column(person, now) -> None:
    clerk = person("department", "clerk", "urban")
    file = sheet(
        GOOD,
        (RECYCLING, "", "信阳市", "", "2023", "二十六", "", "%", "统计", "台账"),
        (RECYCLING, "", "火星", "", "2022", "20", "", "%", "统计", "台账"),
        (RECYCLING, "", "信阳市", "", "2021", "20", "", "%", "统计", ""),
        GOOD,
        ("plan.reported.green_travel", "", "信阳市", "", "", "", "", "", "", ""),
    )
    found = value_sheets.read(file, name="values.csv", subjects=PLACES, by=clerk, today=now.date())
    assert [(each.where.row, each.where.column) for each in found.problems] == [
        (3, "数值"),
        (4, ""),
        (5, "数据来源"),
        (6, ""),
    ]
    assert len(found.rows) == 1


def test_a_sheet_comes_in_whole_or_not_at_all(person, now) -> None:
    clerk = person("department", "clerk", "urban")
    other = (*GOOD[:4], "2023", *GOOD[5:])
    evidence = records.store_evidence(
        sheet(GOOD, other).getvalue(), name="values.csv", media_type="text/csv", by=clerk, now=now
    )
    reported.submit(given(now, period="2023"), by=clerk, now=now)
    with pytest.raises(StaleError):
        value_sheets.commit(evidence, subjects=PLACES, by=clerk, now=now)
    assert reported.Record.objects.of_kind(reported.KIND).count() == 1


def test_the_template_that_we_give_is_read_back_as_empty(person, now) -> None:
    clerk = person("department", "clerk", "urban")
    made = io.BytesIO(value_sheets.template(reported.owed_by(clerk), PLACES))
    found = value_sheets.read(made, name="values.xlsx", subjects=PLACES, by=clerk, today=now.date())
    assert (found.rows, found.problems) == ([], [])


def test_a_file_that_is_no_such_table_is_refused(person, now) -> None:
    with pytest.raises(UploadError, match="指标代码"):
        value_sheets.read(
            io.BytesIO("甲,乙\n1,2\n".encode()), name="a.csv", subjects=PLACES, by=person("ndrc"), today=now.date()
        )


def test_a_county_reports_for_an_enterprise_that_has_a_target_there(target, person, now) -> None:
    from dafeng.domains.plan.services import judging, targets

    office, officer = person("ndrc"), person("county", "officer", "shihe", place=COUNTY)
    own = targets.give(target(), place=COUNTY, subject="示例公司", low=30.0, by=office, now=now)
    for period, value in (("2020", 10.0), ("2024", 31.0)):
        record = reported.submit(given(now, subject="示例公司", period=period, value=value), by=officer, now=now)
        reported.accept(record, by=office, now=now)
    judging.judge(CITY, now=now)
    own.refresh_from_db()
    assert (own.standing.value, own.standing.light) == (31.0, "green")
    with pytest.raises(PermissionDenied):
        reported.submit(given(now, subject="别家公司"), by=officer, now=now)


def test_an_indicator_bound_by_hand_to_anothers_publication_is_read(target, person, now) -> None:
    from dafeng.domains.plan.services import judging, targets

    office = person("ndrc")
    indicators.ensure_indicator("other.share", name="别的比例", unit="%")
    run = indicators.start_run(domain="other", kind="x", subject=CITY, now=now)
    rows = [{"indicator": "other.share", "subject": CITY, "period": p, "value": v, "unit": "%", "status": 0} for p, v in (("2020", 10.0), ("2024", 36.0))]  # fmt: skip
    indicators.publish(run, rows)
    indicators.finish_run(run, now=now)
    found = targets.bind(target(), "other.share", seen=RECYCLING, by=office, now=now)
    judging.judge(CITY, now=now)
    found.refresh_from_db()
    assert found.standing.value == 36.0
