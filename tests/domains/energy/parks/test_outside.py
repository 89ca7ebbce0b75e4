"""Waste heat in no park: who may tell it, where it lies, and that it is matched by distance with what parks have."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import HeatMatch, HeatNeed, HeatOffer
from dafeng.domains.energy.parks import heat, outside_sheet, steps, store
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records.models import AuditEntry, Record
from tests.domains.energy.parks.conftest import GUSHI, NOW, SHIHE, SINCE

HERE = "/energy/parks/heat/"
ALWAYS = {"months": list(range(1, 13)), "from_hour": 0, "until_hour": 24, "hours": None, "since": SINCE}
OFFER = ALWAYS | {"name": "蒸汽余量", "temperature": 180.0, "power": 2.0, "medium": "steam", "outlet": None}
NEED = ALWAYS | {"name": "烘干", "temperature": 120.0, "power": 1.0, "item": "natural_gas", "efficiency": 0.9}
FORM = {"name": "窑尾蒸汽", "temperature": "180", "power": "2", "months": [str(each) for each in range(1, 13)], "from_hour": "0", "until_hour": "24", "since": "2026-01-01"}  # fmt: skip


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_heat_outside_parks_is_matched_by_distance_with_a_park(firms: Any, make: Any, ndrc: Any) -> None:
    """The need sits in a park at 115.60° E; 0.02° of longitude at 32.2° N are 2 × 6371 × asin(cos 32.2° × sin 0.01°) = 1.882 km of great
    circle. The other offer lies a degree farther, 94 km, beyond what steam goes."""
    park = make("gushi", longitude=115.60, latitude=32.2)
    store.join(park, firms["a"], since=SINCE, by=None, now=NOW)
    heat.need(park, firms["a"], given=NEED, by=None, now=NOW)
    heat.offer(None, firms["b"], given=OFFER | {"longitude": 115.62, "latitude": 32.2}, by=None, now=NOW)
    heat.offer(None, firms["c"], given=OFFER | {"longitude": 116.60, "latitude": 32.2}, by=None, now=NOW)
    offers, needs, at = heat.around(park.city, on=timezone.localdate(NOW))
    pairs = {pair.offer.firm: pair for pair in heat.solve(offers, needs, at)}
    assert (pairs["b"].verdict, pairs["c"].verdict) == ("matched", "distance")
    from dafeng.domains.energy.parks import rules

    assert pairs["b"].km == pytest.approx(1.882 * rules.detour(), rel=1e-3)
    client = _client(ndrc)
    page = client.get(HERE).content.decode()
    assert "企业b · 蒸汽余量 → 企业a · 烘干" in page
    assert "太远：" in page
    assert "企业c" in client.get("/energy/parks/heat-map/").content.decode()
    assert heat.listed(park, on=timezone.localdate(NOW))[0] == [], "a park's own desk stays its own"


@pytest.mark.parametrize(
    ("more", "seated", "code"),
    [
        ({}, False, "position"),
        ({"longitude": 10.0, "latitude": 32.0}, False, "position"),
        ({"longitude": 115.6, "latitude": 32.2}, True, "in_park"),
    ],
)
def test_without_a_place_or_from_inside_a_park_it_is_refused(
    firms: Any, make: Any, more: Any, seated: bool, code: str
) -> None:
    if seated:
        store.join(make("gushi"), firms["a"], since=SINCE, by=None, now=NOW)
    with pytest.raises(Refused) as caught:
        heat.offer(None, firms["a"], given=OFFER | more, by=None, now=NOW)
    assert caught.value.code == code
    assert not HeatOffer.objects.exists()


def test_a_firm_tells_its_own_a_county_its_own_and_an_officer_any(firms: Any, person: Any, ndrc: Any) -> None:
    own = _client(person("enterprise", place=GUSHI, organisation="a-office"))
    place = {"longitude": "115.6", "latitude": "32.2"}
    form = own.get(f"{HERE}file/offer/").content.decode()
    assert "企业a" in form
    assert "企业b" not in form
    assert own.post(f"{HERE}file/offer/", FORM | {"firm": "a", "medium": "steam"}).status_code == 422, "no place"
    assert own.post(f"{HERE}file/offer/", FORM | place | {"firm": "b", "medium": "steam"}).status_code == 422
    assert own.post(f"{HERE}file/offer/", FORM | place | {"firm": "a", "medium": "steam"}).status_code == 302
    officer = _client(ndrc)
    assert (
        officer.post(
            f"{HERE}file/need/", FORM | place | {"firm": "b", "item": "natural_gas", "efficiency": "0.9"}
        ).status_code
        == 302
    )
    made, need = HeatOffer.objects.get(), HeatNeed.objects.get()
    assert (made.park, made.longitude, need.enterprise.code) == (None, 115.6, "b")
    elsewhere, county = _client(person("county", place=SHIHE)), _client(person("county", place=GUSHI))
    assert elsewhere.get(f"{HERE}file/offer/").status_code == 404
    assert "窑尾蒸汽" not in elsewhere.get(HERE).content.decode()
    assert "企业a" in county.get(HERE).content.decode()
    other = _client(person("enterprise", place=GUSHI, organisation="c-office"))
    assert other.post(f"{HERE}withdraw/", {"what": "offer", "id": made.pk}).status_code == 404
    assert elsewhere.post(f"{HERE}withdraw/", {"what": "offer", "id": made.pk}).status_code == 404
    assert own.post(f"{HERE}withdraw/", {"what": "offer", "id": made.pk}).status_code == 302
    made.refresh_from_db()
    assert made.withdrawn_on is not None


def test_the_same_over_the_api(firms: Any, person: Any, ndrc: Any) -> None:
    given = OFFER | {"firm": "a", "since": "2026-01-01", "longitude": 115.6, "latitude": 32.2}

    def post(client: Client, body: Any) -> Any:
        return client.post("/api/energy/parks/heat/offers", json.dumps(body), content_type="application/json")

    stranger = _client(person("enterprise", place=GUSHI, organisation="c-office"))
    assert post(stranger, given).status_code == 404
    own = _client(person("enterprise", place=GUSHI, organisation="a-office"))
    assert post(own, given | {"longitude": None}).status_code == 422
    answer = post(own, given)
    assert answer.status_code == 201, answer.content
    assert (answer.json()["firm"], answer.json()["latitude"]) == ("a", 32.2)
    told = _client(ndrc).get("/api/energy/parks/heat").json()
    assert [each["firm"] for each in told["offers"]] == ["a"]
    assert stranger.get("/api/energy/parks/heat").json()["offers"] == []


@pytest.fixture
def pair(firms: Any, ndrc: Any) -> Any:
    """Steam of `b` 1.882 km east of a drier of `a`, neither in a park; put to both by the carbon office."""
    sink = heat.need(None, firms["a"], given=NEED | {"longitude": 115.60, "latitude": 32.2}, by=None, now=NOW)
    source = heat.offer(None, firms["b"], given=OFFER | {"longitude": 115.62, "latitude": 32.2}, by=None, now=NOW)
    return source, sink


def test_a_pair_outside_is_put_to_both_firms_and_agreed_by_each(firms: Any, person: Any, pair: Any) -> None:
    """1 MW all year, delivered: 8760 h × 3.6 = 31 536 GJ; a boiler of 0.9 burns 35 040 GJ for it: ÷ 29.3076 = 1195.594 tce."""
    source, sink = pair
    of_a, of_b, of_c = (_client(person("enterprise", place=GUSHI, organisation=f"{code}-office")) for code in "abc")
    wanted = {"offer": source.pk, "need": sink.pk}
    assert "向双方提出" in of_a.get(HERE).content.decode()
    assert of_c.post(f"{HERE}propose/", wanted).status_code in (302, 403)
    assert not HeatMatch.objects.exists(), "a third firm puts nobody together"
    of_b.post(f"{HERE}propose/", wanted)
    made = HeatMatch.objects.get()
    assert (made.park, made.record.place, made.record.state) == (None, GUSHI, "proposed")
    assert (made.delivered, made.tce) == (pytest.approx(31_536, rel=1e-6), pytest.approx(1195.594, abs=1e-3))
    assert AuditEntry.objects.filter(action="park.match.open", subject_id=str(made.record_id)).exists()
    address = reverse("energy:parks-record", kwargs={"id": made.record_id})
    for client in (of_a, of_b):
        page = client.get(HERE).content.decode()
        assert "企业b 供 企业a" in page
        assert "待双方同意" in page
        assert "向双方提出" not in page, "once put to them, not again"
        assert client.get(address).status_code == 200
    assert of_c.get(address).status_code == 404
    assert "企业b 供 企业a" not in of_c.get(HERE).content.decode()
    of_a.post(f"{address}step/", {"action": "offer", "state": "proposed"})
    assert Record.objects.get(pk=made.record_id).state == "proposed", "the other side's step"
    of_b.post(f"{address}step/", {"action": "offer", "state": "proposed"})
    of_a.post(f"{address}step/", {"action": "need_too", "state": "offered"})
    assert Record.objects.get(pk=made.record_id).state == "agreed"


def test_a_pair_declined_may_be_put_to_them_again(pair: Any, ndrc: Any, person: Any) -> None:
    source, sink = pair
    codes = (f"o{source.pk}", f"n{sink.pk}")
    made = steps.propose_outside("411500", *codes, by=ndrc, now=NOW)
    with pytest.raises(Refused) as caught:
        steps.propose_outside("411500", *codes, by=ndrc, now=NOW)
    assert caught.value.code == "proposed"
    steps.take(made.record, "refuse", by=person("enterprise", GUSHI, "a-office"), now=NOW, reason="管线穿过河道")
    again = steps.propose_outside("411500", *codes, by=ndrc, now=NOW)
    assert again.pk != made.pk
    with pytest.raises(NotFound):
        steps.propose_outside("411500", codes[0], "n0", by=ndrc, now=NOW)


def test_a_pair_inside_one_park_is_put_to_its_firms_there_only(firms: Any, make: Any, ndrc: Any) -> None:
    park = make("gushi", longitude=115.60, latitude=32.2)
    for code in "ab":
        store.join(park, firms[code], since=SINCE, by=None, now=NOW)
    sink = heat.need(park, firms["a"], given=NEED, by=None, now=NOW)
    source = heat.offer(park, firms["b"], given=OFFER, by=None, now=NOW)
    with pytest.raises(NotFound):
        steps.propose_outside(park.city, f"o{source.pk}", f"n{sink.pk}", by=ndrc, now=NOW)


def test_the_company_of_a_park_sees_what_reaches_into_it(firms: Any, make: Any, person: Any, ndrc: Any) -> None:
    """The need sits in a park run by `runner-office`; the offer outside is of another county's desk no business."""
    park = make("gushi", organisation="runner-office", longitude=115.60, latitude=32.2)
    store.join(park, firms["a"], since=SINCE, by=None, now=NOW)
    sink = heat.need(park, firms["a"], given=NEED, by=None, now=NOW)
    source = heat.offer(None, firms["b"], given=OFFER | {"longitude": 115.62, "latitude": 32.2}, by=None, now=NOW)
    made = steps.propose_outside(park.city, f"o{source.pk}", f"n{sink.pk}", by=ndrc, now=NOW)
    address = reverse("energy:parks-record", kwargs={"id": made.record_id})
    seen = {
        name: _client(user).get(address).status_code
        for name, user in (
            ("runner", person("enterprise", GUSHI, "runner-office")), ("county", person("county", place=GUSHI)), ("other", person("county", place=SHIHE)),
        )
    }  # fmt: skip
    assert seen == {"runner": 200, "county": 200, "other": 404}


