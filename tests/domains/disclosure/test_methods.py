"""The pure rules: states of duties, working days, credit codes, images without their metadata."""

from __future__ import annotations

import struct
import zlib
from datetime import date

import pytest

from dafeng.domains.disclosure.methods.credit_code import is_credit_code
from dafeng.domains.disclosure.methods.days import working_days_after
from dafeng.domains.disclosure.methods.duties import DutyState, share_disclosed, state_of
from dafeng.kernel.errors import UploadError
from dafeng.kernel.images import cleaned

DUE = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("today", "disclosed_on", "in_check", "state"),
    [
        (date(2026, 3, 14), None, False, DutyState.DUE),
        (date(2026, 3, 15), None, False, DutyState.DUE),
        (date(2026, 3, 16), None, False, DutyState.MISSING),
        (date(2026, 3, 16), None, True, DutyState.CHECKING),
        (date(2026, 3, 1), None, True, DutyState.CHECKING),
        (date(2026, 6, 1), date(2026, 3, 15), False, DutyState.FILED),
        (date(2026, 6, 1), date(2026, 3, 16), False, DutyState.LATE),
        (date(2026, 6, 1), date(2026, 3, 16), True, DutyState.LATE),
    ],
)
def test_a_binding_duty_follows_its_dates(today, disclosed_on, in_check, state) -> None:
    assert state_of(due=DUE, binding=True, disclosed_on=disclosed_on, in_check=in_check, today=today) is state


def test_who_is_not_bound_is_never_late_or_missing() -> None:
    long_after = date(2030, 1, 1)
    assert state_of(due=DUE, binding=False, disclosed_on=None, in_check=False, today=long_after) is DutyState.VOLUNTARY
    assert (
        state_of(due=DUE, binding=False, disclosed_on=long_after, in_check=False, today=long_after) is DutyState.FILED
    )


def test_a_share_counts_late_disclosures_and_is_none_without_duties() -> None:
    states = [DutyState.FILED, DutyState.LATE, DutyState.MISSING, DutyState.CHECKING]
    assert share_disclosed(states) == 50.0
    assert share_disclosed([]) is None


@pytest.mark.parametrize(
    ("start", "count", "day"),
    [
        (date(2026, 11, 20), 1, date(2026, 11, 23)),  # Friday → Monday
        (date(2026, 11, 21), 10, date(2026, 12, 4)),  # Saturday: 23–27 November, 30 November – 4 December
        (date(2026, 11, 16), 10, date(2026, 11, 30)),  # Monday: 17–20, 23–27 are nine, 30 is the tenth
    ],
)
def test_working_days_skip_weekends(start, count, day) -> None:
    assert working_days_after(start, count) == day


@pytest.mark.parametrize("code", ["914403001922038216", "9144030071526726XG"])
def test_printed_codes_of_known_companies_pass_their_check(code) -> None:
    # The registered codes of 华为技术有限公司 and 腾讯科技（深圳）有限公司.
    assert is_credit_code(code)


@pytest.mark.parametrize(
    "code", ["914403001922038215", "91440300192203821", "9144030019220382I6", "", "９１4403001922038216"]
)
def test_a_wrong_sign_or_length_fails_the_check(code) -> None:
    assert not is_credit_code(code)


# ---------------------------------------------------------------- images

PLACE = b"GPS-31.9N-114.0E"


def jpeg(*, trailing: bytes = b"") -> bytes:
    def segment(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    scan = b"\x12\xff\x00\x34\xff\xd0\x56"  # a stuffed byte and a restart marker are data
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0rest")
        + segment(0xE1, b"Exif\0\0" + PLACE)
        + segment(0xE2, b"ICC_PROFILE\0profile")
        + segment(0xE2, b"MPF\0" + PLACE)
        + segment(0xFE, b"taken at " + PLACE)
        + segment(0xDB, b"table")
        + segment(0xDA, b"scan head")
        + scan
        + segment(0xDA, b"second scan")
        + scan
        + b"\xff\xd9"
        + trailing
    )


def png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"eXIf", PLACE)
        + chunk(b"tEXt", b"Comment\0" + PLACE)
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
        + PLACE
    )


def test_a_jpeg_loses_place_comments_and_second_images_and_keeps_its_data() -> None:
    kind, content = cleaned(jpeg(trailing=b"\xff\xd8\xff\xe1" + PLACE), name="a.jpg")
    assert kind == "image/jpeg"
    assert PLACE not in content
    assert content.count(b"\x12\xff\x00\x34\xff\xd0\x56") == 2
    assert b"ICC_PROFILE" in content
    assert b"JFIF" in content
    assert content.endswith(b"\xff\xd9")


def test_a_png_keeps_only_what_draws_it() -> None:
    kind, content = cleaned(png(), name="a.png")
    assert kind == "image/png"
    assert PLACE not in content
    assert b"IDAT" in content
    assert content[-8:-4] == b"IEND"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg onload=x>",
        b"%PDF-1.7",
        jpeg()[:-20],
        png()[:40],
        b"\xff\xd8\xff\xe1\xff\xff",
        b"\xff\xd8\xff",
    ],
)
def test_what_is_no_whole_jpeg_or_png_is_refused(content) -> None:
    with pytest.raises(UploadError):
        cleaned(content, name="x")
