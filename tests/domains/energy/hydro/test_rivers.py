"""Rivers and gauges by form: who may change which, what is refused and how, and that each write is audited."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dafeng.domains.energy.hydro import sheet, store
from dafeng.domains.energy.models import HydroGauge, HydroPoint, River
from dafeng.kernel.records.models import AuditEntry
from dafeng.kernel.series import services as series
from tests.domains.energy.hydro.conftest import CITY, GUSHI, NOW, SHIHE

NEW_RIVER, NEW_GAUGE = reverse("energy:hydro-river-new"), reverse("energy:hydro-gauge-new")


def river_page(code: str) -> str:
    return reverse("energy:hydro-river-edit", kwargs={"river": code})


def gauge_page(code: str) -> str:
    return reverse("energy:hydro-gauge-edit", kwargs={"gauge": code})


def test_a_river_is_registered_and_brought_up_to_date(client: Client, river: Any, ndrc: Any) -> None:
    main = river("main")
    client.force_login(ndrc)
    told = {"code": "brook", "name": "溪", "basin": "淮河", "length": "24.5", "downstream": main.pk, "joins": "52"}
    assert client.post(NEW_RIVER, told).status_code == 302
    made = River.objects.get(code="brook")
    assert (made.name, made.basin, made.length, made.downstream, made.joins) == ("溪", "淮河", 24.5, main, 52.0)
    # The code is shut: another one in the answer changes nothing of it.
    assert client.post(river_page("brook"), {"code": "other", "name": "大溪", "length": "25"}).status_code == 302
    made.refresh_from_db()
    assert (made.code, made.name, made.length, made.downstream, made.joins) == ("brook", "大溪", 25.0, None, None)
    assert not River.objects.filter(code="other").exists()
    entries = AuditEntry.objects.filter(subject_kind="river", subject_id="brook")
    assert [(each.action, each.actor) for each in entries] == [("energy.hydro.river", ndrc.get_username())] * 2


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"code": "main"}, "已经登记"), ({"name": ""}, "有几处需要修改"), ({"length": "0"}, "河长（km） 0.0 不对"), ({"length": "-1"}, "有几处需要修改"),
        ({"joins": "5"}, "汇入处距河口 5.0 km 不对"), ({"code": "写法"}, "有几处需要修改"),
    ],
)  # fmt: skip
def test_a_river_that_cannot_be_is_refused_in_words(
    client: Client, river: Any, ndrc: Any, told: dict[str, str], says: str
) -> None:
    river("main")
    client.force_login(ndrc)
    answer = client.post(NEW_RIVER, {"code": "brook", "name": "溪"} | told)
    assert (answer.status_code, says in answer.content.decode()) == (422, True)
    assert list(River.objects.values_list("code", "name")) == [("main", "河 main")]


def test_a_river_joins_another_within_its_length_and_never_itself(client: Client, river: Any, ndrc: Any) -> None:
    main = river("main")
    River.objects.filter(pk=main.pk).update(length=70.0)
    brook = river("brook", into=River.objects.get(pk=main.pk), joins=70.0)
    client.force_login(ndrc)
    beyond = client.post(NEW_RIVER, {"code": "rill", "name": "沟", "downstream": main.pk, "joins": "70.1"})
    assert "汇入处距河口 70.1 km 不对" in beyond.content.decode()
    round_ = client.post(river_page("main"), {"name": "河", "downstream": brook.pk, "joins": "1"})
    assert "河流不能流回自己" in round_.content.decode()
    assert River.objects.get(pk=main.pk).downstream is None


def test_a_county_changes_a_river_on_which_nobody_else_stands(
    client: Client, station: Any, river: Any, person: Any, city: Any
) -> None:
    """By form and by import alike."""
    for code in ("empty", "mine", "ours"):
        river(code)
    station("s-1", place=SHIHE, on=River.objects.get(code="mine"))
    station("s-2", place=SHIHE, on=River.objects.get(code="ours"))
    gauge = {"name": "测站", "place": GUSHI, "river": River.objects.get(code="ours"), "km": 3.0}
    store.keep_gauge(CITY, code="g-1", given=gauge, by=None, now=NOW)
    county = person("county", SHIHE)
    client.force_login(county)
    for code, status in {"empty": 302, "mine": 302, "ours": 403}.items():
        assert client.post(river_page(code), {"name": f"新 {code}"}).status_code == status
    page = client.get(reverse("energy:hydro-rivers")).content.decode()
    assert [river_page(code) in page for code in ("empty", "mine", "ours")] == [True, True, False]
    text = "河流编号,河流名称\nmine,河甲\nours,河乙\n"
    _record, preview = sheet.open_import(city, io.BytesIO(text.encode()), name="河.csv", by=county, now=NOW)
    assert [(each.where.row, each.where.column) for each in preview.problems] == [(3, "河流编号")]
    assert River.objects.get(code="ours").name == "河 ours"


def test_a_gauge_is_registered_in_its_own_county_only(client: Client, river: Any, person: Any) -> None:
    main = river("main")
    county, away = person("county", SHIHE), person("county", GUSHI)
    client.force_login(county)
    told = {"code": "g-1", "name": "测站", "place": SHIHE, "river": main.pk, "km": "60", "alert_level": "84.5"}
    assert client.post(NEW_GAUGE, told | {"place": GUSHI}).status_code == 422
    assert client.post(NEW_GAUGE, told | {"km": ""}).status_code == 422
    assert not HydroGauge.objects.exists()
    assert client.post(NEW_GAUGE, told).status_code == 302
    again = client.post(NEW_GAUGE, told | {"name": "同号"})
    assert "已经登记" in again.content.decode()
    changed = told | {"alert_level": "85", "place": GUSHI, "code": "g-2"}
    assert client.post(gauge_page("g-1"), changed).status_code == 302
    made = HydroGauge.objects.get()
    assert (made.code, made.place, made.km, made.alert_level, made.name) == ("g-1", SHIHE, 60.0, 85.0, "测站")
    client.force_login(away)
    assert client.post(gauge_page("g-1"), told).status_code == 404  # to them it does not exist
    assert AuditEntry.objects.filter(subject_kind="gauge", subject_id="g-1").count() == 2


def test_a_gauge_is_bound_to_its_points(client: Client, river: Any, ndrc: Any) -> None:
    given = {"name": "测站", "place": SHIHE, "river": river("main"), "km": 60.0}
    store.keep_gauge(CITY, code="g-1", given=given, by=None, now=NOW)
    series.ensure_point(
        "g-1-level", subject="hydro:g-1", organisation="", place=SHIHE, name="水位", quantity="level", unit="m", kind="instant", period=3600,
        since=NOW,
    )  # fmt: skip
    client.force_login(ndrc)
    address = reverse("energy:hydro-gauge-points", kwargs={"gauge": "g-1"})
    assert "还没有绑定测点" in client.get(address).content.decode()
    assert client.post(address, {"role": "power", "point": "g-1-level", "unit": "0"}).status_code == 422
    assert client.post(address, {"role": "level", "point": "g-1-level", "unit": "0"}).status_code == 302
    assert HydroPoint.objects.get().gauge.code == "g-1"


def test_the_list_of_rivers_says_what_is_not_known_and_when_it_is_empty(
    client: Client, river: Any, ndrc: Any, city: Any
) -> None:
    client.force_login(ndrc)
    assert "还没有登记河流" in client.get(reverse("energy:hydro-rivers")).content.decode()
    river("brook", into=river("main"), joins=52.0)
    page = client.get(reverse("energy:hydro-rivers")).content.decode()
    assert "待录入" in page
    assert client.get("/api/energy/hydro/rivers").json()["items"] == [
        {"code": "brook", "name": "河 brook", "basin": "", "length": None, "downstream": "main", "joins": 52.0, "demo": False},
        {"code": "main", "name": "河 main", "basin": "", "length": None, "downstream": "", "joins": None, "demo": False},
    ]  # fmt: skip