def test_pairs_and_matches_outside_over_the_api(pair: Any, person: Any) -> None:
    source, sink = pair
    own = _client(person("enterprise", place=GUSHI, organisation="a-office"))
    stranger = _client(person("enterprise", place=GUSHI, organisation="c-office"))
    [told] = own.get("/api/energy/parks/heat/pairs").json()
    assert (told["offer"], told["need"], told["verdict"]) == (source.pk, sink.pk, "matched")
    assert stranger.get("/api/energy/parks/heat/pairs").json() == []
    body = json.dumps({"offer": source.pk, "need": sink.pk})
    address = "/api/energy/parks/heat/matches"
    assert stranger.post(address, body, content_type="application/json").status_code == 403
    assert own.post(address, body, content_type="application/json").status_code == 201
    assert own.post(address, body, content_type="application/json").status_code == 422
    assert [each["state"] for each in own.get(address).json()["items"]] == ["proposed"]
    assert stranger.get(address).json()["items"] == []


# ---------------------------------------------------------------- the spreadsheet

OFFERED = "企业代码,名称,温度（℃）,功率（MW）,月份,每日起（时）,每日止（时）,年运行小时,可用起始日,经度,纬度,介质,可冷却到（℃）"
NEEDED = "企业代码,名称,温度（℃）,功率（MW）,月份,可用起始日,经度,纬度,现用燃料,现有锅炉效率"


