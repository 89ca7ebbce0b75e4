"""The register, the test of 具备条件, links and the park's month, heat and materials agreed, boilers once, import, who sees what."""

from __future__ import annotations

import io
import re
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.energy.control import balance as control
from dafeng.domains.energy.control import quotas, warnings
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import ControlLight, HeatMatch, Park, ParkFlow, ParkLink, Quota
from dafeng.domains.energy.parks import demo, exchange, heat, heatmap, links, publication, reading, sheet, steps, store
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from tests.domains.energy.parks.conftest import CITY, GUSHI, NOW, SHIHE, SINCE, proof

TODAY = date(2026, 11, 21)
EVERY = ["legal", "plan", "links", "metering", "clean"]
HEAD = "编号,名称,县区,级别,面积（公顷）,运营单位,经度,纬度\n"
WHEN = {"months": list(range(1, 13)), "from_hour": 0, "until_hour": 24, "since": SINCE}
OFFER = WHEN | {"name": "余汽", "temperature": 180.0, "power": 4.0, "medium": "steam"}
NEED = WHEN | {"name": "烘干", "temperature": 150.0, "power": 3.0, "item": "natural_gas", "efficiency": 0.9}


def judged(park: Any, clerk: Any, ndrc: Any, met: list[str], on: date = date(2025, 3, 1)) -> Any:
    made = store.file_qualification(park, met=met, notes="", judge="评定组", judged_on=on, by=clerk, now=NOW, evidence=proof(clerk))  # fmt: skip
    records.move(made.record, "accept", by=ndrc, now=NOW)
    return made


def test_all_qualified_parks_and_which_one_is_missing(make: Any, person: Any, ndrc: Any) -> None:
    clerk = person("department")
    east, west, small = make("east"), make("west"), make("small", level="other")

    def verdicts() -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
        return [
            (each.verdict, each.missing, each.unjudged) for _t, each in reading.progress([east, west, small], on=TODAY)
        ]

    assert verdicts() == [("unknown", (), ("east", "west")), ("open", ("east", "west", "small"), ())]
    judged(east, clerk, ndrc, EVERY)
    judged(west, clerk, ndrc, EVERY[:-1])
    assert verdicts()[0] == ("missed", ("east",), ()), "west was judged and does not qualify"
    done = store.file_stage(
        east, stage="done", on=date(2025, 11, 1), document="验收意见", by=clerk, now=NOW, evidence=proof(clerk)
    )
    assert verdicts()[0][0] == "missed", "filed is not accepted"
    with pytest.raises(PermissionDenied):
        records.move(done.record, "accept", by=clerk, now=NOW)
    records.move(done.record, "accept", by=ndrc, now=NOW)
    assert verdicts() == [("met", (), ()), ("open", ("west", "small"), ())]
    publication.publish_retrofit(CITY, on=TODAY, now=NOW)
    told = indicators.values("energy.park.retrofit", subject=f"place:{CITY}", period=2026)
    assert dict(told.select("key", "value").iter_rows()) == {
        "target=provincial": 100.0,
        "target=all": pytest.approx(100 / 3),
    }


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"met": ["legal", "lucky"]}, "criterion"), ({"judge": " "}, "no_judge"), ({"judged_on": date(2027, 1, 1)}, "future_day"), ({"evidence": []}, "no_proof")],
)  # fmt: skip
def test_a_judgement_that_cannot_be_is_refused(make: Any, person: Any, more: dict[str, Any], reason: str) -> None:
    clerk = person("department")
    given = {"met": EVERY, "notes": "", "judge": "组", "judged_on": SINCE, "evidence": proof(clerk)} | more
    with pytest.raises(Refused) as refused:
        store.file_qualification(make("east"), **given, by=clerk, now=NOW)
    assert refused.value.code == reason


def test_a_firm_sits_in_one_park(park: Any, make: Any, firms: Any) -> None:
    west = make("west")
    with pytest.raises(Refused) as refused:
        store.join(west, firms["a"], since=SINCE, by=None, now=NOW)
    assert refused.value.code == "elsewhere"
    store.leave(park, firms["a"], until=date(2026, 5, 31), by=None, now=NOW)
    store.join(west, firms["a"], since=date(2026, 6, 1), by=None, now=NOW)
    assert [seat.enterprise.code for seat in reading.members(park, date(2026, 5, 31))] == ["a", "b", "c"]
    assert [seat.enterprise.code for seat in reading.members(park, date(2026, 6, 1))] == ["b", "c"]


