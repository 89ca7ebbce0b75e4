"""The register from a spreadsheet: every fault by row and column, preview, commit, undo."""

from __future__ import annotations

import io

import openpyxl
import pytest

from dafeng.domains.disclosure import register, sheet
from dafeng.domains.disclosure.methods.duties import DutyState
from dafeng.domains.disclosure.models import Duty, Entity
from dafeng.kernel.errors import TransitionError, UploadError
from tests.domains.disclosure.conftest import NOW, TODAY

GOOD = ["示例甲公司", "", "浉河区", "重点排污单位", 2025, "", "", "试验名单"]


def book(*rows, head=sheet.COLUMNS) -> io.BytesIO:
    workbook = openpyxl.Workbook()
    workbook.active.append(list(head))
    for row in rows:
        workbook.active.append(row)
    target = io.BytesIO()
    workbook.save(target)
    target.seek(0)
    return target


def read(city, *rows, **more):
    return sheet.read(city, book(*rows, **more), name="名录.xlsx")


def test_a_good_row_is_ready_with_its_county_and_kind(open_city) -> None:
    found = read(open_city, GOOD)
    assert found.problems == []
    assert found.rows == [
        {
            "name": "示例甲公司", "credit_code": "", "place": "411502", "kind": "key_emitter", "year": 2025, "due": "",
            "binding": None, "source": "试验名单", "row": 2,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("企业名称", "", "没有填企业名称"),
        ("统一社会信用代码", "914403001922038215", "校验不通过"),
        ("县区", "浦东新区", "不是本市的县区"),
        ("披露义务", "自愿碳中和", "不认识的披露义务"),
        ("报告年度", "二〇二五", "报告年度"),
        ("报告年度", 20255, "报告年度"),
        ("截止日期", "2026-02-30", "读不出来"),
        ("截止日期", "2024-03-15", "早于报告年度"),
        ("是否强制", "也许", "不是“是”或“否”"),
        ("名单来源", "", "没有填名单来源"),
    ],
)
def test_a_fault_is_named_by_row_and_column(open_city, column, value, says) -> None:
    row = list(GOOD)
    row[sheet.COLUMNS.index(column)] = value
    found = read(open_city, GOOD, [*row[:1], *row[1:]])
    faults = [each for each in found.problems if says in each.what]
    assert len(faults) == 1
    assert (faults[0].where.row, faults[0].where.column) == (3, column)


def test_a_row_twice_and_a_code_of_another_are_faults(open_city) -> None:
    code = "914403001922038216"
    first = [*GOOD[:1], code, *GOOD[2:]]
    found = read(open_city, first, GOOD, ["示例乙公司", code, *GOOD[2:]])
    assert [(each.where.row, each.where.column) for each in found.problems] == [
        (3, "企业名称"),
        (4, "统一社会信用代码"),
    ]


def test_what_is_no_table_of_this_kind_is_refused(open_city) -> None:
    with pytest.raises(UploadError, match="表头"):
        read(open_city, ["x"], head=["甲", "乙"])
    with pytest.raises(UploadError, match="缺少列"):
        read(open_city, ["x", "重点排污单位"], head=["企业名称", "披露义务"])
    with pytest.raises(UploadError, match="没有数据行"):
        read(open_city)


def test_the_template_is_read_back_with_an_example_row(open_city) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(sheet.template(open_city)))
    workbook["披露名录"].append(GOOD)
    target = io.BytesIO()
    workbook.save(target)
    target.seek(0)
    assert len(sheet.read(open_city, target, name="模板.xlsx").rows) == 1


def test_faults_store_nothing_and_a_clean_sheet_waits_for_its_commit(open_city, person) -> None:
    ndrc = person("ndrc")
    record, preview = sheet.open_import(open_city, book(GOOD, ["", *GOOD[1:]]), name="a.xlsx", by=ndrc, now=NOW)
    assert record is None
    assert len(preview.problems) == 1
    record, _preview = sheet.open_import(open_city, book(GOOD), name="a.xlsx", by=ndrc, now=NOW)
    assert not Entity.objects.exists()
    assert sheet.commit(record, by=ndrc, now=NOW, today=TODAY) == 1
    assert Duty.objects.get().entity.name == "示例甲公司"
    again, preview = sheet.open_import(open_city, book(GOOD), name="a.xlsx", by=ndrc, now=NOW)
    assert (again, preview.known) == (None, 1)


def test_a_commit_that_meets_a_row_listed_meanwhile_writes_nothing(open_city, person) -> None:
    ndrc = person("ndrc")
    other = ["示例乙公司", *GOOD[1:]]
    record, _preview = sheet.open_import(open_city, book(other, GOOD), name="a.xlsx", by=ndrc, now=NOW)
    entity = register.ensure_entity(open_city, name="示例甲公司", by=None, now=NOW)
    register.add_duty(entity, kind="key_emitter", year=2025, source="x", by=None, now=NOW)
    with pytest.raises(register.DisclosureError):
        sheet.commit(record, by=ndrc, now=NOW, today=TODAY)
    record.refresh_from_db()
    assert record.state == "previewed"
    assert not Entity.objects.filter(name="示例乙公司").exists()


def test_an_import_is_undone_whole_unless_something_was_filed(open_city, person) -> None:
    ndrc = person("ndrc")
    record, _preview = sheet.open_import(
        open_city, book(GOOD, ["示例乙公司", *GOOD[1:]]), name="a.xlsx", by=ndrc, now=NOW
    )
    sheet.commit(record, by=ndrc, now=NOW, today=TODAY)
    duty = Duty.objects.first()
    filing = register.submit_filing(
        duty, disclosed_on=TODAY, link="https://example.com", greenhouse=False, verified=False, by=None, now=NOW, today=TODAY
    )  # fmt: skip
    with pytest.raises(TransitionError):
        sheet.undo(record, by=ndrc, now=NOW, today=TODAY, reason="传错了")
    assert [line.state for line in register.lines(open_city, today=TODAY)].count(DutyState.CHECKING) == 1
    filing.delete()
    assert sheet.undo(record, by=ndrc, now=NOW, today=TODAY, reason="传错了") == 2
    assert register.lines(open_city, today=TODAY) == []