def _file(heads: str, *rows: str) -> BytesIO:
    return BytesIO(("\n".join((heads, *rows)) + "\n").encode())


def test_a_sheet_brings_offers_whole_and_is_taken_back_whole(city: Any, firms: Any, ndrc: Any) -> None:
    """`11-3` is November to March: 30 + 31 + 31 + 28 + 31 = 151 days of 24 h = 3624 h, the hours where none are told."""
    rows = (
        "a,窑尾,180,2,,,,,2026-01-01,115.6,32.2,蒸汽,",
        "b,冬季热水,90,1.5,11-3,,,,2026/1/1,115.61,32.2,热水,55",
    )
    record, preview = outside_sheet.open_import(city, _file(OFFERED, *rows), name="余热.csv", by=ndrc, now=NOW)
    assert preview.problems == []
    assert not HeatOffer.objects.exists(), "a preview writes nothing"
    assert outside_sheet.commit(record, by=ndrc, now=NOW) == 2
    first, second = HeatOffer.objects.order_by("enterprise__code")
    assert (first.months, first.hours, first.park, first.imported) == (list(range(1, 13)), 8760.0, None, record)
    assert (second.months, second.hours, second.outlet) == ([1, 2, 3, 11, 12], 3624.0, 55.0)
    again, told = outside_sheet.open_import(city, _file(OFFERED, *rows), name="余热.csv", by=ndrc, now=NOW)
    assert again is None
    assert {each.what for each in told.problems} == {"这家企业已登记同名的一项"}
    assert outside_sheet.undo(record, by=ndrc, now=NOW, reason="传错了") == 2
    assert not HeatOffer.objects.filter(withdrawn_on=None).exists()
    assert HeatOffer.objects.count() == 2, "what was told stays on record"


