"""Import, pages, operations, who sees what, with the demonstration."""

from __future__ import annotations

import io
import re
import time
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.energy.models import CapacityChange, CountyTotal, DutyRule, Plant, PlantMonth, StorageLease
from dafeng.domains.energy.plants import demo, reading, sheet, steps
from dafeng.kernel.errors import PermissionDenied, UploadError
from tests.domains.energy.plants.conftest import CITY, GUSHI, NOW, SHIHE, TODAY

HEAD = "编号,名称,县区,类型,备案或核准文号,属于电站,阶段,日期,容量（MW）,直流容量（MWp）,储能容量（MWh）,文件号\n"


def opened(city: Any, text: str, by: Any) -> Any:
    return sheet.open_import(city, io.BytesIO((HEAD + text).encode()), name="台账.csv", by=by, now=NOW, today=TODAY)


def test_a_sheet_is_taken_whole_and_counts_once_another_person_accepted(city: Any, clerk: Any, ndrc: Any) -> None:
    record, preview = opened(
        city,
        "w-1,甲风电场,浉河区,风电,文1,,备案或核准,2023-02-01,100,,,文1\nw-1,甲风电场,浉河区,风电,文1,,并网,2024/05/01,100,,,验1\n"
        "s-1,甲储能,浉河区,新型储能,,w-1,并网,2024-05-01,10,,20,验2\nv-1,乙光伏,固始县,集中式光伏,文2,,并网,2025-06-30,50,60,,验3\n",
        clerk,
    )
    assert preview.problems == []
    assert not Plant.objects.exists()
    assert sheet.file(record, by=clerk, now=NOW) == 4
    assert reading.register(city).stock("wind", TODAY).mw == 0.0
    with pytest.raises(PermissionDenied):
        steps.step(record, "accept", by=clerk, now=NOW)
    steps.step(record, "accept", by=ndrc, now=NOW)
    found = reading.register(city)
    assert (found.stock("wind", TODAY).mw, found.stock("pv", TODAY).mwp, found.stock("storage", TODAY).mwh) == (
        100.0,
        60.0,
        20.0,
    )
    assert Plant.objects.get(code="s-1").part_of.code == "w-1"
    # The same sheet again says which plants are there; a further stage of a known plant is taken.
    _record, again = opened(
        city,
        "w-9,甲风电场,浉河区,风电,,,并网,2024-05-01,100,,,验9\nw-1,甲风电场,浉河区,风电,文1,,退役,2026-01-01,10,,,退1\n",
        clerk,
    )
    assert [(each.where.row, each.where.column) for each in again.problems] == [(2, "名称")]


def test_every_fault_of_a_sheet_is_told_by_row_and_column(city: Any, clerk: Any) -> None:
    record, preview = opened(
        city,
        "w-1,甲,浉河区,风电,文1,,并网,2024-05-01,100,,,验1\nw-2,乙,火星,风电,,,并网,昨天,-5,,,\nw-3,丙,浉河区,风电,文1,,并网,2024-05-01,10,,,验2\n"
        "w-1,甲,浉河区,风电,文1,,并网,2024-05-01,100,,,验1\nw-4,丁,浉河区,风电,,,并网,2024-05-01,10,,20,验3\nv-1,戊,浉河区,集中式光伏,,,并网,2024-05-01,10,99,,验4\n"
        "s-1,己,浉河区,新型储能,,v-9,并网,2024-05-01,10,,20,验5\nw-5,庚,浉河区,风电,,,并网,2099-05-01,10,,,验6\nw-6,,浉河区,潮汐,,,停,2024-05-01,many,,,\n",
        clerk,
    )
    assert record is None
    told = [(each.where.row, each.where.column) for each in preview.problems]
    assert told == [
        (3, "县区"), (3, "日期"), (4, "备案或核准文号"), (5, "阶段"), (6, "储能容量（MWh）"), (7, "直流容量（MWp）"), (8, "属于电站"), (9, "日期"),
        (10, "名称"), (10, "类型"), (10, "阶段"), (10, "容量（MW）"),
    ]  # fmt: skip
    assert not Plant.objects.exists()


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"a,b\n1,2\n", HEAD.encode(), b"PK\x03\x04broken"])
def test_what_is_no_such_table_is_refused_in_words(city: Any, clerk: Any, content: bytes) -> None:
    with pytest.raises(UploadError) as refused:
        sheet.open_import(city, io.BytesIO(content), name="台账.csv", by=clerk, now=NOW, today=TODAY)
    assert refused.value.what


