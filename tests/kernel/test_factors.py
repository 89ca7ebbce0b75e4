"""Factor tables: read from text with faults that name file, line and column."""

from pathlib import Path
from typing import Any

import pytest

from dafeng.kernel.accounting import factor_frame, read_factors
from dafeng.kernel.accounting.factors import SCHEMA, sign
from dafeng.kernel.errors import FactorError

GOOD = {
    "factor_id": "a", "set": "one", "parameter": "ncv", "item": "raw_coal", "year": "2020", "value": "20.908",
    "unit": "GJ/t", "lower": "19", "upper": "22", "standing": "confirmed", "source": "a book", "owner": "methodology",
}  # fmt: skip


def table(folder: Path, *rows: dict[str, str], header: str | None = None, name: str = "t.csv") -> Path:
    lines = [header or ",".join(SCHEMA), *(",".join(row.get(column, "") for column in SCHEMA) for row in rows)]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_table_is_read_as_printed_with_its_types(tmp_path: Path) -> None:
    told = read_factors([table(tmp_path, GOOD)]).row(0, named=True)
    assert (told["value"], told["lower"], told["upper"], told["year"]) == (20.908, 19.0, 22.0, 2020)
    assert (told["unit"], told["place"], told["distribution"], told["technology"]) == ("GJ/t", "world", "normal", "")


def test_an_empty_year_and_empty_bounds_are_unknown_not_zero(tmp_path: Path) -> None:
    told = read_factors([table(tmp_path, {**GOOD, "year": "", "lower": "", "upper": ""})]).row(0, named=True)
    assert (told["year"], told["lower"], told["upper"]) == (None, None, None)


def test_a_gap_row_has_no_value(tmp_path: Path) -> None:
    told = read_factors([table(tmp_path, {**GOOD, "standing": "gap", "value": "", "lower": "", "upper": ""})])
    assert told["value"].to_list() == [None]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"factor_id": ""}, "factor_id"),
        ({"source": ""}, "source"),
        ({"unit": "斤两"}, "unit"),
        ({"unit": ""}, "unit"),
        ({"place": "999999"}, "place"),
        ({"owner": "nobody"}, "owner"),
        ({"standing": "sure"}, "standing"),
        ({"distribution": "gamma"}, "distribution"),
        ({"value": "twenty"}, "value"),
        ({"lower": "x"}, "lower"),
        ({"value": "nan"}, "value"),
        ({"upper": "inf"}, "upper"),
        ({"year": "20x"}, "year"),
        ({"value": ""}, "value"),  # no value, yet not a gap
        ({"standing": "gap"}, "value"),  # a gap, yet a value
    ],
)
def test_a_fault_names_file_line_and_column(tmp_path: Path, change: dict[str, str], column: str) -> None:
    path = table(tmp_path, GOOD, {**GOOD, "factor_id": "b", **change}, name="coal.csv")
    with pytest.raises(FactorError) as caught:
        read_factors([path])
    assert (caught.value.where.file, caught.value.where.row, caught.value.where.column) == ("coal.csv", 3, column)


def test_a_wrong_header_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, GOOD, header=",".join(reversed(SCHEMA)))
    with pytest.raises(FactorError, match="表头"):
        read_factors([path])


def test_an_id_stands_for_one_row_over_all_tables(tmp_path: Path) -> None:
    paths = [table(tmp_path, GOOD, name="a.csv"), table(tmp_path, GOOD, name="b.csv")]
    with pytest.raises(FactorError, match="重复：a"):
        read_factors(paths)


def test_a_frame_without_standing_is_the_citys_own() -> None:
    rows: list[dict[str, Any]] = [
        {"factor_id": "x", "set": "municipal", "parameter": "ncv", "value": 20, "unit": "GJ/t"}
    ]
    told = factor_frame(rows).row(0, named=True)
    assert (told["owner"], told["standing"], told["place"], told["category"]) == ("municipal", "municipal", "world", "")


@pytest.mark.parametrize("column", ["value", "lower", "upper"])
def test_a_citys_own_factor_is_a_finite_number(column: str) -> None:
    rows = [{"factor_id": "x", "set": "s", "parameter": "ncv", "value": 20, "unit": "GJ/t", column: float("nan")}]
    with pytest.raises(FactorError, match="因子 x"):
        factor_frame(rows)


def test_signing_raises_the_standing_of_a_value_but_never_of_a_gap() -> None:
    rows: list[dict[str, Any]] = [
        {"factor_id": "m", "set": "s", "parameter": "p", "value": 1.0, "unit": "1", "standing": "memory"},
        {"factor_id": "n", "set": "s", "parameter": "p", "value": 2.0, "unit": "1", "standing": "memory"},
        {"factor_id": "g", "set": "s", "parameter": "p", "value": None, "unit": "1", "standing": "gap"},
    ]
    assert sign(factor_frame(rows), ["m", "g"])["standing"].to_list() == ["signed", "memory", "gap"]