def test_the_parks_month_against_its_budget(park: Any, firms: Any, ndrc: Any, ecology: Any) -> None:
    """100 000 m³ of gas centrally bought: 100 000 × 1.33 kgce = 133 tce; by the provincial guideline of 2011 0.038931 GJ × 0.01532 tC/GJ
    × 0.99 × 44/12 = 0.00216502 t CO2 a m³: 216.50 t CO2. Roof power of 10 000 kWh adds 1.229 tce and no CO2; 900 of 1000 GJ of steam from a to b are exchanged: 900 × 0.03412 = 30.708 tce, not in the sum.
    """
    gas = links.add(park, kind="bought", source=None, target=firms["a"], carrier="gas", since=SINCE, by=None, now=NOW)
    sun = links.add(park, kind="made", source=None, target=firms["c"], carrier="power", since=SINCE, by=None, now=NOW)
    steam = links.add(
        park, kind="exchange", source=firms["a"], target=firms["b"], carrier="steam", since=SINCE, by=None, now=NOW
    )
    links.tell(steam, month="2026-10", sent=1000.0, received=800.0, source="月报", by=None, now=NOW)
    for link, sent, received in ((gas, None, 100_000.0), (sun, 10_000.0, None), (steam, 1000.0, 900.0)):
        links.tell(link, month="2026-10", sent=sent, received=received, source="月报", by=None, now=NOW)
    month = reading.month_of(park, date(2026, 10, 1), date(2026, 10, 31))
    assert month.total.sum("equivalent") == pytest.approx(133 + 1.229)
    assert month.total.sum("co2") == pytest.approx(100_000 * 0.038931 * 0.01532 * 0.99 * 44 / 12)
    assert month.tce(month.balance.exchanged) == pytest.approx(30.708)
    assert month.tce(month.balance.lost) == pytest.approx(3.412)
    assert ParkFlow.objects.filter(link=steam).count() == 2, "the corrected value stays"
    assert int(month.status) == 1, "firms without meters: the sum is not complete"
    drawn = reading.drawing(month, {"a": "甲", "b": "乙", "c": "丙"}, {"made": "自产", "loss": "损失"})
    assert drawn is not None
    assert {box.node.name for box in drawn.boxes} >= {"甲", "乙", "自产", "损失"}
    hidden = reading.drawing(
        month, {"a": "甲", "b": "未共享", "c": "未共享"}, {"made": "自产", "loss": "损失"}, merged={"b", "c"}
    )
    assert hidden is not None
    assert sum(box.node.name == "未共享" for box in hidden.boxes) == 2, "one box as user, one as receiver"
    publication.publish_month(CITY, date(2026, 10, 1), now=NOW)
    quota = quotas.draft(CITY, place=park.place, park=park.code, quantity="energy", period="2026-10", amount=100.0, document="文件", decided_on=SINCE, by=ndrc, now=NOW)  # fmt: skip
    records.move(quota.record, "sign", by=ecology, now=NOW)
    assert quotas.budget_of(park.subject, "2026-10", "energy").amount == 100.0
    assert quota.record.title.startswith("园 east 2026-10")
    states = control.states(CITY, "energy", 2026, subjects=[park.subject], last_month=10)
    assert states[park.subject, ""]["2026-10"].used_month == pytest.approx(134.229)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"sent": None, "received": None}, "nothing"), ({"sent": -1.0}, "negative"), ({"sent": float("nan")}, "negative"), ({"sent": 1.0, "received": 2.0}, "gain"),
        ({"month": "2027-01"}, "future_month"), ({"month": "十月"}, "not_a_month"), ({"source": " "}, "no_source"),
    ],
)  # fmt: skip
def test_a_month_that_cannot_be_is_refused(park: Any, firms: Any, more: dict[str, Any], reason: str) -> None:
    link = links.add(
        park, kind="exchange", source=firms["a"], target=firms["b"], carrier="steam", since=SINCE, by=None, now=NOW
    )
    given = {"month": "2026-10", "sent": 2.0, "received": 1.0, "source": "月报"} | more
    with pytest.raises(Refused) as refused:
        links.tell(link, **given, by=None, now=NOW)
    assert refused.value.code == reason


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"source": None}, "ends"), ({"target": "a"}, "ends"), ({"carrier": "lava"}, "carrier"), ({"target": "e"}, "not_member"), ({"sent_point": "ghost"}, "point"),
        ({"kind": "made"}, "ends"),
    ],
)  # fmt: skip
def test_a_link_that_cannot_be_is_refused(park: Any, firms: Any, more: dict[str, Any], reason: str) -> None:
    given = {"kind": "exchange", "source": "a", "target": "b", "carrier": "steam"} | more
    ends = {end: firms.get(given.pop(end) or "") for end in ("source", "target")}
    with pytest.raises(Refused) as refused:
        links.add(park, **given, **ends, since=SINCE, by=None, now=NOW)
    assert refused.value.code == reason


