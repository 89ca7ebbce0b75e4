"""Student's t against SciPy, which is a dependency of the tests only, and against the printed table."""

import math

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.plan.methods.distributions import cumulative, quantile

degrees = st.floats(min_value=1, max_value=300)


@given(x=st.floats(min_value=-50, max_value=50), df=degrees)
def test_the_probability_is_that_of_scipy(x: float, df: float) -> None:
    assert cumulative(x, df) == pytest.approx(float(scipy.stats.t.cdf(x, df)), rel=1e-9, abs=1e-12)


@given(p=st.floats(min_value=0.001, max_value=0.999), df=degrees)
def test_the_quantile_is_that_of_scipy(p: float, df: float) -> None:
    assert quantile(p, df) == pytest.approx(float(scipy.stats.t.ppf(p, df)), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(("df", "printed"), [(1, 12.706), (2, 4.303), (5, 2.571), (30, 2.042), (math.inf, 1.960)])
def test_the_quantiles_are_those_of_the_printed_table(df: float, printed: float) -> None:
    """t(0.975): Montgomery, Peck & Vining, table A.3."""
    assert round(quantile(0.975, df), 3) == printed


def test_a_probability_outside_zero_and_one_is_refused() -> None:
    with pytest.raises(ValueError, match="strictly between"):
        quantile(1.0, 5)
