"""Nonsense in an address gets an answer that says what would make sense."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from dafeng.kernel.errors import NotFound
from dafeng.kernel.pages import asked


def request(address: str):
    return RequestFactory().get(address)


def test_a_year_that_is_not_there_names_those_that_are() -> None:
    assert asked.year(request("/"), [2019, 2020], default=2020) == 2020
    assert asked.year(request("/?year=2019"), [2019, 2020], default=2020) == 2019
    for junk in ("1066", "二〇二〇", "2020;drop", "-1", "9" * 40):
        with pytest.raises(NotFound, match="2019–2020"):
            asked.year(request(f"/?year={junk}"), [2019, 2020], default=2020)


def test_tabs_keep_the_rest_of_the_address() -> None:
    found = asked.tabs(request("/?year=2020&tab=map"), "tab", {"table": "表", "map": "地图"})
    assert [tab["current"] for tab in found] == [False, True]
    assert found[0]["address"] == "?year=2020&tab=table"
    with pytest.raises(NotFound, match="table、map"):
        asked.tabs(request("/?tab=zzz"), "tab", {"table": "表", "map": "地图"})
