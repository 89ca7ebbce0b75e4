"""A point in time as it comes in from outside: with a time zone, and at once in UTC.

RFC 3339 allows offsets up to 23:59 and our databases do not agree on that: PostgreSQL refuses more than 15:59, SQLite's adapter
fails where the same moment in UTC leaves the years 1 to 9999. Past this door there is one kind of moment.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError


def _in_utc(given: datetime) -> datetime:
    try:
        return given.astimezone(UTC)
    except OverflowError as error:
        raise PydanticCustomError("datetime_out_of_range", "outside the years 1 to 9999 in UTC") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
