"""The gap tools, by hand and by property. IPCC 2006 vol. 1 ch. 5."""

from __future__ import annotations

from math import fsum
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.inventory.methods import gaps
from dafeng.kernel.accounting import activity_frame
from dafeng.kernel.errors import ActivityError

CITY, EAST, WEST, PROVINCE = "411500", "411502", "411503", "410000"
SCHEMA: dict[str, Any] = dict.fromkeys(
    ("category", "item", "technology", "variable", "place", "unit", "basis", "mark", "source", "notation"), pl.String
) | {"year": pl.Int16, "value": pl.Float64}


def series(values: dict[int, float | None], *, place: str = CITY, source: str = "年鉴") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"category": "1A4b1", "item": "lpg", "technology": "", "variable": "", "place": place, "unit": "万吨",
             "basis": "statistic", "mark": "", "source": source, "notation": None if value is not None else "NE",
             "year": year, "value": value}
            for year, value in values.items()
        ],
        schema=SCHEMA,
    )  # fmt: skip


def proxy(values: dict[tuple[str, int], float], name: str = "人口", note: str = "") -> gaps.Proxy:
    rows = [{"place": p, "year": y, "value": v, "unit": "万人", "source": "普查"} for (p, y), v in values.items()]
    return gaps.Proxy(name, pl.DataFrame(rows, schema_overrides={"year": pl.Int16}), note)


def values_of(frame: pl.DataFrame, mark: str | None = None) -> dict[int, float]:
    chosen = frame if mark is None else frame.filter(pl.col("mark") == mark)
    return dict(chosen.select("year", "value").rows())


class TestInterpolation:
    def test_years_between_lie_on_the_line(self) -> None:
        found = gaps.interpolate(series({2010: 10, 2014: 18}))
        assert values_of(found, "interpolated") == {2011: 12, 2012: 14, 2013: 16}

    def test_a_made_row_is_estimated_and_names_the_rows_it_stands_between(self) -> None:
        row = gaps.interpolate(series({2010: 10, 2012: 14})).row(-1, named=True)
        assert row["basis"] == "estimated"
        assert row["source"] == "内插：2010 年 10 万吨 与 2012 年 14 万吨 之间直线内插；原始数据：年鉴"

    def test_reported_rows_stay_as_they_were(self) -> None:
        given_rows = series({2010: 10, 2012: 14})
        assert gaps.interpolate(given_rows).head(2).equals(given_rows)

    def test_a_year_with_a_notation_key_is_not_overwritten(self) -> None:
        found = gaps.interpolate(series({2010: 10, 2011: None, 2012: 14}))
        assert found.filter(pl.col("year") == 2011)["notation"].to_list() == ["NE"]
        assert found.height == 3

    def test_places_are_series_of_their_own(self) -> None:
        both = pl.concat([series({2010: 10, 2012: 14}), series({2010: 1, 2012: 3}, place=EAST)])
        made = gaps.interpolate(both).filter(pl.col("mark") == "interpolated")
        assert dict(made.select("place", "value").rows()) == {CITY: 12, EAST: 2}

    def test_two_rows_of_one_year_are_refused(self) -> None:
        with pytest.raises(ActivityError, match="411500/1A4b1/lpg 2010 年有两行"):
            gaps.interpolate(pl.concat([series({2010: 10}), series({2010: 11})]))

    @given(st.dictionaries(st.integers(1990, 2030), st.floats(-1e6, 1e6), min_size=2, max_size=8))
    def test_made_values_lie_within_their_neighbours(self, known: dict[int, float]) -> None:
        found = gaps.interpolate(series(dict(known)))
        years = sorted(known)
        assert sorted(values_of(found)) == list(range(years[0], years[-1] + 1))
        for year, value in values_of(found, "interpolated").items():
            before = max(y for y in years if y < year)
            after = min(y for y in years if y > year)
            low, high = sorted((known[before], known[after]))
            assert low - 1e-6 <= value <= high + 1e-6

    @given(st.dictionaries(st.integers(1990, 2030), st.floats(0, 1e6), min_size=1, max_size=6))
    def test_a_second_time_changes_nothing(self, known: dict[int, float]) -> None:
        once = gaps.interpolate(series(dict(known)))
        assert gaps.interpolate(once).equals(once)


