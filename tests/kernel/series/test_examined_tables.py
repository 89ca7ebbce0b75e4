"""Tables and deliveries as people and bad programs write them: understood, or refused with the cell. None asks a database."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from dafeng.kernel.errors import UploadError
from dafeng.kernel.series import delivery, files, uploads
from dafeng.kernel.series.errors import Refused
from dafeng.kernel.sheets import number_of


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026年1月1日 8时", "2026-01-01T00:00"), ("2026年1月1日8时30分", "2026-01-01T00:30"), ("2026年01月01日 08:15:30", "2026-01-01T00:15:30"),
        ("2026年1月1日", "2025-12-31T16:00"), ("２０２６-０１-０１　０８：１５", "2026-01-01T00:15"), ("2026/1/1 8:05", "2026-01-01T00:05"),
        ("2026-01-31 24:00", "2026-01-31T16:00"), ("2026/2/28 24:00:00", "2026-02-28T16:00"), ("2024-02-29 00:15", "2024-02-28T16:15"),
        ("46023", "2025-12-31T16:00"), ("46023.3541666667", "2026-01-01T00:30"), ("2026-01-01T08:00:00+08:00", "2026-01-01T00:00"),
        ("2025-02-29 00:00", None), ("2026-01-01 24:15", None), ("20260101080", None), ("1767225600", None), ("99999", None), ("", None), ("年月日", None),
    ],
)  # fmt: skip
def test_a_time_is_understood_as_people_write_it_or_refused(text: str, moment: str | None, tmp_path) -> None:
    want = None if moment is None else datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert uploads.moment_of(text) == want
    (tmp_path / "t.csv").write_text(f"时间,m1\n{text},1\n", encoding="utf-8")
    if want is None:
        with pytest.raises(UploadError):
            list(files._batches(tmp_path / "t.csv"))
    else:
        assert next(files._batches(tmp_path / "t.csv"))["at"].to_list() == [want]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", 1234.5), ("１２．５", 12.5), (" 12.5 ", 12.5), ("-0.5", -0.5), ("−0.5", -0.5), ("1e3", 1000.0), ("1,234,567", 1234567.0), (".5", 0.5),
        ("12,5", None), ("1,23,456", None), ("1_000", None), ("30%", None), ("0x10", None), ("12.5 kWh", None), ("一百", None), ("1.2.3", None), ("٣", None),
    ],
)  # fmt: skip
def test_a_number_is_understood_as_people_write_it_or_refused(text: str, value: float | None, tmp_path) -> None:
    assert number_of(text) == value
    (tmp_path / "t.csv").write_text(f'时间,m1\n2026-03-02 00:15,"{text}"\n', encoding="utf-8")
    if value is None:
        with pytest.raises(UploadError):
            list(files._batches(tmp_path / "t.csv"))
    else:
        assert next(files._batches(tmp_path / "t.csv"))["value"].to_list() == [value]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff时间,m1\n2026-03-02 00:15,1.5\n".encode(), "时间,m1\r\n2026-03-02 00:15,1.5\r\n".encode("gbk"), "时间;m1\n2026-03-02 00:15;1.5\n".encode(),
        "时间\tm1\n2026-03-02 00:15\t1.5\n".encode("utf-16"), "\n\n时间,m1\n\n2026-03-02 00:15,1.5\n\n".encode(), '"时间","m1"\n"2026-03-02 00:15","1.5"'.encode(),
    ],
)  # fmt: skip
def test_a_table_is_read_whatever_its_encoding_and_signs(content: bytes, tmp_path) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    want = [("m1", datetime(2026, 3, 1, 16, 15, tzinfo=UTC), 1.5)]
    assert uploads.opened(io.BytesIO(content), name="t.csv")[1].rows() == want
    assert next(files._batches(tmp_path / "t.csv")).rows() == want


def test_a_number_that_a_comma_has_cut_in_two_is_not_taken_for_its_first_half(tmp_path) -> None:
    text = "时间,m1\n2026-03-02 00:15,1,234.5\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    for read in (
        lambda: uploads.opened(io.BytesIO(text.encode()), name="t.csv"),
        lambda: list(files._batches(tmp_path / "t.csv")),
    ):
        with pytest.raises(UploadError, match="没有列名"):
            read()


def test_excels_quarter_hours_are_those_of_the_meter() -> None:
    """Days since 1900 with 15 figures, as some programs keep them: 46023.0104166667 is 00:15 to the microsecond."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page, style = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    page.write_row(0, 0, ["时间", "m1"])
    for number in range(96):
        page.write_number(number + 1, 0, float(f"{46023 + number / 96:.15g}"), style)
        page.write_number(number + 1, 1, number)
    book.close()
    target.seek(0)
    found = uploads.opened(target, name="表.xlsx")[1]
    start = datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert found["at"].to_list() == [start + timedelta(minutes=15 * number) for number in range(96)]


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"key": "a", "readings": [{"point": "m1", "at": [1], "value": [1], "value": [2]}]}', b'{"readings": [], "readings": []}',
        b'{"readings": [{"point": "m1", "at": [1], "value": ["1"]}]}', b'{"readings": [{"point": "m1", "at": [1], "value": [[1]]}]}',
        b'{"readings": [{"point": "m1", "at": [1], "value": [1' + b"0" * 400 + b"]}]}", b'{"readings": [{"point": "m1", "at": [1], "value": [1' + b"0" * 5000 + b"]}]}",
        b'{"readings": [{"point": "m1", "at": [NaN], "value": [1]}]}', b'{"readings": [{"point": "m1", "at": [1e308], "value": [1]}]}',
        b"\x1f\x8b\x08\x00" + b"\0" * 64, b"[" * 100_000, b"{\"readings\": [{\"point\": \"m1\", \"at\": [\"2026-13-01T00:00:00Z\"], \"value\": [1]}]}",
    ],
)  # fmt: skip
def test_a_hostile_body_is_refused_whole_with_what_was_expected(wrong: bytes) -> None:
    with pytest.raises(Refused) as error:
        delivery.parsed(wrong)
    assert (error.value.code, bool(error.value.expected)) == ("batch_malformed", True)
