"""Who is reminded of what, and the share that was due before the last day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from dafeng.domains.enterprise.compliance import (
    allocations,
    deadlines,
    holdings,
    library,
    listing,
    positions,
    surrendering,
)
from dafeng.domains.enterprise.compliance.methods.duty import cycle_of
from dafeng.domains.enterprise.errors import Refused
from dafeng.kernel.desk.models import Notice
from tests.domains.enterprise.compliance.conftest import COAL, NOW

pytestmark = pytest.mark.django_db


def reminded(day: date) -> list[tuple[str, str]]:
    """(who, title) of the notices that a day brings."""
    before = set(Notice.objects.values_list("pk", flat=True))
    deadlines.remind(today=day, now=datetime(day.year, day.month, day.day, 1, tzinfo=UTC))
    return [(each.user.username, each.title) for each in Notice.objects.exclude(pk__in=before).order_by("pk")]


def position_of(firm: Any, year: int) -> positions.Position:
    return next(each for each in positions.history(firm, today=NOW.date(), held=holdings.of(firm)) if each.covered.year == year)  # fmt: skip


def test_who_holds_old_allowances_is_told_of_carrying_over_until_its_last_day(stocked, clerk):
    """979,000 t of 2019 are free; the last day of applying is 2026-06-10 (ICAP)."""
    assert not [title for _who, title in reminded(date(2026, 5, 10)) if "结转" in title]  # 31 days
    wanted = ("clerk", "还有 979,000 吨 2019—2024 年配额可申请结转，2026-06-10 截止")
    for day in (date(2026, 5, 11), date(2026, 6, 3), date(2026, 6, 9)):  # 30, 7, 1 days
        assert reminded(day).count(wanted) == 1
    assert wanted not in reminded(date(2026, 6, 10))  # told already
    assert wanted not in reminded(date(2026, 6, 11))


def test_who_holds_nothing_is_not_told_of_carrying_over(covered, clerk):
    assert not [title for _who, title in reminded(date(2026, 6, 9)) if "结转" in title]


def test_the_bureau_is_told_of_its_own_dates_with_how_many_still_wait(covered, bureau):
    """The plant is on the list of 2025; pre-allocation of power is due on 2026-06-30, approval on 2026-09-20."""
    assert ("ecology", "发电行业预分配、核查完成：2026-06-30 截止，还有 1 家没有办") in reminded(date(2026, 6, 23))
    assert not [title for _who, title in reminded(date(2026, 4, 9)) if "钢铁" in title]  # none of that sector is listed
    assert ("ecology", "确定下年度名录：2026-10-31 截止") in reminded(date(2026, 10, 30))
    assert not [who for who, _title in reminded(date(2026, 12, 30)) if who == "ecology"]


def test_a_date_whose_work_is_done_is_not_told(covered, bureau, monkeypatch):
    assert deadlines._left(next(each for each in deadlines.of_year(2020) if each.row["code"] == "approval")) == 1
    allocations.allocate_firm(covered, 2019, "final", [COAL], by=bureau, now=NOW)
    for code in ("approval", "power-pre"):
        assert deadlines._left(next(each for each in deadlines.of_year(2020) if each.row["code"] == code)) == 0


def test_the_share_due_early_is_counted(stocked, bureau, clerk):
    """95 % by 2021-12-15 (环办气候函〔2021〕492号): 950,000 of 1,000,000 t."""
    assert str(deadlines.early(2019)) == "(datetime.date(2021, 12, 15), Decimal('0.95'))"
    assert deadlines.early(2023) is None
    assert deadlines.early_lack(position_of(stocked, 2019)) == 950_000
    surrendering.decide_surrender(surrendering.apply_surrender(stocked, 2019, 900_000, 0, key="k", by=clerk, now=NOW), grant=True, by=bureau, now=NOW)  # fmt: skip
    assert deadlines.early_lack(position_of(stocked, 2019)) == 50_000
    titles = [title for who, title in reminded(date(2021, 12, 14)) if who == "clerk"]
    assert titles[0] == "2019 年度到 2021-12-15 须先清缴 95%，还差 50,000 吨"
    assert "2019 年度还有 100,000 吨待清缴，2021-12-31 截止" in titles
    assert not [title for _who, title in reminded(date(2021, 12, 16)) if "须先清缴" in title]


def test_the_calendar_shows_the_early_share(client, db):
    page = client.get("/enterprise/compliance/calendar/").content.decode()
    assert "2021-12-15：95%" in page
    assert "2023-11-15：95%" in page


def test_the_years_do_not_end(covered, firms, bureau, paper, monkeypatch):
    """On 2031-11-05 the surrender for 2030 is next (due 2031-12-31), and the list of 2032 may be entered, 2033 not yet."""
    then = datetime(2031, 11, 5, 2, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: then)
    assert positions.current_year(then.date()) == 2030
    assert positions.current_year(date(2032, 1, 1)) == 2031
    assert positions.known_years(then.date()) == list(range(2019, 2033))
    [entry] = listing.enter(2032, [("plant", "power")], paper=paper("名录"), by=bureau, now=then)
    [position] = positions.positions([entry], today=then.date(), held={})
    assert (position.due, position.state) == (date(2033, 12, 31), "no_report")
    with pytest.raises(Refused) as caught:
        listing.enter(2033, [("plant", "power")], paper=paper("名录二"), by=bureau, now=then)
    assert caught.value.code == "year_without_rules"
    client = Client()
    client.force_login(bureau)
    for address in ("", "city/", "screening/", "lists/"):
        page = client.get(f"/enterprise/compliance/{address}?year=2032").content.decode()
        assert re.search(r'aria-current="true">2032<', page), address
        assert ">2033<" not in page
    assert "2033-12-31" in client.get("/enterprise/compliance/calendar/").content.decode()


def test_a_year_before_the_first_or_beyond_the_calendar_has_no_rules():
    for year in (2018, 9999):
        with pytest.raises(Refused):
            cycle_of(year, library.cycle_rules())
    assert cycle_of(2022, library.cycle_rules())["due"] == date(2023, 12, 31)
    assert cycle_of(2026, library.cycle_rules())["due"] == date(2027, 12, 31)