class TestExtrapolation:
    def test_a_trend_is_the_least_squares_line(self) -> None:
        # y = 10, 12, 17 at 2010…2012: slope (17 − 10)/2 = 3.5, mean 13 at 2011
        found = gaps.extrapolate(series({2010: 10, 2011: 12, 2012: 17}), [2013, 2009])
        assert values_of(found, "extrapolated") == pytest.approx({2013: 20.0, 2009: 6.0})

    def test_held_repeats_the_nearest_year_on_both_sides(self) -> None:
        found = gaps.extrapolate(series({2010: 10, 2012: 17}), range(2008, 2015), trend="held")
        assert values_of(found, "extrapolated") == {2008: 10, 2009: 10, 2013: 17, 2014: 17}

    def test_a_driver_moves_the_nearest_year(self) -> None:
        people = proxy({(CITY, 2012): 600, (CITY, 2014): 630})
        found = gaps.extrapolate(series({2012: 20}), [2014], driver=people)
        assert values_of(found, "extrapolated") == {2014: 21}
        assert found.row(-1, named=True)["source"] == (
            "趋势外推：2012 年 20 万吨 × “人口”之比 630÷600（2014÷2012 年）；代理变量：普查；原始数据：年鉴"
        )

    def test_a_driver_without_the_year_is_refused_by_name(self) -> None:
        with pytest.raises(ActivityError, match="代理变量“人口”没有 411500 2015 年的值"):
            gaps.extrapolate(series({2012: 20}), [2015], driver=proxy({(CITY, 2012): 600}))

    def test_one_year_has_no_trend(self) -> None:
        with pytest.raises(ActivityError, match="只有一个已知年份"):
            gaps.extrapolate(series({2012: 20}), [2015])

    def test_a_trend_below_zero_is_refused(self) -> None:
        with pytest.raises(ActivityError, match="2014 年外推得负值"):
            gaps.extrapolate(series({2010: 10, 2012: 4}), [2014])

    def test_gaps_between_known_years_are_left_to_interpolation(self) -> None:
        assert gaps.extrapolate(series({2010: 10, 2014: 12}), [2012], trend="held").height == 2

    @pytest.mark.parametrize("trend", ["linear", "held"])
    def test_a_second_time_changes_nothing(self, trend: Any) -> None:
        once = gaps.extrapolate(series({2010: 10, 2012: 17}), [2008, 2015], trend=trend)
        assert gaps.extrapolate(once, [2008, 2015], trend=trend).equals(once)


class TestSurrogate:
    def test_one_known_year_keeps_its_ratio(self) -> None:
        # Equation 5.2: 20 × 660 / 600
        found = gaps.surrogate(series({2012: 20}), proxy({(CITY, 2012): 600, (CITY, 2015): 660}), [2015])
        assert values_of(found, "surrogate") == pytest.approx({2015: 22})

    def test_between_two_known_years_the_ratio_is_interpolated(self) -> None:
        # Ratios 0.1 at 2010 and 0.2 at 2014; half way 0.15 × 300
        people = proxy({(CITY, 2010): 100, (CITY, 2012): 300, (CITY, 2014): 200})
        found = gaps.surrogate(series({2010: 10, 2014: 40}), people, [2012])
        assert values_of(found, "surrogate") == pytest.approx({2012: 45})

    def test_the_note_on_a_poor_proxy_stands_in_every_row(self) -> None:
        poor = proxy({(CITY, 2012): 600, (CITY, 2015): 660}, note="口径不同")
        assert "口径不同" in gaps.surrogate(series({2012: 20}), poor, [2015]).row(-1, named=True)["source"]

    def test_a_second_time_changes_nothing(self) -> None:
        people = proxy({(CITY, year): 600 + year - 2010 for year in range(2010, 2016)})
        once = gaps.surrogate(series({2012: 20}), people, range(2010, 2016))
        assert gaps.surrogate(once, people, range(2010, 2016)).equals(once)


class TestSplice:
    def test_a_former_series_is_scaled_by_the_mean_ratio_of_common_years(self) -> None:
        # Equation 5.1: ratios 12/10 and 13/10, mean 1.25; 8 × 1.25
        found = gaps.splice(series({2011: 12, 2012: 13}), series({2009: 8, 2011: 10, 2012: 10}), name="旧口径")
        assert values_of(found, "spliced") == pytest.approx({2009: 10})

    def test_the_spread_of_ratios_is_told(self) -> None:
        found = gaps.splice(series({2011: 12, 2012: 13}), series({2009: 8, 2011: 10, 2012: 10}), name="旧口径")
        assert "比值 1.25（2011–2012 年 1.2–1.3）" in found.row(-1, named=True)["source"]

    def test_without_a_common_year_nothing_is_spliced(self) -> None:
        with pytest.raises(ActivityError, match="与“旧口径”只有 0 个共同年份"):
            gaps.splice(series({2011: 12}), series({2009: 8}), name="旧口径")

    def test_a_zero_in_a_common_year_is_refused(self) -> None:
        with pytest.raises(ActivityError, match="有零，不能求比值"):
            gaps.splice(series({2011: 12}), series({2009: 8, 2011: 0}), name="旧口径")

    @given(st.floats(0.01, 100), st.lists(st.floats(0.1, 1e5), min_size=3, max_size=6))
    def test_a_series_that_is_a_multiple_is_recovered(self, factor: float, former: list[float]) -> None:
        old = {2000 + number: value for number, value in enumerate(former)}
        new = {year: value * factor for year, value in old.items() if year >= 2001}
        found = gaps.splice(series(new), series(dict(old)), name="旧口径")
        assert values_of(found, "spliced")[2000] == pytest.approx(former[0] * factor, rel=1e-9)


