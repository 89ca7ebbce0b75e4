"""Activity frames: what is accepted, what is refused, and that rows keep their identity."""

from typing import Any

import polars as pl
import pytest

from dafeng.kernel.accounting import activity_frame
from dafeng.kernel.errors import ActivityError, PlaceError


def row(**more: Any) -> dict[str, Any]:
    return {"category": "1A1", "item": "raw_coal", "place": "411500", "year": 2023, "value": 1.0, "unit": "t", **more}


def test_six_columns_are_enough_and_the_rest_has_defaults() -> None:
    told = activity_frame([row()]).row(0, named=True)
    assert (told["row"], told["technology"], told["variable"], told["basis"], told["mark"]) == (
        0,
        "",
        "",
        "reported",
        "",
    )
    assert (told["notation"], told["uncertainty"], told["activity_id"]) == (None, None, None)


@pytest.mark.parametrize("column", ["category", "item", "place", "year", "value", "unit"])
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(ActivityError, match=column):
        activity_frame([{name: value for name, value in row().items() if name != column}])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"value": float("nan")}, "不是有限数"),
        ({"value": float("inf")}, "不是有限数"),
        ({"value": None}, "既没有数值也没有标记符号"),
        ({"value": None, "notation": "X"}, "标记符号 X"),
        ({"basis": "guessed"}, "guessed"),
        ({"uncertainty": -0.1}, "不确定性"),
        ({"uncertainty": float("nan")}, "不确定性"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_the_reason(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ActivityError, match=said):
        activity_frame([row(), row(**more)])


def test_an_unknown_place_is_refused() -> None:
    with pytest.raises(PlaceError, match="999999"):
        activity_frame([row(place="999999")])


def test_a_zero_and_a_negative_value_are_values() -> None:
    assert activity_frame([row(value=0), row(value=-3.5)])["value"].to_list() == [0.0, -3.5]


def test_bringing_rows_into_shape_twice_changes_nothing() -> None:
    once = activity_frame([row(), row(year=2020, notation="NO", value=None)])
    assert activity_frame(once).equals(once)


def test_a_filtered_frame_is_numbered_anew_so_that_lineage_points_at_its_own_rows() -> None:
    whole = activity_frame([row(item="a"), row(item="b"), row(item="c")])
    part = activity_frame(whole.filter(pl.col("item").cast(pl.String) != "a"))
    assert part["row"].to_list() == [0, 1]
    assert part["item"].cast(pl.String).to_list() == ["b", "c"]


def test_columns_that_are_all_empty_keep_their_types() -> None:
    told = activity_frame([row(uncertainty=None, notation=None, activity_id=None)])
    assert told.schema["uncertainty"] == pl.Float64
    assert isinstance(told.schema["notation"], pl.Enum)


def test_an_empty_table_is_a_table() -> None:
    empty = pl.DataFrame(schema={"category": pl.String, "item": pl.String, "place": pl.String, "year": pl.Int64,
                                 "value": pl.Float64, "unit": pl.String})  # fmt: skip
    assert activity_frame(empty).height == 0
