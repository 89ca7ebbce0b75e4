"""Keys: one text for one set of dimensions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.indicators.errors import IndicatorError
from dafeng.kernel.indicators.keys import dimensions_of, key_of

NAMES = st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True)
VALUES = st.text(min_size=1).filter(
    lambda text: text.isprintable() and text == text.strip() and not set(text) & {*";="}
)


@given(st.dictionaries(NAMES, VALUES))
def test_a_key_gives_its_dimensions_back_and_is_the_same_in_any_order(dimensions: dict[str, str]) -> None:
    key = key_of(dimensions)
    assert dimensions_of(key) == dimensions
    assert key_of(dict(reversed(dimensions.items()))) == key_of(key) == key


def test_names_are_sorted_and_no_dimension_is_the_empty_key() -> None:
    assert key_of({"sector": 1, "gas": "CH4"}) == key_of("sector=1;gas=CH4") == "gas=CH4;sector=1"
    assert key_of({}) == key_of("") == key_of(None) == ""


@pytest.mark.parametrize(
    "bad", ["sector", "sector=1;sector=2", "sector=", "=1", "Sector=1", "sector=1;", "sector=1;;gas=a", "a= b", "a=b=c"]
)
def test_a_text_that_is_no_key_is_refused(bad: str) -> None:
    with pytest.raises(IndicatorError):
        key_of(bad)


@pytest.mark.parametrize("bad", [{"a": None}, {"a": ""}, {"a": "x;y"}, {"a": "x=y"}, {"a": "x\n"}, {"é": 1}, {"": 1}])
def test_dimensions_that_a_key_could_not_hold_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(IndicatorError):
        key_of(bad)
