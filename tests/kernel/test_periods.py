"""Periods: text that sorts, with inclusive dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.errors import PeriodError
from dafeng.kernel.quantities.periods import Period

PERIODS = st.builds(
    lambda year, part: Period(year, **part),
    st.integers(1900, 2199),
    st.one_of(
        st.just({}),
        st.integers(1, 4).map(lambda quarter: {"quarter": quarter}),
        st.integers(1, 12).map(lambda month: {"month": month}),
    ),
)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2023", date(2023, 1, 1), date(2023, 12, 31)),
        ("2023年", date(2023, 1, 1), date(2023, 12, 31)),
        ("2024Q1", date(2024, 1, 1), date(2024, 3, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023Q4", date(2023, 10, 1), date(2023, 12, 31)),
        ("2023-12", date(2023, 12, 1), date(2023, 12, 31)),
    ],
)
def test_a_period_has_its_first_and_last_day(text: str, start: date, end: date) -> None:
    found = Period.parse(text)
    assert (found.start, found.end) == (start, end)


def test_a_year_may_be_a_number() -> None:
    assert Period.parse(2023) == Period(2023)


@pytest.mark.parametrize("text", ["", "23", "2023Q5", "2023-13", "2023-1", "1823", "2023-05-01", "二〇二三"])
def test_other_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(PeriodError, match="2023Q1"):
        Period.parse(text)


@given(PERIODS)
def test_text_and_period_are_the_same_thing(period: Period) -> None:
    assert Period.parse(str(period)) == period
    assert period.start <= period.end


@given(st.integers(1900, 2198), st.integers(1, 11))
def test_months_follow_each_other_without_a_gap(year: int, month: int) -> None:
    assert Period(year, month=month).end + timedelta(days=1) == Period(year, month=month + 1).start
    assert Period(year, month=12).end == Period(year).end == Period(year, quarter=4).end
