"""Days as the State Council's notices set them."""

from datetime import date

import pytest

from dafeng.domains.energy.monitoring.methods import calendar


@pytest.mark.parametrize(
    ("on", "kind", "group"),
    [
        # 国办发明电〔2023〕7号 (the notice for 2024): Spring Festival 10–17 February off, 4 and 18 February worked.
        (date(2024, 2, 4), "makeup", calendar.WORK),
        (date(2024, 2, 10), "spring", calendar.SPRING),
        (date(2024, 2, 18), "makeup", calendar.WORK),
        (date(2024, 10, 1), "holiday", calendar.OFF),
        (date(2024, 6, 15), "rest", calendar.SATURDAY),
        (date(2024, 6, 16), "rest", calendar.OFF),
        (date(2024, 6, 17), "work", calendar.WORK),
    ],
)
def test_a_day_is_what_the_notice_says(on, kind, group):
    day = calendar.chinese(on)
    assert (day.kind, day.group, day.known) == (kind, group, True)


def test_a_year_without_notice_goes_by_weekday_and_says_so():
    day = calendar.chinese(date(2090, 10, 1))  # a Sunday
    assert (day.kind, day.known) == ("rest", False)


def test_facts_look_over_the_edge():
    told = calendar.facts([date(2024, 6, 14), date(2024, 6, 15), date(2024, 6, 16)])
    assert told.works.tolist() == [True, False, False]
    assert told.before_off.tolist() == [True, False, False]
    assert calendar.facts([date(2024, 6, 17)]).after_off.tolist() == [True]