def test_a_match_is_agreed_by_both_firms(park: Any, firms: Any, person: Any, ndrc: Any) -> None:
    """4 MW of steam for 3 MW at 0.5 km × 1.3 × 2 % = 1.3 % lost: 3 × 8760 × 3.6 = 94 608 GJ delivered, 105 120 GJ of gas burnt less:
    105 120 ÷ 29.3076 = 3586.78 tce; by the guideline of 2011 105 120 × 0.01532 tC/GJ × 0.99 × 44/12 = 5845.89 t CO2."""
    heat.offer(park, firms["a"], given=OFFER, by=None, now=NOW)
    heat.need(park, firms["b"], given=NEED, by=None, now=NOW)
    offers, needs = heat.listed(park, on=TODAY)
    pair = heat.solve(offers, needs, heat.places(park))[0]
    assert (pair.verdict, pair.delivered, pair.replaced) == (
        "matched",
        pytest.approx(94_608, rel=1e-6),
        pytest.approx(105_120, rel=1e-6),
    )
    assert pair.km == pytest.approx(0.65, rel=1e-3)
    made = steps.propose(park, pair.offer.code, pair.need.code, by=ndrc, now=NOW)
    assert (made.tce, made.co2) == (pytest.approx(3586.78, abs=0.01), pytest.approx(5845.89, abs=0.01))
    with pytest.raises(Refused):
        steps.propose(park, pair.offer.code, pair.need.code, by=ndrc, now=NOW)
    of_a, of_b, of_c = (person("enterprise", GUSHI, f"{code}-office") for code in "abc")
    with pytest.raises(PermissionDenied):
        steps.take(made.record, "offer", by=of_b, now=NOW)
    with pytest.raises(PermissionDenied):
        steps.take(made.record, "offer", by=of_c, now=NOW)
    assert [each.action for each in steps.open_to(made.record, of_b)] == ["need", "refuse"]
    steps.take(made.record, "need", by=of_b, now=NOW)
    steps.take(made.record, "offer_too", by=of_a, now=NOW)
    assert made.record.state == "agreed"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"temperature": 5000.0}, "temperature"), ({"power": 0.0}, "power"), ({"power": float("inf")}, "power"), ({"months": []}, "calendar"), ({"months": [13]}, "calendar"),
        ({"from_hour": 24}, "calendar"), ({"months": [2], "hours": 673.0}, "hours"), ({"medium": "lava"}, "medium"), ({"outlet": 180.0}, "outlet"), ({"name": " "}, "name"),
    ],
)  # fmt: skip
def test_an_offer_that_cannot_be_is_refused(park: Any, firms: Any, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused) as refused:
        heat.offer(park, firms["a"], given=OFFER | more, by=None, now=NOW)
    assert refused.value.code == reason


def test_an_exchange_counts_once_it_is_vouched_for_by_the_other_side(
    park: Any, firms: Any, person: Any, ndrc: Any
) -> None:
    ash = {"code": "ash", "name": "粉煤灰", "since": SINCE}
    given = exchange.enter(park, firms["a"], given=ash | {"side": "offer", "tonnes": 100.0}, by=None, now=NOW)
    taken = exchange.enter(park, firms["b"], given=ash | {"side": "need", "tonnes": 80.0}, by=None, now=NOW)
    of_a, of_a2, of_b = person("enterprise", GUSHI, "a-office"), person("enterprise", GUSHI, "a-office", username="second"), person("enterprise", GUSHI, "b-office")  # fmt: skip
    told = exchange.realise(given, taken, month="2026-05", tonnes=70.0, by=of_a, now=NOW, evidence=proof(of_a))
    assert exchange.realised(park, 2026) == 0.0
    with pytest.raises(PermissionDenied):
        steps.take(told.record, "accept", by=of_a2, now=NOW)
    steps.take(told.record, "accept", by=of_b, now=NOW)
    assert exchange.realised(park, 2026) == 70.0
    with pytest.raises(Refused) as refused:
        exchange.realise(given, taken, month="2026-06", tonnes=31.0, by=of_a, now=NOW, evidence=proof(of_a))
    assert refused.value.code == "too_much"
    oil = {"code": "HW08", "name": "废油", "since": SINCE, "hazardous": True, "tonnes": 5.0}
    away = exchange.enter(park, firms["a"], given=oil | {"side": "offer"}, by=None, now=NOW)
    taker = exchange.enter(park, firms["b"], given=oil | {"side": "need"}, by=None, now=NOW)
    with pytest.raises(Refused) as refused:
        exchange.realise(away, taker, month="2026-05", tonnes=1.0, by=of_a, now=NOW, evidence=proof(of_a))
    assert refused.value.code == "no_permit"