def test_what_two_firms_are_asked_of_is_not_taken_back_with_its_sheet(city: Any, firms: Any, ndrc: Any) -> None:
    heat.offer(None, firms["b"], given=OFFER | {"longitude": 115.62, "latitude": 32.2}, by=None, now=NOW)
    record, _told = outside_sheet.open_import(
        city, _file(NEEDED, "a,烘干,120,1,1-12,2026-01-01,115.6,32.2,天然气,0.9"), name="用热.csv", by=ndrc, now=NOW
    )
    outside_sheet.commit(record, by=ndrc, now=NOW)
    steps.propose_outside(
        city.code, f"o{HeatOffer.objects.get().pk}", f"n{HeatNeed.objects.get().pk}", by=ndrc, now=NOW
    )
    with pytest.raises(Refused) as caught:
        outside_sheet.undo(record, by=ndrc, now=NOW, reason="传错了")
    assert caught.value.code == "changed_since"
    assert Record.objects.get(pk=record.pk).state == "committed"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("z,窑尾,180,2,,,,,2026-01-01,115.6,32.2,蒸汽,", "企业代码"), ("c,窑尾,180,2,,,,,2026-01-01,115.6,32.2,蒸汽,", "企业代码"),
        ("a,窑尾,热,2,,,,,2026-01-01,115.6,32.2,蒸汽,", "温度（℃）"), ("a,窑尾,5000,2,,,,,2026-01-01,115.6,32.2,蒸汽,", "温度（℃）"),
        ("a,窑尾,180,0,,,,,2026-01-01,115.6,32.2,蒸汽,", "功率（MW）"), ("a,窑尾,180,2,13,,,,2026-01-01,115.6,32.2,蒸汽,", "月份"),
        ("a,窑尾,180,2,2,,,700,2026-01-01,115.6,32.2,蒸汽,", "年运行小时"), ("a,窑尾,180,2,,,,,昨天,115.6,32.2,蒸汽,", "可用起始日"),
        ("a,窑尾,180,2,,,,,2026-01-01,10,32.2,蒸汽,", "经度"), ("a,窑尾,180,2,,,,,2026-01-01,115.6,32.2,岩浆,", "介质"),
        ("a,窑尾,180,2,,7.5,,,2026-01-01,115.6,32.2,蒸汽,", "每日起（时）"), ("a,窑尾,90,2,,,,,2026-01-01,115.6,32.2,热水,95", "可冷却到（℃）"),
    ],
)  # fmt: skip
def test_a_fault_is_told_in_its_row_and_column(
    city: Any, firms: Any, make: Any, ndrc: Any, row: str, column: str
) -> None:
    """Firm `c` sits in a park; February has 28 × 24 = 672 hours, less than 700."""
    store.join(make("gushi"), firms["c"], since=SINCE, by=None, now=NOW)
    record, told = outside_sheet.open_import(city, _file(OFFERED, row), name="余热.csv", by=ndrc, now=NOW)
    assert record is None
    assert [(each.where.row, each.where.column) for each in told.problems if each.where] == [(2, column)]