def test_a_county_cannot_import_into_another(city: Any, person: Any) -> None:
    _record, preview = opened(city, "w-1,甲,浉河区,风电,,,并网,2024-05-01,100,,,验1\n", person("county", GUSHI))
    assert [each.where.column for each in preview.problems] == ["县区"]


def test_the_template_is_read_back_as_a_table_without_rows(city: Any, clerk: Any) -> None:
    with pytest.raises(UploadError, match="没有数据行"):
        sheet.open_import(city, io.BytesIO(sheet.template(city)), name="台账.xlsx", by=clerk, now=NOW, today=TODAY)


def test_plants_that_have_a_place_stand_on_the_map(
    client: Client, keep: Any, stand: Any, person: Any, ndrc: Any
) -> None:
    """The counties are three squares from 114° to 117° east, 32° to 33° north: the middle of the picture is 115.5°, at x = 420 / 2."""
    big = keep("big", longitude=115.5, latitude=32.5, organisation="wind-office")
    small = keep("small", "pv_central", place=GUSHI, longitude=114.0, latitude=33.0)
    keep("bare")
    keep("away", longitude=120.0, latitude=32.5)
    stand(big, 90.0, date(2026, 5, 1))
    stand(small, 20.0, date(2026, 5, 1))
    list_, board = reverse("energy:plants"), reverse("energy:plants-board")
    client.force_login(ndrc)
    drawn = client.get(list_).context["map"]
    assert [(spot["x"], spot["title"]) for spot in drawn["spots"]] == [
        (210.0, "电站 big 风电 90.0 MW"),
        (4.0, "电站 small 集中式光伏 20.0 MW"),
    ]
    assert [(each["name"], each["count"], each["mw"]) for each in drawn["kinds"]] == [
        ("风电", 1, "90.0"),
        ("集中式光伏", 1, "20.0"),
    ]
    assert ([each["name"] for each in drawn["outside"]], drawn["bare"], drawn["left"]) == (["电站 away"], 1, 0)
    # The filter of the table is the filter of the map; on the board stand those of the chosen kind that are connected.
    assert [spot["x"] for spot in client.get(f"{list_}?kind=pv_central").context["map"]["spots"]] == [4.0]
    assert client.get(f"{list_}?q=bare").context["map"] is None
    assert "没有登记了经纬度的电站" in client.get(f"{list_}?q=bare").content.decode()
    assert [spot["x"] for spot in client.get(f"{board}?group=wind").context["map"]["spots"]] == [210.0]
    client.force_login(person("enterprise", SHIHE, "wind-office"))
    assert [spot["x"] for spot in client.get(list_).context["map"]["spots"]] == [210.0]


def test_each_sees_and_files_for_its_own(client: Client, keep: Any, stand: Any, person: Any, ndrc: Any) -> None:
    keep("near", organisation="wind-office")
    far = keep("far", place=GUSHI, organisation="sun-office")
    filed = stand(far, 20.0, date(2026, 5, 1), accept=False)
    owner = person("enterprise", SHIHE, "wind-office")
    for who, seen in (
        (person("county", GUSHI), {"far": 200, "near": 404}), (owner, {"far": 404, "near": 200}), (person("leader"), {"far": 200, "near": 200}),
        (person("grid"), {"far": 200, "near": 200}),
    ):  # fmt: skip
        client.force_login(who)
        for code, status in seen.items():
            assert client.get(reverse("energy:plants-card", kwargs={"plant": code})).status_code == status
        names = {each["code"] for each in client.get("/api/energy/plants").json()["items"]}
        assert names == {code for code, status in seen.items() if status == 200}
    told = {"month": "2026-10", "generation": 100, "basis": "reported", "source": "结算单"}
    client.force_login(owner)
    assert client.get(reverse("energy:plants-record", kwargs={"id": filed.record_id})).status_code == 404
    assert client.post(reverse("energy:plants-month", kwargs={"plant": "far"}), told).status_code == 404
    assert client.post(reverse("energy:plants-month", kwargs={"plant": "near"}), told).status_code == 302
    assert PlantMonth.objects.get().plant.code == "near"
    answer = client.post("/api/energy/plants/cards/far/months", told, content_type="application/json")
    assert answer.status_code == 404
    answer = client.post(
        "/api/energy/plants/cards/near/months", told | {"generation": 120}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()) == (201, {"month": "2026-10", "revision": 2})
    answer = client.post(
        "/api/energy/plants/cards/near/months", told | {"month": "2026-13"}, content_type="application/json"
    )
    assert answer.status_code == 422
    assert "月份" in answer.content.decode()
    # A county decides on its own plants and on no other's.
    step = reverse("energy:plants-record-step", kwargs={"id": filed.record_id})
    for who, state in ((person("county", SHIHE), "filed"), (person("county", GUSHI, username="decides"), "accepted")):
        client.force_login(who)
        client.post(step, {"action": "accept", "state": "filed"})
        filed.record.refresh_from_db()
        assert filed.record.state == state