def test_a_boiler_is_replaced_once(park: Any, firms: Any, person: Any, ndrc: Any) -> None:
    clerk = person("department")
    words = {
        "name": "锅炉",
        "place": GUSHI,
        "park": park,
        "enterprise": firms["b"],
        "capacity": 10.0,
        "item": "raw_coal",
        "year": 2012,
    }
    boiler = store.keep_boiler(CITY, number=" 锅 豫s-1 ", given=words, by=None, now=NOW)
    assert boiler.number == "锅豫S-1"
    told = {"heat_from": "热电", "on": SINCE, "by": clerk, "now": NOW, "evidence": proof(clerk)}
    first = store.replace_boiler(boiler, **told)
    with pytest.raises(Refused) as refused:
        store.replace_boiler(boiler, **told)
    assert refused.value.code == "replaced"
    records.move(first.record, "refuse", by=ndrc, now=NOW, reason="证明不符")
    assert store.replace_boiler(boiler, **told).record.state == "filed"
    with pytest.raises(Refused) as refused:
        store.keep_boiler(CITY, number="锅豫S-1", given=words | {"place": SHIHE}, by=None, now=NOW)
    assert refused.value.code == "other_place"


def test_yearly_figures_make_the_ratios(park: Any) -> None:
    for key, value in (
        ("value_added", 50.0),
        ("resources", 100.0),
        ("waste_made", 80.0),
        ("waste_used", 100.0),
        ("waste_used", 60.0),
    ):
        store.state_year(park, year=2025, key=key, value=value, source="年报", by=None, now=NOW)
    found = {rule.code: value for rule, value in reading.ratios(reading.figures(park, 2025), 2025)}
    assert found == {
        "output": 5000.0,
        "waste": 75.0,
        "water": None,
    }  # 50 万元 over 100 t; 60 of 80 t; nothing told of water
    assert reading.ratios(reading.figures(park, 2023), 2023) == [], "no formula was in force"


def test_a_sheet_is_taken_whole_or_not_at_all(city: Any, ndrc: Any, person: Any) -> None:
    wrong = HEAD + "p-1,园甲,浉河区,省级,100,公司,114.0,32.1\np-2,园乙,火星,顶级,-5,,114,\np-1,园甲,浉河区,省级,,,,\n"
    record, preview = sheet.open_import(city, io.BytesIO(wrong.encode()), name="园.csv", by=ndrc, now=NOW)
    assert record is None
    assert [(each.where.row, each.where.column) for each in preview.problems] == [
        (3, "县区"),
        (3, "级别"),
        (3, "面积（公顷）"),
        (3, "经度"),
        (4, "编号"),
    ]
    good = HEAD + "p-1,园甲,浉河区,省级,100,公司,114.0,32.1\np-2,园乙,固始县,其他,,,,\n"
    record, preview = sheet.open_import(city, io.BytesIO(good.encode()), name="园.csv", by=ndrc, now=NOW)
    assert record is not None
    assert not Park.objects.exists()
    assert sheet.commit(record, by=ndrc, now=NOW) == 2
    assert Park.objects.get(code="p-1").operator == "公司"
    _record, preview = sheet.open_import(
        city, io.BytesIO(good.encode()), name="园.csv", by=person("county", GUSHI), now=NOW
    )
    assert [each.where.column for each in preview.problems] == ["县区"], "a county cannot import into another"


