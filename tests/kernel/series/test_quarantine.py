"""What could not be taken waits by reason and point, is seen by whom it concerns, and is released or dropped; nothing of it is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records.models import AuditEntry
from dafeng.kernel.series import points, quarantine, queries, services
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Quarantine
from tests.kernel.series.conftest import DAY, LATER, rows


@pytest.fixture
def person(db):
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, organisation: str = "", place: str = "411500") -> Any:
        user = User.objects.create_user(f"{role}-{organisation}", password="a-long-test-password")
        office, _made = Organisation.objects.get_or_create(
            code=organisation or role, defaults={"name": organisation or role}
        )
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


def test_readings_wait_by_reason_and_point_and_a_storm_of_points_together(point, send) -> None:
    m, n = point("m", kind="interval"), point("n", kind="interval")
    strangers = pl.concat([rows(f"x{number}", [1.0]) for number in range(quarantine.APART + 1)])
    frame = pl.concat([rows(m, [float("nan"), float("nan")]), rows(n, [float("inf")]), strangers])
    assert send(frame).reasons == {"not_a_number": 3, "unknown_point": 21}
    found = Quarantine.objects.order_by("reason", "code").values_list("reason", "code", "points", "count")
    assert list(found) == [("not_a_number", "m", 1, 2), ("not_a_number", "n", 1, 1), ("unknown_point", "", 21, 21)]
    assert Quarantine.objects.get(code="m").first_at == DAY
    assert quarantine.sample(Quarantine.objects.get(code="n"))["code"].to_list() == ["n"]


def test_what_is_alike_is_one_row_with_the_counts_of_all(point, send) -> None:
    """Forty batches of one stranger and one of another: 40 × 3 readings, and 1."""
    for number in range(40):
        send(rows("nobody", [1.0, 2.0, 3.0], start=DAY + timedelta(days=number)), now=LATER + timedelta(seconds=number))
    send(rows("somebody", [1.0]))
    found = quarantine.alike(Quarantine.objects.all()).order_by("-readings")
    told = [(each.code, each.batches, each.readings) for each in found]
    assert told == [("nobody", 40, 120), ("somebody", 1, 1)]
    assert (found[0].earliest, found[0].latest) == (DAY, DAY + timedelta(days=39, minutes=30))


@pytest.mark.parametrize("code", ["a/../../../etc/x", "长" * 300, "a\0b", " ", "'; drop table"])
def test_a_code_may_be_any_text(point, send, code: str) -> None:
    send(rows(code, [1.0]))
    held = Quarantine.objects.get()
    assert len(held.code) <= 80
    assert "\0" not in held.code
    assert quarantine.sample(held)["code"].to_list() == [code]
    assert (
        (points.the_store().home / held.path).resolve().is_relative_to(points.the_store().home.resolve() / "quarantine")
    )


def test_two_long_codes_that_begin_alike_stay_two(point, send) -> None:
    send(pl.concat([rows("长" * 100 + end, [1.0]) for end in "甲乙"]))
    assert Quarantine.objects.count() == 2


def test_a_point_is_made_and_all_that_waited_for_it_come_in_at_once(point, send, person) -> None:
    for number in range(3):
        send(rows("late", [float(number)], start=DAY + timedelta(hours=number)))
    keeper = person("ndrc")
    late = point("late", kind="interval")
    done = quarantine.decide(Quarantine.objects.latest("pk"), how="release", by=keeper, now=LATER, note="已登记")
    assert done == quarantine.Decided(3, taken=3, again=0, refused=0, left=0)
    assert queries.readings([late], DAY, DAY + timedelta(days=1))["value"].to_list() == [0.0, 1.0, 2.0]
    assert set(Quarantine.objects.values_list("state", "settled_by", "note")) == {("released", keeper.pk, "已登记")}
    assert AuditEntry.objects.filter(action="series.quarantine.released").count() == 3


def test_a_unit_changed_in_mid_year_is_released_once_it_is_stated(point, send, person) -> None:
    """12 kWh, then 0.013 MWh: stated and released, 13 kWh."""
    m = point("m", kind="interval")
    send(rows(m, [12.0], unit="kWh"))
    send(rows(m, [None, 0.013], unit="MWh"))
    held, keeper = Quarantine.objects.get(reason="unit_changed"), person("ndrc")
    assert (
        quarantine.decide(held, how="release", by=keeper, now=LATER).refused == 1
    )  # nothing was mended: it waits again
    assert Quarantine.objects.filter(state="held").count() == 1
    services.state_fact(m, "unit", "MWh", DAY + timedelta(minutes=5), now=LATER)
    held = Quarantine.objects.get(state="held")
    assert quarantine.decide(held, how="release", by=keeper, now=LATER).taken == 1
    assert queries.used([m], DAY - timedelta(minutes=15), DAY + timedelta(hours=1), "15m")[
        "value"
    ].to_list() == pytest.approx([12.0, 13.0])


def test_what_is_dropped_has_a_reason_and_stays_in_its_file(point, send, person) -> None:
    send(rows("nobody", [1.0, 2.0]))
    held, keeper = Quarantine.objects.get(), person("ndrc")
    before = quarantine.rows_of(held)
    with pytest.raises(SeriesError, match="为什么废弃"):
        quarantine.decide(held, how="drop", by=keeper, now=LATER, note=" ")
    quarantine.decide(held, how="drop", by=keeper, now=LATER, note="调试时误发")
    held.refresh_from_db()
    assert (held.state, held.note) == ("dropped", "调试时误发")
    assert_frame_equal(quarantine.rows_of(held), before)
    with pytest.raises(SeriesError, match="已经处理过"):
        quarantine.decide(held, how="release", by=keeper, now=LATER)


def test_a_firm_decides_on_its_own_and_on_nothing_else(point, send, person) -> None:
    mine = point("mine", kind="interval", organisation="steel")
    theirs = point("theirs", kind="interval", organisation="mill")
    send(pl.concat([rows(mine, [float("nan")]), rows(theirs, [float("nan")])]))
    manager = person("enterprise", "steel")
    assert [each.code for each in Quarantine.objects.for_user(manager)] == ["mine"]
    with pytest.raises(PermissionDenied):
        quarantine.decide(Quarantine.objects.get(code="theirs"), how="drop", by=manager, now=LATER, note="x")
    assert (
        quarantine.decide(Quarantine.objects.get(code="mine"), how="drop", by=manager, now=LATER, note="x").batches == 1
    )


def test_what_a_device_tells_of_others_meters_its_own_people_cannot_bring_in(point, send, person) -> None:
    """A gateway of the mill sends readings of 21 meters that are not its own: they wait with it, and only an office releases them."""
    device, _secret = services.make_device("gw", "采集器", by=None, now=LATER, organisation="mill")
    meters = [point(f"s{number}", kind="interval", organisation=f"firm-{number % 2}") for number in range(21)]
    send(pl.concat([rows(each, [5.0]) for each in meters]), device=device)
    held = Quarantine.objects.get(reason="foreign_point")
    assert held.organisation == "mill"
    with pytest.raises(SeriesError, match="不归您管"):
        quarantine.decide(held, how="release", by=person("enterprise", "mill"), now=LATER)
    assert quarantine.decide(held, how="release", by=person("ndrc"), now=LATER).taken == 21
