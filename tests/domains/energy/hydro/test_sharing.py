"""Who sees what on a river: each rule of the shared board, on the pages, over HTTP, and in the readings themselves."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from dafeng.domains.energy.hydro import notices, store, warnings
from dafeng.domains.energy.models import EcoWarning, HydroNotice, HydroStation
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.series.models import Point
from tests.domains.energy.control.conftest import GUSHI, NOW, SHIHE, XIN

XIAN = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 18, tzinfo=XIAN)


@pytest.fixture
def basin(river: Any, station: Any, decide: Any, measure: Any) -> dict[str, HydroStation]:
    """Main river: `up` (Shihe, owner one) above `down` (Gushi, owner two); a brook with `side` (Xin, three) joins between; `away` elsewhere."""
    main, away = river("main"), river("away")
    brook = river("brook", into=main, joins=20.0)
    made = {
        "up": station("up", km=30.0, owner="one", price="0.30"), "down": station("down", km=10.0, place=GUSHI, owner="two", price="0.31"),
        "side": station("side", km=4.0, place=XIN, owner="three", on=brook), "away": station("away", km=4.0, owner="four", on=away),
    }  # fmt: skip
    for code in ("up", "down"):
        decide(made[code], 0.5, since=date(2026, 11, 18))
        measure(made[code], "eco", [0.6] * 24 + [0.3] * 8 + [0.6] * 50, start=START)
        measure(made[code], "power", [123.0] * 82, start=START)
        measure(made[code], "level", [88.0] * 82, start=START)
    warnings.detect(list(made.values()), now=NOW)
    return made


def page(client: Client, name: str, **where: Any) -> tuple[int, str]:
    answer = client.get(reverse(f"energy:{name}", kwargs=where or None))
    return answer.status_code, answer.content.decode()


def test_an_owner_sees_its_own_in_full_and_of_the_others_only_what_is_shared(client: Client, basin: Any, person: Any) -> None:  # fmt: skip
    client.force_login(person("enterprise", SHIHE, "one"))
    status, own = page(client, "hydro-station", station="up")
    assert status == 200
    assert "按登记电价估算收入" in own
    assert "利用小时" in own
    status, other = page(client, "hydro-station", station="down")
    assert status == 200
    assert "88.00" in other
    assert "只显示共享的水情" in other
    assert "业主没有同意共享出力和发电量" in other
    assert "123" not in other
    assert "利用小时" not in other
    assert "按登记电价估算收入" not in other
    for code in ("away", "side"):
        assert page(client, "hydro-station", station=code)[0] == 404, "another river"
    told = client.get("/api/energy/hydro/stations/down").json()
    assert (told["level"], told["eco"], told["now"], told["power"], told["full"]) == (88.0, 0.6, "met", None, False)
    assert client.get("/api/energy/hydro/stations/up").json()["power"] == 123.0
    assert {each["code"] for each in client.get("/api/energy/hydro/stations").json()["items"]} == {"up", "down"}


def test_the_readings_themselves_do_not_leak_through_the_series(client: Client, basin: Any, person: Any) -> None:
    owner = person("enterprise", SHIHE, "one")
    assert set(Point.objects.for_user(owner).values_list("code", flat=True)) == {"up-eco-0", "up-power-0", "up-level-0"}


def test_inner_matters_of_another_station_do_not_exist(client: Client, basin: Any, person: Any) -> None:
    client.force_login(person("enterprise", SHIHE, "one"))
    assert page(client, "hydro-forecast", station="down")[0] == 404
    assert client.get("/api/energy/hydro/stations/down/forecast").status_code == 404
    theirs = EcoWarning.objects.get(station__code="down", kind="short")
    mine = EcoWarning.objects.get(station__code="up", kind="short")
    assert page(client, "hydro-warning", id=theirs.pk)[0] == 404
    assert page(client, "hydro-warning", id=mine.pk)[0] == 200
    listed = client.get("/api/energy/hydro/warnings").json()["items"]
    assert {each["station"] for each in listed} == {"up"}
    body = {"action": "explain", "note": "不是我的"}
    assert client.post(f"/api/energy/hydro/warnings/{theirs.pk}/steps", body, content_type="application/json").status_code == 404  # fmt: skip


def test_consent_opens_power_but_not_income_and_only_the_owner_gives_it(client: Client, basin: Any, person: Any) -> None:  # fmt: skip
    address = reverse("energy:hydro-consent", kwargs={"station": "down"})
    client.force_login(person("enterprise", SHIHE, "one"))
    assert client.post(address, {"shares": "yes"}).status_code == 404
    with pytest.raises(PermissionDenied):
        store.consent(basin["down"], shares=True, by=person("department"), now=NOW)
    client.force_login(person("enterprise", GUSHI, "two"))
    assert client.post(address, {"shares": "yes"}).status_code == 302
    client.force_login(person("enterprise", SHIHE, "one", username="again"))
    text = page(client, "hydro-station", station="down")[1]
    assert "利用小时" in text
    assert "按登记电价估算收入" not in text
    assert client.get("/api/energy/hydro/stations/down").json()["power"] == 123.0


def test_a_county_sees_its_stations_in_full_and_the_shared_part_of_the_river(client: Client, basin: Any, person: Any) -> None:  # fmt: skip
    client.force_login(person("county", GUSHI))
    assert client.get("/api/energy/hydro/stations/down").json()["full"] is True
    assert client.get("/api/energy/hydro/stations/up").json()["full"] is False
    assert client.get("/api/energy/hydro/stations/away").status_code == 404
    assert {each["station"] for each in client.get("/api/energy/hydro/warnings").json()["items"]} == {"down"}


@pytest.mark.parametrize("role", ["ndrc", "ecology", "department", "leader"])
def test_the_offices_see_all(client: Client, basin: Any, person: Any, role: str) -> None:
    client.force_login(person(role, username="desk"))
    for code in basin:
        assert client.get(f"/api/energy/hydro/stations/{code}").json()["full"] is True


def test_one_without_a_station_sees_none(client: Client, basin: Any, person: Any) -> None:
    client.force_login(person("enterprise", SHIHE, "bakery"))
    assert client.get("/api/energy/hydro/stations").json()["items"] == []
    assert page(client, "hydro")[0] == 200
    assert page(client, "hydro-station", station="up")[0] == 404


def _post(station: HydroStation, by: Any, kind: str) -> HydroNotice:
    return notices.post(station, kind=kind, starts=NOW + timedelta(hours=2), ends=NOW + timedelta(hours=6), flow=4.0, text="放水", by=by, now=NOW)  # fmt: skip


def test_notices_go_downstream_and_planned_releases_along_the_river(basin: Any, person: Any) -> None:
    people = {name: person("enterprise", SHIHE, name) for name in ("one", "two", "three", "four")}
    flood = _post(basin["up"], people["one"], "flood")
    side = _post(basin["side"], people["three"], "flood")
    release = _post(basin["down"], people["two"], "release")
    mending = _post(basin["down"], people["two"], "maintenance")
    seen = {name: set(notices.seen_by(each).values_list("pk", flat=True)) for name, each in people.items()}
    assert seen["one"] == {flood.pk, release.pk}, "its own, and the planned release of its river; maintenance below does not reach it"  # fmt: skip
    assert seen["two"] == {flood.pk, side.pk, release.pk, mending.pk}, "what comes from above, also from the brook"
    assert seen["three"] == {side.pk}, "the brook does not lie below the main river"
    assert seen["four"] == set()
    assert set(notices.seen_by(person("county", GUSHI)).values_list("pk", flat=True)) == seen["two"]
    assert notices.seen_by(person("statistics")).count() == 4
    assert {each.code for each in notices.readers_of(basin["side"])} == {"down"}


def test_only_who_runs_a_station_speaks_for_it_and_takes_back(client: Client, basin: Any, person: Any) -> None:
    one, two = person("enterprise", SHIHE, "one"), person("enterprise", GUSHI, "two")
    with pytest.raises(PermissionDenied):
        _post(basin["down"], one, "flood")
    flood = _post(basin["up"], one, "flood")
    client.force_login(two)
    client.post(reverse("energy:hydro-notice-withdraw", kwargs={"id": flood.pk}))
    assert HydroNotice.objects.get().withdrawn_at is None
    client.force_login(one)
    client.post(reverse("energy:hydro-notice-withdraw", kwargs={"id": flood.pk}))
    assert HydroNotice.objects.get().withdrawn_at is not None
    given = {"station": "up", "kind": "flood", "starts": "2026-11-22T08:00", "ends": "2026-11-22T12:00", "text": "洪水"}
    assert client.post(reverse("energy:hydro-notices"), given).status_code == 302
    assert client.post(reverse("energy:hydro-notices"), given | {"ends": "2026-11-22T07:00"}).status_code == 422
    assert client.post(reverse("energy:hydro-notices"), given | {"station": "down"}).status_code == 422
    body = given | {"station": "down", "starts": "2026-11-22T08:00:00+08:00", "ends": "2026-11-22T12:00:00+08:00"}
    assert client.post("/api/energy/hydro/notices", body, content_type="application/json").status_code == 403
    answer = client.post("/api/energy/hydro/notices", body | {"station": "up"}, content_type="application/json")
    assert answer.status_code == 201, answer.content


def test_a_person_who_only_looks_settles_nothing(client: Client, basin: Any, person: Any) -> None:
    found = EcoWarning.objects.filter(kind="short").first()
    client.force_login(person("leader"))
    address = reverse("energy:hydro-warning-step", kwargs={"id": found.pk})
    assert client.post(address, {"state": "new", "action": "confirm"}).status_code == 403
    client.force_login(person("department"))
    assert client.post(address, {"state": "solved", "action": "confirm"}).status_code == 409, (
        "it has moved on meanwhile"
    )
    assert client.post(address, {"state": "new", "action": "confirm"}).status_code == 302
    found.refresh_from_db()
    assert found.state == "confirmed"