@pytest.mark.parametrize(("kind", "source"), [("exchange", "a"), ("bought", None), ("made", None)])
def test_a_link_is_registered_once_with_or_without_a_source(
    park: Any, firms: Any, kind: str, source: str | None
) -> None:
    """By the service and by the database itself; another target, carrier or kind is another link."""
    given = {"kind": kind, "source": firms.get(source), "target": firms["b"], "carrier": "steam", "since": SINCE}
    links.add(park, **given, by=None, now=NOW)
    with pytest.raises(Refused) as refused:
        links.add(park, **given, by=None, now=NOW)
    assert refused.value.code == "twice"
    with pytest.raises(IntegrityError), transaction.atomic():
        ParkLink.objects.create(park=park, **given)
    links.add(park, **given | {"target": firms["c"]}, by=None, now=NOW)
    links.add(park, **given | {"carrier": "heat"}, by=None, now=NOW)
    if source is None:
        links.add(park, **given | {"kind": "made" if kind == "bought" else "bought"}, by=None, now=NOW)
    assert ParkLink.objects.count() == (3 if source else 4)


def test_places_that_coincide_stand_side_by_side_inside_the_picture(
    park: Any, firms: Any, ndrc: Any, city: Any
) -> None:
    """Three sources at the western end of the park, three at the eastern: each is seen, none beyond the edge of 420."""
    for code in ("a", "c"):
        for number in range(3):
            heat.offer(park, firms[code], given=OFFER | {"name": f"余汽{code}{number}"}, by=None, now=NOW)
    drawn = heatmap.picture(city, ndrc, [park], [], set())
    assert drawn is not None
    xs = sorted(spot["x"] for spot in drawn["close"]["rows"])
    assert len(xs) == 6
    assert xs[0] >= 8
    assert xs[-1] <= 420 - 8
    assert all(right - left >= 16 for left, right in pairwise(xs))


def test_only_a_step_that_there_is_moves_an_import(client: Client, city: Any, ndrc: Any) -> None:
    client.force_login(ndrc)
    body = io.BytesIO((HEAD + "p-1,园甲,浉河区,省级,100,公司,114.0,32.1\n").encode())
    body.name = "园.csv"
    waiting = client.post(reverse("energy:parks-upload"), {"file": body})["Location"]
    page = client.get(waiting)
    assert page.context["rows"][0]["place"] == "浉河区"
    for action, state, status, left in (
        ("burn", "preview", 404, "preview"), ("drop", "committed", 409, "preview"), ("drop", "preview", 302, "dropped"),
    ):  # fmt: skip
        told = client.post(page.context["address"], {"action": action, "state": state})
        assert (told.status_code, Record.objects.get(kind=sheet.KIND).state) == (status, left)
    assert not Park.objects.exists()


@pytest.mark.parametrize("body", [b"", b"\x00\xff\x00", "编号,名称\n".encode(), HEAD.encode()])
def test_a_file_that_is_no_table_is_told_so(client: Client, city: Any, ndrc: Any, body: bytes) -> None:
    client.force_login(ndrc)
    answer = client.post(reverse("energy:parks-upload"), {"file": io.BytesIO(body)})
    assert answer.status_code == 422
    assert not Park.objects.exists()


def test_each_sees_its_own(client: Client, park: Any, firms: Any, make: Any, person: Any) -> None:
    make("west", place=SHIHE)
    for code in "abc":
        heat.offer(park, firms[code], given=OFFER | {"name": f"余汽{code}"}, by=None, now=NOW)
    board, desk = (reverse(f"energy:parks-{name}", kwargs={"park": "east"}) for name in ("board", "heat"))
    away = reverse("energy:parks-board", kwargs={"park": "west"})

    def seen(who: Any, address: str) -> Any:
        client.force_login(who)
        return client.get(address)

    runner, of_a, stranger = (person("enterprise", GUSHI, each) for each in ("runner-office", "a-office", "d-office"))
    county = person("county", GUSHI)
    for who, status in ((runner, 404), (of_a, 404), (stranger, 404), (county, 404), (person("leader"), 200)):
        assert seen(who, away).status_code == status
    assert seen(stranger, board).status_code == 404
    text = seen(runner, board).content.decode()
    assert "企业c" in text
    assert "企业没有同意共享" in text
    assert "企业没有同意共享" not in seen(county, board).content.decode()
    text = seen(of_a, board).content.decode()
    assert "企业a" in text
    assert "企业b" not in text
    text = seen(of_a, desk).content.decode()
    assert "余汽a" in text
    assert "余汽b" not in text
    assert "余汽c" in seen(runner, desk).content.decode()
    assert seen(of_a, "/api/energy/parks/cards/east").status_code == 404, "sums are not a firm's"
    assert seen(runner, "/api/energy/parks/cards/east").status_code == 200
    assert len(seen(of_a, "/api/energy/parks/cards/east/heat").json()["offers"]) == 1
    assert len(seen(county, "/api/energy/parks/cards/east/heat").json()["offers"]) == 3


