"""Steps as they were told at an earlier moment: readings that had arrived by then, facts that had been stated by then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dafeng.kernel.series import queries, services, upkeep
from tests.kernel.series.conftest import DAY, LATER, MINUTES, rows

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("settled", [False, True])
def test_a_report_of_a_day_is_told_again_as_it_was_before_a_correction(point, send, settled: bool) -> None:
    """Four quarter hours of 1, told on the next day; a day later the second becomes 5: 4 kWh before, 8 since."""
    m = point(kind="interval")
    first, second = DAY + timedelta(days=1), DAY + timedelta(days=2)
    send(rows(m, [1, 1, 1, 1], start=DAY + MINUTES), now=first)
    send(rows(m, [5], start=DAY + 2 * MINUTES), now=second)
    if settled:
        upkeep.settle(now=LATER)

    def told(at=None) -> list[float]:
        return queries.used([m], DAY, DAY + HOUR, "1h", known_at=at)["value"].to_list()

    assert told() == told(LATER) == [8.0]
    assert told(first) == told(second - timedelta(seconds=1)) == [4.0]
    assert told(first - timedelta(seconds=1)) == []
    assert queries.used([m], DAY, DAY + HOUR, "15m", known_at=first)["value"].to_list() == [1.0] * 4
    month = DAY.replace(day=1)
    assert queries.used([m], month, month + timedelta(days=31), "1mo", known_at=first)["value"].to_list() == [4.0]


def test_a_fact_that_was_stated_later_does_not_reach_back(point, send) -> None:
    """A meter that told MWh since noon, which was stated a week later: until then its 2 were taken as kWh, since as 2000."""
    m = point(kind="interval")
    week = DAY + timedelta(days=7)
    send(rows(m, [2], start=DAY + MINUTES), now=DAY + HOUR)
    services.state_fact(m, "multiplier", 1000.0, DAY, now=week)
    assert queries.used([m], DAY, DAY + HOUR, "1h")["value"].to_list() == [2000.0]
    assert queries.used([m], DAY, DAY + HOUR, "1h", known_at=week - HOUR)["value"].to_list() == [2.0]
    assert queries.used([m], DAY, DAY + HOUR, "1h", known_at=week)["value"].to_list() == [2000.0]


def test_moments_and_computed_points_are_told_again_too(point, send) -> None:
    power = point("power", kind="instant", unit="kW", quantity="power")
    send(rows(power, [10, 10, 10, 10, 10]), now=DAY + HOUR)
    send(rows(power, [50], start=DAY + 2 * MINUTES), now=DAY + 2 * HOUR)
    assert queries.mean([power], DAY, DAY + HOUR, known_at=DAY + HOUR)["value"].to_list() == [10.0]
    one, two = point("one", kind="interval"), point("two", kind="interval")
    both = point("both", kind="interval", formula={"kind": "difference", "of": ["two", "one"]})
    send(rows(one, [1] * 4, start=DAY + MINUTES), now=DAY + HOUR)
    send(rows(two, [3] * 4, start=DAY + MINUTES), now=DAY + HOUR)
    send(rows(two, [4], start=DAY + MINUTES), now=DAY + 3 * HOUR)
    assert queries.used([both], DAY, DAY + HOUR, known_at=DAY + HOUR)["value"].to_list() == [8.0]  # 4 × 3 − 4 × 1
    assert queries.used([both], DAY, DAY + HOUR)["value"].to_list() == [9.0]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.one_of(st.none(), st.integers(0, 50)), min_size=8, max_size=8), step=st.sampled_from(["15m", "1h", "1d"]))  # fmt: skip
def test_what_is_known_now_is_the_same_by_both_ways(point, send, values, step: str) -> None:
    """Stored steps and a replay of the present are one answer, with gaps, a register and its neighbours."""
    kinds = {name: point(name, kind=name) for name in ("interval", "register")}
    sums = [None if value is None else 100.0 + place * 50 + value for place, value in enumerate(values)]
    send(rows(kinds["interval"], values, start=DAY + MINUTES))
    send(rows(kinds["register"], sums, start=DAY + MINUTES))
    span = ([*kinds.values()], DAY, DAY + 24 * HOUR, step)
    assert queries.used(*span, known_at=LATER + HOUR).equals(queries.used(*span))