def test_an_owner_files_on_the_page_and_the_office_accepts(
    client: Client, keep: Any, person: Any, ndrc: Any, city: Any
) -> None:
    keep("near", organisation="wind-office")
    client.force_login(person("enterprise", SHIHE, "wind-office"))
    address = reverse("energy:plants-change", kwargs={"plant": "near"})
    told = {"stage": "connected", "on": "2026-05-01", "mw": "30", "document": "验收 1 号"}
    assert client.post(address, told).status_code == 422  # no proof
    assert client.post(address, told | {"mw": "0", "file": io.BytesIO(b"x")}).status_code == 422
    proof = io.BytesIO(b"acceptance")
    proof.name = "验收意见.pdf"
    assert client.post(address, told | {"file": proof}).status_code == 302
    record = CapacityChange.objects.get().record
    client.force_login(ndrc)
    page = client.get(reverse("energy:plants-record", kwargs={"id": record.pk})).content.decode()
    assert "核准计入" in page
    client.post(reverse("energy:plants-record-step", kwargs={"id": record.pk}), {"action": "accept", "state": "filed"})
    assert reading.register(city).stock("wind", TODAY).mw == 30.0


def test_a_county_keeps_no_plant_in_another(client: Client, city: Any, person: Any) -> None:
    client.force_login(person("county", GUSHI))
    told = {"code": "w-1", "name": "甲", "place": SHIHE, "kind": "wind"}
    assert client.post(reverse("energy:plants-new"), told).status_code == 422
    assert client.post(reverse("energy:plants-new"), told | {"place": GUSHI}).status_code == 302
    assert Plant.objects.get().place == GUSHI


def test_the_operations_answer(client: Client, keep: Any, stand: Any, ndrc: Any) -> None:
    stand(keep("sun", "pv_central"), 40.0, date(2026, 5, 1), mwp=50.0)
    client.force_login(ndrc)
    rows = {each["group"]: each for each in client.get("/api/energy/plants/capacity?capacity_day=2026-06-30").json()}
    assert set(rows) == {"pv", "pv_central", "renewable"}
    assert (rows["pv"]["mw"], rows["pv"]["mwp"], rows["pv"]["added"], rows["pv"]["complete"]) == (
        40.0,
        50.0,
        40.0,
        False,
    )
    assert rows["pv_central"]["complete"]
    assert client.get("/api/energy/plants/capacity?capacity_day=2026-04-30").json()[0]["mw"] == 0.0
    assert client.get("/api/energy/plants/capacity?capacity_day=soon").status_code == 422
    duty = client.get("/api/energy/plants/duties").json()
    assert [(each["plant"], each["state"], each["unruled_mw"]) for each in duty] == [("sun", "unruled", 40.0)]
    card = client.get("/api/energy/plants/cards/sun?plant_year=2026").json()
    assert (card["state"], card["added"], card["utilisation"], card["months"]) == ("connected", 40.0, None, [])