def test_a_firm_imports_its_own_by_the_pages_and_sees_only_its_imports(firms: Any, person: Any) -> None:
    own = _client(person("enterprise", place=GUSHI, organisation="a-office"))
    assert own.get(f"{HERE}import/template/")["Content-Disposition"].endswith(".xlsx")

    def send(row: str) -> Any:
        return own.post(f"{HERE}import/", {"file": SimpleUploadedFile("余热.csv", _file(OFFERED, row).getvalue())})

    refused = send("b,窑尾,180,2,,,,,2026-01-01,115.6,32.2,蒸汽,")
    assert refused.status_code == 422
    assert "没有您可以登记的、不在园区里的企业" in refused.content.decode()
    sent = send("a,窑尾,180,2,,,,,2026-01-01,115.6,32.2,蒸汽,")
    assert sent.status_code == 302
    assert "窑尾" in own.get(sent["Location"]).content.decode()
    other = _client(person("enterprise", place=GUSHI, organisation="b-office"))
    assert other.get(sent["Location"]).status_code == 404
    own.post(f"{sent['Location']}step/", {"action": "commit", "state": "preview"})
    assert HeatOffer.objects.get().enterprise.code == "a"
    own.post(f"{sent['Location']}step/", {"action": "undo", "state": "committed", "reason": "重传"})
    assert HeatOffer.objects.get().withdrawn_on is not None
