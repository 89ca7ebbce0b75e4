"""What may stand in an address."""

from __future__ import annotations

from django.urls import register_converter


class Year:
    """A year that a calendar has: whatever else stands in its place is no address."""

    regex = "(?:19|20)[0-9]{2}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(Year, "year")