@pytest.fixture
def shown(city: Any, person: Any) -> Any:
    """The demonstration, and who looks at it."""
    for name, role in (("ndrc", "ndrc"), ("housing", "department")):
        user = person(role, username=name)
        type(user).objects.filter(pk=user.pk).update(demo=True)
    begun = time.perf_counter()
    demo.ensure_demo(CITY, now=NOW)
    spent = time.perf_counter() - begun
    demo.ensure_demo(CITY, now=NOW)
    print(f"demo {spent:.2f} s")
    return person("ndrc", username="looks")


def test_the_demonstration_is_made_up_once_and_says_so(shown: Any, city: Any) -> None:
    assert not Plant.objects.filter(demo=False).exists()
    assert not CapacityChange.objects.filter(demo=False).exists()
    assert all("演示" in each.name for each in Plant.objects.all())
    assert (CountyTotal.objects.count(), DutyRule.objects.count(), StorageLease.objects.count()) == (6, 2, 1)
    found = reading.register(city)
    by_kind = {kind: found.stock(kind, TODAY).mw for kind in ("wind", "pv_central", "storage")}
    assert by_kind == {"wind": pytest.approx(160.5), "pv_central": 100.0, "storage": 58.0}
    states = {each.plant.code: each.state for each in reading.standings(found, TODAY)}
    assert states["demo-wind-1"] == "short"
    assert states["demo-sun-1"] == "met"


def test_every_page_keeps_the_house_rules_with_the_demonstration(client: Client, shown: Any) -> None:
    client.force_login(shown)
    text = client.get(reverse("energy:plants")).content.decode()
    assert "超过容量×小时数" in text  # the month that was told ten times too high
    addresses = [reverse(f"energy:{name}") for name in ("plants", "plants-board", "plants-storage", "plants-new", "plants-total", "plants-rule", "plants-upload")]  # fmt: skip
    addresses += [
        reverse("energy:plants-board") + f"?group={group}&year=2025" for group in ("pv", "storage", "renewable")
    ]
    addresses += [reverse("energy:plants-card", kwargs={"plant": f"demo-{code}"}) for code in ("wind-1", "wind-2", "sun-1", "store-1", "store-2")]  # fmt: skip
    addresses += [reverse(f"energy:plants-{name}", kwargs={"plant": "demo-wind-1"}) for name in ("edit", "change", "month", "lease")]  # fmt: skip
    records = [CapacityChange.objects.first().record_id, CountyTotal.objects.first().record_id, DutyRule.objects.first().record_id, StorageLease.objects.first().record_id]  # fmt: skip
    addresses += [reverse("energy:plants-record", kwargs={"id": each}) for each in records]
    faults = []
    for address in addresses:
        assert client.get(address).status_code == 200, address
        with CaptureQueriesContext(connection) as asked:
            text = client.get(address).content.decode()
        if (
            len(asked) > 12 or text.count("<h1") != 1 or 'class="help"' not in text or len(text) > 120_000
            or re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", text)
        ):  # fmt: skip
            faults.append(f"{address}: {len(asked)} {len(text)}")
    assert faults == []
    for address in ("?export=csv", "?kind=storage", "?state=started&q=演示", "?sort=-mw"):
        assert client.get(reverse("energy:plants") + address).status_code == 200
    chart = client.get(reverse("energy:plants-board") + "?group=wind&chart=capacity&export=csv").content.decode()
    assert "2026" in chart
    for address in ("?year=1066", "?group=coal"):
        assert client.get(reverse("energy:plants-board") + address).status_code == 404


def test_where_no_rule_speaks_the_duty_is_a_dash_and_not_zero(client: Client, keep: Any, stand: Any, ndrc: Any) -> None:
    stand(keep("sun", "pv_central"), 40.0, date(2026, 5, 1), mwp=50.0)
    client.force_login(ndrc)
    text = client.get(reverse("energy:plants-storage")).content.decode()
    row = re.sub(r"\s+", " ", re.search(r"<tr><th scope=.row.><a [^>]*/sun/.*?</tr>", text, re.S)[0])  # type: ignore[index]
    assert re.findall(r"<td>([^<]*)</td>", row) == ["– / –", "0.0 / 0.0", "0.0 / 0.0", "– / –", "40.0"]
