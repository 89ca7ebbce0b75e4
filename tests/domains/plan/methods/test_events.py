"""The peak and net zero as milestones: known only afterwards, and never more than a convention."""

from datetime import date

import pytest

from dafeng.domains.plan.methods.events import event_observations
from dafeng.domains.plan.methods.observations import Observation
from dafeng.domains.plan.methods.progress import Outcome, assess
from dafeng.domains.plan.methods.targets import Target
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PlanError


def years(first: int, *values: float) -> list[Observation]:
    return [Observation(str(first + number), value, "t CO2e") for number, value in enumerate(values)]


def seen(*values: float) -> list[float | None]:
    return [each.value for each in event_observations(years(2020, *values), event="peak", unit="t CO2e")]


def test_a_peak_is_known_five_years_after() -> None:
    assert seen(8, 9, 8, 7, 7, 7, 6) == [0, 1, 1, 1, 1, 1, 1]
    assert seen(8, 9, 8, 7, 7, 7) == [0, None, None, None, None, None]


def test_the_last_of_two_equal_highs_counts() -> None:
    assert seen(9, 9, 1, 1, 1, 1, 1) == [0, 1, 1, 1, 1, 1, 1]


def test_it_is_never_more_than_degraded() -> None:
    assert {each.status for each in event_observations(years(2020, 8, 9, 8), event="peak", unit="t CO2e")} == {
        Status.DEGRADED
    }


def test_a_peak_after_the_deadline_is_missed_and_a_young_one_is_open() -> None:
    target = Target("t", "碳达峰", "milestone", "<=", 2030.0, "年", 2030)
    late = event_observations(years(2028, 7, 8, 9, 10, 9, 8, 7, 6, 5), event="peak", unit="t CO2e")
    young = event_observations(years(2027, 8, 9, 8, 7, 6), event="peak", unit="t CO2e")
    assert assess(target, late, now=date(2037, 6, 1)).verdict.outcome is Outcome.MISSED
    assert assess(target, young, now=date(2032, 6, 1)).verdict.outcome is Outcome.CANNOT


def test_net_zero_is_zero_or_less() -> None:
    found = event_observations(years(2058, 2, 0, -1), event="net_zero", unit="t CO2e")
    assert [each.value for each in found] == [0, 1, 1]


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(PlanError):
        event_observations([], event="plateau", unit="t CO2e")
