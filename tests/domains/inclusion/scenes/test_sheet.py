"""A delivery as a table."""

from __future__ import annotations

import pytest

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Event
from dafeng.domains.inclusion.scenes import sheet
from tests.domains.inclusion.scenes.world import NOW

HEAD = "场景,编号,会员凭证,开始时间,结束时间,起点,终点,设备,distance"


def table(*rows: str, head: str = HEAD, encoding: str = "utf-8-sig") -> bytes:
    return "\n".join([head, *rows]).encode(encoding)


@pytest.fixture
def token(city) -> str:
    return city.member()[1]["bus"]


def good(token: str, number: str = "1", km: str = "5") -> str:
    return f"bus-ride,{number},{token},2026-11-20 08:00,2026/11/20 08:20,114.07 32.13,114.1 32.15,,{km}"


def test_faults_are_told_by_row_and_column_and_the_rest_is_taken(city, token) -> None:
    content = table(
        good(token), good(token, "2", "-3"), "", good(token, "3", "far"), f"bus-ride,4,{token},yesterday,,,,,5"
    )
    read = sheet.read(city.bus, content)
    receipt = sheet.preview(city.bus, read, now=NOW)
    assert not Event.objects.exists()
    assert [(each.row, each.id, each.column, each.reason) for each in read.faults_of(receipt)] == [
        (3, "2", "distance", "quantity_negative"), (5, "3", "distance", "field_malformed"), (6, "4", "开始时间", "field_malformed"),
    ]  # fmt: skip
    assert sheet.commit(city.bus, read, now=NOW).accepted == 1
    event = Event.objects.get(source_id="1")
    assert event.happened_at.isoformat() == "2026-11-20T00:00:00+00:00"  # eight o'clock in Xinyang
    assert event.data == {"distance": 5.0}
    assert sheet.commit(city.bus, read, now=NOW).repeated


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encodings_of_spreadsheets_are_read(city, token, encoding) -> None:
    read = sheet.read(city.bus, table(good(token), encoding=encoding))
    assert sheet.preview(city.bus, read, now=NOW).accepted == 1


def test_titles_of_fields_and_english_names_are_known(city, token) -> None:
    from dafeng.domains.inclusion.scenes import scenery

    title = scenery.fields_of("bus")[0].title
    head = f"scene,id,member,at,until,from,to,device,{title}"
    read = sheet.read(city.bus, table(good(token), head=head))
    assert sheet.preview(city.bus, read, now=NOW).accepted == 1


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00x", b"a,b\n1,2", b"\x00,,,\n,,,", "场景,编号,时间,里程\n1,2,3,4".encode()]
)
def test_what_is_no_table_of_events_is_refused(city, content) -> None:
    with pytest.raises(Refused) as caught:
        sheet.read(city.bus, content)
    assert caught.value.code == "sheet_malformed"


def test_too_many_rows_are_refused(city) -> None:
    with pytest.raises(Refused) as caught:
        sheet.read(city.bus, table(*["bus-ride,1,x,2026-11-20 08:00,,,,,5"] * 10_001))
    assert caught.value.code == "batch_too_big"


def test_the_template_can_be_read_back(city) -> None:
    read = sheet.read(city.bus, sheet.template(city.bus).encode())
    receipt = sheet.preview(city.bus, read, now=NOW)
    assert [each.reason for each in receipt.faults] == ["member_unknown"]  # only the token is a sample