class TestDownscaling:
    def test_children_share_by_the_proxy_and_replace_the_parent(self) -> None:
        found = gaps.downscale(
            series({2020: 12}), proxy({(EAST, 2020): 1, (WEST, 2020): 3}), parent=CITY, children=[EAST, WEST]
        )
        assert dict(found.select("place", "value").rows()) == {EAST: 3, WEST: 9}
        assert found["mark"].unique().to_list() == ["downscaled"]

    def test_a_child_row_says_what_it_is_a_share_of(self) -> None:
        found = gaps.downscale(
            series({2020: 12}), proxy({(EAST, 2020): 1, (WEST, 2020): 3}), parent=CITY, children=[EAST, WEST]
        )
        assert found.row(0, named=True)["source"] == (
            "分摊：411500 的 2020 年 12 万吨 按“人口”分给 411502，占 25%；代理变量：普查；原始数据：年鉴"
        )

    def test_a_county_without_a_proxy_is_an_error_that_names_it(self) -> None:
        with pytest.raises(ActivityError, match="代理变量“人口”没有 411503 2020 年的值"):
            gaps.downscale(series({2020: 12}), proxy({(EAST, 2020): 1}), parent=CITY, children=[EAST, WEST])

    def test_a_county_with_a_zero_proxy_is_an_error_that_names_it(self) -> None:
        with pytest.raises(ActivityError, match="代理变量“人口”在 411503 2020 年为 0"):
            gaps.downscale(
                series({2020: 12}), proxy({(EAST, 2020): 1, (WEST, 2020): 0}), parent=CITY, children=[EAST, WEST]
            )

    def test_other_places_and_categories_are_left_alone(self) -> None:
        people = proxy({(EAST, 2020): 1, (WEST, 2020): 3})
        rows = pl.concat([series({2020: 12}), series({2020: 5}, place=EAST)])
        found = gaps.downscale(rows, people, parent=CITY, children=[EAST, WEST], categories=["3"])
        assert found.equals(rows)

    def test_a_notation_key_stays_with_the_city(self) -> None:
        people = proxy({(EAST, 2020): 1, (WEST, 2020): 3})
        found = gaps.downscale(series({2020: None}), people, parent=CITY, children=[EAST, WEST])
        assert found["place"].to_list() == [CITY]

    def test_a_part_of_a_province_is_added_and_the_province_kept(self) -> None:
        people = proxy({(PROVINCE, 2020): 1000, (CITY, 2020): 62.5})
        found = gaps.downscale_part(series({2020: 16}, place=PROVINCE), people, parent=PROVINCE, child=CITY)
        assert dict(found.select("place", "value").rows()) == {PROVINCE: 16, CITY: 1}

    def test_a_proxy_that_was_itself_made_is_said_to_be(self) -> None:
        held = proxy({(EAST, 2017): 1, (WEST, 2017): 3})
        later = gaps.Proxy("人口", gaps.extrapolate(held.frame, [2020], trend="held", key=("place", "unit")))
        found = gaps.downscale(series({2020: 12}), later, parent=CITY, children=[EAST, WEST])
        assert "代理变量本身为补缺所得" in found.row(0, named=True)["source"]

    @given(
        value=st.floats(-1e9, 1e9, allow_subnormal=False),
        weights=st.lists(st.floats(1e-3, 1e6), min_size=2, max_size=12),
    )
    def test_the_sum_is_kept_exactly(self, value: float, weights: list[float]) -> None:
        children = [f"4115{number:02d}" for number in range(1, len(weights) + 1)]
        shares = proxy({(child, 2020): weight for child, weight in zip(children, weights, strict=True)})
        found = gaps.downscale(series({2020: value}), shares, parent=CITY, children=children)
        assert fsum(found["value"]) == value
        assert found.height == len(children)


class TestShape:
    def test_every_tool_has_a_mark_and_its_ipcc_name(self) -> None:
        assert set(gaps.MARKS) == {"interpolated", "extrapolated", "surrogate", "spliced", "downscaled"}

    def test_filled_rows_go_straight_into_a_compile(self) -> None:
        found = activity_frame(gaps.interpolate(series({2010: 10, 2012: 14})))
        assert found["mark"].to_list() == ["", "", "interpolated"]

    def test_rows_of_an_activity_frame_can_be_filled(self) -> None:
        ready = activity_frame(series({2010: 10, 2012: 14}))
        found = gaps.downscale(ready, proxy({(EAST, y): 1 for y in (2010, 2012)} | {(WEST, y): 1 for y in (2010, 2012)}),
                               parent=CITY, children=[EAST, WEST])  # fmt: skip
        assert activity_frame(found)["place"].to_list() == [EAST, WEST, EAST, WEST]

    def test_a_frame_without_the_needed_columns_is_refused(self) -> None:
        with pytest.raises(ActivityError, match="缺少列 year"):
            gaps.interpolate(series({2010: 10}).drop("year"))