def test_a_firm_files_for_itself_only(client: Client, park: Any, firms: Any, person: Any) -> None:
    client.force_login(person("enterprise", GUSHI, "a-office"))
    at = {"park": "east"}
    given = {
        "name": "余汽",
        "temperature": "180",
        "power": "4",
        "months": ["1", "2"],
        "from_hour": "0",
        "until_hour": "24",
        "since": "2026-01-01",
        "medium": "steam",
    }
    address = reverse("energy:parks-file", kwargs=at | {"what": "offer"})
    assert client.post(address, given | {"firm": "b"}).status_code == 422
    assert client.post(address, given | {"firm": "a", "hours": "8000"}).status_code == 422, (
        "more than January and February have"
    )
    assert client.post(address, given | {"firm": "a"}).status_code == 302
    assert client.get(reverse("energy:parks-file", kwargs=at | {"what": "stage"})).status_code == 403
    assert client.get(reverse("energy:parks-file", kwargs=at | {"what": "nothing"})).status_code == 404
    other = heat.offer(park, firms["b"], given=OFFER, by=None, now=NOW)
    assert (
        client.post(reverse("energy:parks-withdraw", kwargs=at), {"what": "offer", "id": other.pk}).status_code == 403
    )
    for bad in ({}, {"what": "offer", "id": "x"}, {"what": "park", "id": "1"}, {"what": "offer", "id": "9" * 30}):
        assert client.post(reverse("energy:parks-withdraw", kwargs=at), bad).status_code == 404
    told = {
        "firm": "b",
        "name": "余汽",
        "temperature": 180,
        "power": 4,
        "months": [1],
        "since": "2026-01-01",
        "medium": "steam",
    }
    post = lambda body: client.post("/api/energy/parks/cards/east/offers", body, content_type="application/json")  # noqa: E731
    assert post(told).status_code == 404
    assert post(told | {"firm": "a", "power": -1}).status_code == 422
    assert post(told | {"firm": "a", "months": [0]}).status_code == 422
    assert post(told | {"firm": "a"}).status_code == 201


def test_the_api_tells_pairs_and_takes_a_proposal(client: Client, park: Any, firms: Any, person: Any) -> None:
    heat.offer(park, firms["a"], given=OFFER, by=None, now=NOW)
    heat.need(park, firms["b"], given=NEED, by=None, now=NOW)
    client.force_login(person("enterprise", GUSHI, "a-office"))
    pair = client.get("/api/energy/parks/cards/east/pairs").json()[0]
    assert (pair["verdict"], pair["tce"]) == ("matched", pytest.approx(3586.78, abs=0.01))
    body = {"offer": pair["offer"], "need": pair["need"]}
    address = "/api/energy/parks/cards/east/matches"
    assert client.post(address, {"offer": 1, "need": 2**31}, content_type="application/json").status_code == 404
    assert client.post(address, body, content_type="application/json").status_code == 201
    assert client.post(address, body, content_type="application/json").status_code == 422
    assert client.get(address).json()["items"][0]["state"] == "proposed"
    assert client.get("/api/energy/parks/progress").json()[1]["missing"] == ["east"]


@pytest.fixture
def shown(city: Any, person: Any) -> Any:
    """The demonstration, made twice."""
    people = {
        name: person(role, username=name)
        for name, role in (("ndrc", "ndrc"), ("ecology", "ecology"), ("housing", "department"))
    }
    type(people["ndrc"]).objects.filter(username__in=people).update(demo=True)
    for code in ("heat-demo", "food-demo", "cold-store-demo", "textile-demo", "cement-demo", "steel-demo", "tea-demo"):
        Enterprise.objects.create(code=code, name=f"演示 {code}", place=GUSHI, city=CITY, organisation=code, demo=True)
    demo.ensure_demo(CITY, now=NOW)
    demo.ensure_demo(CITY, now=NOW)
    return people


