"""The duty to add storage, and leases that never rent one capacity twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import DutyRule, StorageLease
from dafeng.domains.energy.plants import leasing, reading, steps
from dafeng.kernel.errors import PermissionDenied
from tests.domains.energy.plants.conftest import CITY, NOW, TODAY


@pytest.fixture
def ruled(city: Any, clerk: Any, ndrc: Any) -> Any:
    def make(kind: str = "wind", *, sign: bool = True, **more: Any) -> DutyRule:
        given = {
            "connected_from": date(2024, 1, 1),
            "connected_until": None,
            "ratio": 10.0,
            "hours": 2.0,
            "document": "文件 1 号",
        } | more
        made = leasing.file_rule(CITY, kind=kind, **given, by=clerk, now=NOW)
        if sign:
            steps.step(made.record, "accept", by=ndrc, now=NOW)
        return made

    return make


@pytest.fixture
def rent(clerk: Any, ndrc: Any, proof: Any) -> Any:
    def make(plant: Any, station: Any, mw: float, mwh: float, *, sign: bool = True, **more: Any) -> StorageLease:
        given = {
            "contract": f"合同 {mw:g}",
            "starts": date(2026, 1, 1),
            "ends": date(2026, 12, 31),
            "evidence": proof,
        } | more
        made = leasing.file_lease(plant, station, mw=mw, mwh=mwh, **given, by=clerk, now=NOW)
        if sign:
            steps.step(made.record, "accept", by=ndrc, now=NOW)
        return made

    return make


def test_without_a_rule_the_duty_is_unknown_and_not_zero(
    keep: Any, stand: Any, ruled: Any, city: Any, clerk: Any
) -> None:
    stand(keep("a1"), 100.0, date(2025, 5, 1))
    waiting = ruled(sign=False)
    (found,) = reading.standings(reading.register(city), TODAY)
    assert (found.state, found.duty.unruled, found.met) == ("unruled", 100.0, False)
    with pytest.raises(PermissionDenied):
        steps.step(waiting.record, "accept", by=clerk, now=NOW)


def test_own_and_leased_storage_meet_the_duty_and_the_rest_is_short(keep: Any, stand: Any, ruled: Any, rent: Any, city: Any) -> None:  # fmt: skip
    """100 MW at 10 % for 2 h owe 10 MW and 20 MWh; own 4/8, rented 3/6: 3 MW and 6 MWh are short."""
    ruled()
    plant, station = keep("a1"), keep("hub", "storage", shared=True)
    stand(plant, 100.0, date(2025, 5, 1))
    stand(keep("s1", "storage", part_of="a1"), 4.0, date(2025, 5, 1), mwh=8.0)
    stand(station, 50.0, date(2025, 5, 1), mwh=100.0)
    rent(plant, station, 3.0, 6.0)
    rent(plant, station, 2.0, 4.0, sign=False)  # binds the station, does not yet serve the plant
    found = reading.register(city)
    (one,) = reading.standings(found, TODAY)
    assert (one.duty.mw, one.duty.mwh) == (pytest.approx(10.0), pytest.approx(20.0))
    assert (one.own.mw, one.leased.mw, one.short.mw, one.short.mwh) == (
        4.0,
        3.0,
        pytest.approx(3.0),
        pytest.approx(6.0),
    )
    (hub,) = reading.stations(found, TODAY)
    assert (hub.leased.mw, hub.free.mw, hub.free.mwh) == (5.0, 45.0, 90.0)
    (later,) = reading.standings(found, date(2027, 1, 1))  # the contract is over
    assert later.short.mw == pytest.approx(6.0)


def test_capacity_is_not_leased_twice(keep: Any, stand: Any, rent: Any) -> None:
    one, two, hub = keep("a1"), keep("b1"), keep("hub", "storage", shared=True)
    stand(hub, 50.0, date(2025, 5, 1), mwh=100.0)
    rent(one, hub, 30.0, 60.0)
    with pytest.raises(Refused) as refused:
        rent(two, hub, 25.0, 50.0, starts=date(2026, 6, 1))
    assert refused.value.code == "leased_twice"
    assert "5 MW、10 MWh" in str(refused.value)
    with pytest.raises(Refused, match="20 MWh"):  # the power would do, the energy does not
        rent(two, hub, 20.0, 60.0)
    rent(two, hub, 50.0, 100.0, starts=date(2027, 1, 1), ends=date(2027, 12, 31))  # the day after the first ends
    with pytest.raises(Refused):
        rent(two, hub, 1.0, 1.0, starts=date(2026, 12, 31), ends=date(2027, 1, 1), contract="夹缝")


def test_a_station_that_shrinks_below_its_leases_is_refused(keep: Any, stand: Any, rent: Any, ndrc: Any) -> None:
    hub = keep("hub", "storage", shared=True)
    stand(hub, 50.0, date(2025, 5, 1), mwh=100.0)
    rent(keep("a1"), hub, 40.0, 80.0)
    with pytest.raises(Refused) as refused:
        stand(hub, 20.0, date(2026, 8, 1), stage="retired", mwh=40.0)
    assert refused.value.code == "leased_twice"
    assert hub.changes.get(stage="retired").record.state == "filed"
    with pytest.raises(Refused, match="已有租赁"):
        keep("hub", "storage", shared=False)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"mw": 0.0}, "mw"), ({"starts": date(2027, 1, 1)}, "span"), ({"ends": date(2099, 1, 1)}, "span"), ({"contract": " "}, "no_document"),
        ({"evidence": []}, "no_proof"), ({"mw": float("nan")}, "mw"),
    ],
)  # fmt: skip
def test_a_contract_that_cannot_be_is_refused(
    keep: Any, stand: Any, rent: Any, given: dict[str, Any], reason: str
) -> None:
    hub = keep("hub", "storage", shared=True)
    stand(hub, 50.0, date(2025, 5, 1), mwh=100.0)
    with pytest.raises(Refused) as refused:
        rent(keep("a1"), hub, **({"mw": 5.0, "mwh": 10.0} | given))
    assert refused.value.code == reason


def test_only_shared_storage_is_rented_and_only_wind_and_sun_rent(keep: Any, rent: Any) -> None:
    hub, own = keep("hub", "storage", shared=True), keep("own", "storage")
    with pytest.raises(Refused, match="不是共享储能"):
        rent(keep("a1"), own, 1.0, 2.0)
    with pytest.raises(Refused, match="只有风电"):
        rent(keep("w1", "waste"), hub, 1.0, 2.0)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"kind": "waste"}, "kind"), ({"ratio": 101.0}, "ratio"), ({"hours": 25.0}, "hours"), ({"document": ""}, "no_document"),
        ({"connected_until": date(2023, 1, 1)}, "span"), ({"connected_from": date(2030, 1, 1)}, "overlap"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused(ruled: Any, given: dict[str, Any], reason: str) -> None:
    ruled()
    with pytest.raises(Refused) as refused:
        ruled(**given)
    assert refused.value.code == reason


def test_a_rule_of_nothing_is_a_rule(keep: Any, stand: Any, ruled: Any, city: Any) -> None:
    ruled(ratio=0.0, hours=0.0)
    stand(keep("a1"), 100.0, date(2025, 5, 1))
    (found,) = reading.standings(reading.register(city), TODAY)
    assert (found.state, found.met, found.duty.mw) == ("met", True, 0.0)
