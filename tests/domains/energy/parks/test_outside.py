"""Waste heat in no park: who may tell it, where it lies, and that it is matched by distance with what parks have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import HeatNeed, HeatOffer
from dafeng.domains.energy.parks import heat, store
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
