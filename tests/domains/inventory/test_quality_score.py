"""The quality score: each part by hand, its weighting, and the rise from year to year."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.inventory.methods.completeness import completeness
from dafeng.domains.inventory.methods.quality_rules import PARTS, marks, read_marks
from dafeng.domains.inventory.methods.quality_score import city_scores, improvements, quality_scores, rises
from dafeng.kernel.errors import MethodError
from tests.domains.inventory import small_inventory as small

SCALE = {
    "weights": {"tier": 0.25, "basis": 0.30, "place": 0.30, "standing": 0.15},
    "tier": {"1": 0.4, "2": 0.7, "enterprise": 0.8, "other": 0.3},
    "basis": {"metered": 1.0, "reported": 0.9, "statistic": 0.8, "estimated": 0.4, "assumed": 0.1},
    "mark": {"interpolated": 0.5, "other": 0.25},
    "place": {"facility": 1.0, "county": 1.0, "city": 0.9, "province": 0.7, "region": 0.6, "nation": 0.5, "world": 0.2},
    "standing": {"municipal": 1.0, "confirmed": 1.0, "one_copy": 0.7, "memory": 0.2},
}
MARKS = read_marks(SCALE)


def one(rows, table=None, **options) -> dict:
    found = quality_scores(small.compile_rows(rows, table, **options), scale=MARKS)
    assert found.height == 1
    return found.row(0, named=True)


def test_the_score_of_a_cell_is_the_weighted_sum_of_its_parts():
    cell = one([small.cattle(2.0, basis="statistic")], small.factors({"factor_id": "cattle", "standing": "one_copy"}))
    assert (cell["tier"], cell["basis"], cell["factor_place"], cell["factor_standing"]) == pytest.approx(
        (0.4, 0.8, 0.9, 0.7)
    )
    # 0.25 × 0.4 + 0.30 × 0.8 + 0.30 × 0.9 + 0.15 × 0.7 = 0.715
    assert cell["score"] == pytest.approx(71.5)


def test_a_factor_of_the_citys_own_counts_as_local_whatever_its_place():
    own = one([small.cattle(1.0)])
    nations = one(
        [small.cattle(1.0)], small.factors({"factor_id": "cattle", "owner": "methodology", "standing": "confirmed"})
    )
    assert (own["factor_place"], nations["factor_place"]) == pytest.approx((0.9, 0.5))


def test_the_marks_of_several_factors_are_averaged_and_the_worst_is_named():
    table = small.factors(
        {"factor_id": "coal.ncv", "owner": "methodology", "standing": "confirmed", "place": "410000"},
        {"factor_id": "coal.cc", "owner": "provider", "standing": "memory", "place": "world"},
        {"factor_id": "coal.of", "owner": "methodology", "standing": "one_copy"},
    )
    cell = one([small.fuel(1.0)], table)
    assert cell["factor_place"] == pytest.approx((0.7 + 0.2 + 0.5) / 3)
    assert cell["factor_standing"] == pytest.approx((1.0 + 0.2 + 0.7) / 3)
    assert cell["worst_factor"] == "coal.cc"


@pytest.mark.parametrize(
    ("more", "mark"),
    [
        ({"basis": "metered"}, 1.0),
        ({"basis": "assumed"}, 0.1),
        ({"basis": "statistic", "mark": "interpolated"}, 0.4),
        ({"basis": "statistic", "mark": "something"}, 0.2),
    ],
)
def test_the_basis_of_activity_and_the_gap_tools_mark_are_multiplied(more, mark):
    assert one([small.cattle(1.0, **more)])["basis"] == pytest.approx(mark)


def test_a_tier_goes_by_its_name_then_its_first_digit_then_other():
    assert [MARKS.of_tier(tier) for tier in ("enterprise", "2", "1-area", "2b", "stock")] == [0.8, 0.7, 0.4, 0.7, 0.3]


def test_a_cell_of_two_rows_is_weighted_by_their_emissions():
    cell = one([small.cattle(30.0, basis="metered"), small.cattle(10.0, basis="assumed")])
    assert cell["basis"] == pytest.approx(0.75 * 1.0 + 0.25 * 0.1)


def test_the_city_is_weighted_by_emissions_and_a_sink_counts_by_its_size():
    rows = [small.cattle(20.0, basis="metered"), small.cattle(-20.0, basis="assumed", place=small.EAST)]
    city = city_scores(small.compile_rows(rows), scale=MARKS).row(0, named=True)
    assert city["basis"] == pytest.approx(0.55)
    assert city["size"] == pytest.approx(56.0)


def test_what_costs_a_cell_most_is_named():
    cell = one([small.cattle(1.0, basis="assumed")])  # loses 0.27 by its basis, 0.15 by its tier, 0.03 by place
    assert cell["gap"] == "basis"


def test_coverage_lowers_the_overall_score_so_that_leaving_a_source_out_does_not_pay():
    poor = [small.cattle(20.0, basis="metered"), small.fuel(20.0, basis="assumed")]

    def overall(rows) -> tuple[float, float]:
        inventory = small.compile_rows(rows)
        matrix = completeness(inventory, place=small.CITY, years=[2020], categories=small.CATEGORIES)
        row = city_scores(inventory, matrix=matrix, scale=MARKS).row(0, named=True)
        assert row["overall"] == pytest.approx(row["score"] * row["coverage"])
        return row["score"], row["overall"]

    with_it, without = overall(poor), overall(poor[:1])
    assert without[0] > with_it[0]
    assert without[1] < with_it[1]


def test_without_a_matrix_there_is_no_overall_score():
    row = city_scores(small.compile_rows([small.cattle(1.0)])).row(0, named=True)
    assert (row["coverage"], row["overall"]) == (None, None)


def test_a_year_that_scores_no_better_than_the_year_before_does_not_rise():
    rows = [small.cattle(1.0, year=2019, basis="estimated"), small.cattle(1.0, year=2020, basis="statistic"),
            small.cattle(1.0, year=2021, basis="statistic")]  # fmt: skip
    found = rises(city_scores(small.compile_rows(rows), scale=MARKS))
    assert found.select("year", "previous_year", "passed").rows() == [(2020, 2019, True), (2021, 2020, False)]
    assert found["change"].to_list() == pytest.approx([12.0, 0.0])


def test_a_full_score_need_not_rise():
    scores = pl.DataFrame(
        {"year": [2020, 2021], "score": [100.0, 100.0], "overall": [None, None]},
        schema_overrides={"overall": pl.Float64},
    )
    assert rises(scores)["passed"].to_list() == [True]


def test_one_year_gives_nothing_to_compare():
    assert rises(city_scores(small.compile_rows([small.cattle(1.0)]))).height == 0


def test_improvements_are_ranked_by_what_the_city_would_gain():
    inventory = small.compile_rows([small.cattle(10.0, basis="assumed"), small.fuel(1.0, basis="metered")])
    scores = quality_scores(inventory, scale=MARKS)
    found = improvements(scores, year=2020, scale=MARKS)
    assert found.row(0, named=True)["part"] == "basis"
    assert found.row(0, named=True)["category"] == "3A1"
    city = city_scores(inventory, scale=MARKS)["score"][0]
    assert found["points"].sum() == pytest.approx(100 - city)


def test_what_is_not_estimated_has_no_score():
    assert quality_scores(small.compile_rows([small.cattle(None, notation="NE")])).height == 0


def test_the_packages_weights_sum_to_one_and_cover_every_word_of_the_tables():
    told = marks()
    assert sum(told.weights.values()) == pytest.approx(1)
    assert set(told.basis) == {"statistic", "reported", "metered", "estimated", "assumed"}
    assert set(told.place) == {"facility", "county", "city", "province", "region", "nation", "world"}


def test_weights_that_do_not_sum_to_one_are_refused():
    with pytest.raises(MethodError, match="权重"):
        read_marks(SCALE | {"weights": {"tier": 0.5, "basis": 0.5, "place": 0.5, "standing": 0.5}})


def test_a_mark_beyond_one_is_refused():
    with pytest.raises(MethodError, match="metered"):
        read_marks(SCALE | {"basis": {"metered": 1.2}})


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["metered", "statistic", "assumed"]), st.floats(0.1, 1e5)), min_size=1, max_size=6
    )
)
def test_scores_stay_between_nought_and_a_hundred_and_a_sum_lies_between_its_parts(parts):
    rows = [
        small.cattle(heads, basis=basis, item="cattle", place=f"4115{n + 2:02d}")
        for n, (basis, heads) in enumerate(parts)
    ]
    inventory = small.compile_rows(rows)
    cells = quality_scores(inventory)["score"]
    city = city_scores(inventory)["score"][0]
    assert 0 <= cells.min() <= city + 1e-9
    assert city - 1e-9 <= cells.max() <= 100
    assert len(PARTS) == 4
