"""Moments from outside are in UTC once they are in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from dafeng.kernel.api.moments import Moment

MOMENT = TypeAdapter(Moment)


def test_an_odd_offset_is_turned_into_utc() -> None:
    # 16:17:53 is 22 h 41 min behind UTC: 16:17 + 22:41 = 38:58, the next day at 14:58:53.
    found = MOMENT.validate_python("0044-04-05T16:17:53-22:41")
    assert found == datetime(44, 4, 6, 14, 58, 53, tzinfo=UTC)
    assert found.utcoffset().total_seconds() == 0


@pytest.mark.parametrize("given", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:00-00:01"])
def test_a_moment_that_utc_cannot_hold_is_refused(given: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MOMENT.validate_python(given)
    assert [each["type"] for each in refused.value.errors()] == ["datetime_out_of_range"]


def test_a_moment_without_a_zone_is_no_moment() -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python("2026-11-21T08:00:00")