def test_every_page_keeps_the_house_rules_with_the_demonstration(
    client: Client, shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a city's inventory the menu is kept for two seconds only; a slow machine would count its question on some pages.
    monkeypatch.setattr("dafeng.portal.navigation._lasts", lambda _places: 600.0)
    assert Park.objects.count() == 4
    assert [each.park is None for each in HeatMatch.objects.order_by("pk")] == [False, True]
    client.force_login(shown["ndrc"])
    at = {"park": "huangchuan-park-demo"}
    addresses = [
        reverse(f"energy:{name}")
        for name in (
            "parks",
            "parks-new",
            "parks-progress",
            "parks-heat-map",
            "parks-upload",
            "parks-outside",
            "parks-outside-upload",
        )
    ]
    addresses += [
        reverse(f"energy:parks-{name}", kwargs=at)
        for name in ("board", "flows", "baseline", "heat", "materials", "edit")
    ]
    addresses += [reverse("energy:parks-file", kwargs=at | {"what": what}) for what in ("firm", "leave", "contract", "qualification", "stage", "link", "flow", "year", "offer", "need", "material", "exchange", "boiler", "replaced", "budget")]  # fmt: skip
    addresses += [reverse("energy:parks-record", kwargs={"id": each.record_id}) for each in HeatMatch.objects.all()]
    faults = []
    for address in addresses:
        assert client.get(address).status_code == 200, address
        with CaptureQueriesContext(connection) as asked:
            text = client.get(address).content.decode()
        if len(asked) > 12 or text.count("<h1") != 1 or 'class="help"' not in text or re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", text):  # fmt: skip
            faults.append(f"{address}: {len(asked)}")
    assert faults == []
    text = client.get(reverse("energy:parks")).content.decode()
    assert "应完成 2 个，已完成 1 个" in text
    assert "到期未全部完成" in text
    assert "没有评定是否具备条件，不能说全部完成" in text
    text = client.get(reverse("energy:parks-flows", kwargs=at) + "?month=2026-10").content.decode()
    assert '<path class="band' in text
    assert (
        "危险废物：接收方没有许可证编号，不匹配"
        in client.get(reverse("energy:parks-materials", kwargs=at)).content.decode()
    )
    assert client.get(reverse("energy:parks-flows", kwargs=at) + "?month=1999-01").status_code == 404


def test_a_parks_budget_has_a_light_that_is_kept_and_told(
    client: Client, park: Any, firms: Any, ndrc: Any, ecology: Any, person: Any
) -> None:
    """Ten months of 100 000 m³ of gas: 10 × 133 = 1330 tce of a budget of 1000 tce for the year, so red since the months add up to more."""
    gas = links.add(park, kind="bought", source=None, target=firms["a"], carrier="gas", since=SINCE, by=None, now=NOW)
    for month in range(1, 11):
        links.tell(gas, month=f"2026-{month:02d}", sent=None, received=100_000.0, source="月报", by=None, now=NOW)
        publication.publish_month(CITY, date(2026, month, 1), now=NOW)
    client.force_login(ndrc)
    posted = {"place": park.place, "other": f"park:{park.code}", "quantity": "energy", "kind": "budget", "period": "2026", "amount": "1000", "document": "文件", "decided_on": "2026-01-05"}  # fmt: skip
    answer = client.post(reverse("energy:control-quota-new"), posted)
    assert answer.status_code == 302, answer.content.decode()
    drafted = Quota.objects.get(subject=park.subject)
    assert (drafted.place, drafted.kind) == (GUSHI, "budget")
    records.move(drafted.record, "sign", by=ecology, now=NOW)
    warnings.assess(CITY, by=None, now=NOW)
    light = ControlLight.objects.get(subject=park.subject, month="2026-10", current=True)
    assert (light.light, light.place) == ("red", GUSHI)
    address = reverse("energy:control-subject", kwargs={"subject": park.subject})
    shown = client.get(address).content.decode()
    assert "园 east" in shown
    client.force_login(person("enterprise", GUSHI, "b-office"))
    assert client.get(address).status_code == 404
    # What is wrong is told at the field.
    client.force_login(ndrc)
    wrong = client.post(reverse("energy:control-quota-new"), posted | {"place": SHIHE})
    assert (wrong.status_code, "它不在所选的县区" in wrong.content.decode()) == (422, True)
