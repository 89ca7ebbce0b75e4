"""Tables: state in the address, the database or the frame does the work, exports carry what is shown."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from django.test import RequestFactory

from dafeng.kernel.pages.tables import Choice, Column, Table

ROWS = pl.DataFrame(
    {
        "code": ["b", "a", "c", "d"],
        "name": ["稻田", "煤炭", "天然气", "=1+1"],
        "amount": [2.0, None, 10.0, -3.0],
        "kind": ["x", "y", "x", "y"],
    }
)


def table(address: str = "/", **more) -> Table:
    columns = [Column("code", "代码"), Column("name", "名称"), Column("amount", "数量", numeric=True)]
    options = {"search": ("name", "code"), "choices": (Choice("kind", "类型", {"x": "甲", "y": "乙"}),), "size": 2}
    return Table(RequestFactory().get(address), ROWS, columns, "表", **{**options, **more})


def shown(made: Table) -> list[str]:
    return [line["row"]["code"] for line in made.cells]


def test_without_an_address_rows_come_in_their_own_order_a_page_at_a_time() -> None:
    assert shown(table()) == ["b", "a"]
    assert shown(table("/?page=2")) == ["c", "d"]
    assert table().total == 4


def test_sorting_goes_up_then_down_and_puts_missing_last_both_ways() -> None:
    assert shown(table("/?sort=amount", size=9)) == ["d", "b", "c", "a"]
    assert shown(table("/?sort=-amount", size=9)) == ["c", "b", "d", "a"]
    head = table("/?sort=amount").heads[2]
    assert (head["sorted"], head["address"]) == ("ascending", "?sort=-amount")


def test_an_unknown_field_page_or_filter_is_ignored() -> None:
    assert shown(table("/?sort=password&page=zzz&kind=nope")) == ["b", "a"]
    assert shown(table("/?page=999")) == ["c", "d"]


def test_search_and_filter_narrow_together_and_the_next_page_keeps_them() -> None:
    found = table("/?q=A&kind=y", size=1)
    assert shown(found) == ["a"]
    many = table("/?kind=x&lang=zh", size=1)
    assert many.next_address == "?kind=x&lang=zh&page=2"
    assert many.others == [("lang", "zh")]


def test_the_export_has_every_row_and_no_formula() -> None:
    answer = table("/?export=csv").download()
    assert answer is not None
    text = answer.content.decode()
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert rows[0] == ["代码", "名称", "数量"]
    assert rows[1:] == [["b", "稻田", "2.0"], ["a", "煤炭", ""], ["c", "天然气", "10.0"], ["d", "'=1+1", "-3.0"]]
    assert table("/").download() is None


def test_two_tables_of_a_page_do_not_share_their_address() -> None:
    assert shown(table("/?left-page=2", name="left")) == ["c", "d"]
    assert shown(table("/?left-page=2", name="right")) == ["b", "a"]


@pytest.mark.parametrize("junk", ["/?q=%00", "/?q=" + "啊" * 500, "/?sort=--amount", "/?page=-1"])
def test_junk_in_the_address_is_harmless(junk: str) -> None:
    assert isinstance(table(junk).cells, list)


@pytest.mark.parametrize(
    ("told", "whole"),
    [("2026-11-22", True), ("2026-11-22 14:00", True), ("2026-11-13 – 11-19", True), ("2026-10", True), ("2026 年", False), (2026, False)],
)  # fmt: skip
def test_a_moment_stays_on_one_line(told: object, whole: bool) -> None:
    made = Table(RequestFactory().get("/"), ROWS, [Column("code", "代码", show=lambda row: told)], "表")
    assert made.cells[0]["cells"][0]["moment"] is whole
